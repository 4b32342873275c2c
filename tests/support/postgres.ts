import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { startEmbedded } from '../../hub/embedded/services.ts';

/** A fresh, empty database; `close` drops it. Close your own connections first, or they are ended for you. */
export type TestDatabase = { readonly url: string; readonly close: () => Promise<void> };

/** SQLSTATE: somebody is still connected. */
const OBJECT_IN_USE = '55006';

type Server = { readonly url: string; readonly stop: () => Promise<void> };

let server: Promise<Server> | undefined;
let open = 0;

/**
 * A database on the server of `DATABASE_URL`, or else on an embedded PostgreSQL that is started for the first one in this
 * process and stopped with the last.
 */
export async function testDatabase(): Promise<TestDatabase> {
  open += 1;
  server ??= startServer();
  const { url: serverUrl, stop } = await server;
  const name = `test_${randomBytes(8).toString('hex')}`;
  await run(serverUrl, `CREATE DATABASE ${name} TEMPLATE template0`);
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  const end = async (): Promise<void> => {
    await drop(serverUrl, name);
    open -= 1;
    if (open > 0) return;
    server = undefined;
    await stop();
  };
  let closed: Promise<void> | undefined;
  return { url: url.href, close: () => (closed ??= end()) };
}

async function startServer(): Promise<Server> {
  const given = process.env['DATABASE_URL'];
  if (given !== undefined) return { url: given, stop: () => Promise.resolve() };
  const dataDir = await mkdtemp(join(tmpdir(), 'green-lines-test-'));
  // So that under root the cluster, which then belongs to another account, lies in here too and is removed with it.
  await chmod(dataDir, 0o711);
  const silent = { debug: () => {}, info: () => {}, warn: console.warn, error: console.error };
  const embedded = await startEmbedded({ dataDir, postgres: true, nats: false, natsPort: 0, progress: () => {}, log: silent });
  if (embedded.databaseUrl === undefined) throw new Error('The embedded PostgreSQL has no URL');
  const stop = async (): Promise<void> => {
    await embedded.stop();
    await rm(dataDir, { recursive: true, force: true });
  };
  return { url: embedded.databaseUrl, stop };
}

/**
 * A connection that was closed a moment ago may still be on its way out: PostgreSQL waits five seconds for those. Ending it
 * at once would reach its test file as an error that nobody catches.
 */
async function drop(serverUrl: string, name: string): Promise<void> {
  try {
    await run(serverUrl, `DROP DATABASE ${name}`);
  } catch (error) {
    if (!(error instanceof pg.DatabaseError) || error.code !== OBJECT_IN_USE) throw error;
    await run(serverUrl, `DROP DATABASE ${name} WITH (FORCE)`);
  }
}

async function run(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
