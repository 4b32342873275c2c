import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Operations } from '../../actors/store/operations.ts';
import type { DeadLetterRow, Head, Store } from '../../actors/store/store.ts';
import { actorRow, batchOf, firstRows, journalRow } from './rows.ts';
import type { StoreUnderTest } from './store.ts';

const ALL = Array.from({ length: 32 }, (_, index) => index);
const A = 'payment/a';

const letter = (id: string, at: number, given: Partial<DeadLetterRow> = {}): DeadLetterRow => ({
  id,
  actor: A,
  event_id: `caller:ann:${id}`,
  event: '{"type":"GO","text":"\\u0000 \\"type\\""}',
  caller: 'ann',
  reason: 'parked',
  detail: 'machine_threw',
  at,
  ...given,
});

/** What operators read and write, whatever it stands on. */
export function operationsContract(name: string, open: () => Promise<StoreUnderTest>): void {
  describe(`operations on ${name}`, () => {
    let under: StoreUnderTest;
    let store: Store;
    let operations: Operations;
    let heads: readonly Head[];

    beforeAll(async () => {
      under = await open();
      ({ store } = under);
    });
    beforeEach(async () => {
      await under.empty();
      await store.renew('one', 'http://one', 60_000);
      heads = await store.claim('one', ALL);
      ({ operations } = store);
    });
    afterAll(() => under.close());

    const keep = (...dead: DeadLetterRow[]): Promise<void> =>
      store.commit(batchOf(heads, { journal: [journalRow({ actor: A, version: 1 })], actors: [actorRow({ address: A })], dead }), 0);
    const ids = (rows: readonly { readonly id: string }[]): string => rows.map(({ id }) => id).join('');

    test('[DEAD-1] letters are read by page in the order in which they were written or the other way round, also where many came at the same moment', async () => {
      await keep(letter('z', 1), letter('b', 2), letter('a', 2), letter('d', 2));
      const all = await operations.letters({ limit: 10 });
      expect(ids(all)).toBe('dabz');
      const [, a, b] = all.map(({ n }) => n);
      expect(ids(await operations.letters({ limit: 2, after: a ?? 0 }))).toBe('bz');
      expect(ids(await operations.letters({ limit: 2, oldest: true, after: b ?? 0 }))).toBe('ad');
      expect(await operations.letter('b')).toEqual({ ...letter('b', 2), edits: 0, n: b });
      expect(await operations.letter('x')).toBeUndefined();
    });

    test('[DEAD-2] letters are found by actor, type, event, reason and detail, and the open ones by themselves', async () => {
      const paused = letter('b', 2, { actor: 'client/1', event: '{"type":"STOP"}', detail: 'paused' });
      await keep(letter('a', 1), paused, letter('c', 3, { detail: '' }));
      expect(ids(await operations.letters({ limit: 9, actor: A }))).toBe('ca');
      expect(ids(await operations.letters({ limit: 9, type: 'client' }))).toBe('b');
      expect(ids(await operations.letters({ limit: 9, event: 'GO', detail: '' }))).toBe('c');
      expect(ids(await operations.letters({ limit: 9, reason: 'parked', detail: 'paused' }))).toBe('b');
      await operations.end('c', { resolution: 'discarded', by: 'olga', at: 9, note: 'twice' });
      expect(ids(await operations.letters({ limit: 9, open: true }))).toBe('ba');
      expect(ids(await operations.letters({ limit: 9 }))).toBe('cba');
    });

    test('[DEAD-3] open letters are grouped by what they wait for, the most frequent first', async () => {
      await keep(letter('a', 5), letter('b', 2), letter('c', 3, { detail: 'paused' }), letter('d', 4, { actor: 'client/1' }));
      await operations.end('d', { resolution: 'applied', by: 'olga', at: 9, note: '' });
      const cause = { type: 'payment', event: 'GO', reason: 'parked' };
      expect(await operations.causes(10)).toEqual([
        { ...cause, detail: 'machine_threw', count: 2, first_at: 2, last_at: 5 },
        { ...cause, detail: 'paused', count: 1, first_at: 3, last_at: 3 },
      ]);
      expect(await operations.causes(1)).toHaveLength(1);
    });

    test('[DEAD-4] how a letter ended is kept, a refusal may still be followed by another end, and what took effect stays so', async () => {
      await keep(letter('a', 1));
      const end = (resolution: 'applied' | 'rejected' | 'discarded', at: number): Promise<boolean> =>
        operations.end('a', { resolution, by: 'olga', at, note: `at ${at}` });
      expect([await end('rejected', 5), await end('rejected', 6), await end('applied', 7)]).toEqual([true, true, true]);
      expect([await end('discarded', 8), await end('rejected', 9)]).toEqual([false, false]);
      expect(await operations.letter('a')).toEqual({
        ...letter('a', 1),
        resolution: 'applied',
        resolved_by: 'olga',
        resolved_at: 7,
        note: 'at 7',
        edits: 2,
        n: expect.any(Number) as number,
      });
      expect(await operations.end('x', { resolution: 'applied', by: 'olga', at: 1, note: '' })).toBe(false);
    });

    test('[CTRL-1] a kind of actors is paused once, by one of those who would, and resumed once', async () => {
      const pause = { type: 'payment', by: 'olga', reason: 'the bank is down', at: 5 };
      expect(await operations.pause(pause)).toBe(true);
      expect(await operations.pause({ ...pause, by: 'otto' })).toBe(false);
      expect(await operations.pauses()).toEqual([pause]);
      expect([await operations.unpause('payment'), await operations.unpause('payment')]).toEqual([true, false]);
      expect(await operations.pauses()).toEqual([]);
    });

    test('[CTRL-2] what an operator does is written down before it is done, once for its id, and with its outcome after', async () => {
      const begun = { id: 'o1', at: 5, by: 'olga', action: 'pause', target: A, reason: 'looking' };
      const listed = { ...begun, pending: false };
      expect(await operations.begin(begun)).toBeUndefined();
      expect(await operations.begin({ ...begun, reason: 'other' })).toEqual(begun);
      expect(await operations.log({ limit: 9 })).toEqual([listed]);
      await operations.conclude('o1', 'applied', 'version 3');
      await operations.begin({ ...begun, id: 'o2', target: 'payment/b' });
      const done = { ...listed, outcome: 'applied', detail: 'version 3' };
      expect(await operations.log({ limit: 9, target: A })).toEqual([done]);
      expect(ids(await operations.log({ limit: 9 }))).toBe('o2o1');
      expect(ids(await operations.log({ limit: 9, after: { at: 5, id: 'o2' } }))).toBe('o1');
    });

    test('[OFFICE-7] operations are found by who did them and by what was done, together with their targets and places', async () => {
      const done = async (id: string, at: number, by: string, action: string, target = A): Promise<unknown> =>
        operations.begin({ id, at, by, action, target, reason: 'looking' });
      await done('a', 1, 'olga', 'pause');
      await done('b', 2, 'otto', 'pause');
      await done('c', 3, 'olga', 'resume');
      await done('d', 4, 'olga', 'pause', 'payment/b');
      expect(ids(await operations.log({ limit: 9, by: 'olga' }))).toBe('dca');
      expect(ids(await operations.log({ limit: 9, by: 'olga', action: 'pause' }))).toBe('da');
      expect(ids(await operations.log({ limit: 9, by: 'olga', action: 'pause', target: A }))).toBe('a');
      expect(ids(await operations.log({ limit: 1, by: 'olga', after: { at: 4, id: 'd' } }))).toBe('c');
      expect(await operations.log({ limit: 9, by: 'nobody' })).toEqual([]);
    });

    test('[OFFICE-8] of a state that two people forced each one’s operation names the other, and only what still stands is pending', async () => {
      const acted = async (id: string, at: number, by: string, action: string, outcome: string, detail: string): Promise<void> => {
        await operations.begin({ id, at, by, action, target: A, reason: 'stuck' });
        await operations.conclude(id, outcome, detail);
      };
      await store.commit(
        batchOf(heads, { journal: [journalRow({ actor: A, version: 9 })], actors: [actorRow({ address: A, version: 9 })] }),
        0,
      );
      await acted('a', 1, 'olga', 'propose', 'applied', 'version 2');
      await acted('b', 2, 'olga', 'force', 'rejected', 'four_eyes');
      await acted('c', 3, 'otto', 'force', 'applied', 'version 3');
      await acted('d', 4, 'otto', 'propose', 'applied', 'version 7');
      await acted('e', 5, 'olga', 'resume', 'applied', 'version 8');
      await acted('f', 6, 'olga', 'propose', 'applied', 'version 9');
      const listed = await operations.log({ limit: 9 });
      expect(listed.map(({ id, other, pending }) => [id, other?.by, other?.at, pending])).toEqual([
        ['f', undefined, undefined, true],
        ['e', undefined, undefined, false],
        ['d', undefined, undefined, false],
        ['c', 'olga', 1, false],
        ['b', undefined, undefined, false],
        ['a', 'otto', 3, false],
      ]);
      expect(ids(await operations.log({ limit: 9, pending: true }))).toBe('f');
    });

    test('[OFFICE-8] an operation on a dead letter names the actor that the letter was for', async () => {
      await keep(letter('l', 1));
      await operations.begin({ id: 'o', at: 2, by: 'olga', action: 'discard', target: 'l', reason: 'twice' });
      await operations.begin({ id: 'p', at: 3, by: 'olga', action: 'discard', target: 'gone', reason: 'twice' });
      expect((await operations.log({ limit: 9 })).map(({ actor }) => actor)).toEqual([undefined, A]);
    });

    test('[MIG-17] actors whose newest row an older version of the machine wrote are found page by page', async () => {
      const given = ['offer/1', 'offer/2', 'offer/3', 'offers/1', 'other/1'];
      const actors = given.map((address) => actorRow({ address }));
      const journal = firstRows(actors).map((row) => (row.actor === 'offer/2' ? { ...row, machine_version: 2 } : row));
      await store.commit(batchOf(heads, { journal, actors }), 0);
      const page = await store.older('offer', 2, ALL, '', 2);
      expect([page.found.map(({ address }) => address), page.last]).toEqual([['offer/1'], 'offer/2']);
      expect(page.found[0]).toEqual({ ...actors[0], envelope: journal[0]?.envelope });
      const rest = await store.older('offer', 2, ALL, 'offer/2', 2);
      expect([rest.found.map(({ address }) => address), rest.last]).toEqual([['offer/3'], undefined]);
      expect((await store.older('offer', 2, [], '', 9)).found).toEqual([]);
    });
  });
}
