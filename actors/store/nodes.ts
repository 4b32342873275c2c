import type { Database } from '../integrations/integration.ts';

/** A node with a live lease, and the partitions that it owns. */
export type NodeRow = { readonly id: string; readonly url: string; readonly since: Date; readonly partitions: readonly number[] };

export async function readNodes(database: Database): Promise<readonly NodeRow[]> {
  const rows = await database.query(
    'nodes',
    `select n.id, n.url, n.since, coalesce(array_agg(p.id order by p.id) filter (where p.id is not null), '{}') as partitions
      from node n left join partition p on p.owner = n.id where n.lease_until > clock_timestamp()
      group by n.id, n.url, n.since order by n.since, n.id`,
    [],
  );
  return rows.map(({ id, url, since, partitions }) => ({
    id: String(id),
    url: String(url),
    since: since as Date,
    partitions: partitions as number[],
  }));
}
