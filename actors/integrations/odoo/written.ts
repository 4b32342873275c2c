import type { Push, Pushed } from '../erp-operations.ts';
import { OdooError } from './failures.ts';
import { readOne, toId } from './pull.ts';
import type { OdooSession } from './session.ts';

/** What stands there now that it was written. */
export async function after(odoo: OdooSession, order: Push, id: string): Promise<Pushed> {
  const there = toId(id) === undefined ? undefined : await readOne(odoo, order, id);
  if (there === undefined) throw new OdooError('unknown', `Record ${id} was written and is not there.`);
  return { external_id: id, at: there.at };
}
