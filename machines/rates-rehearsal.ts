import type { RateDay } from './exchange.ts';
import { answer, begin } from './rehearsal.ts';
import type { Stage } from './rehearsal.ts';
import { rates } from './rates.ts';
import type { RatesAnswer, RatesContext } from './rates-terms.ts';
import { targetDayBefore } from './target-days.ts';

/** The scenes that the tests of a source of rates are played in. */

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** Tuesday, 17 November 2026, at this time in Frankfurt. */
export const at = (hour: number, minute = 0, day = 17): number => Date.UTC(2026, 10, day, hour - 1) + minute * MINUTE;
export const MORNING = at(9);
export const TODAY = '2026-11-17';
export const YESTERDAY = '2026-11-16';
export const LATER = MORNING + 30 * 24 * HOUR;

export function day(date: string, usd = '1.1700'): RateDay {
  return { source: 'ecb', base: 'EUR', date, rates: { USD: usd, JPY: '182.00' } };
}

/** So many days up to this one, the oldest first. */
export function upTo(newest: string, count: number): readonly RateDay[] {
  const dates = [newest];
  while (dates.length < count) dates.unshift(targetDayBefore(dates[0] ?? newest));
  return dates.map((date) => day(date));
}

export function fetched(days: readonly RateDay[], when = MORNING): RatesAnswer {
  const fetched_at = new Date(when).toISOString();
  return { days: [...days], from: 'https://rates.example/daily.xml', sha256: 'ab'.repeat(32), fetched_at };
}

export const contextOf = (stage: Stage): RatesContext => stage.snapshot.context as unknown as RatesContext;
export const brought = (stage: Stage, days: readonly RateDay[], when = MORNING): Stage => answer(stage, 'fetch', fetched(days, when), when);
export const created = (when = MORNING, settings = {}): Stage => begin(rates, { integration: 'ecb' }, { id: 'ecb', at: when, settings });
/** Everything that is out on that morning is known. */
export const current = (): Stage => brought(created(), upTo(YESTERDAY, 10));
/** Three days that should be there are missing. */
export const outdated = (): Stage => brought(created(), upTo('2026-11-11', 10));
