import { randomBytes } from 'node:crypto';
import { chownSync, constants, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Refused } from '../../actors/store/refused.ts';
import type { Lsn } from '../../actors/store/replication.ts';
import { toLsn } from '../../actors/store/replication.ts';
import { keptSecret, writeDurably } from '../embedded/data-directory.ts';
import type { ServiceLog } from '../embedded/keeper.ts';
import { nextFreePort } from '../embedded/ports.ts';
import { platformPackage, readyBinaries } from '../embedded/postgres-binaries.ts';
import type { PostgresBinaries } from '../embedded/postgres-binaries.ts';
import { clusterOf } from '../embedded/postgres-cluster.ts';
import { postgresPlace } from '../embedded/postgres-place.ts';
import type { PostgresPlace } from '../embedded/postgres-place.ts';
import { EmbeddedPostgres } from '../embedded/postgres.ts';
import type { Account } from '../embedded/run-command.ts';
import type { Archive, Lineage, Segment } from './archive.ts';
import { copyTree } from './base-backup.ts';
import type { Base } from './manifest.ts';
import { sha256Of } from './manifest.ts';
import { unpackTar } from './tar.ts';
import { SUMS } from './wal-writer.ts';

/** Where recovery stops; without any of them at the end of the log. */
export type Target = { readonly at: Date } | { readonly transaction: string } | undefined;

export type Recovery = {
  readonly archive: Archive;
  readonly base: Base;
  readonly lineage: Lineage;
  /** The log that leads forward from the base. */
  readonly files: readonly Segment[];
  readonly tell: (line: string) => void;
  readonly log: ServiceLog;
};

/** Replaying a day of a busy hub's log takes minutes; hours mean that something else is wrong. */
const PATIENCE_MS = 12 * 3600_000;
const FIRST_PORT = 16_432;

/** A data directory under construction, with a place for its cluster. */
export type Site = { readonly dataDir: string; readonly place: PostgresPlace; readonly binaries: PostgresBinaries };

/** Puts the hub's own files where the restored hub will look for them, and finds a place and programs for its database. */
export async function prepareSite(dataDir: string, { base, log }: Recovery): Promise<Site> {
  mkdirSync(dataDir, { mode: process.getuid?.() === 0 ? 0o711 : 0o700 });
  copyTree(join(base.dir, 'hub'), dataDir);
  const place = await postgresPlace(dataDir, undefined, (message) => log.warn({}, message));
  const binaries = await readyBinaries({ packageDir: platformPackage(), copies: join(place.dir, 'bin'), account: place.account });
  if (binaries.major !== base.manifest.postgres.major)
    throw new Refused(
      `The backup is of PostgreSQL ${base.manifest.postgres.version}, and this release of the hub brings ${binaries.version}: restore it with the release that made it (${base.manifest.release}).`,
    );
  writeDurably(join(dataDir, 'postgres.json'), JSON.stringify(place.isOutside ? { dir: place.dir } : {}));
  return { dataDir, place, binaries };
}

/** Unpacks the base backup, replays the log to the target, and leaves the database running for whoever looks at it. */
export async function recover(recovery: Recovery, site: Site, target: Target): Promise<EmbeddedPostgres> {
  const { base, lineage, tell, log } = recovery;
  const { dataDir, place, binaries } = site;
  const cluster = clusterOf(place);
  rmSync(cluster, { recursive: true, force: true });
  tell(`unpacking the base backup of ${base.manifest.ended_at.toISOString()}`);
  await unpackCluster(recovery, cluster, place.account);
  // What ALTER SYSTEM once said of the old surroundings, as that commits wait for an archive, is not true of the new ones.
  truncateSync(join(cluster, 'postgresql.auto.conf'));
  const settings = [...recoverySettings(lineage, target), 'hot_standby=off', 'synchronous_standby_names='];
  const password = keptSecret(dataDir, 'postgres').value;
  const server = new EmbeddedPostgres({ dataDir, place, binaries, password, log, progress: tell, settings, patience_ms: PATIENCE_MS });
  tell(`replaying the log from ${toLsn(base.manifest.start)} on`);
  try {
    await server.open(await nextFreePort(FIRST_PORT));
    return server;
  } catch (error) {
    await server.stop().catch(() => undefined);
    throw explained(error, target);
  }
}

/** The base backup with the log beside it, ready to recover when PostgreSQL is started on it. */
export async function unpackCluster(recovery: Recovery, cluster: string, account: Account | undefined): Promise<void> {
  mkdirSync(cluster, { mode: 0o700 });
  if (account) chownSync(cluster, account.uid, account.gid);
  await unpackTar(join(recovery.base.dir, 'base.tar'), cluster, account);
  await copyLog(recovery, join(cluster, 'pg_wal'), account);
  const signal = join(cluster, 'recovery.signal');
  writeFileSync(signal, '', { mode: 0o600 });
  if (account) chownSync(signal, account.uid, account.gid);
}

/** All of the log is in the cluster's own directory already, so that nobody has to be asked for it: the command finds nothing. */
export function recoverySettings(lineage: Lineage, target: Target): string[] {
  const settings = ['restore_command=false', `recovery_target_timeline=${lineage.at(-1)?.timeline ?? 1}`, 'recovery_target_action=promote'];
  if (target === undefined) return settings;
  if ('at' in target) return [...settings, `recovery_target_time=${target.at.toISOString().replace('T', ' ').replace('Z', '+00')}`];
  return [...settings, `recovery_target_xid=${target.transaction}`, 'recovery_target_inclusive=on'];
}

/**
 * Copied, not linked: PostgreSQL uses the files of its log again. The segment that was being filled is made as long as a whole
 * one; recovery stops where its content stops.
 */
async function copyLog({ archive, files, tell }: Recovery, into: string, account: Account | undefined): Promise<void> {
  const from = join(archive.dir, 'wal');
  const sums = readSums(join(from, SUMS));
  const give = (path: string): void => {
    if (account) chownSync(path, account.uid, account.gid);
  };
  tell(`copying ${files.length} segments of the log`);
  for (const { name, isPartial } of files) {
    const path = join(from, name);
    const whole = name.replace('.partial', '');
    const sum = sums.get(whole);
    if (!isPartial && sum !== undefined && (await sha256Of(path)) !== sum)
      throw new Refused(
        `${path} was changed since it was written: the log is good only up to there. --at a moment before it, or an undamaged copy of the file.`,
      );
    await copyFile(path, join(into, whole), constants.COPYFILE_FICLONE);
    truncateSync(join(into, whole), archive.segment_bytes);
    give(join(into, whole));
  }
  // All of them, not only those that lead to the target: by them PostgreSQL knows which timelines are taken, and begins another.
  for (const name of readdirSync(from).filter((each) => /^[0-9A-F]{8}\.history$/.test(each))) {
    await copyFile(join(from, name), join(into, name));
    give(join(into, name));
  }
}

function readSums(path: string): ReadonlyMap<string, string> {
  const text = existsSync(path) ? readFileSync(path, 'utf8') : '';
  return new Map([...text.matchAll(/^([0-9a-f]{64}) {2}([0-9A-F]{24})$/gm)].map(([, sum = '', name = '']) => [name, sum]));
}

function explained(error: unknown, target: Target): unknown {
  const said = error instanceof Error ? error.message : String(error);
  if (/recovery ended before configured recovery target was reached/.test(said))
    return new Refused(
      `The archive's log ends before ${target !== undefined && 'at' in target ? target.at.toISOString() : 'that row'}. Leave the target out to restore all that there is.`,
    );
  if (/before consistent recovery point/.test(said))
    return new Refused('That moment lies before the end of the base backup: name an earlier one with --base (npm run backup -- --list).');
  return error;
}

/** Whether the replay came as far as the log that was given; damage in the middle would end it early without a word. */
export function endedEarly(files: readonly Segment[], replayed: Lsn): boolean {
  const lastWhole = files.findLast(({ isPartial }) => !isPartial);
  return lastWhole !== undefined && replayed < lastWhole.start;
}

export function newHistory(): string {
  return randomBytes(8).toString('base64url').slice(0, 10);
}
