import type pg from 'pg';
import { openCommandConnection } from './command-connection.ts';
import { Refused } from './refused.ts';
import type { ActorColumns } from './rows.ts';
import type { PostingRow } from './store.ts';

/** The newest row of an actor's journal, with the moment of its first and with the lean row as it stands now. */
export type Newest = {
  readonly actor: string;
  readonly version: number;
  readonly envelope: string;
  readonly born_at: string;
  /** Undefined where there is none, or one of another version. */
  readonly present: ActorColumns | undefined;
};

/** A row that posted, with what it asked for; empty where that is in the archive. */
export type Posted = {
  readonly partition: number;
  readonly seq: number;
  readonly actor: string;
  readonly version: number;
  readonly at: number;
  readonly asked: string;
};

export type TextRow = { readonly address: string; readonly type: string; readonly text: string };

const PAGE = 500;

/**
 * The tables that can be made anew from the journal, emptied and filled in one transaction: until its end everybody sees them as
 * they were, and nothing of it remains where it does not come to its end.
 */
export class ReadModels {
  readonly #client: pg.Client;

  private constructor(client: pg.Client) {
    this.#client = client;
  }

  /**
   * Begins. Every partition is locked, so that no node claims one or commits meanwhile; throws where one is up that would go on
   * with what it has in memory.
   */
  static async open(url: string): Promise<ReadModels> {
    const client = await openCommandConnection(url, 'green-lines-rebuild');
    try {
      await client.query('begin');
      await client.query('select from partition order by id for update');
      const { rows } = await client.query<{ id: string }>('select id from node where lease_until > clock_timestamp() order by id');
      if (rows.length > 0) {
        throw new Refused(
          `A hub is up (${rows.map(({ id }) => id).join(', ')}): stop every node, or wait until its lease is over, and begin again.`,
        );
      }
      await client.query('create temporary table present on commit drop as select * from actor');
      await client.query('create index on present (address)');
      await client.query('truncate actor, actor_text, posting');
      // What is in the journal was let through once, whatever has been closed since.
      await client.query('alter table posting disable trigger posting_period');
    } catch (error) {
      await client.end();
      throw error;
    }
    return new ReadModels(client);
  }

  async commit(): Promise<void> {
    await this.#client.query('alter table posting enable trigger posting_period');
    await this.#client.query('commit');
  }

  /** Without a commit before it everything is as it was. */
  close(): Promise<void> {
    return this.#client.end();
  }

  async newest(after: string): Promise<readonly Newest[]> {
    type Raw = Omit<Newest, 'present'> & { present: ActorColumns | null };
    const rows = await this.#query<Raw>(
      'newest',
      `select a.actor, n.version, n.envelope, f.at as born_at, to_jsonb(p) as present
        from (select distinct actor from journal where actor > $1 order by actor limit ${PAGE}) a
        cross join lateral (select version, envelope from journal where actor = a.actor order by version desc limit 1) n
        cross join lateral (select at from journal where actor = a.actor order by version limit 1) f
        left join lateral (select address, partition, type, version, state, tags, due_at::text, pending, parked, title, summary, client, agent,
          created_at::text, updated_at::text from present where address = a.actor and version = n.version limit 1) p on true
        order by a.actor`,
      [after],
    );
    return rows.map(({ present, ...row }) => ({ ...row, present: present ?? undefined }));
  }

  async writeActors(rows: readonly ActorColumns[]): Promise<void> {
    await this.#write('actor', rows);
  }

  async writeTexts(rows: readonly TextRow[]): Promise<void> {
    await this.#write('actor_text', rows);
  }

  async writeLegs(rows: readonly PostingRow[]): Promise<void> {
    await this.#write('posting', rows);
  }

  /** Rows of a partition that asked for something, or whose contents are in the archive, in order. */
  async posted(partition: number, seq: number): Promise<readonly Posted[]> {
    const rows = await this.#query<Omit<Posted, 'seq' | 'at'> & { seq: string; at: string }>(
      'posted',
      `select partition, seq, actor, version, at, coalesce(asked, '') as asked from journal
        where partition = $1 and seq > $2 and (asked like '%"postings":%' or asked_hash is not null) order by seq limit ${PAGE}`,
      [partition, seq],
    );
    return rows.map((row) => ({ ...row, seq: Number(row.seq), at: Number(row.at) }));
  }

  /** The bundle of the archive that holds this version. */
  async bundle(actor: string, version: number): Promise<{ first: number; contents: Buffer; contents_hash: string } | undefined> {
    const [row] = await this.#query<{ first: number; contents: Buffer; contents_hash: string }>(
      'bundle',
      'select first, contents, contents_hash from journal_archive where actor = $1 and $2 between first and last',
      [actor, version],
    );
    return row;
  }

  /** Rows travel as JSON, which PostgreSQL takes apart by the columns of the table. */
  async #write(table: 'actor' | 'actor_text' | 'posting', rows: readonly object[]): Promise<void> {
    if (rows.length === 0) return;
    const text = `insert into ${table} select * from json_populate_recordset(null::${table}, $1::json)`;
    await this.#query(`write_${table}`, text, [JSON.stringify(rows)]);
  }

  async #query<Row extends object>(name: string, text: string, values: unknown[]): Promise<Row[]> {
    return (await this.#client.query<Row>({ name, text, values })).rows;
  }
}
