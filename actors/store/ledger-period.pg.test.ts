import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { endOf, startOf } from '../../machines/month.ts';
import { actorRow, batchOf, journalRow, postingRow } from '../../tests/contract/rows.ts';
import { testDatabase } from '../../tests/support/postgres.ts';
import type { TestDatabase } from '../../tests/support/postgres.ts';
import { countPostings, readInTransit, readNeighbours, readTotals, readTrades } from './ledger-period.ts';
import { openPostgres } from './postgres.ts';
import type { PostgresStore } from './postgres.ts';
import { commitStatement } from './statements.ts';
import type { Batch, Head, PostingRow } from './store.ts';

const A = 'payment/a';
const MAY = '2026-05';
const IN_MAY = startOf(MAY) + 5 * 86_400_000;
const KNOWN = endOf(MAY) + 120_000;
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

const batch = (given: Partial<Batch>): Batch => batchOf(heads, given);
const stands = (month: string, version: number, state: string): Batch => {
  const actor = `period/${month}`;
  return batch({ journal: [journalRow({ actor, version })], actors: [actorRow({ address: actor, version, state })] });
};
const posts = (version: number, postings: readonly Partial<PostingRow>[], actor = A): Batch =>
  batch({
    journal: [journalRow({ actor, version })],
    actors: [actorRow({ address: actor, version })],
    postings: postings.map((row, leg) => postingRow({ actor, version, leg, at: KNOWN, effective: IN_MAY, ...row })),
  });
const both = (amount_minor: number, more: Partial<PostingRow> = {}): Partial<PostingRow>[] => [
  { account: 'exchange', amount_minor, ...more },
  { account: 'till', amount_minor: -amount_minor, ...more },
];
const write = (client: pg.Client, one: Batch): Promise<unknown> => client.query(commitStatement(one));

async function isWaiting(promise: Promise<unknown>): Promise<boolean> {
  return (await Promise.race([promise.then(() => 'over'), sleep(300).then(() => 'waits')])) === 'waits';
}

describe('a period and what is posted into its month', () => {
  test('[PERIOD-29] a period that begins to close waits for a posting under way, and what comes later is refused by it', async () => {
    await store.commit(stands(MAY, 1, 'open.ready'), 0);
    await admin.query('begin');
    await write(admin, posts(1, both(5)));
    const closing = store.commit(stands(MAY, 2, 'reading.previous'), 0);
    expect(await isWaiting(closing)).toBe(true);
    await admin.query('commit');
    await closing;
    expect(await countPostings(store.reports, { month: MAY, known: KNOWN })).toEqual({ postings: 1, legs: 2 });
    await expect(store.commit(posts(2, both(7)), 0)).rejects.toMatchObject({ kind: 'poison', message: expect.stringContaining(MAY) });
  });

  test('[PERIOD-30] a posting waits for a period that is about to close, and then sees that it has', async () => {
    await store.commit(stands(MAY, 1, 'open.ready'), 0);
    await admin.query('begin');
    await write(admin, stands(MAY, 2, 'reading.previous'));
    const late = store.commit(posts(1, both(5)), 0).then(
      () => 'written',
      (error: { kind?: string }) => error.kind,
    );
    expect(await isWaiting(late)).toBe(true);
    await admin.query('commit');
    expect(await late).toBe('poison');
  });

  test('[PERIOD-31] a month is read as known at a moment: what is recorded later makes no difference, and trades come in order, page by page', async () => {
    const wanted = { month: MAY, known: KNOWN };
    const many = Array.from({ length: 2_100 }, (_, n) => n + 1);
    for (const n of many) await store.commit(posts(n, both(n, { currency: 'USD', effective: IN_MAY + (many.length - n) })), 0);
    await store.commit(posts(1, both(9, { currency: 'USD', effective: startOf(MAY) - 1 }), 'payment/b'), 0);
    await store.commit(posts(2, both(8, { currency: 'USD', effective: endOf(MAY) + 1 }), 'payment/b'), 0);
    const read = async (): Promise<unknown> => {
      const trades = [];
      for await (const one of readTrades(store.reports, wanted, ['EUR', 'USD'], false)) trades.push(one.legs[0]?.amount_minor);
      return [await readTotals(store.reports, wanted), await countPostings(store.reports, wanted), trades];
    };
    const first = await read();
    expect(first).toMatchObject([
      [{ currency: 'USD', balance_minor: '0' }],
      { postings: 2_100, legs: 4_200 },
      many.toReversed().map(BigInt),
    ]);
    await store.commit(posts(3, both(1, { currency: 'USD', at: KNOWN + 1 }), 'payment/b'), 0);
    expect(await read()).toEqual(first);
    const all = [];
    for await (const one of readTrades(store.reports, wanted, ['USD'], true)) all.push(one);
    expect([all.length, all[0]?.legs[0]?.amount_minor]).toEqual([2_101, 9n]);
  });

  test('[PERIOD-32] what is set aside on its way counts until it has become something, and periods beside a month that are not open are found', async () => {
    const wanted = { month: MAY, known: KNOWN };
    const aside = (amount: number, more: Partial<PostingRow> = {}): Partial<PostingRow>[] => [
      { account: 'account/acme', amount_minor: amount, pending: true, kind: 'pending', ...more },
      { account: 'transit/payments', amount_minor: -amount, pending: true, kind: 'pending', ...more },
    ];
    await store.commit(posts(1, aside(5)), 0);
    expect(await readInTransit(store.reports, wanted)).toEqual([{ code: 'in_transit', detail: `1 × EUR, ${A}` }]);
    await store.commit(posts(2, aside(-5, { kind: 'voided', of_version: 1, of_i: 0, effective: null })), 0);
    expect(await readInTransit(store.reports, wanted)).toEqual([]);
    await store.commit(stands('2026-03', 1, 'closed'), 0);
    expect(await readNeighbours(store.reports, MAY, true)).toEqual([{ code: 'period_between_missing', detail: '2026-03' }]);
    expect(await readNeighbours(store.reports, MAY, false)).toEqual([]);
    expect(await readNeighbours(store.reports, '2026-01', true)).toEqual([{ code: 'period_after_closed', detail: '2026-03' }]);
  });
});
