import { z } from 'zod';
import { isCurrency } from '../../machines/money.ts';
import { readAddress } from '../../machines/ids.ts';
import { isDate } from '../../machines/target-days.ts';
import type { Operation } from './integration.ts';

/** What is kept in step with an ERP, as the hub sees it. Nothing here is any one product's. */

/** PostgreSQL stores no NUL, and a lone surrogate would come back as another text. */
const text = z.string().refine((value) => !value.includes('\0') && value.isWellFormed(), 'may not contain NUL or half a character');
const line = text.max(500);
const integration = z.string().min(1);
const external_id = z.string().regex(/^[A-Za-z0-9_.-]{1,64}$/);
const address = z.string().refine((value) => readAddress(value) !== undefined, 'is no address of an actor');
const date = z.string().refine(isDate, 'A day is written YYYY-MM-DD');
const currency = z.string().refine(isCurrency, 'is no currency that can be paid in');
const at = z.int().nonnegative();

const MODELS = ['partner', 'bill', 'payment'] as const;
const model = z.enum(MODELS);
export type ErpModel = z.infer<typeof model>;

const client = z.strictObject({
  name: line.min(1),
  country: z
    .string()
    .regex(/^[A-Z]{2}$/)
    .nullable(),
  email: line.nullable(),
  kind: z.enum(['company', 'person']),
  vat: line.nullable(),
  phone: line.nullable(),
  street: line.nullable(),
  city: line.nullable(),
  zip: line.nullable(),
  archived: z.boolean(),
});
export type ErpClient = z.infer<typeof client>;

const minor = z.int();

const bill = z.strictObject({
  supplier: external_id,
  number: line.nullable(),
  direction: z.enum(['in', 'out']),
  issued: date.nullable(),
  due: date.nullable(),
  currency,
  total_minor: minor,
  residual_minor: minor,
  tax_minor: minor,
  state: z.enum(['draft', 'posted', 'canceled']),
  payment_state: z.string().regex(/^[a-z_]{1,40}$/),
  lines: z.array(
    z.strictObject({
      text,
      /** A decimal. */
      quantity: z.string().regex(/^-?\d+(\.\d+)?$/),
      unit_minor: minor.optional(),
      amount_minor: minor,
      tax_minor: minor.optional(),
      /** The account's code. */
      account: z.string().nullable(),
    }),
  ),
});
export type ErpBill = z.infer<typeof bill>;

const payment = z.strictObject({
  partner: external_id.nullable(),
  direction: z.enum(['in', 'out']),
  amount_minor: minor,
  currency,
  date: date.nullable(),
  memo: line.nullable(),
  state: z.enum(['draft', 'in_process', 'paid', 'canceled', 'rejected']),
});
export type ErpPayment = z.infer<typeof payment>;

/** What each model's `fields` hold. */
export const erpFields = { partner: client, bill, payment } as const;

const rec = z.strictObject({
  external_id,
  /** When it was last written there: epoch milliseconds, as exact as the ERP tells it. */
  at,
  fields: z.record(z.string(), z.unknown()),
  archived: z.literal(true).optional(),
  /** The hub's own address, where the record carries it. */
  ref: z.string().optional(),
});
export type Rec = z.infer<typeof rec>;

const badRec = z.strictObject({ external_id, at, bad: z.strictObject({ field: z.string(), why: z.string() }) });
export type BadRec = z.infer<typeof badRec>;

const found = z.union([rec, badRec]);
export type FoundRec = Rec | BadRec;

/** Up to where all was read. With an id above 0: in the middle of a moment; with 0: to its end, and the next pull begins an overlap earlier. */
const cursor = z.strictObject({ at, id: z.int().nonnegative() });
export type Cursor = z.infer<typeof cursor>;

const fieldShape = z.strictObject({
  type: z.string(),
  required: z.boolean(),
  readonly: z.boolean(),
  relation: z.string().optional(),
  /** The ERP fills it in where nobody does. */
  defaulted: z.literal(true).optional(),
});
const models = z.record(z.string(), z.record(z.string(), fieldShape));
export type ModelShapes = z.infer<typeof models>;

const probe = z.strictObject({
  product: z.string(),
  version: z.string(),
  major: z.int(),
  database: z.string(),
  user: z.string(),
  company: z.strictObject({ id: external_id, name: z.string(), currency: z.string() }),
  capabilities: z.array(z.string()),
  models,
  /** SHA-256 of each model's shape. */
  fingerprint: z.record(z.string(), z.string().regex(/^[0-9a-f]{64}$/)),
});
export type Probe = z.infer<typeof probe>;

const pull = z.strictObject({
  integration,
  model,
  cursor: cursor.nullable(),
  limit: z.int().min(1).max(1000),
  overlap_ms: z.int().nonnegative(),
});
const pulled = z.strictObject({ records: z.array(found), cursor: cursor.nullable(), more: z.boolean() });
export type Pull = Omit<z.infer<typeof pull>, 'integration'>;
export type Pulled = z.infer<typeof pulled>;

const ids = z.array(external_id).max(1000);

const push = z.strictObject({
  integration,
  model: z.literal('partner'),
  address,
  external_id: external_id.nullable(),
  fields: client.partial().refine((fields) => Object.keys(fields).length > 0, 'is empty'),
  /** When the record was last written there, as far as the hub knows: written since, it is left alone. */
  expected_at: at.optional(),
});
const pushed = z.strictObject({ external_id, at, conflict: found.optional() });
export type Push = Omit<z.infer<typeof push>, 'integration'>;
export type Pushed = z.infer<typeof pushed>;

const pay = z.strictObject({
  integration,
  payment: address,
  bill: external_id,
  amount_minor: z.int().positive(),
  currency,
  date,
  memo: line,
});
const paid = z.strictObject({ external_id, state: z.string(), reconciled: z.boolean() });
export type Pay = Omit<z.infer<typeof pay>, 'integration'>;
export type Paid = z.infer<typeof paid>;

const voiding = z.strictObject({ integration, payment: address });
const voided = z.strictObject({ external_id: external_id.nullable(), state: z.string(), reconciled: z.literal(false) });
export type Voided = z.infer<typeof voided>;

const LISTS = ['currencies', 'payment_terms', 'taxes', 'accounts'] as const;
const list = z.strictObject({ integration, what: z.enum(LISTS), after: z.int().nonnegative(), limit: z.int().min(1).max(1000) });
const listed = z.strictObject({ items: z.array(z.record(z.string(), z.unknown())), after: z.int().nonnegative(), more: z.boolean() });
export type List = Omit<z.infer<typeof list>, 'integration'>;
export type Listed = z.infer<typeof listed>;

const rotation = z.strictObject({ integration, name: line.min(1), days: z.int().min(1).max(90) });
const rotated = z.discriminatedUnion('outcome', [
  /** Verified: the ERP has answered it. */
  z.strictObject({ outcome: z.literal('rotated'), key: z.string().min(1) }),
  z.strictObject({ outcome: z.literal('needs_somebody'), why: z.string() }),
]);
export type Rotated = z.infer<typeof rotated>;
const revocation = z.strictObject({ integration, name: line.min(1) });
const revoked = z.strictObject({ outcome: z.enum(['revoked', 'needs_somebody']), why: z.string().optional() });
export type Revoked = z.infer<typeof revoked>;

/** What an ERP does for the hub. */
export const erpOperations = {
  probe: { input: z.strictObject({ integration }), output: probe, reads: true },
  pull: { input: pull, output: pulled, reads: true },
  gone: { input: z.strictObject({ integration, model, ids }), output: z.strictObject({ ids }), reads: true },
  read: { input: z.strictObject({ integration, model, external_id }), output: found.nullable(), reads: true },
  list: { input: list, output: listed, reads: true },
  push: { input: push, output: pushed },
  pay: { input: pay, output: paid },
  void: { input: voiding, output: voided },
  rotate_key: { input: rotation, output: rotated },
  revoke_key: { input: revocation, output: revoked },
} as const satisfies Readonly<Record<string, Operation>>;

export type ErpOperation = keyof typeof erpOperations;

export function isErpOperation(name: string): name is ErpOperation {
  return Object.hasOwn(erpOperations, name);
}
