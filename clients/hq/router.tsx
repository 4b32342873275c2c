import { createRootRoute, createRoute, createRouter, Link } from '@tanstack/react-router';
import { Empty } from './parts/notice.tsx';
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
  });
}

function toTexts(search: Record<string, unknown>): Record<string, string> {
  const texts = Object.entries(search).filter((entry): entry is [string, string] => typeof entry[1] === 'string' && entry[1] !== '');
  return Object.fromEntries(texts);
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
