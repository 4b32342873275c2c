import { assign, enqueueActions, setup } from 'xstate';
import { beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { defineMachine, post, tell } from '../machines/machine.ts';
import type { Birth, Leg, Post, Stamp } from '../machines/machine.ts';
import { LanesStage } from '../tests/support/lanes-stage.ts';
import { chainHash } from './chain.ts';
import type { Outcome } from './delivery.ts';
import type { Asked } from './envelope.ts';
import { toPosting, toPostingRows } from './posting.ts';

/** Posts what it is told to, right or wrong. */
const booksMachine = setup({
  types: {
    context: {} as { n: number },
    events: {} as Stamp & ({ type: 'BOOK'; first: Post; second?: Post } | { type: 'TOUCH' } | { type: 'TELL'; to: string }),
    input: {} as Birth & { opening?: Post },
  },
  actions: {
    count: assign(({ context }) => ({ n: context.n + 1 })),
    post: post((_, posting: Post) => posting),
  },
}).createMachine({
  id: 'books',
  context: { n: 0 },
  entry: post(({ event }) => (event as unknown as { input: { opening?: Post } }).input.opening ?? moved(1)),
  on: {
    BOOK: {
      actions: enqueueActions(({ enqueue, event: { first, second } }) => {
        enqueue('count');
        enqueue({ type: 'post', params: first });
        if (second !== undefined) enqueue({ type: 'post', params: second });
      }),
    },
    TOUCH: { actions: 'count' },
    TELL: { actions: tell(({ event }) => ({ to: event.to, event: { type: 'TOUCH' } })) },
  },
});

const books = defineMachine({
  type: 'books',
  version: 1,
  machine: booksMachine,
  input: z.strictObject({ opening: z.any() }),
  events: {
    BOOK: z.strictObject({ first: z.any(), second: z.any() }),
    TOUCH: z.strictObject({}),
    TELL: z.strictObject({ to: z.string() }),
  },
  permissions: {},
  views: { hq: { rows: 'all', fields: 'all' } },
  title: () => 'Books',
  summary: () => '',
  search: () => [],
});

const leg = (account: string, amount_minor: number, currency = 'EUR'): Leg => ({ account, amount_minor, currency });
const moved = (amount_minor: number, text?: string): Post => ({
  legs: [leg('cash', -amount_minor), leg('client:acme/receivable', amount_minor)],
  ...(text === undefined ? {} : { text }),
});

const A = 'books/a';
let stage: LanesStage;

beforeEach(async () => {
  stage = await new LanesStage({ machines: [books] }).start();
});
const book = (first: unknown, ...second: unknown[]): Promise<Outcome> =>
  stage.send(A, 'BOOK', { first, ...(second.length === 0 ? {} : { second: second[0] }) });
const askedOf = (version: number): string => stage.database.journalOf(A)[version - 1]?.asked ?? '';

describe('what a machine posts', () => {
  test('[POST-6] it stands in the journal row that asked for it and leg by leg in the ledger, by the same commit', async () => {
    await stage.create(A);
    expect(
      await book(moved(250, 'Invoice 7'), { legs: [leg('fees', 1), leg('cash', -1), leg('zen', 9, 'JPY'), leg('zen', -9, 'JPY')] }),
    ).toMatchObject({
      outcome: 'applied',
      version: 2,
    });
    expect(JSON.parse(askedOf(2))).toEqual({
      sends: [],
      events: [],
      postings: [
        { i: 0, legs: moved(250).legs, text: 'Invoice 7' },
        { i: 1, legs: [leg('fees', 1), leg('cash', -1), leg('zen', 9, 'JPY'), leg('zen', -9, 'JPY')] },
      ],
    });
    const mine = stage.database.postings.filter(({ version }) => version === 2);
    expect(mine.map(({ i, leg, account, currency, amount_minor }) => [i, leg, account, currency, amount_minor])).toEqual([
      [0, 0, 'cash', 'EUR', -250],
      [0, 1, 'client:acme/receivable', 'EUR', 250],
      [1, 0, 'fees', 'EUR', 1],
      [1, 1, 'cash', 'EUR', -1],
      [1, 2, 'zen', 'JPY', 9],
      [1, 3, 'zen', 'JPY', -9],
    ]);
    expect(
      stage.batches.filter(({ postings }) => postings.length > 0).map(({ journal, postings }) => [journal.length, postings.length]),
    ).toEqual([
      [1, 2],
      [1, 6],
    ]);
  });

  test('[POST-7] the ledger can be made anew from the journal, and the chain covers it', async () => {
    await stage.create(A);
    await book(moved(3), moved(4));
    await book(moved(-5));
    const rows = stage.database.journalOf(A);
    const again = rows.flatMap((row) => toPostingRows(row, (JSON.parse(row.asked) as Asked).postings ?? []));
    expect(again).toEqual(stage.database.postings);
    let before = '';
    for (const row of rows) {
      expect(row.hash).toBe(chainHash(before, row));
      expect(row.hash).not.toBe(chainHash(before, { ...row, asked: row.asked.replace('"amount_minor":', '"amount_minor":1') }));
      before = row.hash;
    }
  });

  test('[POST-8] the text of a row that posts nothing is what it was before there were postings', async () => {
    await stage.create(A);
    await stage.send(A, 'TOUCH');
    await stage.send(A, 'TELL', { to: 'books/b' });
    expect(askedOf(2)).toBe('');
    expect(askedOf(3)).toBe('{"sends":[{"i":0,"to":"books/b","event":{"type":"TOUCH"}}],"events":[]}');
    expect(stage.batches.filter(({ postings }) => postings.length > 0)).toHaveLength(1);
  });

  test('[POST-9] an event that is repeated posts once', async () => {
    await stage.create(A);
    const again = (): Promise<unknown> => stage.send(A, 'BOOK', { first: moved(3) }, { id: 'same', repeat: true });
    expect([await again(), await again()]).toMatchObject([{ outcome: 'applied' }, { outcome: 'duplicate' }]);
    expect(stage.database.balances(['cash'])).toEqual([{ account: 'cash', currency: 'EUR', amount_minor: -4n }]);
  });
});

const most = Number.MAX_SAFE_INTEGER;
const WRONG: readonly (readonly [why: string, posting: unknown])[] = [
  ['legs that do not balance', { legs: [leg('cash', -3), leg('fees', 2)] }],
  ['legs that balance only across currencies', { legs: [leg('cash', -3), leg('fees', 3, 'USD')] }],
  ['legs whose rounded sum is zero and whose sum is not', { legs: [leg('a', most), leg('b', 2), leg('c', -most), leg('d', -1)] }],
  ['a single leg', { legs: [leg('cash', 1)] }],
  ['no legs', { legs: [] }],
  ['nothing', {}],
  ['a leg that is none', { legs: [null, leg('cash', 0)] }],
  ['more legs than a posting may have', { legs: Array.from({ length: 1_002 }, (_, n) => leg('cash', n % 2 === 0 ? 1 : -1)) }],
  ['a fraction', { legs: [leg('cash', 0.5), leg('fees', -0.5)] }],
  ['more than can be counted exactly', { legs: [leg('cash', 2 ** 53), leg('fees', -(2 ** 53))] }],
  ['an amount in text', { legs: [{ ...leg('cash', 1), amount_minor: '1' }, leg('fees', -1)] }],
  ['not a number', { legs: [leg('cash', Number.NaN), leg('fees', 0)] }],
  ['a currency that is none', { legs: [leg('cash', 1, 'XXX'), leg('fees', -1, 'XXX')] }],
  ['a currency in lower case', { legs: [leg('cash', 1, 'eur'), leg('fees', -1, 'eur')] }],
  ['no currency', { legs: [{ account: 'cash', amount_minor: 0 }] }],
  ['an account without a name', { legs: [leg('', 1), leg('fees', -1)] }],
  ['an account with a blank', { legs: [leg('petty cash', 1), leg('fees', -1)] }],
  ['an account with a line after its name', { legs: [leg('cash\n', 1), leg('fees', -1)] }],
  ['an account whose name is too long', { legs: [leg('c'.repeat(129), 1), leg('fees', -1)] }],
  ['an account that is a number', { legs: [{ ...leg('', 1), account: 7 }, leg('fees', -1)] }],
  ['a text that is none', { ...moved(1), text: 7 }],
  ['a text without an end', { ...moved(1), text: 'x'.repeat(501) }],
];

describe('a posting that cannot be right', () => {
  test.each(WRONG)(
    '[POST-10] %s parks the actor, whose event is kept, and nothing of it is posted, not even what is right beside it',
    async (_, posting) => {
      await stage.create(A);
      const before = stage.database.postings;
      expect(await book(moved(3), posting)).toEqual({ outcome: 'parked', reason: 'machine_threw' });
      expect(stage.stored(A)).toMatchObject({ version: 2, context: { n: 0 }, parked: { code: 'machine_threw' } });
      expect(stage.database.postings).toEqual(before);
      expect(stage.database.dead).toHaveLength(1);
    },
  );

  test('[POST-11] an actor is not made when its first posting is wrong', async () => {
    const input = { opening: { legs: [leg('cash', 1)] } };
    expect(await stage.create(A, { input })).toMatchObject({ outcome: 'rejected', code: 'internal' });
    expect(stage.stored(A)).toBeUndefined();
    expect(stage.database.postings).toEqual([]);
  });

  test('[POST-12] what is allowed: zero, the same account twice, 1,000 legs, names of 128, the largest exact amounts', () => {
    const legs = Array.from({ length: 1_000 }, (_, n) => leg('x'.repeat(128), n % 2 === 0 ? most : -most));
    expect(toPosting({ v: 1, i: 4 }, { legs })).toEqual({ i: 4, legs });
    expect(toPosting({ v: 1, i: 0 }, { legs: [leg('A/b_c-d:e.9', 0)], text: '' })).toEqual({
      i: 0,
      legs: [leg('A/b_c-d:e.9', 0)],
      text: '',
    });
  });
});
