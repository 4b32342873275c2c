import { partitionOf, typeOf } from '../../machines/ids.ts';
import { brokenOf } from '../../machines/payment-invariants.ts';
import type { PaymentContext } from '../../machines/payment-terms.ts';
import { toActorRow } from '../../actors/actor-row.ts';
import { revive } from '../../actors/residents.ts';
import { toStates } from '../../actors/envelope.ts';
import type { StoredEnvelope } from '../../actors/envelope.ts';
import type { Violation } from './checker.ts';
import { machinesOf } from './machines.ts';
import type { World } from './world.ts';

const PARTITIONS = Array.from({ length: 32 }, (_, index) => index);

/** What waits for something still, in words; undefined when all has come to its end. */
export function findUnsettled({ checker, database, hosts, server }: World): string | undefined {
  const release = Math.max(...hosts.map((host) => host.release));
  for (const host of hosts) {
    if (!host.up) return `${host.machine} is not up`;
    if (host.release < release) return `${host.machine} is of an older release`;
  }
  for (const address of checker.waiting) {
    const { timers, effects, parked } = checker.waitingOf(address);
    for (const id in timers) return `${address} waits for timer ${id}`;
    for (const id in effects) return `${address} waits for effect ${id}`;
    if (parked !== undefined) return `${address} is parked`;
  }
  for (const [id, { to, arrived }] of checker.sends) if (!arrived) return `${id} has not reached ${to}`;
  for (const id of checker.letters) if (!database.operated.ends.has(id)) return `the dead letter ${id} is open`;
  for (const [id, out] of checker.facts) if (!out) return `the event ${id} has not gone out`;
  const { created, last } = server.stateOf('greenlines.in.x.y') ?? { created: '', last: 0 };
  for (const { partition, published, stream, cursor } of database.progressOf(PARTITIONS)) {
    const { seq } = checker.headOf(partition);
    if (published !== seq) return `partition ${partition} is published up to ${published} of ${seq}`;
    // Where the end of the stream was lost a cursor may stand behind it: it is never lowered, and publishers publish again.
    if (stream !== created || cursor < last)
      return `the intake of partition ${partition} is at ${cursor} of ${stream}, the stream at ${last} of ${created}`;
  }
  return undefined;
}

/** All that must hold when everything has come to its end. */
export function judge(world: World): Violation[] {
  const found: Violation[] = judgeLedger(world);
  const definitions = new Map(machinesOf(world.hosts[0]?.release ?? 1).map((definition) => [definition.type, definition]));
  for (const row of world.database.actors) {
    const { envelope, refused, created_at } = world.database.load(row.address);
    if (envelope === undefined) {
      found.push({ rule: 'actor', what: `${row.address} has a row and no journal` });
      continue;
    }
    const live = revive(definitions, row.address, envelope, refused, created_at);
    const expected = JSON.stringify(toActorRow(row.address, partitionOf(row.address), live));
    if (JSON.stringify(row) !== expected)
      found.push({ rule: 'actor', what: `The row of ${row.address} is ${JSON.stringify(row)}, its journal says ${expected}` });
    if (typeOf(row.address) === 'payment') found.push(...judgePayment(world, row.address, live.envelope.snapshot));
  }
  return found;
}

/** Every account says what the ledger says of it, and nothing is under way any more. */
function judgeLedger({ checker, database }: World): Violation[] {
  const found: Violation[] = [];
  for (const [account, sum] of checker.ledger) {
    const { envelope } = database.load(account);
    const { balance } =
      envelope === undefined ? { balance: 0 } : ((JSON.parse(envelope) as StoredEnvelope).snapshot.context as { balance: number });
    if (balance !== sum) found.push({ rule: 'ledger', what: `${account} has ${balance}; the ledger has ${sum}` });
  }
  for (const { account, amount_minor } of database.balances()) {
    if (Number(amount_minor) !== (checker.ledger.get(account) ?? 0))
      found.push({
        rule: 'ledger',
        what: `The postings of ${account} add up to ${amount_minor}, the journal's to ${checker.ledger.get(account)}`,
      });
  }
  return found;
}

type Snapshot = Parameters<typeof brokenOf>[0];

/** A payment has ended, and its books and the gateway's say the same. */
function judgePayment({ providers }: World, address: string, snapshot: Snapshot): Violation[] {
  const context = snapshot.context as PaymentContext;
  const state = toStates(snapshot.value)[0]?.split('.')[0] ?? '';
  const fail = (what: string): Violation => ({ rule: 'payment', what: `${address} in ${state}: ${what}` });
  const found = brokenOf(snapshot).map(fail);
  const done = (operation: string): number => {
    let sum = 0;
    for (let attempt = 1; attempt <= context.attempt; attempt++) {
      const deed = providers.deeds.get(`${context.id}-${operation}-${attempt}`);
      if (deed?.answer.outcome === 'done') sum += deed.request.amount_minor;
    }
    return sum;
  };
  const held = done('authorize') - done('void');
  if (!['settled', 'declined', 'failed', 'canceled', 'expired'].includes(state)) found.push(fail('it has not ended'));
  if (done('capture') !== context.captured_minor)
    found.push(fail(`the gateway captured ${done('capture')}, it says ${context.captured_minor}`));
  if (done('refund') !== context.refunded_minor)
    found.push(fail(`the gateway refunded ${done('refund')}, it says ${context.refunded_minor}`));
  if (state !== 'settled' && held !== 0) found.push(fail(`the gateway still holds ${held}`));
  if (state === 'settled' && held !== context.authorized_minor)
    found.push(fail(`the gateway holds ${held}, it says ${context.authorized_minor}`));
  return found;
}
