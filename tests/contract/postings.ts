import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { partitionOf } from '../../machines/ids.ts';
import type { Balance } from '../../actors/store/postings.ts';
import { CommitFault } from '../../actors/store/store.ts';
import type { Batch, Head, PostingRow } from '../../actors/store/store.ts';
import { actorRow, batchOf, journalRow, postingRow, refusalRow } from './rows.ts';
import type { StoreUnderTest } from './store.ts';

export type PostingsUnderTest = StoreUnderTest & {
  readonly postings: () => Promise<readonly PostingRow[]>;
  readonly balances: (accounts?: readonly string[]) => Promise<readonly Balance[]>;
};

const ALL = Array.from({ length: 32 }, (_, index) => index);
const A = 'payment/a';
const B = 'payment/b';

/** What becomes of a batch's postings, whatever the store stands on. */
export function postingContract(name: string, open: () => Promise<PostingsUnderTest>): void {
  describe(`postings on ${name}`, () => {
    let under: PostingsUnderTest;
    let heads: readonly Head[];

    beforeAll(async () => {
      under = await open();
    });
    beforeEach(async () => {
      await under.empty();
      await under.store.renew('one', 'http://one', 60_000);
      heads = await under.store.claim('one', ALL);
    });
    afterAll(() => under.close());

    const commit = (given: Partial<Batch>): Promise<void> => under.store.commit(batchOf(heads, given), 0);
    const kindOf = (promise: Promise<unknown>): Promise<string> =>
      promise.then(
        () => 'written',
        (error: unknown) => (error instanceof CommitFault ? error.kind : String(error)),
      );
    const rowOf = (actor: string, version: number): Partial<Batch> => ({
      journal: [journalRow({ actor, version })],
      actors: [actorRow({ address: actor, version })],
    });
    const pair = (actor: string, version: number, amount_minor: number, i = 0): PostingRow[] => [
      postingRow({ actor, version, i, account: 'client:acme/receivable', amount_minor }),
      postingRow({ actor, version, i, leg: 1, account: 'cash', amount_minor: -amount_minor }),
    ];
    const order = (rows: readonly PostingRow[]): PostingRow[] => {
      const key = ({ actor, version, i, leg }: PostingRow): string => JSON.stringify([actor, version, i, leg]);
      return rows.toSorted((a, b) => (key(a) < key(b) ? -1 : 1));
    };

    test('[POST-1] the legs of a batch are written with its rows and read back exactly, up to the largest amount that is exact', async () => {
      const most = Number.MAX_SAFE_INTEGER;
      const rows = [...pair(A, 1, most), ...pair(A, 1, -1, 3)];
      rows.push(postingRow({ actor: B, version: 1, account: 'A-Z_0.9', currency: 'JPY', amount_minor: -0, at: 1_790_000_000_123 }));
      const journal = [journalRow({ actor: A, version: 1 }), journalRow({ actor: B, version: 1 })];
      await commit({ journal, actors: [actorRow({ address: A }), actorRow({ address: B })], postings: rows });
      const expected = order(rows).map((row) => ({ ...row, amount_minor: row.amount_minor + 0 }));
      expect(order(await under.postings()).map((row) => ({ ...row, amount_minor: row.amount_minor + 0 }))).toEqual(expected);
    });

    test('[POST-2] a batch of a lost epoch posts nothing, and a batch beside it that still owns its partition posts', async () => {
      await under.store.claim('one', [partitionOf(A)]);
      expect(await kindOf(commit({ ...rowOf(A, 1), postings: pair(A, 1, 5) }))).toBe('fenced');
      expect(await under.postings()).toEqual([]);
      expect(await kindOf(commit({ ...rowOf(B, 1), postings: pair(B, 1, 5) }))).toBe('written');
      expect(await under.postings()).toHaveLength(2);
    });

    test('[POST-3] a leg is never written twice, and a batch that is refused for any reason has posted nothing', async () => {
      await commit({ ...rowOf(A, 1), postings: pair(A, 1, 5) });
      expect(await kindOf(commit({ ...rowOf(A, 2), postings: pair(A, 1, 7) }))).toBe('repeat');
      expect(await kindOf(commit({ ...rowOf(A, 1), postings: pair(A, 2, 7) }))).toBe('repeat');
      const twice = [...pair(A, 2, 7), ...pair(A, 2, 7)];
      expect(await kindOf(commit({ ...rowOf(A, 2), postings: twice }))).toBe('repeat');
      expect(order(await under.postings())).toEqual(order(pair(A, 1, 5)));
      expect(await under.store.at(A, { version: 2 })).toBeUndefined();
      expect(await kindOf(commit({ ...rowOf(A, 2), postings: pair(A, 2, 7) }))).toBe('written');
    });

    test('[POST-4] postings go with refusals, keys and dead letters in one batch', async () => {
      const letter = { id: 'd', actor: B, event_id: 'e', event: '{}', caller: 'ann', reason: 'parked', detail: '', at: 1 };
      await commit({
        ...rowOf(A, 1),
        refusals: [refusalRow({ actor: B, event_id: 'caller:ann:no' })],
        creations: [{ caller: 'ann', key: 'k', body_hash: 'h', actor: A }],
        dead: [letter],
        postings: pair(A, 1, 5),
      });
      expect(await under.postings()).toHaveLength(2);
      expect(await under.store.deadLetters(10)).toEqual([letter]);
      expect(await under.store.creations([{ caller: 'ann', key: 'k' }])).toHaveLength(1);
      expect(await under.store.lookup([{ actor: B, event_id: 'caller:ann:no' }])).toHaveLength(1);
    });

    test('[POST-5] balances are sums per account and currency, exact beyond what a number holds, of all accounts or of those asked for', async () => {
      const most = Number.MAX_SAFE_INTEGER;
      await commit({ ...rowOf(A, 1), postings: [...pair(A, 1, most), ...pair(A, 1, most, 1), ...pair(A, 1, 3, 2)] });
      const yen = [1, -1].map((sign, leg) =>
        postingRow({ actor: A, version: 2, leg, currency: 'JPY', amount_minor: sign * 40, account: leg === 0 ? 'cash' : 'zen' }),
      );
      await commit({ ...rowOf(A, 2), postings: yen });
      const sum = 2n * BigInt(most) + 3n;
      expect(await under.balances()).toEqual([
        { account: 'cash', currency: 'EUR', amount_minor: -sum },
        { account: 'cash', currency: 'JPY', amount_minor: 40n },
        { account: 'client:acme/receivable', currency: 'EUR', amount_minor: sum },
        { account: 'zen', currency: 'JPY', amount_minor: -40n },
      ]);
      expect(await under.balances(['zen', 'nobody'])).toEqual([{ account: 'zen', currency: 'JPY', amount_minor: -40n }]);
      expect(await under.balances([])).toEqual([]);
    });

    const IN_MAY = Date.UTC(2026, 4, 20);
    const periodRow = (month: string, version: number, state: string): Partial<Batch> => ({
      journal: [journalRow({ actor: `period/${month}`, version, partition: 31 })],
      actors: [actorRow({ address: `period/${month}`, version, state, partition: 31 })],
    });
    const backDated = (version: number, effective: number, actor = A): Partial<Batch> => ({
      ...rowOf(actor, version),
      postings: pair(actor, version, 5).map((row) => ({ ...row, effective })),
    });

    test.each(['reading.ledger', 'proposed', 'closed', 'reopening.next'])(
      '[PERIOD-19] into a month whose period is %s, and into every month before it, nothing more is posted, whoever does it',
      async (state) => {
        await commit(periodRow('2026-05', 1, state));
        expect(await kindOf(commit(backDated(1, IN_MAY)))).toBe('poison');
        expect(await kindOf(commit(backDated(1, Date.UTC(2026, 0, 1))))).toBe('poison');
        expect(await kindOf(commit(backDated(1, Date.UTC(2026, 5, 1) - 1)))).toBe('poison');
        expect(await under.postings()).toEqual([]);
        expect(await kindOf(commit(backDated(1, Date.UTC(2026, 5, 1))))).toBe('written');
        // What counts when it is recorded is never in a month that is over, so nobody looks.
        expect(await kindOf(commit({ ...rowOf(A, 2), postings: pair(A, 2, 5) }))).toBe('written');
      },
    );

    test('[PERIOD-20] into an open month anybody posts, and the period itself when it is closed', async () => {
      await commit(periodRow('2026-05', 1, 'open.ready'));
      expect(await kindOf(commit(backDated(1, IN_MAY)))).toBe('written');
      const own = pair('period/2026-05', 2, 7).map((row) => ({ ...row, partition: 31, effective: Date.UTC(2026, 5, 1) - 1 }));
      expect(await kindOf(commit({ ...periodRow('2026-05', 2, 'closed'), postings: own }))).toBe('written');
      expect(await kindOf(commit(backDated(2, IN_MAY)))).toBe('poison');
      await commit(periodRow('2026-06', 3, 'closed'));
      const another = { ...periodRow('2026-05', 4, 'open.ready'), postings: own.map((row) => ({ ...row, version: 4 })) };
      expect(await kindOf(commit(another))).toBe('poison');
    });

    test('[PERIOD-21] a period that is closed stays so for what is written by the very statement that writes its row', async () => {
      await commit(periodRow('2026-05', 1, 'proposed'));
      const [one, other] = [periodRow('2026-05', 2, 'closed'), backDated(1, IN_MAY)];
      const both = {
        journal: [...(one.journal ?? []), ...(other.journal ?? [])],
        actors: [...(one.actors ?? []), ...(other.actors ?? [])],
        postings: other.postings ?? [],
      };
      expect(await kindOf(commit(both))).toBe('poison');
      expect(await under.postings()).toEqual([]);
    });

    test('[POST-15] an actor whose machine has no states is written like any other, also alone in its batch', async () => {
      const actors = [actorRow({ address: A, state: '' })];
      expect(await kindOf(commit({ journal: [journalRow({ actor: A, version: 1 })], actors, postings: pair(A, 1, 5) }))).toBe('written');
      expect(await under.store.rows([A])).toEqual(actors);
      const both = [actorRow({ address: A, state: '', version: 2 }), actorRow({ address: B, state: '' })];
      const journal = [journalRow({ actor: A, version: 2 }), journalRow({ actor: B, version: 1 })];
      expect(await kindOf(commit({ journal, actors: both }))).toBe('written');
      expect((await under.store.rows([A, B])).map(({ state }) => state)).toEqual(['', '']);
    });
  });
}
