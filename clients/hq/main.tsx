import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { I18nProvider, RouterProvider as AriaRouterProvider } from 'react-aria-components';
import { RouterProvider } from '@tanstack/react-router';
import { Api } from '../core/api.ts';
import { systemClock } from '../core/clock.ts';
import { Connection } from '../core/connection.ts';
import { Session } from '../core/session.ts';
import { browserTokens, onTokensChanged } from './browser.ts';
import { makeRouter } from './router.tsx';
import { ServicesProvider, type Services } from './services.ts';

/** vite.config.ts puts it here: the module that holds it brings zod along, which a page neither needs nor is allowed to run. */
declare const PROTOCOL: number;

const clock = systemClock;
const http = { fetch: globalThis.fetch.bind(globalThis), base: '' };
const session = new Session({ http, store: browserTokens, clock });
const connection = new Connection({ home: location.origin, session, clock, protocol: PROTOCOL });
const services: Services = { http, session, connection, api: new Api(http, session, clock), clock };

onTokensChanged(() => session.reload());
// Whoever comes back to the tab, or to the network, should not wait for the next attempt.
addEventListener('online', () => connection.nudge());
document.addEventListener('visibilitychange', () => {
  if (document.visibilityState === 'visible') connection.nudge();
});

/** The live connection is up exactly while somebody is signed in, and never carries over to the next person. */
let bearer: string | undefined;
function follow(): void {
  const { who } = session;
  const next = who && JSON.stringify([who.username, who.client]);
  if (next === bearer) return;
  bearer = next;
  connection.close();
  if (next !== undefined) connection.open();
}
session.onChange(follow);
follow();

const router = makeRouter();
const root = document.getElementById('root');
if (root === null) throw new Error('The page has no #root');
createRoot(root).render(
  <StrictMode>
    <I18nProvider locale="en-GB">
      <AriaRouterProvider navigate={(to) => void router.navigate({ to })}>
        <ServicesProvider value={services}>
          <RouterProvider router={router} />
        </ServicesProvider>
      </AriaRouterProvider>
    </I18nProvider>
  </StrictMode>,
);
