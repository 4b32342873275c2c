import { expect, test } from 'vitest';
import { readCursor, writeCursor } from './cursor.ts';

test('[API-11] a cursor comes back as it went out, in its own order alone', () => {
  const after = { value: 'Zoë · 7', address: 'payment/pay_1' };
  const cursor = writeCursor('-title', after);
  expect(cursor).toMatch(/^[A-Za-z0-9_-]+$/);
  expect(readCursor(cursor, '-title')).toEqual(after);
  expect(() => readCursor(cursor, 'title')).toThrow(/cursor/);
});

test('[API-11] what is no cursor is refused', () => {
  const made = (...parts: unknown[]): string => Buffer.from(JSON.stringify(parts)).toString('base64url');
  const none = [
    '',
    'x',
    'W10',
    made('title'),
    made('title', 'a', 'payment'),
    made('title', 'a\0', 'payment/x'),
    made('title', '\uD800', 'payment/x'),
    made('title', 'a'.repeat(300), 'payment/x'),
    made('title', { $ne: null }, 'payment/x'),
  ];
  for (const cursor of none) expect(() => readCursor(cursor, 'title')).toThrow(/cursor/);
  for (const value of ['x', '1 or 1=1', '', '1e5', '-1', '9'.repeat(16)])
    expect(() => readCursor(made('updatedAt', value, 'payment/x'), 'updatedAt')).toThrow(/cursor/);
});
