import { nounOf } from '../nouns.ts';
import { ListPage } from '../parts/list-page.tsx';
import type { Screen } from '../screen.ts';

const noun = nounOf('payment');

function Payments() {
  return <ListPage noun={noun} states={Object.keys(noun.tones)} />;
}

export const paymentsScreen: Screen = {
  path: '/payments',
  title: 'Payments',
  component: Payments,
  nav: { label: 'Payments', icon: 'M2.5 5h15v10h-15zM2.5 8.5h15M5.5 12h3' },
};
