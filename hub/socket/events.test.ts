import { describe, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { VirtualPorts } from '../../actors/ports/virtual.ts';
import { Fault } from '../../machines/fault.ts';
import { Events } from './events.ts';

function open(verdict: () => { kind: 'granted' } | { kind: 'wait'; ms: number } | { kind: 'abuse' } = () => ({ kind: 'granted' })) {
  const ports = new VirtualPorts();
  const abused = vi.fn();
  const events = new Events<string>({ log: ports.log, budget: verdict, onAbuse: abused });
  const handled: unknown[] = [];
  events.on('add', {
    schema: z.strictObject({ n: z.int() }),
    cost: () => 1,
    handle: (_, payload, reply) => {
      handled.push(payload);
      reply({ ok: true });
    },
  });
  events.on('throw', {
    schema: z.unknown(),
    cost: () => 1,
    handle: () => {
      throw new Error('a bug with a secret');
    },
  });
  events.on('reject', {
    schema: z.unknown(),
    cost: () => 1,
    handle: () => Promise.reject(new Fault('not_ready')),
    refuse: ({ code }) => ({ outcome: 'retry', code }),
  });
  events.on('twice', {
    schema: z.unknown(),
    cost: () => 1,
    handle: (_, __, reply) => {
      reply(1);
      reply(2);
    },
  });
  const send = async (...packet: readonly unknown[]): Promise<unknown[]> => {
    const answers: unknown[] = [];
    events.receive('ann', [...packet, (answer: unknown) => answers.push(answer)]);
    await ports.settle();
    return answers;
  };
  return { events, send, handled, abused, ports };
}

describe('what a client sends', () => {
  test('[SYNC-40] what a client sends reaches its handler only as its schema says, and is answered once', async () => {
    const { send, handled } = open();
    expect(await send('add', { n: 1 })).toEqual([{ ok: true }]);
    expect(handled).toEqual([{ n: 1 }]);
    expect(await send('twice', null)).toEqual([1]);
  });

  const deep = JSON.parse(`${'['.repeat(5000)}${']'.repeat(5000)}`) as unknown;
  test.each([
    ['null', [null]],
    ['an array', [[]]],
    ['a number', [7]],
    ['a text', ['{}']],
    ['nothing', []],
    ['two payloads', [{ n: 1 }, { n: 2 }]],
    ['a field too many', [{ n: 1, m: 1 }]],
    ['another type', [{ n: '1' }]],
    ['NaN', [{ n: Number.NaN }]],
    ['__proto__', [JSON.parse('{"n":1,"__proto__":{"admin":true}}')]],
    ['constructor', [{ n: 1, constructor: { prototype: {} } }]],
    ['bytes', [{ n: Buffer.from('x') }]],
    ['bytes alone', [Buffer.from('x')]],
    ['depth', [deep]],
  ])('[SYNC-40] a payload is refused as invalid when it is %s', async (_, payload) => {
    const { send, handled } = open();
    expect(await send('add', ...payload)).toMatchObject([{ ok: false, code: 'invalid' }]);
    expect(handled).toEqual([]);
    expect(({} as { admin?: boolean }).admin).toBeUndefined();
  });

  test.each(['', 'error', 'disconnect', 'connect', 'newListener', '__proto__', 'constructor', 'toString', 'frames', 7, 1e308, -0])(
    '[SYNC-40] an event is refused as unknown when its name is %j',
    async (name) => {
      const { send } = open();
      expect(await send(name, {})).toMatchObject([{ ok: false, code: 'unknown_event' }]);
    },
  );

  test('[SYNC-40] an event may come without anybody waiting for an answer, and nothing that fails gets out', async () => {
    const { events, send, ports } = open();
    for (const packet of [[], ['add'], ['add', null], ['throw', 1], ['reject', 1], ['none', {}], [undefined], [null, null]])
      events.receive('ann', packet);
    await ports.settle();
    expect(await send('throw', {})).toEqual([{ ok: false, code: 'internal', reason: expect.not.stringContaining('secret') }]);
    expect(await send('reject', {})).toEqual([{ outcome: 'retry', code: 'not_ready' }]);
    expect(ports.lines.map(({ message }) => message)).toContain('A socket event failed');
  });

  test('[SYNC-41] an event beyond its sender’s budget is answered with a delay; who does not stop is cut off', async () => {
    const waiting = open(() => ({ kind: 'wait', ms: 70 }));
    expect(await waiting.send('add', { n: 1 })).toMatchObject([{ ok: false, code: 'rate_limited', afterMs: 70 }]);
    expect(waiting.handled).toEqual([]);
    const abused = open(() => ({ kind: 'abuse' }));
    expect(await abused.send('add', { n: 1 })).toEqual([]);
    expect(abused.abused).toHaveBeenCalledWith('ann');
  });
});
