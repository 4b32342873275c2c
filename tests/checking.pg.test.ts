import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { HeadsFile, headsKeyOf } from '../hub/signed-heads.ts';
import { writeScene } from './support/journal-scene.ts';
import { testDatabase } from './support/postgres.ts';
import type { TestDatabase } from './support/postgres.ts';

const SECRET_KEY = 'a secret of the tests with more than 32 characters';

let database: TestDatabase;
let dataDir: string;
let client: pg.Client;

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'green-lines-checking-'));
  database = await testDatabase();
  const { store } = await writeScene(database.url);
  await store.close();
  client = new pg.Client({ connectionString: database.url });
  await client.connect();
  await client.query('update progress p set published = (select coalesce(max(seq), 0) from journal j where j.partition = p.partition)');
  await client.query(`insert into setting (name, value) values ('hub_id', 'hub_1')`);
});
afterAll(async () => {
  await client.end();
  await database.close();
  await rm(dataDir, { recursive: true, force: true });
});

type Ended = { readonly code: number; readonly out: string; readonly err: string };

/** A command as an operator runs it, in a process of its own. */
async function command(name: 'verify' | 'rebuild' | 'retain', ...args: string[]): Promise<Ended> {
  const env = { PATH: process.env['PATH'], DATABASE_URL: database.url, HUB_DATA_DIR: dataDir, HUB_SECRET_KEY: SECRET_KEY };
  try {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [`hub/commands/${name}.ts`, ...args], { env });
    return { code: 0, out: stdout, err: stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { code, out: stdout, err: stderr };
  }
}

test('[VERIFY-9] npm run verify says how much it looked at and ends with 0, or prints a line for each finding and ends with 1', async () => {
  const well = await command('verify');
  expect([well.code, well.err]).toEqual([0, '']);
  expect(well.out).toMatch(/208 rows, 20 actors, 360 legs of the ledger and 0 archived versions were checked/);
  expect(well.out).toMatch(/of 19 actors of older or unknown machines/);
  expect(well.out).toMatch(/everything is as it was written\n$/);
  await client.query(`update journal set caller = 'eve' where actor = 'client/scene_9' and version = 1`);
  const { code, out } = await command('verify');
  await client.query(`update journal set caller = 'ann' where actor = 'client/scene_9' and version = 1`);
  expect(code).toBe(1);
  expect(out).toMatch(/^partition \d+ seq 1 client\/scene_9@1: was changed, or is not the row that stood here/m);
  const wrong = await command('verify', '--from', 'yesterday');
  expect([wrong.code, wrong.out]).toEqual([1, '']);
  expect(wrong.err).toContain('--from takes the number of a row');
});

test('[VERIFY-10] npm run verify holds the journal to the heads that were signed in the data directory, and says when they are of another database', async () => {
  expect((await command('verify')).out).toContain('has no signed heads');
  const { rows } = await client.query('select distinct on (partition) partition, seq::int, hash from journal order by partition, seq desc');
  const heads = rows as { partition: number; seq: number; hash: string }[];
  const file = new HeadsFile(dataDir, headsKeyOf({ secretKey: SECRET_KEY, dataDir }));
  await file.append({ hub_id: 'hub_1', node: 'node_1', history: 'h', at: 1, reason: 'start', heads });
  const well = await command('verify');
  expect([well.code, well.out]).toEqual([0, expect.stringContaining(`${heads.length} heads were signed in ${dataDir}`)]);
  const { partition, seq } = heads[0] ?? { partition: -1, seq: 0 };
  await file.append({
    hub_id: 'hub_1',
    node: 'node_1',
    history: 'h',
    at: 2,
    reason: 'running',
    heads: [{ partition, seq: seq + 2, hash: 'ab' }],
  });
  const cut = await command('verify');
  expect([cut.code, cut.out]).toEqual([
    1,
    expect.stringContaining(`a head that was signed outside names row ${seq + 2}: its tail was cut off`),
  ]);
  await client.query(`update setting set value = 'hub_2' where name = 'hub_id'`);
  const other = await command('verify');
  await client.query(`update setting set value = 'hub_1' where name = 'hub_id'`);
  expect([other.code, other.out]).toEqual([0, expect.stringContaining('were signed of another database')]);
  await rm(join(dataDir, 'heads'), { recursive: true });
});

test('[KEEP-11] npm run retain says what it moves and moves it, or says what it would move, or puts it back', async () => {
  const archived = async (): Promise<number> =>
    ((await client.query('select count(*)::int as n from journal where envelope_hash is not null')).rows as { n: number }[])[0]?.n ?? 0;
  expect((await command('retain')).err).toContain('Say how old: --older-than 90d');
  expect((await command('retain', '--older-than', '900000d')).out).toContain('0 versions of 0 actors were moved');
  const dry = await command('retain', '--older-than', '0m', '--dry-run');
  expect([dry.code, await archived()]).toEqual([0, 0]);
  const [, versions] = /(\d+) versions of \d+ actors would be moved: [\d.]+ kB would become [\d.]+ kB/.exec(dry.out) ?? [];
  expect((await command('retain', '--older-than', '0m')).code).toBe(0);
  expect(await archived()).toBe(Number(versions));
  expect((await command('verify')).out).toContain(`${versions} archived versions were checked`);
  expect((await command('retain', '--undo')).out).toContain(`${versions} versions are back in the journal`);
  expect(await archived()).toBe(0);
});

test('[REBUILD-5] npm run rebuild refuses while a node is up, and otherwise makes everything anew and verifies it', async () => {
  await client.query(`insert into node (id, url, release, since, lease_until) values ('up', '', '1', now(), now() + interval '1 hour')`);
  const refused = await command('rebuild');
  await client.query(`delete from node`);
  expect([refused.code, refused.err]).toEqual([1, expect.stringContaining('A hub is up (up)')]);
  await client.query(`update actor set state = 'nowhere'; truncate posting`);
  expect((await command('verify')).code).toBe(1);
  const rebuilt = await command('rebuild');
  expect(rebuilt.code).toBe(0);
  expect(rebuilt.out).toMatch(/20 actors and 360 legs of the ledger were made anew/);
  expect(rebuilt.out).toMatch(/everything is as it was written\n$/);
});
