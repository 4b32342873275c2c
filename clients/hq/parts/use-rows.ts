import { useEffect, useMemo, useRef, useState } from 'react';
import type { ListItem } from '../../../hub/protocol/messages.ts';
import { toProblem, type Problem } from '../../core/problem.ts';
import type { ListCopy } from '../../core/store.ts';
import { toListTopic, type ListQuery } from '../../core/topic.ts';
import { useList, useServices, type Followed } from '../services.ts';
import { changesBetween, rowAt, STRETCH, stretchesOf, withStretch, type Stretches } from '../stretches.ts';

/** What a long list shows: any row by its place, and how many there are. */
export type Rows = {
  readonly followed: Followed<ListCopy>;
  /** Undefined until the first answer has come. */
  readonly total: number | undefined;
  readonly rowAt: (index: number) => ListItem | undefined;
  readonly loaded: readonly ListItem[];
  /** To be told which rows are in sight, so that they can be read. */
  readonly look: (first: number, last: number) => void;
  /** While it stands still: how many of the live rows have changed meanwhile. */
  readonly updates: number;
  /** Shows what is now, and stands still again. */
  readonly apply: () => void;
  readonly problem: Problem | undefined;
  readonly retry: () => void;
};

/** Whoever scrolls through is not asked for; whoever stops is. */
const STOPPED_MS = 70;
/** Rows behind the live ones are read again so often while they are in sight. */
const AGAIN_MS = 5_000;

type Shown = { readonly items: readonly ListItem[]; readonly total: number };
type Read = { readonly topic: string; readonly stretches: Stretches };

/**
 * The rows of a list, however long: the beginning is followed live, the rest is read where somebody looks and forgotten where he
 * does not look any more. While `still`, nothing that is in sight changes.
 */
export function useRows(query: ListQuery, still: boolean): Rows {
  const topic = toListTopic(query);
  const followed = useList({ ...query, limit: STRETCH });
  const live = useLast(followed.kind === 'here' ? followed.copy : undefined);
  const [kept, setKept] = useState<Shown & { readonly topic: string }>();
  const held = still && kept?.topic === topic ? kept : undefined;
  // Only the answer to this very question is kept: the one before stands in for it no longer than that takes.
  const newest = followed.kind === 'here' ? followed.copy : undefined;
  if (still && newest !== undefined && held === undefined) setKept({ topic, items: newest.items, total: newest.total });
  if (!still && kept !== undefined) setKept(undefined);
  const shown: Shown | undefined = held ?? live;
  const { stretches, look, refresh, problem, retry } = useStretches(query, topic, shown?.total ?? 0, still);
  const items = shown?.items ?? NONE;
  return {
    followed,
    total: shown?.total,
    rowAt: (index) => rowAt(items, stretches, index),
    loaded: useMemo(() => [...items, ...[...stretches.values()].flat()], [items, stretches]),
    look,
    updates: held !== undefined && newest !== undefined ? changesBetween(held.items, newest.items) : 0,
    apply: () => {
      if (newest !== undefined) setKept({ topic, items: newest.items, total: newest.total });
      refresh();
    },
    problem,
    retry,
  };
}

const NONE: readonly ListItem[] = [];
const NO_STRETCHES: Stretches = new Map();

/** Reads the stretches in sight, one after another, and again after a while. */
function useStretches(query: ListQuery, topic: string, total: number, still: boolean) {
  const { office } = useServices();
  const [read, setRead] = useState<Read>();
  const [sight, setSight] = useState({ first: 0, last: 0 });
  const [problem, setProblem] = useState<{ readonly topic: string; readonly problem: Problem }>();
  const [turn, setTurn] = useState(0);
  const stretches = read?.topic === topic ? read.stretches : NO_STRETCHES;
  const newest = useRef({ stretches, query });
  useEffect(() => {
    newest.current = { stretches, query };
  });
  const wanted = stretchesOf(sight.first, sight.last, total).join();
  const failed = problem?.topic === topic ? problem.problem : undefined;

  useEffect(() => {
    if (wanted === '' || failed !== undefined) return;
    const stop = new AbortController();
    const readAll = async (): Promise<void> => {
      for (const at of wanted.split(',').map(Number)) {
        if (turn === 0 && newest.current.stretches.has(at)) continue;
        const rows = await office.rows(newest.current.query, at * STRETCH, STRETCH, stop.signal);
        if (stop.signal.aborted) return;
        setRead((before) => ({ topic, stretches: withStretch(before?.topic === topic ? before.stretches : NO_STRETCHES, at, rows) }));
      }
    };
    readAll().catch((error: unknown) => {
      if (!stop.signal.aborted) setProblem({ topic, problem: toProblem(error) });
    });
    return () => stop.abort();
  }, [office, topic, wanted, turn, failed]);

  useEffect(() => {
    if (still || wanted === '') return;
    const timer = setInterval(() => document.visibilityState === 'visible' && setTurn((now) => now + 1), AGAIN_MS);
    return () => clearInterval(timer);
  }, [still, wanted]);

  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  const look = (first: number, last: number): void => {
    clearTimeout(timer.current);
    timer.current = setTimeout(() => {
      setTurn(0);
      setSight((before) => (before.first === first && before.last === last ? before : { first, last }));
    }, STOPPED_MS);
  };
  const again = (): void => {
    setProblem(undefined);
    setTurn((now) => now + 1);
  };
  return { stretches, look, refresh: again, problem: failed, retry: again };
}

/** The copy before, while the one of another question is on its way: a list that goes blank at every key is worse than a late one. */
function useLast(copy: ListCopy | undefined): ListCopy | undefined {
  const [last, setLast] = useState(copy);
  if (copy !== undefined && copy !== last) setLast(copy);
  return copy ?? last;
}
