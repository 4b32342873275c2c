import { readFileSync } from 'node:fs';
import { assign, createActor, initialTransition, raise, sendTo, setup, transition } from 'xstate';
import type { AnyMachineSnapshot, AnyStateMachine } from 'xstate';
import { describe, expect, test } from 'vitest';
import { effect } from '../machines/machine.ts';
import { begin, declares, move, restore, takes, toStoredSnapshot } from './xstate-inner.ts';
import type { Request } from './xstate-inner.ts';

/* Probes: each pins something that this file's subject knows of XState and that no documentation promises. */

const go = { type: 'GO' };

function through(machine: AnyStateMachine, snapshot: AnyMachineSnapshot, effects: Parameters<typeof restore>[2] = {}): AnyMachineSnapshot {
  return restore(machine, JSON.parse(JSON.stringify(toStoredSnapshot(snapshot))) as never, effects);
}

function moved(
  machine: AnyStateMachine,
  snapshot: AnyMachineSnapshot,
  event: { type: string },
): { snapshot: AnyMachineSnapshot; requests: readonly Request[] } {
  const next = move(machine, snapshot, event);
  if (next === undefined) throw new Error(`${event.type} was not taken`);
  return next;
}

test('[STEP-19] the version of XState is the one whose inner shapes are known', () => {
  const { version } = JSON.parse(readFileSync(new URL('../node_modules/xstate/package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  expect(version).toBe('5.33.3');
});

describe('actions arrive as data', () => {
  const machine = setup({ actors: { 'x.y': effect<null, { n: number }>() } }).createMachine({
    id: 'm',
    initial: 'on',
    states: {
      on: { after: { 1000: 'off' }, invoke: { id: 'call', src: 'x.y', input: { n: 1 }, onError: 'off' }, on: { GO: 'off' } },
      off: { entry: raise({ type: 'INNER' }), on: { INNER: 'end' } },
      end: {},
    },
  });

  test('[STEP-20] `after` is a raise with a delay and an id, `invoke` a spawned child; leaving gives a cancel and a stop', () => {
    const begun = begin(machine, {});
    expect(begun.requests).toEqual([
      { kind: 'schedule', id: 'xstate.after.1000.m.on', event: 'xstate.after.1000.m.on', delay_ms: 1000 },
      { kind: 'start', id: 'call', src: 'x.y', input: { n: 1 } },
    ]);
    const left = moved(machine, begun.snapshot, go);
    expect(left.requests).toEqual([
      { kind: 'cancel', id: 'xstate.after.1000.m.on' },
      { kind: 'stop', id: 'call' },
    ]);
    // A raise without a delay has been taken within the same step.
    expect(left.snapshot.value).toBe('end');
  });

  test('[STEP-21] the inert scope comes to the same states and actions as XState’s own pure transition', () => {
    const [first, asked] = initialTransition(machine, {});
    const begun = begin(machine, {});
    expect(begun.snapshot.value).toEqual(first.value);
    expect(begun.requests).toHaveLength(asked.length);
    const [second, more] = transition(machine, first, go as never);
    const next = moved(machine, begun.snapshot, go);
    expect(next.snapshot.value).toEqual(second.value);
    expect(more.filter(({ type }) => type !== 'xstate.raise')).toHaveLength(next.requests.length);
  });

  test('[STEP-22] no timer of XState ever runs and no effect is ever started by a step', async () => {
    const quick = setup({ actors: { 'x.y': effect<null, null>() } }).createMachine({
      initial: 'on',
      states: { on: { after: { 1: 'off' }, invoke: { src: 'x.y', id: 'e', input: null, onError: 'off' } }, off: {} },
    });
    const { snapshot } = begin(quick, {});
    through(quick, snapshot, { e: { v: 1, i: 0, src: 'x.y', input: null } });
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(snapshot.value).toBe('on');
    expect((snapshot.children as Record<string, { getSnapshot(): { status: string } }>)['e']?.getSnapshot().status).toBe('active');
  });

  test('[STEP-23] an action that is no data is refused: plain functions, sendTo and inline effects', () => {
    const acts = setup({}).createMachine({ on: { GO: { actions: () => undefined } } });
    expect(() => move(acts, begin(acts, {}).snapshot, go)).toThrow('A machine may not act');
    const sends = setup({ actors: { 'x.y': effect<null, null>() } }).createMachine({
      invoke: { id: 'e', src: 'x.y', input: null, onError: {} },
      on: { GO: { actions: sendTo('e', { type: 'X' }) } },
    });
    expect(() => move(sends, begin(sends, {}).snapshot, go)).toThrow('A machine may not act');
  });

  test('[STEP-24] a delayed raise with a payload is refused: a timer keeps its event’s name alone', () => {
    const machineWithPayload = setup({}).createMachine({ on: { GO: { actions: raise({ type: 'PING', n: 1 } as never, { delay: 5 }) } } });
    expect(() => move(machineWithPayload, begin(machineWithPayload, {}).snapshot, go)).toThrow('payload');
  });
});

describe('what is taken', () => {
  const machine = setup({ guards: { never: () => false } }).createMachine({
    initial: 'a',
    states: { a: { on: { STAY: {}, NO: { guard: 'never', target: 'b' }, GO: 'b' } }, b: { on: { '*': 'a' } } },
  });

  test('[STEP-25] an event that nobody takes and one that changes nothing both give the same snapshot, and are told apart', () => {
    const { snapshot } = begin(machine, {});
    expect(move(machine, snapshot, { type: 'NO' })).toBeUndefined();
    expect(move(machine, snapshot, { type: 'ELSE' })).toBeUndefined();
    expect(move(machine, snapshot, { type: 'STAY' })).toEqual({ snapshot, requests: [] });
    expect([takes(machine, snapshot, { type: 'NO' }), declares(snapshot, 'NO'), declares(snapshot, 'ELSE')]).toEqual([false, true, false]);
    expect(declares(moved(machine, snapshot, go).snapshot, 'ANYTHING')).toBe(true);
  });

  test('[STEP-26] an error that no onError takes throws, and the snapshot before can go on', () => {
    const strict = setup({ actors: { 'x.y': effect<null, null>() }, guards: { never: () => false } }).createMachine({
      initial: 'a',
      states: { a: { invoke: { id: 'e', src: 'x.y', input: null, onError: { guard: 'never' } }, on: { GO: 'b' } }, b: {} },
    });
    const { snapshot } = begin(strict, {});
    expect(() => move(strict, snapshot, { type: 'xstate.error.actor.e', error: new Error('why'), actorId: 'e' } as never)).toThrow('why');
    expect(moved(strict, snapshot, go).snapshot.value).toBe('b');
  });
});

describe('restoring', () => {
  test('[STEP-27] history states, shallow and deep, and parallel regions survive the round trip through text', () => {
    const player = setup({}).createMachine({
      id: 'p',
      initial: 'on',
      states: {
        on: {
          type: 'parallel',
          states: {
            sound: {
              initial: 'low',
              states: { low: { on: { GO: 'high' } }, high: { initial: 'h1', states: { h1: { on: { GO: 'h2' } }, h2: {} } } },
            },
            light: { initial: 'dim', states: { dim: { on: { TURN: 'bright' } }, bright: {} } },
            deep: { type: 'history', history: 'deep' },
            shallow: { type: 'history' },
          },
          on: { OFF: 'off' },
        },
        off: { on: { DEEP: 'on.deep', SHALLOW: 'on.shallow' } },
      },
    } as never) as unknown as AnyStateMachine;
    let { snapshot } = begin(player, {});
    for (const type of ['GO', 'GO', 'TURN', 'OFF']) snapshot = through(player, moved(player, snapshot, { type }).snapshot);
    expect(snapshot.value).toBe('off');
    expect(moved(player, snapshot, { type: 'DEEP' }).snapshot.value).toEqual({ on: { sound: { high: 'h2' }, light: 'bright' } });
    expect(moved(player, snapshot, { type: 'SHALLOW' }).snapshot.value).toEqual({ on: { sound: 'low', light: 'dim' } });
  });

  test('[STEP-28] an effect that ended without its state being left can be left after a restart, as it can before', () => {
    const machine = setup({ types: { context: {} as { n: number } }, actors: { 'x.y': effect<null, null>() } }).createMachine({
      context: { n: 0 },
      initial: 'a',
      states: {
        a: { invoke: { id: 'e', src: 'x.y', input: null, onDone: { actions: assign({ n: 1 }) }, onError: {} }, on: { GO: 'b' } },
        b: {},
      },
    });
    const done = moved(machine, begin(machine, {}).snapshot, { type: 'xstate.done.actor.e', output: null } as never);
    expect(moved(machine, done.snapshot, go).snapshot.value).toBe('b');
    expect(moved(machine, through(machine, done.snapshot), go).snapshot.value).toBe('b');
  });

  test('[STEP-29] a restored actor’s running effects are its children, so that leaving their state gives them up', () => {
    const machine = setup({ actors: { 'x.y': effect<null, null>() } }).createMachine({
      initial: 'a',
      states: { a: { invoke: { id: 'e', src: 'x.y', input: null, onError: {} }, on: { GO: 'b' } }, b: {} },
    });
    const restored = through(machine, begin(machine, {}).snapshot, { e: { v: 1, i: 0, src: 'x.y', input: null } });
    expect(moved(machine, restored, go).requests).toEqual([{ kind: 'stop', id: 'e' }]);
  });

  test('[STEP-30] a state that the machine lacks throws at once, where XState alone would hand out a broken snapshot', () => {
    const machine = setup({}).createMachine({ id: 'm', initial: 'a', states: { a: {} } });
    expect(() => restore(machine, { status: 'active', value: 'gone', context: {} }, {})).toThrow("'gone'");
    expect(
      createActor(machine, {
        snapshot: { status: 'active', value: 'gone', context: {}, historyValue: {}, children: {} } as never,
      }).getSnapshot().status,
    ).toBe('error');
  });
});
