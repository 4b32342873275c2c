import { sep } from 'node:path';
import { Refused } from '../../actors/store/refused.ts';
import { Replication, toLsn } from '../../actors/store/replication.ts';
import { dropSlots, waitFor, waitsFor } from '../../actors/store/standby.ts';
import { BadConfig } from '../config.ts';
import type { Config } from '../config.ts';
import type { ServiceLog } from '../embedded/keeper.ts';
import { SLOTS } from './archive.ts';
import { RECEIVER, WalReceiver, identify } from './wal-receiver.ts';

/** The log of the database on its way into the archive, for as long as the hub runs. */
export type Archiving = {
  /** Why nothing may be acknowledged: the archive is to have everything, and does not get it. */
  trouble(): string | undefined;
  /** Bytes that the archive has not got yet; 0 where there is none. */
  behind(): number;
  /** Waits until the archive has everything, for a moment; call it when nothing is committed any more. */
  stop(): Promise<void>;
};

type ArchivingOptions = {
  readonly config: Pick<Config, 'backupDir' | 'backupSync' | 'dataDir' | 'databaseUrl'>;
  readonly url: string;
  readonly log: ServiceLog;
};

const START_MS = 20_000;
const LAST_MS = 3_000;

/**
 * Begins to fill the archive, or sees to it that nobody waits for one. Call it before the first commit: with HUB_BACKUP_SYNC every
 * commit waits for the receiver that is started here.
 */
export async function startArchiving({ config, url, log }: ArchivingOptions): Promise<Archiving> {
  const { backupDir: dir, backupSync, databaseUrl } = config;
  const isEmbedded = databaseUrl === undefined;
  if (dir === undefined) {
    if (isEmbedded) {
      await waitFor(url, undefined);
      for (const slot of await dropSlots(url, SLOTS))
        log.warn({ slot }, 'HUB_BACKUP_DIR is not set any more: no log is kept for its archive');
    }
    return { trouble: () => undefined, behind: () => 0, stop: () => Promise.resolve() };
  }
  if (`${dir}${sep}`.startsWith(`${config.dataDir}${sep}`))
    throw new BadConfig(`HUB_BACKUP_DIR lies in the data directory (${dir}): name another place, on another disk.`);
  if (isEmbedded && !backupSync) await waitFor(url, undefined);
  const receiver = new WalReceiver({ url, dir, slot: 'lasting', log });
  receiver.start();
  try {
    await begun(receiver, { backupSync, isEmbedded, url, log });
  } catch (error) {
    await receiver.stop();
    throw error;
  }
  return {
    trouble: () => {
      const trouble = backupSync ? receiver.trouble() : undefined;
      return trouble === undefined ? undefined : `the archive ${dir} does not get the write-ahead log: ${trouble}`;
    },
    behind: () => receiver.behind,
    stop: async () => {
      await lastBytes(receiver, url).catch((error: unknown) =>
        log.warn({ err: error, archive: dir }, 'The archive lacks the end of the log'),
      );
      await receiver.stop();
    },
  };
}

/** Without HUB_BACKUP_SYNC a hub starts also when its archive cannot be reached, and says so until it can. */
async function begun(
  receiver: WalReceiver,
  { backupSync, isEmbedded, url, log }: { backupSync: boolean; isEmbedded: boolean; url: string; log: ServiceLog },
): Promise<void> {
  try {
    await receiver.reached(0n, START_MS);
  } catch (error) {
    if (backupSync || error instanceof Refused) throw error;
    log.error({ err: error }, 'The hub starts without its archive, which is tried again');
  }
  if (!backupSync) return;
  if (isEmbedded) return waitFor(url, RECEIVER);
  const name = await waitsFor(url);
  if (!name.includes(RECEIVER))
    throw new BadConfig(
      `HUB_BACKUP_SYNC is set, and PostgreSQL does not wait for the archive: ALTER SYSTEM SET synchronous_standby_names = ${RECEIVER}; SELECT pg_reload_conf();`,
    );
}

async function lastBytes(receiver: WalReceiver, url: string): Promise<void> {
  const connection = await Replication.open(url, 'green_lines_backup');
  try {
    const { end } = await identify(connection);
    await receiver.reached(end, LAST_MS).catch(() => {
      throw new Error(`it should have come to ${toLsn(end)} within ${LAST_MS / 1000} s`);
    });
  } finally {
    await connection.close();
  }
}
