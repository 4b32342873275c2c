import { fromActorColumns } from './rows.ts';
import type { ActorColumns } from './rows.ts';
import type { Statement } from './statements.ts';
import type { Older } from './store.ts';

type Query = <Row extends object>(statement: Statement) => Promise<Row[]>;

/** See `Store.older`. Actors are looked at by their addresses, so that a page costs the same however few of them are old. */
export async function readOlder(
  query: Query,
  type: string,
  machine_version: number,
  partitions: readonly number[],
  after: string,
  limit: number,
): Promise<Older> {
  const rows = await query<ActorColumns & { readonly envelope: string; readonly machine_version: number }>({
    name: 'older',
    // `0` is the character behind the slash.
    text: `select a.*, j.envelope, j.machine_version from
        (select * from actor where address > $1 and address < $2 order by address limit $3) a
        join journal j on j.actor = a.address and j.version = a.version order by a.address`,
    values: [after > `${type}/` ? after : `${type}/`, `${type}0`, limit],
  });
  const found = rows.flatMap(({ envelope, machine_version: wrote, ...columns }) =>
    wrote < machine_version && partitions.includes(columns.partition) ? [{ ...fromActorColumns(columns), envelope }] : [],
  );
  return { found, last: rows.length < limit ? undefined : rows.at(-1)?.address };
}
