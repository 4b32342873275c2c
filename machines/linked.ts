import { bindingOf } from './erp.ts';
import type { Model } from './erp.ts';
import { readAddress } from './ids.ts';
import type { Tell } from './machine.ts';
import { isSame } from './sync-merge.ts';
import type { Fields } from './sync-merge.ts';

/* What every actor does that an ERP keeps too: it has one binding, tells it of each change, and takes from it what was decided against what it still is. */

/** The binding that made it keeps it in step. */
export function linkedBy(by: string): { readonly link?: string } {
  return readAddress(by)?.type === 'binding' ? { link: by } : {};
}

/** Whether it may be linked by this binding: by its first, and by no other later. */
export function mayLink(link: string | undefined, by: string): boolean {
  return readAddress(by)?.type === 'binding' && (link === undefined || link === by);
}

/** Whether the record still is as the binding saw it. */
export function isAsSeen(now: Fields, before: Fields): boolean {
  return Object.entries(before).every(([field, value]) => isSame(now[field], value));
}

/** `v` counts all that has happened to the actor, so that the binding knows what is newer. */
export function toOurs(link: string, fields: Fields, { v, at }: { readonly v: number; readonly at: number }): Tell {
  return { to: link, event: { type: 'OURS', revision: v, changed_at: at, fields } };
}

/** Makes the binding of an actor that the ERP does not know yet. */
export function toBind(integration: string, model: Model, actor: string): Tell {
  return { to: bindingOf(integration, actor), event: { type: '@create', integration, model, actor } };
}

/** When an event was taken and as which. Timers and results carry it too; XState's types of them do not know. */
export function momentOf(event: object): { readonly v: number; readonly at: number } {
  const { v = 1, at = 0 } = event as { readonly v?: number; readonly at?: number };
  return { v, at };
}
