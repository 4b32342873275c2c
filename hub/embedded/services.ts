/** The services that come with the hub: a real PostgreSQL and a real NATS, so that one command on a bare machine is enough. */
import { realpathSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import { trimLog } from './child.ts';
import { lockDataDirectory, type DataDirectoryLock } from './data-directory.ts';
import { Keeper, type ServiceLog } from './keeper.ts';
import { openNats, type EmbeddedNats } from './nats.ts';
import { openPostgres, type EmbeddedPostgres } from './postgres.ts';

/** One step of the start, as a sentence for a terminal. */
export type Progress = (line: string) => void;

export type EmbeddedOptions = {
  /** Absolute; made if absent. */
  dataDir: string;
  /** Whether to start PostgreSQL. */
  postgres: boolean;
  /** Whether to start NATS. */
  nats: boolean;
  /** The port that other systems expect NATS on (4222); the next free one if it is taken. */
  natsPort: number;
  progress: Progress;
  log: ServiceLog;
  /** For tests: another copy of PostgreSQL's platform package. */
  postgresPackage?: string;
};

export type Embedded = {
  databaseUrl?: string;
  /** For everybody on this machine, with a stranger's rights. */
  natsUrl?: string;
  /** With the hub's own user and password. */
  natsHubUrl?: string;
  natsPort?: number;
  /** undefined while every part is well, else the reason. */
  trouble(): string | undefined;
  /** The same of PostgreSQL alone: without NATS the hub commits what comes to its own doors, so it is ready. */
  databaseTrouble(): string | undefined;
  /** Stops PostgreSQL and NATS, waits for them and releases the data directory. May be called more than once. */
  stop(): Promise<void>;
};

/**
 * Takes the data directory and brings up what is asked for, in parallel. Servers that a killed hub left behind on the same
 * directory are adopted. Throws `DataDirectoryInUse`, or an Error with a sentence that says what to do; nothing is left
 * running then.
 */
export async function startEmbedded(options: EmbeddedOptions): Promise<Embedded> {
  if (!isAbsolute(options.dataDir)) throw new Error(`the data directory must be an absolute path, not ${options.dataDir}`);
  const lock = lockDataDirectory(options.dataDir);
  const { progress, log } = options;
  const dataDir = realpathSync(options.dataDir);
  const [postgres, nats] = await Promise.allSettled([
    options.postgres ? openPostgres({ dataDir, progress, log, packageDir: options.postgresPackage }) : undefined,
    options.nats ? openNats({ dataDir, wantedPort: options.natsPort, progress, log }) : undefined,
  ]);
  const services = [postgres, nats].flatMap((part) => (part.status === 'fulfilled' && part.value ? [part.value] : []));
  const failed = [postgres, nats].find((part) => part.status === 'rejected');
  if (failed) {
    await Promise.allSettled(services.map((service) => service.stop()));
    lock.release();
    throw failed.reason;
  }
  return running({
    postgres: postgres.status === 'fulfilled' ? postgres.value : undefined,
    nats: nats.status === 'fulfilled' ? nats.value : undefined,
    log,
    lock,
  });
}

function running(parts: {
  postgres: EmbeddedPostgres | undefined;
  nats: EmbeddedNats | undefined;
  log: ServiceLog;
  lock: DataDirectoryLock;
}): Embedded {
  const { postgres, nats, log, lock } = parts;
  const services = [postgres, nats].filter((service) => service !== undefined);
  const keepers = services.map((service) => new Keeper(service, { log, mayRevive: () => lock.isHeld() }));
  const trimming = setInterval(() => services.forEach(({ logFile }) => trimLog(logFile)), 60_000).unref();
  let stopped: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    clearInterval(trimming);
    const ends = await Promise.allSettled(keepers.map((keeper) => keeper.stop()));
    lock.release();
    const failed = ends.find((end) => end.status === 'rejected');
    if (failed) throw failed.reason;
  };
  return {
    ...(postgres ? { databaseUrl: postgres.url } : {}),
    ...(nats ? { natsUrl: nats.url, natsHubUrl: nats.hubUrl, natsPort: nats.port } : {}),
    trouble: () => keepers.map((keeper) => keeper.trouble()).find((trouble) => trouble !== undefined),
    databaseTrouble: () => (postgres === undefined ? undefined : keepers[0]?.trouble()),
    stop: () => (stopped ??= stop()),
  };
}
