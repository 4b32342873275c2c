import type { ErpClient, PushPartner } from '../erp-operations.ts';
import { BadField, linkOf, textOf } from './values.ts';
import type { OdooRecord } from './values.ts';

/** The fields of `res.partner` that the hub reads. */
export const PARTNER_FIELDS = ['name', 'country_id', 'email', 'is_company', 'vat', 'phone', 'street', 'city', 'zip', 'active'] as const;

const LONGEST = 500;

/** What Odoo knows of its countries: the code by the id, and the other way. */
export type Countries = { readonly codes: ReadonlyMap<number, string>; readonly ids: ReadonlyMap<string, number> };

/** Throws a BadField for what our shape has no place for. */
export function readPartner(record: OdooRecord, { codes }: Countries): ErpClient {
  const name = line(record, 'name');
  if (name === null) throw new BadField('name', 'is empty');
  const country_id = linkOf(record, 'country_id');
  const country = country_id === null ? null : codes.get(country_id);
  if (country === undefined) throw new BadField('country_id', 'is a country without a code of ISO 3166');
  return {
    name,
    country,
    email: line(record, 'email'),
    kind: record['is_company'] === true ? 'company' : 'person',
    vat: line(record, 'vat'),
    phone: line(record, 'phone'),
    street: line(record, 'street'),
    city: line(record, 'city'),
    zip: line(record, 'zip'),
    archived: record['active'] === false,
  };
}

/** The same fields as Odoo is sent them; `false` empties one. Throws a BadField for a country that it does not know. */
export function writePartner(fields: PushPartner['fields'], { ids }: Countries): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const field of ['name', 'email', 'vat', 'phone', 'street', 'city', 'zip'] as const) {
    if (fields[field] !== undefined) values[field] = fields[field] ?? false;
  }
  if (fields.kind !== undefined) values['is_company'] = fields.kind === 'company';
  if (fields.archived !== undefined) values['active'] = !fields.archived;
  if (fields.country === null) values['country_id'] = false;
  else if (fields.country !== undefined) {
    const id = ids.get(fields.country);
    if (id === undefined) throw new BadField('country', `${fields.country} is no country that Odoo knows`);
    values['country_id'] = id;
  }
  return values;
}

/** Whether it stands there as it is to be. */
export function isSame(fields: PushPartner['fields'], there: ErpClient): boolean {
  return (Object.keys(fields) as (keyof ErpClient)[]).every((field) => fields[field] === undefined || fields[field] === there[field]);
}

function line(record: OdooRecord, field: string): string | null {
  const text = textOf(record, field);
  if (text !== null && text.length > LONGEST) throw new BadField(field, `is longer than ${LONGEST} characters`);
  return text;
}
