import { assign, emit, enqueueActions, setup } from 'xstate';
import type { BoundPage, BoundRequest, GoneAnswer, GoneRequest } from './bound-records.ts';
import { actorOf, bindingOf } from './erp.ts';
import type { ErpRecord, PullRequest } from './erp.ts';
import * as sweeps from './feed-sweep.ts';
import { feedEvents, feedFacts, feedInput, feedInternal, feedSettings, MOST_SEEN, PAGE } from './feed-terms.ts';
import type { FeedBirth, FeedContext, FeedEvent, FeedFact, FeedFactName, Page, Refused } from './feed-terms.ts';
import { defineMachine, effect, readEffectError, tell } from './machine.ts';
import type { EffectError, Tell } from './machine.ts';
import { sha256 } from './sha256.ts';

const MINUTE = 60_000;
/** Longer than any transaction of an ERP takes. */
const OVERLAP_MS = 60_000;
/** So much of a hash tells a few hundred records apart. */
const MARK = 16;
const PAUSES = [5_000, 15_000, MINUTE, 5 * MINUTE];

function toContext({ id, integration, model, settings, at }: FeedBirth): FeedContext {
  return {
    id,
    integration,
    model,
    rules: settings,
    cursor: null,
    backfilling: true,
    seen: [],
    told: 0,
    unreadable: 0,
    current_at: null,
    failure: null,
    tries: 0,
    sweep: null,
    swept_at: at,
    swept: null,
  };
}

/** When the event was taken. Timers and results carry it too; XState's types of them do not know. */
function momentOf(event: object): number {
  return 'at' in event && typeof event.at === 'number' ? event.at : 0;
}

function toRequest({ integration, model, cursor }: FeedContext): PullRequest {
  return { integration, model, cursor, limit: PAGE, overlap_ms: OVERLAP_MS };
}

function markOf(record: ErpRecord): string {
  return sha256(JSON.stringify(record)).slice(0, MARK);
}

/** What is read once more because it may have been changed while it was read is told of once. */
function isNews({ seen }: FeedContext, record: ErpRecord): boolean {
  return !seen.includes(markOf(record));
}

function withPage(context: FeedContext, { records, cursor, more }: Page, at: number): Partial<FeedContext> {
  const news = records.filter((record) => isNews(context, record));
  return {
    cursor: cursor ?? context.cursor,
    backfilling: context.backfilling && more,
    seen: [...context.seen, ...news.map(markOf)].slice(-MOST_SEEN),
    told: context.told + news.length,
    unreadable: context.unreadable + news.filter(({ bad }) => bad !== undefined).length,
    current_at: more ? context.current_at : at,
    failure: null,
    tries: 0,
  };
}

/**
 * Tells the binding of a record what the ERP says of it. Of most records it is known whether they have a binding: none does while everything is read
 * for the first time, and each does that has changed since. Where that is wrong the refusal says so, and it is told the other way.
 */
function toBinding({ integration, model }: FeedContext, record: ErpRecord, isNew: boolean): Tell {
  const actor = record.ref ?? actorOf(integration, model, record.external_id);
  const to = bindingOf(integration, actor);
  return { to, event: isNew ? { type: '@create', integration, model, actor, record } : { type: 'THEIRS', record } };
}

function otherWay(context: FeedContext, { event, reason, sent }: Refused): Tell | undefined {
  const record = sent?.['record'] as ErpRecord | undefined;
  // Of what is gone nothing is made.
  if (record === undefined || record.gone === true) return undefined;
  if (event === 'THEIRS' && reason === 'not_found') return toBinding(context, record, true);
  if (event === '@create' && reason === 'exists') return toBinding(context, record, false);
  return undefined;
}

const feedSetup = setup({
  types: {
    context: {} as FeedContext,
    events: {} as FeedEvent,
    input: {} as FeedBirth,
    emitted: {} as FeedFact,
    tags: {} as 'needs_somebody',
  },
  actors: {
    'erp.pull': effect<Page, PullRequest>(),
    'records.bound': effect<BoundPage, BoundRequest>(),
    'erp.gone': effect<GoneAnswer, GoneRequest>(),
  },
  delays: {
    poll: ({ context }) => context.rules.poll_ms,
    breath: ({ context }) => context.rules.breath_ms,
    retry_pause: ({ context }) => PAUSES[Math.min(context.tries, PAUSES.length) - 1] ?? MINUTE,
    stall: ({ context }) => context.rules.stalled_ms,
  },
  guards: {
    hasMore: (_, page: Page) => page.more,
    isSweepDue: ({ context, event }) => sweeps.isDue(context, momentOf(event)),
    isSweepReady: ({ context, event }) => sweeps.isReady(context, momentOf(event)),
    isPullDue: ({ context, event }) => sweeps.isPullDue(context, momentOf(event)),
    isNotDoubtful: ({ context }) => context.sweep?.doubtful !== true,
    isDoubtful: ({ context }) => context.sweep?.doubtful === true,
    hasRecords: (_, { records }: BoundPage) => records.length > 0,
    hasSuspects: ({ context }, answer: GoneAnswer) => sweeps.suspectsIn(context, answer).length > 0,
    isTooMuch: ({ context }, answer: GoneAnswer) => sweeps.isTooMuch(context, answer),
    isCurrent: ({ context, event }) => context.current_at !== null && momentOf(event) - context.current_at < context.rules.stalled_ms,
  },
  actions: {
    takePage: enqueueActions(({ enqueue, context, event }, page: Page) => {
      for (const record of page.records) if (isNews(context, record)) enqueue(tell(() => toBinding(context, record, context.backfilling)));
      enqueue.assign(withPage(context, page, momentOf(event)));
    }),
    tellOtherWay: enqueueActions(({ enqueue, context }, refused: Refused) => {
      const other = otherWay(context, refused);
      if (other !== undefined) enqueue(tell(() => other));
    }),
    noteFailure: assign(({ context, event }, { code, detail }: EffectError) => ({
      failure: { code, detail: detail ?? null, at: momentOf(event) },
      tries: context.tries + 1,
    })),
    startOver: assign({ cursor: null, backfilling: true, seen: [] }),
    beginSweep: assign(({ context }) => ({ sweep: sweeps.begun(context) })),
    takeBound: assign(({ context }, page: BoundPage) => sweeps.withBound(context, page)),
    skipBound: assign(({ context, event }, page: BoundPage) =>
      sweeps.withoutPage({ ...context, ...sweeps.withBound(context, page) }, { ids: [] }, momentOf(event)),
    ),
    takeSuspects: assign(({ context }, answer: GoneAnswer) => sweeps.withSuspects(context, answer)),
    takeGone: enqueueActions(({ enqueue, context, event }, answer: GoneAnswer) => {
      for (const one of sweeps.toTells(context, answer)) enqueue(tell(() => one));
      enqueue.assign(sweeps.withoutPage(context, answer, momentOf(event)));
    }),
    doubt: assign(({ context }, answer: GoneAnswer) => sweeps.withDoubt(context, answer)),
    confirm: assign(({ context }) => sweeps.withConfirmation(context)),
    drop: assign(({ context, event }) => sweeps.withoutSweep(context, momentOf(event))),
    noteSweepFailure: assign(({ context, event }, error: EffectError) => sweeps.withFailure(context, error, momentOf(event))),
    announce: emit(({ context: { integration, model, failure } }, type: FeedFactName) => ({
      type,
      integration,
      model,
      reason: failure?.code ?? null,
    })),
  },
});

const feedMachine = feedSetup.createMachine({
  id: 'feed',
  context: ({ input }) => toContext(input),
  type: 'parallel',
  on: { 'tell.refused': { actions: { type: 'tellOtherWay', params: ({ event }) => event } } },
  states: {
    reading: {
      initial: 'pulling',
      on: {
        PAUSE: '.paused',
        SWEEP: { guard: 'isNotDoubtful', actions: 'beginSweep' },
        BACKFILL: { target: '.pulling', reenter: true, actions: 'startOver' },
      },
      states: {
        pulling: {
          invoke: {
            id: 'pull',
            src: 'erp.pull',
            input: ({ context }) => toRequest(context),
            onDone: [
              {
                guard: { type: 'hasMore', params: ({ event }) => event.output },
                target: 'breathing',
                actions: { type: 'takePage', params: ({ event }) => event.output },
              },
              { target: 'idle', actions: { type: 'takePage', params: ({ event }) => event.output } },
            ],
            onError: { target: 'pausing', actions: { type: 'noteFailure', params: ({ event }) => readEffectError(event) } },
          },
        },
        breathing: { after: { breath: 'pulling' } },
        // A sweep goes on between two pulls, never beside one.
        idle: {
          always: [
            { guard: 'isSweepReady', target: 'listing' },
            { guard: 'isSweepDue', target: 'listing', actions: 'beginSweep' },
          ],
          after: { poll: 'pulling' },
          on: { PULL: 'pulling' },
        },
        listing: {
          invoke: {
            id: 'bound',
            src: 'records.bound',
            input: ({ context }) => sweeps.toBound(context),
            onDone: [
              {
                guard: { type: 'hasRecords', params: ({ event }) => event.output },
                target: 'asking',
                actions: { type: 'takeBound', params: ({ event }) => event.output },
              },
              { target: 'resting', actions: { type: 'skipBound', params: ({ event }) => event.output } },
            ],
            onError: { target: 'idle', actions: { type: 'noteSweepFailure', params: ({ event }) => readEffectError(event) } },
          },
        },
        asking: {
          invoke: {
            id: 'gone',
            src: 'erp.gone',
            input: ({ context }) => sweeps.toGone(context),
            onDone: [
              {
                guard: { type: 'hasSuspects', params: ({ event }) => event.output },
                target: 'wondering',
                actions: { type: 'takeSuspects', params: ({ event }) => event.output },
              },
              { target: 'resting', actions: { type: 'takeGone', params: ({ event }) => event.output } },
            ],
            onError: { target: 'idle', actions: { type: 'noteSweepFailure', params: ({ event }) => readEffectError(event) } },
          },
        },
        wondering: { after: { breath: 'asking_again' } },
        asking_again: {
          invoke: {
            id: 'gone_again',
            src: 'erp.gone',
            input: ({ context }) => sweeps.toGoneAgain(context),
            onDone: [
              {
                guard: { type: 'isTooMuch', params: ({ event }) => event.output },
                target: 'idle',
                actions: { type: 'doubt', params: ({ event }) => event.output },
              },
              { target: 'resting', actions: { type: 'takeGone', params: ({ event }) => event.output } },
            ],
            onError: { target: 'idle', actions: { type: 'noteSweepFailure', params: ({ event }) => readEffectError(event) } },
          },
        },
        resting: { after: { breath: [{ guard: 'isPullDue', target: 'pulling' }, { target: 'idle' }] }, on: { PULL: 'pulling' } },
        pausing: { after: { retry_pause: 'pulling' }, on: { PULL: 'pulling' } },
        paused: { on: { RESUME: 'pulling' } },
      },
    },
    // While a person is asked whether so much is gone, what changes goes on being read.
    trust: {
      initial: 'sure',
      states: {
        sure: { always: { guard: 'isDoubtful', target: 'doubtful' } },
        doubtful: {
          tags: ['needs_somebody'],
          entry: { type: 'announce', params: 'feed.doubtful' },
          on: {
            CONFIRM_GONE: { target: 'sure', actions: 'confirm' },
            DROP: { target: 'sure', actions: 'drop' },
          },
        },
      },
    },
    lag: {
      initial: 'current',
      states: {
        current: {
          after: { stall: [{ guard: 'isCurrent', target: 'current', reenter: true }, { target: 'stalled' }] },
        },
        stalled: {
          tags: ['needs_somebody'],
          entry: { type: 'announce', params: 'feed.stalled' },
          always: { guard: 'isCurrent', target: 'current', actions: { type: 'announce', params: 'feed.current' } },
        },
      },
    },
  },
});

/** What changes in an ERP, of one model: read in the order of change, and told to the binding of each record by the commit that moves the cursor. */
export const feed = defineMachine({
  type: 'feed',
  version: 1,
  machine: feedMachine,
  input: feedInput,
  events: feedEvents,
  internal: feedInternal,
  facts: feedFacts,
  settings: feedSettings,
  permissions: {
    '@create': ['operator', 'admin'],
    PULL: ['operator', 'admin'],
    BACKFILL: ['operator', 'admin'],
    PAUSE: ['operator', 'admin'],
    RESUME: ['operator', 'admin'],
    SWEEP: ['operator', 'admin'],
    CONFIRM_GONE: ['operator', 'admin'],
    DROP: ['operator', 'admin'],
  },
  views: { hq: { rows: 'all', fields: 'all' } },
  title: ({ integration, model }) => `${integration} · ${model}`,
  summary: ({ failure, told }) => [`${told}`, failure?.code].filter((text) => text !== undefined).join(' · '),
  search: ({ integration, model }) => [integration, model],
});
