import { afterAll, beforeAll, expect, test } from 'vitest';
import { includes, leafHash, rootOf } from '../actors/ledger/merkle.ts';
import { machines } from '../machines/machines.ts';
import { booking } from './fixtures/booking.ts';
import { startTestHub } from './support/hub.ts';
import type { TestHub } from './support/hub.ts';
import { Rest } from './support/rest.ts';
import type { Json } from './support/rest.ts';

const DAY = 86_400_000;
let hub: TestHub;
let rest: Rest;

beforeAll(async () => {
  hub = await startTestHub({ machines: [...machines, booking] });
  rest = new Rest(hub);
});
afterAll(() => hub?.stop());

/** A booking of a client that has taken these events. */
async function book(client: string, ...events: readonly Json[]): Promise<string> {
  const { status, body } = await rest.create('booking', { input: { client } });
  expect(status).toBe(201);
  const address = String(body['address']);
  for (const event of events) expect((await rest.send(address, event)).status).toBe(200);
  return address;
}

const balanceOf = async (client: string, query = ''): Promise<Json> => {
  const { status, body } = await rest.get(`/v1/ledger/trial-balance?prefix=client:${client}/${query}`, 'cfo');
  expect(status).toBe(200);
  const { account: _, ...sums } = (body['accounts'] as Json[])[0] ?? {};
  return sums;
};
const statementOf = async (query: string, as = 'auditor'): Promise<Json> => {
  const { status, body } = await rest.get(`/v1/ledger/accounts/statement?${query}`, as);
  expect(status).toBe(200);
  return body;
};
const iso = (ms: number): string => new Date(ms).toISOString();

test('[LEDG-17] what is set aside is shown as pending until it is posted, taken back or over, and the books are even all the while', async () => {
  const sums = (balance: string, pending: string, debits = balance) => ({
    currency: 'EUR',
    debits_minor: debits,
    credits_minor: String(Number(debits) - Number(balance)),
    balance_minor: balance,
    pending_minor: pending,
  });
  const address = await book('one', { type: 'HOLD', amount_minor: 700 });
  expect(await balanceOf('one')).toEqual(sums('0', '700'));
  await rest.send(address, { type: 'CAPTURE', amount_minor: 400 });
  expect(await balanceOf('one')).toEqual(sums('400', '0'));
  await rest.send(address, { type: 'REVERSE' });
  expect(await balanceOf('one')).toEqual(sums('0', '0', '400'));
  await book('one', { type: 'HOLD', amount_minor: 5 }, { type: 'RELEASE' });
  expect(await balanceOf('one')).toEqual(sums('0', '0', '400'));
  const { body } = await rest.get('/v1/ledger/trial-balance', 'clerk');
  for (const total of body['totals'] as Json[]) expect(total).toMatchObject({ balance_minor: '0', pending_minor: '0' });
  const history = (await rest.get(`/v1/actors/${address}/history`, 'clerk')).body['items'] as { asked: { legs: Json[] } }[];
  expect(history.at(-2)?.asked.legs[0]).toMatchObject({ amount_minor: 700, pending: true, kind: 'pending', effective: null });
});

test('[LEDG-18] the books of a past day are shown as they are now known, and as they were known then', async () => {
  const before = Date.now();
  const effective = before - 10 * DAY;
  await book('two', { type: 'HOLD', amount_minor: 900, effective }, { type: 'CAPTURE', amount_minor: 900, effective });
  expect(await balanceOf('two')).toMatchObject({ balance_minor: '900' });
  const day = iso(effective).slice(0, 10);
  expect(await balanceOf('two', `&at=${day}`)).toMatchObject({ balance_minor: '900' });
  expect(await balanceOf('two', `&at=${iso(effective)}`)).toMatchObject({ balance_minor: '900' });
  expect(await balanceOf('two', `&at=${iso(effective - 1)}`)).toEqual({});
  expect(await balanceOf('two', `&at=${day}&known=${iso(before - 1)}`)).toEqual({});
  const { body } = await rest.get(`/v1/ledger/trial-balance?at=${day}`, 'cfo');
  expect(body['at']).toBe(`${day}T23:59:59.999Z`);
});

test('[LEDG-19] a statement names for each entry what posted it, and runs from its opening to its closing balance over all of its pages', async () => {
  const early = await book(
    'three',
    { type: 'HOLD', amount_minor: 100 },
    { type: 'CAPTURE', amount_minor: 100, effective: Date.now() - 3 * DAY },
  );
  await book('three', { type: 'HOLD', amount_minor: 60 }, { type: 'CAPTURE', amount_minor: 50 });
  const query = `account=client:three/receivable&currency=EUR`;
  const whole = await statementOf(query);
  const items = whole['items'] as Json[];
  expect([whole['opening'], whole['closing'], whole['next']]).toEqual([
    { balance_minor: '0', pending_minor: '0' },
    { balance_minor: '150', pending_minor: '0' },
    null,
  ]);
  // It took back what was set aside with effect three days ago, before that counts: entries stand where they count.
  expect(items.map((item) => [item['kind'], item['amount_minor'], item['balance_minor'], item['pending_minor']])).toEqual([
    ['posted', '-100', '0', '-100'],
    ['posted', '100', '100', '-100'],
    ['pending', '100', '100', '0'],
    ['pending', '60', '100', '60'],
    ['posted', '-60', '100', '0'],
    ['posted', '50', '150', '0'],
  ]);
  expect(items[1]).toMatchObject({ actor: early, version: 3, event: 'CAPTURE', text: 'Sold', pending: false, of: { version: 2, i: 0 } });
  expect(items[2]).toMatchObject({ actor: early, version: 2, event: 'HOLD', text: 'Set aside', pending: true, of: null });
  const paged: Json[] = [];
  let next: unknown = '';
  await book('three', { type: 'HOLD', amount_minor: 9 });
  const known = `&to=${String(whole['to'])}&known=${String(whole['known'])}`;
  for (; next !== null;) {
    const cursor = next === '' ? known : `&cursor=${String(next)}`;
    const page = await statementOf(`${query}&limit=4${cursor}`);
    expect(page['closing']).toEqual(whole['closing']);
    paged.push(...(page['items'] as Json[]));
    ({ next } = page as { next: unknown });
  }
  expect(paged).toEqual(items);
  const late = await statementOf(`${query}&from=${iso(Date.now() - DAY)}${known}`);
  expect([late['opening'], (late['items'] as Json[]).length]).toEqual([{ balance_minor: '100', pending_minor: '-100' }, 4]);
});

test('[LEDG-20] an account that nobody knows has an empty statement; what cannot be read or is to come is refused, and so are strangers', async () => {
  expect(await statementOf('account=nobody&currency=EUR')).toMatchObject({
    opening: { balance_minor: '0', pending_minor: '0' },
    closing: { balance_minor: '0', pending_minor: '0' },
    items: [],
    next: null,
  });
  const tomorrow = iso(Date.now() + DAY);
  const wrong = [
    `trial-balance?at=${tomorrow}`,
    `trial-balance?at=${tomorrow.slice(0, 10)}`,
    `trial-balance?known=${tomorrow}`,
    'trial-balance?at=2026-02-30',
    'trial-balance?at=yesterday',
    'trial-balance?prefix=a%20b',
    'accounts/statement?account=cash',
    'accounts/statement?account=cash&currency=eur',
    'accounts/statement?account=c%00&currency=EUR',
    `accounts/statement?account=cash&currency=EUR&to=${tomorrow}`,
    'accounts/statement?account=cash&currency=EUR&from=2026-02-01&to=2026-01-01',
    'accounts/statement?account=cash&currency=EUR&limit=201',
    'accounts/statement?account=cash&currency=EUR&cursor=nonsense',
    'days/2026-13-01/proof',
    'days/2026-01-01/proof?leaf=booking',
  ];
  for (const path of wrong) expect([path, (await rest.get(`/v1/ledger/${path}`, 'cfo')).status]).toEqual([path, 422]);
  const paths = ['trial-balance', 'accounts/statement?account=cash&currency=EUR', 'days/2026-01-01/proof'];
  for (const path of paths) {
    for (const [who, status] of [
      ['acme', 403],
      ['ann', 403],
      ['operator', 403],
      ['approver', 200],
      ['admin', 200],
    ] as const)
      expect([path, who, (await rest.get(`/v1/ledger/${path}`, who)).status]).toEqual([path, who, status]);
  }
});

test('[LEDG-21] a day that is over has a root, and each of its legs a proof that leads to it; the day that is not over has none', async () => {
  const address = await book('four', { type: 'HOLD', amount_minor: 1 }, { type: 'CAPTURE', amount_minor: 1 });
  const today = iso(Date.now()).slice(0, 10);
  const open = await rest.get(`/v1/ledger/days/${today}/proof`, 'auditor');
  expect([open.status, open.body['code']]).toEqual([409, 'day_not_over']);
  // As far as the ledger goes these were recorded on a day that is over by more than a minute.
  const past = iso(Date.now() - 2 * DAY).slice(0, 10);
  const moved = `update posting set at = $1::bigint where actor = $2`;
  await hub.hub.store.database().query('moved', moved, [Date.parse(past) + 5, address]);
  const { body } = await rest.get(`/v1/ledger/days/${past}/proof`, 'auditor');
  expect(body).toMatchObject({ date: past, leaves: 6, inclusion: null });
  const name = encodeURIComponent(`${address}@3#0.2`);
  const proved = (await rest.get(`/v1/ledger/days/${past}/proof?leaf=${name}`, 'auditor')).body;
  expect(proved['root']).toBe(body['root']);
  const { entry, index, path } = proved['inclusion'] as { entry: string; index: number; path: string[] };
  expect(JSON.parse(entry)).toMatchObject({ actor: address, version: 3, leg: 2, amount_minor: 1, of_version: 2, of_i: 0 });
  const inclusion = {
    index: BigInt(index),
    size: 6n,
    root: Buffer.from(String(body['root']), 'hex'),
    proof: path.map((one) => Buffer.from(one, 'hex')),
  };
  expect(includes({ ...inclusion, leaf: leafHash(Buffer.from(entry)) })).toBe(true);
  expect(includes({ ...inclusion, leaf: leafHash(Buffer.from(entry.replace('"amount_minor":1', '"amount_minor":2'))) })).toBe(false);
  expect((await rest.get(`/v1/ledger/days/${past}/proof?leaf=${encodeURIComponent(`${address}@9#0.0`)}`, 'auditor')).status).toBe(404);
  const nothing = (await rest.get('/v1/ledger/days/2020-01-01/proof', 'auditor')).body;
  expect(nothing).toMatchObject({ leaves: 0, root: rootOf([]).toString('hex') });
});
