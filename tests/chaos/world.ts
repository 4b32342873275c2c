import { randomBytes } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { connect } from '@nats-io/transport-node';
import type { NatsConnection } from '@nats-io/transport-node';
import { jetstreamManager } from '@nats-io/jetstream';
import pg from 'pg';
import { startEmbedded } from '../../hub/embedded/services.ts';
import type { Embedded } from '../../hub/embedded/services.ts';
import { must } from '../../machines/must.ts';
import { eventually, freePort, openDirectory } from '../support/process-hub.ts';
import { ChaosNode } from './node.ts';

export const PASSWORD = 'chaos-only-password';

export type WorldOptions = {
  readonly nodes: number;
  readonly lease_ms: number;
  /** How many times as fast the waits of actors go. */
  readonly scale?: number;
  /** A module whose `machines` the nodes know beside the product's. */
  readonly machines?: string;
};

/**
 * PostgreSQL, NATS and several hub nodes, each a process of its own, with every link between them through a proxy. What judges
 * them connects past the proxies.
 */
export class World {
  readonly dir: string;
  readonly nodes: readonly ChaosNode[];
  readonly database: pg.Pool;
  /** Secrets that may be in no log and in no row. */
  readonly secrets: readonly string[];
  readonly #services: Embedded;
  #nats: NatsConnection | undefined;

  private constructor(dir: string, services: Embedded, nodes: readonly ChaosNode[], secrets: readonly string[]) {
    this.dir = dir;
    this.nodes = nodes;
    this.secrets = secrets;
    this.#services = services;
    this.database = new pg.Pool({ connectionString: must(services.databaseUrl, 'PostgreSQL'), max: 4, application_name: 'judge' });
    this.database.on('error', () => undefined);
  }

  static async open({ nodes, lease_ms, scale = 1, ...rest }: WorldOptions): Promise<World> {
    const dir = await openDirectory('chaos');
    const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };
    const natsPort = await freePort();
    const services = await startEmbedded({ dataDir: dir, postgres: true, nats: true, natsPort, progress: () => undefined, log: quiet });
    const secrets = [PASSWORD, randomBytes(24).toString('hex'), randomBytes(24).toString('hex')];
    const env = {
      HUB_ADMIN_PASSWORD: PASSWORD,
      HUB_JWT_SECRET: must(secrets[1], 'a secret'),
      HUB_SECRET_KEY: must(secrets[2], 'a secret'),
      HUB_LEASE_MS: String(lease_ms),
      HUB_LOG_LEVEL: 'info',
    };
    const databaseUrl = must(services.databaseUrl, 'PostgreSQL');
    const natsUrl = must(services.natsHubUrl, 'NATS');
    const ids = Array.from({ length: nodes }, (_, index) => `node_${String.fromCharCode(97 + index)}`);
    const opened = await Promise.all(ids.map((id) => ChaosNode.open({ id, dir, databaseUrl, natsUrl, env, scale, ...rest })));
    for (const id of ids) await mkdir(join(dir, `node-${id}`), { recursive: true });
    const world = new World(dir, services, opened, secrets);
    endWith(world);
    try {
      for (const node of opened) {
        if (!(await node.start())) throw new Error(`${node.id} did not start:\n${world.logTail(node)}`);
      }
      await world.#watchWriters();
      return world;
    } catch (error) {
      await world.stop();
      throw error;
    }
  }

  /** For publishers: with a stranger's rights, past the proxies. */
  get natsUrl(): string {
    return must(this.#services.natsUrl, 'NATS');
  }

  logTail(node: ChaosNode): string {
    return node
      .logs()
      .slice(-1)
      .map((path) => readFileSync(path, 'utf8').slice(-4000))
      .join('\n');
  }

  /** Rows of the judge's own questions; asked again while PostgreSQL is restarting. */
  async ask<Row>(text: string, values: readonly unknown[] = []): Promise<Row[]> {
    for (const until = performance.now() + 20_000; ;) {
      try {
        return (await this.database.query(text, [...values])).rows as Row[];
      } catch (error) {
        const code = error instanceof Error && 'code' in error ? String(error.code) : '';
        // What PostgreSQL itself says of a question does not get better by asking again, but for its being away.
        if ((/^\d/.test(code) && !/^(57|08)/.test(code)) || performance.now() > until) throw error;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    }
  }

  /** What JetStream has: when a stream was made and its last message. */
  async stream(name: string): Promise<{ created: string; last: number } | undefined> {
    try {
      this.#nats ??= await connect({
        ...hubLogin(must(this.#services.natsHubUrl, 'NATS')),
        maxReconnectAttempts: -1,
        reconnectTimeWait: 100,
      });
      const info = await (await jetstreamManager(this.#nats, { timeout: 1000 })).streams.info(name);
      return { created: info.created, last: info.state.last_seq };
    } catch {
      return undefined;
    }
  }

  /** Ends it as a power cut would; it recovers and is back on its port by itself. */
  restartPostgres(): void {
    signal(this.#pidOf('postgres'), 'SIGQUIT');
  }

  /** One session of a node is ended, politely or not: PostgreSQL restarts all of them when one dies by a signal. */
  async killBackend(node: ChaosNode, hard: boolean, chance: number): Promise<void> {
    const text = `select pid from pg_stat_activity where application_name = $1 order by pid`;
    const { rows } = await this.database.query(text, [node.instance]).catch(() => ({ rows: [] }));
    const pid = (rows as { pid: number }[])[Math.floor(chance * rows.length)]?.pid;
    if (pid === undefined) return;
    if (hard) signal(pid, 'SIGKILL');
    else await this.database.query('select pg_terminate_backend($1)', [pid]).catch(() => undefined);
  }

  killNats(): void {
    signal(this.#pidOf('nats'), 'SIGKILL');
  }

  /** JetStream loses all that it ever kept. It is stopped before it is killed, so that it writes nothing back. */
  wipeNats(): void {
    const pid = this.#pidOf('nats');
    if (!signal(pid, 'SIGSTOP')) return;
    rmSync(join(this.dir, 'nats', 'jetstream'), { recursive: true, force: true });
    signal(pid, 'SIGKILL');
  }

  freezeNats(frozen: boolean): void {
    signal(this.#pidOf('nats'), frozen ? 'SIGSTOP' : 'SIGCONT');
  }

  #pidOf(service: 'postgres' | 'nats'): number {
    const file = service === 'nats' ? join(this.dir, 'nats', 'nats-server.pid') : join(this.dir, 'postgres', 'cluster', 'postmaster.pid');
    try {
      return Number(readFileSync(file, 'utf8').split('\n')[0]);
    } catch {
      return 0; // it is just being started again
    }
  }

  /** Every link carries again, every process runs at the right time, and every node is up. */
  async heal(): Promise<void> {
    for (const node of this.nodes) {
      for (const link of Object.values(node.links)) link.become('up');
      node.thaw();
      node.setClock(0);
    }
    this.freezeNats(false);
    await Promise.all(
      this.nodes.map((node) =>
        eventually(`${node.id} is up again`, 40_000, () => node.start()).catch((error: unknown) => {
          throw new Error(`${String(error)}\n${this.logTail(node)}`);
        }),
      ),
    );
  }

  /**
   * Every row tells who wrote it: a trigger notes the session's name beside the owner and the epoch that the fence held while
   * the row was written. The journal itself has no epoch, and does not need one.
   */
  async #watchWriters(): Promise<void> {
    await this.database.query(`
      create schema chaos;
      create table chaos.written (
        partition int not null, first bigint not null, last bigint not null, epoch bigint not null, owner text, writer text not null);
      create index on chaos.written (partition, first);
      create function chaos.note() returns trigger language plpgsql as $$ begin
        insert into chaos.written
          select r.partition, min(r.seq), max(r.seq), min(p.epoch), min(p.owner), current_setting('application_name')
          from fresh r join partition p on p.id = r.partition group by r.partition;
        return null;
      end $$;
      create trigger chaos_note after insert on journal referencing new table as fresh for each statement execute function chaos.note()`);
  }

  async stop(): Promise<void> {
    worlds.delete(this);
    for (const node of this.nodes) node.thaw();
    await Promise.allSettled(this.nodes.map((node) => node.close()));
    await this.#nats?.close().catch(() => undefined);
    await this.database.end().catch(() => undefined);
    this.freezeNats(false);
    await this.#services.stop();
  }

  /** For one whose logs nobody needs. */
  async forget(): Promise<void> {
    await rm(this.dir, { recursive: true, force: true });
  }
}

/** PostgreSQL and NATS are no children that would end with this process. */
const worlds = new Set<World>();
let watching = false;

function endWith(world: World): void {
  worlds.add(world);
  if (watching) return;
  watching = true;
  const end = (code: number): void => void Promise.allSettled([...worlds].map((each) => each.stop())).finally(() => process.exit(code));
  process.once('SIGINT', () => end(130));
  process.once('SIGTERM', () => end(143));
  for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
    process.once(event, (error: unknown) => {
      process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
      end(1);
    });
  }
}

function signal(pid: number, name: NodeJS.Signals): boolean {
  if (!(pid > 1)) return false;
  try {
    return process.kill(pid, name);
  } catch {
    return false; // gone already
  }
}

function hubLogin(url: string): { servers: string; user: string; pass: string } {
  const { host, username, password } = new URL(url);
  return { servers: host, user: decodeURIComponent(username), pass: decodeURIComponent(password) };
}
