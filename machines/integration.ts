import { and, not } from 'xstate';
import { emptyWindow } from './call-window.ts';
import { liftIntegration } from './integration-migration.ts';
import { auth, contract, lifecycle, probe, throttle } from './integration-regions.ts';
import { UNTOUCHED } from './integration-rules.ts';
import { integrationSetup } from './integration-setup.ts';
import { integrationEvents, integrationFacts, integrationInput, integrationInternal, integrationSettings } from './integration-terms.ts';
import type { IntegrationBirth, IntegrationContext } from './integration-terms.ts';
import { defineMachine } from './machine.ts';

function toContext({ id, at, title, provides, declared, settings }: IntegrationBirth): IntegrationContext {
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
    ...UNTOUCHED,
    declared: declared ?? null,
  };
}

const integrationMachine = integrationSetup.createMachine({
  id: 'integration',
  context: ({ input }) => toContext(input),
  type: 'parallel',
  states: {
    lifecycle,
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
          entry: ['countTrip', 'noteOpened', 'announceOpened'],
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
          entry: ['noteOpened', 'announceOpened'],
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
    auth,
    throttle,
    contract,
    probe,
    // What the other regions come to, so that one tag says whether calls may go out.
    admission: {
      initial: 'none',
      on: { CALLS: { actions: 'noteCalls' } },
      states: {
        none: {
          always: [
            { guard: and([not('isLimited'), 'isEnabled', 'isTrusted', 'isClosed']), target: 'all' },
            { guard: and([not('isLimited'), 'isEnabled', 'isTrusted', 'isHalfOpen']), target: 'probes' },
          ],
        },
        probes: {
          tags: ['probing'],
          always: [
            { guard: 'isLimited', target: 'none' },
            { guard: and(['isEnabled', 'isTrusted', 'isClosed']), target: 'all' },
            { guard: not(and(['isEnabled', 'isTrusted', 'isHalfOpen'])), target: 'none' },
          ],
        },
        all: {
          tags: ['callable'],
          always: [
            { guard: 'isLimited', target: 'none' },
            { guard: not(and(['isEnabled', 'isTrusted', 'isClosed'])), target: 'none' },
          ],
        },
      },
    },
  },
});

/** Something outside that effects call, and whether it may be called now. */
export const integration = defineMachine({
  type: 'integration',
  version: 2,
  migrate: { 1: liftIntegration },
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
    QUARANTINE: ['operator', 'admin'],
    RELEASE: ['operator', 'admin'],
    ROTATE: ['operator', 'admin'],
    ACCEPT_CONTRACT: ['operator', 'admin'],
  },
  views: { hq: { rows: 'all', fields: 'all' } },
  title: ({ title }) => title,
  summary: ({ provides, disabled_because, open_because }) =>
    [provides, disabled_because, open_because].filter((text) => text !== null).join(' · '),
  search: ({ id, title, provides }) => [id, title, provides ?? ''],
  reasons: {
    ACCEPT_CONTRACT: ({ context }, { fingerprint }: { fingerprint: string }) =>
      context.contract.changes.length > 0 && context.contract.fingerprint !== fingerprint ? 'hash_stale' : undefined,
  },
  samples: {
    TRIP: () => ({ reason: 'probe' }),
    QUARANTINE: () => ({ reason: 'probe' }),
    ACCEPT_CONTRACT: ({ contract }) => ({ fingerprint: contract.fingerprint ?? 'none' }),
  },
  questions: {
    /** Whether calls may go out: all of them, only probes, or none. */
    admission: ({ tags }) => ({ callable: tags.includes('callable'), probing: tags.includes('probing') }),
  },
});
