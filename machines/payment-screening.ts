import { paymentSetup } from './payment-setup.ts';
import * as screen from './payment-screen.ts';

/**
 * Is the payee on a list of people and companies that nobody may pay? A likeness is looked at by a person, never by the house that made the
 * payment. Asked again on the day that it is executed on: lists change.
 */
export const screening = paymentSetup.createStateConfig({
  entry: 'forgetTries',
  initial: 'asking',
  states: {
    asking: {
      invoke: {
        id: 'payee',
        src: 'checks.sanctions',
        input: ({ context }) => screen.toCheck(context),
        onDone: [
          { guard: { type: 'mayPass', params: ({ event }) => event.output }, target: 'passed' },
          { target: 'review', actions: { type: 'noteFindings', params: ({ event }) => event.output.findings } },
        ],
        onError: [
          { guard: 'mayAskAgain', target: 'pausing', actions: 'countTry' },
          { target: 'review', actions: { type: 'noteFindings', params: ['unanswered'] } },
        ],
      },
    },
    pausing: { after: { ask_pause: 'asking' } },
    review: {
      tags: ['needs_somebody'],
      entry: { type: 'announce', params: 'payment.screening_review' },
      after: {
        review_reminder: { actions: { type: 'announce', params: 'payment.screening_review' } },
        approval_ttl: { target: '#payment.expired', actions: { type: 'noteReason', params: { reason: 'not_cleared_in_time' } } },
      },
      on: {
        CLEAR: {
          guard: { type: 'mayClear', params: ({ event }) => event },
          target: 'passed',
          actions: [
            { type: 'noteCleared', params: ({ event }) => event },
            { type: 'announce', params: 'payment.cleared' },
          ],
        },
        AMEND: [
          {
            guard: { type: 'mayAmendFromAccount', params: ({ event }) => event },
            target: '#payment.validating',
            actions: [
              { type: 'amend', params: ({ event }) => event },
              { type: 'announce', params: 'payment.amended' },
            ],
          },
          {
            guard: { type: 'mayAmend', params: ({ event }) => event },
            target: '#payment.screening',
            reenter: true,
            actions: [
              { type: 'amend', params: ({ event }) => event },
              { type: 'announce', params: 'payment.amended' },
            ],
          },
        ],
        DENY: {
          target: '#payment.declined',
          actions: { type: 'noteReason', params: ({ event }) => ({ reason: 'denied', note: event.reason }) },
        },
        CANCEL: {
          target: '#payment.canceled',
          actions: { type: 'noteReason', params: ({ event }) => ({ reason: 'canceled', note: event.reason }) },
        },
      },
    },
    passed: { always: [{ guard: 'isApproved', target: '#payment.approved' }, { target: '#payment.needs_approval' }] },
  },
});
