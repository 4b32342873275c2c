import { allocate as share, dinero } from 'dinero.js/bigint';
import { exponentOf, toSafe, type Money } from './money.ts';

/**
 * The rates of one day as their source published them: how many units of each currency one unit of `base` is worth, as the decimals that
 * stood there. They are never binary fractions.
 */
export type RateDay = {
  /** Who published them, for example `ecb`. */
  readonly source: string;
  readonly base: string;
  /** The day that they are of, YYYY-MM-DD, in the source's own zone. */
  readonly date: string;
  readonly rates: Readonly<Record<string, string>>;
};

/** An amount in another currency, and everything that it was worked out from. */
export type Converted = {
  readonly from: Money;
  readonly to: Money;
  /** Units of the second currency for one of the first, to twelve significant digits; the amount comes from the exact fraction. */
  readonly rate: string;
  readonly source: string;
  readonly date: string;
  /** What the fraction was made of: the published rate of each of the two. */
  readonly through: { readonly base: string; readonly from: string; readonly to: string };
};

/** To the nearest, a half to the even one; a half away from zero; always towards zero. */
export type Rounding = 'half_even' | 'half_up' | 'down';

const DECIMAL = /^(?<whole>0|[1-9]\d{0,17})(?:\.(?<part>\d{1,18}))?$/;
const SIGNIFICANT = 12;
const ONE: Decimal = { digits: 1n, scale: 0 };

type Decimal = { readonly digits: bigint; readonly scale: number };

/** Whether it is a rate as one can be published: a decimal above zero, without sign, exponent or leading zeros. */
export function isRate(text: string): boolean {
  return (readDecimal(text)?.digits ?? 0n) > 0n;
}

/**
 * The same money in another currency, by way of the base and rounded once, at the end. Undefined where the day has no rate for
 * one of the two: there is no rate to fall back on, and least of all 1.
 */
export function convert(from: Money, currency: string, day: RateDay, rounding: Rounding = 'half_even'): Converted | undefined {
  const [sold, bought] = [rateOf(day, from.currency), rateOf(day, currency)];
  if (sold === undefined || bought === undefined) return undefined;
  const [a, b] = [exponentOf(from.currency), exponentOf(currency)];
  const above = bought.digits * power(sold.scale + b);
  const below = sold.digits * power(bought.scale + a);
  const amount_minor = toSafe(divide(BigInt(from.amount_minor) * above, below, rounding));
  return {
    from,
    to: { amount_minor, currency },
    rate: toRate(sold, bought),
    source: day.source,
    date: day.date,
    through: { base: day.base, from: write(sold), to: write(bought) },
  };
}

/**
 * How many units of each currency one unit of `base` is worth: as published where the day has that base, else by way of the day's own, each to
 * twelve significant digits. Amounts are converted by `convert`, from the exact fraction. Undefined where the day has no rate for it.
 */
export function ratesFrom(base: string, day: RateDay): Readonly<Record<string, string>> | undefined {
  if (base === day.base) return day.rates;
  const sold = rateOf(day, base);
  if (sold === undefined) return undefined;
  const others = [day.base, ...Object.keys(day.rates)].filter((code) => code !== base);
  return Object.fromEntries(
    others.flatMap((code) => {
      const bought = rateOf(day, code);
      return bought === undefined ? [] : [[code, toRate(sold, bought)]];
    }),
  );
}

/** Whether the two say the same of the same day. Zeros at the end of a decimal say nothing. */
export function isSameDay(a: RateDay, b: RateDay): boolean {
  const [of, other] = [Object.entries(a.rates), Object.entries(b.rates)];
  if (a.source !== b.source || a.base !== b.base || a.date !== b.date || of.length !== other.length) return false;
  return of.every(([code, rate]) => Object.hasOwn(b.rates, code) && withoutZeros(rate) === withoutZeros(b.rates[code] ?? ''));
}

/** What is kept of an amount for the exchange, in basis points (hundredths of a percent): a leg of its own. The two add up to the whole. */
export function withSpread({ amount_minor, currency }: Money, basis_points: number): { readonly rest: Money; readonly spread: Money } {
  if (!Number.isInteger(basis_points) || basis_points < 0 || basis_points > 10_000)
    throw new RangeError(`${basis_points} is no whole number of basis points from 0 to 10000`);
  const rest = toSafe(divide(BigInt(amount_minor) * BigInt(10_000 - basis_points), 10_000n, 'down'));
  return { rest: { amount_minor: rest, currency }, spread: { amount_minor: amount_minor - rest, currency } };
}

/** Divides an amount by weights (whole numbers, none negative) so that nothing is lost: what is left over goes to the largest, a unit each. */
export function allocate({ amount_minor, currency }: Money, weights: readonly number[]): readonly Money[] {
  if (!Number.isSafeInteger(amount_minor)) throw new RangeError(`${amount_minor} is not an integer that can be counted exactly`);
  if (!weights.every((weight) => Number.isSafeInteger(weight) && weight >= 0) || !weights.some((weight) => weight > 0))
    throw new RangeError('Weights are whole numbers, none of them negative and not all of them zero');
  const money = dinero({ amount: BigInt(amount_minor), currency: { code: currency, base: 10n, exponent: BigInt(exponentOf(currency)) } });
  return share(money, weights.map(BigInt)).map((one) => ({ amount_minor: toSafe(one.toJSON().amount), currency }));
}

function rateOf({ base, rates }: RateDay, currency: string): Decimal | undefined {
  if (currency === base) return ONE;
  const rate = Object.hasOwn(rates, currency) ? readDecimal(rates[currency] ?? '') : undefined;
  return rate === undefined || rate.digits === 0n ? undefined : rate;
}

function readDecimal(text: string): Decimal | undefined {
  const groups = DECIMAL.exec(text)?.groups;
  if (groups === undefined) return undefined;
  const part = groups['part'] ?? '';
  return { digits: BigInt(`${groups['whole']}${part}`), scale: part.length };
}

function write({ digits, scale }: Decimal): string {
  const text = String(digits).padStart(scale + 1, '0');
  return scale === 0 ? text : `${text.slice(0, -scale)}.${text.slice(-scale)}`;
}

function toRate(sold: Decimal, bought: Decimal): string {
  return writeFraction(bought.digits * power(sold.scale), sold.digits * power(bought.scale));
}

function withoutZeros(decimal: string): string {
  return decimal.includes('.') ? decimal.replace(/\.?0+$/, '') : decimal;
}

/** A fraction above zero as a decimal of so many significant digits, without zeros behind. */
function writeFraction(above: bigint, below: bigint): string {
  const whole = above / below;
  let scale = SIGNIFICANT - (whole === 0n ? 0 : String(whole).length);
  if (whole === 0n) for (let next = above * 10n; next < below; next *= 10n) scale++;
  scale = Math.max(scale, 0);
  return withoutZeros(write({ digits: divide(above * power(scale), below, 'half_even'), scale }));
}

/** A fraction (the denominator is above zero) as a whole number. */
export function divide(above: bigint, below: bigint, rounding: Rounding): bigint {
  const sign = above < 0n ? -1n : 1n;
  const size = above * sign;
  const down = size / below;
  const twice = (size % below) * 2n;
  const isUp = rounding !== 'down' && (twice > below || (twice === below && (rounding === 'half_up' || down % 2n === 1n)));
  return sign * (isUp ? down + 1n : down);
}

function power(exponent: number): bigint {
  return 10n ** BigInt(exponent);
}
