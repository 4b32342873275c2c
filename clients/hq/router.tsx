import { createRootRoute, createRoute, createRouter, Link, type ErrorComponentProps } from '@tanstack/react-router';
import { toProblem } from '../core/problem.ts';
import { Empty, ProblemNotice } from './parts/notice.tsx';
import type { Search } from './screen.ts';
import { screens } from './screens.ts';
import { Shell } from './shell.tsx';

/** Makes a route of every screen of the list. Queries stay the plain texts that a person can read and share. */
export function makeRouter() {
  const root = createRootRoute({ component: Shell, notFoundComponent: NotFound });
  const routes = screens.map((screen) =>
    createRoute({
      getParentRoute: () => root,
      path: screen.path,
      component: screen.component,
      validateSearch: (search: Record<string, unknown>): Search => toTexts(search),
    }),
  );
  return createRouter({
    routeTree: root.addChildren(routes),
    basepath: '/hq',
    parseSearch: (text) => Object.fromEntries(new URLSearchParams(text)),
    stringifySearch: (search) => {
      const text = new URLSearchParams(toTexts(search) as Record<string, string>).toString();
      return text === '' ? '' : `?${text}`;
    },
    defaultPreload: false,
    defaultErrorComponent: Failed,
    scrollRestoration: true,
  });
}

function toTexts(search: Record<string, unknown>): Record<string, string> {
  const texts = Object.entries(search).filter((entry): entry is [string, string] => typeof entry[1] === 'string' && entry[1] !== '');
  return Object.fromEntries(texts);
}

/** A fault of the console itself must not leave an empty page. */
function Failed({ error }: ErrorComponentProps) {
  return (
    <div className="page">
      <h1>This page has failed</h1>
      <ProblemNotice title="The console itself is at fault" problem={toProblem(error)} onRetry={() => location.reload()} />
    </div>
  );
}

function NotFound() {
  return (
    <div className="page">
      <h1>No such page</h1>
      <Empty title="There is nothing at this address.">
        <Link to="/" className="link">
          Go to the overview
        </Link>
      </Empty>
    </div>
  );
}
