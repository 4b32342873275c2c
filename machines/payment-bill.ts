import type { Answer, Question, Tell } from './machine.ts';
import { must } from './must.ts';
import type { BillClaimed, PaymentContext } from './payment-terms.ts';
import { dayInFrankfurt } from './target-days.ts';

/*
 * The bill that a payment pays: it keeps the amount free for the payment from before anything is done with it, so that two payments never pay it twice, and
 * is told what becomes of it.
 */

export function paysBill({ bill }: PaymentContext): boolean {
  return bill !== undefined;
}

/** Whether the bill has to be asked to keep the amount free. */
export function needsClaim(context: PaymentContext): boolean {
  return paysBill(context) && context.claimed !== true;
}

function billOf({ bill }: PaymentContext): string {
  return `bill/${must(bill, 'the bill of a payment')}`;
}

/** For one revision, so that what is answered to an earlier one is not taken for it. */
export function toBegun(context: PaymentContext): Tell {
  const { id, revision, amount_minor, currency } = context;
  return { to: billOf(context), event: { type: 'PAYMENT_BEGUN', payment: id, revision, amount_minor, currency } };
}

export function isClaim({ bill, revision }: PaymentContext, event: BillClaimed): boolean {
  return event.bill === bill && event.revision === revision;
}

export function toSettled(context: PaymentContext, at: number): Tell {
  const { id, capture_minor, currency, reference } = context;
  const event = { type: 'PAYMENT_SETTLED', payment: id, amount_minor: capture_minor, currency, on: dayInFrankfurt(at), memo: reference };
  return { to: billOf(context), event };
}

/** Nothing was paid by it, and nothing will be. */
export function toEnded(context: PaymentContext): Tell {
  return { to: billOf(context), event: { type: 'PAYMENT_ENDED', payment: context.id, reason: context.reason ?? 'canceled' } };
}

/** How much of it has come back in all: by refunds, and by what a bank has taken back for good. */
export function toReturned(context: PaymentContext, refunded_minor: number): Tell {
  const lost = (context.disputes ?? []).filter(({ state }) => state === 'lost').reduce((sum, { amount_minor }) => sum + amount_minor, 0);
  const event = { type: 'PAYMENT_RETURNED', payment: context.id, returned_minor: refunded_minor + lost };
  return { to: billOf(context), event };
}

export function toBillQuestion(context: PaymentContext): Question {
  return { to: billOf(context), question: 'standing' };
}

/** Whether it is still to be paid: a bill may be canceled or put in doubt while its payment waits. */
export function isOpenBill({ found, answer }: Answer): boolean {
  return found && answer?.['open'] === true;
}

/** Why the bill is not paid by it, as the payment says it. */
export function refusalOf({ reason }: { readonly reason: string }): string {
  return reason === 'not_found' || reason === 'no_such_target' ? 'no_such_bill' : reason;
}
