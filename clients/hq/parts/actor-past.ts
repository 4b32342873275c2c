import { useEffect, useState } from 'react';
import type { ActorView } from '../../../hub/protocol/messages.ts';
import type { HistoryItem } from '../../core/api.ts';
import { toProblem, type Problem } from '../../core/problem.ts';
import { useServices, type Followed } from '../services.ts';

export type Shown = Omit<ActorView, 'address'>;

/** The past does not change, so what was asked for once is kept, as long as the page is shown. */
const MOST_KEPT = 400;

function keep<Found>(kept: Map<string, Found>, key: string, found: Found): void {
  kept.set(key, found);
  for (const oldest of kept.keys()) {
    if (kept.size <= MOST_KEPT) break;
    kept.delete(oldest);
  }
}

/** Dragging passes over many versions; only where it rests for a moment is asked for. */
const REST_MS = 120;

/** The actor as it was at a version or a time; `late` while another one than was asked for is still in sight. */
export function usePast(address: string, at: string | undefined): Followed<Shown> & { readonly late?: true } {
  const { api } = useServices();
  const [views] = useState(() => new Map<string, ActorView>());
  const known = at === undefined ? undefined : views.get(at);
  const [turn, setTurn] = useState(0);
  const [last, setLast] = useState<ActorView>();
  const [failed, setFailed] = useState<{ at: string; problem: Problem }>();
  useEffect(() => {
    if (at === undefined || views.has(at)) return;
    const given = new AbortController();
    const timer = setTimeout(() => {
      api.actor(address, at, given.signal).then(
        (view) => {
          keep(views, at, view);
          if (!given.signal.aborted) setLast(view);
        },
        (error: unknown) => given.signal.aborted || setFailed({ at, problem: toProblem(error) }),
      );
    }, REST_MS);
    return () => {
      clearTimeout(timer);
      given.abort();
    };
  }, [api, views, address, at, turn]);
  if (known !== undefined) return { kind: 'here', copy: known };
  if (at !== undefined && failed?.at === at) {
    const retry = (): void => {
      setFailed(undefined);
      setTurn((now) => now + 1);
    };
    return { kind: 'refused', code: failed.problem.code, reason: failed.problem.message, retry };
  }
  return at !== undefined && last !== undefined ? { kind: 'here', copy: last, late: true } : { kind: 'waiting' };
}

/** The row of the journal that made a version; undefined while it is not known, and for who may not read it. */
export function useStep(address: string, version: number | undefined, rows: readonly HistoryItem[]): HistoryItem | undefined {
  const { api } = useServices();
  const [steps, setSteps] = useState<ReadonlyMap<number, HistoryItem>>(new Map());
  const known = version === undefined ? undefined : (rows.find((row) => row.version === version) ?? steps.get(version));
  const missing = version !== undefined && version > 0 && known === undefined;
  useEffect(() => {
    if (!missing) return;
    const given = new AbortController();
    const timer = setTimeout(() => {
      api.history(address, { from: version, to: version, limit: 1 }, given.signal).then(
        ({ items: [row] }) => row && setSteps((before) => new Map([...before, [row.version, row] as const].slice(-MOST_KEPT))),
        () => undefined, // the history says itself why it cannot be shown
      );
    }, REST_MS);
    return () => {
      clearTimeout(timer);
      given.abort();
    };
  }, [api, address, version, missing]);
  return known;
}
