import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, rmdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Refused } from '../../actors/store/refused.ts';
import { toLsn } from '../../actors/store/replication.ts';
import { beginAnew, hashesAt, readRecovered, transactionOf } from '../../actors/store/restored.ts';
import type { Recovered } from '../../actors/store/restored.ts';
import { compareHead, heedResets, readHeads } from '../../actors/signed-heads.ts';
import type { HeadsKey, SignedHead } from '../../actors/signed-heads.ts';
import type { ServiceLog } from '../embedded/keeper.ts';
import type { EmbeddedPostgres } from '../embedded/postgres.ts';
import { HeadsFile, copyHeads, headsKeyOf, readSignedHeads } from '../signed-heads.ts';
import { lineageOf, readArchive, syncDirectory, unbroken } from './archive.ts';
import type { Archive } from './archive.ts';
import { basesOf, mustMatch } from './manifest.ts';
import type { Base } from './manifest.ts';
import { endedEarly, newHistory, prepareSite, recover } from './recovery.ts';
import type { Recovery, Site, Target } from './recovery.ts';
import type { RestoreTarget } from './restore-target.ts';

export type RestoreOptions = {
  readonly from: string;
  /** Absent or empty; made by the restore. */
  readonly dataDir: string;
  readonly target: RestoreTarget;
  /** The newest that can lead to the target, if not named. */
  readonly base?: string | undefined;
  /** Another than the newest line of history, after a restore that should not have been. */
  readonly timeline?: number | undefined;
  /** HUB_SECRET_KEY, where the operator keeps it himself. */
  readonly secretKey: string | undefined;
  readonly node: string;
  /** Looks at the whole restored journal; undefined where nobody wants to wait for that. */
  readonly verify: ((url: string, dataDir: string) => Promise<boolean>) | undefined;
  readonly tell: (line: string) => void;
  readonly log: ServiceLog;
};

export type Restored = Recovered & {
  readonly base: string;
  /** The history that clients will see. */
  readonly begun: string;
  /** Signed heads that were kept with the backups and that the restored journal does not contain: it ends before them. */
  readonly missing: readonly SignedHead[];
  /** Those that it contains with another content: it is not the journal that was signed. */
  readonly changed: readonly SignedHead[];
  /** Whether the journal and everything made of it is as it was written; undefined where nobody looked. */
  readonly isWell: boolean | undefined;
};

/**
 * Makes a data directory on which `npm start` goes on from the target. It is built beside its place and moved there at the end, so
 * that a restore that was interrupted leaves nothing that looks like a hub.
 */
export async function restore(options: RestoreOptions): Promise<Restored> {
  const { dataDir, tell } = options;
  mustBeFree(dataDir);
  const recovery = await planned(options);
  if (!recovery.base.manifest.embedded)
    throw new Refused(
      `The backup ${recovery.base.name} is of a PostgreSQL of your own: --cluster DIR instead of --data-dir makes a directory for it.`,
    );
  const draft = `${dataDir}.restoring-${randomBytes(3).toString('hex')}`;
  mkdirSync(dirname(dataDir), { recursive: true });
  let site: Site | undefined;
  try {
    site = await prepareSite(draft, recovery);
    const { server, target } = await recoverTo(recovery, site, options.target);
    try {
      const restored = await finish(options, recovery, { site, server, target });
      await server.stop();
      if (existsSync(dataDir)) rmdirSync(dataDir);
      renameSync(draft, dataDir);
      syncDirectory(dirname(dataDir));
      return restored;
    } finally {
      await server.stop();
    }
  } catch (error) {
    tell('removing what was restored so far');
    if (site?.place.isOutside === true) rmSync(site.place.dir, { recursive: true, force: true });
    rmSync(draft, { recursive: true, force: true });
    throw error;
  }
}

export function mustBeFree(dataDir: string): void {
  if (existsSync(dataDir) && readdirSync(dataDir).length > 0)
    throw new Refused(
      `${dataDir} is not empty, and a restore writes over nothing: name another directory with --data-dir, or move this one aside (mv ${dataDir} ${dataDir}.before).`,
    );
}

/** Chooses the base backup and the log that lead to the target, and checks that they are what was written. */
export async function planned({
  from,
  base: name,
  target,
  timeline,
  tell,
  log,
}: Omit<RestoreOptions, 'dataDir' | 'node' | 'secretKey' | 'verify'>): Promise<Recovery> {
  const archive = readArchive(from);
  const base = chosen(archive, { name, before: target !== undefined && 'at' in target ? target.at : undefined });
  tell(`checking the base backup ${base.name}`);
  await mustMatch(base, tell);
  const lineage = lineageOf(archive, timeline);
  if (!lineage.some((each) => each.timeline === base.manifest.timeline))
    throw new Refused(
      `The base backup is of timeline ${base.manifest.timeline}, which does not lead to timeline ${lineage.at(-1)?.timeline}.`,
    );
  const { files, gap } = unbroken(archive, lineage, base.manifest.start);
  const end = (files.at(-1)?.start ?? 0n) + BigInt(archive.segment_bytes);
  if (files.length === 0 || end < base.manifest.end)
    throw new Refused(
      `The log in ${join(from, 'wal')} does not reach the end of the base backup ${base.name} (${toLsn(base.manifest.end)}).`,
    );
  if (gap) tell(`The log has a gap at ${toLsn(end)}: what lies behind it can be reached from a later base backup only.`);
  return { archive, base, lineage, files, tell, log };
}

function chosen(archive: Archive, { name, before }: { name: string | undefined; before: Date | undefined }): Base {
  const bases = basesOf(archive);
  if (bases.length === 0) throw new Refused(`${archive.dir} holds no complete base backup.`);
  if (name !== undefined) {
    const named = bases.find((base) => base.name === name);
    if (named === undefined) throw new Refused(`There is no base backup ${name}, only ${bases.map((base) => base.name).join(', ')}.`);
    return named;
  }
  const fitting = bases.findLast(({ manifest }) => before === undefined || manifest.ended_at <= before);
  if (fitting === undefined)
    throw new Refused(
      `${before?.toISOString()} lies before the first base backup, which ended at ${bases[0]?.manifest.ended_at.toISOString()}: nothing leads there.`,
    );
  return fitting;
}

/** A row names no moment that PostgreSQL could stop at; the transaction that wrote it does, and is known once all is replayed. */
async function recoverTo(recovery: Recovery, site: Site, target: RestoreTarget): Promise<{ server: EmbeddedPostgres; target: Target }> {
  if (target === undefined || 'at' in target) return { server: await recover(recovery, site, target), target };
  const { partition, seq } = target.row;
  recovery.tell(`looking for the transaction of row ${partition}:${seq}`);
  const whole = await recover(recovery, site, undefined);
  const transaction = await transactionOf(whole.url, partition, seq).finally(() => whole.stop());
  if (transaction === undefined) throw new Refused(`The journal has no row ${seq} in partition ${partition}.`);
  return { server: await recover(recovery, site, { transaction }), target: { transaction } };
}

type Recovering = { readonly site: Site; readonly server: EmbeddedPostgres; readonly target: Target };

async function finish(options: RestoreOptions, recovery: Recovery, { site, server, target }: Recovering): Promise<Restored> {
  const { log, node, secretKey } = options;
  const recovered = await readRecovered(server.url);
  if (target === undefined && endedEarly(recovery.files, recovered.replayed))
    throw new Error(
      `The log could be replayed only to ${toLsn(recovered.replayed)}, and there is more of it: a segment behind that place is damaged. --at a moment before it restores what is good.`,
    );
  const key = headsKeyOf({ secretKey, dataDir: site.dataDir });
  const noted = await noteRestore({ url: server.url, archive: recovery.archive, dataDir: site.dataDir, key, node, recovered, log });
  const isWell = await options.verify?.(server.url, site.dataDir);
  return { ...recovered, base: recovery.base.name, ...noted, isWell };
}

export type Noting = {
  readonly url: string;
  readonly archive: Archive;
  readonly dataDir: string;
  readonly key: HeadsKey;
  readonly node: string;
  readonly recovered: Recovered;
  readonly log: ServiceLog;
};

/** Compares a recovered database with the heads that were signed, and begins its history anew, signed as well. */
export async function noteRestore({
  url,
  archive,
  dataDir,
  key,
  node,
  recovered,
  log,
}: Noting): Promise<Pick<Restored, 'begun' | 'missing' | 'changed'>> {
  const against = await compared(url, expectedHeads(archive, dataDir, key));
  const begun = newHistory();
  await beginAnew(url, begun);
  const { hub_id, heads } = recovered;
  const line = await new HeadsFile(dataDir, key).append({ hub_id, node, history: begun, at: Date.now(), reason: 'restored', heads });
  // So that the next restore does not look for what this one left out. An archive that may only be read does without.
  await copyHeads(archive.dir, 'restores', line).catch((error: unknown) =>
    log.warn({ err: error }, `the restore is not noted in the archive: ${String(error)}`),
  );
  return { begun, ...against };
}

/** The newest signed head of each partition: those of the data directory when it was backed up, and those that went to the archive. */
function expectedHeads(archive: Archive, dataDir: string, key: HeadsKey): SignedHead[] {
  const dir = join(archive.dir, 'heads');
  const kept = existsSync(dir) ? readdirSync(dir).map((name) => readHeads(readFileSync(join(dir, name), 'utf8'), key.publicKey)) : [];
  const records = [readSignedHeads(dataDir, key.publicKey), ...kept].flatMap((read) => read.records);
  const { expected } = heedResets(records.toSorted((a, b) => a.at - b.at));
  return [...expected.values()].flatMap((heads) => heads.toSorted((a, b) => a.seq - b.seq).at(-1) ?? []);
}

async function compared(url: string, expected: readonly SignedHead[]): Promise<Pick<Restored, 'missing' | 'changed'>> {
  const found = await hashesAt(url, expected);
  const judged = expected.map((head) => ({ head, how: compareHead(head, found.get(`${head.partition}:${head.seq}`)) }));
  const those = (wanted: string): SignedHead[] => judged.filter(({ how }) => how === wanted).map(({ head }) => head);
  return { missing: those('missing'), changed: those('changed') };
}
