import { convert, withSpread } from './exchange.ts';
import type { RateDay } from './exchange.ts';
import { MOST_MINOR } from './money.ts';
import type { Money } from './money.ts';
import type { Conversion } from './payment-terms.ts';

// By itself because the console works a price out with it: it imports nothing that checks schemas, and so takes none of that to the browser.

/** What money costs in another currency by the rates of a day, with the spread; undefined where it has no price that can be paid. */
export function priceBy(day: RateDay, money: Money, into: string, spread_basis_points: number): Conversion | undefined {
  const converted = convertSafely(money, into, day);
  if (converted === undefined || converted.to.amount_minor < 1) return undefined;
  const spread_minor = withSpread(converted.to, spread_basis_points).spread.amount_minor;
  if (converted.to.amount_minor + spread_minor > MOST_MINOR) return undefined;
  const { rate, source, date, through } = converted;
  return { from: converted.from, to: converted.to, spread_minor, rate, source, date, through };
}

/** An amount that cannot be counted exactly is no amount to pay. */
function convertSafely(...args: Parameters<typeof convert>): ReturnType<typeof convert> {
  try {
    return convert(...args);
  } catch {
    return undefined;
  }
}
