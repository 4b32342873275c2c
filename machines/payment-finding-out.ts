import * as rules from './payment-rules.ts';
import { paymentSetup } from './payment-setup.ts';

/**
 * Finds out what became of an operation that nobody knows the outcome of: looks it up until the gateway answers, and closes
 * one that was never seen before trying it anew, so that a late request cannot do it a second time. It never guesses.
 */
export const findingOut = paymentSetup.createStateConfig({
  tags: ['unknown'],
  entry: ['forgetTries', 'notePending', { type: 'announceOperation', params: 'payment.unknown' }],
  initial: 'waiting',
  on: {
    // A notification that overtakes the look under way makes the next one come soon, should this one go unanswered.
    GATEWAY_NOTIFIED: { guard: { type: 'isAbout', params: ({ event }) => event }, actions: 'forgetTries' },
  },
  states: {
    waiting: {
      after: { lookup_wait: 'looking' },
      on: { GATEWAY_NOTIFIED: { guard: { type: 'isAbout', params: ({ event }) => event }, target: 'looking' } },
    },
    looking: {
      invoke: {
        id: 'lookup',
        src: 'gateway.lookup',
        input: ({ context }) => rules.toLookup(context),
        onDone: [
          { guard: { type: 'isNotFound', params: ({ event }) => event.output }, target: 'closing' },
          {
            target: 'found',
            actions: {
              type: 'noteOutcome',
              // The guard above has taken `not_found`; the types cannot see that.
              params: ({ event }) => (event.output.outcome === 'not_found' ? { outcome: 'failed', code: 'not_found' } : event.output),
            },
          },
        ],
        onError: [
          { guard: 'isPlanOver', target: 'deciding', actions: 'countTry' },
          { target: 'waiting', actions: 'countTry' },
        ],
      },
    },
    closing: {
      invoke: {
        id: 'close',
        src: 'gateway.close',
        input: ({ context }) => rules.toLookup(context),
        onDone: [
          { guard: { type: 'mayTryAnew', params: ({ event }) => event.output }, target: 'beginning_anew' },
          {
            target: 'found',
            actions: {
              type: 'noteOutcome',
              params: ({ event }) => (event.output.outcome === 'canceled' ? { outcome: 'failed', code: 'never_happened' } : event.output),
            },
          },
        ],
        onError: [
          { guard: 'isPlanOver', target: 'deciding', actions: 'countTry' },
          { target: 'waiting', actions: 'countTry' },
        ],
      },
    },
    // The gateway has not told for days. Two people decide, by what they know from elsewhere; should it tell after all, that holds.
    deciding: {
      tags: ['needs_somebody'],
      entry: { type: 'announceOperation', params: 'payment.undecided' },
      after: { lookup_wait: 'looking' },
      on: {
        GATEWAY_NOTIFIED: { guard: { type: 'isAbout', params: ({ event }) => event }, target: 'looking' },
        PROPOSE_OUTCOME: {
          guard: { type: 'mayPropose', params: ({ event }) => event },
          actions: { type: 'propose', params: ({ event }) => event },
        },
        CONFIRM_OUTCOME: {
          guard: { type: 'mayConfirm', params: ({ event }) => event },
          target: 'found',
          actions: 'takeProposal',
        },
        DROP_OUTCOME: { guard: { type: 'mayDrop', params: ({ event }) => event }, actions: 'dropProposal' },
      },
    },
    found: {
      entry: ['dropProposal', { type: 'announceOperation', params: 'payment.resolved' }],
      always: [
        { guard: { type: 'isOperation', params: 'authorize' }, target: '#payment.authorizing.answered' },
        { guard: { type: 'isOperation', params: 'capture' }, target: '#payment.capturing.answered' },
        { guard: { type: 'isOperation', params: 'void' }, target: '#payment.authorized.answered' },
        { target: '#payment.settled.answered' },
      ],
    },
    beginning_anew: {
      entry: ['noteNever', 'dropProposal', 'beginAnew', { type: 'announceOperation', params: 'payment.resolved' }],
      always: [
        { guard: { type: 'isOperation', params: 'authorize' }, target: '#payment.authorizing' },
        { guard: { type: 'isOperation', params: 'capture' }, target: '#payment.capturing' },
        { guard: { type: 'isOperation', params: 'void' }, target: '#payment.authorized.voiding' },
        { target: '#payment.settled.refunding' },
      ],
    },
  },
});
