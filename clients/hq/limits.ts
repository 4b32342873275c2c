import { toMinor } from '../../machines/money.ts';
import { isRecord } from '../core/problem.ts';

/*
 * The limits of a client as a person asks for them. Their amounts are whole units of whatever currency it is about, and what is left of a day is
 * known of the currencies that something was spent in.
 */

type Context = Readonly<Record<string, unknown>>;

/** What payments of one day come to in one currency, in its minor units. */
export type Used = { readonly currency: string; readonly spent_minor: number; readonly left_minor: number };

export type Limits = {
  /** Whole units. */
  readonly per_payment_major: number;
  readonly per_day_major: number;
  readonly per_person_major: number;
  readonly per_day_count: number;
  readonly count_today: number;
  readonly today: readonly Used[];
};

const AMOUNTS = ['per_payment_major', 'per_day_major', 'per_person_major', 'per_day_count'] as const;

/** Undefined where the context is not that of limits as this console knows them. */
export function readLimits({ limits, today, count_today }: Context): Limits | undefined {
  if (!isRecord(limits) || !Array.isArray(today) || typeof count_today !== 'number') return undefined;
  const [per_payment_major, per_day_major, per_person_major, per_day_count] = AMOUNTS.map((name) => limits[name]);
  if (typeof per_payment_major !== 'number' || typeof per_day_major !== 'number') return undefined;
  if (typeof per_person_major !== 'number' || typeof per_day_count !== 'number') return undefined;
  return { per_payment_major, per_day_major, per_person_major, per_day_count, count_today, today: today.filter(isUsed) };
}

function isUsed(value: unknown): value is Used {
  return (
    isRecord(value) && typeof value['currency'] === 'string' && [value['spent_minor'], value['left_minor']].every(Number.isSafeInteger)
  );
}

/** What payments in this currency may still come to today. */
export function leftToday({ today, per_day_major }: Limits, currency: string): number {
  return today.find((used) => used.currency === currency)?.left_minor ?? toMinor(per_day_major, currency);
}
