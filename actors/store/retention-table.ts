import type pg from 'pg';
import type { ContentHashes } from '../chain.ts';
import type { Contents, Packed } from './bundle.ts';
import { openCommandConnection } from './command-connection.ts';
import { Refused } from './refused.ts';
import { toHistory } from './rows.ts';
import type { RawHistory } from './rows.ts';
import type { HistoryRow } from './store.ts';

export type Rested = { readonly actor: string; readonly newest: number };
/** A row with the hash of the one before it in its partition. */
export type Linked = { readonly row: HistoryRow; readonly before: string };
export type Bundle = Packed & { readonly actor: string; readonly first: number; readonly last: number };
export type Moved = ContentHashes & { readonly version: number };

const LOCK = 0x67_6c_72; // any number that nobody else locks
const PAGE = 200;

/** What retention writes, on a connection of its own. Each bundle is one transaction: a row's contents are in one place, never in none or two. */
export class RetentionTable {
  readonly #client: pg.Client;

  private constructor(client: pg.Client) {
    this.#client = client;
  }

  /** Throws when another retention is under way. */
  static async open(url: string): Promise<RetentionTable> {
    const client = await openCommandConnection(url, 'green-lines-retain');
    try {
      const { rows } = await client.query<{ locked: boolean }>('select pg_try_advisory_lock($1) as locked', [LOCK]);
      if (rows[0]?.locked !== true) throw new Refused('Another retention is under way on this database.');
      // A move that a crash takes back was whole and is made again; waiting for the disk each time would only be slow.
      await client.query('set synchronous_commit = off');
    } catch (error) {
      await client.end();
      throw error;
    }
    return new RetentionTable(client);
  }

  close(): Promise<void> {
    return this.#client.end();
  }

  /**
   * Actors at rest since before that moment, behind that address: no timer, no effect, not parked, everything of them gone out,
   * and contents before their newest version that are still in the journal.
   */
  async rested(after: string, before: number): Promise<readonly Rested[]> {
    return this.#query<Rested>(
      'rested',
      `select a.address as actor, a.version as newest from actor a
        join journal n on n.actor = a.address and n.version = a.version
        join progress p on p.partition = n.partition and p.published >= n.seq
        where a.address > $1 and a.updated_at < $2 and a.pending = 0 and a.due_at is null and not a.parked and a.version > 1
          and exists (select from journal j where j.actor = a.address and j.version = a.version - 1 and j.envelope_hash is null)
        order by a.address limit ${PAGE}`,
      [after, before],
    );
  }

  /** The first so many rows of an actor whose contents are still in the journal, without the newest. */
  async whole({ actor, newest }: Rested, limit: number): Promise<readonly Linked[]> {
    const rows = await this.#query<RawHistory & { before_hash: string | null }>(
      'whole',
      `select j.*, b.hash as before_hash from journal j left join journal b on b.partition = j.partition and b.seq = j.seq - 1
        where j.actor = $1 and j.version < $2 and j.envelope_hash is null order by j.version limit $3`,
      [actor, newest, limit],
    );
    return rows.map(({ before_hash, ...row }) => ({ row: toHistory(row), before: before_hash ?? '' }));
  }

  /** Moves the contents of these versions into one bundle. Throws, and nothing is moved, where a row has changed meanwhile or is the newest. */
  async move(bundle: Bundle, moved: readonly Moved[]): Promise<void> {
    const { actor, first, last, contents, contents_hash } = bundle;
    await this.#atomically(async () => {
      await this.#query('pack', `insert into journal_archive (actor, first, last, contents, contents_hash) values ($1, $2, $3, $4, $5)`, [
        actor,
        first,
        last,
        contents,
        contents_hash,
      ]);
      const { rowCount } = await this.#client.query({
        name: 'empty',
        text: `update journal j set event = '', envelope = '', asked = null, envelope_hash = n.envelope_hash, asked_hash = nullif(n.asked_hash, '')
          from unnest($2::int[], $3::text[], $4::text[]) as n(version, envelope_hash, asked_hash)
          where j.actor = $1 and j.version = n.version and j.envelope_hash is null
            and j.version < (select a.version from actor a where a.address = $1)`,
        values: [
          actor,
          moved.map(({ version }) => version),
          moved.map(({ envelope_hash }) => envelope_hash),
          moved.map(({ asked_hash }) => asked_hash),
        ],
      });
      if (rowCount !== moved.length) throw new Error(`${actor} has changed while its versions ${first} to ${last} were moved`);
    });
  }

  async bundles(after: { readonly actor: string; readonly first: number }): Promise<readonly Bundle[]> {
    const text = 'select * from journal_archive where (actor, first) > ($1, $2) order by actor, first limit 20';
    return this.#query<Bundle>('bundles', text, [after.actor, after.first]);
  }

  /** The hashes that stand in for what a bundle holds. */
  async hashes({ actor, first, last }: Bundle): Promise<readonly (Moved & { readonly body_hash: string })[]> {
    return this.#query(
      'hashes',
      `select version, body_hash, envelope_hash, coalesce(asked_hash, '') as asked_hash from journal
        where actor = $1 and version between $2 and $3 and envelope_hash is not null order by version`,
      [actor, first, last],
    );
  }

  /** Puts the contents of a bundle back into the journal. */
  async moveBack({ actor, first, last }: Bundle, contents: readonly Contents[]): Promise<void> {
    await this.#atomically(async () => {
      const { rowCount } = await this.#client.query({
        name: 'fill',
        text: `update journal j set event = n.event, envelope = n.envelope, asked = nullif(n.asked, ''), envelope_hash = null, asked_hash = null
          from unnest($2::int[], $3::text[], $4::text[], $5::text[]) as n(version, event, envelope, asked)
          where j.actor = $1 and j.version = n.version and j.envelope_hash is not null`,
        values: [
          actor,
          contents.map((_, index) => first + index),
          contents.map(({ event }) => event),
          contents.map(({ envelope }) => envelope),
          contents.map(({ asked }) => asked),
        ],
      });
      if (rowCount !== last - first + 1) throw new Error(`${actor} does not have the versions ${first} to ${last} that are in the archive`);
      await this.#query('unpack', 'delete from journal_archive where actor = $1 and first = $2', [actor, first]);
    });
  }

  async #atomically(work: () => Promise<void>): Promise<void> {
    await this.#client.query('begin');
    try {
      await work();
      await this.#client.query('commit');
    } catch (error) {
      await this.#client.query('rollback');
      throw error;
    }
  }

  async #query<Row extends object>(name: string, text: string, values: unknown[]): Promise<Row[]> {
    return (await this.#client.query<Row>({ name, text, values })).rows;
  }
}
