import { nounOf } from '../nouns.ts';
import { ListPage } from '../parts/list-page.tsx';

const noun = nounOf('integration');
/** The states that somebody looks for; the regions' normal ones would find nearly everything. */
const STATES = ['circuit.open', 'circuit.half_open', 'circuit.forced_open', 'lifecycle.disabled', 'auth.invalid'];

export function Integrations() {
  return <ListPage noun={noun} states={STATES} />;
}
