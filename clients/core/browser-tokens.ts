import { isRecord } from './problem.ts';
import type { Tokens, TokenStore } from './session.ts';

/** Tokens in the browser's storage, shared by its tabs. Where storage is full, or closed to the page, they live as long as the tab. */
export function browserTokens(key = 'green-lines.tokens'): TokenStore {
  let memory: { readonly tokens: Tokens | undefined } | undefined;
  return {
    load: () => (memory === undefined ? readTokens(read(key)) : memory.tokens),
    save: (tokens) => {
      const text = tokens && JSON.stringify(tokens);
      // What is left of an old sign-in is taken away: its refresh token is spent, and whoever used it again would end every tab's.
      const isKept = write(key, text) || (write(key, undefined) && write(key, text));
      memory = isKept ? undefined : { tokens };
    },
    exclusively: async (task) => {
      // Locks exist only where the page came over a safe way; elsewhere one tab at a time is the best there is.
      const locks = 'locks' in navigator ? (navigator.locks as LockManager | undefined) : undefined;
      return locks === undefined ? task() : await locks.request(key, task);
    },
    onChange: (changed) => {
      const hear = (event: StorageEvent): void => {
        if (event.key !== key && event.key !== null) return;
        memory = undefined;
        changed();
      };
      addEventListener('storage', hear);
      return () => removeEventListener('storage', hear);
    },
  };
}

function read(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

/** Whether storage has taken it. */
function write(key: string, text: string | undefined): boolean {
  try {
    if (text === undefined) localStorage.removeItem(key);
    else localStorage.setItem(key, text);
    return true;
  } catch {
    return false;
  }
}

function readTokens(text: string | null): Tokens | undefined {
  try {
    const value: unknown = JSON.parse(text ?? 'null');
    if (!isRecord(value)) return undefined;
    const { accessToken, refreshToken, expiresAt, next } = value;
    const whole = typeof accessToken === 'string' && typeof refreshToken === 'string' && typeof expiresAt === 'number';
    return whole ? { accessToken, refreshToken, expiresAt, ...(typeof next === 'string' ? { next } : {}) } : undefined;
  } catch {
    return undefined;
  }
}
