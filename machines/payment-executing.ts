import { and } from 'xstate';
import { readEffectError } from './machine.ts';
import * as bills from './payment-bill.ts';
import * as funds from './payment-funds.ts';
import * as route from './payment-route.ts';
import * as rules from './payment-rules.ts';
import { paymentSetup } from './payment-setup.ts';
import type { Ending } from './payment-terms.ts';

/*
 * The money moves: authorized by the gateway, captured at once or when a person says so, or given back. Right before each of the two the client
 * is asked, and the account where there is one.
 */

type EndAs = { readonly type: 'endAs'; readonly params: Ending };
type Stop = { readonly target: string; readonly actions: readonly EndAs[] };
/** What becomes of a payment that may not be paid now, or of which nobody says whether it may; and where the account is who says no. */
type Stops = {
  readonly as: (ending: 'declined' | 'failed') => Stop;
  readonly refused: { readonly target: string; readonly by: 'giveBack' | EndAs };
};

/** Asks the client, and the account and the bill where there is one, whether the money may leave now; whoever does not answer is asked again. */
function asking(next: 'ready' | 'calling', stop: Stops) {
  return {
    asking: paymentSetup.createStateConfig({
      invoke: {
        id: 'standing',
        src: 'ask',
        input: ({ context }) => rules.toQuestion(context),
        onDone: [
          { guard: { type: 'isClear', params: ({ event }) => event.output }, target: 'calling' },
          { guard: { type: 'isActive', params: ({ event }) => event.output }, target: 'asked' },
          stopFor(stop.as('declined'), 'client_not_active'),
        ],
        onError: [{ guard: 'mayAskAgain', target: 'pausing', actions: 'countTry' }, stopFor(stop.as('failed'), 'client_unreachable')],
      },
    }),
    pausing: paymentSetup.createStateConfig({ after: { ask_pause: 'asking' } }),
    asked: paymentSetup.createStateConfig({ always: [{ guard: 'fromAccount', target: 'asking_account' }, { target: 'payable' }] }),
    asking_account: paymentSetup.createStateConfig({
      invoke: {
        id: 'account',
        src: 'ask',
        input: ({ context }) => funds.toAccountQuestion(context),
        onDone: [
          { guard: { type: 'isPayable', params: ({ event }) => event.output }, target: 'payable' },
          {
            target: stop.refused.target,
            actions: [{ type: 'noteRefusal', params: ({ event }) => event.output }, stop.refused.by],
          },
        ],
        onError: [{ guard: 'mayAskAgain', target: 'pausing', actions: 'countTry' }, stopFor(stop.as('failed'), 'account_unreachable')],
      },
    }),
    payable: paymentSetup.createStateConfig({ always: [{ guard: 'paysBill', target: 'asking_bill' }, { target: next }] }),
    asking_bill: paymentSetup.createStateConfig({
      invoke: {
        id: 'bill',
        src: 'ask',
        input: ({ context }) => bills.toBillQuestion(context),
        onDone: [
          { guard: { type: 'isOpenBill', params: ({ event }) => event.output }, target: next },
          stopFor(stop.as('declined'), 'bill_not_open'),
        ],
        onError: [{ guard: 'mayAskAgain', target: 'pausing', actions: 'countTry' }, stopFor(stop.as('failed'), 'bill_unreachable')],
      },
    }),
  };
}

function stopFor({ target, actions }: Stop, reason: string) {
  return { target, actions: [{ type: 'noteReason', params: { reason } }, ...actions] } as const;
}

export const authorizing = paymentSetup.createStateConfig({
  initial: 'asking',
  states: {
    // What may not be paid now is not paid later by itself either: the money is free again, and waits to be kept anew.
    ...asking('ready', {
      as: (ending) => ({ target: `#payment.${ending}`, actions: [] }),
      refused: { target: '#payment.awaiting_funds', by: 'giveBack' },
    }),
    ready: { always: [{ guard: 'hasChoice', target: 'choosing' }, { target: 'calling' }] },
    // A gateway that stands still is passed over as long as there is another one; the last of them is waited for.
    choosing: {
      invoke: {
        id: 'gateway',
        src: 'ask',
        input: ({ context }) => route.toGatewayQuestion(context),
        onDone: [
          { guard: { type: 'isCallable', params: ({ event }) => event.output }, target: 'calling' },
          { target: 'ready', actions: 'nextGateway' },
        ],
        onError: { target: 'calling' },
      },
    },
    calling: {
      entry: { type: 'begin', params: 'authorize' },
      invoke: {
        id: 'authorize',
        src: 'gateway.authorize',
        input: ({ context }) => rules.toRequest(context),
        onDone: { target: 'answered', actions: { type: 'noteOutcome', params: ({ event }) => event.output } },
        onError: [
          { guard: { type: 'isHeld', params: ({ event }) => readEffectError(event) }, target: 'asking', actions: 'noteNotCalled' },
          { guard: { type: 'isUnknown', params: ({ event }) => readEffectError(event) }, target: '#payment.unknown' },
          { target: 'answered', actions: { type: 'noteFailure', params: ({ event }) => readEffectError(event) } },
        ],
      },
    },
    answered: {
      always: [
        { guard: 'goesOn', target: '#payment.authorizing', actions: ['nextGateway', { type: 'announce', params: 'payment.rerouted' }] },
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
});

export const authorized = paymentSetup.createStateConfig({
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
});

export const capturing = paymentSetup.createStateConfig({
  initial: 'asking',
  states: {
    // Asked again: the client may have been suspended since the money was authorized. Then the authorization is given back first.
    ...asking('calling', {
      as: (ending) => ({ target: '#payment.authorized.voiding', actions: [{ type: 'endAs', params: ending }] }),
      refused: { target: '#payment.authorized.voiding', by: { type: 'endAs', params: 'declined' } },
    }),
    calling: {
      entry: { type: 'begin', params: 'capture' },
      invoke: {
        id: 'capture',
        src: 'gateway.capture',
        input: ({ context }) => rules.toRequest(context),
        onDone: { target: 'answered', actions: { type: 'noteOutcome', params: ({ event }) => event.output } },
        onError: [
          { guard: { type: 'isHeld', params: ({ event }) => readEffectError(event) }, target: 'asking', actions: 'noteNotCalled' },
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
          actions: ['settleFunds', 'noteCaptured', { type: 'announce', params: 'payment.settled' }],
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
});
