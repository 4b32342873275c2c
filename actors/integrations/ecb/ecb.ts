import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { RateDay } from '../../../machines/exchange.ts';
import { MOST_FETCHED, ratesAnswer, ratesRequest } from '../../../machines/rates-terms.ts';
import type { RatesAnswer } from '../../../machines/rates-terms.ts';
import { dayInFrankfurt, newestOut, targetDaysBetween } from '../../../machines/target-days.ts';
import { defineIntegration } from '../integration.ts';
import type { Call, CallResult, Integration, IntegrationKind, Surroundings } from '../integration.ts';
import type { Ports } from '../../ports/ports.ts';
import { BadFeed, readXml } from './feed.ts';
import { readBody } from '../read-body.ts';

const DAILY = 'eurofxref-daily.xml';
const HISTORY = 'eurofxref-hist-90d.xml';
/** The files have a few hundred kilobytes at most. */
const MOST_BYTES = 5 * 1024 * 1024;
/** However long the server asks to be left alone. */
const LONGEST_REST_MS = 24 * 60 * 60 * 1000;

const configSchema = z.strictObject({
  base_url: z
    .url()
    .refine(isFolder, 'An address with https that ends with / is expected; http only of this machine')
    .default('https://www.ecb.europa.eu/stats/eurofxref/')
    .meta({
      title: 'Address of the files',
      description: 'Where eurofxref-daily.xml and eurofxref-hist-90d.xml are read from; ends with /.',
    }),
});

/** The reference rates of the European Central Bank against the euro, from the files that it publishes. Only reads. */
class Ecb implements Integration {
  readonly #ports: Ports;
  readonly #base: string;
  /** The bank has asked not to be called before this moment. */
  #notBefore = 0;

  constructor({ ports, config }: Surroundings) {
    this.#ports = ports;
    this.#base = configSchema.parse(config ?? {}).base_url;
  }

  async perform({ operation, input, signal }: Call): Promise<CallResult> {
    if (operation !== 'fetch') return { kind: 'failed', code: 'invalid', detail: `There is no operation ${operation}.` };
    const read = ratesRequest.safeParse(input);
    if (!read.success) return { kind: 'failed', code: 'invalid', detail: z.prettifyError(read.error) };
    const { after } = read.data;
    const now = this.#ports.clock.now();
    if (now < this.#notBefore) return { kind: 'retry', code: 'asked_to_wait', after_ms: this.#notBefore - now };
    const isEnough = after !== null && targetDaysBetween(after, newestOut(now)) <= 1;
    const from = new URL(isEnough ? DAILY : HISTORY, this.#base).href;
    try {
      const response = await fetch(from, { redirect: 'manual', signal, headers: { accept: 'application/xml, text/xml' } });
      if (response.status !== 200) {
        await response.body?.cancel();
        return this.#refusal(response, now);
      }
      const body = await readBody(response, MOST_BYTES);
      return body === undefined
        ? badFeed(`the file: is larger than ${MOST_BYTES} bytes`)
        : { kind: 'done', output: toAnswer(body, after, from, this.#ports.clock.now()) };
    } catch (error) {
      if (error instanceof BadFeed) return badFeed(error.message);
      this.#ports.log.info({ integration: 'ecb', from, error: String(error) }, 'The rates could not be fetched');
      return { kind: 'retry', code: 'no_answer' };
    }
  }

  /** Whatever is not the file. That the server cannot answer now may pass; a page elsewhere is never followed. */
  #refusal({ status, headers }: Response, now: number): CallResult {
    if (status !== 429 && status < 500) return badFeed(`the answer: has status ${status}, where 200 was expected`);
    const after_ms = readRetryAfter(headers.get('retry-after'), now);
    if (after_ms === undefined) return { kind: 'retry', code: `http_${status}` };
    // It may be longer than one effect is tried for; the next one waits for the rest.
    this.#notBefore = now + after_ms;
    return { kind: 'retry', code: `http_${status}`, after_ms };
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

export const ecb: IntegrationKind = defineIntegration({
  name: 'ecb',
  title: 'European Central Bank reference rates',
  provides: 'rates',
  honours_keys: true,
  concurrency: 2,
  timeout_ms: 20_000,
  operations: { fetch: { input: ratesRequest, output: ratesAnswer, reads: true } },
  config: configSchema,
  open: (surroundings) => Promise.resolve(new Ecb(surroundings)),
});

/** Throws a BadFeed for whatever is not wholly what the bank publishes. */
function toAnswer(body: Uint8Array, after: string | null, from: string, now: number): RatesAnswer {
  const days = readXml(toText(body));
  const today = dayInFrankfurt(now);
  const early = days.find(({ date }) => date > today);
  if (early !== undefined) throw new BadFeed(early.date, 'lies in the future');
  const sha256 = createHash('sha256').update(body).digest('hex');
  return { days: newer(days, after), from, sha256, fetched_at: new Date(now).toISOString() };
}

function newer(days: readonly RateDay[], after: string | null): RateDay[] {
  return days.filter(({ date }) => after === null || date > after).slice(-MOST_FETCHED);
}

function toText(body: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch {
    throw new BadFeed('the file', 'is no UTF-8');
  }
}

function badFeed(detail: string): CallResult {
  return { kind: 'failed', code: 'bad_feed', detail };
}

/** Seconds, or a date (RFC 9110, 10.2.3). */
function readRetryAfter(text: string | null, now: number): number | undefined {
  if (text === null) return undefined;
  const wait_ms = /^\d+$/.test(text.trim()) ? Number(text) * 1000 : Date.parse(text) - now;
  return Number.isNaN(wait_ms) ? undefined : Math.min(Math.max(wait_ms, 0), LONGEST_REST_MS);
}

function isFolder(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, pathname, search, hash, username, password } = new URL(text);
  const isHere = hostname === 'localhost' || hostname === '[::1]' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(hostname);
  const isPlain = search === '' && hash === '' && username === '' && password === '';
  return (protocol === 'https:' || (protocol === 'http:' && isHere)) && pathname.endsWith('/') && isPlain && text.length <= 200;
}
