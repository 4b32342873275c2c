import { isSameDay } from './exchange.ts';
import type { RateDay } from './exchange.ts';
import type { KnownDay, RatesAnswer, RatesContext, RatesRequest } from './rates-terms.ts';
import { newestDue, newestOut, nextOut, overdueFrom, targetDayBefore, targetDaysBetween } from './target-days.ts';

/** How a source of rates decides what to ask for, when, and what to make of what came. */

const MINUTE = 60_000;
/** From the time at which rates may be out they are asked for so often, until they are. */
export const POLL = 15 * MINUTE;
/** Two months of days: as much as is converted with from day to day. What was before is in the journal. */
export const KEPT_DAYS = 40;
/** Of so many days the numbers are read again once after every publication: sources correct the newest ones. */
const READ_AGAIN = 5;
/** Where timers run faster than the clock, one that was set to a moment is due before it; so long it waits at least for the rest. */
const SHORTEST_WAIT = MINUTE;

/** What came, sorted out. */
export type News = {
  readonly days: readonly KnownDay[];
  readonly published: readonly KnownDay[];
  readonly disputed: readonly KnownDay[];
};

/**
 * The newest days of those that are known and those that came, each with the numbers that came first. A day with other numbers than the known
 * ones is disputed, unless somebody has decided against these. It makes no difference in which order days come.
 */
export function newsOf({ days, disputed, discarded }: RatesContext, { days: came, ...origin }: RatesAnswer): News {
  const known = new Map(days.map((day) => [day.date, day]));
  const published: KnownDay[] = [];
  const others: KnownDay[] = [];
  for (const day of came) {
    const one = { ...day, ...origin };
    const before = known.get(day.date);
    if (before === undefined) {
      known.set(day.date, one);
      published.push(one);
    } else if (!isSameDay(before, day) && !isAmong(discarded, day) && ![...disputed, ...others].some(({ date }) => date === day.date)) {
      others.push(one);
    }
  }
  const kept = inOrder([...known.values()]).slice(-KEPT_DAYS);
  const isKept = ({ date }: RateDay): boolean => date >= (kept[0]?.date ?? '');
  return { days: kept, published: inOrder(published).filter(isKept), disputed: inOrder(others).filter(isKept) };
}

/** The context with what came. */
export function withNews(context: RatesContext, answer: RatesAnswer, at: number): Partial<RatesContext> {
  const { days, disputed } = newsOf(context, answer);
  const oldest = days[0]?.date ?? '';
  const newest = days.at(-1);
  return {
    source: newest?.source ?? null,
    newest: newest?.date ?? null,
    days,
    disputed: inOrder([...context.disputed, ...disputed]).filter(({ date }) => date >= oldest),
    discarded: context.discarded.filter(({ date }) => date >= oldest),
    looked_at: at,
    fetched_at: answer.fetched_at,
    failure: null,
    tries: 0,
    asks_all: false,
  };
}

/** The context after somebody has decided on a day: the one set of numbers is kept, the other is not asked about again. */
export function withDecision(context: RatesContext, date: string, takes: 'known' | 'disputed'): Partial<RatesContext> {
  const known = context.days.find((day) => day.date === date);
  const other = context.disputed.find((day) => day.date === date);
  if (known === undefined || other === undefined) return {};
  const [kept, left] = takes === 'known' ? [known, other] : [other, known];
  const { source, base, rates } = left;
  return {
    days: context.days.map((day) => (day.date === date ? kept : day)),
    disputed: context.disputed.filter((day) => day.date !== date),
    discarded: [...context.discarded.filter((day) => !isSameDay(day, kept)), { source, base, date, rates }],
  };
}

/** Whether it is of another source, or against another base, than what is known. */
export function isForeign({ days: [known] }: RatesContext, { days: came }: RatesAnswer): boolean {
  const [first] = came;
  const { source, base } = known ?? first ?? { source: '', base: '' };
  return came.some((day) => day.source !== source || day.base !== base);
}

export function toRequest({ integration, newest, days, asks_all, fetched_at, looked_at }: RatesContext): RatesRequest {
  const oldest = days[0]?.date;
  if (newest === null || oldest === undefined) return { integration, after: null };
  if (asks_all) return { integration, after: targetDayBefore(oldest) };
  const isFirst = fetched_at === null || newestOut(Date.parse(fetched_at)) < newestOut(looked_at);
  return { integration, after: isFirst ? (days.at(-1 - READ_AGAIN)?.date ?? targetDayBefore(oldest)) : newest };
}

/** Whether rates may be out that are not known. */
export function isMissing(newest: string | null, at: number): boolean {
  return newest === null || newest < newestOut(at);
}

export function isStale({ newest, stale_after_days }: RatesContext, at: number): boolean {
  return newest !== null && targetDaysBetween(newest, newestDue(at)) > stale_after_days;
}

/** How long until it is time to look again. */
export function pollWait({ newest, looked_at }: RatesContext): number {
  if (isMissing(newest, looked_at)) return POLL;
  return Math.max(nextOut(looked_at) - looked_at, SHORTEST_WAIT);
}

/** How long after a fetch that failed until the next one: longer each time, but never beyond the time at which one would look anyway. */
export function retryWait(context: RatesContext): number {
  return Math.min(MINUTE * 2 ** Math.min(Math.max(context.tries - 1, 0), 10), POLL, pollWait(context));
}

/** How long until these rates are stale unless others come. */
export function staleWait({ newest, stale_after_days, looked_at }: RatesContext): number {
  if (newest === null) return POLL;
  return Math.max(overdueFrom(newest, stale_after_days) - looked_at, SHORTEST_WAIT);
}

function isAmong(days: readonly RateDay[], one: RateDay): boolean {
  return days.some((day) => isSameDay(day, one));
}

function inOrder<Day extends RateDay>(days: readonly Day[]): Day[] {
  return days.toSorted((a, b) => (a.date < b.date ? -1 : a.date > b.date ? 1 : 0));
}
