import { sleep } from '../support/process-hub.ts';
import { seeded } from '../support/storm.ts';
import { checkBounds, checkCopies, checkIsolation, checkLiveness } from './checker.ts';
import type { Anchors, CopyFact, Violation } from './checker.ts';
import { readPayments, readProgress, readSessions } from './facts.ts';
import { begin, drawFaults, end, tellFault } from './faults.ts';
import type { Fault } from './faults.ts';
import { judge, surprises, toViolation } from './judge.ts';
import type { Watcher } from './watcher.ts';
import { LIST, toPlaces } from './workload.ts';
import type { Workload } from './workload.ts';
import type { World } from './world.ts';

export type Outcome = {
  readonly seed: number;
  readonly faults: readonly string[];
  readonly operations: number;
  readonly unanswered: number;
  readonly payments: number;
  /** From the end of the last fault until nothing was under way and every copy was right. */
  readonly quiet_ms: number;
  readonly violations: readonly Violation[];
};

/** How long there is work, within which faults begin; how long everything may take to be well again afterwards. */
const WORK_MS = 1800;
const WELL_WITHIN_MS = 25_000;
const ANSWER_WITHIN_MS = 5_000;

/** What one node may hold when nothing is under way. */
const MOST_FILES = 200;
const MOST_RSS_MB = 900;
const MOST_SESSIONS = 24;

/** Work, faults drawn from the seed, everything well again, and then every promise checked on what this schedule did. */
export async function runSchedule(world: World, workload: Workload, anchors: Anchors, name: string, seed: number): Promise<Outcome> {
  const random = seeded(seed);
  const faults = drawFaults(random, world.nodes.length, WORK_MS);
  const prefix = `payment/${name}_`;
  const began = performance.now();
  const late = began + WORK_MS + 3000 + WELL_WITHIN_MS;
  workload.begin();
  const gateway = await workload.troubleGateway(began + 3000);
  const work = workload.run(name, began + WORK_MS, late);
  await breakThings(world, workload, faults, began);
  await world.heal();
  const healed = performance.now();
  await workload.misbehave(name, late);
  await Promise.race([work, sleep(Math.max(0, late - performance.now()))]);
  await world.ask('delete from sandbox.fault');
  const under = await untilWell(world, workload, prefix, healed + WELL_WITHIN_MS);
  const copies = await untilAlike(workload, performance.now() + WELL_WITHIN_MS / 2);
  const quiet_ms = Math.round(performance.now() - healed);
  const operations = workload.operations();
  const payments = await readPayments(world, prefix);
  const violations: Violation[] = [
    ...(await judge(world, name, operations, anchors)),
    ...checkCopies(copies),
    ...workload.heard.flatMap(({ who, text, foreign }) => checkIsolation(who, text, foreign)),
    ...workload.watchers.flatMap(({ wrongs }) => wrongs.map(toViolation)),
    ...foreigners(workload),
    ...under,
    ...surprises(world),
  ];
  return {
    seed,
    faults: [...faults.map(tellFault), ...(gateway === undefined ? [] : [gateway])],
    operations: operations.length,
    unanswered: operations.filter(({ type }) => type === 'info').length,
    payments: payments.length,
    quiet_ms,
    violations,
  };
}

/** Begins and ends each fault at its moment; what takes long to begin keeps none of the others waiting. */
async function breakThings(world: World, workload: Workload, faults: readonly Fault[], began: number): Promise<void> {
  const wait = (at_ms: number): Promise<void> => sleep(Math.max(0, began + at_ms - performance.now()));
  await Promise.all([
    wait(WORK_MS),
    ...faults.map(async (fault) => {
      await wait(fault.at_ms);
      await begin(fault, world, () => workload.dropSockets());
      await wait(fault.at_ms + fault.lasts_ms);
      end(fault, world);
    }),
  ]);
}

/** Waits until nothing is under way; says what still is when it takes too long. */
async function untilWell(world: World, workload: Workload, prefix: string, until: number): Promise<readonly Violation[]> {
  for (;;) {
    const [payments, progress, sessions, stream] = await Promise.all([
      readPayments(world, prefix),
      readProgress(world),
      readSessions(world),
      world.stream('GREENLINES_IN'),
    ]);
    const left = [...checkLiveness(workload.operations(), payments, progress, stream), ...checkBounds(bounds(world, sessions))];
    if (left.length === 0 || performance.now() > until) return left;
    await sleep(100);
  }
}

function bounds(world: World, sessions: ReadonlyMap<string, number>): { what: string; now: number; most: number }[] {
  const alive = new Set(world.nodes.map(({ instance }) => instance));
  return [
    ...[...sessions].flatMap(([name, now]) => {
      if (!name.startsWith('node_')) return [];
      return [{ what: `sessions of ${name} at PostgreSQL`, now, most: alive.has(name) ? MOST_SESSIONS : 0 }];
    }),
    ...world.nodes.flatMap((node) => {
      const figures = node.figures();
      if (figures === undefined) return [];
      return [
        { what: `open files of ${node.instance}`, now: figures.files, most: MOST_FILES },
        { what: `memory of ${node.instance} in MB`, now: figures.rss_mb, most: MOST_RSS_MB },
      ];
    }),
  ];
}

/** Every copy of every client, beside what the hub shows that client, as soon as they are alike or time is over. */
async function untilAlike(workload: Workload, until: number): Promise<readonly CopyFact[]> {
  for (;;) {
    const facts = (await Promise.all(workload.watchers.map((watcher) => compare(workload, watcher)))).flat();
    if (checkCopies(facts).length === 0 || performance.now() > until) return facts;
    await sleep(150);
  }
}

async function compare(workload: Workload, watcher: Watcher): Promise<CopyFact[]> {
  const facts: CopyFact[] = [];
  const topics = watcher.topics.filter((topic) => topic !== LIST && topic !== workload.foreign.get(watcher));
  for (const topic of topics) {
    const shown = await workload.shown(watcher, topic, performance.now() + ANSWER_WITHIN_MS);
    const copy = watcher.copies.get(topic);
    const { epoch: _, ...rest } = copy ?? { epoch: '' };
    const refused = shown === undefined ? undefined : { refused: watcher.refusalOf(topic) ?? 'never answered' };
    facts.push({ who: watcher.username, topic, copy: copy === undefined ? refused : rest, shown });
  }
  if (!watcher.topics.includes(LIST)) return facts;
  const shown = await workload.shown(watcher, LIST, performance.now() + ANSWER_WITHIN_MS);
  return [...facts, { who: watcher.username, topic: LIST, copy: { items: toPlaces(watcher.list) }, shown }];
}

/** Whoever asked for what is another's was refused, as if it were not there. */
function foreigners(workload: Workload): readonly Violation[] {
  return [...workload.foreign].flatMap(([watcher, topic]): Violation[] => {
    const seen = watcher.copies.get(topic);
    if (seen !== undefined) return [{ invariant: 'I8', what: `${watcher.username} has a copy of ${topic}, which is another's` }];
    const code = watcher.refusalOf(topic);
    if (code === undefined || code === 'not_found') return [];
    return [{ invariant: 'I8', what: `${watcher.username} asked for ${topic} and was told ${code}` }];
  });
}
