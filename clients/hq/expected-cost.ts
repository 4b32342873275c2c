import type { RateDay } from '../../machines/exchange.ts';
import { priceBy } from '../../machines/payment-price.ts';
import type { Conversion } from '../../machines/payment-terms.ts';
import { isRecord } from '../core/problem.ts';
import { costOf, isConversion, textIn, type Context, type Cost } from './payment.ts';

/** What a payment would take from its account if it left now. */
export type Expected =
  | { readonly kind: 'plain'; readonly cost: Cost }
  | { readonly kind: 'exchanged'; readonly cost: Cost; readonly conversion: Conversion }
  /** There is none that is new enough, or none for the two currencies. */
  | { readonly kind: 'no_rate' };

type Rates = { readonly state: readonly string[]; readonly context: Context };

/**
 * By the same sum as the payment itself makes when it leaves: the newest day of its rates, while that is not stale, and the spread on top. What it
 * has agreed on already holds. Undefined where it is paid from no account.
 */
export function expectedCost(payment: Context, rates: Rates | undefined): Expected | undefined {
  const { conversion, spread_basis_points: points, amount_minor } = payment;
  const [currency, paid] = [textIn(payment, 'currency'), textIn(payment, 'account_currency')];
  const known = costOf(payment);
  if (known !== undefined)
    return isConversion(conversion) ? { kind: 'exchanged', cost: known, conversion } : { kind: 'plain', cost: known };
  if (paid === undefined || currency === undefined || typeof amount_minor !== 'number' || typeof points !== 'number') return undefined;
  const day = rates && newestDay(rates);
  const price = day && priceBy(day, { amount_minor, currency }, paid, points);
  if (price === undefined) return { kind: 'no_rate' };
  return { kind: 'exchanged', cost: { amount_minor: price.to.amount_minor + price.spread_minor, currency: paid }, conversion: price };
}

function newestDay({ state, context: { days } }: Rates): RateDay | undefined {
  const newest: unknown = Array.isArray(days) && state.includes('age.fresh') ? days.at(-1) : undefined;
  return isRecord(newest) && isRecord(newest['rates']) && typeof newest['base'] === 'string' ? (newest as unknown as RateDay) : undefined;
}
