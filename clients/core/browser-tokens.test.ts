import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { browserTokens } from './browser-tokens.ts';

/** A browser's storage for one origin, of so many characters; 0 closes it. */
function makeStorage(most: number) {
  const kept = new Map<string, string>();
  const mustBeOpen = (): void => {
    if (most === 0) throw new DOMException('The page may not', 'SecurityError');
  };
  return {
    kept,
    getItem: (key: string) => (mustBeOpen(), kept.get(key) ?? null),
    setItem: (key: string, value: string) => {
      mustBeOpen();
      const others = [...kept].filter(([one]) => one !== key).reduce((sum, [, text]) => sum + text.length, 0);
      if (others + value.length > most) throw new DOMException('It is full', 'QuotaExceededError');
      kept.set(key, value);
    },
    removeItem: (key: string) => (mustBeOpen(), void kept.delete(key)),
  };
}

const tokens = (refreshToken: string) => ({ accessToken: 'a', refreshToken, expiresAt: 1 });
let hear: (event: { key: string | null }) => void;

beforeEach(() => {
  vi.stubGlobal('addEventListener', (_: string, listener: typeof hear) => void (hear = listener));
  vi.stubGlobal('removeEventListener', () => undefined);
});
afterEach(() => vi.unstubAllGlobals());

test('[SDK-36] where storage is closed to a page, tokens live as long as the tab', () => {
  vi.stubGlobal('localStorage', makeStorage(0));
  const store = browserTokens();
  expect(store.load()).toBeUndefined();
  store.save(tokens('r1'));
  expect(store.load()).toEqual(tokens('r1'));
  store.save(undefined);
  expect(store.load()).toBeUndefined();
});

test('[SDK-36] a new token that storage has no room for is kept in the tab, and the spent one before it is left to nobody', () => {
  const storage = makeStorage(100);
  vi.stubGlobal('localStorage', storage);
  const store = browserTokens('t');
  store.save(tokens('r1'));
  storage.kept.set('other', 'x'.repeat(30));
  store.save(tokens('r2'.repeat(20)));
  expect(store.load()).toEqual(tokens('r2'.repeat(20)));
  expect(storage.kept.has('t')).toBe(false);
  store.save(tokens('r3'));
  expect(storage.kept.get('t')).toContain('r3');
});

test('[SDK-36] what another tab saves counts for this one, whatever it holds by itself', () => {
  const storage = makeStorage(60);
  vi.stubGlobal('localStorage', storage);
  const store = browserTokens('t');
  let changes = 0;
  store.onChange?.(() => void changes++);
  store.save(tokens('too long'.repeat(20)));
  storage.kept.set('t', JSON.stringify(tokens('r9')));
  hear({ key: 'else' });
  expect([changes, store.load()?.refreshToken]).toEqual([0, 'too long'.repeat(20)]);
  hear({ key: 't' });
  expect([changes, store.load()?.refreshToken]).toEqual([1, 'r9']);
  hear({ key: null });
  expect(changes).toBe(2);
});
