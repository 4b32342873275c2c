import { IN_PAYMENTS } from './account-rules.ts';
import { allocate } from './exchange.ts';
import type { RateDay } from './exchange.ts';
import type { Answer, Leg, Post, Question, Tell } from './machine.ts';
import { toDecimal } from './money.ts';
import { must } from './must.ts';
import { priceBy } from './payment-price.ts';
import { pendingRefund } from './payment-rules.ts';
import type { Conversion, CreditRecord, PaymentContext } from './payment-terms.ts';
import { sha256 } from './sha256.ts';

/*
 * The money of a payment that is paid from an account: what it costs there, what is kept for it, and how it goes through the ledger. On its way
 * it stands on `transit/payments`: the account's own postings bring it there, those of the payment take it on.
 */

/** Where currencies meet: what it holds in each is what the house has bought and sold. */
export const EXCHANGE = 'exchange';
/** What the house keeps of what it exchanges. */
export const SPREADS = 'income/spread';

/** What the account answers where nothing may be paid from it for now; anything else will not change by waiting. */
const PASSING = ['insufficient_funds', 'account_frozen', 'debits_blocked', 'account_overdue', 'account_not_active', 'too_many_holds'];
/** With a number behind it a name is still an id. */
const MOST_NAME = 60;

export function isPassing(reason: string): boolean {
  return PASSING.includes(reason);
}

export function fromAccount({ account }: PaymentContext): boolean {
  return account !== undefined;
}

/** Whether the account keeps money for it, or was asked to. */
export function isKept({ hold = null }: PaymentContext): boolean {
  return hold !== null;
}

export function accountOf({ account }: PaymentContext): string {
  return `account/${must(account, 'the account of a payment')}`;
}

export function toAccountQuestion(context: PaymentContext): Question {
  return { to: accountOf(context), question: 'standing' };
}

/** Why nothing is paid from this account for this client; undefined where it may be. */
export function refuseAccount({ client }: PaymentContext, { found, answer }: Answer): string | undefined {
  if (!found || answer === undefined) return 'no_such_account';
  if (answer['client'] !== client) return 'not_the_clients';
  if (answer['payable'] === true) return undefined;
  const { reason } = answer;
  return typeof reason === 'string' ? reason : 'account_not_active';
}

/** The currency of an account, as it answered. */
export function currencyOf({ answer }: Answer): string {
  const currency = answer?.['currency'];
  return typeof currency === 'string' ? currency : '';
}

export function needsExchange({ currency, account_currency = currency }: PaymentContext): boolean {
  return account_currency !== currency;
}

export function toRatesQuestion({ rates }: PaymentContext): Question {
  return { to: `rates/${must(rates, 'the source of rates of a payment')}`, question: 'newest' };
}

/** What the payment costs in the account's currency, by the newest day that is not stale; undefined where there is no such rate. */
export function quote(context: PaymentContext, { found, answer }: Answer): Conversion | undefined {
  const { amount_minor, currency, account_currency = currency, spread_basis_points = 0 } = context;
  const days = answer?.['days'];
  if (!found || answer?.['state'] !== 'fresh' || !Array.isArray(days)) return undefined;
  const day = days.at(-1) as RateDay | undefined;
  return day && priceBy(day, { amount_minor, currency }, account_currency, spread_basis_points);
}

/** What the account has to keep, in its own currency. */
export function costOf({ amount_minor, conversion }: PaymentContext): number {
  return conversion === undefined ? amount_minor : conversion.to.amount_minor + conversion.spread_minor;
}

/** A name of the payment's own, with a number: an account knows by it what it has kept or been given. */
export function nameOf({ id }: PaymentContext, name: string | number): string {
  const whole = `${id}-${name}`;
  return whole.length <= MOST_NAME ? whole : sha256(whole).slice(0, MOST_NAME);
}

export function toReserve(context: PaymentContext): Tell {
  const event = {
    type: 'RESERVE',
    hold: must(context.hold, 'the hold of a payment'),
    amount_minor: costOf(context),
    currency: context.account_currency,
    reference: context.reference,
  };
  return { to: accountOf(context), event };
}

export function toRelease(context: PaymentContext): Tell {
  return { to: accountOf(context), event: { type: 'RELEASE', hold: must(context.hold, 'the hold of a payment') } };
}

/** What goes from the account for what is captured. */
export function chargeOf(context: PaymentContext): number {
  const { cost_minor, spread_minor } = shareOf(context, context.capture_minor);
  return cost_minor + spread_minor;
}

export function toSettle(context: PaymentContext): Tell {
  const event = { type: 'SETTLE', hold: must(context.hold, 'the hold of a payment'), amount_minor: chargeOf(context) };
  return { to: accountOf(context), event };
}

/** What so much of the payment costs in the account's currency: exactly all of it for all, and no cent is lost between two parts. */
function shareOf(
  { amount_minor, conversion }: PaymentContext,
  part_minor: number,
): { readonly cost_minor: number; readonly spread_minor: number } {
  if (conversion === undefined) return { cost_minor: part_minor, spread_minor: 0 };
  const { to, spread_minor } = conversion;
  return {
    cost_minor: partOf(to.amount_minor, to.currency, part_minor, amount_minor),
    spread_minor: partOf(spread_minor, to.currency, part_minor, amount_minor),
  };
}

function partOf(whole_minor: number, currency: string, part: number, all: number): number {
  return allocate({ amount_minor: whole_minor, currency }, [part, all - part])[0]?.amount_minor ?? 0;
}

/** What comes back to the account with a refund, at the payment's own rate; what was kept for the exchange stays. */
function backOf(context: PaymentContext, before_minor: number, refund_minor: number): number {
  return shareOf(context, before_minor + refund_minor).cost_minor - shareOf(context, before_minor).cost_minor;
}

/** The money leaves the house through the gateway. */
export function toCapturePost(context: PaymentContext): Post {
  const { currency, gateway, capture_minor, reference } = context;
  const out: Leg = { account: `gateway/${gateway}`, amount_minor: -capture_minor, currency };
  if (context.conversion === undefined) return { legs: [inTransit(capture_minor, currency), out], text: reference };
  const { cost_minor, spread_minor } = shareOf(context, capture_minor);
  const paid = context.conversion.to.currency;
  const legs: readonly Leg[] = [
    inTransit(cost_minor + spread_minor, paid),
    { account: EXCHANGE, amount_minor: -cost_minor, currency: paid },
    { account: SPREADS, amount_minor: -spread_minor, currency: paid },
    { account: EXCHANGE, amount_minor: capture_minor, currency },
    out,
  ];
  return { legs: legs.filter(({ amount_minor }) => amount_minor !== 0), text: `${reference} · ${named(context.conversion)}` };
}

/** The money of the refund that is on its way, for the account. */
export function creditOf(context: PaymentContext): CreditRecord {
  const { refund, amount_minor } = must(pendingRefund(context), 'the refund of a payment');
  return { credit: nameOf(context, refund), amount_minor: backOf(context, context.refunded_minor, amount_minor), state: 'told' };
}

export function toCredit(context: PaymentContext, { credit, amount_minor }: { credit: string; amount_minor: number }): Tell {
  const { account_currency, reference } = context;
  return { to: accountOf(context), event: { type: 'CREDIT', credit, amount_minor, currency: account_currency, reference } };
}

/** The account did not take it. */
export function withOwed({ credits = [] }: PaymentContext, credit: unknown): readonly CreditRecord[] {
  return credits.map((one) => (one.credit === credit ? { ...one, state: 'owed' as const } : one));
}

/** The money of the refund that is on its way comes back by the way that it went. */
export function toRefundPost(context: PaymentContext): Post {
  const { currency, gateway, reference, refunded_minor: before_minor } = context;
  const { amount_minor: refund_minor } = must(pendingRefund(context), 'the refund of a payment');
  const back: Leg = { account: `gateway/${gateway}`, amount_minor: refund_minor, currency };
  if (context.conversion === undefined) return { legs: [back, inTransit(-refund_minor, currency)], text: reference };
  const back_minor = backOf(context, before_minor, refund_minor);
  const paid = context.conversion.to.currency;
  const legs: readonly Leg[] = [
    back,
    { account: EXCHANGE, amount_minor: -refund_minor, currency },
    { account: EXCHANGE, amount_minor: back_minor, currency: paid },
    inTransit(-back_minor, paid),
  ];
  return { legs: legs.filter(({ amount_minor }) => amount_minor !== 0), text: `${reference} · ${named(context.conversion)}` };
}

/** Everything that an amount was worked out from, for whoever reads the ledger. */
function named({ from, to, rate, source, date }: Conversion): string {
  return `${toDecimal(from)} ${from.currency} = ${toDecimal(to)} ${to.currency}, ${rate} (${source} ${date})`;
}

function inTransit(amount_minor: number, currency: string): Leg {
  return { account: IN_PAYMENTS, amount_minor, currency };
}
