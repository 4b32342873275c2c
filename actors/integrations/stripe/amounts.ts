import { exponentOf, isCurrency } from '../../../machines/money.ts';

/** What Stripe is sent, or why it cannot be. */
export type StripeAmount =
  | { readonly amount: number; readonly currency: string }
  | { readonly code: 'currency_not_supported' | 'amount_not_representable'; readonly detail: string };

/**
 * Stripe's smallest units are not always those of ISO 4217 (https://docs.stripe.com/currencies). These count in whole units;
 * MGA has hundredths in ISO 4217 and none here.
 */
const ZERO_DECIMAL = new Set('BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF'.split(' '));
/** They have no decimals either, and are written with two that are always 00, as they were when they had some. */
const WRITTEN_WITH_TWO = new Set(['ISK', 'UGX']);
/** Their last digit has to be 0: the partners behind Stripe take no more than two decimals. */
const THREE_DECIMAL = new Set('BHD JOD KWD OMR TND'.split(' '));

/**
 * An amount in ISO 4217's minor units as Stripe counts it. HUF and TWD are whole in payouts alone, and charged like any other
 * with two decimals. Nothing is rounded: what Stripe cannot write is refused.
 */
export function toStripeAmount(amount_minor: number, currency: string): StripeAmount {
  if (!isCurrency(currency)) return unsupported(currency);
  const exponent = exponentOf(currency);
  const exact = { amount: amount_minor, currency: currency.toLowerCase() };
  if (THREE_DECIMAL.has(currency)) {
    return amount_minor % 10 === 0
      ? exact
      : unwritable(`${currency} is charged in tens of its minor unit; ${amount_minor} does not end in 0.`);
  }
  if (WRITTEN_WITH_TWO.has(currency)) return scaled(amount_minor, currency, 2 - exponent);
  if (ZERO_DECIMAL.has(currency)) return scaled(amount_minor, currency, -exponent);
  return exponent === 2 ? exact : unsupported(currency);
}

/** What Stripe counts as ISO 4217 does; undefined for what is no whole number of minor units, or of a currency that is not known. */
export function fromStripeAmount(
  amount: number,
  currency: string,
): { readonly amount_minor: number; readonly currency: string } | undefined {
  const code = currency.toUpperCase();
  if (!isCurrency(code)) return undefined;
  const exponent = exponentOf(code);
  const decimals = ZERO_DECIMAL.has(code) ? 0 : THREE_DECIMAL.has(code) ? 3 : 2;
  const amount_minor = amount * 10 ** (exponent - decimals);
  const isExact = Number.isSafeInteger(amount_minor) && amount_minor > 0;
  return isExact ? { amount_minor, currency: code } : undefined;
}

/** Times ten to this power, where that is a whole number. */
function scaled(amount_minor: number, currency: string, power: number): StripeAmount {
  const factor = 10 ** Math.abs(power);
  const amount = power >= 0 ? amount_minor * factor : amount_minor / factor;
  if (Number.isSafeInteger(amount)) return { amount, currency: currency.toLowerCase() };
  return unwritable(`${amount_minor} minor units of ${currency} are no whole number of those that Stripe counts in.`);
}

function unwritable(detail: string): StripeAmount {
  return { code: 'amount_not_representable', detail };
}

function unsupported(currency: string): StripeAmount {
  return { code: 'currency_not_supported', detail: `Stripe does not say how it counts ${currency}.` };
}
