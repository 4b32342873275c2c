import { nounOf } from '../nouns.ts';
import { ListPage } from '../parts/list-page.tsx';

/** What somebody has to look at: refused by the ERP, not set against its bill there, or given back in part. */
const SOUGHT = ['refused', 'unreconciled', 'reduced', 'waiting'];

export function Bookings() {
  return <ListPage noun={nounOf('booking')} states={SOUGHT} />;
}
