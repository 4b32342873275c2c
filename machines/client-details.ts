import type { ClientBirth, ClientContext, Details } from './client-terms.ts';
import type { StoredActor } from './machine.ts';
import type { Fields } from './sync-merge.ts';

/** What is known of a client, and how the ERP is kept in step with it. */

const NAMES = ['name', 'country', 'email', 'kind', 'vat', 'phone', 'street', 'city', 'zip'] as const;

/** Only what was said: a client of whom nobody has said more is stored as small as ever. */
export function toDetails(birth: ClientBirth): Pick<ClientContext, (typeof NAMES)[number]> {
  const said = NAMES.filter((name) => birth[name] !== undefined).map((name) => [name, birth[name]]);
  return Object.fromEntries(said) as Pick<ClientContext, (typeof NAMES)[number]>;
}

export function withDetails(said: Details & { readonly archived?: boolean | undefined }): Partial<ClientContext> {
  return Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined));
}

/** The record as the ERP is told of it: all that both keep. */
export function toRecord(context: ClientContext): Fields {
  const known = NAMES.map((name) => [name, context[name] ?? null]);
  return { ...Object.fromEntries(known), archived: context.archived ?? false, standing: context.standing };
}

/** Whether there is something left to correct: who is closed or rejected stays as he was. */
export function isOpen({ standing }: ClientContext): boolean {
  return standing !== 'closed' && standing !== 'rejected';
}

/** A client of the time before it said its state in its record. */
export function liftClient(actor: StoredActor): StoredActor {
  const { snapshot } = actor;
  const { value } = snapshot;
  const standing = typeof value === 'string' ? value : (Object.keys(value as object)[0] ?? 'invited');
  return { ...actor, machine_version: 2, snapshot: { ...snapshot, context: { ...snapshot.context, standing } } };
}
