import { dayOf, endOf, startOf } from '../../machines/month.ts';
import type { Database } from '../integrations/integration.ts';
import { readLeaves } from '../store/ledger-days.ts';
import { toDayTree } from './day-tree.ts';
import { leafHash, rootOf } from './merkle.ts';

const DAY_MS = 86_400_000;

export type DayRoot = { readonly date: string; readonly leaves: number; readonly root: Buffer };

/** The roots of the days of a month that were over by `until`, each as the proof of that day has it; one day is in memory at a time. */
export async function readDayRoots(
  reports: Database,
  month: string,
  until: number,
  rest: () => Promise<void>,
): Promise<readonly DayRoot[]> {
  const roots: DayRoot[] = [];
  for (let from = startOf(month); from <= endOf(month) && from + DAY_MS <= until; from += DAY_MS) {
    const { leaves, root } = await toDayTree(await readLeaves(reports, { from, to: from + DAY_MS }), undefined, rest);
    roots.push({ date: dayOf(from), leaves, root });
  }
  return roots;
}

/** The root over those of all its days, the first day first: whoever has it and the roots of the days can tell whether they belong together. */
export function rootOfMonth(days: readonly DayRoot[]): string {
  return rootOf(days.map(({ root }) => leafHash(root))).toString('hex');
}
