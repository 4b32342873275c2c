import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { testDatabase } from '../../tests/support/postgres.ts';
import type { TestDatabase } from '../../tests/support/postgres.ts';
import { sceneDefinitions, writeScene } from '../../tests/support/journal-scene.ts';
import type { Scene } from '../../tests/support/journal-scene.ts';
import { JournalReader } from '../store/audit.ts';
import type { SignedHead } from '../signed-heads.ts';
import { toLine } from './finding.ts';
import { verifyJournal } from './verify.ts';

let database: TestDatabase;
let scene: Scene;
let client: pg.Client;

beforeAll(async () => {
  database = await testDatabase();
  scene = await writeScene(database.url);
  client = new pg.Client({ connectionString: database.url });
  await client.connect();
});
afterAll(async () => {
  await client.end();
  await scene.store.close();
  await database.close();
});

type Options = { readonly heads?: ReadonlyMap<number, readonly SignedHead[]>; readonly from?: number };

/** What verify says of the journal after these statements, which are taken back. */
async function said(statements: readonly string[], options: Options = {}): Promise<string[]> {
  await client.query('begin');
  try {
    for (const statement of statements) await client.query(statement);
    const verified = await verifyJournal({ reader: JournalReader.within(client), definitions: sceneDefinitions, ...options });
    return verified.findings.map(toLine);
  } finally {
    await client.query('rollback');
  }
}

test('[VERIFY-1] a journal as the hub wrote it has no finding, and everything in it was looked at', async () => {
  const reader = await JournalReader.open(database.url);
  const verified = await verifyJournal({ reader, definitions: sceneDefinitions });
  await reader.close();
  const { rows } = await client.query(
    'select (select count(*)::int from journal) as rows, (select count(*)::int from actor) as actors, (select count(*)::int from posting) as legs',
  );
  const counts = rows[0] as { rows: number; actors: number; legs: number };
  expect(counts.legs).toBeGreaterThan(50);
  expect(verified).toEqual({ ...counts, archived: 0, lean: 0, count: 0, findings: [] });
});

/** A row in the middle of a partition that has several, with the one behind it. */
async function someRow(where = 'true'): Promise<{ partition: number; seq: number; actor: string; version: number }> {
  const { rows } = await client.query(
    `select j.partition, j.seq::int, j.actor, j.version from journal j join journal n on n.partition = j.partition and n.seq = j.seq + 1
      where j.seq > 2 and (${where}) order by j.partition, j.seq limit 1`,
  );
  const [row] = rows as { partition: number; seq: number; actor: string; version: number }[];
  if (row === undefined) throw new Error(`The scene has no row where ${where}`);
  return row;
}

test('[VERIFY-2] a change of any column of the journal is found at its row, and the column is named where the row says it twice', async () => {
  const { partition, seq, actor, version } = await someRow('j.asked is not null and j.traceparent is null and j.causation is null');
  const place = `partition ${partition} seq ${seq} ${actor}@${version}:`;
  const change = (column: string, value: string): Promise<string[]> =>
    said([`update journal set ${column} = ${value} where partition = ${partition} and seq = ${seq}`]);
  const named: [string, string][] = [
    ['event', `replace(event, '"', '" ')`],
    ['body_hash', `md5(body_hash) || md5(event)`],
    ['at', 'at + 1'],
    ['machine_version', 'machine_version + 1'],
    ['version', 'version + 1000'],
    ['hash', `md5(hash) || md5(event)`],
    ['causation', `'x'`],
    ['causation', `''`],
    ['asked_hash', `hash`],
  ];
  for (const [column, value] of named) {
    const lines = await change(column, value);
    const at = column === 'version' ? `partition ${partition} seq ${seq} ${actor}@${version + 1000}:` : place;
    expect([column, lines.filter((line) => line.startsWith(`${at} ${column} `))]).not.toEqual([column, []]);
  }
  for (const column of ['envelope', 'asked', 'caller', 'event_id']) {
    expect([column, await change(column, `translate(${column}, 'aes', 'bft')`)]).toEqual([
      column,
      expect.arrayContaining([expect.stringContaining(place)]),
    ]);
  }
});

test('[VERIFY-3] a row that was taken out, put in, doubled or put elsewhere is found', async () => {
  const { partition, seq } = await someRow();
  const row = `partition = ${partition} and seq = ${seq}`;
  expect(await said([`delete from journal where ${row}`])).toContain(`partition ${partition} seq ${seq}: the row is missing`);
  expect(await said([`delete from journal where partition = ${partition} and seq between ${seq - 1} and ${seq}`])).toContain(
    `partition ${partition} seq ${seq - 1}: the rows up to ${seq} are missing`,
  );
  const copy = (columns: string): string =>
    `insert into journal select (json_populate_record(null::journal, (to_jsonb(j) || jsonb_build_object(${columns}))::json)).* from journal j where ${row}`;
  const tail = `(select max(seq) + 1 from journal where partition = ${partition})`;
  expect((await said([copy(`'seq', ${tail}, 'version', 900, 'event_id', 'x'`)])).join('\n')).toMatch(
    /was changed, or is not the row that stood here/,
  );
  expect((await said([copy(`'seq', 0, 'version', 900, 'event_id', 'x'`)])).join('\n')).toMatch(/no partition has such a row/);
  expect((await said([copy(`'partition', 77, 'version', 900, 'event_id', 'x'`)])).join('\n')).toMatch(/no partition has such a row/);
  const swap = (from: number, to: number): string => `update journal set seq = ${to} where partition = ${partition} and seq = ${from}`;
  expect((await said([swap(seq, -5), swap(seq - 1, seq), swap(-5, seq - 1)])).length).toBeGreaterThan(1);
  const loose = 'alter table journal drop constraint journal_seq, drop constraint journal_event, drop constraint journal_pkey';
  expect((await said([loose, copy(`'seq', ${seq}`)])).join('\n')).toMatch(/another row has this number/);
});

test("[VERIFY-4] a change of any column of an actor's row is found and named, and so is a row too many or too few", async () => {
  const { rows } = await client.query(`select * from actor where address = 'client/scene_9'`);
  const [row] = rows as [Record<string, unknown>];
  for (const [column, value] of Object.entries(row)) {
    const other =
      typeof value === 'number' ? `${column} + 1` : typeof value === 'boolean' ? `not ${column}` : column.endsWith('_at') ? '5' : `'other'`;
    const lines = await said([`update actor set ${column} = ${other} where address = 'client/scene_9'`]);
    const expected =
      column === 'address' ? 'the actor has no row' : `${column} of the actor's row does not say what its newest envelope says`;
    expect([column, lines.join('\n')]).toEqual([column, expect.stringContaining(expected)]);
  }
  expect(await said([`delete from actor where address = 'client/scene_9'`])).toHaveLength(1);
  const double = `insert into actor select (json_populate_record(a, '{"address":"client/nobody"}')).* from actor a where address = 'client/scene_9'`;
  expect((await said([double])).join()).toContain('an actor has a row, and the journal does not know it');
});

test('[VERIFY-5] the ledger is checked leg by leg against what was posted', async () => {
  const { rows } = await client.query('select actor, version from posting order by actor, version limit 1');
  const [{ actor, version }] = rows as [{ actor: string; version: number }];
  const leg = `actor = '${actor}' and version = ${version} and leg = 1`;
  for (const column of ['amount_minor', 'at']) {
    expect((await said([`update posting set ${column} = ${column} + 1 where ${leg}`])).join()).toContain(
      `${actor}@${version}: ${column} of the ledger was changed`,
    );
  }
  for (const column of ['account', 'currency']) {
    expect((await said([`update posting set ${column} = 'X' where ${leg}`])).join()).toContain(
      `${actor}@${version}: ${column} of the ledger was changed`,
    );
  }
  const layers = { pending: 'not pending', effective: '1', kind: `'reversal'`, of_version: '7', of_i: '7' };
  for (const [column, value] of Object.entries(layers)) {
    expect((await said([`update posting set ${column} = ${value} where ${leg} and i = 0`])).join()).toContain(
      `${actor}@${version}: ${column} of the ledger was changed`,
    );
  }
  expect((await said([`delete from posting where ${leg}`])).join()).toContain(
    'a leg that was posted is not in the ledger (posting 0, leg 1)',
  );
  expect((await said([`update posting set leg = 7 where ${leg}`])).join()).toContain('a leg is in the ledger that was never posted');
  expect((await said([`update posting set version = 9000 where ${leg}`])).join()).toContain('whose row the journal does not have');
});

test('[VERIFY-6] an id that took effect twice or was also refused, and a creation key without its actor, are found', async () => {
  const { actor, version } = await someRow('j.version > 2');
  const loose = 'alter table journal drop constraint journal_event';
  const double = `update journal j set event_id = o.event_id from journal o where j.actor = '${actor}' and j.version = ${version} and o.actor = j.actor and o.version = 1`;
  expect((await said([loose, double])).join('\n')).toContain(`${actor}@${version}: an event id took effect more than once`);
  const refuse = `insert into refusal (actor, event_id, body_hash, reason, version, at) select actor, event_id, body_hash, 'x', version, at from journal where actor = '${actor}' and version = ${version}`;
  expect(await said([refuse])).toEqual([`${actor}@${version}: its event id was also refused`]);
  expect(await said([`insert into creation (caller, key, body_hash, actor) values ('ann', 'k', 'h', 'counter/nobody')`])).toHaveLength(1);
  expect(await said([`update creation set caller = 'bob'`])).toHaveLength(10);
});

test('[VERIFY-7] a tail that was cut off is found by the rows that name it, and where those were mended by a head that was signed outside', async () => {
  const { partition } = await someRow();
  const { rows } = await client.query('select seq::int, hash, actor, version from journal where partition = $1 order by seq desc limit 2', [
    partition,
  ]);
  const [last, before] = rows as { seq: number; hash: string; actor: string; version: number }[];
  if (last === undefined || before === undefined) throw new Error('The partition has rows');
  const cut = `delete from journal where partition = ${partition} and seq = ${last.seq}`;
  expect((await said([cut])).length).toBeGreaterThan(0);
  // All that is left of its actors is taken out too: now the tables alone agree with each other.
  const all = ['journal', 'actor', 'posting', 'refusal'].map(
    (table) =>
      `delete from ${table} where ${table === 'actor' ? 'address' : 'actor'} in (select address from actor where partition = ${partition})`,
  );
  const gone = [
    ...all.filter((text) => !text.includes('from actor where address')),
    all[1] ?? '',
    'delete from creation c where not exists (select from actor a where a.address = c.actor)',
  ];
  expect(await said(gone)).toEqual([]);
  const heads = new Map([[partition, [{ partition, seq: last.seq, hash: last.hash }]]]);
  expect(await said([], { heads })).toEqual([]);
  expect(await said(gone, { heads })).toEqual([
    `partition ${partition}: the journal ends at row 0, and a head that was signed outside names row ${last.seq}: its tail was cut off`,
  ]);
  const other = new Map([[partition, [{ partition, seq: before.seq, hash: last.hash }]]]);
  expect((await said([], { heads: other })).join()).toContain('the journal was written anew');
  expect(await said([`update progress set published = ${last.seq + 1} where partition = ${partition}`])).toHaveLength(1);
});

test('[VERIFY-8] a walk that begins further on takes what lies before for good, and finds what lies behind', async () => {
  const { partition, seq } = await someRow('j.seq > 4');
  const change = `update journal set caller = 'eve' where partition = ${partition} and seq = ${seq}`;
  expect(await said([change], { from: seq })).toHaveLength(1);
  expect(await said([change], { from: seq + 2 })).toEqual([]);
  expect(await said([], { from: 3 })).toEqual([]);
});

test('[VERIFY-12] a row with a number that is beyond what a number holds exactly is found once, and the walk comes to its end', async () => {
  const { partition, seq } = await someRow();
  const beyond = `update journal set seq = seq + 4611686018427387904 where partition = ${partition} and seq = ${seq}`;
  const found = await said([beyond]);
  expect(found).toContain(`partition ${partition} seq ${seq}: the row is missing`);
  expect(found.length).toBeLessThan(5);
});
