import { z } from 'zod';
import { isId } from './ids.ts';
import { sha256 } from './sha256.ts';
import { idField } from './text.ts';

/** What machines ask of an integration that provides `erp`: records of an ERP, in the hub's own terms. */

/** What kinds of records are kept in step, and which of the hub's actors each is. */
export const MODELS = { partner: 'client', bill: 'bill', payment: 'payment' } as const;
export type Model = keyof typeof MODELS;

export const model = z.enum(['partner', 'bill', 'payment']);
/** The address of one of the hub's actors. */
export const addressField = z
  .string()
  .regex(/^[a-z][a-z0-9_]{0,31}\/[A-Za-z0-9_-]{1,64}$/, 'An address is a type and an id, for example client/acme');
/** A record's name in the ERP. */
export const externalId = z.string().min(1).max(64);
/** An id may be so long. */
const MOST_ID = 64;
const moment = z.int().min(0).max(Number.MAX_SAFE_INTEGER);
const fields = z.record(z.string().max(64), z.unknown());

/** What the ERP says of one record. */
export const erpRecord = z.strictObject({
  external_id: externalId,
  /** When it was last changed there, in epoch milliseconds. */
  at: moment,
  fields,
  /** The hub's actor that made it there. */
  address: addressField.optional(),
  /** It is not there any more. */
  gone: z.literal(true).optional(),
  /** Why it cannot be had in the hub's terms; its fields are then empty. */
  bad: z.strictObject({ field: z.string().max(64), why: z.string().max(300) }).optional(),
});
export type ErpRecord = z.infer<typeof erpRecord>;

/** Up to where the records of a model were read: in the order of change, and of names where two were changed at once. */
export const erpCursor = z.strictObject({ at: z.string().min(1).max(40), id: externalId });
export type ErpCursor = z.infer<typeof erpCursor>;

export const pullRequest = z.strictObject({
  integration: idField,
  model,
  cursor: erpCursor.nullable(),
  limit: z.int().min(1).max(100),
});
export type PullRequest = z.infer<typeof pullRequest>;
export const pullAnswer = z.strictObject({ records: z.array(erpRecord).max(100), cursor: erpCursor.nullable(), more: z.boolean() });
export type PullAnswer = z.infer<typeof pullAnswer>;

export const readRequest = z.strictObject({
  integration: idField,
  model,
  /** By its own name, or by the actor that it was made for. */
  external_id: externalId.nullable(),
  address: addressField,
});
export type ReadRequest = z.infer<typeof readRequest>;
export const readAnswer = z.strictObject({ record: erpRecord.nullable() });
export type ReadAnswer = z.infer<typeof readAnswer>;

export const pushRequest = z.strictObject({
  integration: idField,
  model,
  address: addressField,
  external_id: externalId.nullable(),
  /** What shall be there; all of it for a record that is new there. */
  fields,
  /** When the ERP had last changed it, as far as the hub knows: what was changed since is not written over. */
  expected_at: moment.nullable(),
});
export type PushRequest = z.infer<typeof pushRequest>;
export const pushAnswer = z.strictObject({
  /** What is there now. */
  record: erpRecord,
  /** Somebody had changed it there meanwhile: nothing was written. */
  outdated: z.boolean(),
});
export type PushAnswer = z.infer<typeof pushAnswer>;

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
