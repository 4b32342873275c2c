import { expect, test } from 'vitest';
import { fakeClock } from '../../tests/support/fake-clock.ts';
import { OneAtATime, type OneAtATimeOptions } from './one-at-a-time.ts';

/** A task whose runs end when the test says so. */
function stage(options: Partial<OneAtATimeOptions> = {}) {
  const clock = fakeClock();
  const runs: { readonly signal: AbortSignal; readonly end: () => void; readonly fail: () => void }[] = [];
  const task = (signal: AbortSignal): Promise<void> =>
    new Promise((resolve, reject) => void runs.push({ signal, end: resolve, fail: () => reject(new Error('failed')) }));
  const asking = new OneAtATime({ task, after: clock.after, ...options });
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  const wait = (ms: number): Promise<void> => clock.run(new Promise<void>((resolve) => clock.after(ms, resolve)));
  return { asking, runs, turn, wait };
}

test('[DESKSAFE-7] a slow answer is waited for however often it is asked meanwhile, and asked for once more thereafter', async () => {
  const { asking, runs, turn } = stage();
  asking.ask();
  for (let n = 0; n < 5; n++) {
    asking.ask();
    asking.tick();
    await turn();
  }
  expect([runs.length, runs[0]?.signal.aborted]).toEqual([1, false]);
  runs[0]?.end();
  await turn();
  expect(runs).toHaveLength(2);
  runs[1]?.end();
  await turn();
  expect(runs).toHaveLength(2);
});

test('[DESKSAFE-7] a tick alone owes nothing: it is skipped while one is under way', async () => {
  const { asking, runs, turn } = stage();
  asking.tick();
  asking.tick();
  runs[0]?.end();
  await turn();
  expect(runs).toHaveLength(1);
  asking.tick();
  expect(runs).toHaveLength(2);
});

test('[DESKSAFE-8] what has failed is tried again after a while, and at once when something new is asked', async () => {
  const { asking, runs, turn, wait } = stage({ pause_ms: 100, retry_ms: 5_000 });
  asking.ask();
  asking.ask();
  await wait(150);
  expect(runs).toHaveLength(1);
  runs[0]?.fail();
  await turn();
  await wait(4_000);
  expect(runs).toHaveLength(1);
  await wait(1_100);
  expect(runs).toHaveLength(2);
  runs[1]?.fail();
  await turn();
  asking.ask();
  await wait(150);
  expect(runs).toHaveLength(3);
});

test('[DESKSAFE-7] those who ask all the time do not put it off for ever', async () => {
  const { asking, runs, wait } = stage({ pause_ms: 100 });
  for (let n = 0; n < 3; n++) {
    asking.ask();
    await wait(60);
  }
  expect(runs).toHaveLength(1);
});

test('[DESKSAFE-7] what is stopped is given up, and runs no more', async () => {
  const { asking, runs, turn, wait } = stage({ retry_ms: 10 });
  asking.ask();
  asking.stop();
  expect(runs[0]?.signal.aborted).toBe(true);
  runs[0]?.fail();
  await turn();
  asking.ask();
  await wait(100);
  expect(runs).toHaveLength(1);
});
