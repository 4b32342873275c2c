import fc from 'fast-check';
import { expect, test } from 'vitest';
import { assign, initialTransition, setup, transition } from 'xstate';
import type { AnyMachineSnapshot } from 'xstate';
import { z } from 'zod';
import { defineMachine } from '../../machines/machine.ts';
import { fakeClock } from '../../tests/support/fake-clock.ts';
import { Foresight } from './foresight.ts';
import { add, applied, begin, refuse, waiting } from './outbox-lane.ts';
import type { Kept, Lane } from './outbox-lane.ts';
import { predictWith } from './prediction.ts';
import type { ActorCopy } from './store.ts';

type Event = { readonly type: 'ADD'; readonly n: number } | { readonly type: 'SHUT' | 'OPEN' };

/** A basket that remembers everything that was put into it, so that nothing can be in it twice unseen. */
const machine = setup({
  types: { context: {} as { things: readonly number[] }, events: {} as Event },
  actions: { put: assign({ things: ({ context, event }) => (event.type === 'ADD' ? [...context.things, event.n] : context.things) }) },
}).createMachine({
  id: 'basket',
  context: { things: [] },
  initial: 'open',
  states: { open: { on: { ADD: { actions: 'put' }, SHUT: 'shut' } }, shut: { on: { OPEN: 'open' } } },
});
const basket = defineMachine({
  type: 'basket',
  version: 1,
  machine,
  input: z.strictObject({}),
  events: { ADD: z.strictObject({ n: z.int() }), SHUT: z.strictObject({}), OPEN: z.strictObject({}) },
  permissions: {},
  views: { hq: { rows: 'all', fields: 'all' } },
  title: () => '',
  summary: () => '',
  search: () => [],
});

const TO = 'basket/b';
const CAN = ['ADD', 'SHUT', 'OPEN'].map((type) => ({ type, ok: true, schema: {} }));

/** The hub’s side: what is so, and what it has said of it that has not arrived yet. */
class Side {
  snapshot: AnyMachineSnapshot = initialTransition(machine)[0];
  version = 1;
  readonly patches: ActorCopy[] = [];
  readonly #answers = new Map<string, { ok: boolean; version: number }>();

  copy(): ActorCopy {
    const { context, value, tags } = this.snapshot;
    const state = [String(value)];
    return { kind: 'actor', epoch: 'e', version: this.version, state, tags: [...tags], context, can: CAN, timers: [], updatedAt: 't' };
  }

  /** Each id takes effect once, and its answer never changes. */
  take(id: string, event: Event): { ok: boolean; version: number } {
    const known = this.#answers.get(id);
    if (known !== undefined) return known;
    const ok = this.snapshot.can(event as never);
    if (ok) {
      [this.snapshot] = transition(machine, this.snapshot as never, event as never);
      this.version++;
      this.patches.push(this.copy());
    }
    const answer = { ok, version: this.version };
    this.#answers.set(id, answer);
    return answer;
  }
}

type Act =
  | 'add'
  | 'shut'
  | 'open'
  | 'other adds'
  | 'other shuts'
  | 'other opens'
  | 'send'
  | 'lose'
  | 'answer'
  | 'patch'
  | 'patches'
  | 'direct';
const ACTS: readonly Act[] = [
  'add',
  'shut',
  'open',
  'other adds',
  'other shuts',
  'other opens',
  'send',
  'lose',
  'answer',
  'patch',
  'patches',
  'direct',
];

/** This device: what it keeps, what is on its way, and its copy. */
class Device {
  readonly side = new Side();
  copy = this.side.copy();
  lane: Lane = [];
  flying: { readonly kept: Kept; readonly answer: { ok: boolean; version: number }; readonly direct: boolean }[] = [];
  readonly refused = new Set<number>();
  look = (): void => undefined;
  #n = 0;
  readonly foresight = new Foresight({
    clock: fakeClock(),
    load: async () => predictWith([basket]),
    laneOf: () => this.lane,
    who: () => WHO,
    isLive: () => true,
  });

  event(type: Event['type']): Event {
    return type === 'ADD' ? { type, n: this.#n++ } : { type };
  }

  keep(event: Event): void {
    const { epoch, version, state } = this.copy;
    const wish = { id: `c${this.#n++}`, to: TO, event, optimistic: true, at: 0, seen: { epoch, version, state } };
    this.lane = add(this.lane, wish, { total: 0, most: 1_000, isDone: () => true }).map((kept, i) => ({
      ...kept,
      seq: kept.seq || i + 1 + this.#n,
    }));
  }

  /** The first of what waits reaches the hub; its answer is on its way, or lost. */
  send(lost: boolean): void {
    const [head] = waiting(this.lane);
    if (head === undefined || this.flying.some(({ direct }) => !direct)) return;
    const { epoch, version } = this.copy;
    this.lane = begin(this.lane, head.id, { at: 0, on: { epoch, version } });
    const answer = this.side.take(head.id, head.event as unknown as Event);
    const kept = waiting(this.lane)[0] ?? head;
    if (!lost) this.flying.push({ kept, answer, direct: false });
  }

  direct(event: Event): void {
    const { epoch, version, state } = this.copy;
    const kept: Kept = {
      seq: 0,
      id: `d${this.#n++}`,
      to: TO,
      event,
      optimistic: true,
      at: 0,
      seen: { epoch, version, state },
      sent: { at: 0 },
      standing: { kind: 'waiting' },
    };
    this.foresight.begin(kept);
    this.flying.push({ kept, answer: this.side.take(kept.id, event), direct: true });
  }

  answer(): void {
    const one = this.flying.shift();
    if (one === undefined) return;
    const { kept, answer, direct } = one;
    if (answer.ok) {
      this.foresight.done(kept, answer.version);
      this.look(); // another tab hears first that it is done, and then that it does not wait any more
      if (!direct) this.lane = applied(this.lane, kept.id, answer.version);
    } else {
      this.refused.add(Number(kept.event['n'] ?? -1));
      if (!direct)
        this.lane = refuse(this.lane, kept.id, { code: 'not_in_state', sentence: '', at: 0 }).filter(
          ({ standing }) => standing.kind !== 'tray',
        );
    }
    if (direct) this.foresight.end(kept);
  }

  patch(all: boolean): void {
    this.copy = (all ? this.side.patches.splice(0).at(-1) : this.side.patches.shift()) ?? this.copy;
  }

  perform(act: Act): void {
    const other = (type: Event['type']) => void this.side.take(`o${this.#n++}`, this.event(type));
    if (act === 'add' || act === 'shut' || act === 'open') this.keep(this.event(act.toUpperCase() as Event['type']));
    else if (act === 'other adds') other('ADD');
    else if (act === 'other shuts') other('SHUT');
    else if (act === 'other opens') other('OPEN');
    else if (act === 'send' || act === 'lose') this.send(act === 'lose');
    else if (act === 'answer') this.answer();
    else if (act === 'direct') this.direct(this.event('ADD'));
    else this.patch(act === 'patches');
  }
}

const WHO = { username: 'ann', roles: ['clerk'], client: undefined };

test('[SDK-7] whatever order answers and patches come in, the version is the hub’s, nothing is foreseen twice or after it was refused, and in the end it is what the hub holds', async () => {
  const seen = { foreseen: 0 };
  await fc.assert(
    fc.asyncProperty(fc.array(fc.constantFrom(...ACTS), { minLength: 1, maxLength: 60 }), async (acts) => {
      const device = new Device();
      const { foresight, side } = device;
      const show = () => foresight.show(TO, device.copy);
      device.keep({ type: 'ADD', n: -2 });
      show();
      await new Promise((done) => setImmediate(done)); // the machine has been loaded
      device.look = () => {
        const shown = show();
        const things = shown.context['things'] as number[];
        const held = device.copy.context['things'] as number[];
        seen.foreseen += shown.predicted.length;
        expect(show()).toBe(shown);
        expect(shown.version).toBe(device.copy.version);
        expect(new Set(things).size, things.join()).toBe(things.length);
        expect(things.slice(0, held.length)).toEqual(held);
        expect(things.slice(held.length).filter((n) => device.refused.has(n))).toEqual([]);
        if (shown.predicted.length === 0) expect(shown).toEqual({ ...device.copy, predicted: [] });
      };
      for (const act of acts) {
        device.perform(act);
        device.look();
      }
      for (let n = 0; waiting(device.lane).length > 0 || device.flying.length > 0; n++) {
        if (n > 200) throw new Error('it does not come to rest');
        device.send(false);
        device.answer();
      }
      device.patch(true);
      expect(show()).toEqual({ ...side.copy(), predicted: [] });
    }),
    { numRuns: 400 },
  );
  expect(seen.foreseen).toBeGreaterThan(0);
});

test('[SDK-8] what the hub has done and no patch ever shows, because a view lacks it, is forgotten after a while; without a connection it stays', async () => {
  const clock = fakeClock();
  let live = false;
  const foresight = new Foresight({ clock, load: async () => predictWith([basket]), laneOf: () => [], who: () => WHO, isLive: () => live });
  const copy = new Side().copy();
  const kept: Kept = { seq: 1, id: 'c', to: TO, event: { type: 'ADD', n: 1 }, optimistic: true, at: 0, standing: { kind: 'waiting' } };
  foresight.done(kept, 9);
  foresight.show(TO, copy);
  const pass = (ms: number) => clock.run(new Promise<void>((done) => clock.after(ms, done)));
  await pass(60_000);
  expect(foresight.show(TO, copy)).toMatchObject({ context: { things: [1] }, predicted: ['c'] });
  live = true;
  await pass(11_000);
  expect(foresight.show(TO, copy)).toEqual({ ...copy, predicted: [] });
});

test('[SDK-8] where the machines cannot be loaded just now nothing is foreseen, and they are asked for again', async () => {
  const clock = fakeClock();
  let tries = 0;
  const load = async () => {
    if (tries++ === 0) throw new Error('offline');
    return predictWith([basket]);
  };
  const kept: Kept = { seq: 1, id: 'c', to: TO, event: { type: 'SHUT' }, optimistic: true, at: 0, standing: { kind: 'waiting' } };
  const foresight = new Foresight({ clock, load, laneOf: () => [kept], who: () => WHO, isLive: () => true });
  const copy = new Side().copy();
  let told = 0;
  foresight.onChange(() => {
    told++;
    foresight.show(TO, copy);
  });
  expect(foresight.show(TO, copy).predicted).toEqual([]);
  await clock.run(new Promise<void>((done) => clock.after(6_000, done)));
  expect(foresight.show(TO, copy)).toMatchObject({ state: ['shut'], predicted: ['c'] });
  expect([tries, told]).toEqual([2, 2]);
});
