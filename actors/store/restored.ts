import pg from 'pg';
import type { SignedHead } from '../signed-heads.ts';
import { readLsn } from './replication.ts';
import type { Lsn } from './replication.ts';

/** What a database is after its log was replayed. */
export type Recovered = {
  /** Where the replay ended. */
  readonly replayed: Lsn;
  /** When the last transaction that was replayed was committed; undefined when none was. */
  readonly last_commit: Date | undefined;
  readonly hub_id: string;
  readonly history: string;
  readonly rows: number;
  readonly heads: readonly SignedHead[];
};

/** Reads where a restored database stands. Throws when it is not a hub's. */
export async function readRecovered(url: string): Promise<Recovered> {
  return within(url, async (client) => {
    const one = async (text: string): Promise<Record<string, unknown>> => (await client.query<Record<string, unknown>>(text)).rows[0] ?? {};
    const { known } = await one(`select to_regclass('journal') is not null as known`);
    if ((await one('select pg_is_in_recovery() as recovering')).recovering === true)
      throw new Error('PostgreSQL is still replaying its log: wait until it takes commands, and look into its log if it does not');
    if (known !== true) throw new Error('The restored database has no journal: it is not the database of a hub');
    const { replayed, last_commit } = await one(
      `select pg_last_wal_replay_lsn()::text as replayed, pg_last_xact_replay_timestamp() as last_commit`,
    );
    const { hub_id, history } = await one(
      `select (select value from setting where name = 'hub_id') as hub_id, (select value from setting where name = 'history') as history`,
    );
    const { rows } = await one(`select count(*) as rows from journal`);
    return {
      replayed: typeof replayed === 'string' ? readLsn(replayed) : 0n,
      last_commit: last_commit instanceof Date ? last_commit : undefined,
      hub_id: typeof hub_id === 'string' ? hub_id : '',
      history: typeof history === 'string' ? history : '',
      rows: Number(rows),
      heads: await headsOf(client),
    };
  });
}

/**
 * Makes a restored database one that hubs begin anew on: nobody owns a partition, no epoch of before is good any more, and
 * clients that come back are given everything afresh, since they may have seen what never happened here.
 */
export async function beginAnew(url: string, history: string): Promise<void> {
  await within(url, async (client) => {
    await client.query('begin');
    await client.query('update partition set owner = null, epoch = epoch + 1');
    await client.query('delete from node');
    const text = `insert into setting (name, value) values ('history', $1) on conflict (name) do update set value = excluded.value`;
    await client.query(text, [history]);
    await client.query('commit');
  });
}

/** The transaction that wrote a row of the journal, as recovery can be told to stop behind it. */
export async function transactionOf(url: string, partition: number, seq: number): Promise<string | undefined> {
  return within(url, async (client) => {
    const text = 'select xmin::text as xid from journal where partition = $1 and seq = $2';
    return (await client.query<{ xid: string }>(text, [partition, seq])).rows[0]?.xid;
  });
}

/** The hashes of rows, by `partition:seq`; those that are not there are left out. */
export async function hashesAt(url: string, places: readonly SignedHead[]): Promise<ReadonlyMap<string, string>> {
  return within(url, async (client) => {
    const text = `select j.partition, j.seq, j.hash from unnest($1::int[], $2::bigint[]) as n(partition, seq)
      join journal j on j.partition = n.partition and j.seq = n.seq`;
    const values = [places.map(({ partition }) => partition), places.map(({ seq }) => seq)];
    const { rows } = await client.query<{ partition: number; seq: string; hash: string }>(text, values);
    return new Map(rows.map(({ partition, seq, hash }) => [`${partition}:${seq}`, hash]));
  });
}

async function headsOf(client: pg.Client): Promise<SignedHead[]> {
  const { rows } = await client.query<{ id: number; seq: string | null; hash: string | null }>(
    `select p.id, j.seq, j.hash from partition p
      left join lateral (select seq, hash from journal j where j.partition = p.id order by seq desc limit 1) j on true order by p.id`,
  );
  return rows.map(({ id, seq, hash }) => ({ partition: id, seq: Number(seq ?? 0), hash: hash ?? '' }));
}

async function within<Answer>(url: string, work: (client: pg.Client) => Promise<Answer>): Promise<Answer> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
