import pg from 'pg';
import { median } from '../../bench/lifecycle.ts';
import { toDayTree } from '../../actors/ledger/day-tree.ts';
import { readLeaves } from '../../actors/store/ledger-days.ts';
import { firstPlace, readStatement, readTrialBalance, totalsOf } from '../../actors/store/ledger.ts';
import type { AccountBalance, AsOf } from '../../actors/store/ledger.ts';
import { openPostgres } from '../../actors/store/postgres.ts';
import type { PostgresStore } from '../../actors/store/postgres.ts';
import { testDatabase } from '../support/postgres.ts';
import { seeded } from '../support/storm.ts';
import type { Proof } from './prove.ts';

const DAY_MS = 86_400_000;
const BEGAN = Date.UTC(2026, 0, 1);
const DAYS = 200;
const CLIENTS = 2_000;
const HOUSE = ['cash', 'fees', 'bank:main', 'in_transit'] as const;
const CURRENCIES = ['EUR', 'USD', 'JPY'] as const;
const ROUNDS = 5;
const A_PIECE = 10_000;
const MOST_MS = 2_000;
const ALL = 50_000;

type Posted = {
  readonly at: number;
  readonly effective: number | null;
  readonly pending: boolean;
  readonly account: string;
  readonly against: string;
  readonly currency: string;
  readonly amount: number;
};

/**
 * So many postings of two legs over two hundred days, one in twenty of them back-dated and one in ten pending, and the trial balance over
 * all of them: as of now, as of a day that is long over, and as it was known then. Each is held to sums that were made beside it.
 */
export async function ledger(args: readonly string[], tell: (line: string) => void): Promise<Proof> {
  const count = Number(args[0] ?? 1_000_000);
  const seed = Number(args[1] ?? Math.floor(Math.random() * 2 ** 31));
  const database = await testDatabase();
  const store = await openPostgres({ url: database.url, lease_ms: 5_000, lanes: 1, release: '1' });
  try {
    const posted = draw(count, seeded(seed));
    await write(database.url, posted);
    tell(`${count} postings are written`);
    const [end, middle] = [BEGAN + DAYS * DAY_MS, BEGAN + (DAYS / 2) * DAY_MS - 1];
    const moments = { now: { at: end, known: end }, past_day: { at: middle, known: end }, known_then: { at: middle, known: middle } };
    const balances: Record<string, Timed> = {};
    for (const [name, asOf] of Object.entries(moments)) {
      balances[name] = await timeBalance(store, posted, asOf);
      tell(`${name}: ${JSON.stringify(balances[name])}`);
    }
    const statement_ms = await timed(async () => {
      const wanted = { account: 'cash', currency: 'EUR', from: middle - DAY_MS, to: middle, known: end };
      await readStatement(store.reports, wanted, firstPlace(wanted), 200);
    });
    let leaves = 0;
    const day_proof_ms = await timed(async () => {
      const pieces = await readLeaves(store.reports, { from: middle + 1 - DAY_MS, to: middle + 1 });
      ({ leaves } = await toDayTree(pieces, 0, () => Promise.resolve()));
    });
    const held = Object.values(balances).every(({ right, slowest_ms }) => right && slowest_ms < MOST_MS);
    const figures = { postings: count, legs: 2 * count, most_ms: MOST_MS, ...balances, statement_ms, day_proof_ms, day_leaves: leaves };
    return { held, seed, figures };
  } finally {
    await store.close();
    await database.close();
  }
}

function draw(count: number, random: () => number): readonly Posted[] {
  const below = (n: number): number => Math.floor(random() * n);
  return Array.from({ length: count }, (_, n) => {
    const at = BEGAN + Math.floor((n / count) * DAYS * DAY_MS);
    return {
      at,
      effective: below(20) === 0 ? at - below(30 * DAY_MS) : null,
      pending: below(10) === 0,
      account: `client:c${below(CLIENTS)}/receivable`,
      against: HOUSE[below(HOUSE.length)] ?? 'cash',
      currency: CURRENCIES[below(CURRENCIES.length)] ?? 'EUR',
      amount: below(10_000_000) - 2_000_000,
    };
  });
}

/** Straight into the table: no journal stands behind these. */
async function write(url: string, posted: readonly Posted[]): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    for (let from = 0; from < posted.length; from += A_PIECE) {
      const piece = posted.slice(from, from + A_PIECE);
      await client.query(
        `insert into posting (actor, version, i, leg, partition, account, currency, amount_minor, at, pending, effective, kind)
          select 'payment/p' || ($1 + n - 1) / 4, 1 + ($1 + n - 1) % 4, 0, leg, n % 32, case leg when 0 then account else against end, currency,
            case leg when 0 then amount else -amount end, at, pending, effective, case when pending then 'pending' else 'posted' end
          from unnest($2::bigint[], $3::bigint[], $4::boolean[], $5::text[], $6::text[], $7::text[], $8::bigint[])
            with ordinality as p(at, effective, pending, account, against, currency, amount, n), generate_series(0, 1) leg`,
        [
          from,
          piece.map(({ at }) => at),
          piece.map(({ effective }) => effective),
          piece.map(({ pending }) => pending),
          piece.map(({ account }) => account),
          piece.map(({ against }) => against),
          piece.map(({ currency }) => currency),
          piece.map(({ amount }) => amount),
        ],
      );
    }
    // As autovacuum leaves a table that has grown.
    await client.query('vacuum analyze posting');
  } finally {
    await client.end();
  }
}

type Timed = { readonly accounts: number; readonly right: boolean; readonly median_ms: number; readonly slowest_ms: number };

async function timeBalance(store: PostgresStore, posted: readonly Posted[], asOf: AsOf): Promise<Timed> {
  const expected = sumUp(posted, asOf);
  const took: number[] = [];
  let right = true;
  let accounts = 0;
  for (let round = 0; round < ROUNDS; round++) {
    let rows: readonly AccountBalance[] = [];
    took.push(await timed(async () => void (rows = await readTrialBalance(store.reports, asOf, '', ALL))));
    accounts = rows.length;
    right &&= isRight(rows, expected);
  }
  return { accounts, right, median_ms: Math.round(median(took)), slowest_ms: Math.max(...took) };
}

async function timed(run: () => Promise<void>): Promise<number> {
  const began = performance.now();
  await run();
  return Math.round(performance.now() - began);
}

type Sums = { debits: bigint; credits: bigint; pending: bigint };

/** The same sums without a database. */
function sumUp(posted: readonly Posted[], { at, known }: AsOf): ReadonlyMap<string, Sums> {
  const sums = new Map<string, Sums>();
  const add = (account: string, currency: string, pending: boolean, amount: number): void => {
    const key = `${account} ${currency}`;
    const sum = sums.get(key) ?? { debits: 0n, credits: 0n, pending: 0n };
    sums.set(key, sum);
    if (pending) sum.pending += BigInt(amount);
    else if (amount > 0) sum.debits += BigInt(amount);
    else sum.credits -= BigInt(amount);
  };
  for (const one of posted) {
    if (one.at > known || (one.effective ?? one.at) > at) continue;
    add(one.account, one.currency, one.pending, one.amount);
    add(one.against, one.currency, one.pending, -one.amount);
  }
  return sums;
}

function isRight(rows: readonly AccountBalance[], expected: ReadonlyMap<string, Sums>): boolean {
  const wrong = rows.filter(({ account, currency, debits_minor, credits_minor, balance_minor, pending_minor }) => {
    const sum = expected.get(`${account} ${currency}`) ?? { debits: 0n, credits: 0n, pending: 0n };
    const meant = [sum.debits, sum.credits, sum.debits - sum.credits, sum.pending].join();
    return meant !== [debits_minor, credits_minor, balance_minor, pending_minor].join();
  });
  const even = totalsOf(rows).every(({ balance_minor, pending_minor }) => balance_minor === '0' && pending_minor === '0');
  return wrong.length === 0 && rows.length === expected.size && even;
}
