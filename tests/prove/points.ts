import { POINTS } from '../../actors/ports/points.ts';
import type { Point } from '../../actors/ports/points.ts';
import { pairsOf } from '../points/pairs.ts';
import type { Pair } from '../points/pairs.ts';
import { SCENARIOS } from '../points/scenarios.ts';
import type { Scenario } from '../points/scenarios.ts';
import { Stand } from '../points/stand.ts';
import { rowOf, toTable } from '../points/table.ts';
import type { Cell } from '../points/table.ts';
import type { Proof } from './prove.ts';

type Tell = (line: string) => void;

const STANDS = 2;

/**
 * The crash table: every kind of command at every point that it comes by, with a real process that is killed there and started
 * again, compared with a story in which nothing died; then every pair of deaths on a virtual clock. Behind the name a part of it:
 * the beginnings of rows (with commas), points of the first death (with commas), and `singles` or `pairs` for one half alone.
 */
export async function points(args: readonly string[], tell: Tell): Promise<Proof> {
  const [rows = '', named = '', half] = args;
  const columns = named === '' ? POINTS : POINTS.filter((point) => named.split(',').includes(point));
  const wanted = SCENARIOS.filter(({ row }) => rows.split(',').some((beginning) => row.startsWith(beginning)));
  const singles =
    half === 'pairs'
      ? { cells: [], starts: 0 }
      : await playSingles(
          wanted.filter(({ id }) => id === undefined),
          columns,
          tell,
        );
  const pairs = half === 'singles' ? [] : await playPairs(wanted, columns, tell);
  for (const line of toTable(singles.cells)) tell(line);
  const good = singles.cells.filter(({ trouble }) => trouble === undefined).length;
  const goodPairs = pairs.filter(({ trouble }) => trouble === undefined).length;
  tell(`single deaths on real processes: ${good} of ${singles.cells.length} (${singles.starts} processes)`);
  tell(`pairs of deaths in simulation: ${goodPairs} of ${pairs.length}`);
  const ofRow = <T extends { readonly row: string }>(list: readonly T[], row: string): readonly T[] =>
    list.filter((one) => one.row === row);
  const table = wanted.map(({ row }) => {
    const cells = ofRow(singles.cells, row);
    const mine = ofRow(pairs, row);
    const singly = Object.fromEntries(cells.map(({ point, trouble }) => [point, trouble ?? 'ok']));
    return [row, { singly, pairs: `${mine.filter(({ trouble }) => trouble === undefined).length} of ${mine.length}` }];
  });
  const held = good === singles.cells.length && goodPairs === pairs.length && good + goodPairs > 0;
  const counts = { commands: wanted.length, points: columns.length, singles: singles.cells.length, singles_held: good };
  return {
    held,
    figures: { ...counts, processes: singles.starts, pairs: pairs.length, pairs_held: goodPairs, table: Object.fromEntries(table) },
  };
}

async function playSingles(wanted: readonly Scenario[], columns: readonly Point[], tell: Tell): Promise<{ cells: Cell[]; starts: number }> {
  const waiting = [...wanted];
  const cells: Cell[] = [];
  let starts = 0;
  const work = async (): Promise<void> => {
    const stand = await Stand.open();
    try {
      for (let scenario = waiting.shift(); scenario !== undefined; scenario = waiting.shift()) {
        const began = performance.now();
        const row = await rowOf(stand, scenario, columns);
        cells.push(...row);
        say(scenario.row, row, performance.now() - began, ({ point, trouble }) => `${point}: ${trouble}`, tell);
      }
    } finally {
      starts += stand.starts;
      await stand.close();
    }
  };
  await Promise.all(Array.from({ length: Math.min(STANDS, wanted.length) }, work));
  const order = wanted.map(({ row }) => row);
  return { cells: cells.sort((a, b) => order.indexOf(a.row) - order.indexOf(b.row)), starts };
}

async function playPairs(wanted: readonly Scenario[], columns: readonly Point[], tell: Tell): Promise<readonly Pair[]> {
  const all: Pair[] = [];
  for (const scenario of wanted) {
    const began = performance.now();
    const pairs = await pairsOf(scenario, columns);
    all.push(...pairs);
    const what = ({ first, second, trouble }: Pair): string => `${first}, then ${second === '' ? 'none' : second}: ${trouble}`;
    say(`${scenario.row}, in pairs`, pairs, performance.now() - began, what, tell);
  }
  return all;
}

function say<T extends { readonly trouble?: string }>(name: string, all: readonly T[], ms: number, what: (one: T) => string, tell: Tell) {
  const bad = all.filter(({ trouble }) => trouble !== undefined);
  tell(`${name}: ${all.length - bad.length} of ${all.length} (${Math.round(ms / 1000)} s)`);
  for (const one of bad.slice(0, 5)) tell(`  ${what(one)}`);
}
