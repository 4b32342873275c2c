import { nounOf } from '../nouns.ts';
import { ListPage } from '../parts/list-page.tsx';

const SOUGHT = ['lag.stalled', 'reading.pausing', 'reading.paused'];

export function Feeds() {
  return <ListPage noun={nounOf('feed')} states={SOUGHT} />;
}
