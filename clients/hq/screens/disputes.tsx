import { nounOf } from '../nouns.ts';
import { ListPage } from '../parts/list-page.tsx';

/** What waits for evidence, what the bank decides on, how it ended, and what somebody has to look at. */
const SOUGHT = [
  'status.inquiry',
  'status.needs_response',
  'status.under_review',
  'status.accepted',
  'status.won',
  'status.lost',
  'status.prevented',
  'attention.wanted',
];

export function Disputes() {
  return <ListPage noun={nounOf('dispute')} states={SOUGHT} />;
}
