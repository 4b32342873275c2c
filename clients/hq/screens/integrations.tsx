import { nounOf } from '../nouns.ts';
import { ListPage } from '../parts/list-page.tsx';
import type { Screen } from '../screen.ts';

const noun = nounOf('integration');
/** The states that somebody looks for; the regions' normal ones would find nearly everything. */
const STATES = ['circuit.open', 'circuit.half_open', 'circuit.forced_open', 'lifecycle.disabled', 'auth.invalid'];

function Integrations() {
  return <ListPage noun={noun} states={STATES} />;
}

export const integrationsScreen: Screen = {
  path: '/integrations',
  title: 'Integrations',
  component: Integrations,
  nav: { label: 'Integrations', icon: 'M6.5 2.5v4M13.5 2.5v4M4 6.5h12v3a6 6 0 0 1-12 0zM10 15.5v3' },
};
