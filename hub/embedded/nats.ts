/** The embedded NATS: one real server for one data directory. */
import { createHash, randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, realpathSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { launch, logLength, logSince, stopProcess } from './child.ts';
import { keptSecret, readIfThere, readJsonIfThere, writeDurably } from './data-directory.ts';
import type { Service, ServiceLog } from './keeper.ts';
import { findNats, type NatsBinary } from './nats-binary.ts';
import { natsConfig } from './nats-config.ts';
import { isPortFree, nextFreePort } from './ports.ts';
import { findProcesses, isRunning, type ProcessIdentity } from './process-identity.ts';
import { runCommand } from './run-command.ts';

type NatsOptions = {
  dataDir: string;
  wantedPort: number;
  progress: (line: string) => void;
  log: ServiceLog;
};

/** What is written down about a running server, so that the next hub knows it again. */
const state = z.object({ pid: z.int(), startedAt: z.string(), port: z.int(), version: z.string(), config: z.string() });

/** Reading a large stream's files at the start takes its time. */
const start_ms = 60_000;

/** Adopts the server that runs on this data directory, or starts one on the wanted port or the next free one. */
export async function openNats(options: NatsOptions): Promise<EmbeddedNats> {
  const began = performance.now();
  const dir = join(options.dataDir, 'nats');
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const binary = await findNats(options.dataDir, options.progress);
  const server = new EmbeddedNats({
    dir: realpathSync(dir),
    binary,
    logFile: join(options.dataDir, 'nats.log'),
    log: options.log,
    hubPassword: keptSecret(options.dataDir, 'nats-hub').value,
    serverName: `hub-${createHash('sha256').update(realpathSync(dir)).digest('hex').slice(0, 12)}`,
  });
  try {
    const how = await server.open(options.wantedPort);
    options.progress(`${server.name} ${how} on port ${server.port} (${((performance.now() - began) / 1_000).toFixed(1)} s)`);
    return server;
  } catch (error) {
    await server.stop();
    throw error;
  }
}

type Parts = { dir: string; binary: NatsBinary; logFile: string; hubPassword: string; serverName: string; log: ServiceLog };

export class EmbeddedNats implements Service {
  readonly logFile: string;
  readonly #parts: Parts;
  readonly #configFile: string;
  readonly #stateFile: string;
  /** Written by the server itself. */
  readonly #pidFile: string;
  #version: string;
  #port = 0;
  #syncsAlways: boolean | undefined;
  #process: ProcessIdentity | undefined;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#configFile = join(parts.dir, 'nats.conf');
    this.#stateFile = join(parts.dir, 'state.json');
    this.#pidFile = join(parts.dir, 'nats-server.pid');
    this.#version = parts.binary.version;
    this.logFile = parts.logFile;
  }

  get name(): string {
    return `NATS ${this.#version}`;
  }

  get port(): number {
    return this.#port;
  }

  /** For everybody on this machine. */
  get url(): string {
    return `nats://127.0.0.1:${this.#port}`;
  }

  get hubUrl(): string {
    return `nats://hub:${this.#parts.hubPassword}@127.0.0.1:${this.#port}`;
  }

  process(): ProcessIdentity | undefined {
    return this.#process;
  }

  async open(wantedPort: number): Promise<'adopted' | 'ready'> {
    if (await this.#adopted()) return 'adopted';
    const lost: number[] = [];
    for (;;) {
      this.#port = await nextFreePort(wantedPort, lost);
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
    const { binary, dir, log, serverName } = this.#parts;
    const leftover = this.#runningServer();
    if (leftover) await this.#end(leftover);
    this.#version = binary.version;
    await this.#writeConfig();
    const logStart = logLength(this.logFile);
    this.#process = await launch({ command: binary.path, args: ['-c', this.#configFile], cwd: dir, logFile: this.logFile });
    this.#remember(this.#process);
    const began = performance.now();
    while (performance.now() - began < start_ms) {
      signal?.throwIfAborted();
      if (!isRunning(this.#process)) throw new Error(`nats-server ended while starting; its log says: ${logSince(this.logFile, logStart)}`);
      if ((await greeting(this.#port)) === serverName) return;
      await sleep(20);
    }
    log.warn({ service: this.name, pid: this.#process.pid }, 'nats-server is stopped because it does not answer');
    await this.#end(this.#process);
    throw new Error(`nats-server does not answer on port ${this.#port}; its log says: ${logSince(this.logFile, logStart)}`);
  }

  async stop(): Promise<void> {
    if (!this.#process) return;
    await this.#end(this.#process);
    this.#process = undefined;
    for (const file of [this.#stateFile, this.#pidFile]) rmSync(file, { force: true });
  }

  /**
   * Takes over the server that a killed hub left behind, if it runs the configuration that this hub would give it: a release
   * that changes what strangers may do must not be served by the old rules.
   */
  async #adopted(): Promise<boolean> {
    const found = this.#runningServer();
    const known = state.safeParse(readJsonIfThere(this.#stateFile)).data;
    if (!found) return false;
    const { log, serverName } = this.#parts;
    if (known && known.pid === found.pid && known.startedAt === found.startedAt) {
      this.#port = known.port;
      const wanted = [true, false].map((syncsAlways) => digest(this.#config(syncsAlways)));
      if (wanted.includes(known.config) && (await greetingWithin(5_000, known.port)) === serverName) {
        this.#process = found;
        this.#version = known.version;
        return true;
      }
    }
    log.warn({ service: 'NATS', pid: found.pid }, 'the NATS of an earlier hub does not answer or has other settings and is started anew');
    await this.#end(found);
    return false;
  }

  #runningServer(): ProcessIdentity | undefined {
    return findProcesses((command) => command.endsWith(`nats-server -c ${this.#configFile}`))[0];
  }

  /** The server itself is asked whether it knows a setting; the answer holds for as long as this hub runs. */
  async #writeConfig(): Promise<void> {
    this.#syncsAlways ??= await this.#accepts(this.#config(true));
    writeDurably(this.#configFile, this.#config(this.#syncsAlways));
  }

  async #accepts(config: string): Promise<boolean> {
    const draft = join(this.#parts.dir, `trial-${randomBytes(4).toString('hex')}.conf`);
    writeDurably(draft, config);
    try {
      return (await runCommand({ command: this.#parts.binary.path, args: ['-t', '-c', draft], timeout_ms: 10_000 })).code === 0;
    } finally {
      rmSync(draft, { force: true });
    }
  }

  #config(syncsAlways: boolean): string {
    const { dir, hubPassword, serverName } = this.#parts;
    return natsConfig({ dir, port: this.#port, hubPassword, serverName, syncsAlways });
  }

  #remember(server: ProcessIdentity): void {
    const config = digest(readIfThere(this.#configFile) ?? '');
    writeDurably(this.#stateFile, JSON.stringify({ ...server, port: this.#port, version: this.#version, config }));
    chmodSync(this.#stateFile, 0o600);
  }

  /** One whose directory was removed under it is killed: at a clean stop it would write into what has taken the place. */
  async #end(server: ProcessIdentity): Promise<void> {
    const isOfThisDirectory = Number(readIfThere(this.#pidFile)) === server.pid;
    await stopProcess(server, [
      ...(isOfThisDirectory ? [{ signal: 'SIGTERM', wait_ms: 5_000 } as const] : []),
      { signal: 'SIGKILL', wait_ms: 2_000 },
    ]);
  }
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

async function greetingWithin(wait_ms: number, port: number): Promise<string | undefined> {
  for (const until = performance.now() + wait_ms; performance.now() < until; await sleep(100)) {
    const name = await greeting(port);
    if (name !== undefined) return name;
  }
  return undefined;
}

/** The name of the server on this port, from the INFO line with which NATS greets everybody; only one with JetStream counts. */
function greeting(port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    let heard = '';
    const socket = connect({ host: '127.0.0.1', port });
    const settle = (name: string | undefined): void => {
      socket.destroy();
      resolve(name);
    };
    socket.setTimeout(2_000, () => settle(undefined));
    socket.on('error', () => settle(undefined));
    socket.on('close', () => resolve(undefined));
    socket.on('data', (chunk: Buffer) => {
      heard += chunk.toString('utf8');
      const line = /^INFO (\{.*\})\s*\r\n/.exec(heard);
      if (line || heard.length > 65_536) settle(nameIn(line?.[1]));
    });
  });
}

function nameIn(info: string | undefined): string | undefined {
  try {
    const { data } = z.object({ server_name: z.string(), jetstream: z.literal(true) }).safeParse(JSON.parse(info ?? ''));
    return data?.server_name;
  } catch {
    return undefined;
  }
}
