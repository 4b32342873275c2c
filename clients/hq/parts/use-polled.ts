import { useEffect } from 'react';
import type { Problem } from '../../core/problem.ts';
import { useAsked } from './use-loaded.ts';

/** What the hub was asked for: what came last, what is wrong with the newest attempt, and a way to ask at once. */
export type Polled<T> = { readonly value: T | undefined; readonly problem: Problem | undefined; readonly again: () => void };

/**
 * Asks the hub when it is shown, whenever `key` changes, and every so often while somebody looks at the page (never, without
 * `every_ms`). What belongs to another key is not shown; a failed attempt leaves what was there, and a slow one is waited for.
 */
export function usePolled<T>(key: string, load: (signal: AbortSignal) => Promise<T>, every_ms?: number): Polled<T> {
  const { value, problem, retry, tick } = useAsked(key, load);
  useEffect(() => {
    if (every_ms === undefined) return;
    const timer = setInterval(() => document.visibilityState === 'visible' && tick(), every_ms);
    return () => clearInterval(timer);
  }, [every_ms, tick]);
  return { value, problem, again: retry };
}
