import { assign, setup } from 'xstate';
import { z } from 'zod';
import { defineMachine } from '../../machines/machine.ts';
import type { Birth, Stamp } from '../../machines/machine.ts';

type Shelf = { id: string; client: string; label: string; n: number; secret: string; note: string; list: readonly string[]; maker: string };
type ShelfEvent = Stamp &
  (
    | { type: 'LABEL'; label: string }
    | { type: 'SET'; n: number; list: readonly string[]; note?: string }
    | { type: 'HIDE'; secret: string }
    | { type: 'MOVE'; client: string }
    | { type: 'WORK' | 'HEAT' | 'REST' | 'AJAR' | 'SHUT' | 'NOTHING' | 'OWN' }
  );

const shelfSetup = setup({
  types: {
    context: {} as Shelf,
    events: {} as ShelfEvent,
    input: {} as Birth & { client: string; label: string; secret: string },
    tags: {} as 'hot',
  },
  guards: { isMaker: ({ context, event }) => context.maker === event.by },
});

const machine = shelfSetup.createMachine({
  id: 'shelf',
  type: 'parallel',
  context: ({ input }) => ({
    id: input.id,
    client: input.client,
    label: input.label,
    n: 0,
    secret: input.secret,
    note: '',
    list: [],
    maker: input.by,
  }),
  on: {
    LABEL: { actions: assign({ label: ({ event }) => event.label }) },
    SET: {
      actions: assign({
        n: ({ event }) => event.n,
        list: ({ event }) => event.list,
        note: ({ context, event }) => event.note ?? context.note,
      }),
    },
    HIDE: { actions: assign({ secret: ({ event }) => event.secret }) },
    MOVE: { actions: assign({ client: ({ event }) => event.client }) },
    NOTHING: {},
    OWN: { guard: 'isMaker', actions: assign({ n: ({ context }) => context.n + 1 }) },
  },
  states: {
    work: {
      initial: 'idle',
      states: {
        idle: { on: { WORK: 'busy' } },
        busy: {
          initial: 'calm',
          on: { REST: 'idle' },
          states: { calm: { on: { HEAT: 'hot' } }, hot: { tags: ['hot'], after: { 5000: 'calm' } } },
        },
      },
    },
    door: { initial: 'shut', states: { shut: { on: { AJAR: 'ajar' } }, ajar: { on: { SHUT: 'shut' } } } },
  },
});

const none = z.strictObject({});
const clerk = ['clerk'] as const;

/** A machine that shows all that synchronization has to cope with: parallel states, tags, timers, rows that change hands, fields that not everybody sees. */
export const shelf = defineMachine({
  type: 'shelf',
  version: 1,
  machine,
  input: z.strictObject({ client: z.string(), label: z.string(), secret: z.string() }),
  events: {
    LABEL: z.strictObject({ label: z.string().max(100) }),
    SET: z.strictObject({ n: z.int(), list: z.array(z.string()), note: z.string().optional() }),
    HIDE: z.strictObject({ secret: z.string() }),
    MOVE: z.strictObject({ client: z.string() }),
    WORK: none,
    HEAT: none,
    REST: none,
    AJAR: none,
    SHUT: none,
    NOTHING: none,
    OWN: none,
  },
  permissions: {
    '@create': clerk,
    LABEL: ['clerk', 'customer'],
    SET: clerk,
    HIDE: clerk,
    MOVE: clerk,
    WORK: clerk,
    HEAT: clerk,
    REST: clerk,
    AJAR: clerk,
    SHUT: clerk,
    NOTHING: ['clerk', 'customer'],
    OWN: clerk,
  },
  views: { hq: { rows: 'all', fields: 'all' }, customer: { rows: 'client', fields: ['id', 'client', 'label', 'n', 'list'] } },
  belongs: ({ client }) => ({ client }),
  title: ({ label }) => label,
  summary: ({ n }) => String(n),
  search: ({ label }) => [label],
  reasons: { OWN: () => 'four_eyes' },
  samples: {
    SET: ({ n, list }) => ({ n, list }),
    HIDE: ({ secret }) => ({ secret }),
    MOVE: ({ client }) => ({ client }),
    LABEL: ({ label }) => ({ label }),
  },
});
