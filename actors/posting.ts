import { POSTING_KINDS } from '../machines/machine.ts';
import type { Leg, PostingKind, PostingName } from '../machines/machine.ts';
import { isCurrency } from '../machines/money.ts';
import { unreachable } from '../machines/must.ts';
import type { Posting } from './envelope.ts';
import type { JournalRow, PostingRow } from './store/store.ts';

/** Also the addresses of actors: `client/acme`, `client:acme/receivable`. */
export const ACCOUNT = /^[A-Za-z0-9_\-:/.]{1,128}$/;
/** A posting is written with one statement and kept in one row of the journal. */
const MOST_LEGS = 1_000;
const LONGEST_TEXT = 500;
/** The end of the year 9999: the last that ISO 8601 writes with four digits. */
const LATEST = 253_402_300_799_999;

/**
 * What a machine posted, named by the version that its step makes and its position in what that step asked for. Throws for legs that
 * do not balance in each currency and layer or do not fit the kind, amounts that are no safe integers, currencies that are not in
 * ISO 4217, and accounts that are no names: money that comes from nowhere is a bug, and the actor that made it is parked before
 * anything is written.
 */
export function toPosting(name: PostingName, data: Readonly<Record<string, unknown>>): Posting {
  const { legs, text, kind, effective, of } = data;
  if (!Array.isArray(legs) || legs.length === 0 || legs.length > MOST_LEGS) {
    throw new Error(`A posting has 1 to ${MOST_LEGS} legs; ${Array.isArray(legs) ? legs.length : typeof legs} came`);
  }
  if (text !== undefined && (typeof text !== 'string' || text.length > LONGEST_TEXT)) {
    throw new Error(`The text of a posting is a string of up to ${LONGEST_TEXT} characters`);
  }
  const posting: Posting = {
    i: name.i,
    legs: legs.map(toLeg),
    ...(text === undefined ? {} : { text }),
    ...(kind === undefined ? {} : { kind: toKind(kind) }),
    ...(effective === undefined ? {} : { effective: toEffective(effective) }),
    ...(of === undefined ? {} : { of: toEarlier(of, name) }),
  };
  mustBalance(posting.legs);
  mustFit(posting);
  return posting;
}

function toLeg(leg: unknown): Leg {
  const { account, amount_minor, currency, pending } = (leg ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof account !== 'string' || !ACCOUNT.test(account)) {
    throw new Error(`An account is 1 to 128 of A-Z a-z 0-9 _ - : / . and not ${JSON.stringify(account)}`);
  }
  if (!Number.isSafeInteger(amount_minor))
    throw new Error(`${account}: an amount is a safe integer of minor units, not ${String(amount_minor)}`);
  if (typeof currency !== 'string' || !isCurrency(currency)) {
    throw new Error(`${account}: ${JSON.stringify(currency)} is no active ISO 4217 currency with a minor unit`);
  }
  if (pending !== undefined && pending !== true) throw new Error(`${account}: a leg is pending: true or says nothing of it`);
  return { account, amount_minor: Number(amount_minor), currency, ...(pending === undefined ? {} : { pending }) };
}

function toKind(kind: unknown): PostingKind {
  const known = POSTING_KINDS.find((one) => one === kind);
  if (known === undefined) throw new Error(`A posting is ${POSTING_KINDS.join(', ')}, and not ${JSON.stringify(kind)}`);
  return known;
}

function toEffective(effective: unknown): number {
  if (typeof effective === 'number' && Number.isSafeInteger(effective) && effective >= 0 && effective <= LATEST) return effective;
  throw new Error(`A posting counts from a time in epoch milliseconds up to the year 9999, not ${String(effective)}`);
}

function toEarlier(of: unknown, now: PostingName): PostingName {
  const { v, i } = (of ?? {}) as Readonly<Record<string, unknown>>;
  const whole = typeof v === 'number' && Number.isSafeInteger(v) && v >= 1 && typeof i === 'number' && Number.isSafeInteger(i) && i >= 0;
  if (!whole || v > now.v || (v === now.v && i >= now.i)) {
    throw new Error(`\`of\` names an earlier posting of the actor by {v, i}; ${JSON.stringify(of)} came at {"v":${now.v},"i":${now.i}}`);
  }
  return { v, i };
}

/** In big integers: a sum of safe integers need not be one, and a rounded sum could be zero by mistake. */
function mustBalance(legs: readonly Leg[]): void {
  const sums = new Map<string, bigint>();
  for (const { currency, amount_minor, pending } of legs) {
    const layer = pending === true ? `${currency}, pending` : currency;
    sums.set(layer, (sums.get(layer) ?? 0n) + BigInt(amount_minor));
  }
  for (const [layer, sum] of sums) {
    if (sum !== 0n) throw new Error(`The legs of a posting do not balance: ${sum} minor units of ${layer} are left over`);
  }
}

function mustFit({ kind = 'posted', legs, of }: Posting): void {
  const pending = legs.filter((leg) => leg.pending === true).length;
  const why = whyNotFit(kind, { all: pending === legs.length, some: pending > 0, named: of !== undefined });
  if (why !== undefined) throw new Error(`A posting of the kind ${kind} ${why}`);
}

type Shape = { readonly all: boolean; readonly some: boolean; readonly named: boolean };

function whyNotFit(kind: PostingKind, { all, some, named }: Shape): string | undefined {
  switch (kind) {
    case 'posted':
      if (named && (all || !some)) return 'with `of` takes pending legs back and posts others';
      return some && !named ? 'with pending legs names the one that it completes: `of`' : undefined;
    case 'pending':
      if (named) return 'is a beginning: it has no `of`';
      return all ? undefined : 'has pending legs alone';
    case 'voided':
    case 'expired':
      if (!named) return 'names the one that it ends: `of`';
      return all ? undefined : 'has pending legs alone';
    case 'reversal':
      return named ? undefined : 'names the one that it reverses: `of`';
    default:
      return unreachable(kind);
  }
}

/** One row for each leg of what this row of the journal posted. */
export function toPostingRows(row: Pick<JournalRow, 'partition' | 'actor' | 'version' | 'at'>, postings: readonly Posting[]): PostingRow[] {
  const { partition, actor, version, at } = row;
  return postings.flatMap(({ i, legs, kind = 'posted', effective = null, of }) =>
    legs.map(({ account, amount_minor, currency, pending = false }, leg) => ({
      partition,
      actor,
      version,
      i,
      leg,
      account,
      currency,
      amount_minor,
      at,
      pending,
      effective,
      kind,
      of_version: of?.v ?? null,
      of_i: of?.i ?? null,
    })),
  );
}
