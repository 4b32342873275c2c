import { createHash } from 'node:crypto';
import pg from 'pg';
import { PgBoss } from 'pg-boss';
import type { Job } from 'pg-boss';
import type { Contender } from '../lifecycle.ts';
import { contend } from './contend.ts';
import { born, next } from './transition.ts';
import type { Sent, State } from './transition.ts';

/*
 * pg-boss: one job for each event, whose id is made from the event's, so that a repeat is no second job. Workers fetch, write
 * the order's next state and complete; the driver is told when the completion has been committed. Nobody polls: whoever sends
 * wakes a worker, which is what the fastest user of it would do.
 */

const QUEUE = 'order';
const WORKERS = 2;
const BATCH = 128;
const POOL = 20;

type Work = { readonly order: string; readonly event: Sent };
type End = { readonly resolve: (state: string) => void; readonly reject: (error: unknown) => void };

class Orders {
  readonly #pool: pg.Pool;
  readonly #boss: PgBoss;
  readonly #ends = new Map<string, End>();
  readonly #idle: (() => void)[] = [];
  readonly #workers: readonly Promise<void>[];
  #sent = 0;
  #stopped = false;

  constructor(pool: pg.Pool, boss: PgBoss) {
    this.#pool = pool;
    this.#boss = boss;
    const failed = (error: unknown): void => {
      for (const { reject } of this.#ends.values()) reject(error);
    };
    this.#workers = Array.from({ length: WORKERS }, () => this.#work().catch(failed));
  }

  readonly create: Contender['create'] = async (id, input) => {
    const state = born(id, input);
    const text = 'insert into peers_order (id, version, state) values ($1, 1, $2)';
    await this.#pool.query({ name: 'create', text, values: [id, JSON.stringify(state)] });
    return { id, hash: state.context.payload_hash };
  };

  readonly send: Contender['send'] = async (order, event, event_id) => {
    const id = jobId(event_id);
    const end = new Promise<string>((resolve, reject) => void this.#ends.set(id, { resolve, reject }));
    await this.#boss.send(QUEUE, { order, event } satisfies Work, { id });
    this.#sent++;
    this.#idle.shift()?.();
    return end.finally(() => this.#ends.delete(id));
  };

  readonly close = async (): Promise<void> => {
    this.#stopped = true;
    for (const wake of this.#idle.splice(0)) wake();
    await Promise.all(this.#workers);
    await this.#boss.stop({ graceful: false });
    await this.#pool.end();
  };

  async #work(): Promise<void> {
    while (!this.#stopped) {
      if (this.#sent > 0) await this.#turn();
      else await new Promise<void>((resolve) => void this.#idle.push(resolve));
    }
  }

  async #turn(): Promise<void> {
    const jobs = await this.#boss.fetch<Work>(QUEUE, { batchSize: BATCH });
    if (jobs.length === 0) return;
    this.#sent -= jobs.length;
    const states = await Promise.all(jobs.map((job) => this.#apply(job)));
    const ids = jobs.map(({ id }) => id);
    await this.#boss.complete(QUEUE, ids);
    for (const [i, id] of ids.entries()) this.#ends.get(id)?.resolve(states[i] ?? '');
  }

  async #apply({ data: { order, event } }: Job<Work>): Promise<string> {
    const read = { name: 'read', text: 'select state, version from peers_order where id = $1', values: [order] };
    const { rows } = await this.#pool.query<{ state: string; version: number }>(read);
    const row = rows[0];
    if (row === undefined) throw new Error(`There is no order ${order}`);
    const after = next(JSON.parse(row.state) as State, event);
    const text = 'update peers_order set version = version + 1, state = $3 where id = $1 and version = $2';
    const { rowCount } = await this.#pool.query({ name: 'write', text, values: [order, row.version, JSON.stringify(after)] });
    if (rowCount !== 1) throw new Error(`${order} was changed by somebody else`);
    return after.value;
  }
}

function jobId(event_id: string): string {
  const hex = createHash('md5').update(event_id).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20)}`;
}

contend(async ({ databaseUrl }) => {
  const pool = new pg.Pool({ connectionString: databaseUrl, max: POOL });
  await pool.query('drop schema if exists peers_pgboss cascade; drop table if exists peers_order');
  await pool.query('create table peers_order (id text primary key, version int not null, state text not null) with (fillfactor = 60)');
  const boss = new PgBoss({ connectionString: databaseUrl, schema: 'peers_pgboss', max: POOL, schedule: false, supervise: false });
  boss.on('error', (error) => process.stderr.write(`${error.message}\n`));
  await boss.start();
  await boss.createQueue(QUEUE);
  return new Orders(pool, boss);
});
