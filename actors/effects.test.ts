import { describe, expect, test } from 'vitest';
import { must } from '../machines/must.ts';
import { Desk, OPERATOR, RuntimeStage } from '../tests/support/runtime-stage.ts';
import type { CallResult, IntegrationKind } from './integrations/integration.ts';

const A = 'counter/a';
const never = (): Promise<CallResult> => new Promise(() => undefined);

async function staged(given: Partial<IntegrationKind> = {}): Promise<{ stage: RuntimeStage; desk: Desk }> {
  const desk = new Desk(given);
  const stage = await new RuntimeStage({ integrations: [desk.open] }).start();
  await stage.send(A, '@create', { start: 4 });
  return { stage, desk };
}

const last = (stage: RuntimeStage): unknown => stage.context(A)['last'];

describe('an effect', () => {
  test('[EFF-1] an effect is called after the commit with a key made of hub, asker and input, and its result comes back as an event', async () => {
    const { stage, desk } = await staged();
    await stage.send(A, 'CALL');
    await stage.ports.advance(100);
    expect(desk.calls).toHaveLength(1);
    expect(desk.calls[0]).toMatchObject({ operation: 'stamp', input: { integration: 'desk', n: 4 }, actor: A, attempt: 1 });
    expect(desk.calls[0]?.key).toMatch(/^hub1\/counter\/a@2#0\/[0-9a-f]{16}$/);
    expect(last(stage)).toBe(`done ${desk.calls[0]?.key}`);
  });

  test('[EFF-2] an effect keeps its key on every retry and after a restart, and never has two for one result', async () => {
    const { stage, desk } = await staged();
    desk.answer = () => ({ kind: 'retry', code: 'busy' });
    await stage.send(A, 'CALL');
    await stage.ports.advance(1_000);
    await stage.restart();
    await stage.ports.advance(1_000);
    desk.answer = () => ({ kind: 'done', output: { mark: 'ok' } });
    await stage.ports.until(() => last(stage) === 'done ok');
    expect(desk.calls.length).toBeGreaterThan(4);
    expect(new Set(desk.calls.map(({ key }) => key)).size).toBe(1);
    const calls = desk.calls.length;
    await stage.restart();
    await stage.ports.advance(60_000);
    expect(desk.calls).toHaveLength(calls);
  });

  test('[EFF-3] an effect that was under way when the hub died is called again, with the same key', async () => {
    const { stage, desk } = await staged();
    desk.answer = never;
    await stage.send(A, 'CALL');
    await stage.ports.advance(50);
    await stage.crash();
    desk.answer = () => ({ kind: 'done', output: { mark: 'second' } });
    await stage.start();
    await stage.ports.until(() => last(stage) === 'done second');
    expect(desk.calls.map(({ key }) => key)).toEqual([desk.calls[0]?.key, desk.calls[0]?.key]);
  });

  test.each<[string, CallResult | Error | 'never', string]>([
    ['a clear no', { kind: 'failed', code: 'refused' }, 'failed refused'],
    ['an unknown outcome', { kind: 'unknown', code: 'reset' }, 'unknown reset'],
    ['no answer in time', 'never', 'unknown timeout'],
    ['a bug of the integration', new Error('Oops'), 'unknown integration_threw'],
    ['an answer of another shape', { kind: 'done', output: { other: 1 } }, 'unknown unreadable'],
    ['an answer with NUL in it', { kind: 'done', output: { mark: 'a\0b' } }, 'unknown unreadable'],
  ])('[EFF-4] an effect with %s is told to the machine as what is certain: %o is %s', async (_, answer, expected) => {
    const { stage, desk } = await staged();
    desk.answer = () => (answer === 'never' ? never() : answer instanceof Error ? Promise.reject(answer) : answer);
    await stage.send(A, 'CALL');
    await stage.ports.until(() => last(stage) !== '', 20_000);
    expect(last(stage)).toBe(expected);
  });

  test('[EFF-5] an effect that the machine does not wait for any more has a late result, which is recorded and applied to nothing', async () => {
    const { stage, desk } = await staged();
    let release: ((result: CallResult) => void) | undefined;
    desk.answer = () => new Promise((resolve) => (release = resolve));
    await stage.send(A, 'CALL');
    await stage.ports.advance(50);
    await stage.send(A, 'LEAVE');
    release?.({ kind: 'done', output: { mark: 'too late' } });
    await stage.ports.advance(1_000);
    expect([last(stage), stage.state(A), stage.envelope(A)?.version]).toEqual(['', 'open', 3]);
  });

  test('[EFF-6] an effect is tried for its budget and then failed, so that the machine decides', async () => {
    const { stage, desk } = await staged();
    desk.answer = () => ({ kind: 'retry', code: 'rate_limited' });
    await stage.send(A, 'CALL');
    await stage.ports.until(() => last(stage) !== '', 60_000);
    expect(last(stage)).toBe('failed rate_limited');
  });

  test.each([
    ['is asked to wait', { kind: 'retry', code: 'rate_limited' }, 'unknown'],
    ['is refused at the door', { kind: 'failed', code: 'bad_amount' }, 'unknown'],
    ['is told what came of it', { kind: 'done', output: { mark: 'ok' } }, 'done'],
  ] as const)(
    '[EFF-14] what may have been called before the hub was started again, and %s then, is never told as not done',
    async (_, answer, expected) => {
      const { stage, desk } = await staged();
      desk.answer = never;
      await stage.send(A, 'CALL');
      await stage.ports.advance(100);
      desk.answer = () => answer;
      await stage.restart();
      await stage.ports.until(() => last(stage) !== '', 60_000);
      expect(String(last(stage)).split(' ')[0]).toBe(expected);
    },
  );

  test('[EFF-16] a provider that is at work on the key is at work on an earlier call: when its answer does not come, nobody knows', async () => {
    const { stage, desk } = await staged();
    desk.answer = () => ({ kind: 'retry', code: 'key_in_use' });
    await stage.send(A, 'CALL');
    await stage.ports.until(() => last(stage) !== '', 60_000);
    expect(last(stage)).toBe('unknown key_in_use');
  });

  test('[EFF-17] what has waited is called with the integration as it is set up by then', async () => {
    const { stage, desk } = await staged();
    desk.answer = () => ({ kind: 'retry', code: 'unavailable' });
    await stage.send(A, 'CALL');
    await stage.ports.advance(100);
    const next = new Desk();
    stage.opened.set('desk', next.open);
    const before = desk.calls.length;
    await stage.ports.until(() => last(stage) !== '', 60_000);
    expect([desk.calls.length, next.calls.length, next.calls[0]?.key]).toEqual([before, 1, desk.calls[0]?.key]);
  });
});

test.each([
  [60_000, 'failed', 0],
  [2_000, 'done', 1],
])(
  '[EFF-15] what was asked about before it is done, and had to wait for %i ms, %s: after long the machine asks again',
  async (wait_ms, ending, calls) => {
    const { stamp, ...others } = new Desk().kind.operations;
    const { stage, desk } = await staged({ operations: { ...others, stamp: { ...must(stamp, 'an operation'), asked_first: true } } });
    const control = (action: 'pause' | 'resume'): Promise<unknown> =>
      stage.hear(stage.runtime.controls.actor(A, { action }, { operator: OPERATOR, reason: 'x' }));
    desk.answer = () => ({ kind: 'retry', code: 'busy' });
    await stage.send(A, 'CALL');
    await stage.ports.advance(200);
    await control('pause');
    desk.answer = () => ({ kind: 'done', output: { mark: 'ok' } });
    await stage.ports.advance(500);
    const before = desk.calls.length;
    await stage.ports.advance(wait_ms);
    expect([last(stage), desk.calls.length]).toEqual(['', before]);
    await control('resume');
    await stage.ports.until(() => last(stage) !== '');
    expect([String(last(stage)).split(' ')[0], desk.calls.length - before]).toEqual([ending, calls]);
  },
);

describe('where the provider does not honour keys', () => {
  const unkeyed = { honours_keys: false };

  test('[EFF-7] where keys are not honoured, that a call was begun is in the journal before it is, and a retry of what did not happen goes on', async () => {
    const { stage, desk } = await staged(unkeyed);
    const begun: string[][] = [];
    desk.answer = ({ attempt }) => {
      begun.push(stage.events(A));
      return attempt < 3 ? { kind: 'retry', code: 'busy' } : { kind: 'done', output: { mark: 'ok' } };
    };
    await stage.send(A, 'CALL');
    await stage.ports.until(() => last(stage) === 'done ok');
    expect(begun[0]?.at(-1)).toBe('@started');
    expect(stage.events(A).filter((type) => type === '@started')).toHaveLength(1);
  });

  test('[EFF-8] where keys are not honoured, a call that was begun and has no result when the hub starts is unknown, and is not made a second time', async () => {
    const { stage, desk } = await staged(unkeyed);
    desk.answer = never;
    await stage.send(A, 'CALL');
    await stage.ports.advance(100);
    await stage.restart();
    await stage.ports.until(() => last(stage) !== '');
    expect([last(stage), desk.calls.length]).toEqual(['unknown interrupted', 1]);
  });
});

describe('around the calls', () => {
  test('[EFF-9] no more calls are under way than the integration takes, and the rest follow', async () => {
    const desk = new Desk({ concurrency: 2 });
    let working = 0;
    let most = 0;
    const stage = await new RuntimeStage({ integrations: [desk.open] }).start();
    desk.answer = async () => {
      most = Math.max(most, ++working);
      await new Promise<void>((resolve) => void stage.ports.timers.after(100, resolve));
      working--;
      return { kind: 'done', output: { mark: 'ok' } };
    };
    const many = Array.from({ length: 9 }, (_, index) => `counter/m${index}`);
    for (const address of many) await stage.send(address, '@create');
    await stage.hear(
      Promise.all(
        many.map((address) =>
          stage.runtime.command({ address, type: 'CALL', payload: {}, caller: { kind: 'person', id: 'x', roles: ['clerk'] } }),
        ),
      ),
    );
    await stage.ports.until(() => many.every((address) => stage.context(address)['last'] === 'done ok'));
    expect(most).toBe(2);
  });

  test('[EFF-10] nothing is called while the integration is disabled or its circuit open, and goes on when it may', async () => {
    const { stage, desk } = await staged();
    await stage.send('integration/desk', 'DISABLE', {}, { caller: OPERATOR });
    await stage.send(A, 'CALL');
    await stage.ports.advance(5_000);
    expect(desk.calls).toHaveLength(0);
    await stage.send('integration/desk', 'ENABLE', {}, { caller: OPERATOR });
    await stage.ports.until(() => String(last(stage)).startsWith('done'));
    expect(desk.calls).toHaveLength(1);
  });

  test('[EFF-11] calls that fail trip the circuit, which then tries one call at a time', async () => {
    const desk = new Desk();
    const stage = await new RuntimeStage({ integrations: [desk.open] }).start();
    desk.answer = () => ({ kind: 'retry', code: 'unavailable' });
    const many = Array.from({ length: 12 }, (_, index) => `counter/c${index}`);
    for (const address of many) await stage.send(address, '@create');
    for (const address of many) await stage.send(address, 'CALL');
    await stage.ports.until(() => stage.state('integration/desk').includes('circuit.open'));
    const calls = desk.calls.length;
    await stage.ports.advance(2_000);
    expect(desk.calls.length).toBe(calls);
  });

  test('[EFF-12] a question is answered from the newest state of the actor that is asked, and of none it says so', async () => {
    const { stage } = await staged();
    await stage.send(A, 'ASK');
    await stage.ports.until(() => last(stage) !== '');
    expect(last(stage)).toBe('{"found":false}');
    await stage.send('counter/other', '@create', { start: 8 });
    await stage.send(A, 'ASK');
    await stage.ports.until(() => last(stage) !== '{"found":false}');
    expect(last(stage)).toBe('{"found":true,"version":1,"answer":{"n":8}}');
    expect(stage.events('counter/other')).toEqual(['@create']);
  });

  test('[EFF-13] what is in memory answers in the commit of the asking: nobody sees the question waiting', async () => {
    const { stage } = await staged();
    await stage.send('counter/other', '@create', { start: 8 });
    const commits = stage.runtime.figures().commits;
    await stage.send(A, 'ASK');
    expect(stage.runtime.figures().commits).toBe(commits + 1);
    expect(stage.events(A).slice(-2)).toEqual(['ASK', 'xstate.done.actor.other']);
    expect(last(stage)).toBe('{"found":true,"version":1,"answer":{"n":8}}');
  });
});
