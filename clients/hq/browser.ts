import { useSyncExternalStore } from 'react';
import { browserTokens as tokensOf } from '../core/browser-tokens.ts';

/** Tokens in the browser's storage, shared by its tabs. */
export const browserTokens = tokensOf();

/** Calls back when another tab has signed in or out, or renewed. */
export function onTokensChanged(changed: () => void): void {
  browserTokens.onChange?.(changed);
}

export const THEMES = ['system', 'light', 'dark'] as const;
export type Theme = (typeof THEMES)[number];
const THEME = 'green-lines.theme'; // public/theme.js reads it before the first paint

function loadTheme(): Theme {
  const stored = read(THEME);
  return THEMES.find((theme) => theme === stored) ?? 'system';
}

export function chooseTheme(theme: Theme): void {
  write(THEME, theme === 'system' ? undefined : theme);
  if (theme === 'system') delete document.documentElement.dataset['theme'];
  else document.documentElement.dataset['theme'] = theme;
  for (const listener of themeListeners) listener();
}

const themeListeners = new Set<() => void>();

/** The chosen theme, wherever it is chosen. */
export function useTheme(): Theme {
  return useSyncExternalStore(subscribeTheme, loadTheme);
}

function subscribeTheme(changed: () => void): () => void {
  themeListeners.add(changed);
  return () => themeListeners.delete(changed);
}

const LETTER_KEYS = 'green-lines.letter-keys';

/** Whether keys of a single letter or sign do something. They are on until somebody switches them off, for all tabs of this browser. */
export function letterKeysAreOn(): boolean {
  return read(LETTER_KEYS) !== 'off';
}

export function switchLetterKeys(on: boolean): void {
  write(LETTER_KEYS, on ? undefined : 'off');
}

/** Storage may be closed to a page; it then lives as long as the tab. */
const memory = new Map<string, string>();

function read(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return memory.get(key) ?? null;
  }
}

function write(key: string, value: string | undefined): void {
  try {
    if (value === undefined) localStorage.removeItem(key);
    else localStorage.setItem(key, value);
  } catch {
    if (value === undefined) memory.delete(key);
    else memory.set(key, value);
  }
}

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567';

/** A new id, 100 bits of chance. `randomUUID` is missing where the page came over plain HTTP. */
export function newId(prefix: string): string {
  const bytes = crypto.getRandomValues(new Uint8Array(20));
  return `${prefix}_${Array.from(bytes, (byte) => ALPHABET[byte & 31]).join('')}`;
}
