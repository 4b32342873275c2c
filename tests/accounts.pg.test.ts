import { afterAll, beforeAll, describe, expect, test } from 'vitest';
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
  for (const name of ['sandbox', 'sandbox_checks']) await rest.send(`integration/${name}`, { type: 'ENABLE' }, 'operator');
  for (const id of ['acme', 'globex']) {
    await rest.create('client', { id, input: CLIENT });
    await rest.send(`client/${id}`, { type: 'SUBMIT', documents: ['register'], bank_account: 'DE89370400440532013000' });
    await rest.send(`client/${id}`, { type: 'VERIFY' }, 'approver');
    await eventually(async () => JSON.stringify(await seen(`client/${id}`)).includes('"state":["active"]'));
  }
});
afterAll(async () => {
  await hub.stop();
  await database.close();
});

async function seen(address: string): Promise<Json> {
  return (await rest.get(`/v1/actors/${address}`, 'clerk')).body;
}

async function opened(id: string, client = 'acme'): Promise<string> {
  const { status } = await rest.create('account', { id, input: { client, name: `${client}, day to day`, currency: 'EUR' } });
  expect(status).toBe(201);
  expect((await rest.send(`account/${id}`, { type: 'ACTIVATE' }, 'cfo')).status).toBe(200);
  await eventually(async () => JSON.stringify(await seen(`account/${id}`)).includes('life.active'));
  return `account/${id}`;
}

const deposit = { type: 'DEPOSIT', deposit: 'd1', amount_minor: 12_345, reference: 'statement 7' };

describe('an account of a client', () => {
  test('[ACCT-14] holds what two people say has come in, and the ledger says the same at every step, to the cent', async () => {
    const address = await opened('a1');
    const standing = async (): Promise<unknown> => {
      const { body } = await rest.get(`/v1/ledger/trial-balance?prefix=${address}`, 'auditor');
      return (body['accounts'] as Json[]).map(({ account, balance_minor, pending_minor }) => [account, balance_minor, pending_minor]);
    };
    expect((await rest.send(address, deposit)).status).toBe(200);
    expect(await standing()).toEqual([[address, '0', '-12345']]);
    expect((await rest.send(address, { type: 'CONFIRM', deposit: 'd1' }, 'clerk')).status).toBe(403);
    expect((await rest.send(address, { type: 'CONFIRM', deposit: 'd1' }, 'cfo')).status).toBe(200);
    expect(await standing()).toEqual([[address, '-12345', '0']]);
    const { body } = await rest.get(`/v1/actors/${address}`, 'clerk');
    expect(body['context']).toMatchObject({ posted_minor: 12_345, incoming_minor: 0, available_minor: 12_345 });
    const all = await rest.get('/v1/ledger/trial-balance', 'auditor');
    for (const { balance_minor, pending_minor } of all.body['totals'] as Json[]) expect([balance_minor, pending_minor]).toEqual(['0', '0']);
    const statement = await rest.get(`/v1/ledger/accounts/statement?account=${address}&currency=EUR`, 'auditor');
    expect((statement.body['items'] as Json[]).map(({ kind, text, amount_minor }) => [kind, text, amount_minor])).toEqual([
      ['pending', 'statement 7', '-12345'],
      ['posted', 'statement 7', '12345'],
      ['posted', 'statement 7', '-12345'],
    ]);
  });

  test('[ACCT-15] money is kept and spent by actors alone: no door takes it from a person or another system', async () => {
    const address = await opened('a2');
    for (const type of ['RESERVE', 'SETTLE', 'RELEASE', 'CREDIT']) {
      const sent = { type, hold: 'h', credit: 'c', amount_minor: 1, currency: 'EUR', reference: 'r' };
      expect((await rest.send(address, sent, 'admin')).status).toBe(422);
    }
    expect((await rest.get(`/v1/actors/${address}`, 'clerk')).body['context']).toMatchObject({ held_minor: 0, posted_minor: 0 });
  });

  test('[ACCT-16] a client sees his own account and what is on it, not whom the house has asked, and nobody else’s', async () => {
    const [mine, others] = [await opened('a3'), await opened('a4', 'globex')];
    expect((await rest.send(mine, { type: 'FREEZE', reason: 'court order 12' }, 'cfo')).status).toBe(200);
    const { status, body } = await rest.get(`/v1/actors/${mine}`, 'acme');
    expect([status, Object.keys(body['context'] as Json).toSorted()]).toEqual([
      200,
      ['available_minor', 'client', 'currency', 'held_minor', 'name', 'overdraft_minor', 'posted_minor'],
    ]);
    expect(JSON.stringify(body)).not.toContain('court order');
    expect((await rest.get(`/v1/actors/${others}`, 'acme')).status).toBe(404);
    expect((await rest.get(`/v1/ledger/trial-balance`, 'acme')).status).toBe(403);
  });

  test('[ACCT-17] who froze it does not unfreeze it, on whatever device, and one that is refused says why', async () => {
    const address = await opened('a5');
    expect((await rest.send(address, { type: 'FREEZE', reason: 'court order 12' }, 'approver')).status).toBe(200);
    const refused = await rest.send(address, { type: 'UNFREEZE', reason: 'lifted' }, 'approver');
    expect([refused.status, refused.body['reason'] ?? refused.body['code']]).toEqual([409, 'four_eyes']);
    expect((await rest.send(address, { type: 'UNFREEZE', reason: 'lifted' }, 'approver2')).status).toBe(200);
  });

  test('[ACCT-18] of a client that is not active no account is opened, and its reason says so', async () => {
    await rest.create('client', { id: 'newcomer', input: CLIENT });
    await rest.create('account', { id: 'a6', input: { client: 'newcomer', name: 'First', currency: 'EUR' } });
    expect((await rest.send('account/a6', { type: 'ACTIVATE' }, 'cfo')).status).toBe(200);
    await eventually(async () => JSON.stringify(await seen('account/a6')).includes('"reason":"client_not_active"'));
    expect((await rest.send('account/a6', deposit)).status).toBe(409);
    for (const wrong of [{ currency: 'EURO' }, { currency: 'XAU' }, { overdraft_minor: 1 }, { name: 'card 4111 1111 1111 1111' }]) {
      const input = { client: 'acme', name: 'x', currency: 'EUR', ...wrong };
      expect((await rest.create('account', { id: 'a7', input })).status).toBe(422);
    }
  });
});
