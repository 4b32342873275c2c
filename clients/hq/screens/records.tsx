import { nounOf } from '../nouns.ts';
import { ListPage } from '../parts/list-page.tsx';

/** What somebody has to look at: both sides have changed it, one refuses it, or it is gone there; and what waits for the ERP. */
const SOUGHT = ['conflict', 'refused', 'gone', 'waiting'];

export function Records() {
  return <ListPage noun={nounOf('binding')} states={SOUGHT} />;
}
