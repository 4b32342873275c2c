import { expect, test } from 'vitest';
import { leftToday, readLimits } from './limits.ts';

const CONTEXT = {
  client: 'acme',
  limits: {
    per_payment_major: 5_000,
    per_day_major: 20_000,
    per_person_major: 10_000,
    per_day_count: 50,
    velocity: { count: 100, minutes: 10 },
    new_payee_major: 1_000,
    new_payee_hours: 24,
  },
  today: [{ currency: 'EUR', spent_minor: 1_250_000, left_minor: 750_000 }],
  count_today: 3,
};

test('[DESKLIM-1] what is left of a day is what the limits say of a currency, and all of it where nothing was spent', () => {
  const limits = readLimits(CONTEXT);
  expect(limits).toMatchObject({ per_payment_major: 5_000, per_day_count: 50, count_today: 3 });
  if (limits === undefined) throw new Error('These are limits');
  expect(leftToday(limits, 'EUR')).toBe(750_000);
  expect(leftToday(limits, 'USD')).toBe(2_000_000);
  expect(leftToday(limits, 'JPY')).toBe(20_000);
  expect(leftToday(limits, 'KWD')).toBe(20_000_000);
});

test('[DESKLIM-1] limits of a shape that this console does not know are not shown as others', () => {
  for (const broken of [{}, { ...CONTEXT, limits: null }, { ...CONTEXT, today: 7 }, { ...CONTEXT, limits: { per_day_major: '7' } }])
    expect(readLimits(broken)).toBeUndefined();
  expect(readLimits({ ...CONTEXT, today: [{ currency: 'EUR' }] })?.today).toEqual([]);
});
