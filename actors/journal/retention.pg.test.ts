import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { partitionOf } from '../../machines/ids.ts';
import { testDatabase } from '../../tests/support/postgres.ts';
import type { TestDatabase } from '../../tests/support/postgres.ts';
import { sceneDefinitions, writeScene } from '../../tests/support/journal-scene.ts';
import type { Scene } from '../../tests/support/journal-scene.ts';
import { batchOf, journalRow } from '../../tests/contract/rows.ts';
import { chainHash } from '../chain.ts';
import { JournalReader } from '../store/audit.ts';
import { openPostgres } from '../store/postgres.ts';
import { toLine } from './finding.ts';
import { rebuild } from './rebuild.ts';
import { retain, undoRetention } from './retention.ts';
import { verifyJournal } from './verify.ts';

let database: TestDatabase;
let scene: Scene;
let client: pg.Client;

beforeAll(async () => {
  database = await testDatabase();
  scene = await writeScene(database.url);
  client = new pg.Client({ connectionString: database.url });
  await client.connect();
  // As after a while in which everything went out.
  await client.query('update progress p set published = (select coalesce(max(seq), 0) from journal j where j.partition = p.partition)');
});
afterAll(async () => {
  await client.end();
  await scene.store.close();
  await database.close();
});

const TABLES = ['journal', 'actor', 'posting', 'actor_text', 'refusal', 'creation', 'dead_letter', 'journal_archive', 'progress'];

/** Every row of these tables, byte for byte. */
async function dump(tables: readonly string[] = TABLES): Promise<Record<string, unknown>> {
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

const later = (): number => scene.now + 1;
const countOf = async (text: string): Promise<number> =>
  Number(((await client.query(`select count(*)::int as n from ${text}`)).rows as { n: number }[])[0]?.n);

test('[KEEP-1] what may still act is left alone: actors with timers or effects, parked ones, those that moved since, and what has not gone out', async () => {
  const before = await dump();
  expect((await retain({ url: database.url, before: 0, dry: false })).rows).toBe(0);
  await client.query('update progress set published = 0');
  expect((await retain({ url: database.url, before: later(), dry: false })).rows).toBe(0);
  await client.query('update progress p set published = (select coalesce(max(seq), 0) from journal j where j.partition = p.partition)');
  expect(await dump()).toEqual(before);
  const dry = await retain({ url: database.url, before: later(), dry: true });
  expect(dry.rows).toBeGreaterThan(60);
  expect(dry.packed).toBeLessThan(dry.bytes);
  expect(await dump()).toEqual(before);
  const busy = await client.query(`select address from actor where pending > 0 or due_at is not null or parked`);
  expect(busy.rows.length).toBeGreaterThan(2);
});

test('[KEEP-2] contents of actors at rest are moved, never the newest, no row goes, and everything reads as it did before', async () => {
  const read = async (): Promise<unknown> => {
    const store = await openPostgres({ url: database.url, lease_ms: 60_000, lanes: 1, release: '1' });
    try {
      return await Promise.all(
        scene.addresses.map(async (address) => [
          await store.history(address, 1, 1_000, 1_000),
          await store.at(address, { version: 2 }),
          await store.at(address, { at: scene.now }),
          await store.since(partitionOf(address), 0, 100),
          await store.versions([{ actor: address, version: 3 }]),
          await store.load([address]),
          await store.lookup([{ actor: address, event_id: 'caller:ann:round-3-0' }]),
        ]),
      );
    } finally {
      await store.close();
    }
  };
  const [before, rows, newest] = [await read(), await countOf('journal'), await dump(['actor'])];
  const retained = await retain({ url: database.url, before: later(), dry: false });
  expect(retained.findings).toEqual([]);
  expect(await countOf('journal')).toBe(rows);
  expect(await countOf(`journal where envelope = '' and event = '' and asked is null and envelope_hash is not null`)).toBe(retained.rows);
  expect(await countOf(`journal j join actor a on a.address = j.actor and a.version = j.version where j.envelope = ''`)).toBe(0);
  expect(
    await countOf(
      `journal j join actor a on a.address = j.actor where j.envelope = '' and (a.pending > 0 or a.due_at is not null or a.parked)`,
    ),
  ).toBe(0);
  expect(await read()).toEqual(before);
  expect(await dump(['actor'])).toEqual(newest);
});

test('[KEEP-3] the chain of a journal whose contents are in the archive verifies, and what is changed in the archive is found', async () => {
  expect(await lines()).toEqual([]);
  const { rows } = await client.query('select actor, first, last from journal_archive where last > first order by actor limit 2');
  const [one, two] = rows as { actor: string; first: number; last: number }[];
  if (one === undefined || two === undefined) throw new Error('The scene has bundles');
  const said = async (statement: string): Promise<string> => {
    await client.query('begin');
    await client.query(statement);
    const { findings } = await verifyJournal({ reader: JournalReader.within(client), definitions: sceneDefinitions });
    await client.query('rollback');
    return findings.map(toLine).join('\n');
  };
  const of = (bundle: { actor: string }): string => `journal_archive where actor = '${bundle.actor}'`;
  expect(
    await said(`update journal_archive set contents = set_bit(contents, 77, 1 - get_bit(contents, 77)) where actor = '${one.actor}'`),
  ).toContain(`${one.actor}@1: the archive's bundle of versions 1 to ${one.last} was changed`);
  expect(await said(`delete from ${of(one)}`)).toContain(`${one.actor}@1: envelope was emptied, and no archive holds it`);
  const swapped = `update journal_archive set (contents, contents_hash) = (select contents, contents_hash from ${of(two)}) where actor = '${one.actor}'`;
  expect(await said(swapped)).toMatch(/what the archive has of it was changed|holds \d+ versions/);
  expect(await said(`update journal set envelope_hash = md5('x') || md5('y') where actor = '${one.actor}' and version = 1`)).toContain(
    `${one.actor}@1`,
  );
  const asked = `select actor from journal where asked_hash is not null limit 1`;
  expect(await said(`update journal set asked_hash = null where actor = (${asked})`)).toContain('its hash does not match');
  expect(await said(`update journal set envelope = '{}' where actor = '${one.actor}' and version = 1`)).toContain(
    'was written into a row that is in the archive',
  );
  expect(await said(`update journal_archive set last = last + 1 where actor = '${one.actor}'`)).toContain('holds');
  expect(await said(`insert into journal_archive select 'counter/nobody', first, last, contents, contents_hash from ${of(one)}`)).toContain(
    'rows that the journal does not have',
  );
});

/** One more event for an actor at rest, as a commit writes it. */
async function goOn(address: string): Promise<void> {
  const { store } = scene;
  await store.renew('on', '', 60_000);
  const [head] = await store.claim('on', [partitionOf(address)]);
  const [row] = await store.history(address, 1, 1_000, 1);
  const [lean] = await store.rows([address]);
  if (head === undefined || row === undefined || lean === undefined) throw new Error('The actor is there');
  const [version, at] = [row.version + 1, row.at + 1];
  const envelope = JSON.stringify({ ...(JSON.parse(row.envelope) as object), version, at });
  const made = journalRow({ actor: address, version, seq: head.seq + 1, event_id: `caller:ann:on-${version}`, at, envelope });
  const journal = [{ ...made, hash: chainHash(head.hash, made) }];
  await store.commit(batchOf([head], { journal, actors: [{ ...lean, version, updated_at: at }] }), 0);
  await client.query('update progress set published = $2 where partition = $1', [head.partition, head.seq + 1]);
  await store.release('on');
}

test('[KEEP-4] a second run moves nothing more, and an actor that went on has its later versions in a bundle of their own', async () => {
  expect((await retain({ url: database.url, before: later(), dry: false })).rows).toBe(0);
  const { rows } = await client.query(`select actor, last from journal_archive where actor like 'counter/%' order by actor limit 1`);
  const [{ actor, last }] = rows as [{ actor: string; last: number }];
  const before = await scene.store.history(actor, 1, last + 1, 1_000);
  for (let n = 0; n < 3; n++) await goOn(actor);
  expect(await lines()).toEqual([]);
  expect(await retain({ url: database.url, before: scene.now + 60_000, dry: false })).toMatchObject({ actors: 1, rows: 3 });
  const bundles = await client.query('select first, last from journal_archive where actor = $1 order by first', [actor]);
  expect(bundles.rows).toEqual([
    { first: 1, last },
    { first: last + 1, last: last + 3 },
  ]);
  expect(await scene.store.history(actor, 1, last + 1, 1_000)).toEqual(before);
  expect(await scene.store.lookup([{ actor, event_id: `caller:ann:on-${last + 3}` }])).toMatchObject([{ version: last + 3 }]);
  expect(await lines()).toEqual([]);
});

test('[KEEP-9] read models are made anew from the archive too', async () => {
  const tables = ['actor', 'posting', 'journal', 'journal_archive'];
  const before = await dump(tables);
  await client.query('truncate actor, posting');
  await rebuild({ url: database.url, definitions: sceneDefinitions });
  expect(await dump(tables)).toEqual(before);
});

test('[KEEP-5] everything can be put back, and then the journal is byte for byte what it was', async () => {
  const archived = await countOf(`journal where envelope = ''`);
  expect(archived).toBeGreaterThan(0);
  expect(await undoRetention(database.url)).toEqual({ rows: archived, findings: [] });
  expect(await countOf('journal_archive')).toBe(0);
  const put = await dump(['journal']);
  expect(await lines()).toEqual([]);
  await retain({ url: database.url, before: later(), dry: false });
  await undoRetention(database.url);
  expect(await dump(['journal'])).toEqual(put);
});

test('[KEEP-6] a row that does not fit its hash is not moved: it would look as if it had always been so', async () => {
  const { rows } = await client.query(
    `select address from actor where pending = 0 and due_at is null and not parked and version > 3 limit 1`,
  );
  const [{ address }] = rows as [{ address: string }];
  const { rows: was } = await client.query('select envelope from journal where actor = $1 and version = 2', [address]);
  await client.query(`update journal set envelope = replace(envelope, 'a', 'b') where actor = $1 and version = 2`, [address]);
  const retained = await retain({ url: database.url, before: later(), dry: false });
  expect(retained.findings.map(toLine)).toEqual([expect.stringContaining(`${address}@2: does not fit its hash`)]);
  expect(await countOf(`journal_archive where actor = '${address}'`)).toBe(0);
  await client.query(`update journal set envelope = $2 where actor = $1 and version = 2`, [
    address,
    (was as { envelope: string }[])[0]?.envelope,
  ]);
  expect(await lines()).toEqual([]);
});

test('[KEEP-7] only one retention runs at a time', async () => {
  await client.query('select pg_advisory_lock($1)', [0x67_6c_72]);
  await expect(retain({ url: database.url, before: 0, dry: true })).rejects.toThrow(/under way/);
  await client.query('select pg_advisory_unlock($1)', [0x67_6c_72]);
});

test('[KEEP-8] what somebody erased from the archive reads as empty, and verify says that it is gone', async () => {
  await retain({ url: database.url, before: later(), dry: false });
  const { rows } = await client.query('select actor, last from journal_archive order by actor limit 1');
  const [{ actor, last }] = rows as [{ actor: string; last: number }];
  await client.query('delete from journal_archive where actor = $1', [actor]);
  const store = await openPostgres({ url: database.url, lease_ms: 60_000, lanes: 1, release: '1' });
  expect(await store.at(actor, { version: 1 })).toMatchObject({ event: '', envelope: '', asked: '' });
  await store.close();
  expect(await lines()).toHaveLength(last);
});

test('[KEEP-14] a database that goes away ends a retention with an error, and nothing is moved by halves', async () => {
  await undoRetention(database.url);
  const before = await dump(['journal_archive']);
  await client.query('begin; lock table journal_archive in access exclusive mode');
  const gone = retain({ url: database.url, before: later(), dry: false }).then(() => 'went through', String);
  const end = `select pg_terminate_backend(pid) from pg_stat_activity
    where application_name = 'green-lines-retain' and datname = current_database() and wait_event_type = 'Lock'`;
  // Not on the connection with the lock: within a transaction it would see the same sessions for ever.
  await expect.poll(async () => (await scene.store.database().query('end', end, [])).length, { timeout: 10_000 }).toBe(1);
  expect(await gone).toMatch(/terminat|Connection|not queryable/i);
  await client.query('rollback');
  expect(await dump(['journal_archive'])).toEqual(before);
});
