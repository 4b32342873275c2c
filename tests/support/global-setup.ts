import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { findNats } from '../../hub/embedded/nats-binary.ts';
import { startEmbedded } from '../../hub/embedded/services.ts';

/** Ports above those that a hub on this machine would take. */
const NATS_PORT = 24_222;
/** What is fetched for tests stays here from run to run. */
const CACHE = join(import.meta.dirname, '..', '..', '.cache');

/**
 * Starts one PostgreSQL and one NATS for all test files and says where they are: `DATABASE_URL`; `NATS_URL`, with a
 * stranger's rights; `NATS_HUB_URL`, with the hub's. What the environment names already is used as it is.
 */
export async function setup(): Promise<() => Promise<void>> {
  const env = process.env;
  await shareNatsServer(env);
  if (env['NATS_URL'] !== undefined) env['NATS_HUB_URL'] ??= env['NATS_URL'];
  const needed = { postgres: env['DATABASE_URL'] === undefined, nats: env['NATS_URL'] === undefined };
  if (!needed.postgres && !needed.nats) return async () => {};
  const dataDir = await mkdtemp(join(tmpdir(), 'green-lines-tests-'));
  await chmod(dataDir, 0o711); // under root the cluster belongs to another account, which must get through
  const log = { info: () => {}, warn: console.warn, error: console.error };
  const embedded = await startEmbedded({ dataDir, ...needed, natsPort: NATS_PORT, progress: tell, log });
  const found = { DATABASE_URL: embedded.databaseUrl, NATS_URL: embedded.natsUrl, NATS_HUB_URL: embedded.natsHubUrl };
  const started = Object.entries(found).filter(([, url]) => url !== undefined);
  for (const [name, url] of started) env[name] = url;
  const stop = async (): Promise<void> => {
    for (const [name] of started) delete env[name];
    await embedded.stop();
    await rm(dataDir, { recursive: true, force: true });
  };
  // The servers are no children that would end with this process.
  const abandon = (): void => void stop().finally(() => process.exit(1));
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, abandon);
  return async () => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, abandon);
    await stop();
  };
}

/** Puts nats-server on the PATH, so that a test that starts one of its own does not fetch it again. */
async function shareNatsServer(env: NodeJS.ProcessEnv): Promise<void> {
  const { path } = await findNats(CACHE, tell);
  const dirs = (env['PATH'] ?? '').split(delimiter);
  if (!dirs.includes(dirname(path))) env['PATH'] = [...dirs, dirname(path)].join(delimiter);
}

function tell(line: string): void {
  process.stderr.write(`services for tests: ${line}\n`);
}
