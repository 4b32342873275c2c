import { setup } from 'xstate';
import { z } from 'zod';
import { defineMachine, post } from '../../machines/machine.ts';
import type { Birth, Leg, Stamp } from '../../machines/machine.ts';
import { pend } from '../../machines/legs.ts';

type Event = Stamp &
  ({ type: 'TRADE' | 'SET_ASIDE'; legs: readonly Leg[]; effective?: number } | { type: 'FREE'; legs: readonly Leg[]; of: number });

const machine = setup({
  types: { context: {} as { id: string }, events: {} as Event, input: {} as Birth },
}).createMachine({
  id: 'trade',
  context: ({ input }) => ({ id: input.id }),
  initial: 'open',
  states: {
    open: {
      on: {
        TRADE: { actions: post(({ event: { legs, effective } }) => ({ legs, ...(effective === undefined ? {} : { effective }) })) },
        SET_ASIDE: {
          actions: post(({ event: { legs, effective } }) => {
            return { legs: pend(legs), kind: 'pending', ...(effective === undefined ? {} : { effective }) };
          }),
        },
        FREE: { actions: post(({ event: { legs, of } }) => ({ legs: pend(legs), kind: 'voided', of: { v: of, i: 0 } })) },
      },
    },
  },
});

const legs = z.array(z.strictObject({ account: z.string(), amount_minor: z.int(), currency: z.string() }));
const effective = z.int().optional();

/** Posts what it is told to, also what counts at another moment than it is recorded. No machine of the product does that but a period. */
export const trade = defineMachine({
  type: 'trade',
  version: 1,
  machine,
  input: z.strictObject({}),
  events: {
    TRADE: z.strictObject({ legs, effective }),
    SET_ASIDE: z.strictObject({ legs, effective }),
    FREE: z.strictObject({ legs, of: z.int() }),
  },
  permissions: { '@create': ['clerk'], TRADE: ['clerk'], SET_ASIDE: ['clerk'], FREE: ['clerk'] },
  views: { hq: { rows: 'all', fields: 'all' } },
  title: ({ id }) => id,
  summary: () => '',
  search: ({ id }) => [id],
});
