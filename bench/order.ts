import { assign, emit, setup } from 'xstate';
import { z } from 'zod';
import { defineMachine } from '../machines/machine.ts';
import type { Birth, Stamp } from '../machines/machine.ts';
import { CURRENCIES, MOST_MINOR } from '../machines/money.ts';
import { sha256 } from '../machines/sha256.ts';
import { idField, line } from '../machines/text.ts';

/*
 * A payment whose every step comes from outside: what the benches drive where no gateway is to be measured. It has what a
 * payment has (limits, four eyes, expiry, a hash that is approved, a domain event at each step), and nothing that it would
 * have to wait for.
 */

const HOUR = 3_600_000;

const amount = z.int().min(1).max(MOST_MINOR);
const orderInput = z.strictObject({
  client: idField,
  payee: line(140),
  amount_minor: amount,
  currency: z.enum(CURRENCIES),
  reference: line(140),
});
const orderEvents = {
  SUBMIT: z.strictObject({}),
  /** `hash` is the `payload_hash` of what the approver has seen. */
  APPROVE: z.strictObject({ hash: z.string().min(1).max(128) }),
  AUTHORIZE: z.strictObject({ gateway_reference: idField, authorized_minor: amount }),
  CAPTURE: z.strictObject({ amount_minor: amount }),
  SETTLE: z.strictObject({ statement: idField }),
};
const fact = z.strictObject({
  client: idField,
  payee: z.string(),
  amount_minor: amount,
  currency: z.string(),
  reference: z.string(),
  authorized_minor: z.int(),
  captured_minor: z.int(),
  gateway_reference: z.string().nullable(),
  reason: z.string().nullable(),
});
const FACTS = ['order.submitted', 'order.approved', 'order.authorized', 'order.captured', 'order.settled', 'order.expired'] as const;
type FactName = (typeof FACTS)[number];

export type OrderInput = z.infer<typeof orderInput>;
type Context = OrderInput & {
  id: string;
  maker: string;
  revision: number;
  payload_hash: string;
  approvals: readonly { readonly by: string; readonly at: number; readonly hash: string }[];
  authorized_minor: number;
  captured_minor: number;
  refunded_minor: number;
  gateway_reference: string | null;
  statement: string | null;
  reason: string | null;
  note: string | null;
};
type Of<Name extends keyof typeof orderEvents> = { type: Name } & z.infer<(typeof orderEvents)[Name]>;
export type OrderEvent = { type: 'SUBMIT' } | Of<'APPROVE'> | Of<'AUTHORIZE'> | Of<'CAPTURE'> | Of<'SETTLE'>;
type Stamped<Event> = Event & Stamp;

function toContext({ id, by, client, payee, amount_minor, currency, reference }: OrderInput & Birth): Context {
  return {
    id,
    client,
    payee,
    amount_minor,
    currency,
    reference,
    maker: by,
    revision: 1,
    payload_hash: sha256(JSON.stringify({ id, client, payee, amount_minor, currency, reference, revision: 1 })),
    approvals: [],
    authorized_minor: 0,
    captured_minor: 0,
    refunded_minor: 0,
    gateway_reference: null,
    statement: null,
    reason: null,
    note: null,
  };
}

export const orderMachine = setup({
  types: {
    context: {} as Context,
    events: {} as Stamped<OrderEvent>,
    input: {} as OrderInput & Birth,
    emitted: {} as z.infer<typeof fact> & { type: FactName },
    tags: {} as 'final' | 'needs_somebody',
  },
  delays: { approval_ttl: 72 * HOUR, authorization_ttl: 7 * 24 * HOUR, capture_ttl: 30 * 24 * HOUR },
  guards: {
    mayApprove: ({ context }, { by, hash }: Stamped<Of<'APPROVE'>>) => by !== context.maker && hash === context.payload_hash,
    mayAuthorize: ({ context }, { authorized_minor }: Of<'AUTHORIZE'>) => authorized_minor >= context.amount_minor,
    mayCapture: ({ context }, { amount_minor }: Of<'CAPTURE'>) => amount_minor <= context.authorized_minor,
  },
  actions: {
    approve: assign({
      approvals: ({ context }, { by, at, hash }: Stamped<Of<'APPROVE'>>) => [...context.approvals, { by, at, hash }],
    }),
    authorize: assign((_, { gateway_reference, authorized_minor }: Of<'AUTHORIZE'>) => ({ gateway_reference, authorized_minor })),
    capture: assign((_, { amount_minor }: Of<'CAPTURE'>) => ({ captured_minor: amount_minor })),
    settle: assign((_, { statement }: Of<'SETTLE'>) => ({ statement })),
    noteExpired: assign({ reason: 'expired' }),
    announce: emit(({ context }, type: FactName) => ({
      type,
      client: context.client,
      payee: context.payee,
      amount_minor: context.amount_minor,
      currency: context.currency,
      reference: context.reference,
      authorized_minor: context.authorized_minor,
      captured_minor: context.captured_minor,
      gateway_reference: context.gateway_reference,
      reason: context.reason,
    })),
  },
}).createMachine({
  id: 'order',
  context: ({ input }) => toContext(input),
  initial: 'draft',
  states: {
    draft: { on: { SUBMIT: { target: 'submitted', actions: { type: 'announce', params: 'order.submitted' } } } },
    submitted: {
      tags: 'needs_somebody',
      after: { approval_ttl: 'expired' },
      on: {
        APPROVE: {
          guard: { type: 'mayApprove', params: ({ event }) => event },
          target: 'approved',
          actions: [
            { type: 'approve', params: ({ event }) => event },
            { type: 'announce', params: 'order.approved' },
          ],
        },
      },
    },
    approved: {
      after: { authorization_ttl: 'expired' },
      on: {
        AUTHORIZE: {
          guard: { type: 'mayAuthorize', params: ({ event }) => event },
          target: 'authorized',
          actions: [
            { type: 'authorize', params: ({ event }) => event },
            { type: 'announce', params: 'order.authorized' },
          ],
        },
      },
    },
    authorized: {
      after: { capture_ttl: 'expired' },
      on: {
        CAPTURE: {
          guard: { type: 'mayCapture', params: ({ event }) => event },
          target: 'captured',
          actions: [
            { type: 'capture', params: ({ event }) => event },
            { type: 'announce', params: 'order.captured' },
          ],
        },
      },
    },
    captured: {
      on: {
        SETTLE: {
          target: 'settled',
          actions: [
            { type: 'settle', params: ({ event }) => event },
            { type: 'announce', params: 'order.settled' },
          ],
        },
      },
    },
    settled: { tags: 'final', type: 'final' },
    expired: { tags: 'final', type: 'final', entry: ['noteExpired', { type: 'announce', params: 'order.expired' }] },
  },
});

export const order = defineMachine({
  type: 'order',
  version: 1,
  machine: orderMachine,
  input: orderInput,
  events: orderEvents,
  facts: Object.fromEntries(FACTS.map((name) => [name, fact])),
  permissions: {
    '@create': ['clerk', 'system'],
    SUBMIT: ['clerk', 'system'],
    APPROVE: ['approver', 'cfo'],
    AUTHORIZE: ['clerk', 'system'],
    CAPTURE: ['clerk', 'system'],
    SETTLE: ['clerk', 'system'],
  },
  views: { hq: { rows: 'all', fields: 'all' } },
  belongs: ({ client }) => ({ client }),
  title: ({ payee }) => payee,
  summary: ({ amount_minor, currency, reference }) => `${amount_minor} ${currency} · ${reference}`,
  search: ({ id, payee, reference }) => [id, payee, reference],
});
