import { expect, test } from 'vitest';
import type { HistoryItem } from '../core/api.ts';
import {
  amountOfOperation,
  costOf,
  currencyAt,
  currencyOfEvent,
  isConversion,
  readAttempts,
  readFailedTries,
  readFunding,
  readLooks,
  readPosted,
  readProposal,
  readScreening,
} from './payment.ts';
import { conversionSentence, findingSentence, reasonSentence, whyNotNow } from './texts-payment.ts';

const CONVERSION = {
  from: { amount_minor: 125_000, currency: 'EUR' },
  to: { amount_minor: 135_288, currency: 'USD' },
  rate: '1.0823',
  source: 'ecb',
  date: '2026-10-30',
  through: { base: 'EUR', from: '1', to: '1.0823' },
  spread_minor: 339,
};
const CONTEXT = { id: 'p1', currency: 'EUR', account: 'usd', account_currency: 'USD', charged_minor: 135_627, conversion: CONVERSION };

test('[DESKPAY-9] an exchange is told in one sentence, with what it was worked out from and what was charged, or is to be', () => {
  expect(isConversion(CONVERSION)).toBe(true);
  const sentence = '1,250.00 EUR = 1,352.88 USD at 1.0823 (ecb, 30 Oct 2026), spread 3.39 USD, ';
  expect(conversionSentence(CONVERSION, 135_627)).toBe(`${sentence}charged 1,356.27 USD`);
  expect(conversionSentence(CONVERSION, 0)).toBe(`${sentence}1,356.27 USD in all, not charged yet`);
  expect(conversionSentence({ ...CONVERSION, spread_minor: 0 }, 135_288)).not.toContain('spread');
  for (const broken of [null, {}, { ...CONVERSION, to: 7 }, { ...CONVERSION, rate: undefined }]) expect(isConversion(broken)).toBe(false);
});

test('[DESKPAY-10] an amount is shown in the currency that it is in: that of the account, of its record, or of the payment', () => {
  expect(currencyAt(['amount_minor'], CONTEXT)).toBe('EUR');
  expect(currencyAt(['charged_minor'], CONTEXT)).toBe('USD');
  expect(currencyAt(['credits', 0, 'amount_minor'], CONTEXT)).toBe('USD');
  expect(currencyAt(['conversion', 'from', 'amount_minor'], CONTEXT)).toBe('EUR');
  expect(currencyAt(['conversion', 'spread_minor'], CONTEXT)).toBe('USD');
  expect(currencyAt(['charged_minor'], { currency: 'EUR', account_currency: '' })).toBe('EUR');
  expect(currencyAt(['balance_minor'], {})).toBeUndefined();
  expect([currencyOfEvent('RESERVED', CONTEXT), currencyOfEvent('CAPTURE', CONTEXT)]).toEqual(['USD', 'EUR']);
});

test('[DESKPAY-11] an attempt carries the name by which the gateway knows it; what is no attempt is left out', () => {
  const record = { n: 2, operation: 'capture', state: 'PENDING', at: 1 };
  const operations = [record, { n: 'x' }, 7, { ...record, n: 3, gateway: 'stripe' }];
  expect(readAttempts({ id: 'p1', gateway: 'sandbox', operations })).toEqual([
    { ...record, id: 'p1-capture-2', gateway: 'sandbox' },
    { ...record, n: 3, id: 'p1-capture-3', gateway: 'stripe' },
  ]);
  expect(readAttempts({})).toEqual([]);
  expect(readProposal({ proposal: null })).toBeUndefined();
  const amounts = {
    amount_minor: 1,
    capture_minor: 2,
    authorized_minor: 3,
    refunds: [
      { state: 'done', amount_minor: 9 },
      { state: 'pending', amount_minor: 4 },
    ],
  };
  const of = (operation: string) => amountOfOperation({ ...amounts, operation });
  expect(['authorize', 'capture', 'void', 'refund'].map(of)).toEqual([1, 2, 3, 4]);
});

const row = (version: number, type: string, from: string, legs: readonly unknown[] = []) =>
  ({ version, event: { type }, at: `t${version}`, from: [from], to: [], asked: { legs } }) as unknown as HistoryItem;

test('[DESKPAY-12] of the questions to the gateway only those about the present operation are told', () => {
  const rows = [
    row(9, 'PROPOSE_OUTCOME', 'unknown.deciding'),
    row(8, 'xstate.error.actor.lookup', 'unknown.looking'),
    row(7, 'xstate.after.lookup_wait.payment.unknown.waiting', 'unknown.waiting'),
    row(6, 'xstate.error.actor.close', 'unknown.closing'),
    row(5, 'xstate.done.actor.lookup', 'unknown.looking'),
    row(4, 'xstate.error.actor.capture', 'capturing.calling'),
    row(3, 'xstate.done.actor.lookup', 'unknown.looking'),
  ];
  expect(readLooks(rows).map(({ version, what, isAnswered }) => [version, what, isAnswered])).toEqual([
    [8, 'lookup', false],
    [6, 'close', false],
    [5, 'lookup', true],
  ]);
  const leg = { account: 'gateway/sandbox', amount_minor: -1, currency: 'EUR' };
  expect(readPosted([row(9, 'x', 'a', [leg]), row(8, 'x', 'a'), row(7, 'x', 'a', [leg])]).map(({ version }) => version)).toEqual([7, 9]);
});

test('[DESKPAY-13] what a payment gives as its reason has a sentence, also where the gateway said no', () => {
  for (const code of [
    'not_the_clients',
    'no_such_account',
    'account_unreachable',
    'rates_unreachable',
    'out_of_step',
    'decided_by_people',
    'never_happened',
    'not_called',
    'no_such_bill',
    'bill_not_open',
    'bill_unreachable',
    'expired_card',
  ])
    expect(reasonSentence(code), code).toMatch(/^[A-Z].*\.$/);
  expect(reasonSentence('toString')).toBeUndefined();
});

test('[DESKPAY-17] what was found about a payee is said in words, and of another shape nothing', () => {
  expect(readScreening({ screening: { revision: 2, findings: ['listed:A', 7], cleared_by: 'cfo', because: 'another one' } })).toEqual({
    revision: 2,
    findings: ['listed:A'],
    cleared_by: 'cfo',
    because: 'another one',
  });
  for (const screening of [undefined, null, 'x', { findings: 'x' }]) expect(readScreening({ screening })).toBeUndefined();
  expect(['listed:Malvina Grubstake', 'unanswered', 'odd'].map(findingSentence)).toEqual([
    'Like a name on a list: Malvina Grubstake',
    'Nobody answered whether the payee is on a list.',
    'odd',
  ]);
});
const UNTIL = 1_795_487_161_129;
const timer = (delay: string, state: string) => ({ id: `xstate.after.${delay}.payment.${state}`, due: '2026-11-23T02:31:01.254Z' });

test('[DESKPAY-14] what a payment waits for before it can leave its account is told by its state, its timers and its reason', () => {
  const of = (state: string, timers: ReturnType<typeof timer>[] = [], context = {}) =>
    readFunding({ state: [state], timers, context: { funds_until: UNTIL, reason: null, ...context } });
  expect(of('reserving.quoting')).toEqual({ kind: 'quoting', until: UNTIL, next: undefined, reason: undefined });
  expect(of('reserving.keeping', [timer('answer_wait', 'reserving.keeping')])).toMatchObject({
    kind: 'asking',
    next: '2026-11-23T02:31:01.254Z',
  });
  const waiting = [
    { ...timer('funds_ttl', 'awaiting_funds'), due: '2026-11-24T02:26:01.129Z' },
    timer('funds_pause', 'awaiting_funds.money'),
  ];
  expect(of('awaiting_funds.money', waiting, { reason: 'insufficient_funds' })).toEqual({
    kind: 'no_money',
    until: UNTIL,
    next: '2026-11-23T02:31:01.254Z',
    reason: 'insufficient_funds',
  });
  expect(of('awaiting_funds.rates', [timer('rates_pause', 'awaiting_funds.rates')])).toMatchObject({
    kind: 'no_rate',
    next: waiting[1]?.due,
  });
  expect(of('expired', [], { reason: 'account_frozen' })).toMatchObject({ kind: 'expired', reason: 'account_frozen' });
  // Not for its money: nobody approved it in time.
  expect(of('expired', [], { funds_until: null, reason: 'not_approved_in_time' })).toBeUndefined();
  for (const state of ['draft', 'needs_approval', 'authorizing.calling', 'settled.idle']) expect(of(state)).toBeUndefined();
});

test('[DESKPAY-14] each try that has failed is told with why, as the journal has it', () => {
  const row = (version: number, event: HistoryItem['event'], from: string, to: string): HistoryItem => ({
    version,
    event,
    caller: '',
    at: `2026-11-23T02:0${version}:00.000Z`,
    from: [from],
    to: [to],
    changed: [],
    hash: '',
  });
  const rows = [
    row(9, { type: 'xstate.after.funds_ttl.payment.awaiting_funds' }, 'awaiting_funds.money', 'expired'),
    row(
      8,
      { type: 'xstate.done.actor.account', output: { found: true, answer: { reason: 'account_frozen' } } },
      'authorizing.asking_account',
      'awaiting_funds.money',
    ),
    row(7, { type: 'RESERVED' }, 'reserving.keeping', 'authorizing.asking'),
    row(6, { type: 'xstate.error.actor.rates' }, 'reserving.quoting', 'awaiting_funds.rates'),
    row(5, { type: 'xstate.done.actor.rates', output: {} }, 'reserving.quoting', 'awaiting_funds.rates'),
    row(4, { type: 'xstate.after.funds_pause.payment.awaiting_funds.money' }, 'awaiting_funds.money', 'reserving.quoting'),
    row(3, { type: 'tell.refused', reason: 'insufficient_funds' }, 'reserving.keeping', 'awaiting_funds.money'),
    row(2, { type: 'APPROVE' }, 'needs_approval', 'reserving.quoting'),
  ];
  expect(readFailedTries(rows).map(({ version, reason }) => `${version} ${reason}`)).toEqual([
    '8 account_frozen',
    '6 rates_unreachable',
    '5 rates_missing',
    '3 insufficient_funds',
  ]);
});

test('[DESKPAY-14] what it costs on its account is with the spread, and nothing where the rate is not known yet', () => {
  expect(costOf(CONTEXT)).toEqual({ amount_minor: 135_627, currency: 'USD' });
  const plain = { currency: 'EUR', amount_minor: 5_000, account_currency: 'EUR', conversion: null };
  expect(costOf(plain)).toEqual({ amount_minor: 5_000, currency: 'EUR' });
  expect(costOf({ ...plain, account_currency: 'USD' })).toBeUndefined();
  expect(costOf({ ...plain, account_currency: '' })).toBeUndefined();
});

test('[DESKPAY-15] why a payment cannot be canceled is said while its account is asked, and only then', () => {
  expect(whyNotNow('payment', ['reserving.keeping'])['CANCEL']).toMatch(/^Not while its account is asked/);
  expect(whyNotNow('payment', ['awaiting_funds.money'])).toEqual({});
  expect(whyNotNow('account', ['reserving.keeping'])).toEqual({});
});
