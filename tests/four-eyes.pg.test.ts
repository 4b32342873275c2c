import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { payloadHash } from '../machines/payment-rules.ts';
import type { PaymentContext } from '../machines/payment-terms.ts';
import { startTestHub } from './support/hub.ts';
import type { TestHub } from './support/hub.ts';
import { CLIENT, Rest } from './support/rest.ts';
import type { Json, Reply } from './support/rest.ts';
import { eventually } from './support/socket-client.ts';

let hub: TestHub;
let rest: Rest;
const PASSWORD = 'green-lines';

beforeAll(async () => {
  hub = await startTestHub({ approvalsNeeded: 2 });
  rest = new Rest(hub);
  for (const name of ['sandbox', 'sandbox_checks']) await rest.send(`integration/${name}`, { type: 'ENABLE' }, 'operator');
  await rest.create('client', { id: 'acme', input: CLIENT });
  await rest.send('client/acme', { type: 'SUBMIT', documents: ['register'], bank_account: 'DE89370400440532013000' });
  await rest.send('client/acme', { type: 'VERIFY' }, 'approver');
  await eventually(async () => JSON.stringify((await rest.get('/v1/actors/client/acme', 'clerk')).body).includes('"state":["active"]'));
});
afterAll(() => hub.stop());

async function seen(address: string): Promise<{ state: readonly string[]; context: PaymentContext }> {
  return (await rest.get(`/v1/actors/${address}`, 'clerk')).body as never;
}

async function waiting(as = 'clerk'): Promise<{ address: string; hash: string }> {
  const { body } = await rest.create(
    'payment',
    { input: { client: 'acme', payee: 'Bolt Ltd', amount_minor: 500_000, currency: 'EUR', reference: 'Invoice 7' } },
    as,
  );
  const address = String(body['address']);
  expect((await rest.send(address, { type: 'SUBMIT' }, as)).status).toBe(200);
  return { address, hash: (await seen(address)).context.payload_hash };
}

const approve = (address: string, hash: string, as: string): Promise<Reply> => rest.send(address, { type: 'APPROVE', hash }, as);
const codeOf = ({ status, body }: Reply): unknown => (status === 200 ? 'ok' : body['code']);

describe('four eyes', () => {
  test('[PAY-52] one person on many devices at the same moment is one approval, and the second one needs another person', async () => {
    const { address, hash } = await waiting();
    const devices = await Promise.all(Array.from({ length: 8 }, () => hub.signIn('cfo')));
    const answers = await Promise.all(
      devices.map(({ accessToken }) =>
        rest.call('POST', `/v1/actors/${address}/events`, { token: accessToken, body: { type: 'APPROVE', hash } }),
      ),
    );
    expect(answers.map(codeOf).filter((code) => code === 'ok')).toHaveLength(1);
    expect(new Set(answers.map(codeOf))).toEqual(new Set(['ok', 'already_approved']));
    expect((await seen(address)).state).toEqual(['needs_approval']);
    expect(codeOf(await approve(address, hash, 'approver'))).toBe('ok');
    await eventually(async () => (await seen(address)).state[0] === 'settled.idle');
    expect((await seen(address)).context.approvals.map(({ by }) => by).toSorted()).toEqual(['approver', 'cfo']);
  });

  test('[PAY-53] whoever may do both approves nothing that he made or amended, also as another role and from another session', async () => {
    for (const [name, roles] of [
      ['both', ['clerk', 'approver']],
      ['second', ['clerk', 'approver', 'cfo']],
    ] as const) {
      await rest.call('PUT', `/v1/people/${name}`, { as: 'admin', body: { roles, password: PASSWORD } });
    }
    const { address, hash } = await waiting('both');
    expect(codeOf(await approve(address, hash, 'both'))).toBe('four_eyes');
    // The right to make it is taken from him: what he made stays his.
    await rest.call('PUT', '/v1/people/both', { as: 'admin', body: { roles: ['approver'] } });
    const { accessToken } = await hub.signIn('both', PASSWORD);
    const again = await rest.call('POST', `/v1/actors/${address}/events`, { token: accessToken, body: { type: 'APPROVE', hash } });
    expect(codeOf(again)).toBe('four_eyes');
    expect(codeOf(await rest.send(address, { type: 'AMEND', reference: 'Invoice 8' }, 'second'))).toBe('ok');
    const { payload_hash } = (await seen(address)).context;
    expect(codeOf(await approve(address, hash, 'cfo'))).toBe('hash_stale');
    expect(codeOf(await approve(address, payload_hash, 'second'))).toBe('four_eyes');
    expect((await seen(address)).context.approvals).toEqual([]);
  });

  test('[PAY-54] however an approval and an amendment race, what is executed is what two others approved', async () => {
    const courses = Array.from({ length: 24 }, async (_, n) => {
      const { address, hash } = await waiting();
      await approve(address, hash, 'approver2');
      await Promise.all([
        approve(address, hash, 'approver'),
        rest.send(address, { type: 'AMEND', amount_minor: 900_000 + n }),
        approve(address, hash, 'cfo'),
      ]);
      return address;
    });
    for (const address of await Promise.all(courses)) {
      await eventually(async () => /^(settled|needs_approval)/.test((await seen(address)).state[0] ?? ''));
      const { state, context } = await seen(address);
      expect(context.payload_hash).toBe(payloadHash(context));
      if (state[0] === 'needs_approval') {
        expect([context.amount_minor >= 900_000, context.approvals]).toEqual([true, []]);
        continue;
      }
      expect(context.amount_minor).toBe(500_000);
      expect(new Set(context.approvals.map(({ by }) => by)).size).toBe(2);
      for (const one of context.approvals as unknown as Json[]) expect(one['hash']).toBe(context.payload_hash);
    }
  });
});
