import { expect, test } from 'vitest';
import { Patience } from './patience.ts';

/** As the client does it: it tries when the last try is so long ago, and asks again otherwise. */
function triesIn(seconds: number, patience: Patience, clock: (at_ms: number) => number): number[] {
  const tries: number[] = [];
  let last = clock(0);
  for (let at = 0; at < seconds * 1000;) {
    const wait = patience.wait_ms();
    const now = clock(at);
    if (last + wait <= now) {
      last = now;
      tries.push(at);
      patience.tried();
    } else at += Math.min(wait, last + wait - now);
  }
  return tries;
}

test('[CHAOS-7] a server that does not answer is tried three or four times a second', () => {
  const tries = triesIn(10, new Patience(() => 0.5), (at) => at);
  expect(tries.length).toBeGreaterThan(25);
  expect(tries.length).toBeLessThan(45);
});

test('[CHAOS-7] a clock that was a day ahead at the last try keeps nobody from NATS for a day', () => {
  const tries = triesIn(10, new Patience(() => 0.5), (at) => (at < 1_000 ? at + 86_400_000 : at));
  expect(tries.filter((at) => at > 1_000 && at < 6_000).length).toBeGreaterThan(3);
});
