import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { spawn, type ChildProcess } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { stopProcess } from '../hub/embedded/child.ts';
import { findNats } from '../hub/embedded/nats-binary.ts';
import { nextFreePort } from '../hub/embedded/ports.ts';
import { platformPackage } from '../hub/embedded/postgres-binaries.ts';
import { findProcesses, identify, isRunning, type ProcessIdentity } from '../hub/embedded/process-identity.ts';
import { startEmbedded, type Embedded, type EmbeddedOptions } from '../hub/embedded/services.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 90_000 });

const isRoot = process.getuid?.() === 0;
const nobody = { uid: 65_534, gid: 65_534 };

let home = '';
let natsServer = '';
const hubs: ChildProcess[] = [];
const started: Embedded[] = [];
const dataDirs: string[] = [];

beforeAll(async () => {
  home = realpathSync(mkdtempSync(join(tmpdir(), 'hub-embedded-')));
  chmodSync(home, 0o711);
  natsServer = (await findNats(home, () => undefined)).path; // fetched once for all tests
});

afterEach(async () => {
  for (const hub of hubs.splice(0)) hub.kill('SIGKILL');
  await Promise.all(started.splice(0).map((embedded) => embedded.stop()));
  for (const dataDir of dataDirs.splice(0)) {
    for (const server of serversOf(dataDir)) await stopProcess(server, [{ signal: 'SIGKILL', wait_ms: 5_000 }]);
    const dir = sheltered(dataDir);
    if (dir) rmSync(dir, { recursive: true, force: true });
  }
});

afterAll(() => rmSync(home, { recursive: true, force: true }));

test('[EMB-3] the first start makes a database that writes safely, and stopping leaves no process', async () => {
  const options = await fresh();
  const lines: string[] = [];
  const embedded = await start({ ...options, progress: (line) => lines.push(line) });

  expect(embedded.natsPort).toBe(options.natsPort);
  expect(embedded.trouble()).toBeUndefined();
  expect(lines.join('\n')).toMatch(/PostgreSQL 18\.\d+: first start, making the database in .*\n[^]*PostgreSQL 18\.\d+ ready on port \d+/);
  const settings = [
    'fsync',
    'synchronous_commit',
    'full_page_writes',
    'listen_addresses',
    'unix_socket_directories',
    'server_encoding',
    'data_checksums',
    'max_connections',
    'jit',
  ];
  const values = await Promise.all(settings.map(async (name) => Object.values((await rows(embedded, `SHOW ${name}`))[0] ?? {})[0]));
  expect(Object.fromEntries(settings.map((name, i) => [name, values[i]]))).toEqual({
    fsync: 'on',
    synchronous_commit: 'on',
    full_page_writes: 'on',
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    server_encoding: 'UTF8',
    data_checksums: 'on',
    max_connections: '60',
    jit: 'off',
  });
  expect(await rows(embedded, `SELECT 'a' < 'B' AS alphabetic, lower('É') AS small`)).toEqual([{ alphabetic: false, small: 'é' }]);

  await embedded.stop();
  await embedded.stop();
  expect(serversOf(options.dataDir)).toEqual([]);
  expect(existsSync(join(options.dataDir, 'hub.lock'))).toBe(false);
});

test('[EMB-3] what was written is there after a stop, on the same ports and with the same passwords', async () => {
  const options = await fresh();
  const first = await start(options);
  await rows(first, 'CREATE TABLE kept AS SELECT 1 AS one');
  await first.stop();
  const second = await start(options);
  expect(await rows(second, 'SELECT * FROM kept')).toEqual([{ one: 1 }]);
  const isFunction = { trouble: 0, databaseTrouble: 0, stop: 0 };
  expect({ ...second, ...isFunction }).toEqual({ ...first, ...isFunction });
});

test('[EMB-4] servers that a killed hub left behind are adopted, kept alive and stopped by the next one', async () => {
  const options = await fresh();
  const hub = startHub(options);
  const { embedded: before } = await hub.says('embedded');
  const left = serversOf(options.dataDir);
  hub.process.kill('SIGKILL');
  await hub.ended;
  expect(left.filter(isRunning)).toHaveLength(2);

  const after = await start(options);
  expect(serversOf(options.dataDir)).toEqual(left);
  expect({ ...after, trouble: 0, stop: 0 }).toMatchObject(before);

  for (const server of left) process.kill(server.pid, 'SIGKILL');
  await until(() => after.trouble() !== undefined);
  await until(() => after.trouble() === undefined);
  await rows(after, 'SELECT 1');
  expect(serversOf(options.dataDir)).toHaveLength(2);
  await after.stop();
  expect(serversOf(options.dataDir)).toEqual([]);
});

test('[EMB-4] servers whose hub was killed before it wrote their pids down are found all the same', async () => {
  const options = await fresh();
  const hub = startHub(options);
  await hub.says('embedded');
  const left = serversOf(options.dataDir);
  hub.process.kill('SIGKILL');
  await hub.ended;
  rmSync(join(options.dataDir, 'nats', 'state.json'));
  rmSync(join(options.dataDir, 'nats', 'nats-server.pid'));
  const after = await start(options);
  const now = serversOf(options.dataDir);
  expect(now).toHaveLength(2);
  expect(now).toContainEqual(left.find((server) => now.some(({ pid }) => pid === server.pid)));
  expect(after.natsPort).toBe(options.natsPort);
});

test('[EMB-5] a server that dies is back on its port, and the hub says what is wrong until then', async () => {
  const options = await fresh();
  const embedded = await start(options);
  await rows(embedded, 'CREATE TABLE kept AS SELECT 1 AS one');
  for (const which of ['postgres', 'nats-server']) {
    const [victim] = serversOf(options.dataDir, which);
    process.kill(victim?.pid ?? 0, 'SIGKILL');
    await until(() => embedded.trouble() !== undefined);
    expect(embedded.trouble()).toMatch(which === 'postgres' ? /^PostgreSQL 18/ : /^NATS/);
    await until(() => embedded.trouble() === undefined);
  }
  expect(await rows(embedded, 'SELECT * FROM kept')).toEqual([{ one: 1 }]);
  await (await bus(embedded.natsUrl)).close();
});

test('[EMB-5] while its port is taken a server is tried again, and comes back once the port is free', async () => {
  const options = await fresh({ postgres: false });
  const embedded = await start(options);
  const [victim] = serversOf(options.dataDir, 'nats-server');
  // Stopped at once, so that its port can be taken before it is started again.
  process.kill(victim?.pid ?? 0, 'SIGKILL');
  const squatter = await listenSoon(options.natsPort);
  await until(() => embedded.trouble()?.includes('cannot be started again') ?? false);
  await new Promise((resolve) => squatter.close(resolve));
  await until(() => embedded.trouble() === undefined);
  await (await bus(embedded.natsUrl)).close();
});

test('[EMB-6] stale pid files, also of pids that other programs have by now, and half-made databases do not hinder a start', async () => {
  const options = await fresh();
  const hub = startHub(options);
  await hub.says('embedded');
  hub.process.kill('SIGKILL');
  await hub.ended;
  for (const server of serversOf(options.dataDir)) process.kill(server.pid, 'SIGKILL');
  await until(() => serversOf(options.dataDir).length === 0);
  const pidFile = join(options.dataDir, 'postgres', 'cluster', 'postmaster.pid');
  const mine = readFileSync(pidFile, 'utf8').replace(/^\d+/, String(process.pid));
  writeFileSync(pidFile, mine);
  writeFileSync(join(options.dataDir, 'nats', 'nats-server.pid'), String(process.pid));
  writeFileSync(
    join(options.dataDir, 'nats', 'state.json'),
    JSON.stringify({ ...identify(process.pid), port: options.natsPort, version: '2.9.10', config: '' }),
  );
  mkdirSync(join(options.dataDir, 'postgres', 'making-abc', 'base'), { recursive: true });

  const embedded = await start(options);
  await rows(embedded, 'SELECT 1');
  expect(readdirSync(join(options.dataDir, 'postgres'))).toEqual(['cluster']);
});

test('[EMB-6] a first start that is killed half-way does not spoil the next one', async () => {
  const options = await fresh({ nats: false });
  const hub = startHub(options);
  await hub.says('progress');
  await until(() => readdirSync(join(options.dataDir, 'postgres')).some((name) => name.startsWith('making-')));
  hub.process.kill('SIGKILL');
  await hub.ended;
  await rows(await start(options), 'SELECT 1');
});

test('[EMB-6] servers of a data directory that was removed are ended, and do not write into the one that takes its place', async () => {
  const options = await fresh();
  const hub = startHub(options);
  await hub.says('embedded');
  const left = serversOf(options.dataDir);
  hub.process.kill('SIGKILL');
  await hub.ended;
  for (const name of ['postgres', 'nats', 'secrets', 'postgres.json', 'hub.lock']) rmSync(join(options.dataDir, name), { recursive: true });

  const embedded = await start(options);
  expect(left.filter(isRunning)).toEqual([]);
  await rows(embedded, 'CREATE TABLE kept AS SELECT 1 AS one');
  await embedded.stop();
  expect(await rows(await start(options), 'SELECT * FROM kept')).toEqual([{ one: 1 }]);
});

test('[EMB-1] a hub whose data directory was taken by another starts nothing in it any more', async () => {
  const options = await fresh({ postgres: false });
  const embedded = await start(options);
  writeFileSync(join(options.dataDir, 'hub.lock'), '{}');
  for (const server of serversOf(options.dataDir)) process.kill(server.pid, 'SIGKILL');
  await until(() => embedded.trouble()?.includes('another hub has taken it') ?? false);
  await sleep(500);
  expect(serversOf(options.dataDir)).toEqual([]);
});

test('[EMB-1] a second hub is refused before it touches the servers of the first', async () => {
  const options = await fresh();
  const hub = startHub(options);
  await hub.says('embedded');
  await expect(startEmbedded(options)).rejects.toThrow(
    `another hub (pid ${hub.process.pid}) is running on the data directory ${options.dataDir}`,
  );
  expect(serversOf(options.dataDir)).toHaveLength(2);
  hub.process.stdin?.end();
  await hub.ended;
  expect(serversOf(options.dataDir)).toEqual([]);
});

test('[EMB-7] a taken NATS port is passed over, a taken PostgreSQL port is moved away from', async () => {
  const options = await fresh();
  const squatter = await listenSoon(options.natsPort);
  const first = await start(options);
  expect(first.natsPort).toBeGreaterThan(options.natsPort);
  await first.stop();
  await new Promise((resolve) => squatter.close(resolve));

  const database = Number(new URL(first.databaseUrl ?? '').port);
  const other = await listenSoon(database);
  const second = await start(options);
  expect(second.natsPort).toBe(options.natsPort);
  expect(Number(new URL(second.databaseUrl ?? '').port)).not.toBe(database);
  await rows(second, 'SELECT 1');
  await new Promise((resolve) => other.close(resolve));
});

test('[EMB-7] hubs that start at the same moment want the same ports and each get their own', async () => {
  const first = await fresh();
  const all = await Promise.all([first, await fresh({ natsPort: first.natsPort }), await fresh({ natsPort: first.natsPort })].map(start));
  expect(new Set(all.map(({ natsPort }) => natsPort)).size).toBe(3);
  expect(new Set(all.map(({ databaseUrl }) => new URL(databaseUrl ?? '').port)).size).toBe(3);
  for (const embedded of all) {
    await rows(embedded, 'SELECT 1');
    await (await bus(embedded.natsHubUrl)).close();
  }
});

test('[EMB-8] links and modes that the install script would have made are made at the start', async () => {
  const options = await fresh({ nats: false });
  const embedded = await start({ ...options, postgresPackage: strippedPackage('writable') });
  await rows(embedded, 'SELECT 1');
  expect(existsSync(join(options.dataDir, 'postgres', 'bin'))).toBe(false);
});

test('[EMB-8] from a package that may not be written, PostgreSQL runs from a completed copy', async () => {
  const postgresPackage = strippedPackage('read-only');
  const options = await fresh({ nats: false, postgresPackage });
  if (isRoot) {
    // To root nothing is read-only; but neither may PostgreSQL's account enter what is root's alone.
    chmodSync(join(postgresPackage, '..'), 0o700);
    await rows(await start(options), 'SELECT 1');
    expect(readdirSync(join(options.dataDir, 'postgres', 'bin'))).toHaveLength(1);
    chmodSync(join(postgresPackage, '..'), 0o755);
    rmSync(join(postgresPackage, 'native', 'lib', 'libpq.so.5'), { force: true });
  } else {
    for (const dir of [...directoriesIn(postgresPackage), postgresPackage]) chmodSync(dir, 0o555);
  }
  const other = { ...(await fresh({ nats: false, postgresPackage })) };
  const hub = startHub(other, isRoot ? nobody : undefined);
  await rows((await hub.says('embedded')).embedded, 'SELECT 1');
  expect(readdirSync(join(other.dataDir, 'postgres', 'bin'))).toHaveLength(1);
  if (!isRoot) for (const dir of [postgresPackage, ...directoriesIn(postgresPackage)]) chmodSync(dir, 0o755);
});

test.runIf(isRoot)(
  '[EMB-9] under root PostgreSQL runs as another user, beside a data directory that this user may not enter if need be',
  async () => {
    const options = await fresh({ nats: false });
    const open = await start(options);
    expect(statSync(join(options.dataDir, 'postgres', 'cluster')).uid).not.toBe(0);
    await open.stop();

    const closed = await fresh({ nats: false });
    chmodSync(closed.dataDir, 0o700);
    const first = await start(closed);
    await rows(first, 'CREATE TABLE kept AS SELECT 1 AS one');
    const outside = sheltered(closed.dataDir) ?? '';
    expect(outside).toMatch(/^\/var\/.*green-lines-hub/);
    expect(statSync(outside).mode & 0o777).toBe(0o700);
    await first.stop();
    const second = await start(closed);
    expect(await rows(second, 'SELECT * FROM kept')).toEqual([{ one: 1 }]);
    await second.stop();
    rmSync(outside, { recursive: true });
    await expect(startEmbedded(closed)).rejects.toThrow(`was kept in ${outside} and is not there any more`);
  },
);

test.runIf(isRoot)('[EMB-9] as a normal user everything runs as that user', async () => {
  const options = await fresh();
  const hub = startHub(options, nobody);
  const { embedded } = await hub.says('embedded');
  await rows(embedded, 'SELECT 1');
  for (const server of serversOf(options.dataDir)) expect(readFileSync(`/proc/${server.pid}/status`, 'utf8')).toMatch(/^Uid:\s+65534/m);
  hub.process.stdin?.end();
  await hub.ended;
  expect(serversOf(options.dataDir)).toEqual([]);
});

test('[EMB-9] the database of another major version, or one whose password is lost, is refused with a sentence', async () => {
  const options = await fresh({ nats: false });
  await (await start(options)).stop();
  const version = join(options.dataDir, 'postgres', 'cluster', 'PG_VERSION');
  writeFileSync(version, '17\n');
  await expect(startEmbedded(options)).rejects.toThrow(/was made by PostgreSQL 17, and this release of the hub brings 18/);
  writeFileSync(version, '18\n');
  const secret = join(options.dataDir, 'secrets', 'postgres');
  const password = readFileSync(secret);
  rmSync(secret);
  await expect(startEmbedded(options)).rejects.toThrow(/password .* is missing/);
  writeFileSync(secret, 'another one');
  await expect(startEmbedded(options)).rejects.toThrow(/password .* is not the one of the database/);
  expect(serversOf(options.dataDir)).toEqual([]);
  writeFileSync(secret, password);
  await rows(await start(options), 'SELECT 1');
});

test('[EMB-10] a stranger may hand events in and read receipts and events, and nothing else', async () => {
  const embedded = await start(await fresh({ postgres: false }));
  const hub = await bus(embedded.natsHubUrl);
  const stranger = await bus(embedded.natsUrl);
  await (await jetstreamManager(hub)).streams.add({ name: 'GREENLINES_IN', subjects: ['greenlines.in.>'] });
  hub.subscribe('greenlines.in.payment.p2', {
    callback: (_, message) => void (message.reply && hub.publish(message.reply, '{"outcome":"applied"}')),
  });
  const heard: string[] = [];
  for (const subject of ['greenlines.receipt.>', 'greenlines.event.>', '_INBOX.>']) {
    stranger.subscribe(subject, { callback: (_, message) => void heard.push(`${message.subject} ${message.string()}`) });
  }
  await Promise.all([hub.flush(), stranger.flush()]);

  expect(await jetstream(stranger).publish('greenlines.in.payment.p1', '{}')).toMatchObject({ stream: 'GREENLINES_IN', seq: 1 });
  stranger.publish('greenlines.in.payment.p2', '{}', { reply: '_INBOX.mine' });
  hub.publish('greenlines.receipt.shop.e1', 'receipt');
  hub.publish('greenlines.event.payment.settled.p1', 'event');
  hub.publish('_INBOX.of-the-hub', 'secret');
  await until(() => heard.filter((line) => line.startsWith('_INBOX.mine')).length === 2);
  await until(() => heard.some((line) => line.startsWith('greenlines.event')));
  expect(heard).toEqual(
    expect.arrayContaining([
      'greenlines.receipt.shop.e1 receipt',
      'greenlines.event.payment.settled.p1 event',
      '_INBOX.mine {"outcome":"applied"}',
    ]),
  );
  expect(heard.join()).not.toContain('secret');

  for (const subject of [
    'greenlines.changes.1',
    'greenlines.receipt.shop.e2',
    'greenlines.event.payment.x.y',
    '$JS.API.STREAM.DELETE.GREENLINES_IN',
    '_INBOX.other',
  ]) {
    expect(await refusal(stranger, () => stranger.publish(subject, 'x'))).toMatch(/publish/i);
  }
  for (const subject of ['greenlines.changes.>', 'greenlines.dead.>', 'greenlines.in.>', '$JS.>', '>']) {
    expect(await refusal(stranger, () => stranger.subscribe(subject, { callback: () => undefined }))).toMatch(/subscription/i);
  }
  await Promise.all([hub.close(), stranger.close()]);
});

test("[EMB-10] the reply subject that a stranger names leads nowhere on the hubs' side", async () => {
  const embedded = await start(await fresh({ postgres: false }));
  const hub = await bus(embedded.natsHubUrl);
  const stranger = await bus(embedded.natsUrl);
  const manager = await jetstreamManager(hub);
  await manager.streams.add({ name: 'GREENLINES_IN', subjects: ['greenlines.in.>'] });
  const reached: string[] = [];
  for (const subject of ['greenlines.changes.>', '$JS.API.STREAM.>'])
    hub.subscribe(subject, { callback: (_, message) => void reached.push(message.subject) });
  await hub.flush();
  const replies = [
    'greenlines.changes.3',
    '$JS.API.STREAM.PURGE.GREENLINES_IN',
    '$JS.API.STREAM.DELETE.GREENLINES_IN',
    'greenlines.in.payment.p2',
  ];
  for (const reply of replies) stranger.publish('greenlines.in.payment.p1', '{}', { reply });
  await stranger.flush();
  await sleep(300);
  expect(reached).toEqual([]);
  expect((await manager.streams.info('GREENLINES_IN')).state.messages).toBe(replies.length);
  await Promise.all([hub.close(), stranger.close()]);
});

/** Options for a data directory of its own, with nats-server in it and a free port. */
async function fresh(changes: Partial<EmbeddedOptions> = {}): Promise<EmbeddedOptions> {
  const dataDir = join(mkdtempSync(join(home, 'case-')), 'data');
  chmodSync(dirname(dataDir), 0o711);
  mkdirSync(join(dataDir, 'bin'), { recursive: true, mode: 0o711 });
  if (natsServer.startsWith(home)) symlinkSync(natsServer, join(dataDir, 'bin', 'nats-server'));
  dataDirs.push(dataDir);
  const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };
  const natsPort = await nextFreePort(14_222 + Math.floor(Math.random() * 800));
  return { dataDir, postgres: true, nats: true, natsPort, progress: () => undefined, log: quiet, ...changes };
}

async function start(options: EmbeddedOptions): Promise<Embedded> {
  const embedded = await startEmbedded(options);
  started.push(embedded);
  return embedded;
}

type Said = { embedded: Embedded };

/** A hub as a process of its own. `says` waits for its next line with that key, and fails with what it said instead. */
function startHub(
  options: EmbeddedOptions,
  account?: { uid: number; gid: number },
): { process: ChildProcess; ended: Promise<void>; says(key: string): Promise<Said> } {
  if (account) for (const path of [join(options.dataDir, 'bin'), options.dataDir]) chownSync(path, account.uid, account.gid);
  const child = spawn(process.execPath, [join(import.meta.dirname, 'embedded-hub.ts'), JSON.stringify(options)], {
    stdio: ['pipe', 'pipe', 'inherit'],
    ...account,
  });
  hubs.push(child);
  const lines: string[] = [];
  const said = createInterface({ input: child.stdout });
  said.on('line', (line) => lines.push(line));
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const says = async (key: string): Promise<Said> => {
    const line = (): string | undefined => lines.find((text) => text.startsWith(`{"${key}"`));
    await until(() => line() !== undefined || child.exitCode !== null);
    return JSON.parse(line() ?? fail(`the hub said ${lines.join('\n')}`));
  };
  return { process: child, ended, says };
}

function fail(reason: string): never {
  throw new Error(reason);
}

function serversOf(dataDir: string, program = ''): ProcessIdentity[] {
  const dir = sheltered(dataDir) ?? join(dataDir, 'postgres');
  const ends = [`nats-server -c ${join(dataDir, 'nats', 'nats.conf')}`, ` -D ${join(dir, 'cluster')}`];
  // The first of each: a session that PostgreSQL is just forking looks like its server for a moment.
  return ends.flatMap((end) => findProcesses((command) => command.includes(program) && command.endsWith(end)).slice(0, 1));
}

/** Where the cluster lies if not in the data directory. */
function sheltered(dataDir: string): string | undefined {
  const file = join(dataDir, 'postgres.json');
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')).dir : undefined;
}

async function rows(embedded: Embedded, statement: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: embedded.databaseUrl ?? '' });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(statement)).rows;
  } finally {
    await client.end();
  }
}

/** The NATS client takes no credentials from a URL. */
async function bus(address: string | undefined): Promise<NatsConnection> {
  const url = new URL(address ?? '');
  return connect({ servers: url.host, ...(url.username ? { user: url.username, pass: url.password } : {}) });
}

/** The server's next complaint to this connection. */
async function refusal(connection: NatsConnection, act: () => void): Promise<string> {
  const complaints = connection.status()[Symbol.asyncIterator]();
  act();
  for (;;) {
    const { value, done } = await complaints.next();
    if (done) return 'the connection closed';
    if (value.type === 'error') return value.error.message;
  }
}

async function until(isSo: () => boolean): Promise<void> {
  const deadline = performance.now() + 20_000;
  while (!isSo()) {
    if (performance.now() > deadline) throw new Error(`waited 20 s for ${String(isSo)}`);
    await sleep(5);
  }
}

/** Listens on a port as soon as whoever has it lets go. */
async function listenSoon(port: number): Promise<ReturnType<typeof createServer>> {
  for (;;) {
    const server = createServer((socket) => socket.destroy());
    const isListening = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false));
      server.listen({ host: '127.0.0.1', port }, () => resolve(true));
    });
    if (isListening) return server;
  }
}

/** A copy of PostgreSQL's package as npm leaves it when it runs no install scripts: no links, here not even executable. */
function strippedPackage(kind: string): string {
  const copy = join(mkdtempSync(join(home, 'package-')), kind);
  chmodSync(dirname(copy), 0o755);
  const from = platformPackage();
  cpSync(from, copy, {
    recursive: true,
    verbatimSymlinks: true,
    filter: (path) => !path.endsWith('.a') && !(basename(dirname(path)) === 'lib' && lstatSync(path).isSymbolicLink()),
  });
  for (const name of readdirSync(join(copy, 'native', 'bin'))) chmodSync(join(copy, 'native', 'bin', name), 0o644);
  return copy;
}

function directoriesIn(path: string): string[] {
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name));
}
