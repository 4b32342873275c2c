import type {
  AccountBirth,
  AccountContext,
  AccountFact,
  AccountFactName,
  Credit,
  Deposit,
  DepositRecord,
  Hold,
  Release,
  Reserve,
  SetOverdraft,
  Settle,
} from './account-terms.ts';
import { complete, pend, release } from './legs.ts';
import type { Answer, Leg, Post, Question } from './machine.ts';
import { must } from './must.ts';
import { MOST_MINOR } from './money.ts';

/** The rules of an account, as functions of its context and an event. The guards and the reasons are the same functions. */

/** So many payments may keep money of one account at once, and so many deposits wait, so that its envelope stays small. */
export const MOST_HOLDS = 500;
export const MOST_DEPOSITS = 50;
/** So many of the newest credits are known again. */
export const KNOWN_CREDITS = 200;
/** A thousand of the largest amounts; with as many holds everything still adds up exactly. */
export const MOST_POSTED = 1_000 * MOST_MINOR;

/** Where money is that has left an account for a payment, or comes back from one. */
export const IN_PAYMENTS = 'transit/payments';
/** What people say has come in from outside. */
export const INCOMING = 'clearing/deposits';

/** What sets money aside is the first thing that its step asks for. */
const FIRST = 0;
const DAY = 24 * 60 * 60 * 1000;

export function toContext({ id, client, name, currency, by, settings }: AccountBirth): AccountContext {
  return withAvailable({
    id,
    client,
    name,
    currency,
    maker: by,
    overdraft_minor: 0,
    rules: settings,
    posted_minor: 0,
    held_minor: 0,
    incoming_minor: 0,
    available_minor: 0,
    holds: [],
    deposits: [],
    credits: [],
    frozen_by: null,
    moved: false,
    reason: null,
  });
}

/** The sums that follow from the rest. */
function withAvailable(context: AccountContext): AccountContext {
  const held_minor = context.holds.reduce((sum, { amount_minor }) => sum + amount_minor, 0);
  const incoming_minor = context.deposits.reduce((sum, { amount_minor }) => sum + amount_minor, 0);
  return { ...context, held_minor, incoming_minor, available_minor: context.posted_minor + context.overdraft_minor - held_minor };
}

export function toQuestion({ client }: AccountContext): Question {
  return { to: `client/${client}`, question: 'standing' };
}

export function isActive(answer: Answer): boolean {
  return answer.found && answer.answer?.['active'] === true;
}

export function toFact(type: AccountFactName, context: AccountContext): AccountFact {
  const { client, name, currency, posted_minor, held_minor, available_minor, reason } = context;
  return { type, client, name, currency, posted_minor, held_minor, available_minor, reason };
}

/** Why money cannot be kept. What is kept already under this name for the same actor is kept, whatever else has changed since. */
export function refuseReserve(context: AccountContext, event: Reserve): string | undefined {
  const known = holdOf(context, event.hold);
  if (known !== undefined) return known.by === event.by && known.amount_minor === event.amount_minor ? undefined : 'hold_exists';
  if (event.currency !== context.currency) return 'other_currency';
  if (event.amount_minor > context.available_minor) return 'insufficient_funds';
  return context.holds.length >= MOST_HOLDS ? 'too_many_holds' : undefined;
}

export function refuseSettle(context: AccountContext, event: Settle): string | undefined {
  const known = holdOf(context, event.hold);
  if (known === undefined || known.by !== event.by) return 'no_such_hold';
  return event.amount_minor > known.amount_minor ? 'amount_exceeds_hold' : undefined;
}

/** One that is not there has been released before; nobody releases another's. */
export function refuseRelease(context: AccountContext, event: Release): string | undefined {
  const known = holdOf(context, event.hold);
  return known === undefined || known.by === event.by ? undefined : 'no_such_hold';
}

export function refuseCredit(context: AccountContext, event: Credit): string | undefined {
  if (event.currency !== context.currency) return 'other_currency';
  return context.posted_minor + event.amount_minor > MOST_POSTED ? 'too_much' : undefined;
}

export function refuseDeposit(context: AccountContext, event: Deposit): string | undefined {
  if (context.deposits.some(({ deposit }) => deposit === event.deposit)) return 'deposit_exists';
  if (context.posted_minor + context.incoming_minor + event.amount_minor > MOST_POSTED) return 'too_much';
  return context.deposits.length >= MOST_DEPOSITS ? 'too_many_deposits' : undefined;
}

export function refuseConfirm(context: AccountContext, { deposit, by }: { deposit: string; by: string }): string | undefined {
  const known = depositOf(context, deposit);
  if (known === undefined) return 'no_such_deposit';
  return known.by === by ? 'four_eyes' : undefined;
}

export function refuseDrop(context: AccountContext, { deposit }: { deposit: string }): string | undefined {
  return depositOf(context, deposit) === undefined ? 'no_such_deposit' : undefined;
}

/** What is kept already stays covered. */
export function refuseOverdraft(context: AccountContext, { overdraft_minor }: SetOverdraft): string | undefined {
  if (overdraft_minor === context.overdraft_minor) return 'nothing_changed';
  return context.posted_minor + overdraft_minor - context.held_minor < 0 ? 'overdraft_in_use' : undefined;
}

export function refuseActivate({ maker }: AccountContext, { by }: { by: string }): string | undefined {
  return maker === by ? 'four_eyes' : undefined;
}

export function refuseUnfreeze({ frozen_by }: AccountContext, { by }: { by: string }): string | undefined {
  return frozen_by === by ? 'four_eyes' : undefined;
}

export function refuseClose({ posted_minor, holds, deposits }: AccountContext): string | undefined {
  if (holds.length + deposits.length > 0) return 'money_on_its_way';
  return posted_minor === 0 ? undefined : 'not_empty';
}

export function isKept(context: AccountContext, { hold }: { hold: string }): boolean {
  return holdOf(context, hold) !== undefined;
}

export function isCredited(context: AccountContext, { credit }: { credit: string }): boolean {
  return context.credits.includes(credit);
}

export function reserve(context: AccountContext, { hold, by, amount_minor, reference, at, v }: Reserve): AccountContext {
  return withAvailable({
    ...context,
    moved: true,
    holds: [...context.holds, { hold, by, amount_minor, reference, at, posting: { v, i: FIRST } }],
  });
}

export function settle(context: AccountContext, { hold, amount_minor }: Settle): AccountContext {
  const holds = context.holds.filter((one) => one.hold !== hold);
  return withAvailable({ ...context, moved: true, holds, posted_minor: context.posted_minor - amount_minor });
}

export function free(context: AccountContext, { hold }: { hold: string }): AccountContext {
  return withAvailable({ ...context, moved: true, holds: context.holds.filter((one) => one.hold !== hold) });
}

export function credit(context: AccountContext, event: Credit): AccountContext {
  const credits = [...context.credits, event.credit].slice(-KNOWN_CREDITS);
  return withAvailable({ ...context, moved: true, credits, posted_minor: context.posted_minor + event.amount_minor });
}

export function deposit(context: AccountContext, event: Deposit): AccountContext {
  const { amount_minor, reference, by, at, v } = event;
  const record = { deposit: event.deposit, amount_minor, reference, by, at, posting: { v, i: FIRST } };
  return withAvailable({ ...context, deposits: [...context.deposits, record] });
}

export function confirm(context: AccountContext, event: { deposit: string }): AccountContext {
  const { amount_minor } = mustDeposit(context, event.deposit);
  return { ...drop({ ...context, posted_minor: context.posted_minor + amount_minor }, event), moved: true };
}

export function drop(context: AccountContext, event: { deposit: string }): AccountContext {
  return withAvailable({ ...context, deposits: context.deposits.filter((one) => one.deposit !== event.deposit) });
}

export function setOverdraft(context: AccountContext, { overdraft_minor }: SetOverdraft): AccountContext {
  return withAvailable({ ...context, overdraft_minor });
}

/** Whether most of what may be spent is spent or kept. */
export function isNear({ posted_minor, overdraft_minor, available_minor, rules }: AccountContext): boolean {
  const most = Math.max(posted_minor, 0) + overdraft_minor;
  return most > 0 && most - available_minor >= most * rules.near_ratio;
}

export function isBelowZero({ posted_minor }: AccountContext): boolean {
  return posted_minor < 0;
}

/** How long after it went below zero, or after the degree before, it is overdue by this one. */
export function overdueWait({ rules: { overdue_after_days } }: AccountContext, degree: 1 | 2 | 3): number {
  const [first, second, third] = overdue_after_days;
  const days = { 1: first, 2: second - first, 3: third - second };
  return Math.max(days[degree], 1) * DAY;
}

/** Looked at twice in the time, so that it sleeps after at least that long. */
export function restWait({ rules: { dormant_after_days } }: AccountContext): number {
  return dormant_after_days * DAY;
}

/** To keep money is to pay it, as far as is known now. */
export function toReservePost({ id, currency }: AccountContext, { amount_minor, reference }: Reserve): Post {
  return { legs: pend(toPayments(id, amount_minor, currency)), kind: 'pending', text: reference };
}

/** What was kept is taken back whole, and what was spent is posted. */
export function toSettlePost(context: AccountContext, { hold, amount_minor }: Settle): Post {
  const { id, currency } = context;
  const kept = mustHold(context, hold);
  const legs = complete(toPayments(id, kept.amount_minor, currency), toPayments(id, amount_minor, currency));
  return { legs, of: kept.posting, text: kept.reference };
}

export function toReleasePost(context: AccountContext, { hold }: { hold: string }): Post {
  const { id, currency } = context;
  const kept = mustHold(context, hold);
  return { legs: release(toPayments(id, kept.amount_minor, currency)), kind: 'voided', of: kept.posting, text: kept.reference };
}

export function toCreditPost({ id, currency }: AccountContext, { amount_minor, reference }: Credit): Post {
  return { legs: toPayments(id, -amount_minor, currency), text: reference };
}

export function toDepositPost({ id, currency }: AccountContext, { amount_minor, reference }: Deposit): Post {
  return { legs: pend(fromOutside(id, amount_minor, currency)), kind: 'pending', text: reference };
}

export function toConfirmPost(context: AccountContext, event: { deposit: string }): Post {
  const { amount_minor, reference, posting } = mustDeposit(context, event.deposit);
  return { of: posting, legs: complete(fromOutside(context.id, amount_minor, context.currency)), text: reference };
}

export function toDropPost(context: AccountContext, event: { deposit: string }): Post {
  const { amount_minor, reference, posting } = mustDeposit(context, event.deposit);
  return { of: posting, legs: release(fromOutside(context.id, amount_minor, context.currency)), kind: 'voided', text: reference };
}

/** A client's money is what the house owes: it grows by credits, which are negative. */
function toPayments(id: string, amount_minor: number, currency: string): readonly Leg[] {
  return [
    { account: `account/${id}`, amount_minor, currency },
    { account: IN_PAYMENTS, amount_minor: -amount_minor, currency },
  ];
}

function fromOutside(id: string, amount_minor: number, currency: string): readonly Leg[] {
  return [
    { account: INCOMING, amount_minor, currency },
    { account: `account/${id}`, amount_minor: -amount_minor, currency },
  ];
}

function holdOf({ holds }: AccountContext, hold: string): Hold | undefined {
  return holds.find((one) => one.hold === hold);
}

function mustHold(context: AccountContext, hold: string): Hold {
  return must(holdOf(context, hold), 'the hold of an account');
}

function depositOf({ deposits }: AccountContext, deposit: string): DepositRecord | undefined {
  return deposits.find((one) => one.deposit === deposit);
}

function mustDeposit(context: AccountContext, deposit: string): DepositRecord {
  return must(depositOf(context, deposit), 'the deposit of an account');
}
