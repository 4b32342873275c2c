import { expect, test } from 'vitest';
import { ServerTime } from '../core/server-time.ts';
import { Ticker } from './ticker.ts';

/** A device with a clock that can be set, and timers that are let go by hand. */
function device(start: number) {
  let now = start;
  let passed = 0;
  const due = new Set<{ readonly at: number; readonly call: () => void }>();
  const after = (ms: number, call: () => void): (() => void) => {
    const one = { at: passed + ms, call };
    due.add(one);
    return () => due.delete(one);
  };
  const pass = (ms: number): void => {
    now += ms;
    passed += ms;
    for (const one of due) {
      if (one.at > passed) continue;
      due.delete(one);
      one.call();
    }
  };
  const clock = { now: () => now, random: () => 0.5, after, monotonic: () => passed };
  return { clock, pass, set: (to: number) => (now = to), waiting: () => due.size };
}

const HOUR = 3_600_000;
const HUB = Date.parse('2026-11-21T12:00:00Z');

function page(off_ms: number) {
  const own = device(HUB + off_ms);
  const time = new ServerTime(own.clock);
  const ticker = new Ticker(() => time.now(), own.clock.after);
  const seen: number[] = [];
  const stop = ticker.subscribe(() => seen.push(ticker.now()));
  const measure = (theirs: number): void => time.measure({ asked: own.clock.now(), answered: own.clock.now(), theirs });
  return { ...own, ticker, seen, stop, measure };
}

test('[DESKTIME-1] once a second everything on the page is told the same second of the hub’s clock', () => {
  const { ticker, seen, pass, measure } = page(0);
  measure(HUB + 400);
  let others = 0;
  ticker.subscribe(() => others++);
  for (let i = 0; i < 3; i++) pass(1_000);
  expect(seen.slice(-3)).toEqual([HUB + 1_000, HUB + 2_000, HUB + 3_000]);
  expect(others).toBe(3);
});

test.each([5 * HOUR, -5 * HOUR])(
  '[DESKTIME-1] a device whose clock is %i ms off has the hub’s time as soon as that is known, not a second later',
  (off) => {
    const { ticker, seen, measure } = page(off);
    expect(seen).toEqual([HUB + off]);
    measure(HUB);
    ticker.check();
    expect(seen).toEqual([HUB + off, HUB]);
    ticker.check();
    expect(seen).toHaveLength(2);
  },
);

test('[DESKTIME-1] setting the clock of the device back does not set the page back', () => {
  const { ticker, measure, pass, set } = page(0);
  measure(HUB);
  pass(60_000);
  set(HUB - 3 * HOUR);
  expect(ticker.now()).toBe(HUB + 60_000);
});

test('[DESKTIME-1] nothing ticks while nobody looks', () => {
  const { stop, waiting, ticker, seen, pass } = page(0);
  expect(waiting()).toBe(1);
  stop();
  ticker.check();
  pass(5_000);
  expect([waiting(), seen.length]).toEqual([0, 1]);
});
