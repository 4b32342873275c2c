import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { connect, headers as makeHeaders } from '@nats-io/transport-node';
import type { NatsConnection } from '@nats-io/transport-node';
import pg from 'pg';
import type { Point } from '../../actors/ports/points.ts';
import { startEmbedded } from '../../hub/embedded/services.ts';
import type { Embedded } from '../../hub/embedded/services.ts';
import { must } from '../../machines/must.ts';
import { eventually, freePort, openDirectory, sleep } from '../support/process-hub.ts';
import type { Failpoint } from './failpoint.ts';
import type { Order, Report } from './node.ts';
import type { Answer } from './scene.ts';

type Call = { readonly as: string; readonly path: string; readonly body: object; readonly key?: string; readonly method?: 'PUT' };
export type Publication = { readonly subject: string; readonly data: object; readonly source: string; readonly id: string };

const NODE = fileURLToPath(new URL('./node.ts', import.meta.url));
const PASSWORD = 'points-only-password';
const READY_MS = 60_000;
const PATIENCE_MS = 30_000;
/** As often as a careful publisher publishes again when it has no receipt. */
const AGAIN_MS = 1_500;
/** Where payments look for rates; a demo hub would look for another actor. */
const RATES = 'ecb';
/** A commit that is to be held comes within this. */
const WAIT_MS = 8_000;
/** The lock that held commits wait for. */
const HELD = 7_001;

/** A PostgreSQL and a NATS that live on, one hub process after another on them, and callers who ask until they are answered. */
export class Stand {
  readonly database: pg.Client;
  readonly nats: NatsConnection;
  /** Every domain event that went over NATS, by its id, as often as it went. */
  readonly events = new Map<string, string[]>();
  readonly #receipts = new Map<string, Record<string, unknown>>();
  readonly #embedded: Embedded;
  readonly #dataDir: string;
  readonly #tokens = new Map<string, string>();
  readonly #port: number;
  #child: ChildProcess | undefined;
  #gone: Promise<void> = Promise.resolve();
  #scale = 1;
  #output = '';
  starts = 0;

  private constructor(embedded: Embedded, dataDir: string, port: number, database: pg.Client, nats: NatsConnection) {
    this.#embedded = embedded;
    this.#dataDir = dataDir;
    this.#port = port;
    this.database = database;
    this.nats = nats;
  }

  static async open(): Promise<Stand> {
    const dataDir = await openDirectory('points');
    const log = { info: () => undefined, warn: console.warn, error: console.error };
    const natsPort = await freePort();
    const embedded = await startEmbedded({ dataDir, postgres: true, nats: true, natsPort, progress: () => undefined, log });
    const database = new pg.Client({ connectionString: must(embedded.databaseUrl, 'a database') });
    await database.connect();
    const { host, username, password } = new URL(must(embedded.natsHubUrl, 'NATS'));
    const nats = await connect({ servers: [host], user: decodeURIComponent(username), pass: decodeURIComponent(password) });
    const stand = new Stand(embedded, dataDir, await freePort(), database, nats);
    // The servers are no children that would end with this process.
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void stand.close().finally(() => process.exit(1)));
    stand.#listen();
    await stand.start();
    await stand.#furnish();
    return stand;
  }

  async close(): Promise<void> {
    await this.kill();
    await this.nats.close();
    await this.database.end();
    await this.#embedded.stop();
    await rm(this.#dataDir, { recursive: true, force: true });
  }

  /** What the processes wrote, the last of it. */
  output(): string {
    return this.#output;
  }

  /** Starts a process on the same data. With a failpoint it dies on the way there, and whoever waits for its readiness is not kept. */
  async start(scale: number = this.#scale, dieAt?: Failpoint): Promise<'ready' | 'died'> {
    await this.#gone;
    this.#scale = scale;
    this.starts++;
    const { DATABASE_URL: _, NATS_URL: __, ...env } = process.env;
    const child = fork(NODE, [], {
      env: {
        ...env,
        DATABASE_URL: this.#embedded.databaseUrl,
        NATS_URL: this.#embedded.natsHubUrl,
        HUB_DATA_DIR: `${this.#dataDir}/node`,
        HUB_NODE_ID: 'node_points',
        HUB_PORT: String(this.#port),
        HUB_DEMO: '1',
        HUB_DEMO_PASSWORD: PASSWORD,
        HUB_CONSOLE: '0',
        HUB_RATES: RATES,
        HUB_LEASE_MS: '2000',
        HUB_LOG_LEVEL: 'error',
        POINTS_SCALE: String(scale),
        POINTS_DIE_AT: dieAt === undefined ? '' : JSON.stringify(dieAt),
      },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    this.#child = child;
    const keep = (data: Buffer): void => void (this.#output = (this.#output + data.toString()).slice(-20_000));
    child.stdout?.on('data', keep);
    child.stderr?.on('data', keep);
    this.#gone = new Promise((resolve) => child.once('exit', () => resolve()));
    const ready = new Promise<'ready'>((resolve) =>
      child.on('message', (report: Report) => void (report.kind === 'ready' && resolve('ready'))),
    );
    const died = this.#gone.then(() => 'died' as const);
    const late = sleep(READY_MS).then(() => 'late' as const);
    const came = await Promise.race([ready, died, late]);
    if (came === 'late' || (came === 'died' && dieAt === undefined)) throw new Error(`The hub did not come up: ${came}\n${this.#output}`);
    return came === 'ready' ? 'ready' : 'died';
  }

  /** Sees to it that there is a process with this scale. */
  async begin(scale: number): Promise<void> {
    if (this.alive && this.#scale === scale) return;
    await this.kill();
    await this.start(scale);
  }

  /**
   * Lets the commit that writes such an event of this actor, or a refusal by it, wait as behind a slow statement of somebody else; the
   * answer catches it there and cuts its connection, so that the hub cannot know what became of it, and says whether there was one.
   */
  async holdCommit(address: string, event: string): Promise<() => Promise<boolean>> {
    const actor = pg.escapeLiteral(address);
    const begins = pg.escapeLiteral(`{"type":"${event}`);
    await this.database.query(`select pg_advisory_lock(${HELD})`);
    await this.database.query(
      `create function held_commit() returns trigger language plpgsql as 'begin perform pg_advisory_xact_lock(${HELD}); return new; end';
       create trigger held before insert on journal for each row
         when (new.actor = ${actor} and starts_with(new.event, ${begins})) execute function held_commit();
       create trigger held before insert on refusal for each row when (new.actor = ${actor}) execute function held_commit()`,
    );
    return async () => {
      try {
        const caught = eventually('a commit waits', WAIT_MS, async () => {
          const { rows } = await this.database.query(
            `select pg_terminate_backend(pid) from pg_stat_activity where wait_event = 'advisory' and application_name = 'green-lines-hub'`,
          );
          return rows.length > 0;
        });
        return await caught.then(
          () => true,
          () => false,
        );
      } finally {
        await this.database.query(`select pg_advisory_unlock(${HELD})`);
        await this.database.query('drop function held_commit cascade');
      }
    };
  }

  async kill(): Promise<void> {
    this.#child?.kill('SIGKILL');
    await this.#gone;
  }

  /** Resolves when the process has died by itself, or with false when it is still there then. */
  async died(within_ms: number): Promise<boolean> {
    return Promise.race([this.#gone.then(() => true), sleep(within_ms).then(() => false)]);
  }

  get alive(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  async order(order: Order): Promise<Report> {
    const child = must(this.#child, 'a process');
    return new Promise((resolve, reject) => {
      const gone = (): void => reject(new Error('The process died before it answered'));
      child.once('exit', gone);
      child.once('message', (report: Report) => {
        child.off('exit', gone);
        resolve(report);
      });
      child.send(order);
    });
  }

  async points(): Promise<readonly Point[]> {
    const report = await this.order({ kind: 'points' });
    return report.kind === 'points' ? report.points : [];
  }

  /** Asks, by the same key each time, until there is an answer that settles it. */
  async call({ as, path, body, key, method }: Call): Promise<Answer> {
    const until = performance.now() + PATIENCE_MS;
    while (performance.now() < until) {
      const answer = await fetch(`http://127.0.0.1:${this.#port}${path}`, {
        method: method ?? 'POST',
        headers: {
          'content-type': 'application/json',
          authorization: `Bearer ${this.#tokens.get(as) ?? ''}`,
          ...(key === undefined ? {} : { 'idempotency-key': key }),
        },
        body: JSON.stringify(body),
        signal: AbortSignal.timeout(10_000),
      }).catch(() => undefined);
      const text = await answer?.text().catch(() => undefined);
      if (answer?.status === 401) await this.#signIn(as);
      else if (answer === undefined || text === undefined || [429, 502, 503].includes(answer.status)) await sleep(50);
      else return { status: answer.status, body: JSON.parse(text) as Record<string, unknown> };
    }
    throw new Error(`${path} was not answered: ${JSON.stringify(body)}\n${this.#output}`);
  }

  async must(call: Call): Promise<void> {
    const answer = await this.call(call);
    if (answer.status >= 300) throw new Error(`${call.path} ${JSON.stringify(call.body)}: ${answer.status} ${JSON.stringify(answer.body)}`);
  }

  /** Reads an actor, so that it is in the memory of the process. */
  async warm(address: string): Promise<void> {
    const answer = await fetch(`http://127.0.0.1:${this.#port}/v1/actors/${address}`, {
      headers: { authorization: `Bearer ${this.#tokens.get('clerk') ?? ''}` },
    });
    await answer.text();
  }

  /** Publishes as another system does, and again until there is a receipt. */
  async publish({ subject, data, source, id }: Publication): Promise<Record<string, unknown>> {
    const headers = makeHeaders();
    headers.set('Nats-Msg-Id', id);
    headers.set('ce-source', source);
    for (let tries = 0; tries < 20; tries++) {
      this.nats.publish(subject, JSON.stringify(data), { headers });
      const heard = await eventually('a receipt', AGAIN_MS, () => this.#receipts.has(id)).then(
        () => true,
        () => false,
      );
      if (heard) return must(this.#receipts.get(id), 'the receipt');
    }
    throw new Error(`There was no receipt for ${id}\n${this.#output}`);
  }

  #listen(): void {
    this.nats.subscribe('greenlines.event.>', {
      callback: (_, message) => {
        const id = message.headers?.get('Nats-Msg-Id') ?? '';
        this.events.set(id, [...(this.events.get(id) ?? []), message.string()]);
      },
    });
    this.nats.subscribe('greenlines.receipt.>', {
      callback: (_, message) => {
        const receipt = JSON.parse(message.string()) as Record<string, unknown>;
        this.#receipts.set(String(receipt['id']), receipt);
      },
    });
  }

  /** Enabled integrations, rates, and two active clients, one of them with limits. */
  async #furnish(): Promise<void> {
    for (const name of ['sandbox', 'sandbox_checks', 'sandbox_rates', 'sandbox_erp'])
      await this.must({ as: 'operator', path: `/v1/actors/integration/${name}/events`, body: { type: 'ENABLE' }, key: `enable-${name}` });
    for (const id of ['acme', 'globex']) {
      const input = { name: `${id} GmbH`, country: 'DE', email: `${id}@example.org`, kind: 'company' };
      const path = `/v1/actors/client/${id}/events`;
      const documents = { type: 'SUBMIT', documents: ['trade register'], bank_account: 'DE89370400440532013000' };
      await this.must({ as: 'clerk', path: '/v1/actors/client', body: { id, input }, key: `create-${id}` });
      await this.must({ as: 'clerk', path, body: documents, key: `submit-${id}` });
      await this.must({ as: 'approver', path, body: { type: 'VERIFY' }, key: `verify-${id}` });
      await eventually(`${id} is active`, PATIENCE_MS, async () => {
        const { rows } = await this.database.query(`select state from actor where address = $1`, [`client/${id}`]);
        return (rows[0] as { state: string } | undefined)?.state === 'active';
      });
    }
    const limits = { id: 'globex', input: { client: 'globex' } };
    await this.must({ as: 'clerk', path: '/v1/actors/limit', body: limits, key: 'create-limit' });
    const body = { id: RATES, input: { integration: 'sandbox_rates' } };
    await this.must({ as: 'operator', path: '/v1/actors/rates', body, key: 'create-rates' });
    await eventually('the rates are there', PATIENCE_MS, async () => {
      const { rows } = await this.database.query(`select state from actor where address = $1`, [`rates/${RATES}`]);
      return JSON.stringify(rows[0] ?? '').includes('age.fresh');
    });
  }

  async #signIn(username: string): Promise<void> {
    const answer = await fetch(`http://127.0.0.1:${this.#port}/v1/auth/token`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ username, password: PASSWORD }),
      signal: AbortSignal.timeout(15_000),
    }).catch(() => undefined);
    if (answer?.ok === true) this.#tokens.set(username, ((await answer.json()) as { accessToken: string }).accessToken);
    else await sleep(200);
  }
}
