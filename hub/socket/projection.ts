import jsonPatch from 'fast-json-patch';
import { mayByRole } from '../../actors/gate.ts';
import type { Definition } from '../../machines/machine.ts';
import type { ActorView, Can, Cause, PatchOp } from '../protocol/messages.ts';
import type { Rights } from './rights.ts';

/** What of one version of an actor one kind of caller sees; the parts that are compared as texts, as JSON. */
export type Shown = {
  readonly version: number;
  readonly updatedAt: string;
  readonly context: Readonly<Record<string, unknown>>;
  readonly state: string;
  readonly tags: string;
  readonly timers: string;
  readonly can: readonly Can[];
  /** Equal where `can` is. */
  readonly canKey: string;
};

export function toShown(view: Omit<ActorView, 'can'>, can: readonly Can[]): Shown {
  const { version, updatedAt, context, state, tags, timers } = view;
  return {
    version,
    updatedAt,
    context,
    state: JSON.stringify(state),
    tags: JSON.stringify(tags),
    timers: JSON.stringify(timers),
    can,
    canKey: keyOf(can),
  };
}

/** Equal for answers that are equal. */
export function keyOf(can: readonly Can[]): string {
  return can.map(({ type, ok, reason }) => `${type}:${ok}:${reason ?? ''}`).join();
}

/** The fields of a snapshot behind `kind` and `sub`. */
export function toSnapshot(shown: Shown, epoch: string): string {
  const { version, state, tags, context, can, timers, updatedAt } = shown;
  return `"epoch":${JSON.stringify(epoch)},"version":${version},"state":${state},"tags":${tags},"context":${JSON.stringify(context)},"can":${JSON.stringify(can)},"timers":${timers},"updatedAt":"${updatedAt}"}`;
}

/** The fields of a patch behind `kind` and `sub`; undefined where the view shows no difference. */
export function toPatch(before: Shown, after: Shown, cause: Cause): string | undefined {
  const ops = diff(before.context, after.context);
  const parts: string[] = [];
  if (before.state !== after.state) parts.push(`"state":${after.state}`);
  if (before.tags !== after.tags) parts.push(`"tags":${after.tags}`);
  if (before.canKey !== after.canKey) parts.push(`"can":${JSON.stringify(after.can)}`);
  if (before.timers !== after.timers) parts.push(`"timers":${after.timers}`);
  if (ops.length + parts.length === 0) return undefined;
  return patchBody(before.version, after, ops, parts, cause);
}

/** A patch that says only that there is a newer version. */
export function toEmptyPatch(before: Shown, after: Shown, cause: Cause): string {
  return patchBody(before.version, after, [], [], cause);
}

/** A patch from an older version's context; beside it, everything is said, since nobody knows what the client has of it. */
export function toMergedPatch(base: number, context: Readonly<Record<string, unknown>>, after: Shown, cause: Cause): string {
  const { state, tags, can, timers } = after;
  const parts = [`"state":${state}`, `"tags":${tags}`, `"can":${JSON.stringify(can)}`, `"timers":${timers}`];
  return patchBody(base, after, diff(context, after.context), parts, cause);
}

function patchBody(base: number, after: Shown, ops: readonly PatchOp[], parts: readonly string[], cause: Cause): string {
  const more = parts.length === 0 ? '' : `${parts.join(',')},`;
  return `"base":${base},"version":${after.version},"ops":${JSON.stringify(ops)},${more}"updatedAt":"${after.updatedAt}","cause":${JSON.stringify(cause)}}`;
}

/** RFC 6902 operations that make `after` of `before`: add, replace and remove, by absolute paths. */
export function diff(before: Readonly<Record<string, unknown>>, after: Readonly<Record<string, unknown>>): readonly PatchOp[] {
  return jsonPatch.compare(before, after) as PatchOp[];
}

/** What brought an actor to a version. */
export type Origin = { readonly type: string; readonly by: string; readonly at: number };

/**
 * The cause as a view may tell it. One that does not show the whole actor learns of others' doings only what its own events
 * are called: who of the house did what is not the customer's.
 */
export function toCause(definition: Definition, origin: Origin, rights: Rights): Cause {
  const at = new Date(origin.at).toISOString();
  if (rights.whole || origin.by === rights.caller.id) return { event: origin.type, by: origin.by, at };
  const known = Object.hasOwn(definition.events, origin.type) && mayByRole(definition, origin.type, rights.caller);
  return { event: known ? origin.type : 'changed', by: 'hub', at };
}
