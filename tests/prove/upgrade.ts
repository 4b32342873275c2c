import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Doorman, RestCaller } from '../chaos/callers.ts';
import { Publisher } from '../chaos/publisher.ts';
import { World } from '../chaos/world.ts';
import { must } from '../../machines/must.ts';
import { eventually, sleep } from '../support/process-hub.ts';
import { seeded } from '../support/storm.ts';
import type { Proof } from './prove.ts';

const ONE = fileURLToPath(new URL('../fixtures/release-one.ts', import.meta.url));
const TWO = fileURLToPath(new URL('../fixtures/release-two.ts', import.meta.url));
const COMMAND = fileURLToPath(new URL('../../hub/commands/rehearse.ts', import.meta.url));
const TYPE = 'reservation';
const LEASE_MS = 2_000;
const MAKERS = 128;
/** Senders of events while the nodes change their release, one event each at a time. */
const SENDERS = 24;
const WAYS = [[], ['HOLD'], ['CALL'], ['END']] as const;

type Row = { readonly actor: string; readonly version: number; readonly machine_version: number; readonly event: string };
type Seen = { readonly address: string; readonly state: string; readonly parked: boolean; readonly envelope: string };

/**
 * A machine gets another version while so many stored actors stand in all of its states, with timers that run and calls that are
 * under way, and while events keep coming: the candidate is rehearsed, then one node after the other is stopped and started as the
 * next release. Nobody may be stranded, nothing that was acknowledged lost, nothing done twice.
 */
export async function upgrade(args: readonly string[], tell: (line: string) => void): Promise<Proof> {
  const actors = Number(args[0] ?? 10_000);
  const seed = Number(args[1] ?? Math.floor(Math.random() * 2 ** 31));
  const random = seeded(seed);
  tell(`${actors} actors, seed ${seed}`);
  const world = await World.open({ nodes: 2, lease_ms: LEASE_MS, machines: ONE });
  let held = false;
  const publisher = await Publisher.open(world.natsUrl, 'travel');
  try {
    const admin = new RestCaller('admin', world.nodes, new Doorman(world.nodes), random);
    await gateway(admin, 'pause');
    const patience_ms = 8_000 + actors * 8;
    await make(publisher, actors, patience_ms);
    const before = await standings(world);
    tell(`${actors} actors are stored: ${JSON.stringify(before)}`);

    const load = new Load(publisher, actors, random);
    const rehearsed = await rehearse(world, tell);
    const seconds = await roll(world, load, tell);
    await gateway(admin, 'resume');
    const waiting = `select count(*)::int as n from actor where type = $1 and state in ('held', 'reserved', 'calling')`;
    await eventually('all timers have fired and all calls have been answered', patience_ms + 60_000, async () => {
      return (await world.ask<{ n: number }>(waiting, [TYPE]))[0]?.n === 0;
    });
    await load.stop();
    await touchAll(publisher, actors);
    // Those that nobody sends anything any more have another title in the new version, and are found under it.
    const older = `select count(*)::int as n from actor a join journal j on j.actor = a.address and j.version = a.version
      where a.type = $1 and j.machine_version = 1`;
    await eventually('everybody is of the new version', 60_000, async () => (await world.ask<{ n: number }>(older, [TYPE]))[0]?.n === 0);

    const faults = [...(await judge(world, publisher, actors)), ...load.faults];
    for (const fault of faults.slice(0, 20)) tell(`WRONG: ${fault}`);
    const after = await rehearse(world, tell);
    const figures = {
      actors,
      ...seconds,
      before,
      after: await standings(world),
      ...(await counted(world)),
      events: publisher.operations.length,
    };
    held = faults.length === 0 && rehearsed && after && seconds.events_meanwhile > 0;
    return { held, seed, figures: { ...figures, published_again: publisher.again, faults: faults.length } };
  } finally {
    await publisher.close();
    await world.stop();
    if (held) await world.forget();
    else tell(`The nodes' logs are in ${world.dir}`);
  }
}

const soon = (): number => performance.now() + 120_000;

/** Calls wait while the gateway is paused, so that they are under way when their actors change their version. */
async function gateway(admin: RestCaller, action: 'pause' | 'resume'): Promise<void> {
  const body = { action, reason: 'an upgrade' };
  if (action === 'pause') await admin.send('integration/sandbox', { type: 'ENABLE' }, 'enable', soon());
  const { reply } = await admin.ask('POST', '/v1/actors/integration/sandbox/control', soon(), body);
  if (reply === undefined || reply.status >= 300) throw new Error(`The gateway could not be told to ${action}: ${JSON.stringify(reply)}`);
}

function nameOf(index: number): string {
  return `${TYPE}/r${index}`;
}

async function make(publisher: Publisher, actors: number, patience_ms: number): Promise<void> {
  let next = 0;
  const maker = async (): Promise<void> => {
    for (let index = next++; index < actors; index = next++) {
      const address = nameOf(index);
      await send(publisher, address, '@create', { price: 1 + index, patience_ms, life_ms: 86_400_000 }, `create-${index}`);
      for (const event of WAYS[index % WAYS.length] ?? []) await send(publisher, address, event, {}, `${event}-${index}`);
    }
  };
  await Promise.all(Array.from({ length: MAKERS }, maker));
}

async function send(publisher: Publisher, address: string, type: string, data: object, id: string): Promise<void> {
  const { type: outcome, code } = await publisher.send(address, type, data, id, soon());
  if (outcome !== 'ok') throw new Error(`${type} to ${address} was not taken: ${outcome} ${code}`);
}

/** Events that keep coming, each until it has its receipt. */
class Load {
  readonly faults: string[] = [];
  readonly #senders: Promise<void>[];
  #stopped = false;
  #sent = 0;

  constructor(publisher: Publisher, actors: number, random: () => number) {
    this.#senders = Array.from({ length: SENDERS }, () => this.#keepSending(publisher, actors, random));
  }

  get sent(): number {
    return this.#sent;
  }

  async #keepSending(publisher: Publisher, actors: number, random: () => number): Promise<void> {
    while (!this.#stopped) {
      const index = Math.floor(random() * actors);
      const id = `tick-${this.#sent++}`;
      const { type, code } = await publisher.send(nameOf(index), 'TICK', {}, id, soon());
      // An actor that has ended takes nothing any more; everybody else takes it in every state and release.
      const ended = index % WAYS.length === 3;
      if (ended ? code !== 'not_in_state' : type !== 'ok') this.faults.push(`TICK to ${nameOf(index)} came to ${type} ${code}`);
      await sleep(5);
    }
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#senders);
  }
}

/** The command, as an operator runs it before a deploy. */
async function rehearse(world: World, tell: (line: string) => void): Promise<boolean> {
  const { connectionString } = world.database.options;
  const env = { PATH: process.env['PATH'], DATABASE_URL: must(connectionString, 'a database'), HUB_DATA_DIR: world.dir };
  const given = ['--type', TYPE, '--machine', `${TWO}#reservation`, '--histories', '200'];
  const run = promisify(execFile)(process.execPath, [COMMAND, ...given], { env });
  const { code, out } = await run.then(
    ({ stdout }) => ({ code: 0, out: stdout }),
    (error: unknown) => ({ code: 1, out: String((error as { stdout?: string }).stdout ?? error) }),
  );
  for (const line of out.trim().split('\n')) tell(`rehearsal: ${line}`);
  return code === 0;
}

/** One node after the other becomes the next release, under load; for a while both are there. */
async function roll(world: World, load: Load, tell: (line: string) => void): Promise<{ deploy_s: number; events_meanwhile: number }> {
  const began = performance.now();
  const before = load.sent;
  for (const node of world.nodes) {
    await node.stop();
    node.bring(TWO);
    if (!(await node.start())) throw new Error(`${node.id} did not start as the next release:\n${world.logTail(node)}`);
    const owns = `select count(*)::int as n from partition where owner = $1`;
    await eventually(
      `${node.id} owns something`,
      30_000,
      async () => must((await world.ask<{ n: number }>(owns, [node.id]))[0], 'a count').n > 0,
    );
    tell(`${node.id} is the next release; ${load.sent - before} events came meanwhile`);
    await sleep(1_000);
  }
  return { deploy_s: Math.round((performance.now() - began) / 100) / 10, events_meanwhile: load.sent - before };
}

/** Everybody takes an event once more, so that nobody is left in an older version. */
async function touchAll(publisher: Publisher, actors: number): Promise<void> {
  let next = 0;
  const one = async (): Promise<void> => {
    for (let index = next++; index < actors; index = next++) {
      if (index % WAYS.length !== 3) await send(publisher, nameOf(index), 'TICK', {}, `last-${index}`);
    }
  };
  await Promise.all(Array.from({ length: MAKERS }, one));
}

async function judge(world: World, publisher: Publisher, actors: number): Promise<string[]> {
  const faults: string[] = [];
  const ticks = new Map<string, number>();
  for (const { address, event, type, contradiction } of publisher.operations) {
    if (contradiction !== '') faults.push(`${address}: ${contradiction}`);
    if (event === 'TICK' && type === 'ok') ticks.set(address, (ticks.get(address) ?? 0) + 1);
  }
  const seen = await world.ask<Seen>(
    `select a.address, a.state, a.parked, j.envelope from actor a join journal j on j.actor = a.address and j.version = a.version where a.type = $1`,
    [TYPE],
  );
  if (seen.length !== actors) faults.push(`${seen.length} of ${actors} actors are there`);
  for (const { address, state, parked, envelope } of seen) {
    const index = Number(address.slice(nameOf(0).length - 1));
    const wanted = ['open', 'open', 'booked', 'ended'][index % WAYS.length];
    const { context } = (JSON.parse(envelope) as { snapshot: { context: { ticks: number; waited: number } } }).snapshot;
    if (parked) faults.push(`${address} is parked`);
    if (state !== wanted) faults.push(`${address} is ${state}, not ${wanted}`);
    if (context.ticks !== (ticks.get(address) ?? 0))
      faults.push(`${address} counted ${context.ticks} of ${ticks.get(address) ?? 0} acknowledged events`);
    if (context.waited !== (index % WAYS.length === 1 ? 1 : 0)) faults.push(`the timer of ${address} fired ${context.waited} times`);
  }
  faults.push(
    ...judgeRows(
      await world.ask<Row>(
        `select actor, version, machine_version, event from journal where actor like '${TYPE}/%' order by actor, version`,
      ),
    ),
  );
  const dead = await world.ask<{ n: number }>('select count(*)::int as n from dead_letter');
  if (dead[0]?.n !== 0) faults.push(`${dead[0]?.n} dead letters`);
  const charges = await world.ask<{ n: number; keys: number }>(
    `select count(*)::int as n, count(distinct key)::int as keys from sandbox.journal where operation = 'authorize' and outcome = 'done'`,
  );
  const called = Math.floor((actors + 1) / WAYS.length);
  if (charges[0]?.n !== called || charges[0].keys !== called) faults.push(`${JSON.stringify(charges[0])} charges for ${called} calls`);
  for (const node of world.nodes) faults.push(...node.surprises);
  return faults;
}

/** Versions without a gap; each actor is migrated once, in the row before its first of the new version. */
function judgeRows(rows: readonly Row[]): string[] {
  const faults: string[] = [];
  let before: Row | undefined;
  for (const row of rows) {
    const same = before?.actor === row.actor ? before : undefined;
    const migrates = row.event.startsWith('{"type":"@migrate"');
    if (row.version !== (same?.version ?? 0) + 1) faults.push(`${row.actor} has a gap before ${row.version}`);
    if (same !== undefined && row.machine_version < same.machine_version)
      faults.push(`${row.actor}@${row.version} goes back to an older version`);
    if (migrates !== (same !== undefined && row.machine_version > same.machine_version))
      faults.push(`${row.actor}@${row.version} is no place for ${row.event}`);
    before = row;
  }
  return faults;
}

async function standings(world: World): Promise<Record<string, number>> {
  const rows = await world.ask<{ state: string; n: number }>(
    `select state, count(*)::int as n from actor where type = $1 group by 1 order by 1`,
    [TYPE],
  );
  return Object.fromEntries(rows.map(({ state, n }) => [state, n]));
}

async function counted(world: World): Promise<Record<string, number>> {
  const [row] = await world.ask<{ rows: number; migrated: number }>(
    `select count(*)::int as rows, count(*) filter (where event like '{"type":"@migrate"%')::int as migrated
     from journal where actor like '${TYPE}/%'`,
  );
  return must(row, 'a count');
}
