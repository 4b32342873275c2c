import { z } from 'zod';
import { addressField, erpRecord, externalId, model } from './erp.ts';
import type { ErpRecord, Model } from './erp.ts';
import type { Birth, EffectError, Stamp } from './machine.ts';
import { OWNERS } from './sync-merge.ts';
import type { Conflict, Decision, Fields, Overruled, Owner, Side } from './sync-merge.ts';
import { idField } from './text.ts';

/** What a binding is made of: its input, its events, its context and the facts that it makes known. */

/** Decisions against a value that are kept in sight; the journal has them all. */
export const MOST_OVERRULED = 20;

const owner = z.enum(OWNERS);
const revision = z.int().min(1).max(Number.MAX_SAFE_INTEGER);
const moment = z.int().min(0).max(Number.MAX_SAFE_INTEGER);
const fields = z.record(z.string().max(64), z.unknown());
const fieldName = z.string().regex(/^[a-z][a-z0-9_]{0,63}$/, 'A field is small letters, digits and _');

export const bindingInput = z.strictObject({
  integration: idField,
  model,
  /** The hub's actor that keeps the record. */
  actor: addressField,
  /** What the ERP says of it, where it was there first. */
  record: erpRecord.optional(),
});

/** Who decides on what, where nothing else is set. What says who somebody is, and whom money goes to, changes on both sides at once by a person alone. */
export const OWNED: Readonly<Record<Model, Readonly<Record<string, Owner>>>> = {
  partner: {
    name: 'person',
    country: 'person',
    email: 'newest',
    phone: 'newest',
    street: 'newest',
    city: 'newest',
    zip: 'newest',
    vat: 'person',
    kind: 'erp',
    archived: 'erp',
    standing: 'hub',
  },
  bill: {
    supplier: 'erp',
    number: 'person',
    direction: 'erp',
    issued: 'erp',
    due: 'newest',
    currency: 'erp',
    total_minor: 'erp',
    tax_minor: 'erp',
    residual_minor: 'erp',
    lines: 'erp',
    state: 'erp',
    payment_state: 'erp',
  },
  payment: {
    bill: 'hub',
    amount_minor: 'hub',
    currency: 'hub',
    date: 'hub',
    memo: 'hub',
    state: 'hub',
  },
};

export const bindingSettings = z.strictObject({
  /** Who decides on a field, by model and field; see `OWNED` for what holds where nothing is said. */
  owners: z
    .strictObject({
      partner: z.record(fieldName, owner).default({}),
      bill: z.record(fieldName, owner).default({}),
      payment: z.record(fieldName, owner).default({}),
    })
    .default({ partner: {}, bill: {}, payment: {} }),
});

export const bindingEvents = {
  /** Whose value stands of a field that is in conflict. */
  DECIDE: z.strictObject({ field: fieldName, side: z.enum(['hub', 'erp']) }),
  /** Tries once more what was refused, or what waits for its time. */
  RETRY: z.strictObject({}),
  /** What was deleted in the ERP is made there once more. */
  RECREATE: z.strictObject({}),
  /** What was deleted in the ERP is not kept in step any more. */
  RELEASE: z.strictObject({}),
};

export const bindingInternal = {
  /** What the ERP says of the record now. */
  THEIRS: z.strictObject({ record: erpRecord }),
  /** What the hub's actor says of it now, and how often it has changed so far. */
  OURS: z.strictObject({ revision, changed_at: moment, fields }),
  'tell.refused': z.strictObject({
    to: z.string(),
    event: z.string(),
    reason: z.string(),
    sent: z.record(z.string(), z.unknown()).optional(),
  }),
};

const fact = z.strictObject({
  integration: z.string(),
  model: z.string(),
  actor: z.string(),
  external_id: externalId.nullable(),
  reason: z.string().nullable(),
});

export const bindingFacts = {
  'binding.agreed': fact,
  'binding.conflict': fact,
  'binding.refused': fact,
  'binding.gone': fact,
  'binding.released': fact,
  /** A change gave way to the other side's: which field is the reason. */
  'binding.overruled': fact,
};

export type BindingFactName = keyof typeof bindingFacts;
export type BindingFact = z.infer<typeof fact> & { type: BindingFactName };

export type Theirs = z.infer<typeof bindingInternal.THEIRS> & Stamp;
export type Ours = z.infer<typeof bindingInternal.OURS> & Stamp;
export type Refusal = z.infer<(typeof bindingInternal)['tell.refused']> & Stamp;
export type Decide = z.infer<typeof bindingEvents.DECIDE> & Stamp;

export type BindingEvent =
  | ({ type: 'DECIDE' } & Decide)
  | ({ type: 'RETRY' | 'RECREATE' | 'RELEASE' } & Stamp)
  | ({ type: 'THEIRS' } & Theirs)
  | ({ type: 'OURS' } & Ours)
  | ({ type: 'tell.refused' } & Refusal);

export type BindingBirth = z.infer<typeof bindingInput> & Birth<z.infer<typeof bindingSettings>>;

/** Why it is not in step: what was refused, by whom. */
export type Problem = {
  readonly where: 'hub' | 'erp';
  readonly code: EffectError['code'];
  readonly detail: string | null;
  readonly at: number;
};

export type BindingContext = {
  id: string;
  integration: string;
  model: Model;
  actor: string;
  owners: Readonly<Record<string, Owner>>;
  external_id: string | null;
  /** What both had when they last agreed. */
  base?: Fields | undefined;
  ours?: { readonly revision: number; readonly at: number; readonly fields: Fields };
  theirs?: ErpRecord | undefined;
  /** What was told to the hub's actor, or asked of the ERP, and is not answered for yet. */
  sent?: { readonly to: Side; readonly fields: Fields } | undefined;
  conflicts: readonly Conflict[];
  decided: Readonly<Record<string, Decision>>;
  /** The newest last, with when it was. */
  overruled: readonly (Overruled & { readonly at: number })[];
  problem?: Problem | undefined;
  /** Tries since the last one that came to something. */
  tries: number;
  /** When the two last agreed, in epoch milliseconds. */
  agreed_at: number | null;
};
