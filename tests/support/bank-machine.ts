import { assign, setup } from 'xstate';
import { z } from 'zod';
import { defineMachine, post, tell } from '../../machines/machine.ts';
import type { Birth, Post, Stamp } from '../../machines/machine.ts';

/*
 * A bank of accounts that send money to each other. Money that has left one account and has not reached the other is in the
 * ledger's account `in_transit`, so that every posting balances by itself and a crash between the two loses nothing.
 */

export const IN_TRANSIT = 'in_transit';
export const CURRENCY = 'EUR';

type Context = {
  id: string;
  balance: number;
  /** No transfer takes the balance below this. */
  floor: number;
  /** No credit takes it above this: it is refused, and the money goes back. Both make some of what is sent fail on its way. */
  ceiling: number;
  /** What has been sent and of which nobody has said yet whether it arrived. */
  in_flight: number;
  in_flight_minor: number;
  sent: number;
  received: number;
  reversed: number;
};

type Transfer = { amount_minor: number; transfer: string };
type Event = Stamp &
  (
    | ({ type: 'TRANSFER'; to: string } & Transfer)
    | ({ type: 'CREDIT' } & Transfer)
    | ({ type: 'CREDITED' } & Transfer)
    | { type: 'tell.refused'; to: string; event: string; reason: string; sent: Transfer }
  );

const move = (from: string, to: string, amount_minor: number, text: string): Post => ({
  legs: [
    { account: from, amount_minor: -amount_minor, currency: CURRENCY },
    { account: to, amount_minor, currency: CURRENCY },
  ],
  text,
});
const nameOf = (id: string): string => `purse/${id}`;

const accountMachine = setup({
  types: { context: {} as Context, events: {} as Event, input: {} as { floor: number; ceiling: number } & Birth },
}).createMachine({
  id: 'purse',
  context: ({ input: { id, floor, ceiling } }) => ({
    id,
    balance: 0,
    floor,
    ceiling,
    in_flight: 0,
    in_flight_minor: 0,
    sent: 0,
    received: 0,
    reversed: 0,
  }),
  on: {
    TRANSFER: {
      guard: ({ context, event }) => context.balance - event.amount_minor >= context.floor,
      actions: [
        assign(({ context, event }) => ({
          balance: context.balance - event.amount_minor,
          in_flight: context.in_flight + 1,
          in_flight_minor: context.in_flight_minor + event.amount_minor,
          sent: context.sent + 1,
        })),
        post(({ context, event }) => move(nameOf(context.id), IN_TRANSIT, event.amount_minor, event.transfer)),
        tell(({ event: { to, amount_minor, transfer } }) => ({ to, event: { type: 'CREDIT', amount_minor, transfer } })),
      ],
    },
    CREDIT: {
      guard: ({ context, event }) => context.balance + event.amount_minor <= context.ceiling,
      actions: [
        assign(({ context, event }) => ({ balance: context.balance + event.amount_minor, received: context.received + 1 })),
        post(({ context, event }) => move(IN_TRANSIT, nameOf(context.id), event.amount_minor, event.transfer)),
        tell(({ event: { by, amount_minor, transfer } }) => ({ to: by, event: { type: 'CREDITED', amount_minor, transfer } })),
      ],
    },
    CREDITED: {
      actions: assign(({ context, event }) => ({
        in_flight: context.in_flight - 1,
        in_flight_minor: context.in_flight_minor - event.amount_minor,
      })),
    },
    'tell.refused': {
      guard: ({ event }) => event.event === 'CREDIT',
      actions: [
        assign(({ context, event: { sent } }) => ({
          balance: context.balance + sent.amount_minor,
          in_flight: context.in_flight - 1,
          in_flight_minor: context.in_flight_minor - sent.amount_minor,
          reversed: context.reversed + 1,
        })),
        post(({ context, event: { sent } }) => move(IN_TRANSIT, nameOf(context.id), sent.amount_minor, sent.transfer)),
      ],
    },
  },
});

const amount_minor = z.int().min(1).max(1_000_000_000_000);
const transfer = z.string().min(1).max(64);

export const account = defineMachine({
  type: 'purse',
  version: 1,
  machine: accountMachine,
  input: z.strictObject({ floor: z.int().max(0), ceiling: z.int().min(0) }),
  events: { TRANSFER: z.strictObject({ to: z.string().max(100), amount_minor, transfer }) },
  internal: {
    CREDIT: z.strictObject({ amount_minor, transfer }),
    CREDITED: z.strictObject({ amount_minor, transfer }),
    'tell.refused': z.strictObject({
      to: z.string(),
      event: z.string(),
      reason: z.string(),
      sent: z.strictObject({ amount_minor, transfer }),
    }),
  },
  permissions: { '@create': ['clerk', 'system'], TRANSFER: ['clerk', 'system'] },
  views: { hq: { rows: 'all', fields: 'all' } },
  title: (_, id) => `Account ${id}`,
  summary: ({ balance, in_flight }) => `${balance} here, ${in_flight} transfers under way`,
  search: ({ id }) => [id],
  reasons: { TRANSFER: () => 'below_floor', CREDIT: () => 'above_ceiling' },
});

/** What a node of the bank knows beside the product's. */
export const machines = [account];
