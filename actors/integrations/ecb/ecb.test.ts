import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { ratesAnswer } from '../../../machines/rates-terms.ts';
import type { RatesAnswer } from '../../../machines/rates-terms.ts';
import { EcbServer, daysUpTo, toFeed } from '../../../tests/support/ecb.ts';
import { systemPorts } from '../../ports/system.ts';
import type { CallResult, Integration } from '../integration.ts';
import { ecb } from './ecb.ts';

/** A Tuesday, 16:30 in Frankfurt. */
const NOW = Date.UTC(2026, 10, 17, 15, 30);
const TODAY = '2026-11-17';
const HTML = readFileSync(new URL('../../../tests/vectors/ecb/not-rates.html.xml', import.meta.url), 'utf8');

let server: EcbServer;
let opened: Integration;

beforeAll(async () => {
  server = await EcbServer.start();
});
afterAll(() => server.stop());
beforeEach(async () => {
  server.asked.length = 0;
  opened = await openAt(NOW);
});

function openAt(now: number): Promise<Integration> {
  const quiet = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
  const ports = { ...systemPorts(quiet), clock: { now: () => now, monotonic: () => now } };
  return ecb.open({
    ports,
    config: { base_url: server.url },
    secrets: {},
    hubUrl: () => undefined,
    gate: undefined as never,
    database: undefined as never,
  });
}

function fetchAfter(after: string | null, signal = new AbortController().signal): Promise<CallResult> {
  return opened.perform({ key: 'k', operation: 'fetch', input: { integration: 'ecb', after }, actor: 'rates/ecb', attempt: 1, signal });
}

async function answered(after: string | null): Promise<RatesAnswer> {
  const result = await fetchAfter(after);
  if (result.kind !== 'done') throw new Error(JSON.stringify(result));
  return ratesAnswer.parse(result.output);
}

const answers = (status: number, body: string | Buffer, headers: Record<string, string> = {}): void => {
  server.play = (_, response) => response.writeHead(status, headers).end(body);
};

test('[RATE-1] the daily file is read where one publication at most can be missing, else the one of ninety days; only newer days are answered', async () => {
  const days = daysUpTo(TODAY, 60);
  server.publish(days);
  expect((await answered('2026-11-16')).days).toEqual(days.slice(-1));
  expect((await answered('2026-11-13')).days).toEqual(days.slice(-2));
  expect((await answered(null)).days).toEqual(days);
  expect((await answered(TODAY)).days).toEqual([]);
  expect(server.asked.map((path) => path.split('eurofxref-')[1])).toEqual(['daily.xml', 'hist-90d.xml', 'hist-90d.xml', 'daily.xml']);
});

test('[RATE-1] an answer names the address, the SHA-256 of the body and the time', async () => {
  const days = daysUpTo(TODAY, 1);
  server.publish(days);
  expect(await answered('2026-11-16')).toEqual({
    days,
    from: `${server.url}eurofxref-daily.xml`,
    sha256: createHash('sha256').update(toFeed(days)).digest('hex'),
    fetched_at: '2026-11-17T15:30:00.000Z',
  });
});

test('[RATE-2] nothing is taken of a page, of what is cut off, of another sender, of a day to come, of what is too large or no text', async () => {
  const good = toFeed(daysUpTo(TODAY, 3));
  const cases: readonly [body: string | Buffer, detail: RegExp][] = [
    [HTML, /./],
    [good.slice(0, -200), /line \d+/],
    [toFeed(daysUpTo(TODAY, 3), 'Another Bank'), /Sender: is not European Central Bank/],
    [toFeed(daysUpTo('2026-11-18', 3)), /2026-11-18: lies in the future/],
    [Buffer.alloc(6 * 1024 * 1024, ' '), /larger than 5242880 bytes/],
    [Buffer.from([0xff, 0xfe, 0xff]), /is no UTF-8/],
    ['', /./],
  ];
  for (const [body, detail] of cases) {
    answers(200, body);
    expect(await fetchAfter(null)).toEqual({ kind: 'failed', code: 'bad_feed', detail: expect.stringMatching(detail) as string });
  }
});

test('[RATE-2] a redirect is not followed, and no other answer than 200 is read', async () => {
  answers(302, '', { location: `${server.url}elsewhere.xml` });
  expect(await fetchAfter(null)).toMatchObject({
    kind: 'failed',
    code: 'bad_feed',
    detail: expect.stringContaining('status 302') as string,
  });
  answers(404, toFeed(daysUpTo(TODAY, 3)));
  expect(await fetchAfter(null)).toMatchObject({
    kind: 'failed',
    code: 'bad_feed',
    detail: expect.stringContaining('status 404') as string,
  });
  expect(server.asked).toHaveLength(2);
});

test('[RATE-3] a server that cannot answer now is asked again, after the time that it names', async () => {
  answers(500, 'oops');
  expect(await fetchAfter(null)).toEqual({ kind: 'retry', code: 'http_500' });
  answers(429, '', { 'retry-after': '7' });
  expect(await fetchAfter(null)).toEqual({ kind: 'retry', code: 'http_429', after_ms: 7_000 });
  expect(await fetchAfter(null)).toEqual({ kind: 'retry', code: 'asked_to_wait', after_ms: 7_000 });
  expect(server.asked).toHaveLength(2);
  opened = await openAt(NOW);
  answers(503, '', { 'retry-after': 'Tue, 17 Nov 2026 15:30:20 GMT' });
  expect(await fetchAfter(null)).toEqual({ kind: 'retry', code: 'http_503', after_ms: 20_000 });
  opened = await openAt(NOW + 20_000);
  server.play = (_, response) => response.destroy();
  expect(await fetchAfter(null)).toEqual({ kind: 'retry', code: 'no_answer' });
  server.play = (_, response) => {
    response.writeHead(200, { 'content-length': '100000' }).write('<?xml version="1.0"?>');
    setTimeout(() => response.destroy(), 20);
  };
  expect(await fetchAfter(null)).toEqual({ kind: 'retry', code: 'no_answer' });
});

test('[RATE-3] a call that is given up ends at once, also in the middle of the body', async () => {
  for (const begin of [false, true]) {
    server.play = (_, response) => void (begin && response.writeHead(200).write('<?xml version="1.0"?>'));
    const giveUp = new AbortController();
    setTimeout(() => giveUp.abort(), 50);
    expect(await fetchAfter(null, giveUp.signal)).toEqual({ kind: 'retry', code: 'no_answer' });
  }
});

test('[RATE-4] it is set up with https, or with http on this machine alone, and with a folder', () => {
  const takes = (base_url: string): boolean => ecb.config.safeParse({ base_url }).success;
  expect(ecb.config.parse({})).toEqual({ base_url: 'https://www.ecb.europa.eu/stats/eurofxref/' });
  for (const fit of ['https://rates.example/ecb/', 'http://127.0.0.1:9/x/', 'http://localhost/', 'http://[::1]:80/']) {
    expect([fit, takes(fit)]).toEqual([fit, true]);
  }
  for (const unfit of [
    'http://rates.example/ecb/',
    'https://rates.example/ecb',
    'https://a:b@rates.example/',
    'https://rates.example/?x=/',
    'http://127.0.0.1.example/',
    'file:///etc/',
    'rates',
  ]) {
    expect([unfit, takes(unfit)]).toEqual([unfit, false]);
  }
});

test('[RATE-4] what is no request of rates is refused without a call', async () => {
  const call = { key: 'k', actor: 'rates/ecb', attempt: 1, signal: new AbortController().signal };
  expect(await opened.perform({ ...call, operation: 'push', input: {} })).toMatchObject({ kind: 'failed', code: 'invalid' });
  expect(await opened.perform({ ...call, operation: 'fetch', input: { integration: 'ecb', after: '2026-02-30' } })).toMatchObject({
    kind: 'failed',
    code: 'invalid',
  });
  expect(server.asked).toEqual([]);
});
