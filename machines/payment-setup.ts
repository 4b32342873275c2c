import { assign, emit, setup } from 'xstate';
import type { GatewayAnswer, GatewayClosing, GatewayFinding, GatewayLookup, GatewayRequest } from './gateway.ts';
import { effect } from './machine.ts';
import type { Answer, EffectError, Question } from './machine.ts';
import * as rules from './payment-rules.ts';
import type {
  Amend,
  Approve,
  Capture,
  Ending,
  Notified,
  Operation,
  Outcome,
  PaymentBirth,
  PaymentContext,
  PaymentEvent,
  PaymentFact,
  PaymentFactName,
  Refund,
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
    'gateway.authorize': effect<GatewayAnswer, GatewayRequest>(),
    'gateway.capture': effect<GatewayAnswer, GatewayRequest>(),
    'gateway.void': effect<GatewayAnswer, GatewayRequest>(),
    'gateway.refund': effect<GatewayAnswer, GatewayRequest>(),
    'gateway.lookup': effect<GatewayFinding, GatewayLookup>(),
    'gateway.close': effect<GatewayClosing, GatewayLookup>(),
  },
  delays: {
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
    mayCapture: ({ context }, event: Capture) => rules.refuseCapture(context, event) === undefined,
    mayRefund: ({ context }, event: Refund) => rules.refuseRefund(context, event) === undefined,
    refundWaits: ({ context }) => rules.pendingRefund(context) !== undefined,
    isActive: (_, answer: Answer) => rules.isActive(answer),
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
  },
  actions: {
    amend: assign(({ context }, event: Amend) => rules.amend(context, event)),
    approve: assign({
      approvals: ({ context }, { by, at }: Approve) => [...context.approvals, { by, at, hash: context.payload_hash }],
    }),
    /** Why it ends, or is about to. */
    noteReason: assign((_, { reason, note = null }: { reason: string; note?: string | null | undefined }) => ({ reason, note })),
    noteCode: assign(({ context }) => ({ ...OVER, reason: codeOf(context) })),
    /** Where it goes when the authorization has been given back. */
    endAs: assign((_, ending: Ending) => ({ ending })),
    begin: assign({
      operation: (_, operation: Operation) => operation,
      attempt: ({ context }) => context.attempt + 1,
      tries: 0,
    }),
    beginAnew: assign({ retries: ({ context }) => context.retries + 1, tries: 0 }),
    countTry: assign({ tries: ({ context }) => context.tries + 1 }),
    forgetTries: assign({ tries: 0 }),
    noteOutcome: assign((_, outcome: Outcome) => ({ outcome })),
    noteFailure: assign((_, { code }: { code: string }): Partial<PaymentContext> => ({ outcome: { outcome: 'failed', code } })),
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
  },
});

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
