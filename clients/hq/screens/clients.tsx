import { nounOf } from '../nouns.ts';
import { ListPage } from '../parts/list-page.tsx';
import type { Screen } from '../screen.ts';

const noun = nounOf('client');

function Clients() {
  return <ListPage noun={noun} states={Object.keys(noun.tones)} />;
}

export const clientsScreen: Screen = {
  path: '/clients',
  title: 'Clients',
  component: Clients,
  nav: { label: 'Clients', icon: 'M3 17.5V4.5h8v13M11 8.5h6v9M2 17.5h16M5.5 8h3M5.5 11.5h3M14 12v.2' },
};
