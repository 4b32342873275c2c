import { expect, test } from 'vitest';
import { disputeInput } from '../../machines/dispute-terms.ts';
import { z } from 'zod';
import { toDisputeDraft } from '../hq/payment.ts';
import { readDraft, readFields, toDraft } from './schema.ts';

const fields = readFields(z.toJSONSchema(disputeInput, { io: 'input' })).filter(({ name }) => name === 'due_by');
const NOON = Date.UTC(2026, 10, 23, 12);
const read = (day: string) => readDraft(fields, { due_by: day }, '', NOON);

test('[DESKDISP-1] a deadline is entered as a day and is the end of that day in UTC', () => {
  expect(fields.map(({ kind }) => kind)).toEqual(['deadline']);
  const due_by = Date.UTC(2026, 11, 31, 23, 59, 59, 999);
  expect(read('2026-12-31')).toEqual({ ok: true, value: { due_by } });
  expect(toDraft(fields, { due_by }, '')).toEqual({ due_by: '2026-12-31' });
  expect(read('2026-11-23')).toEqual({ ok: true, value: { due_by: Date.UTC(2026, 10, 23, 23, 59, 59, 999) } });
});

test.each([
  ['2026-11-22', 'This day is over. Enter today or a later day.'],
  ['2027-02-29', 'Enter a day, like 2026-12-31.'],
  ['1798761599999', 'Enter a day, like 2026-12-31.'],
  ['', 'Due by is needed.'],
])('[DESKDISP-1] as a deadline “%s” is refused in words', (day, sentence) => {
  expect(read(day)).toEqual({ ok: false, errors: { due_by: sentence } });
});

test('[DESKDISP-1] a dispute about a payment begins with what of it is neither refunded nor disputed, and there is none where nothing is left', () => {
  const context = {
    ...{ id: 'pay_1', client: 'acme', gateway: 'sandbox', currency: 'EUR', captured_minor: 200_000 },
    refunds: [
      { state: 'done', amount_minor: 30_000 },
      { state: 'refused', amount_minor: 1_000 },
    ],
    disputes: [
      { state: 'won', amount_minor: 5_000 },
      { state: 'lost', amount_minor: 46_544 },
    ],
  };
  const known = { payment: 'pay_1', client: 'acme', gateway: 'sandbox', currency: 'EUR' };
  expect(toDisputeDraft(context)).toEqual({ ...known, amount_minor: '1,234.56' });
  expect(toDisputeDraft({ ...context, captured_minor: 76_544 })).toBeUndefined();
});
