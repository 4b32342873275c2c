import type {
  Amend,
  Begun,
  BillBirth,
  BillContext,
  BillFact,
  BillFactName,
  BillPayment,
  BillSaid,
  Booked,
  Returned,
  Settled,
} from './bill-terms.ts';
import { MOST_PAYMENTS } from './bill-terms.ts';
import { linkedBy } from './linked.ts';
import type { Tell } from './machine.ts';
import { must } from './must.ts';
import { sum } from './money.ts';
import { isSame } from './sync-merge.ts';
import { toMoment } from './target-days.ts';

/** The rules of a bill, as functions of its context and an event. The guards and the reasons are the same functions. */

const DAY = 86_400_000;
const SAID = [
  'supplier',
  'number',
  'direction',
  'issued',
  'due',
  'currency',
  'total_minor',
  'tax_minor',
  'residual_minor',
  'lines',
  'state',
  'payment_state',
] as const satisfies readonly (keyof BillSaid)[];

export type Place = 'draft' | 'open' | 'partly_paid' | 'paid' | 'reversed' | 'void';

export function toContext(birth: BillBirth): BillContext {
  const { id, by, at, settings, total_minor, residual_minor = total_minor } = birth;
  const { supplier, number, direction, issued, due, currency, tax_minor, lines, state, payment_state } = birth;
  return withSum({
    id,
    ...{ supplier, number, direction, issued, due, currency, total_minor, tax_minor, residual_minor, lines, state, payment_state },
    ...(settings.erp === undefined ? {} : { erp: settings.erp }),
    ...linkedBy(by),
    payments: [],
    reason: null,
    received_at: at,
  });
}

/** The lines and the total of a supplier do not always agree by a cent: the total stands, and the difference is told. */
function withSum(context: BillContext): BillContext {
  const { lines, currency, total_minor, tax_minor, off_by_minor } = context;
  const off = lines.length === 0 ? 0 : sum(currency, [...lines.map((one) => one.amount_minor), tax_minor, -total_minor]);
  return off === 0 && off_by_minor === undefined ? context : { ...context, off_by_minor: off === 0 ? undefined : off };
}

/** Why a bill is not taken; only what a person writes: the ERP's figures are what they are. */
export function refuseBirth(birth: BillBirth): string | undefined {
  if (linkedBy(birth.by).link !== undefined) return undefined;
  return toContext(birth).off_by_minor === undefined ? undefined : 'sum_differs';
}

/** The bill as the ERP is told of it. */
export function toRecord(context: BillContext): BillSaid {
  return Object.fromEntries(SAID.map((field) => [field, context[field]])) as BillSaid;
}

export function isLinked({ link }: BillContext): boolean {
  return link !== undefined;
}

/** Where it stands. What the hub has paid and the ERP has not counted yet is paid. */
export function placeOf(context: BillContext): Place {
  const { state, payment_state, total_minor } = context;
  if (state === 'canceled') return 'void';
  if (state === 'draft') return 'draft';
  if (payment_state === 'reversed') return 'reversed';
  const left = leftOf(context);
  if (left === 0 || Math.sign(left) !== Math.sign(total_minor)) return 'paid';
  return left === total_minor ? 'open' : 'partly_paid';
}

/** What of a payment stands against the bill. */
function netOf({ amount_minor, returned_minor = 0 }: BillPayment): number {
  return amount_minor - returned_minor;
}

/** What is left to be paid, with everything that the hub has paid counted once. */
export function leftOf({ residual_minor, payments }: BillContext): number {
  const own = payments.filter(({ state, counted }) => state === 'settled' && counted !== true);
  return residual_minor - own.reduce((total, one) => total + netOf(one), 0);
}

/** What another payment may still pay: less what is promised. */
export function payableOf(context: BillContext): number {
  const promised = context.payments.filter(({ state }) => state === 'begun');
  return Math.max(0, leftOf(context) - promised.reduce((total, { amount_minor }) => total + amount_minor, 0));
}

/** Whether money may leave for it now. */
export function isOpen(context: BillContext): boolean {
  const place = placeOf(context);
  return context.direction === 'in' && (place === 'open' || place === 'partly_paid');
}

function find({ payments }: BillContext, payment: string): BillPayment | undefined {
  return payments.find((one) => one.payment === payment);
}

export function refuseBegun(context: BillContext, { payment, amount_minor, currency }: Begun): string | undefined {
  const known = find(context, payment);
  if (known !== undefined) return known.state === 'begun' && known.amount_minor === amount_minor ? undefined : 'payment_exists';
  if (context.direction !== 'in') return 'not_ours_to_pay';
  if (!isOpen(context)) return 'not_open';
  if (currency !== context.currency) return 'bill_other_currency';
  if (amount_minor > payableOf(context)) return 'amount_exceeds_residual';
  return context.payments.length >= MOST_PAYMENTS ? 'too_many_payments' : undefined;
}

export function withBegun(context: BillContext, { payment, amount_minor }: Begun): Partial<BillContext> {
  if (find(context, payment) !== undefined) return {};
  return { payments: [...context.payments, { payment, amount_minor, state: 'begun' }] };
}

export function withoutBegun({ payments }: BillContext, { payment }: { readonly payment: string }): Partial<BillContext> {
  return { payments: payments.filter((one) => one.payment !== payment || one.state !== 'begun') };
}

/** The money has left: it is taken note of whatever the bill says. */
export function withSettled(context: BillContext, { payment, amount_minor, on, memo }: Settled): Partial<BillContext> {
  const { payments } = context;
  if (find(context, payment)?.state === 'settled') return {};
  const settled: BillPayment = { payment, amount_minor, state: 'settled', on, memo, ...(isLinked(context) ? {} : { counted: true }) };
  return {
    payments: [...payments.filter((one) => one.payment !== payment), settled],
    ...(isLinked(context) ? {} : { residual_minor: context.residual_minor - amount_minor }),
  };
}

export function withReturned(context: BillContext, { payment, returned_minor }: Returned): Partial<BillContext> {
  const { payments, residual_minor } = context;
  const known = find(context, payment);
  if (known === undefined) return {};
  const state = returned_minor >= known.amount_minor ? ('returned' as const) : known.state;
  const back = returned_minor - (known.returned_minor ?? 0);
  return {
    payments: payments.map((one) => (one === known ? { ...one, state, returned_minor } : one)),
    ...(isLinked(context) ? {} : { residual_minor: residual_minor + back }),
  };
}

export function withBooked(context: BillContext, { payment, residual_minor }: Booked): Partial<BillContext> {
  const payments = context.payments.map((one) => (one.payment === payment ? { ...one, booked_at_minor: residual_minor } : one));
  return counted({ ...context, payments });
}

/** A payment counts in the ERP's figure as soon as that is no more than what was left right after it was booked. */
function counted({ payments, residual_minor }: BillContext): Pick<BillContext, 'payments'> {
  const isCounted = ({ booked_at_minor }: BillPayment): boolean => booked_at_minor !== undefined && residual_minor <= booked_at_minor;
  return { payments: payments.map((one) => (one.counted !== true && isCounted(one) ? { ...one, counted: true as const } : one)) };
}

export function withSaid(context: BillContext, said: { readonly [Field in keyof BillSaid]?: BillSaid[Field] | undefined }): BillContext {
  const known = Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined)) as Partial<BillSaid>;
  const next = withSum({ ...context, ...known });
  return { ...next, ...counted(next) };
}

export function refuseAmend(context: BillContext, { number = context.number, due = context.due }: Amend): string | undefined {
  if (['paid', 'reversed', 'void'].includes(placeOf(context))) return 'not_in_state';
  return isSame({ number, due }, { number: context.number, due: context.due }) ? 'nothing_changed' : undefined;
}

export function refuseVoid(context: BillContext): string | undefined {
  if (isLinked(context)) return 'kept_by_erp';
  if (context.payments.some(({ state }) => state !== 'returned')) return 'has_payments';
  return placeOf(context) === 'open' || placeOf(context) === 'draft' ? undefined : 'not_in_state';
}

/** What became known by a step: from one place to another. */
export function factOf(before: Place, after: Place): BillFactName | undefined {
  if (before === after) return undefined;
  const isBack = (before === 'paid' && after !== 'void') || (before === 'partly_paid' && after === 'open');
  if (after === 'open' || (after === 'partly_paid' && before === 'paid')) return isBack ? 'bill.reopened' : 'bill.opened';
  const names: Partial<Record<Place, BillFactName>> = {
    partly_paid: 'bill.partly_paid',
    paid: 'bill.paid',
    void: 'bill.voided',
    reversed: 'bill.voided',
  };
  return names[after];
}

export function toFact(type: BillFactName, context: BillContext): BillFact {
  const { supplier, number, direction, currency, total_minor, due, reason } = context;
  return { type, supplier, number, direction, currency, total_minor, residual_minor: leftOf(context), due, reason };
}

/** The moment after which it is late: the end of its day in Frankfurt, epoch milliseconds. */
export function dueAt({ due }: BillContext): number {
  return toMoment(new Date(Date.parse(must(due, 'the day that a bill is due')) + DAY).toISOString().slice(0, 10), '00:00');
}

/** Whether somebody still waits for its money. */
export function isDueable(context: BillContext): boolean {
  const place = placeOf(context);
  return context.due !== null && (place === 'open' || place === 'partly_paid') && leftOf(context) > 0;
}

export function toClaimed({ id }: BillContext, { payment, revision, amount_minor }: Begun): Tell {
  return { to: `payment/${payment}`, event: { type: 'BILL_CLAIMED', bill: id, payment, revision, amount_minor } };
}

/** The payments that the ERP has to be told of: those that were settled here before the ERP kept the bill, too. */
export function unbooked({ payments }: BillContext): readonly BillPayment[] {
  return payments.filter(({ state, booked_at_minor }) => state === 'settled' && booked_at_minor === undefined);
}

export function toBook({ id, link, currency }: BillContext, { payment, amount_minor, on, memo }: BillPayment): Tell {
  const event = {
    type: '@create',
    payment: `payment/${payment}`,
    bill: `bill/${id}`,
    binding: must(link, 'the binding of a bill'),
    amount_minor,
    currency,
    date: must(on, 'the day of a payment'),
    memo: must(memo, 'what a payment says'),
  };
  return { to: `booking/${payment}`, event };
}

/** What has come back of a payment, as its booking is told. */
export function toUnbook({ payments }: BillContext, { payment, returned_minor }: Returned): Tell {
  const all = (payments.find((one) => one.payment === payment)?.amount_minor ?? 0) <= returned_minor;
  return { to: `booking/${payment}`, event: all ? { type: 'VOID', reason: 'returned' } : { type: 'REDUCE', returned_minor } };
}
