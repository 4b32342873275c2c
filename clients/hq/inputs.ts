import type { Draft } from '../core/schema.ts';

/** The JSON Schema of what creates an actor, by type; vite.config.ts puts it here. */
declare const MACHINE_INPUTS: Readonly<Record<string, unknown>>;

/** What a creation dialog begins with, where the schema has no default of its own. */
const FIRST: Readonly<Record<string, Readonly<Record<string, Draft>>>> = { payment: { currency: 'EUR' }, client: { kind: 'company' } };

export const INPUTS: Readonly<Record<string, { readonly schema: unknown; readonly first: Readonly<Record<string, Draft>> }>> =
  Object.fromEntries(Object.entries(MACHINE_INPUTS).map(([type, schema]) => [type, { schema, first: FIRST[type] ?? {} }]));
