import { beforeEach, describe, expect, test } from 'vitest';
import { must } from '../machines/must.ts';
import { APPROVER, CLERK, OPERATOR, RuntimeStage } from '../tests/support/runtime-stage.ts';
import { repair } from '../tests/support/toy-machines.ts';
import type { Caller } from './caller.ts';
import type { LetterEvent, Resolved } from './letters.ts';
import type { Letter } from './store/operations.ts';

const A = 'counter/a';
const B = 'counter/b';
const CAUSE = { type: 'counter', event: 'ADD', reason: 'parked', detail: 'paused' };
const order = { operator: OPERATOR, reason: 'sorted out' };
const people = new Map<string, Caller>();
const rightsOf = (name: string): Promise<Caller | undefined> => Promise.resolve(people.get(name));

beforeEach(() => {
  repair.broken = true;
  people.clear();
  for (const person of [CLERK, APPROVER, OPERATOR]) people.set(person.id, person);
});

/** Two counters; the first is paused and has been sent these additions. */
async function staged(...additions: number[]): Promise<RuntimeStage> {
  const stage = await new RuntimeStage().start();
  for (const address of [A, B]) await stage.send(address, '@create', {});
  await pause(stage, A);
  for (const by_n of additions) await stage.send(A, 'ADD', { by_n }, { id: `add-${by_n}` });
  return stage;
}

const pause = (stage: RuntimeStage, address: string): Promise<unknown> =>
  stage.hear(stage.runtime.controls.actor(address, { action: 'pause' }, order));
const resume = (stage: RuntimeStage, address = A): Promise<unknown> =>
  stage.hear(stage.runtime.controls.actor(address, { action: 'resume' }, order));
const letters = (stage: RuntimeStage): Promise<readonly Letter[]> =>
  stage.hear(stage.store.operations.letters({ limit: 99, oldest: true }));
const first = async (stage: RuntimeStage): Promise<Letter> => must((await letters(stage))[0], 'a letter');
const resolve = (
  stage: RuntimeStage,
  { id }: { id: string },
  how: { action: 'resubmit' | 'discard'; event?: LetterEvent },
  by = OPERATOR,
): Promise<Resolved> => stage.hear(stage.runtime.controls.letter(id, how, { operator: by, reason: 'sorted out' }, rightsOf));
const n = (stage: RuntimeStage, address = A): unknown => stage.context(address)['n'];
const add = (by_n: number): LetterEvent => ({ type: 'ADD', by_n });

describe('resubmitting', () => {
  test('[DEAD-5] a letter is sent again under its own id and as who sent it, and shows who resolved it, when and why', async () => {
    const stage = await staged(1);
    await resume(stage);
    const letter = await first(stage);
    expect((await resolve(stage, letter, { action: 'resubmit' })).resolution).toBe('applied');
    expect(n(stage)).toBe(1);
    const row = must(stage.database.journalOf(A).at(-1), 'a row');
    expect([row.event_id, row.caller, row.causation]).toEqual(['caller:clara:add-1', 'clara', 'operator:olga']);
    expect(await first(stage)).toMatchObject({
      resolution: 'applied',
      resolved_by: 'olga',
      note: 'sorted out',
      resolved_at: stage.ports.clock.now(),
    });
    await expect(resolve(stage, letter, { action: 'resubmit' })).rejects.toThrow('It has been applied already');
  });

  test('[DEAD-6] what its sender has sent again meanwhile takes effect once', async () => {
    const stage = await staged(1);
    await resume(stage);
    await stage.send(A, 'ADD', { by_n: 1 }, { id: 'add-1' });
    expect(await resolve(stage, await first(stage), { action: 'resubmit' })).toMatchObject({
      resolution: 'applied',
      outcome: { outcome: 'duplicate' },
    });
    expect(n(stage)).toBe(1);
  });

  test('[DEAD-7] a letter whose actor is still parked stays open', async () => {
    const stage = await staged(1);
    expect(await resolve(stage, await first(stage), { action: 'resubmit' })).toMatchObject({
      resolution: undefined,
      outcome: { outcome: 'parked' },
    });
    expect((await first(stage)).resolution).toBeUndefined();
    expect(await letters(stage)).toHaveLength(1);
  });

  test('[DEAD-8] rights are those of now: what its sender may not send any more is not sent for him', async () => {
    const stage = await staged(1);
    await resume(stage);
    people.set('clara', { ...CLERK, roles: ['auditor'] });
    await expect(resolve(stage, await first(stage), { action: 'resubmit' })).rejects.toThrow('auditor may not send ADD');
    people.delete('clara');
    await expect(resolve(stage, await first(stage), { action: 'resubmit' })).rejects.toThrow('clara sent it and may not sign in');
    expect([(await first(stage)).resolution, n(stage)]).toEqual([undefined, 0]);
  });

  test('[DEAD-9] a letter that the machine refuses is resolved as refused and says why', async () => {
    const stage = await staged(-5);
    await resume(stage);
    expect((await resolve(stage, await first(stage), { action: 'resubmit' })).resolution).toBe('rejected');
    expect(await first(stage)).toMatchObject({ resolution: 'rejected', note: 'sorted out (guard_refused)' });
    await expect(resolve(stage, await first(stage), { action: 'resubmit' })).rejects.toThrow('send an event in its place');
  });

  test('[DEAD-10] only operators and administrators resolve letters, and each time is on the list of what they did', async () => {
    const stage = await staged(1);
    const letter = await first(stage);
    await expect(resolve(stage, letter, { action: 'discard' }, CLERK)).rejects.toThrow('Only operators');
    await resolve(stage, letter, { action: 'discard' });
    const [entry] = await stage.hear(stage.store.operations.log({ limit: 1, target: letter.id }));
    expect(entry).toMatchObject({ by: 'olga', action: 'discard', target: letter.id, reason: 'sorted out' });
    await expect(resolve(stage, { id: 'x' }, { action: 'discard' })).rejects.toThrow('no such dead letter');
  });
});

describe('discarding', () => {
  test('[DEAD-11] a discarded event never takes effect, whoever sends it again', async () => {
    const stage = await staged(1);
    const letter = await first(stage);
    expect((await resolve(stage, letter, { action: 'discard' })).resolution).toBe('discarded');
    await resume(stage);
    expect(await stage.send(A, 'ADD', { by_n: 1 }, { id: 'add-1' })).toMatchObject({ outcome: 'rejected', code: 'discarded' });
    await expect(resolve(stage, letter, { action: 'resubmit' })).rejects.toThrow('It has been discarded already');
    expect(n(stage)).toBe(0);
  });

  test('[DEAD-12] what took effect meanwhile is not discarded, and the letter says so', async () => {
    const stage = await staged(1);
    await resume(stage);
    await stage.send(A, 'ADD', { by_n: 1 }, { id: 'add-1' });
    await expect(resolve(stage, await first(stage), { action: 'discard' })).rejects.toThrow('It has been applied already');
    expect([(await first(stage)).resolution, n(stage)]).toEqual(['applied', 1]);
  });

  test('[DEAD-13] an event that took effect before its actor was parked is answered as it was, and no letter is kept', async () => {
    const stage = await staged();
    await stage.send(B, 'ADD', { by_n: 1 }, { id: 'early' });
    await pause(stage, B);
    expect(await stage.send(B, 'ADD', { by_n: 1 }, { id: 'early' })).toEqual({ outcome: 'duplicate', version: 2 });
    expect(await letters(stage)).toEqual([]);
  });
});

describe('sending another event in its place', () => {
  test('[DEAD-14] the event in its place has an id of its own and is the act of the operator, who needs the right to it', async () => {
    const stage = await staged(1);
    await resume(stage);
    const letter = await first(stage);
    await expect(resolve(stage, letter, { action: 'resubmit', event: add(7) })).rejects.toThrow('operator may not send ADD');
    const both: Caller = { ...OPERATOR, roles: ['operator', 'clerk'] };
    expect((await resolve(stage, letter, { action: 'resubmit', event: add(7) }, both)).resolution).toBe('applied');
    expect(n(stage)).toBe(7);
    const row = must(stage.database.journalOf(A).at(-1), 'a row');
    expect([row.event_id, row.caller]).toEqual([expect.stringMatching(/^letter:caller:clara:add-1!edit-1-[0-9a-f]{8}$/), 'olga']);
    expect(await stage.send(A, 'ADD', { by_n: 1 }, { id: 'add-1' })).toMatchObject({
      outcome: 'rejected',
      code: 'replaced',
      detail: row.event_id,
    });
  });

  test('[DEAD-15] of an event and those in its place one takes effect, whoever sends them and however close together', async () => {
    const stage = await staged(1);
    await resume(stage);
    const { id } = await first(stage);
    const both: Caller = { ...OPERATOR, roles: ['operator', 'clerk'] };
    const all = [add(7), add(70), undefined, add(700)].map((event) =>
      stage.runtime.controls.letter(
        id,
        { action: 'resubmit', ...(event === undefined ? {} : { event }) },
        { operator: both, reason: 'x' },
        rightsOf,
      ),
    );
    const sent = stage.runtime.command({ address: A, type: 'ADD', payload: { by_n: 1 }, caller: CLERK, id: 'add-1' });
    const answers = await stage.hear(Promise.allSettled([...all, sent]));
    expect([1, 7, 70, 700]).toContain(n(stage));
    expect(stage.database.journalOf(A).filter(({ event }) => event.includes('ADD'))).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 'fulfilled').length).toBeGreaterThan(0);
    expect((await first(stage)).resolution).toBe('applied');
  });

  test('[DEAD-16] one that was refused may have another in its place, and one in its place that was refused too', async () => {
    const stage = await staged(-5);
    await resume(stage);
    const both: Caller = { ...OPERATOR, roles: ['operator', 'clerk'] };
    const edit = async (by_n: number) =>
      (await resolve(stage, await first(stage), { action: 'resubmit', event: add(by_n) }, both)).resolution;
    expect((await resolve(stage, await first(stage), { action: 'resubmit' })).resolution).toBe('rejected');
    expect([await edit(-4), await edit(-4), await edit(3)]).toEqual(['rejected', 'rejected', 'applied']);
    expect([n(stage), (await first(stage)).edits]).toEqual([3, 3]);
  });

  test('[DEAD-28] of two in the place of one that was refused, sent at the same time, one takes effect', async () => {
    const stage = await staged(-5);
    await resume(stage);
    const letter = await first(stage);
    expect((await resolve(stage, letter, { action: 'resubmit' })).resolution).toBe('rejected');
    const both: Caller = { ...OPERATOR, roles: ['operator', 'clerk'] };
    const order = { operator: both, reason: 'x' };
    const send = (by_n: number) => stage.runtime.controls.letter(letter.id, { action: 'resubmit', event: add(by_n) }, order, rightsOf);
    const answers = await stage.hear(Promise.allSettled([send(3), send(4)]));
    expect(answers.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    expect([3, 4]).toContain(n(stage));
    expect((await first(stage)).resolution).toBe('applied');
  });

  test('[DEAD-17] what a system sent stays the system’s when an operator mends it', async () => {
    const stage = await staged();
    const system: Caller = { kind: 'system', id: 'system:erp', roles: ['system'] };
    await stage.send(A, 'ADD', { by_n: 1 }, { caller: system, id: 's' });
    await resume(stage);
    await resolve(stage, await first(stage), { action: 'resubmit', event: add(2) });
    const row = must(stage.database.journalOf(A).at(-1), 'a row');
    expect([row.caller, row.causation, n(stage)]).toEqual(['system:erp', 'operator:olga', 2]);
  });

  test('[DEAD-18] a node that dies between sending it and writing that down leaves a letter that is resolved as what happened', async () => {
    const stage = await staged(1);
    await resume(stage);
    const letter = await first(stage);
    await resolve(stage, letter, { action: 'resubmit' });
    stage.database.operated.ends.clear();
    await stage.restart();
    expect((await resolve(stage, letter, { action: 'resubmit' })).outcome.outcome).toBe('duplicate');
    stage.database.operated.ends.clear();
    await expect(resolve(stage, letter, { action: 'discard' })).rejects.toThrow('applied already');
    const both: Caller = { ...OPERATOR, roles: ['operator', 'clerk'] };
    stage.database.operated.ends.clear();
    await expect(resolve(stage, letter, { action: 'resubmit', event: add(9) }, both)).rejects.toThrow('applied already');
    expect([n(stage), (await first(stage)).resolution]).toEqual([1, 'applied']);
  });

  test('[DEAD-24] where one in its place was refused the event itself may still come; of both one takes effect', async () => {
    const stage = await staged(1);
    await resume(stage);
    const both: Caller = { ...OPERATOR, roles: ['operator', 'clerk'] };
    const edit = async (by_n: number) => resolve(stage, await first(stage), { action: 'resubmit', event: add(by_n) }, both);
    expect((await edit(-4)).resolution).toBe('rejected');
    expect((await edit(3)).resolution).toBe('applied');
    expect(await stage.send(A, 'ADD', { by_n: 1 }, { id: 'add-1' })).toMatchObject({ outcome: 'rejected', code: 'replaced' });
    expect(n(stage)).toBe(3);
  });
});

describe('what an actor told another', () => {
  /** The second counter has told the first, which is paused, something that it refuses. */
  async function told(): Promise<RuntimeStage> {
    const stage = await staged();
    await stage.send(B, 'TELL', { to: A, what: 'UNLOCK' });
    await stage.ports.advance(1_000);
    await resume(stage);
    return stage;
  }
  const heard = (stage: RuntimeStage): string[] =>
    stage.database
      .journalOf(B)
      .flatMap(({ event }) => (event.includes('"tell.refused"') ? [(JSON.parse(event) as { reason: string }).reason] : []));

  test('[DEAD-25] refused in the end, it comes back to its sender once, who has drawn its conclusions from then on', async () => {
    const stage = await told();
    const letter = await first(stage);
    expect((await resolve(stage, letter, { action: 'resubmit' })).resolution).toBe('rejected');
    // The node died before it could write down that it is resolved.
    stage.database.operated.ends.clear();
    await stage.restart();
    expect((await resolve(stage, letter, { action: 'resubmit' })).resolution).toBe('rejected');
    expect(heard(stage)).toEqual(['not_in_state']);
    await expect(resolve(stage, letter, { action: 'resubmit', event: { type: 'TICK' } })).rejects.toThrow('its sender has been told');
  });

  test('[DEAD-26] discarded, it comes back to its sender', async () => {
    const stage = await told();
    expect((await resolve(stage, await first(stage), { action: 'discard' })).resolution).toBe('discarded');
    expect(heard(stage)).toEqual(['discarded']);
  });

  test('[DEAD-27] one in its place that is refused leaves it open, and one that is taken is its end', async () => {
    const stage = await told();
    const letter = await first(stage);
    const edit = (type: string) => resolve(stage, letter, { action: 'resubmit', event: { type } });
    expect([(await edit('UNLOCK')).resolution, heard(stage)]).toEqual([undefined, []]);
    expect([(await edit('TOUCH')).resolution, heard(stage)]).toEqual(['applied', []]);
  });
});

describe('replaying a cause', () => {
  const replay = (stage: RuntimeStage, limit = 100, after?: number) =>
    stage.hear(stage.runtime.controls.replay(CAUSE, order, rightsOf, limit, after));

  test('[DEAD-19] all that waits for the same reason is sent again in its order, so many at a time, and goes on from there', async () => {
    const stage = await staged(1, 2, 3, 4, 5);
    await stage.send(A, 'TOUCH', {}, { id: 'other' });
    await resume(stage);
    const { next, ...counts } = await replay(stage, 3);
    expect([counts, n(stage)]).toEqual([{ applied: 3, rejected: 0, open: 0 }, 6]);
    expect(await replay(stage, 3, next)).toEqual({ applied: 2, rejected: 0, open: 0, next: undefined });
    expect(n(stage)).toBe(15);
    expect(await stage.hear(stage.store.operations.causes(9))).toMatchObject([{ event: 'TOUCH', count: 1 }]);
    expect(await replay(stage)).toEqual({ applied: 0, rejected: 0, open: 0, next: undefined });
  });

  test('[DEAD-20] where one has to wait again those behind it of the same actor wait too, and others go on', async () => {
    const stage = await staged(1, 2);
    await pause(stage, B);
    await stage.send(B, 'ADD', { by_n: 4 }, { id: 'add-4' });
    await resume(stage, B);
    expect(await replay(stage)).toEqual({ applied: 1, rejected: 0, open: 2, next: undefined });
    expect([n(stage), n(stage, B)]).toEqual([0, 4]);
    await resume(stage);
    expect(await replay(stage)).toMatchObject({ applied: 2 });
  });

  test('[DEAD-21] a kept creation is replayed as one', async () => {
    const stage = await staged();
    await stage.hear(stage.runtime.controls.type('counter', 'pause', order));
    await stage.send('counter/new', '@create', { start: 5 }, { id: 'c' });
    await stage.hear(stage.runtime.controls.type('counter', 'resume', order));
    const cause = { ...CAUSE, event: '@create' };
    expect(await stage.hear(stage.runtime.controls.replay(cause, order, rightsOf, 9))).toMatchObject({ applied: 1 });
    expect(n(stage, 'counter/new')).toBe(5);
    expect(await stage.send('counter/new', '@create', { start: 5 }, { id: 'c' })).toMatchObject({ outcome: 'duplicate' });
  });
});
