import type { HistoryItem } from '../core/api.ts';
import { formatNumber } from '../core/format.ts';

/** So many are kept of an actor that somebody leaves open, unless he has asked for more. */
const MOST = 500;

/**
 * What is known of a journal, newest first. A gap between what was held and what came would look like a journal without those rows:
 * the older part is let go, and so is what lies far back, unless `all` is wanted.
 */
export function withRows(before: readonly HistoryItem[], came: readonly HistoryItem[], all: boolean): readonly HistoryItem[] {
  const byVersion = new Map([...before, ...came].map((row) => [row.version, row]));
  const sorted = [...byVersion.values()].sort((a, b) => b.version - a.version);
  const gap = sorted.findIndex((row, i) => i > 0 && row.version !== (sorted[i - 1]?.version ?? 0) - 1);
  return sorted.slice(0, Math.min(gap < 0 ? sorted.length : gap, all ? sorted.length : MOST));
}

/** Each of these once, in its order, with how often where that is more: `rates.published ×40`. */
export function countAlike(names: readonly string[]): readonly string[] {
  return [...new Set(names)].map((name) => {
    const count = names.filter((one) => one === name).length;
    return count === 1 ? name : `${name} ×${formatNumber(count)}`;
  });
}
