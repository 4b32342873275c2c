import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CURRENCIES, exponentOf } from '../../../machines/money.ts';
import { toStripeAmount } from './amounts.ts';

/** https://docs.stripe.com/currencies: what is charged, as ISO 4217 counts it and as Stripe does. */
test.each([
  ['EUR', 1099, 1099],
  ['USD', 1, 1],
  ['JPY', 500, 500],
  ['KRW', 9000, 9000],
  ['VND', 100_000, 100_000],
  ['XOF', 7, 7],
  ['ISK', 5, 500],
  ['UGX', 5, 500],
  ['HUF', 1045, 1045],
  ['TWD', 80_045, 80_045],
  ['MGA', 500, 5],
  ['KWD', 5120, 5120],
  ['BHD', 10, 10],
])('[STRIPE-2] %s: %i minor units are %i of those that Stripe counts in', (currency, amount_minor, amount) => {
  expect(toStripeAmount(amount_minor, currency)).toEqual({ amount, currency: currency.toLowerCase() });
});

test.each([
  ['KWD', 5124, 'amount_not_representable'],
  ['TND', 1, 'amount_not_representable'],
  ['MGA', 150, 'amount_not_representable'],
  ['ISK', Number.MAX_SAFE_INTEGER, 'amount_not_representable'],
  ['CLF', 10_000, 'currency_not_supported'],
  ['UYI', 10, 'currency_not_supported'],
  ['IQD', 1000, 'currency_not_supported'],
  ['LYD', 1000, 'currency_not_supported'],
  ['XAU', 1, 'currency_not_supported'],
  ['EEK', 100, 'currency_not_supported'],
  ['eur', 100, 'currency_not_supported'],
])('[STRIPE-2] %s: %i minor units are refused, never rounded: %s', (currency, amount_minor, code) => {
  expect(toStripeAmount(amount_minor, currency)).toMatchObject({ code });
});

test('[STRIPE-2] an amount that is taken stands for the same money, in every currency', () => {
  fc.assert(
    fc.property(fc.constantFrom(...CURRENCIES), fc.integer({ min: 1, max: 1_000_000_000_000 }), (currency, amount_minor) => {
      const sent = toStripeAmount(amount_minor, currency);
      if ('code' in sent) return;
      // How many of Stripe's units one whole unit is, by its own table.
      const whole = ['ISK', 'UGX'].includes(currency) ? 2 : currency === 'MGA' ? 0 : exponentOf(currency);
      expect(BigInt(sent.amount) * 10n ** BigInt(exponentOf(currency))).toBe(BigInt(amount_minor) * 10n ** BigInt(whole));
    }),
  );
});
