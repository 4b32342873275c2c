import type { GatewayLookup, GatewayRequest } from './gateway.ts';
import type { Answer, Question, Tell } from './machine.ts';
import { must } from './must.ts';
import { sum, toMinor } from './money.ts';
import { after, mayFollow } from './payment-operations.ts';
import { DECIDED, routeOf, SANDBOX } from './payment-route.ts';
import type { Result } from './payment-operations.ts';
import type {
  Amend,
  Approve,
  Capture,
  Disputed,
  DisputeRecord,
  OfDispute,
  OfProposal,
  Operation,
  OperationRecord,
  Outcome,
  PaymentBirth,
  PaymentContext,
  Propose,
  Proposal,
  Refund,
  RefundRecord,
} from './payment-terms.ts';
import { sha256 } from './sha256.ts';
import { dayInFrankfurt, isTargetDay, targetDayAfter, targetDayFrom, toMoment } from './target-days.ts';

/** The rules of a payment, as functions of its context and an event. The guards and the reasons are the same functions. */

/** So many refunds one payment may have, so that its envelope stays small. */
export const MOST_REFUNDS = 50;
/** So often an operation is tried in all, when each time it is found never to have happened. */
export const MOST_ATTEMPTS = 3;
/** So often an actor is asked before the payment gives up. */
export const MOST_ASKS = 10;
/** So many operations are kept, the last ones: every refund and what came before them. */
const MOST_OPERATIONS = 60;

/** So many disputes one payment may have. */
const MOST_DISPUTES = 20;

const SECOND = 1000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/**
 * The first looks come soon, since most unknowns are a lost answer; then as Kill Bill's plan has them (5 minutes, an hour, five days).
 * Behind its end two people decide, and it is still looked up every day until they have.
 */
const LOOKUP_WAITS = [5 * SECOND, 30 * SECOND, 2 * MINUTE, 5 * MINUTE, HOUR, DAY, DAY, DAY, DAY, DAY];
/** From this moment of a day on what is due on it goes out, and until this one: Frankfurt time, as the euro's settlement system. */
const OPENS = '07:00';
const CUT_OFF = '16:00';

/** Whether the plan of looks is at its end. */
export function isPlanOver({ tries }: PaymentContext): boolean {
  return tries + 1 >= LOOKUP_WAITS.length;
}

export function lookupWait({ tries }: PaymentContext): number {
  return LOOKUP_WAITS[Math.min(tries, LOOKUP_WAITS.length - 1)] ?? DAY;
}

/** 2 s, 4 s, … one minute: an actor's owner that has died has a successor within seconds. */
export function askPause({ tries }: PaymentContext): number {
  return Math.min(2 ** tries * SECOND, MINUTE);
}

export function toContext(input: PaymentBirth): PaymentContext {
  const { id, client, payee, amount_minor, currency, reference, capture, account, bill, execute_on, by, settings } = input;
  const gateways = input.gateway === undefined ? routeOf(input, settings.routes) : [input.gateway];
  return withHash({
    id,
    client,
    payee,
    amount_minor,
    currency,
    reference,
    capture,
    gateway: gateways[0] ?? SANDBOX,
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
    ...(gateways.length > 1 ? { gateways } : {}),
    ...(settings.screened_by === undefined ? {} : { screened_by: settings.screened_by }),
    ...(account === undefined ? {} : { account, rates: settings.rates, spread_basis_points: settings.spread_basis_points }),
    ...(bill === undefined ? {} : { bill }),
    ...(execute_on === undefined ? {} : { execute_on }),
  });
}

/**
 * SHA-256 of what an approver approves, as JSON with its keys in this order. The revision makes a payment that was amended
 * there and back another payload; the id makes the hash good for this payment only.
 */
export function payloadHash(context: PaymentContext): string {
  const { id, client, payee, amount_minor, currency, reference, capture, revision, account, bill, execute_on } = context;
  const gateway = context.gateways ?? context.gateway;
  return sha256(
    JSON.stringify({ id, client, payee, amount_minor, currency, reference, capture, gateway, revision, account, bill, execute_on }),
  );
}

function withHash(context: PaymentContext): PaymentContext {
  return { ...context, payload_hash: payloadHash(context) };
}

export function needsApproval(context: PaymentContext): boolean {
  return context.amount_minor >= context.approval_from_minor;
}

/** Whether somebody made it, or changed what it says. */
export function hasHandIn({ maker, amended_by }: PaymentContext, by: string): boolean {
  return by === maker || amended_by.includes(by);
}

/** Why this approval is refused. Whoever had a hand in the payment is told so first: no other hash would help. */
export function refuseApproval(context: PaymentContext, event: Approve): string | undefined {
  if (hasHandIn(context, event.by)) return 'four_eyes';
  if (context.approvals.some(({ by }) => by === event.by)) return 'already_approved';
  if (event.hash === undefined) return 'hash_required';
  return event.hash === context.payload_hash ? undefined : 'hash_stale';
}

/** Whether this approval, if it is not refused, is the last one needed. */
export function completesApproval(context: PaymentContext): boolean {
  return context.approvals.length + 1 >= context.approvals_needed;
}

/** Whether it needs no more approvals. */
export function isApproved(context: PaymentContext): boolean {
  return !needsApproval(context) || context.approvals.length >= context.approvals_needed;
}

export function refuseAmendment(context: PaymentContext, event: Amend): string | undefined {
  const { amount_minor = context.amount_minor, payee = context.payee, reference = context.reference } = event;
  const same = amount_minor === context.amount_minor && payee === context.payee && reference === context.reference;
  return same ? 'nothing_changed' : undefined;
}

/** The context with the amendment in it: another revision, another hash, and nobody has approved it. */
export function amend(context: PaymentContext, event: Amend): PaymentContext {
  const { amount_minor = context.amount_minor, payee = context.payee, reference = context.reference, by } = event;
  const amended_by = hasHandIn(context, by) ? context.amended_by : [...context.amended_by, by];
  return withHash({ ...context, amount_minor, payee, reference, amended_by, revision: context.revision + 1, approvals: [] });
}

export function refuseCapture(context: PaymentContext, event: Capture): string | undefined {
  return (event.amount_minor ?? 0) > context.authorized_minor ? 'amount_exceeds_authorized' : undefined;
}

/** What can still be refunded: a refund on its way counts as gone until it is refused, and what a bank takes back until it is given back. */
export function refundable({ captured_minor, currency, refunds, disputes = [] }: PaymentContext): number {
  const refunded = refunds.filter(({ state }) => state === 'pending' || state === 'done');
  const disputed = disputes.filter(({ state }) => state !== 'won');
  return (
    captured_minor -
    sum(
      currency,
      [...refunded, ...disputed].map(({ amount_minor }) => amount_minor),
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

/** The operation is begun: another number, and a record of it. One that may not follow on what was done is a bug of the machine. */
export function begin(context: PaymentContext, operation: Operation, at: number): Partial<PaymentContext> {
  const { operations = [], gateway, gateways } = context;
  const last = operations.findLast(({ state }) => state === 'SUCCESS');
  const before = last && { kind: KIND_OF[last.operation], state: last.state };
  if (!mayFollow(before, KIND_OF[operation])) throw new Error(`A payment may not ${operation} now`);
  const n = context.attempt + 1;
  const record: OperationRecord = { n, operation, ...(gateways === undefined ? {} : { gateway }), state: 'INIT', at };
  // The oldest are forgotten, but never the one that says what may follow.
  const known = operations.length < MOST_OPERATIONS ? operations : operations.filter((one, i) => i > 0 || one === last);
  return { operation, attempt: n, tries: 0, operations: [...known, record] };
}

/** The operation that is under way has come to this. What it has come to for good stays. */
export function withResult(context: PaymentContext, result: Result, at: number, answer: string | null): readonly OperationRecord[] {
  return (context.operations ?? []).map((record) => {
    if (record.n !== context.attempt) return record;
    const state = after(KIND_OF[record.operation], record.state, result);
    if (state === undefined) return record;
    return state === 'PENDING' ? { ...record, state } : { ...record, state, ended: at, answer };
  });
}

/** What the operation came to, and the record of it. */
export function withOutcome(context: PaymentContext, outcome: Outcome, at: number): Partial<PaymentContext> {
  const result =
    outcome.outcome === 'done' ? 'SUCCESS' : outcome.outcome === 'failed' && outcome.code === DECIDED ? 'EXCEPTION' : 'FAILURE';
  const answer = outcome.outcome === 'done' ? outcome.gateway_reference : outcome.code;
  return { outcome, operations: withResult(context, result, at, answer) };
}

const KIND_OF = { authorize: 'AUTHORIZE', capture: 'CAPTURE', void: 'VOID', refund: 'REFUND' } as const;

export function refuseProposal({ proposal = null }: PaymentContext, { outcome, gateway_reference }: Propose): string | undefined {
  if (proposal !== null) return 'proposal_exists';
  return outcome === 'done' && gateway_reference === undefined ? 'reference_required' : undefined;
}

/** Why the proposal is not confirmed: another person than the one who made it has to, and has to have seen it. */
export function refuseConfirmation({ proposal }: PaymentContext, event: OfProposal): string | undefined {
  if (proposal?.proposal !== event.proposal) return 'no_such_proposal';
  return proposal.by === event.by ? 'four_eyes' : undefined;
}

export function refuseDrop({ proposal }: PaymentContext, event: OfProposal): string | undefined {
  return proposal?.proposal === event.proposal ? undefined : 'no_such_proposal';
}

export function propose({ by, at, v, outcome, evidence, gateway_reference }: Propose): Proposal {
  return { proposal: `p${v}`, by, at, outcome, evidence, gateway_reference: gateway_reference ?? null };
}

/** What the proposal says became of it, as if the gateway had. */
export function toProposed({ proposal }: PaymentContext): Outcome {
  const { outcome, gateway_reference } = must(proposal, 'the proposal of a payment');
  return outcome === 'done' ? { outcome, gateway_reference: gateway_reference ?? '' } : { outcome, code: DECIDED };
}

export function disputeOf({ disputes = [] }: PaymentContext, { dispute }: OfDispute): DisputeRecord | undefined {
  return disputes.find((one) => one.dispute === dispute);
}

/** What has been refunded, or is disputed already, is not taken back once more. */
export function refuseDispute(context: PaymentContext, event: Disputed): string | undefined {
  if (disputeOf(context, event) !== undefined) return 'dispute_exists';
  if (event.amount_minor > refundable(context)) return 'amount_exceeds_captured';
  return (context.disputes ?? []).length >= MOST_DISPUTES ? 'too_many_disputes' : undefined;
}

export function refuseDisputeEnd(context: PaymentContext, event: OfDispute): string | undefined {
  return disputeOf(context, event)?.state === 'open' ? undefined : 'no_such_dispute';
}

function limitOf({ client }: PaymentContext): string {
  return `limit/${client}`;
}

export function toSpend(context: PaymentContext): Tell {
  const { id, revision, amount_minor, currency, payee, maker } = context;
  return { to: limitOf(context), event: { type: 'SPEND', payment: id, revision, amount_minor, currency, payee, maker } };
}

/** It is not paid after all. */
export function toUnspend(context: PaymentContext): Tell {
  return { to: limitOf(context), event: { type: 'UNSPEND', payment: context.id } };
}

export function toPaid(context: PaymentContext): Tell {
  return { to: limitOf(context), event: { type: 'PAID', payment: context.id } };
}

/** The moment from which it may be executed, in epoch milliseconds: a day on which banks do not settle is put off to the next one. */
export function dueAt({ execute_on }: PaymentContext, at: number): number {
  if (execute_on === undefined) return at;
  const day = targetDayFrom(execute_on);
  const today = dayInFrankfurt(at);
  if (day > today) return toMoment(day, OPENS);
  // The day has come or has gone by: now, as long as something still goes out today.
  if (isTargetDay(today) && at < toMoment(today, CUT_OFF)) return Math.max(at, toMoment(today, OPENS));
  return toMoment(targetDayAfter(today), OPENS);
}

export function isEarly(context: PaymentContext, at: number): boolean {
  return dueAt(context, at) > at;
}

export function toQuestion({ client }: PaymentContext): Question {
  return { to: `client/${client}`, question: 'standing' };
}

export function toLookup(context: PaymentContext): GatewayLookup {
  return { integration: context.gateway, operation_id: operationId(context) };
}

export function toRequest(context: PaymentContext): GatewayRequest {
  const { id, client, gateway, currency, reference, gateway_reference } = context;
  return {
    integration: gateway,
    operation_id: operationId(context),
    payment: id,
    client,
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
