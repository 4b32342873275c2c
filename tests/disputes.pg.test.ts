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
  await rest.create('messenger', { id: 'provider', input: {} });
});
afterAll(async () => {
  await hub.stop();
  await database.close();
});

const DUE = 4_102_444_800_000;
const input = (changes: Json = {}): Json => ({
  ...{ payment: 'pay_none', client: 'acme', amount_minor: 12_345, currency: 'EUR', reason: 'fraudulent' },
  ...{ gateway: 'sandbox', due_by: DUE, kind: 'chargeback', ...changes },
});

async function seen(address: string): Promise<Json> {
  return (await rest.get(`/v1/actors/${address}`, 'clerk')).body;
}

async function opened(id: string, changes: Json = {}): Promise<string> {
  expect((await rest.create('dispute', { id, input: input(changes) })).status).toBe(201);
  return `dispute/${id}`;
}

async function stands(address: string, state: string): Promise<void> {
  await eventually(async () => JSON.stringify((await seen(address))['state']).includes(state));
}

/** What a provider says, as only actors and the hub pass it on. */
async function says(to: string, status: string): Promise<void> {
  const event = { type: 'DISPUTE_UPDATED', status };
  expect((await rest.send('messenger/provider', { type: 'TELL', to, event })).status).toBe(200);
}

async function balanceOf(prefix: string): Promise<unknown[]> {
  const { body } = await rest.get(`/v1/ledger/trial-balance?prefix=${prefix}`, 'auditor');
  return (body['accounts'] as Json[]).map(({ account, balance_minor }) => [account, balance_minor]);
}

const codeOf = ({ status, body }: Reply): unknown => [status, body['code']];

describe('a dispute', () => {
  test('[DISP-14] what a bank takes back stands on the dispute until it is decided, comes back when it is won, and the ledger balances', async () => {
    const won = await opened('d_won');
    expect(await balanceOf(won)).toEqual([[won, '12345']]);
    expect((await rest.send(won, { type: 'SUBMIT_EVIDENCE', summary: 'Signed for', documents: ['delivery note'] })).status).toBe(200);
    expect((await rest.send(won, { type: 'APPROVE_EVIDENCE' }, 'approver')).status).toBe(200);
    await stands(won, 'status.under_review.deciding');
    await says(won, 'won');
    await stands(won, 'status.won');
    expect(await balanceOf(won)).toEqual([[won, '0']]);
    const lost = await opened('d_lost');
    await says(lost, 'lost');
    await stands(lost, 'status.lost');
    expect(await balanceOf('loss/disputes')).toEqual([['loss/disputes', '12345']]);
    expect(await balanceOf('gateway/sandbox')).toEqual([['gateway/sandbox', '-12345']]);
    const { body } = await rest.get('/v1/ledger/trial-balance', 'auditor');
    for (const { balance_minor, pending_minor } of body['totals'] as Json[]) expect([balance_minor, pending_minor]).toEqual(['0', '0']);
  });

  test('[DISP-15] a payment that does not know of it is noted, and somebody is asked to look', async () => {
    const address = await opened('d_stray');
    await stands(address, 'attention.wanted');
    const { context, tags } = await seen(address);
    expect([context, tags]).toMatchObject([
      { troubles: [{ what: 'DISPUTED', why: 'not_found' }] },
      expect.arrayContaining(['needs_somebody']),
    ]);
    expect((await rest.send(address, { type: 'ACKNOWLEDGE', reason: 'paid outside of the hub' }, 'approver')).status).toBe(200);
    await stands(address, 'attention.none');
  });

  test('[DISP-16] the provider’s word comes through no door of people, and evidence is approved by another than its author', async () => {
    const address = await opened('d_doors', { kind: 'inquiry' });
    expect((await rest.send(address, { type: 'DISPUTE_UPDATED', status: 'won' }, 'admin')).status).toBe(422);
    const evidence = { type: 'SUBMIT_EVIDENCE', summary: 'Signed for', documents: [] };
    const many = Array.from({ length: 21 }, (_, n) => `page ${n}`);
    for (const wrong of [{ summary: '' }, { documents: many }, { documents: [''] }, { summary: 'card 4111 1111 1111 1111' }])
      expect((await rest.send(address, { ...evidence, ...wrong })).status).toBe(422);
    for (const wrong of [{ kind: 'chargeback?' }, { due_by: -1 }, { currency: 'XAU' }, { reason: 'a b' }, { amount_minor: 0 }])
      expect((await rest.create('dispute', { id: 'd_wrong', input: input(wrong) })).status).toBe(422);
    expect((await rest.send(address, evidence)).status).toBe(200);
    expect((await rest.send(address, { type: 'APPROVE_EVIDENCE' }, 'clerk')).status).toBe(403);
    expect((await rest.send(address, { type: 'APPROVE_EVIDENCE' }, 'approver')).status).toBe(200);
    const own = await rest.create('dispute', { id: 'd_own', input: input() }, 'clerk');
    expect(own.status).toBe(201);
    expect(codeOf(await rest.send('dispute/d_own', { type: 'ACCEPT', reason: 'small' }, 'clerk'))).toEqual([403, 'forbidden']);
    expect((await rest.get('/v1/actors/dispute/d_own', 'acme')).status).toBe(404);
  });

  test('[DISP-17] a payment that was made hears that it is disputed, and how that ended', async () => {
    for (const name of ['sandbox', 'sandbox_checks']) await rest.send(`integration/${name}`, { type: 'ENABLE' }, 'operator');
    await rest.create('client', { id: 'acme', input: CLIENT });
    await rest.send('client/acme', { type: 'SUBMIT', documents: ['register'], bank_account: 'DE89370400440532013000' });
    await rest.send('client/acme', { type: 'VERIFY' }, 'approver');
    await eventually(async () => JSON.stringify(await seen('client/acme')).includes('"state":["active"]'));
    const bill = { client: 'acme', payee: 'Globex', amount_minor: 20_000, currency: 'EUR', reference: 'INV-1' };
    await rest.create('payment', { id: 'pay_made', input: bill });
    await rest.send('payment/pay_made', { type: 'SUBMIT' });
    await stands('payment/pay_made', 'settled');
    for (const [id, end] of [
      ['d_heard_won', 'won'],
      ['d_heard_lost', 'lost'],
    ] as const) {
      const address = await opened(id, { payment: 'pay_made', amount_minor: 5_000 });
      const known = async (): Promise<Json | undefined> =>
        ((await seen('payment/pay_made'))['context'] as { disputes?: Json[] }).disputes?.find(({ dispute }) => dispute === id);
      await eventually(async () => (await known())?.['state'] === 'open');
      await says(address, end);
      await eventually(async () => (await known())?.['state'] === end);
      expect((await seen(address))['state']).toContain('attention.none');
    }
  });
});
