import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { actorRow, batchOf, journalRow } from '../../tests/contract/rows.ts';
import { testDatabase } from '../../tests/support/postgres.ts';
import type { TestDatabase } from '../../tests/support/postgres.ts';
import { openPostgres } from './postgres.ts';
import type { PostgresStore } from './postgres.ts';
import { CommitFault } from './store.ts';
import type { Head, JournalRow } from './store.ts';

const A = 'counter/a';
const ALL = Array.from({ length: 32 }, (_, index) => index);

let database: TestDatabase;
let store: PostgresStore;
let admin: pg.Client;
let heads: readonly Head[];

beforeAll(async () => {
  database = await testDatabase();
  store = await openPostgres({ url: database.url, lease_ms: 2_000, lanes: 1, release: '1' });
  admin = new pg.Client({ connectionString: database.url });
  await admin.connect();
  await store.renew('one', '', 60_000);
  heads = await store.claim('one', ALL);
});
afterAll(async () => {
  await admin.end();
  await store.close();
  await database.close();
});

async function kindOf(given: Partial<JournalRow>): Promise<string> {
  const batch = batchOf(heads, { journal: [journalRow({ actor: A, version: 1, ...given })], actors: [actorRow({ address: A })] });
  return store.commit(batch, 0).then(
    () => 'written',
    (error: unknown) => (error instanceof CommitFault ? error.kind : String(error)),
  );
}

test.each<[string, Partial<JournalRow>]>([
  ['is too large for an index', { event_id: randomBytes(9_000).toString('base64') }],
  ['is no number', { at: Number.NaN }],
  ['is a larger number than the column holds', { machine_version: 2 ** 40 }],
  ['holds NUL where JSON never does', { envelope: '\0' }],
])('[STORE-35] a value that %s is poison: it would be refused for ever', async (_, given) => {
  expect(await kindOf(given)).toBe('poison');
});

test('[STORE-36] a connection that ends while it commits leaves the outcome unknown, and the next commit has another', async () => {
  await admin.query('begin');
  await admin.query('lock table journal in access exclusive mode');
  const commit = kindOf({});
  const waiting = `select pid from pg_stat_activity where datname = current_database() and query like '%insert into "journal"%' and pid <> pg_backend_pid() and wait_event_type = 'Lock'`;
  for (let tries = 0; tries < 100 && (await admin.query(waiting)).rowCount === 0; tries++)
    await new Promise((resolve) => setTimeout(resolve, 10));
  await admin.query(`select pg_terminate_backend(pid) from (${waiting}) found`);
  expect(await commit).toBe('unknown');
  await admin.query('rollback');
  expect(await kindOf({})).toBe('written');
});

test('[STORE-37] a commit that waits longer than its limit was certainly not written and may be tried again', async () => {
  await admin.query('begin');
  await admin.query('lock table journal in access exclusive mode');
  expect(await kindOf({ version: 2, seq: 2, event_id: 'x' })).toBe('retry');
  await admin.query('rollback');
  expect(await kindOf({ version: 2, seq: 2, event_id: 'x' })).toBe('written');
});
