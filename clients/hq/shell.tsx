import { lazy, Suspense, useCallback, useEffect, useRef, useState } from 'react';
import { Apart } from './parts/apart.tsx';
import { Link, Outlet, useRouterState } from '@tanstack/react-router';
import { Announcer } from './parts/announcer.tsx';
import { ConnectionPill, StaleBanner } from './parts/connection-pill.tsx';
import { Logo } from './parts/logo.tsx';
import { UserMenu } from './parts/user-menu.tsx';
import { useShortcuts } from './parts/use-shortcuts.ts';
import { navOf, type NavEntry } from './screen.ts';
import { screens } from './screens.ts';
import { useConnectionState, useWho } from './services.ts';
import { texts } from './texts.ts';
import { keepTyping, takeTyped } from './type-ahead.ts';

const loadPalette = () => import('./parts/palette.tsx').then((module) => ({ default: module.Palette }));
const Palette = lazy(loadPalette);
const KeysDialog = lazy(() => import('./parts/keys-dialog.tsx').then((module) => ({ default: module.KeysDialog })));

/** What stands around every screen. */
export function Shell() {
  const who = useWho();
  const { phase } = useConnectionState();
  const [open, setOpen] = useState<'palette' | 'keys'>();
  const onPalette = useCallback(() => {
    keepTyping();
    setOpen('palette');
  }, []);
  const onKeys = useCallback(() => setOpen('keys'), []);
  const onClose = useCallback(() => {
    takeTyped();
    setOpen(undefined);
  }, []);
  useShortcuts({ onPalette, onKeys, resting: open !== undefined });
  usePaletteAtHand();
  const path = useRouterState({ select: ({ location }) => location.pathname });
  useFocusOnArrival(path);
  usePlaceInSight(path, who);
  if (who === undefined) return null; // signed out just now: the form takes the place of all this
  return (
    <Announcer>
      <a className="skip" href="#content">
        {texts.shell.skip}
      </a>
      <div className="shell" data-phase={phase}>
        <header className="bar">
          <Link to="/" className="brand" aria-label={texts.shell.home}>
            <Logo />
            <span className="brand-name">{texts.shell.brand}</span>
          </Link>
          <ConnectionPill />
          <button type="button" className="palette-opener" onClick={onPalette}>
            <svg className="nav-icon" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
              <path d="M7 2.5a4.5 4.5 0 1 1 0 9a4.5 4.5 0 0 1 0-9zM10.5 10.5L14 14" />
            </svg>
            <span className="palette-words">{texts.palette.opener}</span>
            <kbd aria-hidden="true">{texts.palette.keys}</kbd>
          </button>
          <UserMenu who={who} onKeys={onKeys} />
        </header>
        <nav className="nav" aria-label={texts.shell.main}>
          {screens.map((screen) => {
            const nav = navOf(screen, who);
            return nav && <NavLink key={screen.path} path={screen.path} {...nav} />;
          })}
        </nav>
        <main className="content" id="content" tabIndex={-1} data-scroll-restoration-id="content">
          <StaleBanner />
          <Outlet />
        </main>
      </div>
      {open !== undefined && (
        <Apart fallback={null} onFail={onClose}>
          <Suspense>
            {open === 'palette' && <Palette onClose={onClose} onKeys={onKeys} />}
            {open === 'keys' && <KeysDialog onClose={onClose} />}
          </Suspense>
        </Apart>
      )}
    </Announcer>
  );
}

function NavLink({ path, label, icon }: NavEntry & { path: string }) {
  return (
    <Link to={path} className="nav-link" activeOptions={{ exact: path === '/', includeSearch: false }}>
      <svg className="nav-icon" viewBox="0 0 20 20" aria-hidden="true" focusable="false">
        <path d={icon} />
      </svg>
      {label}
    </Link>
  );
}

/** Long enough for the page itself to be there first. */
const AHEAD_MS = 1_500;

/** Whoever presses Ctrl K types on at once: the palette must not have to be fetched then. */
function usePaletteAtHand(): void {
  useEffect(() => {
    const timer = setTimeout(() => void loadPalette().catch(() => undefined), AHEAD_MS);
    return () => clearTimeout(timer);
  }, []);
}

/** A new page begins at its beginning, also for whoever reads by ear or goes by keys. A changed filter is no new page. */
function useFocusOnArrival(path: string): void {
  const last = useRef(path);
  useEffect(() => {
    if (last.current === path) return;
    last.current = path;
    document.getElementById('content')?.focus({ preventScroll: true });
  }, [path]);
}

/** On a narrow window the menu is longer than its bar: where somebody is, is brought into sight in it. */
function usePlaceInSight(path: string, who: unknown): void {
  useEffect(() => {
    document.querySelector('.nav-link[aria-current]')?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  }, [path, who]);
}
