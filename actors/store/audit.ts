import type { ClientBase } from 'pg';
import { PARTITIONS } from '../../machines/ids.ts';
import { openCommandConnection } from './command-connection.ts';
import { Refused } from './refused.ts';
import type { ActorColumns } from './rows.ts';

/*
 * What the checks of the journal read: everything, in one transaction, so that it is all of one moment while the hub goes on
 * writing. It trusts nothing that the tables say of themselves: also no number and no key is taken to be there once.
 */

/** A row of the journal exactly as it stands, NULL and all, with what belongs to it elsewhere. */
export type AuditRow = {
  readonly partition: number;
  readonly seq: number;
  /** The number as PostgreSQL has it: somebody may have made one of it that no number here is. */
  readonly exact_seq: string;
  readonly actor: string;
  readonly version: number;
  readonly event_id: string;
  readonly event: string;
  readonly body_hash: string;
  readonly caller: string;
  readonly causation: string | null;
  readonly correlation: string | null;
  readonly traceparent: string | null;
  readonly at: number;
  readonly machine_version: number;
  readonly envelope: string;
  readonly asked: string | null;
  readonly hash: string;
  /** Set where the contents were moved to the archive; the two hashes stand in for them. */
  readonly envelope_hash: string | null;
  readonly asked_hash: string | null;
  /** Whether the archive has a bundle for it; only asked of a row whose contents were moved. */
  readonly archived: boolean;
  readonly legs: readonly AuditLeg[];
};

/** A row of the ledger; its amount as text, which is exact whatever somebody made of it. */
export type AuditLeg = {
  readonly partition: number;
  readonly actor: string;
  readonly version: number;
  readonly i: number;
  readonly leg: number;
  readonly account: string;
  readonly currency: string;
  readonly amount_minor: string;
  readonly at: number;
  readonly pending: boolean;
  readonly effective: number | null;
  readonly kind: string;
  readonly of_version: number | null;
  readonly of_i: number | null;
};

/** An actor's lean row as it stands, with the newest row of its journal and the moment of its first. */
export type AuditActor = {
  readonly row: ActorColumns;
  readonly newest: { readonly version: number; readonly partition: number; readonly seq: number; readonly envelope: string } | undefined;
  readonly born_at: string | null;
};

/** Contents of one actor's versions from `first` on, packed. */
export type AuditBundle = {
  readonly actor: string;
  readonly first: number;
  readonly last: number;
  readonly contents: Buffer;
  readonly contents_hash: string;
};

export type Place = { readonly partition: number; readonly seq: number };
export type Named = { readonly actor: string; readonly version: number; readonly note: string };

const ROWS_A_PARTITION = 64;
const ACTORS_A_PAGE = 200;
/** A list of what is wrong with everything is no better than one of so much. */
const MOST_NAMED = 10_000;

const LEGS = `coalesce((select json_agg(json_build_object('partition', p.partition, 'actor', p.actor, 'version', p.version, 'i', p.i, 'leg', p.leg,
    'account', p.account, 'currency', p.currency, 'amount_minor', p.amount_minor::text, 'at', p.at,
    'pending', p.pending, 'effective', p.effective, 'kind', p.kind, 'of_version', p.of_version, 'of_i', p.of_i) order by p.i, p.leg)
  from posting p where p.actor = j.actor and p.version = j.version), '[]') as legs`;
const ARCHIVED = `case when j.envelope_hash is null then false else
  exists (select from journal_archive b where b.actor = j.actor and j.version between b.first and b.last) end as archived`;

type RawRow = Omit<AuditRow, 'seq' | 'exact_seq' | 'at'> & { readonly seq: string; readonly at: string };

export class JournalReader {
  readonly #client: ClientBase;
  readonly #close: () => Promise<void>;

  private constructor(client: ClientBase, close: () => Promise<void>) {
    this.#client = client;
    this.#close = close;
  }

  /** Reads on a connection of its own. */
  static async open(url: string): Promise<JournalReader> {
    const client = await openCommandConnection(url, 'green-lines-verify');
    try {
      await client.query('begin isolation level repeatable read, read only');
      await mustBeOfThisRelease(client);
    } catch (error) {
      await client.end();
      throw error;
    }
    return new JournalReader(client, () => client.end());
  }

  /** Reads within somebody's transaction, which stays theirs. */
  static within(client: ClientBase): JournalReader {
    return new JournalReader(client, () => Promise.resolve());
  }

  close(): Promise<void> {
    return this.#close();
  }

  /** The next rows of each of these partitions, in order. Rows with the same number always come together. */
  async rows(after: readonly { readonly partition: number; readonly seq: string }[]): Promise<readonly AuditRow[]> {
    const rows = await this.#query<RawRow>(
      'audit_rows',
      `select j.*, ${ARCHIVED}, ${LEGS} from unnest($1::int[], $2::bigint[]) as n(partition, seq)
        cross join lateral (select * from journal where partition = n.partition and seq > n.seq order by seq
          fetch first ${ROWS_A_PARTITION} rows with ties) j`,
      [after.map(({ partition }) => partition), after.map(({ seq }) => seq)],
    );
    return rows.map(toAuditRow);
  }

  /** For each of these bundles the rows whose contents it holds, in order. */
  async versions(bundles: readonly AuditBundle[]): Promise<readonly (readonly AuditRow[])[]> {
    const rows = await this.#query<RawRow & { readonly bundle: string }>(
      'audit_versions',
      `select n.bundle, j.*, ${ARCHIVED}, ${LEGS} from unnest($1::text[], $2::int[], $3::int[]) with ordinality as n(actor, first, last, bundle)
        join journal j on j.actor = n.actor and j.version between n.first and n.last order by n.bundle, j.version`,
      [bundles.map(({ actor }) => actor), bundles.map(({ first }) => first), bundles.map(({ last }) => last)],
    );
    const found: AuditRow[][] = bundles.map(() => []);
    for (const { bundle, ...row } of rows) found[Number(bundle) - 1]?.push(toAuditRow(row));
    return found;
  }

  /** Rows that no walk from 1 on meets: of partitions that there are not, or with numbers below 1. */
  async strays(): Promise<readonly (Place & { readonly actor: string; readonly version: number })[]> {
    const rows = await this.#query<{ partition: number; seq: string; actor: string; version: number }>(
      'audit_strays',
      `select partition, seq, actor, version from journal where partition < 0 or partition >= ${PARTITIONS}
        union all select j.partition, j.seq, j.actor, j.version from generate_series(0, ${PARTITIONS - 1}) n
          join lateral (select * from journal where partition = n and seq < 1) j on true limit ${MOST_NAMED}`,
    );
    return rows.map((row) => ({ ...row, seq: Number(row.seq) }));
  }

  /** Up to which row of each partition everything has gone out, as the hub wrote it down. */
  async published(): Promise<ReadonlyMap<number, number>> {
    const rows = await this.#query<{ partition: number; published: string }>(
      'audit_published',
      'select partition, published from progress',
    );
    return new Map(rows.map(({ partition, published }) => [partition, Number(published)]));
  }

  /** The hub whose database this is; the same name is in heads that were signed of it. */
  async hubId(): Promise<string | undefined> {
    return (await this.#query<{ value: string }>('audit_hub', `select value from setting where name = 'hub_id'`))[0]?.value;
  }

  async actors(after: string): Promise<readonly AuditActor[]> {
    type Raw = ActorColumns & { j_version: number | null; j_partition: number; j_seq: string; envelope: string; born_at: string | null };
    const rows = await this.#query<Raw>(
      'audit_actors',
      `select a.*, j.version as j_version, j.partition as j_partition, j.seq as j_seq, j.envelope, f.at as born_at
        from (select * from actor where address > $1 order by address fetch first ${ACTORS_A_PAGE} rows with ties) a
        left join lateral (select * from journal where actor = a.address order by version desc limit 1) j on true
        left join lateral (select at from journal where actor = a.address order by version limit 1) f on true order by a.address`,
      [after],
    );
    return rows.map(({ j_version, j_partition, j_seq, envelope, born_at, ...row }) => ({
      row,
      newest: j_version === null ? undefined : { version: j_version, partition: j_partition, seq: Number(j_seq), envelope },
      born_at,
    }));
  }

  async bundles(after: { readonly actor: string; readonly first: number }): Promise<readonly AuditBundle[]> {
    return this.#query<AuditBundle>(
      'audit_bundles',
      `select * from journal_archive where (actor, first) > ($1, $2) order by actor, first fetch first 20 rows with ties`,
      [after.actor, after.first],
    );
  }

  /** What stands in one table and not in another, or twice: each with a sentence. */
  async misfits(): Promise<readonly Named[]> {
    const found: Named[] = [];
    for (const [name, text] of MISFITS) found.push(...(await this.#query<Named>(`misfit_${name}`, `${text} limit ${MOST_NAMED}`)));
    return found;
  }

  async #query<Row extends object>(name: string, text: string, values: unknown[] = []): Promise<Row[]> {
    return (await this.#client.query<Row>({ name, text, values })).rows;
  }
}

/** Whole tables against each other; PostgreSQL does this with bounded memory. */
const MISFITS: readonly (readonly [name: string, text: string])[] = [
  [
    'versions',
    `select actor, max(version) as version, 'its versions are not 1 to ' || max(version) || ', each once: some are missing or doubled' as note
      from journal group by actor having min(version) <> 1 or count(*) <> max(version) or count(distinct version) <> count(*)`,
  ],
  [
    'event_ids',
    `select actor, max(version) as version, 'an event id took effect more than once' as note
      from journal group by actor, event_id having count(*) > 1`,
  ],
  [
    'rowless',
    `select j.actor, max(j.version) as version, 'the actor has no row' as note from journal j
      where not exists (select from actor a where a.address = j.actor) group by j.actor`,
  ],
  [
    'doubled',
    `select address as actor, max(version) as version, 'the actor has more than one row' as note from actor group by address having count(*) > 1`,
  ],
  [
    'refused',
    `select j.actor, j.version, 'its event id was also refused' as note from refusal f
      join journal j on j.actor = f.actor and j.event_id = f.event_id`,
  ],
  [
    'creations',
    `select c.actor, 1 as version, 'a creation key of this caller names an actor that he did not create' as note from creation c
      left join journal j on j.actor = c.actor and j.version = 1 where j.caller is distinct from c.caller`,
  ],
  [
    'legs',
    `select p.actor, p.version, 'a leg is in the ledger (posting ' || p.i || ', leg ' || p.leg || ') whose row the journal does not have' as note
      from posting p where not exists (select from journal j where j.actor = p.actor and j.version = p.version)`,
  ],
];

function toAuditRow(row: RawRow): AuditRow {
  return { ...row, seq: Number(row.seq), exact_seq: row.seq, at: Number(row.at) };
}

async function mustBeOfThisRelease(client: ClientBase): Promise<void> {
  const { rows } = await client.query<{ found: string | null }>(`select to_regclass('journal_archive')::text as found`);
  if (rows[0]?.found !== 'journal_archive')
    throw new Refused('This database was made by an earlier release, or by none: start this release of the hub on it once.');
}
