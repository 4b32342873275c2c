import { POINTS } from '../../actors/ports/points.ts';
import type { Point } from '../../actors/ports/points.ts';
import { toStates } from '../../actors/envelope.ts';
import type { StoredEnvelope } from '../../actors/envelope.ts';
import type { Mishap } from '../../actors/store/memory.ts';
import { MemoryScene, MemoryWorld } from './memory-world.ts';
import type { Fate } from './memory-world.ts';
import type { Scenario } from './scenarios.ts';
import { differenceOf, eventsOf, toTrace } from './trace.ts';
import type { Trace } from './trace.ts';

/** A death, a second one while the next process carries on, and what the third process made of it. */
export type Pair = { readonly row: string; readonly first: string; readonly second: string; readonly trouble?: string };

/** Where the first process dies, and whether the answer of its commit was lost before. */
type First = { readonly point: Point; readonly lose?: Mishap };
type Played = {
  readonly trace: Trace;
  /** What the last process came by. */
  readonly points: readonly Point[];
  /** What all of them came by. */
  readonly reached: readonly Point[];
  readonly deaths: number;
  readonly rested: boolean;
};

const RECOVERING: readonly Point[] = ['recover.before', 'recover.reclaimed', 'recover.missed'];
const LOST: readonly Mishap[] = ['lost_before', 'lost_after', 'late'];
const STILL_MS = 1_300;
const TICK_MS = 50;

/** Every pair of deaths of one row: at each of these points that its story comes by, and then at each that the next process comes by. */
export async function pairsOf(scenario: Scenario, columns: readonly Point[] = POINTS): Promise<readonly Pair[]> {
  const calm = await play(scenario, []);
  // Otherwise every death would be compared with a story that is not the one of this row.
  const trouble = `does not come to rest in ${String(scenario.rest)} by itself, or never comes by ${scenario.watch}`;
  if (!calm.rested || calm.points.length === 0) return [{ row: scenario.row, first: 'nobody', second: '', trouble }];
  const firsts: First[] = calm.points.filter((point) => columns.includes(point)).map((point) => ({ point }));
  for (const lose of LOST) for (const point of RECOVERING) if (columns.includes(point)) firsts.push({ point, lose });
  const pairs: Pair[] = [];
  // Where nobody dies a lost answer has to be made good by the process itself: nothing starts again and looks what is left.
  for (const lose of columns.includes('recover.missed') ? LOST : []) {
    const alive = await play(scenario, [], lose);
    pairs.push({ row: scenario.row, first: lose, second: '', ...troubleOf(calm, alive, 0) });
  }
  for (const first of firsts) {
    const once = await play(scenario, [first]);
    // A point that only a lost answer leads to, where this row has none to lose.
    if (once.deaths === 0) continue;
    const name = `${first.point}${first.lose === undefined ? '' : ` (${first.lose})`}`;
    pairs.push({ row: scenario.row, first: name, second: '', ...troubleOf(calm, once) });
    for (const point of once.points) {
      const twice = await play(scenario, [first, { point }]);
      pairs.push({ row: scenario.row, first: name, second: point, ...troubleOf(calm, twice, 2) });
    }
  }
  return pairs;
}

function troubleOf(calm: Played, found: Played, deaths = 1): { trouble?: string } {
  if (found.deaths !== deaths) return { trouble: `died ${found.deaths} times instead of ${deaths}` };
  const trouble = differenceOf(calm.trace, found.trace);
  return trouble === undefined ? {} : { trouble };
}

/** Plays the story with these deaths; the points are those that the last process came by. */
export async function play(scenario: Scenario, deaths: readonly First[], lose: Mishap = 'none'): Promise<Played> {
  const world = new MemoryWorld(scenario.scale ?? 1);
  const scene = new MemoryScene(world, scenario.id ?? 'px');
  const addresses = [`${scenario.subject}/${scene.id}`, ...(scenario.others?.(scene.id) ?? [])];
  const watch = { address: addresses[0] ?? '', event: scenario.watch };
  await world.run(scene.furnish());
  if (scenario.before !== undefined) await world.run(scenario.before(scene));
  if (scenario.cold === true) await world.restart();
  let died = 0;
  const onDeath = (): number => ++died;
  const fates: Fate[] = deaths.map(({ point, lose }, index) => ({
    // The second process is on its way from the start; the first one's story begins with the event.
    die: index === 0 ? { ...watch, point } : { point },
    ...(lose === undefined ? {} : { lose }),
    onDeath,
  }));
  world.meet(fates[0] ?? { watch, lose }, ...fates.slice(1));
  const answer = await world.run(scenario.command(scene));
  const rested = await rest(world, scenario, addresses);
  const trace = toTrace(world.remains(scene.id, addresses, answer), world.events(), scene.id, addresses, scenario.alike === 'ends');
  return { trace, points: [...world.node.reached], reached: [...world.reached], deaths: died, rested };
}

async function rest(world: MemoryWorld, { rest: state, subject }: Scenario, addresses: readonly string[]): Promise<boolean> {
  let before = '';
  let still = 0;
  for (let passed = 0; still < STILL_MS && passed < 60_000; passed += TICK_MS) {
    await world.run(world.pause(TICK_MS));
    const rows = addresses.flatMap((address) => world.database.journalOf(address));
    const actors = addresses.map((address) => world.database.actorOf(address));
    const now = JSON.stringify(rows.map(({ actor, version }) => [actor, version]));
    const quiet = actors.every((actor) => actor === undefined || actor.pending === 0);
    const newest = rows.findLast(({ actor }) => actor.startsWith(`${subject}/`));
    const there = newest !== undefined && state.test(toStates((JSON.parse(newest.envelope) as StoredEnvelope).snapshot.value).join());
    const seen = world.events();
    const out = eventsOf(rows).every((id) => seen.has(id));
    still = world.node.up && now === before && quiet && there && out ? still + TICK_MS : 0;
    before = now;
  }
  return still >= STILL_MS;
}
