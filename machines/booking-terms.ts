import { z } from 'zod';
import { addressField, externalId } from './erp.ts';
import type { Birth, EffectError, Stamp } from './machine.ts';
import { CURRENCIES, MOST_MINOR } from './money.ts';
import { line } from './text.ts';

/** What a booking is made of: its input, its events, its context and the facts that it makes known. */

const amount = z.int().min(1).max(MOST_MINOR);

export const bookingInput = z.strictObject({
  /** The payment of the hub, whose name it carries in the ERP. */
  payment: addressField,
  /** The bill that was paid with it. */
  bill: addressField,
  /** What keeps the bill in step with the ERP: it knows which ERP, and what the bill is called there. */
  binding: addressField,
  amount_minor: amount,
  currency: z.enum(CURRENCIES),
  /** The day that it was paid on, YYYY-MM-DD. */
  date: z.iso.date(),
  memo: line(140),
});

export const bookingSettings = z.strictObject({});

export const bookingEvents = {
  /** Tries once more what was refused, what waits for its time, or what the ERP has not set against the bill. */
  RETRY: z.strictObject({}),
  /** A person has seen to it in the ERP: the hub leaves it as it is. */
  SETTLE_BY_HAND: z.strictObject({ reason: line(500) }),
};

export const bookingInternal = {
  /** The payment was taken back in all: it is taken back in the ERP too. */
  VOID: z.strictObject({ reason: line(500) }),
  /** A part of the payment was given back: in the ERP that is for a person to book. */
  REDUCE: z.strictObject({ returned_minor: amount }),
  'tell.refused': z.strictObject({
    to: z.string(),
    event: z.string(),
    reason: z.string(),
    sent: z.record(z.string(), z.unknown()).optional(),
  }),
};

const fact = z.strictObject({
  payment: z.string(),
  bill: z.string(),
  integration: z.string().nullable(),
  external_id: externalId.nullable(),
  amount_minor: amount,
  currency: z.string(),
  reason: z.string().nullable(),
});

export const bookingFacts = {
  'booking.booked': fact,
  /** It is in the ERP, and not set against its bill there. */
  'booking.unreconciled': fact,
  'booking.refused': fact,
  'booking.voided': fact,
};

export type BookingFactName = keyof typeof bookingFacts;
export type BookingFact = z.infer<typeof fact> & { type: BookingFactName };
export type ByHand = z.infer<typeof bookingEvents.SETTLE_BY_HAND> & Stamp;
export type Void = z.infer<typeof bookingInternal.VOID> & Stamp;
export type Reduce = z.infer<typeof bookingInternal.REDUCE> & Stamp;

export type BookingEvent =
  | ({ type: 'RETRY' } & Stamp)
  | ({ type: 'SETTLE_BY_HAND' } & ByHand)
  | ({ type: 'VOID' } & Void)
  | ({ type: 'REDUCE' } & Reduce)
  | ({ type: 'tell.refused' } & z.infer<(typeof bookingInternal)['tell.refused']> & Stamp);

export type BookingBirth = z.infer<typeof bookingInput> & Birth<z.infer<typeof bookingSettings>>;

/** What was asked of the ERP and refused. */
export type BookingProblem = {
  readonly doing: 'pay' | 'void';
  readonly code: EffectError['code'];
  readonly detail: string | null;
  readonly at: number;
};

export type BookingContext = {
  id: string;
  payment: string;
  bill: string;
  binding: string;
  amount_minor: number;
  currency: string;
  date: string;
  memo: string;
  /** Which ERP, and what the bill is called there, once the binding has said it. */
  integration: string | null;
  bill_name: string | null;
  /** What the payment is called there. */
  external_id: string | null;
  reconciled: boolean;
  /** What was left of the bill there then. */
  residual_minor: number | null;
  /** It was asked for, and nobody knows whether it came about. */
  unsure: boolean;
  /** Why it shall be taken back, or was. */
  void_reason: string | null;
  /** How much of it was given back, where that is not all. */
  returned_minor: number;
  problem?: BookingProblem | undefined;
  /** Why a person says that nothing is left to do. */
  by_hand: string | null;
  /** Tries since the last one that came to something. */
  tries: number;
};
