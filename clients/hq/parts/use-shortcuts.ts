import { useEffect, useRef } from 'react';
import { useNavigate } from '@tanstack/react-router';
import { isCovered, useKeys } from '../keys.ts';
import { navOf } from '../screen.ts';
import { screens } from '../screens.ts';
import { useWho } from '../services.ts';

/** The second letter of `g p` may take so long. */
const SECOND_MS = 1_500;

type ShortcutsOptions = {
  readonly onPalette: () => void;
  readonly onKeys: () => void;
  /** Something is open, or about to be: what is typed is meant for it. */
  readonly resting: boolean;
};

/** The keys that work everywhere: Ctrl or Cmd with K, `?`, `/`, and `g` with the letter of a screen. */
export function useShortcuts({ onPalette, onKeys, resting }: ShortcutsOptions): void {
  const navigate = useNavigate();
  const who = useWho();
  const began = useRef(-Infinity);
  useEffect(() => {
    const listen = (event: KeyboardEvent): void => {
      if (event.key.toLowerCase() !== 'k' || !(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey || isCovered()) return;
      event.preventDefault();
      onPalette();
    };
    addEventListener('keydown', listen);
    return () => removeEventListener('keydown', listen);
  }, [onPalette]);
  useKeys((event) => {
    if (resting) return false;
    const second = event.timeStamp - began.current < SECOND_MS;
    began.current = -Infinity;
    if (second) {
      const screen = screens.find((one) => navOf(one, who)?.key === event.key);
      if (screen === undefined) return false;
      void navigate({ to: screen.path });
      return true;
    }
    switch (event.key) {
      case 'g':
        began.current = event.timeStamp;
        return true;
      case '?':
        onKeys();
        return true;
      case '/':
        return toSearch();
      default:
        return false;
    }
  });
}

/** Goes to the search of the screen, if it has one. */
function toSearch(): boolean {
  const search = document.querySelector<HTMLInputElement>('input[type="search"]');
  search?.focus();
  search?.select();
  return search !== null;
}
