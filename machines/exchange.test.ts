import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { allocate, convert, isRate, isSameDay, ratesFrom, withSpread, type RateDay } from './exchange.ts';
import { CURRENCIES, exponentOf } from './money.ts';

const DAY: RateDay = {
  source: 'ecb',
  base: 'EUR',
  date: '2018-06-11',
  rates: { USD: '1.1790', JPY: '129.62', GBP: '0.88180', KRW: '1268.16', KWD: '0.35630', HRK: '7.3788', IDR: '16477.11' },
};
const money = (amount_minor: number, currency: string) => ({ amount_minor, currency });
const given = (amount_minor: number, from: string, to: string) => convert(money(amount_minor, from), to, DAY)?.to.amount_minor;

describe('from one currency into another', () => {
  test('[MONEY-6] an amount is converted by the published decimals, through the base, and rounded once', () => {
    // 100.00 EUR × 1.1790; 117.90 USD ÷ 1.1790; 100.00 USD × 129.62 ÷ 1.1790 = 10 994.0627…; 1 000 JPY × 0.3563 ÷ 129.62 = 2.74880…
    expect([given(10_000, 'EUR', 'USD'), given(11_790, 'USD', 'EUR')]).toEqual([11_790, 10_000]);
    expect([given(10_000, 'USD', 'JPY'), given(1_000, 'JPY', 'KWD')]).toEqual([10_994, 2_749]);
    // 0.01 EUR is 164.7711 rupiah, which has two places; a rounded cross rate would be off by here: 10^12 minor units.
    expect(given(1, 'EUR', 'IDR')).toBe(16_477);
    expect(given(1_000_000_000_000, 'JPY', 'GBP')).toBe(680_296_250_579);
    expect(given(-10_000, 'USD', 'JPY')).toBe(-10_994);
  });

  test('[MONEY-6] every converted amount names its rate, its source, the day and what the rate is made of', () => {
    expect(convert(money(10_000, 'USD'), 'JPY', DAY)).toEqual({
      from: money(10_000, 'USD'),
      to: money(10_994, 'JPY'),
      rate: '109.940627651',
      source: 'ecb',
      date: '2018-06-11',
      through: { base: 'EUR', from: '1.1790', to: '129.62' },
    });
    expect(convert(money(1, 'EUR'), 'GBP', DAY)?.rate).toBe('0.8818');
    expect(convert(money(1, 'IDR'), 'KWD', DAY)?.rate).toBe('0.000021623937693');
    expect(convert(money(1, 'EUR'), 'EUR', DAY)).toMatchObject({ rate: '1', through: { from: '1', to: '1' } });
  });

  test('[MONEY-6] a rate that is missing is missing, also the way back, and is never 1', () => {
    for (const [from, to] of [
      ['EUR', 'CHF'],
      ['CHF', 'EUR'],
      ['CHF', 'USD'],
    ] as const)
      expect(given(100, from, to)).toBeUndefined();
    for (const rate of ['', '0', '0.0', '-1', '1e3', '01.5', '.5', '1.', 'NaN', 'Infinity', ' 1', '1,5', '١']) {
      expect([rate, isRate(rate)]).toEqual([rate, false]);
      expect(convert(money(100, 'EUR'), 'USD', { ...DAY, rates: { USD: rate } })).toBeUndefined();
    }
    expect(convert(money(100, 'EUR'), 'USD', { ...DAY, rates: Object.create({ USD: '1.1' }) as Record<string, string> })).toBeUndefined();
  });

  test('[MONEY-6] money that is paid in no more is not converted into, nor is an amount that cannot be counted', () => {
    expect(() => given(100, 'EUR', 'HRK')).toThrow(RangeError);
    expect(() => given(0.5, 'EUR', 'USD')).toThrow(RangeError);
    expect(() => given(Number.MAX_SAFE_INTEGER, 'EUR', 'IDR')).toThrow(RangeError);
  });

  test('[MONEY-6] what comes out is off by half a minor unit at most', () => {
    const rate = fc.tuple(fc.integer({ min: 1, max: 10 ** 9 }), fc.integer({ min: 0, max: 6 })).map(([digits, scale]) => {
      const text = String(digits).padStart(scale + 1, '0');
      return scale === 0 ? text : `${text.slice(0, -scale)}.${text.slice(-scale)}`;
    });
    const code = fc.constantFrom(...CURRENCIES.filter((currency) => currency !== 'EUR'));
    fc.assert(
      fc.property(fc.integer({ min: -(10 ** 9), max: 10 ** 9 }), code, rate, (amount, currency, text) => {
        fc.pre(isRate(text));
        const day = { ...DAY, rates: { [currency]: text } };
        const [whole = '', part = ''] = text.split('.');
        // amount / 100 × rate, in units of 10^-(part + 2) of the currency's minor unit.
        const exact = BigInt(amount) * BigInt(whole + part) * 10n ** BigInt(exponentOf(currency));
        const one = 10n ** BigInt(part.length + 2);
        let result: bigint;
        try {
          result = BigInt(convert(money(amount, 'EUR'), currency, day)?.to.amount_minor ?? Number.NaN);
        } catch {
          expect(exact / one > 2n ** 53n - 2n || exact / one < -(2n ** 53n) + 2n).toBe(true);
          return;
        }
        const off = (result * one - exact) * 2n;
        expect(off <= one && off >= -one).toBe(true);
      }),
    );
  });

  test('[MONEY-7] a half goes to the even neighbour, or away from zero, or what is less than one is dropped, as is asked', () => {
    const day = { ...DAY, rates: { USD: '0.5' } };
    const rounded = (rounding: 'half_even' | 'half_up' | 'down') =>
      [1, 3, 5, -1, -3, 4].map((amount) => convert(money(amount, 'EUR'), 'USD', day, rounding)?.to.amount_minor);
    expect(rounded('half_even')).toEqual([0, 2, 2, -0, -2, 2].map((amount) => amount + 0));
    expect(rounded('half_up')).toEqual([1, 2, 3, -1, -2, 2]);
    expect(rounded('down')).toEqual([0, 1, 2, 0, -1, 2]);
  });
});

describe('what is divided', () => {
  test('[MONEY-8] the spread is an amount of its own, and with the rest it is the whole', () => {
    expect(withSpread(money(10_994, 'JPY'), 50)).toEqual({ rest: money(10_939, 'JPY'), spread: money(55, 'JPY') });
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 10 ** 12 }), fc.integer({ min: 0, max: 10_000 }), (amount, points) => {
        const { rest, spread } = withSpread(money(amount, 'EUR'), points);
        expect(rest.amount_minor + spread.amount_minor).toBe(amount);
        expect(rest.amount_minor >= 0 && spread.amount_minor >= 0).toBe(true);
      }),
    );
    for (const points of [-1, 0.5, 10_001, Number.NaN]) expect(() => withSpread(money(1, 'EUR'), points)).toThrow(RangeError);
  });

  test('[MONEY-8] what is allotted by weights adds up to the whole, each within a unit of its share', () => {
    expect(allocate(money(100, 'EUR'), [1, 1, 1]).map(({ amount_minor }) => amount_minor)).toEqual([34, 33, 33]);
    expect(allocate(money(5, 'JPY'), [0, 3, 7])).toEqual([money(0, 'JPY'), money(1, 'JPY'), money(4, 'JPY')]);
    const weights = fc
      .array(fc.integer({ min: 0, max: 1000 }), { minLength: 1, maxLength: 12 })
      .filter((all) => all.some((weight) => weight > 0));
    fc.assert(
      fc.property(fc.integer({ min: -(10 ** 12), max: 10 ** 12 }), weights, (amount, all) => {
        const parts = allocate(money(amount, 'KWD'), all).map(({ amount_minor }) => amount_minor);
        expect(parts.reduce((total, part) => total + part, 0)).toBe(amount);
        const total = all.reduce((sum, weight) => sum + weight, 0);
        parts.forEach((part, index) => expect(Math.abs(part - (amount * (all[index] ?? 0)) / total)).toBeLessThan(1.001));
      }),
    );
    for (const bad of [[], [0, 0], [1, -1], [0.5]]) expect(() => allocate(money(1, 'EUR'), bad)).toThrow(RangeError);
  });
});

describe('the rates of a day from another base', () => {
  test('[RATE-20] they are the quotient of what was published, with the day’s own base among them', () => {
    expect(ratesFrom('EUR', DAY)).toEqual(DAY.rates);
    expect(ratesFrom('USD', DAY)).toMatchObject({ EUR: '0.848176420696', JPY: '109.940627651' });
    expect(ratesFrom('USD', DAY)).not.toHaveProperty('USD');
    for (const code of ['CHF', 'XXX', 'toString']) expect(ratesFrom(code, DAY)).toBeUndefined();
  });

  test('[RATE-20] an amount is converted by the same rate as the one that is shown', () => {
    const codes = ['EUR', ...Object.keys(DAY.rates).filter((code) => CURRENCIES.includes(code))];
    for (const from of codes) {
      for (const to of codes.filter((code) => code !== from)) {
        expect(
          convert(money(1_000_000, from), to, DAY)
            ?.rate.replace(/(\.\d*?)0+$/, '$1')
            .replace(/\.$/, ''),
        ).toBe((ratesFrom(from, DAY)?.[to] ?? '').replace(/(\.\d*?)0+$/, '$1').replace(/\.$/, ''));
      }
    }
  });

  test('[RATE-11] two records of a day are the same where each rate is the same number', () => {
    expect(isSameDay(DAY, { ...DAY, rates: { ...DAY.rates, USD: '1.179' } })).toBe(true);
    for (const other of [
      { ...DAY, rates: { ...DAY.rates, USD: '1.1791' } },
      { ...DAY, rates: { ...DAY.rates, CHF: '1' } },
      { ...DAY, date: '2018-06-12' },
      { ...DAY, source: 'sandbox' },
      { ...DAY, base: 'USD' },
    ])
      expect(isSameDay(DAY, other)).toBe(false);
  });
});
