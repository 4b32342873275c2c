import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { actorRow, batchOf, journalRow } from '../../tests/contract/rows.ts';
import { testDatabase } from '../../tests/support/postgres.ts';
import type { TestDatabase } from '../../tests/support/postgres.ts';
import { readBoundPage } from './bound-records.ts';
import { openPostgres } from './postgres.ts';
import type { PostgresStore } from './postgres.ts';
import { commitStatement } from './statements.ts';
import type { Head } from './store.ts';
import type { Database } from '../integrations/integration.ts';

let database: TestDatabase;
let store: PostgresStore;
let client: pg.Client;
let heads: readonly Head[];

beforeAll(async () => {
  database = await testDatabase();
  store = await openPostgres({ url: database.url, lease_ms: 5_000, lanes: 1, release: '1' });
  client = new pg.Client({ connectionString: database.url });
  await client.connect();
  await store.renew('one', '', 60_000);
  heads = await store.claim('one', [...Array(32).keys()]);
});
afterAll(async () => {
  await client.end();
  await store.close();
  await database.close();
});

async function stands(id: string, context: object, state = 'agreed', version = 1): Promise<void> {
  const actor = `binding/${id}`;
  const envelope = JSON.stringify({
    snapshot: { context: { integration: 'erp', model: 'partner', external_id: id, theirs: { external_id: id, at: 7 }, ...context } },
  });
  await client.query(
    commitStatement(
      batchOf(heads, {
        journal: [journalRow({ actor, version, event_id: `${id}-${version}`, envelope })],
        actors: [actorRow({ address: actor, type: 'binding', version, state })],
      }),
    ),
  );
}

test('[BOUND-1] the records of one integration and model come in pages, as they stand now; those gone, given up or never named do not', async () => {
  await stands('a', {});
  await stands('b', { integration: 'other' });
  await stands('c', { model: 'bill' });
  await stands('d', {}, 'gone');
  await stands('e', {}, 'released');
  await stands('f', { external_id: null }, 'pushing');
  await stands('g', { external_id: 'old' }, 'conflict');
  await stands('g', { external_id: 'new' }, 'conflict', 2);
  const reports: Database = { query: async (name, text, values) => (await client.query({ name, text, values: [...values] })).rows };
  const wanted = { integration: 'records', of: 'erp', model: 'partner', limit: 3 } as const;
  const first = await readBoundPage(reports, { ...wanted, after: '' });
  expect(first).toEqual({ records: [{ binding: 'binding/a', external_id: 'a', at: 7 }], after: 'binding/c', more: true });
  const second = await readBoundPage(reports, { ...wanted, after: first.after });
  expect(second).toEqual({ records: [], after: 'binding/f', more: true });
  const third = await readBoundPage(reports, { ...wanted, after: second.after });
  expect(third).toEqual({ records: [{ binding: 'binding/g', external_id: 'new', at: 7 }], after: 'binding/g', more: false });
  expect(await readBoundPage(reports, { ...wanted, after: third.after })).toEqual({ records: [], after: 'binding/g', more: false });
});
