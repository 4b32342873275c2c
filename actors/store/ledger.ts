import type { PostingKind } from '../../machines/machine.ts';
import type { Database } from '../integrations/integration.ts';

/*
 * The ledger as accountants read it. A leg with a positive amount is a debit, one with a negative amount a credit; a balance is debits
 * less credits. Only posted legs are in balances: what is pending is told beside them. A leg counts from its effective time, and from
 * when it was recorded where it has none. Sums are texts, exact however large.
 */

/** What is read: what counts up to and including `at`, of all that was recorded up to and including `known`; epoch milliseconds. */
export type AsOf = { readonly at: number; readonly known: number };

export type AccountBalance = {
  readonly account: string;
  readonly currency: string;
  readonly debits_minor: string;
  readonly credits_minor: string;
  readonly balance_minor: string;
  readonly pending_minor: string;
};

const EFFECTIVE = 'coalesce(effective, at)';
const sumOf = (which: string, sign = ''): string => `coalesce(${sign}sum(amount_minor) filter (where ${which}), 0)::text`;

/**
 * Debits, credits and balance of each account and currency, or of the accounts that begin with the prefix; at most so many. The whole
 * table is read for it: two processors sum up two million legs in less than half a second, and no index would make it quicker that every
 * posting would not have to pay for.
 */
export async function readTrialBalance(
  reports: Database,
  { at, known }: AsOf,
  prefix: string,
  limit: number,
): Promise<readonly AccountBalance[]> {
  // No character of an account's name stands behind the tilde.
  const which = prefix === '' ? '' : `and account >= $4 and account < $4 || '~'`;
  const rows = await reports.query(
    prefix === '' ? 'trial_balance' : 'trial_balance_of',
    `select account, currency, ${sumOf('amount_minor > 0 and not pending')} as debits_minor,
        ${sumOf('amount_minor < 0 and not pending', '-')} as credits_minor, ${sumOf('not pending')} as balance_minor,
        ${sumOf('pending')} as pending_minor
      from posting where ${EFFECTIVE} <= $1 and at <= $2 ${which}
      group by account, currency order by account, currency limit $3`,
    prefix === '' ? [at, known, limit] : [at, known, limit, prefix],
  );
  return rows as readonly AccountBalance[];
}

export type CurrencyTotal = Omit<AccountBalance, 'account'>;

/** What all of these accounts add up to in each currency: over the whole ledger, balance and pending are zero. */
export function totalsOf(balances: readonly AccountBalance[]): readonly CurrencyTotal[] {
  const byCurrency = Map.groupBy(balances, ({ currency }) => currency);
  return [...byCurrency]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([currency, rows]) => {
      const total = (of: (row: AccountBalance) => string): string => rows.reduce((sum, row) => sum + BigInt(of(row)), 0n).toString();
      return {
        currency,
        debits_minor: total((row) => row.debits_minor),
        credits_minor: total((row) => row.credits_minor),
        balance_minor: total((row) => row.balance_minor),
        pending_minor: total((row) => row.pending_minor),
      };
    });
}

/** Where an entry stands: entries are ordered by when they count, then by the actor and what it posted. */
export type EntryPlace = {
  readonly effective: number;
  readonly actor: string;
  readonly version: number;
  readonly i: number;
  readonly leg: number;
};

export type Entry = EntryPlace & {
  readonly at: number;
  readonly kind: PostingKind;
  readonly pending: boolean;
  readonly amount_minor: string;
  readonly of_version: number | null;
  readonly of_i: number | null;
};

/** What an account stood at somewhere. */
export type Standing = { readonly posted: bigint; readonly pending: bigint };
export type Standings = { readonly opening: Standing; readonly before: Standing; readonly closing: Standing };

/** The entries of one account in one currency that count from `from` up to and including `to`, and were recorded up to and including `known`. */
export type Extract = {
  readonly account: string;
  readonly currency: string;
  readonly from: number;
  readonly to: number;
  readonly known: number;
};

const ORDER = `${EFFECTIVE}, actor, version, i, leg`;
const ORDER_AGAIN = 'e.effective, e.actor, e.version, e.i, e.leg';
const PLACE = `(${ORDER})`;
const OF_ACCOUNT = `account = $1 and currency = $2 and ${EFFECTIVE} <= $3 and at <= $4`;
const STANDINGS = [
  ['opening', `${EFFECTIVE} < $10`],
  ['before', `${PLACE} <= ($5, $6, $7, $8, $9)`],
  ['closing', 'true'],
]
  .flatMap(([name, which]) =>
    ['not pending', 'pending'].map((layer) => `${sumOf(`${which} and ${layer}`)} as ${name}_${layer.replace('not pending', 'posted')}`),
  )
  .join(', ');

/** The first place that an extract may have an entry at; no entry is before it. */
export function firstPlace({ from }: Extract): EntryPlace {
  return { effective: from, actor: '', version: 0, i: 0, leg: 0 };
}

export type Statement = Standings & { readonly entries: readonly Entry[] };

/** The next entries behind a place, oldest first, and what the account stood at where the extract begins, at that place, and at its end. */
export async function readStatement(reports: Database, wanted: Extract, behind: EntryPlace, limit: number): Promise<Statement> {
  const { account, currency, from, to, known } = wanted;
  const { effective, actor, version, i, leg } = behind;
  // One statement, so that entries and standings are of one moment.
  const rows = await reports.query(
    'ledger_statement',
    `with s as (select ${STANDINGS} from posting where ${OF_ACCOUNT}),
      e as (select ${EFFECTIVE} as effective, actor, version, i, leg, at, kind, pending, amount_minor::text as amount_minor, of_version, of_i
        from posting where ${OF_ACCOUNT} and ${EFFECTIVE} >= $5 and ${PLACE} > ($5, $6, $7, $8, $9) order by ${ORDER} limit $11)
      select s.*, e.* from s left join e on true order by ${ORDER_AGAIN}`,
    [account, currency, to, known, effective, actor, version, i, leg, from, limit],
  );
  const [first = {}] = rows;
  const standing = (name: keyof Standings): Standing => ({
    posted: BigInt(String(first[`${name}_posted`])),
    pending: BigInt(String(first[`${name}_pending`])),
  });
  const entries = rows.filter((row) => row['actor'] !== null).map(toEntry);
  return { opening: standing('opening'), before: standing('before'), closing: standing('closing'), entries };
}

function toEntry(row: Readonly<Record<string, unknown>>): Entry {
  const { effective, actor, version, i, leg, at, kind, pending, amount_minor, of_version, of_i } = row as Entry;
  return { effective: Number(effective), actor, version, i, leg, at: Number(at), kind, pending, amount_minor, of_version, of_i };
}
