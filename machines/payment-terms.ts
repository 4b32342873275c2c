import { z } from 'zod';
import type { Converted } from './exchange.ts';
import { gatewayCosts } from './gateway-costs.ts';
import type { GatewayAnswer } from './gateway.ts';
import type { Birth, Stamp } from './machine.ts';
import { CURRENCIES, MOST_MINOR } from './money.ts';
import type { OperationState } from './payment-operations.ts';
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
  /** The integration that moves the money; one of those that the house has for such a payment without it. */
  gateway: idField.optional(),
  /** The client's account that it is paid from; without one the gateway takes the money from the client itself. */
  account: idField.optional(),
  /** The bill that it pays: the bill keeps the amount free for it, and is told what becomes of it. */
  bill: idField.optional(),
  /** The day on which it is to be executed, YYYY-MM-DD; at once without it. */
  execute_on: z.iso.date('A day is written YYYY-MM-DD').optional(),
});

export const paymentSettings = z.strictObject({
  /** From this many whole units of the currency upwards somebody has to approve. */
  approval_from_major: z.int().min(0).max(1_000_000_000).default(1000),
  /** How many different people have to. */
  approvals_needed: z.int().min(1).max(5).default(1),
  /**
   * Which gateways a payment may go through, the one that is wanted most first; of the routes the first that fits its currency and amount, in
   * whole units, and the sandbox where none does.
   */
  routes: z
    .array(
      z.strictObject({
        currencies: z.array(z.enum(CURRENCIES)).min(1).optional(),
        from_major: z.int().min(0).max(1_000_000_000).optional(),
        below_major: z.int().min(1).max(1_000_000_000).optional(),
        gateways: z.array(idField).min(1).max(5),
        /** The cheapest first for the payment's amount, by `gateway_costs`; without it as they are written. */
        by: z.literal('cost').optional(),
      }),
    )
    .max(50)
    .default([]),
  /** What the gateways charge, for the routes that go by cost. */
  gateway_costs: gatewayCosts.default([]),
  /** The source of exchange rates: the id of a `rates` actor. */
  rates: idField.default('ecb'),
  /** The integration that looks payees up on lists before they are paid; without one they are not looked up. */
  screened_by: idField.optional(),
  /** What the house keeps of an exchange, in hundredths of a percent. */
  spread_basis_points: z.int().min(0).max(1000).default(0),
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
  /** The payee is not the one whom a list names. */
  CLEAR: z.strictObject({ reason }),
  /** Keeps it from going on until RELEASE. */
  HOLD: z.strictObject({ reason }),
  RELEASE: z.strictObject({ reason }),
  /** What became of an operation that the gateway does not tell about, as one person found out; another confirms it. */
  PROPOSE_OUTCOME: z.strictObject({
    outcome: z.enum(['done', 'failed']),
    /** Where it says so: the provider's console, a statement line, a letter. */
    evidence: line(500),
    /** The gateway's reference, where it was done. */
    gateway_reference: z.string().min(1).max(128).optional(),
  }),
  CONFIRM_OUTCOME: z.strictObject({ proposal: idField }),
  DROP_OUTCOME: z.strictObject({ proposal: idField }),
};

export const paymentInternal = {
  /** The gateway's webhook. Its `outcome` is a hint to look, never taken for the answer. */
  GATEWAY_NOTIFIED: z.strictObject({ operation_id: z.string().regex(/^[A-Za-z0-9_-]{1,160}$/), outcome: z.string().max(64) }),
  /** The account keeps the money. */
  RESERVED: z.strictObject({ account: idField, hold: idField, amount_minor: amount }),
  /** The client's limits have room for it. */
  LIMIT_GRANTED: z.strictObject({ payment: idField, client: idField, revision: z.int(), amount_minor: amount }),
  /** The bill keeps the amount free for this payment. */
  BILL_CLAIMED: z.strictObject({ bill: idField, payment: idField, revision: z.int(), amount_minor: amount }),
  /** A bank takes money back, or wants to; and how that ended. */
  DISPUTED: z.strictObject({ dispute: idField, amount_minor: amount }),
  DISPUTE_WON: z.strictObject({ dispute: idField }),
  DISPUTE_LOST: z.strictObject({ dispute: idField }),
  /** Another actor refused what it was told. */
  'tell.refused': z.strictObject({
    to: z.string(),
    event: z.string(),
    reason: z.string(),
    sent: z.record(z.string(), z.unknown()),
  }),
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
const disputeFact = z.strictObject({ ...standing, dispute: idField, disputed_minor: amount });

/** What other systems are told: the payment as it then stood, and what the fact is about. */
export const paymentFacts = {
  'payment.submitted': fact,
  'payment.approval_reminder': fact,
  'payment.approved': fact,
  'payment.amended': fact,
  'payment.authorized': fact,
  /** Another gateway is tried: the one before is certain not to have done it. */
  'payment.rerouted': fact,
  'payment.settled': fact,
  'payment.declined': fact,
  'payment.failed': fact,
  'payment.canceled': fact,
  'payment.expired': fact,
  'payment.unknown': operationFact,
  'payment.resolved': operationFact,
  'payment.refunded': refundFact,
  'payment.refund_refused': refundFact,
  /** The payee is like one on a list, or nobody has said whether he is. What was found is for whoever has to judge it. */
  'payment.screening_review': fact,
  'payment.cleared': fact,
  'payment.rejected': fact,
  'payment.scheduled': fact,
  'payment.held': fact,
  'payment.released': fact,
  'payment.awaiting_funds': fact,
  'payment.reserved': fact,
  'payment.undecided': operationFact,
  'payment.disputed': disputeFact,
  'payment.dispute_won': disputeFact,
  'payment.dispute_lost': disputeFact,
  /** Another actor is out of step with it: somebody has to look. */
  'payment.out_of_step': fact,
};

export type PaymentFactName = keyof typeof paymentFacts;
export type PaymentFact = z.infer<typeof fact> & {
  type: PaymentFactName;
  operation?: Operation;
  operation_id?: string;
  refund?: string;
  refund_minor?: number;
  dispute?: string;
  disputed_minor?: number;
};

export type PaymentInput = z.infer<typeof paymentInput>;
export type PaymentBirth = PaymentInput & Birth<z.infer<typeof paymentSettings>>;

export type Approve = z.infer<typeof paymentEvents.APPROVE> & Stamp;
export type Amend = z.infer<typeof paymentEvents.AMEND> & Stamp;
export type Clear = z.infer<typeof paymentEvents.CLEAR> & Stamp;
export type Capture = z.infer<typeof paymentEvents.CAPTURE> & Stamp;
export type Refund = z.infer<typeof paymentEvents.REFUND> & Stamp;
export type Propose = z.infer<typeof paymentEvents.PROPOSE_OUTCOME> & Stamp;
export type OfProposal = { readonly proposal: string } & Stamp;
export type Notified = z.infer<typeof paymentInternal.GATEWAY_NOTIFIED>;
export type Reserved = z.infer<typeof paymentInternal.RESERVED>;
export type BillClaimed = z.infer<typeof paymentInternal.BILL_CLAIMED>;
export type Disputed = z.infer<typeof paymentInternal.DISPUTED>;
export type OfDispute = { readonly dispute: string };
export type TellRefused = z.infer<(typeof paymentInternal)['tell.refused']>;

export type PaymentEvent = Stamp &
  (
    | { type: 'SUBMIT' }
    | ({ type: 'APPROVE' } & Approve)
    | { type: 'DENY'; reason: string }
    | ({ type: 'AMEND' } & Amend)
    | ({ type: 'CAPTURE' } & Capture)
    | { type: 'CANCEL'; reason?: string | undefined }
    | ({ type: 'REFUND' } & Refund)
    | ({ type: 'CLEAR' } & Clear)
    | { type: 'HOLD' | 'RELEASE'; reason: string }
    | ({ type: 'PROPOSE_OUTCOME' } & Propose)
    | ({ type: 'CONFIRM_OUTCOME' | 'DROP_OUTCOME' } & OfProposal)
    | ({ type: 'GATEWAY_NOTIFIED' } & Notified)
    | ({ type: 'RESERVED' } & Reserved)
    | { type: 'LIMIT_GRANTED'; payment: string; client: string; revision: number; amount_minor: number }
    | ({ type: 'BILL_CLAIMED' } & BillClaimed)
    | ({ type: 'DISPUTED' } & Disputed)
    | ({ type: 'DISPUTE_WON' | 'DISPUTE_LOST' } & OfDispute)
    | ({ type: 'tell.refused' } & TellRefused)
  );

/** What was found about the payee of this revision, and who said that it is about somebody else. */
export type Screening = {
  readonly revision: number;
  readonly findings: readonly string[];
  readonly cleared_by?: string;
  readonly because?: string;
};

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

/** What the payment costs in the currency of its account, and everything that was worked out from. */
export type Conversion = Converted & {
  /** What the house keeps of it, beside `to` and in its currency. */
  readonly spread_minor: number;
};

/** One thing done with the gateway, by the states of payment-operations.ts. */
export type OperationRecord = {
  /** Its number within the payment. */
  readonly n: number;
  readonly operation: Operation;
  /** Which one it was done with, where there was a choice; otherwise the payment's. */
  readonly gateway?: string;
  readonly state: OperationState;
  /** When it was begun and when it ended, in epoch milliseconds. */
  readonly at: number;
  readonly ended?: number;
  /** The gateway's reference, or its code for saying no. */
  readonly answer?: string | null;
};

/** What somebody says became of an operation, until another person confirms it. */
export type Proposal = {
  readonly proposal: string;
  readonly by: string;
  readonly at: number;
  readonly outcome: 'done' | 'failed';
  readonly evidence: string;
  readonly gateway_reference: string | null;
};

export type DisputeRecord = { readonly dispute: string; readonly amount_minor: number; readonly state: 'open' | 'won' | 'lost' };

/** Money of a refund on its way back to the account. `owed`: the account does not take it now, and it is told again. */
export type CreditRecord = { readonly credit: string; readonly amount_minor: number; readonly state: 'told' | 'owed' };

/** Where a payment goes when its authorization has been given back. */
export type Ending = 'canceled' | 'declined' | 'failed';

/**
 * Every amount is in minor units of `currency`. Written with every step, so it is kept small: what most payments never have is not there until
 * they have it.
 */
export type PaymentContext = {
  id: string;
  client: string;
  payee: string;
  amount_minor: number;
  currency: string;
  reference: string;
  capture: 'automatic' | 'manual';
  /** The one that it goes through now. */
  gateway: string;
  /** Those that it may go through, where there is more than one. */
  gateways?: readonly string[];
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
  /** The integration that looks the payee up on lists, and what it has found. */
  screened_by?: string;
  screening?: Screening;
  /** The account that it is paid from, and its currency once it was asked. */
  account?: string;
  account_currency?: string;
  /** The bill that it pays, and whether that keeps the amount free for it. */
  bill?: string;
  claimed?: boolean;
  rates?: string;
  spread_basis_points?: number;
  conversion?: Conversion;
  /** What has gone from the account, in its currency, the spread included; refunds are not taken off. */
  charged_minor?: number;
  /** Under which name the account keeps the money, and how often it was asked to. */
  hold?: string | null;
  holds?: number;
  /** Until when it waits for its money, in epoch milliseconds. */
  funds_until?: number;
  /** Whether it counts in the client's limits. */
  limited?: boolean;
  /** The day that it is to be executed on, and from when on, in epoch milliseconds. */
  execute_on?: string;
  due_at?: number;
  /** Where somebody has kept it from going on. */
  held_by?: string | null;
  /** What another actor refused that it should not have: the two do not agree, and somebody has to look. */
  out_of_step?: string;
  credits?: readonly CreditRecord[];
  operations?: readonly OperationRecord[];
  proposal?: Proposal | null;
  disputes?: readonly DisputeRecord[];
};
