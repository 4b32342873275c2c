import { endOf, startOf } from '../../machines/month.ts';
import type { Trade } from '../../machines/period-gains.ts';
import { EXCHANGE } from '../../machines/payment-funds.ts';
import type { Total, Trouble } from '../../machines/period-terms.ts';
import type { Database } from '../integrations/integration.ts';

/*
 * A month of the ledger as its period reads it: of what counts up to its end, that which was recorded up to and including `known`. Since nothing
 * may be posted into the month while it is read, every statement finds the same.
 */

export type Month = { readonly month: string; readonly known: number };

const EFFECTIVE = 'coalesce(effective, at)';
/** So many trades are in memory at a time. */
const TRADES_A_PAGE = 2_000;
const DAY_MS = 86_400_000;

/** What each currency came to in the month, and what it stands at over all accounts at the end of it. */
export async function readTotals(reports: Database, { month, known }: Month): Promise<readonly Total[]> {
  const rows = await reports.query(
    'period_totals',
    `with b as (select account, currency, coalesce(sum(amount_minor) filter (where not pending), 0) as balance,
          coalesce(sum(amount_minor) filter (where pending), 0) as pending,
          coalesce(sum(amount_minor) filter (where not pending and amount_minor > 0 and ${EFFECTIVE} >= $1), 0) as debits,
          coalesce(-sum(amount_minor) filter (where not pending and amount_minor < 0 and ${EFFECTIVE} >= $1), 0) as credits
        from posting where ${EFFECTIVE} <= $2 and at <= $3 group by account, currency)
      select currency, sum(debits)::text as debits_minor, sum(credits)::text as credits_minor, sum(balance)::text as balance_minor,
        sum(pending)::text as pending_minor, sum(greatest(balance, 0))::text as assets_minor, sum(greatest(pending, 0))::text as aside_minor
      from b group by currency order by currency`,
    [startOf(month), endOf(month), known],
  );
  return rows as readonly Total[];
}

/** How many postings count in the month, and how many legs they have. */
export async function countPostings(
  reports: Database,
  { month, known }: Month,
): Promise<{ readonly postings: number; readonly legs: number }> {
  const [row] = await reports.query(
    'period_counts',
    `select count(*) filter (where leg = 0) as postings, count(*) as legs from posting
      where ${EFFECTIVE} between $1 and $2 and at <= $3`,
    [startOf(month), endOf(month), known],
  );
  return { postings: Number(row?.['postings'] ?? 0), legs: Number(row?.['legs'] ?? 0) };
}

/** What was set aside on its way before the end of the month and has come to nothing yet: how often in each currency, and whose the first is. */
export async function readInTransit(reports: Database, { month, known }: Month): Promise<readonly Trouble[]> {
  const rows = await reports.query(
    'period_in_transit',
    `select currency, count(*) as count, min(actor) as actor from posting p
      where account >= 'transit/' and account < 'transit0' and pending and kind = 'pending' and ${EFFECTIVE} <= $1 and at <= $2
        and not exists (select from posting q where q.actor = p.actor and q.of_version = p.version and q.of_i = p.i and q.at <= $2)
      group by currency order by currency`,
    [endOf(month), known],
  );
  return rows.map(({ currency, count, actor }) => ({
    code: 'in_transit',
    detail: `${String(count)} × ${String(currency)}, ${String(actor)}`,
  }));
}

/** What these accounts stand at together in one currency at the end of the month. */
export async function readBalance(
  reports: Database,
  { month, known }: Month,
  accounts: readonly string[],
  currency: string,
): Promise<bigint> {
  const [row] = await reports.query(
    'period_balance',
    `select coalesce(sum(amount_minor), 0)::text as balance from posting
      where account = any($1) and currency = $2 and not pending and ${EFFECTIVE} <= $3 and at <= $4`,
    [accounts, currency, endOf(month), known],
  );
  return BigInt((row?.['balance'] as string | undefined) ?? 0);
}

/**
 * What was traded at the exchange in the month, in the order in which it counts; for the first period of all also before. A day at a time, and that
 * in pages: no more is in memory however much there is.
 */
export async function* readTrades(
  reports: Database,
  { month, known }: Month,
  currencies: readonly string[],
  first: boolean,
): AsyncGenerator<Trade> {
  let from = first ? await firstTrade(reports, known, currencies) : startOf(month);
  for (const end = endOf(month); from <= end; from = Math.floor(from / DAY_MS) * DAY_MS + DAY_MS) {
    const to = Math.floor(from / DAY_MS) * DAY_MS + DAY_MS - 1;
    let place: Place = { effective: from, actor: '', version: 0, i: 0 };
    for (;;) {
      const rows: readonly TradeRow[] = await readPage(reports, { from: place.effective, to, known, currencies, place });
      for (const { effective, codes, amounts } of rows) {
        const legs = codes.map((currency, index) => ({ currency, amount_minor: BigInt(amounts[index] ?? 0) }));
        yield { effective: Number(effective), legs };
      }
      const last = rows.at(-1);
      if (last === undefined || rows.length < TRADES_A_PAGE) break;
      place = { ...last, effective: Number(last.effective) };
    }
  }
}

type Place = { readonly effective: number; readonly actor: string; readonly version: number; readonly i: number };
type TradeRow = Place & { readonly codes: readonly string[]; readonly amounts: readonly string[] };
type Page = {
  readonly from: number;
  readonly to: number;
  readonly known: number;
  readonly currencies: readonly string[];
  readonly place: Place;
};

async function readPage(reports: Database, { from, to, known, currencies, place }: Page): Promise<readonly TradeRow[]> {
  const rows = await reports.query(
    'period_trades',
    `select ${EFFECTIVE} as effective, actor, version, i, array_agg(currency order by leg) as codes,
        array_agg(amount_minor::text order by leg) as amounts
      from posting where account = '${EXCHANGE}' and currency = any($1) and not pending and ${EFFECTIVE} between $2 and $3 and at <= $4
        and (${EFFECTIVE}, actor, version, i) > ($2, $5, $6, $7)
      group by ${EFFECTIVE}, actor, version, i order by ${EFFECTIVE}, actor, version, i limit ${TRADES_A_PAGE}`,
    [currencies, from, to, known, place.actor, place.version, place.i],
  );
  return rows as readonly TradeRow[];
}

async function firstTrade(reports: Database, known: number, currencies: readonly string[]): Promise<number> {
  const [row] = await reports.query(
    'period_first_trade',
    `select min(${EFFECTIVE}) as effective from posting where account = '${EXCHANGE}' and currency = any($1) and at <= $2`,
    [currencies, known],
  );
  const effective = row?.['effective'] ?? null;
  return effective === null ? Number.MAX_SAFE_INTEGER : Number(effective);
}

/** Periods beside the month that do not let it be closed: one behind it that is not open, and a gap between it and an older one that is not. */
export async function readNeighbours(reports: Database, month: string, first: boolean): Promise<readonly Trouble[]> {
  const rows = await reports.query(
    'period_neighbours',
    `select substr(address, 8) as month from actor where type = 'period' and state not like 'open.%' and address <> $1 order by address`,
    [`period/${month}`],
  );
  const closed = rows.map((row) => String(row['month']));
  const later = closed.find((one) => one > month);
  if (later !== undefined) return [{ code: 'period_after_closed', detail: later }];
  const before = closed.at(-1);
  return first && before !== undefined ? [{ code: 'period_between_missing', detail: before }] : [];
}
