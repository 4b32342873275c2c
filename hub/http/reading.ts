import { audienceOf, mayReachRow } from '../../actors/caller.ts';
import type { Caller } from '../../actors/caller.ts';
import { whyNotRead } from '../../actors/migration.ts';
import { toLive } from '../../actors/step.ts';
import { Fault } from '../../machines/fault.ts';
import { isId, partitionOf, toAddress } from '../../machines/ids.ts';
import type { Audience, Definition } from '../../machines/machine.ts';
import type { Hub } from '../hub.ts';
import { viewFor } from '../view.ts';
import type { Subject } from '../view.ts';

/** The kind of actor with this name. Throws the fault `not_found`. */
export function definitionOf(hub: Hub, type: string): Definition {
  const definition = hub.runtime.definitions.get(type);
  if (definition === undefined) throw new Fault('not_found', 'There is no such kind of actor.');
  return definition;
}

/** Throws the faults `not_found` for the type and `bad_id` for the id. */
export function addressOf(
  hub: Hub,
  { type, id }: { readonly type: string; readonly id: string },
): { definition: Definition; address: string } {
  const definition = definitionOf(hub, type);
  if (!isId(id)) throw new Fault('bad_id');
  return { definition, address: toAddress(type, id) };
}

/**
 * The newest committed state: from memory where this node certainly has it, else from the journal. Undefined also where this release
 * cannot read it.
 */
export function readSubject(hub: Hub, definition: Definition, address: string): Promise<Subject | undefined> {
  return unlessUnreadable(() => readNewest(hub, definition, address));
}

async function readNewest(hub: Hub, definition: Definition, address: string): Promise<Subject | undefined> {
  if (hub.runtime.certain && hub.runtime.lanes.owns(partitionOf(address))) {
    const live = await hub.runtime.lanes.read(address);
    return live === undefined ? undefined : { address, definition, envelope: live.envelope };
  }
  const [loaded] = await hub.store.load([address]);
  return loaded?.envelope === undefined ? undefined : { address, definition, envelope: toLive(definition, loaded.envelope) };
}

/**
 * The actor with the caller's view of it. Throws the fault `not_found` where there is none or he may not know of it, and the faults
 * `migration_failed` and `newer_release` for one that this release cannot show him.
 */
export async function seeActor(
  hub: Hub,
  definition: Definition,
  address: string,
  caller: Caller,
): Promise<{ subject: Subject; audience: Audience }> {
  try {
    return mustSee(await readNewest(hub, definition, address), caller);
  } catch (error) {
    const code = whyNotRead(error);
    if (code === undefined) throw error;
    await mustKnow(hub, definition, address, caller);
    throw new Fault(code);
  }
}

/** Throws the fault `not_found` for an actor that the caller may not know of, whether or not this release can read it. */
export async function mustKnow(hub: Hub, definition: Definition, address: string, caller: Caller): Promise<void> {
  const subject = await readSubject(hub, definition, address);
  if (subject !== undefined) return void mustSee(subject, caller);
  const [row] = await hub.store.rows([address]);
  if (row === undefined || !mayReachRow(caller, definition, row)) throw new Fault('not_found');
}

export type Moment = { readonly version: number } | { readonly at: number };

/** An actor as it was; undefined before its creation, beyond its newest version, and where nobody can say any more what it was. */
export async function readSubjectAt(hub: Hub, definition: Definition, address: string, moment: Moment): Promise<Subject | undefined> {
  const row = await hub.store.at(address, moment);
  if (row === undefined || row.envelope === '') return undefined;
  return unlessUnreadable(() => ({ address, definition, envelope: toLive(definition, row.envelope) }));
}

/** Undefined where a newer release has written what is read, or this one cannot bring it to the present version of its machine. */
export async function unlessUnreadable<Result>(read: () => Promise<Result> | Result): Promise<Result | undefined> {
  try {
    return await read();
  } catch (error) {
    if (whyNotRead(error) !== undefined) return undefined;
    throw error;
  }
}

/** The subject with the caller's view of it. Throws the fault `not_found` where he may not know of it: the same as where nothing is. */
export function mustSee(subject: Subject | undefined, caller: Caller): { subject: Subject; audience: Audience } {
  const audience = subject === undefined ? undefined : viewFor(subject, caller);
  if (subject === undefined || audience === undefined) throw new Fault('not_found');
  return { subject, audience };
}

/** Whose rows of a list the caller gets. Throws the fault `not_found` for a kind of actor that he may not know of. */
export function scopeOf(definition: Definition, caller: Caller): { audience: Audience; client?: string; agent?: string } {
  const audience = audienceOf(caller);
  const rows = audience === undefined ? 'none' : (definition.views[audience]?.rows ?? 'none');
  if (audience === undefined || rows === 'none') throw new Fault('not_found');
  if (rows === 'all') return { audience };
  // No client has an empty id, so somebody without one gets an empty list.
  return rows === 'client' ? { audience, client: caller.client ?? '' } : { audience, agent: caller.id };
}
