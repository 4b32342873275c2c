import { z } from 'zod';
import type { Birth, PostingName, Stamp } from './machine.ts';
import { CURRENCIES, MOST_MINOR } from './money.ts';
import { idField, line } from './text.ts';

/** What a dispute is made of: its input, its events, its context and the facts that it makes known. */

const amount = z.int().min(1).max(MOST_MINOR);
const reason = line(500);
/** Epoch milliseconds, up to the end of the year 9999. */
const moment = z.int().min(0).max(253_402_300_799_999);
/** The bank's own word for it: `fraudulent`, `10.4`. */
const code = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'A code is expected, for example fraudulent or 10.4');

export const disputeInput = z.strictObject({
  /** The id of the payment that it is about. */
  payment: idField,
  client: idField,
  amount_minor: amount,
  currency: z.enum(CURRENCIES, 'An active ISO 4217 code with a minor unit is expected, for example EUR'),
  reason: code,
  /** The integration that the payment was made through, and that the money is taken back from. */
  gateway: idField,
  /** Until when the provider takes evidence, in epoch milliseconds. */
  due_by: moment,
  /** A bank asks first (`inquiry`), or takes the money back at once (`chargeback`). */
  kind: z.enum(['inquiry', 'chargeback']),
});

export const disputeEvents = {
  /** What speaks for the payment. It counts when another person has approved it. */
  SUBMIT_EVIDENCE: z.strictObject({
    summary: line(1_000),
    /** The names of the documents that belong to it. */
    documents: z.array(line(140)).max(20).default([]),
  }),
  /** It has been looked at and sent: whoever approves it says that it is with the provider. */
  APPROVE_EVIDENCE: z.strictObject({}),
  /** The money is given up. */
  ACCEPT: z.strictObject({ reason }),
  /** What somebody had to look at has been looked at. */
  ACKNOWLEDGE: z.strictObject({ reason }),
};

/** How the provider says that it stands. */
export const DISPUTE_STATUSES = ['inquiry', 'needs_response', 'under_review', 'won', 'lost', 'prevented'] as const;
export type DisputeStatus = (typeof DISPUTE_STATUSES)[number];

export const disputeInternal = {
  /** The provider's webhook. They come repeated and in any order; one without `due_by` is about the deadline that is known. */
  DISPUTE_UPDATED: z.strictObject({ status: z.enum(DISPUTE_STATUSES), due_by: moment.optional() }),
  /** The payment refused what it was told. */
  'tell.refused': z.strictObject({
    to: z.string(),
    event: z.string(),
    reason: z.string(),
    sent: z.record(z.string(), z.unknown()),
  }),
};

const fact = z.strictObject({
  client: idField,
  payment: idField,
  kind: disputeInput.shape.kind,
  amount_minor: amount,
  currency: z.string(),
  reason: z.string(),
  due_by: moment,
  stands_because: z.string().nullable(),
});

export const disputeFacts = {
  /** An inquiry or a chargeback; where the one becomes the other it is said again. */
  'dispute.opened': fact,
  'dispute.due_soon': fact,
  /** Evidence was approved and sent. */
  'dispute.submitted': fact,
  'dispute.won': fact,
  'dispute.lost': fact,
  'dispute.prevented': fact,
};

export type DisputeFactName = keyof typeof disputeFacts;
export type DisputeFact = z.infer<typeof fact> & { type: DisputeFactName };

export type DisputeBirth = z.infer<typeof disputeInput> & Birth;
export type SubmitEvidence = z.infer<typeof disputeEvents.SUBMIT_EVIDENCE> & Stamp;
export type DisputeUpdated = z.infer<typeof disputeInternal.DISPUTE_UPDATED> & Stamp;
export type TellRefused = z.infer<(typeof disputeInternal)['tell.refused']> & Stamp;

export type DisputeEvent = Stamp &
  (
    | ({ type: 'SUBMIT_EVIDENCE' } & SubmitEvidence)
    | { type: 'APPROVE_EVIDENCE' }
    | { type: 'ACCEPT' | 'ACKNOWLEDGE'; reason: string }
    | ({ type: 'DISPUTE_UPDATED' } & DisputeUpdated)
    | ({ type: 'tell.refused' } & TellRefused)
  );

export type Evidence = {
  readonly summary: string;
  readonly documents: readonly string[];
  readonly by: string;
  readonly at: number;
  /** Who approved it and said that it is with the provider. */
  readonly approved_by: string | null;
};

/** Something that somebody has to look at. */
export type Trouble = { readonly what: string; readonly why: string; readonly at: number };

export type DisputeContext = Omit<z.infer<typeof disputeInput>, 'kind'> & {
  id: string;
  kind: 'inquiry' | 'chargeback';
  /** Who created it. */
  maker: string;
  opened_at: number;
  evidence: Evidence | null;
  /** What took the money back in the ledger. */
  withdrawal: PostingName | null;
  /** How it ended; nothing changes it any more. */
  ending: 'won' | 'lost' | 'prevented' | 'accepted' | null;
  /** Why it stands where it stands, as somebody wrote it or as a code. */
  stands_because: string | null;
  troubles: readonly Trouble[];
};
