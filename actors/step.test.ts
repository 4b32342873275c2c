import fc from 'fast-check';
import { assign, emit, raise, setup } from 'xstate';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { defineMachine, effect, tell } from '../machines/machine.ts';
import type { Definition } from '../machines/machine.ts';
import { counter } from '../tests/support/toy-machines.ts';
import type { Envelope } from './envelope.ts';
import { canTake, step, toLive, toSeen, toStored } from './step.ts';
import type { Happening, Moment, Result, Stepped } from './step.ts';

const NOW = 1_000_000;
const ann: Moment = { by: 'ann', now: NOW, scale: 1 };
const late = (by_ms: number): Moment => ({ ...ann, now: NOW + by_ms });

function taken(stepped: Stepped): Envelope {
  if (stepped.outcome !== 'applied') throw new Error(`It was not applied: ${JSON.stringify(stepped)}`);
  return stepped.next;
}

function born(definition: Definition, input: Record<string, unknown> = {}): Envelope {
  return taken(step(definition, undefined, { kind: 'create', id: 'a', input, settings: {} }, ann));
}

const event = (type: string, payload: object = {}): Happening => ({ kind: 'event', event: { ...payload, type } });
const send = (envelope: Envelope, type: string, payload: object = {}, moment = ann, definition: Definition = counter): Stepped =>
  step(definition, envelope, event(type, payload), moment);
const after = (envelope: Envelope, ...types: string[]): Envelope => types.reduce((present, type) => taken(send(present, type)), envelope);
const done = (envelope: Envelope, id: string, output: unknown, of = envelope.effects[id]): Stepped =>
  step(counter, envelope, { kind: 'result', id, v: of?.v ?? 0, i: of?.i ?? 0, result: { kind: 'done', output } }, ann);
const state = (envelope: Envelope): string => toSeen(envelope.snapshot).state.join();
const context = ({ snapshot }: Envelope): { n: number; last: string } => snapshot.context as { n: number; last: string };

describe('an event', () => {
  test('[STEP-1] creation gives version 1 with who made it and when; a second creation is rejected', () => {
    const envelope = born(counter, { start: 4 });
    expect(envelope).toMatchObject({ version: 1, at: NOW, timers: {}, effects: {} });
    expect(envelope.snapshot.context).toMatchObject({ id: 'a', n: 4, made_by: 'ann' });
    expect(step(counter, envelope, { kind: 'create', id: 'a', input: {}, settings: {} }, ann)).toEqual({
      outcome: 'rejected',
      reason: 'exists',
    });
    expect(step(counter, undefined, event('ADD'), ann)).toEqual({ outcome: 'rejected', reason: 'not_found' });
  });

  test('[STEP-2] an applied event raises the version by one, also one that changes nothing; the envelope before stays as it was', () => {
    const one = born(counter);
    const two = taken(send(one, 'ADD', { by_n: 3 }));
    const three = taken(send(two, 'TOUCH'));
    expect([two.version, context(two).n, three.version, context(three).n]).toEqual([2, 3, 3, 3]);
    expect([one.version, context(one).n]).toEqual([1, 0]);
  });

  test('[STEP-3] what the state does not declare is rejected as not_in_state, what a guard refuses as guard_refused', () => {
    const envelope = born(counter);
    expect(send(envelope, 'UNLOCK')).toEqual({ outcome: 'rejected', reason: 'not_in_state' });
    expect(send(envelope, 'ADD', { by_n: -1 })).toEqual({ outcome: 'rejected', reason: 'guard_refused' });
    expect(send(after(envelope, 'STOP'), 'TOUCH')).toEqual({ outcome: 'rejected', reason: 'not_in_state' });
    expect(canTake(counter, envelope.snapshot, 'LOCK', 'ann', NOW)).toBeUndefined();
    expect(canTake(counter, envelope.snapshot, 'UNLOCK', 'ann', NOW)).toBe('not_in_state');
  });

  test('[STEP-4] time never runs backwards within an actor', () => {
    const two = taken(send(born(counter), 'TOUCH', {}, late(-5_000)));
    expect(two.at).toBe(NOW);
    expect(taken(send(two, 'TOUCH', {}, late(5))).at).toBe(NOW + 5);
  });

  test('[STEP-5] who sent it and when is put there by the step, whatever the payload says', () => {
    const machine = setup({
      types: { context: {} as { by: string; at: number }, events: {} as { type: 'GO'; by: string; at: number } },
    }).createMachine({
      context: { by: '', at: 0 },
      on: { GO: { actions: assign({ by: ({ event: { by } }) => by, at: ({ event: { at } }) => at }) } },
    });
    const definition = simple(machine);
    const next = taken(send(born(definition), 'GO', { by: 'mallory', at: 1 }, ann, definition));
    expect(next.snapshot.context).toEqual({ by: 'ann', at: NOW });
  });

  test('[STEP-6] a machine that throws throws out of the step, and the envelope is as it was', () => {
    const envelope = born(counter, { start: 2 });
    const before = toStored(counter, envelope);
    expect(() => send(envelope, 'BREAK')).toThrow('This action breaks');
    expect(toStored(counter, envelope)).toBe(before);
    expect(context(taken(send(envelope, 'ADD', { by_n: 1 }))).n).toBe(3);
  });

  test('[STEP-7] an actor that reached its end waits for nothing any more', () => {
    const machine = setup({ actors: { 'x.y': effect<null, null>() } }).createMachine({
      initial: 'on',
      states: {
        on: { after: { 100: 'off' }, invoke: { id: 'e', src: 'x.y', input: null, onError: {} }, on: { END: 'off' } },
        off: { type: 'final' },
      },
    });
    const definition = simple(machine);
    const begun = born(definition);
    expect([Object.keys(begun.timers), Object.keys(begun.effects)]).toEqual([['xstate.after.100.(machine).on'], ['e']]);
    const ended = taken(send(begun, 'END', {}, ann, definition));
    expect(ended).toMatchObject({ timers: {}, effects: {}, snapshot: { status: 'done' } });
  });
});

describe('what a step asks for', () => {
  test('[STEP-8] timers are due from the moment of the step, named by the version and position that asked; a hurried hub divides', () => {
    const waiting = taken(send(born(counter), 'WAIT', {}, late(7)));
    expect(Object.values(waiting.timers)).toEqual([
      { v: 2, i: 0, due: NOW + 7 + 10_000, event: 'xstate.after.patience.counter.waiting' },
      { v: 2, i: 1, due: NOW + 7 + 3_600_000, event: 'xstate.after.long.counter.waiting' },
    ]);
    const hurried = taken(send(born(counter), 'WAIT', {}, { ...ann, scale: 100 }));
    expect(Object.values(hurried.timers).map(({ due }) => due)).toEqual([NOW + 100, NOW + 36_000]);
  });

  test('[STEP-9] leaving a state cancels its timers, and entering it anew sets them anew', () => {
    const waiting = after(born(counter), 'WAIT');
    expect(after(waiting, 'CALM').timers).toEqual({});
    const again = taken(send(waiting, 'AGAIN', {}, late(500)));
    expect(Object.values(again.timers).map(({ v, due }) => [v, due])).toEqual([
      [3, NOW + 10_500],
      [3, NOW + 3_600_500],
    ]);
  });

  test('[STEP-10] a timer that fired moves the machine; fired again, canceled or of an older setting it is late and applied to nothing', () => {
    const waiting = after(born(counter), 'WAIT');
    const [id = '', timer] = Object.entries(waiting.timers)[0] ?? [];
    const fire = (envelope: Envelope): Stepped =>
      step(counter, envelope, { kind: 'timer', id, v: timer?.v ?? 0, i: timer?.i ?? 0 }, late(10_000));
    const fired = taken(fire(waiting));
    expect([state(fired), context(fired).last, fired.timers]).toEqual(['open', 'patience', {}]);
    expect(fire(fired)).toEqual({ outcome: 'late' });
    expect(fire(after(waiting, 'CALM'))).toEqual({ outcome: 'late' });
    expect(fire(after(waiting, 'AGAIN'))).toEqual({ outcome: 'late' });
  });

  test('[STEP-11] a timer or a result that the state ignores still writes a row that removes it, or it would come for ever', () => {
    const machine = setup({ actors: { 'x.y': effect<null, null>() } }).createMachine({
      initial: 'on',
      states: {
        on: {
          invoke: { id: 'e', src: 'x.y', input: null, onError: {} },
          entry: raise({ type: 'PING' } as never, { delay: 50, id: 'ping' }),
        },
      },
    });
    const definition = simple(machine);
    const begun = born(definition);
    const fired = taken(step(definition, begun, { kind: 'timer', id: 'ping', v: 1, i: begun.timers['ping']?.i ?? -1 }, ann));
    expect([fired.version, fired.timers, Object.keys(fired.effects)]).toEqual([2, {}, ['e']]);
    const ended = taken(
      step(definition, fired, { kind: 'result', id: 'e', v: 1, i: fired.effects['e']?.i ?? -1, result: { kind: 'done', output: 1 } }, ann),
    );
    expect([ended.version, ended.effects]).toEqual([3, {}]);
  });

  test('[STEP-12] effects are named by what asked for them; their result is applied once, and one of an abandoned effect is late', () => {
    const calling = after(born(counter, { start: 5 }), 'CALL');
    expect(calling.effects).toEqual({ stamp: { v: 2, i: 0, src: 'desk.stamp', input: { integration: 'desk', n: 5 } } });
    const ended = taken(done(calling, 'stamp', { mark: 'ok' }));
    expect([state(ended), context(ended).last, ended.effects]).toEqual(['open', 'done ok', {}]);
    const asked = calling.effects['stamp'];
    expect(done(ended, 'stamp', { mark: 'ok' }, asked)).toEqual({ outcome: 'late' });
    expect(done(after(calling, 'LEAVE'), 'stamp', {}, asked)).toEqual({ outcome: 'late' });
    const again = after(calling, 'AGAIN');
    expect(done(again, 'stamp', {}, asked)).toEqual({ outcome: 'late' });
    expect(again.effects['stamp']).toMatchObject({ v: 3, i: 0 });
  });

  test.each<[Result, string]>([
    [{ kind: 'failed', code: 'no' }, 'failed no'],
    [{ kind: 'unknown', code: 'timeout', detail: 'x' }, 'unknown timeout'],
  ])('[STEP-13] a result that is no success reaches onError with its kind: %o', (result, last) => {
    const calling = after(born(counter), 'CALL');
    const ended = taken(step(counter, calling, { kind: 'result', id: 'stamp', v: 2, i: 0, result }, ann));
    expect(context(ended).last).toBe(last);
  });

  test('[STEP-14] that a call was begun is kept in the effect and nowhere else', () => {
    const calling = after(born(counter), 'CALL');
    const started = taken(step(counter, calling, { kind: 'started', id: 'stamp', v: 2, i: 0 }, ann));
    expect(started.effects['stamp']).toMatchObject({ v: 2, i: 0, started: true });
    expect(started.version).toBe(3);
    expect(step(counter, after(calling, 'LEAVE'), { kind: 'started', id: 'stamp', v: 2, i: 0 }, ann)).toEqual({ outcome: 'late' });
    expect(context(taken(done(toLive(counter, toStored(counter, started)), 'stamp', { mark: 'm' }))).last).toBe('done m');
  });

  test('[STEP-15] emitted facts and tells belong to the step that asked, with positions of their own', () => {
    const machine = setup({ types: { events: {} as { type: 'GO' }, emitted: {} as { type: 'x.made'; n: number } } }).createMachine({
      on: {
        GO: {
          actions: [
            emit({ type: 'x.made', n: 1 }),
            tell(() => ({ to: 'counter/b', event: { type: 'ADD', by_n: 2 } })) as never,
            emit({ type: 'x.made', n: 2 }),
          ],
        },
      },
    });
    const definition = simple(machine);
    const stepped = send(born(definition), 'GO', {}, ann, definition);
    expect(stepped).toMatchObject({
      outcome: 'applied',
      asked: {
        events: [
          { i: 0, type: 'x.made', data: { n: 1 } },
          { i: 2, type: 'x.made', data: { n: 2 } },
        ],
        sends: [{ i: 1, to: 'counter/b', event: { type: 'ADD', by_n: 2 } }],
      },
    });
    expect(send(taken(stepped), 'OTHER', {}, ann, definition)).toEqual({ outcome: 'rejected', reason: 'not_in_state' });
  });
});

describe('parking', () => {
  test('[STEP-16] a parked actor keeps its state, timers and effects; resuming takes only the mark away', () => {
    const waiting = after(born(counter), 'WAIT');
    const parked = taken(step(counter, waiting, { kind: 'park', code: 'machine_threw', detail: 'why' }, late(9)));
    expect(parked).toMatchObject({ version: 3, timers: waiting.timers, parked: { code: 'machine_threw', detail: 'why', at: NOW + 9 } });
    const resumed = taken(step(counter, toLive(counter, toStored(counter, parked)), { kind: 'resume' }, late(20)));
    expect(resumed.parked).toBeUndefined();
    expect([resumed.version, resumed.timers, state(resumed)]).toEqual([4, waiting.timers, 'waiting']);
  });
});

describe('the round trip through text', () => {
  const types = fc.constantFrom('TOUCH', 'LOCK', 'UNLOCK', 'WAIT', 'CALM', 'AGAIN', 'CALL', 'LEAVE', 'ASK', 'SAY', 'STOP');

  test('[STEP-17] an actor that is stored and read between every two events goes the same way as one that stays in memory', () => {
    fc.assert(
      fc.property(fc.array(types, { maxLength: 25 }), (sequence) => {
        let memory = born(counter);
        let stored = memory;
        for (const type of sequence) {
          const a = send(memory, type);
          const b = send(toLive(counter, toStored(counter, stored)), type);
          expect(b.outcome).toBe(a.outcome);
          if (a.outcome === 'applied' && b.outcome === 'applied') {
            expect(toStored(counter, b.next)).toBe(toStored(counter, a.next));
            expect(b.asked).toEqual(a.asked);
            memory = a.next;
            stored = b.next;
          }
        }
      }),
      { numRuns: 60 },
    );
  });

  test('[STEP-18] an envelope of another machine, a newer version or an unknown state is refused with a sentence', () => {
    const text = toStored(counter, born(counter));
    const change = (fields: object): string => JSON.stringify({ ...(JSON.parse(text) as object), ...fields });
    expect(() => toLive(counter, change({ machine: 'payment' }))).toThrow('An envelope of payment was read as counter');
    expect(() => toLive(counter, change({ machine_version: 2 }))).toThrow('needs a newer hub');
    expect(() => toLive(counter, change({ machine_version: 0 }))).toThrow('has to be migrated');
    expect(() => toLive(counter, change({ snapshot: { status: 'active', value: 'gone', context: {} } }))).toThrow('gone');
  });
});

/** A machine with nothing around it. */
function simple(machine: Definition['machine']): Definition {
  return defineMachine({
    type: 'simple',
    version: 1,
    machine,
    input: z.strictObject({}),
    events: {},
    permissions: {},
    views: {},
    title: () => '',
    summary: () => '',
    search: () => [],
  });
}
