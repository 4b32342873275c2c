import { z } from 'zod';
import { DIRECTIONS } from './erp.ts';
import type { Birth, Stamp } from './machine.ts';
import { CURRENCIES, MOST_MINOR } from './money.ts';
import { block, idField, line } from './text.ts';

/** What a bill is made of: its input, its events, its context and the facts that it makes known. */

export const MOST_LINES = 200;
/** So many payments one bill may have, so that its envelope stays small. */
export const MOST_PAYMENTS = 50;

const amount = z.int().min(1).max(MOST_MINOR);
/** Below zero for what is credited. */
const minor = z.int().min(-MOST_MINOR).max(MOST_MINOR);
const day = z.iso.date('A day is written YYYY-MM-DD');

const billLine = z.strictObject({
  text: block(2_000),
  /** A decimal. */
  quantity: z.string().regex(/^-?\d{1,12}(\.\d{1,12})?$/, 'A quantity is a decimal, for example 2.5'),
  unit_minor: minor.optional(),
  amount_minor: minor,
  tax_minor: minor.optional(),
  /** The code of the account that it is charged to. */
  account: z.string().max(64).nullable(),
});

/** What two systems that keep the bill say of it. */
const said = {
  /** Whose bill it is: the id of a client of the hub. */
  supplier: idField,
  /** The supplier's number of it. */
  number: line(140).nullable(),
  /** `in`: we pay it; `out`: it is paid to us. */
  direction: z.enum(DIRECTIONS),
  issued: day.nullable(),
  due: day.nullable(),
  currency: z.enum(CURRENCIES, 'An active ISO 4217 code with a minor unit is expected, for example EUR'),
  total_minor: minor,
  tax_minor: minor,
  /** What of it is left to be paid, as far as the ERP knows. */
  residual_minor: minor,
  lines: z.array(billLine).max(MOST_LINES),
  state: z.enum(['draft', 'posted', 'canceled']),
  /** The ERP's own word for how it is paid. */
  payment_state: z.string().max(40).nullable(),
};
const saidSchema = z.strictObject(said);

export const billInput = z.strictObject({
  ...said,
  number: said.number.default(null),
  issued: said.issued.default(null),
  due: said.due.default(null),
  tax_minor: minor.default(0),
  residual_minor: minor.optional(),
  lines: said.lines.default([]),
  state: said.state.default('posted'),
  payment_state: said.payment_state.default(null),
});

export const billSettings = z.strictObject({
  /** The integration of the ERP that bills are written to; none where it is not said. */
  erp: idField.optional(),
});

export const billEvents = {
  /** Corrects what a person read wrong; what is not named stays. */
  AMEND: z.strictObject({ number: said.number.optional(), due: said.due.optional() }),
  /** It is not to be paid after all. */
  VOID: z.strictObject({ reason: line(500) }),
};

const ofPayment = { payment: idField };

export const billInternal = {
  /** The binding that sends it keeps the bill in step with the ERP from now on. */
  LINK: z.strictObject({}),
  /** What the ERP says, from the binding, and what it was decided against: where that is not so any more, nothing is taken over. */
  SYNC: z.strictObject({ fields: saidSchema.partial(), before: z.record(z.string().max(64), z.unknown()) }),
  /** A payment is about to be made: keep its amount free for it. */
  PAYMENT_BEGUN: z.strictObject({ ...ofPayment, revision: z.int(), amount_minor: amount, currency: z.string() }),
  PAYMENT_SETTLED: z.strictObject({ ...ofPayment, amount_minor: amount, currency: z.string(), on: day, memo: line(140) }),
  /** Nothing was paid by it, and nothing will be. */
  PAYMENT_ENDED: z.strictObject({ ...ofPayment, reason: z.string().max(140) }),
  /** So much of it has come back in all. */
  PAYMENT_RETURNED: z.strictObject({ ...ofPayment, returned_minor: amount }),
  /** The ERP has it, and says that so much of the bill is left then. */
  PAYMENT_BOOKED: z.strictObject({ ...ofPayment, residual_minor: minor }),
  'tell.refused': z.strictObject({
    to: z.string(),
    event: z.string(),
    reason: z.string(),
    sent: z.record(z.string(), z.unknown()).optional(),
  }),
};

const fact = z.strictObject({
  supplier: z.string(),
  number: z.string().nullable(),
  direction: z.string(),
  currency: z.string(),
  total_minor: minor,
  residual_minor: minor,
  due: z.string().nullable(),
  reason: z.string().nullable(),
});

export const billFacts = {
  'bill.opened': fact,
  'bill.partly_paid': fact,
  'bill.paid': fact,
  /** What was paid came back. */
  'bill.reopened': fact,
  'bill.voided': fact,
  'bill.overdue': fact,
};

export type BillFactName = keyof typeof billFacts;
export type BillFact = z.infer<typeof fact> & { type: BillFactName };
export type BillSaid = z.infer<typeof saidSchema>;
export type BillBirth = z.infer<typeof billInput> & Birth<z.infer<typeof billSettings>>;

export type Amend = z.infer<typeof billEvents.AMEND> & Stamp;
export type Begun = z.infer<typeof billInternal.PAYMENT_BEGUN>;
export type Settled = z.infer<typeof billInternal.PAYMENT_SETTLED>;
export type Ended = z.infer<typeof billInternal.PAYMENT_ENDED>;
export type Returned = z.infer<typeof billInternal.PAYMENT_RETURNED>;
export type Booked = z.infer<typeof billInternal.PAYMENT_BOOKED>;
export type Sync = z.infer<typeof billInternal.SYNC>;

export type BillEvent = Stamp &
  (
    | ({ type: 'AMEND' } & z.infer<typeof billEvents.AMEND>)
    | { type: 'VOID'; reason: string }
    | { type: 'LINK' }
    | ({ type: 'SYNC' } & Sync)
    | ({ type: 'PAYMENT_BEGUN' } & Begun)
    | ({ type: 'PAYMENT_SETTLED' } & Settled)
    | ({ type: 'PAYMENT_ENDED' } & Ended)
    | ({ type: 'PAYMENT_RETURNED' } & Returned)
    | ({ type: 'PAYMENT_BOOKED' } & Booked)
    | ({ type: 'tell.refused' } & z.infer<(typeof billInternal)['tell.refused']>)
  );

/** A payment of the hub that pays the bill. */
export type BillPayment = {
  readonly payment: string;
  readonly amount_minor: number;
  readonly state: 'begun' | 'settled' | 'returned';
  /** The day that it was paid on, and what it says, once it is settled. */
  readonly on?: string;
  readonly memo?: string;
  /** How much of it has come back. */
  readonly returned_minor?: number;
  /** What the ERP had left of the bill when it had booked this payment: from there on its own figure counts it. */
  readonly booked_at_minor?: number;
  readonly counted?: true;
};

/** Every amount is in minor units of `currency`. */
export type BillContext = BillSaid & {
  id: string;
  /** The integration of the ERP that it is written to; absent where there is none. */
  erp?: string;
  /** The binding that keeps it in step with the ERP; absent where there is none. */
  link?: string;
  payments: readonly BillPayment[];
  /** How far the lines and taxes are from the total that the ERP says; absent where they agree. */
  off_by_minor?: number | undefined;
  reason: string | null;
  /** When it came to the hub, in epoch milliseconds. */
  received_at: number;
};
