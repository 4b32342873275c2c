import { assign, setup } from 'xstate';
import { z } from 'zod';
import { defineMachine, effect } from '../../machines/machine.ts';
import type { Birth, Definition, Stamp, StoredActor } from '../../machines/machine.ts';

/* One noun in three releases, for tests of what becomes of its stored actors. */

type One = { id: string; price: number; note: string };
type Two = { id: string; price_minor: number; note: string; checks?: number };
type Events = Stamp & ({ type: 'HOLD' | 'CALL' | 'FREE' | 'TOUCH' | 'END' } | { type: 'PRICE'; to: number });

const none = z.strictObject({});
const names = ['HOLD', 'CALL', 'FREE', 'TOUCH', 'END', 'PRICE'] as const;
const actors = { 'desk.stamp': effect<{ mark: string }, { integration: string; n: number }>() };

export const firstChart = setup({
  types: { context: {} as One, events: {} as Events, input: {} as Birth & { price: number } },
  actors,
  delays: { patience: 60_000, nudge: 1_000 },
  actions: { note: assign({ note: (_, what: string) => what }) },
}).createMachine({
  id: 'offer',
  context: ({ input }) => ({ id: input.id, price: input.price, note: '' }),
  initial: 'open',
  states: {
    open: {
      on: { HOLD: 'held', CALL: 'calling', TOUCH: {}, END: 'ended', PRICE: { actions: assign({ price: ({ event }) => event.to }) } },
    },
    held: {
      after: {
        patience: { target: 'open', actions: { type: 'note', params: 'out of patience' } },
        nudge: { actions: { type: 'note', params: 'nudged' } },
      },
      on: { FREE: 'open', TOUCH: {} },
    },
    calling: {
      invoke: {
        id: 'stamp',
        src: 'desk.stamp',
        input: ({ context }) => ({ integration: 'desk', n: context.price }),
        onDone: { target: 'open', actions: { type: 'note', params: ({ event }) => event.output.mark } },
        onError: { target: 'open', actions: { type: 'note', params: 'failed' } },
      },
      on: { FREE: 'open' },
    },
    ended: { type: 'final' },
  },
});

/** `held` is called `reserved`, an open offer expires, and the price is counted in minor units. */
export const secondChart = setup({
  types: { context: {} as Two, events: {} as Events, input: {} as Birth & { price: number } },
  actors,
  delays: { patience: 60_000, nudge: 1_000, life: 600_000 },
  actions: { note: assign({ note: (_, what: string) => what }) },
}).createMachine({
  id: 'offer',
  context: ({ input }) => ({ id: input.id, price_minor: input.price * 100, note: '' }),
  initial: 'open',
  states: {
    open: {
      after: { life: 'expired' },
      on: {
        HOLD: 'reserved',
        CALL: 'calling',
        TOUCH: { guard: ({ context }) => context.price_minor < 1_000_000 },
        END: 'ended',
        PRICE: { actions: assign({ price_minor: ({ event }) => event.to * 100 }) },
      },
    },
    reserved: {
      after: {
        patience: { target: 'open', actions: { type: 'note', params: 'out of patience' } },
        nudge: { actions: { type: 'note', params: 'nudged' } },
      },
      on: { FREE: 'open', TOUCH: {} },
    },
    calling: {
      invoke: {
        id: 'stamp',
        src: 'desk.stamp',
        input: ({ context }) => ({ integration: 'desk', n: context.price_minor / 100 }),
        onDone: { target: 'open', actions: { type: 'note', params: ({ event }) => event.output.mark } },
        onError: { target: 'open', actions: { type: 'note', params: 'failed' } },
      },
      on: { FREE: 'open' },
    },
    expired: { on: { HOLD: 'reserved' } },
    ended: { type: 'final' },
  },
});

const LIFE = 'xstate.after.life.offer.open';

/** From the first release to the second. */
export function toSecond(actor: StoredActor): StoredActor {
  const { snapshot, timers, at } = actor;
  const { price, ...context } = snapshot.context;
  const value = snapshot.value === 'held' ? 'reserved' : snapshot.value;
  const renamed = Object.entries(timers).map(([id, timer]) => {
    const name = id.replace('offer.held', 'offer.reserved');
    return [name, { ...timer, event: name }] as const;
  });
  const life = value === 'open' ? { [LIFE]: { due: at + 600_000, event: LIFE } } : {};
  return {
    ...actor,
    snapshot: { ...snapshot, value, context: { ...context, price_minor: Number(price) * 100 } },
    timers: { ...Object.fromEntries(renamed), ...life },
  };
}

/** From the second release to the third, which counts checks. */
export function toThird(actor: StoredActor): StoredActor {
  return { ...actor, snapshot: { ...actor.snapshot, context: { ...actor.snapshot.context, checks: 0 } } };
}

export function offer(version: number, machine: Definition['machine'], migrate: NonNullable<Definition['migrate']>): Definition {
  return defineMachine({
    type: 'offer',
    version,
    migrate,
    machine,
    input: z.strictObject({ price: z.int() }),
    events: { HOLD: none, CALL: none, FREE: none, TOUCH: none, END: none, PRICE: z.strictObject({ to: z.int() }) },
    permissions: Object.fromEntries(['@create', ...names].map((name) => [name, ['clerk', 'system'] as const])),
    views: { hq: { rows: 'all', fields: 'all' } },
    title: (context) => `Offer ${String(context['id'])}`,
    summary: (context) => String(context['note']),
    search: (context) => [String(context['id'])],
    samples: { PRICE: () => ({ to: 1 }) },
  }) as Definition;
}

export const offerOne = offer(1, firstChart, {});
export const offerTwo = offer(2, secondChart, { 1: toSecond });
export const offerThree = offer(3, secondChart, { 1: toSecond, 2: toThird });

/** The second release with another migration in the place of its own. */
export function offerWith(migrate: (actor: StoredActor) => unknown): Definition {
  return offer(2, secondChart, { 1: migrate as (actor: StoredActor) => StoredActor });
}
