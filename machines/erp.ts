import { z } from 'zod';
import { isId } from './ids.ts';
import type { EffectError } from './machine.ts';
import { sha256 } from './sha256.ts';

/** What machines ask of an integration that provides `erp`: records of an ERP, in the hub's own terms. */

/** What kinds of records are kept in step, and which of the hub's actors each is. */
export const MODELS = { partner: 'client', bill: 'bill', payment: 'payment' } as const;
export type Model = keyof typeof MODELS;
/** Of a bill: one that we pay, or one that is paid to us. */
export const DIRECTIONS = ['in', 'out'] as const;

export const model = z.enum(['partner', 'bill', 'payment']);
/** The address of one of the hub's actors. */
export const addressField = z
  .string()
  .regex(/^[a-z][a-z0-9_]{0,31}\/[A-Za-z0-9_-]{1,64}$/, 'An address is a type and an id, for example client/acme');
/** A record's name in the ERP. */
export const externalId = z.string().regex(/^[A-Za-z0-9_.-]{1,64}$/, 'A name in the ERP is 1 to 64 of the characters A-Z a-z 0-9 _ . -');
/** An id may be so long. */
const MOST_ID = 64;
const moment = z.int().min(0).max(Number.MAX_SAFE_INTEGER);
const fields = z.record(z.string().max(64), z.unknown());

/** What the ERP says of one record. */
export const erpRecord = z.strictObject({
  external_id: externalId,
  /** When it was last changed there, in epoch milliseconds. */
  at: moment,
  /** Absent where they cannot be had in the hub's terms. */
  fields: fields.optional(),
  /** The hub's actor that it was made for. */
  ref: z.string().max(128).optional(),
  /** It was put away there. */
  archived: z.literal(true).optional(),
  /** It is not there any more. */
  gone: z.literal(true).optional(),
  /** Why it cannot be had in the hub's terms. */
  bad: z.strictObject({ field: z.string().max(64), why: z.string().max(500) }).optional(),
});
export type ErpRecord = z.infer<typeof erpRecord>;

/** Up to where the records of a model were read: with an id above 0 in the middle of a moment, with 0 to its end. */
export type ErpCursor = { readonly at: number; readonly id: number };

export type PullRequest = {
  readonly integration: string;
  readonly model: Model;
  readonly cursor: ErpCursor | null;
  readonly limit: number;
  /** How far before the cursor it is read once more: what is written late may have an earlier time. */
  readonly overlap_ms: number;
};
export type PullAnswer = { readonly records: readonly ErpRecord[]; readonly cursor: ErpCursor | null; readonly more: boolean };

export type ReadRequest = { readonly integration: string; readonly model: Model; readonly external_id: string };
/** Null where there is none of that name any more. */
export type ReadAnswer = ErpRecord | null;

export type PushRequest = {
  readonly integration: string;
  readonly model: Model;
  /** The hub's actor: what is new there is made under its name, once, however often it is asked for. */
  readonly address: string;
  readonly external_id: string | null;
  /** What shall be there; all of it for a record that is new there. */
  readonly fields: Readonly<Record<string, unknown>>;
  /** When the ERP had last changed it, as far as the hub knows: what was changed since is not written over. */
  readonly expected_at?: number;
};
export type PushAnswer = {
  readonly external_id: string;
  readonly at: number;
  /** What somebody has changed there meanwhile: nothing was written. */
  readonly conflict?: ErpRecord | undefined;
};

/** The binding of an actor with an ERP: one, whoever makes it. */
export function bindingOf(integration: string, address: string): string {
  const id = `${integration}-${address.replace('/', '-')}`;
  return `binding/${id.length <= MOST_ID ? id : sha256(id).slice(0, MOST_ID)}`;
}

/** What an actor is called that is made of a record of an ERP. */
export function actorOf(integration: string, model: Model, external_id: string): string {
  const id = `${integration}-${external_id}`;
  return `${MODELS[model]}/${isId(id) ? id : sha256(id).slice(0, MOST_ID)}`;
}

export type PayRequest = {
  readonly integration: string;
  /** The hub's payment: it is booked under its name, once, however often it is asked for. */
  readonly payment: string;
  /** The bill's name in the ERP. */
  readonly bill: string;
  readonly amount_minor: number;
  readonly currency: string;
  readonly date: string;
  readonly memo: string;
};
export type PayAnswer = {
  readonly external_id: string;
  readonly state: string;
  /** It is set against the bill. */
  readonly reconciled: boolean;
  /** What is left of the bill then. */
  readonly residual_minor: number;
};

export type VoidRequest = { readonly integration: string; readonly payment: string };
/** Null where there was none of that name. */
export type VoidAnswer = { readonly external_id: string | null; readonly state: string; readonly reconciled: false };

/** Why a call came to nothing that may come to something later, without anybody changing anything. */
const PASSING = [
  'unavailable',
  'throttled',
  'circuit_open',
  'integration_disabled',
  'integration_paused',
  'integration_unauthorized',
  'unauthorized',
  'held',
];

export function isPassing({ kind, code }: EffectError): boolean {
  return kind === 'failed' && PASSING.includes(code);
}
