import { toCsvRow } from '../../hub/protocol/csv.ts';
import { exponentOf, isCurrency } from '../../machines/money.ts';
import { formatMoney, groupDecimal } from '../core/format.ts';
import { keepTogether } from '../core/locale.ts';
import { isRecord } from '../core/problem.ts';
import { unreadable } from './office.ts';
import type { Search } from './screen.ts';

/* The ledger as the hub answers for it. Amounts are minor units as text: sums may be larger than a number is exact. */

export type Sums = {
  readonly currency: string;
  readonly debits_minor: string;
  readonly credits_minor: string;
  readonly balance_minor: string;
  readonly pending_minor: string;
};
export type AccountSums = Sums & { readonly account: string };

export type TrialBalance = {
  readonly at: string;
  readonly known: string;
  readonly accounts: readonly AccountSums[];
  readonly totals: readonly Sums[];
};

export type Standing = { readonly balance_minor: string; readonly pending_minor: string };
export type EntryKind = 'posted' | 'pending' | 'voided' | 'expired' | 'reversal';

export type Entry = Standing & {
  readonly actor: string;
  readonly version: number;
  readonly i: number;
  readonly leg: number;
  readonly event: string;
  readonly text: string;
  readonly kind: EntryKind;
  /** Whether it moves what is pending, and not the balance. */
  readonly pending: boolean;
  readonly of: { readonly version: number; readonly i: number } | null;
  /** When it was recorded. */
  readonly at: string;
  /** When it counts. */
  readonly effective: string;
  readonly amount_minor: string;
};

export type StatementPage = {
  readonly from: string;
  readonly to: string;
  readonly known: string;
  readonly opening: Standing;
  readonly closing: Standing;
  readonly items: readonly Entry[];
  readonly next: string | null;
};

export type DayProof = { readonly date: string; readonly leaves: number; readonly root: string };

export function readTrialBalance(answer: unknown): TrialBalance {
  if (isRecord(answer) && Array.isArray(answer['accounts']) && Array.isArray(answer['totals'])) return answer as TrialBalance;
  throw unreadable();
}

export function readStatement(answer: unknown): StatementPage {
  if (isRecord(answer) && Array.isArray(answer['items']) && isRecord(answer['closing'])) return answer as StatementPage;
  throw unreadable();
}

export function readProof(answer: unknown): DayProof {
  if (isRecord(answer) && typeof answer['root'] === 'string' && typeof answer['leaves'] === 'number') return answer as DayProof;
  throw unreadable();
}

export type CurrencyGroup = { readonly currency: string; readonly accounts: readonly AccountSums[]; readonly total: Sums };

/** The accounts of each currency with what they add up to; the currencies by their codes, the accounts as they came. */
export function groupByCurrency({ accounts, totals }: TrialBalance): readonly CurrencyGroup[] {
  const groups = Map.groupBy(accounts, ({ currency }) => currency);
  return totals
    .map((total) => ({ currency: total.currency, accounts: groups.get(total.currency) ?? [], total }))
    .sort((a, b) => (a.currency < b.currency ? -1 : 1));
}

/** Whether debits and credits are equal, and what is pending adds up to nothing. */
export function isBalanced({ balance_minor, pending_minor }: Standing): boolean {
  return BigInt(balance_minor) === 0n && BigInt(pending_minor) === 0n;
}

/** `125000`, `EUR` → `1,250.00`: the currency stands above the column. */
export function formatAmount(minor: string, currency: string): string {
  const amount = BigInt(minor);
  return isCurrency(currency) ? keepTogether(groupDecimal(amount, exponentOf(currency))) : formatMoney(amount, currency);
}

/** An amount by the side on which it stands, without its sign. */
export function sidesOf({ amount_minor }: Pick<Entry, 'amount_minor'>): { readonly debit?: string; readonly credit?: string } {
  return amount_minor.startsWith('-') ? { credit: amount_minor.slice(1) } : { debit: amount_minor };
}

/** What is asked for: the names of the hub's own parameters, so that an address reads as the call that it leads to. */
export const TRIAL_FILTERS = ['prefix', 'at', 'known'] as const;
export const STATEMENT_FILTERS = ['from', 'to', 'known'] as const;

/** Those of the names that have a value, for an address or a call. */
export function pick(search: Search, names: readonly string[]): Record<string, string> {
  const given = names.map((name) => [name, search[name]?.trim() ?? ''] as const);
  return Object.fromEntries(given.filter(([, value]) => value !== ''));
}

/** The statement of an account up to the end of what the balance counts, as it was known then. */
export function toStatement({ account, currency }: AccountSums, { at = '', known = '' }: Search): Record<string, string> {
  return pick({ account, currency, to: at, known }, ['account', 'currency', 'to', 'known']);
}

/** The trial balance that a statement leads back to. */
export function toTrial({ to = '', known = '' }: Search): Record<string, string> {
  return pick({ at: to, known }, TRIAL_FILTERS);
}

/** A date field shows days; an address may hold a time as well, which stays until a day is chosen. */
export function dayOf(text: string | undefined): string {
  return text !== undefined && /^\d{4}-\d\d-\d\d$/.test(text) ? text : '';
}

/** A trial balance as a file, which says of every row as of when it holds. */
export function toTrialCsv({ at, known, accounts }: TrialBalance): string {
  const head = ['account', 'currency', 'debits_minor', 'credits_minor', 'balance_minor', 'pending_minor', 'at', 'known'];
  const rows = accounts.map((sums) => [
    sums.account,
    sums.currency,
    BigInt(sums.debits_minor),
    BigInt(sums.credits_minor),
    BigInt(sums.balance_minor),
    BigInt(sums.pending_minor),
    at,
    known,
  ]);
  return [head, ...rows].map(toCsvRow).join('');
}

const STATEMENT_COLUMNS = [
  ...['account', 'currency', 'line', 'counts_at', 'recorded_at', 'actor', 'version', 'posting', 'leg', 'event', 'text', 'kind', 'pending'],
  ...['amount_minor', 'debit', 'credit', 'balance_minor', 'pending_minor', 'known'],
];

/** A statement as a file: what it opens with, every entry, what it closes with; the balances of each lead to those of the next. */
export function toStatementCsv(account: string, currency: string, { from, to, known, opening, closing, items }: StatementPage): string {
  const standing = ({ balance_minor, pending_minor }: Standing) => [BigInt(balance_minor), BigInt(pending_minor), known];
  const bound = (line: string, at: string, of: Standing) => [
    ...[account, currency, line, at, ...Array.from({ length: 12 }, () => null)],
    ...standing(of),
  ];
  const entries = items.map((entry) => {
    const { debit, credit } = sidesOf(entry);
    return [
      ...[account, currency, 'entry', entry.effective, entry.at, entry.actor, entry.version, entry.i, entry.leg],
      ...[
        entry.event,
        entry.text,
        entry.kind,
        entry.pending,
        BigInt(entry.amount_minor),
        toPlain(debit, currency),
        toPlain(credit, currency),
      ],
      ...standing(entry),
    ];
  });
  return [STATEMENT_COLUMNS, bound('opening', from, opening), ...entries, bound('closing', to, closing)].map(toCsvRow).join('');
}

/** `125000`, `EUR` → `1250.00`, as programs read it; empty for a currency that has no decimal any more. */
function toPlain(minor: string | undefined, currency: string): string {
  if (minor === undefined || !isCurrency(currency)) return '';
  const exponent = exponentOf(currency);
  const padded = minor.padStart(exponent + 1, '0');
  return exponent === 0 ? minor : `${padded.slice(0, -exponent)}.${padded.slice(-exponent)}`;
}
