import { nounOf } from '../nouns.ts';
import { ListPage } from '../parts/list-page.tsx';

/** Where an account stands in life, and what keeps money from moving; that the rest is as it should be is nothing to look for. */
const SOUGHT = [
  'life.pending',
  'life.active',
  'life.dormant',
  'life.closing',
  'life.closed',
  'freeze.frozen',
  'debits.blocked',
  'credits.blocked',
  'limit.near',
  'overdue.first',
  'overdue.second',
  'overdue.third',
];

export function Accounts() {
  return <ListPage noun={nounOf('account')} states={SOUGHT} />;
}
