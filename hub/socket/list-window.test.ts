import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ListWindow } from './list-window.ts';
import type { Row } from './list-window.ts';

type World = Map<string, { version: number; sort: number; belongs: boolean }>;

function toRow(address: string, { version, sort }: { version: number; sort: number }): Row {
  return { address, version, sort, json: `${address}@${version}` };
}

/** The whole list, as the store would answer. */
function query(world: World, descending: boolean): Row[] {
  const rows = [...world].filter(([, { belongs }]) => belongs).map(([address, row]) => toRow(address, row));
  const order = (a: Row, b: Row): number => Number(a.sort) - Number(b.sort) || (a.address < b.address ? -1 : 1);
  return rows.sort((a, b) => (descending ? order(b, a) : order(a, b)));
}

const commit = fc.record({ id: fc.nat(20), sort: fc.nat(12), belongs: fc.boolean() });

test('[SYNC-34] whatever is committed, a window is exactly the beginning of its list, or says that it has to be read again', () => {
  fc.assert(
    fc.property(
      fc.boolean(),
      fc.integer({ min: 1, max: 5 }),
      fc.nat(4),
      fc.array(commit, { maxLength: 80 }),
      (descending, limit, slack, commits) => {
        const world: World = new Map();
        const capacity = limit + slack;
        const window = new ListWindow({ descending, limit, capacity, sorts: true, finds: true });
        const read = (): void => {
          const rows = query(world, descending);
          window.reset(rows.slice(0, capacity), rows.length < capacity ? undefined : rows[capacity - 1]);
        };
        read();
        for (const { id, sort, belongs } of commits) {
          const address = `payment/${id}`;
          const row = { version: (world.get(address)?.version ?? 0) + 1, sort, belongs };
          world.set(address, row);
          window.apply(address, row.version, belongs ? toRow(address, row) : undefined);
          const whole = query(world, descending);
          expect(window.top()).toEqual(whole.slice(0, Math.min(limit, window.size)));
          if (window.complete) expect(window.size).toBe(whole.length);
          expect(window.size).toBeLessThanOrEqual(capacity);
          if (window.wanting) read();
          else expect(window.top()).toEqual(whole.slice(0, limit));
        }
      },
    ),
    { numRuns: 1000 },
  );
});

test('[SYNC-34] an older version never replaces a newer row', () => {
  const window = new ListWindow({ descending: false, limit: 3, capacity: 6, sorts: true, finds: true });
  window.reset([toRow('payment/a', { version: 5, sort: 1 })], undefined);
  expect(window.apply('payment/a', 4, undefined)).toBe(false);
  expect(window.apply('payment/a', 5, toRow('payment/a', { version: 5, sort: 9 }))).toBe(false);
  expect(window.top()).toMatchObject([{ version: 5, sort: 1 }]);
});

test('[SYNC-34] where only the store knows the order or the rows, it is asked; rows that are there change at once', () => {
  const titles = new ListWindow({ descending: false, limit: 3, capacity: 6, sorts: false, finds: true });
  titles.reset([{ address: 'payment/a', version: 1, sort: 'Ä', json: '' }], undefined);
  expect(titles.apply('payment/a', 2, { address: 'payment/a', version: 2, sort: 'Ä', json: 'x' })).toBe(true);
  expect(titles.wanting).toBe(false);
  titles.apply('payment/b', 1, { address: 'payment/b', version: 1, sort: 'B', json: '' });
  expect(titles.wanting).toBe(true);
  expect(titles.size).toBe(1);
  const search = new ListWindow({ descending: true, limit: 3, capacity: 6, sorts: true, finds: false });
  search.reset([toRow('payment/a', { version: 1, sort: 1 })], undefined);
  expect(search.apply('payment/b', 1, toRow('payment/b', { version: 1, sort: 2 }))).toBe(false);
  expect(search.apply('payment/a', 2, undefined)).toBe(true);
  expect(search.size).toBe(0);
});
