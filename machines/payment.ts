import { defineMachine } from './machine.ts';
import { toDecimal } from './money.ts';
import { authorized, authorizing, capturing } from './payment-executing.ts';
import { findingOut } from './payment-finding-out.ts';
import { awaitingFunds, claiming, reserving, validating } from './payment-funding.ts';
import { liftPayment } from './payment-migration.ts';
import * as rules from './payment-rules.ts';
import * as screen from './payment-screen.ts';
import { screening } from './payment-screening.ts';
import { settled } from './payment-settled.ts';
import { paymentSetup } from './payment-setup.ts';
import type { Amend, Approve, Capture, Clear, Disputed, OfDispute, OfProposal, Propose, Refund } from './payment-terms.ts';
import { paymentEvents, paymentFacts, paymentInput, paymentInternal, paymentSettings } from './payment-terms.ts';

const paymentMachine = paymentSetup.createMachine({
  id: 'payment',
  context: ({ input }) => rules.toContext(input),
  initial: 'draft',
  on: {
    // Asked for again, the account may keep it under both names: what it keeps for nobody is free again.
    RESERVED: {
      guard: { type: 'isStray', params: ({ event }) => event },
      actions: { type: 'tellStray', params: ({ event }) => event },
    },
    LIMIT_GRANTED: { guard: 'isUncounted', actions: 'tellUnspend' },
    // Answered after it was refused under the same name: it pays nothing any more.
    BILL_CLAIMED: { guard: 'needsClaim', actions: 'tellEnded' },
    // Whoever waits for an answer has taken it before this; what nobody waits for says that two actors are out of step.
    'tell.refused': [
      { guard: { type: 'isLateRefusal', params: ({ event }) => event } },
      {
        actions: [
          { type: 'noteOutOfStep', params: ({ event }) => event },
          { type: 'announce', params: 'payment.out_of_step' },
        ],
      },
    ],
  },
  states: {
    draft: {
      on: {
        AMEND: {
          guard: { type: 'mayAmend', params: ({ event }) => event },
          actions: [
            { type: 'amend', params: ({ event }) => event },
            { type: 'announce', params: 'payment.amended' },
          ],
        },
        SUBMIT: [
          { guard: 'fromAccount', target: 'validating', actions: { type: 'announce', params: 'payment.submitted' } },
          { guard: 'isScreened', target: 'screening', actions: { type: 'announce', params: 'payment.submitted' } },
          { guard: 'needsApproval', target: 'needs_approval', actions: { type: 'announce', params: 'payment.submitted' } },
          { target: 'approved', actions: { type: 'announce', params: 'payment.submitted' } },
        ],
        CANCEL: {
          target: 'canceled',
          actions: { type: 'noteReason', params: ({ event }) => ({ reason: 'canceled', note: event.reason }) },
        },
      },
    },
    validating,
    screening,
    needs_approval: {
      tags: ['needs_somebody'],
      after: {
        first_reminder: { actions: { type: 'announce', params: 'payment.approval_reminder' } },
        second_reminder: { actions: { type: 'announce', params: 'payment.approval_reminder' } },
        approval_ttl: { target: 'expired', actions: { type: 'noteReason', params: { reason: 'not_approved_in_time' } } },
      },
      on: {
        APPROVE: [
          {
            guard: { type: 'completesApproval', params: ({ event }) => event },
            target: 'approved',
            actions: [
              { type: 'approve', params: ({ event }) => event },
              { type: 'announce', params: 'payment.approved' },
            ],
          },
          {
            guard: { type: 'mayApprove', params: ({ event }) => event },
            actions: { type: 'approve', params: ({ event }) => event },
          },
        ],
        DENY: {
          target: 'declined',
          actions: { type: 'noteReason', params: ({ event }) => ({ reason: 'denied', note: event.reason }) },
        },
        // Entered anew, so that the approvers get the whole time again for what is now another payment.
        AMEND: [
          {
            guard: { type: 'mayAmendFromAccount', params: ({ event }) => event },
            target: 'validating',
            actions: [
              { type: 'amend', params: ({ event }) => event },
              { type: 'announce', params: 'payment.amended' },
            ],
          },
          {
            guard: { type: 'mayAmendScreened', params: ({ event }) => event },
            target: 'screening',
            actions: [
              { type: 'amend', params: ({ event }) => event },
              { type: 'announce', params: 'payment.amended' },
            ],
          },
          {
            guard: { type: 'mayAmend', params: ({ event }) => event },
            target: 'needs_approval',
            reenter: true,
            actions: [
              { type: 'amend', params: ({ event }) => event },
              { type: 'announce', params: 'payment.amended' },
            ],
          },
        ],
        HOLD: { target: 'held', actions: { type: 'noteHeld', params: ({ event }) => event } },
        CANCEL: {
          target: 'canceled',
          actions: { type: 'noteReason', params: ({ event }) => ({ reason: 'canceled', note: event.reason }) },
        },
      },
    },
    // Who has approved it stays: it is the same payment when it goes on.
    held: {
      tags: ['needs_somebody'],
      entry: { type: 'announce', params: 'payment.held' },
      on: {
        RELEASE: [
          { guard: 'isApproved', target: 'approved', actions: ['noteReleased', { type: 'announce', params: 'payment.released' }] },
          { target: 'needs_approval', actions: ['noteReleased', { type: 'announce', params: 'payment.released' }] },
        ],
        DENY: {
          target: 'declined',
          actions: { type: 'noteReason', params: ({ event }) => ({ reason: 'denied', note: event.reason }) },
        },
        CANCEL: {
          target: 'canceled',
          actions: { type: 'noteReason', params: ({ event }) => ({ reason: 'canceled', note: event.reason }) },
        },
      },
    },
    approved: {
      always: [
        { guard: 'needsClaim', target: 'claiming' },
        { guard: 'isEarly', target: 'scheduled' },
        { guard: 'fromAccount', target: 'reserving' },
        { target: 'authorizing' },
      ],
    },
    claiming,
    scheduled: {
      entry: ['noteDue', { type: 'announce', params: 'payment.scheduled' }],
      after: {
        until_due: [{ guard: 'isScreened', target: 'screening' }, { guard: 'fromAccount', target: 'reserving' }, { target: 'authorizing' }],
      },
      on: {
        HOLD: { target: 'held', actions: { type: 'noteHeld', params: ({ event }) => event } },
        CANCEL: {
          target: 'canceled',
          actions: { type: 'noteReason', params: ({ event }) => ({ reason: 'canceled', note: event.reason }) },
        },
      },
    },
    reserving,
    awaiting_funds: awaitingFunds,
    authorizing,
    authorized,
    capturing,
    settled,
    unknown: findingOut,
    rejected: { tags: ['final'], entry: ['letGo', { type: 'announce', params: 'payment.rejected' }] },
    declined: { tags: ['final'], entry: ['letGo', { type: 'announce', params: 'payment.declined' }] },
    failed: { tags: ['final'], entry: ['letGo', { type: 'announce', params: 'payment.failed' }] },
    canceled: { tags: ['final'], entry: ['letGo', { type: 'announce', params: 'payment.canceled' }] },
    expired: { tags: ['final'], entry: ['letGo', { type: 'announce', params: 'payment.expired' }] },
  },
});

/** What the client of a payment may see of it: its own money, and nothing of how the house decides. */
const CUSTOMER_FIELDS = [
  'client',
  'payee',
  'amount_minor',
  'currency',
  'reference',
  'authorized_minor',
  'captured_minor',
  'refunded_minor',
  'account',
  'bill',
  'conversion',
  'charged_minor',
  'execute_on',
] as const;

/** One bill paid: approved by another person than made it, authorized, captured and perhaps refunded, once each. */
export const payment = defineMachine({
  type: 'payment',
  version: 2,
  migrate: { 1: liftPayment },
  machine: paymentMachine,
  input: paymentInput,
  events: paymentEvents,
  internal: paymentInternal,
  facts: paymentFacts,
  settings: paymentSettings,
  permissions: {
    '@create': ['clerk', 'system'],
    SUBMIT: ['clerk', 'system'],
    AMEND: ['clerk'],
    APPROVE: ['approver', 'cfo'],
    DENY: ['approver', 'cfo'],
    CAPTURE: ['clerk', 'approver', 'cfo'],
    CANCEL: ['clerk', 'approver', 'cfo'],
    // A clerk too: a refund only sends money back where it came from, and never more than was captured.
    REFUND: ['clerk', 'approver', 'cfo'],
    CLEAR: ['approver', 'cfo', 'reviewer'],
    HOLD: ['approver', 'cfo', 'reviewer'],
    RELEASE: ['approver', 'cfo'],
    // What is decided of money that nobody knows of needs two people.
    PROPOSE_OUTCOME: ['clerk', 'approver', 'cfo', 'operator'],
    CONFIRM_OUTCOME: ['approver', 'cfo'],
    DROP_OUTCOME: ['clerk', 'approver', 'cfo', 'operator'],
  },
  views: { hq: { rows: 'all', fields: 'all' }, customer: { rows: 'client', fields: CUSTOMER_FIELDS } },
  belongs: ({ client }) => ({ client }),
  // Titles, summaries and the search are the same for everybody, so they hold only what the customer may see.
  title: ({ payee, reference }) => `${payee} · ${reference}`,
  summary: (context) => `${toDecimal(context)} ${context.currency}`,
  search: ({ client, payee, reference, currency }) => [client, payee, reference, currency],
  reasons: {
    APPROVE: ({ context }, event: Approve) => rules.refuseApproval(context, event),
    AMEND: ({ context }, event: Amend) => rules.refuseAmendment(context, event),
    CLEAR: ({ context }, event: Clear) => screen.refuseClear(context, event),
    CAPTURE: ({ context }, event: Capture) => rules.refuseCapture(context, event),
    REFUND: ({ context }, event: Refund) => rules.refuseRefund(context, event),
    PROPOSE_OUTCOME: ({ context }, event: Propose) => rules.refuseProposal(context, event),
    CONFIRM_OUTCOME: ({ context }, event: OfProposal) => rules.refuseConfirmation(context, event),
    DROP_OUTCOME: ({ context }, event: OfProposal) => rules.refuseDrop(context, event),
    DISPUTED: ({ context }, event: Disputed) => rules.refuseDispute(context, event),
    DISPUTE_WON: ({ context }, event: OfDispute) => rules.refuseDisputeEnd(context, event),
    DISPUTE_LOST: ({ context }, event: OfDispute) => rules.refuseDisputeEnd(context, event),
  },
  samples: {
    APPROVE: ({ payload_hash }) => ({ hash: payload_hash }),
    DENY: () => ({ reason: 'probe' }),
    AMEND: ({ revision }) => ({ reference: `probe ${revision}` }),
    CLEAR: () => ({ reason: 'probe' }),
    HOLD: () => ({ reason: 'probe' }),
    RELEASE: () => ({ reason: 'probe' }),
    PROPOSE_OUTCOME: () => ({ outcome: 'failed', evidence: 'probe' }),
    CONFIRM_OUTCOME: ({ proposal }) => ({ proposal: proposal?.proposal ?? 'none' }),
    DROP_OUTCOME: ({ proposal }) => ({ proposal: proposal?.proposal ?? 'none' }),
    REFUND: (context) => ({ refund: `probe_${context.refunds.length}`, amount_minor: Math.max(1, rules.refundable(context)) }),
  },
  questions: {
    standing: ({ state, context }) => ({
      state: state[0]?.split('.')[0] ?? '',
      currency: context.currency,
      captured_minor: context.captured_minor,
      refunded_minor: context.refunded_minor,
    }),
  },
});
