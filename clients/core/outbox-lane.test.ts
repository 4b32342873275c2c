import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Can } from '../../hub/protocol/messages.ts';
import { add, again, applied, begin, discard, obstacle, park, refuse, waiting } from './outbox-lane.ts';
import type { Kept, Lane, Refusal, Wish } from './outbox-lane.ts';
import { Problem } from './problem.ts';

const ROOM = { total: 0, most: 100, isDone: (id: string) => id === 'done' };

function wish(id: string, type = id.toUpperCase(), more: Partial<Wish> = {}): Wish {
  return { id, to: 'payment/p', event: { type }, optimistic: true, at: 0, ...more };
}

/** Numbers what is new, as storage does. */
function numbered(lane: Lane): Lane {
  let last = Math.max(0, ...lane.map(({ seq }) => seq));
  return lane.map((kept) => (kept.seq === 0 ? { ...kept, seq: ++last } : kept));
}

function laneOf(...wishes: readonly Wish[]): Lane {
  return wishes.reduce<Lane>((lane, one) => numbered(add(lane, one, ROOM)), []);
}

function refusal(can: readonly Can[] = [], version = 9): Refusal {
  return { code: 'not_in_state', sentence: 'No.', at: 1, version, can };
}

function can(type: string, ok: boolean): Can {
  return ok ? { type, ok, schema: {} } : { type, ok, reason: 'not_in_state', sentence: 'Not in this state.', schema: {} };
}

const standings = (lane: Lane): Record<string, string> =>
  Object.fromEntries(lane.map(({ id, standing }) => [id, standing.kind === 'tray' ? standing.refusal.code : standing.kind]));

function codeOf(task: () => unknown): string {
  try {
    task();
  } catch (error) {
    if (error instanceof Problem) return error.code;
    throw error;
  }
  return 'nothing thrown';
}

describe('what is added', () => {
  test('[OFF-2] the same id with the same event is the same command; with another event it is refused', () => {
    const lane = laneOf(wish('a'));
    expect(add(lane, wish('a'), ROOM)).toBe(lane);
    expect(codeOf(() => add(lane, wish('a', 'OTHER'), ROOM))).toBe('key_reused');
  });

  test('[OFF-3] a full outbox takes nothing more, and says how much it holds', () => {
    const full = { ...ROOM, total: 3, most: 3 };
    expect(codeOf(() => add([], wish('a'), full))).toBe('outbox_full');
    expect(() => add([], wish('a'), full)).toThrow(/^3 commands are kept already/);
    expect(add(laneOf(wish('a')), wish('a'), full)).toHaveLength(1); // it is kept already
  });

  test('[OFF-4] a command that is to follow a refused one is not taken; one that follows what is done stands by itself', () => {
    const lane = refuse(laneOf(wish('a')), 'a', refusal());
    expect(codeOf(() => add(lane, wish('b', 'B', { after: 'a' }), ROOM))).toBe('after_refused');
    expect(add([], wish('b', 'B', { after: 'done' }), ROOM)[0]).not.toHaveProperty('after');
  });
});

describe('what is to follow another command', () => {
  const refusedAgain = (): Lane => {
    const lane = refuse(laneOf(wish('amend'), wish('submit', 'SUBMIT', { after: 'amend' })), 'amend', refusal());
    return numbered(again(lane, 'amend', { id: 'amend2', at: 5 }, ROOM));
  };

  test('[OFF-28] what was held is tried again behind what it was held for, whatever id that has by now, and is held with it', () => {
    const both = numbered(again(refusedAgain(), 'submit', { id: 'submit', at: 6 }, ROOM));
    expect(both).toMatchObject([
      { id: 'amend2', formerly: ['amend'] },
      { id: 'submit', after: 'amend2' },
    ]);
    expect(standings(refuse(both, 'amend2', refusal([can('SUBMIT', true)])))).toEqual({ amend2: 'not_in_state', submit: 'held' });
    const third = numbered(again(refuse(both, 'amend2', refusal()), 'amend2', { id: 'amend3', at: 7 }, ROOM));
    expect(again(third, 'submit', { id: 'submit', at: 8 }, ROOM).at(-1)).toMatchObject({ id: 'submit', after: 'amend3' });
  });

  test('[OFF-28] what was held because the actor would not take it then follows what was refused, if that is tried again first', () => {
    const lane = refuse(laneOf(wish('a'), wish('b')), 'a', refusal([can('B', false)]));
    const both = again(numbered(again(lane, 'a', { id: 'a2', at: 5 }, ROOM)), 'b', { id: 'b', at: 6 }, ROOM);
    expect(both).toMatchObject([{ id: 'a2' }, { id: 'b', after: 'a2' }]);
  });

  test('[OFF-28] what is new names the command by any id that it has had', () => {
    const lane = refusedAgain();
    expect(add(lane, wish('c', 'C', { after: 'amend' }), ROOM).at(-1)).toMatchObject({ id: 'c', after: 'amend2' });
    const refused = refuse(lane, 'amend2', refusal());
    expect(codeOf(() => add(refused, wish('c', 'C', { after: 'amend' }), ROOM))).toBe('after_refused');
  });

  test('[OFF-29] what names a command of which it is not known that it was done is not taken', () => {
    const lane = refuse(laneOf(wish('a')), 'a', refusal());
    expect(codeOf(() => add(discard(lane, 'a', 1), wish('b', 'B', { after: 'a' }), ROOM))).toBe('after_unknown');
    expect(codeOf(() => add([], wish('b', 'B', { after: 'a' }), ROOM))).toBe('after_unknown');
  });
});

test('[OFF-30] what another tab has put into the tray is not sent out of it', () => {
  const lane = refuse(laneOf(wish('a')), 'a', { code: 'expired', sentence: 'Too late.', at: 1 });
  expect(begin(lane, 'a', { at: 2 })).toEqual(lane);
});

test('[OFF-6] what is meant for an actor that is yet to be created is held when it is not created', () => {
  const lane = laneOf(wish('a', '@create'), wish('b'), wish('c', 'C', { after: 'b' }));
  expect(standings(refuse(lane, 'a', { code: 'exists', sentence: 'No.', at: 1 }))).toEqual({ a: 'exists', b: 'held', c: 'held' });
  expect(applied(lane, 'a', 1).map(({ id }) => id)).toEqual(['b', 'c']);
});

describe('what depends on what was refused', () => {
  test('[OFF-5] behind a refused command all else goes on, if the actor takes it', () => {
    const lane = laneOf(wish('a'), wish('b'), wish('c'));
    expect(standings(refuse(lane, 'a', refusal([can('B', true), can('C', false)])))).toEqual({
      a: 'not_in_state',
      b: 'waiting',
      c: 'waiting',
    });
  });

  test('[OFF-5] what comes next and would not be taken now is held, and what comes after it is asked the same', () => {
    const lane = refuse(
      laneOf(wish('a'), wish('b'), wish('c'), wish('d')),
      'a',
      refusal([can('B', false), can('C', true), can('D', false)]),
    );
    // Whether D is taken depends on what C does.
    expect(standings(lane)).toEqual({ a: 'not_in_state', b: 'held', c: 'waiting', d: 'waiting' });
    const held = lane.find(({ id }) => id === 'b');
    expect(held?.standing).toMatchObject({
      refusal: { because: 'a', version: 9, sentence: expect.stringContaining('does not take it now: Not in this state') },
    });
  });

  test('[OFF-6] what names a version that counts on the refused one is held, and what names the command itself, and what names that', () => {
    const lane = laneOf(
      wish('a'),
      wish('b', 'B', { ifVersion: 4 }),
      wish('c', 'C', { after: 'a' }),
      wish('d', 'D', { after: 'c' }),
      wish('e'),
    );
    const may = ['B', 'C', 'D', 'E'].map((type) => can(type, true));
    expect(standings(refuse(lane, 'a', refusal(may)))).toEqual({ a: 'not_in_state', b: 'held', c: 'held', d: 'held', e: 'waiting' });
    expect(standings(discard(lane, 'a', 1))).toEqual({ b: 'held', c: 'held', d: 'held', e: 'waiting' });
  });

  test('[OFF-6] a version that is named with nothing waiting stands by itself', () => {
    const lane = laneOf(wish('a', 'A', { ifVersion: 4 }), wish('b'));
    expect(standings(discard(lane, 'b', 1))).toEqual({ a: 'waiting' });
  });

  test('[OFF-7] what may have been sent already is never held: only the hub knows what became of it', () => {
    const lane = begin(laneOf(wish('a'), wish('b', 'B', { after: 'a' })), 'b', { at: 1 });
    expect(standings(refuse(lane, 'a', refusal([can('B', false)])))).toEqual({ a: 'not_in_state', b: 'waiting' });
  });

  test('[OFF-8] a version that counts on what waits before it moves on with every command that is done, unless something came in between', () => {
    const lane = laneOf(wish('a'), wish('b'), wish('c', 'C', { ifVersion: 4 }));
    expect(applied(applied(lane, 'a', 5), 'b', 6)).toMatchObject([{ id: 'c', ifVersion: 6 }]);
    expect(applied(applied(lane, 'a', 6), 'b', 7)).toMatchObject([{ id: 'c', ifVersion: 4 }]);
    const alone = laneOf(wish('c', 'C', { ifVersion: 4 }));
    expect(applied(alone, 'a', 5)).toEqual(alone);
  });
});

describe('the tray', () => {
  test('[OFF-9] what was refused is tried again under a new id, what was never sent under its own, what was changed always under a new one', () => {
    const lane = refuse(begin(laneOf(wish('a'), wish('b', 'B', { after: 'a' })), 'a', { at: 1 }), 'a', refusal());
    const room = { ...ROOM, total: 2, most: 2 };
    expect(again(lane, 'a', { id: 'fresh', at: 5 }, room)).toMatchObject([
      { id: 'b' },
      { id: 'fresh', seq: 0, standing: { kind: 'waiting' }, event: { type: 'A' } },
    ]);
    expect(again(lane, 'a', { id: 'fresh', at: 5, event: { type: 'A2' } }, room)[1]).toMatchObject({ id: 'fresh', event: { type: 'A2' } });
    const [, held] = again(lane, 'b', { id: 'b', at: 5 }, room);
    expect(held).toMatchObject({ id: 'b', seq: 0, standing: { kind: 'waiting' } });
    expect(held).not.toHaveProperty('after');
    expect(codeOf(() => again(laneOf(wish('a')), 'a', { id: 'x', at: 1 }, ROOM))).toBe('not_in_tray');
  });

  test('[OFF-9] a version that was named becomes the one that the tray shows', () => {
    const lane = refuse(begin(laneOf(wish('a', 'A', { ifVersion: 3 })), 'a', { at: 1 }), 'a', refusal([], 9));
    expect(again(lane, 'a', { id: 'fresh', at: 5 }, ROOM)).toMatchObject([{ id: 'fresh', ifVersion: 9 }]);
  });
});

test('[OFF-10] what was not sent in its time is not sent; what may have been sent is asked about whatever the time is', () => {
  const [kept] = laneOf(wish('a', 'A', { notAfter: 1_000 }));
  if (kept === undefined) throw new Error('nothing kept');
  expect(obstacle(kept, 1_000)).toBeUndefined();
  expect(obstacle(kept, 1_001)).toMatchObject({ code: 'expired', sentence: expect.stringContaining('1970-01-01T00:00:01') });
  expect(obstacle({ ...kept, sent: { at: 900 } }, 1_001)).toBeUndefined();
});

type Act =
  | { readonly kind: 'add'; readonly after: boolean; readonly version: boolean }
  | { readonly kind: 'begin' | 'applied' | 'refused' | 'parked' | 'discard' | 'again'; readonly which: number };

const act: fc.Arbitrary<Act> = fc.oneof(
  fc.record({ kind: fc.constant('add' as const), after: fc.boolean(), version: fc.boolean() }),
  fc.record({
    kind: fc.constantFrom(
      'begin' as const,
      'applied' as const,
      'refused' as const,
      'parked' as const,
      'discard' as const,
      'again' as const,
    ),
    which: fc.nat(20),
  }),
);

test('[OFF-11] whatever happens, no command vanishes: it is done, discarded, in the tray or waiting, and what waits keeps its order', () => {
  fc.assert(
    fc.property(fc.array(act, { maxLength: 60 }), (acts) => {
      let lane: Lane = [];
      let made = 0;
      const over = new Set<string>();
      const meant: string[] = [];
      for (const one of acts) {
        const first: Kept | undefined = waiting(lane)[0];
        if (one.kind === 'add') {
          const id = `c${made++}`;
          const last = waiting(lane).at(-1)?.id;
          meant.push(id);
          lane = add(
            lane,
            wish(id, 'E', { ...(one.after && last !== undefined && { after: last }), ...(one.version && { ifVersion: 1 }) }),
            ROOM,
          );
        } else if (one.kind === 'discard' || one.kind === 'again') {
          const kept = lane[one.which % Math.max(1, lane.length)];
          if (kept === undefined) continue;
          if (one.kind === 'discard') {
            over.add(kept.id);
            lane = discard(lane, kept.id, 1);
          } else if (kept.standing.kind === 'tray') {
            const id = `c${made++}`;
            over.add(kept.id);
            meant.push(id);
            lane = again(lane, kept.id, { id, at: 1 }, ROOM);
          }
        } else if (first !== undefined) {
          if (one.kind === 'begin') lane = begin(lane, first.id, { at: 1 });
          else if (one.kind === 'parked') lane = park(lane, first.id, 'It stands still.');
          else if (one.kind === 'refused') lane = refuse(lane, first.id, refusal([can('E', one.which % 2 === 0)]));
          else {
            over.add(first.id);
            lane = applied(lane, first.id, one.which);
          }
        }
        lane = numbered(lane);
        expect(new Set([...over, ...lane.map(({ id }) => id)])).toEqual(new Set(meant));
        expect(lane.some(({ id }) => over.has(id))).toBe(false);
        const order = waiting(lane).map(({ id }) => meant.indexOf(id));
        expect(order).toEqual(order.toSorted((a, b) => a - b));
      }
    }),
  );
});
