import { readFileSync } from 'node:fs';
import { URL } from 'node:url';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { add, compare, CURRENCIES, exponentOf, isCurrency, isMinorAmount, subtract, sum, toDecimal, toMinor } from './money.ts';

const EUR = (amount_minor: number) => ({ amount_minor, currency: 'EUR' });

/** Code to minor unit ("N.A." where it has none), from a table as ISO publishes it. */
function readTable(file: string): Map<string, string> {
  const xml = readFileSync(new URL(`../tests/vectors/iso4217/${file}`, import.meta.url), 'utf8');
  const entries = xml.matchAll(/<Ccy>([A-Z]{3})<\/Ccy>(?:(?!<\/\w*CcyNtry>)[\s\S])*?<CcyMnrUnts>([^<]+)<\/CcyMnrUnts>/g);
  return new Map([...entries].map(([, code = '', units = '']) => [code, units]));
}

const published = readTable('table_a1.xml');

describe('the table of ISO 4217', () => {
  test('[MONEY-1] every active currency has the minor unit that ISO 4217 publishes: 17 with 0, 140 with 2, 7 with 3, 2 with 4', () => {
    const counts: Record<string, number> = {};
    for (const [code, units] of published) {
      counts[units] = (counts[units] ?? 0) + 1;
      if (units !== 'N.A.') expect(`${code} ${exponentOf(code)}`).toBe(`${code} ${units}`);
    }
    expect(counts).toEqual({ '0': 17, '2': 140, '3': 7, '4': 2, 'N.A.': 13 });
    expect(CURRENCIES).toHaveLength(166);
  });

  test('[MONEY-2] the 13 codes without a minor unit, such as gold and "no currency", are no currencies to pay in', () => {
    const without = [...published].filter(([, units]) => units === 'N.A.').map(([code]) => code);
    expect(without.filter(isCurrency)).toEqual([]);
    expect(without).toContain('XAU');
    expect(() => exponentOf('XXX')).toThrow(RangeError);
  });

  test('[MONEY-2] withdrawn, unknown and lower-case codes are no currencies to pay in', () => {
    const xml = readFileSync(new URL('../tests/vectors/iso4217/table_a2.xml', import.meta.url), 'utf8');
    const historic = [...xml.matchAll(/<Ccy>([A-Z]{3})<\/Ccy>/g)].map(([, code = '']) => code);
    const withdrawn = historic.filter((code) => !published.has(code));
    expect(withdrawn.length).toBeGreaterThan(50);
    expect(withdrawn.filter(isCurrency)).toEqual([]);
    for (const code of ['DEM', 'ABC', 'eur', 'EURO', '', 'constructor']) expect(isCurrency(code)).toBe(false);
  });
});

describe('amounts', () => {
  test('[MONEY-3] whole units become minor units by the exponent of the currency', () => {
    expect(['JPY', 'EUR', 'KWD', 'CLF'].map((currency) => toMinor(1000, currency))).toEqual([1000, 100_000, 1_000_000, 10_000_000]);
    expect(() => toMinor(0.5, 'EUR')).toThrow(RangeError);
    expect(() => toMinor(Number.MAX_SAFE_INTEGER, 'EUR')).toThrow(RangeError);
  });

  test('[MONEY-4] sums and differences are exact up to 2^53 - 1, and refuse to be anything else', () => {
    const most = Number.MAX_SAFE_INTEGER;
    expect(add(EUR(most - 1), EUR(1))).toEqual(EUR(most));
    expect(() => add(EUR(most), EUR(1))).toThrow(RangeError);
    expect(() => add(EUR(0.1), EUR(0.2))).toThrow(RangeError);
    const amount = fc.integer({ min: 0, max: 1_000_000_000_000 });
    fc.assert(
      fc.property(fc.array(amount, { maxLength: 50 }), (amounts) => {
        const exact = amounts.reduce((total, minor) => total + BigInt(minor), 0n);
        expect(BigInt(sum('KWD', amounts))).toBe(exact);
      }),
    );
    fc.assert(
      fc.property(amount, amount, (a, b) => {
        expect(subtract(add(EUR(a), EUR(b)), EUR(b))).toEqual(EUR(a));
      }),
    );
  });

  test('[MONEY-4] two currencies are never added, subtracted or compared', () => {
    const yen = { amount_minor: 1, currency: 'JPY' };
    for (const join of [add, subtract, compare]) expect(() => join(EUR(1), yen)).toThrow();
    expect([compare(EUR(1), EUR(2)), compare(EUR(2), EUR(2)), compare(EUR(3), EUR(2))]).toEqual([-1, 0, 1]);
  });

  test('[MONEY-4] an amount is a whole number of minor units, none or more', () => {
    expect([0, 1, Number.MAX_SAFE_INTEGER].every(isMinorAmount)).toBe(true);
    expect([-1, 0.5, Number.NaN, Infinity, 2 ** 53, '1', null, 1n].some(isMinorAmount)).toBe(false);
  });

  test('[MONEY-5] amounts are written as exact decimals with the places of their currency', () => {
    const written = (amount_minor: number, currency: string) => toDecimal({ amount_minor, currency });
    expect(written(125_000, 'EUR')).toBe('1250.00');
    expect(written(1250, 'JPY')).toBe('1250');
    expect(written(1250, 'KWD')).toBe('1.250');
    expect(written(5, 'CLF')).toBe('0.0005');
    expect(written(Number.MAX_SAFE_INTEGER, 'EUR')).toBe('90071992547409.91');
  });
});
