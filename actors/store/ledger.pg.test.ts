import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { actorRow, batchOf, journalRow, postingRow } from '../../tests/contract/rows.ts';
import { testDatabase } from '../../tests/support/postgres.ts';
import type { TestDatabase } from '../../tests/support/postgres.ts';
import { toDayTree } from '../ledger/day-tree.ts';
import { includes, leafHash, rootOf } from '../ledger/merkle.ts';
import { readLeaf, readLeaves } from './ledger-days.ts';
import { firstPlace, readStatement, readTrialBalance, totalsOf } from './ledger.ts';
import type { Entry, Extract } from './ledger.ts';
import { openPostgres } from './postgres.ts';
import type { PostgresStore } from './postgres.ts';
import type { Head, PostingRow } from './store.ts';

const A = 'payment/a';
const DAY = 86_400_000;
const MOST = 9_999_999_999_999;
let database: TestDatabase;
let store: PostgresStore;
let admin: pg.Client;
let heads: readonly Head[];

beforeAll(async () => {
  database = await testDatabase();
  store = await openPostgres({ url: database.url, lease_ms: 5_000, lanes: 1, release: '1' });
  admin = new pg.Client({ connectionString: database.url });
  await admin.connect();
  await store.renew('one', '', 60_000);
  heads = await store.claim('one', [...Array(32).keys()]);
});
beforeEach(() => admin.query('truncate journal, actor, posting'));
afterAll(async () => {
  await admin.end();
  await store.close();
  await database.close();
});

type Given = Partial<PostingRow> & { readonly version: number };

/** A posting between the account and the till. */
async function post({ account = 'client:acme', amount_minor = 100, ...given }: Given): Promise<void> {
  const rows = [
    postingRow({ actor: A, account, amount_minor, ...given }),
    postingRow({ actor: A, account: 'till', amount_minor: -amount_minor, ...given, leg: 1 }),
  ];
  const { version } = given;
  const batch = { journal: [journalRow({ actor: A, version })], actors: [actorRow({ address: A, version })], postings: rows };
  await store.commit(batchOf(heads, batch), 0);
}

const balancesAt = async (at: number, known = MOST, prefix = ''): Promise<string[]> =>
  (await readTrialBalance(store.reports, { at, known }, prefix, 100)).map(
    (row) => `${row.account} ${row.currency} +${row.debits_minor} -${row.credits_minor} =${row.balance_minor} (${row.pending_minor})`,
  );

describe('the trial balance', () => {
  test('[LEDG-9] debits and credits are told apart, pending stands beside them, and each currency adds up to nothing', async () => {
    await post({ version: 1, amount_minor: 100 });
    await post({ version: 2, amount_minor: -30 });
    await post({ version: 3, amount_minor: 500, pending: true, kind: 'pending' });
    await post({ version: 4, amount_minor: 7, currency: 'JPY' });
    expect(await balancesAt(MOST)).toEqual([
      'client:acme EUR +100 -30 =70 (500)',
      'client:acme JPY +7 -0 =7 (0)',
      'till EUR +30 -100 =-70 (-500)',
      'till JPY +0 -7 =-7 (0)',
    ]);
    expect(totalsOf(await readTrialBalance(store.reports, { at: MOST, known: MOST }, '', 100))).toEqual([
      { currency: 'EUR', debits_minor: '130', credits_minor: '130', balance_minor: '0', pending_minor: '0' },
      { currency: 'JPY', debits_minor: '7', credits_minor: '7', balance_minor: '0', pending_minor: '0' },
    ]);
    expect(await balancesAt(MOST, MOST, 'client:')).toHaveLength(2);
    expect(await balancesAt(MOST, MOST, 'client:acme')).toHaveLength(2);
    expect(await balancesAt(MOST, MOST, 'client:acme/')).toEqual([]);
  });

  test('[LEDG-10] a back-dated posting counts from when it is effective, and what was known before it was recorded stays what it was', async () => {
    await post({ version: 1, at: 10 * DAY });
    await post({ version: 2, at: 20 * DAY, effective: 5 * DAY, amount_minor: 40 });
    await post({ version: 3, at: 21 * DAY, effective: 30 * DAY, amount_minor: 1 });
    const acme = async (at: number, known?: number): Promise<string> => (await balancesAt(at, known))[0] ?? 'nothing';
    expect(await acme(5 * DAY - 1)).toBe('nothing');
    expect(await acme(5 * DAY)).toContain('=40 ');
    expect(await acme(10 * DAY)).toContain('=140 ');
    expect(await acme(10 * DAY, 20 * DAY - 1)).toContain('=100 ');
    expect(await acme(10 * DAY, 20 * DAY)).toContain('=140 ');
    expect(await acme(29 * DAY)).toContain('=140 ');
    expect(await acme(30 * DAY)).toContain('=141 ');
    expect(await acme(5 * DAY, 19 * DAY)).toBe('nothing');
  });

  test('[LEDG-11] sums are exact beyond what a number holds', async () => {
    for (const version of [1, 2, 3]) await post({ version, amount_minor: Number.MAX_SAFE_INTEGER });
    expect((await balancesAt(MOST))[0]).toContain(`=${3n * BigInt(Number.MAX_SAFE_INTEGER)} `);
  });

  test('[LEDG-12] what the release before writes is posted, and counts from when it was recorded', async () => {
    await admin.query(
      `insert into posting (partition, actor, version, i, leg, account, currency, amount_minor, at)
        values (1, $1, 1, 0, 0, 'cash', 'EUR', 5, 1000), (1, $1, 1, 0, 1, 'till', 'EUR', -5, 1000)`,
      [A],
    );
    expect([await balancesAt(999), await balancesAt(1000)]).toEqual([[], ['cash EUR +5 -0 =5 (0)', 'till EUR +0 -5 =-5 (0)']]);
  });
});

describe('the statement of an account', () => {
  const wanted: Extract = { account: 'client:acme', currency: 'EUR', from: 3 * DAY, to: 7 * DAY, known: MOST };

  test('[LEDG-13] its pages have every entry once, in the order of when they count, and each begins where the one before ended', async () => {
    for (let n = 1; n <= 40; n++) {
      await post({
        version: n,
        at: 50 * DAY + n,
        effective: (n % 9) * DAY,
        amount_minor: n,
        ...(n % 5 === 0 ? { pending: true, kind: 'pending' } : {}),
      });
    }
    await post({ version: 41, at: 4 * DAY, account: 'client:globex' });
    const seen: Entry[] = [];
    let place = firstPlace(wanted);
    for (let entries: readonly Entry[] = []; ;) {
      const read = await readStatement(store.reports, wanted, place, 3);
      ({ entries } = read);
      const sumOf = (pending: boolean): bigint =>
        seen.filter((one) => one.pending === pending).reduce((sum, { amount_minor }) => sum + BigInt(amount_minor), 0n);
      expect(read.before).toEqual({ posted: read.opening.posted + sumOf(false), pending: read.opening.pending + sumOf(true) });
      const last = entries.at(-1);
      if (last === undefined) {
        expect(read.before).toEqual(read.closing);
        break;
      }
      seen.push(...entries);
      place = last;
    }
    const expected = Array.from({ length: 40 }, (_, n) => n + 1)
      .filter((n) => n % 9 >= 3 && n % 9 <= 7)
      .toSorted((a, b) => (a % 9) - (b % 9) || a - b);
    expect(seen.map(({ version }) => version)).toEqual(expected);
  });

  test('[LEDG-14] an account that nothing was posted to has no entries and stands at zero', async () => {
    const read = await readStatement(store.reports, wanted, firstPlace(wanted), 10);
    const zero = { posted: 0n, pending: 0n };
    expect(read).toEqual({ opening: zero, before: zero, closing: zero, entries: [] });
  });
});

describe('the proof of a day', () => {
  const day = { from: DAY, to: 2 * DAY };
  const rest = (): Promise<void> => Promise.resolve();
  const treeOf = async (index?: number) => toDayTree(await readLeaves(store.reports, day), index, rest);

  test('[LEDG-15] its tree is over the legs that were recorded on it, in their order, and proves each of them', async () => {
    expect(await treeOf()).toEqual({ leaves: 0, root: rootOf([]), proof: [] });
    for (let n = 1; n <= 5; n++) await post({ version: n, at: DAY + 5 - n, ...(n === 3 ? { effective: 9, of_version: 1, of_i: 0 } : {}) });
    await post({ version: 6, at: DAY - 1 });
    await post({ version: 7, at: 2 * DAY });
    const found = [];
    for (let version = 5; version >= 1; version--)
      for (const leg of [0, 1]) found.push(await readLeaf(store.reports, day, { actor: A, version, i: 0, leg }));
    expect(found.map((leaf) => leaf?.index)).toEqual([...Array(10).keys()]);
    expect(found[5]?.entry).toBe(
      `{"account":"till","actor":"payment/a","amount_minor":-100,"at":${DAY + 2},"currency":"EUR","effective":9,"i":0,"kind":"posted","leg":1,"of_i":0,"of_version":1,"pending":false,"version":3}`,
    );
    const leaves = found.map((leaf) => leafHash(Buffer.from(leaf?.entry ?? '')));
    for (const [index, leaf] of leaves.entries()) {
      const { root, proof } = await treeOf(index);
      expect(root).toEqual(rootOf(leaves));
      expect(includes({ index: BigInt(index), size: 10n, leaf, root, proof })).toBe(true);
    }
    expect(await readLeaf(store.reports, day, { actor: A, version: 6, i: 0, leg: 0 })).toBeUndefined();
  });

  test('[LEDG-16] whatever of a leg is changed, and wherever one is taken away, its root is another', async () => {
    for (let n = 1; n <= 3; n++) await post({ version: n, at: DAY + n });
    const before = (await treeOf()).root.toString('hex');
    const changes = [
      ...['amount_minor', 'at', 'i', 'version'].map((column) => `update posting set ${column} = ${column} + 1 where version = 3`),
      ...[
        "account = 'x'",
        "currency = 'USD'",
        "kind = 'x'",
        "actor = 'x'",
        'pending = true',
        'effective = 1',
        'of_version = 1',
        'of_i = 1',
      ].map((change) => `update posting set ${change} where version = 2`),
      'delete from posting where version = 1 and leg = 0',
    ];
    for (const change of changes) {
      await admin.query(change);
      expect([change, (await treeOf()).root.toString('hex') === before]).toEqual([change, false]);
      await admin.query('truncate posting');
      for (let n = 1; n <= 3; n++) {
        const pair = [0, 1].map((leg) => [A, n, leg, leg === 0 ? 'client:acme' : 'till', leg === 0 ? 100 : -100, DAY + n]);
        for (const values of pair)
          await admin.query(
            `insert into posting (actor, version, i, leg, partition, account, currency, amount_minor, at) values ($1, $2, 0, $3, 7, $4, 'EUR', $5, $6)`,
            values,
          );
      }
      expect((await treeOf()).root.toString('hex')).toBe(before);
    }
  });
});
