import { expect, test } from 'vitest';
import type { Committed } from '../actors/delivery.ts';
import { Pulse, PULSE_S } from './pulse.ts';

const rows = (now: number, ...took_ms: readonly number[]): readonly Committed[] =>
  took_ms.map((took) => ({ row: { at: now - took } }) as unknown as Committed);

test('[DESK-20] each second has what was committed in it and how long that took; quiet ones are there too', () => {
  let now = 1_000_000_000;
  const pulse = new Pulse(() => now);
  pulse.committed(rows(now, ...Array.from({ length: 99 }, () => 4), 900));
  now += 2_000;
  pulse.committed(rows(now, 1));
  now += 1_000;
  expect(pulse.since(999_999)).toEqual([
    { at: 1_000_000, events: 100, p50_ms: 5, p99_ms: 5 },
    { at: 1_000_001, events: 0, p50_ms: null, p99_ms: null },
    { at: 1_000_002, events: 1, p50_ms: 1, p99_ms: 1 },
  ]);
  expect(pulse.since(1_000_002)).toEqual([]);
});

test('[DESK-20] what is older than it remembers is not shown as something newer', () => {
  let now = 1_000_000_000;
  const pulse = new Pulse(() => now);
  pulse.committed(rows(now, 1, 1));
  // The place of the old second is the newest whole one's now.
  now += (PULSE_S + 1) * 1_000;
  const beats = pulse.since(0);
  expect(beats.length).toBeLessThan(PULSE_S);
  expect(beats.every(({ events }) => events === 0)).toBe(true);
});
