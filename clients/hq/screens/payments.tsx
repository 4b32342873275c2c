import { nounOf } from '../nouns.ts';
import { ListPage } from '../parts/list-page.tsx';

const noun = nounOf('payment');

export function Payments() {
  return <ListPage noun={noun} states={Object.keys(noun.tones)} />;
}
