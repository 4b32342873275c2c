import { defineMachine, readEffectError } from './machine.ts';
import type { Stamp } from './machine.ts';
import * as rules from './period-rules.ts';
import { periodSetup } from './period-setup.ts';
import { periodEvents, periodFacts, periodInput, periodSettings } from './period-terms.ts';
import type { Confirm, PeriodBirth, PeriodContext } from './period-terms.ts';

/** When a result was taken: it carries it; XState's types of results do not know. */
function momentOf(event: object): number {
  return 'at' in event && typeof event.at === 'number' ? event.at : 0;
}

const periodMachine = periodSetup.createMachine({
  id: 'period',
  context: ({ input }) => rules.toContext(input),
  initial: 'open',
  states: {
    // The only state in which something may be posted into the month: the database looks for its name.
    open: {
      initial: 'ready',
      on: {
        CLOSE: {
          guard: { type: 'canClose', params: ({ event }) => event },
          target: 'reading',
          actions: { type: 'ask', params: ({ event }) => event },
        },
      },
      states: { ready: {}, returned: { tags: ['needs_somebody'] } },
    },
    // From its first commit on nothing comes to the month any more, so that what is read is what is closed.
    reading: {
      initial: 'previous',
      on: { WITHDRAW: { target: 'open.ready', actions: 'withdraw' } },
      states: {
        previous: {
          invoke: {
            id: 'previous',
            src: 'ask',
            input: ({ context }) => rules.toPreviousQuestion(context),
            onDone: [
              {
                guard: { type: 'followsOn', params: ({ event }) => event.output },
                target: 'rates',
                actions: { type: 'carry', params: ({ event }) => event.output },
              },
              { target: '#period.open.returned', actions: { type: 'notePrevious', params: ({ event }) => event.output } },
            ],
            onError: { target: '#period.open.returned', actions: { type: 'noteFailure', params: ({ event }) => readEffectError(event) } },
          },
        },
        rates: {
          invoke: {
            id: 'rates',
            src: 'ask',
            input: ({ context }) => rules.toRatesQuestion(context),
            onDone: 'ledger',
            onError: { target: '#period.open.returned', actions: { type: 'noteFailure', params: ({ event }) => readEffectError(event) } },
          },
        },
        ledger: {
          invoke: {
            id: 'ledger',
            src: 'ledger.read_period',
            input: ({ context, event }) => rules.toReadPeriod(context, (event as unknown as { output: never }).output, momentOf(event)),
            onDone: [
              {
                guard: { type: 'isSound', params: ({ event }) => event.output },
                target: '#period.proposed',
                actions: [{ type: 'noteFigures', params: ({ event }) => event.output }, 'announceProposed'],
              },
              { target: '#period.open.returned', actions: { type: 'noteTroubles', params: ({ event }) => event.output } },
            ],
            onError: { target: '#period.open.returned', actions: { type: 'noteFailure', params: ({ event }) => readEffectError(event) } },
          },
        },
      },
    },
    proposed: {
      tags: ['needs_somebody'],
      on: {
        CONFIRM: {
          guard: { type: 'canConfirm', params: ({ event }) => event },
          target: 'closed',
          actions: [
            // First of all that the step asks for: a later posting names it by that.
            { type: 'postClosing', params: ({ event }) => event },
            { type: 'close', params: ({ event }) => event },
            { type: 'announceClosed', params: ({ event }) => event },
          ],
        },
        WITHDRAW: { target: 'open.ready', actions: 'withdraw' },
      },
    },
    closed: {
      on: { REOPEN: { target: 'reopening', actions: { type: 'wantOpen', params: ({ event }) => event } } },
    },
    reopening: {
      initial: 'next',
      on: { WITHDRAW: { target: 'closed', actions: 'stayClosed' } },
      states: {
        next: {
          invoke: {
            id: 'next',
            src: 'ask',
            input: ({ context }) => rules.toNextQuestion(context),
            onDone: [
              { guard: { type: 'isLast', params: ({ event }) => event.output }, target: 'proposed' },
              { target: '#period.closed', actions: { type: 'noteNext', params: ({ event }) => event.output } },
            ],
            onError: { target: '#period.closed', actions: { type: 'noteUnasked', params: ({ event }) => readEffectError(event) } },
          },
        },
        proposed: {
          tags: ['needs_somebody'],
          on: {
            CONFIRM: {
              guard: { type: 'canReopen', params: ({ event }) => event },
              target: '#period.open.ready',
              actions: ['postReopening', { type: 'announceReopened', params: ({ event }) => event }, 'reopen'],
            },
          },
        },
      },
    },
  },
});

const whyNotConfirmed = ({ context }: { readonly context: PeriodContext }, event: Confirm): string | undefined =>
  context.reopening === null ? rules.refuseConfirm(context, event) : rules.refuseConfirmReopening(context, event);

/**
 * A month of the house's ledger. When it is closed nothing more counts in it; what it gained on currencies is posted with its last moment. Two
 * people close it, and two open it again.
 */
export const period = defineMachine({
  type: 'period',
  version: 1,
  machine: periodMachine,
  input: periodInput,
  events: periodEvents,
  facts: periodFacts,
  settings: periodSettings,
  permissions: {
    '@create': ['cfo', 'approver'],
    CLOSE: ['cfo', 'approver'],
    CONFIRM: ['cfo', 'approver'],
    WITHDRAW: ['cfo', 'approver'],
    REOPEN: ['cfo'],
  },
  views: { hq: { rows: 'all', fields: 'all' } },
  title: ({ month }) => month,
  summary: rules.toSummary,
  search: ({ id, month, home_currency }) => [id, month, home_currency],
  reasons: {
    '@create': (_, birth: PeriodBirth) => rules.refuseBirth(birth),
    CLOSE: ({ context }, event: Stamp) => rules.refuseClose(context, event),
    CONFIRM: whyNotConfirmed,
  },
  samples: {
    CONFIRM: ({ payload_hash }) => ({ hash: payload_hash ?? '' }),
    REOPEN: () => ({ reason: 'probe' }),
  },
  questions: {
    /** Whether it is closed, and with what the next one begins. */
    closing: ({ state, context }) => rules.toClosing(state, context),
  },
});
