import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { convert } from '../machines/exchange.ts';
import type { RateDay } from '../machines/exchange.ts';
import { startTestHub } from './support/hub.ts';
import type { TestHub } from './support/hub.ts';
import { testDatabase } from './support/postgres.ts';
import type { TestDatabase } from './support/postgres.ts';
import { CLIENT, Rest } from './support/rest.ts';
import type { Json } from './support/rest.ts';
import { eventually } from './support/socket-client.ts';

let database: TestDatabase;
let hub: TestHub;
let rest: Rest;

beforeAll(async () => {
  database = await testDatabase();
  hub = await startTestHub({ databaseUrl: database.url });
  rest = new Rest(hub);
  for (const name of ['sandbox', 'sandbox_checks', 'sandbox_rates']) await rest.send(`integration/${name}`, { type: 'ENABLE' }, 'operator');
  await rest.create('rates', { id: 'sandbox', input: { integration: 'sandbox_rates' } }, 'operator');
  await until('rates/sandbox', 'age.fresh');
  await rest.create('client', { id: 'acme', input: CLIENT });
  await rest.send('client/acme', { type: 'SUBMIT', documents: ['register'], bank_account: 'DE89370400440532013000' });
  await rest.send('client/acme', { type: 'VERIFY' }, 'approver');
  await until('client/acme', '"state":["active"]');
});
afterAll(async () => {
  await hub.stop();
  await database.close();
});

async function contextOf(address: string): Promise<Json> {
  return (await rest.get(`/v1/actors/${address}`, 'clerk')).body['context'] as Json;
}

async function until(address: string, said: string): Promise<void> {
  await eventually(async () => JSON.stringify((await rest.get(`/v1/actors/${address}`, 'clerk')).body).includes(said));
}

async function funded(id: string, currency: string, amount_minor: number): Promise<void> {
  await rest.create('account', { id, input: { client: 'acme', name: `Acme, ${currency}`, currency } });
  await rest.send(`account/${id}`, { type: 'ACTIVATE' }, 'cfo');
  await until(`account/${id}`, 'life.active');
  await rest.send(`account/${id}`, { type: 'DEPOSIT', deposit: 'd1', amount_minor, reference: 'statement 7' });
  await rest.send(`account/${id}`, { type: 'CONFIRM', deposit: 'd1' }, 'cfo');
}

const pay = (id: string, changes: object) =>
  rest.create('payment', {
    id,
    input: { client: 'acme', payee: 'Blue Water Ltd', amount_minor: 45_000, currency: 'EUR', reference: `INV ${id}`, ...changes },
  });

type Balance = { readonly account: string; readonly currency: string; readonly balance_minor: string };

async function balances(): Promise<Readonly<Record<string, string>>> {
  const { body } = await rest.get('/v1/ledger/trial-balance', 'auditor');
  return Object.fromEntries((body['accounts'] as Balance[]).map((one) => [`${one.account} ${one.currency}`, one.balance_minor]));
}

describe('a payment from an account', () => {
  test('[PAY-46] in euros from dollars: the account, the ledger and the payment say the same to the cent, and name the rate', async () => {
    await funded('usd', 'USD', 200_000);
    expect((await pay('p1', { account: 'usd' })).status).toBe(201);
    expect((await rest.send('payment/p1', { type: 'SUBMIT' })).status).toBe(200);
    await until('payment/p1', 'settled.idle');
    const rates = (await contextOf('rates/sandbox'))['days'] as RateDay[];
    const day = rates.at(-1);
    const cost = day && convert({ amount_minor: 45_000, currency: 'EUR' }, 'USD', day)?.to.amount_minor;
    expect((await contextOf('payment/p1'))['conversion']).toMatchObject({
      to: { amount_minor: cost, currency: 'USD' },
      source: 'sandbox',
      date: day?.date,
    });
    expect((await contextOf('payment/p1'))['charged_minor']).toBe(cost);
    await eventually(async () => (await contextOf('account/usd'))['held_minor'] === 0);
    expect(await contextOf('account/usd')).toMatchObject({ posted_minor: 200_000 - Number(cost), held_minor: 0 });
    const after = await balances();
    expect(after).toMatchObject({
      'account/usd USD': String(Number(cost) - 200_000),
      'exchange USD': String(-Number(cost)),
      'exchange EUR': '45000',
      'gateway/sandbox EUR': '-45000',
    });
    expect(after['transit/payments USD'] ?? '0').toBe('0');

    expect((await rest.send('payment/p1', { type: 'REFUND', refund: 'r1', amount_minor: 45_000 }, 'cfo')).status).toBe(200);
    await eventually(async () => (await contextOf('account/usd'))['posted_minor'] === 200_000);
    const back = await balances();
    for (const account of ['exchange USD', 'exchange EUR', 'gateway/sandbox EUR', 'transit/payments USD'])
      expect(back[account] ?? '0').toBe('0');
  });

  test('[PAY-47] an account that has not enough is waited for; a payment that is given up meanwhile has taken nothing', async () => {
    await funded('eur', 'EUR', 10_000);
    await pay('p2', { account: 'eur' });
    await rest.send('payment/p2', { type: 'SUBMIT' });
    await until('payment/p2', 'awaiting_funds.money');
    expect(await contextOf('payment/p2')).toMatchObject({ reason: 'insufficient_funds', captured_minor: 0 });
    expect((await rest.send('payment/p2', { type: 'CANCEL' })).status).toBe(200);
    await until('payment/p2', '"state":["canceled"]');
    expect(await contextOf('account/eur')).toMatchObject({ posted_minor: 10_000, held_minor: 0 });
  });

  test('[PAY-48] nothing is paid from another client’s account, from none, or from one that is frozen', async () => {
    await rest.create('client', { id: 'globex', input: CLIENT });
    await pay('p3', { client: 'globex', account: 'usd' });
    await pay('p4', { account: 'nowhere' });
    await rest.send('account/eur', { type: 'FREEZE', reason: 'court order 12' }, 'cfo');
    await pay('p5', { account: 'eur' });
    for (const [id, reason] of [
      ['p3', 'not_the_clients'],
      ['p4', 'no_such_account'],
      ['p5', 'account_frozen'],
    ] as const) {
      await rest.send(`payment/${id}`, { type: 'SUBMIT' });
      await until(`payment/${id}`, '"state":["rejected"]');
      expect(await contextOf(`payment/${id}`)).toMatchObject({ reason });
    }
    for (const wrong of [{ account: 'a b' }, { execute_on: '2026-02-30' }, { execute_on: 'tomorrow' }]) {
      expect((await pay('p6', wrong)).status).toBe(422);
    }
  });

  test('[PAY-49] on its day and not before; somebody may hold it until then, and another lets it go', async () => {
    const day = new Date(Date.now() + 9 * 86_400_000).toISOString().slice(0, 10);
    await pay('p7', { execute_on: day });
    await rest.send('payment/p7', { type: 'SUBMIT' });
    await until('payment/p7', '"state":["scheduled"]');
    expect(Number((await contextOf('payment/p7'))['due_at'])).toBeGreaterThan(Date.now() + 7 * 86_400_000);
    expect((await rest.send('payment/p7', { type: 'HOLD', reason: 'asked the payee' }, 'reviewer')).status).toBe(200);
    expect((await rest.send('payment/p7', { type: 'RELEASE', reason: 'it is right' }, 'clerk')).status).toBe(403);
    expect((await rest.send('payment/p7', { type: 'RELEASE', reason: 'it is right' }, 'cfo')).status).toBe(200);
    await until('payment/p7', '"state":["scheduled"]');
  });
});
