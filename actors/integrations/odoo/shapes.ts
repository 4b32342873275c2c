import { createHash } from 'node:crypto';
import type { ModelShapes } from '../erp-operations.ts';
import { BILL_FIELDS, LINE_FIELDS, PAYMENT_FIELDS } from './bill.ts';
import { PARTNER_FIELDS } from './partner.ts';
import { unreachable } from '../../../machines/must.ts';

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
const CREATED = new Set(['res.partner', 'account.payment']);

type FieldShape = ModelShapes[string][string];
type Change = 'added' | 'removed' | 'retyped' | 'now_required' | 'now_optional' | 'now_readonly' | 'now_writable';

export type ModelChange = {
  readonly model: string;
  /** Undefined: the model as a whole. */
  readonly field: string | undefined;
  readonly change: Change;
  /** The hub cannot go on as before. */
  readonly breaking: boolean;
};

/** What has become of the models that the hub works with, in the order of their names. A field that was renamed is one removed and one added. */
export function compareModels(
  before: ModelShapes,
  now: ModelShapes,
  used: Readonly<Record<string, readonly string[]>> = USED,
): ModelChange[] {
  const models = [...new Set([...Object.keys(before), ...Object.keys(now)])].sort();
  return models.flatMap((model): ModelChange[] => {
    const [was, is] = [before[model], now[model]];
    if (was === undefined) return [{ model, field: undefined, change: 'added', breaking: false }];
    if (is === undefined) return [{ model, field: undefined, change: 'removed', breaking: used[model] !== undefined }];
    const fields = [...new Set([...Object.keys(was), ...Object.keys(is)])].sort();
    return fields.flatMap((field) =>
      changesOf(was[field], is[field]).map((change) => {
        const isUsed = used[model]?.includes(field) === true;
        return { model, field, change, breaking: isBreaking(change, isUsed, CREATED.has(model), is[field]) };
      }),
    );
  });
}

function changesOf(was: FieldShape | undefined, is: FieldShape | undefined): Change[] {
  if (was === undefined || is === undefined) return was === is ? [] : [was === undefined ? 'added' : 'removed'];
  const changes: Change[] = [];
  if (was.type !== is.type || was.relation !== is.relation) changes.push('retyped');
  if (was.required !== is.required) changes.push(is.required ? 'now_required' : 'now_optional');
  if (was.readonly !== is.readonly) changes.push(is.readonly ? 'now_readonly' : 'now_writable');
  return changes;
}

function isBreaking(change: Change, isUsed: boolean, isCreated: boolean, is: FieldShape | undefined): boolean {
  switch (change) {
    case 'removed':
    case 'retyped':
      return isUsed;
    case 'added':
    case 'now_required':
      return isCreated && is?.required === true && is.defaulted !== true;
    case 'now_readonly':
      return isUsed && isCreated;
    case 'now_optional':
    case 'now_writable':
      return false;
    default:
      return unreachable(change);
  }
}

/** SHA-256 of each model's shape, whatever order Odoo tells its fields in. */
export function fingerprintOf(models: ModelShapes): Record<string, string> {
  const lines = (fields: ModelShapes[string]): string =>
    Object.entries(fields)
      .map(([field, { type, required, readonly, relation = '', defaulted = false }]) =>
        JSON.stringify([field, type, required, readonly, relation, defaulted]),
      )
      .sort()
      .join('\n');
  return Object.fromEntries(
    Object.entries(models).map(([model, fields]) => [model, createHash('sha256').update(lines(fields)).digest('hex')]),
  );
}
