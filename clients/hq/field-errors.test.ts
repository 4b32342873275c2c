import { expect, test } from 'vitest';
import { Problem } from '../core/problem.ts';
import { readFields } from '../core/schema.ts';
import { placeInputErrors } from './field-errors.ts';

const text = { type: 'string' };
const fields = readFields({ type: 'object', properties: { payee: text, documents: { type: 'array', items: text } } });
const invalid = (...errors: unknown[]): Problem => new Problem(422, 'invalid', '@create of payment: payee: A card', { errors });

test('[DESK-32] what the hub finds wrong with an input is said at the fields that it names', () => {
  const placed = placeInputErrors(
    invalid({ where: 'payee', what: 'A card' }, { where: 'body.input.documents.1', what: 'Too long' }),
    fields,
    'See below.',
  );
  expect(placed.errors).toEqual({ payee: 'A card', 'documents.1': 'Too long' });
  expect(placed.problem).toMatchObject({ status: 422, code: 'invalid', message: 'See below.', extra: { errors: [] } });
});

test('[DESK-32] what no field can show stands above the form, in the hub’s words', () => {
  const other = { where: 'body', what: 'Too much' };
  const placed = placeInputErrors(invalid({ where: 'payee', what: 'A card' }, other), fields, 'See below.');
  expect(placed.errors).toEqual({ payee: 'A card' });
  expect(placed.problem).toMatchObject({ message: '@create of payment: payee: A card', extra: { errors: [other] } });
  const refused = placeInputErrors(new Problem(403, 'forbidden', 'You may not.'), fields, 'See below.');
  expect([refused.errors, refused.problem.message]).toEqual([{}, 'You may not.']);
});
