import { spawn } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { chmod, mkdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startEmbedded } from '../hub/embedded/services.ts';
import { destroy, drill, mustRun, openDrillPlace, runBackupCommand, withDatabase } from './support/drill.ts';
import type { DrillPlace } from './support/drill.ts';
import { eventually, freePort, openDirectory, processHub, sleep } from './support/process-hub.ts';
import type { ProcessHub } from './support/process-hub.ts';
import { Person, STORM_ENV, seeded, setStage } from './support/storm.ts';

/* The long form is `npm run prove -- restore`. */

test(
  '[BACKUP-1] a hub that was destroyed under load comes back from its archive with every acknowledged event, and no effect is done twice',
  { timeout: 240_000 },
  async () => {
    const seed = Math.floor(Math.random() * 2 ** 31);
    const place = await openDrillPlace();
    try {
      const options = { random: seeded(seed), inFlight: 16, before: 200, between: 200, after: 100, sync: true };
      const result = await drill(place, { ...options, tell: (line) => process.stderr.write(`${line}\n`) });
      const { judged, lost, restore_seconds, down_seconds, acknowledged_before_the_disaster: told } = result;
      process.stderr.write(
        `the restore took ${restore_seconds.toFixed(1)} s, the hub was away for ${down_seconds.toFixed(1)} s, lost ${lost} of ${told}\n`,
      );
      const { missing, doubled, unended, gaps, broken_links } = judged;
      expect({ lost, missing, doubled, unended, gaps, broken_links }, `seed ${seed}: ${JSON.stringify(result)}`).toEqual({
        ...{ lost: 0, missing: 0, doubled: 0, unended: 0, gaps: 0, broken_links: 0 },
      });
      expect(judged.charges).toBe(judged.settled);
      expect(result.restored).toContain('every signed head that is known is in the journal');
    } finally {
      await rm(dirname(place.dataDir), { recursive: true, force: true });
    }
  },
);

const SILENT = { info: () => undefined, warn: () => undefined, error: () => undefined };
const INPUT = { client: 'acme', payee: 'Bar Supplies Ltd', amount_minor: 2_500, currency: 'EUR', reference: 'INV-1' };

describe('one archive and what can be made of it', () => {
  let place: DrillPlace;
  let hub: ProcessHub;
  let middle: Date;
  const env = (): Record<string, string> => ({ ...STORM_ENV, HUB_CONSOLE: '0', HUB_BACKUP_DIR: place.archive, HUB_BACKUP_SYNC: '1' });
  const home = (): string => dirname(place.dataDir);
  const create = async (at: ProcessHub, id: string): Promise<number> =>
    (await new Person(at, 'clerk').call('POST', '/v1/actors/payment', { id, input: INPUT }, `create-${id}`)).status;
  const knows = async (at: ProcessHub, id: string): Promise<number> =>
    (await new Person(at, 'clerk').call('GET', `/v1/actors/payment/${id}`)).status;
  const history = (dataDir: string): Promise<string> =>
    withDatabase(dataDir, async (client) =>
      String((await client.query(`select value from setting where name = 'history'`)).rows[0]?.value),
    );

  beforeAll(async () => {
    place = await openDrillPlace();
    hub = await processHub(place.dataDir, env());
    await hub.start();
    await setStage(hub);
    expect(await create(hub, 'early')).toBe(201);
    await mustRun('backup', [], { HUB_DATA_DIR: place.dataDir, HUB_BACKUP_DIR: place.archive });
    expect(await create(hub, 'middle')).toBe(201);
    await sleep(100);
    middle = new Date();
    await sleep(100);
    expect(await create(hub, 'late')).toBe(201);
  }, 120_000);

  afterAll(async () => {
    await hub.stop();
    await rm(home(), { recursive: true, force: true });
  });

  test(
    '[BACKUP-11] a restore to a moment has what was before it and nothing after, and the hub goes on from there',
    { timeout: 120_000 },
    async () => {
      const dataDir = join(home(), 'moment');
      const before = await history(place.dataDir);
      await mustRun('restore', ['--from', place.archive, '--data-dir', dataDir, '--at', middle.toISOString()], {});
      const restored = await processHub(dataDir, { ...STORM_ENV, HUB_CONSOLE: '0' });
      try {
        await restored.start();
        expect([await knows(restored, 'early'), await knows(restored, 'middle'), await knows(restored, 'late')]).toEqual([200, 200, 404]);
        expect(await create(restored, 'late')).toBe(201);
        expect(await history(dataDir)).not.toBe(before);
        expect(restored.output()).not.toContain('lacks what was signed');
      } finally {
        await restored.stop();
      }
    },
  );

  test('[BACKUP-12] a restore to a row of the journal has it as its last', { timeout: 120_000 }, async () => {
    const row = await withDatabase(place.dataDir, async (client) => {
      const { rows } = await client.query<{ partition: number; seq: string }>(
        `select partition, seq from journal where actor = 'payment/middle' and version = 1`,
      );
      return rows[0];
    });
    const dataDir = join(home(), 'row');
    await mustRun('restore', ['--from', place.archive, '--data-dir', dataDir, '--to-seq', `${row?.partition}:${row?.seq}`], {});
    const restored = await processHub(dataDir, { ...STORM_ENV, HUB_CONSOLE: '0' });
    try {
      await restored.start();
      expect([await knows(restored, 'early'), await knows(restored, 'middle'), await knows(restored, 'late')]).toEqual([200, 200, 404]);
    } finally {
      await restored.stop();
    }
  });

  test(
    '[BACKUP-13] with HUB_BACKUP_SYNC nothing is acknowledged that the archive does not have, and all goes on when it is back',
    { timeout: 60_000 },
    async () => {
      const wal = join(place.archive, 'wal');
      await rename(wal, `${wal}.away`);
      // The segment under way is still open; ending its connection makes the hub look for the archive.
      await withDatabase(place.dataDir, (client) =>
        client.query(`select pg_terminate_backend(pid) from pg_stat_replication where application_name = 'green_lines_archive'`),
      );
      writeFileSync(wal, 'in the way'); // so that no new directory can take its place
      let acknowledged = false;
      const created = create(hub, 'waiting').then((status) => {
        acknowledged = status === 201;
      });
      await sleep(3_000);
      expect(acknowledged).toBe(false);
      const answer = await fetch(`${hub.url}/readyz`);
      expect(answer.status).toBe(503);
      expect(JSON.stringify(await answer.json())).toContain('does not get the write-ahead log');
      await rm(wal);
      await rename(`${wal}.away`, wal);
      await created;
      expect(acknowledged).toBe(true);
    },
  );

  test(
    '[BACKUP-14] a backup that is killed leaves nothing that looks like one, and the next one removes its remains',
    { timeout: 60_000 },
    async () => {
      const main = fileURLToPath(new URL('../hub/backup/backup-command.ts', import.meta.url));
      const args = [main, '--to', place.archive];
      const base = join(place.archive, 'base');
      const child = spawn(process.execPath, args, { env: { ...process.env, HUB_DATA_DIR: place.dataDir, DATABASE_URL: '', NATS_URL: '' } });
      await eventually('the copy has begun', 20_000, () => readdirSync(base).some((name) => name.startsWith('making-')));
      child.kill('SIGKILL');
      await new Promise((resolve) => child.once('exit', resolve));
      expect(readdirSync(base).filter((name) => name.startsWith('making-'))).toHaveLength(1);
      const listed = await mustRun('backup', ['--to', place.archive, '--list'], {});
      expect(listed.output.trim().split('\n')).toHaveLength(1);
      await mustRun('backup', ['--to', place.archive, '--keep', '2'], { HUB_DATA_DIR: place.dataDir });
      expect(readdirSync(base)).toHaveLength(2);
    },
  );

  test('[BACKUP-15] a restore writes over nothing, and takes no backup that is not what was backed up', { timeout: 120_000 }, async () => {
    const dataDir = join(home(), 'damaged');
    const refused = async (...args: string[]): Promise<string> => {
      const ran = await runBackupCommand('restore', ['--from', place.archive, '--data-dir', dataDir, ...args], {});
      expect(ran.code, ran.output).toBe(1);
      expect(readdirSync(home()).filter((name) => name.includes('restoring'))).toEqual([]);
      return ran.output;
    };
    await mkdir(dataDir);
    writeFileSync(join(dataDir, 'something'), '');
    expect(await refused()).toContain('is not empty, and a restore writes over nothing');
    await rm(dataDir, { recursive: true });
    expect(await refused('--at', '2020-01-01T00:00:00Z')).toContain('lies before the first base backup');
    const name = readdirSync(join(place.archive, 'base')).toSorted()[0] ?? '';
    const segment =
      readdirSync(join(place.archive, 'wal'))
        .toSorted()
        .find((each) => /^[0-9A-F]{24}$/.test(each) && each.endsWith('2')) ?? '';
    for (const [path, says] of [
      [join('base', name, 'base.tar'), 'base.tar was changed'],
      [join('base', name, 'hub', 'secrets', 'postgres'), 'secrets/postgres was changed'],
      [join('wal', segment), `${segment} was changed`],
    ] as const) {
      const whole = join(place.archive, path);
      const bytes = readFileSync(whole);
      const bad = Buffer.from(bytes);
      const middleByte = Math.floor(bad.length / 2);
      bad[middleByte] = (bad[middleByte] ?? 0) ^ 1;
      writeFileSync(whole, bad);
      expect(await refused('--base', name), path).toContain(says);
      writeFileSync(whole, bytes);
    }
    const manifest = join(place.archive, 'base', name, 'manifest.json');
    const text = readFileSync(manifest, 'utf8');
    writeFileSync(manifest, text.replace(/"major": "\d+"/, '"major": "14"'));
    expect(await refused('--base', name)).toContain('restore it with the release that made it');
    writeFileSync(manifest, text);
    expect(existsSync(dataDir)).toBe(false);
  });

  test(
    '[BACKUP-16] also a backup of a hub that is stopped can be made, and one with no archive of its log restores to its end',
    { timeout: 120_000 },
    async () => {
      const plain = join(home(), 'plain');
      const alone = await processHub(plain, { ...STORM_ENV, HUB_CONSOLE: '0' });
      await alone.start();
      await setStage(alone);
      expect(await create(alone, 'only')).toBe(201);
      await alone.stop();
      const archive = join(home(), 'one-off');
      await mustRun('backup', ['--to', archive], { HUB_DATA_DIR: plain });
      await destroy(alone);
      await mustRun('restore', ['--from', archive], { HUB_DATA_DIR: plain });
      await alone.start();
      expect(await knows(alone, 'only')).toBe(200);
      await alone.stop();
      expect((await runBackupCommand('backup', ['--to', join(plain, 'backups')], { HUB_DATA_DIR: plain })).output).toContain(
        'lies in the data directory',
      );
      expect((await runBackupCommand('backup', ['--to', archive], { HUB_DATA_DIR: join(home(), 'nowhere') })).output).toContain(
        'holds no database of a hub',
      );
    },
  );
});

test(
  "[BACKUP-17] a PostgreSQL of one's own is backed up over its address alone, and is restored in two halves",
  { timeout: 180_000 },
  async () => {
    const home = await openDirectory('own');
    const archive = join(home, 'archive');
    const natsPort = await freePort();
    const start = (dir: string): ReturnType<typeof startEmbedded> =>
      startEmbedded({ dataDir: dir, postgres: true, nats: true, natsPort, progress: () => undefined, log: SILENT });
    const env = { HUB_DEMO: '0', HUB_ADMIN_PASSWORD: STORM_ENV.HUB_ADMIN_PASSWORD, HUB_CONSOLE: '0', HUB_SECRET_KEY: 's'.repeat(32) };
    const client = { name: 'Acme GmbH', country: 'DE', email: 'accounts@acme.example', kind: 'company' };
    let theirs = await start(join(home, 'theirs'));
    let hub = await processHub(join(home, 'hub'), {
      ...env,
      DATABASE_URL: theirs.databaseUrl ?? '',
      NATS_URL: theirs.natsHubUrl ?? '',
      HUB_BACKUP_DIR: archive,
    });
    try {
      await hub.start();
      await new Person(hub, 'admin').call('PUT', '/v1/people/clerk', { roles: ['clerk'], password: STORM_ENV.HUB_ADMIN_PASSWORD });
      await mustRun('backup', ['--to', archive], { ...env, DATABASE_URL: theirs.databaseUrl ?? '', HUB_DATA_DIR: join(home, 'hub') });
      expect((await new Person(hub, 'clerk').call('POST', '/v1/actors/client', { id: 'acme', input: client }, 'create-acme')).status).toBe(
        201,
      );
      await hub.stop();
      const password = readFileSync(join(home, 'theirs', 'secrets', 'postgres'), 'utf8');
      await theirs.stop();
      const refused = await runBackupCommand('restore', ['--from', archive, '--data-dir', join(home, 'none')], env);
      expect(refused.output).toContain('--cluster DIR');
      // Here the embedded programs play the operator's own: they get the cluster, and its password, where they look for them.
      const again = join(home, 'again');
      await mkdir(join(again, 'postgres'), { recursive: true });
      await mkdir(join(again, 'secrets'));
      writeFileSync(join(again, 'secrets', 'postgres'), password, { mode: 0o600 });
      await chmod(again, 0o711);
      await mustRun('restore', ['--from', archive, '--cluster', join(again, 'postgres', 'cluster'), '--data-dir', join(home, 'hub2')], env);
      theirs = await start(again);
      const url = theirs.databaseUrl ?? '';
      const finished = await mustRun('restore', ['--from', archive, '--finish'], {
        ...env,
        DATABASE_URL: url,
        HUB_DATA_DIR: join(home, 'hub2'),
      });
      expect(finished.output).toContain('every signed head that is known is in the journal');
      hub = await processHub(join(home, 'hub2'), { ...env, DATABASE_URL: url, NATS_URL: theirs.natsHubUrl ?? '', HUB_BACKUP_DIR: archive });
      await hub.start();
      expect((await new Person(hub, 'clerk').call('GET', '/v1/actors/client/acme')).status).toBe(200);
      expect(hub.output()).not.toContain('lacks what was signed');
    } finally {
      await hub.stop();
      await theirs.stop();
      await rm(home, { recursive: true, force: true });
    }
  },
);

test(
  '[BACKUP-18] what a restored hub does goes into the same archive, and the next restore has both its lives, or the first alone',
  { timeout: 240_000 },
  async () => {
    const place = await openDrillPlace();
    const env = { ...STORM_ENV, HUB_CONSOLE: '0', HUB_BACKUP_DIR: place.archive, HUB_BACKUP_SYNC: '1' };
    const hub = await processHub(place.dataDir, env);
    const create = async (id: string): Promise<number> =>
      (await new Person(hub, 'clerk').call('POST', '/v1/actors/payment', { id, input: INPUT }, `create-${id}`)).status;
    const knows = async (id: string): Promise<number> => (await new Person(hub, 'clerk').call('GET', `/v1/actors/payment/${id}`)).status;
    const again = async (...args: string[]): Promise<string> => {
      await destroy(hub);
      const { output } = await mustRun('restore', ['--from', place.archive, '--data-dir', place.dataDir, ...args], {});
      await hub.start();
      return output;
    };
    try {
      await hub.start();
      await setStage(hub);
      await mustRun('backup', ['--to', place.archive], { HUB_DATA_DIR: place.dataDir });
      expect(await create('first-life')).toBe(201);
      await again();
      expect(await create('second-life')).toBe(201);
      expect(await again()).toContain('every signed head that is known is in the journal');
      expect([await knows('first-life'), await knows('second-life')]).toEqual([200, 200]);
      await again('--timeline', '1');
      expect([await knows('first-life'), await knows('second-life')]).toEqual([200, 404]);
      expect(hub.output()).not.toContain('lacks what was signed');
      expect(hub.output()).not.toContain('does not get the write-ahead log');
    } finally {
      await hub.stop();
      await rm(dirname(place.dataDir), { recursive: true, force: true });
    }
  },
);

test('[BACKUP-19] a hub that is given no archive any more waits for none, and keeps no log for it', { timeout: 120_000 }, async () => {
  const place = await openDrillPlace();
  const plain = { ...STORM_ENV, HUB_CONSOLE: '0' };
  const asked = (text: string): Promise<unknown> =>
    withDatabase(place.dataDir, async (client) => (await client.query(text)).rows[0]?.value);
  const slots = `select count(*)::int as value from pg_replication_slots`;
  const waits = `select current_setting('synchronous_standby_names') as value`;
  const first = await processHub(place.dataDir, { ...plain, HUB_BACKUP_DIR: place.archive, HUB_BACKUP_SYNC: '1' });
  const second = await processHub(place.dataDir, plain);
  try {
    await first.start();
    expect(await asked(`select sync_state as value from pg_stat_replication`)).toBe('sync');
    expect([await asked(slots), await asked(waits)]).toEqual([1, 'green_lines_archive']);
    await first.kill(); // its PostgreSQL lives on, and waits for an archive that does not come back
    await second.start();
    await setStage(second);
    expect([await asked(slots), await asked(waits)]).toEqual([0, '']);
  } finally {
    await second.stop();
    await first.stop();
    await rm(dirname(place.dataDir), { recursive: true, force: true });
  }
});
