import type { Stamp } from './machine.ts';
import type { Calls, Change, Contract, Credentials, Deed, IntegrationContext, ProbeAnswer } from './integration-terms.ts';

/** How an integration compares, remembers and counts. */

const MOST_DEEDS = 12;
const MOST_CODES = 20;
const MOST_CHANGES = 50;
const LONGEST_REST_MS = 24 * 60 * 60 * 1000;
const FIRST_SHARE = 20;
const USUAL = 100;

export const NOTHING_SEEN: Contract = { accepted: null, seen: null, fingerprint: null, version: null, changes: [] };
export const NO_CREDENTIALS: Credentials = { expires_at: null, expiring: false, rotated_at: null, doubted_at: null, failure: null };

/** What an integration knows beyond its circuit before anything has happened. */
export const UNTOUCHED = {
  open_since: null,
  quarantined_because: null,
  declared: null,
  looking: { wanted: false, passed: false, at: null, failure: null },
  credentials: NO_CREDENTIALS,
  contract: NOTHING_SEEN,
  limited_until: null,
  share: USUAL,
  succeeded_at: null,
  failed_at: null,
  errors: {},
  did: [],
} satisfies Partial<IntegrationContext>;

/** Timers and results carry the moment as well; XState's types of them do not know. */
export function momentOf(event: object): number {
  return 'at' in event && typeof event.at === 'number' ? event.at : 0;
}

export function withDeed(did: readonly Deed[], at: number, what: string, detail: string | null = null): readonly Deed[] {
  return [{ at, what, detail: detail?.slice(0, 200) ?? null }, ...did].slice(0, MOST_DEEDS);
}

/** What differs, by the names of the parts. */
export function changesBetween(was: Readonly<Record<string, string>>, is: Readonly<Record<string, string>>): readonly Change[] {
  const parts = [...new Set([...Object.keys(was), ...Object.keys(is)])].toSorted();
  const changes = parts.flatMap((part): Change[] => {
    const before = was[part];
    const after = is[part];
    if (before === after) return [];
    const change = before === undefined ? 'added' : after === undefined ? 'removed' : 'changed';
    return [{ part, change, was: before ?? null, is: after ?? null }];
  });
  // Whatever is cut off, that something breaks is not.
  return [...changes.filter(isBreaking), ...changes.filter((one) => !isBreaking(one))].slice(0, MOST_CHANGES);
}

/** A part that the hub relies on may be new, one that is asked of it (`+`) may be gone, and one beside (`~`) may be as it likes. */
function isBreaking({ part, change }: Change): boolean {
  if (part.startsWith('~')) return false;
  return change !== (part.startsWith('+') ? 'removed' : 'added');
}

export function isBroken({ contract }: IntegrationContext): boolean {
  return contract.changes.some(isBreaking);
}

/** The first contract that is seen is taken as it is; a later one is compared with what was accepted. */
export function withProbe(context: IntegrationContext, answer: ProbeAnswer, at: number): Partial<IntegrationContext> {
  const { contract: seen, fingerprint = null, version = null, expires_at } = answer;
  const { accepted } = context.contract;
  const changes = seen === undefined || accepted === null ? [] : changesBetween(accepted, seen);
  const kept =
    seen === undefined ? context.contract : { accepted: accepted ?? seen, seen: changes.length > 0 ? seen : null, fingerprint, changes };
  return {
    contract: { ...context.contract, ...kept, version },
    credentials: withExpiry(context, expires_at, at),
    looking: { wanted: false, passed: true, at, failure: null },
    did: withDeed(context.did, at, 'probed', version),
  };
}

export function withExpiry({ credentials, rules }: IntegrationContext, expires_at: number | undefined, at: number): Credentials {
  const expiring = expires_at !== undefined && expires_at - at <= rules.expiry_notice_ms;
  return { ...credentials, expires_at: expires_at ?? null, expiring };
}

export function withAccepted({ contract, did }: IntegrationContext, at: number): Partial<IntegrationContext> {
  const detail = `${contract.changes.length} changes`;
  return {
    contract: { ...contract, accepted: contract.seen ?? contract.accepted, seen: null, changes: [] },
    did: withDeed(did, at, 'accepted', detail),
  };
}

/** What a report says of the last calls and of why others failed. */
export function withReport(
  context: IntegrationContext,
  { succeeded, failed, unauthorized = 0, codes = {}, at }: Calls & Stamp,
): Partial<IntegrationContext> {
  const errors = new Map(Object.entries(context.errors));
  for (const [code, count] of Object.entries(codes)) {
    const name = errors.has(code) || errors.size < MOST_CODES - 1 ? code : 'other';
    errors.set(name, Math.min((errors.get(name) ?? 0) + count, Number.MAX_SAFE_INTEGER));
  }
  return {
    errors: Object.fromEntries(errors),
    succeeded_at: succeeded > 0 ? at : context.succeeded_at,
    failed_at: failed + unauthorized > 0 ? at : context.failed_at,
  };
}

/** However long the provider asks to be left alone, no longer than a day; two reports hold until the later one. */
export function withLimit({ limited_until }: IntegrationContext, { after_ms = 0, at }: Calls & Stamp): Partial<IntegrationContext> {
  const until = at + Math.min(Math.max(after_ms, 1_000), LONGEST_REST_MS);
  return { limited_until: Math.max(until, limited_until ?? 0), share: FIRST_SHARE };
}

export function withMore({ share }: IntegrationContext): Partial<IntegrationContext> {
  return { share: Math.min(share + FIRST_SHARE, USUAL) };
}

export function isUsual({ share }: IntegrationContext): boolean {
  return share + FIRST_SHARE >= USUAL;
}
