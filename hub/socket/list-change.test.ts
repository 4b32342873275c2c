import fc from 'fast-check';
import { expect, test } from 'vitest';
import { toListOps } from './list-change.ts';
import type { Row } from './list-window.ts';

type Item = { readonly address: string; readonly version: number };
type Op =
  | { op: 'enter'; index: number; item: Item }
  | { op: 'leave'; address: string }
  | { op: 'move'; address: string; index: number; item: Item }
  | { op: 'update'; item: Item };

function toRow(address: string, version: number): Row {
  return { address, version, sort: version, json: JSON.stringify({ address, version }) };
}

/** The rule of the protocol, word for word: each operation on the list as those before have left it. */
function apply(items: readonly Item[], ops: readonly Op[]): Item[] {
  const next = [...items];
  for (const op of ops) {
    const address = op.op === 'leave' || op.op === 'move' ? op.address : op.item.address;
    const at = next.findIndex((item) => item.address === address);
    expect(at < 0).toBe(op.op === 'enter');
    if (op.op === 'update') next[at] = op.item;
    else if (at >= 0) next.splice(at, 1);
    if (op.op === 'enter' || op.op === 'move') {
      expect(op.index).toBeLessThanOrEqual(next.length);
      next.splice(op.index, 0, op.item);
    }
  }
  return next;
}

const list = fc
  .uniqueArray(fc.record({ id: fc.nat(30), version: fc.nat(2) }), { selector: ({ id }) => id, maxLength: 25 })
  .map((rows) => rows.map(({ id, version }) => toRow(`payment/${id}`, version)));

test('[SYNC-33] the operations of a list make the new list of the old one, whatever entered, left, moved or changed', () => {
  fc.assert(
    fc.property(list, list, (before, after) => {
      const ops = toListOps(before, after).map((op) => JSON.parse(op) as Op);
      const items = (rows: readonly Row[]): Item[] => rows.map(({ address, version }) => ({ address, version }));
      expect(apply(items(before), ops)).toEqual(items(after));
    }),
    { numRuns: 2000 },
  );
});

test('[SYNC-33] what did not change is not sent, and one row that goes elsewhere is one move', () => {
  const rows = Array.from({ length: 50 }, (_, index) => toRow(`payment/${index}`, 1));
  expect(toListOps(rows, [...rows])).toEqual([]);
  const [first, ...rest] = rows as [Row, ...Row[]];
  expect(toListOps(rows, [...rest, first]).map((op) => JSON.parse(op) as Op)).toMatchObject([
    { op: 'move', address: 'payment/0', index: 49 },
  ]);
  expect(toListOps([...rest, first], rows).map((op) => JSON.parse(op) as Op)).toMatchObject([
    { op: 'move', address: 'payment/0', index: 0 },
  ]);
});
