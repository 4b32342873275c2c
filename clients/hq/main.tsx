import { StrictMode, useEffect, useState, useSyncExternalStore, type ReactNode } from 'react';
import { createRoot } from 'react-dom/client';
import { systemClock } from '../core/clock.ts';
import { toProblem, type Problem } from '../core/problem.ts';
import { Session } from '../core/session.ts';
import { browserTokens, onTokensChanged } from './browser.ts';
import type { Base } from './console.tsx';
import { ProblemNotice, Skeleton } from './parts/notice.tsx';
import { SignIn } from './screens/sign-in.tsx';
import { firstTexts } from './texts-first.ts';

const clock = systemClock;
const http = { fetch: globalThis.fetch.bind(globalThis), base: '' };
const base: Base = { clock, http, session: new Session({ http, store: browserTokens, clock }) };
const { session } = base;
onTokensChanged(() => session.reload());

type Found = { readonly open: () => ReactNode } | { readonly problem: Problem };
let opening: Promise<Found> | undefined;

/** Everything behind the sign-in: the router, the live connection, the controls. One request for all who ask. */
function loadConsole(): Promise<Found> {
  opening ??= import('./console.tsx').then(
    ({ makeConsole }) => ({ open: makeConsole(base) }),
    (error: unknown) => {
      opening = undefined;
      return { problem: toProblem(error) };
    },
  );
  return opening;
}

/** Long enough for the form to be there first. */
const AHEAD_MS = 400;

/** The sign-in for whoever is not signed in, at whatever address; the console for everybody else. */
function App() {
  const who = useSyncExternalStore(
    (changed) => session.onChange(changed),
    () => session.who,
  );
  const [found, setFound] = useState<Found>();
  const signedIn = who !== undefined;
  useEffect(() => {
    if (signedIn) return void loadConsole().then(setFound);
    // While somebody types his name, the console is on its way.
    const timer = setTimeout(() => void loadConsole(), AHEAD_MS);
    return () => clearTimeout(timer);
  }, [signedIn]);
  if (!signedIn) return <SignIn session={session} http={http} />;
  if (found === undefined) return <Waiting />;
  if ('problem' in found) return <NotLoaded problem={found.problem} />;
  // What one person has opened, picked or typed is not the next one's, also where nobody was seen to sign out in between.
  return <found.open key={session.bearer} />;
}

function Waiting() {
  return (
    <main className="page">
      <Skeleton rows={6} label={firstTexts.opening} />
    </main>
  );
}

function NotLoaded({ problem: { code } }: { problem: Problem }) {
  const message = firstTexts.notOpenedWhy;
  return (
    <main className="page">
      <ProblemNotice title={firstTexts.notOpened} problem={{ code, message }} onRetry={() => location.reload()} />
    </main>
  );
}

const root = document.getElementById('root');
if (root === null) throw new Error('The page has no #root');
if (session.who !== undefined) void loadConsole();
createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
