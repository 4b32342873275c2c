import { MikroORM, raw } from '@mikro-orm/core';
import { Migrator } from '@mikro-orm/migrations';
import { PostgreSqlDriver } from '@mikro-orm/postgresql';
import pg from 'pg';
import { PARKED } from '../envelope.ts';
import type { Database } from '../integrations/integration.ts';
import { withArchived } from './archive.ts';
import { mustBeDurable } from './durability.ts';
import { Actor, ActorText, Journal, entities } from './entities.ts';
import { Lane } from './lane-connection.ts';
import { migrations } from './migrations/migrations.ts';
import { commitStatement, creationsStatement, loadStatement, lookupStatement } from './statements.ts';
import type { Statement } from './statements.ts';
import { readOlder } from './older.ts';
import { OperationsTable } from './operations-table.ts';
import { PartitionTable } from './partition-table.ts';
import { Reports } from './reports.ts';
import { fromEntity, toActorRow, toHistory } from './rows.ts';
import type { ActorEntity, RawHistory } from './rows.ts';
import { toWords } from '../words.ts';
import { CommitFault } from './store.ts';
import type {
  ActorRow,
  Batch,
  Cluster,
  CreationRow,
  DeadLetterRow,
  Due,
  Earlier,
  Head,
  HistoryRow,
  ListQuery,
  ListRow,
  Loaded,
  Older,
  Progress,
  Store,
} from './store.ts';

export type PostgresOptions = {
  readonly url: string;
  readonly lease_ms: number;
  /** How many batches may be under way at once. */
  readonly lanes: number;
  readonly release: string;
};

export type Orm = MikroORM<PostgreSqlDriver>;

/** Opens the database, brings its schema up to date under a lock, and checks that its commits can be trusted. */
export async function openPostgres(options: PostgresOptions): Promise<PostgresStore> {
  const orm = await MikroORM.init<PostgreSqlDriver>({
    driver: PostgreSqlDriver,
    clientUrl: options.url,
    entities,
    extensions: [Migrator],
    discovery: { warnWhenNoEntities: false },
    pool: { min: 0, max: 8 },
    migrations: {
      migrationsList: migrations,
      transactional: true,
      allOrNothing: true,
      snapshot: false,
      silent: true,
      tableName: 'migration',
    },
  } as never);
  await migrate(orm, options.url);
  await mustBeDurable(orm);
  const store = new PostgresStore(orm as unknown as Orm, options);
  await store.open();
  return store;
}

/** What somebody types is narrow enough by then. */
const MOST_WORDS = 8;
const MIGRATION_LOCK = 0x67_6c_68; // any number that nobody else locks

async function migrate(orm: { migrator: { up(): Promise<unknown> } }, url: string): Promise<void> {
  const guard = new pg.Client({ connectionString: url });
  guard.on('error', () => undefined); // a connection that dies says so by the query that it carries
  await guard.connect();
  try {
    await guard.query('select pg_advisory_lock($1)', [MIGRATION_LOCK]);
    await orm.migrator.up();
  } finally {
    await guard.end();
  }
}

/** The journal in PostgreSQL. Reads go through MikroORM, the hot statements through prepared ones on connections of their own. */
export class PostgresStore implements Store {
  readonly orm: Orm;
  readonly #options: PostgresOptions;
  readonly #lanes: Lane[] = [];
  readonly #pool: pg.Pool;
  /** The door for what goes through whole tables. */
  readonly reports: Reports;
  readonly #partitions: PartitionTable;
  readonly operations = new OperationsTable((statement) => this.#query(statement));

  constructor(orm: Orm, options: PostgresOptions) {
    this.orm = orm;
    this.#options = options;
    const limit_ms = Math.max(500, options.lease_ms - 1000);
    // Plans are pinned: one cached while tables were small once made throughput jump threefold.
    const pinned = `-c enable_seqscan=off -c enable_hashjoin=off -c enable_mergejoin=off -c jit=off -c plan_cache_mode=force_generic_plan`;
    const limits = `-c statement_timeout=${limit_ms} -c idle_in_transaction_session_timeout=${limit_ms} -c tcp_user_timeout=${limit_ms}`;
    const isolation = `-c default_transaction_isolation=read\\ committed`;
    const config = { connectionString: options.url, options: `${pinned} ${limits} ${isolation}`, application_name: 'green-lines-hub' };
    for (let lane = 0; lane < options.lanes; lane++) this.#lanes.push(new Lane(config, limit_ms + 500));
    // A server that stopped answering without a word must not hold a lane for ever.
    const patience = { connectionTimeoutMillis: limit_ms, query_timeout: limit_ms + 500 };
    this.#pool = new pg.Pool({ ...config, ...patience, max: 4, idleTimeoutMillis: 0 });
    this.reports = new Reports(options.url);
    this.#partitions = new PartitionTable((statement) => this.#query(statement));
    this.#pool.on('error', () => undefined); // an idle connection died; the next query opens another
  }

  async open(): Promise<void> {
    await Promise.all(this.#lanes.map((lane) => lane.connect()));
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.#lanes.map((lane) => lane.close()));
    await Promise.all([this.#pool.end(), this.reports.close()]);
    await this.orm.close(true);
  }

  /** The door for tables that are not the runtime's own: people, settings, the sandbox gateway's journal. */
  database(): Database {
    return { query: async (name, text, values) => await this.#query<Record<string, unknown>>({ name, text, values: [...values] }) };
  }

  async #query<Row extends object>(statement: Statement): Promise<Row[]> {
    const { rows } = await this.#pool.query(statement);
    return rows as Row[];
  }

  renew(node: string, url: string, lease_ms: number): Promise<void> {
    return this.#partitions.renew(node, url, this.#options.release, lease_ms);
  }

  release(node: string): Promise<void> {
    return this.#partitions.release(node);
  }

  unclaim(node: string, partitions: readonly number[]): Promise<void> {
    return this.#partitions.unclaim(node, partitions);
  }

  look(): Promise<Cluster> {
    return this.#partitions.look();
  }

  ends(): Promise<ReadonlyMap<number, number>> {
    return this.#partitions.ends();
  }

  claim(node: string, partitions: readonly number[]): Promise<readonly Head[]> {
    return this.#partitions.claim(node, partitions);
  }

  async versions(wanted: readonly { readonly actor: string; readonly version: number }[]): Promise<readonly HistoryRow[]> {
    const rows = await this.#query<RawHistory>({
      name: 'versions',
      text: `select j.* from unnest($1::text[], $2::int[]) as w(actor, version) join journal j on j.actor = w.actor and j.version = w.version`,
      values: [wanted.map(({ actor }) => actor), wanted.map(({ version }) => version)],
    });
    return this.#whole(rows.map(toHistory));
  }

  async load(addresses: readonly string[]): Promise<readonly Loaded[]> {
    const rows = await this.#query<{ address: string; envelope: string | null; refused: boolean; created_at: string | null }>(
      loadStatement(addresses),
    );
    return rows.map(({ address, envelope, refused, created_at }) => ({
      address,
      envelope: envelope ?? undefined,
      refused,
      created_at: Number(created_at ?? 0),
    }));
  }

  async lookup(ids: readonly { readonly actor: string; readonly event_id: string }[]): Promise<readonly Earlier[]> {
    type Row = {
      actor: string;
      event_id: string;
      applied: number | null;
      applied_hash: string | null;
      reason: string | null;
      detail: string | null;
      refused: number | null;
      refused_hash: string | null;
    };
    const rows = await this.#query<Row>(lookupStatement(ids));
    return rows.map((row) => {
      const { actor, event_id } = row;
      if (row.applied !== null) return { actor, event_id, version: row.applied, body_hash: row.applied_hash ?? '' };
      const detail = row.detail === null ? {} : { detail: row.detail };
      return { actor, event_id, version: row.refused ?? 0, body_hash: row.refused_hash ?? '', reason: row.reason ?? 'rejected', ...detail };
    });
  }

  async creations(keys: readonly { readonly caller: string; readonly key: string }[]): Promise<readonly CreationRow[]> {
    return this.#query<CreationRow>(creationsStatement(keys));
  }

  async commit(batch: Batch, lane: number): Promise<void> {
    const connection = this.#lanes[lane % this.#lanes.length];
    if (connection === undefined) throw new CommitFault('retry', 'There is no such lane');
    const row = await connection.write(commitStatement(batch));
    if (row.held !== batch.partitions.length) {
      throw new CommitFault('fenced', `Only ${row.held} of ${batch.partitions.length} partitions are still owned by this node`);
    }
    if (row.j !== batch.journal.length || row.a !== batch.actors.length || (row.p ?? 0) !== batch.postings.length) {
      const meant = `${batch.journal.length} rows, ${batch.actors.length} actors and ${batch.postings.length} legs`;
      throw new CommitFault('unknown', `A batch of ${meant} wrote ${row.j}, ${row.a} and ${row.p ?? 0}; the commit statement is wrong`);
    }
  }

  async due(partitions: readonly number[], until: number, limit: number, after?: Due): Promise<readonly Due[]> {
    const rows = await this.#query<{ address: string; due_at: string }>({
      name: 'due',
      text: `select address, due_at from actor where due_at <= $2 and due_at >= $4 and (due_at, address) > ($4, $5)
        and partition = any($1::int[]) and not parked order by due_at, address limit $3`,
      values: [partitions, until, limit, after?.due_at ?? 0, after?.address ?? ''],
    });
    return rows.map(({ address, due_at }) => ({ address, due_at: Number(due_at) }));
  }

  async pending(partitions: readonly number[], after: string, limit: number): Promise<readonly string[]> {
    const rows = await this.#query<{ address: string }>({
      name: 'pending',
      text: `select address from actor where pending > 0 and address > $2 and partition = any($1::int[]) order by address limit $3`,
      values: [partitions, after, limit],
    });
    return rows.map(({ address }) => address);
  }

  async askedSince(partition: number, seq: number, limit: number): Promise<readonly HistoryRow[]> {
    const rows = await this.#query<RawHistory>({
      name: 'asked_since',
      text: `select * from journal where partition = $1 and seq > $2 and asked is not null order by seq limit $3`,
      values: [partition, seq, limit],
    });
    return rows.map(toHistory);
  }

  async since(partition: number, seq: number, limit: number): Promise<readonly HistoryRow[]> {
    const text = `select * from journal where partition = $1 and seq > $2 order by seq limit $3`;
    return this.#whole((await this.#query<RawHistory>({ name: 'since', text, values: [partition, seq, limit] })).map(toHistory));
  }

  async progress(partitions: readonly number[]): Promise<readonly Progress[]> {
    const rows = await this.#query<{ partition: number; epoch: string; stream: string; cursor: string; published: string }>({
      name: 'progress',
      text: `select * from progress where partition = any($1::int[])`,
      values: [partitions],
    });
    return rows.map((row) => ({ ...row, epoch: Number(row.epoch), cursor: Number(row.cursor), published: Number(row.published) }));
  }

  async saveProgress(rows: readonly Progress[]): Promise<void> {
    await this.#query({
      name: 'save_progress',
      text: `update progress t set epoch = n.epoch, stream = n.stream, published = greatest(t.published, n.published),
          cursor = case when t.stream = n.stream then greatest(t.cursor, n.cursor) else n.cursor end
        from unnest($1::int[], $2::bigint[], $3::text[], $4::bigint[], $5::bigint[]) as n(partition, epoch, stream, cursor, published)
        join partition p on p.id = n.partition and p.epoch = n.epoch
        where t.partition = n.partition and t.epoch <= n.epoch`,
      values: [
        rows.map((row) => row.partition),
        rows.map((row) => row.epoch),
        rows.map((row) => row.stream),
        rows.map((row) => row.cursor),
        rows.map((row) => row.published),
      ],
    });
  }

  #whole(rows: readonly HistoryRow[]): Promise<readonly HistoryRow[]> {
    return withArchived((statement) => this.#query(statement), rows);
  }

  async history(address: string, from: number, to: number, limit: number): Promise<readonly HistoryRow[]> {
    const em = this.orm.em.fork();
    const rows = await em.find(Journal, { actor: address, version: { $gte: from, $lte: to } }, { orderBy: { version: 'desc' }, limit });
    return this.#whole(rows.map(fromEntity));
  }

  async at(address: string, moment: { readonly version: number } | { readonly at: number }): Promise<HistoryRow | undefined> {
    const em = this.orm.em.fork();
    const where = 'version' in moment ? { actor: address, version: moment.version } : { actor: address, at: { $lte: moment.at } };
    const rows = await em.find(Journal, where, { orderBy: { version: 'desc' }, limit: 1 });
    return (await this.#whole(rows.map(fromEntity)))[0];
  }

  async rows(addresses: readonly string[]): Promise<readonly ActorRow[]> {
    const rows = await this.orm.em.fork().find(Actor, { address: { $in: [...addresses] } });
    return rows.map(toActorRow);
  }

  async list(query: ListQuery): Promise<readonly ListRow[]> {
    const column = { updatedAt: 'updatedAt', createdAt: 'createdAt', title: 'title', address: 'address' } as const;
    const sort = column[query.sort];
    const direction = query.descending ? 'desc' : 'asc';
    const builder = this.#filtered(query)
      .orderBy({ [sort]: direction, address: direction })
      .limit(query.limit, query.offset);
    if (query.after !== undefined) {
      const beyond = query.descending ? '$lt' : '$gt';
      const { value, address } = query.after;
      const bound = sort === 'updatedAt' || sort === 'createdAt' ? Number(value) : value;
      builder.andWhere({ $or: [{ [sort]: { [beyond]: bound } }, { [sort]: bound, address: { [beyond]: address } }] } as never);
    }
    const rows = (await builder.getResultList()).map((row) => toActorRow(row as unknown as ActorEntity));
    const loaded = await this.load(rows.map(({ address }) => address));
    const envelopes = new Map(loaded.map(({ address, envelope }) => [address, envelope]));
    return rows.flatMap((row) => {
      const envelope = envelopes.get(row.address);
      return envelope === undefined ? [] : [{ ...row, envelope }];
    });
  }

  async count(query: Pick<ListQuery, 'type' | 'state' | 'tag' | 'text' | 'client' | 'agent'>): Promise<number> {
    return this.#filtered(query).getCount();
  }

  #filtered(query: Pick<ListQuery, 'type' | 'state' | 'tag' | 'text' | 'client' | 'agent'>) {
    const builder = this.orm.em.fork().createQueryBuilder(Actor, 'a').where({ type: query.type });
    if (query.state !== undefined) {
      // A state itself, what lies below it, or one region of several.
      const { state } = query;
      const like = escapeLike(state);
      builder.andWhere({
        $or: [
          { state },
          { state: { $like: `${like}.%` } },
          { state: { $like: `${like},%` } },
          { state: { $like: `%,${like}` } },
          { state: { $like: `%,${like}.%` } },
          { state: { $like: `%,${like},%` } },
        ],
      });
    }
    if (query.tag === PARKED) builder.andWhere({ parked: true });
    else if (query.tag !== undefined)
      builder.andWhere(raw(`',' || coalesce(a.tags, '') || ',' like ?`, [`%,${escapeLike(query.tag)},%`]) as never);
    if (query.client !== undefined) builder.andWhere({ client: query.client });
    if (query.agent !== undefined) builder.andWhere({ agent: query.agent });
    const words = query.text === undefined ? [] : toWords(query.text).slice(0, MOST_WORDS);
    if (words.length > 0) {
      builder.andWhere(
        raw(`(a.address in (select t.address from actor_text t where to_tsvector('simple', t.text) @@ to_tsquery('simple', ?)))`, [
          words.map((word) => `'${word}':*`).join(' & '),
        ]) as never,
      );
    }
    return builder;
  }

  deadLetters(limit: number): Promise<readonly DeadLetterRow[]> {
    return this.operations.newest(limit);
  }

  older(type: string, machine_version: number, partitions: readonly number[], after: string, limit: number): Promise<Older> {
    return readOlder((statement) => this.#query(statement), type, machine_version, partitions, after, limit);
  }

  async unindexed(limit: number): Promise<readonly string[]> {
    const rows = await this.#query<{ address: string }>({
      name: 'unindexed',
      text: `select a.address from actor a where not exists (select from actor_text t where t.address = a.address) limit $1`,
      values: [limit],
    });
    return rows.map(({ address }) => address);
  }

  async indexText(rows: readonly { readonly address: string; readonly type: string; readonly text: string }[]): Promise<void> {
    await this.#query({
      name: 'index_text',
      text: `insert into ${ActorText.meta.tableName} (address, type, text) select * from unnest($1::text[], $2::text[], $3::text[])
        on conflict (address) do update set text = excluded.text where ${ActorText.meta.tableName}.text <> excluded.text`,
      values: [rows.map((row) => row.address), rows.map((row) => row.type), rows.map((row) => row.text)],
    });
  }
}

function escapeLike(text: string): string {
  return text.replaceAll(/[\\%_]/g, (character) => `\\${character}`);
}
