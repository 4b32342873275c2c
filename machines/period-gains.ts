import { convert, divide } from './exchange.ts';
import type { RateDay } from './exchange.ts';
import { Fault } from './fault.ts';
import { toSafe } from './money.ts';
import { dayOf } from './month.ts';
import { holdingOn } from './target-days.ts';

/*
 * What the house gains and loses by currencies. Its position in a currency is the other side of what the account `exchange` holds in it: where
 * somebody's payment has taken dollars from the house, `exchange` has a debit in dollars, and the house has that many fewer. A position stands
 * at the weighted average of what it cost in the home currency. What comes to it adds its cost; what leaves it
 * takes its share of the cost along, and what was got for it beyond that is a realized gain. Everything is in whole minor units: a share is
 * rounded, to the nearest, a half to the even one, and what is left of the cost stays, so that the last unit takes the rest of it.
 */

/** What the house has in a currency, less than nothing where it owes, and what that cost; both have the same sign. */
export type Position = { readonly currency: string; readonly amount_minor: number; readonly cost_minor: number };

/** What one posting did to `exchange`. */
export type Trade = { readonly effective: number; readonly legs: readonly { readonly currency: string; readonly amount_minor: bigint }[] };

/** What something is worth in the home currency on the day of this moment. */
export type Valued = (amount_minor: bigint, currency: string, at: number) => bigint;

type Held = { readonly amount: bigint; readonly cost: bigint; readonly realized: bigint };

/** The positions on their way through a period, by currency. */
export type Book = {
  readonly home: string;
  readonly held: Readonly<Record<string, Held>>;
  /** What trades between others than the home currency gained or lost at once, by the rates of their day. */
  readonly difference: bigint;
};

/** What a currency came to in a period. */
export type Gain = {
  readonly currency: string;
  readonly opening_minor: number;
  readonly opening_cost_minor: number;
  readonly amount_minor: number;
  readonly cost_minor: number;
  readonly realized_minor: number;
  /** What the position is worth at the end of the period, and what that is beyond its cost. */
  readonly value_minor: number;
  readonly unrealized_minor: number;
  /** Units of the home currency for one of this: whose, and of which day; none where there is no position. */
  readonly rate: string | null;
  readonly source: string | null;
  readonly date: string | null;
};

export type Gains = { readonly gains: readonly Gain[]; readonly difference_minor: number };

const NONE: Held = { amount: 0n, cost: 0n, realized: 0n };

export function openBook(home: string, carried: readonly Position[]): Book {
  const held = carried.map(({ currency, amount_minor, cost_minor }) => {
    return [currency, { amount: BigInt(amount_minor), cost: BigInt(cost_minor), realized: 0n }] as const;
  });
  return { home, held: Object.fromEntries(held), difference: 0n };
}

/**
 * The book after a trade. What was traded against the home currency alone is worth what was given or got for it; anything else what `valued` says,
 * and where the sides then differ, that has been gained or lost at once.
 */
export function withTrade(book: Book, { effective, legs }: Trade, valued: Valued): Book {
  const sums = new Map<string, bigint>();
  for (const { currency, amount_minor } of legs) sums.set(currency, (sums.get(currency) ?? 0n) + amount_minor);
  const paid = sums.get(book.home) ?? 0n;
  const others = [...sums].filter(([currency, sum]) => currency !== book.home && sum !== 0n);
  const held = { ...book.held };
  let difference = book.difference - paid;
  for (const [currency, sum] of others) {
    const isAgainstHome = others.length === 1 && paid !== 0n && paid > 0n !== sum > 0n;
    const worth = isAgainstHome ? paid : valued(-sum, currency, effective);
    held[currency] = moved(held[currency] ?? NONE, -sum, worth);
    difference += worth;
  }
  return { ...book, held, difference };
}

function moved({ amount, cost, realized }: Held, change: bigint, worth: bigint): Held {
  const next = amount + change;
  if (amount === 0n || amount > 0n === change > 0n) return { amount: next, cost: cost + worth, realized };
  if (size(change) <= size(amount)) {
    const share = divide(cost * size(change), size(amount), 'half_even');
    return { amount: next, cost: cost - share, realized: realized - worth - share };
  }
  // It goes through zero: one part of what was paid closes the position, the rest is the cost of the one that begins.
  const closing = divide(worth * size(amount), size(change), 'half_even');
  return { amount: next, cost: worth - closing, realized: realized - closing - cost };
}

/** What the period came to, each position at the rate of its last moment. Throws the fault `rates_missing`. */
export function closeBook({ home, held, difference }: Book, carried: readonly Position[], days: readonly RateDay[], end: number): Gains {
  const gains = Object.entries(held)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([currency, { amount, cost, realized }]): Gain => {
      const opening = carried.find((one) => one.currency === currency);
      const amount_minor = toSafe(amount);
      const converted = amount === 0n ? undefined : valueOn(days, { amount_minor, currency }, home, end);
      const value_minor = converted?.to.amount_minor ?? 0;
      const cost_minor = toSafe(cost);
      return {
        currency,
        opening_minor: opening?.amount_minor ?? 0,
        opening_cost_minor: opening?.cost_minor ?? 0,
        amount_minor,
        cost_minor,
        realized_minor: toSafe(realized),
        value_minor,
        unrealized_minor: value_minor - cost_minor,
        rate: converted?.rate ?? null,
        source: converted?.source ?? null,
        date: converted?.date ?? null,
      };
    });
  return { gains, difference_minor: toSafe(difference) };
}

/** Values by the rates of the day; on one on which none are published by those of the last day before it. Throws the fault `rates_missing`. */
export function valuedBy(days: readonly RateDay[], home: string): Valued {
  return (amount, currency, at) => {
    const { to } = valueOn(days, { amount_minor: toSafe(amount), currency }, home, at);
    return BigInt(to.amount_minor);
  };
}

function valueOn(
  days: readonly RateDay[],
  money: { readonly amount_minor: number; readonly currency: string },
  home: string,
  at: number,
): NonNullable<ReturnType<typeof convert>> {
  const date = dayOf(at);
  const holding = holdingOn(days, date, date);
  const converted = holding?.missed === 0 ? convert(money, home, holding.day) : undefined;
  if (converted === undefined) throw new Fault('rates_missing', `${money.currency} in ${home} on ${date}`);
  return converted;
}

/** What the next period begins with. */
export function carriedFrom(gains: readonly Gain[]): readonly Position[] {
  return gains
    .filter(({ amount_minor, cost_minor }) => amount_minor !== 0 || cost_minor !== 0)
    .map(({ currency, amount_minor, cost_minor }) => ({ currency, amount_minor, cost_minor }));
}

function size(amount: bigint): bigint {
  return amount < 0n ? -amount : amount;
}
