import { useCallback, useEffect, useRef, useState } from 'react';
import { toProblem, type Problem } from '../../core/problem.ts';

/** What was asked for: not here yet, here, or not to be had. What is here stays while it is asked for again. */
export type Loaded<T> = {
  readonly value: T | undefined;
  /** Of the newest attempt. */
  readonly problem: Problem | undefined;
  readonly retry: () => void;
};

/** Asks once for each key, and again when `retry` is called. What belongs to another key is not shown. */
export function useLoaded<T>(key: string, load: (signal: AbortSignal) => Promise<T>): Loaded<T> {
  const [found, setFound] = useState<{ key: string; value?: T; problem?: Problem }>();
  const [turn, setTurn] = useState(0);
  const newest = useRef(load);
  useEffect(() => {
    newest.current = load;
  });
  useEffect(() => {
    const given = new AbortController();
    newest.current(given.signal).then(
      (value) => given.signal.aborted || setFound({ key, value }),
      (error: unknown) => given.signal.aborted || setFound((before) => ({ ...ofKey(before, key), key, problem: toProblem(error) })),
    );
    return () => given.abort();
  }, [key, turn]);
  const mine = ofKey(found, key);
  return { value: mine?.value, problem: mine?.problem, retry: useCallback(() => setTurn((now) => now + 1), []) };
}

function ofKey<Found extends { readonly key: string }>(found: Found | undefined, key: string): Found | undefined {
  return found?.key === key ? found : undefined;
}

/** Not more often than this, however fast things change. */
const LEAST_MS = 2_000;
/** And this often at least, in case nothing is heard. */
const MOST_MS = 15_000;

/** Calls `again` a moment after `change` has changed, and now and then anyhow; never while nobody looks at the page. */
export function useRefresh(again: () => void, change: unknown, every_ms = MOST_MS): void {
  const last = useRef<number>(undefined);
  const refresh = useCallback(() => {
    last.current = performance.now();
    if (document.visibilityState === 'visible') again();
  }, [again]);
  useEffect(() => {
    // The first time it has just been asked for.
    if (last.current === undefined) {
      last.current = performance.now();
      return;
    }
    const timer = setTimeout(refresh, Math.max(0, last.current + LEAST_MS - performance.now()));
    return () => clearTimeout(timer);
  }, [refresh, change]);
  useEffect(() => {
    const timer = setInterval(refresh, every_ms);
    const onSight = (): void => {
      if (document.visibilityState === 'visible') refresh();
    };
    document.addEventListener('visibilitychange', onSight);
    return () => {
      clearInterval(timer);
      document.removeEventListener('visibilitychange', onSight);
    };
  }, [refresh, every_ms]);
}
