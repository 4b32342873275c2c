import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestHub } from './support/hub.ts';
import type { TestHub } from './support/hub.ts';
import { Rest } from './support/rest.ts';
import type { Json, Reply } from './support/rest.ts';

let hub: TestHub;
let rest: Rest;

beforeAll(async () => {
  hub = await startTestHub();
  rest = new Rest(hub);
});
afterAll(() => hub?.stop());

const control = (address: string, body: Json, as = 'operator'): Promise<Reply> =>
  rest.call('POST', `/v1/actors/${address}/control`, { as, body: { reason: 'Stuck', ...body } });
const list = async (query: string): Promise<Json[]> => (await rest.get(`/v1/operations?${query}`, 'auditor')).body['items'] as Json[];
const target = (address: string): string => `target=${encodeURIComponent(address)}`;

test('[OFFICE-9] over REST a proposal shows the state that waits, until somebody confirms it; then each shows who the other was', async () => {
  const address = await rest.payment();
  await control(address, { action: 'force', state: 'failed' });
  const waiting = { address, action: 'propose', by: 'operator', other: null, proposed: { version: 2, state: 'failed', effects: 'refuse' } };
  expect(await list('pending=1')).toMatchObject([waiting]);
  expect(await list(target(address))).toMatchObject([waiting]);
  await control(address, { action: 'force', state: 'failed', confirm: 2 }, 'admin');
  expect(await list('pending=1')).toEqual([]);
  expect(await list(target(address))).toMatchObject([
    { by: 'admin', action: 'force', other: { by: 'operator' }, proposed: null },
    { by: 'operator', action: 'propose', other: { by: 'admin' }, proposed: null },
  ]);
});

test('[OFFICE-9] whatever happens to the actor first ends the proposal, and nothing waits any more', async () => {
  const address = await rest.payment();
  await control(address, { action: 'force', state: 'failed' });
  expect(await list('pending=1')).toHaveLength(1);
  expect((await rest.send(address, { type: 'AMEND', reference: 'Other' })).status).toBe(200);
  expect(await list('pending=1')).toEqual([]);
  expect(await list(target(address))).toMatchObject([{ action: 'propose', outcome: 'applied', other: null, proposed: null }]);
});

test('[OFFICE-9] what was done is found by person and kind, and a letter’s operation names its actor', async () => {
  const address = await rest.payment();
  await control(address, { action: 'pause' }, 'admin');
  await rest.send(address, { type: 'SUBMIT' });
  const [letter] = (await rest.get(`/v1/dead-letters?address=${encodeURIComponent(address)}`, 'operator')).body['items'] as Json[];
  const discard = { as: 'operator', body: { action: 'discard', reason: 'Twice' } };
  expect((await rest.call('POST', `/v1/dead-letters/${String(letter?.['id'])}`, discard)).status).toBe(200);
  expect(await list('action=discard')).toMatchObject([{ by: 'operator', address, target: letter?.['id'] }]);
  expect(await list('by=admin&action=pause')).toMatchObject([{ by: 'admin', action: 'pause', address }]);
  expect(await list('by=operator&action=pause')).toEqual([]);
  await rest.call('POST', '/v1/types/client/control', { as: 'admin', body: { action: 'pause', reason: 'The lists change' } });
  await rest.call('POST', '/v1/types/client/control', { as: 'admin', body: { action: 'resume', reason: 'They have' } });
  expect(await list('target=client')).toMatchObject([
    { action: 'resume', address: null },
    { action: 'pause', address: null },
  ]);
  expect((await rest.get('/v1/operations?action=explode', 'auditor')).status).toBe(422);
  expect((await rest.get('/v1/operations?by=operator', 'clerk')).status).toBe(403);
});
