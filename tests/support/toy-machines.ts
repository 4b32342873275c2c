import { assign, emit, setup } from 'xstate';
import { z } from 'zod';
import { defineMachine, effect, tell } from '../../machines/machine.ts';
import type { Answer, Birth, Question, Stamp } from '../../machines/machine.ts';

/** Small machines that show one thing each; for tests of the runtime, which knows no machine by name. */

type CounterContext = { id: string; n: number; last: string; seen: readonly string[]; made_by: string };
type CounterEvent = Stamp &
  (
    | { type: 'ADD'; by_n: number; note?: string }
    | { type: 'TOUCH' | 'LOCK' | 'UNLOCK' | 'BREAK' | 'SAY' | 'STOP' | 'WAIT' | 'CALM' | 'CALL' | 'ASK' | 'LEAVE' | 'AGAIN' }
    | { type: 'TELL'; to: string; what: string }
    | { type: 'tell.refused'; to: string; event: string; reason: string }
    | { type: 'TICK' }
  );

const counterSetup = setup({
  types: {
    context: {} as CounterContext,
    events: {} as CounterEvent,
    input: {} as Birth & { start?: number },
    emitted: {} as { type: 'counter.said'; n: number },
  },
  actors: { 'desk.stamp': effect<{ mark: string }, { integration: string; n: number }>(), ask: effect<Answer, Question>() },
  delays: { patience: 10_000, long: 3_600_000 },
  guards: { mayAdd: ({ context }, by_n: number) => context.n + by_n >= 0 },
  actions: {
    add: assign(({ context }, by_n: number) => ({ n: context.n + by_n })),
    note: assign(({ context }, what: string) => ({ last: what, seen: [...context.seen, what].slice(-20) })),
    say: emit(({ context }) => ({ type: 'counter.said' as const, n: context.n })),
  },
});

const counterMachine = counterSetup.createMachine({
  id: 'counter',
  context: ({ input }) => ({ id: input.id, n: input.start ?? 0, last: '', seen: [], made_by: input.by }),
  initial: 'open',
  on: {
    'tell.refused': { actions: { type: 'note', params: ({ event }) => `refused ${event.event} ${event.reason}` } },
    BREAK: { actions: assign({ n: () => Number(mustBreak()) }) },
  },
  states: {
    open: {
      on: {
        ADD: { guard: { type: 'mayAdd', params: ({ event }) => event.by_n }, actions: { type: 'add', params: ({ event }) => event.by_n } },
        TOUCH: {},
        LOCK: 'locked',
        SAY: { actions: 'say' },
        WAIT: 'waiting',
        CALL: 'calling',
        ASK: 'asking',
        STOP: 'stopped',
        TELL: {
          actions: tell(({ event }) => ({ to: event.to, event: { type: event.what } })),
        },
      },
    },
    locked: { tags: ['locked'], on: { UNLOCK: 'open' } },
    waiting: {
      after: {
        patience: { target: 'open', actions: { type: 'note', params: 'patience' } },
        long: { target: 'open', actions: { type: 'note', params: 'long' } },
      },
      on: { CALM: 'open', AGAIN: { target: 'waiting', reenter: true } },
    },
    calling: {
      invoke: {
        id: 'stamp',
        src: 'desk.stamp',
        input: ({ context }) => ({ integration: 'desk', n: context.n }),
        onDone: { target: 'open', actions: { type: 'note', params: ({ event }) => `done ${event.output.mark}` } },
        onError: {
          target: 'open',
          actions: {
            type: 'note',
            params: ({ event }) => `${(event.error as { kind: string }).kind} ${(event.error as { code: string }).code}`,
          },
        },
      },
      on: { LEAVE: 'open', AGAIN: { target: 'calling', reenter: true } },
    },
    asking: {
      invoke: {
        id: 'other',
        src: 'ask',
        input: { to: 'counter/other', question: 'count' },
        onDone: { target: 'open', actions: { type: 'note', params: ({ event }) => JSON.stringify(event.output) } },
        onError: { target: 'open', actions: { type: 'note', params: 'unanswered' } },
      },
    },
    stopped: { type: 'final' },
  },
});

/** Set by a test to mend the machine, as a release does. */
export const repair = { broken: true };

function mustBreak(): string {
  if (repair.broken) throw new Error('This action breaks');
  return '1000';
}

const none = z.strictObject({});

export const counter = defineMachine({
  type: 'counter',
  version: 1,
  machine: counterMachine,
  input: z.strictObject({ start: z.int().optional() }),
  events: {
    ADD: z.strictObject({ by_n: z.int(), note: z.string().optional() }),
    TOUCH: none,
    LOCK: none,
    UNLOCK: none,
    BREAK: none,
    SAY: none,
    STOP: none,
    WAIT: none,
    CALM: none,
    CALL: none,
    ASK: none,
    LEAVE: none,
    AGAIN: none,
    TELL: z.strictObject({ to: z.string(), what: z.string() }),
  },
  internal: { 'tell.refused': z.looseObject({ to: z.string(), event: z.string(), reason: z.string() }), TICK: none },
  facts: { 'counter.said': z.strictObject({ n: z.int() }) },
  permissions: Object.fromEntries(
    ['@create', 'ADD', 'TOUCH', 'LOCK', 'UNLOCK', 'BREAK', 'SAY', 'STOP', 'WAIT', 'CALM', 'CALL', 'ASK', 'LEAVE', 'AGAIN', 'TELL'].map(
      (name) => [name, ['clerk', 'system'] as const],
    ),
  ),
  views: { hq: { rows: 'all', fields: 'all' } },
  title: ({ n }) => `count ${n}`,
  summary: ({ last }) => last,
  search: ({ id }) => [id],
  questions: { count: ({ context }) => ({ n: context.n }) },
});
