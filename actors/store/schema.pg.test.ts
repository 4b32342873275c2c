import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { testDatabase } from '../../tests/support/postgres.ts';
import type { TestDatabase } from '../../tests/support/postgres.ts';
import { migrations } from './migrations/migrations.ts';
import { openPostgres } from './postgres.ts';
import type { PostgresStore } from './postgres.ts';

let database: TestDatabase;
let client: pg.Client;

beforeAll(async () => {
  database = await testDatabase();
  client = new pg.Client({ connectionString: database.url });
  await client.connect();
});
afterAll(async () => {
  await client.end();
  await database.close();
});

const open = (): Promise<PostgresStore> => openPostgres({ url: database.url, lease_ms: 5_000, lanes: 1, release: '1' });

type Schema = { schema: { getUpdateSchemaSQL(options: object): Promise<string> } };

/** What MikroORM would change to make the database what the entities say; plain indexes and triggers are the migrations' own affair. */
async function difference(store: PostgresStore): Promise<string[]> {
  const sql = await (store.orm as unknown as Schema).schema.getUpdateSchemaSQL({ wrap: false });
  return sql
    .split('\n')
    .filter((line) => line.trim() !== '' && !/^drop (index|trigger|function|(table|schema) if exists "sandbox(_erp)?")/.test(line));
}

/** Opens the store in a process of its own, on a signal, so that two do it at the same time. */
async function openElsewhere(): Promise<{ go: () => Promise<unknown> }> {
  const script = fileURLToPath(new URL('../../tests/support/open-store.ts', import.meta.url));
  const child = fork(script, [database.url], { execArgv: [], stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  await once(child, 'message');
  return {
    go: async () => {
      child.send('go');
      return (await once(child, 'exit'))[0];
    },
  };
}

test('[STORE-23] two processes that open an empty database at once both succeed, and each migration has run once', async () => {
  const processes = await Promise.all([openElsewhere(), openElsewhere()]);
  expect(await Promise.all(processes.map(({ go }) => go()))).toEqual([0, 0]);
  const { rows } = await client.query<{ name: string }>('select name from migration order by id');
  expect(rows.map(({ name }) => name)).toEqual(migrations.map(({ name }) => name));
});

test('[STORE-24] opening a database that is up to date changes nothing in it', async () => {
  const shape = async (): Promise<unknown> =>
    (
      await client.query(
        `select table_name, column_name, data_type, is_nullable, collation_name from information_schema.columns where table_schema = 'public' order by 1, 2`,
      )
    ).rows;
  await client.query(`update partition set epoch = 7 where id = 3`);
  const before = await shape();
  await (await open()).close();
  expect(await shape()).toEqual(before);
  expect((await client.query(`select epoch from partition where id = 3`)).rows).toEqual([{ epoch: '7' }]);
  expect((await client.query(`select count(*)::int as n from partition`)).rows).toEqual([{ n: 32 }]);
});

test('[STORE-25] the entities and the migrations describe the same tables; a column more or of another type is found', async () => {
  const store = await open();
  try {
    expect(await difference(store)).toEqual([]);
    await client.query(`alter table journal add column extra text; alter table actor alter column pending type bigint`);
    expect((await difference(store)).join('\n')).toMatch(
      /"journal" drop column "extra"[^]*"pending" type int|"pending" type int[^]*"journal" drop column "extra"/,
    );
  } finally {
    await client.query(`alter table journal drop column if exists extra; alter table actor alter column pending type int`);
    await store.close();
  }
});

test('[STORE-26] a database that would forget what it acknowledged is refused with a sentence that says why', async () => {
  const name = new URL(database.url).pathname.slice(1);
  await client.query(`alter database ${name} set synchronous_commit = off`);
  try {
    await expect(open()).rejects.toThrow(/synchronous_commit off/);
  } finally {
    await client.query(`alter database ${name} reset synchronous_commit`);
  }
});
