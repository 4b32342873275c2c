import { expect, test } from 'vitest';
import { Fault } from '../../machines/fault.ts';
import { Printer } from './printer.ts';
import { toPdf } from './receipt-pdf.ts';
import type { Receipt } from './receipt.ts';

const RECEIPT: Receipt = {
  title: 'Receipt',
  number: 'payment/p1 · version 7',
  made_at: Date.parse('2026-11-22T21:40:32Z'),
  sections: [{ title: 'Payment', lines: [{ label: 'Payee', text: 'Bolt Ltd' }] }],
};

test('[RECEIPT-17] receipts are drawn in a thread, the same bytes as anywhere else, several at once', async () => {
  const printer = new Printer();
  const here = await toPdf(RECEIPT);
  const there = await Promise.all([printer.print(RECEIPT), printer.print(RECEIPT), printer.print({ ...RECEIPT, number: 'other' })]);
  expect(there.map((bytes) => bytes.equals(here))).toEqual([true, true, false]);
});

test('[RECEIPT-17] one that cannot be drawn fails alone', async () => {
  const printer = new Printer();
  const broken = printer.print({ ...RECEIPT, made_at: Number.NaN });
  const other = printer.print(RECEIPT);
  await expect(broken).rejects.toThrow('A receipt could not be drawn');
  expect((await other).length).toBeGreaterThan(1000);
});

test('[RECEIPT-17] whoever asks while too many are asked for is told to come back', async () => {
  const printer = new Printer();
  const asked = Array.from({ length: 32 }, () => printer.print(RECEIPT));
  expect(() => printer.print(RECEIPT)).toThrow(Fault);
  expect(await Promise.all(asked)).toHaveLength(32);
});
