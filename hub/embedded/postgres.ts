/** The embedded PostgreSQL: one real server for one data directory. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { z } from 'zod';
import { isGoneWithin, launch, logLength, logSince, sendSignal, stopProcess } from './child.ts';
import { keptSecret, readIfThere, readJsonIfThere, writeDurably } from './data-directory.ts';
import type { Service, ServiceLog } from './keeper.ts';
import { isPortFree, nextFreePort } from './ports.ts';
import { platformPackage, readyBinaries, type PostgresBinaries } from './postgres-binaries.ts';
import { clusterOf, hasCluster, makeCluster, mustFit, removeHalfMade, settingsFor, titleOf } from './postgres-cluster.ts';
import { postgresPlace, type PostgresPlace } from './postgres-place.ts';
import { findProcesses, isRunning, type ProcessIdentity } from './process-identity.ts';

type PostgresOptions = {
  dataDir: string;
  progress: (line: string) => void;
  log: ServiceLog;
  /** The package with the programs; found by itself when not given. */
  packageDir?: string | undefined;
};

/** What the data directory remembers: the port, and where the cluster lies if not inside it. */
const memory = z.object({ port: z.int().min(1).max(65_535).optional(), dir: z.string().optional() });

/** Below the range that systems hand out for outgoing connections, or one of those could sit on the port at a restart. */
const firstPort = 15_432;
/** Replaying the log of a large database after a crash takes its time, and interrupting it only begins it again. */
const recovery_ms = 300_000;

/** A server that listens and still lets nobody in for so long is stuck. */
const answer_ms = 20_000;

/** "Fast" first: it ends the sessions and writes everything down. */
const gently = [
  { signal: 'SIGINT', wait_ms: 8_000 },
  { signal: 'SIGQUIT', wait_ms: 1_500 },
  { signal: 'SIGKILL', wait_ms: 2_000 },
] as const;

/** Adopts the server that runs on this data directory, or starts one, making the database at the first start. */
export async function openPostgres(options: PostgresOptions): Promise<EmbeddedPostgres> {
  const began = performance.now();
  const { dataDir, progress, log } = options;
  const file = join(dataDir, 'postgres.json');
  const remembered = memory.safeParse(readJsonIfThere(file)).data;
  const place = await postgresPlace(dataDir, remembered?.dir, (m) => log.warn({ service: 'PostgreSQL' }, m));
  const remember = (port: number | undefined): void =>
    writeDurably(file, JSON.stringify({ port, ...(place.isOutside ? { dir: place.dir } : {}) }));
  remember(remembered?.port); // before anything is made there, or a hub killed now would forget it
  const binaries = await readyBinaries({
    packageDir: options.packageDir ?? platformPackage(),
    copies: join(place.dir, 'bin'),
    account: place.account,
  });
  removeHalfMade(place);
  const isFirstStart = !hasCluster(place);
  const password = keptSecret(dataDir, 'postgres');
  const server = new EmbeddedPostgres({ dataDir, place, binaries, password: password.value, log, progress });
  if (isFirstStart) {
    await server.clearLeftovers(); // of a data directory that was removed while its database ran
    progress(`PostgreSQL ${binaries.version}: first start, making the database in ${place.dir}`);
    await makeCluster(place, binaries, password.value);
  } else {
    mustFit(place, binaries);
    if (password.isNew) {
      rmSync(join(dataDir, 'secrets', 'postgres'), { force: true });
      throw new Error(
        `the password of the database in ${place.dir} is missing (${join(dataDir, 'secrets', 'postgres')}): restore that file, or remove the database to begin with an empty one`,
      );
    }
  }
  try {
    const how = await server.open(remembered?.port ?? (await nextFreePort(firstPort)));
    remember(server.port);
    progress(`${server.name} ${how} on port ${server.port} (${((performance.now() - began) / 1_000).toFixed(1)} s)`);
    return server;
  } catch (error) {
    await server.stop();
    throw error;
  }
}

type Parts = {
  dataDir: string;
  place: PostgresPlace;
  binaries: PostgresBinaries;
  password: string;
  /** Beside those that it always has, each as `name=value`: how a restore is told where to stop. */
  settings?: readonly string[];
  /** How long it may replay its log before it lets anybody in. */
  patience_ms?: number;
} & Pick<PostgresOptions, 'log' | 'progress'>;

export class EmbeddedPostgres implements Service {
  readonly name: string;
  readonly logFile: string;
  readonly #parts: Parts;
  readonly #cluster: string;
  #port = 0;
  #process: ProcessIdentity | undefined;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#cluster = clusterOf(parts.place);
    this.name = `PostgreSQL ${parts.binaries.version}`;
    this.logFile = join(parts.dataDir, 'postgres.log');
  }

  get port(): number {
    return this.#port;
  }

  get url(): string {
    return this.#urlOf('hub');
  }

  process(): ProcessIdentity | undefined {
    return this.#process;
  }

  /** A new server moves to another port if this one is taken by now; a running one keeps the one it has. */
  async open(wantedPort: number): Promise<'adopted' | 'ready'> {
    if (await this.#adopted()) return 'adopted';
    const lost: number[] = [];
    for (this.#port = wantedPort; ; this.#port = await nextFreePort(firstPort, lost)) {
      if (!(await isPortFree(this.#port))) {
        lost.push(this.#port);
        continue;
      }
      try {
        await this.restart();
        return 'ready';
      } catch (error) {
        // Somebody may have been quicker with this port; anything else will not get better by trying.
        if (lost.length > 5 || (await isPortFree(this.#port))) throw error;
        lost.push(this.#port);
      }
    }
  }

  async restart(signal?: AbortSignal): Promise<void> {
    await this.clearLeftovers();
    const { place, binaries } = this.#parts;
    const more = (this.#parts.settings ?? []).flatMap((setting) => ['-c', setting]);
    const settings = [...(await settingsFor(place, binaries, this.#port)), ...more];
    const logStart = logLength(this.logFile);
    this.#process = await launch({
      command: binaries.postgres,
      args: [...settings, '-D', this.#cluster],
      cwd: place.dir,
      logFile: this.logFile,
      account: place.account,
    });
    await this.#ready(this.#process, { logStart, signal });
  }

  async stop(): Promise<void> {
    if (!this.#process) return;
    await this.#end(this.#process);
    await this.#backendsGone();
    this.#process = undefined;
  }

  /**
   * After a kill, PostgreSQL's own lock file names a pid that somebody else may have by now, and its sessions may still hold
   * the shared memory: it refuses to start in both cases.
   */
  async clearLeftovers(): Promise<void> {
    const running = this.#runningServer();
    if (running) await this.#end(running);
    await this.#backendsGone();
    rmSync(join(this.#cluster, 'postmaster.pid'), { force: true });
  }

  /** Takes over the server that a killed hub left behind. One that does not answer is stopped instead. */
  async #adopted(): Promise<boolean> {
    const found = this.#runningServer();
    if (!found) return false;
    this.#process = found;
    try {
      this.#port = await this.#portOf(found);
      await this.#ready(found, { logStart: logLength(this.logFile), signal: undefined });
      return true;
    } catch (error) {
      this.#parts.log.warn(
        { service: this.name, pid: found.pid, err: error },
        `the ${this.name} of an earlier hub cannot be used and is started anew`,
      );
      await this.stop();
      return false;
    }
  }

  /** A session that is just being forked still has its server's command line; the server's own file tells them apart. */
  #runningServer(): ProcessIdentity | undefined {
    const found = findProcesses((command) => command.endsWith(` -D ${this.#cluster}`));
    return found.find(({ pid }) => pid === this.#noted().pid) ?? found[0];
  }

  /** What PostgreSQL says of itself in its file (its documentation: "postmaster.pid"): line 1 pid, 4 port, 8 status. */
  #noted(): { pid: number; port: number; status: string } {
    const lines = (readIfThere(join(this.#cluster, 'postmaster.pid')) ?? '').split('\n').map((line) => line.trim());
    return { pid: Number(lines[0]), port: Number(lines[3]), status: lines[7] ?? '' };
  }

  async #portOf(owner: ProcessIdentity): Promise<number> {
    for (let tries = 0; tries < 100; tries++) {
      const { pid, port, status } = this.#noted();
      if (status === 'stopping') break;
      if (pid === owner.pid && port > 0) return port;
      await sleep(50);
    }
    throw new Error('it is stopping, or does not say on which port it listens');
  }

  /** Resolves when the server lets us in and is the one of this cluster. */
  async #ready(server: ProcessIdentity, wait: { logStart: number; signal: AbortSignal | undefined }): Promise<void> {
    const began = performance.now();
    let nextWord = began + 5_000;
    let listensSince: number | undefined;
    let lastAnswer = 'it has not answered yet';
    const patience_ms = this.#parts.patience_ms ?? recovery_ms;
    while (performance.now() - (listensSince ?? began) < (listensSince === undefined ? patience_ms : answer_ms)) {
      wait.signal?.throwIfAborted();
      if (!isRunning(server)) throw new Error(`PostgreSQL ended while starting; its log says: ${logSince(this.logFile, wait.logStart)}`);
      const { pid, status } = this.#noted();
      // Its file is cheaper to ask than its port, and says "starting" while the log is being replayed.
      if (pid === server.pid && status === 'ready') {
        listensSince ??= performance.now();
        lastAnswer = await this.#answer();
        if (lastAnswer === 'well') return;
      }
      if (performance.now() > nextWord) {
        this.#parts.progress(`${this.name} is not ready yet: ${lastAnswer} (${((performance.now() - began) / 1_000).toFixed(0)} s)`);
        nextWord += 5_000;
      }
      await sleep(20);
    }
    throw new Error(`PostgreSQL does not answer on port ${this.#port}: ${lastAnswer}`);
  }

  /** Also makes the hub's database if a first start was cut off before it. */
  async #answer(): Promise<string> {
    try {
      return await this.#ask('hub');
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : undefined;
      if (code === '28P01')
        throw new Error(
          `the password in ${join(this.#parts.dataDir, 'secrets', 'postgres')} is not the one of the database: restore that file`,
          { cause: error },
        );
      if (code !== '3D000') return String(error);
    }
    try {
      return await this.#ask('postgres', 'CREATE DATABASE hub');
    } catch (error) {
      return String(error);
    }
  }

  async #ask(database: string, statement?: string): Promise<string> {
    const client = new pg.Client({
      connectionString: this.#urlOf(database),
      connectionTimeoutMillis: 5_000,
      query_timeout: 30_000,
      ssl: false,
    });
    client.on('error', () => undefined); // a connection lost while closing must not end the hub
    try {
      await client.connect();
      if (statement) await client.query(statement);
      const { rows } = await client.query<{ data_directory: string }>('SHOW data_directory');
      const directory = rows[0]?.data_directory;
      return directory === this.#cluster ? 'well' : `port ${this.#port} belongs to the PostgreSQL of ${directory}`;
    } finally {
      await client.end().catch(() => undefined);
    }
  }

  /**
   * A server whose cluster was removed under it may only be killed: at a clean stop it would write its own state into the
   * control file of the cluster that has taken the place (tried: that one did not start any more).
   */
  async #end(server: ProcessIdentity): Promise<void> {
    const isOfThisCluster = this.#noted().pid === server.pid;
    const sent = await stopProcess(server, isOfThisCluster ? gently : [{ signal: 'SIGKILL', wait_ms: 2_000 }]);
    if (sent.length > 1)
      this.#parts.log.warn({ service: this.name, sent }, `${this.name} had to be stopped hard; it recovers at the next start`);
  }

  /** Sessions notice the death of their server by themselves; one that is stuck in a long statement has to be ended. */
  async #backendsGone(): Promise<void> {
    for (const backend of findProcesses((command) => command.startsWith(titleOf(this.#cluster)))) {
      if (await isGoneWithin(backend, 2_000)) continue;
      sendSignal(backend, 'SIGKILL');
      await isGoneWithin(backend, 2_000);
    }
  }

  #urlOf(database: string): string {
    return `postgres://hub:${this.#parts.password}@127.0.0.1:${this.#port}/${database}`;
  }
}
