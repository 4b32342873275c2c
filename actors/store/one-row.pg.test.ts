import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { partitionOf } from '../../machines/ids.ts';
import { actorRow, journalRow } from '../../tests/contract/rows.ts';
import { testDatabase } from '../../tests/support/postgres.ts';
import type { TestDatabase } from '../../tests/support/postgres.ts';
import { openPostgres } from './postgres.ts';
import { commitStatement } from './statements.ts';
import type { ActorRow, Batch, JournalRow } from './store.ts';

/* A batch of one row has a statement of its own. It must write what the other one writes, and stand behind the same fence. */

const A = 'payment/a';
const PARTITION = partitionOf(A);
const CLAIM = 'update partition set epoch = epoch + 1 where id = $1';

let database: TestDatabase;
let owner: pg.Client;
let claimer: pg.Client;

beforeAll(async () => {
  database = await testDatabase();
  await (await openPostgres({ url: database.url, lease_ms: 5_000, lanes: 1, release: '1' })).close();
  owner = new pg.Client({ connectionString: database.url });
  claimer = new pg.Client({ connectionString: database.url });
  await Promise.all([owner.connect(), claimer.connect()]);
});
beforeEach(async () => {
  await owner.query('rollback');
  await claimer.query('rollback');
  await owner.query('truncate journal, actor; update partition set epoch = 1');
});
afterAll(async () => {
  await Promise.all([owner.end(), claimer.end()]);
  await database.close();
});

function batchOf(...given: readonly (readonly [JournalRow, ActorRow])[]): Batch {
  const partitions = [...new Set(given.map(([row]) => row.partition))].sort((a, b) => a - b).map((id) => ({ id, epoch: 1 }));
  const [journal, actors] = [given.map(([row]) => row), given.map(([, actor]) => actor)];
  return { partitions, journal, actors, refusals: [], creations: [], dead: [], postings: [] };
}

/** The rows of actor A, as the tables hold them after this batch. */
async function kept(batch: Batch): Promise<unknown[]> {
  await owner.query('truncate journal, actor');
  const { rows, rowCount } = await owner.query<{ held: number; j: number; a: number }>(commitStatement(batch));
  if (batch.journal.length === 1) expect(rowCount).toBe(1);
  else expect(rows).toEqual([{ held: batch.partitions.length, j: batch.journal.length, a: batch.actors.length }]);
  const journal = await owner.query('select * from journal where actor = $1', [A]);
  const actor = await owner.query('select * from actor where address = $1', [A]);
  return [...journal.rows, ...actor.rows];
}

const ONE = batchOf([journalRow({ actor: A, version: 1 }), actorRow({ address: A })]);

describe('a batch of one row', () => {
  test.each<[string, Partial<JournalRow>, Partial<ActorRow>]>([
    ['whose optional columns are empty', {}, {}],
    [
      'with every column filled',
      { causation: 'c', correlation: 'r', traceparent: 't', asked: '{"sends":[],"events":[]}', at: 1_795_317_005_304, machine_version: 3 },
      { tags: 'x,y', due_at: '1795317005304', pending: 2, parked: true, title: 'Bar', summary: 's', client: 'acme', agent: 'ann' },
    ],
    ['without a state', {}, { state: '' }],
    ['with texts that no column can hold', { caller: 'a\u001eb\0c' }, { title: 'a\u001eb\0c', summary: '"quoted" {braces}, \\ and \n' }],
    ['with an envelope of quotes and braces', { envelope: '{"a":"\\"{,}\\\\ NULL"}' }, { title: 'NULL', client: 'null' }],
  ])('[ALONE-1] %s is written as it would be among others', async (_, row, actor) => {
    const mine = [journalRow({ actor: A, version: 1, ...row }), actorRow({ address: A, ...actor })] as const;
    const another = [journalRow({ actor: 'payment/b', version: 1, seq: 2 }), actorRow({ address: 'payment/b' })] as const;
    const alone = await kept(batchOf(mine));
    expect(commitStatement(batchOf(mine)).name).not.toBe(commitStatement(batchOf(mine, another)).name);
    expect(alone).toHaveLength(2);
    expect(alone).toEqual(await kept(batchOf(mine, another)));
  });

  test('[ALONE-2] is upserted: a later version takes the place of the earlier one in the list', async () => {
    await owner.query(commitStatement(ONE));
    const next = batchOf([journalRow({ actor: A, version: 2 }), actorRow({ address: A, version: 2, state: 'busy', updated_at: 2_000 })]);
    await owner.query(commitStatement(next));
    const { rows } = await owner.query('select version, state from actor');
    expect(rows).toEqual([{ version: 2, state: 'busy' }]);
    expect((await owner.query('select version from journal order by version')).rows).toEqual([{ version: 1 }, { version: 2 }]);
  });

  test('[ALONE-3] of an epoch that is over writes nothing, and one whose claim is under way waits for it first', async () => {
    await claimer.query('begin');
    await claimer.query(CLAIM, [PARTITION]);
    const commit = owner.query(commitStatement(ONE));
    expect(await Promise.race([commit.then(() => 'went through'), sleep(150).then(() => 'waits')])).toBe('waits');
    await claimer.query('commit');
    expect((await commit).rowCount).toBe(0);
    expect((await owner.query(commitStatement(ONE))).rowCount).toBe(0);
    expect((await owner.query('select 1 from journal union all select 1 from actor')).rows).toEqual([]);
  });

  test('[ALONE-4] makes a claim wait that comes while it is under way', async () => {
    await owner.query('begin');
    await owner.query(commitStatement(ONE));
    const claim = claimer.query(CLAIM, [PARTITION]);
    expect(await Promise.race([claim.then(() => 'went through'), sleep(150).then(() => 'waits')])).toBe('waits');
    await owner.query('commit');
    await claim;
    expect((await claimer.query('select seq::int from journal')).rows).toEqual([{ seq: 1 }]);
  });
});
