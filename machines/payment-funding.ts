import * as bills from './payment-bill.ts';
import * as funds from './payment-funds.ts';
import { paymentSetup } from './payment-setup.ts';

/*
 * What comes before the gateway is asked: whether the account may be paid from and the client's limits have room, the day that it is to be
 * executed on, and the account keeping the money. A payment that is paid from no account passes by all of it but the day.
 */

/** Is it the client's own account, may it be paid from, and is there room in the limits? */
export const validating = paymentSetup.createStateConfig({
  initial: 'asking',
  states: {
    asking: {
      invoke: {
        id: 'account',
        src: 'ask',
        input: ({ context }) => funds.toAccountQuestion(context),
        onDone: [
          {
            guard: { type: 'isPayable', params: ({ event }) => event.output },
            target: 'limits',
            actions: { type: 'noteAccount', params: ({ event }) => event.output },
          },
          { target: '#payment.rejected', actions: { type: 'noteRefusal', params: ({ event }) => event.output } },
        ],
        onError: [
          { guard: 'mayAskAgain', target: 'pausing', actions: 'countTry' },
          { target: '#payment.rejected', actions: { type: 'noteReason', params: { reason: 'account_unreachable' } } },
        ],
      },
    },
    pausing: { after: { ask_pause: 'asking' } },
    // Asked twice it counts once, so an answer that does not come is asked for again.
    limits: {
      entry: 'tellSpend',
      after: { answer_wait: { target: 'limits', reenter: true } },
      on: {
        LIMIT_GRANTED: [
          { guard: { type: 'isGranted', params: ({ event }) => event }, target: 'checked', actions: 'noteLimited' },
          // Of what it was before it was amended; the answer to what it is now is still to come.
          {},
        ],
        'tell.refused': [
          { guard: { type: 'hasNoLimits', params: ({ event }) => event }, target: 'checked' },
          {
            guard: { type: 'refusedFor', params: ({ event }) => ({ told: 'SPEND', refused: event }) },
            target: '#payment.rejected',
            actions: { type: 'noteReason', params: ({ event }) => ({ reason: event.reason }) },
          },
        ],
      },
    },
    checked: {
      always: [
        { guard: 'isScreened', target: '#payment.screening' },
        { guard: 'needsApproval', target: '#payment.needs_approval' },
        { target: '#payment.approved' },
      ],
    },
  },
});

/** The bill keeps the amount free for it, so that no other payment pays it too. Left by an answer alone; asked twice it is kept once. */
export const claiming = paymentSetup.createStateConfig({
  entry: 'tellBegun',
  after: { answer_wait: { target: 'claiming', reenter: true } },
  on: {
    BILL_CLAIMED: [{ guard: { type: 'isClaim', params: ({ event }) => event }, target: 'approved', actions: 'noteClaimed' }, {}],
    'tell.refused': [
      {
        guard: { type: 'refusedFor', params: ({ event }) => ({ told: 'PAYMENT_BEGUN', refused: event }) },
        target: 'declined',
        actions: { type: 'noteReason', params: ({ event }) => ({ reason: bills.refusalOf(event) }) },
      },
    ],
  },
});

/** Keeps the money on the account: what it costs there, by a rate that is named. */
export const reserving = paymentSetup.createStateConfig({
  initial: 'deciding',
  states: {
    deciding: { entry: ['forgetTries', 'noteUntil'], always: [{ guard: 'needsExchange', target: 'quoting' }, { target: 'keeping' }] },
    quoting: {
      invoke: {
        id: 'rates',
        src: 'ask',
        input: ({ context }) => funds.toRatesQuestion(context),
        onDone: [
          {
            guard: { type: 'canQuote', params: ({ event }) => event.output },
            target: 'keeping',
            actions: { type: 'noteQuote', params: ({ event }) => event.output },
          },
          { target: '#payment.awaiting_funds.rates', actions: { type: 'noteReason', params: { reason: 'rates_missing' } } },
        ],
        onError: { target: '#payment.awaiting_funds.rates', actions: { type: 'noteReason', params: { reason: 'rates_unreachable' } } },
      },
    },
    // Left by an answer alone: nothing is kept that nobody knows of. It is asked once under each name: what comes late is of an earlier one.
    keeping: {
      entry: ['nameHold', 'tellReserve'],
      after: { answer_wait: { target: 'keeping', reenter: true } },
      on: {
        RESERVED: {
          guard: { type: 'isReserved', params: ({ event }) => event },
          target: '#payment.authorizing',
          actions: [
            { type: 'noteReason', params: { reason: null } },
            { type: 'announce', params: 'payment.reserved' },
          ],
        },
        'tell.refused': [
          {
            guard: { type: 'refusedFor', params: ({ event }) => ({ told: 'RESERVE', refused: event, passing: true }) },
            target: '#payment.awaiting_funds.money',
            actions: ['forgetHold', { type: 'noteReason', params: ({ event }) => ({ reason: event.reason }) }],
          },
          {
            guard: { type: 'refusedFor', params: ({ event }) => ({ told: 'RESERVE', refused: event }) },
            target: '#payment.failed',
            actions: ['forgetHold', { type: 'noteReason', params: ({ event }) => ({ reason: event.reason }) }],
          },
        ],
      },
    },
  },
});

/** There is not enough on the account, nothing may be paid from it, or there is no rate: tried again and again for a day, and somebody is told. */
export const awaitingFunds = paymentSetup.createStateConfig({
  tags: ['needs_somebody'],
  entry: { type: 'announce', params: 'payment.awaiting_funds' },
  // Of the whole time that the payment has waited: a try in between does not begin it anew.
  after: { funds_ttl: { target: '#payment.expired' } },
  on: {
    CANCEL: {
      target: '#payment.canceled',
      actions: { type: 'noteReason', params: ({ event }) => ({ reason: 'canceled', note: event.reason }) },
    },
  },
  initial: 'money',
  states: {
    money: { after: { funds_pause: '#payment.reserving' } },
    rates: { after: { rates_pause: '#payment.reserving' } },
  },
});
