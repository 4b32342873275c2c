import { appendFileSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Refused } from '../../actors/store/refused.ts';
import { readRecovered } from '../../actors/store/restored.ts';
import type { ServiceLog } from '../embedded/keeper.ts';
import { headsKeyOf } from '../signed-heads.ts';
import { readArchive } from './archive.ts';
import { copyTree } from './base-backup.ts';
import { recoverySettings, unpackCluster } from './recovery.ts';
import { mustBeFree, noteRestore, planned } from './restore.ts';
import type { RestoreOptions, Restored } from './restore.ts';

/*
 * A PostgreSQL of the operator's own is started by him: its programs, its account and its configuration are not the hub's. So a
 * restore of one has two halves, and between them he lets it replay its log.
 */

export type ClusterOptions = Pick<RestoreOptions, 'from' | 'target' | 'base' | 'timeline' | 'tell' | 'log'> & {
  /** Absent or empty; becomes PostgreSQL's data directory. */
  readonly cluster: string;
  /** Where the hub's own files go, if there is nothing yet. */
  readonly dataDir: string;
};

/** The first half: a data directory that recovers to the target as soon as a PostgreSQL of the right version is started on it. */
export async function makeOwnCluster(options: ClusterOptions): Promise<{ version: string; hubFiles: boolean }> {
  const { cluster, dataDir, target, tell } = options;
  mustBeFree(cluster);
  if (target !== undefined && !('at' in target)) throw new Refused('For a PostgreSQL of your own name a moment (--at), not a row.');
  const recovery = await planned(options);
  rmSync(cluster, { recursive: true, force: true });
  try {
    tell(`unpacking the base backup of ${recovery.base.manifest.ended_at.toISOString()}`);
    await unpackCluster(recovery, cluster, undefined);
    const lines = recoverySettings(recovery.lineage, target).map((setting) => {
      const cut = setting.indexOf('=');
      return `${setting.slice(0, cut)} = '${setting.slice(cut + 1)}'\n`;
    });
    appendFileSync(join(cluster, 'postgresql.auto.conf'), `# of the restore; only read while recovery.signal is there\n${lines.join('')}`);
  } catch (error) {
    rmSync(cluster, { recursive: true, force: true });
    throw error;
  }
  const hubFiles = isFree(dataDir);
  if (hubFiles) {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    copyTree(join(recovery.base.dir, 'hub'), dataDir);
  }
  return { version: recovery.base.manifest.postgres.version, hubFiles };
}

/** The second half, when that PostgreSQL takes commands again: hubs begin anew on it. */
export async function finishOwnCluster(options: {
  readonly url: string;
  readonly from: string;
  readonly dataDir: string;
  readonly secretKey: string | undefined;
  readonly log: ServiceLog;
}): Promise<Restored> {
  const { url, from, dataDir, secretKey, log } = options;
  const archive = readArchive(from);
  const recovered = await readRecovered(url);
  const key = headsKeyOf({ secretKey, dataDir });
  const noted = await noteRestore({ url, archive, dataDir, key, node: 'restore', recovered, log });
  return { ...recovered, base: 'of your own PostgreSQL', ...noted, isWell: undefined };
}

function isFree(dir: string): boolean {
  try {
    mustBeFree(dir);
    return true;
  } catch {
    return false;
  }
}
