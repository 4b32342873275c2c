import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestHub } from './support/hub.ts';
import type { TestHub } from './support/hub.ts';
import { Rest, type Json } from './support/rest.ts';

let hub: TestHub;
let rest: Rest;

beforeAll(async () => {
  hub = await startTestHub();
  rest = new Rest(hub);
});
afterAll(() => hub?.stop());

/** Goes on until nothing is left, as the console does. */
async function find(query: string): Promise<Json[]> {
  const found: Json[] = [];
  for (let cursor = ''; ;) {
    const { status, body } = await rest.get(`/v1/audit?${query}${cursor}`, 'auditor');
    expect(status).toBe(200);
    found.push(...(body['items'] as Json[]));
    if (body['next'] === null) return found;
    cursor = `&cursor=${String(body['next'])}`;
  }
}

async function verify(body: Json): Promise<{ rows: number; findings: Json[] }> {
  let rows = 0;
  const findings: Json[] = [];
  for (let cursor: unknown; ;) {
    const answer = await rest.call('POST', '/v1/audit/verify', {
      as: 'auditor',
      body: { ...body, ...(cursor === undefined ? {} : { cursor }) },
    });
    expect(answer.status).toBe(200);
    rows += Number(answer.body['rows']);
    findings.push(...(answer.body['findings'] as Json[]));
    if (answer.body['next'] === null) return { rows, findings };
    cursor = answer.body['next'];
  }
}

test('[DESK-21] the journal is searched by actor, person, event and time, all together', async () => {
  const before = new Date().toISOString();
  const one = await rest.payment({ payee: 'Search One', amount_minor: 500_000 });
  const other = await rest.payment({ payee: 'Search Two', amount_minor: 500_000 });
  for (const address of [one, other]) expect((await rest.send(address, { type: 'SUBMIT' })).status).toBe(200);
  expect((await rest.send(one, { type: 'DENY', reason: 'No' }, 'approver')).status).toBe(200);
  expect((await find(`actor=${one}`)).map(({ version, event }) => [version, (event as Json)['type']])).toEqual([
    [3, 'DENY'],
    [2, 'SUBMIT'],
    [1, '@create'],
  ]);
  expect((await find(`person=approver&from=${before}`)).map(({ address }) => address)).toEqual([one]);
  expect((await find(`event=SUBMIT&from=${before}`)).map(({ address }) => address).toSorted()).toEqual([one, other].toSorted());
  expect(await find(`event=SUBMIT&to=${before}`)).toEqual([]);
  expect(await find(`event=SUB&from=${before}`)).toEqual([]);
  expect((await rest.get('/v1/audit?actor=nonsense', 'auditor')).status).toBe(422);
  expect((await rest.get('/v1/audit?cursor=nonsense', 'auditor')).status).toBe(422);
  expect((await rest.get('/v1/audit', 'clerk')).status).toBe(403);
});

test('[DESK-21] a search finds everything once, also where it has to go on many times', async () => {
  const database = hub.hub.store.database();
  const long = await rest.payment({ payee: 'Long' });
  await database.query(
    'long',
    `insert into journal (actor, version, partition, seq, event_id, event, body_hash, caller, at, machine_version, envelope, hash)
      select actor, 1000 + n, partition, 500000 + n, 'long' || n, '{"type":"LONG"}', body_hash, 'nobody', at + n, machine_version, envelope, hash
      from journal, generate_series(1, 1500) n where actor = $1 and version = 1`,
    [long],
  );
  const found = await find('event=LONG');
  expect(found).toHaveLength(1500);
  expect(new Set(found.map(({ version }) => version)).size).toBe(1500);
  const answer = await fetch(`${hub.url}/v1/audit/csv?event=LONG`, { headers: { authorization: `Bearer ${await hub.token('auditor')}` } });
  expect((await answer.text()).trim().split('\r\n')).toHaveLength(1501);
  await database.query('short', `delete from journal where caller = 'nobody'`, []);
});

test('[DESK-22] a stretch of the chains is checked on demand: it is well, and a changed row is found where it is', async () => {
  const { rows, findings } = await verify({});
  expect(findings).toEqual([]);
  expect(rows).toBeGreaterThan(5);
  const address = await rest.payment({ payee: 'Tampered' });
  const [row] = await find(`actor=${address}`);
  await hub.hub.store.database().query('tamper', `update journal set caller = 'mallory' where actor = $1`, [address]);
  const after = await verify({ partitions: [row?.['partition']] });
  expect(after.findings).toContainEqual(expect.objectContaining({ partition: row?.['partition'], seq: row?.['seq'], actor: address }));
  const beside = await verify({ partitions: [row?.['partition']], from: Number(row?.['seq']) + 1 });
  expect(beside.findings).toEqual([]);
  await hub.hub.store.database().query('mend', `update journal set caller = 'clerk' where actor = $1`, [address]);
  expect((await rest.call('POST', '/v1/audit/verify', { as: 'operator', body: {} })).status).toBe(403);
});

test('[DESK-23] what somebody else would see is shown by his view, gives no authority, and is written down before it is shown', async () => {
  const address = await rest.payment({ client: 'acme', payee: 'Seen Ltd' });
  const [type, id] = address.split('/');
  const see = (body: Json, as = 'admin') => rest.call('POST', '/v1/see-as', { as, body: { type, reason: 'The customer asks', ...body } });
  const acme = await see({ as: { kind: 'person', username: 'acme' }, id });
  const view = acme.body['view'] as { context: Json; can: Json[] };
  expect(view.context).not.toHaveProperty('maker');
  const own = (await rest.get(`/v1/actors/${address}`, 'acme')).body;
  expect(view).toEqual(own);
  const globex = await see({ as: { kind: 'role', roles: ['customer'], client: 'globex' }, id });
  expect(globex.body).toMatchObject({ hidden: 'not_found', view: null });
  const list = await see({ as: { kind: 'role', roles: ['customer'], client: 'acme' } });
  expect((list.body['items'] as Json[]).map(({ title }) => title)).toContainEqual(expect.stringContaining('Seen Ltd'));
  const log = (await rest.get(`/v1/operations?target=${encodeURIComponent(address)}`, 'auditor')).body['items'] as Json[];
  expect(log).toHaveLength(2);
  expect(log[1]).toMatchObject({
    by: 'admin',
    action: 'see_as',
    reason: 'The customer asks',
    outcome: 'shown',
    detail: 'as acme (customer of acme)',
  });
  expect((await see({ as: { kind: 'person', username: 'nobody_there' }, id })).status).toBe(404);
  expect((await see({ as: { kind: 'person', username: 'acme' }, id }, 'clerk')).status).toBe(403);
});
