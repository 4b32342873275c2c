import { z } from 'zod';
import { addressField, externalId, model } from './erp.ts';
import { idField } from './text.ts';

/** What a feed asks the hub itself: which records of an integration are bound. */

/** The name of the integration that answers. */
export const RECORDS = 'records';

export const boundRequest = z.strictObject({
  integration: idField,
  /** The integration that the records are of. */
  of: idField,
  model,
  /** The address of the binding that the page comes behind; empty for the first page. */
  after: z.string().max(128),
  limit: z.int().min(1).max(1000),
});
export type BoundRequest = z.infer<typeof boundRequest>;

/** Those that were not told to be gone and are kept in step, in the order of their addresses. */
export const boundPage = z.strictObject({
  records: z.array(
    z.strictObject({
      binding: addressField,
      external_id: externalId,
      /** When it was last changed there, as far as its binding knows. */
      at: z.int().min(0),
    }),
  ),
  after: z.string().max(128),
  more: z.boolean(),
});
export type BoundPage = z.infer<typeof boundPage>;

export type GoneRequest = { readonly integration: string; readonly model: z.infer<typeof model>; readonly ids: readonly string[] };
export type GoneAnswer = { readonly ids: readonly string[] };
