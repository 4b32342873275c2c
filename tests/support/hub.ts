import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startApp } from '../../hub/app.ts';
import type { App, AppOptions } from '../../hub/app.ts';
import { readConfig } from '../../hub/config.ts';
import type { Config } from '../../hub/config.ts';
import type { Tokens } from '../../hub/auth/people.ts';
import { startEmbedded } from '../../hub/embedded/services.ts';
import { must } from '../../machines/must.ts';
import { testDatabase } from './postgres.ts';

/** A whole hub in this process, on a database and a data directory of its own, with the people of the demo. */
export type TestHub = App & {
  readonly url: string;
  /** An access token of one of the demo's people. */
  token(username: string): Promise<string>;
  signIn(username: string, password?: string): Promise<Tokens>;
};

export type TestHubOptions = Partial<Config> & {
  readonly machines?: AppOptions['machines'];
  /** Instead of a fresh one. It is not dropped. */
  readonly databaseUrl?: string;
};

type Nats = { readonly url: string; readonly stop: () => Promise<void> };

let nats: Promise<Nats> | undefined;
let open = 0;
/** Above those of hubs on this machine and of the tests' other NATS; several workers look for a free one at once. */
const NATS_PORT = 26_000 + (process.pid % 1000) * 8;

export async function startTestHub({ machines, ...overrides }: TestHubOptions = {}): Promise<TestHub> {
  open += 1;
  nats ??= startNats();
  const { url: natsUrl, stop: stopNats } = await nats;
  const database = overrides.databaseUrl === undefined ? await testDatabase() : undefined;
  const dataDir = await mkdtemp(join(tmpdir(), 'green-lines-hub-'));
  const given = { HUB_PORT: '0', HUB_DEMO: '1', HUB_CONSOLE: '0', HUB_LOG_LEVEL: 'fatal', HUB_DATA_DIR: dataDir };
  const config: Config = {
    ...readConfig({ ...given, DATABASE_URL: database?.url ?? overrides.databaseUrl, NATS_URL: natsUrl }),
    ...overrides,
  };
  const leave = async (): Promise<void> => {
    await database?.close();
    await rm(dataDir, { recursive: true, force: true });
    open -= 1;
    if (open > 0) return;
    nats = undefined;
    await stopNats();
  };
  const started = startApp({
    config,
    terminal: false,
    progress: () => {},
    traffic: false,
    ...(machines === undefined ? {} : { machines }),
  });
  const app = await started.catch(async (error: unknown) => {
    await leave();
    throw error;
  });
  const url = app.doors.url();
  const signIn = async (username: string, password = config.demoPassword): Promise<Tokens> => {
    const headers = { 'content-type': 'application/json' };
    const answer = await fetch(`${url}/v1/auth/token`, { method: 'POST', headers, body: JSON.stringify({ username, password }) });
    if (!answer.ok) throw new Error(`${username} could not sign in: ${answer.status} ${await answer.text()}`);
    return (await answer.json()) as Tokens;
  };
  const tokens = new Map<string, Promise<Tokens>>();
  const token = async (username: string): Promise<string> => {
    const known = tokens.get(username) ?? signIn(username);
    tokens.set(username, known);
    return (await known).accessToken;
  };
  const end = async (): Promise<void> => {
    await app.stop();
    await leave();
  };
  let stopped: Promise<void> | undefined;
  return { ...app, url, token, signIn, stop: () => (stopped ??= end()) };
}

async function startNats(): Promise<Nats> {
  const dataDir = await mkdtemp(join(tmpdir(), 'green-lines-nats-'));
  await chmod(dataDir, 0o711);
  const log = { info: () => {}, warn: console.warn, error: console.error };
  const embedded = await startEmbedded({ dataDir, postgres: false, nats: true, natsPort: NATS_PORT, progress: () => {}, log });
  const stop = async (): Promise<void> => {
    await embedded.stop();
    await rm(dataDir, { recursive: true, force: true });
  };
  return { url: must(embedded.natsHubUrl, 'the URL of the tests’ NATS'), stop };
}
