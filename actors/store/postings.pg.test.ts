import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { partitionOf } from '../../machines/ids.ts';
import { actorRow, batchOf, journalRow, postingRow } from '../../tests/contract/rows.ts';
import { testDatabase } from '../../tests/support/postgres.ts';
import type { TestDatabase } from '../../tests/support/postgres.ts';
import { openPostgres } from './postgres.ts';
import type { PostgresStore } from './postgres.ts';
import { commitStatement } from './statements.ts';
import type { Batch } from './store.ts';

const A = 'payment/a';
let database: TestDatabase;
let store: PostgresStore;
let admin: pg.Client;

beforeAll(async () => {
  database = await testDatabase();
  store = await openPostgres({ url: database.url, lease_ms: 5_000, lanes: 1, release: '1' });
  admin = new pg.Client({ connectionString: database.url });
  await admin.connect();
});
afterAll(async () => {
  await admin.end();
  await store.close();
  await database.close();
});

const batch = (version: number, given: Partial<Batch> = {}): Partial<Batch> => ({
  journal: [journalRow({ actor: A, version })],
  actors: [actorRow({ address: A, version })],
  postings: [postingRow({ actor: A, version }), postingRow({ actor: A, version, leg: 1, amount_minor: -100 })],
  ...given,
});

test('[POST-13] a database that drops legs without a word is noticed at once, by the number that it wrote', async () => {
  await store.renew('one', '', 60_000);
  const heads = await store.claim(
    'one',
    Array.from({ length: 32 }, (_, id) => id),
  );
  await store.commit(batchOf(heads, batch(1)), 0);
  await admin.query(
    `create function drop_leg() returns trigger language plpgsql as 'begin if new.leg = 1 then return null; end if; return new; end'`,
  );
  await admin.query('create trigger drop_leg before insert on posting for each row execute function drop_leg()');
  try {
    await expect(store.commit(batchOf(heads, batch(2)), 0)).rejects.toMatchObject({
      kind: 'unknown',
      message: 'A batch of 1 rows, 1 actors and 2 legs wrote 1, 1 and 1; the commit statement is wrong',
    });
  } finally {
    await admin.query('drop trigger drop_leg on posting; drop function drop_leg');
  }
});

const HEADS = [{ partition: partitionOf(A), epoch: 1, seq: 0, hash: '' }];

test('[POST-14] the statement of a batch without postings does not know the ledger at all', () => {
  const without = commitStatement(batchOf(HEADS, batch(1, { postings: [] })));
  expect([without.name, /posting/.test(without.text)]).toEqual(['append_one', false]);
  const parts = commitStatement(batchOf(HEADS, batch(1)));
  expect([parts.name, parts.values.length - without.values.length]).toEqual(['appendp', 14]);
});
