import type { GatewayLookup, GatewayRequest } from './gateway.ts';
import type { Answer, Question } from './machine.ts';
import { must } from './must.ts';
import { sum, toMinor } from './money.ts';
import type { Amend, Approve, Capture, PaymentBirth, PaymentContext, Refund, RefundRecord } from './payment-terms.ts';
import { sha256 } from './sha256.ts';

/** The rules of a payment, as functions of its context and an event. The guards and the reasons are the same functions. */

/** So many refunds one payment may have, so that its envelope stays small. */
export const MOST_REFUNDS = 50;
/** So often an operation is tried in all, when each time it is found never to have happened. */
export const MOST_ATTEMPTS = 3;
/** So often the client is asked before the payment gives up. */
export const MOST_ASKS = 10;

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** The first look comes soon, since most unknowns are a lost answer; then the waits grow, and never end. */
const LOOKUP_WAITS = [5 * SECOND, 30 * SECOND, 2 * MINUTE, 10 * MINUTE, HOUR, 6 * HOUR, DAY];

export function lookupWait({ tries }: PaymentContext): number {
  return LOOKUP_WAITS[Math.min(tries, LOOKUP_WAITS.length - 1)] ?? DAY;
}

/** 2 s, 4 s, … one minute: an actor's owner that has died has a successor within seconds. */
export function askPause({ tries }: PaymentContext): number {
  return Math.min(2 ** tries * SECOND, MINUTE);
}

export function toContext(input: PaymentBirth): PaymentContext {
  const { id, client, payee, amount_minor, currency, reference, capture, gateway, by, settings } = input;
  return withHash({
    id,
    client,
    payee,
    amount_minor,
    currency,
    reference,
    capture,
    gateway,
    maker: by,
    amended_by: [],
    revision: 1,
    payload_hash: '',
    approval_from_minor: toMinor(settings.approval_from_major, currency),
    approvals_needed: settings.approvals_needed,
    approvals: [],
    authorized_minor: 0,
    capture_minor: 0,
    captured_minor: 0,
    refunded_minor: 0,
    gateway_reference: null,
    capture_reference: null,
    refunds: [],
    reason: null,
    note: null,
    operation: null,
    attempt: 0,
    retries: 0,
    tries: 0,
    outcome: null,
    ending: null,
  });
}

/**
 * SHA-256 of what an approver approves, as JSON with its keys in this order. The revision makes a payment that was amended
 * there and back another payload; the id makes the hash good for this payment only.
 */
export function payloadHash(context: PaymentContext): string {
  const { id, client, payee, amount_minor, currency, reference, capture, gateway, revision } = context;
  return sha256(JSON.stringify({ id, client, payee, amount_minor, currency, reference, capture, gateway, revision }));
}

function withHash(context: PaymentContext): PaymentContext {
  return { ...context, payload_hash: payloadHash(context) };
}

export function needsApproval(context: PaymentContext): boolean {
  return context.amount_minor >= context.approval_from_minor;
}

/** Why this approval is refused. Whoever had a hand in the payment is told so first: no other hash would help. */
export function refuseApproval(context: PaymentContext, event: Approve): string | undefined {
  if (event.by === context.maker || context.amended_by.includes(event.by)) return 'four_eyes';
  if (context.approvals.some(({ by }) => by === event.by)) return 'already_approved';
  if (event.hash === undefined) return 'hash_required';
  return event.hash === context.payload_hash ? undefined : 'hash_stale';
}

/** Whether this approval, if it is not refused, is the last one needed. */
export function completesApproval(context: PaymentContext): boolean {
  return context.approvals.length + 1 >= context.approvals_needed;
}

export function refuseAmendment(context: PaymentContext, event: Amend): string | undefined {
  const { amount_minor = context.amount_minor, payee = context.payee, reference = context.reference } = event;
  const same = amount_minor === context.amount_minor && payee === context.payee && reference === context.reference;
  return same ? 'nothing_changed' : undefined;
}

/** The context with the amendment in it: another revision, another hash, and nobody has approved it. */
export function amend(context: PaymentContext, event: Amend): PaymentContext {
  const { amount_minor = context.amount_minor, payee = context.payee, reference = context.reference, by } = event;
  const known = by === context.maker || context.amended_by.includes(by);
  const amended_by = known ? context.amended_by : [...context.amended_by, by];
  return withHash({ ...context, amount_minor, payee, reference, amended_by, revision: context.revision + 1, approvals: [] });
}

export function refuseCapture(context: PaymentContext, event: Capture): string | undefined {
  return (event.amount_minor ?? 0) > context.authorized_minor ? 'amount_exceeds_authorized' : undefined;
}

/** What can still be refunded: a refund on its way counts as gone until it is refused. */
export function refundable({ captured_minor, currency, refunds }: PaymentContext): number {
  const taken = refunds.filter(({ state }) => state === 'pending' || state === 'done');
  return (
    captured_minor -
    sum(
      currency,
      taken.map(({ amount_minor }) => amount_minor),
    )
  );
}

export function refuseRefund(context: PaymentContext, event: Refund): string | undefined {
  if (context.refunds.some(({ refund }) => refund === event.refund)) return 'refund_exists';
  if (event.amount_minor > refundable(context)) return 'amount_exceeds_captured';
  return context.refunds.length >= MOST_REFUNDS ? 'too_many_refunds' : undefined;
}

export function pendingRefund({ refunds }: PaymentContext): RefundRecord | undefined {
  return refunds.find(({ state }) => state === 'pending');
}

/** What will have been refunded when the refund that is on its way is done. */
export function refundedWithPending(context: PaymentContext): number {
  return context.refunded_minor + (pendingRefund(context)?.amount_minor ?? 0);
}

/** Replaces the refund that is on its way. */
export function withRefund(context: PaymentContext, change: Partial<RefundRecord>): readonly RefundRecord[] {
  const pending = pendingRefund(context);
  return context.refunds.map((record) => (record === pending ? { ...record, ...change } : record));
}

export function isActive(answer: Answer): boolean {
  return answer.found && answer.answer?.['active'] === true;
}

/**
 * The hub's name for one operation with the gateway. It can be read back from its right end in one way only, so that no
 * choice of ids makes two operations share a name.
 */
export function operationId({ id, operation, attempt }: PaymentContext): string {
  return `${id}-${must(operation, 'the operation of a payment')}-${attempt}`;
}

export function toQuestion({ client }: PaymentContext): Question {
  return { to: `client/${client}`, question: 'standing' };
}

export function toLookup(context: PaymentContext): GatewayLookup {
  return { integration: context.gateway, operation_id: operationId(context) };
}

export function toRequest(context: PaymentContext): GatewayRequest {
  const { id, gateway, currency, reference, gateway_reference } = context;
  return {
    integration: gateway,
    operation_id: operationId(context),
    payment: id,
    amount_minor: amountOf(context),
    currency,
    reference,
    ...(gateway_reference === null ? {} : { authorization: gateway_reference }),
  };
}

function amountOf(context: PaymentContext): number {
  const operation = must(context.operation, 'the operation of a payment');
  const amounts = {
    authorize: context.amount_minor,
    capture: context.capture_minor,
    void: context.authorized_minor,
    refund: pendingRefund(context)?.amount_minor ?? 0,
  };
  return amounts[operation];
}
