import { useCallback, useEffect, useRef, useState } from 'react';
import type { HistoryItem } from '../../core/api.ts';
import { toProblem, type Problem } from '../../core/problem.ts';
import { withRows } from '../history-rows.ts';
import { useServices } from '../services.ts';

export type History = {
  /** Newest first, without gaps. */
  readonly rows: readonly HistoryItem[];
  readonly problem: Problem | undefined;
  readonly loading: boolean;
  /** Older rows exist. */
  readonly more: boolean;
  readonly older: () => void;
  readonly retry: () => void;
};

const PAGE = 100;

/** An actor's journal up to its newest version, kept up with it, older pages on demand. */
export function useHistory(address: string, version: number | undefined): History {
  const { api } = useServices();
  const [rows, setRows] = useState<readonly HistoryItem[]>([]);
  const [problem, setProblem] = useState<Problem>();
  const [paging, setPaging] = useState(false);
  const [turn, setTurn] = useState(0);
  const busy = useRef(false);
  const wantsAll = useRef(false);
  const newest = rows[0]?.version ?? 0;
  const oldest = rows.at(-1)?.version ?? 0;

  const fetchRange = useCallback(
    (from: number, to: number): void => {
      if (busy.current || from > to) return;
      busy.current = true;
      api
        .history(address, { from, to, limit: PAGE })
        .then(
          ({ items }) => setRows((before) => withRows(before, items, wantsAll.current)),
          (error: unknown) => setProblem(toProblem(error)),
        )
        .finally(() => {
          busy.current = false;
          setPaging(false);
          setTurn((now) => now + 1); // whatever came meanwhile is looked for again
        });
    },
    [api, address],
  );

  const behind = version !== undefined && newest < version && problem === undefined;
  useEffect(() => {
    if (behind) fetchRange(Math.max(newest + 1, version - PAGE + 1), version);
  }, [behind, version, newest, turn, fetchRange]);

  return {
    rows,
    problem,
    loading: paging || ((behind || version === undefined) && rows.length === 0),
    more: oldest > 1,
    older: () => {
      wantsAll.current = true;
      setPaging(true);
      fetchRange(Math.max(1, oldest - PAGE), oldest - 1);
    },
    retry: () => {
      setProblem(undefined);
      setTurn((now) => now + 1);
    },
  };
}
