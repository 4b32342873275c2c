import { expect, test } from 'vitest';
import { dayIn, isZone, nextDayIn } from './calendar-day.ts';

const hour = 3_600_000;

test('[LIMIT-1] a day is the one of the calendar in its zone, and is as long as it is there', () => {
  expect(dayIn('Europe/Brussels', Date.UTC(2026, 10, 2, 22, 59, 59, 999))).toBe('2026-11-02');
  expect(dayIn('Europe/Brussels', Date.UTC(2026, 10, 2, 23))).toBe('2026-11-03');
  expect(dayIn('Pacific/Kiritimati', Date.UTC(2026, 10, 2, 10))).toBe('2026-11-03');
  const lengthOf = (zone: string, at: number): number => (nextDayIn(zone, nextDayIn(zone, at)) - nextDayIn(zone, at)) / hour;
  expect(lengthOf('Europe/Brussels', Date.UTC(2026, 2, 28, 12))).toBe(23);
  expect(lengthOf('Europe/Brussels', Date.UTC(2026, 9, 24, 12))).toBe(25);
  expect(lengthOf('Europe/Brussels', Date.UTC(2026, 10, 2, 12))).toBe(24);
  // In Beirut the clock leaps over midnight: the day begins at one.
  expect(nextDayIn('Asia/Beirut', Date.UTC(2026, 2, 28, 12))).toBe(Date.UTC(2026, 2, 28, 22));
  expect(lengthOf('Asia/Beirut', Date.UTC(2026, 2, 27, 23))).toBe(23);
});

test('[LIMIT-1] a zone is one of the IANA database', () => {
  expect(['Europe/Brussels', 'UTC', 'America/New_York'].map(isZone)).toEqual([true, true, true]);
  expect(['Europe/Atlantis', '', 'Brussels!'].map(isZone)).toEqual([false, false, false]);
});
