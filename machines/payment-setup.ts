import { assign, emit, enqueueActions, setup } from 'xstate';
import type { CheckAnswer, CheckRequest, GatewayAnswer, GatewayClosing, GatewayFinding, GatewayLookup, GatewayRequest } from './gateway.ts';
import { effect, post, tell } from './machine.ts';
import type { Answer, EffectError, Question } from './machine.ts';
import { must } from './must.ts';
import * as bills from './payment-bill.ts';
import * as funds from './payment-funds.ts';
import * as route from './payment-route.ts';
import * as rules from './payment-rules.ts';
import * as screen from './payment-screen.ts';
import type {
  Amend,
  Approve,
  BillClaimed,
  Capture,
  Clear,
  Disputed,
  Ending,
  Notified,
  OfDispute,
  OfProposal,
  Operation,
  Outcome,
  PaymentBirth,
  PaymentContext,
  PaymentEvent,
  PaymentFact,
  PaymentFactName,
  Propose,
  Refund,
  Reserved,
  TellRefused,
} from './payment-terms.ts';

/** What is forgotten when an operation's outcome has been taken note of. */
const OVER = { outcome: null, retries: 0, tries: 0 } as const;

/** The words that the chart of a payment is written in: what it can ask for, note, and tell apart. */
export const paymentSetup = setup({
  types: {
    context: {} as PaymentContext,
    events: {} as PaymentEvent,
    input: {} as PaymentBirth,
    emitted: {} as PaymentFact,
    tags: {} as 'final' | 'needs_somebody' | 'unknown' | 'settled',
  },
  actors: {
    ask: effect<Answer, Question>(),
    'checks.sanctions': effect<CheckAnswer, CheckRequest>(),
    'gateway.authorize': effect<GatewayAnswer, GatewayRequest>(),
    'gateway.capture': effect<GatewayAnswer, GatewayRequest>(),
    'gateway.void': effect<GatewayAnswer, GatewayRequest>(),
    'gateway.refund': effect<GatewayAnswer, GatewayRequest>(),
    'gateway.lookup': effect<GatewayFinding, GatewayLookup>(),
    'gateway.close': effect<GatewayClosing, GatewayLookup>(),
  },
  delays: {
    until_due: ({ context, event }) => Math.max(0, (context.due_at ?? 0) - momentOf(event)),
    funds_pause: 5 * rules.MINUTE,
    funds_ttl: ({ context, event }) => Math.max(0, (context.funds_until ?? 0) - momentOf(event)),
    rates_pause: 15 * rules.MINUTE,
    answer_wait: rules.HOUR,
    credit_pause: rules.HOUR,
    review_reminder: 4 * rules.HOUR,
    first_reminder: rules.DAY,
    second_reminder: 2 * rules.DAY,
    approval_ttl: 3 * rules.DAY,
    authorization_ttl: 7 * rules.DAY,
    ask_pause: ({ context }) => rules.askPause(context),
    lookup_wait: ({ context }) => rules.lookupWait(context),
  },
  guards: {
    needsApproval: ({ context }) => rules.needsApproval(context),
    mayApprove: ({ context }, event: Approve) => rules.refuseApproval(context, event) === undefined,
    completesApproval: ({ context }, event: Approve) =>
      rules.completesApproval(context) && rules.refuseApproval(context, event) === undefined,
    mayAmend: ({ context }, event: Amend) => rules.refuseAmendment(context, event) === undefined,
    mayAmendFromAccount: ({ context }, event: Amend) => funds.fromAccount(context) && rules.refuseAmendment(context, event) === undefined,
    mayCapture: ({ context }, event: Capture) => rules.refuseCapture(context, event) === undefined,
    mayRefund: ({ context }, event: Refund) => rules.refuseRefund(context, event) === undefined,
    refundWaits: ({ context }) => rules.pendingRefund(context) !== undefined,
    isActive: (_, answer: Answer) => rules.isActive(answer),
    /** And nobody else has to be asked. */
    isClear: ({ context }, answer: Answer) =>
      rules.isActive(answer) && !funds.fromAccount(context) && !bills.paysBill(context) && route.nextGateway(context) === undefined,
    mayAskAgain: ({ context }) => context.tries + 1 < rules.MOST_ASKS,
    mayTryAnew: ({ context }, finding: GatewayClosing) => finding.outcome === 'canceled' && context.retries + 1 < rules.MOST_ATTEMPTS,
    isCanceled: (_, finding: GatewayClosing) => finding.outcome === 'canceled',
    isNotFound: (_, finding: GatewayFinding) => finding.outcome === 'not_found',
    isUnknown: (_, error: EffectError) => error.kind === 'unknown',
    /** It was not begun, because it had to wait for too long after the client was asked. */
    isHeld: (_, error: EffectError) => error.kind === 'failed' && error.code === 'held',
    isAbout: ({ context }, event: Notified) => event.operation_id === rules.operationId(context),
    isDone: ({ context }) => context.outcome?.outcome === 'done',
    isRefused: ({ context }) => context.outcome?.outcome !== 'done',
    isDeclined: ({ context }) => context.outcome?.outcome === 'declined',
    isManual: ({ context }) => context.capture === 'manual',
    isOperation: ({ context }, operation: Operation) => context.operation === operation,
    endsAs: ({ context }, ending: Ending) => context.ending === ending,
    isScreened: ({ context }) => screen.isScreened(context),
    mayPass: ({ context }, answer: CheckAnswer) => screen.mayPass(context, answer),
    mayClear: ({ context }, event: Clear) => screen.refuseClear(context, event) === undefined,
    mayAmendScreened: ({ context }, event: Amend) => screen.isScreened(context) && rules.refuseAmendment(context, event) === undefined,
    fromAccount: ({ context }) => funds.fromAccount(context),
    isPayable: ({ context }, answer: Answer) => funds.refuseAccount(context, answer) === undefined,
    needsExchange: ({ context }) => funds.needsExchange(context),
    canQuote: ({ context }, answer: Answer) => funds.quote(context, answer) !== undefined,
    isReserved: ({ context }, event: Reserved) => event.hold === context.hold,
    goesOn: ({ context }) => route.goesOn(context),
    hasChoice: ({ context }) => route.nextGateway(context) !== undefined,
    isCallable: (_, answer: Answer) => route.isCallable(answer),
    isStray: ({ context }, event: Reserved) => funds.fromAccount(context) && event.hold !== context.hold,
    isGranted: ({ context }, { revision }: { revision: number }) => revision === context.revision,
    isUncounted: ({ context }) => funds.fromAccount(context) && !context.limited,
    paysBill: ({ context }) => bills.paysBill(context),
    needsClaim: ({ context }) => bills.needsClaim(context),
    isClaim: ({ context }, event: BillClaimed) => bills.isClaim(context, event),
    isOpenBill: (_, answer: Answer) => bills.isOpenBill(answer),
    isEarly: ({ context, event }) => rules.isEarly(context, momentOf(event)),
    refusedFor: ({ context }, { told, refused, passing }: { told: string; refused: TellRefused; passing?: boolean }) =>
      refused.event === told && isOfNow(context, refused) && (passing === undefined || funds.isPassing(refused.reason) === passing),
    /** Nothing is kept or counted by it, and nobody waits for the answer any more. */
    isLateRefusal: (_, { event }: TellRefused) => OF_NOW.has(event),
    hasNoLimits: ({ context }, refused: TellRefused) =>
      refused.event === 'SPEND' && isOfNow(context, refused) && ['not_found', 'no_such_target'].includes(refused.reason),
    isApproved: ({ context }) => rules.isApproved(context),
    isPlanOver: ({ context }) => rules.isPlanOver(context),
    mayPropose: ({ context }, event: Propose) => rules.refuseProposal(context, event) === undefined,
    mayConfirm: ({ context }, event: OfProposal) => rules.refuseConfirmation(context, event) === undefined,
    mayDrop: ({ context }, event: OfProposal) => rules.refuseDrop(context, event) === undefined,
    mayDispute: ({ context }, event: Disputed) => rules.refuseDispute(context, event) === undefined,
    isOpenDispute: ({ context }, event: OfDispute) => rules.refuseDisputeEnd(context, event) === undefined,
    owes: ({ context }) => (context.credits ?? []).some(({ state }) => state === 'owed'),
  },
  actions: {
    amend: assign(({ context }, event: Amend) => rules.amend(context, event)),
    approve: assign({
      approvals: ({ context }, { by, at }: Approve) => [...context.approvals, { by, at, hash: context.payload_hash }],
    }),
    /** Why it ends, or is about to. */
    noteReason: assign((_, { reason, note = null }: { reason: string | null; note?: string | null | undefined }) => ({ reason, note })),
    noteCode: assign(({ context }) => ({ ...OVER, reason: codeOf(context) })),
    /** Where it goes when the authorization has been given back. */
    endAs: assign((_, ending: Ending) => ({ ending })),
    begin: assign(({ context, event }, operation: Operation) => rules.begin(context, operation, momentOf(event))),
    beginAnew: assign({ retries: ({ context }) => context.retries + 1, tries: 0 }),
    countTry: assign({ tries: ({ context }) => context.tries + 1 }),
    forgetTries: assign({ tries: 0 }),
    noteOutcome: assign(({ context, event }, outcome: Outcome) => rules.withOutcome(context, outcome, momentOf(event))),
    noteFailure: assign(({ context, event }, { code }: { code: string }) =>
      rules.withOutcome(context, { outcome: 'failed', code }, momentOf(event)),
    ),
    /** Nobody knows what became of it. */
    notePending: assign({ operations: ({ context, event }) => rules.withResult(context, 'PENDING', momentOf(event), null) }),
    /** It is certain that it never happened; it is tried anew under another name. */
    noteNever: assign({ operations: ({ context, event }) => rules.withResult(context, 'FAILURE', momentOf(event), 'never_happened') }),
    /** The gateway stood still for so long that it was not called: who may be paid is asked again, and it is called under another name. */
    noteNotCalled: assign({ operations: ({ context, event }) => rules.withResult(context, 'FAILURE', momentOf(event), 'not_called') }),
    noteAuthorized: assign(({ context }) => ({
      ...OVER,
      authorized_minor: context.amount_minor,
      capture_minor: context.amount_minor,
      gateway_reference: referenceOf(context),
    })),
    chooseCapture: assign({
      capture_minor: ({ context }, event: Capture) => event.amount_minor ?? context.authorized_minor,
      reason: null,
      note: null,
    }),
    noteCaptured: assign(({ context }) => ({
      ...OVER,
      captured_minor: context.capture_minor,
      capture_reference: referenceOf(context),
    })),
    noteVoided: assign({ ...OVER, authorized_minor: 0, capture_minor: 0 }),
    noteVoidRefused: assign(({ context }) => ({ ...OVER, reason: 'void_refused', note: codeOf(context), ending: null })),
    queueRefund: assign({
      refunds: ({ context }, { refund, amount_minor, by }: Refund) => [
        ...context.refunds,
        { refund, amount_minor, by, state: 'pending' as const, answer: null },
      ],
    }),
    noteRefunded: assign(({ context }) => ({
      ...OVER,
      refunded_minor: rules.refundedWithPending(context),
      refunds: rules.withRefund(context, { state: 'done', answer: referenceOf(context) }),
    })),
    noteRefundRefused: assign(({ context }) => ({
      ...OVER,
      refunds: rules.withRefund(context, {
        state: context.outcome?.outcome === 'declined' ? 'declined' : 'failed',
        answer: codeOf(context),
      }),
    })),
    announce: emit(({ context }, type: PaymentFactName): PaymentFact => ({ type, ...toFact(context) })),
    announceOperation: emit(({ context }, type: PaymentFactName): PaymentFact => ({
      type,
      ...toFact(context),
      ...(context.operation === null ? {} : { operation: context.operation, operation_id: rules.operationId(context) }),
    })),
    /** Both are said before the refund is noted, while it is still the pending one. */
    announceRefunded: emit(({ context }) => ({
      ...toRefundFact('payment.refunded', context),
      refunded_minor: rules.refundedWithPending(context),
    })),
    announceRefundRefused: emit(({ context }) => toRefundFact('payment.refund_refused', context)),
    nextGateway: assign(({ context }) => ({ ...OVER, gateway: route.nextGateway(context) ?? context.gateway })),
    noteAccount: assign({ account_currency: (_, answer: Answer) => funds.currencyOf(answer) }),
    noteRefusal: assign(({ context }, answer: Answer) => ({ reason: funds.refuseAccount(context, answer) ?? null, note: null })),
    noteFindings: assign({ screening: ({ context }, findings: readonly string[]) => screen.withFindings(context, findings) }),
    noteCleared: assign({ screening: ({ context }, event: Clear) => screen.cleared(context, event) }),
    noteClaimed: assign({ claimed: true }),
    tellBegun: tell(({ context }) => bills.toBegun(context)),
    tellEnded: tell(({ context }) => bills.toEnded(context)),
    /** A refund is said while it is still the pending one. */
    tellReturned: enqueueActions(({ context, enqueue }, by: 'refund' | 'dispute') => {
      const refunded = by === 'refund' ? rules.refundedWithPending(context) : context.refunded_minor;
      if (bills.paysBill(context)) enqueue(tell(() => bills.toReturned(context, refunded)));
    }),
    noteLimited: assign({ limited: true }),
    tellSpend: tell(({ context }) => rules.toSpend(context)),
    tellUnspend: tell(({ context }) => rules.toUnspend(context)),
    noteDue: assign({ due_at: ({ context, event }) => rules.dueAt(context, momentOf(event)) }),
    noteHeld: assign((_, { by, reason }: { by: string; reason: string }) => ({ held_by: by, note: reason })),
    noteReleased: assign({ held_by: null }),
    noteQuote: assign(({ context }, answer: Answer) => ({ conversion: must(funds.quote(context, answer), 'the rate that was asked for') })),
    /** Each time it is asked to keep the money, the account is given another name for it. */
    nameHold: assign(({ context }) => {
      const holds = (context.holds ?? 0) + 1;
      return { holds, hold: funds.nameOf(context, holds) };
    }),
    tellReserve: tell(({ context }) => funds.toReserve(context)),
    tellStray: tell(({ context }, { hold }: Reserved) => ({ to: funds.accountOf(context), event: { type: 'RELEASE', hold } })),
    /** How long it waits for its money in all. */
    noteUntil: assign({ funds_until: ({ context, event }) => context.funds_until ?? momentOf(event) + rules.DAY }),
    forgetHold: assign({ hold: null }),
    /** What was kept is free again; the limits still count it. */
    giveBack: enqueueActions(({ context, enqueue }) => {
      if (!funds.isKept(context)) return;
      enqueue(tell(() => funds.toRelease(context)));
      enqueue.assign({ hold: null });
    }),
    /** What was kept and counted for it is free again. */
    letGo: enqueueActions(({ context, enqueue }) => {
      if (funds.isKept(context)) enqueue(tell(() => funds.toRelease(context)));
      if (context.limited) enqueue(tell(() => rules.toUnspend(context)));
      if (context.claimed === true) {
        enqueue(tell(() => bills.toEnded(context)));
        enqueue.assign({ claimed: false });
      }
      if (funds.fromAccount(context)) enqueue.assign({ hold: null, limited: false });
    }),
    /** The money has left: it goes through the ledger, and the account and the limits are told. */
    settleFunds: enqueueActions(({ context, enqueue, event }) => {
      if (funds.isKept(context)) {
        enqueue(post(() => funds.toCapturePost(context)));
        enqueue(tell(() => funds.toSettle(context)));
        enqueue.assign({ hold: null, charged_minor: funds.chargeOf(context) });
      }
      if (context.limited) enqueue(tell(() => rules.toPaid(context)));
      if (bills.paysBill(context)) enqueue(tell(() => bills.toSettled(context, momentOf(event))));
    }),
    /** The money of a refund goes back through the ledger, and to the account. Said while the refund is still the pending one. */
    returnFunds: enqueueActions(({ context, enqueue }) => {
      if (!funds.fromAccount(context)) return;
      enqueue(post(() => funds.toRefundPost(context)));
      const credit = funds.creditOf(context);
      if (credit.amount_minor === 0) return;
      enqueue(tell(() => funds.toCredit(context, credit)));
      enqueue.assign({ credits: [...(context.credits ?? []), credit] });
    }),
    noteOwed: assign({ credits: ({ context }, { sent }: TellRefused) => funds.withOwed(context, sent['credit']) }),
    tellOwed: enqueueActions(({ context, enqueue }) => {
      const credits = context.credits ?? [];
      for (const credit of credits) if (credit.state === 'owed') enqueue(tell(() => funds.toCredit(context, credit)));
      enqueue.assign({ credits: credits.map((one) => ({ ...one, state: 'told' as const })) });
    }),
    noteOutOfStep: assign({ out_of_step: (_, { event, reason }: TellRefused) => `${event}: ${reason}` }),
    propose: assign({ proposal: (_, event: Propose) => rules.propose(event) }),
    dropProposal: assign(({ context }) => (context.proposal === undefined ? {} : { proposal: null })),
    takeProposal: assign(({ context, event }) => ({
      ...rules.withOutcome(context, rules.toProposed(context), momentOf(event)),
      proposal: null,
    })),
    announceDispute: emit(({ context }, { type, dispute }: { type: PaymentFactName; dispute: string }): PaymentFact => ({
      type,
      ...toFact(context),
      dispute,
      disputed_minor: rules.disputeOf(context, { dispute })?.amount_minor ?? 0,
    })),
    noteDispute: assign({
      disputes: ({ context }, { dispute, amount_minor }: Disputed) => [
        ...(context.disputes ?? []),
        { dispute, amount_minor, state: 'open' as const },
      ],
    }),
    closeDispute: assign({
      disputes: ({ context }, { dispute, state }: { dispute: string; state: 'won' | 'lost' }) =>
        (context.disputes ?? []).map((one) => (one.dispute === dispute ? { ...one, state } : one)),
    }),
  },
});

/** What is told under a new name each time, and by which field the name is known. */
const OF_NOW = new Map<string, (context: PaymentContext, sent: TellRefused['sent']) => boolean>([
  ['RESERVE', ({ hold }, sent) => sent['hold'] === hold],
  ['SPEND', ({ revision }, sent) => sent['revision'] === revision],
  ['PAYMENT_BEGUN', ({ revision }, sent) => sent['revision'] === revision],
]);

/** Whether it is the answer to what was told last. */
function isOfNow(context: PaymentContext, { event, sent }: TellRefused): boolean {
  return OF_NOW.get(event)?.(context, sent) ?? true;
}

/** When the event was taken. Timers and results carry it too; XState's types of them do not know. */
function momentOf(event: object): number {
  return 'at' in event && typeof event.at === 'number' ? event.at : 0;
}

function referenceOf({ outcome }: PaymentContext): string | null {
  return outcome?.outcome === 'done' ? outcome.gateway_reference : null;
}

function codeOf({ outcome }: PaymentContext): string | null {
  return outcome === null || outcome.outcome === 'done' ? null : outcome.code;
}

function toFact(context: PaymentContext): Omit<PaymentFact, 'type'> {
  const { client, payee, amount_minor, currency, reference, authorized_minor, captured_minor } = context;
  const { refunded_minor, gateway_reference, reason } = context;
  return {
    client,
    payee,
    amount_minor,
    currency,
    reference,
    authorized_minor,
    captured_minor,
    refunded_minor,
    gateway_reference,
    reason,
  };
}

function toRefundFact(type: PaymentFactName, context: PaymentContext): PaymentFact {
  const pending = rules.pendingRefund(context);
  return { type, ...toFact(context), ...(pending && { refund: pending.refund, refund_minor: pending.amount_minor }) };
}
