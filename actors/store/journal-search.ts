import { PARTITIONS, partitionOf } from '../../machines/ids.ts';
import type { Database } from '../integrations/integration.ts';

/** What rows of the journal are looked for by; all that is given has to fit. */
export type Search = {
  readonly actor?: string;
  readonly person?: string;
  readonly event?: string;
  /** Epoch milliseconds, both included. */
  readonly from?: number;
  readonly to?: number;
};

export type FoundRow = {
  readonly partition: number;
  readonly seq: number;
  readonly actor: string;
  readonly version: number;
  /** JSON; empty where somebody has erased it. */
  readonly event: string;
  readonly event_id: string;
  readonly caller: string;
  readonly causation: string;
  readonly at: number;
  readonly hash: string;
};

/** Below which row of each partition the search goes on; a partition that is left out is done. */
export type Below = ReadonlyMap<number, number>;

export type Searched = {
  /** Newest first; a later go may bring rows that are newer than some of these. */
  readonly rows: readonly FoundRow[];
  readonly below: Below;
  /** How many rows were looked at. */
  readonly looked: number;
  /** Everything that is newer than this has been looked at; absent at the end. */
  readonly back: number | undefined;
};

/** So many rows of each partition are looked at in one go: bounded work, whatever is asked for. */
const A_GO = 400;
const BEYOND = 2 ** 52;

type Reached = { readonly partition: number; readonly low: number; readonly n: number; readonly oldest: number };

/**
 * Goes back through the journal by as much as one statement should, along the index that it has: an index by person, event or time
 * would cost every commit, and people search seldom.
 */
export async function searchJournal(database: Database, search: Search, start: Below = startOf(search)): Promise<Searched> {
  const { actor, person, event, from, to } = search;
  const [row] = await database.query('journal_search', TEXT, [
    [...start.keys()],
    [...start.values()],
    actor ?? null,
    person ?? null,
    event === undefined ? null : `{"type":${JSON.stringify(event)}`,
    from ?? null,
    to ?? null,
  ]);
  const { found, reached } = row as unknown as { found: readonly FoundRow[] | null; reached: readonly Reached[] | null };
  const goesOn = (reached ?? []).filter(({ n, low, oldest }) => n === A_GO && low > 1 && (from === undefined || oldest >= from));
  return {
    rows: found ?? [],
    below: new Map(goesOn.map(({ partition, low }) => [partition, low])),
    looked: (reached ?? []).reduce((sum, { n }) => sum + n, 0),
    back: goesOn.length === 0 ? undefined : Math.max(...goesOn.map(({ oldest }) => oldest)),
  };
}

/** An actor's rows are all in one partition. */
function startOf({ actor }: Search): Below {
  const partitions = actor === undefined ? Array.from({ length: PARTITIONS }, (_, n) => n) : [partitionOf(actor)];
  return new Map(partitions.map((partition) => [partition, BEYOND]));
}

/** The type of an event stands first in its text. */
const TEXT = `with scanned as materialized (
    select j.partition, j.seq, j.actor, j.version, j.event, j.event_id, j.caller, j.causation, j.at, j.hash
      from unnest($1::int[], $2::bigint[]) n(partition, below)
      cross join lateral (select * from journal where partition = n.partition and seq < n.below order by seq desc limit ${A_GO}) j)
  select
    (select json_agg(f) from (select partition, seq, actor, version, event, event_id, caller, coalesce(causation, '') as causation, at, hash
      from scanned where ($3::text is null or actor = $3) and ($4::text is null or caller = $4)
        and ($5::text is null or starts_with(event, $5)) and ($6::bigint is null or at >= $6) and ($7::bigint is null or at <= $7)
      order by at desc, partition, seq desc) f) as found,
    (select json_agg(r) from
      (select partition, min(seq) as low, count(*)::int as n, min(at) as oldest from scanned group by partition) r) as reached`;
