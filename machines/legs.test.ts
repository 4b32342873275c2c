import { expect, test } from 'vitest';
import { complete, pend, release, reverse } from './legs.ts';
import type { Leg } from './machine.ts';

const leg = (account: string, amount_minor: number, currency = 'EUR'): Leg => ({ account, amount_minor, currency });
const SALE = [leg('client:acme/receivable', 900), leg('sales', -900), leg('gift', 0)];
const pending = (legs: readonly Leg[]): Leg[] => legs.map((one) => ({ ...one, pending: true }));

test('[LEDG-1] legs are made pending, taken back, completed and reversed, and zero stays zero', () => {
  expect(pend(SALE)).toEqual(pending(SALE));
  const back = pending([leg('client:acme/receivable', -900), leg('sales', 900), leg('gift', 0)]);
  expect(release(SALE)).toEqual(back);
  expect(release(pend(SALE))).toEqual(back);
  expect(complete(pend(SALE))).toEqual([...back, ...SALE]);
  const less = [leg('client:acme/receivable', 400), leg('sales', -400)];
  expect(complete(SALE, less)).toEqual([...back, ...less]);
  expect(reverse(complete(SALE))).toEqual([...pend(SALE), leg('client:acme/receivable', -900), leg('sales', 900), leg('gift', 0)]);
});
