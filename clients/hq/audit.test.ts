import { expect, test } from 'vitest';
import { NOT_BEGUN, toAuditSearch, withAnswer, type AuditRow } from './audit.ts';

const row = (seq: number, at: string): AuditRow => ({
  address: 'a/b',
  version: seq,
  partition: 1,
  seq,
  event: { type: 'X' },
  caller: '',
  at,
  hash: '',
});

test('[DESK-21] what a search finds stands in the order of its times, however it comes', () => {
  const first = withAnswer(NOT_BEGUN, { items: [row(9, '2026-01-09'), row(5, '2026-01-05')], next: 'c', looked: 100, back: '2026-01-07' });
  const whole = withAnswer(first, { items: [row(7, '2026-01-07'), row(1, '2026-01-01')], next: null, looked: 40, back: null });
  expect(whole.rows.map(({ seq }) => seq)).toEqual([9, 7, 5, 1]);
  expect([whole.looked, whole.next, whole.back]).toEqual([140, null, undefined]);
});

test('[DESK-21] times are asked for in UTC, the names of events as the journal has them, and nothing that is empty', () => {
  const search = new URLSearchParams(
    toAuditSearch({ actor: ' payment/p1 ', event: 'gateway notified', from: '2026-01-01T10:00:00+02:00', to: '', person: '' }),
  );
  expect(Object.fromEntries(search)).toEqual({ actor: 'payment/p1', event: 'GATEWAY_NOTIFIED', from: '2026-01-01T08:00:00.000Z' });
  expect(toAuditSearch({ from: 'nonsense' })).toBe('');
});
