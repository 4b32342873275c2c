import { describe, expect, test } from 'vitest';
import { ageOf, currencyName, differencesOf, formatRate, isKeptDays, newestOf, publishedIn, rowsOf, toConvertQuery } from './exchange.ts';
import { rateTexts } from './texts-rates.ts';

const FRIDAY = '2026-11-20';

describe('how old rates are', () => {
  test.each([
    ['of the day itself', { asked: FRIDAY, date: FRIDAY, missed: 0, stale: false }, { kind: 'same_day' }],
    ['carried over a weekend', { asked: '2026-11-22', date: FRIDAY, missed: 0, stale: false }, { kind: 'carried', over: 'weekend' }],
    ['carried over a holiday', { asked: '2026-12-25', date: '2026-12-24', missed: 0, stale: false }, { kind: 'carried', over: 'holiday' }],
    ['of a day whose own are not due', { asked: '2026-11-23', date: FRIDAY, missed: 0, stale: false }, { kind: 'not_out' }],
    ['late', { asked: '2026-11-24', date: FRIDAY, missed: 2, stale: false }, { kind: 'late', missed: 2 }],
    ['stale', { asked: '2026-11-26', date: FRIDAY, missed: 4, stale: true }, { kind: 'stale', missed: 4 }],
  ])('[DESKFX-1] rates that are %s are told apart from all others', (_, origin, age) => {
    expect(ageOf(origin)).toEqual(age);
  });

  test('[DESKFX-1] the sentence names the days and how many are missing, also where it is one', () => {
    expect(rateTexts.aged({ kind: 'carried', over: 'weekend' }, FRIDAY, '2026-11-22')).toContain(`those of ${FRIDAY} hold`);
    expect(rateTexts.aged({ kind: 'late', missed: 1 }, FRIDAY, '2026-11-23')).toMatch(/^1 day that should have had rates is missing/);
    expect(rateTexts.aged({ kind: 'stale', missed: 4 }, FRIDAY, '2026-11-26')).toMatch(
      /^4 days that should .* are missing.*Nothing is converted/,
    );
  });
});

test('[DESKFX-2] a rate is shown with every digit that was published', () => {
  expect(formatRate('19600.56')).toBe('19,600.56');
  expect(formatRate('8.1790')).toBe('8.1790');
  expect(formatRate('0.000863483291598')).toBe('0.000863483291598');
  expect(formatRate('186')).toBe('186');
  expect(formatRate('not a rate')).toBe('not a rate');
});

test('[DESKFX-3] currencies are found by code or by name, whatever the case, in the order of their codes', () => {
  const rates = { USD: '1.16', JPY: '186.44', AUD: '1.74' };
  expect(rowsOf(rates, '').map(({ code }) => code)).toEqual(['AUD', 'JPY', 'USD']);
  expect(rowsOf(rates, ' Dollar ').map(({ code }) => code)).toEqual(['AUD', 'USD']);
  expect(rowsOf(rates, 'jp')).toEqual([{ code: 'JPY', name: 'Japanese Yen', rate: '186.44' }]);
  expect(rowsOf(rates, 'zloty')).toEqual([]);
});

test('[DESKFX-3] a currency without a name goes by its code', () => {
  expect([currencyName('EUR'), currencyName('QQQ'), currencyName('no code')]).toEqual(['Euro', 'QQQ', 'no code']);
});

test('[DESKFX-3] what can be chosen as base is every published currency and the base of each source, once', () => {
  const held = [
    { base: 'EUR', rates: { USD: '1', GBP: '1' } },
    { base: 'GBP', rates: { EUR: '1', CHF: '1' } },
  ];
  expect(publishedIn(held)).toEqual(['CHF', 'EUR', 'GBP', 'USD']);
  expect(publishedIn([])).toEqual([]);
});

test('[DESKFX-4] an amount is asked about in its minor units, and only by what was filled in', () => {
  const draft = { amount: '1,250.5', from: 'EUR', to: 'JPY', date: '', source: '' };
  expect(toConvertQuery(draft)).toEqual({ ok: true, query: 'amount_minor=125050&from=EUR&to=JPY' });
  expect(toConvertQuery({ ...draft, amount: '7', from: 'JPY', date: FRIDAY, source: 'ecb' })).toEqual({
    ok: true,
    query: `amount_minor=7&from=JPY&to=JPY&date=${FRIDAY}&source=ecb`,
  });
  expect(toConvertQuery({ ...draft, amount: '' })).toEqual({ ok: false, sentence: 'Enter an amount.' });
  expect(toConvertQuery({ ...draft, amount: '1.234' }).ok).toBe(false);
});

describe('days as an actor keeps them', () => {
  const known = [
    { date: '2026-11-19', rates: { USD: '1.1' } },
    { date: FRIDAY, rates: { USD: '1.1639', GBP: '0.85', CHF: '0.93' } },
  ];

  test('[DESKFX-5] of a disputed day only what differs is shown, also a rate that only one of the two has', () => {
    const came = { date: FRIDAY, rates: { USD: '1.1700', GBP: '0.85', JPY: '186' } };
    expect(differencesOf(came, known)).toEqual([
      { code: 'CHF', known: '0.93', came: undefined },
      { code: 'JPY', known: undefined, came: '186' },
      { code: 'USD', known: '1.1639', came: '1.1700' },
    ]);
    expect(differencesOf({ ...came, date: '2026-01-02' }, known)).toBeUndefined();
  });

  test('[DESKFX-5] only a list of days of rates is taken for one, and its newest day is found in any order', () => {
    expect(isKeptDays(known)).toBe(true);
    expect([isKeptDays([]), isKeptDays([{ date: FRIDAY }]), isKeptDays('x'), isKeptDays([null])]).toEqual([false, false, false, false]);
    expect(newestOf(known.toReversed())).toBe(FRIDAY);
  });
});
