import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { RateDay } from '../../../machines/exchange.ts';
import { MOST_FETCHED, ratesAnswer, ratesRequest } from '../../../machines/rates-terms.ts';
import type { RatesAnswer } from '../../../machines/rates-terms.ts';
import { newestOut, targetDayBefore } from '../../../machines/target-days.ts';
import { defineIntegration } from '../integration.ts';
import type { Call, CallResult, IntegrationKind } from '../integration.ts';

/**
 * Exchange rates to develop and test against: of every TARGET day and made of its date, so that everybody has the same of the same day and nobody
 * is called. Their source is `sandbox`, so that nobody takes them for published ones.
 */
export const sandboxRates: IntegrationKind = defineIntegration({
  name: 'sandbox_rates',
  title: 'Sandbox exchange rates',
  provides: 'rates',
  honours_keys: true,
  concurrency: 16,
  timeout_ms: 5_000,
  operations: { fetch: { input: ratesRequest, output: ratesAnswer, reads: true } },
  config: z.strictObject({}),
  open: ({ ports }) =>
    Promise.resolve({
      perform: (call) => Promise.resolve(answer(call, ports.clock.now())),
      close: () => Promise.resolve(),
    }),
});

/** About what one euro was worth in 2026, as the decimals are written for that currency. */
const ABOUT: Readonly<Record<string, string>> = {
  USD: '1.1700',
  JPY: '182.00',
  CZK: '24.300',
  DKK: '7.4690',
  GBP: '0.87000',
  HUF: '382.00',
  PLN: '4.2300',
  RON: '5.0900',
  SEK: '10.9000',
  CHF: '0.9300',
  ISK: '145.00',
  NOK: '11.7000',
  TRY: '50.0000',
  AUD: '1.7600',
  BRL: '6.2500',
  CAD: '1.6200',
  CNY: '8.2000',
  HKD: '9.1000',
  IDR: '19600.00',
  ILS: '3.7500',
  INR: '105.0000',
  KRW: '1700.00',
  MXN: '21.0000',
  MYR: '4.8000',
  NZD: '2.0200',
  PHP: '69.000',
  SGD: '1.5100',
  THB: '37.500',
  ZAR: '19.5000',
};

const WEEK = 7;
/** How far a rate strays from what it is about, and from what the week says, in millionths. */
const STRAY = 30_000;
const JITTER = 2_000;

function answer({ operation, input }: Call, now: number): CallResult {
  if (operation !== 'fetch') return { kind: 'failed', code: 'invalid', detail: `There is no operation ${operation}.` };
  const read = ratesRequest.safeParse(input);
  if (!read.success) return { kind: 'failed', code: 'invalid', detail: z.prettifyError(read.error) };
  const days = daysUpTo(newestOut(now), read.data.after);
  const sha256 = createHash('sha256').update(JSON.stringify(days)).digest('hex');
  const output: RatesAnswer = { days, from: 'sandbox:rates', sha256, fetched_at: new Date(now).toISOString() };
  return { kind: 'done', output };
}

function daysUpTo(newest: string, after: string | null): RateDay[] {
  const days: RateDay[] = [];
  for (let date = newest; days.length < MOST_FETCHED && (after === null || date > after); date = targetDayBefore(date)) {
    days.push(dayOf(date));
  }
  return days.toReversed();
}

function dayOf(date: string): RateDay {
  const rates = Object.entries(ABOUT).map(([code, about]) => [code, rateOf(code, about, date)]);
  return { source: 'sandbox', base: 'EUR', date, rates: Object.fromEntries(rates) as Record<string, string> };
}

/** Goes evenly from one week's stray to the next, with a little of each day's own. All in integers, so that every machine finds the same. */
function rateOf(code: string, about: string, date: string): string {
  const day = Math.floor(Date.parse(date) / 86_400_000);
  const week = Math.floor(day / WEEK);
  const along = day % WEEK;
  const way = chance(`${code}${week}`) * (WEEK - along) + chance(`${code}${week + 1}`) * along;
  const millionths = 1_000_000 + Math.trunc((way * STRAY) / (WEEK * 1000)) + Math.trunc((chance(`${code}${date}`) * JITTER) / 1000);
  const places = about.length - about.indexOf('.') - 1;
  const digits = String((BigInt(about.replace('.', '')) * BigInt(millionths)) / 1_000_000n).padStart(places + 1, '0');
  return `${digits.slice(0, -places)}.${digits.slice(-places)}`;
}

/** From -1000 to 1000, always the same of the same text. */
function chance(text: string): number {
  return (createHash('sha256').update(text).digest().readUInt32BE(0) % 2001) - 1000;
}
