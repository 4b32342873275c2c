import { randomBytes } from 'node:crypto';
import { cpSync, existsSync, lstatSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Refused } from '../../actors/store/refused.ts';
import { Replication, readLsn, toLsn } from '../../actors/store/replication.ts';
import type { Lsn } from '../../actors/store/replication.ts';
import { writeDurably } from '../embedded/data-directory.ts';
import { identify as identifyProcess } from '../embedded/process-identity.ts';
import { openArchive, segmentName, slotOf, syncDirectory } from './archive.ts';
import type { Archive } from './archive.ts';
import { MANIFEST, basesOf, sha256Of } from './manifest.ts';
import type { Base } from './manifest.ts';
import { WalReceiver, identify } from './wal-receiver.ts';

export type BackupOptions = {
  readonly url: string;
  /** Where backups go; made if absent. */
  readonly to: string;
  /** The hub's data directory: its secrets and signed heads belong to the backup. */
  readonly dataDir: string;
  readonly embedded: boolean;
  readonly release: string;
  readonly tell: (line: string) => void;
};

/** How long the log that belongs to the backup may take to arrive, beyond the copy itself. */
const LOG_MS = 120_000;
/** What of a data directory can be made anew, or belongs to the machine: the database, which is copied by itself; NATS; logs; locks. */
const LEFT_OUT = /^(postgres|postgres\.json|nats|bin|hub\.lock.*|.*\.log(\.\d+)?|.*\.draft-\d+)$/;

/**
 * Copies the database while it runs, with the log that makes the copy whole. Whatever interrupts it, nothing that looks like a
 * backup is left. Throws {@link Refused} with what to do where it cannot be made here.
 */
export async function takeBackup(options: BackupOptions): Promise<Base> {
  const connection = await connected(options.url);
  let receiver: WalReceiver | undefined;
  try {
    const version = await mustBeAble(connection);
    const archive = openArchive(options.to, await identify(connection));
    removeAbandoned(archive);
    const [slot] = await connection.ask(`READ_REPLICATION_SLOT ${slotOf(archive)}`);
    const isKept = slot !== undefined && slot[0] !== null;
    // Where a hub brings the log into this archive all the time, this receiver finds the slot taken and stands by.
    const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };
    receiver = new WalReceiver({ url: options.url, dir: archive.dir, slot: isKept ? 'lasting' : 'temporary', log: silent });
    receiver.start();
    // A slot of this moment must be there before the copy begins, or PostgreSQL may throw away what the copy needs.
    if (!isKept) await receiver.reached(0n, LOG_MS);
    return await copy(options, { connection, archive, receiver, version });
  } finally {
    await receiver?.stop();
    await connection.close();
  }
}

async function connected(url: string): Promise<Replication> {
  try {
    return await Replication.open(url, 'green_lines_backup');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (code === '42501' || code === '28000')
      throw new Refused(
        `PostgreSQL does not let this user copy it (${String(error)}). Its user needs the right: ALTER ROLE … REPLICATION; and pg_hba.conf a line for the database "replication".`,
      );
    throw error;
  }
}

async function mustBeAble(connection: Replication): Promise<{ version: string; major: string }> {
  const [[version = ''] = []] = await connection.ask('SHOW server_version');
  const major = /^\d+/.exec(version ?? '')?.[0] ?? '';
  if (Number(major) < 15)
    throw new Refused(`This PostgreSQL is ${version}; npm run backup needs 15 or later. Use its own pg_basebackup and WAL archiving.`);
  const [[level] = []] = await connection.ask('SHOW wal_level');
  if (level === 'minimal') throw new Refused('PostgreSQL runs with wal_level = minimal; a backup while it runs needs replica.');
  return { version: version ?? '', major };
}

type Copying = {
  readonly connection: Replication;
  readonly archive: Archive;
  readonly receiver: WalReceiver;
  readonly version: { readonly version: string; readonly major: string };
};

async function copy(options: BackupOptions, { connection, archive, receiver, version }: Copying): Promise<Base> {
  const started_at = new Date();
  const draft = join(archive.dir, 'base', `making-${process.pid}-${randomBytes(4).toString('hex')}`);
  mkdirSync(draft, { mode: 0o700 });
  try {
    const copied = await copyDatabase(connection, draft, options.tell);
    const ended_at = new Date();
    options.tell(`copied ${(copied.bytes / 1e6).toFixed(0)} MB; waiting for the log up to ${toLsn(copied.end)}`);
    copyHubFiles(options.dataDir, join(draft, 'hub'));
    const files = await filesOf(draft);
    const { release, embedded } = options;
    const { timeline } = copied;
    const manifest = {
      ...{ format: 1, release, postgres: version, embedded, timeline, start: toLsn(copied.start), end: toLsn(copied.end) },
      ...{ started_at: started_at.toISOString(), ended_at: ended_at.toISOString(), files },
    };
    await logArrived(archive, { timeline, end: copied.end }, receiver);
    writeDurably(join(draft, MANIFEST), `${JSON.stringify(manifest, null, 1)}\n`);
    for (const dir of [...directoriesOf(draft), draft]) syncDirectory(dir);
    const name = started_at
      .toISOString()
      .replaceAll(/[-:]/g, '')
      .replace(/\.(\d+)Z/, '$1Z');
    renameSync(draft, join(archive.dir, 'base', name));
    syncDirectory(join(archive.dir, 'base'));
    const made = basesOf(archive).find((base) => base.name === name);
    if (made === undefined) throw new Error(`The backup ${name} was made and cannot be found`);
    return made;
  } catch (error) {
    rmSync(draft, { recursive: true, force: true });
    if (error instanceof Error && 'code' in error && error.code === 'ENOSPC')
      throw new Refused(
        `${archive.dir} is full: nothing was kept of this backup. Make room (npm run backup -- --keep N removes old ones).`,
      );
    throw error;
  }
}

/** A file that is written in order, hashed on the way by whoever reads it later, and on disk when it is closed. */
async function copyDatabase(
  connection: Replication,
  draft: string,
  tell: (line: string) => void,
): Promise<{ start: Lsn; end: Lsn; timeline: number; bytes: number }> {
  let file: FileHandle | undefined;
  let bytes = 0;
  let told = 0;
  const next = async (name: string): Promise<void> => {
    await file?.sync();
    await file?.close();
    file = await open(join(draft, name), 'wx', 0o600);
  };
  // PostgreSQL's manual, "Streaming Replication Protocol": n begins an archive, m the manifest, d is content, p progress.
  const take = async (piece: Buffer): Promise<void> => {
    const kind = piece.toString('latin1', 0, 1);
    if (kind === 'n') {
      const [name = '', place = ''] = piece.toString('utf8', 1).split('\0');
      if (name !== 'base.tar') throw new Refused(`The database has a tablespace outside of its directory (${place}): use pg_basebackup.`);
      await next(name);
    } else if (kind === 'm') await next('backup_manifest');
    else if (kind === 'd') {
      await file?.appendFile(piece.subarray(1));
      bytes += piece.length - 1;
      if (bytes - told < 500e6) return;
      told = bytes;
      tell(`${(bytes / 1e9).toFixed(1)} GB copied`);
    }
  };
  try {
    const command = `BASE_BACKUP (LABEL 'green-lines-hub', CHECKPOINT 'fast', WAIT false, MANIFEST 'yes', TABLESPACE_MAP true)`;
    const answers = await connection.copy(command, take);
    await file?.sync();
    const [start, timeline] = answers[0]?.[0] ?? [];
    const [end] = answers.at(-1)?.[0] ?? [];
    if (!start || !end || !timeline) throw new Error('PostgreSQL did not say where the backup begins and ends');
    return { start: readLsn(start), end: readLsn(end), timeline: Number(timeline), bytes };
  } finally {
    await file?.close();
  }
}

/** The backup ends with a switch to a new segment, so what it needs is in whole ones. */
async function logArrived(archive: Archive, { timeline, end }: { timeline: number; end: Lsn }, receiver: WalReceiver): Promise<void> {
  const path = join(archive.dir, 'wal', segmentName(archive, timeline, end - 1n));
  for (const until = performance.now() + LOG_MS; !existsSync(path); await sleep(100)) {
    if (performance.now() > until)
      throw new Error(
        `The log that belongs to the backup did not arrive (${basename(path)}): ${receiver.trouble() ?? 'it is slow'}. Nothing was kept.`,
      );
  }
}

function copyHubFiles(dataDir: string, to: string): void {
  mkdirSync(to, { mode: 0o700 });
  if (!existsSync(dataDir)) return;
  for (const name of readdirSync(dataDir).filter((each) => !LEFT_OUT.test(each))) copyTree(join(dataDir, name), join(to, name));
}

/** A copy that nobody may read who may not read the original: directories keep their modes, too. */
export function copyTree(from: string, to: string): void {
  const stat = lstatSync(from);
  if (!stat.isDirectory()) return cpSync(from, to, { verbatimSymlinks: true, preserveTimestamps: true });
  mkdirSync(to, { recursive: true, mode: stat.mode });
  for (const name of readdirSync(from)) copyTree(join(from, name), join(to, name));
}

async function filesOf(dir: string): Promise<Record<string, { bytes: number; sha256: string }>> {
  const files: Record<string, { bytes: number; sha256: string }> = {};
  for (const path of readdirSync(dir, { recursive: true, encoding: 'utf8' }).toSorted()) {
    const whole = join(dir, path);
    const stat = lstatSync(whole);
    if (!stat.isFile()) continue;
    const handle = await open(whole, 'r');
    await handle.sync().finally(() => handle.close());
    files[path] = { bytes: stat.size, sha256: await sha256Of(whole) };
  }
  return files;
}

function directoriesOf(dir: string): string[] {
  return readdirSync(dir, { recursive: true, encoding: 'utf8' })
    .map((path) => join(dir, path))
    .filter((path) => lstatSync(path).isDirectory());
}

/** Drafts of backups that were killed. */
function removeAbandoned(archive: Archive): void {
  for (const name of readdirSync(join(archive.dir, 'base'))) {
    const [, pid] = /^making-(\d+)-/.exec(name) ?? [];
    if (pid !== undefined && identifyProcess(Number(pid)) === undefined)
      rmSync(join(archive.dir, 'base', name), { recursive: true, force: true });
  }
}
