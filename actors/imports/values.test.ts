import { expect, test } from 'vitest';
import type { Rule } from '../../machines/import-terms.ts';
import type { Reading } from '../../machines/import-words.ts';
import { toCountry } from './country-names.ts';
import { toInput } from './values.ts';

const rule = (as: Reading, more: Partial<Rule> = {}): Rule => ({ field: 'f', column: 0, otherwise: null, as, currency: 'EUR', ...more });
const read = (one: Rule, cell: string | null): unknown => {
  const { input, reasons } = toInput({ fields: [one], key: null }, ['Heading'], [cell]);
  return reasons[0]?.code ?? input['f'];
};

test('[IMPORT-10] cells are read as somebody said, and what does not fit is refused, never guessed', () => {
  const cases: readonly [Reading, string, unknown][] = [
    ['text', ' Größe ', 'Größe'],
    ['lower', 'Company', 'company'],
    ['whole', '-12', -12],
    ['whole', '1.5', 'not_a_number'],
    ['whole', '99999999999999999', 'not_a_number'],
    ['day_iso', '2026-2-3', '2026-02-03'],
    ['day_dmy', '03.02.2026', '2026-02-03'],
    ['day_mdy', '02/03/2026', '2026-02-03'],
    ['day_dmy', '31.02.2026', 'not_a_date'],
    ['day_mdy', '13/01/2026', 'not_a_date'],
    ['amount_comma', '1.234,50', 123_450],
    ['amount_comma', '1234,5 €', 123_450],
    ['amount_comma', '-0,01', -1],
    ['amount_comma', '1,234.50', 'not_an_amount'],
    ['amount_point', '1,234.50', 123_450],
    ['amount_point', '12.345', 'not_an_amount'],
    ['amount_point', '1,23', 'not_an_amount'],
    ['amount_point', '99999999999999999', 'not_an_amount'],
  ];
  for (const [as, cell, expected] of cases) expect([as, cell, read(rule(as), cell)]).toEqual([as, cell, expected]);
  expect(read(rule('amount_point', { currency: 'JPY' }), '1,234')).toBe(1_234);
  expect(read(rule('amount_point', { currency: 'JPY' }), '1.2')).toBe('not_an_amount');
  expect(read(rule('amount_point', { currency: 'KWD' }), '1.234')).toBe(1_234);
});

test('[IMPORT-11] a value for all rows, or for those whose cell is empty, goes the same way; a card number goes none', () => {
  expect(read(rule('country', { column: null, otherwise: 'Germany' }), 'x')).toBe('DE');
  expect(read(rule('text', { otherwise: 'none' }), '  ')).toBe('none');
  expect(read(rule('text'), '')).toBeUndefined();
  expect(read(rule('text', { otherwise: 'none' }), null)).toBe('card_number');
});

test('[IMPORT-12] countries are known by code and by name in several languages; what names none, or two, names none', () => {
  const names = ['DE', 'de', 'Germany', 'Deutschland', 'ALLEMAGNE', 'Österreich', 'Osterreich', 'Côte d’Ivoire', 'Bosnia & Herzegovina'];
  expect(names.map(toCountry)).toEqual(['DE', 'DE', 'DE', 'DE', 'DE', 'AT', 'AT', 'CI', 'BA']);
  for (const none of ['XX', 'Nirgendwo', '', 'Prussia']) expect([none, toCountry(none)]).toEqual([none, undefined]);
});
