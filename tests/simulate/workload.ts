import type { StoredEnvelope } from '../../actors/envelope.ts';
import type { MemoryDatabase } from '../../actors/store/memory-database.ts';
import { APPROVER, CLERK, OPERATOR } from '../support/runtime-stage.ts';
import type { Chance } from './chance.ts';
import type { Client } from './clients.ts';
import { COURIERS } from './machines.ts';
import { INTEGRATIONS } from './providers.ts';
import type { Publishers } from './publishers.ts';

/** The actors that everybody meets at. */
const HOT = 6;
const CLIENTS = 5;
const ACCOUNTS = 4;
const IBAN = 'DE89370400440532013000';

/** Sets the stage: integrations are enabled, clients active, and the actors that are shared exist. */
export async function setStage(client: Client): Promise<void> {
  for (const name of INTEGRATIONS) await enable(client, `integration/${name}`);
  const made: Promise<unknown>[] = [];
  for (let i = 0; i < CLIENTS; i++) made.push(welcome(client, `client/c${i}`));
  for (let i = 0; i < HOT; i++) made.push(client.ask({ address: `counter/h${i}`, type: '@create', caller: CLERK }));
  for (let i = 0; i < COURIERS; i++) made.push(client.ask({ address: `courier/k${i}`, type: '@create', caller: CLERK }));
  for (let i = 0; i < ACCOUNTS; i++)
    made.push(client.ask({ address: `purse/b${i}`, type: '@create', payload: { floor: -2_000, ceiling: 2_000 }, caller: CLERK }));
  await Promise.all(made);
}

/** A node that has just come up may not have made it yet, and says that there is none: whoever is told so asks once more. */
async function enable(client: Client, address: string): Promise<void> {
  while ('refused' in (await client.ask({ address, type: 'ENABLE', caller: OPERATOR }))) await client.pause(500);
}

async function welcome(client: Client, address: string): Promise<void> {
  const payload = { name: 'Acme', country: 'DE', email: 'a@acme.example', kind: 'company' };
  await client.ask({ address, type: '@create', payload, caller: CLERK });
  await client.ask({ address, type: 'SUBMIT', payload: { documents: ['passport'], bank_account: IBAN }, caller: CLERK });
  await client.ask({ address, type: 'VERIFY', caller: APPROVER });
}

/** One thing that a client sets out to do, from beginning to end. */
export async function errand(client: Client, n: number, database: MemoryDatabase): Promise<void> {
  const { chance } = client;
  const which = chance.next();
  if (which < 0.25) return pay(client, `payment/p-${client.name}-${n}`, database);
  if (which < 0.55) return count(client, `counter/n-${client.name}-${n}`, true, database);
  if (which < 0.7) return count(client, `counter/h${chance.below(HOT)}`, false, database);
  if (which < 0.82) return pass(client);
  if (which < 0.89) return transfer(client);
  if (which < 0.94) return reserve(client, `reservation/r-${client.name}-${n}`);
  if (which < 0.97) return judge(client, `client/c${chance.below(CLIENTS)}`);
  return count(client, `counter/${chance.is(0.2) ? 'absent' : 'h'}${chance.below(HOT)}`, false, database);
}

async function pay(client: Client, address: string, database: MemoryDatabase): Promise<void> {
  const { chance } = client;
  const large = chance.is(0.3);
  const manual = chance.is(0.3);
  const input = {
    client: `c${chance.below(CLIENTS + 1)}`,
    payee: 'Bolt Ltd',
    amount_minor: large ? 100_000 + chance.below(100_000) : 1 + chance.below(50_000),
    currency: 'EUR',
    reference: `R ${chance.below(1000)}`,
    capture: manual ? 'manual' : 'automatic',
  };
  const creation = chance.is(0.5) ? { creation: { key: `k-${address}`, body_hash: 'b'.repeat(64) } } : {};
  await client.ask({ address, type: '@create', payload: input, caller: CLERK, ...creation });
  if (chance.is(0.1)) await client.ask({ address, type: 'AMEND', payload: { amount_minor: 1 + chance.below(150_000) }, caller: CLERK });
  await client.ask({ address, type: chance.is(0.05) ? 'CANCEL' : 'SUBMIT', caller: CLERK });
  if (large && chance.is(0.9)) {
    const { payload_hash: hash } = contextOf(database, address);
    const denies = chance.is(0.1);
    await client.ask({ address, type: denies ? 'DENY' : 'APPROVE', payload: denies ? { reason: 'no' } : { hash }, caller: APPROVER });
  }
  if (manual && (await comesTo(client, address, 'authorized', database))) {
    await client.ask({ address, type: chance.is(0.8) ? 'CAPTURE' : 'CANCEL', caller: CLERK });
    if (chance.is(0.1)) await client.ask({ address, type: 'CAPTURE', caller: CLERK });
  }
  const refunds = chance.below(3);
  if (refunds === 0 || !(await comesTo(client, address, 'settled', database))) return;
  for (let i = refunds; i > 0; i--)
    await client.ask({ address, type: 'REFUND', payload: { refund: `r${i}`, amount_minor: 1 + chance.below(400) }, caller: CLERK });
}

/** Looks at it for a while, as one does on a screen; some are impatient. */
async function comesTo(client: Client, address: string, state: string, database: MemoryDatabase): Promise<boolean> {
  for (let looks = 0; looks < 12; looks++) {
    if (stateOf(database, address).startsWith(state)) return true;
    await client.pause(client.chance.between(4, 60));
  }
  return client.chance.is(0.1);
}

function contextOf(database: MemoryDatabase, address: string): Readonly<Record<string, unknown>> {
  const { envelope } = database.load(address);
  return envelope === undefined ? {} : (JSON.parse(envelope) as StoredEnvelope).snapshot.context;
}

/** What a counter takes in each state. Clients see where it stands, as on a screen that may be behind, and mostly keep to that. */
const TAKES: Readonly<Record<string, readonly string[]>> = {
  open: ['ADD', 'ADD', 'ADD', 'ADD', 'TOUCH', 'TOUCH', 'LOCK', 'SAY', 'SAY', 'WAIT', 'CALL', 'ASK', 'TELL'],
  locked: ['UNLOCK'],
  waiting: ['CALM', 'AGAIN'],
  calling: ['LEAVE', 'AGAIN'],
};
const SAYINGS = [...new Set(Object.values(TAKES).flat())];

async function count(client: Client, address: string, fresh: boolean, database: MemoryDatabase): Promise<void> {
  const { chance } = client;
  if (fresh) await client.ask({ address, type: '@create', payload: { start: 10 }, caller: CLERK });
  for (let i = 3 + chance.below(14); i > 0; i--) {
    let state = stateOf(database, address);
    // Mostly timers and calls may come to their end first.
    if (state !== 'open' && state !== 'locked' && chance.is(0.7)) await client.pause(chance.between(3, 40));
    state = stateOf(database, address);
    const type = chance.pick(chance.is(0.92) ? (TAKES[state] ?? SAYINGS) : SAYINGS);
    await client.ask({ address, type, payload: toCounterPayload(type, chance), caller: CLERK });
  }
}

function stateOf(database: MemoryDatabase, address: string): string {
  return database.actorOf(address)?.state ?? '';
}

function toCounterPayload(type: string, chance: Chance): Record<string, unknown> {
  if (type === 'ADD') return { by_n: chance.below(12) - 1 };
  // Most tells are refused there, or nobody is there: a refusal has to find its way back, too.
  if (type === 'TELL') return { to: chance.is(0.8) ? `counter/h${chance.below(HOT)}` : 'counter/nobody', what: 'TICK' };
  return {};
}

async function pass(client: Client): Promise<void> {
  const { chance } = client;
  for (let i = 1 + chance.below(6); i > 0; i--) {
    const address = `courier/k${chance.below(COURIERS)}`;
    const payload = { to: `courier/k${chance.below(COURIERS)}`, hops: chance.below(5) };
    await client.ask({ address, type: chance.is(0.85) ? 'PASS' : 'NAP', payload, caller: CLERK });
  }
}

/** Some transfers are refused at once, some on their way: then the money comes back. */
async function transfer(client: Client): Promise<void> {
  const { chance } = client;
  for (let i = 1 + chance.below(5); i > 0; i--) {
    const to = `purse/${chance.is(0.95) ? 'b' : 'nobody'}${chance.below(ACCOUNTS)}`;
    const payload = { to, amount_minor: 1 + chance.below(900), transfer: `t${chance.below(1_000_000)}` };
    await client.ask({ address: `purse/b${chance.below(ACCOUNTS)}`, type: 'TRANSFER', payload, caller: CLERK });
  }
}

/** The machine of a reservation has another version in the next release. */
async function reserve(client: Client, address: string): Promise<void> {
  const { chance } = client;
  const payload = {
    price: 1 + chance.below(90),
    patience_ms: 20_000 + chance.below(90_000_000),
    life_ms: 60_000 + chance.below(140_000),
  };
  await client.ask({ address, type: '@create', payload, caller: CLERK });
  for (let i = chance.below(6); i > 0; i--)
    await client.ask({ address, type: chance.pick(['TICK', 'TICK', 'HOLD', 'CALL']), caller: CLERK });
}

/** Clients of the house come and go: payments that ask about them hear different answers. */
async function judge(client: Client, address: string): Promise<void> {
  await client.ask({ address, type: 'SUSPEND', payload: { reason: 'looked at' }, caller: APPROVER });
  await client.ask({ address, type: 'REINSTATE', caller: APPROVER });
}

/** One thing that another system has to tell. */
export function notice(publishers: Publishers, source: string, n: number, chance: Chance): Promise<void> {
  const id = `e${n}`;
  const which = chance.next();
  if (which < 0.6) {
    const to = { type: 'counter', id: `h${chance.below(HOT)}` };
    return publishers.publish(source, id, chance, to, { type: chance.pick(['ADD', 'ADD', 'SAY', 'LOCK', 'UNLOCK']), ...addition(chance) });
  }
  if (which < 0.9) {
    const event = { type: 'PASS', to: `courier/k${chance.below(COURIERS)}`, hops: chance.below(3) };
    return publishers.publish(source, id, chance, { type: 'courier', id: `k${chance.below(COURIERS)}` }, event);
  }
  return publishers.publish(source, id, chance, { type: 'counter', id: `x-${source}-${n}` }, { type: '@create' });
}

function addition(chance: Chance): { by_n?: number } {
  return chance.is(0.9) ? { by_n: chance.below(5) } : {};
}
