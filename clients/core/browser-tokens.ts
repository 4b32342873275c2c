import { isRecord } from './problem.ts';
import type { Tokens, TokenStore } from './session.ts';

/** Tokens in the browser's storage, shared by its tabs. */
export function browserTokens(key = 'green-lines.tokens'): TokenStore {
  return {
    load: () => readTokens(localStorage.getItem(key)),
    save: (tokens) => {
      if (tokens === undefined) localStorage.removeItem(key);
      else localStorage.setItem(key, JSON.stringify(tokens));
    },
    exclusively: async (task) => {
      // Locks exist only where the page came over a safe way; elsewhere one tab at a time is the best there is.
      const locks = 'locks' in navigator ? (navigator.locks as LockManager | undefined) : undefined;
      return locks === undefined ? task() : await locks.request(key, task);
    },
    onChange: (changed) => {
      const hear = (event: StorageEvent): void => {
        if (event.key === key || event.key === null) changed();
      };
      addEventListener('storage', hear);
      return () => removeEventListener('storage', hear);
    },
  };
}

function readTokens(text: string | null): Tokens | undefined {
  try {
    const value: unknown = JSON.parse(text ?? 'null');
    if (!isRecord(value)) return undefined;
    const { accessToken, refreshToken, expiresAt } = value;
    const whole = typeof accessToken === 'string' && typeof refreshToken === 'string' && typeof expiresAt === 'number';
    return whole ? { accessToken, refreshToken, expiresAt } : undefined;
  } catch {
    return undefined;
  }
}
