import { idOf } from '../machines/ids.ts';
import type { Audience, Definition, Role } from '../machines/machine.ts';

/**
 * Who sends an event. A person comes through a door with a token, a system over NATS with a source that is only a claim;
 * `hub` is the hub itself and `actor` another actor, whose events are named in a machine's `internal`.
 */
export type Caller = {
  readonly kind: 'person' | 'system' | 'hub' | 'actor';
  /** A username, `system:<source>`, `hub`, or an actor's address; also what the machine sees as `by`. */
  readonly id: string;
  readonly roles: readonly Role[];
  /** The client whose customer the person is. */
  readonly client?: string;
};

export const HUB: Caller = { kind: 'hub', id: 'hub', roles: [] };

export function actorCaller(address: string): Caller {
  return { kind: 'actor', id: address, roles: [] };
}

export function systemCaller(source: string): Caller {
  return { kind: 'system', id: `system:${source}`, roles: ['system'] };
}

/** Which view a caller has: people of HQ see theirs even when they are customers too. */
export function audienceOf(caller: Caller): Audience | undefined {
  if (caller.roles.some((role) => role !== 'customer' && role !== 'agent' && role !== 'system')) return 'hq';
  if (caller.roles.includes('customer')) return 'customer';
  return caller.roles.includes('agent') ? 'agent' : undefined;
}

/** Whether the caller may know of this actor at all. */
export function mayReach(caller: Caller, definition: Definition, address: string, context: Record<string, unknown>): boolean {
  const rows = rowsOf(caller, definition);
  return rows === 'all' || (rows !== 'none' && isOf(caller, rows, definition.belongs(context, idOf(address))));
}

/** The same for one whose context cannot be read, by whose it was when it was last written. */
export function mayReachRow(caller: Caller, definition: Definition, row: Belongs): boolean {
  const rows = rowsOf(caller, definition);
  return rows === 'all' || (rows !== 'none' && isOf(caller, rows, row));
}

type Belongs = { readonly client?: string; readonly agent?: string };

function rowsOf(caller: Caller, definition: Definition): 'all' | 'client' | 'agent' | 'none' {
  if (caller.kind !== 'person') return 'all';
  const audience = audienceOf(caller);
  return (audience === undefined ? undefined : definition.views[audience])?.rows ?? 'none';
}

function isOf(caller: Caller, rows: 'client' | 'agent', belongs: Belongs): boolean {
  if (rows === 'client') return caller.client !== undefined && belongs.client === caller.client;
  return belongs.agent === caller.id;
}
