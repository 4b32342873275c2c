import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Fault } from '../machines/fault.ts';
import { machines } from '../machines/machines.ts';
import { counter } from '../tests/support/toy-machines.ts';
import { HUB, actorCaller, systemCaller } from './caller.ts';
import type { Caller } from './caller.ts';
import { admit } from './gate.ts';

const clerk: Caller = { kind: 'person', id: 'ann', roles: ['clerk'] };

function faultOf(type: string, payload: unknown, caller = clerk): string {
  try {
    admit(counter, type, payload, caller);
    return 'admitted';
  } catch (error) {
    if (error instanceof Fault) return error.code;
    throw error;
  }
}

describe('the gate', () => {
  test('[GATE-1] an event in order is admitted with the payload that its schema read', () => {
    expect(admit(counter, 'ADD', { by_n: 2 }, clerk)).toEqual({ type: 'ADD', payload: { by_n: 2 } });
    expect(faultOf('@create', {})).toBe('admitted');
  });

  test.each([
    'xstate.after.patience.counter.waiting',
    'xstate.done.actor.stamp',
    'xstate.error.actor.stamp',
    'xstate.init',
    'xstate.stop',
    '@park',
    '@resume',
    '@migrate',
    '@started',
    '*',
    '',
    '__proto__',
    'constructor',
    'toString',
  ])('[GATE-2] a forged or made-up event is unknown, whoever sends it: %s', (type) => {
    for (const caller of [clerk, systemCaller('x'), HUB, actorCaller('counter/b')]) expect(faultOf(type, {}, caller)).toBe('unknown_event');
  });

  test('[GATE-3] no caller reaches what the runtime uses, with any machine of the hub and any name', () => {
    for (const definition of machines) {
      const names = fc.oneof(
        fc.string().map((text) => `xstate.${text}`),
        fc
          .string()
          .map((text) => `@${text}`)
          .filter((name) => name !== '@create'),
      );
      fc.assert(
        fc.property(names, (name) => {
          expect(() => admit(definition, name, {}, HUB)).toThrow(Fault);
        }),
        { numRuns: 50 },
      );
    }
  });

  test.each([
    ['a field too many', { by_n: 1, more: 1 }],
    ['who sent it', { by_n: 1, by: 'bob' }],
    ['when', { by_n: 1, at: 0 }],
    ['a type', { by_n: 1, type: 'LOCK' }],
    ['a wrong type', { by_n: '1' }],
    ['no number', { by_n: Number.NaN }],
    ['nothing', {}],
    ['no object', 'ADD'],
    ['null', null],
    ['a list', []],
  ])('[GATE-4] a payload with %s is invalid, and the fault says where', (_, payload) => {
    expect(faultOf('ADD', payload)).toBe('invalid');
  });

  test('[GATE-5] NUL, half surrogates and deep nesting never pass, in values and in keys', () => {
    for (const note of ['a\0b', '\ud800', '\udc00x']) {
      expect(faultOf('ADD', { by_n: 1, note })).toBe('invalid');
      expect(faultOf('ADD', { by_n: 1, [note]: 1 })).toBe('invalid');
    }
    let deep: unknown = 'x';
    for (let depth = 0; depth < 40; depth++) deep = [deep];
    expect(faultOf('ADD', { by_n: 1, note: deep })).toBe('invalid');
    expect(faultOf('ADD', { by_n: 1, note: '💸 ok' })).toBe('admitted');
  });

  test('[GATE-6] none of the naughty strings gets through as anything but itself, and none makes the gate fall over', () => {
    const strings = JSON.parse(readFileSync(new URL('../tests/vectors/bad-input/blns.json', import.meta.url), 'utf8')) as string[];
    expect(strings).toHaveLength(515);
    for (const note of strings) {
      const found = note.includes('\0') || !note.isWellFormed() ? 'invalid' : 'admitted';
      expect(faultOf('ADD', { by_n: 1, note })).toBe(found);
      if (found === 'admitted') expect(admit(counter, 'ADD', { by_n: 1, note }, clerk).payload['note']).toBe(note);
      expect(faultOf(note, {})).toBe('unknown_event');
    }
  });

  test('[GATE-7] a role that the event does not name is forbidden; the hub and actors may send what is declared', () => {
    expect(faultOf('ADD', { by_n: 1 }, { kind: 'person', id: 'eve', roles: ['auditor'] })).toBe('forbidden');
    expect(faultOf('ADD', { by_n: 1 }, { kind: 'person', id: 'eve', roles: [] })).toBe('forbidden');
    expect(faultOf('ADD', { by_n: 1 }, systemCaller('shop'))).toBe('admitted');
    expect(faultOf('TICK', {}, actorCaller('counter/b'))).toBe('admitted');
  });

  test('[GATE-8] what only the hub and actors send is unknown to everybody else, so that nobody learns that it exists', () => {
    expect(faultOf('TICK', {})).toBe('unknown_event');
    expect(faultOf('tell.refused', { to: 'x', event: 'y', reason: 'z' }, systemCaller('shop'))).toBe('unknown_event');
  });

  test('[GATE-9] another system may submit and never approve, whatever machine it writes to', () => {
    for (const definition of machines) {
      for (const event of ['APPROVE', 'DENY', 'VERIFY', 'REFUND', 'CAPTURE', 'ENABLE', 'RESET'])
        expect(definition.permissions[event] ?? []).not.toContain('system');
    }
  });
});
