import { expect, test } from 'vitest';
import type { HistoryItem } from '../core/api.ts';
import { countAlike, withRows } from './history-rows.ts';

const row = (version: number): HistoryItem => ({
  version,
  ...{ event: { type: 'TICK' }, caller: 'ann', at: '', from: [], to: [], changed: [], hash: '' },
});
const rows = (from: number, to: number): HistoryItem[] => Array.from({ length: to - from + 1 }, (_, i) => row(to - i));
const span = (held: readonly HistoryItem[]) => [held.length, held[0]?.version, held.at(-1)?.version];

test('[DESKSAFE-15] an actor that is left open for days keeps its newest 500 rows, and all that somebody has asked for', () => {
  let held: readonly HistoryItem[] = [];
  for (let version = 1; version <= 2_000; version++) held = withRows(held, [row(version)], false);
  expect(span(held)).toEqual([500, 2_000, 1_501]);
  expect(span(withRows(held, rows(1_401, 1_500), true))).toEqual([600, 2_000, 1_401]);
});

test('[DESKSAFE-15] rows come without gaps, newest first, each once', () => {
  expect(span(withRows(rows(1, 10), rows(9, 14), false))).toEqual([14, 14, 1]);
  expect(span(withRows(rows(1, 10), rows(20, 25), false))).toEqual([6, 25, 20]);
});

test('[DESK-38] what one step made known many times is named once, with how often', () => {
  expect(countAlike(['rates.published', 'rates.fresh', 'rates.published', 'rates.published'])).toEqual([
    'rates.published ×3',
    'rates.fresh',
  ]);
  expect(countAlike([])).toEqual([]);
});
