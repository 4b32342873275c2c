import type { Integration } from '../../actors/integrations/integration.ts';
import { rootOf } from '../../actors/ledger/merkle.ts';
import type { MemoryDatabase } from '../../actors/store/memory-database.ts';
import type { PostingRow } from '../../actors/store/store.ts';
import { endOf, startOf } from '../../machines/month.ts';
import { closeBook, openBook, valuedBy, withTrade } from '../../machines/period-gains.ts';
import { readPeriod } from '../../machines/period-terms.ts';
import type { PeriodReading, ReadPeriod, Total } from '../../machines/period-terms.ts';

/** The ledger of a database in memory, read as PostgreSQL's is; but for the proofs of its days, which nothing here asks about. */
export function memoryLedger(database: MemoryDatabase, dead: () => boolean): Integration {
  return {
    perform: async ({ input }) => {
      await Promise.resolve();
      if (dead()) return new Promise<never>(() => undefined);
      return { kind: 'done', output: read(database.postings, readPeriod.parse(input)) };
    },
    close: () => Promise.resolve(),
  };
}

const effectiveOf = ({ effective, at }: PostingRow): number => effective ?? at;

function read(postings: readonly PostingRow[], wanted: ReadPeriod): PeriodReading {
  const { month, known, first, home_currency, carried, days } = wanted;
  const counted = postings.filter((row) => row.at <= known && effectiveOf(row) <= endOf(month));
  const within = counted.filter((row) => effectiveOf(row) >= startOf(month));
  const byPosting = Map.groupBy(
    (first ? counted : within).filter(({ account, pending }) => account === 'exchange' && !pending),
    ({ actor, version, i }) => `${actor}@${version}#${i}`,
  );
  const trades = [...byPosting.values()]
    .map((legs) => ({
      effective: legs[0] === undefined ? 0 : effectiveOf(legs[0]),
      legs: legs.map(({ currency, amount_minor }) => ({ currency, amount_minor: BigInt(amount_minor) })),
    }))
    .toSorted((a, b) => a.effective - b.effective);
  const valued = valuedBy(days, home_currency);
  const book = trades.reduce((present, one) => withTrade(present, one, valued), openBook(home_currency, carried));
  const { gains, difference_minor } = closeBook(book, carried, days, endOf(month));
  const root = rootOf([]).toString('hex');
  const figures = {
    ...{ month, known, root, difference_minor, totals: totalsOf(counted, startOf(month)), gains: [...gains] },
    ...{ postings: within.filter(({ leg }) => leg === 0).length, legs: within.length },
  };
  return { figures, troubles: [] };
}

function totalsOf(counted: readonly PostingRow[], from: number): Total[] {
  return [...Map.groupBy(counted, ({ currency }) => currency)].map(([currency, rows]) => {
    const sum = (which: readonly PostingRow[]): string => String(which.reduce((total, row) => total + row.amount_minor, 0));
    const posted = rows.filter(({ pending }) => !pending);
    const month = posted.filter((row) => effectiveOf(row) >= from);
    const debits_minor = sum(month.filter(({ amount_minor }) => amount_minor > 0));
    return {
      ...{ currency, debits_minor, credits_minor: debits_minor, balance_minor: sum(posted) },
      ...{ pending_minor: sum(rows.filter(({ pending }) => pending)), assets_minor: '0', aside_minor: '0' },
    };
  });
}
