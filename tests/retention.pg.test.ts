import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { retain } from '../actors/journal/retention.ts';
import { verifyJournal } from '../actors/journal/verify.ts';
import { Refused } from '../actors/store/refused.ts';
import { JournalReader } from '../actors/store/audit.ts';
import { startTestHub } from './support/hub.ts';
import type { TestHub } from './support/hub.ts';
import { sceneDefinitions, writeScene } from './support/journal-scene.ts';
import { testDatabase } from './support/postgres.ts';
import type { TestDatabase } from './support/postgres.ts';
import { PAYMENT, Rest } from './support/rest.ts';

let database: TestDatabase;
let hub: TestHub;
let rest: Rest;
let client: pg.Client;

beforeAll(async () => {
  database = await testDatabase();
  hub = await startTestHub({ databaseUrl: database.url });
  rest = new Rest(hub);
  client = new pg.Client({ connectionString: database.url });
  await client.connect();
});
afterAll(async () => {
  await client.end();
  await hub.stop();
  await database.close();
});

const PATHS = ['payment/pay_kept/history', 'payment/pay_kept?at=1', 'payment/pay_kept?at=2', 'payment/pay_kept'];
const readAll = (): Promise<unknown[]> => Promise.all(PATHS.map(async (path) => (await rest.get(`/v1/actors/${path}`, 'auditor')).body));

test('[KEEP-12] who asks a hub that runs for what was moved to the archive gets what he got before, and a repeated event its first answer', async () => {
  const created = await rest.create('payment', { id: 'pay_kept', input: PAYMENT }, 'clerk', 'key-of-the-creation');
  await rest.send('payment/pay_kept', { type: 'AMEND', reference: 'amended' }, 'clerk', 'key-of-the-amendment');
  await rest.send('payment/pay_kept', { type: 'CANCEL', reason: 'not needed' });
  const before = await readAll();
  // How far everything went out is written down now and then.
  await expect
    .poll(async () => (await retain({ url: database.url, before: Date.now() + 60_000, dry: false })).rows, { timeout: 20_000 })
    .toBeGreaterThan(0);
  await expect
    .poll(async () => (await client.query(`select from journal where actor = 'payment/pay_kept' and envelope = ''`)).rowCount, {
      timeout: 20_000,
    })
    .toBe(2);
  expect(await readAll()).toEqual(before);
  expect((await rest.create('payment', { id: 'pay_kept', input: PAYMENT }, 'clerk', 'key-of-the-creation')).body).toEqual(created.body);
  const again = await rest.send('payment/pay_kept', { type: 'AMEND', reference: 'amended' }, 'clerk', 'key-of-the-amendment');
  expect([again.status, again.body['outcome'], again.body['version']]).toEqual([200, 'duplicate', 2]);
});

test('[KEEP-13] what was erased from the archive is shown as erased, and the actor goes on', async () => {
  await client.query(`delete from journal_archive where actor = 'payment/pay_kept'`);
  const { body } = await rest.get('/v1/actors/payment/pay_kept/history', 'auditor');
  const items = body['items'] as { version: number; event: { type: string } }[];
  expect(items.map(({ event }) => event.type)).toEqual(['CANCEL', '@erased', '@erased']);
  expect((await rest.get('/v1/actors/payment/pay_kept?at=1', 'auditor')).status).toBe(404);
  expect((await rest.get('/v1/actors/payment/pay_kept', 'auditor')).body).toMatchObject({ version: 3, state: ['canceled'] });
  const again = await rest.create('payment', { id: 'pay_kept', input: PAYMENT }, 'clerk', 'key-of-the-creation');
  expect([again.status, again.body['version'], again.body['view']]).toEqual([201, 1, undefined]);
});

test('[VERIFY-11] a journal verifies at every moment while it is being written', async () => {
  const other = await testDatabase();
  let written = false;
  const writing = writeScene(other.url, { actors: 30, rounds: 15 }).finally(() => (written = true));
  const seen = new Set<number>();
  while (!written) {
    try {
      const reader = await JournalReader.open(other.url);
      const { rows, findings } = await verifyJournal({ reader, definitions: sceneDefinitions });
      await reader.close();
      expect(findings).toEqual([]);
      seen.add(rows);
    } catch (error) {
      // Before the first node has opened the database there is nothing to look at.
      if (!(error instanceof Refused)) throw error;
    }
  }
  await (await writing).store.close();
  await other.close();
  expect(seen.size).toBeGreaterThan(3);
});
