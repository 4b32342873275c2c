import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestHub } from './support/hub.ts';
import type { TestHub } from './support/hub.ts';
import { CLIENT, Rest, type Json } from './support/rest.ts';

let hub: TestHub;
let rest: Rest;

beforeAll(async () => {
  hub = await startTestHub();
  rest = new Rest(hub);
});
afterAll(() => hub?.stop());

const items = (body: Json): Json[] => body['items'] as Json[];
const fileOf = async (path: string, as: string): Promise<string> => {
  const answer = await fetch(hub.url + path, { headers: { authorization: `Bearer ${await hub.token(as)}` } });
  expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'text/csv; charset=utf-8; header=present']);
  return answer.text();
};

test('[DESK-3] any stretch of a list can be read, and the stretches are the list', async () => {
  for (let i = 0; i < 12; i++) await rest.payment({ payee: `Stretch ${i}`, reference: `S-${i}` });
  await expect.poll(async () => items((await rest.get('/v1/actors/payment?q=stretch', 'clerk')).body).length).toBe(12);
  const all = items((await rest.get('/v1/actors/payment?q=stretch&sort=title&limit=50', 'clerk')).body).map(({ address }) => address);
  const stretches: unknown[] = [];
  for (const offset of [0, 5, 10, 15]) {
    const { body } = await rest.get(`/v1/lists/payment/rows?q=stretch&sort=title&offset=${offset}&limit=5`, 'clerk');
    stretches.push(...items(body).map(({ address }) => address));
  }
  expect(stretches).toEqual(all);
});

test('[DESK-3] a customer’s stretch has his own rows, and nothing that his view lacks', async () => {
  await rest.payment({ client: 'acme', payee: 'Mine Ltd' });
  await rest.payment({ client: 'globex', payee: 'Theirs Ltd' });
  const { body } = await rest.get('/v1/lists/payment/rows?limit=200', 'acme');
  const titles = items(body).map(({ title }) => String(title));
  expect(titles.some((title) => title.includes('Mine'))).toBe(true);
  expect(titles.some((title) => title.includes('Theirs'))).toBe(false);
  for (const { context } of items(body)) expect(context).not.toHaveProperty('maker');
  expect((await rest.get('/v1/lists/integration/rows', 'acme')).status).toBe(404);
});

test('[DESK-9] many are asked at once what they may be sent; what may not be seen is left out', async () => {
  const mine = await rest.payment({ client: 'acme' });
  const theirs = await rest.payment({ client: 'globex' });
  const ids = [mine, theirs, 'payment/none'].map((address) => address.split('/')[1]);
  const ask = async (as: string) => items((await rest.call('POST', '/v1/lists/payment/views', { as, body: { ids } })).body);
  const clerk = await ask('clerk');
  expect(clerk.map(({ address }) => address)).toEqual([mine, theirs]);
  const can = (clerk[0]?.['can'] ?? []) as Json[];
  expect(can.find(({ type }) => type === 'SUBMIT')).toMatchObject({ ok: true });
  expect((await ask('acme')).map(({ address }) => address)).toEqual([mine]);
});

test('[DESK-10] the file has every actor of the filter once, the fields of the caller’s view, and no formula', async () => {
  const formula = await rest.create('client', { input: { ...CLIENT, name: '=cmd|"/c calc"!A1' } });
  expect(formula.status).toBe(201);
  const file = await fileOf('/v1/lists/client/csv', 'clerk');
  const lines = file.split('\r\n');
  expect(lines[0]).toContain('address,version,state,tags,title,summary,updatedAt,');
  expect(file).toContain(`"'=cmd|""/c calc""!A1"`);
  const payments = await fileOf('/v1/lists/payment/csv?q=stretch', 'clerk');
  const rows = payments.trim().split('\r\n').slice(1);
  expect(new Set(rows.map((row) => row.split(',')[0])).size).toBe(12);
  expect(rows).toHaveLength(12);
  expect(payments.split('\r\n')[0]).toContain(',amount_minor,amount,');
  expect(rows[0]).toContain(',12000,120.00,');
  const own = await fileOf('/v1/lists/payment/csv', 'acme');
  expect(own.split('\r\n')[0]).not.toMatch(/maker|approvals/);
  expect(own).not.toContain('Theirs Ltd');
});

test('[DESK-8] a saved view is its owner’s alone, is found again by name, and is bounded in number', async () => {
  const put = (id: string, as: string, body: Json = { name: 'Big ones', type: 'payment', query: 'state=settled&sort=title' }) =>
    rest.call('PUT', `/v1/views/${id}`, { as, body });
  expect((await put('v1', 'clerk')).body).toMatchObject({ id: 'v1', name: 'Big ones' });
  expect((await put('v0', 'clerk', { name: 'All', type: 'client', query: '' })).status).toBe(200);
  expect((await put('v1', 'clerk', { name: 'Huge ones', type: 'payment', query: 'state=draft' })).status).toBe(200);
  expect(items((await rest.get('/v1/views', 'clerk')).body).map(({ id, name }) => [id, name])).toEqual([
    ['v0', 'All'],
    ['v1', 'Huge ones'],
  ]);
  expect(items((await rest.get('/v1/views', 'auditor')).body)).toEqual([]);
  expect((await put('v2', 'clerk', { name: 'x', type: 'no_such', query: '' })).status).toBe(404);
  expect((await rest.call('POST', '/v1/views/v1/remove', { as: 'clerk' })).status).toBe(204);
  expect(items((await rest.get('/v1/views', 'clerk')).body).map(({ id }) => id)).toEqual(['v0']);
  for (let i = 1; i < 100; i++) expect((await put(`many_${i}`, 'clerk')).status).toBe(200);
  expect((await put('one_more', 'clerk')).status).toBe(422);
  expect((await put('many_7', 'clerk')).status).toBe(200);
  expect((await put('v1', 'auditor')).status).toBe(200);
});
