import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Link,
  Navigate,
  type ErrorComponentProps,
} from '@tanstack/react-router';
import { toProblem } from '../core/problem.ts';
import { Empty, ProblemNotice, Skeleton } from './parts/notice.tsx';
import type { Search } from './screen.ts';
import { screens } from './screens.ts';
import { Shell } from './shell.tsx';
import { firstTexts } from './texts-first.ts';

/** Makes a route of every screen of the list. Queries stay the plain texts that a person can read and share. */
export function makeRouter() {
  const root = createRootRoute({ component: Shell, notFoundComponent: NotFound });
  const routes = screens.map((screen) =>
    createRoute({
      getParentRoute: () => root,
      path: screen.path,
      component: lazyRouteComponent(async () => ({ default: await screen.load() })),
      validateSearch: (search: Record<string, unknown>): Search => toTexts(search),
    }),
  );
  // Whoever is here has signed in; the address of the form leads on.
  const signIn = createRoute({ getParentRoute: () => root, path: '/sign-in', component: () => <Navigate to="/" replace /> });
  return createRouter({
    routeTree: root.addChildren([signIn, ...routes]),
    basepath: '/hq',
    parseSearch: (text) => Object.fromEntries(new URLSearchParams(text)),
    stringifySearch: (search) => {
      const text = new URLSearchParams(toTexts(search) as Record<string, string>).toString();
      return text === '' ? '' : `?${text}`;
    },
    // The code of a screen is on its way while the pointer or the focus is on the link to it.
    defaultPreload: 'intent',
    defaultPendingComponent: Opening,
    defaultErrorComponent: Failed,
    scrollRestoration: true,
  });
}

function toTexts(search: Record<string, unknown>): Record<string, string> {
  const texts = Object.entries(search).filter((entry): entry is [string, string] => typeof entry[1] === 'string' && entry[1] !== '');
  return Object.fromEntries(texts);
}

function Opening() {
  return (
    <div className="page">
      <Skeleton rows={6} label={firstTexts.page.opening} />
    </div>
  );
}

/** A fault of the console itself must not leave an empty page. */
function Failed({ error }: ErrorComponentProps) {
  return (
    <div className="page">
      <h1>{firstTexts.page.failed}</h1>
      <ProblemNotice title={firstTexts.page.ownFault} problem={toProblem(error)} onRetry={() => location.reload()} />
    </div>
  );
}

function NotFound() {
  return (
    <div className="page">
      <h1>{firstTexts.page.none}</h1>
      <Empty title={firstTexts.page.nothingHere}>
        <Link to="/" className="link">
          {firstTexts.page.toOverview}
        </Link>
      </Empty>
    </div>
  );
}
