import { expect, test } from 'vitest';
import type { RateDay } from './exchange.ts';
import {
  dayInFrankfurt,
  holdingOn,
  isDate,
  isTargetDay,
  newestDue,
  newestOut,
  nextOut,
  overdueFrom,
  targetDayBefore,
  targetDaysBetween,
} from './target-days.ts';

test('[MONEY-9] rates are published on the days on which T2 is open: not at weekends, nor on its six holidays', () => {
  const closed = [
    '2025-01-01',
    '2025-04-18',
    '2025-04-21',
    '2025-05-01',
    '2025-12-25',
    '2025-12-26',
    '2024-03-29',
    '2024-04-01',
    '2038-04-26',
  ];
  expect(closed.filter(isTargetDay)).toEqual([]);
  expect(
    ['2025-04-17', '2025-04-22', '2025-05-02', '2025-05-29', '2025-06-09', '2025-12-24', '2025-12-31', '2024-02-29'].every(isTargetDay),
  ).toBe(true);
  expect(['2025-11-22', '2025-11-23'].some(isTargetDay)).toBe(false);
  expect([targetDayBefore('2025-04-22'), targetDayBefore('2025-01-01'), targetDayBefore('2025-11-24')]).toEqual([
    '2025-04-17',
    '2024-12-31',
    '2025-11-21',
  ]);
  // 2026 has 365 days, 104 of them at weekends, and five holidays on weekdays.
  expect(targetDaysBetween('2025-12-31', '2026-12-31')).toBe(365 - 104 - 5);
});

test('[MONEY-9] the newest rates that should be there are those of the day, from six in the evening in Frankfurt, summer and winter', () => {
  const due = (at: string) => newestDue(Date.parse(at));
  expect([due('2025-11-21T16:59:59Z'), due('2025-11-21T17:00:00Z')]).toEqual(['2025-11-20', '2025-11-21']);
  expect([due('2025-07-01T15:59:59Z'), due('2025-07-01T16:00:00Z')]).toEqual(['2025-06-30', '2025-07-01']);
  expect([due('2025-11-23T23:30:00Z'), due('2025-04-21T20:00:00Z'), due('2025-12-26T20:00:00Z')]).toEqual([
    '2025-11-21',
    '2025-04-17',
    '2025-12-24',
  ]);
});

test('[MONEY-9] on a day without rates those of the last day before hold, with that date; days that were missed are counted', () => {
  const days: RateDay[] = ['2025-04-16', '2025-04-17', '2025-04-23'].map((date) => ({ source: 'ecb', base: 'EUR', date, rates: {} }));
  const holding = (date: string, due = '2025-05-30') => {
    const found = holdingOn(days, date, due);
    return found && [found.day.date, found.missed];
  };
  expect(holding('2025-04-15')).toBeUndefined();
  expect([holding('2025-04-17'), holding('2025-04-20'), holding('2025-04-21')]).toEqual(Array.from({ length: 3 }, () => ['2025-04-17', 0]));
  expect(holding('2025-04-22')).toEqual(['2025-04-17', 1]);
  expect([holding('2025-04-24', '2025-04-23'), holding('2025-04-28')]).toEqual([
    ['2025-04-23', 0],
    ['2025-04-23', 3],
  ]);
});

test('[MONEY-9] a day is one of the calendar, written with four, two and two digits', () => {
  expect(['2024-02-29', '1999-01-04'].every(isDate)).toBe(true);
  expect(['2025-02-29', '2025-13-01', '2025-1-1', '20250101', '2025-01-01T00:00:00Z', '', 'today', '2025-01-00'].some(isDate)).toBe(false);
});

test('[RATE-7] the time at which rates may be out is the same in Frankfurt in winter and in summer, to the minute', () => {
  for (const [date, moment] of [
    ['2026-03-27', Date.UTC(2026, 2, 27, 15, 5)],
    ['2026-03-30', Date.UTC(2026, 2, 30, 14, 5)],
    ['2026-10-23', Date.UTC(2026, 9, 23, 14, 5)],
    ['2026-10-26', Date.UTC(2026, 9, 26, 15, 5)],
  ] as const) {
    expect([newestOut(moment), newestOut(moment - 1)]).toEqual([date, targetDayBefore(date)]);
    expect(nextOut(moment - 1)).toBe(moment);
    expect(nextOut(moment)).toBeGreaterThan(moment);
  }
});

test('[RATE-13] from the moment on at which a day is overdue, and not before, more days are missing than may be', () => {
  for (const date of ['2025-12-22', '2025-12-31', '2026-03-26', '2026-04-01', '2026-06-15', '2026-10-22']) {
    for (const days of [0, 1, 2, 5]) {
      const moment = overdueFrom(date, days);
      expect([date, days, targetDaysBetween(date, newestDue(moment)), targetDaysBetween(date, newestDue(moment - 1))]).toEqual([
        date,
        days,
        days + 1,
        days,
      ]);
    }
  }
});

test('[RATE-16] the day is that of Frankfurt, also where it is another one in UTC', () => {
  expect([dayInFrankfurt(Date.UTC(2026, 6, 1, 21, 59)), dayInFrankfurt(Date.UTC(2026, 6, 1, 22))]).toEqual(['2026-07-01', '2026-07-02']);
  expect(dayInFrankfurt(Date.UTC(2026, 0, 1, 23))).toBe('2026-01-02');
});
