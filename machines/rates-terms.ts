import { z } from 'zod';
import { isRate } from './exchange.ts';
import type { RateDay } from './exchange.ts';
import type { Birth, Stamp } from './machine.ts';
import { isDate } from './target-days.ts';
import { idField, line } from './text.ts';

/** What a source of exchange rates is made of: its input, its events, its context and the facts that it makes known. */

const date = z.string().refine(isDate, 'A day is written YYYY-MM-DD');
const code = z.string().regex(/^[A-Z]{3}$/, 'A currency is three capitals of ISO 4217, for example USD');
const source = z.string().regex(/^[a-z][a-z0-9_]{0,31}$/, 'A source is a short name, for example ecb');

/** The most days that one fetch brings. */
export const MOST_FETCHED = 90;

/** What is asked of an integration that provides rates: the days after this one, or all that it has. */
export const ratesRequest = z.strictObject({ integration: idField, after: date.nullable() });
export type RatesRequest = z.infer<typeof ratesRequest>;

const rateDay = z.strictObject({
  source,
  base: code,
  date,
  rates: z.record(code, z.string().refine(isRate, 'A rate is a decimal above zero')),
}) satisfies z.ZodType<RateDay>;

/** What it answers: days that are in order, the oldest first, and where they were read. */
export const ratesAnswer = z.strictObject({
  days: z.array(rateDay).max(MOST_FETCHED),
  /** The address that they were read from. */
  from: z.string().min(1).max(300),
  /** SHA-256 of what was read, in hexadecimal. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  fetched_at: z.iso.datetime(),
});
export type RatesAnswer = z.infer<typeof ratesAnswer>;

/** A day and where it was read. */
export type KnownDay = RateDay & Omit<RatesAnswer, 'days'>;

export const ratesInput = z.strictObject({
  /** The integration that fetches them, for example ecb. */
  integration: idField,
  title: line(80).optional(),
});

export const ratesSettings = z.strictObject({
  /** Rates are stale when those of more TARGET days than this are missing. */
  stale_after_days: z.int().min(0).max(10).default(2),
});

export const ratesEvents = {
  /** Asks now, and for every day that is kept once more, so that what was corrected is found. */
  FETCH: z.strictObject({}),
  /** Takes the other numbers that came of a day. */
  ACCEPT: z.strictObject({ date }),
  /** Keeps those that were known; the others are not asked about again. */
  KEEP: z.strictObject({ date }),
};

const ofDay = z.strictObject({ source, date });
const ofAll = z.strictObject({ source: source.nullable(), newest: date.nullable() });

export const ratesFacts = {
  'rates.published': ofDay,
  /** A day that was known came with other numbers; nothing has been changed. */
  'rates.disputed': ofDay,
  /** Somebody took the other numbers. */
  'rates.corrected': ofDay,
  'rates.stale': ofAll,
  'rates.fresh': ofAll,
};

export type RatesFact =
  | ({ type: 'rates.published' | 'rates.disputed' | 'rates.corrected' } & z.infer<typeof ofDay>)
  | ({ type: 'rates.stale' | 'rates.fresh' } & z.infer<typeof ofAll>);

export type RatesEvent = Stamp & ({ type: 'FETCH' } | { type: 'ACCEPT' | 'KEEP'; date: string });

export type RatesBirth = z.infer<typeof ratesInput> & Birth<z.infer<typeof ratesSettings>>;

/** Why the last fetch brought nothing. */
export type FetchFailure = { readonly code: string; readonly detail: string | null; readonly at: string };

export type RatesContext = {
  id: string;
  title: string;
  integration: string;
  /** Who publishes them, once the first have come. */
  source: string | null;
  stale_after_days: number;
  /** The newest of them. */
  newest: string | null;
  /** The oldest first. */
  days: readonly KnownDay[];
  /** Days that came with other numbers than the known ones: the first such numbers, until somebody decides. */
  disputed: readonly KnownDay[];
  /** Numbers that somebody has decided against. */
  discarded: readonly RateDay[];
  /** The time up to which it has looked, in epoch milliseconds. */
  looked_at: number;
  fetched_at: string | null;
  failure: FetchFailure | null;
  /** Fetches that failed since the last one that did not. */
  tries: number;
  /** The next fetch asks for all the days that are kept. */
  asks_all: boolean;
};
