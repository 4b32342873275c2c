import type { Database } from '../integrations/integration.ts';

/* What is kept about where actors stand and how they move, so that nobody has to go through all of them to know. */

/** How many actors of a partition stood where, by type and state, after its row number `seq`. */
export type TallyRow = { readonly partition: number; readonly seq: number; readonly counts: string };

export async function readTallies(database: Database): Promise<readonly TallyRow[]> {
  const rows = await database.query('tallies', 'select partition, seq, counts from tally', []);
  return rows.map(({ partition, seq, counts }) => ({ partition: Number(partition), seq: Number(seq), counts: String(counts) }));
}

/** A tally is right at its own row number whoever wrote it, so the one that is further stays. */
export async function saveTallies(database: Database, rows: readonly TallyRow[]): Promise<void> {
  await database.query(
    'save_tallies',
    `insert into tally as t (partition, seq, counts) select * from unnest($1::int[], $2::bigint[], $3::text[])
      on conflict (partition) do update set seq = excluded.seq, counts = excluded.counts where t.seq < excluded.seq`,
    [rows.map(({ partition }) => partition), rows.map(({ seq }) => seq), rows.map(({ counts }) => counts)],
  );
}

/** An actor with the row number of its newest version. */
export type Placed = {
  readonly address: string;
  readonly partition: number;
  readonly type: string;
  readonly state: string;
  readonly version: number;
  readonly seq: number;
};

/** Actors of these partitions behind an address, in the order of their addresses. */
export async function readPlaced(
  database: Database,
  partitions: readonly number[],
  after: string,
  limit: number,
): Promise<readonly Placed[]> {
  const rows = await database.query(
    'placed',
    `select a.address, a.partition, a.type, a.state, a.version, j.seq from
        (select * from actor where address > $2 and partition = any($1::int[]) order by address limit $3) a
        join journal j on j.actor = a.address and j.version = a.version order by a.address`,
    [partitions, after, limit],
  );
  return rows.map(({ address, partition, type, state, version, seq }) => ({
    address: String(address),
    partition: Number(partition),
    type: String(type),
    state: String(state),
    version: Number(version),
    seq: Number(seq),
  }));
}

/** How often actors moved which way within the time that begins at `bucket` (epoch milliseconds), as one node committed it. */
export type FlowRow = { readonly node: string; readonly bucket: number; readonly counts: string };

export async function readFlow(database: Database, since: number): Promise<readonly FlowRow[]> {
  const rows = await database.query('flow', 'select node, bucket, counts from flow where bucket >= $1', [since]);
  return rows.map(({ node, bucket, counts }) => ({ node: String(node), bucket: Number(bucket), counts: String(counts) }));
}

export async function saveFlow(database: Database, rows: readonly FlowRow[]): Promise<void> {
  await database.query(
    'save_flow',
    `insert into flow (node, bucket, counts) select * from unnest($1::text[], $2::bigint[], $3::text[])
      on conflict (bucket, node) do update set counts = excluded.counts`,
    [rows.map(({ node }) => node), rows.map(({ bucket }) => bucket), rows.map(({ counts }) => counts)],
  );
}

export async function dropFlow(database: Database, before: number): Promise<void> {
  await database.query('drop_flow', 'delete from flow where bucket < $1', [before]);
}

export type StillRow = {
  readonly address: string;
  readonly title: string;
  readonly state: string;
  readonly updated_at: number;
  readonly due_at: number | undefined;
  readonly pending: number;
  readonly parked: boolean;
};

export type StillQuery = {
  readonly type: string;
  /** Paths of states that go on by themselves. */
  readonly alone: readonly string[];
  /** Not moved since then, in epoch milliseconds. */
  readonly before: number;
  readonly limit: number;
  /** So many of those that are under way are looked at, and no more. */
  readonly most: number;
};

const COLUMNS = 'address, type, title, state, updated_at, due_at, pending, parked';

/**
 * Only what is under way is looked at, by the small indexes of timers, effects and parked actors, however many rest. What is shown is
 * read along with it: joined to the table again, it might be found by going through all of a type. Parameters: type, states that go on
 * by themselves, not moved since, most rows, most that are looked at.
 */
export const STILL = `with calling as materialized (select ${COLUMNS} from actor where pending > 0 limit $5),
        timed as materialized (select ${COLUMNS} from actor where due_at is not null order by due_at limit $5),
        halted as materialized (select ${COLUMNS} from actor where type = $1 and parked order by updated_at limit $4)
      select a.*, c.cut from (select (select count(*) from calling) >= $5 or (select count(*) from timed) >= $5 as cut) c
        left join lateral (select * from (select * from calling union select * from timed union select * from halted) u
          where u.type = $1 and u.updated_at < $3 and (u.parked or u.due_at < $3 or string_to_array(u.state, ',') && $2::text[])
          order by u.updated_at, u.address limit $4) a on true
        order by a.updated_at, a.address`;

/**
 * Actors that should have moved and have not, longest first: parked ones, those whose timer is overdue, and those that stand in a state
 * that goes on by itself.
 */
export async function readStill(
  database: Database,
  { type, alone, before, limit, most }: StillQuery,
): Promise<{ rows: readonly StillRow[]; whole: boolean }> {
  const rows = await database.query('still', STILL, [type, alone, before, limit, most]);
  return {
    rows: rows
      .filter(({ address }) => address !== null)
      .map((row) => ({
        address: String(row['address']),
        title: typeof row['title'] === 'string' ? row['title'] : '',
        state: String(row['state']),
        updated_at: Number(row['updated_at']),
        due_at: row['due_at'] === null ? undefined : Number(row['due_at']),
        pending: Number(row['pending']),
        parked: row['parked'] === true,
      })),
    whole: rows[0]?.['cut'] !== true,
  };
}
