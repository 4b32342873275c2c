import type { BoundPage, BoundRequest } from '../../machines/bound-records.ts';
import type { BindingContext } from '../../machines/binding-terms.ts';
import type { StoredEnvelope } from '../envelope.ts';
import type { Database } from '../integrations/integration.ts';

/** Bindings as they stand, a page at a time in the order of their addresses; those that are gone or given up are left out. */
export async function readBoundPage(reports: Database, { of, model, after, limit }: BoundRequest): Promise<BoundPage> {
  const rows = await reports.query(
    'bound_records',
    // `0` is the character behind the slash.
    `select a.address, a.state, j.envelope from actor a join journal j on j.actor = a.address and j.version = a.version
      where a.address > $1 and a.address < 'binding0' order by a.address limit $2::int`,
    [after === '' ? 'binding/' : after, limit],
  );
  const records = rows.flatMap((row) => {
    if (['gone', 'released'].includes(String(row['state']))) return [];
    const stands = contextOf(String(row['envelope']));
    if (stands.integration !== of || stands.model !== model || stands.external_id === null) return [];
    return [{ binding: String(row['address']), external_id: stands.external_id, at: stands.theirs?.at ?? 0 }];
  });
  const last = rows.at(-1);
  return { records, after: last === undefined ? after : String(last['address']), more: rows.length === limit };
}

function contextOf(envelope: string): Pick<BindingContext, 'integration' | 'model' | 'external_id' | 'theirs'> {
  return (JSON.parse(envelope) as StoredEnvelope).snapshot.context as BindingContext;
}
