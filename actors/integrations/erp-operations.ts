import { z } from 'zod';
import { isCurrency } from '../../machines/money.ts';
import { isId, readAddress } from '../../machines/ids.ts';
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
  /** The client of the hub. */
  supplier: z.string().refine((id): boolean => isId(id), 'is no id of a client'),
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

const pull = z.strictObject({
  integration,
  model,
  cursor: cursor.nullable(),
  limit: z.int().min(1).max(1000),
  overlap_ms: z.int().nonnegative(),
});
const pulled = z.strictObject({ records: z.array(found), cursor: cursor.nullable(), more: z.boolean() });
export type Pull = z.infer<typeof pull>;
export type Pulled = z.infer<typeof pulled>;

const ids = z.array(external_id).max(1000);

const pushing = {
  integration,
  address,
  external_id: external_id.nullable(),
  /** When the record was last written there, as far as the hub knows: written since, it is left alone. */
  expected_at: at.optional(),
};
const isSomething = (fields: object): boolean => Object.keys(fields).length > 0;
const pushPartner = z.strictObject({ ...pushing, model: z.literal('partner'), fields: client.partial().refine(isSomething, 'is empty') });
const pushBill = z.strictObject({ ...pushing, model: z.literal('bill'), fields: bill.partial().refine(isSomething, 'is empty') });
const push = z.discriminatedUnion('model', [pushPartner, pushBill]);
const pushed = z.strictObject({ external_id, at, conflict: found.optional() });
export type PushPartner = z.infer<typeof pushPartner>;
export type PushBill = z.infer<typeof pushBill>;
export type Push = z.infer<typeof push>;
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
const paid = z.strictObject({ external_id, state: z.string(), reconciled: z.boolean(), residual_minor: minor });
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

/** What an ERP does for the hub. */
export const erpOperations = {
  pull: { input: pull, output: pulled, reads: true },
  gone: { input: z.strictObject({ integration, model, ids }), output: z.strictObject({ ids }), reads: true },
  read: { input: z.strictObject({ integration, model, external_id }), output: found.nullable(), reads: true },
  list: { input: list, output: listed, reads: true },
  push: { input: push, output: pushed },
  pay: { input: pay, output: paid },
  void: { input: voiding, output: voided },
} as const satisfies Readonly<Record<string, Operation>>;

export type ErpOperation = keyof typeof erpOperations;

export function isErpOperation(name: string): name is ErpOperation {
  return Object.hasOwn(erpOperations, name);
}
