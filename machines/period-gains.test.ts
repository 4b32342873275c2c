import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { RateDay } from './exchange.ts';
import { carriedFrom, closeBook, openBook, valuedBy, withTrade } from './period-gains.ts';
import type { Gains, Position, Trade } from './period-gains.ts';

const AT = Date.parse('2026-10-14T10:00:00Z');
const END = Date.parse('2026-10-31T23:59:59.999Z');
const DAYS: readonly RateDay[] = ['2026-10-14', '2026-10-30'].map((date) => ({
  source: 'ecb',
  base: 'EUR',
  date,
  rates: { USD: date === '2026-10-14' ? '1.17' : '1.2', GBP: '0.87', JPY: '182' },
}));

const trade = (...legs: readonly (readonly [string, number])[]): Trade => ({
  effective: AT,
  legs: legs.map(([currency, amount]) => ({ currency, amount_minor: BigInt(amount) })),
});

function played(trades: readonly Trade[], carried: readonly Position[] = [], home = 'EUR'): Gains {
  const valued = valuedBy(DAYS, home);
  const book = trades.reduce((present, one) => withTrade(present, one, valued), openBook(home, carried));
  return closeBook(book, carried, DAYS, END);
}

const dollars = ({ gains }: Gains): unknown => gains.find(({ currency }) => currency === 'USD');

/* What `exchange` holds is the other side of what the house has. */
const sold = (usd: number, eur: number): Trade => trade(['USD', usd], ['EUR', -eur]);
const bought = (usd: number, eur: number): Trade => trade(['USD', -usd], ['EUR', eur]);

const minor = fc.integer({ min: 1, max: 10_000_000_000 });
const sign = fc.constantFrom(1, -1);
const againstHome = fc
  .tuple(fc.constantFrom('USD', 'GBP', 'JPY'), minor, minor, sign)
  .map(([currency, amount, paid, way]) => trade([currency, amount * way], ['EUR', -paid * way]));
const between = fc
  .tuple(fc.constantFrom(['USD', 'GBP'], ['JPY', 'USD'], ['GBP', 'JPY']), minor, minor, sign)
  .map(([[one = '', other = ''], a, b, way]) => trade([one, a * way], [other, -b * way]));
const trades = fc.array(fc.oneof(againstHome, between), { maxLength: 40 });

const homeOf = (all: readonly Trade[]): bigint =>
  all.flatMap(({ legs }) => legs).reduce((sum, { currency, amount_minor }) => (currency === 'EUR' ? sum + amount_minor : sum), 0n);

describe('gains on currencies', () => {
  test('[PERIOD-11] what is sold has cost the average of what was bought', () => {
    const all = [bought(10_000, 8_000), bought(10_000, 9_000), sold(5_000, 4_600)];
    expect(dollars(played(all))).toMatchObject({ amount_minor: 15_000, cost_minor: 12_750, realized_minor: 350 });
  });

  test('[PERIOD-12] a position below zero gains when it is closed for less than it brought', () => {
    const open = played([sold(11_700, 10_000)]);
    expect(dollars(open)).toMatchObject({ amount_minor: -11_700, cost_minor: -10_000, realized_minor: 0 });
    // 117.00 dollars at 1.2 are 97.50 euro.
    expect(dollars(open)).toMatchObject({ value_minor: -9_750, unrealized_minor: 250, source: 'ecb', date: '2026-10-30' });
    expect(dollars(played([sold(11_700, 10_000), bought(11_700, 9_500)]))).toMatchObject({
      amount_minor: 0,
      cost_minor: 0,
      realized_minor: 500,
    });
  });

  test('[PERIOD-13] a trade through zero closes one position and begins another', () => {
    expect(dollars(played([bought(10_000, 8_000), sold(15_000, 13_500)]))).toMatchObject({
      amount_minor: -5_000,
      cost_minor: -4_500,
      realized_minor: 1_000,
    });
  });

  test('[PERIOD-14] what is traded between two other currencies is worth what the day says, and the difference is gained at once', () => {
    const { gains, difference_minor } = played([trade(['USD', 11_700], ['GBP', -8_800])]);
    expect(gains).toMatchObject([
      { currency: 'GBP', amount_minor: 8_800, cost_minor: 10_115 },
      { currency: 'USD', amount_minor: -11_700, cost_minor: -10_000 },
    ]);
    expect(difference_minor).toBe(115);
  });

  test('[PERIOD-15] without the rate of the day nothing is valued, and least of all at 1', () => {
    expect(() => played([trade(['CHF', 100], ['EUR', -90])])).toThrow('CHF in EUR on 2026-10-31');
    const early = { ...trade(['USD', 100], ['GBP', -90]), effective: Date.parse('2026-10-15T12:00:00Z') };
    expect(() => played([early])).toThrow('USD in EUR on 2026-10-15');
    // A Saturday has the rates of the Friday before.
    expect(dollars(played([sold(100, 90)]))).toMatchObject({ date: '2026-10-30' });
  });

  test('[PERIOD-16] no cent is lost: what is realized, unrealized and carried is exactly what went through the exchange', () => {
    fc.assert(
      fc.property(trades, (all) => {
        const { gains, difference_minor } = played(all);
        const realized = gains.reduce((sum, one) => sum + BigInt(one.realized_minor), BigInt(difference_minor));
        const cost = gains.reduce((sum, one) => sum + BigInt(one.cost_minor), 0n);
        // exchange in the home currency, with what is brought to exchange/cost, is what the positions cost.
        expect(homeOf(all) + realized).toBe(cost);
        for (const { value_minor, cost_minor, unrealized_minor } of gains) expect(value_minor - cost_minor).toBe(unrealized_minor);
      }),
    );
  });

  test('[PERIOD-17] what is computed in cents stays within a cent a trade of what fractions say', () => {
    fc.assert(
      fc.property(trades, (all) => {
        const { gains } = played(all);
        for (const { currency, realized_minor, cost_minor, amount_minor } of gains) {
          const model = inFractions(all, currency);
          expect(amount_minor).toBe(model.amount);
          expect(Math.abs(cost_minor - model.cost)).toBeLessThanOrEqual(all.length);
          expect(Math.abs(realized_minor - model.realized)).toBeLessThanOrEqual(all.length);
        }
      }),
    );
  });

  test('[PERIOD-18] closing in between makes no difference to what is realized or carried', () => {
    fc.assert(
      fc.property(trades, fc.nat(40), (all, cut) => {
        const whole = played(all);
        const first = played(all.slice(0, cut));
        const second = played(all.slice(cut), carriedFrom(first.gains));
        expect(carriedFrom(second.gains)).toEqual(carriedFrom(whole.gains));
        const sum = ({ gains, difference_minor }: Gains): number =>
          gains.reduce((total, one) => total + one.realized_minor, difference_minor);
        expect(sum(first) + sum(second)).toBe(sum(whole));
      }),
    );
  });
});

type Fraction = readonly [above: bigint, below: bigint];
const plus = ([a, b]: Fraction, [c, d]: Fraction): Fraction => reduced(a * d + c * b, b * d);
const times = ([a, b]: Fraction, [c, d]: Fraction): Fraction => reduced(a * c, b * d);
const reduced = (above: bigint, below: bigint): Fraction => {
  let [a, b] = [above < 0n ? -above : above, below];
  while (b !== 0n) [a, b] = [b, a % b];
  return a === 0n ? [0n, 1n] : [above / a, below / a];
};
const toNumber = ([above, below]: Fraction): number => Number((above * 1_000n) / below) / 1_000;

/** The same by the book, slowly: a position is closed unit price by unit price, and nothing is rounded but what a day's rate is. */
function inFractions(all: readonly Trade[], currency: string): { amount: number; cost: number; realized: number } {
  const valued = valuedBy(DAYS, 'EUR');
  let amount = 0n;
  let cost: Fraction = [0n, 1n];
  let realized: Fraction = [0n, 1n];
  for (const { legs, effective } of all) {
    const change = -(legs.find((leg) => leg.currency === currency)?.amount_minor ?? 0n);
    if (change === 0n) continue;
    const paid = legs.find((leg) => leg.currency === 'EUR')?.amount_minor;
    const price: Fraction = reduced(
      (paid ?? valued(change, currency, effective)) * (change < 0n ? -1n : 1n),
      change < 0n ? -change : change,
    );
    const against = amount > 0n !== change > 0n && amount !== 0n;
    const [held, moving] = [amount < 0n ? -amount : amount, change < 0n ? -change : change];
    const closing = against ? (moving < held ? moving : held) : 0n;
    if (closing > 0n) {
      const signed = amount > 0n ? closing : -closing;
      const share = times(cost, [closing, held]);
      realized = plus(realized, plus(times(price, [signed, 1n]), times(share, [-1n, 1n])));
      cost = plus(cost, times(share, [-1n, 1n]));
      amount -= signed;
    }
    const opening = moving - closing;
    const signed = change > 0n ? opening : -opening;
    cost = plus(cost, times(price, [signed, 1n]));
    amount += signed;
  }
  return { amount: Number(amount), cost: toNumber(cost), realized: toNumber(realized) };
}
