import { createRoot } from 'react-dom/client';
import { readerLocale, setLocale } from '../core/locale.ts';
import { makeServices } from './inspector-services.ts';
import { texts } from './texts.ts';
import { Page, begin, readArrival } from './page.tsx';
import { endWithPerson } from './person.ts';

const root = document.getElementById('root');
if (root === null) throw new Error('The page has no #root');
setLocale(readerLocale(navigator.languages));
const services = makeServices();
const arrival = readArrival();
begin(services, arrival);
// Loaded again, nothing is left of what was shown, in a frame within this page neither.
endWithPerson(services, () => location.reload());
/** A fault of the page itself must not leave an empty one. */
function onUncaughtError(error: unknown): void {
  reportError(error);
  queueMicrotask(() => {
    const said = document.createElement('p');
    said.className = 'notice';
    said.append(texts.failed);
    root?.replaceChildren(said);
  });
}
createRoot(root, { onUncaughtError }).render(<Page services={services} arrival={arrival} />);
