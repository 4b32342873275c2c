import { and } from 'xstate';
import { defineMachine, readEffectError } from './machine.ts';
import { toDecimal } from './money.ts';
import { findingOut } from './payment-finding-out.ts';
import * as rules from './payment-rules.ts';
import { paymentSetup } from './payment-setup.ts';
import type { Amend, Approve, Capture, Refund } from './payment-terms.ts';
import { paymentEvents, paymentFacts, paymentInput, paymentInternal, paymentSettings } from './payment-terms.ts';

const paymentMachine = paymentSetup.createMachine({
  id: 'payment',
  context: ({ input }) => rules.toContext(input),
  initial: 'draft',
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
          { guard: 'needsApproval', target: 'needs_approval', actions: { type: 'announce', params: 'payment.submitted' } },
          { target: 'authorizing', actions: { type: 'announce', params: 'payment.submitted' } },
        ],
        CANCEL: {
          target: 'canceled',
          actions: { type: 'noteReason', params: ({ event }) => ({ reason: 'canceled', note: event.reason }) },
        },
      },
    },
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
            target: 'authorizing',
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
        AMEND: {
          guard: { type: 'mayAmend', params: ({ event }) => event },
          target: 'needs_approval',
          reenter: true,
          actions: [
            { type: 'amend', params: ({ event }) => event },
            { type: 'announce', params: 'payment.amended' },
          ],
        },
        CANCEL: {
          target: 'canceled',
          actions: { type: 'noteReason', params: ({ event }) => ({ reason: 'canceled', note: event.reason }) },
        },
      },
    },
    authorizing: {
      initial: 'asking',
      states: {
        asking: {
          invoke: {
            id: 'standing',
            src: 'ask',
            input: ({ context }) => rules.toQuestion(context),
            onDone: [
              { guard: { type: 'isActive', params: ({ event }) => event.output }, target: 'calling' },
              {
                target: '#payment.declined',
                actions: { type: 'noteReason', params: { reason: 'client_not_active' } },
              },
            ],
            onError: [
              { guard: 'mayAskAgain', target: 'pausing', actions: 'countTry' },
              { target: '#payment.failed', actions: { type: 'noteReason', params: { reason: 'client_unreachable' } } },
            ],
          },
        },
        pausing: { after: { ask_pause: 'asking' } },
        calling: {
          entry: { type: 'begin', params: 'authorize' },
          invoke: {
            id: 'authorize',
            src: 'gateway.authorize',
            input: ({ context }) => rules.toRequest(context),
            onDone: { target: 'answered', actions: { type: 'noteOutcome', params: ({ event }) => event.output } },
            onError: [
              { guard: { type: 'isHeld', params: ({ event }) => readEffectError(event) }, target: 'asking' },
              { guard: { type: 'isUnknown', params: ({ event }) => readEffectError(event) }, target: '#payment.unknown' },
              { target: 'answered', actions: { type: 'noteFailure', params: ({ event }) => readEffectError(event) } },
            ],
          },
        },
        answered: {
          always: [
            { guard: 'isDeclined', target: '#payment.declined', actions: 'noteCode' },
            {
              guard: and(['isDone', 'isManual']),
              target: '#payment.authorized',
              actions: ['noteAuthorized', { type: 'announce', params: 'payment.authorized' }],
            },
            {
              guard: 'isDone',
              target: '#payment.capturing',
              actions: ['noteAuthorized', { type: 'announce', params: 'payment.authorized' }],
            },
            { target: '#payment.failed', actions: 'noteCode' },
          ],
        },
      },
    },
    authorized: {
      initial: 'holding',
      states: {
        // The gateway holds the money until a person captures or cancels, or until it has been held for too long.
        holding: {
          tags: ['needs_somebody'],
          after: {
            authorization_ttl: {
              target: 'voiding',
              actions: [
                { type: 'noteReason', params: { reason: 'authorization_expired' } },
                { type: 'endAs', params: 'canceled' },
              ],
            },
          },
          on: {
            CAPTURE: {
              guard: { type: 'mayCapture', params: ({ event }) => event },
              target: '#payment.capturing',
              actions: { type: 'chooseCapture', params: ({ event }) => event },
            },
            CANCEL: {
              target: 'voiding',
              actions: [
                { type: 'noteReason', params: ({ event }) => ({ reason: 'canceled', note: event.reason }) },
                { type: 'endAs', params: 'canceled' },
              ],
            },
          },
        },
        voiding: {
          entry: { type: 'begin', params: 'void' },
          invoke: {
            id: 'void',
            src: 'gateway.void',
            input: ({ context }) => rules.toRequest(context),
            onDone: { target: 'answered', actions: { type: 'noteOutcome', params: ({ event }) => event.output } },
            onError: [
              { guard: { type: 'isUnknown', params: ({ event }) => readEffectError(event) }, target: '#payment.unknown' },
              { target: 'answered', actions: { type: 'noteFailure', params: ({ event }) => readEffectError(event) } },
            ],
          },
        },
        answered: {
          always: [
            // The money is still held: somebody has to look.
            { guard: 'isRefused', target: 'holding', actions: 'noteVoidRefused' },
            { guard: { type: 'endsAs', params: 'declined' }, target: '#payment.declined', actions: 'noteVoided' },
            { guard: { type: 'endsAs', params: 'failed' }, target: '#payment.failed', actions: 'noteVoided' },
            { target: '#payment.canceled', actions: 'noteVoided' },
          ],
        },
      },
    },
    capturing: {
      initial: 'asking',
      states: {
        // Asked again: the client may have been suspended since the money was authorized.
        asking: {
          invoke: {
            id: 'standing',
            src: 'ask',
            input: ({ context }) => rules.toQuestion(context),
            onDone: [
              { guard: { type: 'isActive', params: ({ event }) => event.output }, target: 'calling' },
              {
                target: '#payment.authorized.voiding',
                actions: [
                  { type: 'noteReason', params: { reason: 'client_not_active' } },
                  { type: 'endAs', params: 'declined' },
                ],
              },
            ],
            onError: [
              { guard: 'mayAskAgain', target: 'pausing', actions: 'countTry' },
              {
                target: '#payment.authorized.voiding',
                actions: [
                  { type: 'noteReason', params: { reason: 'client_unreachable' } },
                  { type: 'endAs', params: 'failed' },
                ],
              },
            ],
          },
        },
        pausing: { after: { ask_pause: 'asking' } },
        calling: {
          entry: { type: 'begin', params: 'capture' },
          invoke: {
            id: 'capture',
            src: 'gateway.capture',
            input: ({ context }) => rules.toRequest(context),
            onDone: { target: 'answered', actions: { type: 'noteOutcome', params: ({ event }) => event.output } },
            onError: [
              { guard: { type: 'isHeld', params: ({ event }) => readEffectError(event) }, target: 'asking' },
              { guard: { type: 'isUnknown', params: ({ event }) => readEffectError(event) }, target: '#payment.unknown' },
              { target: 'answered', actions: { type: 'noteFailure', params: ({ event }) => readEffectError(event) } },
            ],
          },
        },
        // What cannot be captured is not left held: the authorization is given back first.
        answered: {
          always: [
            {
              guard: 'isDone',
              target: '#payment.settled',
              actions: ['noteCaptured', { type: 'announce', params: 'payment.settled' }],
            },
            {
              guard: 'isDeclined',
              target: '#payment.authorized.voiding',
              actions: ['noteCode', { type: 'endAs', params: 'declined' }],
            },
            { target: '#payment.authorized.voiding', actions: ['noteCode', { type: 'endAs', params: 'failed' }] },
          ],
        },
      },
    },
    // Refunds are done one after another, in the order they were asked for. The client is not asked: money only comes back.
    settled: {
      tags: ['settled'],
      initial: 'idle',
      on: {
        REFUND: {
          guard: { type: 'mayRefund', params: ({ event }) => event },
          actions: { type: 'queueRefund', params: ({ event }) => event },
        },
      },
      states: {
        idle: { always: { guard: 'refundWaits', target: 'refunding' } },
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
            { guard: 'isDone', target: 'idle', actions: ['announceRefunded', 'noteRefunded'] },
            { target: 'idle', actions: ['announceRefundRefused', 'noteRefundRefused'] },
          ],
        },
        refund_unknown: findingOut,
      },
    },
    unknown: findingOut,
    declined: { tags: ['final'], entry: { type: 'announce', params: 'payment.declined' } },
    failed: { tags: ['final'], entry: { type: 'announce', params: 'payment.failed' } },
    canceled: { tags: ['final'], entry: { type: 'announce', params: 'payment.canceled' } },
    expired: { tags: ['final'], entry: { type: 'announce', params: 'payment.expired' } },
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
] as const;

/** One bill paid: approved by another person than made it, authorized, captured and perhaps refunded, once each. */
export const payment = defineMachine({
  type: 'payment',
  version: 1,
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
    CAPTURE: ({ context }, event: Capture) => rules.refuseCapture(context, event),
    REFUND: ({ context }, event: Refund) => rules.refuseRefund(context, event),
  },
  samples: {
    APPROVE: ({ payload_hash }) => ({ hash: payload_hash }),
    DENY: () => ({ reason: 'probe' }),
    AMEND: ({ revision }) => ({ reference: `probe ${revision}` }),
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
