import { not } from 'xstate';
import * as rules from './limit-rules.ts';
import { limitSetup } from './limit-setup.ts';
import { limitEvents, limitFacts, limitInput, limitInternal, limitSettings } from './limit-terms.ts';
import type { LimitContext, OfPayment, OfProposal, SetLimits, Spend } from './limit-terms.ts';
import { defineMachine } from './machine.ts';
import type { Seen, Stamp } from './machine.ts';
import { toDecimal } from './money.ts';

const limitMachine = limitSetup.createMachine({
  id: 'limit',
  context: ({ input }) => rules.toContext(input),
  type: 'parallel',
  states: {
    granting: {
      initial: 'open',
      states: {
        open: {
          on: {
            SPEND: [
              { guard: { type: 'isOutdated', params: ({ event }) => event } },
              {
                guard: { type: 'isGranted', params: ({ event }) => event },
                actions: { type: 'tellGranted', params: ({ event }) => event },
              },
              {
                guard: { type: 'canSpend', params: ({ event }) => event },
                actions: [
                  { type: 'spend', params: ({ event }) => event },
                  { type: 'tellGranted', params: ({ event }) => event },
                ],
              },
            ],
            BLOCK: {
              target: 'blocked',
              actions: [
                { type: 'noteBlocker', params: ({ event }) => event },
                { type: 'announce', params: 'limit.blocked' },
              ],
            },
          },
        },
        blocked: {
          tags: ['needs_somebody'],
          on: {
            // Asked twice it is granted once, and answered again: who was told that there is room has gone on.
            SPEND: [
              { guard: { type: 'isOutdated', params: ({ event }) => event } },
              {
                guard: { type: 'isGranted', params: ({ event }) => event },
                actions: { type: 'tellGranted', params: ({ event }) => event },
              },
            ],
            UNBLOCK: {
              guard: { type: 'canUnblock', params: ({ event }) => event },
              target: 'open',
              actions: [
                { type: 'forgetBlocker', params: ({ event }) => event.reason },
                { type: 'announce', params: 'limit.unblocked' },
              ],
            },
          },
        },
      },
    },
    // What became of a payment: no block changes what has happened.
    spends: {
      initial: 'counted',
      states: {
        counted: {
          on: {
            UNSPEND: {
              guard: { type: 'canEnd', params: ({ event }) => event },
              actions: { type: 'unspend', params: ({ event }) => event },
            },
            PAID: {
              guard: { type: 'canEnd', params: ({ event }) => event },
              actions: { type: 'pay', params: ({ event }) => event },
            },
          },
        },
      },
    },
    raise: {
      initial: 'none',
      states: {
        none: {},
        proposed: {
          tags: ['needs_somebody'],
          on: {
            CONFIRM: {
              guard: { type: 'canConfirm', params: ({ event }) => event },
              target: 'none',
              actions: [
                { type: 'confirm', params: ({ event }) => event },
                { type: 'announce', params: 'limit.changed' },
              ],
            },
            DROP: {
              guard: { type: 'canDrop', params: ({ event }) => event },
              target: 'none',
              actions: ['dropProposal', { type: 'announce', params: 'limit.dropped' }],
            },
          },
        },
      },
      on: {
        // Another proposal takes the place of the first, whose name then confirms nothing.
        SET: [
          {
            guard: { type: 'doesBoth', params: ({ event }) => event },
            target: '.proposed',
            actions: [
              { type: 'tighten', params: ({ event }) => event },
              { type: 'announce', params: 'limit.changed' },
              { type: 'propose', params: ({ event }) => event },
              { type: 'announce', params: 'limit.proposed' },
            ],
          },
          {
            guard: { type: 'loosens', params: ({ event }) => event },
            target: '.proposed',
            actions: [
              { type: 'propose', params: ({ event }) => event },
              { type: 'announce', params: 'limit.proposed' },
            ],
          },
          {
            guard: { type: 'tightens', params: ({ event }) => event },
            target: '.none',
            actions: [
              { type: 'tighten', params: ({ event }) => event },
              { type: 'announce', params: 'limit.changed' },
            ],
          },
        ],
      },
    },
    // So that what is left of the day is told rightly also when nobody has asked for anything since midnight.
    day: {
      initial: 'empty',
      states: {
        empty: { always: { guard: 'hasToday', target: 'counting' } },
        counting: {
          always: { guard: not('hasToday'), target: 'empty' },
          after: { midnight: { target: 'counting', reenter: true, actions: 'look' } },
        },
      },
    },
    use: {
      initial: 'normal',
      states: {
        normal: { always: { guard: 'isNear', target: 'near' } },
        near: { entry: { type: 'announce', params: 'limit.near' }, always: { guard: not('isNear'), target: 'normal' } },
      },
    },
  },
});

type SeenLimit = Seen<LimitContext>;

function isBlocked({ state }: SeenLimit): boolean {
  return state.includes('granting.blocked');
}

/**
 * What the payments of one client may come to. It alone decides, one payment after the other: two that ask at once do not both get the last
 * of the day. A refusal is no step and makes no fact known; the payment that it comes back to says what became of it.
 */
export const limit = defineMachine({
  type: 'limit',
  version: 1,
  machine: limitMachine,
  input: limitInput,
  events: limitEvents,
  internal: limitInternal,
  facts: limitFacts,
  settings: limitSettings,
  permissions: {
    '@create': ['clerk', 'cfo', 'system'],
    SET: ['cfo'],
    CONFIRM: ['approver', 'cfo'],
    DROP: ['approver', 'cfo'],
    BLOCK: ['approver', 'cfo', 'reviewer'],
    UNBLOCK: ['approver', 'cfo'],
  },
  views: { hq: { rows: 'all', fields: 'all' } },
  belongs: ({ client }) => ({ client }),
  title: ({ client }) => client,
  summary: ({ today }) =>
    today.map(({ currency, spent_minor }) => `${toDecimal({ amount_minor: spent_minor, currency })} ${currency}`).join(' · '),
  search: ({ id, client }) => [id, client],
  reasons: {
    SPEND: (seen, event: Spend) =>
      isBlocked(seen) && !rules.isGranted(seen.context, event) ? 'limit_blocked' : rules.refuseSpend(seen.context, event),
    UNSPEND: ({ context }, event: OfPayment) => rules.refuseEnd(context, event),
    PAID: ({ context }, event: OfPayment) => rules.refuseEnd(context, event),
    SET: ({ context }, event: SetLimits) => rules.refuseSet(context, event),
    CONFIRM: ({ context }, event: OfProposal) => rules.refuseConfirm(context, event),
    DROP: ({ context }, event: OfProposal) => rules.refuseDrop(context, event),
    UNBLOCK: ({ context }, event: Stamp) => rules.refuseUnblock(context, event),
  },
  samples: {
    SET: ({ limits: { per_day_major } }) => ({ per_day_major: per_day_major === 0 ? 1 : per_day_major - 1 }),
    CONFIRM: ({ proposal }) => ({ proposal: proposal?.proposal ?? 'none' }),
    DROP: ({ proposal }) => ({ proposal: proposal?.proposal ?? 'none' }),
    BLOCK: () => ({ reason: 'probe' }),
    UNBLOCK: () => ({ reason: 'probe' }),
  },
  questions: {
    /** What there is room for: of a currency that is not listed all of a day. */
    standing: (seen) => ({
      blocked: isBlocked(seen),
      client: seen.context.client,
      limits: seen.context.limits,
      per_day_minor: Object.fromEntries(seen.context.today.map(({ currency, left_minor }) => [currency, left_minor])),
      per_day_count: Math.max(0, seen.context.limits.per_day_count - seen.context.count_today),
    }),
  },
});
