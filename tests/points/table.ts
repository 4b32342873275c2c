import type { Point } from '../../actors/ports/points.ts';
import { POINTS } from '../../actors/ports/points.ts';
import { sleep } from '../support/process-hub.ts';
import { RealScene } from './real-scene.ts';
import { readRemains } from './remains.ts';
import type { Scenario } from './scenarios.ts';
import type { Answer, Scene } from './scene.ts';
import type { Stand } from './stand.ts';
import { differenceOf, eventsOf, toTrace } from './trace.ts';
import type { Trace } from './trace.ts';

/** What was found at one point of one row. */
export type Cell = { readonly row: string; readonly point: Point; readonly trouble?: string };

type Death = {
  readonly point: Point;
  /** The process dies here at first, and at `point` while it comes up again. */
  readonly first?: Point;
};

const ON_THE_WAY_UP: readonly Point[] = ['claim.before', 'claim.after', 'owned', 'resumed', 'repair.read', 'repair.sent'];
const RECOVERING: readonly Point[] = ['recover.before', 'recover.reclaimed', 'recover.missed'];
const REST_MS = 25_000;
/** A story comes by all its points within this. */
const DEATH_MS = 8_000;
const STILL_MS = 400;
/** What goes out behind has gone by then. */
const BEHIND_MS = 1_300;

let made = 0;

/** All cells of one row: its story without a death, and then once more for each point that it came by, with a death there. */
export async function rowOf(stand: Stand, scenario: Scenario, columns: readonly Point[]): Promise<readonly Cell[]> {
  const { row } = scenario;
  const story = await undisturbed(stand, scenario).catch((error: unknown) => String(error));
  if (typeof story === 'string') return [{ row, point: columns[0] ?? 'received', trouble: story }];
  const { points, trace } = story;
  const cells: Cell[] = [];
  const die = async (death: Death): Promise<void> => {
    if (!columns.includes(death.point)) return;
    const found = await disturbed(stand, scenario, death, trace).catch((error: unknown) => String(error));
    // A point on the way up that this row does not come by is no cell of it.
    if (found === 'not reached' && death.first !== undefined) return;
    cells.push({ row, point: death.point, ...(found === undefined ? {} : { trouble: found }) });
  };
  for (const point of points) await die({ point });
  for (const point of ON_THE_WAY_UP) if (!points.includes(point)) await die({ point, first: 'commit.after' });
  for (const point of RECOVERING) await die({ point });
  return cells;
}

async function begin(stand: Stand, scenario: Scenario): Promise<{ scene: Scene; addresses: readonly string[] }> {
  await stand.begin(scenario.scale ?? 1);
  // Calls that failed in the rows before must not have opened the circuit of this one.
  const reset = { as: 'operator', path: '/v1/actors/integration/sandbox/events', body: { type: 'RESET' } };
  await stand.must(reset);
  const scene = new RealScene(stand, `p${made++}x`);
  await scenario.before?.(scene);
  if (scenario.cold === true) {
    // What the beginning made is in the memory of the process that made it, and in that of the next one where something of it was still to be done.
    await sleep(BEHIND_MS);
    await stand.kill();
    await stand.begin(scenario.scale ?? 1);
    await sleep(BEHIND_MS);
  } else await stand.warm('client/acme');
  return { scene, addresses: [`${scenario.subject}/${scene.id}`, ...(scenario.others?.(scene.id) ?? [])] };
}

async function undisturbed(stand: Stand, scenario: Scenario): Promise<{ points: readonly Point[]; trace: Trace }> {
  const { scene, addresses } = await begin(stand, scenario);
  // What the beginning set off has gone by, so that it is not taken for something of the story.
  await sleep(BEHIND_MS);
  await stand.order({ kind: 'watch', address: addresses[0] ?? '', event: scenario.watch });
  const answer = await scenario.command(scene);
  // Otherwise every death would be compared with a story that is not the one of this row.
  if (!(await rest(stand, scenario, addresses)))
    throw new Error(`${scenario.row} does not come to rest in ${String(scenario.rest)} by itself`);
  await sleep(BEHIND_MS);
  const points = await stand.points();
  if (points.length === 0) throw new Error(`${scenario.row} never comes by ${scenario.watch}`);
  return { points, trace: await read(stand, scenario, scene, addresses, answer) };
}

/** What differs from the undisturbed story, `not reached`, or undefined. */
async function disturbed(stand: Stand, scenario: Scenario, { point, first }: Death, expected: Trace): Promise<string | undefined> {
  const { scene, addresses } = await begin(stand, scenario);
  const address = addresses[0] ?? '';
  await stand.order({ kind: 'die', at: { point: first ?? point, address, event: scenario.watch } });
  const losing = RECOVERING.includes(point) ? await stand.holdCommit(address, scenario.watch) : undefined;
  const answering = scenario.command(scene);
  answering.catch(() => undefined);
  const caught = await losing?.();
  if (caught === false || !(await stand.died(DEATH_MS))) {
    await stand.kill(); // it is still about to die, and must not do so in another story
    return 'not reached';
  }
  let reached = true;
  if (first !== undefined) reached = (await stand.start(undefined, { point })) === 'died' || (await stand.died(BEHIND_MS));
  if (!stand.alive) await stand.start();
  const answer = await answering;
  await rest(stand, scenario, addresses);
  await sleep(100);
  if (!reached) return 'not reached';
  return differenceOf(expected, await read(stand, scenario, scene, addresses, answer));
}

async function read(stand: Stand, { alike }: Scenario, { id }: Scene, addresses: readonly string[], answer: Answer): Promise<Trace> {
  return toTrace(await readRemains(stand.database, id, addresses, answer), stand.events, id, addresses, alike === 'ends');
}

/** Waits until nobody waits for an effect, the actor stands as it should, its events are out, and nothing moves any more; whether that came about. */
async function rest(stand: Stand, { rest: state, subject }: Scenario, addresses: readonly string[]): Promise<boolean> {
  const until = performance.now() + REST_MS;
  let before = '';
  for (let still = 0; still < STILL_MS;) {
    if (performance.now() > until) return false; // what is wrong then shows in the comparison
    await sleep(50);
    const { rows } = await stand.database.query(
      `select a.address, a.version, a.state, a.pending, j.asked from actor a join journal j on j.actor = a.address
       where a.address = any($1) order by 1, j.version`,
      [addresses],
    );
    const actors = rows as { address: string; version: number; state: string; pending: number; asked: string | null }[];
    const now = JSON.stringify(actors);
    const quiet = actors.length > 0 && actors.every(({ pending }) => pending === 0);
    const there = actors.some(({ address, state: is }) => address.startsWith(`${subject}/`) && state.test(is));
    const out = await eventsOut(stand, addresses);
    still = now === before && quiet && there && out ? still + 50 : 0;
    before = now;
  }
  return true;
}

async function eventsOut(stand: Stand, addresses: readonly string[]): Promise<boolean> {
  const { rows } = await stand.database.query(`select actor, version, asked from journal where actor = any($1) and asked <> ''`, [
    addresses,
  ]);
  return eventsOf(rows as { actor: string; version: number; asked: string }[]).every((id) => stand.events.has(id));
}

/** The table as text: a row for each story, a column for each point, `·` where a story never comes by. */
export function toTable(cells: readonly Cell[]): readonly string[] {
  if (cells.length === 0) return [];
  const points = POINTS.filter((point) => cells.some((cell) => cell.point === point));
  const rows = [...new Set(cells.map(({ row }) => row))];
  const width = Math.max(...rows.map(({ length }) => length));
  const heads = points.map((point, index) => `${String(index + 1).padStart(4)} ${point}`);
  const lines = rows.map((row) => {
    const marks = points.map((point) => {
      const cell = cells.find((one) => one.row === row && one.point === point);
      return (cell === undefined ? '·' : cell.trouble === undefined ? 'ok' : 'NO').padStart(3);
    });
    return `${row.padEnd(width)} ${marks.join('')}`;
  });
  return [...heads, '', `${' '.repeat(width)} ${points.map((_, index) => String(index + 1).padStart(3)).join('')}`, ...lines];
}
