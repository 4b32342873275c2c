import { isCurrency } from '../machines/money.ts';
import type { Posting } from './envelope.ts';
import type { JournalRow, PostingRow } from './store/store.ts';

/** Also the addresses of actors: `client/acme`, `client:acme/receivable`. */
const ACCOUNT = /^[A-Za-z0-9_\-:/.]{1,128}$/;
/** A posting is written with one statement and kept in one row of the journal. */
const MOST_LEGS = 1_000;
const LONGEST_TEXT = 500;

/**
 * What a machine posted, with `i` for its position in what its step asked for. Throws for legs that do not balance in each
 * currency, amounts that are no safe integers, currencies that are not in ISO 4217, and accounts that are no names: money that
 * comes from nowhere is a bug, and the actor that made it is parked before anything is written.
 */
export function toPosting(i: number, data: Readonly<Record<string, unknown>>): Posting {
  const { legs, text } = data;
  if (!Array.isArray(legs) || legs.length === 0 || legs.length > MOST_LEGS) {
    throw new Error(`A posting has 1 to ${MOST_LEGS} legs; ${Array.isArray(legs) ? legs.length : typeof legs} came`);
  }
  if (text !== undefined && (typeof text !== 'string' || text.length > LONGEST_TEXT)) {
    throw new Error(`The text of a posting is a string of up to ${LONGEST_TEXT} characters`);
  }
  const read = legs.map(toLeg);
  mustBalance(read);
  return { i, legs: read, ...(text === undefined ? {} : { text }) };
}

function toLeg(leg: unknown): Posting['legs'][number] {
  const { account, amount_minor, currency } = (leg ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof account !== 'string' || !ACCOUNT.test(account)) {
    throw new Error(`An account is 1 to 128 of A-Z a-z 0-9 _ - : / . and not ${JSON.stringify(account)}`);
  }
  if (!Number.isSafeInteger(amount_minor))
    throw new Error(`${account}: an amount is a safe integer of minor units, not ${String(amount_minor)}`);
  if (typeof currency !== 'string' || !isCurrency(currency)) {
    throw new Error(`${account}: ${JSON.stringify(currency)} is no active ISO 4217 currency with a minor unit`);
  }
  return { account, amount_minor: Number(amount_minor), currency };
}

/** In big integers: a sum of safe integers need not be one, and a rounded sum could be zero by mistake. */
function mustBalance(legs: Posting['legs']): void {
  const sums = new Map<string, bigint>();
  for (const { currency, amount_minor } of legs) sums.set(currency, (sums.get(currency) ?? 0n) + BigInt(amount_minor));
  for (const [currency, sum] of sums) {
    if (sum !== 0n) throw new Error(`The legs of a posting do not balance: ${sum} minor units of ${currency} are left over`);
  }
}

/** One row for each leg of what this row of the journal posted. */
export function toPostingRows(row: Pick<JournalRow, 'partition' | 'actor' | 'version' | 'at'>, postings: readonly Posting[]): PostingRow[] {
  const { partition, actor, version, at } = row;
  return postings.flatMap(({ i, legs }) => legs.map((leg, index) => ({ partition, actor, version, i, leg: index, ...leg, at })));
}
