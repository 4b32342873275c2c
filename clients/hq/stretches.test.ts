import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ListItem } from '../../hub/protocol/messages.ts';
import { changesBetween, MOST_STRETCHES, rowAt, STRETCH, stretchesOf, withStretch, type Stretches } from './stretches.ts';

const item = (n: number, version = 1): ListItem => ({
  address: `payment/p${n}`,
  version,
  state: [],
  tags: [],
  title: `${n}`,
  summary: '',
  updatedAt: '2026-01-01T00:00:00.000Z',
  context: {},
});
const LIVE = Array.from({ length: STRETCH }, (_, n) => item(n));
const read = (at: number) => Array.from({ length: STRETCH }, (_, n) => item(at * STRETCH + n));

test('[DESK-4] wherever somebody scrolls, the rows in sight are asked for, each stands in its place, and memory is bounded', () => {
  const total = 100_000;
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: total - 40 }), { minLength: 1, maxLength: 60 }), (places) => {
      let stretches: Stretches = new Map();
      for (const first of places) {
        const last = first + 39;
        for (const at of stretchesOf(first, last, total)) {
          if (!stretches.has(at)) stretches = withStretch(stretches, at, read(at));
        }
        for (let index = first; index <= last; index++) expect(rowAt(LIVE, stretches, index)?.title).toBe(`${index}`);
        expect(stretches.size).toBeLessThanOrEqual(MOST_STRETCHES);
      }
    }),
  );
});

test('[DESK-4] the live rows are never asked for, and nothing beyond the end is', () => {
  expect(stretchesOf(0, 99, 100_000)).toEqual([]);
  expect(stretchesOf(90, 130, 100_000)).toEqual([1]);
  expect(stretchesOf(0, 500, 40)).toEqual([]);
  expect(stretchesOf(180, 320, 205)).toEqual([1, 2]);
});

test('[DESK-5] what has changed while the list stood still is counted by rows', () => {
  const before = [item(1), item(2), item(3)];
  expect(changesBetween(before, before)).toBe(0);
  expect(changesBetween(before, [item(1), item(2, 2), item(3)])).toBe(1);
  expect(changesBetween(before, [item(9), item(1), item(2)])).toBe(1);
  expect(changesBetween(before, [item(2), item(3)])).toBe(1);
  expect(changesBetween(before, [item(3), item(2), item(1)])).toBe(0);
});
