import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestHub } from './support/hub.ts';
import type { TestHub } from './support/hub.ts';
import { Rest } from './support/rest.ts';
import type { Json, Reply } from './support/rest.ts';
import { counter, repair } from './support/toy-machines.ts';

let hub: TestHub;
let rest: Rest;

/** What nodes of one database have in common. */
const SHARED = { secretKey: 's'.repeat(40), jwtSecret: 'j'.repeat(40) };

beforeAll(async () => {
  hub = await startTestHub({ machines: [counter], ...SHARED });
  rest = new Rest(hub);
});
afterAll(() => hub.stop());

type Given = { as?: string; key?: string };
const control = (address: string, body: Json, { as = 'operator', key }: Given = {}): Promise<Reply> =>
  rest.call('POST', `/v1/actors/${address}/control`, {
    as,
    body: { reason: 'looking into it', ...body },
    ...(key === undefined ? {} : { key }),
  });
const pauseAll = (action: 'pause' | 'resume', as = 'operator'): Promise<Reply> =>
  rest.call('POST', '/v1/types/counter/control', { as, body: { action, reason: 'the desk moves' } });
const lettersOf = async (address: string): Promise<Json[]> =>
  (await rest.get(`/v1/dead-letters?address=${encodeURIComponent(address)}`, 'operator')).body['items'] as Json[];
const resolve = (id: unknown, body: Json, { as = 'operator', key }: Given = {}): Promise<Reply> =>
  rest.call('POST', `/v1/dead-letters/${String(id)}`, {
    as,
    body: { reason: 'sorted out', ...body },
    ...(key === undefined ? {} : { key }),
  });
const codeOf = ({ status, body }: Reply): unknown[] => [status, body['code']];

test('[CTRL-24] over REST an operator pauses, steps and resumes an actor, once for each key, and sees how it stands', async () => {
  await rest.create('counter', { id: 'a', input: {} });
  const paused = await control('counter/a', { action: 'pause' }, { key: 'p1' });
  expect(paused.body).toMatchObject({
    outcome: 'applied',
    version: 2,
    parked: { code: 'paused', by: 'operator', detail: 'looking into it' },
  });
  expect((await control('counter/a', { action: 'pause' }, { key: 'p1' })).body).toMatchObject({ outcome: 'duplicate', version: 2 });
  expect(codeOf(await control('counter/a', { action: 'resume' }, { key: 'p1' }))).toEqual([422, 'key_reused']);
  const refused = await rest.send('counter/a', { type: 'ADD', by_n: 3 }, 'clerk', 'add');
  expect([refused.status, refused.body['reason']]).toEqual([423, 'paused']);
  expect((await rest.get('/v1/actors/counter/a/control', 'auditor')).body).toMatchObject({ letters: 1, proposed: null, state: ['open'] });
  expect((await control('counter/a', { action: 'step' })).body).toMatchObject({
    outcome: 'applied',
    version: 3,
    letters: 0,
    parked: { code: 'paused' },
  });
  expect(codeOf(await control('counter/a', { action: 'step' }))).toEqual([409, 'nothing_to_step']);
  expect((await control('counter/a', { action: 'resume' })).body).toMatchObject({ outcome: 'applied', parked: null });
  expect((await rest.get('/v1/actors/counter/a', 'clerk')).body).toMatchObject({ context: { n: 3 }, tags: [] });
  const history = (await rest.get('/v1/actors/counter/a/history', 'auditor')).body['items'] as Json[];
  expect(history.map(({ event, caller }) => [(event as Json)['type'], caller])).toEqual([
    ['@resume', 'operator'],
    ['ADD', 'clerk'],
    ['@pause', 'operator'],
    ['@create', 'clerk'],
  ]);
});

test('[CTRL-25] controls are for operators and administrators, need a reason, and tell nobody of actors that he may not see', async () => {
  await rest.create('counter', { id: 'b', input: {} });
  for (const as of ['clerk', 'approver', 'auditor', 'developer'])
    expect((await control('counter/b', { action: 'pause' }, { as })).status).toBe(403);
  expect((await control('counter/b', { action: 'pause', reason: '  ' })).status).toBe(422);
  expect((await control('counter/b', { action: 'explode' })).status).toBe(422);
  expect(codeOf(await control('counter/none', { action: 'pause' }))).toEqual([404, 'not_found']);
  expect(codeOf(await control('nothing/b', { action: 'pause' }))).toEqual([404, 'not_found']);
  expect(codeOf(await control('counter/b', { action: 'resume' }))).toEqual([409, 'not_parked']);
  for (const type of ['@pause', '@resume', '@force', '@migrate', '@discard'])
    expect(codeOf(await rest.send('counter/b', { type, reason: 'x' }, 'operator'))).toEqual([422, 'unknown_event']);
});

test('[CTRL-26] a state is forced by two people, and the list of operations shows what each did', async () => {
  await rest.create('counter', { id: 'c', input: {} });
  const proposed = await control('counter/c', { action: 'force', state: 'locked' });
  expect(proposed.body).toMatchObject({
    version: 2,
    state: ['open'],
    proposed: { version: 2, state: 'locked', by: 'operator', effects: 'refuse' },
  });
  expect(codeOf(await control('counter/c', { action: 'force', state: 'locked', confirm: 2 }))).toEqual([409, 'four_eyes']);
  const forced = await control('counter/c', { action: 'force', state: 'locked', confirm: 2 }, { as: 'admin' });
  expect(forced.body).toMatchObject({ version: 3, state: ['locked'], proposed: null });
  expect(codeOf(await control('counter/c', { action: 'force', state: 'nowhere' }))).toEqual([409, 'cannot_force']);
  const path = '/v1/operations?target=counter%2Fc';
  expect((await rest.get(path, 'clerk')).status).toBe(403);
  const listed = (await rest.get(path, 'auditor')).body['items'] as Json[];
  expect(listed.map(({ by, action, outcome, detail }) => [by, action, outcome, detail])).toEqual([
    ['operator', 'propose', 'rejected', 'cannot_force'],
    ['admin', 'force', 'applied', 'version 3'],
    ['operator', 'force', 'rejected', 'four_eyes'],
    ['operator', 'propose', 'applied', 'version 2'],
  ]);
  const first = await rest.get('/v1/operations?limit=2', 'auditor');
  const second = await rest.get(`/v1/operations?limit=2&cursor=${String(first.body['next'])}`, 'auditor');
  expect(new Set([...(first.body['items'] as Json[]), ...(second.body['items'] as Json[])].map(({ id }) => id)).size).toBe(4);
  expect((await rest.get('/v1/operations?cursor=x', 'auditor')).status).toBe(422);
});

test('[CTRL-27] another node on the same database stops and resumes a kind of actors with this one', async () => {
  const other = await startTestHub({ machines: [counter], ...SHARED, databaseUrl: hub.hub.config.databaseUrl ?? '', nodeId: 'other' });
  try {
    expect((await pauseAll('pause', 'clerk')).status).toBe(403);
    expect((await pauseAll('pause')).body).toMatchObject({ type: 'counter', paused: { by: 'operator', reason: 'the desk moves' } });
    expect(codeOf(await pauseAll('pause'))).toEqual([409, 'already_parked']);
    await expect.poll(() => other.hub.runtime.controls.paused('counter'), { timeout: 10_000 }).toBe(true);
    expect((await rest.create('counter', { id: 'late', input: {} }, 'clerk', 'late')).status).toBe(423);
    expect((await pauseAll('resume')).body).toMatchObject({ paused: null });
    await expect.poll(() => other.hub.runtime.controls.paused('counter'), { timeout: 10_000 }).toBe(false);
    expect((await rest.get('/v1/types', 'auditor')).body['items']).toContainEqual({ type: 'counter', version: 1, paused: null });
    expect((await rest.create('counter', { id: 'late', input: {} }, 'clerk', 'late')).status).toBe(201);
  } finally {
    await other.stop();
    await expect.poll(() => hub.hub.runtime.lanes.partitions.length, { timeout: 20_000 }).toBe(32);
  }
});

test('[DEAD-22] dead letters are listed by page and by cause, and a whole cause is replayed', async () => {
  repair.broken = true;
  await rest.create('counter', { id: 'd', input: {} });
  await control('counter/d', { action: 'pause' });
  for (const n of [1, 2, 3]) await rest.send('counter/d', { type: 'ADD', by_n: n }, 'clerk', `d${n}`);
  const page = await rest.get('/v1/dead-letters?address=counter%2Fd&limit=2', 'operator');
  const rest_of = await rest.get(`/v1/dead-letters?address=counter%2Fd&limit=2&cursor=${String(page.body['next'])}`, 'operator');
  expect([page, rest_of].flatMap(({ body }) => body['items'] as Json[]).map(({ event }) => (event as Json)['by_n'])).toEqual([3, 2, 1]);
  expect(rest_of.body['next']).toBeNull();
  const causes = (await rest.get('/v1/dead-letters/causes', 'auditor')).body['items'] as Json[];
  const cause = { type: 'counter', event: 'ADD', reason: 'parked', detail: 'paused' };
  expect(causes).toContainEqual(expect.objectContaining({ ...cause, count: 3 }));
  const replay = (as = 'operator') =>
    rest.call('POST', '/v1/dead-letters/causes/replay', { as, body: { ...cause, why: 'the desk is back' } });
  expect((await replay('auditor')).status).toBe(403);
  expect((await replay()).body).toEqual({ applied: 0, rejected: 0, open: 3, next: null });
  await control('counter/d', { action: 'resume' });
  expect((await replay()).body).toEqual({ applied: 3, rejected: 0, open: 0, next: null });
  expect((await rest.get('/v1/actors/counter/d', 'clerk')).body).toMatchObject({ context: { n: 6 } });
  expect((await lettersOf('counter/d')).map(({ resolution, resolved_by, note }) => [resolution, resolved_by, note])).toEqual(
    Array.from({ length: 3 }, () => ['applied', 'operator', 'the desk is back']),
  );
  expect((await rest.get('/v1/dead-letters?address=counter%2Fd&open=1', 'operator')).body['items']).toEqual([]);
});

test('[DEAD-23] one dead letter is resubmitted, put right or discarded over REST, and two people at once do it once', async () => {
  await rest.create('counter', { id: 'e', input: {} });
  await control('counter/e', { action: 'pause' });
  for (const n of [1, 2, 3]) await rest.send('counter/e', { type: 'ADD', by_n: n }, 'clerk', `e${n}`);
  const [third, second, first] = await lettersOf('counter/e');
  expect(codeOf(await resolve(first?.['id'], { action: 'resubmit' }))).toEqual([423, 'parked']);
  await control('counter/e', { action: 'resume' });
  const together = await Promise.all(['operator', 'admin'].map((as) => resolve(first?.['id'], { action: 'resubmit' }, { as })));
  expect(together.map(({ status }) => status).every((status) => status === 200 || status === 409)).toBe(true);
  expect(codeOf(await resolve(second?.['id'], { action: 'resubmit', event: { type: 'ADD', by_n: 9 } }))).toEqual([403, 'forbidden']);
  expect((await resolve(second?.['id'], { action: 'discard' })).body).toMatchObject({ resolution: 'discarded', resolved_by: 'operator' });
  expect(codeOf(await rest.send('counter/e', { type: 'ADD', by_n: 2 }, 'clerk', 'e2'))).toEqual([409, 'discarded']);
  expect((await resolve(third?.['id'], { action: 'discard' }, { as: 'clerk' })).status).toBe(403);
  expect((await resolve('nothing', { action: 'discard' })).status).toBe(404);
  expect((await rest.get('/v1/actors/counter/e', 'clerk')).body).toMatchObject({ context: { n: 1 } });
  await rest.call('PUT', '/v1/people/clerk', { as: 'admin', body: { roles: ['auditor'] } });
  expect(codeOf(await resolve(third?.['id'], { action: 'resubmit' }))).toEqual([403, 'forbidden']);
  await rest.call('PUT', '/v1/people/clerk', { as: 'admin', body: { roles: ['clerk'] } });
  expect((await resolve(third?.['id'], { action: 'resubmit' })).body).toMatchObject({ outcome: 'applied', resolution: 'applied' });
});
