import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import type { ListItem } from '../../../hub/protocol/messages.ts';
import { toProblem, type Problem } from '../../core/problem.ts';
import type { ListCopy } from '../../core/store.ts';
import { toListTopic, type ListQuery } from '../../core/topic.ts';
import { useList, useLists, useServices, type Followed } from '../services.ts';
import { changesBetween, rowAt, STRETCH, stretchesOf, withStretch, type Stretches } from '../stretches.ts';
import { standIn, type Held } from '../stand-in.ts';
import { useRefresh } from './use-loaded.ts';

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
const NEWEST_FIRST = '-updatedAt';

type Shown = { readonly items: readonly ListItem[]; readonly total: number };
/** What was read, and in which turn: what is of an earlier one than now may be old. */
type Read = { readonly topic: string; readonly stretches: Stretches; readonly turns: ReadonlyMap<number, number> };

/**
 * The rows of a list, however long: the beginning is followed live, the rest is read where somebody looks, again when anything in
 * the list has changed, and forgotten where he does not look any more. While `still`, nothing that is in sight changes.
 */
export function useRows(query: ListQuery, still: boolean): Rows {
  const topic = toListTopic(query);
  const followed = useList({ ...query, limit: STRETCH });
  const copy = followed.kind === 'here' ? followed.copy : undefined;
  const live = useStandIn(topic, copy, followed.kind === 'refused');
  const [kept, setKept] = useState<Shown & { readonly topic: string }>();
  const held = still && kept?.topic === topic ? kept : undefined;
  // Only the answer to this very question is kept: the one before stands in for it no longer than that takes.
  const newest = copy;
  if (still && newest !== undefined && held === undefined) setKept({ topic, items: newest.items, total: newest.total });
  // What was taken away from whoever looks is held no longer, however still it is to be.
  const isGone = live === undefined;
  if ((!still || isGone) && kept !== undefined) setKept(undefined);
  const shown: Shown | undefined = isGone ? undefined : (held ?? live);
  const total = shown?.total ?? 0;
  const heard = useChanges(query, newest, total > STRETCH);
  const { stretches, look, refresh, problem, retry } = useStretches(query, topic, { total, still, heard, isGone });
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
const NOTHING: Omit<Read, 'topic'> = { stretches: new Map(), turns: new Map() };

/**
 * Something else whenever any row of the list has changed, come or gone, however deep: each change brings a row to the top of those
 * that changed last, or alters how many there are.
 */
function useChanges({ sort, ...query }: ListQuery, live: ListCopy | undefined, isLong: boolean): unknown {
  const [top] = useLists(isLong && sort !== NEWEST_FIRST ? [{ ...query, sort: NEWEST_FIRST, limit: 1 }] : []);
  return top === undefined ? live : top.kind === 'here' && top.copy;
}

type Around = { readonly total: number; readonly still: boolean; readonly heard: unknown; readonly isGone: boolean };

/** Reads the stretches in sight, one after another, and again when something was heard. */
function useStretches(query: ListQuery, topic: string, { total, still, heard, isGone }: Around) {
  const { office } = useServices();
  const [kept, setKept] = useState<Read>();
  const [sight, setSight] = useState({ first: 0, last: 0 });
  const [problem, setProblem] = useState<{ readonly topic: string; readonly problem: Problem }>();
  const [turn, setTurn] = useState(0);
  if (isGone && kept !== undefined) setKept(undefined);
  const read = kept?.topic === topic ? kept : NOTHING;
  const newest = useRef({ read, query, still });
  useEffect(() => {
    newest.current = { read, query, still };
  });
  const wanted = stretchesOf(sight.first, sight.last, total).join();
  const failed = problem?.topic === topic ? problem.problem : undefined;
  const reading = useRef<AbortController>(undefined);
  const owed = useRef(false);

  useEffect(() => {
    if (wanted === '' || failed !== undefined) return;
    const stop = new AbortController();
    reading.current = stop;
    const readAll = async (): Promise<void> => {
      for (const at of wanted.split(',').map(Number)) {
        const { stretches, turns } = newest.current.read;
        if (stretches.has(at) && turns.get(at) === turn) continue;
        const rows = await office.rows(newest.current.query, at * STRETCH, STRETCH, stop.signal);
        if (stop.signal.aborted) return;
        setKept((before) => withRows(before, topic, at, rows, turn));
      }
    };
    const over = (): void => {
      if (reading.current !== stop) return;
      reading.current = undefined;
      if (owed.current) setTurn((now) => now + 1);
      owed.current = false;
    };
    readAll().then(over, (error: unknown) => {
      if (!stop.signal.aborted) setProblem({ topic, problem: toProblem(error) });
      over();
    });
    return () => stop.abort();
  }, [office, topic, wanted, turn, failed]);

  const again = useCallback(() => {
    // A slow answer is waited for: a list that changes without end would never come to one otherwise.
    if (reading.current !== undefined && !reading.current.signal.aborted) owed.current = true;
    else setTurn((now) => now + 1);
  }, []);
  const refresh = useCallback(() => {
    const isAnyRead = newest.current.read.stretches.size > 0 || reading.current !== undefined;
    if (isAnyRead && !newest.current.still) again();
  }, [again]);
  useRefresh(refresh, still || heard);

  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  const look = (first: number, last: number): void => {
    clearTimeout(timer.current);
    timer.current = setTimeout(() => {
      setSight((before) => (before.first === first && before.last === last ? before : { first, last }));
    }, STOPPED_MS);
  };
  const retry = (): void => {
    setProblem(undefined);
    again();
  };
  return { stretches: read.stretches, look, refresh: retry, problem: failed, retry };
}

function withRows(before: Read | undefined, topic: string, at: number, rows: readonly ListItem[], turn: number): Read {
  const { stretches, turns } = before?.topic === topic ? before : NOTHING;
  return { topic, stretches: withStretch(stretches, at, rows), turns: new Map(turns).set(at, turn) };
}

function useStandIn(topic: string, copy: ListCopy | undefined, isRefused: boolean): ListCopy | undefined {
  const [last, setLast] = useState<Held<ListCopy>>();
  const next = standIn(last, { topic, copy, isRefused });
  if (next !== last) setLast(next);
  return next?.copy;
}
