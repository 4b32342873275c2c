import { isTargetDay } from '../../machines/target-days.ts';
import { groupDecimal, readMoney } from '../core/format.ts';
import { isRecord } from '../core/problem.ts';
import type { Tone } from './nouns.ts';
import { unreadable } from './office.ts';

/** Where rates come from and of which day they are, as the hub says it with every answer. */
export type Origin = {
  readonly source: string;
  /** `rates/<id>` */
  readonly actor: string;
  readonly known: number;
  readonly date: string;
  readonly asked: string;
  readonly missed: number;
  readonly stale: boolean;
  readonly sha256: string;
  readonly fetched_at: string;
};

/** The rates of one source that hold on a day. */
export type HeldRates = Origin & {
  readonly from: string;
  readonly base: string;
  readonly through: string | null;
  readonly rates: Readonly<Record<string, string>>;
};

type Money = { readonly amount_minor: number; readonly currency: string };

/** An amount in another currency, and what it was worked out from. */
export type Conversion = Origin & {
  readonly from: Money;
  readonly to: Money;
  readonly rate: string;
  readonly through: { readonly base: string; readonly from: string; readonly to: string };
  readonly read_from: string;
};

export function readConversion(answer: unknown): Conversion {
  if (isRecord(answer) && isRecord(answer['from']) && isRecord(answer['to']) && isRecord(answer['through']))
    return answer as unknown as Conversion;
  throw unreadable();
}

/** How the day of the rates stands to the day that was asked for. */
export type Age =
  | { readonly kind: 'same_day' }
  /** None are published on that day. */
  | { readonly kind: 'carried'; readonly over: 'weekend' | 'holiday' }
  /** That day's will be published, and are not due yet. */
  | { readonly kind: 'not_out' }
  | { readonly kind: 'late' | 'stale'; readonly missed: number };

export function ageOf({ asked, date, missed, stale }: Pick<Origin, 'asked' | 'date' | 'missed' | 'stale'>): Age {
  if (missed > 0) return { kind: stale ? 'stale' : 'late', missed };
  if (date === asked) return { kind: 'same_day' };
  if (isTargetDay(asked)) return { kind: 'not_out' };
  const weekday = new Date(asked).getUTCDay();
  return { kind: 'carried', over: weekday === 0 || weekday === 6 ? 'weekend' : 'holiday' };
}

export const AGE_TONES: Readonly<Record<Age['kind'], Tone>> = {
  same_day: 'well',
  carried: 'well',
  not_out: 'well',
  late: 'asking',
  stale: 'wrong',
};

/** Every currency that one of these has a rate of, its base included, sorted. */
export function publishedIn(held: readonly Pick<HeldRates, 'base' | 'rates'>[]): readonly string[] {
  return [...new Set(held.flatMap(({ base, rates }) => [base, ...Object.keys(rates)]))].sort();
}

const NAMES = new Intl.DisplayNames(['en'], { type: 'currency', fallback: 'none' });

/** The name of a currency; its code where it has none. */
export function currencyName(code: string): string {
  return /^[A-Z]{3}$/.test(code) ? (NAMES.of(code) ?? code) : code;
}

export type RateRow = { readonly code: string; readonly name: string; readonly rate: string };

/** The rates by code, those whose code or name has what is looked for. */
export function rowsOf(rates: Readonly<Record<string, string>>, looked: string): readonly RateRow[] {
  const part = looked.trim().toLowerCase();
  return Object.entries(rates)
    .map(([code, rate]) => ({ code, name: currencyName(code), rate }))
    .filter(({ code, name }) => code.toLowerCase().includes(part) || name.toLowerCase().includes(part))
    .sort((a, b) => (a.code < b.code ? -1 : 1));
}

/** A rate with all its digits as they were published, and the marks of the reader's locale. */
export function formatRate(decimal: string): string {
  const [whole = '', places = ''] = decimal.split('.');
  return /^\d+(\.\d+)?$/.test(decimal) ? groupDecimal(BigInt(whole + places), places.length) : decimal;
}

/** What stands in the form of the converter. */
export type ToConvert = {
  readonly amount: string;
  readonly from: string;
  readonly to: string;
  readonly date: string;
  readonly source: string;
};

export type Asked = { readonly ok: true; readonly query: string } | { readonly ok: false; readonly sentence: string };

/** The query of the hub for it, or why there is none. */
export function toConvertQuery({ amount, from, to, date, source }: ToConvert): Asked {
  const read = readMoney(amount, from);
  if (!read.ok) return read;
  const given = [
    ['amount_minor', String(read.minor)],
    ['from', from],
    ['to', to],
    ['date', date],
    ['source', source],
  ].filter(([, value]) => value !== '');
  return { ok: true, query: new URLSearchParams(given as [string, string][]).toString() };
}

/** A day of rates as an actor keeps it. */
export type KeptDay = { readonly date: string; readonly rates: Readonly<Record<string, string>> };

/** Whether this is a list of days of rates, and not an empty one. */
export function isKeptDays(value: unknown): value is readonly KeptDay[] {
  return (
    Array.isArray(value) &&
    value.length > 0 &&
    value.every((day) => isRecord(day) && typeof day['date'] === 'string' && isRecord(day['rates']))
  );
}

export function newestOf(days: readonly KeptDay[]): string {
  return days.reduce((newest, { date }) => (date > newest ? date : newest), '');
}

/** A rate that came otherwise than it is known; undefined where one of the two has none. */
export type Difference = { readonly code: string; readonly known: string | undefined; readonly came: string | undefined };

/** What came otherwise; undefined where nothing is known of that day any more. */
export function differencesOf(came: KeptDay, known: readonly KeptDay[]): readonly Difference[] | undefined {
  const day = known.find(({ date }) => date === came.date);
  if (day === undefined) return undefined;
  const codes = [...new Set([...Object.keys(day.rates), ...Object.keys(came.rates)])].sort();
  return codes
    .map((code) => ({ code, known: day.rates[code], came: came.rates[code] }))
    .filter((difference) => difference.known !== difference.came);
}
