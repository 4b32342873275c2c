import { existsSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { Refused } from '../../actors/store/refused.ts';
import type { Config } from '../config.ts';
import { DataDirectoryInUse, readIfThere, readJsonIfThere } from '../embedded/data-directory.ts';
import type { ServiceLog } from '../embedded/keeper.ts';
import { startEmbedded } from '../embedded/services.ts';

/** A hub that runs is asked for its database; where none does, its database is started for as long as the work takes. */
export async function withDatabase(
  config: Config,
  { tell, log }: { tell: (line: string) => void; log: ServiceLog },
  work: (url: string) => Promise<void>,
): Promise<void> {
  if (config.databaseUrl !== undefined) return work(config.databaseUrl);
  if (!existsSync(join(config.dataDir, 'postgres.json')))
    throw new Refused(`${config.dataDir} holds no database of a hub: set HUB_DATA_DIR, or DATABASE_URL for a PostgreSQL of your own.`);
  try {
    const services = await startEmbedded({ dataDir: config.dataDir, postgres: true, nats: false, natsPort: 0, progress: tell, log });
    try {
      await work(services.databaseUrl ?? '');
    } finally {
      await services.stop();
    }
  } catch (error) {
    if (!(error instanceof DataDirectoryInUse)) throw error;
    await work(urlOf(realpathSync(config.dataDir)));
  }
}

function urlOf(dataDir: string): string {
  const known = readJsonIfThere(join(dataDir, 'postgres.json'));
  const password = readIfThere(join(dataDir, 'secrets', 'postgres'))?.trim();
  const port = typeof known === 'object' && known !== null && 'port' in known ? Number(known.port) : Number.NaN;
  if (password === undefined || Number.isNaN(port))
    throw new Refused(`${dataDir} does not tell where its database listens; is the hub still starting?`);
  return `postgres://hub:${encodeURIComponent(password)}@127.0.0.1:${port}/hub`;
}
