import { unpack } from './bundle.ts';
import type { Contents } from './bundle.ts';
import type { Statement } from './statements.ts';
import type { HistoryRow } from './store.ts';

type Query = <Row extends object>(statement: Statement) => Promise<Row[]>;
type Bundle = {
  readonly actor: string;
  readonly first: number;
  readonly last: number;
  readonly contents: Buffer;
  readonly contents_hash: string;
};

/**
 * The same rows with what retention moved to the archive back in its place. Where the archive does not have it, the texts stay
 * empty: somebody erased them. Costs nothing where nothing was moved.
 */
export async function withArchived(query: Query, rows: readonly HistoryRow[]): Promise<readonly HistoryRow[]> {
  const moved = rows.filter(isMoved);
  if (moved.length === 0) return rows;
  const bundles = await query<Bundle>({
    name: 'archived',
    text: `select * from journal_archive where (actor, first) in (select b.actor, b.first from unnest($1::text[], $2::int[]) as n(actor, version)
      join journal_archive b on b.actor = n.actor and n.version between b.first and b.last)`,
    values: [moved.map(({ actor }) => actor), moved.map(({ version }) => version)],
  });
  const found = new Map<string, Contents>();
  for (const bundle of bundles)
    for (const [index, contents] of unpack(bundle).entries()) found.set(keyOf(bundle.actor, bundle.first + index), contents);
  const missing = moved.filter(({ actor, version }) => !found.has(keyOf(actor, version)));
  if (missing.length > 0) for (const [key, contents] of await movedBack(query, missing)) found.set(key, contents);
  return rows.map((row) => (isMoved(row) ? { ...row, ...found.get(keyOf(row.actor, row.version)) } : row));
}

/** Contents may have gone back to the journal between the reading of the row and that of its bundle. */
async function movedBack(query: Query, rows: readonly HistoryRow[]): Promise<readonly (readonly [string, Contents])[]> {
  type Raw = { actor: string; version: number; event: string; envelope: string; asked: string | null };
  const found = await query<Raw>({
    name: 'moved_back',
    text: `select j.actor, j.version, j.event, j.envelope, j.asked from unnest($1::text[], $2::int[]) as n(actor, version)
      join journal j on j.actor = n.actor and j.version = n.version`,
    values: [rows.map(({ actor }) => actor), rows.map(({ version }) => version)],
  });
  return found.map(
    ({ actor, version, event, envelope, asked }) => [keyOf(actor, version), { event, envelope, asked: asked ?? '' }] as const,
  );
}

/** No envelope is empty by itself. */
function isMoved({ envelope }: HistoryRow): boolean {
  return envelope === '';
}

function keyOf(actor: string, version: number): string {
  return `${actor}@${version}`;
}
