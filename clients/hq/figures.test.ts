import { expect, test } from 'vitest';
import { emptyWindow, withCalls } from '../../machines/call-window.ts';
import { integrationSettings } from '../../machines/integration-terms.ts';
import { formatMoney } from '../core/format.ts';
import { setLocale } from '../core/locale.ts';
import { addNodes, callsOf, formatSum, SHOWN_S, sinceOf, withBeats, type Beat } from './figures.ts';

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

test('[OFFICE-17] seconds that a node told of late take the place of those without its share', () => {
  const beat = (at: number, events: number): Beat => ({ at, events, p50_ms: null, p99_ms: null });
  const known = Array.from({ length: 20 }, (_, at) => beat(at + 1, 1));
  expect([sinceOf(known), sinceOf([]), sinceOf([beat(3, 1)])]).toEqual([10, 0, 0]);
  const came = Array.from({ length: 12 }, (_, i) => beat(i + 11, 2));
  const drawn = withBeats(known, came);
  expect(drawn.map(({ at }) => at)).toEqual(Array.from({ length: 22 }, (_, at) => at + 1));
  expect(drawn.map(({ events }) => events).slice(9, 12)).toEqual([1, 2, 2]);
  expect(withBeats(known, [])).toEqual(known);
});

test('[OFFICE-17] nodes are added up without those that do not answer, and the slowest one is what counts', () => {
  const figures = { waiting: 1, effects: 2, actors: 3, events_per_s: 1.5, p99_ms: 7 };
  const nodes = [
    { id: 'one', figures },
    { id: 'two', figures: { ...figures, p99_ms: 20 } },
    { id: 'three', figures: { ...figures, p99_ms: null } },
    { id: 'four', figures: null },
  ];
  expect(addNodes(nodes)).toEqual({ waiting: 3, effects: 6, actors: 9, events_per_s: 4.5, p99_ms: 20 });
  expect(addNodes([{ id: 'four', figures: null }])).toMatchObject({ events_per_s: 0, p99_ms: null });
});

test('[DESK-27] the calls of an integration are those of both halves of its window', () => {
  const rules = integrationSettings.parse({});
  const window = withCalls(emptyWindow(0), { succeeded: 3, failed: 1, at: 1_000, by: 'hub', v: 1 }, rules);
  expect(callsOf(window)).toEqual({ calls: 4, failed: 1 });
  expect(callsOf(withCalls(window, { succeeded: 1, failed: 1, at: 31_000, by: 'hub', v: 2 }, rules))).toEqual({ calls: 6, failed: 2 });
  expect(callsOf({ calls: 1 })).toBeUndefined();
});

test('[DESKLOC-9] A sum is written with the marks of the reader’s locale, as every single amount is', () => {
  setLocale('de-DE');
  try {
    expect([formatSum('1250', 'BHD'), formatSum('125000', 'JPY'), formatSum('-12345678901234567890', 'EUR')]).toEqual([
      formatMoney(1250, 'BHD'),
      formatMoney(125_000, 'JPY'),
      '−123.456.789.012.345.678,90 EUR',
    ]);
  } finally {
    setLocale();
  }
});
