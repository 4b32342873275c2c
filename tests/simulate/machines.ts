import { assign, emit, setup } from 'xstate';
import { z } from 'zod';
import { defineMachine, tell } from '../../machines/machine.ts';
import type { Birth, Definition, Stamp } from '../../machines/machine.ts';
import { machines } from '../../machines/machines.ts';
import { account } from '../support/bank-machine.ts';
import { counter } from '../support/toy-machines.ts';
import { reservationOne, reservationTwo } from '../support/upgrade-machine.ts';

/** A small machine that passes on what it is handed: whatever is told must arrive, once, whoever dies on the way. */

type Context = { id: string; got: number; passed: number; refused: number; next: string; hops: number };
type Event = Stamp &
  (
    | { type: 'PASS'; to: string; hops: number }
    | { type: 'HAND'; hops: number }
    | { type: 'NAP'; to: string; hops: number }
    | { type: 'tell.refused'; to: string; event: string; reason: string; sent: { hops: number } }
  );

/** So many couriers a world has; the next one is told by the number of hops. */
export const COURIERS = 24;

function nextOf(id: string, hops: number): string {
  return `courier/k${(Number(id.slice(1)) * 7 + hops * 5 + 1) % COURIERS}`;
}

const courierMachine = setup({
  types: {
    context: {} as Context,
    events: {} as Event,
    input: {} as Birth,
    emitted: {} as { type: 'courier.handed'; got: number },
  },
  delays: { nap: ({ context }) => 20_000 + context.hops * 90_000 },
  guards: { isLast: (_, hops: number) => hops <= 0 },
  actions: {
    take: assign({ got: ({ context }) => context.got + 1 }),
    give: assign({ passed: ({ context }) => context.passed + 1 }),
    aim: assign((_, { to, hops }: { to: string; hops: number }) => ({ next: to, hops })),
    report: emit(({ context }) => ({ type: 'courier.handed' as const, got: context.got })),
  },
}).createMachine({
  id: 'courier',
  context: ({ input }) => ({ id: input.id, got: 0, passed: 0, refused: 0, next: '', hops: 0 }),
  initial: 'awake',
  on: {
    HAND: [
      { guard: { type: 'isLast', params: ({ event }) => event.hops }, actions: ['take', 'report'] },
      {
        actions: [
          'take',
          'give',
          tell(({ context, event }) => ({ to: nextOf(context.id, event.hops), event: { type: 'HAND', hops: event.hops - 1 } })),
        ],
      },
    ],
    'tell.refused': { actions: assign({ refused: ({ context }) => context.refused + 1 }) },
  },
  states: {
    awake: {
      on: {
        PASS: {
          actions: ['give', tell(({ event: { to, hops } }) => ({ to, event: { type: 'HAND', hops } }))],
        },
        NAP: { target: 'asleep', actions: { type: 'aim', params: ({ event }) => event } },
      },
    },
    asleep: {
      after: {
        nap: {
          target: 'awake',
          actions: ['give', tell(({ context: { next, hops } }) => ({ to: next, event: { type: 'HAND', hops } }))],
        },
      },
    },
  },
});

const handing = z.strictObject({ to: z.string(), hops: z.int() });

const courier = defineMachine({
  type: 'courier',
  version: 1,
  machine: courierMachine,
  input: z.strictObject({}),
  events: { PASS: handing, NAP: handing },
  internal: {
    HAND: z.strictObject({ hops: z.int() }),
    'tell.refused': z.strictObject({ to: z.string(), event: z.string(), reason: z.string(), sent: z.strictObject({ hops: z.int() }) }),
  },
  facts: { 'courier.handed': z.strictObject({ got: z.int() }) },
  permissions: { '@create': ['clerk'], PASS: ['clerk', 'system'], NAP: ['clerk', 'system'] },
  views: { hq: { rows: 'all', fields: 'all' } },
  title: ({ id }) => id,
  summary: ({ got }) => `got ${got}`,
  search: ({ id }) => [id],
});

const ONE = [...machines, counter, courier, account, reservationOne];
const TWO = [...machines, counter, courier, account, reservationTwo];

/** The machines of a release: the second has another version of one of them. */
export function machinesOf(release: number): readonly Definition[] {
  return release === 1 ? ONE : TWO;
}
