import type { ReactNode } from 'react';
import { I18nProvider, RouterProvider as AriaRouterProvider } from 'react-aria-components';
import { RouterProvider } from '@tanstack/react-router';
import { Api } from '../core/api.ts';
import { Connection } from '../core/connection.ts';
import { readerEnglish, readerLocale, setLocale } from '../core/locale.ts';
import { Office } from './office.ts';
import { makeRouter } from './router.tsx';
import { ServicesProvider, type Services } from './services.ts';
import { Ticker } from './ticker.ts';
import '../styles/rest.css';

/** vite.config.ts puts it here: the module that holds it brings zod along, which a page neither needs nor is allowed to run. */
declare const PROTOCOL: number;

/** What is there before anybody has signed in. */
export type Base = Pick<Services, 'http' | 'session' | 'clock'>;

/** The console behind the sign-in: opens the live connection for whoever is signed in, and gives what is to be shown. */
export function makeConsole({ http, session, clock }: Base): () => ReactNode {
  setLocale(readerLocale(navigator.languages));
  const connection = new Connection({ home: location.origin, session, clock, protocol: PROTOCOL });
  const ticker = new Ticker(() => connection.time.now(), clock.after);
  connection.onChange(() => ticker.check());
  const [api, office] = [new Api(http, session, clock), new Office(http, session)];
  const services: Services = { http, session, connection, api, office, clock, ticker };
  // Whoever comes back to the tab, or to the network, should not wait for the next attempt.
  addEventListener('online', () => connection.nudge());
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'visible') connection.nudge();
  });
  followBearer(services);
  const router = makeRouter();
  return () => (
    <I18nProvider locale={readerEnglish()}>
      <AriaRouterProvider navigate={(to) => void router.navigate({ to })}>
        <ServicesProvider value={services}>
          <RouterProvider router={router} />
        </ServicesProvider>
      </AriaRouterProvider>
    </I18nProvider>
  );
}

/** The live connection is up exactly while somebody is signed in, and never carries over to the next person. */
function followBearer({ session, connection }: Services): void {
  let bearer: string | undefined;
  const follow = (): void => {
    const { who } = session;
    const next = who && JSON.stringify([who.username, who.client]);
    if (next === bearer) return;
    bearer = next;
    connection.close();
    if (next !== undefined) connection.open();
  };
  session.onChange(follow);
  follow();
}
