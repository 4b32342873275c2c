import { expect, test } from 'vitest';
import { CURRENCIES } from '../../../machines/money.ts';
import { ratesAnswer } from '../../../machines/rates-terms.ts';
import type { RatesAnswer } from '../../../machines/rates-terms.ts';
import { isTargetDay } from '../../../machines/target-days.ts';
import { systemPorts } from '../../ports/system.ts';
import { sandboxRates } from './sandbox-rates.ts';

async function fetchAt(now: number, after: string | null): Promise<RatesAnswer> {
  const quiet = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
  const ports = { ...systemPorts(quiet), clock: { now: () => now, monotonic: () => now } };
  const opened = await sandboxRates.open({
    ports,
    config: {},
    secrets: {},
    hubUrl: () => undefined,
    gate: undefined as never,
    database: undefined as never,
  });
  const { signal } = new AbortController();
  const input = { integration: 'sandbox_rates', after };
  const result = await opened.perform({ key: 'k', operation: 'fetch', input, actor: 'rates/sandbox', attempt: 1, signal });
  return ratesAnswer.parse(result.kind === 'done' ? result.output : undefined);
}

const NOW = Date.UTC(2026, 10, 17, 15, 30);

test('[RATE-5] the sandbox has rates of every TARGET day up to the newest, and says that they are its own', async () => {
  const { days, from } = await fetchAt(NOW, null);
  expect([days.length, days[0]?.date, days.at(-1)?.date, from]).toEqual([90, '2026-07-15', '2026-11-17', 'sandbox:rates']);
  expect(days.every(({ source, base, date }) => source === 'sandbox' && base === 'EUR' && isTargetDay(date))).toBe(true);
  const codes = Object.keys(days[0]?.rates ?? {});
  expect([codes.length, codes.filter((code) => !CURRENCIES.includes(code))]).toEqual([29, []]);
  expect((await fetchAt(NOW - 3_600_000, '2026-11-13')).days.map(({ date }) => date)).toEqual(['2026-11-16']);
});

test('[RATE-5] they are the same of the same day whoever asks and whenever, and move a little from day to day', async () => {
  const [now, later] = [await fetchAt(NOW, null), await fetchAt(NOW + 20 * 86_400_000, null)];
  for (const day of now.days) {
    const again = later.days.find(({ date }) => date === day.date);
    if (again !== undefined) expect(again).toEqual(day);
  }
  now.days.forEach(({ rates }, index) => {
    const before = now.days[index - 1]?.rates ?? rates;
    for (const [code, rate] of Object.entries(rates)) expect(Math.abs(Number(rate) / Number(before[code]) - 1)).toBeLessThan(0.05);
  });
  expect(new Set(now.days.map(({ rates }) => rates['USD'])).size).toBeGreaterThan(60);
});
