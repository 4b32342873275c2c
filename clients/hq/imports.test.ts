import { describe, expect, test } from 'vitest';
import { READ } from '../../machines/import-rehearsal.ts';
import { countsIn, fileIn, guessMapping, readRows, toSent, toSentence } from './imports.ts';

describe('imports in the console', () => {
  test('[DESKIMP-1] a field is offered the column that is called like it, whatever its case, and an id the column of numbers', () => {
    expect(guessMapping(READ.fields, ['Nr.', 'COUNTRY', 'Name '])).toEqual({
      key: 0,
      fields: [
        { field: 'name', column: 2, otherwise: null, as: 'text', currency: null },
        { field: 'country', column: 1, otherwise: null, as: 'country', currency: null },
        { field: 'note', column: null, otherwise: null, as: 'text', currency: null },
      ],
    });
    expect(guessMapping(READ.fields, ['x']).key).toBeNull();
  });

  test('[DESKIMP-2] what is made from nothing is not sent, nor a currency where there is no amount', () => {
    const [rule] = guessMapping(READ.fields, ['x']).fields;
    if (rule === undefined) throw new Error('no rule');
    expect(toSent({ key: null, fields: [rule, { ...rule, otherwise: '  ' }] }).fields).toEqual([]);
    const sent = toSent({ key: null, fields: [{ ...rule, otherwise: ' DE ', currency: 'EUR' }] });
    expect(sent.fields).toEqual([{ ...rule, otherwise: 'DE', currency: null }]);
  });

  test('[DESKIMP-3] what another release of the hub answers is not shown as something that it is not', () => {
    expect(countsIn({ good: 1 })).toEqual({ good: 0, bad: 0, already: 0 });
    expect(fileIn({ file: { rows: 1 } })).toBeUndefined();
    expect(readRows({ rows: [] })).toEqual({ items: [], next: undefined });
    expect([toSentence({ column: 'Land', detail: 'x' }), toSentence({ column: null, detail: 'x' })]).toEqual(['Land: x', 'x']);
  });
});
