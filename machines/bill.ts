import { emit, enqueueActions, setup } from 'xstate';
import * as rules from './bill-rules.ts';
import { billEvents, billFacts, billInput, billInternal, billSettings } from './bill-terms.ts';
import type { Amend, Begun, BillBirth, BillContext, BillEvent, BillFact, BillFactName, Returned } from './bill-terms.ts';
import * as linked from './linked.ts';
import { defineMachine, tell } from './machine.ts';
import { toDecimal } from './money.ts';
import type { Fields } from './sync-merge.ts';

/** When the step is taken; the first one's event does not say it. */
function nowOf({ received_at }: BillContext, event: object): number {
  return Math.max(received_at, linked.momentOf(event).at);
}

const billSetup = setup({
  types: {
    context: {} as BillContext,
    events: {} as BillEvent,
    input: {} as BillBirth,
    emitted: {} as BillFact,
    tags: {} as 'final' | 'open' | 'overdue',
  },
  delays: { until_due: ({ context, event }) => Math.max(0, rules.dueAt(context) - nowOf(context, event)) },
  guards: {
    isAt: ({ context }, place: rules.Place) => rules.placeOf(context) === place,
    isDueable: ({ context }) => rules.isDueable(context),
    isLate: ({ context, event }) => rules.isDueable(context) && rules.dueAt(context) <= nowOf(context, event),
    mayAmend: ({ context }, event: Amend) => rules.refuseAmend(context, event) === undefined,
    mayVoid: ({ context }) => rules.refuseVoid(context) === undefined,
    mayLink: ({ context }, by: string) => linked.mayLink(context.link, by),
    isAsSeen: ({ context }, before: Fields) => linked.isAsSeen(rules.toRecord(context), before),
    mayBegin: ({ context }, event: Begun) => rules.refuseBegun(context, event) === undefined,
  },
  actions: {
    announce: emit(({ context }, type: BillFactName) => rules.toFact(type, context)),
    /** Takes over what has changed; says where it stands now if that is somewhere else, and tells the binding. */
    take: enqueueActions(({ enqueue, context: before, event }, change: Partial<BillContext>) => {
      const context = { ...before, ...change };
      enqueue.assign(context);
      const fact = rules.factOf(rules.placeOf(before), rules.placeOf(context));
      if (fact !== undefined) enqueue.emit(rules.toFact(fact, context));
      const { link } = context;
      if (link !== undefined) enqueue(tell(() => linked.toOurs(link, rules.toRecord(context), linked.momentOf(event))));
    }),
    /** The first that it says: where it stands, and to whom it belongs. */
    begin: enqueueActions(({ enqueue, context, event }) => {
      const { link, erp, id } = context;
      const fact = rules.factOf('draft', rules.placeOf(context));
      if (fact !== undefined) enqueue.emit(rules.toFact(fact, context));
      if (link !== undefined) enqueue(tell(() => linked.toOurs(link, rules.toRecord(context), linked.momentOf(event))));
      else if (erp !== undefined) enqueue(tell(() => linked.toBind(erp, 'bill', `bill/${id}`)));
    }),
    tellOurs: enqueueActions(({ enqueue, context, event }) => {
      const { link } = context;
      if (link !== undefined) enqueue(tell(() => linked.toOurs(link, rules.toRecord(context), linked.momentOf(event))));
    }),
    tellClaimed: tell(({ context }, event: Begun) => rules.toClaimed(context, event)),
    /** The ERP gets each payment once: who has its booking already refuses a second. */
    book: enqueueActions(({ enqueue, context }) => {
      if (!rules.isLinked(context)) return;
      for (const payment of rules.unbooked(context)) enqueue(tell(() => rules.toBook(context, payment)));
    }),
    unbook: enqueueActions(({ enqueue, context }, event: Returned) => {
      if (rules.isLinked(context)) enqueue(tell(() => rules.toUnbook(context, event)));
    }),
  },
});

/** What has happened may have changed where it stands, and whether somebody waits for its money. */
const AGAIN = ['.course.deciding', '.due.deciding'] as const;

const billMachine = billSetup.createMachine({
  id: 'bill',
  context: ({ input }) => rules.toContext(input),
  type: 'parallel',
  entry: 'begin',
  on: {
    LINK: {
      guard: { type: 'mayLink', params: ({ event }) => event.by },
      target: AGAIN,
      actions: [
        {
          type: 'take',
          params: ({ event }) => ({ link: event.by }),
        },
        'book',
      ],
    },
    SYNC: [
      {
        guard: { type: 'isAsSeen', params: ({ event }) => event.before },
        target: AGAIN,
        actions: {
          type: 'take',
          params: ({ context, event }) => rules.withSaid(context, event.fields),
        },
      },
      { actions: 'tellOurs' },
    ],
    AMEND: {
      guard: { type: 'mayAmend', params: ({ event }) => event },
      target: AGAIN,
      actions: {
        type: 'take',
        params: ({ context, event: { number, due } }) => rules.withSaid(context, { number, due }),
      },
    },
    VOID: {
      guard: 'mayVoid',
      target: AGAIN,
      actions: {
        type: 'take',
        params: ({ event }) => ({ state: 'canceled' as const, reason: event.reason }),
      },
    },
    PAYMENT_BEGUN: {
      guard: { type: 'mayBegin', params: ({ event }) => event },
      actions: [
        {
          type: 'take',
          params: ({ context, event }) => rules.withBegun(context, event),
        },
        { type: 'tellClaimed', params: ({ event }) => event },
      ],
    },
    PAYMENT_ENDED: {
      actions: {
        type: 'take',
        params: ({ context, event }) => rules.withoutBegun(context, event),
      },
    },
    PAYMENT_SETTLED: {
      target: AGAIN,
      actions: [
        {
          type: 'take',
          params: ({ context, event }) => rules.withSettled(context, event),
        },
        'book',
      ],
    },
    PAYMENT_RETURNED: {
      target: AGAIN,
      actions: [
        {
          type: 'take',
          params: ({ context, event }) => rules.withReturned(context, event),
        },
        { type: 'unbook', params: ({ event }) => event },
      ],
    },
    PAYMENT_BOOKED: {
      target: AGAIN,
      actions: {
        type: 'take',
        params: ({ context, event }) => rules.withBooked(context, event),
      },
    },
    'tell.refused': {},
  },
  states: {
    course: {
      initial: 'deciding',
      states: {
        deciding: {
          always: [
            { guard: { type: 'isAt', params: 'draft' }, target: 'draft' },
            { guard: { type: 'isAt', params: 'open' }, target: 'open' },
            { guard: { type: 'isAt', params: 'partly_paid' }, target: 'partly_paid' },
            { guard: { type: 'isAt', params: 'paid' }, target: 'paid' },
            { guard: { type: 'isAt', params: 'reversed' }, target: 'reversed' },
            { target: 'void' },
          ],
        },
        draft: {},
        open: { tags: ['open'] },
        partly_paid: { tags: ['open'] },
        paid: {},
        reversed: {},
        void: { tags: ['final'] },
      },
    },
    due: {
      initial: 'deciding',
      states: {
        deciding: {
          always: [{ guard: 'isLate', target: 'overdue' }, { guard: 'isDueable', target: 'not_due' }, { target: 'none' }],
        },
        none: {},
        not_due: { after: { until_due: { target: 'overdue', actions: { type: 'announce', params: 'bill.overdue' } } } },
        overdue: { tags: ['overdue'] },
      },
    },
  },
});

/** What a supplier wants to be paid, or a customer has to pay: how much of it is left, and which payments pay it. */
export const bill = defineMachine({
  type: 'bill',
  version: 1,
  machine: billMachine,
  input: billInput,
  events: billEvents,
  internal: billInternal,
  facts: billFacts,
  settings: billSettings,
  permissions: {
    '@create': ['clerk', 'system'],
    AMEND: ['clerk'],
    VOID: ['approver', 'cfo'],
  },
  views: { hq: { rows: 'all', fields: 'all' } },
  belongs: ({ supplier }) => ({ client: supplier }),
  title: ({ supplier, number }) => [supplier, number].filter((text) => text !== null).join(' · '),
  summary: (context) => `${toDecimal({ amount_minor: rules.leftOf(context), currency: context.currency })} ${context.currency}`,
  search: ({ supplier, number, currency }) => [supplier, number ?? '', currency],
  reasons: {
    '@create': (_, birth: BillBirth) => rules.refuseBirth(birth),
    AMEND: ({ context }: { context: BillContext }, event: Amend) => rules.refuseAmend(context, event),
    VOID: ({ context }: { context: BillContext }) => rules.refuseVoid(context),
    PAYMENT_BEGUN: ({ context }: { context: BillContext }, event: Begun) => rules.refuseBegun(context, event),
  },
  samples: { VOID: () => ({ reason: 'probe' }), AMEND: ({ number }) => ({ number: `${number ?? ''} probe` }) },
  questions: {
    standing: ({ context }) => ({
      open: rules.isOpen(context),
      place: rules.placeOf(context),
      currency: context.currency,
      left_minor: rules.leftOf(context),
      payable_minor: rules.payableOf(context),
    }),
  },
});
