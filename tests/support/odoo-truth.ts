import { createHash } from 'node:crypto';

/*
 * What an Odoo itself says of contacts and bills, and what the hub's actors say, each brought into one form and hashed. It reads Odoo by plain calls of its own
 * and shares nothing with the integration, so that a mistake of that is seen.
 */

export type Call = (model: string, method: string, args: object) => Promise<unknown>;
type Row = Readonly<Record<string, unknown>>;
export type Told = { readonly count: number; readonly hash: string; readonly lines: ReadonlyMap<string, string> };

const PAGE = 200;

/** Everything that one side says of its records, by their names in Odoo. */
function told(lines: readonly (readonly [id: string, text: string])[]): Told {
  const sorted = lines.toSorted(([a], [b]) => Number(a) - Number(b));
  const hash = createHash('sha256');
  for (const [id, text] of sorted) hash.update(`${id} ${text}\n`);
  return { count: sorted.length, hash: hash.digest('hex'), lines: new Map(sorted) };
}

/** Names of the records on which the two do not say the same. */
export function differing(a: Told, b: Told): readonly string[] {
  return [...new Set([...a.lines.keys(), ...b.lines.keys()])].filter((id) => a.lines.get(id) !== b.lines.get(id));
}

async function rowsOf(call: Call, model: string, ids: readonly number[], fields: readonly string[]): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for (let at = 0; at < ids.length; at += PAGE) {
    rows.push(...((await call(model, 'read', { ids: ids.slice(at, at + PAGE), fields })) as Row[]));
  }
  return rows;
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');
const linkOf = (value: unknown): number => (Array.isArray(value) ? Number(value[0]) : 0);

/** Contacts as Odoo has them. */
export async function partnersThere(call: Call, ids: readonly number[]): Promise<Told> {
  const fields = ['name', 'email', 'phone', 'street', 'city', 'zip', 'is_company', 'country_id', 'active'];
  const rows = await rowsOf(call, 'res.partner', ids, fields);
  const countries = await rowsOf(call, 'res.country', [...new Set(rows.map((row) => linkOf(row['country_id'])).filter(Boolean))], ['code']);
  const codes = new Map(countries.map((row) => [row['id'], textOf(row['code'])]));
  return told(
    rows.map((row) => [
      String(row['id']),
      [
        ...['name', 'email', 'phone', 'street', 'city', 'zip'].map((field) => textOf(row[field])),
        row['is_company'] === true ? 'company' : 'person',
        codes.get(linkOf(row['country_id'])) ?? '',
        row['active'] === true,
      ].join('|'),
    ]),
  );
}

/** The clients that stand for them, as the hub's journal has them: context by name in Odoo. */
export function clientsHere(contexts: ReadonlyMap<string, Row>): Told {
  return told(
    [...contexts].map(([id, context]) => [
      id,
      [
        ...['name', 'email', 'phone', 'street', 'city', 'zip', 'kind', 'country'].map((field) => textOf(context[field])),
        context['archived'] !== true,
      ].join('|'),
    ]),
  );
}

/** Bills as Odoo has them: amounts in cents, of which Odoo says units. */
export async function billsThere(call: Call, ids: readonly number[]): Promise<Told> {
  const fields = ['ref', 'invoice_date', 'invoice_date_due', 'amount_total', 'amount_tax', 'amount_residual', 'state', 'currency_id'];
  const rows = await rowsOf(call, 'account.move', ids, fields);
  const cents = (row: Row, field: string): string => String(Math.round(Number(row[field]) * 100));
  return told(
    rows.map((row) => [
      String(row['id']),
      [
        ...['ref', 'invoice_date', 'invoice_date_due'].map((field) => textOf(row[field])),
        ...['amount_total', 'amount_tax', 'amount_residual'].map((field) => cents(row, field)),
        textOf(row['state']) === 'cancel' ? 'canceled' : textOf(row['state']),
        String((row['currency_id'] as unknown[])[1]),
      ].join('|'),
    ]),
  );
}

/** The bills that stand for them in the hub. */
export function billsHere(contexts: ReadonlyMap<string, Row>): Told {
  return told(
    [...contexts].map(([id, context]) => [
      id,
      [
        ...['number', 'issued', 'due'].map((field) => textOf(context[field])),
        ...['total_minor', 'tax_minor', 'residual_minor'].map((field) => String(context[field])),
        textOf(context['state']),
        textOf(context['currency']),
      ].join('|'),
    ]),
  );
}
