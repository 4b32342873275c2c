import { and, assign, emit, enqueueActions, not, setup } from 'xstate';
import { defineMachine, effect, readEffectError } from './machine.ts';
import type { Seen } from './machine.ts';
import { isForeign, isMissing, isStale, newsOf, pollWait, retryWait, staleWait, toRequest, withDecision, withNews } from './rates-rules.ts';
import { ratesEvents, ratesFacts, ratesInput, ratesSettings } from './rates-terms.ts';
import type { RatesAnswer, RatesBirth, RatesContext, RatesEvent, RatesFact, RatesRequest } from './rates-terms.ts';

function toContext({ id, at, title, integration, settings }: RatesBirth): RatesContext {
  return {
    id,
    title: title ?? id,
    integration,
    source: null,
    stale_after_days: settings.stale_after_days,
    newest: null,
    days: [],
    disputed: [],
    discarded: [],
    looked_at: at,
    fetched_at: null,
    failure: null,
    tries: 0,
    asks_all: false,
  };
}

/** When the event was taken. Timers and results carry it too; XState's types of them do not know. */
function momentOf(event: object, before: number): number {
  return 'at' in event && typeof event.at === 'number' ? event.at : before;
}

function isDisputed({ disputed }: RatesContext, date: string): boolean {
  return disputed.some((day) => day.date === date);
}

const ratesSetup = setup({
  types: {
    context: {} as RatesContext,
    events: {} as RatesEvent,
    input: {} as RatesBirth,
    emitted: {} as RatesFact,
    tags: {} as 'needs_somebody',
  },
  actors: { 'rates.fetch': effect<RatesAnswer, RatesRequest>() },
  delays: {
    next_poll: ({ context }) => pollWait(context),
    retry_pause: ({ context }) => retryWait(context),
    stale_wait: ({ context }) => staleWait(context),
  },
  guards: {
    isMissing: ({ context, event }) => isMissing(context.newest, momentOf(event, context.looked_at)),
    isForeign: ({ context }, answer: RatesAnswer) => isForeign(context, answer),
    hasDays: ({ context }) => context.newest !== null,
    isStale: ({ context }) => isStale(context, context.looked_at),
    hasDispute: ({ context }) => context.disputed.length > 0,
    isDisputed: ({ context }, date: string) => isDisputed(context, date),
  },
  actions: {
    look: assign({ looked_at: ({ context, event }) => momentOf(event, context.looked_at) }),
    askAll: assign({ asks_all: true }),
    takeDays: enqueueActions(({ context, event, enqueue }, answer: RatesAnswer) => {
      const { published, disputed } = newsOf(context, answer);
      for (const { source, date } of published) enqueue.emit({ type: 'rates.published', source, date });
      for (const { source, date } of disputed) enqueue.emit({ type: 'rates.disputed', source, date });
      enqueue.assign(withNews(context, answer, momentOf(event, context.looked_at)));
    }),
    noteFailure: assign(({ context, event }, { code, detail }: { code: string; detail?: string }) => {
      const looked_at = momentOf(event, context.looked_at);
      const failure = { code, detail: detail ?? null, at: new Date(looked_at).toISOString() };
      return { looked_at, failure, tries: context.tries + 1 };
    }),
    accept: assign(({ context }, date: string) => withDecision(context, date, 'disputed')),
    keep: assign(({ context }, date: string) => withDecision(context, date, 'known')),
    announceCorrected: emit(({ context }, date: string) => ({ type: 'rates.corrected' as const, source: context.source ?? '', date })),
    announceAge: emit(({ context: { source, newest } }, type: 'rates.stale' | 'rates.fresh') => ({ type, source, newest })),
  },
});

const ratesMachine = ratesSetup.createMachine({
  id: 'rates',
  context: ({ input }) => toContext(input),
  type: 'parallel',
  states: {
    fetching: {
      initial: 'calling',
      states: {
        calling: {
          invoke: {
            id: 'fetch',
            src: 'rates.fetch',
            input: ({ context }) => toRequest(context),
            onDone: [
              {
                guard: { type: 'isForeign', params: ({ event }) => event.output },
                target: 'pausing',
                actions: {
                  type: 'noteFailure',
                  params: { code: 'other_source', detail: 'They are of another source or base than the known ones' },
                },
              },
              { target: 'idle', actions: { type: 'takeDays', params: ({ event }) => event.output } },
            ],
            onError: { target: 'pausing', actions: { type: 'noteFailure', params: ({ event }) => readEffectError(event) } },
          },
        },
        idle: {
          after: {
            next_poll: [
              { guard: 'isMissing', target: 'calling', actions: 'look' },
              { target: 'idle', reenter: true, actions: 'look' },
            ],
          },
          on: { FETCH: { target: 'calling', actions: ['look', 'askAll'] } },
        },
        // It ends at the latest when one would look anyway, so a fetch that failed puts nothing off.
        pausing: {
          after: { retry_pause: { target: 'calling', actions: 'look' } },
          on: { FETCH: { target: 'calling', actions: ['look', 'askAll'] } },
        },
      },
    },
    age: {
      initial: 'none',
      states: {
        none: {
          always: [
            { guard: 'isStale', target: 'stale' },
            { guard: 'hasDays', target: 'fresh', actions: { type: 'announceAge', params: 'rates.fresh' } },
          ],
        },
        // New days put the moment off, and the timer finds that out: it only looks.
        fresh: {
          always: { guard: 'isStale', target: 'stale' },
          after: { stale_wait: { target: 'fresh', reenter: true, actions: 'look' } },
        },
        stale: {
          tags: ['needs_somebody'],
          entry: { type: 'announceAge', params: 'rates.stale' },
          always: { guard: and(['hasDays', not('isStale')]), target: 'fresh', actions: { type: 'announceAge', params: 'rates.fresh' } },
        },
      },
    },
    dispute: {
      initial: 'none',
      states: {
        none: { always: { guard: 'hasDispute', target: 'open' } },
        open: {
          tags: ['needs_somebody'],
          always: { guard: not('hasDispute'), target: 'none' },
          on: {
            ACCEPT: {
              guard: { type: 'isDisputed', params: ({ event }) => event.date },
              actions: [
                { type: 'accept', params: ({ event }) => event.date },
                { type: 'announceCorrected', params: ({ event }) => event.date },
              ],
            },
            KEEP: {
              guard: { type: 'isDisputed', params: ({ event }) => event.date },
              actions: { type: 'keep', params: ({ event }) => event.date },
            },
          },
        },
      },
    },
  },
});

const whyNotDecided = ({ context }: { readonly context: RatesContext }, { date }: { date: string }): string | undefined =>
  isDisputed(context, date) ? undefined : 'not_disputed';

const sampleDay = ({ disputed, newest }: RatesContext): { date: string } => ({ date: disputed[0]?.date ?? newest ?? '1999-01-04' });

function answerOf({ state, context }: Seen<RatesContext>, days: RatesContext['days']): Readonly<Record<string, unknown>> {
  return {
    state: state.find((path) => path.startsWith('age.'))?.slice('age.'.length) ?? 'none',
    source: context.source,
    days: days.map(({ source, base, date, rates: published }) => ({ source, base, date, rates: published })),
  };
}

/** Exchange rates of one source: fetched when they are published, kept with where each came from, and never changed without somebody's word. */
export const rates = defineMachine({
  type: 'rates',
  version: 1,
  machine: ratesMachine,
  input: ratesInput,
  events: ratesEvents,
  facts: ratesFacts,
  settings: ratesSettings,
  permissions: {
    '@create': ['operator', 'admin'],
    FETCH: ['operator', 'admin', 'cfo'],
    ACCEPT: ['cfo'],
    KEEP: ['cfo'],
  },
  views: { hq: { rows: 'all', fields: 'all' } },
  title: ({ title }) => title,
  summary: ({ source, newest, failure }) => [source, newest, failure?.code].filter((text) => typeof text === 'string').join(' · '),
  search: ({ id, title, integration, source }) => [id, title, integration, source ?? ''],
  reasons: { ACCEPT: whyNotDecided, KEEP: whyNotDecided },
  samples: { ACCEPT: sampleDay, KEEP: sampleDay },
  questions: {
    /** What somebody needs who converts: how old they are, and the days. Where there are none there is no rate, and least of all 1. */
    rates: (seen) => answerOf(seen, seen.context.days),
    /** The same of the newest day alone. */
    newest: (seen) => answerOf(seen, seen.context.days.slice(-1)),
  },
});
