import fc from 'fast-check';
import { expect, test } from 'vitest';
import { toChanges } from './actor-diff.ts';

test('[CHART-14] what changed between two versions is named as deep as both have the same shape', () => {
  const before = { amount_minor: 100, note: null, client: 'acme', approvals: [{ by: 'cfo', at: 1 }], checks: { identity: { tries: 0 } } };
  const after = {
    amount_minor: 250,
    note: null,
    approvals: [
      { by: 'cfo', at: 2 },
      { by: 'ann', at: 3 },
    ],
    checks: { identity: { tries: 1 } },
    x: [],
  };
  expect(toChanges(before, after)).toEqual([
    { path: ['amount_minor'], before: 100, after: 250 },
    { path: ['client'], before: 'acme', after: undefined },
    { path: ['approvals', 0, 'at'], before: 1, after: 2 },
    { path: ['approvals', 1], before: undefined, after: { by: 'ann', at: 3 } },
    { path: ['checks', 'identity', 'tries'], before: 0, after: 1 },
    { path: ['x'], before: undefined, after: [] },
  ]);
});

test('[CHART-14] a record that became something else, or a list a record, is one change', () => {
  expect(toChanges({ outcome: { kind: 'done' } }, { outcome: null })).toEqual([
    { path: ['outcome'], before: { kind: 'done' }, after: null },
  ]);
  expect(toChanges({ a: [1] }, { a: { 0: 1 } })).toEqual([{ path: ['a'], before: [1], after: { 0: 1 } }]);
});

/** Puts the changes of a diff into what was before. */
function applied(before: unknown, changes: ReturnType<typeof toChanges>): unknown {
  let whole: unknown = structuredClone(before);
  for (const { path, after } of changes) {
    if (path.length === 0) whole = after;
    const holder = path.slice(0, -1).reduce<unknown>((at, key) => (at as Record<string | number, unknown>)[key], whole);
    const last = path.at(-1);
    if (last !== undefined && after === undefined) delete (holder as Record<string | number, unknown>)[last];
    else if (last !== undefined) (holder as Record<string | number, unknown>)[last] = after;
  }
  return whole;
}

const plain = fc.letrec((tie) => ({
  value: fc.oneof({ maxDepth: 3 }, fc.integer(), fc.string(), fc.constant(null), fc.boolean(), tie('record')),
  record: fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd'), tie('value')),
}));

test('[CHART-14] the changes between any two contexts are none for equal ones, and lead from the one to the other', () => {
  fc.assert(
    fc.property(plain.record, plain.record, (before, after) => {
      expect(toChanges(before, structuredClone(before))).toEqual([]);
      expect(applied(before, toChanges(before, after))).toEqual(after);
    }),
  );
});
