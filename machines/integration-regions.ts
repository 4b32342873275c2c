import { and, not } from 'xstate';
import { readEffectError } from './machine.ts';
import { integrationSetup, itself } from './integration-setup.ts';

/** Whether an integration runs, is trusted, is asked for fewer calls, is what it was taken for, and is looked at. */

const disable = { target: 'disabled', actions: ['noteDisabled', 'announceDisabled'] } as const;
const quarantine = { target: 'quarantined', actions: ['noteQuarantine', 'announceQuarantined'] } as const;
const limit = { guard: 'isThrottled', target: 'limited', actions: 'limit' } as const;
const accept = { guard: 'isSeen', target: 'compatible', actions: 'acceptContract' } as const;
const unauthorized = 'announceUnauthorized' as const;
const expiring = 'announceExpiring' as const;
/** What is asked of a kind that can be looked at, before a person is. */
const refused = [
  { guard: 'isDoubtful', target: 'doubted' },
  { guard: 'isUnauthorized', target: 'invalid', actions: unauthorized },
] as const;

export const lifecycle = integrationSetup.createStateConfig({
  initial: 'disabled',
  states: {
    disabled: {
      on: {
        ENABLE: [
          { guard: 'canProbe', target: 'probing', actions: 'noteDisabled' },
          { target: 'enabled', actions: ['noteDisabled', 'announceEnabled'] },
        ],
        QUARANTINE: quarantine,
      },
    },
    // It is not called before somebody has seen that it answers, and as what.
    probing: {
      entry: 'wantProbe',
      always: { guard: 'hasPassed', target: 'enabled', actions: 'announceEnabled' },
      on: { DISABLE: disable, QUARANTINE: quarantine },
    },
    enabled: {
      always: { guard: 'isBroken', ...quarantine },
      on: {
        DISABLE: [{ guard: 'canDrain', target: 'draining', actions: 'noteDisabled' }, disable],
        QUARANTINE: quarantine,
      },
    },
    // No call begins; those that are under way come to their end.
    draining: {
      invoke: {
        id: 'drain',
        src: 'integration.drain',
        input: itself,
        onDone: { target: 'disabled', actions: 'announceDisabled' },
        onError: { target: 'disabled', actions: 'announceDisabled' },
      },
      on: { ENABLE: { target: 'enabled', actions: ['noteDisabled', 'announceEnabled'] }, QUARANTINE: quarantine },
    },
    quarantined: {
      tags: ['needs_somebody'],
      exit: 'forgetQuarantine',
      always: { guard: 'isOverDrift', target: 'enabled', actions: 'announceEnabled' },
      on: {
        DISABLE: disable,
        RELEASE: [
          { guard: and([not('isBroken'), 'canProbe']), target: 'probing' },
          { guard: not('isBroken'), target: 'enabled', actions: 'announceEnabled' },
        ],
      },
    },
  },
});

export const auth = integrationSetup.createStateConfig({
  initial: 'valid',
  states: {
    valid: {
      always: [
        { guard: 'isRefused', target: 'invalid', actions: unauthorized },
        { guard: and(['isExpiring', 'canRotate']), target: 'rotating', actions: expiring },
        { guard: 'isExpiring', target: 'expiring', actions: expiring },
      ],
      on: { CALLS: refused, ROTATE: { guard: 'canRotate', target: 'rotating' } },
    },
    // Refused once: one look with the newest credentials tells, and nothing else goes out meanwhile.
    doubted: {
      entry: ['noteDoubt', 'wantProbe'],
      always: [
        { guard: 'isRefused', target: 'invalid', actions: unauthorized },
        { guard: 'hasPassed', target: 'valid' },
      ],
      on: { RESET: 'valid' },
    },
    expiring: {
      tags: ['needs_somebody'],
      always: [
        { guard: 'isRefused', target: 'invalid', actions: unauthorized },
        { guard: not('isExpiring'), target: 'valid' },
      ],
      after: { rotation_pause: { guard: 'canRotate', target: 'rotating' } },
      on: { CALLS: refused, ROTATE: { guard: 'canRotate', target: 'rotating' } },
    },
    // What is in use stays in use until the new ones have been seen to work.
    rotating: {
      invoke: {
        id: 'rotate',
        src: 'integration.rotate',
        input: itself,
        onDone: {
          target: 'valid',
          actions: [
            { type: 'takeRotation', params: ({ event }) => event.output },
            { type: 'announce', params: { type: 'integration.rotated' } },
          ],
        },
        onError: [
          { guard: 'isExpiring', target: 'expiring', actions: { type: 'noteRotation', params: ({ event }) => readEffectError(event) } },
          { target: 'valid', actions: { type: 'noteRotation', params: ({ event }) => readEffectError(event) } },
        ],
      },
    },
    // Trying again with refused credentials would only lock the account: a person has to set new ones.
    invalid: { tags: ['needs_somebody'], on: { RESET: { target: 'valid', actions: 'trust' } } },
  },
});

/** A provider that asks for fewer calls gets none until it said, and then a little more with every step. */
export const throttle = integrationSetup.createStateConfig({
  initial: 'normal',
  states: {
    normal: { on: { CALLS: limit } },
    limited: {
      after: { retry_after: 'recovering' },
      on: { CALLS: { ...limit, reenter: true }, RESET: { target: 'normal', actions: 'unlimit' } },
    },
    recovering: {
      after: {
        recover_step: [
          { guard: 'isUsual', target: 'normal', actions: 'unlimit' },
          { target: 'recovering', reenter: true, actions: 'allowMore' },
        ],
      },
      on: { CALLS: limit, RESET: { target: 'normal', actions: 'unlimit' } },
    },
  },
});

/** What the other side is, against what somebody took it for. */
export const contract = integrationSetup.createStateConfig({
  initial: 'compatible',
  states: {
    compatible: {
      always: [
        { guard: 'isBroken', target: 'drifted_breaking' },
        { guard: 'hasDrifted', target: 'drifted_additive' },
      ],
    },
    drifted_additive: {
      always: [
        { guard: 'isBroken', target: 'drifted_breaking' },
        { guard: not('hasDrifted'), target: 'compatible' },
      ],
      on: { ACCEPT_CONTRACT: accept },
    },
    drifted_breaking: {
      tags: ['needs_somebody'],
      always: [
        { guard: not('hasDrifted'), target: 'compatible' },
        { guard: not('isBroken'), target: 'drifted_additive' },
      ],
      on: { ACCEPT_CONTRACT: accept },
    },
  },
});

/** Looks at the other side: when it is enabled, daily, when somebody asks, and when its credentials are in doubt. */
export const probe = integrationSetup.createStateConfig({
  initial: 'none',
  on: { DECLARED: { actions: 'declare' } },
  states: {
    none: { always: { guard: 'isWatched', target: 'idle' } },
    idle: {
      always: [
        { guard: not('isWatched'), target: 'none' },
        { guard: 'isWanted', target: 'calling' },
      ],
      after: {
        probe_every: [
          { guard: 'isTrusted', target: 'calling' },
          { target: 'idle', reenter: true },
        ],
      },
      on: { PROBE: 'calling' },
    },
    calling: {
      always: { guard: not('isWatched'), target: 'none' },
      invoke: {
        id: 'probe',
        src: 'integration.probe',
        input: itself,
        onDone: { target: 'idle', actions: { type: 'takeProbe', params: ({ event }) => event.output } },
        onError: [
          {
            guard: { type: 'isUnauthorizedAnswer', params: ({ event }) => readEffectError(event) },
            target: 'idle',
            actions: { type: 'noteProbe', params: ({ event }) => readEffectError(event) },
          },
          { target: 'pausing', actions: { type: 'noteProbe', params: ({ event }) => readEffectError(event) } },
        ],
      },
    },
    pausing: {
      always: { guard: not('isWatched'), target: 'none' },
      after: { probe_pause: 'calling' },
      on: { PROBE: 'calling' },
    },
  },
});
