import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort, sleep } from '../support/process-hub.ts';
import { TcpProxy } from '../support/tcp-proxy.ts';

const MAIN = fileURLToPath(new URL('node-main.ts', import.meta.url));
const UP_WITHIN_MS = 20_000;

/** The links of a node that can be broken: to its database, to NATS, and from the other nodes to it. */
export const LINKS = ['postgres', 'nats', 'nodes'] as const;
export type LinkName = (typeof LINKS)[number];

export type NodeOptions = {
  readonly id: string;
  readonly dir: string;
  readonly databaseUrl: string;
  readonly natsUrl: string;
  readonly env: Readonly<Record<string, string>>;
  readonly scale: number;
  /** A module whose `machines` it knows beside the product's; it may name the `release` that it is. */
  readonly machines?: string;
};

/** One hub node in a process of its own, with every link of it going through a proxy. */
export class ChaosNode {
  readonly id: string;
  readonly url: string;
  readonly links: Readonly<Record<LinkName, TcpProxy>>;
  /** What nobody asked for: it ended by itself after it had been up. */
  readonly surprises: string[] = [];
  readonly #options: NodeOptions;
  readonly #port: number;
  #machines: string | undefined;
  #child: ChildProcess | undefined;
  #starting: Promise<boolean> | undefined;
  #starts = 0;
  #ending = false;
  #frozen = false;
  #up = false;

  private constructor(options: NodeOptions, port: number, links: Readonly<Record<LinkName, TcpProxy>>) {
    this.#options = options;
    this.#machines = options.machines;
    this.#port = port;
    this.id = options.id;
    this.links = links;
    this.url = `http://127.0.0.1:${port}`;
  }

  static async open(options: NodeOptions): Promise<ChaosNode> {
    const port = await freePort();
    const [postgres, nats, nodes] = await Promise.all([
      TcpProxy.open(Number(new URL(options.databaseUrl).port)),
      TcpProxy.open(Number(new URL(options.natsUrl).port)),
      TcpProxy.open(port),
    ]);
    return new ChaosNode(options, port, { postgres, nats, nodes });
  }

  get pid(): number | undefined {
    return this.running ? this.#child?.pid : undefined;
  }

  get running(): boolean {
    const child = this.#child;
    return child !== undefined && child.exitCode === null && child.signalCode === null;
  }

  /** Of this start: the name that its connections to PostgreSQL carry, so that every row tells who wrote it. */
  get instance(): string {
    return `${this.id}.${this.#starts}`;
  }

  get frozen(): boolean {
    return this.#frozen;
  }

  /** From its next start on it is another release, with the machines of this module. */
  bring(machines: string): void {
    this.#machines = machines;
  }

  logs(): readonly string[] {
    return Array.from({ length: this.#starts }, (_, index) => join(this.#options.dir, `${this.id}.${index + 1}.log`));
  }

  /** Starts it unless it runs; resolves with whether it serves within the time. One that cannot reach its services ends again. */
  start(): Promise<boolean> {
    this.#starting ??= this.#start().finally(() => {
      this.#starting = undefined;
    });
    return this.#starting;
  }

  async #start(): Promise<boolean> {
    if (!this.running) this.#spawn();
    const child = this.#child;
    const until = performance.now() + UP_WITHIN_MS;
    while (performance.now() < until && this.running && child === this.#child) {
      if (await this.#isUp()) {
        this.#up = true;
        return true;
      }
      await sleep(30);
    }
    return false;
  }

  /** Serving, with a runtime behind its doors, whether or not it owns anything yet. */
  async #isUp(): Promise<boolean> {
    const answer = await fetch(`${this.url}/healthz`, { signal: AbortSignal.timeout(1000) }).catch(() => undefined);
    const body = (await answer?.json().catch(() => undefined)) as { status?: string } | undefined;
    return body?.status !== undefined && body.status !== 'starting';
  }

  #spawn(): void {
    const { id, dir, env, scale, databaseUrl, natsUrl } = this.#options;
    const machines = this.#machines;
    this.#starts++;
    this.#ending = false;
    this.#frozen = false;
    const database = new URL(databaseUrl);
    database.port = String(this.links.postgres.port);
    database.searchParams.set('application_name', this.instance);
    const nats = new URL(natsUrl);
    nats.port = String(this.links.nats.port);
    const log = openSync(join(dir, `${this.instance}.log`), 'a');
    const started = spawn(process.execPath, [MAIN, String(scale), ...(machines === undefined ? [] : [machines])], {
      env: {
        PATH: process.env['PATH'] ?? '',
        HOME: dir,
        ...env,
        HUB_NODE_ID: id,
        HUB_DATA_DIR: join(dir, `node-${id}`),
        HUB_PORT: String(this.#port),
        HUB_URL: `http://127.0.0.1:${this.links.nodes.port}`,
        DATABASE_URL: database.href,
        NATS_URL: nats.href,
        HUB_DEMO: '0',
        HUB_CONSOLE: '0',
      },
      stdio: ['ignore', log, log, 'ipc'],
    });
    closeSync(log);
    this.#child = started;
    const began = performance.now();
    started.on('error', () => undefined);
    started.once('exit', (code, signal) => {
      if (this.#child !== started || this.#ending) return;
      // One that cannot start because a service is away ends and is started again, as a supervisor does; that is none.
      if (this.#up) this.surprises.push(`${this.instance} ended with ${code ?? signal} after ${Math.round(performance.now() - began)} ms`);
    });
    this.#up = false;
  }

  /** `kill -9`, and waits until it is gone. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** SIGTERM: it drains and ends. */
  async stop(): Promise<void> {
    this.thaw();
    await this.#end('SIGTERM');
  }

  async #end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const child = this.#child;
    if (child === undefined || !this.running) return;
    this.#ending = true;
    const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    child.kill(signal);
    const killed = setTimeout(() => child.kill('SIGKILL'), 12_000);
    await gone;
    clearTimeout(killed);
  }

  freeze(): void {
    if (!this.running) return;
    this.#frozen = true;
    this.#child?.kill('SIGSTOP');
  }

  thaw(): void {
    if (!this.#frozen) return;
    this.#frozen = false;
    this.#child?.kill('SIGCONT');
  }

  /** Moves its wall clock to so much off the real one. */
  setClock(offset_ms: number): void {
    if (this.running && this.#child?.connected === true) this.#child.send({ clock_ms: offset_ms }, () => undefined);
  }

  /** What it holds now: resident memory in megabytes, and open files with its sockets. */
  figures(): { rss_mb: number; files: number } | undefined {
    const { pid } = this;
    if (pid === undefined || !existsSync(`/proc/${pid}/status`)) return undefined;
    const rss = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
    return { rss_mb: Math.round(Number(rss?.[1] ?? 0) / 1024), files: readdirSync(`/proc/${pid}/fd`).length };
  }

  async close(): Promise<void> {
    await this.kill();
    await Promise.all(Object.values(this.links).map((link) => link.close()));
  }
}
