import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CURRENCIES } from '../../machines/money.ts';
import { formatAgo, formatClock, formatLeft, formatMoney, formatTime, formatUtc, nameWords, readMoney, stateWords } from './format.ts';

test.each([
  [125000, 'EUR', '1,250.00 EUR'],
  [125000, 'JPY', '125,000 JPY'],
  [1250, 'KWD', '1.250 KWD'],
  [5, 'EUR', '0.05 EUR'],
  [0, 'USD', '0.00 USD'],
  [-199, 'EUR', '−1.99 EUR'],
  [9007199254740991, 'EUR', '90,071,992,547,409.91 EUR'],
  [700, 'XXQ', '700 minor units of XXQ'],
])('[CLIENT-12] %d minor units of %s are shown as %s', (minor, currency, text) => {
  expect(formatMoney(minor, currency)).toBe(text);
});

test('[CLIENT-12] Every amount that is shown can be typed in again and means the same', () => {
  fc.assert(
    fc.property(fc.nat({ max: 1_000_000_000_000 }), fc.constantFrom(...CURRENCIES), (minor, currency) => {
      const shown = formatMoney(minor, currency).split(' ')[0] ?? '';
      expect(readMoney(shown, currency)).toEqual({ ok: true, minor });
    }),
  );
});

test.each([
  ['1250', 125000],
  ['1,250', 125000],
  ['1 250.5', 125050],
  ["1'250.05", 125005],
  ['.5', undefined],
  ['1,25', undefined],
  ['12,50', undefined],
  ['1.250', undefined],
  ['-3', undefined],
  ['1e3', undefined],
  ['', undefined],
])('[CLIENT-13] An amount that could be meant in two ways is refused, not guessed: %j', (text, minor) => {
  const read = readMoney(text, 'EUR');
  expect(read.ok ? read.minor : undefined).toBe(minor);
});

test('[CLIENT-14] A time is shown in the viewer zone and named in UTC', () => {
  expect(formatTime('2026-11-21T23:55:08.123Z', 'Asia/Tokyo')).toBe('22 Nov 2026, 08:55:08');
  expect(formatUtc('2026-11-21T23:55:08.123Z')).toBe('2026-11-21 23:55:08 UTC');
});

test('[CLIENT-14] What is no time is shown as it is, and breaks nothing', () => {
  for (const text of ['2026-13-01T00:00Z', 'yesterday', ''])
    expect([formatTime(text), formatClock(text), formatUtc(text), formatAgo(text, 0)]).toEqual([text, text, text, text]);
});

test('[CLIENT-14] What is left of a timer counts down in its two largest units', () => {
  const now = Date.parse('2026-11-21T00:00:00Z');
  expect(formatLeft('2026-11-24T00:00:00Z', now)).toBe('3 d');
  expect(formatLeft('2026-11-21T02:14:09Z', now)).toBe('2 h 14 min');
  expect(formatLeft('2026-11-21T00:00:43Z', now)).toBe('43 s');
  expect(formatLeft('2026-11-20T23:59:59Z', now)).toBe('due');
  expect(formatAgo('2026-11-20T23:56:00Z', now)).toBe('4 min ago');
  expect(formatAgo('2026-11-21T00:00:01Z', now)).toBe('just now');
});

test('[CLIENT-15] Names of states, events and fields are shown as words', () => {
  expect(stateWords('needs_approval')).toBe('Needs approval');
  expect(stateWords('executing.authorized')).toBe('Executing › authorized');
  expect(nameWords('CAPTURE')).toBe('Capture');
  expect(nameWords('gateway_reference')).toBe('Gateway reference');
});
