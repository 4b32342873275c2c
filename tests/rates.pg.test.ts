import { afterAll, beforeAll, expect, test } from 'vitest';
import { dayInFrankfurt, isTargetDay, newestDue, newestOut, targetDayBefore } from '../machines/target-days.ts';
import { EcbServer, daysUpTo } from './support/ecb.ts';
import { startTestHub } from './support/hub.ts';
import type { TestHub } from './support/hub.ts';
import { Rest } from './support/rest.ts';
import type { Json } from './support/rest.ts';
import { eventually } from './support/socket-client.ts';

let server: EcbServer;
let hub: TestHub;
let rest: Rest;
const NEWEST = newestOut(Date.now());
const DAYS = daysUpTo(NEWEST, 60);

beforeAll(async () => {
  server = await EcbServer.start();
  hub = await startTestHub();
  rest = new Rest(hub);
  server.publish(DAYS);
  const config = { base_url: server.url };
  expect((await rest.call('PUT', '/v1/integrations/ecb', { as: 'operator', body: { config } })).status).toBe(200);
  for (const name of ['ecb', 'sandbox_rates']) await rest.send(`integration/${name}`, { type: 'ENABLE' }, 'operator');
  await open('ecb', 'ecb', 'age.fresh');
});
afterAll(async () => {
  await hub?.stop();
  await server?.stop();
});

async function open(id: string, integration: string, until: string): Promise<void> {
  expect((await rest.create('rates', { id, input: { integration } }, 'operator')).status).toBe(201);
  await becomes(id, until);
}

async function becomes(id: string, state: string): Promise<void> {
  await eventually(async () => {
    const { body } = await rest.get(`/v1/actors/rates/${id}`, 'cfo');
    return (body['state'] as string[]).includes(state);
  });
}

async function ratesOf(query: string): Promise<Json> {
  const { status, body } = await rest.get(`/v1/rates?${query}`, 'clerk');
  expect([query, status]).toEqual([query, 200]);
  return (body['items'] as Json[])[0] ?? {};
}

function lastSaturday(): string {
  let date = dayInFrankfurt(Date.now());
  while (new Date(date).getUTCDay() !== 6) date = new Date(Date.parse(date) - 86_400_000).toISOString().slice(0, 10);
  return date;
}

test('[RATE-15] what the bank published is answered with the day, where it was read and what that hashes to', async () => {
  const item = await ratesOf('source=ecb');
  expect(item).toMatchObject({ source: 'ecb', actor: 'rates/ecb', date: NEWEST, base: 'EUR', through: null, missed: 0, stale: false });
  expect(item['rates']).toEqual(DAYS.at(-1)?.rates);
  expect(item['from']).toBe(`${server.url}eurofxref-hist-90d.xml`);
  expect(item['sha256']).toMatch(/^[0-9a-f]{64}$/);
});

test('[RATE-15] on a weekend the rates of the last day before it hold, and none is missing', async () => {
  const saturday = lastSaturday();
  const before = targetDayBefore(saturday);
  const item = await ratesOf(`source=ecb&date=${saturday}`);
  expect(item).toMatchObject({ asked: saturday, date: before, missed: 0, stale: false });
  expect(item['rates']).toEqual(DAYS.find(({ date }) => date === before)?.rates);
});

test('[RATE-15] from another base they are worked out through the published one, which is named', async () => {
  const item = await ratesOf('source=ecb&base=GBP');
  const { USD, CHF } = item['rates'] as Record<string, string>;
  expect([item['base'], item['through']]).toEqual(['GBP', 'EUR']);
  expect(item['rates']).toMatchObject({ EUR: '1.14942528736', JPY: '209.195402299' });
  expect([Number(USD) * 0.87, Number(CHF) * 0.87]).toEqual([
    expect.closeTo(Number(DAYS.at(-1)?.rates['USD']), 9) as number,
    expect.closeTo(0.93, 9) as number,
  ]);
  expect(item['rates']).not.toHaveProperty('GBP');
});

test('[RATE-16] what cannot be answered is refused with why: a day before all, one to come, no day, no such source, no currency', async () => {
  const refused = async (query: string): Promise<unknown[]> => {
    const { status, body } = await rest.get(`/v1/rates?${query}`, 'clerk');
    return [status, body['code']];
  };
  expect(await refused('date=1999-01-03')).toEqual([404, 'not_found']);
  expect(await refused('date=2999-01-01')).toEqual([422, 'invalid']);
  expect(await refused('date=2026-02-30')).toEqual([422, 'invalid']);
  expect(await refused('source=nobody')).toEqual([404, 'not_found']);
  expect(await refused('base=XXX')).toEqual([422, 'invalid']);
  expect(await refused('source=ecb&base=KWD')).toEqual([404, 'not_found']);
  expect(await refused('other=1')).toEqual([422, 'invalid']);
  for (const as of ['acme', 'ann']) expect((await rest.get('/v1/rates', as)).status).toBe(403);
});

test('[RATE-17] an amount is converted with everything that it was worked out from; without rates there is no amount', async () => {
  const answer = await rest.get('/v1/rates/convert?amount_minor=10000&from=EUR&to=GBP&source=ecb', 'clerk');
  expect(answer).toMatchObject({
    status: 200,
    body: {
      from: { amount_minor: 10_000, currency: 'EUR' },
      to: { amount_minor: 8_700, currency: 'GBP' },
      rate: '0.87',
      source: 'ecb',
      date: NEWEST,
      through: { base: 'EUR', from: '1', to: '0.87000' },
      rounding: 'half_even',
      missed: 0,
    },
  });
  const refused = async (query: string): Promise<unknown[]> => {
    const { status, body } = await rest.get(`/v1/rates/convert?${query}`, 'clerk');
    return [status, body['code']];
  };
  expect(await refused('amount_minor=1&from=EUR&to=KWD&source=ecb')).toEqual([409, 'rates_missing']);
  expect(await refused('amount_minor=1.5&from=EUR&to=GBP')).toEqual([422, 'invalid']);
  expect(await refused('amount_minor=9999999999999999&from=EUR&to=GBP')).toEqual([422, 'invalid']);
  expect(await refused('amount_minor=9007199254740991&from=EUR&to=IDR')).toEqual([422, 'invalid']);
  expect(await refused('amount_minor=1&from=EUR&to=XAU')).toEqual([422, 'invalid']);
  expect(await refused('amount_minor=1&from=EUR&to=GBP&date=1999-01-03')).toEqual([409, 'rates_missing']);
});

test('[RATE-11] a correction is found when somebody fetches, changes nothing by itself, and is taken when the CFO says so', async () => {
  const corrected = DAYS.map((day) => (day.date === NEWEST ? { ...day, rates: { ...day.rates, USD: '1.9' } } : day));
  server.publish(corrected);
  await rest.send('rates/ecb', { type: 'FETCH' }, 'operator');
  await becomes('ecb', 'dispute.open');
  expect((await ratesOf('source=ecb'))['rates']).toEqual(DAYS.at(-1)?.rates);
  expect((await rest.send('rates/ecb', { type: 'ACCEPT', date: NEWEST }, 'operator')).status).toBe(403);
  expect((await rest.send('rates/ecb', { type: 'ACCEPT', date: targetDayBefore(NEWEST) }, 'cfo')).body['code']).toBe('not_disputed');
  expect((await rest.send('rates/ecb', { type: 'ACCEPT', date: NEWEST }, 'cfo')).status).toBe(200);
  await becomes('ecb', 'dispute.none');
  expect((await ratesOf('source=ecb'))['rates']).toMatchObject({ USD: '1.9' });
  // As it was, before the correction.
  const before = (await rest.get('/v1/actors/rates/ecb?at=2', 'cfo')).body['context'] as { days: { rates: object }[] };
  expect(before.days.at(-1)?.rates).toEqual(DAYS.at(-1)?.rates);
});

test('[RATE-2] of a feed that is cut off nothing is used: what is known stays, and why it failed is in sight', async () => {
  server.play = (_, response) => response.writeHead(200).end('<gesmes:Envelope><Cube>');
  await rest.send('rates/ecb', { type: 'FETCH' }, 'operator');
  await becomes('ecb', 'fetching.pausing');
  const { body } = await rest.get('/v1/actors/rates/ecb', 'cfo');
  expect(body['context']).toMatchObject({
    newest: NEWEST,
    tries: 1,
    failure: { code: 'bad_feed', detail: expect.stringMatching(/./) as string },
  });
  expect(await ratesOf('source=ecb')).toMatchObject({ date: NEWEST });
});

test('[RATE-13] when the days of a publication after another are missing the rates are stale, and nothing is converted by them', async () => {
  let late = newestDue(Date.now());
  for (let n = 0; n < 3; n++) late = targetDayBefore(late);
  server.publish(daysUpTo(late, 5));
  await open('late', 'ecb', 'age.stale');
  const { body } = await rest.get('/v1/actors/rates/late', 'cfo');
  expect(body['tags']).toContain('needs_somebody');
  expect(await ratesOf('source=late')).toMatchObject({ date: late, stale: true });
  expect(await ratesOf(`source=late&date=${late}`)).toMatchObject({ date: late, missed: 0, stale: false });
  const refused = await rest.get('/v1/rates/convert?amount_minor=1&from=EUR&to=GBP&source=late', 'clerk');
  expect(refused).toMatchObject({ status: 409, body: { code: 'rates_stale', date: late } });
  // One of the two has none of that day; the other one is not taken for it.
  const past = await rest.get(`/v1/rates/convert?amount_minor=1&from=EUR&to=GBP&date=${DAYS[25]?.date}`, 'clerk');
  expect(past.body['code']).toBe('invalid');
  const several = await rest.get('/v1/rates/convert?amount_minor=1&from=EUR&to=GBP', 'clerk');
  expect(several.body['code']).toBe('invalid');
});

test('[RATE-18] a day that is not kept any more is answered from the journal, with the version that last held it', async () => {
  let old = NEWEST;
  for (let n = 0; n < 70; n++) old = targetDayBefore(old);
  const then = daysUpTo(old, 5, '1.0500');
  server.publish(then);
  await open('old', 'ecb', 'age.stale');
  server.publish(DAYS);
  await rest.send('rates/old', { type: 'FETCH' }, 'operator');
  await becomes('old', 'age.fresh');
  const { version } = (await rest.get('/v1/actors/rates/old', 'cfo')).body;
  const item = await ratesOf(`source=old&date=${then[2]?.date}`);
  expect(item).toMatchObject({ date: then[2]?.date, missed: 0, rates: { USD: '1.0500' } });
  expect(item['known']).toBeLessThan(Number(version));
  // Between what it knew then and what it knows now lie days that it never had.
  const gap = await ratesOf(`source=old&date=${DAYS[10]?.date}`);
  expect(gap).toMatchObject({ date: old, stale: true });
  expect((await rest.get(`/v1/rates?source=old&date=${targetDayBefore(then[0]?.date ?? '')}`, 'cfo')).status).toBe(404);
});

test('[RATE-5] the sandbox needs nobody outside, and its rates bear its name', async () => {
  await open('sandbox', 'sandbox_rates', 'age.fresh');
  expect(await ratesOf('source=sandbox')).toMatchObject({ source: 'sandbox', date: NEWEST, from: 'sandbox:rates', missed: 0 });
  const { body } = await rest.get('/v1/rates', 'auditor');
  expect((body['items'] as Json[]).map(({ actor }) => actor)).toEqual(['rates/ecb', 'rates/late', 'rates/old', 'rates/sandbox']);
  expect(isTargetDay(NEWEST)).toBe(true);
});
