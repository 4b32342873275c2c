import { useCallback, useEffect, useRef, useState } from 'react';
import { toProblem, type Problem } from '../../core/problem.ts';

/** What the hub was asked for: what came last, what is wrong with the newest attempt, and a way to ask at once. */
export type Polled<T> = { readonly value: T | undefined; readonly problem: Problem | undefined; readonly again: () => void };

type Found<T> = { readonly key: string; readonly value: T | undefined; readonly problem: Problem | undefined };

/**
 * Asks the hub when it is shown, whenever `key` changes, and every so often while somebody looks at the page (never, without
 * `every_ms`). What belongs to another key is not shown; a failed attempt leaves what was there.
 */
export function usePolled<T>(key: string, load: (signal: AbortSignal) => Promise<T>, every_ms?: number): Polled<T> {
  const [found, setFound] = useState<Found<T>>();
  const [turn, setTurn] = useState(0);
  const newest = useRef(load);
  useEffect(() => {
    newest.current = load;
  });
  useEffect(() => {
    const stop = new AbortController();
    const { signal } = stop;
    newest.current(signal).then(
      (value) => !signal.aborted && setFound({ key, value, problem: undefined }),
      (error: unknown) => {
        if (signal.aborted) return;
        setFound((before) => ({ key, value: before?.key === key ? before.value : undefined, problem: toProblem(error) }));
      },
    );
    return () => stop.abort();
  }, [key, turn]);
  const again = useCallback(() => setTurn((now) => now + 1), []);
  useEffect(() => {
    if (every_ms === undefined) return;
    const timer = setInterval(() => document.visibilityState === 'visible' && again(), every_ms);
    return () => clearInterval(timer);
  }, [every_ms, again]);
  const mine = found?.key === key ? found : undefined;
  return { value: mine?.value, problem: mine?.problem, again };
}
