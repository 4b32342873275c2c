import type { ErpClient, FoundRec, Push, PushPartner, Pushed } from '../erp-operations.ts';
import { OdooError } from './failures.ts';
import { pushBill } from './push-bill.ts';
import { after } from './written.ts';
import { isSame, writePartner } from './partner.ts';
import { readOne, rowOf } from './pull.ts';
import { orRefuse, toName } from './session.ts';
import type { OdooSession } from './session.ts';

const PARTNER = 'res.partner';

/**
 * Writes a contact, once. What stands there as it is to be is left as it is, so that a call whose answer was lost may be repeated; what somebody
 * changed there is answered as a conflict, and nothing is written.
 */
export function push(odoo: OdooSession, order: Push): Promise<Pushed> {
  return order.model === 'partner' ? pushPartner(odoo, order) : pushBill(odoo, order);
}

async function pushPartner(odoo: OdooSession, order: PushPartner): Promise<Pushed> {
  const countries = await odoo.countries();
  const values = orRefuse(() => writePartner(order.fields, countries));
  const id = order.external_id ?? (await nameOf(odoo, order.address));
  if (id === undefined) {
    if (order.fields.name === undefined) throw new OdooError('refused', 'name: is empty');
    return after(odoo, order, String(await odoo.make(PARTNER, toName(order.address), toTexts(values))));
  }
  const there = await readOne(odoo, order, id);
  if (there === undefined) throw new OdooError('not_found', `There is no contact ${id} any more.`);
  if (stands(order.fields, there)) return { external_id: id, at: there.at };
  if (await isOthers(odoo, order, there)) return { external_id: id, at: there.at, conflict: there };
  await odoo.call(PARTNER, 'write', { ids: [Number(id)], vals: values });
  return after(odoo, order, id);
}

async function nameOf(odoo: OdooSession, address: string): Promise<string | undefined> {
  const id = await odoo.named(PARTNER, toName(address));
  return id === undefined ? undefined : String(id);
}

function stands(fields: PushPartner['fields'], there: FoundRec): boolean {
  return 'fields' in there && isSame(fields, there.fields as ErpClient);
}

/** Whether somebody wrote there since. What the hub does not yet know to be its own may be written as long as nobody has touched it since it was made. */
async function isOthers(odoo: OdooSession, { external_id, expected_at }: Push, there: FoundRec): Promise<boolean> {
  if (expected_at !== undefined) return expected_at !== there.at;
  if (external_id !== null) return false;
  const row = await rowOf(odoo, 'partner', there.external_id);
  return row?.['create_date'] !== row?.['write_date'];
}

/** As an import takes them: a link by Odoo's own id, a yes as 1, what is empty as nothing. */
function toTexts(values: Readonly<Record<string, unknown>>): Record<string, string> {
  const entries = Object.entries(values).map(([field, value]): [string, string] => {
    if (field === 'country_id') return ['country_id/.id', value === false ? '' : String(value)];
    if (field === 'is_company' || field === 'active') return [field, value === true ? '1' : '0'];
    return [field, typeof value === 'string' ? value : ''];
  });
  return Object.fromEntries(entries);
}
