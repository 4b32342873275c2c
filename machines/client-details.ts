import type { ClientBirth, ClientContext, Details } from './client-terms.ts';
import { bindingOf } from './erp.ts';
import { readAddress } from './ids.ts';
import type { StoredActor, Tell } from './machine.ts';
import { must } from './must.ts';
import { isSame } from './sync-merge.ts';
import type { Fields } from './sync-merge.ts';

/** What is known of a client, and how the ERP is kept in step with it. */

const NAMES = ['name', 'country', 'email', 'kind', 'vat', 'phone', 'street', 'city', 'zip'] as const;

/** Only what was said: a client of whom nobody has said more is stored as small as ever. */
export function toDetails(birth: ClientBirth): Pick<ClientContext, (typeof NAMES)[number]> {
  const said = NAMES.filter((name) => birth[name] !== undefined).map((name) => [name, birth[name]]);
  return Object.fromEntries(said) as Pick<ClientContext, (typeof NAMES)[number]>;
}

/** The binding that made it keeps it in step. */
export function linkedBy(by: string): Pick<ClientContext, 'link'> {
  return readAddress(by)?.type === 'binding' ? { link: by } : {};
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

/** Whether it still is as the binding saw it. */
export function isAsSeen(context: ClientContext, before: Fields): boolean {
  const now = toRecord(context);
  return Object.entries(before).every(([field, value]) => isSame(now[field], value));
}

/** `v` counts all that has happened to it, so that the binding knows what is newer. */
export function toOurs(context: ClientContext, { v, at }: { readonly v: number; readonly at: number }): Tell {
  const event = { type: 'OURS', revision: v, changed_at: at, fields: toRecord(context) };
  return { to: must(context.link, 'the binding of a client'), event };
}

/** The binding of a client that the ERP does not know yet. */
export function toBind({ id, erp }: ClientContext): Tell {
  const integration = must(erp, 'the ERP of a client');
  const actor = `client/${id}`;
  return { to: bindingOf(integration, actor), event: { type: '@create', integration, model: 'partner', actor } };
}

export function isUnbound({ link, erp }: ClientContext): boolean {
  return link === undefined && erp !== undefined;
}

/** Whether it may be linked by this binding: by its first, and by no other later. */
export function mayLink({ link }: ClientContext, by: string): boolean {
  return readAddress(by)?.type === 'binding' && (link === undefined || link === by);
}

/** A client of the time before it said its state in its record. */
export function liftClient(actor: StoredActor): StoredActor {
  const { snapshot } = actor;
  const { value } = snapshot;
  const standing = typeof value === 'string' ? value : (Object.keys(value as object)[0] ?? 'invited');
  return { ...actor, machine_version: 2, snapshot: { ...snapshot, context: { ...snapshot.context, standing } } };
}
