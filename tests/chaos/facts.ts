import { toStates } from '../../actors/envelope.ts';
import type { StoredEnvelope } from '../../actors/envelope.ts';
import type { JournalRow } from '../../actors/store/store.ts';
import type { Anchors, ChargeFact, LegFact, PaymentFact, ProgressFact, RefusalFact, Row, WriteFact } from './checker.ts';
import type { World } from './world.ts';

/* What the judge reads: past the hub, from PostgreSQL itself. Addresses are chosen so that a prefix names what one schedule made. */

export function readRows(world: World, prefix: string): Promise<Row[]> {
  return world.ask<Row>(`select actor, version, event_id from journal where actor like $1`, [`${prefix}%`]);
}

export function readRefusals(world: World, prefix: string): Promise<RefusalFact[]> {
  return world.ask<RefusalFact>(`select actor, event_id, reason from refusal where actor like $1`, [`${prefix}%`]);
}

/** The newest committed state of each payment of the prefix, from the envelope in the journal. */
export async function readPayments(world: World, prefix: string): Promise<PaymentFact[]> {
  const rows = await world.ask<{ actor: string; envelope: string }>(
    `select distinct on (actor) actor, envelope from journal where actor like $1 order by actor, version desc`,
    [`${prefix}%`],
  );
  return rows.map(({ actor, envelope }) => {
    const { snapshot } = JSON.parse(envelope) as StoredEnvelope;
    return {
      id: actor.slice('payment/'.length),
      state: toStates(snapshot.value).join(),
      captured_minor: Number(snapshot.context['captured_minor']),
      refunded_minor: Number(snapshot.context['refunded_minor']),
    };
  });
}

export async function readCharges(world: World, prefix: string): Promise<ChargeFact[]> {
  const rows = await world.ask<ChargeFact>(
    `select seq, payment, operation, outcome, coalesce(amount_minor, 0) as amount_minor from sandbox.journal where payment like $1 order by seq`,
    [`${prefix}%`],
  );
  return rows.map((row) => ({ ...row, seq: Number(row.seq), amount_minor: Number(row.amount_minor) }));
}

export async function readProgress(world: World): Promise<ProgressFact[]> {
  const rows = await world.ask<Record<string, unknown>>(
    `select p.partition, p.published, p.cursor, p.stream, coalesce(j.seq, 0) as head from progress p
      left join lateral (select seq from journal where partition = p.partition order by seq desc limit 1) j on true`,
  );
  return rows.map((row) => ({
    partition: Number(row['partition']),
    head: Number(row['head']),
    published: Number(row['published']),
    cursor: Number(row['cursor']),
    stream: String(row['stream']),
  }));
}

/** Rows behind the anchors, in the order of their chains. */
export async function readChain(world: World, anchors: Anchors): Promise<JournalRow[]> {
  const partitions = Array.from({ length: 32 }, (_, partition) => partition);
  const rows = await world.ask<Record<string, unknown>>(
    `select j.* from unnest($1::int[], $2::bigint[]) as a(partition, seq)
      join lateral (select * from journal where partition = a.partition and seq > a.seq order by seq) j on true order by j.partition, j.seq`,
    [partitions, partitions.map((partition) => anchors.get(partition)?.seq ?? 0)],
  );
  return rows.map((row) => {
    const text = (name: string): string => (row[name] === null || row[name] === undefined ? '' : String(row[name]));
    const numbers = { partition: Number(row['partition']), seq: Number(row['seq']), at: Number(row['at']) };
    const texts = {
      causation: text('causation'),
      correlation: text('correlation'),
      traceparent: text('traceparent'),
      asked: text('asked'),
    };
    return { ...row, ...numbers, ...texts } as unknown as JournalRow;
  });
}

/** Who wrote what; read and forgotten, but for the newest of each partition, which the next ones are compared with. */
export async function takeWrites(world: World): Promise<WriteFact[]> {
  const rows = await world.ask<Record<string, unknown>>(`select * from chaos.written`);
  await world.ask(
    `delete from chaos.written w using (select partition, max(first) as first from chaos.written group by partition) n
      where w.partition = n.partition and w.first < n.first`,
  );
  return rows.map((row) => ({
    partition: Number(row['partition']),
    first: Number(row['first']),
    last: Number(row['last']),
    epoch: Number(row['epoch']),
    owner: row['owner'] === null ? null : String(row['owner']),
    writer: String(row['writer']),
  }));
}

export async function readLegs(world: World, prefix: string): Promise<LegFact[]> {
  const rows = await world.ask<Record<string, unknown>>(
    `select actor, version, i, currency, sum(amount_minor) as sum from posting where actor like $1 group by actor, version, i, currency, pending`,
    [`${prefix}%`],
  );
  return rows.map((row) => ({
    actor: String(row['actor']),
    version: Number(row['version']),
    i: Number(row['i']),
    currency: String(row['currency']),
    sum: Number(row['sum']),
  }));
}

/** How many sessions each process has open at PostgreSQL, by the name that it goes by. */
export async function readSessions(world: World): Promise<ReadonlyMap<string, number>> {
  const rows = await world.ask<{ name: string; n: string }>(
    `select application_name as name, count(*) as n from pg_stat_activity where datname = current_database() group by 1`,
  );
  return new Map(rows.map(({ name, n }) => [name, Number(n)]));
}

/** By the name of each table: the rows that have one of the texts in them. */
export async function findInTables(world: World, texts: readonly string[]): Promise<Map<string, string>> {
  const tables = await world.ask<{ name: string }>(
    `select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname in ('public', 'sandbox')`,
  );
  const found = new Map<string, string>();
  for (const { name } of tables) {
    const rows = await world.ask<{ text: string }>(
      `select t::text as text from ${name} t where exists (select from unnest($1::text[]) s where strpos(t::text, s) > 0) limit 20`,
      [texts],
    );
    found.set(`table ${name}`, rows.map(({ text }) => text).join('\n'));
  }
  return found;
}
