import { z } from 'zod';
import { isZone } from './calendar-day.ts';
import type { Birth, Stamp } from './machine.ts';
import { CURRENCIES, MOST_MINOR } from './money.ts';
import { idField, line } from './text.ts';

/** What the limits of a client are made of: their input, their events, their context and the facts that they make known. */

/** So many payments count at most in a day, and so many within a while, so that the envelope stays small. */
export const MOST_SPENDS = 1_000;

const amount = z.int().min(1).max(MOST_MINOR);
const reason = line(500);
/** Whole units of whatever currency it is about: the same number in each. */
const major = z.int().min(0).max(1_000_000_000);
const count = z.int().min(0).max(MOST_SPENDS);
const velocity = z.strictObject({ count, minutes: z.int().min(1).max(1_440) });
const hours = z.int().min(0).max(8_760);

export const limitInput = z.strictObject({
  /** Whose payments they are: the id of a client. The limits of a client have his id too. */
  client: idField,
});

export const limitSettings = z.strictObject({
  /** What one payment may come to. */
  per_payment_major: major.default(1_000_000),
  /** What all of a day may, in each currency. */
  per_day_major: major.default(5_000_000),
  /** What all of a day may that one person has made. */
  per_person_major: major.default(2_000_000),
  /** How many payments there may be in a day. */
  per_day_count: count.default(500),
  /** How many there may be within so many minutes. */
  velocity: velocity.default({ count: 100, minutes: 10 }),
  /** What one payment may come to whose payee is new. */
  new_payee_major: major.default(100_000),
  /** For so long after he was first paid a payee is new; nobody is where this is 0. */
  new_payee_hours: hours.default(24),
  /** From this share of what a day may come to the limit is near. */
  near_ratio: z.number().gt(0).lt(1).default(0.8),
  /** Where the days are those of the calendar: a zone of the IANA database. */
  zone: z.string().refine(isZone, 'A time zone of the IANA database is expected, for example Europe/Brussels').default('Europe/Brussels'),
});

export const limitEvents = {
  /** What is lower holds at once; what is higher when another person has confirmed it. What it does not name stays as it is. */
  SET: z.strictObject({
    per_payment_major: major.optional(),
    per_day_major: major.optional(),
    per_person_major: major.optional(),
    per_day_count: count.optional(),
    velocity: velocity.optional(),
    new_payee_major: major.optional(),
    new_payee_hours: hours.optional(),
  }),
  CONFIRM: z.strictObject({ proposal: idField }),
  DROP: z.strictObject({ proposal: idField }),
  /** Nothing more is granted until another person than the one who blocked it says so. */
  BLOCK: z.strictObject({ reason }),
  UNBLOCK: z.strictObject({ reason }),
};

export const limitInternal = {
  /** Asks for room for a payment. Answered with LIMIT_GRANTED, or refused. */
  SPEND: z.strictObject({
    payment: idField,
    /** Which revision of the payment asks: it may have been amended, and what it asks for need not come in order. */
    revision: z.int().min(1),
    amount_minor: amount,
    currency: z.enum(CURRENCIES),
    payee: z.string().min(1).max(140),
    /** Who made it: a username, `system:<source>`, or an actor's address. */
    maker: z.string().min(1).max(300),
  }),
  /** It will not be paid. */
  UNSPEND: z.strictObject({ payment: idField }),
  /** It has been paid, which is final. */
  PAID: z.strictObject({ payment: idField }),
};

const limits = z.strictObject({
  per_payment_major: major,
  per_day_major: major,
  per_person_major: major,
  per_day_count: count,
  velocity,
  new_payee_major: major,
  new_payee_hours: hours,
});
const used = z.strictObject({ currency: z.string(), spent_minor: z.int(), left_minor: z.int() });
const fact = z.strictObject({
  client: idField,
  limits,
  /** What the payments of the day come to, in each currency that there is any in. */
  today: z.array(used),
  count_today: z.int(),
  reason: z.string().nullable(),
});

export const limitFacts = {
  'limit.near': fact,
  'limit.changed': fact,
  /** Somebody wants them higher; nothing has changed. */
  'limit.proposed': fact,
  'limit.dropped': fact,
  'limit.blocked': fact,
  'limit.unblocked': fact,
};

export type LimitFactName = keyof typeof limitFacts;
export type LimitFact = z.infer<typeof fact> & { type: LimitFactName };

export type Limits = z.infer<typeof limits>;
export type LimitRules = z.infer<typeof limitSettings>;
export type LimitBirth = z.infer<typeof limitInput> & Birth<LimitRules>;

export type Spend = z.infer<typeof limitInternal.SPEND> & Stamp;
export type OfPayment = { readonly payment: string } & Stamp;
export type SetLimits = z.infer<typeof limitEvents.SET> & Stamp;
export type OfProposal = { readonly proposal: string } & Stamp;

export type LimitEvent = Stamp &
  (
    | ({ type: 'SET' } & SetLimits)
    | ({ type: 'CONFIRM' | 'DROP' } & OfProposal)
    | { type: 'BLOCK' | 'UNBLOCK'; reason: string }
    | ({ type: 'SPEND' } & Spend)
    | ({ type: 'UNSPEND' | 'PAID' } & OfPayment)
  );

/** A payment that there was room for. */
export type SpendRecord = {
  readonly payment: string;
  /** The address of the actor that asked. */
  readonly by: string;
  readonly revision: number;
  readonly amount_minor: number;
  readonly currency: string;
  readonly payee: string;
  readonly maker: string;
  readonly at: number;
  /** The day that it counts in, as YYYY-MM-DD. */
  readonly day: string;
  readonly paid: boolean;
};

/** A payee who has been paid, with the moments of the first and the last time. */
export type KnownPayee = { readonly payee: string; readonly first_at: number; readonly last_at: number };

export type RaiseProposal = {
  readonly proposal: string;
  readonly by: string;
  readonly at: number;
  readonly limits: Partial<Limits>;
};

/** Written with every step: keep it small. */
export type LimitContext = {
  id: string;
  client: string;
  limits: Limits;
  near_ratio: number;
  zone: string;
  /** What still counts, the oldest first: payments of the day or of the last minutes, and those not yet known to be paid or not. */
  spends: readonly SpendRecord[];
  /** In the order in which they were last paid. */
  payees: readonly KnownPayee[];
  today: readonly z.infer<typeof used>[];
  count_today: number;
  proposal: RaiseProposal | null;
  blocked_by: string | null;
  reason: string | null;
  /** The time up to which it has looked, in epoch milliseconds. */
  looked_at: number;
};
