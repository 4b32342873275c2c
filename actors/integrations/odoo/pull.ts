import { actorOf } from '../../../machines/erp.ts';
import { idOf } from '../../../machines/ids.ts';
import type { Cursor, ErpModel, FoundRec, List, Listed, Pull, Pulled } from '../erp-operations.ts';
import { BILL_FIELDS, BILL_TYPES, LINE_FIELDS, PAYMENT_FIELDS, readBill, readPayment } from './bill.ts';
import { PARTNER_FIELDS, readPartner } from './partner.ts';
import { OUR_MODULE, toAddressOf } from './session.ts';
import type { OdooSession } from './session.ts';
import { BadField, idIn, linkOf, linksOf, textOf, timeOf, toOdooTime } from './values.ts';
import type { OdooRecord } from './values.ts';

/** Of which model, for which integration of the hub. */
export type Of = { readonly integration: string; readonly model: ErpModel };
type Table = { readonly name: string; readonly domain: readonly unknown[]; readonly fields: readonly string[] };

export const TABLES: Readonly<Record<ErpModel, Table>> = {
  partner: { name: 'res.partner', domain: [], fields: [...PARTNER_FIELDS, 'write_date', 'create_date'] },
  bill: { name: 'account.move', domain: [['move_type', 'in', BILL_TYPES]], fields: [...BILL_FIELDS, 'write_date'] },
  payment: { name: 'account.payment', domain: [], fields: [...PAYMENT_FIELDS, 'write_date'] },
};

/**
 * What was written since, in the order of `(write_date, id)`. Odoo keeps microseconds and tells seconds, so what it sorts within one second is in no
 * order that a cursor could name: a second that a page ends in is read by id instead. What a long transaction commits carries the time of its
 * beginning; only the overlap finds it.
 */
export async function pull(odoo: OdooSession, { integration, model, cursor, limit, overlap_ms }: Pull): Promise<Pulled> {
  const table = TABLES[model];
  const begun = cursor === null || cursor.id === 0 ? [] : await moment(odoo, table, cursor, limit);
  const room = limit - begun.length;
  if (room === 0) return { records: await toRecs(odoo, { integration, model }, begun), cursor: cursorOf(begun), more: true };
  const since = cursor === null ? 0 : cursor.id === 0 ? Math.max(0, cursor.at - overlap_ms) : cursor.at + 1000;
  const next = inOrder(await search(odoo, table, [['write_date', '>=', toOdooTime(since)]], room, 'write_date, id'));
  if (next.length < room) {
    const rows = [...begun, ...next];
    const at = rows.length === 0 ? cursor?.at : cursorOf(rows).at;
    return { records: await toRecs(odoo, { integration, model }, rows), cursor: at === undefined ? null : { at, id: 0 }, more: false };
  }
  const { at } = cursorOf(next);
  const before = next.filter((row) => writtenAt(row) < at);
  const last = await moment(odoo, table, { at, id: 0 }, room - before.length);
  // All of that second may have been written anew meanwhile: it comes later.
  const end = last.length === 0 ? cursorOf(next) : cursorOf(last);
  return { records: await toRecs(odoo, { integration, model }, [...begun, ...before, ...last]), cursor: end, more: true };
}

/** Undefined for a record that is not there. */
export async function readOne(odoo: OdooSession, { integration, model }: Of, external_id: string): Promise<FoundRec | undefined> {
  const row = await rowOf(odoo, model, external_id);
  return row === undefined ? undefined : (await toRecs(odoo, { integration, model }, [row]))[0];
}

export async function rowOf(odoo: OdooSession, model: ErpModel, external_id: string): Promise<OdooRecord | undefined> {
  const { name, domain, fields } = TABLES[model];
  const id = toId(external_id);
  if (id === undefined) return undefined;
  const rows = await odoo.rows(name, [...domain, ['id', '=', id]], fields);
  return rows[0];
}

/** Which of them are not there any more, in any company that the user sees. */
export async function gone(odoo: OdooSession, model: ErpModel, ids: readonly string[]): Promise<string[]> {
  const known = ids.map(toId).filter((id) => id !== undefined);
  const rows = await odoo.rows(TABLES[model].name, [['id', 'in', known]], ['id']);
  const there = new Set(rows.map((row) => String(idIn(row))));
  return ids.filter((id) => !there.has(id));
}

const LISTS = {
  currencies: { name: 'res.currency', fields: ['name', 'rate', 'active', 'decimal_places'], domain: [] },
  payment_terms: { name: 'account.payment.term', fields: ['name', 'active'], domain: [] },
  taxes: { name: 'account.tax', fields: ['name', 'amount', 'amount_type', 'type_tax_use', 'active', 'company_id'], domain: ['company_id'] },
  accounts: { name: 'account.account', fields: ['code', 'name', 'account_type'], domain: ['company_ids'] },
} as const;

/** What bills are coded with, a page at a time in the order of ids. */
export async function list(odoo: OdooSession, { what, after, limit }: List): Promise<Listed> {
  const { name, fields, domain } = LISTS[what];
  const { company } = await odoo.company();
  const own = domain.map((field) => [field, 'in', [company]]);
  const context = { allowed_company_ids: [company] };
  const rows = await odoo.rows(name, [...own, ['id', '>', after]], fields, { limit, order: 'id', context });
  const items = rows.map(({ id, ...rest }) => ({ external_id: String(id), ...rest }));
  return { items, after: Number(rows.at(-1)?.['id'] ?? after), more: rows.length === limit };
}

/** One second, by id. */
function moment(odoo: OdooSession, table: Table, { at, id }: Cursor, limit: number): Promise<readonly OdooRecord[]> {
  const within = [
    ['write_date', '>=', toOdooTime(at)],
    ['write_date', '<', toOdooTime(at + 1000)],
    ['id', '>', id],
  ];
  return search(odoo, table, within, limit, 'id');
}

async function search(odoo: OdooSession, { name, domain, fields }: Table, within: readonly unknown[], limit: number, order: string) {
  // Contacts are shared between companies, and bills are one's own.
  const { company } = await odoo.company();
  return odoo.rows(name, [...domain, ...within], fields, { limit, order, context: { allowed_company_ids: [company] } });
}

function inOrder(rows: readonly OdooRecord[]): readonly OdooRecord[] {
  return rows.toSorted((a, b) => writtenAt(a) - writtenAt(b) || idIn(a) - idIn(b));
}

function cursorOf(rows: readonly OdooRecord[]): Cursor {
  const last = rows.at(-1) ?? {};
  return { at: writtenAt(last), id: idIn(last) };
}

function writtenAt(row: OdooRecord): number {
  return timeOf(row, 'write_date');
}

async function toRecs(odoo: OdooSession, of: Of, rows: readonly OdooRecord[]): Promise<FoundRec[]> {
  if (rows.length === 0) return [];
  const refs = await refsOf(odoo, TABLES[of.model].name, rows.map(idIn));
  const read = await readerOf(odoo, of, rows);
  return rows.map((row) => {
    const external_id = String(idIn(row));
    const at = writtenAt(row);
    try {
      const fields = read(row);
      const ref = refs.get(idIn(row));
      const archived = row['active'] === false ? { archived: true as const } : {};
      return { external_id, at, fields, ...archived, ...(ref === undefined ? {} : { ref }) };
    } catch (error) {
      if (error instanceof BadField) return { external_id, at, bad: { field: error.field, why: error.why } };
      throw error;
    }
  });
}

/** The names that the hub gave to records that it made. */
async function refsOf(odoo: OdooSession, model: string, ids: readonly number[]): Promise<ReadonlyMap<number, string>> {
  const domain = [
    ['module', '=', OUR_MODULE],
    ['model', '=', model],
    ['res_id', 'in', ids],
  ];
  const rows = await odoo.rows('ir.model.data', domain, ['name', 'res_id']);
  return new Map(rows.map((row) => [Number(row['res_id']), toAddressOf(textOf(row, 'name') ?? '')]));
}

async function readerOf(
  odoo: OdooSession,
  { integration, model }: Of,
  rows: readonly OdooRecord[],
): Promise<(row: OdooRecord) => Record<string, unknown>> {
  if (model === 'partner') {
    const countries = await odoo.countries();
    return (row) => readPartner(row, countries);
  }
  const currencies = await odoo.currencies();
  if (model === 'payment') return (row) => readPayment(row, currencies);
  const { company } = await odoo.company();
  const context = { allowed_company_ids: [company] };
  const ids = rows.flatMap((row) => linksOf(row, 'invoice_line_ids'));
  const lines = await odoo.rows('account.move.line', [['id', 'in', ids]], LINE_FIELDS, { order: 'move_id, sequence, id', context });
  const charged = [...new Set(lines.map((line) => linkOf(line, 'account_id')).filter((id) => id !== null))];
  const accounts = await odoo.rows('account.account', [['id', 'in', charged]], ['code'], { context });
  const codes = new Map(accounts.map((account) => [idIn(account), textOf(account, 'code') ?? '']));
  const clients = await clientsOf(odoo, integration, rows);
  return (row) => readBill(row, { currencies, clients, accounts: codes, lines });
}

/** Whose bills they are: a contact that carries a client's name is that client, and any other the one that is made of it. */
async function clientsOf(odoo: OdooSession, integration: string, rows: readonly OdooRecord[]): Promise<ReadonlyMap<number, string>> {
  const partners = [...new Set(rows.map((row) => linkOf(row, 'commercial_partner_id')).filter((id) => id !== null))];
  const refs = await refsOf(odoo, 'res.partner', partners);
  return new Map(partners.map((id) => [id, idOf(refs.get(id) ?? actorOf(integration, 'partner', String(id)))]));
}

/** Odoo's ids are whole numbers. */
export function toId(external_id: string): number | undefined {
  return /^[1-9]\d{0,9}$/.test(external_id) ? Number(external_id) : undefined;
}
