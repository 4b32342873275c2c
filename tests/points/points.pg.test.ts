import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Point } from '../../actors/ports/points.ts';
import { must } from '../../machines/must.ts';
import { SCENARIOS } from './scenarios.ts';
import type { Scenario } from './scenarios.ts';
import { Stand } from './stand.ts';
import { rowOf } from './table.ts';

/* Rows on real processes that only a part of the table's harness can play; all of them are `npm run prove -- points`. */

let stand: Stand;

beforeAll(async () => {
  stand = await Stand.open();
});
afterAll(() => stand?.close());

const rowNamed = (name: string): Scenario =>
  must(
    SCENARIOS.find(({ row }) => row === name),
    name,
  );

test.each(['payment RESERVED', 'payment LIMIT_GRANTED'])(
  '[POINT-7] %s, which another actor tells, leaves the same behind where the process dies at its commit and where the answer of that commit is lost',
  { timeout: 150_000 },
  async (name) => {
    const columns: readonly Point[] = ['commit.after', 'recover.missed'];
    const cells = await rowOf(stand, rowNamed(name), columns);
    expect(cells).toEqual(columns.map((point) => ({ row: name, point })));
  },
);

test('[POINT-8] a story that does not come to rest by itself is no measure for any death', { timeout: 90_000 }, async () => {
  const name = 'payment HOLD';
  const [cell, ...others] = await rowOf(stand, { ...rowNamed(name), rest: /^settled/ }, ['commit.before', 'commit.after']);
  expect([cell?.point, others]).toEqual(['commit.before', []]);
  expect(cell?.trouble).toMatch(/does not come to rest/);
});
