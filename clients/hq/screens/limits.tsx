import { nounOf } from '../nouns.ts';
import { ListPage } from '../parts/list-page.tsx';

/** What somebody has to look at: nothing is granted, somebody wants more, or there is little left of the day. */
const SOUGHT = ['granting.blocked', 'raise.proposed', 'use.near'];

export function Limits() {
  return <ListPage noun={nounOf('limit')} states={SOUGHT} />;
}
