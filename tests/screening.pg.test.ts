import { afterAll, beforeAll, expect, test } from 'vitest';
import type { PaymentContext } from '../machines/payment-terms.ts';
import { startTestHub } from './support/hub.ts';
import type { TestHub } from './support/hub.ts';
import { CLIENT, Rest } from './support/rest.ts';
import type { Reply } from './support/rest.ts';
import { eventually } from './support/socket-client.ts';

let hub: TestHub;
let rest: Rest;

beforeAll(async () => {
  hub = await startTestHub({ screenedBy: 'sandbox_checks' });
  rest = new Rest(hub);
  for (const name of ['sandbox', 'sandbox_checks']) await rest.send(`integration/${name}`, { type: 'ENABLE' }, 'operator');
  await rest.create('client', { id: 'acme', input: CLIENT });
  await rest.send('client/acme', { type: 'SUBMIT', documents: ['register'], bank_account: 'DE89370400440532013000' });
  await rest.send('client/acme', { type: 'VERIFY' }, 'approver');
  await eventually(async () => JSON.stringify((await rest.get('/v1/actors/client/acme', 'clerk')).body).includes('"state":["active"]'));
});
afterAll(() => hub.stop());

async function seen(address: string, as = 'clerk'): Promise<{ state: readonly string[]; context: PaymentContext }> {
  return (await rest.get(`/v1/actors/${address}`, as)).body as never;
}

async function submitted(payee: string, as = 'clerk'): Promise<string> {
  const input = { client: 'acme', payee, amount_minor: 12_000, currency: 'EUR', reference: 'INV-9' };
  const address = String((await rest.create('payment', { input }, as)).body['address']);
  expect((await rest.send(address, { type: 'SUBMIT' }, as)).status).toBe(200);
  return address;
}

const stands = (address: string, state: string): Promise<void> => eventually(async () => (await seen(address)).state[0] === state);
const clear = (address: string, as: string): Promise<Reply> => rest.send(address, { type: 'CLEAR', reason: 'a bakery in Graz' }, as);
const charges = async (): Promise<string> => JSON.stringify((await rest.get('/v1/sandbox/charges', 'operator')).body);

test('[PAY-67] a payee whom no list names is paid at once; one who is like somebody on a list waits for another person', async () => {
  await stands(await submitted('Bolt Ltd'), 'settled.idle');
  const address = await submitted('GRUBSTAKE, Málvina & Daughters');
  await stands(address, 'screening.review');
  expect((await seen(address)).context.screening?.findings).toEqual(['listed:Malvina Grubstake']);
  expect(await charges()).not.toContain(address.split('/')[1]);
  expect((await clear(address, 'clerk')).status).toBe(403);
  expect((await clear(address, 'reviewer')).status).toBe(200);
  await stands(address, 'settled.idle');
  expect((await seen(address)).context.screening).toMatchObject({ cleared_by: 'reviewer', because: 'a bakery in Graz' });
  // The client whose money it is learns nothing of lists.
  expect(JSON.stringify((await seen(address, 'acme')).context)).not.toMatch(/screen|Grubstake.*listed/);
});

test('[PAY-67] what is denied because of a list is paid to nobody', async () => {
  const address = await submitted('Ozymandias Vantablack');
  await stands(address, 'screening.review');
  expect((await rest.send(address, { type: 'DENY', reason: 'that is him' }, 'cfo')).status).toBe(200);
  expect((await seen(address)).state).toEqual(['declined']);
  expect(await charges()).not.toContain(address.split('/')[1]);
});
