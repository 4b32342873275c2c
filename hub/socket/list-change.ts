import type { Row } from './list-window.ts';

/**
 * The operations that make `after` of `before`, each as JSON: first what leaves, then, in the order of the new list, what
 * enters, moves or has changed in place. A position is that of the list as the operations before have left it, for a move
 * after the row was taken out. As few rows move as can be: the longest run that kept its order stays.
 */
export function toListOps(before: readonly Row[], after: readonly Row[]): string[] {
  const was = new Map(before.map((row, index) => [row.address, { row, index }]));
  const is = new Set(after.map(({ address }) => address));
  const ops: string[] = [];
  const list: string[] = [];
  for (const { address } of before) {
    if (is.has(address)) list.push(address);
    else ops.push(`{"op":"leave","address":${JSON.stringify(address)}}`);
  }
  const stays = steady(after.flatMap(({ address }) => was.get(address)?.index ?? []));
  let previous: string | undefined;
  for (const row of after) {
    const { address } = row;
    const old = was.get(address);
    if (old === undefined) {
      const index = placeAfter(list, previous);
      list.splice(index, 0, address);
      ops.push(`{"op":"enter","index":${index},"item":${row.json}}`);
    } else if (!stays.has(old.index)) {
      list.splice(list.indexOf(address), 1);
      const index = placeAfter(list, previous);
      list.splice(index, 0, address);
      ops.push(`{"op":"move","address":${JSON.stringify(address)},"index":${index},"item":${row.json}}`);
    } else if (old.row !== row && old.row.json !== row.json) {
      ops.push(`{"op":"update","item":${row.json}}`);
    }
    previous = address;
  }
  return ops;
}

/** Nothing else is ever put right behind a row than the one that follows it, so each ends where it belongs. */
function placeAfter(list: readonly string[], previous: string | undefined): number {
  return previous === undefined ? 0 : list.indexOf(previous) + 1;
}

/** The longest increasing subsequence of distinct numbers, as a set. */
function steady(numbers: readonly number[]): ReadonlySet<number> {
  const tails: number[] = []; // positions of the smallest last number of a run of each length
  const before: number[] = [];
  numbers.forEach((number, position) => {
    let low = 0;
    let high = tails.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((numbers[tails[middle] ?? 0] ?? 0) < number) low = middle + 1;
      else high = middle;
    }
    before[position] = low === 0 ? -1 : (tails[low - 1] ?? -1);
    tails[low] = position;
  });
  const run = new Set<number>();
  for (let position = tails.at(-1) ?? -1; position >= 0; position = before[position] ?? -1) run.add(numbers[position] ?? -1);
  return run;
}
