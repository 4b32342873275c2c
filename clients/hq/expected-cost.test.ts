import { expect, test } from 'vitest';
import { quote } from '../../machines/payment-funds.ts';
import type { PaymentContext } from '../../machines/payment-terms.ts';
import { expectedCost } from './expected-cost.ts';
import { rateSentence } from './texts-payment.ts';

const DAY = { source: 'ecb', base: 'EUR', date: '2026-10-30', rates: { USD: '1.0823', JPY: '163.11' } };
const OLD = { ...DAY, date: '2026-10-29', rates: { USD: '2' } };
const RATES = { state: ['fetching.idle', 'age.fresh', 'dispute.none'], context: { days: [OLD, DAY] } };
const PAYMENT = {
  amount_minor: 125_000,
  currency: 'EUR',
  account: 'usd',
  account_currency: 'USD',
  conversion: null,
  spread_basis_points: 25,
};

test('[DESKPAY-16] what a payment would cost is, to the cent, what the payment itself works out when it leaves', () => {
  for (const [currency, paid] of [
    ['EUR', 'USD'],
    ['USD', 'JPY'],
    ['JPY', 'EUR'],
  ] as const)
    for (const amount_minor of [1_000, 125_000, 99_999_999]) {
      const context = { ...PAYMENT, amount_minor, currency, account_currency: paid };
      const expected = expectedCost(context, RATES);
      const quoted = quote(context as unknown as PaymentContext, { found: true, answer: { state: 'fresh', days: [OLD, DAY] } } as never);
      expect(expected).toEqual({
        kind: 'exchanged',
        cost: { amount_minor: (quoted?.to.amount_minor ?? 0) + (quoted?.spread_minor ?? 0), currency: paid },
        conversion: quoted,
      });
    }
  expect(expectedCost(PAYMENT, RATES)).toMatchObject({
    cost: { amount_minor: 135_627, currency: 'USD' },
    conversion: { date: '2026-10-30' },
  });
});

test('[DESKPAY-16] what it costs is never counted one for one, and never by a rate that is old', () => {
  expect(expectedCost(PAYMENT, undefined)).toEqual({ kind: 'no_rate' });
  expect(expectedCost(PAYMENT, { ...RATES, state: ['age.stale'] })).toEqual({ kind: 'no_rate' });
  expect(expectedCost({ ...PAYMENT, account_currency: 'CHF' }, RATES)).toEqual({ kind: 'no_rate' });
  expect(expectedCost({ ...PAYMENT, amount_minor: Number.MAX_SAFE_INTEGER }, RATES)).toEqual({ kind: 'no_rate' });
  expect(expectedCost({ ...PAYMENT, account_currency: 'EUR' }, undefined)).toEqual({
    kind: 'plain',
    cost: { amount_minor: 125_000, currency: 'EUR' },
  });
  expect(expectedCost({ ...PAYMENT, account_currency: '' }, RATES)).toBeUndefined();
});

test('[DESKPAY-16] by what it was worked out is said in a few words, the spread only where there is one', () => {
  const expected = expectedCost(PAYMENT, RATES);
  if (expected?.kind !== 'exchanged') throw new Error('It is exchanged');
  expect(rateSentence(expected.conversion)).toBe('at 1.0823 (ecb, 30 Oct 2026), spread 3.39 USD of it');
  expect(rateSentence({ ...expected.conversion, spread_minor: 0 })).toBe('at 1.0823 (ecb, 30 Oct 2026)');
});
