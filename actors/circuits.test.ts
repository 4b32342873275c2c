import { describe, expect, test } from 'vitest';
import { RuntimeStage, Desk, OPERATOR } from '../tests/support/runtime-stage.ts';
import type { Open } from './effects.ts';
import type { CallResult, Integration, Probed } from './integrations/integration.ts';
import { RateLimit } from './rate-limit.ts';

const DESK = 'integration/desk';
const at = (ms: number, utc = 0) => ({ monotonic: ms, utc });

/** A hub with the desk, whose other side is as the test says. */
async function staged(desk: Desk, more: Partial<Omit<Integration, 'rotate'>> & Pick<Open, 'rotate'> = {}): Promise<RuntimeStage> {
  const { rotate, ...integration } = more;
  // Of the integration's own the hub asks in `rotate` of what is open.
  const own = rotate === undefined ? integration : { ...integration, rotate: () => Promise.reject(new Error('The hub asks')) };
  const open = { ...desk.open, integration: { ...desk.open.integration, ...own }, ...(rotate === undefined ? {} : { rotate }) };
  return new RuntimeStage({ integrations: [open] }).start();
}

async function calling(stage: RuntimeStage, count: number): Promise<string[]> {
  const many = Array.from({ length: count }, (_, index) => `counter/c${index}`);
  for (const address of many) await stage.send(address, '@create');
  for (const address of many) await stage.send(address, 'CALL');
  return many;
}

describe('the rate of calls', () => {
  test('[CIRC-1] so many a second go out, some at once, and the next is told how long to wait', () => {
    const rate = new RateLimit();
    const limits = { per_second: 4, burst: 2 };
    expect([rate.take(limits, at(0)), rate.take(limits, at(0)), rate.take(limits, at(0))]).toEqual([0, 0, 250]);
    expect([rate.take(limits, at(249)), rate.take(limits, at(250)), rate.take(limits, at(250))]).toEqual([1, 0, 250]);
    expect([rate.take(limits, at(9_000)), rate.take(limits, at(9_000)), rate.take(limits, at(9_000))]).toEqual([0, 0, 250]);
    expect(new RateLimit().take({}, at(0))).toBe(0);
  });

  test('[CIRC-1] a share of the rate makes the pauses longer', () => {
    const rate = new RateLimit();
    expect([rate.take({ per_second: 10 }, at(0), 0.2), rate.take({ per_second: 10 }, at(0), 0.2)]).toEqual([0, 500]);
  });

  test('[CIRC-2] so many a day go out, and more when a new day of UTC begins', () => {
    const rate = new RateLimit();
    const evening = 86_400_000 - 1_000;
    expect([rate.take({ per_day: 1 }, at(0, evening)), rate.take({ per_day: 1 }, at(0, evening))]).toEqual([0, 1_000]);
    expect([rate.take({ per_day: 1 }, at(0, 1_000)), new RateLimit().take({ per_day: 0 }, at(0, 1_000))]).toEqual([60_000, 60_000]);
    expect(rate.take({ per_day: 1 }, at(0, 86_400_000))).toBe(0);
  });

  test('[CIRC-3] what waits for the rate is not late by that: a queue of a minute is worked off, and none of it fails', async () => {
    const desk = new Desk({ limits: { per_second: 1 } });
    const stage = await staged(desk);
    const many = await calling(stage, 45);
    await stage.ports.advance(20_000);
    expect(desk.calls.length).toBeGreaterThan(15);
    expect(desk.calls.length).toBeLessThan(30);
    expect(stage.runtime.backlog().get('desk')?.queued).toBeGreaterThan(10);
    await stage.ports.until(() => many.every((address) => String(stage.context(address)['last']).startsWith('done')), 120_000);
    expect([desk.calls.length, stage.runtime.backlog().get('desk')]).toEqual([45, undefined]);
  });
});

describe('a provider that asks for fewer calls', () => {
  test('[CIRC-4] gets none until the moment that it named, its circuit stays closed, and then everything is done', async () => {
    const desk = new Desk();
    const stage = await staged(desk);
    desk.answer = (): CallResult => ({ kind: 'retry', code: 'http_429', after_ms: 40_000 });
    const many = await calling(stage, 1);
    await stage.ports.until(() => stage.state(DESK).includes('throttle.limited'));
    desk.answer = () => ({ kind: 'done', output: { mark: 'ok' } });
    const others = ['counter/x', 'counter/y'];
    for (const address of others) await stage.send(address, '@create');
    for (const address of others) await stage.send(address, 'CALL');
    await stage.ports.advance(35_000);
    expect([desk.calls.length, stage.state(DESK).includes('circuit.closed')]).toEqual([1, true]);
    await stage.ports.until(() => others.every((address) => stage.context(address)['last'] === 'done ok'), 60_000);
    await stage.ports.until(() => stage.state(DESK).includes('throttle.normal'), 60_000);
    // The one that was asked to wait longer than anybody waits for it is told so.
    expect(many.map((address) => stage.context(address)['last'])).toEqual(['failed http_429']);
  });
});

describe('an integration that can be looked at', () => {
  const well: Probed = { ok: true, version: '17.0', contract: { orders: 'v1', long: 'x'.repeat(500) } };

  test('[CIRC-5] its actor looks at it before anything is called, and remembers what it saw', async () => {
    const desk = new Desk();
    let here: Probed = { kind: 'retry', code: 'no_answer' };
    const stage = await staged(desk, { probe: () => Promise.resolve(here) });
    await stage.ports.until(() => stage.state(DESK).includes('probe.pausing'));
    await calling(stage, 1);
    await stage.ports.advance(5_000);
    expect([stage.state(DESK).includes('lifecycle.probing'), desk.calls.length]).toEqual([true, 0]);
    here = well;
    await stage.ports.until(() => desk.calls.length === 1, 60_000);
    const { contract } = stage.context(DESK) as { contract: { accepted: Record<string, string>; fingerprint: string } };
    expect([contract.accepted['orders'], contract.accepted['long']?.startsWith('sha256:')]).toEqual(['v1', true]);
    expect(contract.fingerprint).toMatch(/^[0-9a-f]{64}$/);
  });

  test('[CIRC-6] a contract that breaks stops all calls, and goes on when a person accepts it', async () => {
    const desk = new Desk();
    let here = well;
    const stage = await staged(desk, { probe: () => Promise.resolve(here) });
    await stage.ports.until(() => stage.state(DESK).includes('lifecycle.enabled'));
    here = { ok: true, contract: { orders: 'v2' } };
    await stage.send(DESK, 'PROBE', {}, { caller: OPERATOR });
    await stage.ports.until(() => stage.state(DESK).includes('contract.drifted_breaking'));
    await calling(stage, 1);
    await stage.ports.advance(5_000);
    expect(desk.calls).toHaveLength(0);
    const { contract } = stage.context(DESK) as { contract: { fingerprint: string } };
    await stage.send(DESK, 'ACCEPT_CONTRACT', { fingerprint: contract.fingerprint }, { caller: OPERATOR });
    await stage.ports.until(() => desk.calls.length === 1);
  });

  test('[CIRC-7] credentials that are refused are looked at once, whatever waits, and what waited is done when they are good', async () => {
    const desk = new Desk();
    let looks = 0;
    const probe = (): Promise<Probed> => {
      looks++;
      return looks === 1 ? Promise.resolve(well) : new Promise((resolve) => void stage.ports.timers.after(2_000, () => resolve(well)));
    };
    const stage: RuntimeStage = await staged(desk, { probe });
    await stage.ports.until(() => stage.state(DESK).includes('lifecycle.enabled'));
    desk.answer = (): CallResult => ({ kind: 'failed', code: 'unauthorized' });
    await calling(stage, 1);
    await stage.ports.until(() => stage.state(DESK).includes('auth.doubted'));
    desk.answer = () => ({ kind: 'done', output: { mark: 'ok' } });
    await stage.send('counter/x', '@create');
    await stage.send('counter/x', 'CALL');
    await stage.ports.advance(1_000);
    expect([desk.calls.length, looks]).toEqual([1, 2]);
    await stage.ports.until(() => stage.context('counter/x')['last'] === 'done ok');
    expect([stage.state(DESK).includes('auth.valid'), looks]).toEqual([true, 2]);
  });

  test('[CIRC-8] new credentials are asked for by its actor, with a key that stays the same', async () => {
    const keys: string[] = [];
    const rotate: Open['rotate'] = ({ key }) => {
      keys.push(key);
      return Promise.resolve({ kind: 'done', output: { expires_at: 4_000_000_000_000 } });
    };
    const stage = await staged(new Desk(), { probe: () => Promise.resolve(well), rotate });
    await stage.ports.until(() => stage.state(DESK).includes('lifecycle.enabled'));
    await stage.send(DESK, 'ROTATE', {}, { caller: OPERATOR });
    await stage.ports.until(() => stage.state(DESK).includes('auth.valid') && keys.length > 0);
    expect([keys.length, keys[0]?.startsWith('hub1/integration/desk@')]).toEqual([1, true]);
  });

  test('[CIRC-9] switched off, it is disabled when the call that is under way has ended', async () => {
    const desk = new Desk();
    const stage = await staged(desk);
    let release: ((result: CallResult) => void) | undefined;
    desk.answer = () => new Promise((resolve) => (release = resolve));
    await calling(stage, 1);
    await stage.ports.advance(50);
    await stage.send(DESK, 'DISABLE', {}, { caller: OPERATOR });
    await stage.ports.advance(1_000);
    expect(stage.state(DESK)).toContain('lifecycle.draining');
    release?.({ kind: 'done', output: { mark: 'ok' } });
    await stage.ports.until(() => stage.state(DESK).includes('lifecycle.disabled'));
    expect(stage.context('counter/c0')['last']).toBe('done ok');
  });
});
