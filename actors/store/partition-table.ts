import type { Statement } from './statements.ts';
import type { Cluster, Head } from './store.ts';

type Query = <Row extends object>(statement: Statement) => Promise<Row[]>;

/** Who owns what, and the leases of the nodes, on the database's clock. */
export class PartitionTable {
  readonly #query: Query;

  constructor(query: Query) {
    this.#query = query;
  }

  async renew(node: string, url: string, release: string, lease_ms: number): Promise<void> {
    await this.#query({
      name: 'renew',
      text: `insert into node (id, url, release, since, lease_until) values ($1, $2, $3, clock_timestamp(), clock_timestamp() + $4 * interval '1 ms')
        on conflict (id) do update set url = excluded.url, release = excluded.release, lease_until = excluded.lease_until`,
      values: [node, url, release, lease_ms],
    });
  }

  async release(node: string): Promise<void> {
    await this.#query({ name: 'release_partitions', text: `update partition set owner = null where owner = $1`, values: [node] });
    await this.#query({ name: 'release_node', text: `delete from node where id = $1`, values: [node] });
  }

  async unclaim(node: string, partitions: readonly number[]): Promise<void> {
    const text = `update partition set owner = null where owner = $1 and id = any($2::int[])`;
    await this.#query({ name: 'unclaim', text, values: [node, partitions] });
  }

  async look(): Promise<Cluster> {
    type Row = {
      now: string;
      nodes: { id: string; url: string; release: string; left_ms: number }[] | null;
      partitions: { id: number; owner: string | null; epoch: number }[];
    };
    const [row] = await this.#query<Row>({
      name: 'look',
      text: `with clock as materialized (select clock_timestamp() as now)
        select extract(epoch from now) * 1000 as now,
          (select json_agg(json_build_object('id', n.id, 'url', n.url, 'release', n.release,
             'left_ms', extract(epoch from n.lease_until - now) * 1000) order by n.id) from node n where n.lease_until > now) as nodes,
          (select json_agg(json_build_object('id', p.id, 'owner', p.owner, 'epoch', p.epoch) order by p.id) from partition p) as partitions
        from clock`,
      values: [],
    });
    const partitions = (row?.partitions ?? []).map(({ id, owner, epoch }) => ({ id, owner: owner ?? undefined, epoch }));
    return { now: Number(row?.now), nodes: row?.nodes ?? [], partitions };
  }

  async ends(): Promise<ReadonlyMap<number, number>> {
    const rows = await this.#query<{ id: number; seq: string | null }>({
      name: 'ends',
      text: `select p.id, (select j.seq from journal j where j.partition = p.id order by j.seq desc limit 1) as seq from partition p`,
      values: [],
    });
    return new Map(rows.map(({ id, seq }) => [id, Number(seq ?? 0)]));
  }

  async claim(node: string, partitions: readonly number[]): Promise<readonly Head[]> {
    // One row at a time and in order, so that a claim can never deadlock with a commit that holds several.
    for (const partition of partitions.toSorted((a, b) => a - b)) {
      await this.#query({
        name: 'claim',
        text: `update partition p set owner = $1, epoch = p.epoch + 1 where p.id = $2 and (p.owner is null or p.owner = $1
          or not exists (select from node n where n.id = p.owner and n.lease_until > clock_timestamp()))`,
        values: [node, partition],
      });
    }
    const rows = await this.#query<{ id: number; epoch: string; seq: string | null; hash: string | null }>({
      name: 'heads',
      text: `select p.id, p.epoch, j.seq, j.hash from partition p
        left join lateral (select seq, hash from journal j where j.partition = p.id order by seq desc limit 1) j on true
        where p.owner = $1 and p.id = any($2::int[])`,
      values: [node, partitions],
    });
    return rows.map(({ id, epoch, seq, hash }) => ({ partition: id, epoch: Number(epoch), seq: Number(seq ?? 0), hash: hash ?? '' }));
  }
}
