import { and, assign, emit, not, setup, stateIn } from 'xstate';
import { coolDown, emptyWindow, withCalls, wouldTrip } from './call-window.ts';
import { integrationEvents, integrationFacts, integrationInput, integrationInternal, integrationSettings } from './integration-terms.ts';
import type {
  Calls,
  IntegrationBirth,
  IntegrationContext,
  IntegrationEvent,
  IntegrationFact,
  IntegrationFactName,
} from './integration-terms.ts';
import { defineMachine } from './machine.ts';

function toContext({ id, at, title, provides, settings }: IntegrationBirth): IntegrationContext {
  return {
    id,
    title: title ?? id,
    provides: provides ?? null,
    rules: settings,
    window: emptyWindow(at),
    trips: 0,
    probed: 0,
    disabled_because: null,
    open_because: null,
  };
}

const integrationSetup = setup({
  types: {
    context: {} as IntegrationContext,
    events: {} as IntegrationEvent,
    input: {} as IntegrationBirth,
    emitted: {} as IntegrationFact,
    tags: {} as 'callable' | 'probing' | 'needs_somebody',
  },
  delays: { cool_down: ({ context }) => coolDown(context) },
  guards: {
    wouldTrip: ({ context }, report: Calls) => wouldTrip(context, report),
    hasFailed: (_, report: Calls) => report.failed > 0,
    hasProbedEnough: ({ context }, report: Calls) => context.probed + report.succeeded >= context.rules.probes,
    isUnauthorized: (_, report: Calls) => (report.unauthorized ?? 0) > 0,
    isEnabled: stateIn({ lifecycle: 'enabled' }),
    isTrusted: stateIn({ auth: 'valid' }),
    isClosed: stateIn({ circuit: 'closed' }),
    isHalfOpen: stateIn({ circuit: 'half_open' }),
  },
  actions: {
    announce: emit(({ context }, { type, reason = null }: { type: IntegrationFactName; reason?: string | null }) => ({
      type,
      provides: context.provides,
      reason,
    })),
    announceOpened: emit(({ context }) => ({
      type: 'integration.opened' as const,
      provides: context.provides,
      reason: context.open_because,
    })),
    count: assign({ window: ({ context }, report: Calls) => withCalls(context.window, report, context.rules) }),
    countProbe: assign({ probed: ({ context }, report: Calls) => context.probed + report.succeeded }),
    countTrip: assign({ trips: ({ context }) => context.trips + 1 }),
    forgetProbes: assign({ probed: 0 }),
    close: assign((_, at: number) => ({ window: emptyWindow(at), trips: 0, open_because: null })),
    noteDisabled: assign({ disabled_because: (_, reason: string | null) => reason }),
    noteOpen: assign({ open_because: (_, reason: string) => reason }),
  },
});

const integrationMachine = integrationSetup.createMachine({
  id: 'integration',
  context: ({ input }) => toContext(input),
  type: 'parallel',
  states: {
    lifecycle: {
      initial: 'disabled',
      states: {
        disabled: {
          on: {
            ENABLE: {
              target: 'enabled',
              actions: [
                { type: 'noteDisabled', params: null },
                { type: 'announce', params: { type: 'integration.enabled' } },
              ],
            },
          },
        },
        enabled: {
          on: {
            DISABLE: {
              target: 'disabled',
              actions: [
                { type: 'noteDisabled', params: ({ event }) => event.reason ?? null },
                {
                  type: 'announce',
                  params: ({ event }) => ({ type: 'integration.disabled' as const, reason: event.reason ?? null }),
                },
              ],
            },
          },
        },
      },
    },
    circuit: {
      initial: 'closed',
      states: {
        closed: {
          on: {
            CALLS: [
              {
                guard: { type: 'wouldTrip', params: ({ event }) => event },
                target: 'open',
                actions: [
                  { type: 'count', params: ({ event }) => event },
                  { type: 'noteOpen', params: 'too_many_failures' },
                ],
              },
              { actions: { type: 'count', params: ({ event }) => event } },
            ],
            TRIP: { target: 'forced_open', actions: { type: 'noteOpen', params: ({ event }) => event.reason } },
            RESET: { actions: { type: 'close', params: ({ event }) => event.at } },
          },
        },
        // Calls that were under way may still report; what they say is counted and decides nothing.
        open: {
          entry: ['countTrip', 'announceOpened'],
          after: { cool_down: 'half_open' },
          on: {
            CALLS: { actions: { type: 'count', params: ({ event }) => event } },
            PROBE: 'half_open',
            TRIP: { target: 'forced_open', actions: { type: 'noteOpen', params: ({ event }) => event.reason } },
            RESET: {
              target: 'closed',
              actions: [
                { type: 'close', params: ({ event }) => event.at },
                { type: 'announce', params: { type: 'integration.closed' } },
              ],
            },
          },
        },
        half_open: {
          entry: ['forgetProbes', { type: 'announce', params: { type: 'integration.half_opened' } }],
          on: {
            CALLS: [
              {
                guard: { type: 'hasFailed', params: ({ event }) => event },
                target: 'open',
                actions: { type: 'noteOpen', params: 'probe_failed' },
              },
              {
                guard: { type: 'hasProbedEnough', params: ({ event }) => event },
                target: 'closed',
                actions: [
                  { type: 'close', params: ({ event }) => event.at },
                  { type: 'announce', params: { type: 'integration.closed' } },
                ],
              },
              { actions: { type: 'countProbe', params: ({ event }) => event } },
            ],
            TRIP: { target: 'forced_open', actions: { type: 'noteOpen', params: ({ event }) => event.reason } },
            RESET: {
              target: 'closed',
              actions: [
                { type: 'close', params: ({ event }) => event.at },
                { type: 'announce', params: { type: 'integration.closed' } },
              ],
            },
          },
        },
        // Opened by a person, and left only when a person says so.
        forced_open: {
          tags: ['needs_somebody'],
          entry: 'announceOpened',
          on: {
            CALLS: { actions: { type: 'count', params: ({ event }) => event } },
            RESET: {
              target: 'closed',
              actions: [
                { type: 'close', params: ({ event }) => event.at },
                { type: 'announce', params: { type: 'integration.closed' } },
              ],
            },
          },
        },
      },
    },
    auth: {
      initial: 'valid',
      states: {
        valid: {
          on: {
            CALLS: {
              guard: { type: 'isUnauthorized', params: ({ event }) => event },
              target: 'invalid',
              actions: { type: 'announce', params: { type: 'integration.unauthorized' } },
            },
          },
        },
        // Trying again with refused credentials would only lock the account: a person has to set new ones.
        invalid: { tags: ['needs_somebody'], on: { RESET: 'valid' } },
      },
    },
    // What the other regions come to, so that one tag says whether calls may go out.
    admission: {
      initial: 'none',
      states: {
        none: {
          always: [
            { guard: and(['isEnabled', 'isTrusted', 'isClosed']), target: 'all' },
            { guard: and(['isEnabled', 'isTrusted', 'isHalfOpen']), target: 'probes' },
          ],
        },
        probes: {
          tags: ['probing'],
          always: [
            { guard: and(['isEnabled', 'isTrusted', 'isClosed']), target: 'all' },
            { guard: not(and(['isEnabled', 'isTrusted', 'isHalfOpen'])), target: 'none' },
          ],
        },
        all: {
          tags: ['callable'],
          always: { guard: not(and(['isEnabled', 'isTrusted', 'isClosed'])), target: 'none' },
        },
      },
    },
  },
});

/** Something outside that effects call, and whether it may be called now. */
export const integration = defineMachine({
  type: 'integration',
  version: 1,
  machine: integrationMachine,
  input: integrationInput,
  events: integrationEvents,
  internal: integrationInternal,
  facts: integrationFacts,
  settings: integrationSettings,
  permissions: {
    '@create': ['operator', 'admin'],
    ENABLE: ['operator', 'admin'],
    DISABLE: ['operator', 'admin'],
    TRIP: ['operator', 'admin'],
    RESET: ['operator', 'admin'],
    PROBE: ['operator', 'admin'],
  },
  views: { hq: { rows: 'all', fields: 'all' } },
  title: ({ title }) => title,
  summary: ({ provides, disabled_because, open_because }) =>
    [provides, disabled_because, open_because].filter((text) => text !== null).join(' · '),
  search: ({ id, title, provides }) => [id, title, provides ?? ''],
  samples: { TRIP: () => ({ reason: 'probe' }) },
  questions: {
    /** Whether calls may go out: all of them, only probes, or none. */
    admission: ({ tags }) => ({ callable: tags.includes('callable'), probing: tags.includes('probing') }),
  },
});
