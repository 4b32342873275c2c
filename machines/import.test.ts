import { describe, expect, test } from 'vitest';
import { fileImport } from './import.ts';
import {
  approve,
  contextOf,
  done,
  draft,
  hashOf,
  made,
  map,
  mapped,
  MAPPING,
  preview,
  previewed,
  previewing,
  proposed,
  READ,
  read,
  rows,
  running,
  start,
  stopped,
  taken,
} from './import-rehearsal.ts';
import { refuseMapping } from './import-rules.ts';
import type { TakeRows } from './import-terms.ts';
import { fail, play, send, stateOf, throughJson, unpublishedOf } from './rehearsal.ts';
import type { Stage } from './rehearsal.ts';

/** Everything that can happen to an import, each in its usual form. */
const HAPPENINGS: Readonly<Record<string, (stage: Stage) => Stage>> = {
  MAP: map,
  'MAP of nothing': (stage) => map(stage, { ...MAPPING, fields: MAPPING.fields.slice(0, 1) }),
  PREVIEW: preview,
  START: start,
  'START of another': (stage) => start(stage, { hash: '0'.repeat(64) }),
  APPROVE: approve,
  'APPROVE by whoever made it': (stage) => approve(stage, { by: 'clerk' }),
  'APPROVE of another': (stage) => approve(stage, { hash: '0'.repeat(64) }),
  STOP: (stage) => send(stage, { type: 'STOP' }),
  RESUME: (stage) => send(stage, { type: 'RESUME' }),
  CANCEL: (stage) => send(stage, { type: 'CANCEL' }),
  'file: read': read,
  'file: failed': (stage) => fail(stage, 'file', 'failed', 'not_found'),
  'rows: some': (stage) => rows(stage, taken(3, false)),
  'rows: the last': (stage) => rows(stage, taken(4, true)),
  'rows: failed': (stage) => fail(stage, 'rows', 'failed', 'forbidden'),
  'rows: unknown': (stage) => fail(stage, 'rows', 'unknown'),
};

/** The whole table. What is not listed is refused, and changes nothing. */
const TABLE: readonly [state: string, stage: () => Stage, cells: Readonly<Record<string, string>>][] = [
  ['reading', made, { 'file: read': 'draft', 'file: failed': 'unreadable' }],
  ['unreadable', () => fail(made(), 'file', 'failed'), { CANCEL: 'canceled' }],
  ['draft', draft, { MAP: 'mapped', CANCEL: 'canceled' }],
  ['mapped', mapped, { MAP: 'mapped', PREVIEW: 'previewing', CANCEL: 'canceled' }],
  [
    'previewing',
    previewing,
    {
      ...{ STOP: 'mapped', CANCEL: 'canceled', 'rows: some': 'previewing', 'rows: the last': 'previewed' },
      ...{ 'rows: failed': 'mapped', 'rows: unknown': 'mapped' },
    },
  ],
  ['previewed', previewed, { MAP: 'mapped', START: 'running', CANCEL: 'canceled' }],
  ['previewed', () => previewed({ approve_from_rows: 3 }), { MAP: 'mapped', START: 'proposed', CANCEL: 'canceled' }],
  ['proposed', proposed, { MAP: 'mapped', APPROVE: 'running', CANCEL: 'canceled' }],
  [
    'running',
    running,
    { STOP: 'stopped', 'rows: some': 'running', 'rows: the last': 'done', 'rows: failed': 'stopped', 'rows: unknown': 'stopped' },
  ],
  ['stopped', stopped, { RESUME: 'running', CANCEL: 'canceled' }],
  ['done', done, {}],
  ['canceled', () => send(draft(), { type: 'CANCEL' }), {}],
];

const rowsOf = (stage: Stage): TakeRows => stage.effects['rows']?.input as TakeRows;

describe('an import', () => {
  test.each(TABLE)('[IMPORT-1] an import that is %s takes exactly what the table says, also after a restart', (state, stage, cells) => {
    const stored = throughJson(stage());
    expect(stateOf(stored)).toBe(state);
    for (const [name, happen] of Object.entries(HAPPENINGS)) {
      const after = happen(stored);
      expect([name, stateOf(after)]).toEqual([name, cells[name] ?? state]);
      if (cells[name] === undefined && after.refused === undefined && !name.includes(':'))
        expect([name, after.refused]).toEqual([name, 'refused']);
      expect(unpublishedOf(after)).toEqual([]);
    }
  });

  test('[IMPORT-2] every field that is needed is mapped, once, from columns that are there', () => {
    const [name, country] = MAPPING.fields;
    const context = contextOf(draft());
    const refused = (fields: (typeof name)[], key: number | null = null): string | undefined =>
      refuseMapping(context, { fields: fields.filter((one) => one !== undefined), key });
    expect(refused([name, country])).toBeUndefined();
    expect(refused([name, name, country])).toBe('field_twice');
    expect(refused([name])).toBe('field_missing');
    expect(refused([name, country, name && { ...name, field: 'shoe_size' }])).toBe('no_such_field');
    expect(refused([name, country && { ...country, column: 2 }])).toBe('no_such_column');
    expect(refused([name, country], 2)).toBe('no_such_column');
    const amount = { field: 'name', column: 0, otherwise: null, as: 'amount_point', currency: null };
    expect(fileImport.events['MAP']?.safeParse({ fields: [amount], key: null }).success).toBe(false);
  });

  test('[IMPORT-3] what is approved is this file with this mapping, by somebody who had no hand in it', () => {
    const before = hashOf(mapped());
    expect(hashOf(map(mapped(), { ...MAPPING, key: 1 }))).not.toBe(before);
    const other = read(made(), { ...READ, file: { ...READ.file, sha256: 'cd'.repeat(32) } });
    expect(hashOf(map(other))).not.toBe(before);
    expect(approve(proposed(), { by: 'clerk' }).refused).toBe('four_eyes');
    expect(approve(proposed(), { hash: before.replace(/^./, 'x') }).refused).toBe('hash_stale');
    const again = play(
      proposed(),
      (stage) => map(stage, { ...MAPPING, key: 0 }, { by: 'second' }),
      preview,
      (stage) => rows(stage, taken(4, true)),
    );
    expect(approve(start(again), { by: 'second' }).refused).toBe('four_eyes');
  });

  test('[IMPORT-4] the position moves with what its rows came to, and a run begins anew behind its preview', () => {
    const half = rows(running(), taken(3, false, { good: 1, bad: 1 }));
    expect(contextOf(half)).toMatchObject({ position: 3, counts: { good: 1, bad: 1, already: 0 }, pass: 2 });
    expect(rowsOf(half)).toMatchObject({ after: 3, pass: 2, by: 'clerk' });
    const gone = play(
      half,
      (stage) => send(stage, { type: 'STOP', by: 'operator' }),
      throughJson,
      (stage) => send(stage, { type: 'RESUME', by: 'operator' }),
    );
    // Whoever lets it go on lends it no rights of his own.
    expect(rowsOf(gone)).toEqual(rowsOf(half));
    const end = rows(gone, taken(4, true, { already: 1 }));
    expect(contextOf(end).counts).toEqual({ good: 1, bad: 1, already: 1 });
    expect(end.facts).toMatchObject([{ type: 'import.done', good: 1, bad: 1, already: 1 }]);
  });

  test('[IMPORT-5] nothing is started of which no row is good', () => {
    const none = rows(previewing(), taken(4, true, { bad: 3 }));
    expect(start(none).refused).toBe('nothing_to_import');
    expect(stateOf(start(none))).toBe('previewed');
  });

  test('[IMPORT-6] why it stands still is said, and forgotten when it goes on', () => {
    const still = fail(running(), 'rows', 'failed', 'forbidden');
    expect(contextOf(still).trouble).toMatchObject({ code: 'forbidden' });
    expect(contextOf(send(still, { type: 'RESUME' })).trouble).toBeNull();
  });
});
