import { must } from '../../machines/must.ts';
import { RestCaller } from '../chaos/callers.ts';
import type { Doorman } from '../chaos/callers.ts';
import { checkLiveness } from '../chaos/checker.ts';
import type { Anchors, Violation } from '../chaos/checker.ts';
import { readPayments, readProgress } from '../chaos/facts.ts';
import type { Operation } from '../chaos/history.ts';
import { judge, surprises, toViolation } from '../chaos/judge.ts';
import type { ChaosNode } from '../chaos/node.ts';
import { setStage } from '../chaos/stage.ts';
import { Watcher } from '../chaos/watcher.ts';
import { World } from '../chaos/world.ts';
import { eventually, sleep } from '../support/process-hub.ts';
import { seeded } from '../support/storm.ts';
import type { Proof } from './prove.ts';

/** As it is when nobody sets it. */
const LEASE_MS = 5000;
const ACTORS = 96;
/** How long the client of an actor waits between one event and the next. */
const PACE_MS = 80;
const TARGET_MS = 6000;
const WELL_WITHIN_MS = 30_000;

type Figures = {
  readonly nodes: number;
  readonly kills: number;
  /** How many actors of killed nodes were measured. */
  readonly moved: number;
  /** From the kill until the client of an actor had its next answer, which the actor's new owner committed. */
  readonly served_elsewhere_ms: { readonly p50: number; readonly p99: number; readonly max: number };
  readonly operations: number;
  readonly versions_seen: number;
  readonly violations: number;
};

/** One of two and of three nodes is killed with `kill -9` again and again while every actor has a client that sends and one that watches. */
export async function failover(args: readonly string[], tell: (line: string) => void): Promise<Proof> {
  const kills = Number(args[0] ?? 6);
  const seed = Number(args[1] ?? Math.floor(Math.random() * 2 ** 31));
  const figures: Record<string, Figures> = {};
  for (const nodes of args.length === 0 ? [2, 3] : [Number(args[2] ?? 2)]) {
    const found = await failOver(nodes, kills, seeded(seed), tell);
    figures[`nodes_${nodes}`] = found;
    tell(JSON.stringify(found));
  }
  const held = Object.values(figures).every(
    ({ violations, moved, served_elsewhere_ms }) => violations === 0 && moved > 0 && served_elsewhere_ms.p99 <= TARGET_MS,
  );
  return { held, seed, figures };
}

async function failOver(nodes: number, kills: number, random: () => number, tell: (line: string) => void): Promise<Figures> {
  const world = await World.open({ nodes, lease_ms: LEASE_MS });
  let violations: readonly Violation[] = [];
  try {
    const doorman = await setStage(world, random);
    const anchors: Anchors = new Map();
    const callers = await makeActors(world, doorman, random);
    const watchers = watch(world, doorman, random);
    let stopped = false;
    const beats = callers.map((caller, n) => beat(caller, n, () => stopped));
    const took: number[] = [];
    for (let kill = 0; kill < kills; kill++) {
      await untilPlaced(world);
      await sleep(1500 + random() * 1500);
      const victim = must(world.nodes[Math.floor(random() * nodes)], 'a node');
      took.push(...(await killAndMeasure(world, victim, callers)));
      tell(`${nodes} nodes, kill ${kill + 1} of ${kills} (${victim.id}): ${told(took)}`);
      await victim.start();
    }
    await untilPlaced(world);
    stopped = true;
    await Promise.all(beats);
    const operations = callers.flatMap((caller) => caller.operations);
    violations = [
      ...(await well(world, operations)),
      ...(await judge(world, 'f', operations, anchors)),
      ...(await untilAlike(world, watchers)),
      ...watchers.flatMap(({ wrongs }) => wrongs.map(toViolation)),
      ...surprises(world),
    ];
    for (const { invariant, what } of violations.slice(0, 20)) tell(`${invariant} ${what}`);
    const versions_seen = watchers.reduce((sum, { versions }) => sum + versions, 0);
    await Promise.all(watchers.map((watcher) => watcher.close()));
    const served_elsewhere_ms = { p50: share(took, 0.5), p99: share(took, 0.99), max: share(took, 1) };
    return {
      nodes,
      kills,
      moved: took.length,
      served_elsewhere_ms,
      operations: operations.length,
      versions_seen,
      violations: violations.length,
    };
  } finally {
    await world.stop();
    if (violations.length === 0) await world.forget();
    else tell(`The logs of the nodes are in ${world.dir}`);
  }
}

const addressOf = (n: number): string => `payment/f_${n}`;

/** Each actor has a client of its own. */
async function makeActors(world: World, doorman: Doorman, random: () => number): Promise<readonly RestCaller[]> {
  const callers = Array.from({ length: ACTORS }, () => new RestCaller('clerk', world.nodes, doorman, random, 30));
  await Promise.all(
    callers.map((caller, n) => {
      const input = { client: 'acme', payee: 'Bar Supplies Ltd', amount_minor: 2_500, currency: 'EUR', reference: 'r' };
      return caller.create('payment', `f_${n}`, input, `c-f_${n}`, performance.now() + WELL_WITHIN_MS);
    }),
  );
  return callers;
}

/** Sends its actor one event after another, each until it is answered. */
async function beat(caller: RestCaller, n: number, stopped: () => boolean): Promise<void> {
  for (let turn = 0; !stopped(); turn++) {
    await caller.send(
      addressOf(n),
      { type: 'AMEND', reference: `turn ${turn}` } as { type: string },
      `a-${n}-${turn}`,
      performance.now() + 60_000,
    );
    await sleep(PACE_MS);
  }
}

/** One watcher begins on each node; together they watch every actor. */
function watch(world: World, doorman: Doorman, random: () => number): readonly Watcher[] {
  return Array.from({ length: 4 }, (_, index) => {
    const watcher = new Watcher('auditor', world.nodes, doorman, { random, first: index, markers: [] });
    for (let n = index; n < ACTORS; n += 4) watcher.follow(addressOf(n));
    watcher.open();
    return watcher;
  });
}

/** Every node has its share of the partitions, and nobody waits for any. */
async function untilPlaced(world: World): Promise<void> {
  await eventually('every node owns its share', WELL_WITHIN_MS, async () => {
    const owners = new Set((await world.ask<{ owner: string | null }>('select distinct owner from partition')).map(({ owner }) => owner));
    const ready = await Promise.all(
      world.nodes.map(
        async ({ url }) => (await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(1000) }).catch(() => undefined))?.status === 200,
      ),
    );
    return !owners.has(null) && owners.size === world.nodes.length && ready.every(Boolean);
  });
}

/** For each actor of the node: how long after the kill its client had an answer to something that was asked after it. */
async function killAndMeasure(world: World, victim: ChaosNode, callers: readonly RestCaller[]): Promise<readonly number[]> {
  const owned = await world.ask<{ address: string }>(
    `select a.address from actor a join partition p on p.id = a.partition where p.owner = $1 and a.address like 'payment/f\\_%'`,
    [victim.id],
  );
  const numbers = owned.map(({ address }) => Number(address.slice(addressOf(0).length - 1)));
  const before = new Map(numbers.map((n) => [n, callers[n]?.operations.length ?? 0]));
  const killed_at = performance.now();
  await victim.kill();
  const answered = (n: number): number | undefined =>
    callers[n]?.operations.slice(before.get(n)).find(({ completed_at, type }) => type === 'ok' && completed_at > killed_at + 1)
      ?.completed_at;
  await eventually('every actor of the killed node is served', WELL_WITHIN_MS, () => numbers.every((n) => answered(n) !== undefined));
  return numbers.map((n) => (answered(n) ?? Number.POSITIVE_INFINITY) - killed_at);
}

async function well(world: World, operations: readonly Operation[]): Promise<readonly Violation[]> {
  for (const until = performance.now() + WELL_WITHIN_MS; ; await sleep(200)) {
    const stream = await world.stream('GREENLINES_IN');
    const left = checkLiveness(operations, await readPayments(world, 'payment/f_'), await readProgress(world), stream);
    if (left.length === 0 || performance.now() > until) return left;
  }
}

/** Every copy has come to the newest version. */
async function untilAlike(world: World, watchers: readonly Watcher[]): Promise<readonly Violation[]> {
  for (const until = performance.now() + WELL_WITHIN_MS; ; await sleep(200)) {
    const rows = await world.ask<{ address: string; version: number }>(
      `select address, version from actor where address like 'payment/f\\_%'`,
    );
    const versions = new Map(rows.map(({ address, version }) => [address, version]));
    const behind = watchers.flatMap((watcher) =>
      watcher.topics.flatMap((topic): Violation[] => {
        const version = watcher.copies.get(topic)?.version;
        if (version === versions.get(topic)) return [];
        return [{ invariant: 'I5', what: `a client has version ${version} of ${topic}, which is at ${versions.get(topic)}` }];
      }),
    );
    if (behind.length === 0 || performance.now() > until) return behind;
  }
}

function share(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0);
}

function told(took: readonly number[]): string {
  return `${took.length} actors so far, served elsewhere after ${share(took, 0.5)} ms at the median, ${share(took, 0.99)} ms at p99`;
}
