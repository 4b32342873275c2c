import { useCallback, useEffect, useRef, useState } from 'react';
import { systemClock } from '../../core/clock.ts';
import { toProblem, type Problem } from '../../core/problem.ts';
import { OneAtATime } from '../one-at-a-time.ts';

/** What was asked for: not here yet, here, or not to be had. What is here stays while it is asked for again. */
export type Loaded<T> = {
  readonly value: T | undefined;
  /** Of the newest attempt. */
  readonly problem: Problem | undefined;
  /** Asks again; while it is asked already, once more thereafter. */
  readonly retry: () => void;
};

type Found<T> = { readonly key: string; readonly value: T | undefined; readonly problem: Problem | undefined };

/** Asks once for each key, and again when `retry` is called. What belongs to another key is not shown. */
export function useLoaded<T>(key: string, load: (signal: AbortSignal) => Promise<T>): Loaded<T> {
  const { value, problem, retry } = useAsked(key, load);
  return { value, problem, retry };
}

/** As useLoaded; `tick` asks again unless it is asked just now. An answer is waited for however slow it is; only another key gives it up. */
export function useAsked<T>(key: string, load: (signal: AbortSignal) => Promise<T>): Loaded<T> & { readonly tick: () => void } {
  const [found, setFound] = useState<Found<T>>();
  const newest = useRef(load);
  const asking = useRef<OneAtATime>(undefined);
  useEffect(() => {
    newest.current = load;
  });
  useEffect(() => {
    const task = (signal: AbortSignal): Promise<void> =>
      newest.current(signal).then(
        (value) => {
          if (!signal.aborted) setFound({ key, value, problem: undefined });
        },
        (error: unknown) => {
          if (!signal.aborted) setFound((before) => ({ key, value: ofKey(before, key)?.value, problem: toProblem(error) }));
        },
      );
    const one = new OneAtATime({ task, after: systemClock.after });
    asking.current = one;
    one.ask();
    return () => one.stop();
  }, [key]);
  const retry = useCallback(() => asking.current?.ask(), []);
  const tick = useCallback(() => asking.current?.tick(), []);
  const mine = ofKey(found, key);
  return { value: mine?.value, problem: mine?.problem, retry, tick };
}

function ofKey<T>(found: Found<T> | undefined, key: string): Found<T> | undefined {
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
