import { and, assign, emit, setup } from 'xstate';
import { bookingEvents, bookingFacts, bookingInput, bookingInternal, bookingSettings } from './booking-terms.ts';
import type {
  BookingBirth,
  BookingContext,
  BookingEvent,
  BookingFact,
  BookingFactName,
  BookingProblem,
  ByHand,
  Reduce,
  Void,
} from './booking-terms.ts';
import { isPassing } from './erp.ts';
import type { PayAnswer, PayRequest, VoidAnswer, VoidRequest } from './erp.ts';
import { readAddress } from './ids.ts';
import { defineMachine, effect, readEffectError, tell } from './machine.ts';
import type { Answer, EffectError, Question, Tell } from './machine.ts';
import { toDecimal } from './money.ts';
import { must } from './must.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
/** Waits between tries that came to nothing; the last one again and again. */
const PAUSES = [15 * SECOND, MINUTE, 5 * MINUTE, 15 * MINUTE, 60 * MINUTE];

function toContext({ id, payment, bill, binding, amount_minor, currency, date, memo }: BookingBirth): BookingContext {
  return {
    id,
    payment,
    bill,
    binding,
    amount_minor,
    currency,
    date,
    memo,
    integration: null,
    bill_name: null,
    external_id: null,
    reconciled: false,
    residual_minor: null,
    unsure: false,
    void_reason: null,
    returned_minor: 0,
    by_hand: null,
    tries: 0,
  };
}

/** When the event was taken. Results carry it too; XState's types of them do not know. */
function momentOf(event: object): number {
  return 'at' in event && typeof event.at === 'number' ? event.at : 0;
}

function toQuestion({ binding }: BookingContext): Question {
  return { to: binding, question: 'record' };
}

/** Which ERP and which record, as the binding says; undefined while the ERP does not have it. */
function namesOf({ found, answer }: Answer): { readonly integration: string; readonly bill_name: string } | undefined {
  const [integration, bill_name] = [answer?.['integration'], answer?.['external_id']];
  return found && typeof integration === 'string' && typeof bill_name === 'string' ? { integration, bill_name } : undefined;
}

function toPay({ integration, bill_name, payment, amount_minor, currency, date, memo }: BookingContext): PayRequest {
  const bill = must(bill_name, 'the name of a bill in the ERP');
  return { integration: must(integration, 'the ERP of a booking'), payment, bill, amount_minor, currency, date, memo };
}

function toVoid({ integration, payment }: BookingContext): VoidRequest {
  return { integration: must(integration, 'the ERP of a booking'), payment };
}

function toProblem(doing: BookingProblem['doing'], event: { readonly error: unknown }): BookingProblem {
  const { code, detail } = readEffectError(event);
  return { doing, code, detail: detail ?? null, at: momentOf(event) };
}

function toFact(type: BookingFactName, context: BookingContext): BookingFact {
  const { payment, bill, integration, external_id, amount_minor, currency, problem, void_reason } = context;
  return { type, payment, bill, integration, external_id, amount_minor, currency, reason: problem?.code ?? void_reason };
}

/** The bill counts it as paid by what the ERP says of it from now on. */
function toBooked({ bill, payment, residual_minor }: BookingContext): Tell {
  return { to: bill, event: { type: 'PAYMENT_BOOKED', payment: payment.slice('payment/'.length), residual_minor: residual_minor ?? 0 } };
}

const bookingSetup = setup({
  types: {
    context: {} as BookingContext,
    events: {} as BookingEvent,
    input: {} as BookingBirth,
    emitted: {} as BookingFact,
    tags: {} as 'final' | 'needs_somebody' | 'in_step',
  },
  actors: {
    ask: effect<Answer, Question>(),
    'erp.pay': effect<PayAnswer, PayRequest>(),
    'erp.void': effect<VoidAnswer, VoidRequest>(),
  },
  delays: { pause: ({ context: { tries } }) => PAUSES[Math.min(Math.max(tries, 1), PAUSES.length) - 1] ?? MINUTE },
  guards: {
    isNamed: (_, answer: Answer) => namesOf(answer) !== undefined,
    isKnown: ({ context }) => context.bill_name !== null,
    isVoid: ({ context }) => context.void_reason !== null,
    isNotVoid: ({ context }) => context.void_reason === null,
    /** Nothing was asked of the ERP of which nobody knows whether it came about. */
    isSure: ({ context }) => !context.unsure,
    isReduced: ({ context }) => context.returned_minor > 0,
    isReconciled: ({ context }) => context.reconciled,
    isUnknown: (_, { kind }: EffectError) => kind === 'unknown',
    isPassing: (_, error: EffectError) => isPassing(error),
  },
  actions: {
    announce: emit(({ context }, type: BookingFactName) => toFact(type, context)),
    noteNames: assign((_, answer: Answer) => ({ ...must(namesOf(answer), 'what the binding says'), tries: 0 })),
    notePaid: assign((_, { external_id, reconciled, residual_minor }: PayAnswer) => ({
      external_id,
      reconciled,
      residual_minor,
      unsure: false,
      tries: 0,
    })),
    noteUnsure: assign({ unsure: true }),
    noteVoided: assign((_, { external_id }: VoidAnswer) => ({ external_id, reconciled: false, unsure: false, tries: 0 })),
    noteVoid: assign({ void_reason: (_, { reason }: Void) => reason }),
    noteReduced: assign({ returned_minor: (_, { returned_minor }: Reduce) => returned_minor }),
    noteProblem: assign((_, problem: BookingProblem) => ({ problem })),
    forgetProblem: assign({ problem: undefined }),
    noteByHand: assign({ by_hand: (_, { reason }: ByHand) => reason }),
    countTry: assign({ tries: ({ context }) => context.tries + 1 }),
    tellBooked: tell(({ context }) => toBooked(context)),
  },
});

/** Where nothing is under way, what was taken back is taken back in the ERP at once. */
const back = bookingSetup.createStateConfig({
  on: { VOID: { target: '#booking.voiding', actions: { type: 'noteVoid', params: ({ event }) => event } } },
}).on;
/** Somebody has seen to it in the ERP. */
const person = bookingSetup.createStateConfig({
  on: { SETTLE_BY_HAND: { target: '#booking.settled_by_hand', actions: { type: 'noteByHand', params: ({ event }) => event } } },
}).on;

const bookingMachine = bookingSetup.createMachine({
  id: 'booking',
  context: ({ input }) => toContext(input),
  initial: 'deciding',
  on: {
    // While a call is under way nobody knows whether it came about: what is wanted is noted, and done when that is certain.
    VOID: { guard: 'isNotVoid', actions: { type: 'noteVoid', params: ({ event }) => event } },
    REDUCE: { actions: { type: 'noteReduced', params: ({ event }) => event } },
    'tell.refused': {},
  },
  states: {
    deciding: {
      always: [{ guard: and(['isVoid', 'isSure']), target: 'voided' }, { guard: 'isKnown', target: 'paying' }, { target: 'asking' }],
    },
    // What the bill is called in the ERP; it may be on its way there.
    asking: {
      invoke: {
        id: 'binding',
        src: 'ask',
        input: ({ context }) => toQuestion(context),
        onDone: [
          {
            guard: { type: 'isNamed', params: ({ event }) => event.output },
            target: 'deciding',
            actions: { type: 'noteNames', params: ({ event }) => event.output },
          },
          { target: 'waiting' },
        ],
        onError: { target: 'waiting' },
      },
    },
    // However often it is asked for, the ERP has it once: it is made under the payment's name.
    paying: {
      invoke: {
        id: 'pay',
        src: 'erp.pay',
        input: ({ context }) => toPay(context),
        onDone: { target: 'paid', actions: { type: 'notePaid', params: ({ event }) => event.output } },
        onError: [
          { guard: { type: 'isUnknown', params: ({ event }) => readEffectError(event) }, target: 'waiting', actions: 'noteUnsure' },
          { guard: { type: 'isPassing', params: ({ event }) => readEffectError(event) }, target: 'waiting' },
          { guard: 'isVoid', target: 'voiding' },
          { target: 'refused', actions: { type: 'noteProblem', params: ({ event }) => toProblem('pay', event) } },
        ],
      },
    },
    waiting: {
      entry: 'countTry',
      after: { pause: 'deciding' },
      on: { RETRY: 'deciding' },
    },
    paid: {
      always: [
        { guard: 'isVoid', target: 'voiding' },
        { guard: 'isReduced', target: 'reduced' },
        { guard: 'isReconciled', target: 'booked', actions: { type: 'announce', params: 'booking.booked' } },
        { target: 'unreconciled', actions: { type: 'announce', params: 'booking.unreconciled' } },
      ],
    },
    booked: {
      tags: ['in_step'],
      entry: 'tellBooked',
      on: { ...back, REDUCE: { target: 'reduced', actions: { type: 'noteReduced', params: ({ event }) => event } } },
    },
    // It stands in the ERP, and its bill is as open there as before.
    unreconciled: { tags: ['needs_somebody'], on: { ...back, ...person, RETRY: 'paying' } },
    // Of what was given back in part the ERP has no notion that the hub could use.
    reduced: { tags: ['needs_somebody'], on: { ...back, ...person } },
    refused: {
      tags: ['needs_somebody'],
      entry: { type: 'announce', params: 'booking.refused' },
      exit: 'forgetProblem',
      on: { ...back, ...person, RETRY: [{ guard: 'isVoid', target: 'voiding' }, { target: 'deciding' }] },
    },
    voiding: {
      invoke: {
        id: 'void',
        src: 'erp.void',
        input: ({ context }) => toVoid(context),
        onDone: { target: 'voided', actions: { type: 'noteVoided', params: ({ event }) => event.output } },
        onError: [
          { guard: { type: 'isUnknown', params: ({ event }) => readEffectError(event) }, target: 'void_waiting' },
          { guard: { type: 'isPassing', params: ({ event }) => readEffectError(event) }, target: 'void_waiting' },
          { target: 'refused', actions: { type: 'noteProblem', params: ({ event }) => toProblem('void', event) } },
        ],
      },
    },
    void_waiting: { entry: 'countTry', after: { pause: 'voiding' }, on: { RETRY: 'voiding' } },
    voided: { tags: ['final'], entry: { type: 'announce', params: 'booking.voided' } },
    settled_by_hand: { tags: ['final'], on: { ...back } },
  },
});

/** A payment of the hub as the ERP has it: booked there once and set against its bill, and taken back where the hub's was. */
export const booking = defineMachine({
  type: 'booking',
  version: 1,
  machine: bookingMachine,
  input: bookingInput,
  events: bookingEvents,
  internal: bookingInternal,
  facts: bookingFacts,
  settings: bookingSettings,
  permissions: {
    // Nobody makes one, see `reasons`: what a person books in the ERP he books there.
    '@create': ['admin'],
    RETRY: ['clerk', 'operator', 'admin'],
    SETTLE_BY_HAND: ['clerk', 'approver', 'cfo'],
  },
  views: { hq: { rows: 'all', fields: 'all' } },
  title: ({ payment }) => payment,
  summary: (context) =>
    [`${toDecimal(context)} ${context.currency}`, context.integration, context.problem?.code].filter(Boolean).join(' · '),
  search: ({ payment, bill, external_id }) => [payment, bill, external_id ?? ''],
  reasons: { '@create': (_, { by }: BookingBirth) => (readAddress(by) === undefined ? 'forbidden' : undefined) },
  samples: { SETTLE_BY_HAND: () => ({ reason: 'probe' }) },
});
