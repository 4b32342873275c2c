import { describe, expect, test } from 'vitest';
import { must } from '../machines/must.ts';
import type { Definition, StoredActor } from '../machines/machine.ts';
import { LanesStage } from '../tests/support/lanes-stage.ts';
import { Desk, RuntimeStage } from '../tests/support/runtime-stage.ts';
import { counter } from '../tests/support/toy-machines.ts';
import { offer, offerOne, offerThree, offerTwo, offerWith, secondChart, toSecond, toThird } from '../tests/support/versioned-machines.ts';
import type { Outcome } from './delivery.ts';
import type { StoredEnvelope } from './envelope.ts';
import { step, toLive, toStored } from './step.ts';
import type { Happening } from './step.ts';

const A = 'offer/a';
const START = 1_790_000_000_000;
const codeOf = (outcome: Outcome): string => ('code' in outcome ? outcome.code : 'reason' in outcome ? outcome.reason : outcome.outcome);

/** An offer of the first release after these events, as it is stored. */
function stored(...types: string[]): string {
  let envelope = undefined as ReturnType<typeof toLive> | undefined;
  const happenings: Happening[] = [
    { kind: 'create', id: 'a', input: { price: 7 }, settings: {} },
    ...types.map((type): Happening => ({ kind: 'event', event: { type } })),
  ];
  for (const happening of happenings) {
    const stepped = step(offerOne, envelope, happening, { by: 'ann', now: START, scale: 1 });
    if (stepped.outcome !== 'applied') throw new Error(stepped.outcome);
    envelope = stepped.next;
  }
  return toStored(offerOne, must(envelope, 'an envelope'));
}

const read = (text: string): StoredEnvelope => JSON.parse(text) as StoredEnvelope;
type Loose = {
  snapshot: { value: string; context: Record<string, unknown> };
  timers: Record<string, unknown>;
  effects: Record<string, unknown>;
};
/** A migration as it should be, changed by this. */
const spoilt = (change: (given: Loose) => void): Definition =>
  offerWith((envelope) => {
    const given = structuredClone(toSecond(envelope)) as Loose;
    change(given);
    return given;
  });

describe('lifting an envelope', () => {
  test('[MIG-1] an older envelope is lifted step by step, and keeps its version until a row records it', () => {
    const two = toLive(offerTwo, stored('HOLD'));
    expect([two.version, two.snapshot.value, two.snapshot.context]).toEqual([2, 'reserved', { id: 'a', note: '', price_minor: 700 }]);
    const three = toLive(offerThree, stored('HOLD'));
    expect(three.snapshot.context).toEqual({ id: 'a', note: '', price_minor: 700, checks: 0 });
  });

  test('[MIG-2] what is under way keeps what asked for it; what a migration adds is asked for by the row that records it', () => {
    const held = read(stored('HOLD'));
    const lifted = toLive(offerTwo, JSON.stringify(held));
    const old = must(held.timers['xstate.after.patience.offer.held'], 'the old timer');
    const id = 'xstate.after.patience.offer.reserved';
    expect(lifted.timers[id]).toEqual({ ...old, event: id });
    const open = toLive(offerTwo, stored());
    expect(open.timers).toEqual({
      'xstate.after.life.offer.open': { v: 2, i: 0, due: START + 600_000, event: 'xstate.after.life.offer.open' },
    });
    expect(toLive(offerTwo, stored('CALL')).effects).toEqual(read(stored('CALL')).effects);
  });

  test('[MIG-3] an envelope that would wait for a timer or an effect that never comes is refused', () => {
    const without = (kind: 'timers' | 'effects', id: string): Definition => spoilt((given) => delete given[kind][id]);
    expect(() => toLive(without('timers', 'xstate.after.life.offer.open'), stored())).toThrow('offer.open waits for the timer');
    expect(() => toLive(without('timers', 'xstate.after.patience.offer.reserved'), stored('HOLD'))).toThrow(
      'offer.reserved waits for the timer',
    );
    expect(() => toLive(without('effects', 'stamp'), stored('CALL'))).toThrow('offer.calling waits for the effect stamp');
    const moved = spoilt((given) => Object.assign(given.snapshot, { value: 'calling' }));
    expect(() => toLive(moved, stored('HOLD'))).toThrow('waits for the effect stamp');
  });

  test('[MIG-4] a timer that has fired while its state stayed is not missed', () => {
    const held = read(stored('HOLD'));
    const nudge = must(held.timers['xstate.after.nudge.offer.held'], 'the nudge');
    const fired = step(
      offerOne,
      toLive(offerOne, JSON.stringify(held)),
      { kind: 'timer', id: nudge.event, v: nudge.v, i: nudge.i },
      { by: 'hub', now: START + 1_000, scale: 1 },
    );
    if (fired.outcome !== 'applied') throw new Error(fired.outcome);
    const lifted = toLive(offerTwo, toStored(offerOne, fired.next));
    expect(Object.keys(lifted.timers)).toEqual(['xstate.after.patience.offer.reserved']);
    expect(lifted.snapshot.context).toMatchObject({ note: 'nudged' });
  });

  test('[MIG-5] what would come to a state that does not wait for it is refused', () => {
    const stray = { v: 1, i: 0, due: START, event: 'xstate.after.patience.offer.held' };
    const kept = spoilt((given) => Object.assign(given.snapshot, { value: 'expired' }));
    expect(() => toLive(kept, stored('HOLD'))).toThrow('of no state that is active');
    expect(() =>
      toLive(
        spoilt((given) => Object.assign(given.timers, { [stray.event]: stray })),
        stored(),
      ),
    ).toThrow('nothing of the kind is under way');
    const asks = spoilt((given) => Object.assign(given.effects, { stamp: { src: 'desk.stamp', input: {} } }));
    expect(() => toLive(asks, stored())).toThrow('the effect stamp is of no state that is active');
    expect(() =>
      toLive(
        spoilt((given) => Object.assign(given.effects, { stamp: { ...(given.effects['stamp'] as object), src: 'desk.gone' } })),
        stored('CALL'),
      ),
    ).toThrow('is desk.stamp in the state offer.calling');
  });

  test('[MIG-6] an effect under way keeps its input, because the key that the provider knows covers it', () => {
    const changed = spoilt((given) => Object.assign(given.effects['stamp'] as object, { input: { integration: 'desk', n: 8 } }));
    expect(() => toLive(changed, stored('CALL'))).toThrow('part of the key');
    const forged = spoilt((given) => Object.assign(given.effects['stamp'] as object, { v: 1, i: 5 }));
    expect(() => toLive(forged, stored('CALL'))).toThrow('nothing of the kind is under way');
  });

  test('[MIG-7] a step that throws, gives back no envelope, names a state that is gone, or is missing fails with the reason', () => {
    const failing: [Definition, string][] = [
      [offerWith(() => must(undefined, 'a price')), 'a price'],
      [offerWith(() => ({})), 'no envelope'],
      [offerWith((envelope) => ({ ...(toSecond(envelope) as object), timers: { x: { due: 'soon' } } })), 'timers.x'],
      [spoilt((given) => Object.assign(given.snapshot, { value: 'gone' })), 'gone'],
      [spoilt((given) => Object.assign(given.snapshot.context, { price_minor: 1n })), 'BigInt'],
      [{ ...offerTwo, migrate: {} }, 'no step for that'],
    ];
    for (const [definition, why] of failing) expect(() => toLive(definition, stored())).toThrow(why);
  });

  test('[MIG-8] a machine has a step from each older version up to its own, but for the oldest', () => {
    expect(() => offer(3, secondChart, { 1: toSecond })).toThrow('migrate has no step from 2');
    expect(() => offer(2, secondChart, {})).toThrow('migrate has no step from 1');
    expect(() => offer(2, secondChart, { 1: toSecond, 2: toThird })).toThrow('no older version');
    expect(offer(3, secondChart, { 2: toThird }).version).toBe(3);
  });
});

/** The first release does this, then a node of the other one starts on the same database. */
async function upgraded(before: (stage: LanesStage) => Promise<void>, to: Definition = offerTwo): Promise<LanesStage> {
  const old = await new LanesStage({ machines: [offerOne] }).start();
  await before(old);
  return new LanesStage({ ports: old.ports, database: old.database, machines: [to] }).start();
}

const open = async (stage: LanesStage): Promise<void> => void (await stage.create(A, { input: { price: 7 } }));
const types = ({ database }: LanesStage): string[] =>
  database.journalOf(A).map(({ event, machine_version }) => `${(JSON.parse(event) as { type: string }).type} ${machine_version}`);

describe('recording a migration', () => {
  test('[MIG-9] the first event that is applied comes with the row of the migration before it, in one commit', async () => {
    const stage = await upgraded(open);
    const commits = stage.lanes.commits;
    expect(await stage.send(A, 'PRICE', { to: 9 })).toMatchObject({ outcome: 'applied', version: 3 });
    expect(stage.lanes.commits).toBe(commits + 1);
    expect(types(stage)).toEqual(['@create 1', '@migrate 2', 'PRICE 2']);
    const row = must(stage.database.journalOf(A)[1], 'the row of the migration');
    expect([row.event, row.event_id, row.caller]).toEqual(['{"type":"@migrate","from":1,"to":2}', 'own:offer/a@2#migrate', 'hub']);
    expect(stage.stored(A)?.context).toEqual({ id: 'a', note: '', price_minor: 900 });
    expect((await stage.send(A, 'TOUCH')).outcome).toBe('applied');
    expect(types(stage)).toEqual(['@create 1', '@migrate 2', 'PRICE 2', 'TOUCH 2']);
  });

  test('[MIG-10] reading an older actor shows it lifted and writes nothing', async () => {
    const stage = await upgraded(open);
    const live = must(await stage.hear(stage.lanes.read(A)), 'the actor');
    expect([live.envelope.version, live.envelope.snapshot.context]).toEqual([1, { id: 'a', note: '', price_minor: 700 }]);
    expect(types(stage)).toEqual(['@create 1']);
  });

  test('[MIG-11] an event that is refused records nothing, and a version that was named still counts', async () => {
    const stage = await upgraded(open);
    expect(await stage.send(A, 'FREE')).toMatchObject({ outcome: 'rejected', code: 'not_in_state', version: 1 });
    expect(codeOf(await stage.send(A, 'TOUCH', {}, { ifVersion: 2 }))).toBe('version_mismatch');
    expect(types(stage)).toEqual(['@create 1']);
    expect(await stage.send(A, 'TOUCH', {}, { ifVersion: 1 })).toMatchObject({ outcome: 'applied', version: 3 });
  });

  test('[MIG-12] what took effect before the migration is a duplicate after it', async () => {
    const stage = await upgraded(async (old) => {
      await open(old);
      await old.send(A, 'TOUCH', {}, { id: 'once' });
    });
    expect(await stage.send(A, 'TOUCH', {}, { id: 'once', repeat: true })).toEqual({ outcome: 'duplicate', version: 2 });
    expect(await stage.send(A, 'TOUCH', {}, { id: 'twice' })).toMatchObject({ outcome: 'applied', version: 4 });
  });

  test('[MIG-13] a timer that an older release set fires on its deadline and is taken by the new one', async () => {
    const stage = await upgraded(async (old) => {
      await open(old);
      await old.send(A, 'HOLD');
    });
    const live = must(await stage.hear(stage.lanes.read(A)), 'the actor');
    const id = 'xstate.after.patience.offer.reserved';
    const { v, i } = must(live.envelope.timers[id], 'the timer');
    const outcome = await stage.hear(stage.offer(A, { kind: 'timer', id, v, i }, { event_id: `own:${A}@${v}#${i}` }));
    expect(outcome).toMatchObject({ outcome: 'applied', version: 4 });
    expect(stage.stored(A)?.context).toMatchObject({ note: 'out of patience' });
  });

  test('[MIG-26] what an older node still sends under the old name is taken by its number: a timer, and a call that was renamed', async () => {
    const stage = await upgraded(async (old) => {
      await open(old);
      await old.send(A, 'HOLD');
    });
    const fired = { kind: 'timer', id: 'xstate.after.patience.offer.held', v: 2, i: 0 } as const;
    const timers = read(stored('HOLD')).timers;
    expect(timers[fired.id]).toMatchObject({ v: fired.v, i: fired.i });
    expect(await stage.hear(stage.offer(A, fired, { event_id: `own:${A}@2#0` }))).toMatchObject({ outcome: 'applied', version: 4 });
    expect(stage.stored(A)?.context).toMatchObject({ note: 'out of patience' });

    const calling = toLive(offerOne, stored('CALL'));
    const { v, i } = must(calling.effects['stamp'], 'the call');
    const by = { by: 'hub', now: START, scale: 1 };
    const result = { kind: 'done', output: { mark: 'ok' } } as const;
    expect(step(offerOne, calling, { kind: 'started', id: 'before', v, i }, by)).toMatchObject({
      next: { effects: { stamp: { started: true } } },
    });
    expect(step(offerOne, calling, { kind: 'result', id: 'before', v, i, result }, by)).toMatchObject({
      next: { snapshot: { value: 'open' } },
    });
    expect(step(offerOne, calling, { kind: 'result', id: 'stamp', v, i: i + 1, result }, by)).toEqual({ outcome: 'late' });
  });

  test('[MIG-14] a migration that fails changes nothing: the event is answered parked and kept, and taken by a release that mends it', async () => {
    const broken = spoilt((given) => Object.assign(given.snapshot, { value: 'gone' }));
    const stage = await upgraded(open, broken);
    expect(codeOf(await stage.send(A, 'TOUCH', {}, { id: 'kept' }))).toBe('migration_failed');
    expect(codeOf(await stage.create(A, { input: { price: 1 } }))).toBe('exists');
    expect(types(stage)).toEqual(['@create 1']);
    expect(stage.database.dead.map(({ event_id, detail }) => [event_id, detail])).toEqual([['caller:ann:kept', 'migration_failed']]);
    const mended = await new LanesStage({ ports: stage.ports, database: stage.database, machines: [offerTwo] }).start();
    expect((await mended.send(A, 'TOUCH', {}, { id: 'kept' })).outcome).toBe('applied');
  });

  test('[MIG-25] who may not know of an actor is not told that its migration failed, nor that a newer release wrote it', async () => {
    const views = { customer: { rows: 'client' as const, fields: [] } };
    const belongs = (): { client: string } => ({ client: 'acme' });
    const old = await new LanesStage({ machines: [{ ...offerOne, views, belongs }] }).start();
    await open(old);
    const broken = { ...offerWith(() => must(undefined, 'a price')), views, belongs };
    const stage = await new LanesStage({ ports: old.ports, database: old.database, machines: [broken] }).start();
    const customer = (client: string) => ({ caller: { kind: 'person' as const, id: client, roles: ['customer' as const], client } });
    expect(codeOf(await stage.send(A, 'TOUCH', {}, { id: '1', ...customer('globex') }))).toBe('not_found');
    expect(codeOf(await stage.send(A, 'TOUCH', {}, { id: '2', ...customer('acme') }))).toBe('migration_failed');
    expect(stage.database.dead.map(({ caller }) => caller)).toEqual(['acme']);
  });

  test('[MIG-15] a release that is older than an actor leaves it alone: it answers retry, parks nothing and keeps no dead letter', async () => {
    const stage = await upgraded(open);
    await stage.send(A, 'TOUCH');
    const old = await new LanesStage({ ports: stage.ports, database: stage.database, machines: [offerOne] }).start();
    expect(await old.send(A, 'TOUCH')).toEqual({ outcome: 'retry', after_ms: 1000, reason: 'newer_release' });
    expect(old.database.dead).toEqual([]);
    expect(types(old)).toEqual(['@create 1', '@migrate 2', 'TOUCH 2']);
    await expect(stage.hear(old.lanes.read(A))).rejects.toThrow('needs a newer hub');
  });

  test('[MIG-16] a parked actor stays parked, and is migrated when it is resumed', async () => {
    const stage = await upgraded(async (old) => {
      await open(old);
      await old.hear(old.offer(A, { kind: 'park', code: 'machine_threw', detail: '' }));
    });
    expect(codeOf(await stage.send(A, 'TOUCH'))).toBe('machine_threw');
    expect(types(stage)).toEqual(['@create 1', '@park 1']);
    expect((await stage.hear(stage.offer(A, { kind: 'resume' }))).outcome).toBe('applied');
    expect(types(stage)).toEqual(['@create 1', '@park 1', '@migrate 2', '@resume 2']);
  });
});

describe('after the release has started', () => {
  const running = (...extra: Definition[]): Promise<RuntimeStage> => new RuntimeStage({ extra, integrations: [new Desk().open] }).start();
  /** The same database and messages under another release. */
  async function release(stage: RuntimeStage, ...extra: Definition[]): Promise<void> {
    stage.extra = extra;
    await stage.restart();
  }
  const rows = (stage: RuntimeStage, address = A): string[] => stage.events(address);

  test('[MIG-18] a timer that only the migration adds fires, though nobody sends the actor anything', async () => {
    const stage = await running(offerOne);
    await stage.send(A, '@create', { price: 7 });
    await release(stage, offerTwo);
    await stage.ports.until(() => rows(stage).includes('@migrate'));
    expect(stage.envelope(A)?.timers).toMatchObject({ 'xstate.after.life.offer.open': { v: 2, i: 0 } });
    await stage.ports.advance(601_000);
    expect([stage.state(A), rows(stage)]).toEqual(['expired', ['@create', '@migrate', 'xstate.after.life.offer.open']]);
  });

  test('[MIG-19] an actor whose place in lists changes is found in its new place at once', async () => {
    const stage = await running(offerOne);
    await stage.send(A, '@create', { price: 7 });
    await stage.send(A, 'HOLD');
    await release(stage, offerTwo);
    await stage.ports.until(() => stage.database.actorOf(A)?.state === 'reserved');
    expect(rows(stage)).toEqual(['@create', 'HOLD', '@migrate']);
  });

  test('[MIG-20] an actor whose context alone changes waits for its next event', async () => {
    const stage = await running(offerOne);
    await stage.send(A, '@create', { price: 7 });
    await stage.send(A, 'END');
    await release(stage, offerTwo);
    await stage.ports.advance(10_000);
    expect(rows(stage)).toEqual(['@create', 'END']);
  });

  test('[MIG-21] a call that was under way goes on under its key, and its answer is taken by the new version', async () => {
    const desk = new Desk();
    desk.answer = () => ({ kind: 'retry', code: 'busy', after_ms: 1_000 });
    const stage = await new RuntimeStage({ extra: [offerOne], integrations: [desk.open] }).start();
    await stage.send(A, '@create', { price: 7 });
    await stage.send(A, 'CALL');
    await stage.ports.until(() => desk.calls.length > 0);
    await release(stage, offerTwo);
    desk.answer = ({ key }) => ({ kind: 'done', output: { mark: key } });
    await stage.ports.until(() => stage.state(A) === 'open');
    expect(new Set(desk.calls.map(({ key }) => key)).size).toBe(1);
    expect(stage.context(A)).toMatchObject({ note: must(desk.calls[0], 'a call').key, price_minor: 700 });
    expect(rows(stage)).toEqual(['@create', 'CALL', '@migrate', 'xstate.done.actor.stamp']);
  });

  test('[MIG-22] a call that a migration asks for is made when its row is committed, and not before', async () => {
    const asks = offerWith((envelope) => {
      const given = structuredClone(toSecond(envelope)) as Loose;
      return {
        ...given,
        snapshot: { ...given.snapshot, value: 'calling' },
        timers: {},
        effects: { stamp: { src: 'desk.stamp', input: { integration: 'desk', n: 7 } } },
      };
    });
    const desk = new Desk();
    let row = false;
    desk.answer = ({ key }) => {
      row = rows(stage).includes('@migrate');
      return { kind: 'done', output: { mark: key } };
    };
    const stage = await new RuntimeStage({ extra: [offerOne], integrations: [desk.open] }).start();
    await stage.send(A, '@create', { price: 7 });
    await release(stage, asks);
    await stage.ports.until(() => stage.context(A)['note'] !== '');
    expect([row, desk.calls.map(({ key }) => key.includes('offer/a@2#0'))]).toEqual([true, [true]]);
  });

  test('[MIG-23] actors that cannot be migrated are counted in the log when their release starts, and their timers wait for a mended one', async () => {
    const stage = await running(offerOne);
    await stage.send(A, '@create', { price: 7 });
    await stage.send(A, 'HOLD');
    await release(
      stage,
      spoilt((given) => Object.assign(given.snapshot, { value: 'gone' })),
    );
    await stage.ports.until(() => stage.ports.lines.some(({ message }) => message.startsWith('Actors cannot be migrated')));
    await stage.ports.advance(120_000);
    expect([rows(stage), stage.database.dead]).toEqual([['@create', 'HOLD'], []]);
    await release(stage, offerTwo);
    await stage.ports.until(() => stage.state(A) === 'open');
    expect(stage.context(A)).toMatchObject({ note: 'out of patience' });
  });

  test('[MIG-24] other actors see an older one lifted: a question about it is answered, as the present version has it', async () => {
    const tenfold = ({ snapshot, ...given }: StoredActor): StoredActor => {
      return { ...given, snapshot: { ...snapshot, context: { ...snapshot.context, n: Number(snapshot.context['n']) * 10 } } };
    };
    const stage = await running(counter);
    await stage.send('counter/other', '@create', { start: 5 });
    await stage.send('counter/other', 'STOP');
    await release(stage, { ...counter, version: 2, migrate: { 1: tenfold }, title: () => 'count' });
    await stage.send('counter/c', '@create', {});
    await stage.send('counter/c', 'ASK');
    await stage.ports.until(() => stage.context('counter/c')['last'] !== '');
    expect(JSON.parse(String(stage.context('counter/c')['last']))).toMatchObject({ found: true, answer: { n: 50 } });
  });
});
