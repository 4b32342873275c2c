import { nounOf } from '../nouns.ts';
import { ListPage } from '../parts/list-page.tsx';

/** What is to be paid, and what is late. */
const SOUGHT = ['course.open', 'course.partly_paid', 'due.overdue', 'course.draft', 'course.paid'];

export function Bills() {
  return <ListPage noun={nounOf('bill')} states={SOUGHT} />;
}
