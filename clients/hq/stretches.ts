import type { ListItem } from '../../hub/protocol/messages.ts';

/** How many rows a stretch has. The first one is followed live, the others are read where somebody looks. */
export const STRETCH = 100;
/** So many stretches are kept beside the live one: what is far from where somebody looks is forgotten. */
export const MOST_STRETCHES = 8;

/** The rows of a list behind the live ones, by the number of their stretch (1 is the first of them). */
export type Stretches = ReadonlyMap<number, readonly ListItem[]>;

/** The stretches that the rows from `first` to `last` stand in; the live one is not among them. */
export function stretchesOf(first: number, last: number, total: number): readonly number[] {
  const from = Math.max(1, Math.floor(first / STRETCH));
  const to = Math.floor(Math.min(last, total - 1) / STRETCH);
  return Array.from({ length: Math.max(0, to - from + 1) }, (_, i) => from + i);
}

/** Puts a stretch in, and forgets those that are farthest from it. */
export function withStretch(stretches: Stretches, at: number, rows: readonly ListItem[]): Stretches {
  const next = new Map(stretches).set(at, rows);
  const near = [...next.keys()].sort((a, b) => Math.abs(a - at) - Math.abs(b - at));
  for (const far of near.slice(MOST_STRETCHES)) next.delete(far);
  return next;
}

export function rowAt(live: readonly ListItem[], stretches: Stretches, index: number): ListItem | undefined {
  if (index < live.length) return live[index];
  return stretches.get(Math.floor(index / STRETCH))?.[index % STRETCH];
}

/** In how many rows two views of the live stretch differ: changed, come or gone. */
export function changesBetween(before: readonly ListItem[], after: readonly ListItem[]): number {
  if (before === after) return 0;
  const was = new Map(before.map(({ address, version }) => [address, version]));
  let changes = 0;
  for (const { address, version } of after) {
    if (was.get(address) !== version) changes++;
    was.delete(address);
  }
  // Whoever is pushed out at the end by one that came is not another change.
  return Math.max(changes, was.size);
}
