/** A database cluster on disk: how it is made, whether it fits the programs at hand, and the settings it runs with. */
import {
  chownSync,
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createHash, randomBytes } from 'node:crypto';
import { totalmem } from 'node:os';
import { join } from 'node:path';
import type { PostgresBinaries } from './postgres-binaries.ts';
import type { PostgresPlace } from './postgres-place.ts';
import { runCommand, type Account } from './run-command.ts';

export function clusterOf(place: PostgresPlace): string {
  return join(place.dir, 'cluster');
}

export function hasCluster(place: PostgresPlace): boolean {
  return existsSync(join(clusterOf(place), 'PG_VERSION'));
}

/** Throws when the cluster was made by another major version: its files mean something else to these programs. */
export function mustFit(place: PostgresPlace, binaries: PostgresBinaries): void {
  const made = readFileSync(join(clusterOf(place), 'PG_VERSION'), 'utf8').trim();
  if (made !== binaries.major) {
    throw new Error(
      `the database in ${clusterOf(place)} was made by PostgreSQL ${made}, and this release of the hub brings ${binaries.version}: start the release that made it and move the data with pg_dump, or set DATABASE_URL`,
    );
  }
}

/**
 * Makes the cluster beside its place and moves it there whole and synced, so that a hub killed half-way leaves nothing that
 * looks like a database. Collation is by code point, the same on every machine and as fast as C; letters are Unicode's.
 */
export async function makeCluster(place: PostgresPlace, binaries: PostgresBinaries, password: string): Promise<void> {
  const id = randomBytes(6).toString('hex');
  const draft = join(place.dir, `making-${id}`);
  const passwordFile = join(place.dir, `making-${id}.password`);
  writeFileSync(passwordFile, `${password}\n`, { mode: 0o600, flag: 'wx' });
  try {
    if (place.account) chownSync(passwordFile, place.account.uid, place.account.gid);
    await mustRun(binaries.initdb, place.account, [
      `--pgdata=${draft}`,
      '--username=hub',
      `--pwfile=${passwordFile}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      '--locale=C',
      '--locale-provider=builtin',
      '--builtin-locale=C.UTF-8',
      '--text-search-config=simple',
      '--no-instructions',
      '--no-sync',
    ]);
    await mustRun(binaries.initdb, place.account, ['--sync-only', `--pgdata=${draft}`]);
    renameSync(draft, clusterOf(place));
    syncDirectory(place.dir);
  } finally {
    rmSync(passwordFile, { force: true });
    rmSync(draft, { recursive: true, force: true });
  }
}

/**
 * The settings, given at every start so that a newer release or a larger machine takes effect. What clients said in a failed
 * statement is kept out of the log: it may be somebody's name or account.
 */
export async function settingsFor(place: PostgresPlace, binaries: PostgresBinaries, port: number): Promise<string[]> {
  const compression = (await supports(place, binaries, 'wal_compression=lz4')) ? 'lz4' : 'off';
  const settings = {
    cluster_name: nameOf(clusterOf(place)),
    listen_addresses: '127.0.0.1',
    port: String(port),
    unix_socket_directories: '', // everybody comes by TCP with a password; a socket's path may be too long, its lock file stale
    max_connections: '60',
    shared_buffers: `${sharedBuffers_mb()}MB`,
    fsync: 'on',
    synchronous_commit: 'on',
    full_page_writes: 'on',
    wal_compression: compression,
    max_wal_size: '4GB',
    checkpoint_timeout: '10min',
    max_slot_wal_keep_size: '8GB', // an archive that nobody comes to fill must not fill the disk
    jit: 'off',
    timezone: 'UTC',
    log_timezone: 'UTC',
    log_min_messages: 'warning',
    log_error_verbosity: 'terse',
    log_min_error_statement: 'panic',
    log_checkpoints: 'off',
    logging_collector: 'off',
  };
  return Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}

/** How the processes of this cluster's sessions begin in the process list; so those that outlive their server are found. */
export function titleOf(cluster: string): string {
  return `postgres: ${nameOf(cluster)}: `;
}

function nameOf(cluster: string): string {
  return `hub-${createHash('sha256').update(cluster).digest('hex').slice(0, 16)}`;
}

/** Drafts of a hub that was killed. Its initdb may still be writing into one; then that one stays until the next time. */
export function removeHalfMade(place: PostgresPlace): void {
  for (const name of readdirSync(place.dir).filter((entry) => entry.startsWith('making-'))) {
    try {
      rmSync(join(place.dir, name), { recursive: true, force: true, maxRetries: 3 });
    } catch {
      continue;
    }
  }
}

/** Asks the server itself: which compressions it knows was decided when it was compiled. */
async function supports(place: PostgresPlace, binaries: PostgresBinaries, setting: string): Promise<boolean> {
  const asked = await runCommand({
    command: binaries.postgres,
    args: ['-C', setting.split('=')[0] ?? '', '-c', setting, '-D', clusterOf(place)],
    timeout_ms: 10_000,
    account: place.account,
  });
  return asked.code === 0;
}

/** An eighth of the memory (of the container's, if it is limited), at most what the journal's hot pages need. */
function sharedBuffers_mb(): number {
  const limit = process.constrainedMemory();
  const memory = limit > 0 ? Math.min(limit, totalmem()) : totalmem();
  return Math.max(32, Math.min(256, Math.floor(memory / 8 / 1_048_576)));
}

async function mustRun(command: string, account: Account | undefined, args: readonly string[]): Promise<void> {
  const ran = await runCommand({ command, args, timeout_ms: 120_000, account });
  if (ran.code !== 0) throw new Error(`the database could not be made: ${ran.output}`);
}

function syncDirectory(dir: string): void {
  const handle = openSync(dir, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
