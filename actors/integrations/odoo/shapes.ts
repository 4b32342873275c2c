import { BILL_FIELDS, LINE_FIELDS, PAYMENT_FIELDS } from './bill.ts';
import { PARTNER_FIELDS } from './partner.ts';

type FieldShape = {
  readonly type: string;
  readonly required: boolean;
  readonly readonly: boolean;
  readonly relation?: string;
  /** Odoo fills it in where nobody does. */
  readonly defaulted?: true;
  /** Somebody added it to this Odoo. */
  readonly manual?: boolean;
};
/** By model and field. */
export type ModelShapes = Record<string, Record<string, FieldShape>>;

/** The fields of Odoo that the hub reads or writes, by model. */
export const USED: Readonly<Record<string, readonly string[]>> = {
  'res.partner': [...PARTNER_FIELDS, 'write_date', 'create_date'],
  'res.country': ['code'],
  'res.currency': ['name', 'rate', 'active', 'decimal_places'],
  'account.move': [...BILL_FIELDS, 'company_id', 'write_date'],
  'account.move.line': [...LINE_FIELDS, 'account_type', 'reconciled'],
  'account.account': ['code', 'name', 'account_type'],
  'account.payment': [...PAYMENT_FIELDS, 'partner_type', 'journal_id', 'company_id', 'reconciled_bill_ids', 'is_matched', 'write_date'],
  'account.payment.term': ['name', 'active'],
  'account.tax': ['name', 'amount', 'amount_type', 'type_tax_use', 'active'],
  'ir.model.data': ['module', 'name', 'model', 'res_id'],
};

/** Models that the hub makes records of: whatever they begin to require, it would have to send. */
const CREATED = new Set(['res.partner', 'account.move', 'account.payment']);

/** So many of what somebody added are told. */
const MOST_BESIDE = 40;

/**
 * What the hub relies on, as the parts of a contract: the fields that it uses; with `+` those that Odoo wants filled in of what the hub makes, and does not fill in itself; with `~` those
 * that somebody added to this Odoo.
 */
export function contractOf(models: ModelShapes): Record<string, string> {
  const parts: Record<string, string> = {};
  const beside: [part: string, is: string][] = [];
  for (const [model, fields] of Object.entries(models).toSorted(byName)) {
    for (const [field, { type, required, readonly, relation, defaulted, manual }] of Object.entries(fields).toSorted(byName)) {
      const isUsed = USED[model]?.includes(field) === true;
      const is = [type, relation, readonly && CREATED.has(model) ? 'read-only' : undefined].filter((word) => word !== undefined).join(' ');
      if (isUsed) parts[`${model}.${field}`] = is;
      if (required && defaulted !== true && CREATED.has(model)) parts[`+${model}.${field}`] = 'required';
      if (manual === true && !isUsed) beside.push([`~${model}.${field}`, is]);
    }
  }
  return { ...parts, ...Object.fromEntries(beside.slice(0, MOST_BESIDE)) };
}

function byName([one]: readonly [string, unknown], [other]: readonly [string, unknown]): number {
  return one < other ? -1 : 1;
}
