import * as rules from './account-rules.ts';
import { accountSetup } from './account-setup.ts';

/** From its opening to its closing. */
export const life = accountSetup.createStateConfig({
  initial: 'pending',
  states: {
    pending: {
      tags: ['needs_somebody'],
      on: {
        ACTIVATE: { guard: { type: 'canActivate', params: ({ event }) => event }, target: 'verifying' },
        CLOSE: { guard: 'canClose', target: 'closed' },
      },
    },
    verifying: {
      invoke: {
        id: 'standing',
        src: 'ask',
        input: ({ context }) => rules.toQuestion(context),
        onDone: [
          {
            guard: { type: 'isActive', params: ({ event }) => event.output },
            target: 'active',
            actions: [
              { type: 'noteReason', params: null },
              { type: 'announce', params: 'account.activated' },
            ],
          },
          {
            target: 'pending',
            actions: [
              { type: 'noteReason', params: 'client_not_active' },
              { type: 'announce', params: 'account.refused' },
            ],
          },
        ],
        onError: {
          target: 'pending',
          actions: [
            { type: 'noteReason', params: 'client_unreachable' },
            { type: 'announce', params: 'account.refused' },
          ],
        },
      },
    },
    active: {
      tags: ['active'],
      after: {
        rest: [
          { guard: 'hasMoved', target: 'active', reenter: true, actions: 'forgetMoved' },
          { target: 'dormant', actions: { type: 'announce', params: 'account.asleep' } },
        ],
      },
      on: { CLOSE: [{ guard: 'canClose', target: 'closed' }, { target: 'closing' }] },
    },
    dormant: {
      on: {
        WAKE: { target: 'verifying', actions: 'forgetMoved' },
        CLOSE: [{ guard: 'canClose', target: 'closed' }, { target: 'closing' }],
      },
    },
    // Takes no deposit any more; what is there is paid out, what is on its way arrives, and then it is closed.
    closing: {
      tags: ['needs_somebody'],
      entry: { type: 'announce', params: 'account.closing' },
      always: { guard: 'canClose', target: 'closed' },
      on: {
        REOPEN: {
          target: 'active',
          actions: [
            { type: 'noteReason', params: ({ event }) => event.reason },
            { type: 'announce', params: 'account.reopened' },
          ],
        },
      },
    },
    closed: {
      tags: ['final'],
      entry: { type: 'announce', params: 'account.closed' },
      on: {
        REOPEN: {
          target: 'pending',
          actions: [
            { type: 'noteReason', params: ({ event }) => event.reason },
            { type: 'announce', params: 'account.reopened' },
          ],
        },
      },
    },
  },
});
