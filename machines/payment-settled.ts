import { readEffectError } from './machine.ts';
import { findingOut } from './payment-finding-out.ts';
import * as rules from './payment-rules.ts';
import { paymentSetup } from './payment-setup.ts';

/** Refunds are done one after another, in the order they were asked for. The client is not asked: money only comes back. */
export const settled = paymentSetup.createStateConfig({
  tags: ['settled'],
  initial: 'idle',
  on: {
    REFUND: {
      guard: { type: 'mayRefund', params: ({ event }) => event },
      actions: { type: 'queueRefund', params: ({ event }) => event },
    },
    'tell.refused': [
      {
        guard: { type: 'refusedFor', params: ({ event }) => ({ told: 'CREDIT', refused: event }) },
        actions: { type: 'noteOwed', params: ({ event }) => event },
      },
      { guard: { type: 'isLateRefusal', params: ({ event }) => event } },
      {
        actions: [
          { type: 'noteOutOfStep', params: ({ event }) => event },
          { type: 'announce', params: 'payment.out_of_step' },
        ],
      },
    ],
    DISPUTED: {
      guard: { type: 'mayDispute', params: ({ event }) => event },
      actions: [
        { type: 'noteDispute', params: ({ event }) => event },
        { type: 'announceDispute', params: ({ event }) => ({ type: 'payment.disputed', dispute: event.dispute }) },
      ],
    },
    DISPUTE_WON: {
      guard: { type: 'isOpenDispute', params: ({ event }) => event },
      actions: [
        { type: 'closeDispute', params: ({ event }) => ({ dispute: event.dispute, state: 'won' }) },
        { type: 'announceDispute', params: ({ event }) => ({ type: 'payment.dispute_won', dispute: event.dispute }) },
      ],
    },
    DISPUTE_LOST: {
      guard: { type: 'isOpenDispute', params: ({ event }) => event },
      actions: [
        { type: 'closeDispute', params: ({ event }) => ({ dispute: event.dispute, state: 'lost' }) },
        { type: 'tellReturned', params: 'dispute' },
        { type: 'announceDispute', params: ({ event }) => ({ type: 'payment.dispute_lost', dispute: event.dispute }) },
      ],
    },
  },
  states: {
    idle: {
      always: [
        { guard: 'refundWaits', target: 'refunding' },
        { guard: 'owes', target: 'owing' },
      ],
    },
    // The account does not take what is its own for now: it is told again, and somebody sees it.
    owing: {
      tags: ['needs_somebody'],
      always: { guard: 'refundWaits', target: 'refunding' },
      after: { credit_pause: { target: 'idle', actions: 'tellOwed' } },
    },
    refunding: {
      entry: { type: 'begin', params: 'refund' },
      invoke: {
        id: 'refund',
        src: 'gateway.refund',
        input: ({ context }) => rules.toRequest(context),
        onDone: { target: 'answered', actions: { type: 'noteOutcome', params: ({ event }) => event.output } },
        onError: [
          { guard: { type: 'isUnknown', params: ({ event }) => readEffectError(event) }, target: 'refund_unknown' },
          { target: 'answered', actions: { type: 'noteFailure', params: ({ event }) => readEffectError(event) } },
        ],
      },
    },
    answered: {
      always: [
        {
          guard: 'isDone',
          target: 'idle',
          actions: ['announceRefunded', 'returnFunds', { type: 'tellReturned', params: 'refund' }, 'noteRefunded'],
        },
        { target: 'idle', actions: ['announceRefundRefused', 'noteRefundRefused'] },
      ],
    },
    refund_unknown: findingOut,
  },
});
