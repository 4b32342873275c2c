import { assign, setup } from 'xstate';
import { z } from 'zod';
import { defineMachine, effect } from '../../machines/machine.ts';
import type { Birth, Definition, StoredActor, Stamp } from '../../machines/machine.ts';
import type { GatewayAnswer, GatewayRequest } from '../../machines/gateway.ts';

/* A reservation in two releases: what is upgraded under load while its timers run and its calls are under way. */

type Input = { price: number; patience_ms: number; life_ms: number };
type Kept = { id: string; ticks: number; waited: number; mark: string; patience_ms: number; life_ms: number };
type One = Kept & { price: number };
type Two = Kept & { price_minor: number };
type Events = Stamp & { type: 'HOLD' | 'CALL' | 'TICK' | 'END' };

const actors = { 'gateway.authorize': effect<GatewayAnswer, GatewayRequest>() };

function toKept({ id, patience_ms, life_ms }: Birth & Input): Kept {
  return { id, ticks: 0, waited: 0, mark: '', patience_ms, life_ms };
}

function toRequest(id: string, amount_minor: number): GatewayRequest {
  return { integration: 'sandbox', operation_id: `${id}-authorize-1`, payment: id, amount_minor, currency: 'EUR', reference: id };
}

const first = setup({
  types: { context: {} as One, events: {} as Events, input: {} as Birth & Input },
  actors,
  delays: { patience: ({ context }) => context.patience_ms },
}).createMachine({
  id: 'reservation',
  context: ({ input }) => ({ ...toKept(input), price: input.price }),
  initial: 'open',
  on: { TICK: { actions: assign({ ticks: ({ context }) => context.ticks + 1 }) } },
  states: {
    open: { on: { HOLD: 'held', CALL: 'calling', END: 'ended' } },
    held: { after: { patience: { target: 'open', actions: assign({ waited: ({ context }) => context.waited + 1 }) } } },
    calling: {
      invoke: {
        id: 'authorize',
        src: 'gateway.authorize',
        input: ({ context }) => toRequest(context.id, context.price * 100),
        onDone: { target: 'booked', actions: assign({ mark: ({ event }) => event.output.outcome }) },
        onError: 'failed',
      },
    },
    booked: {},
    failed: {},
    ended: { type: 'final' },
  },
});

/** `held` is called `reserved`, an open one lapses, and the price is counted in minor units. */
const second = setup({
  types: { context: {} as Two, events: {} as Events, input: {} as Birth & Input },
  actors,
  delays: { patience: ({ context }) => context.patience_ms, life: ({ context }) => context.life_ms },
}).createMachine({
  id: 'reservation',
  context: ({ input }) => ({ ...toKept(input), price_minor: input.price * 100 }),
  initial: 'open',
  on: { TICK: { actions: assign({ ticks: ({ context }) => context.ticks + 1 }) } },
  states: {
    open: { after: { life: 'lapsed' }, on: { HOLD: 'reserved', CALL: 'calling', END: 'ended' } },
    reserved: { after: { patience: { target: 'open', actions: assign({ waited: ({ context }) => context.waited + 1 }) } } },
    calling: {
      invoke: {
        id: 'authorize',
        src: 'gateway.authorize',
        input: ({ context }) => toRequest(context.id, context.price_minor),
        onDone: { target: 'booked', actions: assign({ mark: ({ event }) => event.output.outcome }) },
        onError: 'failed',
      },
    },
    booked: {},
    failed: {},
    lapsed: {},
    ended: { type: 'final' },
  },
});

const OLD_PATIENCE = 'xstate.after.patience.reservation.held';
const PATIENCE = 'xstate.after.patience.reservation.reserved';
const LIFE = 'xstate.after.life.reservation.open';

function toSecond(actor: StoredActor): StoredActor {
  const { snapshot, timers, at } = actor;
  const { price, ...context } = snapshot.context;
  const { [OLD_PATIENCE]: patience, ...rest } = timers;
  const life = snapshot.value === 'open' ? { [LIFE]: { due: at + Number(context['life_ms']), event: LIFE } } : {};
  const value = snapshot.value === 'held' ? 'reserved' : snapshot.value;
  return {
    ...actor,
    snapshot: { ...snapshot, value, context: { ...context, price_minor: Number(price) * 100 } },
    timers: { ...rest, ...(patience === undefined ? {} : { [PATIENCE]: { ...patience, event: PATIENCE } }), ...life },
  };
}

function reservation(version: number, machine: Definition['machine'], migrate: NonNullable<Definition['migrate']>): Definition {
  const none = z.strictObject({});
  return defineMachine({
    type: 'reservation',
    version,
    migrate,
    machine,
    input: z.strictObject({ price: z.int(), patience_ms: z.int(), life_ms: z.int() }),
    events: { HOLD: none, CALL: none, TICK: none, END: none },
    permissions: Object.fromEntries(['@create', 'HOLD', 'CALL', 'TICK', 'END'].map((name) => [name, ['system', 'clerk'] as const])),
    views: { hq: { rows: 'all', fields: 'all' } },
    title: (_, id) => `Reservation ${id}, release ${version}`,
    summary: ({ ticks }) => String(ticks),
    search: ({ id }) => [String(id)],
  }) as Definition;
}

export const reservationOne = reservation(1, first, {});
export const reservationTwo = reservation(2, second, { 1: toSecond });
