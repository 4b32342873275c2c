import { z } from 'zod';
import type { GatewayAnswer } from './gateway.ts';
import type { Birth, Stamp } from './machine.ts';
import { CURRENCIES, MOST_MINOR } from './money.ts';
import { idField, line } from './text.ts';

/** What a payment is made of: its input, its events, its context and the facts that it makes known. */

const amount = z.int().min(1).max(MOST_MINOR);
const payee = line(140);
const reference = line(140);
const reason = line(500);

export const paymentInput = z.strictObject({
  /** Whose money it is: the id of a client. */
  client: idField,
  payee,
  amount_minor: amount,
  currency: z.enum(CURRENCIES, 'An active ISO 4217 code with a minor unit is expected, for example EUR'),
  reference,
  /** `automatic` captures as soon as the gateway has authorized; `manual` waits for CAPTURE. */
  capture: z.enum(['automatic', 'manual']).default('automatic'),
  /** The integration that moves the money. */
  gateway: idField.default('sandbox'),
});

export const paymentSettings = z.strictObject({
  /** From this many whole units of the currency upwards somebody has to approve. */
  approval_from_major: z.int().min(0).max(1_000_000_000).default(1000),
  /** How many different people have to. */
  approvals_needed: z.int().min(1).max(5).default(1),
});

export const paymentEvents = {
  SUBMIT: z.strictObject({}),
  /** `hash` is the `payload_hash` of what the approver has seen. Optional here, so that its absence is refused with a reason. */
  APPROVE: z.strictObject({ hash: z.string().min(1).max(128).optional() }),
  DENY: z.strictObject({ reason }),
  AMEND: z.strictObject({ amount_minor: amount.optional(), payee: payee.optional(), reference: reference.optional() }),
  CAPTURE: z.strictObject({ amount_minor: amount.optional() }),
  CANCEL: z.strictObject({ reason: reason.optional() }),
  /** `refund` is the refund's own id, so that asking twice refunds once. */
  REFUND: z.strictObject({ refund: idField, amount_minor: amount }),
};

export const paymentInternal = {
  /** The gateway's webhook. Its `outcome` is a hint to look, never taken for the answer. */
  GATEWAY_NOTIFIED: z.strictObject({ operation_id: z.string().regex(/^[A-Za-z0-9_-]{1,160}$/), outcome: z.string().max(64) }),
};

/** What is done with a gateway. */
export const OPERATIONS = ['authorize', 'capture', 'void', 'refund'] as const;
export type Operation = (typeof OPERATIONS)[number];

const count = z.int().min(0);
const standing = {
  client: idField,
  payee,
  amount_minor: amount,
  currency: z.string(),
  reference,
  authorized_minor: count,
  captured_minor: count,
  refunded_minor: count,
  gateway_reference: z.string().nullable(),
  reason: z.string().nullable(),
};
const fact = z.strictObject(standing);
const operationFact = z.strictObject({ ...standing, operation: z.enum(OPERATIONS), operation_id: z.string() });
const refundFact = z.strictObject({ ...standing, refund: idField, refund_minor: amount });

/** What other systems are told: the payment as it then stood, and what the fact is about. */
export const paymentFacts = {
  'payment.submitted': fact,
  'payment.approval_reminder': fact,
  'payment.approved': fact,
  'payment.amended': fact,
  'payment.authorized': fact,
  'payment.settled': fact,
  'payment.declined': fact,
  'payment.failed': fact,
  'payment.canceled': fact,
  'payment.expired': fact,
  'payment.unknown': operationFact,
  'payment.resolved': operationFact,
  'payment.refunded': refundFact,
  'payment.refund_refused': refundFact,
};

export type PaymentFactName = keyof typeof paymentFacts;
export type PaymentFact = z.infer<typeof fact> & {
  type: PaymentFactName;
  operation?: Operation;
  operation_id?: string;
  refund?: string;
  refund_minor?: number;
};

export type PaymentInput = z.infer<typeof paymentInput>;
export type PaymentBirth = PaymentInput & Birth<z.infer<typeof paymentSettings>>;

export type Approve = z.infer<typeof paymentEvents.APPROVE> & Stamp;
export type Amend = z.infer<typeof paymentEvents.AMEND> & Stamp;
export type Capture = z.infer<typeof paymentEvents.CAPTURE> & Stamp;
export type Refund = z.infer<typeof paymentEvents.REFUND> & Stamp;
export type Notified = z.infer<typeof paymentInternal.GATEWAY_NOTIFIED>;

export type PaymentEvent = Stamp &
  (
    | { type: 'SUBMIT' }
    | ({ type: 'APPROVE' } & Approve)
    | { type: 'DENY'; reason: string }
    | ({ type: 'AMEND' } & Amend)
    | ({ type: 'CAPTURE' } & Capture)
    | { type: 'CANCEL'; reason?: string | undefined }
    | ({ type: 'REFUND' } & Refund)
    | ({ type: 'GATEWAY_NOTIFIED' } & Notified)
  );

export type Approval = { readonly by: string; readonly at: number; readonly hash: string };

export type RefundRecord = {
  readonly refund: string;
  readonly amount_minor: number;
  readonly by: string;
  readonly state: 'pending' | 'done' | 'declined' | 'failed';
  /** The gateway's reference of it, or its code for saying no. */
  readonly answer: string | null;
};

/** What an operation came to. `failed`: it was not done and will not be, and the gateway was not the one to say so. */
export type Outcome = GatewayAnswer | { readonly outcome: 'failed'; readonly code: string };

/** Where a payment goes when its authorization has been given back. */
export type Ending = 'canceled' | 'declined' | 'failed';

/** Every amount is in minor units of `currency`. Written with every step: keep it small. */
export type PaymentContext = {
  id: string;
  client: string;
  payee: string;
  amount_minor: number;
  currency: string;
  reference: string;
  capture: 'automatic' | 'manual';
  gateway: string;
  /** Who created it. */
  maker: string;
  /** Who else has had a hand in what it says. */
  amended_by: readonly string[];
  revision: number;
  payload_hash: string;
  approval_from_minor: number;
  approvals_needed: number;
  approvals: readonly Approval[];
  authorized_minor: number;
  /** How much is to be captured. */
  capture_minor: number;
  captured_minor: number;
  refunded_minor: number;
  /** The gateway's reference of the authorization. */
  gateway_reference: string | null;
  capture_reference: string | null;
  refunds: readonly RefundRecord[];
  /** Why it ended, or what stands in its way, as a code. */
  reason: string | null;
  /** What the person who denied or canceled it wrote. */
  note: string | null;
  /** The operation with the gateway that is under way or was the last. */
  operation: Operation | null;
  /** Its number within the payment; never used twice, so that neither is an operation id. */
  attempt: number;
  /** How often the operation was begun anew after it was found never to have happened. */
  retries: number;
  /** How often the present question (to the client, to the gateway) went unanswered. */
  tries: number;
  /** What the operation came to; only within a step. */
  outcome: Outcome | null;
  ending: Ending | null;
};
