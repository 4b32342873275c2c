import { spawn } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { openDirectory, processHub, sleep } from './process-hub.ts';
import type { ProcessHub } from './process-hub.ts';
import { Person, STORM_ENV, databaseUrl, judge, pay, pidsOf, setStage } from './storm.ts';
import type { Acked } from './storm.ts';

/*
 * The restore drill: a hub is backed up while people use it, goes on, and then everything but the archive is destroyed in one
 * moment. What they were told is compared with what the restored hub knows.
 */

export type DrillOptions = {
  readonly random: () => number;
  readonly inFlight: number;
  /** Acknowledged commands before the backup begins, between its end and the disaster, and after the restore. */
  readonly before: number;
  readonly between: number;
  readonly after: number;
  /** Whether an acknowledgement waits for the archive. */
  readonly sync: boolean;
  readonly tell: (line: string) => void;
};

type Judged = Awaited<ReturnType<typeof judge>>;
export type DrillResult = {
  readonly acknowledged_before_the_disaster: number;
  /** Of those, how many the restored journal does not have. */
  readonly lost: number;
  /** Clients that were told afterwards that what they had been told of does not exist. */
  readonly orphaned: number;
  readonly rows: number;
  readonly backup_seconds: number;
  readonly restore_seconds: number;
  /** From the disaster to the first command that was taken again, the start of the hub included. */
  readonly down_seconds: number;
  readonly restored: string;
  /** After the clients went on with the restored hub until everything had ended. */
  readonly judged: Judged;
  readonly output: string;
};

export type DrillPlace = { readonly dataDir: string; readonly archive: string; readonly restored: string };

/** A command of an operator, as npm runs it. */
export async function runBackupCommand(
  name: 'backup' | 'restore',
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<{ code: number | null; output: string; seconds: number }> {
  const main = fileURLToPath(new URL(`../../hub/backup/${name}-command.ts`, import.meta.url));
  const { DATABASE_URL: _, NATS_URL: __, ...rest } = process.env;
  const began = performance.now();
  const child = spawn(process.execPath, [main, ...args], { env: { ...rest, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  const keep = (data: Buffer): void => void (output += data.toString());
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, output, seconds: (performance.now() - began) / 1000 };
}

export async function mustRun(
  name: 'backup' | 'restore',
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<{ output: string; seconds: number }> {
  const ran = await runBackupCommand(name, args, env);
  if (ran.code !== 0) throw new Error(`npm run ${name} -- ${args.join(' ')} ended with ${ran.code}:\n${ran.output}`);
  return ran;
}

export async function openDrillPlace(): Promise<DrillPlace> {
  const home = await openDirectory('drill');
  return { dataDir: `${home}/hub`, archive: `${home}/archive`, restored: `${home}/restored` };
}

/** Ends the hub, its PostgreSQL and its NATS without a word, and everything they wrote with them. */
export async function destroy(hub: ProcessHub): Promise<void> {
  const pids = [...pidsOf('postgres', hub.dataDir), ...pidsOf('nats', hub.dataDir)];
  await hub.kill();
  for (const pid of pids) process.kill(pid, 'SIGKILL');
  // Sessions of the database notice the death of their server by themselves, and may write a last word meanwhile.
  await rm(hub.dataDir, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
}

export async function drill(place: DrillPlace, options: DrillOptions): Promise<DrillResult> {
  const env = { ...STORM_ENV, HUB_BACKUP_DIR: place.archive, HUB_BACKUP_SYNC: options.sync ? '1' : '0', HUB_CONSOLE: '0' };
  const first = await processHub(place.dataDir, env);
  let current = first;
  let stopped = false;
  const acked: Acked[] = [];
  const workers: Promise<void>[] = [];
  try {
    await first.start();
    await setStage(first);
    // Clients know one address, whoever answers there.
    const door: ProcessHub = {
      ...first,
      get url() {
        return current.url;
      },
    };
    const clerk = new Person(door, 'clerk');
    let made = 0;
    let orphaned = 0;
    const work = async (): Promise<void> => {
      while (!stopped) {
        await pay(clerk, made++, options.random, acked).catch((error: unknown) => {
          // Whose payment was lost is told that there is none. Where nothing may be lost that is a failure.
          if (options.sync || current === first) throw error;
          orphaned++;
        });
      }
    };
    for (let worker = 0; worker < options.inFlight; worker++) workers.push(work());
    await Promise.race([grownTo(acked, options.before), ...workers]);
    const backup = await mustRun('backup', ['--to', place.archive], { HUB_DATA_DIR: place.dataDir });
    options.tell(backup.output.trimEnd());
    options.tell(`backed up in ${backup.seconds.toFixed(1)} s, ${acked.length} commands acknowledged so far`);
    await grownTo(acked, acked.length + options.between);
    await destroy(first);
    const disaster = performance.now();
    const told = acked.length;
    options.tell(`disaster: ${told} commands acknowledged, only ${place.archive} is left`);
    const restore = await mustRun('restore', ['--from', place.archive, '--data-dir', place.restored], {});
    const second = await processHub(place.restored, { ...env });
    await second.start();
    const down = performance.now() - disaster;
    const { lost, rows } = await lostOf(place.restored, acked.slice(0, told));
    current = second;
    await Promise.race([grownTo(acked, told + options.after), ...workers]);
    stopped = true;
    await Promise.all(workers);
    const judged = await judgedOf(place.restored, acked);
    return {
      ...{ acknowledged_before_the_disaster: told, lost, orphaned, rows },
      ...{ backup_seconds: backup.seconds, restore_seconds: restore.seconds, down_seconds: down / 1000 },
      ...{ restored: restore.output, judged, output: second.output() },
    };
  } finally {
    stopped = true;
    await current.stop();
  }
}

async function grownTo(acked: readonly Acked[], wanted: number): Promise<void> {
  for (const until = performance.now() + 300_000; acked.length < wanted; await sleep(20)) {
    if (performance.now() > until) throw new Error(`Only ${acked.length} of ${wanted} commands were acknowledged`);
  }
}

async function lostOf(dataDir: string, acked: readonly Acked[]): Promise<{ lost: number; rows: number }> {
  return withDatabase(dataDir, async (client) => {
    const { rows } = await client.query<{ lost: string; rows: string }>(
      `select (select count(*) from journal) as rows, (select count(*) from unnest($1::text[], $2::text[]) as a(actor, event_id)
        where not exists (select from journal j where j.actor = a.actor and j.event_id = a.event_id)) as lost`,
      [acked.map(({ address }) => address), acked.map(({ event_id }) => event_id)],
    );
    return { lost: Number(rows[0]?.lost), rows: Number(rows[0]?.rows) };
  });
}

function judgedOf(dataDir: string, acked: readonly Acked[]): Promise<Judged> {
  return withDatabase(dataDir, (client) => judge(client, acked));
}

export async function withDatabase<Answer>(dataDir: string, work: (client: pg.Client) => Promise<Answer>): Promise<Answer> {
  const client = new pg.Client({ connectionString: databaseUrl(dataDir) });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
