import { z } from 'zod';
import { Fault } from '../../../machines/fault.ts';
import { endOf } from '../../../machines/month.ts';
import { EXCHANGE } from '../../../machines/payment-funds.ts';
import { closeBook, openBook, valuedBy, withTrade } from '../../../machines/period-gains.ts';
import type { Gains } from '../../../machines/period-gains.ts';
import { LEDGER, REALIZED_COST } from '../../../machines/period-rules.ts';
import { periodReading, readPeriod } from '../../../machines/period-terms.ts';
import type { PeriodReading, ReadPeriod, Total, Trouble } from '../../../machines/period-terms.ts';
import { readDayRoots, rootOfMonth } from '../../ledger/month-tree.ts';
import { countPostings, readBalance, readInTransit, readNeighbours, readTotals, readTrades } from '../../store/ledger-period.ts';
import { defineIntegration } from '../integration.ts';
import type { Call, CallResult, Database, IntegrationKind } from '../integration.ts';

/** The hub's own ledger, for machines that have to know what is in it. It only reads, by the connections that reports have. */
export const ledger: IntegrationKind = defineIntegration({
  name: LEDGER,
  title: 'Ledger',
  provides: 'ledger',
  own: true,
  honours_keys: true,
  concurrency: 1,
  timeout_ms: 120_000,
  operations: { read_period: { input: readPeriod, output: periodReading, reads: true } },
  config: z.strictObject({}),
  open: ({ ports, database }) => {
    const rest = (): Promise<void> => new Promise((resolve) => ports.timers.soon(resolve));
    return Promise.resolve({
      perform: (call) => answer(call, database, rest),
      close: () => Promise.resolve(),
    });
  },
});

async function answer({ input }: Call, reports: Database, rest: () => Promise<void>): Promise<CallResult> {
  try {
    return { kind: 'done', output: await read(readPeriod.parse(input), reports, rest) };
  } catch (error) {
    if (error instanceof Fault) return { kind: 'failed', code: error.code, detail: error.message };
    // Money that is no safe integer any more cannot be posted.
    if (error instanceof RangeError) return { kind: 'failed', code: 'too_much', detail: error.message };
    // Nothing was done: whatever keeps the database from answering, it is asked again.
    return { kind: 'retry', code: 'ledger_unreadable' };
  }
}

async function read(wanted: ReadPeriod, reports: Database, rest: () => Promise<void>): Promise<PeriodReading> {
  const { month, known, first } = wanted;
  const totals = await readTotals(reports, wanted);
  const { gains, difference_minor } = await readGains(wanted, reports, totals);
  const troubles = [
    ...unbalanced(totals),
    ...(await readNeighbours(reports, month, first)),
    ...(await readInTransit(reports, wanted)),
    ...(await unreconciled(wanted, reports, { gains, difference_minor })),
  ];
  const { postings, legs } = await countPostings(reports, wanted);
  const root = rootOfMonth(await readDayRoots(reports, month, endOf(month) + 1, rest));
  return { figures: { month, known, totals: [...totals], postings, legs, root, gains: [...gains], difference_minor }, troubles };
}

async function readGains(wanted: ReadPeriod, reports: Database, totals: readonly Total[]): Promise<Gains> {
  const { month, home_currency, carried, days, first } = wanted;
  const valued = valuedBy(days, home_currency);
  const currencies = totals.map(({ currency }) => currency);
  let book = openBook(home_currency, carried);
  for await (const trade of readTrades(reports, wanted, currencies, first)) book = withTrade(book, trade, valued);
  return closeBook(book, carried, days, endOf(month));
}

function unbalanced(totals: readonly Total[]): readonly Trouble[] {
  return totals
    .filter(({ balance_minor, pending_minor }) => balance_minor !== '0' || pending_minor !== '0')
    .map(({ currency }) => ({ code: 'ledger_unbalanced', detail: currency }));
}

/** Whether what the exchange holds in the home currency is, with all gains, what the positions cost. */
async function unreconciled(wanted: ReadPeriod, reports: Database, { gains, difference_minor }: Gains): Promise<readonly Trouble[]> {
  const { home_currency } = wanted;
  const before = await readBalance(reports, wanted, [EXCHANGE, REALIZED_COST], home_currency);
  const realized = gains.reduce((sum, one) => sum + BigInt(one.realized_minor), BigInt(difference_minor));
  const cost = gains.reduce((sum, one) => sum + BigInt(one.cost_minor), 0n);
  const left = before + realized - cost;
  return left === 0n ? [] : [{ code: 'exchange_unreconciled', detail: `${left} ${home_currency}` }];
}
