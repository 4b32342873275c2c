import { expect, test } from 'vitest';
import { emptyWindow, withCalls } from '../../machines/call-window.ts';
import { integrationSettings } from '../../machines/integration-terms.ts';
import { callsOf, formatSum, SHOWN_S, withBeats, type Beat } from './figures.ts';

test.each([
  ['12352', 'EUR', '123.52 EUR'],
  ['1500', 'JPY', '1,500 JPY'],
  ['18014398509481983', 'KWD', '18,014,398,509,481.983 KWD'],
  ['-5', 'EUR', '−0.05 EUR'],
  ['7', 'XXQ', '7 minor units of XXQ'],
])('[DESK-19] a sum of %s minor units of %s is written exactly: %s', (minor, currency, written) => {
  expect(formatSum(minor, currency)).toBe(written);
});

test('[DESK-20] the seconds that are drawn follow each other once each, and are bounded', () => {
  const beat = (at: number): Beat => ({ at, events: at, p50_ms: null, p99_ms: null });
  expect(withBeats([beat(1), beat(2)], [beat(2), beat(3)]).map(({ at }) => at)).toEqual([1, 2, 3]);
  const many = Array.from({ length: 500 }, (_, at) => beat(at + 1));
  expect(withBeats([], many)).toHaveLength(SHOWN_S);
  expect(withBeats([], many).at(-1)?.at).toBe(500);
});

test('[DESK-27] the calls of an integration are those of both halves of its window', () => {
  const rules = integrationSettings.parse({});
  const window = withCalls(emptyWindow(0), { succeeded: 3, failed: 1, at: 1_000, by: 'hub' }, rules);
  expect(callsOf(window)).toEqual({ calls: 4, failed: 1 });
  expect(callsOf(withCalls(window, { succeeded: 1, failed: 1, at: 31_000, by: 'hub' }, rules))).toEqual({ calls: 6, failed: 2 });
  expect(callsOf({ calls: 1 })).toBeUndefined();
});
