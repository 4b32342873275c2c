import type { Database } from '../integrations/integration.ts';

/** Leaves come so many at a time: a power of two, so that each such piece is a whole subtree of the day's tree. */
export const LEAVES_A_PIECE = 4096;
const HASH_BYTES = 32;

/*
 * A leg as the tree over its day has it: JSON without blanks, its members in the order of their names (RFC 8785), times in epoch
 * milliseconds. It says nothing of partitions, so that the same legs have the same root however they are spread.
 */
const ENTRY = `'{"account":' || to_json(account)::text || ',"actor":' || to_json(actor)::text || ',"amount_minor":' || amount_minor
  || ',"at":' || at || ',"currency":' || to_json(currency)::text || ',"effective":' || coalesce(effective, at) || ',"i":' || i
  || ',"kind":' || to_json(kind)::text || ',"leg":' || leg || ',"of_i":' || coalesce(of_i::text, 'null')
  || ',"of_version":' || coalesce(of_version::text, 'null') || ',"pending":' || case when pending then 'true' else 'false' end
  || ',"version":' || version || '}'`;
const ORDER = 'at, actor, version, i, leg';

/** What was recorded from `from` until before `to`, in epoch milliseconds. */
export type Stretch = { readonly from: number; readonly to: number };

/** The hashes of the legs' leaves (RFC 6962 §2.1), in the order of when they were recorded, then of actor, version, posting and leg. */
export async function readLeaves(reports: Database, { from, to }: Stretch): Promise<readonly (readonly Buffer[])[]> {
  const rows = await reports.query(
    'ledger_leaves',
    `select string_agg(hash, ''::bytea order by n) as hashes from (
        select row_number() over (order by ${ORDER}) - 1 as n, sha256('\\x00'::bytea || convert_to(${ENTRY}, 'UTF8')) as hash
        from posting where at >= $1 and at < $2) leaf
      group by n / ${LEAVES_A_PIECE} order by n / ${LEAVES_A_PIECE}`,
    [from, to],
  );
  return rows.map(({ hashes }) => toLeaves(hashes as Buffer));
}

function toLeaves(hashes: Buffer): readonly Buffer[] {
  return Array.from({ length: hashes.length / HASH_BYTES }, (_, n) => hashes.subarray(n * HASH_BYTES, (n + 1) * HASH_BYTES));
}

export type LegName = { readonly actor: string; readonly version: number; readonly i: number; readonly leg: number };

/** A leg's entry, and its place among those of the stretch; undefined where it is none of them. */
export async function readLeaf(
  reports: Database,
  { from, to }: Stretch,
  { actor, version, i, leg }: LegName,
): Promise<{ readonly entry: string; readonly index: number } | undefined> {
  const [row] = await reports.query(
    'ledger_leaf',
    `select ${ENTRY} as entry, (select count(*) from posting q where q.at >= $1 and q.at <= p.at
        and (q.at, q.actor, q.version, q.i, q.leg) < (p.at, p.actor, p.version, p.i, p.leg)) as index
      from posting p where at >= $1 and at < $2 and actor = $3 and version = $4 and i = $5 and leg = $6`,
    [from, to, actor, version, i, leg],
  );
  return row === undefined ? undefined : { entry: String(row['entry']), index: Number(row['index']) };
}
