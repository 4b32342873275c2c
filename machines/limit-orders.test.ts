import fc from 'fast-check';
import { expect, test } from 'vitest';
import { dayIn } from './calendar-day.ts';
import { contextOf, MINUTE, paid, plain, spend, unspend } from './limit-rehearsal.ts';
import { fire, send, throughJson } from './rehearsal.ts';
import type { Stage } from './rehearsal.ts';

const HOUR = 60 * MINUTE;
/** The evenings before clocks are changed: in Brussels, in New York, and in Beirut, where they leap over midnight. */
const CHANGES = [
  { zone: 'Europe/Brussels', from: Date.UTC(2026, 2, 28, 20) },
  { zone: 'Europe/Brussels', from: Date.UTC(2026, 9, 24, 20) },
  { zone: 'America/New_York', from: Date.UTC(2026, 10, 1, 2) },
  { zone: 'Asia/Beirut', from: Date.UTC(2026, 2, 28, 18) },
] as const;
const LIMITS = { per_payment_major: 5, per_day_major: 12, per_person_major: 8, per_day_count: 6, velocity: { count: 4, minutes: 90 } };

type Counted = {
  readonly payment: string;
  readonly amount_minor: number;
  readonly maker: string;
  readonly currency: string;
  readonly at: number;
};

const step = fc.record({
  what: fc.constantFrom('SPEND', 'SPEND', 'SPEND', 'UNSPEND', 'PAID', 'midnight'),
  payment: fc.integer({ min: 0, max: 9 }).map((n) => `p${n}`),
  amount_minor: fc.integer({ min: 1, max: 600 }),
  maker: fc.constantFrom('ada', 'bert'),
  currency: fc.constantFrom('EUR', 'USD'),
  wait: fc.integer({ min: 0, max: 3 * HOUR }),
});

/** What a second book of what was granted, kept by this test, says against the limits. */
function brokenBy(book: readonly Counted[], zone: string, at: number): string[] {
  const today = book.filter((one) => dayIn(zone, one.at) === dayIn(zone, at));
  const sum = (of: readonly Counted[]): number => of.reduce((total, { amount_minor }) => total + amount_minor, 0);
  const found = book.filter(({ amount_minor }) => amount_minor > 500).map(({ payment }) => `${payment} is too large`);
  for (const currency of ['EUR', 'USD']) {
    const ofCurrency = today.filter((one) => one.currency === currency);
    if (sum(ofCurrency) > 1_200) found.push(`the day comes to ${sum(ofCurrency)} ${currency}`);
    for (const maker of ['ada', 'bert']) {
      const own = sum(ofCurrency.filter((one) => one.maker === maker));
      if (own > 800) found.push(`${maker} comes to ${own} ${currency}`);
    }
  }
  if (today.length > 6) found.push(`${today.length} in a day`);
  if (book.filter((one) => one.at > at - 90 * MINUTE).length > 4) found.push('too many within a short time');
  return found;
}

test.each(CHANGES)(
  '[LIMIT-15] in whatever order payments ask, give up and are paid, over midnights and changes of the clock, no limit is exceeded ($zone, $from)',
  ({ zone, from }) => {
    let refused = 0;
    fc.assert(
      fc.property(fc.array(step, { minLength: 20, maxLength: 60 }), (steps) => {
        let at: number = from;
        let stage: Stage = plain({ ...LIMITS, zone });
        const book = new Map<string, Counted>();
        const done = new Set<string>();
        for (const { what, payment, wait, ...more } of steps) {
          at += wait;
          // One that was paid on another day does not ask again: it has been forgotten.
          const isOver = done.has(payment) && dayIn(zone, book.get(payment)?.at ?? at) !== dayIn(zone, at);
          if (what === 'SPEND' && !isOver) {
            stage = send(stage, spend(payment, more.amount_minor, { ...more, at }));
            const known = book.get(payment);
            const isSame = known?.amount_minor === more.amount_minor && known.maker === more.maker && known.currency === more.currency;
            const stays = isSame && (done.has(payment) || dayIn(zone, known.at) === dayIn(zone, at));
            if (stage.refused === undefined && !stays && !done.has(payment)) book.set(payment, { payment, ...more, at });
            refused += Number(stage.refused !== undefined);
          } else if (what === 'UNSPEND') {
            stage = send(stage, unspend(payment, at));
            if (!done.has(payment)) book.delete(payment);
          } else if (what === 'PAID') {
            stage = send(stage, paid(payment, at));
            if (book.has(payment)) done.add(payment);
          } else if (stage.timers['midnight'] !== undefined) stage = fire(stage, 'midnight', at);
          stage = throughJson(stage);
          expect(brokenBy([...book.values()], zone, at)).toEqual([]);
          const { today, count_today, looked_at } = contextOf(stage);
          const counted = [...book.values()].filter((one) => dayIn(zone, one.at) === dayIn(zone, looked_at));
          expect(count_today).toBe(counted.length);
          for (const { currency, spent_minor } of today)
            expect(spent_minor).toBe(counted.reduce((sum, one) => (one.currency === currency ? sum + one.amount_minor : sum), 0));
        }
      }),
      { numRuns: 60 },
    );
    expect(refused).toBeGreaterThan(50);
  },
);
