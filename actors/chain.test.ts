import fc from 'fast-check';
import { expect, test } from 'vitest';
import { journalRow } from '../tests/contract/rows.ts';
import { chainHash } from './chain.ts';
import { toStates } from './envelope.ts';
import type { JournalRow } from './store/store.ts';

function chain(count: number): JournalRow[] {
  const rows: JournalRow[] = [];
  let before = '';
  for (let seq = 1; seq <= count; seq++) {
    const row = journalRow({
      actor: `counter/${seq % 3}`,
      version: seq,
      seq,
      partition: 4,
      asked: seq % 2 === 0 ? '{"sends":[],"events":[]}' : '',
      traceparent: 't',
      causation: 'c',
      correlation: 'r',
    });
    before = chainHash(before, row);
    rows.push({ ...row, hash: before });
  }
  return rows;
}

/** The number of the first row that does not fit those before it. */
function firstBreak(rows: readonly JournalRow[]): number | undefined {
  let before = '';
  for (const [index, row] of rows.entries()) {
    if (row.seq !== index + 1 || row.hash !== chainHash(before, row)) return index;
    before = row.hash;
  }
  return undefined;
}

const FIELDS = [
  'partition',
  'seq',
  'actor',
  'version',
  'event_id',
  'body_hash',
  'caller',
  'causation',
  'correlation',
  'traceparent',
  'at',
  'machine_version',
  'envelope',
  'asked',
  'hash',
] as const;

test('[CHAIN-1] a journal as it was written verifies', () => {
  expect(firstBreak(chain(20))).toBeUndefined();
  expect(firstBreak([])).toBeUndefined();
});

test('[CHAIN-2] a change of any field of any row is found at that row', () => {
  const rows = chain(6);
  for (const field of FIELDS) {
    for (const index of rows.keys()) {
      const forged = rows.map((row, at) =>
        at === index ? { ...row, [field]: typeof row[field] === 'number' ? Number(row[field]) + 1 : `${row[field]}x` } : row,
      );
      expect([field, firstBreak(forged)]).toEqual([field, index]);
    }
  }
});

test('[CHAIN-3] a row that is removed, put in, doubled or moved is found', () => {
  const rows = chain(8);
  const [first, second, third, ...rest] = rows;
  if (first === undefined || second === undefined || third === undefined) throw new Error('There are rows');
  expect(firstBreak([first, third, ...rest])).toBe(1);
  expect(firstBreak([first, third, second, ...rest])).toBe(1);
  expect(firstBreak([first, second, second, third, ...rest])).toBe(2);
  expect(firstBreak(rest)).toBe(0);
});

test('[CHAIN-4] no characters can be moved from one field to its neighbour', () => {
  // PostgreSQL's text cannot hold NUL, which is what parts the fields.
  const text = fc.string({ unit: fc.constantFrom('a', 'b', '\n', ' ', '1', '\u0001', '') });
  const fields = fc.tuple(text, text, text, text, text);
  const hashOf = ([event_id = '', caller = '', causation = '', correlation = '', traceparent = '']: readonly string[]): string =>
    chainHash('', { ...journalRow({ actor: 'counter/a', version: 1, event_id, caller, causation, correlation, traceparent }) });
  fc.assert(
    fc.property(fields, fields, (a, b) => {
      expect(hashOf(a) === hashOf(b)).toBe(JSON.stringify(a) === JSON.stringify(b));
    }),
    { numRuns: 300 },
  );
});

test('[CHAIN-5] an emptied event still verifies by its hash, which is kept beside it', () => {
  const rows = chain(3).map((row) => ({ ...row, event: '' }));
  expect(firstBreak(rows)).toBeUndefined();
});

test('[STEP-31] states are written with dots, parallel regions each on their own', () => {
  expect(toStates('idle')).toEqual(['idle']);
  expect(toStates({ a: { b: 'c' } })).toEqual(['a.b.c']);
  expect(toStates({ p: { left: 'x', right: { y: 'z' } } })).toEqual(['p.left.x', 'p.right.y.z']);
  expect(toStates({ p: {} })).toEqual(['p']);
  expect(toStates(undefined)).toEqual([]);
});
