import { assign, emit, setup } from 'xstate';
import { z } from 'zod';
import { defineMachine, post, tell } from '../../machines/machine.ts';
import type { Birth, Stamp } from '../../machines/machine.ts';

type Context = { id: string; told: number; refused: readonly string[] };
type Told = { type: string; [field: string]: unknown };
type Event = Stamp &
  (
    | { type: 'TELL'; to: string; event: Told }
    | { type: 'PAY'; amount_minor: number }
    | { type: 'tell.refused'; to: string; event: string; reason: string }
  );

const machine = setup({
  types: { context: {} as Context, events: {} as Event, input: {} as Birth, emitted: {} as { type: 'messenger.told'; told: number } },
  actions: { say: emit(({ context }) => ({ type: 'messenger.told' as const, told: context.told })) },
}).createMachine({
  id: 'messenger',
  context: ({ input }) => ({ id: input.id, told: 0, refused: [] }),
  initial: 'open',
  states: {
    open: {
      on: {
        TELL: {
          actions: [
            assign({ told: ({ context }) => context.told + 1 }),
            tell(({ event }) => ({ to: event.to, event: event.event })),
            'say',
          ],
        },
        PAY: {
          actions: post(({ event: { amount_minor } }) => ({
            legs: [
              { account: 'till', amount_minor: -amount_minor, currency: 'EUR' },
              { account: 'messenger', amount_minor, currency: 'EUR' },
            ],
          })),
        },
        'tell.refused': { actions: assign({ refused: ({ context, event }) => [...context.refused, event.reason] }) },
      },
    },
  },
});

/** An actor that tells others what it is told to tell, also what no door would take. It posts too. No machine of the product does either yet. */
export const messenger = defineMachine({
  type: 'messenger',
  version: 1,
  machine,
  input: z.strictObject({}),
  events: {
    TELL: z.strictObject({ to: z.string(), event: z.looseObject({ type: z.string() }) }),
    PAY: z.strictObject({ amount_minor: z.int() }),
  },
  internal: { 'tell.refused': z.looseObject({ to: z.string(), event: z.string(), reason: z.string() }) },
  facts: { 'messenger.told': z.strictObject({ told: z.int() }) },
  permissions: { '@create': ['clerk', 'system'], TELL: ['clerk', 'system'], PAY: ['clerk', 'system'] },
  views: { hq: { rows: 'all', fields: 'all' } },
  title: ({ id }) => id,
  summary: ({ told }) => String(told),
  search: ({ id }) => [id],
});
