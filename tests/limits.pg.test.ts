import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { machines } from '../machines/machines.ts';
import { messenger } from './points/messenger.ts';
import { startTestHub } from './support/hub.ts';
import type { TestHub } from './support/hub.ts';
import { testDatabase } from './support/postgres.ts';
import type { TestDatabase } from './support/postgres.ts';
import { CLIENT, Rest } from './support/rest.ts';
import type { Json, Reply } from './support/rest.ts';
import { eventually } from './support/socket-client.ts';

let database: TestDatabase;
let hub: TestHub;
let rest: Rest;

beforeAll(async () => {
  database = await testDatabase();
  hub = await startTestHub({ databaseUrl: database.url, machines: [...machines, messenger] });
  rest = new Rest(hub);
});
afterAll(async () => {
  await hub.stop();
  await database.close();
});

async function contextOf(address: string): Promise<Json> {
  return (await rest.get(`/v1/actors/${address}`, 'clerk')).body['context'] as Json;
}

async function made(client: string, limits: Json = {}): Promise<string> {
  expect((await rest.create('limit', { id: client, input: { client } })).status).toBe(201);
  const set = { per_payment_major: 500, per_day_major: 1_000, new_payee_major: 500, ...limits };
  expect((await rest.send(`limit/${client}`, { type: 'SET', ...set }, 'cfo')).status).toBe(200);
  return `limit/${client}`;
}

const codeOf = ({ status, body }: Reply): unknown => [status, body['code']];

describe('the limits of a client', () => {
  test('[LIMIT-16] of many that ask at once as many are granted as there is room for, and each of the others hears why not', async () => {
    const to = await made('acme');
    const names = Array.from({ length: 6 }, (_, n) => `asks_${n}`);
    for (const id of names) await rest.create('messenger', { id, input: {} });
    await Promise.all(
      names.map((id) => {
        const event = { type: 'SPEND', payment: id, amount_minor: 30_000, currency: 'EUR', payee: 'Globex', maker: 'clerk', revision: 1 };
        return rest.send(`messenger/${id}`, { type: 'TELL', to, event });
      }),
    );
    const refusals = async (): Promise<unknown[]> =>
      (await Promise.all(names.map((id) => contextOf(`messenger/${id}`)))).flatMap(({ refused }) => refused as unknown[]);
    await eventually(async () => (await refusals()).length === 3);
    expect(await refusals()).toEqual(Array.from({ length: 3 }, () => 'limit_per_day'));
    expect(await contextOf(to)).toMatchObject({ count_today: 3, today: [{ currency: 'EUR', spent_minor: 90_000, left_minor: 10_000 }] });
  });

  test('[LIMIT-17] room is asked for by actors alone: no door takes it from a person or another system', async () => {
    const address = await made('globex');
    for (const type of ['SPEND', 'UNSPEND', 'PAID']) {
      const sent = { type, payment: 'p', amount_minor: 1, currency: 'EUR', payee: 'x', maker: 'y' };
      expect((await rest.send(address, sent, 'admin')).status).toBe(422);
    }
    expect((await rest.get(`/v1/actors/${address}`, 'acme')).status).toBe(404);
  });

  test('[LIMIT-18] the chief financial officer sets them, and what is higher waits for somebody else', async () => {
    const address = await made('initech');
    expect((await rest.send(address, { type: 'SET', per_day_major: 1 }, 'clerk')).status).toBe(403);
    expect(codeOf(await rest.send(address, { type: 'SET', per_day_major: 1_000 }, 'cfo'))).toEqual([409, 'nothing_changed']);
    for (const wrong of [{ per_day_major: -1 }, { per_day_count: 1.5 }, { velocity: { count: 1 } }, { near_ratio: 0.5 }])
      expect((await rest.send(address, { type: 'SET', ...wrong }, 'cfo')).status).toBe(422);
    expect((await rest.send(address, { type: 'SET', per_day_major: 2_000 }, 'cfo')).status).toBe(200);
    const { proposal, limits } = await contextOf(address);
    expect([limits, proposal]).toMatchObject([{ per_day_major: 1_000 }, { by: 'cfo', limits: { per_day_major: 2_000 } }]);
    const confirm = { type: 'CONFIRM', proposal: (proposal as Json)['proposal'] };
    expect(codeOf(await rest.send(address, confirm, 'cfo'))).toEqual([409, 'four_eyes']);
    expect((await rest.send(address, confirm, 'approver')).status).toBe(200);
    expect(await contextOf(address)).toMatchObject({ limits: { per_day_major: 2_000 }, proposal: null });
  });

  test('[LIMIT-19] a payment asks before it is paid: what there is no room for is not, and its reason says so', async () => {
    for (const name of ['sandbox', 'sandbox_checks']) await rest.send(`integration/${name}`, { type: 'ENABLE' }, 'operator');
    await rest.create('client', { id: 'umbra', input: CLIENT });
    await rest.send('client/umbra', { type: 'SUBMIT', documents: ['register'], bank_account: 'DE89370400440532013000' });
    await rest.send('client/umbra', { type: 'VERIFY' }, 'approver');
    await eventually(async () => JSON.stringify((await rest.get('/v1/actors/client/umbra', 'clerk')).body).includes('"state":["active"]'));
    await rest.create('account', { id: 'umbra_eur', input: { client: 'umbra', name: 'Umbra', currency: 'EUR' } });
    await rest.send('account/umbra_eur', { type: 'ACTIVATE' }, 'cfo');
    await eventually(async () => JSON.stringify((await rest.get('/v1/actors/account/umbra_eur', 'clerk')).body).includes('life.active'));
    await rest.send('account/umbra_eur', { type: 'SET_OVERDRAFT', overdraft_minor: 1_000_000 }, 'cfo');
    const address = await made('umbra');
    for (const [id, amount_minor, state] of [
      ['pay_room', 40_000, 'settled'],
      ['pay_no_room', 50_001, '"limit_per_payment"'],
    ] as const) {
      const bill = { client: 'umbra', account: 'umbra_eur', payee: 'Globex', amount_minor, currency: 'EUR', reference: 'INV-1' };
      await rest.create('payment', { id, input: bill });
      await rest.send(`payment/${id}`, { type: 'SUBMIT' });
      await eventually(async () => JSON.stringify((await rest.get(`/v1/actors/payment/${id}`, 'clerk')).body).includes(state));
    }
    await eventually(async () => JSON.stringify(await contextOf(address)).includes('"paid":true'));
    expect(await contextOf(address)).toMatchObject({ count_today: 1, payees: [{ payee: 'Globex' }] });
  });
});
