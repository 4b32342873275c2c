import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { testDatabase } from '../../tests/support/postgres.ts';
import type { TestDatabase } from '../../tests/support/postgres.ts';
import { sceneDefinitions, writeScene } from '../../tests/support/journal-scene.ts';
import type { Scene } from '../../tests/support/journal-scene.ts';
import { actorRow, postingRow } from '../../tests/contract/rows.ts';
import { JournalReader } from '../store/audit.ts';
import { ReadModels } from '../store/read-models.ts';
import { toLine } from './finding.ts';
import { rebuild } from './rebuild.ts';
import { verifyJournal } from './verify.ts';

let database: TestDatabase;
let scene: Scene;
let client: pg.Client;

beforeAll(async () => {
  database = await testDatabase();
  scene = await writeScene(database.url);
  client = new pg.Client({ connectionString: database.url });
  await client.connect();
  await rebuild({ url: database.url, definitions: sceneDefinitions });
});
afterAll(async () => {
  await client.end();
  await scene.store.close();
  await database.close();
});

const MODELS = ['actor', 'posting', 'actor_text'];

async function dump(tables = MODELS): Promise<Record<string, unknown>> {
  const dumped: Record<string, unknown> = {};
  for (const table of tables) dumped[table] = (await client.query(`select t::text as row from ${table} t order by t::text`)).rows;
  return dumped;
}

async function lines(): Promise<string[]> {
  const reader = await JournalReader.open(database.url);
  try {
    return (await verifyJournal({ reader, definitions: sceneDefinitions })).findings.map(toLine);
  } finally {
    await reader.close();
  }
}

test('[REBUILD-1] whatever was done to the read models, a rebuild makes them byte for byte what the commits had written', async () => {
  const [before, rest] = [await dump(), await dump(['journal', 'refusal', 'creation', 'dead_letter', 'progress'])];
  expect(await lines()).toEqual([]);
  const garbled = [
    `update actor set title = md5(title), version = version + 1, state = 'nowhere', pending = 3 where address like 'counter/%'`,
    `delete from actor where address like 'till/%'`,
    `insert into actor select (json_populate_record(a, '{"address":"counter/ghost"}')).* from actor a where address = 'counter/scene_0'`,
    `update posting set amount_minor = amount_minor * 2, account = 'till:thief' where leg = 0`,
    `delete from posting where leg = 1 and version % 3 = 0`,
    `update actor_text set text = 'nothing'`,
    `delete from actor_text where address like 'client/%'`,
  ];
  for (const statement of garbled) {
    await client.query(statement);
    expect((await dump()) === before).toBe(false);
  }
  expect((await lines()).length).toBeGreaterThan(30);
  const rebuilt = await rebuild({ url: database.url, definitions: sceneDefinitions });
  expect(rebuilt).toEqual({ actors: scene.addresses.length, legs: (before.posting as unknown[]).length, kept: 0, findings: [] });
  expect(await dump()).toEqual(before);
  expect(await dump(['journal', 'refusal', 'creation', 'dead_letter', 'progress'])).toEqual(rest);
  expect(await lines()).toEqual([]);
  await client.query('truncate actor, posting, actor_text');
  await rebuild({ url: database.url, definitions: sceneDefinitions });
  expect(await dump()).toEqual(before);
});

test('[PERIOD-33] what a rebuild reads was let through once: it goes into months that have been closed since, and nothing else does', async () => {
  const models = await ReadModels.open(database.url);
  const period = { ...actorRow({ address: 'period/2026-05', state: 'closed' }), due_at: null, created_at: '1', updated_at: '1' };
  await models.writeActors([period]);
  await models.writeLegs([postingRow({ actor: 'payment/a', version: 1, effective: Date.UTC(2026, 4, 20) })]);
  await models.close();
  const { rows } = await client.query(`select tgenabled from pg_trigger where tgname = 'posting_period'`);
  expect(rows).toEqual([{ tgenabled: 'O' }]);
});

test('[REBUILD-2] nothing is rebuilt while a node is up, and no node can take a partition while it is rebuilt', async () => {
  await scene.store.renew('alive', '', 60_000);
  await client.query('delete from posting where leg = 1');
  const before = await dump();
  await expect(rebuild({ url: database.url, definitions: sceneDefinitions })).rejects.toThrow(/A hub is up \(alive\)/);
  expect(await dump()).toEqual(before);
  await scene.store.release('alive');
  let claimed = false;
  let during: boolean | undefined;
  let claim: Promise<unknown> = Promise.resolve();
  await rebuild({
    url: database.url,
    definitions: sceneDefinitions,
    progress: () => {
      during ??= claimed;
      if (during === false && !claimed) claim = scene.store.claim('late', [3]).then(() => (claimed = true));
    },
  });
  await claim;
  await scene.store.release('late');
  expect([during, claimed, await lines()]).toEqual([false, true, []]);
});

test('[REBUILD-3] a rebuild that does not come to its end leaves everything as it was', async () => {
  const before = await dump();
  const broken = rebuild({
    url: database.url,
    definitions: sceneDefinitions,
    progress: () => {
      throw new Error('The power went');
    },
  });
  await expect(broken).rejects.toThrow('The power went');
  expect(await dump()).toEqual(before);
});

test('[REBUILD-4] of a kind of actor that this release does not know, what only its machine could say is kept as it stood', async () => {
  const before = await dump(['actor']);
  const fewer = new Map([...sceneDefinitions].filter(([type]) => type !== 'client'));
  const rebuilt = await rebuild({ url: database.url, definitions: fewer });
  expect(rebuilt.kept).toBe(1);
  expect(await dump(['actor'])).toEqual(before);
  const reader = await JournalReader.open(database.url);
  expect(await verifyJournal({ reader, definitions: fewer })).toMatchObject({ lean: 1, count: 0 });
  await reader.close();
  await rebuild({ url: database.url, definitions: sceneDefinitions });
});
