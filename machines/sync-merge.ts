/*
 * How two systems that keep the same record come to agree on it, field by field: each side's value is compared with the one that both had when they
 * last agreed, and whoever owns the field decides where both have changed it.
 */

/** A record in the hub's own terms; a field that is absent is one that this side does not keep. */
export type Fields = Readonly<Record<string, unknown>>;

/** Which of the two systems: `erp` is the outside one. */
export type Side = 'erp' | 'hub';

/**
 * Who decides on a field. `erp` and `hub`: that side, and what the other one changes is taken back. `newest`: whoever changed it last. `person`: where
 * both have changed it, somebody is asked.
 */
export const OWNERS = ['erp', 'hub', 'newest', 'person'] as const;
export type Owner = (typeof OWNERS)[number];

/** A value that gave way to the other side's. */
export type Overruled = { readonly field: string; readonly side: Side; readonly value: unknown; readonly kept: unknown };

/** A field on which somebody has to decide. */
export type Conflict = { readonly field: string; readonly base: unknown; readonly hub: unknown; readonly erp: unknown };

export type Merge = {
  /** What both have where nothing is left to decide; where something is, what they last agreed on. */
  readonly fields: Fields;
  /** What the hub has to take over, and the ERP. */
  readonly toHub: Fields;
  readonly toErp: Fields;
  readonly conflicts: readonly Conflict[];
  readonly overruled: readonly Overruled[];
};

export type Meeting = {
  /** What both had when they last agreed; undefined where they never did. */
  readonly base: Fields | undefined;
  readonly hub: Fields;
  readonly erp: Fields;
  /** When each side last changed it, in epoch milliseconds. */
  readonly hub_at: number;
  readonly erp_at: number;
  readonly owners: Readonly<Record<string, Owner>>;
  /** What somebody has decided of fields in conflict, as long as both sides still say what they said then. */
  readonly decided?: Readonly<Record<string, Decision>>;
};

/** A decision holds for the two values that were decided on, and for no others. */
export type Decision = { readonly side: Side; readonly hub: unknown; readonly erp: unknown };

/** Which side's value stands, or that somebody has to say. */
type Verdict = Side | 'ask';

/** What becomes of a record that both sides keep. Fields that one side does not keep are left alone. */
export function merge(meeting: Meeting): Merge {
  const { hub, erp, base } = meeting;
  const fields: Record<string, unknown> = {};
  const toHub: Record<string, unknown> = {};
  const toErp: Record<string, unknown> = {};
  const conflicts: Conflict[] = [];
  const overruled: Overruled[] = [];
  for (const field of Object.keys(hub)) {
    if (!Object.hasOwn(erp, field)) continue;
    const [ours, theirs, before] = [hub[field], erp[field], base?.[field]];
    if (isSame(ours, theirs)) {
      fields[field] = ours;
      continue;
    }
    const verdict = judge(field, meeting);
    if (verdict === 'ask') {
      conflicts.push({ field, base: before ?? null, hub: ours, erp: theirs });
      if (before !== undefined) fields[field] = before;
      continue;
    }
    const [kept, lost, loser] = verdict === 'erp' ? [theirs, ours, 'hub' as const] : [ours, theirs, 'erp' as const];
    fields[field] = kept;
    if (verdict === 'erp') toHub[field] = kept;
    else toErp[field] = kept;
    // A value that both knew before is not lost by being replaced.
    if (!isSame(lost, before) && !isEmpty(lost)) overruled.push({ field, side: loser, value: lost, kept });
  }
  return { fields, toHub, toErp, conflicts, overruled };
}

/** The fields differ. */
function judge(field: string, { base, hub, erp, hub_at, erp_at, owners, decided }: Meeting): Verdict {
  const [ours, theirs, before] = [hub[field], erp[field], base?.[field]];
  const decision = decided !== undefined && Object.hasOwn(decided, field) ? decided[field] : undefined;
  if (decision !== undefined && isSame(decision.hub, ours) && isSame(decision.erp, theirs)) return decision.side;
  const owner = owners[field] ?? 'person';
  if (owner === 'erp' || owner === 'hub') return owner;
  if (before !== undefined && isSame(ours, before)) return 'erp';
  if (before !== undefined && isSame(theirs, before)) return 'hub';
  // At the first meeting who knows nothing of it takes what the other one knows.
  if (base === undefined && isEmpty(ours)) return 'erp';
  if (base === undefined && isEmpty(theirs)) return 'hub';
  if (owner === 'newest' && hub_at !== erp_at) return erp_at > hub_at ? 'erp' : 'hub';
  return 'ask';
}

function isEmpty(value: unknown): boolean {
  return value === null || value === undefined || value === '';
}

/** Whether two values are the same JSON; the order of an object's keys does not count. */
export function isSame(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const [left, right] = [a as Fields, b as Fields];
  const keys = Object.keys(left);
  return keys.length === Object.keys(right).length && keys.every((key) => Object.hasOwn(right, key) && isSame(left[key], right[key]));
}
