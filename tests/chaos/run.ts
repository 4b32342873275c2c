import { readFileSync } from 'node:fs';
import { eventually } from '../support/process-hub.ts';
import { seeded } from '../support/storm.ts';
import { checkMoney, checkSecrets, isEnded } from './checker.ts';
import type { Violation } from './checker.ts';
import { findInTables, readCharges, readPayments } from './facts.ts';
import { runSchedule } from './schedule.ts';
import type { Outcome } from './schedule.ts';
import { setStage } from './stage.ts';
import { CANARIES, Workload } from './workload.ts';
import { World } from './world.ts';

export type ChaosOptions = {
  readonly schedules: number;
  /** Of the first schedule; each next one has the next. */
  readonly seed: number;
  readonly nodes?: number;
  readonly tell: (line: string) => void;
};

export type ChaosResult = {
  readonly schedules: number;
  readonly violations: number;
  readonly faults: Readonly<Record<string, number>>;
  readonly operations: number;
  readonly unanswered: number;
  readonly payments: number;
  readonly published_again: number;
  readonly quiet_ms: { readonly p50: number; readonly p99: number };
  readonly failed_seeds: readonly number[];
};

const LEASE_MS = 2000;
/** Of waits: an approval that nobody gives lasts 13 seconds, a first look for a lost answer a quarter of a millisecond. */
const SCALE = 20_000;
const ENDED_WITHIN_MS = 60_000;
/** Of the violations of one schedule so many are printed. */
const SHOWN = 12;

/** So many schedules one after another on one world, which is kept to be looked at when something was wrong. */
export async function runChaos({ schedules, seed, nodes = 2, tell }: ChaosOptions): Promise<ChaosResult> {
  const world = await World.open({ nodes, lease_ms: LEASE_MS, scale: SCALE });
  const outcomes: Outcome[] = [];
  let last: readonly Violation[] = [];
  let again = 0;
  try {
    const random = seeded(seed);
    const workload = await Workload.open(world, await setStage(world, random), random);
    const anchors = new Map();
    for (let index = 0; index < schedules; index++) {
      const outcome = await runSchedule(world, workload, anchors, `s${index}`, seed + index);
      outcomes.push(outcome);
      report(outcome, index, world, tell);
    }
    again = workload.again;
    await workload.close();
    last = await checkEnd(world);
    for (const { invariant, what } of last.slice(0, SHOWN)) tell(`  at the end: ${invariant} ${what}`);
  } finally {
    await world.stop();
  }
  const result = sumUp(outcomes, last, again);
  if (result.violations === 0) await world.forget();
  else tell(`What was wrong can be looked at: the logs of the nodes are in ${world.dir}`);
  return result;
}

function report(
  { seed, faults, operations, payments, quiet_ms, violations }: Outcome,
  index: number,
  world: World,
  tell: (line: string) => void,
): void {
  const verdict = violations.length === 0 ? 'ok' : `${violations.length} VIOLATIONS`;
  tell(
    `${String(index + 1).padStart(4)}  seed ${seed}  ${operations} operations, ${payments} payments, quiet after ${quiet_ms} ms: ${verdict}  [${faults.join('; ')}]`,
  );
  if (violations.length === 0) return;
  for (const { invariant, what } of violations.slice(0, SHOWN)) tell(`      ${invariant} ${what.slice(0, 600)}`);
  tell(`      logs: ${world.dir}; again: npm run chaos -- --seed ${seed} --schedules 1`);
}

/** What only the end can tell: timers of days have fired, all money is accounted for, and no secret stands anywhere. */
async function checkEnd(world: World): Promise<readonly Violation[]> {
  const left = async (): Promise<number> =>
    (await readPayments(world, 'payment/')).filter(({ state }) => !isEnded(state) && state !== 'draft').length;
  await eventually('every payment has ended', ENDED_WITHIN_MS, async () => (await left()) === 0).catch(() => undefined);
  const payments = await readPayments(world, 'payment/');
  const violations: Violation[] = [...checkMoney(payments, await readCharges(world, ''))];
  for (const { id, state } of payments) {
    if (!isEnded(state) && state !== 'draft')
      violations.push({ invariant: 'I9', what: `payment/${id} is still ${state} when all its time is over` });
  }
  const secrets = [...world.secrets, ...CANARIES];
  const places = new Map(world.nodes.flatMap((node) => node.logs().map((path) => [path, readFileSync(path, 'utf8')] as const)));
  for (const [place, text] of await findInTables(world, secrets)) places.set(place, text);
  return [...violations, ...checkSecrets(secrets, places)];
}

function sumUp(outcomes: readonly Outcome[], last: readonly Violation[], again: number): ChaosResult {
  const total = (pick: (outcome: Outcome) => number): number => outcomes.reduce((sum, outcome) => sum + pick(outcome), 0);
  const faults: Record<string, number> = {};
  for (const { faults: of } of outcomes) {
    for (const fault of of) {
      const kind = fault.split(' ')[0] ?? '';
      faults[kind] = (faults[kind] ?? 0) + 1;
    }
  }
  const quiet = outcomes.map(({ quiet_ms }) => quiet_ms).toSorted((a, b) => a - b);
  const at = (share: number): number => quiet[Math.min(quiet.length - 1, Math.floor(quiet.length * share))] ?? 0;
  return {
    schedules: outcomes.length,
    violations: total(({ violations }) => violations.length) + last.length,
    faults,
    operations: total(({ operations }) => operations),
    unanswered: total(({ unanswered }) => unanswered),
    payments: total(({ payments }) => payments),
    published_again: again,
    quiet_ms: { p50: at(0.5), p99: at(0.99) },
    failed_seeds: outcomes.filter(({ violations }) => violations.length > 0).map(({ seed }) => seed),
  };
}
