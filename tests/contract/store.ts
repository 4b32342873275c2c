import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { partitionOf } from '../../machines/ids.ts';
import { CommitFault } from '../../actors/store/store.ts';
import type { Batch, Head, Store } from '../../actors/store/store.ts';
import { actorRow, batchOf, firstRows, journalRow, refusalRow } from './rows.ts';

/** A store to be judged. */
export type StoreUnderTest = {
  readonly store: Store;
  /** Forgets everything that was written. */
  readonly empty: () => Promise<void>;
  /** Lets time pass on the clock of the leases. */
  readonly elapse: (ms: number) => Promise<void>;
  readonly close: () => Promise<void>;
};

const ALL = Array.from({ length: 32 }, (_, index) => index);
const A = 'payment/a';
const B = 'payment/b';
const LEASE_MS = 300;

/** What every store does, whatever it stands on. */
export function storeContract(name: string, open: () => Promise<StoreUnderTest>): void {
  describe(`the store on ${name}`, () => {
    let under: StoreUnderTest;
    let store: Store;
    let heads: readonly Head[];

    beforeAll(async () => {
      under = await open();
      store = under.store;
    });
    beforeEach(async () => {
      await under.empty();
      await store.renew('one', 'http://one', 60_000);
      heads = await store.claim('one', ALL);
    });
    afterAll(() => under.close());

    const commit = (given: Partial<Batch>, of = heads): Promise<void> => store.commit(batchOf(of, given), 0);
    const kindOf = (promise: Promise<unknown>): Promise<string> =>
      promise.then(
        () => 'written',
        (error: unknown) => (error instanceof CommitFault ? error.kind : String(error)),
      );
    const first = { journal: [journalRow({ actor: A, version: 1 })], actors: [actorRow({ address: A, title: 'First' })] };

    test('[STORE-1] a claim raises the epoch and tells where each journal ends; a new partition ends at 0', async () => {
      expect(heads).toHaveLength(32);
      expect(new Set(heads.map(({ epoch, seq, hash }) => `${epoch} ${seq} ${hash}`))).toEqual(new Set(['1 0 ']));
      await commit(first);
      const [head] = await store.claim('one', [partitionOf(A)]);
      expect(head).toEqual({ partition: partitionOf(A), epoch: 2, seq: 1, hash: first.journal[0]?.hash });
    });

    test('[STORE-2] a partition is not taken from a node whose lease is alive, and is when the lease has run out', async () => {
      await store.renew('one', 'http://one', LEASE_MS);
      await store.renew('two', 'http://two', 60_000);
      expect(await store.claim('two', [1, 2])).toEqual([]);
      await under.elapse(LEASE_MS + 50);
      expect((await store.claim('two', [1, 2])).map(({ partition, epoch }) => [partition, epoch]).sort()).toEqual([
        [1, 2],
        [2, 2],
      ]);
      await store.renew('one', 'http://one', 60_000);
      expect(await store.claim('one', [1])).toEqual([]);
    });

    test('[STORE-3] what a node lets go of is free at once', async () => {
      await store.renew('two', 'http://two', 60_000);
      await store.release('one');
      expect(await store.claim('two', ALL)).toHaveLength(32);
    });

    test('[STORE-4] a batch of a lost epoch writes nothing at all, not even its refusals', async () => {
      await store.claim('one', [partitionOf(A)]);
      const refusals = [refusalRow({ actor: A, event_id: 'caller:ann:x' })];
      expect(await kindOf(commit({ ...first, refusals }))).toBe('fenced');
      expect(await kindOf(commit({ refusals }))).toBe('fenced');
      expect(
        await store.lookup([
          { actor: A, event_id: 'caller:ann:1' },
          { actor: A, event_id: 'caller:ann:x' },
        ]),
      ).toEqual([]);
      expect(await store.rows([A])).toEqual([]);
    });

    test('[STORE-5] one lost partition keeps the whole batch out', async () => {
      await store.claim('one', [partitionOf(B)]);
      const both = {
        journal: [journalRow({ actor: A, version: 1 }), journalRow({ actor: B, version: 1 })],
        actors: [actorRow({ address: A }), actorRow({ address: B })],
      };
      expect(await kindOf(commit(both))).toBe('fenced');
      expect(await store.rows([A, B])).toEqual([]);
    });

    test('[STORE-6] what exists is never written twice: an id, a version, a row number, a refusal, a key; the batch is refused whole', async () => {
      const creations = [{ caller: 'ann', key: 'k', body_hash: 'h', actor: A }];
      const refusals = [refusalRow({ actor: A, event_id: 'caller:ann:no' })];
      await commit({ ...first, creations, refusals });
      const next = journalRow({ actor: A, version: 2 });
      const actors = [actorRow({ address: A, version: 2, title: 'Second' })];
      const repeats: Partial<Batch>[] = [
        { journal: [{ ...next, event_id: 'caller:ann:1' }], actors },
        { journal: [{ ...next, version: 1 }], actors },
        { journal: [{ ...next, seq: 1 }], actors },
        { journal: [next], actors, refusals },
        { journal: [next], actors, creations },
        { refusals },
        { journal: [next, { ...next, version: 3, seq: 3 }], actors },
      ];
      for (const repeat of repeats) expect(await kindOf(commit(repeat))).toBe('repeat');
      expect((await store.rows([A]))[0]?.title).toBe('First');
      expect(await kindOf(commit({ journal: [next], actors }))).toBe('written');
    });

    test('[STORE-7] two keys are the same only for the same caller', async () => {
      await commit({ ...first, creations: [{ caller: 'ann', key: 'k', body_hash: 'h', actor: A }] });
      const second = { journal: [journalRow({ actor: B, version: 1 })], actors: [actorRow({ address: B })] };
      await commit({ ...second, creations: [{ caller: 'bob', key: 'k', body_hash: 'h', actor: B }] });
      expect(
        await store.creations([
          { caller: 'ann', key: 'k' },
          { caller: 'bob', key: 'k' },
          { caller: 'cid', key: 'k' },
        ]),
      ).toEqual([
        { caller: 'ann', key: 'k', body_hash: 'h', actor: A },
        { caller: 'bob', key: 'k', body_hash: 'h', actor: B },
      ]);
    });

    test('[STORE-8] an actor is loaded as its newest version; an address without an actor tells whether an event of it was refused', async () => {
      await commit({
        journal: [journalRow({ actor: A, version: 1 }), journalRow({ actor: A, version: 2, envelope: '{"newest":"ä\\u0000"}' })],
        actors: [actorRow({ address: A, version: 2, created_at: 77 })],
        refusals: [refusalRow({ actor: B, event_id: 'caller:ann:1', reason: 'not_found' })],
      });
      expect(await store.load([B, A, 'payment/c'])).toEqual([
        { address: B, envelope: undefined, refused: true, created_at: 0 },
        { address: A, envelope: '{"newest":"ä\\u0000"}', refused: false, created_at: 77 },
        { address: 'payment/c', envelope: undefined, refused: false, created_at: 0 },
      ]);
    });

    test('[STORE-9] an id is found as what it came to: applied with its version, or refused with its reason', async () => {
      await commit({
        ...first,
        refusals: [refusalRow({ actor: A, event_id: 'caller:ann:no', reason: 'four_eyes', detail: 'Ask Bob.', version: 1 })],
      });
      const ids = ['caller:ann:1', 'caller:ann:no', 'caller:ann:new'].map((event_id) => ({ actor: A, event_id }));
      const found = await store.lookup([...ids, { actor: B, event_id: 'caller:ann:1' }]);
      expect(found.toSorted((a, b) => (a.event_id < b.event_id ? -1 : 1))).toEqual([
        { actor: A, event_id: 'caller:ann:1', body_hash: first.journal[0]?.body_hash, version: 1 },
        {
          actor: A,
          event_id: 'caller:ann:no',
          body_hash: refusalRow({ actor: A, event_id: '' }).body_hash,
          version: 1,
          reason: 'four_eyes',
          detail: 'Ask Bob.',
        },
      ]);
      expect(await store.lookup([])).toEqual([]);
    });

    test('[STORE-10] a row is read back exactly as it was written, whatever its texts hold', async () => {
      const row = journalRow({
        actor: A,
        version: 1,
        event_id: 'source:%F0%9F%92%B8:ünï "quoted" {1,2} \\ NULL',
        event: JSON.stringify({ type: 'GO', text: '\u0000\u001e\u007f{},"\\ NULL 💸' }),
        caller: 'system:NULL',
        causation: 'payment/b@7',
        correlation: 'c',
        traceparent: '00-aa-bb-01',
        at: 1_790_000_000_123,
        asked: JSON.stringify({ sends: [], events: [{ i: 0, type: 'payment.made', data: { text: '{}' } }] }),
      });
      await commit({ journal: [row], actors: [actorRow({ address: A })] });
      expect(await store.at(A, { version: 1 })).toEqual(row);
      expect(await store.askedSince(partitionOf(A), 0, 10)).toEqual([row]);
    });

    test('[STORE-11] the lean row of an actor is its newest, keeps when it was created, and is read back as it was written', async () => {
      await commit(first);
      const newest = actorRow({
        address: A,
        version: 2,
        state: 'x.y,z',
        tags: 'p,q',
        due_at: '5000',
        pending: 2,
        parked: true,
        title: 'T',
        summary: 'S',
        client: 'c',
        agent: 'g',
        created_at: 9,
        updated_at: 2_000,
      });
      await commit({ journal: [journalRow({ actor: A, version: 2 })], actors: [newest] });
      expect(await store.rows([A, A, B])).toEqual([{ ...newest, created_at: 1_000 }]);
    });

    test('[STORE-12] due actors come earliest first, without parked ones and without those of other partitions', async () => {
      const given = [
        ['payment/d1', '3000', false],
        ['payment/d2', '1000', false],
        ['payment/d3', '2000', true],
        ['payment/d4', '9000', false],
        ['payment/d5', '', false],
      ] as const;
      const actors = given.map(([address, due_at, parked]) => actorRow({ address, due_at, parked }));
      await commit({ journal: firstRows(actors), actors });
      const rows = await store.due(ALL, 5_000, 10);
      expect(rows).toEqual([
        { address: 'payment/d2', due_at: 1_000 },
        { address: 'payment/d1', due_at: 3_000 },
      ]);
      expect(await store.due(ALL, 5_000, 1)).toHaveLength(1);
      expect(await store.due(ALL, 5_000, 10, rows[0])).toEqual(rows.slice(1));
      expect(await store.due(ALL, 5_000, 10, rows[1])).toEqual([]);
      expect(
        await store.due(
          ALL.filter((id) => id !== partitionOf('payment/d2')),
          5_000,
          10,
        ),
      ).not.toContainEqual({ address: 'payment/d2', due_at: 1_000 });
      expect(await store.due([], 5_000, 10)).toEqual([]);
    });

    test('[STORE-13] actors with effects under way come by address, page by page', async () => {
      const actors = [1, 0, 2, 1].map((pending, index) => actorRow({ address: `payment/p${index}`, pending }));
      await commit({ journal: firstRows(actors), actors });
      expect(await store.pending(ALL, '', 2)).toEqual(['payment/p0', 'payment/p2']);
      expect(await store.pending(ALL, 'payment/p2', 2)).toEqual(['payment/p3']);
      expect(await store.pending([], '', 2)).toEqual([]);
    });

    test('[STORE-14] rows that asked for something come in the order of their numbers, from one on', async () => {
      const asked = '{"sends":[],"events":[]}';
      const journal = [1, 2, 3, 4].map((version) => journalRow({ actor: A, version, ...(version % 2 === 0 ? { asked } : {}) }));
      await commit({ journal, actors: [actorRow({ address: A, version: 4 })] });
      const seqs = async (from: number, limit: number): Promise<number[]> =>
        (await store.askedSince(partitionOf(A), from, limit)).map(({ seq }) => seq);
      expect(await seqs(0, 10)).toEqual([2, 4]);
      expect(await seqs(2, 10)).toEqual([4]);
      expect(await seqs(0, 1)).toEqual([2]);
      expect(await store.askedSince((partitionOf(A) + 1) % 32, 0, 10)).toEqual([]);
      expect((await store.since(partitionOf(A), 1, 2)).map(({ seq }) => seq)).toEqual([2, 3]);
      expect(await store.since(partitionOf(A), 4, 10)).toEqual([]);
      expect((await store.since(partitionOf(A), 0, 1))[0]).toEqual(journal[0]);
    });

    test('[STORE-15] progress is never lowered, is left alone by another epoch, and begins anew with another stream', async () => {
      const at = async (): Promise<unknown> => (await store.progress([3]))[0];
      expect(await at()).toEqual({ partition: 3, epoch: 0, stream: '', cursor: 0, published: 0 });
      await store.saveProgress([{ partition: 3, epoch: 1, stream: 's', cursor: 10, published: 5 }]);
      await store.saveProgress([{ partition: 3, epoch: 1, stream: 's', cursor: 4, published: 2 }]);
      expect(await at()).toEqual({ partition: 3, epoch: 1, stream: 's', cursor: 10, published: 5 });
      await store.claim('one', [3]);
      await store.saveProgress([{ partition: 3, epoch: 1, stream: 's', cursor: 99, published: 99 }]);
      expect(await at()).toEqual({ partition: 3, epoch: 1, stream: 's', cursor: 10, published: 5 });
      await store.saveProgress([{ partition: 3, epoch: 2, stream: 'other', cursor: 1, published: 6 }]);
      expect(await at()).toEqual({ partition: 3, epoch: 2, stream: 'other', cursor: 1, published: 6 });
      await store.saveProgress([]);
      expect((await store.progress([3, 4])).map(({ partition }) => partition).sort()).toEqual([3, 4]);
    });

    test('[STORE-16] a history is read newest first between two versions, and an actor as it stood at a version or a moment', async () => {
      const journal = [1, 2, 3, 4, 5].map((version) => journalRow({ actor: A, version, at: version < 4 ? 1_000 : 2_000 }));
      await commit({ journal, actors: [actorRow({ address: A, version: 5 })] });
      expect((await store.history(A, 2, 4, 10)).map(({ version }) => version)).toEqual([4, 3, 2]);
      expect((await store.history(A, 1, 5, 2)).map(({ version }) => version)).toEqual([5, 4]);
      expect((await store.at(A, { version: 2 }))?.version).toBe(2);
      expect((await store.at(A, { at: 1_999 }))?.version).toBe(3);
      expect((await store.at(A, { at: 2_000 }))?.version).toBe(5);
      expect(await store.at(A, { at: 999 })).toBeUndefined();
      expect(await store.at(A, { version: 9 })).toBeUndefined();
      expect(await store.history(B, 1, 9, 10)).toEqual([]);
    });

    test('[STORE-17] dead letters come newest first, and a repeated one is kept once', async () => {
      const letter = (id: string, at: number) => ({
        id,
        actor: A,
        event_id: `e${id}`,
        event: '{}',
        caller: 'ann',
        reason: 'parked',
        detail: '',
        at,
      });
      await commit({ ...first, dead: [letter('a', 1), letter('b', 3)] });
      await commit({ refusals: [refusalRow({ actor: A, event_id: 'x' })], dead: [letter('b', 9), letter('c', 2)] });
      expect((await store.deadLetters(10)).map(({ id, at }) => `${id}${at}`)).toEqual(['b3', 'c2', 'a1']);
      expect(await store.deadLetters(1)).toEqual([letter('b', 3)]);
    });

    describe('lists', () => {
      const rows = [
        actorRow({ address: 'client/1', state: 'active', tags: 'active', title: 'delta', client: 'acme', updated_at: 10, created_at: 4 }),
        actorRow({
          address: 'client/2',
          state: 'verifying.identity.checking,verifying.sanctions.passed',
          title: 'bravo',
          client: 'acme',
          agent: 'gus',
          updated_at: 30,
          created_at: 3,
        }),
        actorRow({
          address: 'client/3',
          state: 'active_soon',
          tags: 'needs_somebody,final',
          parked: true,
          title: 'alpha',
          updated_at: 20,
          created_at: 2,
        }),
        actorRow({
          address: 'client/4',
          state: 'lifecycle.enabled,circuit.closed',
          title: 'bravo',
          tags: 'final',
          updated_at: 20,
          created_at: 1,
        }),
        actorRow({ address: 'payment/1', state: 'active', title: 'echo' }),
      ];
      const base = { type: 'client', sort: 'address', descending: false, limit: 10 } as const;
      const list = async (query: object): Promise<string> =>
        (await store.list({ ...base, ...query })).map(({ address }) => address.slice(-1)).join('');

      beforeEach(async () => {
        await commit({ journal: firstRows(rows), actors: rows });
        await store.indexText([
          { address: 'client/1', type: 'client', text: 'acme Müller-Lüdenscheidt gmbh' },
          { address: 'client/2', type: 'client', text: 'acme_one ltd' },
          { address: 'client/3', type: 'client', text: 'nothing' },
        ]);
      });

      test('[STORE-18] a list holds one type, in order, with equal values in the order of their addresses', async () => {
        expect(await list({})).toBe('1234');
        expect(await list({ descending: true })).toBe('4321');
        expect(await list({ sort: 'updatedAt' })).toBe('1342');
        expect(await list({ sort: 'updatedAt', descending: true })).toBe('2431');
        expect(await list({ sort: 'title' })).toBe('3241');
        expect(await list({ sort: 'createdAt', limit: 2 })).toBe('43');
        expect((await store.list({ ...base, limit: 1 }))[0]).toEqual({ ...rows[0], envelope: '{"version":1}' });
      });

      test('[STORE-19] the next page begins after the last row, also within equal values', async () => {
        expect(await list({ sort: 'updatedAt', after: { value: '20', address: 'client/3' } })).toBe('42');
        expect(await list({ sort: 'updatedAt', descending: true, after: { value: '20', address: 'client/4' } })).toBe('31');
        expect(await list({ sort: 'title', after: { value: 'bravo', address: 'client/2' } })).toBe('41');
        expect(await list({ sort: 'address', after: { value: 'client/2', address: 'client/2' } })).toBe('34');
      });

      test('[STORE-20] a state finds itself and what lies below it in any region, and nothing that only begins alike', async () => {
        expect(await list({ state: 'active' })).toBe('1');
        expect(await list({ state: 'verifying' })).toBe('2');
        expect(await list({ state: 'verifying.sanctions' })).toBe('2');
        expect(await list({ state: 'circuit.closed' })).toBe('4');
        expect(await list({ state: 'circuit' })).toBe('4');
        expect(await list({ state: 'sanctions' })).toBe('');
        expect(await list({ state: 'activ_' })).toBe('');
        expect(await list({ state: '%' })).toBe('');
      });

      test('[STORE-21] tags, clients and agents filter by the whole word, and a count agrees with the list', async () => {
        expect(await list({ tag: 'final' })).toBe('34');
        expect([await list({ tag: 'fin' }), await list({ tag: '%' })]).toEqual(['', '']);
        expect([await list({ tag: 'parked' }), await store.count({ type: 'client', tag: 'parked' })]).toEqual(['3', 1]);
        expect([await list({ client: 'acme' }), await list({ client: 'acme', agent: 'gus' })]).toEqual(['12', '2']);
        expect(await store.count({ type: 'client' })).toBe(4);
        expect(await store.count({ type: 'client', tag: 'final', state: 'lifecycle' })).toBe(1);
        expect(await store.count({ type: 'task' })).toBe(0);
      });

      test('[STORE-22] text finds the beginnings of all its words in any order, and its characters mean nothing else', async () => {
        expect(await list({ text: 'acme' })).toBe('12');
        expect(await list({ text: 'gmbh MÜLL' })).toBe('1');
        expect(await list({ text: 'acme nothing' })).toBe('');
        expect(await list({ text: "'); drop table actor; --" })).toBe('');
        expect(await list({ text: 'acme & ! ( :* | <->' })).toBe('12');
        expect(await list({ text: '!!' })).toBe('1234');
        expect((await store.unindexed(10)).toSorted()).toEqual(['client/4', 'payment/1']);
        expect(await store.unindexed(1)).toHaveLength(1);
        await store.indexText([{ address: 'client/3', type: 'client', text: 'acme too' }]);
        expect(await list({ text: 'acme' })).toBe('123');
      });
    });
  });
}
