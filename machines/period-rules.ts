import type { RateDay } from './exchange.ts';
import { reverse } from './legs.ts';
import type { Answer, Leg, Post, PostingName, Question } from './machine.ts';
import { sum, toDecimal } from './money.ts';
import { endOf, GRACE_MS, monthAfter, monthBefore, startOf, dayOf } from './month.ts';
import { must } from './must.ts';
import { carriedFrom } from './period-gains.ts';
import type { Position } from './period-gains.ts';
import type {
  Confirm,
  Figures,
  PeriodBirth,
  PeriodContext,
  PeriodFact,
  PeriodReading,
  ReadPeriod,
  Reopen,
  Trouble,
} from './period-terms.ts';
import { sha256 } from './sha256.ts';
import { isTargetDay, targetDayBefore } from './target-days.ts';

/** The rules of a period, as functions of its context and an event. The guards and the reasons are the same functions. */

/** The actor that reads the ledger: part of the hub itself. */
export const LEDGER = 'ledger';
/** What was gained on currencies is brought from where they meet to the income of the house. */
export const REALIZED_COST = 'exchange/cost';
export const REALIZED = 'income/fx/realized';
export const REVALUATION = 'exchange/revaluation';
export const UNREALIZED = 'income/fx/unrealized';
/**
 * A node's clock is at most a second from the others': what was recorded before nothing more could be posted into the month is not after
 * this.
 */
const CLOCKS_MS = 1_000;
const LONGEST_TEXT = 500;

/** A period of another month than its id says would close that one. */
export function refuseBirth({ id, month }: Pick<PeriodBirth, 'id' | 'month'>): string | undefined {
  return id === month ? undefined : 'period_of_another';
}

export function toContext({ id, month, settings: { home_currency, rates } }: PeriodBirth): PeriodContext {
  return {
    ...{ id, month, home_currency, rates },
    asked: null,
    carried: null,
    figures: null,
    payload_hash: null,
    reasons: [],
    closed: null,
    reopening: null,
  };
}

export function refuseClose({ month }: PeriodContext, { at }: { readonly at: number }): string | undefined {
  return at > endOf(month) + GRACE_MS ? undefined : 'period_not_over';
}

export function refuseConfirm({ asked, payload_hash }: PeriodContext, event: Confirm): string | undefined {
  if (asked?.by === event.by) return 'four_eyes';
  return event.hash === payload_hash ? undefined : 'hash_stale';
}

export function refuseConfirmReopening({ reopening, payload_hash }: PeriodContext, event: Confirm): string | undefined {
  if (reopening?.by === event.by) return 'four_eyes';
  return event.hash === payload_hash ? undefined : 'hash_stale';
}

export function ask(context: PeriodContext, { by, at }: { readonly by: string; readonly at: number }): PeriodContext {
  return { ...context, asked: { by, at }, reasons: [], figures: null, payload_hash: null, carried: null };
}

export function toPreviousQuestion({ month }: PeriodContext): Question {
  return { to: `period/${monthBefore(month)}`, question: 'closing' };
}

export function toNextQuestion({ month }: PeriodContext): Question {
  return { to: `period/${monthAfter(month)}`, question: 'closing' };
}

export function toRatesQuestion({ rates }: PeriodContext): Question {
  return { to: `rates/${rates}`, question: 'rates' };
}

/** What other periods are told. */
export function toClosing(state: readonly string[], { home_currency, figures }: PeriodContext): Record<string, unknown> {
  const standing = state[0]?.split('.')[0] ?? '';
  return { state: standing, home_currency, positions: standing === 'closed' ? carriedFrom(figures?.gains ?? []) : [] };
}

/** Why this one cannot be closed behind the one before it. */
export function refusePrevious({ month, home_currency }: PeriodContext, { found, answer }: Answer): Trouble | undefined {
  if (!found) return undefined;
  if (answer?.['state'] !== 'closed') return { code: 'period_before_open', detail: monthBefore(month) };
  const { home_currency: before } = answer;
  return before === home_currency ? undefined : { code: 'home_currency_changed', detail: `${String(before)}, ${home_currency}` };
}

export function carry(context: PeriodContext, { found, answer }: Answer): PeriodContext {
  const positions = (answer?.['positions'] ?? []) as readonly Position[];
  return { ...context, carried: { first: !found, positions: found ? positions : [] } };
}

/** What carries a position must not be opened again under the one that goes on from it. */
export function refuseNext({ month }: PeriodContext, { found, answer }: Answer): Trouble | undefined {
  return found && answer?.['state'] !== 'open' ? { code: 'period_after_closed', detail: monthAfter(month) } : undefined;
}

/** The month as it is known at this moment, with the rates of its days where there are any. */
export function toReadPeriod(context: PeriodContext, { found, answer }: Answer, at: number): ReadPeriod {
  const { month, home_currency, carried } = context;
  const { first, positions } = must(carried, 'what the period before left');
  const last = dayOf(endOf(month));
  const begins = dayOf(startOf(month));
  const oldest = first ? '' : isTargetDay(begins) ? begins : targetDayBefore(begins);
  const days = (found ? (answer?.['days'] ?? []) : []) as readonly RateDay[];
  return {
    integration: LEDGER,
    month,
    known: at + CLOCKS_MS,
    home_currency,
    first,
    carried: [...positions],
    days: days.filter(({ date }) => date >= oldest && date <= last),
  };
}

export function withFigures(context: PeriodContext, { figures }: PeriodReading): PeriodContext {
  return { ...context, figures, payload_hash: hashOf(context, figures), carried: null };
}

/** Of all that is confirmed: also what is carried from before, and what the books are kept in. */
function hashOf({ month, home_currency }: PeriodContext, figures: Figures): string {
  return sha256(JSON.stringify({ month, home_currency, figures }));
}

/** It stands open again; the reasons say why. */
export function returned(context: PeriodContext, reasons: readonly Trouble[]): PeriodContext {
  return { ...context, asked: null, carried: null, figures: null, payload_hash: null, reasons };
}

/** What it gained, where it is known, and what keeps it from being closed or opened. */
export function toSummary(context: PeriodContext): string {
  const { home_currency: currency, figures, reasons } = context;
  const gains: readonly number[] = figures === null ? [] : Object.values(totalsOf(context));
  const amounts = gains.map((amount_minor) => `${toDecimal({ amount_minor, currency })} ${currency}`);
  return [...amounts, ...reasons.map(({ code }) => code.replaceAll('_', ' '))].join(' · ');
}

/** What the whole month gained: realized, with what was gained at once between two other currencies; and unrealized. */
export function totalsOf({ home_currency, figures }: PeriodContext): {
  readonly realized_minor: number;
  readonly unrealized_minor: number;
} {
  const { gains, difference_minor } = must(figures, 'the figures of a period');
  return {
    realized_minor: sum(home_currency, [...gains.map(({ realized_minor }) => realized_minor), difference_minor]),
    unrealized_minor: sum(
      home_currency,
      gains.map(({ unrealized_minor }) => unrealized_minor),
    ),
  };
}

/**
 * What the closing posts, in this order and before anything else that its step asks for; `v` is the version of that step. What is unrealized counts
 * at the last moment of the month and is gone with the first of the next: there the position stands at its cost again.
 */
export function closingPosts(context: PeriodContext, v: number): readonly Post[] {
  const { month, home_currency: currency } = context;
  const { realized_minor, unrealized_minor } = totalsOf(context);
  const effective = endOf(month);
  const posts: Post[] = [];
  if (realized_minor !== 0) {
    const legs = gained(REALIZED_COST, REALIZED, realized_minor, currency);
    posts.push({ legs, effective, text: textOf(context, 'realized_minor') });
  }
  if (unrealized_minor !== 0) {
    const legs = gained(REVALUATION, UNREALIZED, unrealized_minor, currency);
    const text = textOf(context, 'unrealized_minor');
    posts.push({ legs, effective, text });
    const of = { v, i: posts.length - 1 };
    posts.push({ legs: reverse(legs), kind: 'reversal', of, effective: startOf(monthAfter(month)), text });
  }
  return posts;
}

function gained(position: string, income: string, amount_minor: number, currency: string): readonly Leg[] {
  return [
    { account: position, amount_minor, currency },
    { account: income, amount_minor: 0 - amount_minor, currency },
  ];
}

function textOf({ month, figures, home_currency }: PeriodContext, which: 'realized_minor' | 'unrealized_minor'): string {
  const parts = must(figures, 'the figures of a period')
    .gains.filter((gain) => gain[which] !== 0)
    .map((gain) => `${gain.currency} ${toDecimal({ amount_minor: gain[which], currency: home_currency })}`);
  return `${month} · ${parts.join(', ')}`.slice(0, LONGEST_TEXT);
}

/** The names of what the closing posts. */
export function namesOf(context: PeriodContext, v: number): readonly PostingName[] {
  return closingPosts(context, v).map((_, i) => ({ v, i }));
}

/** Everything that the closing posted, taken back where it counted. */
export function reopeningPosts(context: PeriodContext): readonly Post[] {
  const { postings } = must(context.closed, 'the closing of a period');
  return closingPosts(context, postings[0]?.v ?? 0).map((one, index) => {
    const of = must(postings[index], 'the name of a posting of the closing');
    return { ...one, kind: 'reversal', legs: reverse(one.legs), of };
  });
}

export function close(context: PeriodContext, { by, at, v }: Confirm): PeriodContext {
  return { ...context, closed: { by, at, postings: namesOf(context, v) } };
}

export function wantOpen(context: PeriodContext, { by, at, reason }: Reopen): PeriodContext {
  return { ...context, reopening: { by, at, reason }, reasons: [] };
}

export function stayClosed(context: PeriodContext, reasons: readonly Trouble[]): PeriodContext {
  return { ...context, reopening: null, reasons };
}

export function reopen(context: PeriodContext): PeriodContext {
  return { ...context, asked: null, figures: null, payload_hash: null, closed: null, reopening: null };
}

export function toProposed({ month, payload_hash, asked }: PeriodContext): PeriodFact {
  return { type: 'period.proposed', month, hash: payload_hash ?? '', by: asked?.by ?? '' };
}

export function toClosed(context: PeriodContext, { by }: Confirm): PeriodFact {
  const { month, payload_hash, asked, home_currency, figures } = context;
  const root = must(figures, 'the figures of a period').root;
  const who = { by: asked?.by ?? '', confirmed_by: by };
  return { type: 'period.closed', month, hash: payload_hash ?? '', root, home_currency, ...totalsOf(context), ...who };
}

export function toReopened({ month, payload_hash, reopening }: PeriodContext, { by }: Confirm): PeriodFact {
  const { by: asked_by, reason } = must(reopening, 'who wants a period opened again');
  return { type: 'period.reopened', month, hash: payload_hash ?? '', by: asked_by, confirmed_by: by, reason };
}
