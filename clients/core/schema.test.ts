import { expect, test } from 'vitest';
import { z } from 'zod';
import { machines } from '../../machines/machines.ts';
import { emptyDraft, readDraft, readFields, type Draft } from './schema.ts';

const schema = z.toJSONSchema(
  z.strictObject({
    amount_minor: z.int().min(1).max(5_000_00),
    payee: z.string().min(1).max(10),
    kind: z.enum(['company', 'person']),
    urgent: z.boolean().optional(),
    documents: z.array(z.string().min(1)).min(1).max(2),
    bank: z.strictObject({ iban: z.string(), bic: z.string().optional() }).optional(),
    anything: z.unknown().optional(),
  }),
);
const fields = readFields(schema);
const filled = {
  amount_minor: '12.50',
  payee: ' Globex ',
  kind: 'company',
  documents: ['passport'],
  bank: { iban: 'DE1' },
  anything: '{"a":1}',
};

test('[CLIENT-17] A form has a fitting control for every field of a schema, and JSON where none fits', () => {
  expect(fields.map(({ name, kind, required }) => `${name}:${kind}${required ? '' : '?'}`)).toEqual([
    'amount_minor:money',
    'payee:text',
    'kind:choice',
    'urgent:boolean?',
    'documents:list',
    'bank:group?',
    'anything:json?',
  ]);
});

test('[CLIENT-17] A filled-in form becomes the payload: amounts in minor units, texts trimmed, what is empty left out', () => {
  expect(readDraft(fields, filled, 'EUR')).toEqual({
    ok: true,
    value: {
      amount_minor: 1250,
      payee: 'Globex',
      kind: 'company',
      urgent: false,
      documents: ['passport'],
      bank: { iban: 'DE1' },
      anything: { a: 1 },
    },
  });
  const { bank: _bank, anything: _anything, ...rest } = filled;
  expect(readDraft(fields, { ...rest, bank: { iban: ' ', bic: '' } }, 'EUR')).toMatchObject({
    ok: true,
    value: expect.not.objectContaining({ bank: {} }),
  });
});

test.each<[string, Record<string, Draft>, string]>([
  ['amount_minor', { amount_minor: '' }, 'Amount is needed.'],
  ['amount_minor', { amount_minor: '1,25' }, 'Write the amount like 1250.00.'],
  ['amount_minor', { amount_minor: '0' }, 'At least 0.01 EUR.'],
  ['amount_minor', { amount_minor: '5000.01' }, 'At most 5,000.00 EUR.'],
  ['payee', { payee: 'Globex International' }, 'At most 10 characters; these are 20.'],
  ['kind', { kind: 'ghost' }, 'Choose one of company, person.'],
  ['documents', { documents: ['a', 'b', 'c'] }, 'At most 2 are taken.'],
  ['documents.1', { documents: ['a', ''] }, 'Documents is needed.'],
  ['bank.iban', { bank: { bic: 'X' } }, 'Iban is needed.'],
  ['anything', { anything: '{' }, 'This is not valid JSON.'],
])('[CLIENT-17] A wrong %s is answered with a sentence at its field', (path, change, sentence) => {
  const read = readDraft(fields, { ...filled, ...change }, 'EUR');
  expect(read).toEqual({ ok: false, errors: { [path]: sentence } });
});

test('[CLIENT-18] The form of every event and every creation of every machine can be read and filled in', () => {
  for (const { input, events } of machines) {
    for (const part of [input, ...Object.values(events)]) {
      const found = readFields(z.toJSONSchema(part, { io: 'input' }));
      expect(found.map(({ name }) => name)).toEqual(Object.keys(part.shape));
      for (const field of found) expect(emptyDraft(field)).toBeDefined();
    }
  }
});
