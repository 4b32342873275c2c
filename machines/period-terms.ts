import { z } from 'zod';
import { isRate } from './exchange.ts';
import type { RateDay } from './exchange.ts';
import type { Birth, PostingName, Stamp } from './machine.ts';
import { isCurrency } from './money.ts';
import { MONTH } from './month.ts';
import type { Gain, Position } from './period-gains.ts';
import { idField, line } from './text.ts';

/** What a period of accounting is made of: its input, its events, its context, what it asks of the ledger, and the facts that it makes known. */

const month = z.string().regex(MONTH, 'A month is written YYYY-MM');
const currency = z.string().refine(isCurrency, 'An active ISO 4217 code is expected, like EUR');
const hash = z.string().regex(/^[0-9a-f]{64}$/, 'A hash is 64 hexadecimal digits');
/** Sums are texts, exact however large. */
const sum = z.string().regex(/^-?\d{1,40}$/);
const amount = z.int();
/** There are not so many. */
const MOST_CURRENCIES = 200;

export const periodInput = z.strictObject({
  /** Also the id of the actor. */
  month,
});

export const periodSettings = z.strictObject({
  /** What the house keeps its books in. */
  home_currency: currency.default('EUR'),
  /** The source of rates that positions are valued by: the id of a `rates` actor. */
  rates: idField.default('ecb'),
});

export const periodEvents = {
  /** Nothing more may be posted into the month from now on; its figures are read. */
  CLOSE: z.strictObject({}),
  /** Another person has seen these figures, or agrees that it is opened again. */
  CONFIRM: z.strictObject({ hash }),
  /** What was asked for is not wanted any more. */
  WITHDRAW: z.strictObject({}),
  /** What the closing has posted is taken back once another person confirms it. */
  REOPEN: z.strictObject({ reason: line(500) }),
};

const position = z.strictObject({ currency, amount_minor: amount, cost_minor: amount }) satisfies z.ZodType<Position>;

const rateDay = z.strictObject({
  source: z.string().min(1).max(32),
  base: currency,
  date: z.iso.date(),
  rates: z.record(z.string(), z.string().refine(isRate)),
}) satisfies z.ZodType<RateDay>;

/** What is asked of the ledger: the month as it was known at a moment. */
export const readPeriod = z.strictObject({
  integration: idField,
  month,
  /** Epoch milliseconds: what was recorded up to and including then. */
  known: z.int(),
  home_currency: currency,
  /** There is no period before it: it takes all that came before. */
  first: z.boolean(),
  carried: z.array(position).max(MOST_CURRENCIES),
  days: z.array(rateDay),
});
export type ReadPeriod = z.infer<typeof readPeriod>;

const total = z.strictObject({
  currency,
  /** What was posted in the month. */
  debits_minor: sum,
  credits_minor: sum,
  /** At its end, over all accounts. Both are zero, or the ledger is wrong. */
  balance_minor: sum,
  pending_minor: sum,
  /** What stands on accounts with a debit balance at its end, and what is set aside on accounts with pending debits. */
  assets_minor: sum,
  aside_minor: sum,
});
export type Total = z.infer<typeof total>;

/** Why a month cannot be closed, as a fault code, and what about. */
const trouble = z.strictObject({ code: z.string().regex(/^[a-z_]{1,64}$/), detail: z.string().max(300).nullable() });
export type Trouble = z.infer<typeof trouble>;

const gain = z.strictObject({
  currency,
  opening_minor: amount,
  opening_cost_minor: amount,
  amount_minor: amount,
  cost_minor: amount,
  realized_minor: amount,
  value_minor: amount,
  unrealized_minor: amount,
  rate: z.string().nullable(),
  source: z.string().nullable(),
  date: z.iso.date().nullable(),
}) satisfies z.ZodType<Gain>;

/** What it answers. */
export const figures = z.strictObject({
  month,
  known: z.int(),
  totals: z.array(total).max(MOST_CURRENCIES),
  /** Postings and their legs that count in the month. */
  postings: z.int(),
  legs: z.int(),
  /** Root of the Merkle tree over the roots of the days of the month, the first day first (RFC 6962). */
  root: hash,
  gains: z.array(gain).max(MOST_CURRENCIES),
  /** What trades between others than the home currency came to at once. */
  difference_minor: amount,
});
export type Figures = z.infer<typeof figures>;

export const periodReading = z.strictObject({ figures, troubles: z.array(trouble).max(50) });
export type PeriodReading = z.infer<typeof periodReading>;

const proposed = z.strictObject({ month, hash, by: z.string() });
const closed = z.strictObject({
  ...proposed.shape,
  root: hash,
  home_currency: currency,
  realized_minor: amount,
  unrealized_minor: amount,
  confirmed_by: z.string(),
});
const reopened = z.strictObject({ month, hash, by: z.string(), confirmed_by: z.string(), reason: z.string() });

export const periodFacts = { 'period.proposed': proposed, 'period.closed': closed, 'period.reopened': reopened };

export type PeriodFact =
  | ({ type: 'period.proposed' } & z.infer<typeof proposed>)
  | ({ type: 'period.closed' } & z.infer<typeof closed>)
  | ({ type: 'period.reopened' } & z.infer<typeof reopened>);

export type Confirm = Stamp & { type: 'CONFIRM'; hash: string };
export type Reopen = Stamp & { type: 'REOPEN'; reason: string };
export type PeriodEvent = (Stamp & { type: 'CLOSE' | 'WITHDRAW' }) | Confirm | Reopen;

export type PeriodBirth = z.infer<typeof periodInput> & Birth<z.infer<typeof periodSettings>>;

export type PeriodContext = {
  id: string;
  month: string;
  home_currency: string;
  rates: string;
  /** Who asked that it be closed, and when. */
  asked: { readonly by: string; readonly at: number } | null;
  /** What the period before it left, while that is read with. */
  carried: { readonly first: boolean; readonly positions: readonly Position[] } | null;
  figures: Figures | null;
  /** Of the figures: whoever confirms names it. */
  payload_hash: string | null;
  /** Why it could not be closed, or not be opened again. */
  reasons: readonly Trouble[];
  closed: { readonly by: string; readonly at: number; readonly postings: readonly PostingName[] } | null;
  /** Who wants it opened again, and why. */
  reopening: { readonly by: string; readonly at: number; readonly reason: string } | null;
};
