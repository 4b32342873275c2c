import { useEffect, useRef } from 'react';
import { Link, Outlet, useRouterState } from '@tanstack/react-router';
import { Announcer } from './parts/announcer.tsx';
import { ConnectionPill, StaleBanner } from './parts/connection-pill.tsx';
import { Logo } from './parts/logo.tsx';
import { UserMenu } from './parts/user-menu.tsx';
import type { Who } from '../core/session.ts';
import type { NavEntry } from './screen.ts';
import { screens } from './screens.ts';
import { useConnectionState, useWho } from './services.ts';

/** What stands around every screen. */
export function Shell() {
  const who = useWho();
  const { phase } = useConnectionState();
  useSearchKey();
  useFocusOnArrival();
  if (who === undefined) return null; // signed out just now: the form takes the place of all this
  return (
    <Announcer>
      <a className="skip" href="#content">
        Skip to the content
      </a>
      <div className="shell" data-phase={phase}>
        <header className="bar">
          <Link to="/" className="brand" aria-label="Green Lines Hub, overview">
            <Logo />
            <span className="brand-name">Green Lines</span>
          </Link>
          <ConnectionPill />
          <UserMenu who={who} />
        </header>
        <nav className="nav" aria-label="Main">
          {screens.map(({ path, nav }) => nav && isFor(nav, who) && <NavLink key={path} path={path} {...nav} />)}
        </nav>
        <main className="content" id="content" tabIndex={-1} data-scroll-restoration-id="content">
          <StaleBanner />
          <Outlet />
        </main>
      </div>
    </Announcer>
  );
}

function isFor({ roles }: NavEntry, who: Who): boolean {
  return roles === undefined || who.roles.some((role) => roles.includes(role));
}

function NavLink({ path, label, icon }: { path: string; label: string; icon: string }) {
  return (
    <Link to={path} className="nav-link" activeOptions={{ exact: path === '/', includeSearch: false }}>
      <svg className="nav-icon" viewBox="0 0 20 20" aria-hidden="true" focusable="false">
        <path d={icon} />
      </svg>
      {label}
    </Link>
  );
}

/** A new page begins at its beginning, also for whoever reads by ear or goes by keys. A changed filter is no new page. */
function useFocusOnArrival(): void {
  const path = useRouterState({ select: ({ location }) => location.pathname });
  const last = useRef(path);
  useEffect(() => {
    if (last.current === path) return;
    last.current = path;
    document.getElementById('content')?.focus({ preventScroll: true });
  }, [path]);
}

/** `/` goes to the screen's search, unless somebody is typing. */
function useSearchKey(): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.key !== '/' || event.ctrlKey || event.metaKey || event.altKey) return;
      const { target } = event;
      if (target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))) return;
      const search = document.querySelector<HTMLInputElement>('input[type="search"]');
      if (search === null) return;
      event.preventDefault();
      search.focus();
      search.select();
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, []);
}
