import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fakeClock } from '../../tests/support/fake-clock.ts';
import { TinyHub, browserOf, makeOutbox } from '../../tests/support/outbox-stage.ts';
import { catchErrors } from '../../tests/support/uncaught.ts';
import type { Outbox } from './outbox.ts';
import { waiting } from './outbox-lane.ts';
import type { Meanwhile, Wish } from './outbox-lane.ts';
import { memoryStorage } from './outbox-storage.ts';
import type { OutboxStorage } from './outbox-storage.ts';

function wish(id: string, to = 'payment/p', more: Partial<Wish> = {}): Wish {
  return { id, to, event: { type: id.toUpperCase() }, optimistic: true, at: 0, ...more };
}

/** Resolves when it is so; the fake clock goes on meanwhile. */
function until(outbox: Outbox, is: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    const look = (): void => {
      if (!is()) return;
      end();
      resolve();
    };
    const end = outbox.onChange(() => queueMicrotask(look));
    queueMicrotask(look);
  });
}

const isEmpty = (outbox: Outbox) => () => waiting(outbox.all).length === 0;

describe('what is kept', () => {
  test('[OFF-16] a command is kept before anything else is done with it, and sent by whoever finds it there after a crash', async () => {
    const [hub, storage, clock] = [new TinyHub(), memoryStorage(), fakeClock()];
    hub.become(false);
    const first = makeOutbox({ hub, storage, clock });
    await first.enqueue(wish('a'));
    expect(await storage.load('ann')).toMatchObject([{ id: 'a', standing: { kind: 'waiting' } }]);
    // No goodbye: the page is simply gone.
    const second = makeOutbox({ hub, storage, clock });
    hub.become(true);
    await clock.run(until(second, isEmpty(second)));
    await clock.run(until(second, () => hub.taken.length === 1));
    expect(hub.taken).toEqual([{ id: 'a', to: 'payment/p', type: 'A', by: 'ann' }]);
    expect(await storage.load('ann')).toEqual([]);
  });

  test('[OFF-17] what cannot be kept is not sent, and it is said why', async () => {
    const [hub, clock] = [new TinyHub(), fakeClock()];
    const memory = memoryStorage();
    let broken = true;
    const storage: OutboxStorage = {
      load: memory.load,
      change: (...change) => (broken ? Promise.reject(new Error('QuotaExceeded')) : memory.change(...change)),
    };
    const outbox = makeOutbox({ hub, storage, clock });
    await expect(outbox.enqueue(wish('a'))).rejects.toMatchObject({ code: 'not_kept', message: expect.stringContaining('QuotaExceeded') });
    broken = false;
    const { settled } = await outbox.enqueue(wish('b'));
    expect(await clock.run(settled)).toEqual({ outcome: 'applied', version: 2 });
    expect(hub.taken.map(({ id }) => id)).toEqual(['b']);
  });

  test('[OFF-17] storage that fails while it is sent from is said, and asked again; nothing is sent that is not marked as sent', async () => {
    const [hub, clock] = [new TinyHub(), fakeClock()];
    const memory = memoryStorage();
    let failures = 0;
    const storage: OutboxStorage = {
      load: memory.load,
      change: (person, to, decide) =>
        memory.change(person, to, (lane, total) => {
          const next = decide(lane, total);
          if (failures > 0 && next.some(({ sent }) => sent !== undefined)) {
            failures--;
            throw new Error('disk full');
          }
          return next;
        }),
    };
    const outbox = makeOutbox({ hub, storage, clock });
    failures = 2;
    const { settled } = await outbox.enqueue(wish('a'));
    await clock.run(until(outbox, () => outbox.trouble !== undefined));
    expect(hub.arrived).toEqual([]);
    expect(await clock.run(settled)).toMatchObject({ outcome: 'applied' });
    expect(outbox.trouble).toBeUndefined();
  });

  test('[OFF-32] a listener that throws does not make it untrue that a command is kept, nor what became of it', async () => {
    const [hub, clock, storage] = [new TinyHub(), fakeClock(), memoryStorage()];
    const outbox = makeOutbox({ hub, storage, clock });
    const errors = catchErrors();
    const broken = (): never => {
      throw new Error('a bug of a screen');
    };
    outbox.onChange(broken);
    outbox.onSettled(broken);
    const { kept, settled } = await outbox.enqueue(wish('a'));
    expect(kept.id).toBe('a');
    expect(await clock.run(settled)).toMatchObject({ outcome: 'applied' });
    expect(errors.length).toBeGreaterThan(1);
  });

  test('[OFF-34] storage that fails is read again by one timer, however often it is asked, and by none once it is closed', async () => {
    const clock = fakeClock();
    let loads = 0;
    const broken = (): Promise<never> => {
      loads++;
      return Promise.reject(new Error('gone'));
    };
    const outbox = makeOutbox({ hub: new TinyHub(), storage: { load: broken, change: broken }, clock });
    for (let n = 0; n < 20; n++) await outbox.read();
    const before = loads;
    await clock.run(new Promise<void>((done) => clock.after(5_500, done)));
    expect(loads - before).toBe(1);
    outbox.close();
    const closed = loads;
    await clock.run(new Promise<void>((done) => clock.after(20_000, done)));
    expect(loads).toBe(closed);
  });

  test('[OFF-3] a command that is larger than the hub takes is refused at once', async () => {
    const outbox = makeOutbox({ hub: new TinyHub(), storage: memoryStorage(), clock: fakeClock() });
    const large = { ...wish('a'), event: { type: 'A', text: 'é'.repeat(25_000) } };
    await expect(outbox.enqueue(large)).rejects.toMatchObject({ code: 'too_large' });
  });
});

describe('what is sent', () => {
  test('[OFF-18] commands of one actor go in order, and actors do not wait for each other', async () => {
    const [hub, clock] = [new TinyHub(), fakeClock()];
    const outbox = makeOutbox({ hub, storage: memoryStorage(), clock });
    hub.say('a1', { outcome: 'parked', reason: 'It stands still.' }, { outcome: 'parked', reason: 'It stands still.' });
    hub.say('b1', { outcome: 'retry', afterMs: 3_000 });
    for (const id of ['a1', 'a2', 'b1', 'b2', 'c1', 'c2']) await outbox.enqueue(wish(id, `payment/${id[0]}`));
    await clock.run(until(outbox, () => outbox.of('payment/c').length === 0));
    expect(hub.taken.map(({ id }) => id)).toEqual(['c1', 'c2']);
    expect(outbox.of('payment/a')).toMatchObject([{ standing: { kind: 'parked', sentence: 'It stands still.' } }, { id: 'a2' }]);
    const before = clock.now();
    await clock.run(until(outbox, () => outbox.of('payment/b').length === 0));
    expect(clock.now() - before).toBeGreaterThanOrEqual(3_000);
    await clock.run(until(outbox, isEmpty(outbox)));
    expect(hub.taken.map(({ id }) => id)).toEqual(['c1', 'c2', 'b1', 'b2', 'a1', 'a2']);
    expect(clock.now()).toBeGreaterThanOrEqual(60_000); // a parked one is asked about from time to time only
  });

  test('[OFF-19] a lost answer is asked for again by the same id, and takes effect once', async () => {
    const [hub, clock] = [new TinyHub(), fakeClock()];
    const fates = ['lost', 'answer lost', 'answer lost'] as const;
    let sent = 0;
    hub.fate = () => fates[sent++] ?? 'answered';
    const outbox = makeOutbox({ hub, storage: memoryStorage(), clock });
    const { settled } = await outbox.enqueue(wish('a'));
    expect(await clock.run(settled)).toEqual({ outcome: 'duplicate', version: 2 });
    expect([hub.arrived, hub.taken.length]).toEqual([['a', 'a', 'a'], 1]);
  });

  test('[OFF-19] an enqueued command does not hurry one that the hub has asked to wait', async () => {
    const [hub, clock] = [new TinyHub(), fakeClock()];
    const outbox = makeOutbox({ hub, storage: memoryStorage(), clock });
    hub.say('a', { outcome: 'retry', afterMs: 4_000 });
    await outbox.enqueue(wish('a'));
    await clock.run(until(outbox, () => hub.arrived.length === 1));
    await outbox.enqueue(wish('b'));
    await clock.run(until(outbox, isEmpty(outbox)));
    expect(clock.now()).toBeGreaterThanOrEqual(4_000);
    expect(hub.arrived).toEqual(['a', 'a', 'b']);
  });

  test('[OFF-35] a hub that asks to wait is waited for, through lost connections and impatience', async () => {
    const [hub, clock] = [new TinyHub(), fakeClock()];
    const outbox = makeOutbox({ hub, storage: memoryStorage(), clock });
    hub.say('a', { outcome: 'retry', afterMs: 60_000 });
    hub.say('b', { outcome: 'parked', reason: 'It stands still.' });
    const a = await outbox.enqueue(wish('a', 'payment/a'));
    const b = await outbox.enqueue(wish('b', 'payment/b'));
    await clock.run(until(outbox, () => hub.arrived.length === 2));
    await clock.run(until(outbox, () => outbox.of('payment/b')[0]?.standing.kind === 'parked'));
    hub.become(false);
    hub.become(true);
    outbox.nudge();
    await outbox.enqueue(wish('c', 'payment/a'));
    await outbox.discard('c');
    await clock.run(b.settled);
    expect(clock.now()).toBe(0);
    expect(hub.arrived).toEqual(['a', 'b', 'b']);
    await clock.run(a.settled);
    expect(clock.now()).toBeGreaterThanOrEqual(60_000);
  });
});

describe('what is refused', () => {
  const NOW: Meanwhile = {
    version: 7,
    state: ['canceled'],
    can: [],
    since: { version: 7, event: 'CANCEL', by: 'bob', at: 't' },
    happened: [],
  };

  test('[OFF-20] a refusal waits in the tray with what the actor is now, and what came behind goes on', async () => {
    const [hub, clock, storage] = [new TinyHub(), fakeClock(), memoryStorage()];
    hub.refuse('a');
    const outbox = makeOutbox({ hub, storage, clock, lookAt: async () => NOW });
    const [a, b] = [await outbox.enqueue(wish('a')), await outbox.enqueue(wish('b'))];
    expect(await clock.run(a.settled)).toMatchObject({
      outcome: 'refused',
      refusal: { code: 'not_in_state', sentence: 'Not now.', version: 7 },
    });
    expect(await clock.run(b.settled)).toMatchObject({ outcome: 'applied' });
    await clock.run(until(outbox, () => outbox.all[0]?.standing.kind === 'tray' && outbox.all[0].standing.refusal.now !== undefined));
    expect(outbox.all).toMatchObject([{ id: 'a', standing: { refusal: { now: NOW } } }]);
    // It is still there after a crash.
    const again = makeOutbox({ hub, storage, clock });
    await again.read();
    expect(again.all).toMatchObject([{ id: 'a', standing: { refusal: { now: NOW } } }]);
  });

  test('[OFF-20] what the actor is now is asked for again where it could not be asked', async () => {
    const [hub, clock] = [new TinyHub(), fakeClock()];
    hub.refuse('a');
    let asked = 0;
    const lookAt = async (): Promise<Meanwhile> => {
      if (asked++ < 3) throw new Error('unreachable');
      return NOW;
    };
    const outbox = makeOutbox({ hub, storage: memoryStorage(), clock, lookAt });
    await outbox.enqueue(wish('a'));
    await clock.run(until(outbox, () => outbox.all[0]?.standing.kind === 'tray' && outbox.all[0].standing.refusal.now !== undefined));
    expect(asked).toBe(4);
  });

  test('[OFF-20] what was held and is tried again is explained anew when it is refused', async () => {
    const [hub, clock] = [new TinyHub(), fakeClock()];
    let now: Meanwhile | undefined;
    const outbox = makeOutbox({ hub, storage: memoryStorage(), clock, lookAt: async () => now });
    const explained = (id: string) => (): boolean => {
      const standing = outbox.all.find((one) => one.id === id)?.standing;
      return standing?.kind === 'tray' && standing.refusal.now !== undefined;
    };
    hub.become(false);
    hub.refuse('a');
    const a = await outbox.enqueue(wish('a'));
    await outbox.enqueue(wish('b', 'payment/p', { after: 'a' }));
    hub.become(true);
    await clock.run(a.settled);
    for (let turn = 0; turn < 50; turn++) await new Promise((done) => setImmediate(done));
    expect(explained('b')()).toBe(false);
    now = NOW;
    hub.refuse('b');
    await outbox.retry('b');
    await clock.run(until(outbox, explained('b')));
  });

  test('[OFF-21] out of the tray: again under a new id, changed, or discarded', async () => {
    const [hub, clock] = [new TinyHub(), fakeClock()];
    hub.refuse('a');
    hub.refuse('b');
    hub.refuse('c');
    const outbox = makeOutbox({ hub, storage: memoryStorage(), clock });
    for (const id of ['a', 'b', 'c']) await outbox.enqueue(wish(id, `payment/${id}`));
    await clock.run(until(outbox, isEmpty(outbox)));
    const a = await outbox.retry('a');
    const b = await outbox.retry('b', { event: { type: 'B', reason: 'once more' } });
    await outbox.discard('c');
    expect([await clock.run(a.settled), await clock.run(b.settled)]).toMatchObject([{ outcome: 'applied' }, { outcome: 'applied' }]);
    expect(hub.taken.map(({ to }) => to)).toEqual(['payment/a', 'payment/b']);
    expect(hub.taken.map(({ id }) => id)).not.toContain('a');
    expect(outbox.all).toEqual([]);
    await expect(outbox.discard('c')).rejects.toMatchObject({ code: 'not_found' });
  });

  test('[OFF-21] what is discarded before it was sent is never sent, and it is told so', async () => {
    const [hub, clock] = [new TinyHub(), fakeClock()];
    hub.become(false);
    const outbox = makeOutbox({ hub, storage: memoryStorage(), clock });
    const a = await outbox.enqueue(wish('a'));
    const b = await outbox.enqueue(wish('b', 'payment/p', { after: 'a' }));
    const c = await outbox.enqueue(wish('c'));
    await outbox.discard('a');
    hub.become(true);
    expect(await a.settled).toEqual({ outcome: 'discarded' });
    expect(await b.settled).toMatchObject({
      outcome: 'refused',
      refusal: { code: 'held', because: 'a', sentence: 'It was to follow A, which was discarded.' },
    });
    expect(await clock.run(c.settled)).toMatchObject({ outcome: 'applied' });
    expect(hub.arrived).toEqual(['c']);
  });

  test('[OFF-10] what was to be done before a time that has passed goes to the tray without being sent', async () => {
    const [hub, clock] = [new TinyHub(), fakeClock(1_000_000)];
    hub.become(false);
    const outbox = makeOutbox({ hub, storage: memoryStorage(), clock });
    const { settled } = await outbox.enqueue(wish('a', 'payment/p', { notAfter: 1_060_000 }));
    clock.advance(120_000);
    hub.become(true);
    expect(await clock.run(settled)).toMatchObject({ outcome: 'refused', refusal: { code: 'expired' } });
    expect(hub.arrived).toEqual([]);
  });
});

describe('what may have been done although it was refused', () => {
  test('[OFF-33] a refusal that does not look whether it was done before says so, and it is tried again only by whoever wants it anyway', async () => {
    for (const code of ['invalid', 'key_reused', 'unknown_event']) {
      const [hub, clock, storage] = [new TinyHub(), fakeClock(), memoryStorage()];
      let sent = 0;
      // The answer is lost; meanwhile the hub becomes one that reads the event otherwise.
      hub.fate = () => {
        if (sent++ > 0) return 'answered';
        setImmediate(() => setImmediate(() => hub.change('a', code)));
        return 'answer lost';
      };
      const outbox = makeOutbox({ hub, storage, clock });
      const { settled } = await outbox.enqueue(wish('a'));
      expect(await clock.run(settled)).toMatchObject({
        outcome: 'refused',
        refusal: { code, doubtful: true, sentence: expect.stringContaining('may have been done') },
      });
      expect(hub.taken).toHaveLength(1);
      await expect(outbox.retry('a')).rejects.toMatchObject({ code: 'may_be_done' });
      expect(outbox.all).toMatchObject([{ id: 'a' }]);
      expect(await clock.run((await outbox.retry('a', { anyway: true })).settled)).toMatchObject({ outcome: 'applied' });
    }
  });

  test('[OFF-33] what is refused by the answer to its first attempt, or for what the actor is, is certain', async () => {
    const [hub, clock] = [new TinyHub(), fakeClock()];
    hub.fate = ({ id }) => (id === 'b' && hub.arrived.filter((one) => one === 'b').length === 0 ? 'answer lost' : 'answered');
    hub.refuse('a', 'invalid');
    hub.refuse('b', 'not_in_state');
    const outbox = makeOutbox({ hub, storage: memoryStorage(), clock });
    const settled = await Promise.all([outbox.enqueue(wish('a')), outbox.enqueue(wish('b'))]);
    const refusals = await clock.run(Promise.all(settled.map((one) => one.settled)));
    expect(refusals.map((one) => one.outcome === 'refused' && [one.refusal.code, one.refusal.doubtful])).toEqual([
      ['invalid', undefined],
      ['not_in_state', undefined],
    ]);
    expect((await outbox.retry('a')).kept.standing).toEqual({ kind: 'waiting' });
  });
});

describe('what is to follow another command', () => {
  test('[OFF-28] what could not be amended is not submitted, though both were tried again without a connection', async () => {
    const [hub, clock] = [new TinyHub(), fakeClock()];
    hub.can = [{ type: 'SUBMIT', ok: true, schema: {} }];
    hub.become(false);
    const outbox = makeOutbox({ hub, storage: memoryStorage(), clock });
    hub.refuse('amend');
    const amend = await outbox.enqueue(wish('amend'));
    const submit = await outbox.enqueue(wish('submit', 'payment/p', { after: 'amend' }));
    hub.become(true);
    await clock.run(Promise.all([amend.settled, submit.settled]));
    hub.become(false);
    const again = await outbox.retry('amend');
    const behind = await outbox.retry('submit');
    hub.refuse(again.kept.id);
    hub.become(true);
    expect(await clock.run(behind.settled)).toMatchObject({ outcome: 'refused', refusal: { code: 'held', because: again.kept.id } });
    expect(hub.taken).toEqual([]);
  });

  test('[OFF-29] in every tab it is known what was done, and by which ids, so that it may be named; what was discarded may not', async () => {
    const [hub, clock, storage, tabs] = [new TinyHub(), fakeClock(), memoryStorage(), browserOf()];
    const [one, other] = [makeOutbox({ hub, storage, clock, tabs }), makeOutbox({ hub, storage, clock, tabs })];
    hub.refuse('a');
    const a = await other.enqueue(wish('a'));
    await clock.run(a.settled);
    await clock.run(until(other, () => other.all[0]?.standing.kind === 'tray'));
    await clock.run((await other.retry('a')).settled);
    for (const outbox of [one, other]) {
      const behind = await outbox.enqueue(wish(outbox === one ? 'b' : 'c', 'payment/p', { after: 'a' }));
      expect(await clock.run(behind.settled)).toMatchObject({ outcome: 'applied' });
    }
    hub.become(false);
    await one.enqueue(wish('d'));
    await one.discard('d');
    await expect(one.enqueue(wish('e', 'payment/p', { after: 'd' }))).rejects.toMatchObject({ code: 'after_unknown' });
  });
});

describe('people and tabs', () => {
  test('[OFF-22] another person who signs in on the device neither sees nor sends what is kept; it goes when the first one is back', async () => {
    const [hub, clock, storage] = [new TinyHub(), fakeClock(), memoryStorage()];
    hub.become(false);
    const outbox = makeOutbox({ hub, storage, clock });
    await outbox.enqueue(wish('a'));
    outbox.close();
    expect(outbox.all).toEqual([]);
    await expect(outbox.enqueue(wish('x'))).rejects.toMatchObject({ code: 'unauthenticated' });
    const bobs = makeOutbox({ hub, storage, clock, person: 'bob' });
    hub.become(true);
    const { settled } = await bobs.enqueue(wish('b'));
    await clock.run(settled);
    expect([bobs.all, hub.taken.map(({ id, by }) => [id, by])]).toEqual([[], [['b', 'bob']]]);
    bobs.close();
    outbox.open('ann');
    await clock.run(until(outbox, () => hub.taken.length === 2));
    expect(hub.taken[1]).toMatchObject({ id: 'a', by: 'ann' });
  });

  test('[OFF-23] of two tabs one sends; both see what is kept and what became of it; the other goes on when the first is closed', async () => {
    const [hub, clock, storage, tabs] = [new TinyHub(), fakeClock(), memoryStorage(), browserOf()];
    hub.become(false);
    const one = makeOutbox({ hub, storage, clock, tabs });
    const other = makeOutbox({ hub, storage, clock, tabs });
    expect([one.leads, other.leads]).toEqual([true, false]);
    const a = await other.enqueue(wish('a'));
    const b = await one.enqueue(wish('b', 'payment/q'));
    await clock.run(until(one, () => one.all.length === 2));
    await clock.run(until(other, () => other.all.length === 2));
    hub.become(true);
    expect(await clock.run(Promise.all([a.settled, b.settled]))).toMatchObject([{ outcome: 'applied' }, { outcome: 'applied' }]);
    await clock.run(until(other, () => other.all.length === 0));
    one.close();
    expect(other.leads).toBe(true);
    const c = await other.enqueue(wish('c'));
    expect(await clock.run(c.settled)).toMatchObject({ outcome: 'applied', version: 3 });
    expect(hub.arrived).toEqual(['a', 'b', 'c']);
  });

  test('[OFF-23] what somebody wants tried now is tried by the tab that sends, which may lie in the background', async () => {
    const [hub, clock, storage, tabs] = [new TinyHub(), fakeClock(), memoryStorage(), browserOf()];
    const one = makeOutbox({ hub, storage, clock, tabs });
    const other = makeOutbox({ hub, storage, clock, tabs });
    hub.say('a', { outcome: 'parked', reason: 'It stands still.' });
    const { settled } = await other.enqueue(wish('a'));
    await clock.run(until(one, () => one.all[0]?.standing.kind === 'parked'));
    expect(hub.woken).toBeGreaterThan(0);
    const before = clock.now();
    other.nudge();
    expect(await clock.run(settled)).toMatchObject({ outcome: 'applied' });
    expect(clock.now()).toBe(before);
  });

  test('[OFF-23] what another tab has discarded is not sent, though this one has not heard of it yet', async () => {
    const [hub, clock, memory] = [new TinyHub(), fakeClock(), memoryStorage()];
    hub.become(false);
    const marked = new Set<string>();
    const storage: OutboxStorage = {
      load: memory.load,
      change: async (...change) => {
        const lane = await memory.change(...change);
        for (const { id, sent } of lane) if (sent !== undefined) marked.add(id);
        return lane;
      },
    };
    const unmarked: string[] = [];
    hub.fate = ({ id }) => {
      // A crash from here on must leave it known that it may have been done.
      if (!marked.has(id)) unmarked.push(id);
      return 'answered';
    };
    const one = makeOutbox({ hub, storage, clock });
    for (const id of ['a', 'b']) await one.enqueue(wish(id));
    const deaf = makeOutbox({ hub, storage, clock, tabs: { ...browserOf(), lead: () => () => undefined } });
    await deaf.read();
    await deaf.discard('a');
    expect(one.all).toHaveLength(2);
    hub.become(true);
    await clock.run(until(one, isEmpty(one)));
    expect([hub.arrived, unmarked]).toEqual([['b'], []]);
  });

  test('[OFF-22] an answer that comes after somebody else has signed in is not taken for his', async () => {
    const [hub, clock, storage] = [new TinyHub(), fakeClock(), memoryStorage()];
    const outbox = makeOutbox({ hub, storage, clock });
    const heard: string[] = [];
    outbox.onSettled((kept) => void heard.push(kept.id));
    let arrived = (): void => undefined;
    hub.fate = () => {
      arrived();
      return 'answered';
    };
    const away = new Promise<void>((done) => (arrived = done));
    await outbox.enqueue(wish('a'));
    await away;
    outbox.open('bob');
    await outbox.read();
    for (let turn = 0; turn < 10; turn++) await new Promise((done) => setImmediate(done));
    expect([heard, outbox.all, hub.taken.length]).toEqual([[], [], 1]);
    outbox.open('ann');
    await clock.run(until(outbox, () => heard.length > 0));
    expect([heard, hub.taken.length]).toEqual([['a'], 1]);
  });

  const outage = fc.record({
    fates: fc.array(fc.constantFrom('answered' as const, 'answer lost' as const, 'lost' as const), { maxLength: 30 }),
    locks: fc.boolean(),
  });
  const device = fc.array(fc.record({ tab: fc.nat(2), actor: fc.nat(2), refused: fc.boolean(), down: fc.boolean() }), {
    minLength: 1,
    maxLength: 25,
  });

  test('[OFF-24] whatever is lost, and even if several tabs send at once: each command takes effect once or is in the tray, in the order of its actor', async () => {
    await fc.assert(
      fc.asyncProperty(outage, device, async ({ fates, locks }, acts) => {
        const [hub, clock, storage, tabs] = [new TinyHub(), fakeClock(), memoryStorage(), browserOf({ locks })];
        const tick = (): void => void clock.after(100, tick);
        tick();
        let sent = 0;
        hub.fate = () => fates[sent++] ?? 'answered';
        const outboxes = [0, 1, 2].map(() => makeOutbox({ hub, storage, clock, tabs }));
        const meant: string[] = [];
        for (const [n, { tab, actor, refused, down }] of acts.entries()) {
          if (refused) hub.refuse(`c${n}`);
          hub.become(!down);
          await outboxes[tab]?.enqueue(wish(`c${n}`, `payment/${actor}`));
          if (!refused) meant.push(`c${n}`);
        }
        hub.become(true);
        for (const outbox of outboxes) await clock.run(until(outbox, isEmpty(outbox)));
        expect(hub.taken.map(({ id }) => id).toSorted()).toEqual(meant.toSorted());
        for (const to of ['payment/0', 'payment/1', 'payment/2']) {
          const order = hub.taken.filter((one) => one.to === to).map(({ id }) => Number(id.slice(1)));
          expect(order).toEqual(order.toSorted((a, b) => a - b));
        }
        const tray = (await storage.load('ann')).map(({ id }) => id);
        expect(new Set(tray)).toEqual(new Set(acts.flatMap(({ refused }, n) => (refused ? [`c${n}`] : []))));
        for (const outbox of outboxes) outbox.close();
      }),
      { numRuns: 60 },
    );
  });
});
