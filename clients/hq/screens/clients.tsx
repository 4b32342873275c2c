import { nounOf } from '../nouns.ts';
import { ListPage } from '../parts/list-page.tsx';

const noun = nounOf('client');

export function Clients() {
  return <ListPage noun={noun} states={Object.keys(noun.tones)} />;
}
