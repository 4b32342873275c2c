import { expect, test } from 'vitest';
import { partitionOf } from '../machines/ids.ts';
import { RuntimeStage } from '../tests/support/runtime-stage.ts';

const A = 'counter/a';

async function waiting(): Promise<RuntimeStage> {
  const stage = await new RuntimeStage().start();
  await stage.send(A, '@create');
  await stage.send(A, 'WAIT');
  return stage;
}

const fired = (stage: RuntimeStage): number => stage.events(A).filter((type) => type.startsWith('xstate.after')).length;

test('[TIME-1] a timer fires at its deadline, once, and not a moment before', async () => {
  const stage = await waiting();
  await stage.ports.advance(9_900);
  expect(fired(stage)).toBe(0);
  await stage.ports.advance(200);
  expect([stage.state(A), fired(stage)]).toEqual(['open', 1]);
  await stage.ports.advance(300_000);
  expect(fired(stage)).toBe(1);
});

test('[TIME-2] after a restart it fires from its original deadline, however long the hub was away before it', async () => {
  const stage = await waiting();
  const due = Math.min(...Object.values(stage.envelope(A)?.timers ?? {}).map((timer) => timer.due));
  await stage.ports.advance(4_000);
  await stage.crash();
  await stage.ports.advance(3_000);
  await stage.start();
  await stage.ports.until(() => stage.state(A) === 'open');
  const [row] = stage.database.journalOf(A).slice(-1);
  expect((row?.at ?? 0) - due).toBeLessThan(100);
  expect(fired(stage)).toBe(1);
});

test('[TIME-3] what was due while nobody was there fires at once, and once', async () => {
  const stage = await waiting();
  await stage.crash();
  await stage.ports.advance(60_000);
  await stage.start();
  await stage.ports.advance(100);
  expect([stage.state(A), fired(stage)]).toEqual(['open', 1]);
  await stage.restart();
  await stage.ports.advance(100_000);
  expect(fired(stage)).toBe(1);
});

test('[TIME-4] a canceled timer never fires, also across a restart', async () => {
  const stage = await waiting();
  await stage.send(A, 'CALM');
  await stage.restart();
  await stage.ports.advance(300_000);
  expect(fired(stage)).toBe(0);
});

test('[TIME-5] a timer set anew fires from the new setting only', async () => {
  const stage = await waiting();
  await stage.ports.advance(9_000);
  await stage.send(A, 'AGAIN');
  await stage.ports.advance(9_500);
  expect(stage.state(A)).toBe('waiting');
  await stage.ports.advance(600);
  expect([stage.state(A), fired(stage)]).toEqual(['open', 1]);
});

test('[TIME-6] a timer days away fires at its deadline, also in a hub that started long after it was set', async () => {
  const stage = await new RuntimeStage().start();
  const input = { client: 'acme', payee: 'Supplier', amount_minor: 2_000_000_00, currency: 'EUR', reference: 'Invoice 1' };
  await stage.send('payment/p', '@create', input);
  await stage.send('payment/p', 'SUBMIT');
  expect(stage.state('payment/p')).toBe('needs_approval');
  const last = Math.max(...Object.values(stage.envelope('payment/p')?.timers ?? {}).map(({ due }) => due));
  // Hours without a hub, so that the test need not scan through them.
  await stage.crash();
  await stage.ports.advance(last - stage.ports.clock.now() - 30_000);
  await stage.start();
  await stage.ports.advance(29_000);
  expect(stage.state('payment/p')).toBe('needs_approval');
  await stage.ports.advance(2_000);
  expect(stage.state('payment/p')).toBe('expired');
});

test('[TIME-7] a parked actor’s timers wait, and fire when it is resumed', async () => {
  const stage = await waiting();
  await stage.send(A, 'BREAK');
  await stage.ports.advance(60_000);
  expect(fired(stage)).toBe(0);
  await stage.resume(A);
  await stage.ports.advance(100);
  expect([stage.state(A), fired(stage)]).toEqual(['open', 1]);
});

test('[TIME-8] a wall clock that jumps forward fires what is due by it', async () => {
  const stage = await waiting();
  stage.ports.jump(3_600_000);
  await stage.ports.advance(21_000);
  expect(fired(stage)).toBe(1);
});

test('[TIME-9] a timer of a partition that was lost is left to its new owner, and fires here when the partition comes back', async () => {
  const stage = await waiting();
  stage.database.release('one');
  stage.database.renew('two', '', 30_000);
  stage.database.claim('two', [partitionOf(A)]);
  expect((await stage.send(A, 'TOUCH')).outcome).toBe('retry');
  await stage.ports.advance(20_000);
  expect(fired(stage)).toBe(0);
  await stage.ports.advance(20_000);
  expect([stage.state(A), fired(stage)]).toEqual(['open', 1]);
});

test('[CHAOS-3] a wall clock that is set back and right again makes no timer late', async () => {
  const stage = await waiting();
  const due = Math.min(...Object.values(stage.envelope(A)?.timers ?? {}).map((timer) => timer.due));
  stage.ports.jump(-86_400_000);
  // Whatever is set now is reckoned by the wrong clock.
  await stage.send('counter/b', '@create');
  await stage.send('counter/b', 'WAIT');
  stage.ports.jump(86_400_000);
  await stage.ports.advance(2_000);
  expect([stage.state('counter/b'), fired(stage)]).toEqual(['open', 0]);
  await stage.ports.until(() => stage.state(A) === 'open');
  const [row] = stage.database.journalOf(A).slice(-1);
  expect((row?.at ?? 0) - due).toBeLessThan(1_100);
});
