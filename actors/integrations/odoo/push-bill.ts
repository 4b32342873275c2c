import { exponentOf, toDecimal } from '../../../machines/money.ts';
import { readAddress } from '../../../machines/ids.ts';
import { isSame } from '../../../machines/sync-merge.ts';
import type { ErpBill, PushBill, Pushed } from '../erp-operations.ts';
import { OdooError } from './failures.ts';
import { readOne, toId } from './pull.ts';
import { toName } from './session.ts';
import type { OdooSession } from './session.ts';
import { idIn, textOf } from './values.ts';
import { after } from './written.ts';

const MOVE = 'account.move';
/** What may be written of a bill that is there; `number` of one that we were sent alone: those that we send Odoo counts. */
const WRITTEN: readonly string[] = ['number', 'due', 'issued'] satisfies (keyof ErpBill)[];

/** Makes a bill as a draft, once, with its lines; or corrects its number and days. What was changed there since is left as it is. */
export async function pushBill(odoo: OdooSession, order: PushBill): Promise<Pushed> {
  const found = order.external_id ?? (await odoo.named(MOVE, toName(order.address)));
  if (found === undefined) return after(odoo, order, String(await makeBill(odoo, order)));
  const id = String(found);
  const there = await readOne(odoo, order, id);
  if (there === undefined) throw new OdooError('not_found', `There is no bill ${id} any more.`);
  const now: Readonly<Record<string, unknown>> = 'fields' in there ? there.fields : {};
  const changed = Object.entries(order.fields).filter(([field, value]) => value !== undefined && !isSame(value, now[field]));
  // One that was made under its name, and whose answer was lost, stands there with what Odoo worked out of it.
  if (changed.length === 0 || order.external_id === null) return { external_id: id, at: there.at };
  if (order.expected_at !== undefined && order.expected_at !== there.at) return { external_id: id, at: there.at, conflict: there };
  const values = Object.fromEntries(changed.map(([field, value]) => [columnOf(field, now), value ?? false]));
  await odoo.call(MOVE, 'write', { ids: [Number(id)], vals: values });
  return after(odoo, order, id);
}

function columnOf(field: string, { direction, state }: Readonly<Record<string, unknown>>): string {
  if (!WRITTEN.includes(field)) throw new OdooError('refused', `${field}: is changed in Odoo alone once the bill is there`);
  if (field === 'number' && direction === 'out') throw new OdooError('refused', 'number: Odoo counts what is sent itself');
  if (field === 'issued' && state !== 'draft') throw new OdooError('refused', 'issued: is not changed once the bill is posted');
  return field === 'number' ? 'ref' : field === 'due' ? 'invoice_date_due' : 'invoice_date';
}

async function makeBill(odoo: OdooSession, { address, integration, fields }: PushBill): Promise<number> {
  const { supplier, direction, currency, lines = [], number, issued, due } = fields;
  if (supplier === undefined || direction === undefined || currency === undefined)
    throw new OdooError('refused', 'supplier, direction, currency: are needed');
  const { company } = await odoo.company();
  const currency_id = [...(await odoo.currencies())].find(([, code]) => code === currency)?.[0];
  if (currency_id === undefined) throw new OdooError('refused', `currency: Odoo has no ${currency}`);
  const accounts = await accountsOf(odoo, lines, company);
  const isCredit = (fields.total_minor ?? 0) < 0;
  const sign = isCredit ? -1 : 1;
  const values = {
    move_type: `${direction}_${isCredit ? 'refund' : 'invoice'}`,
    'partner_id/.id': String(await partnerOf(odoo, integration, supplier)),
    'company_id/.id': String(company),
    'currency_id/.id': String(currency_id),
    ...(number === null || number === undefined || direction === 'out' ? {} : { ref: number }),
    ...(issued === null || issued === undefined ? {} : { invoice_date: issued }),
    ...(due === null || due === undefined ? {} : { invoice_date_due: due }),
  };
  const rows = lines.map(({ text, quantity, amount_minor, unit_minor, account }) => ({
    'invoice_line_ids/name': text,
    'invoice_line_ids/quantity': quantity,
    'invoice_line_ids/price_unit': toUnits(sign * (unit_minor ?? Math.round(amount_minor / Number(quantity))), currency),
    'invoice_line_ids/account_id/.id': account === null ? '' : String(accounts.get(account) ?? ''),
  }));
  return odoo.make(MOVE, toName(address), values, { allowed_company_ids: [company] }, rows);
}

function toUnits(amount_minor: number, currency: string): string {
  return exponentOf(currency) > 0 ? toDecimal({ amount_minor, currency }) : String(amount_minor);
}

/** The contact that a client is: the one that carries its name, or the one that it was made of. */
async function partnerOf(odoo: OdooSession, integration: string, client: string): Promise<number> {
  const named = await odoo.named('res.partner', toName(`client/${client}`));
  const made = client.startsWith(`${integration}-`) ? toId(client.slice(integration.length + 1)) : undefined;
  const id = named ?? made;
  // It comes by itself: whoever waits tries again.
  if (id === undefined || readAddress(`client/${client}`) === undefined)
    throw new OdooError('unavailable', `Client ${client} is not in Odoo yet.`);
  return id;
}

async function accountsOf(odoo: OdooSession, lines: ErpBill['lines'], company: number): Promise<ReadonlyMap<string, number>> {
  const codes = [...new Set(lines.map(({ account }) => account).filter((code) => code !== null))];
  if (codes.length === 0) return new Map();
  const domain = [
    ['code', 'in', codes],
    ['company_ids', 'in', [company]],
  ];
  const rows = await odoo.rows('account.account', domain, ['code'], { context: { allowed_company_ids: [company] } });
  const found = new Map(rows.map((row) => [textOf(row, 'code') ?? '', idIn(row)]));
  const missing = codes.find((code) => !found.has(code));
  if (missing !== undefined) throw new OdooError('refused', `lines: there is no account ${missing} in Odoo`);
  return found;
}
