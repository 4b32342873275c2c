import { data } from 'currency-codes';
import { add as plus, compare as order, dinero, subtract as minus } from 'dinero.js/bigint';
import type { Dinero } from 'dinero.js/bigint';

/** An amount of money: an integer of the currency's minor unit (cents, fils, whole yen) and the ISO 4217 code. */
export type Money = { readonly amount_minor: number; readonly currency: string };

/** The largest amount that one payment may move: 10^12 minor units. A thousand of them still add up exactly. */
export const MOST_MINOR = 1_000_000_000_000;

/**
 * Active ISO 4217 codes whose minor unit is "N.A.": metals, bond market units, testing, "no currency". Nothing can be paid
 * in them. The table of `currency-codes` gives them 0 digits, as if they were yen; only this list tells them apart.
 */
const WITHOUT_MINOR_UNIT = ['XAG', 'XAU', 'XBA', 'XBB', 'XBC', 'XBD', 'XDR', 'XPD', 'XPT', 'XSU', 'XTS', 'XUA', 'XXX'];

const EXPONENTS: ReadonlyMap<string, number> = new Map(
  data.filter(({ code }) => !WITHOUT_MINOR_UNIT.includes(code)).map(({ code, digits }) => [code, digits]),
);

/** The codes that money can be paid in (ISO 4217 table A.1 without the "N.A." ones), sorted. */
export const CURRENCIES: readonly string[] = [...EXPONENTS.keys()].sort();

/** Whether money can be paid in it: upper case, active, with a minor unit. Withdrawn codes are not. */
export function isCurrency(code: string): boolean {
  return EXPONENTS.has(code);
}

/** How many decimal places the minor unit stands for: 0 for JPY, 2 for EUR, 3 for KWD, 4 for CLF. */
export function exponentOf(currency: string): number {
  const exponent = EXPONENTS.get(currency);
  if (exponent === undefined) throw new RangeError(`${currency} is no active ISO 4217 currency with a minor unit`);
  return exponent;
}

/** Whether it is an amount at all: an integer of minor units, none or more, that a JavaScript number holds exactly. */
export function isMinorAmount(amount: unknown): amount is number {
  return Number.isSafeInteger(amount) && Number(amount) >= 0;
}

/** Whole major units in minor ones: 1000 is 100 000 in EUR, 1000 in JPY, 1 000 000 in KWD. */
export function toMinor(major: number, currency: string): number {
  return toSafe(toSafeBigint(major) * 10n ** BigInt(exponentOf(currency)));
}

/** Adds; throws when the currencies differ or the sum is too large to be exact. */
export function add(a: Money, b: Money): Money {
  return read(plus(write(a), write(b)));
}

/** Takes the second from the first; the result may be negative. */
export function subtract(a: Money, b: Money): Money {
  return read(minus(write(a), write(b)));
}

/** -1, 0 or 1; throws when the currencies differ. */
export function compare(a: Money, b: Money): -1 | 0 | 1 {
  return order(write(a), write(b));
}

/** Adds amounts of one currency, exactly. */
export function sum(currency: string, amounts: readonly number[]): number {
  return amounts.reduce((total, amount_minor) => add(total, { amount_minor, currency }), { amount_minor: 0, currency }).amount_minor;
}

/** The exact decimal, with all places of the currency and no grouping: `1250.00`, `1250`, `1.250`. */
export function toDecimal({ amount_minor, currency }: Money): string {
  if (!Number.isSafeInteger(amount_minor)) throw new RangeError(`${amount_minor} is not an integer that can be counted exactly`);
  const exponent = exponentOf(currency);
  const digits = String(Math.abs(amount_minor)).padStart(exponent + 1, '0');
  const sign = amount_minor < 0 ? '-' : '';
  return exponent === 0 ? sign + digits : `${sign}${digits.slice(0, -exponent)}.${digits.slice(-exponent)}`;
}

function write({ amount_minor, currency }: Money): Dinero<bigint, string> {
  const exponent = BigInt(exponentOf(currency));
  return dinero({ amount: toSafeBigint(amount_minor), currency: { code: currency, base: 10n, exponent } });
}

function read(value: Dinero<bigint, string>): Money {
  const { amount, currency } = value.toJSON();
  return { amount_minor: toSafe(amount), currency: currency.code };
}

function toSafeBigint(amount: number): bigint {
  if (!Number.isSafeInteger(amount)) throw new RangeError(`${amount} is not an integer that can be counted exactly`);
  return BigInt(amount);
}

/** The same as a number. Throws for what is too large to be exact. */
export function toSafe(amount: bigint): number {
  const number = Number(amount);
  if (!Number.isSafeInteger(number)) throw new RangeError(`${amount} is too large to be counted exactly`);
  return number;
}
