import { SCENARIOS } from '../points/scenarios.ts';
import { Stand } from '../points/stand.ts';
import { rowOf, toTable } from '../points/table.ts';
import type { Cell } from '../points/table.ts';
import type { Point } from '../../actors/ports/points.ts';
import type { Proof } from './prove.ts';

const STANDS = 2;

/**
 * The crash table: every kind of command at every point that it comes by, with a process that is killed there and started again,
 * compared with a story in which nothing died. Behind the name a part of it: rows (their beginnings, with commas) and points.
 */
export async function points(args: readonly string[], tell: (line: string) => void): Promise<Proof> {
  const [rows = '', only] = args;
  const wanted = SCENARIOS.filter(({ row }) => rows.split(',').some((beginning) => row.startsWith(beginning)));
  const columns = only?.split(',') as Point[] | undefined;
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
        const bad = row.filter(({ trouble }) => trouble !== undefined);
        tell(`${scenario.row}: ${row.length - bad.length} of ${row.length} (${Math.round((performance.now() - began) / 1000)} s)`);
        for (const { point, trouble } of bad) tell(`  ${point}: ${trouble}`);
      }
    } finally {
      starts += stand.starts;
      await stand.close();
    }
  };
  await Promise.all(Array.from({ length: Math.min(STANDS, wanted.length) }, work));
  const sorted = wanted.flatMap(({ row }) => cells.filter((cell) => cell.row === row));
  const good = sorted.filter(({ trouble }) => trouble === undefined).length;
  for (const line of toTable(sorted)) tell(line);
  tell(`${good} of ${sorted.length}`);
  const table = Object.fromEntries(
    wanted.map(({ row }) => [
      row,
      Object.fromEntries(sorted.filter((cell) => cell.row === row).map(({ point, trouble }) => [point, trouble ?? 'ok'])),
    ]),
  );
  return {
    held: good === sorted.length && good > 0,
    figures: { commands: wanted.length, points: sorted.length, held: good, starts, table },
  };
}
