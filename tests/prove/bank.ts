import { fileURLToPath } from 'node:url';
import { readBalances } from '../../actors/store/postings.ts';
import { begin, end, tellFault } from '../chaos/faults.ts';
import type { Fault } from '../chaos/faults.ts';
import { World } from '../chaos/world.ts';
import { BankAuditor, walkBooks } from '../support/bank-auditor.ts';
import type { Walk } from '../support/bank-auditor.ts';
import { BankClient } from '../support/bank-client.ts';
import type { Answer, Order } from '../support/bank-client.ts';
import { IN_TRANSIT } from '../support/bank-machine.ts';
import { eventually, sleep } from '../support/process-hub.ts';
import { seeded } from '../support/storm.ts';
import type { Proof } from './prove.ts';

const A = 'purse/left';
const B = 'purse/right';
const NOBODY = 'purse/nobody';
const MACHINES = fileURLToPath(new URL('../support/bank-machine.ts', import.meta.url));
const LEASE_MS = 2_000;
/** One of each kind in every round, so that the smallest run meets all of them. */
const TRANSFERS_PER_ROUND = 20_000;
/** What an account may owe is below what is under way at once, and what it may have far above nothing: some of both is refused. */
const LIMITS = { floor: -40_000, ceiling: 500 };
const MOST_AMOUNT = 500;
const MOST_HEAD_START_MS = 60;
const CALM_AT_MOST_MS = 2_000;
/** So long without a new receipt is too long. */
const ANSWERED_WITHIN_MS = 60_000;

/** Two accounts on two nodes send each other money while nodes, PostgreSQL, NATS and the links between them die. */
export async function bank(args: readonly string[], tell: (line: string) => void): Promise<Proof> {
  const transfers = Number(args[0] ?? 200_000);
  const seed = Number(args[1] ?? Math.floor(Math.random() * 2 ** 31));
  const random = seeded(seed);
  tell(`${transfers} transfers, seed ${seed}`);
  const world = await World.open({ nodes: 2, lease_ms: LEASE_MS, machines: MACHINES });
  const orders = new Map<string, Order>();
  let held = false;
  let client: BankClient | undefined;
  try {
    const auditor = new BankAuditor(world.database);
    client = await BankClient.open(world.natsUrl, () => draw(orders, random));
    for (const account of [A, B]) await client.create(account, LIMITS, 30_000);
    const began = performance.now();
    auditor.start(200);
    const struck = await strikeAll(world, client, transfers, random, tell);
    await world.heal();
    await finish(client, transfers);
    const seconds = (performance.now() - began) / 1000;
    await eventually('nothing is in transit any more', 60_000, () => isStill(world)).catch((error: unknown) => tell(String(error)));
    await auditor.stop();
    const walk = await walkBooks(world.database);
    const faults = [...auditor.faults, ...(await judge(world, client, orders, walk))];
    for (const fault of faults.slice(0, 20)) tell(`WRONG: ${fault}`);
    const { counts } = walk.audit;
    // A bank that did nothing keeps its books, too.
    const busy = counts.TRANSFER >= transfers && counts['tell.refused'] > 0 && auditor.under_way > 0;
    held = busy && faults.length === 0;
    return { held, seed, figures: await figuresOf({ world, client, auditor, walk, struck, transfers, seconds, faults: faults.length }) };
  } finally {
    await client?.close();
    await world.stop();
    if (held) await world.forget();
    else tell(`The nodes' logs are in ${world.dir}`);
  }
}

function draw(orders: Map<string, Order>, random: () => number): Order {
  const from = random() < 0.5 ? A : B;
  const to = random() < 0.005 ? NOBODY : from === A ? B : A;
  const order = { transfer: `t${orders.size}`, from, to, amount_minor: 1 + Math.floor(random() * MOST_AMOUNT) };
  orders.set(order.transfer, order);
  return order;
}

/**
 * One thing goes wrong after the other, while the transfers are let out evenly. The next one waits until work is done again, for a
 * while: on a slow machine it would otherwise strike what has not come back from the last.
 */
async function strikeAll(
  world: World,
  client: BankClient,
  transfers: number,
  random: () => number,
  tell: (line: string) => void,
): Promise<Record<string, number>> {
  const struck: Record<string, number> = {};
  const faults = Array.from({ length: Math.ceil(transfers / TRANSFERS_PER_ROUND) }, () => drawRound(random)).flat();
  const share = transfers / faults.length;
  for (const [index, fault] of faults.entries()) {
    // Of what each fault is to meet some comes before it, much is under way when it strikes, and some comes while it lasts.
    const release = (part: number): void => client.release(Math.ceil(share * (index + part)) + client.refused);
    release(0.3);
    await sleep(fault.at_ms);
    release(0.8);
    await sleep(random() * MOST_HEAD_START_MS);
    const { answers, under_way, again } = client;
    tell(`${String(answers.size).padStart(6)} answered, ${under_way} under way, ${again} published again: ${tellFault(fault)}`);
    const before = answers.size;
    await begin(fault, world, () => undefined);
    release(1);
    await sleep(fault.lasts_ms);
    end(fault, world);
    const name = 'link' in fault ? `${fault.kind} ${fault.link}` : fault.kind;
    struck[name] = (struck[name] ?? 0) + 1;
    const until = performance.now() + CALM_AT_MOST_MS;
    while (answers.size < before + share / 4 && performance.now() < until) await sleep(20);
  }
  return struck;
}

/**
 * Every kind once, in another order each time; `at_ms` is the calm before it. A frozen node outlives its lease, and a link to
 * PostgreSQL can be broken for longer than one. A killed node is started again.
 */
function drawRound(random: () => number): Fault[] {
  const node = (): number => Math.floor(random() * 2);
  const some = (least: number, most: number): number => Math.round(least + random() * (most - least));
  const calm = (): number => some(200, 600);
  const links = (['postgres', 'nats'] as const).flatMap((link) => (['cut', 'silent', 'deaf'] as const).map((kind) => ({ kind, link })));
  const faults: Fault[] = [
    ...links.map((broken) => {
      const lasts_ms = some(200, broken.link === 'postgres' ? LEASE_MS + 1_000 : 1_500);
      return { ...broken, node: node(), at_ms: calm(), lasts_ms };
    }),
    ...[0, 1].map((each) => ({ kind: 'kill' as const, node: each, at_ms: calm(), lasts_ms: some(0, 1_000) })),
    { kind: 'freeze', node: node(), at_ms: calm(), lasts_ms: some(LEASE_MS + 300, LEASE_MS + 1_500) },
    { kind: 'backend', node: node(), hard: false, chance: random(), at_ms: calm(), lasts_ms: 0 },
    { kind: 'backend', node: node(), hard: true, chance: random(), at_ms: calm(), lasts_ms: 500 },
    { kind: 'postgres_restart', at_ms: calm(), lasts_ms: 500 },
    { kind: 'nats_kill', at_ms: calm(), lasts_ms: 500 },
  ];
  return faults
    .map((fault) => ({ fault, at: random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ fault }) => fault);
}

/** Until so many transfers have taken effect, each refused one replaced by another, as long as receipts still come. */
async function finish(client: BankClient, transfers: number): Promise<void> {
  let seen = -1;
  let since = performance.now();
  while (client.answers.size - client.refused < transfers) {
    client.release(transfers + client.refused);
    if (client.answers.size !== seen) [seen, since] = [client.answers.size, performance.now()];
    if (performance.now() - since > ANSWERED_WITHIN_MS) return;
    await sleep(20);
  }
}

async function isStill(world: World): Promise<boolean> {
  const rows = await world.ask<{ envelope: string }>(
    `select j.envelope from actor a join journal j on j.actor = a.address and j.version = a.version where a.type = 'purse'`,
  );
  return rows.length > 0 && rows.every(({ envelope }) => /"in_flight":0,/.test(envelope));
}

/** What was told to the customer, what the journal has and what the ledger adds up to are the same. */
async function judge(
  world: World,
  client: BankClient,
  orders: ReadonlyMap<string, Order>,
  { audit, broken_links }: Walk,
): Promise<string[]> {
  const faults = [...audit.faults, ...audit.atTheEnd(), ...client.contradictions, ...world.nodes.flatMap(({ surprises }) => surprises)];
  if (broken_links > 0) faults.push(`the chain is broken in ${broken_links} places`);
  const refusals = await world.ask<{ event_id: string; actor: string; reason: string }>(
    `select actor, event_id, reason from refusal where event_id like 'source:bank:%'`,
  );
  const refused = new Map(refusals.map(({ event_id, reason }) => [event_id.slice('source:bank:'.length), reason]));
  for (const order of orders.values()) {
    const wrong = compare(order, client.answers.get(order.transfer), audit.courses.get(order.transfer), refused.get(order.transfer));
    if (wrong !== undefined) faults.push(`${order.transfer}: ${wrong}`);
  }
  if (audit.courses.size + refused.size !== orders.size)
    faults.push(`${audit.courses.size} were sent and ${refused.size} refused of ${orders.size}`);
  const database = { query: (_: string, text: string, values: readonly unknown[]) => world.ask<Record<string, unknown>>(text, values) };
  for (const { account, amount_minor } of await readBalances(database)) {
    const expected = account === IN_TRANSIT ? 0 : audit.balances[account];
    if (Number(amount_minor) !== expected) faults.push(`the ledger has ${amount_minor} for ${account}, which has ${expected}`);
  }
  const parked = await world.ask(`select address from actor where parked`);
  return parked.length > 0 ? [...faults, `${parked.length} actors are parked`] : faults;
}

function compare(
  order: Order,
  answer: Answer | undefined,
  course: Walk['audit']['courses'] extends ReadonlyMap<string, infer Course> ? Course | undefined : never,
  refused: string | undefined,
): string | undefined {
  if (answer === undefined) return 'it was never answered';
  if (answer.reason !== '') {
    if (course !== undefined) return `it was refused (${answer.reason}) and took effect as version ${course.version}`;
    return answer.reason === `rejected ${refused}` ? undefined : `its receipt says ${answer.reason}, its refusal ${refused}`;
  }
  if (course === undefined) return `its receipt says version ${answer.version}, and no row has it`;
  if (refused !== undefined) return 'it took effect and was refused';
  const same = course.version === answer.version && course.from === order.from && course.amount_minor === order.amount_minor;
  return same ? undefined : `its receipt says version ${answer.version} of ${order.from}, its row is ${course.from}@${course.version}`;
}

async function figuresOf(run: {
  world: World;
  client: BankClient;
  auditor: BankAuditor;
  walk: Walk;
  struck: Readonly<Record<string, number>>;
  transfers: number;
  seconds: number;
  faults: number;
}): Promise<Record<string, unknown>> {
  const { world, client, auditor, walk, struck, transfers, seconds, faults } = run;
  const { counts, balances, in_transit } = walk.audit;
  const [claims] = await world.ask<{ n: string }>('select sum(epoch) as n from partition');
  return {
    transfers: counts.TRANSFER,
    answered: client.answers.size,
    refused: client.refused,
    credited: counts.CREDIT,
    reversed: counts['tell.refused'],
    published_again: client.again,
    in_transit,
    balances,
    rows: walk.rows,
    legs: walk.legs,
    broken_links: walk.broken_links,
    snapshots: auditor.snapshots,
    snapshots_with_money_under_way: auditor.under_way,
    faults_struck: struck,
    claims_of_partitions: Number(claims?.n ?? 0),
    violations: faults,
    seconds: Math.round(seconds),
    transfers_per_s: Math.round(transfers / seconds),
  };
}
