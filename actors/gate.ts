import { Fault } from '../machines/fault.ts';
import type { Definition, Role } from '../machines/machine.ts';
import type { Caller } from './caller.ts';

/** An event whose shape is in order, and its sender unless it is `denied`; what is left to ask is the actor's state. */
export type Admitted = { readonly type: string; readonly payload: Readonly<Record<string, unknown>>; readonly denied?: Fault };

const CREATE = '@create';

/**
 * The one gate before every actor, whatever the door: schema, then permission; the lane then asks the state. Throws a Fault.
 * The schemas are strict, so names the door writes itself (`by`, `at`, …) and names of the runtime (`xstate.*`) never pass.
 */
export function admit(definition: Definition, type: string, payload: unknown, caller: Caller): Admitted {
  const { denied, ...admitted } = consider(definition, type, payload, caller);
  if (denied !== undefined) throw denied;
  return admitted;
}

/** The same, but for a sender who may not: whether this is the repeat of what took effect when he might only the actor's journal knows. */
export function consider(definition: Definition, type: string, payload: unknown, caller: Caller): Admitted {
  const schema = schemaFor(definition, type, caller);
  if (schema === undefined) throw new Fault('unknown_event', `${definition.type} has no event ${printable(type)}.`);
  mustBeText(payload, 0);
  const parsed = schema.safeParse(payload);
  if (!parsed.success) {
    const issues = parsed.error.issues.slice(0, 20).map(({ path, message }) => ({ where: path.join('.'), what: message }));
    const first = issues[0];
    const where = first === undefined || first.where === '' ? '' : `${first.where}: `;
    throw new Fault('invalid', `${type} of ${definition.type}: ${where}${first?.what ?? 'not the expected shape'}`, { errors: issues });
  }
  if (mayByRole(definition, type, caller)) return { type, payload: parsed.data };
  const who = caller.roles.join(', ') || 'Nobody';
  return { type, payload: parsed.data, denied: new Fault('forbidden', `${who} may not send ${type} to a ${definition.type}.`) };
}

function schemaFor(definition: Definition, type: string, caller: Caller) {
  if (type === CREATE) return definition.input;
  if (Object.hasOwn(definition.events, type)) return definition.events[type];
  const trusted = caller.kind === 'hub' || caller.kind === 'actor';
  return trusted && Object.hasOwn(definition.internal, type) ? definition.internal[type] : undefined;
}

/** Whether one of the caller's roles may send this event; the hub and actors may send what is declared. */
export function mayByRole(definition: Definition, type: string, caller: Caller): boolean {
  if (caller.kind === 'hub' || caller.kind === 'actor') return true;
  const allowed: readonly Role[] = Object.hasOwn(definition.permissions, type) ? (definition.permissions[type] ?? []) : [];
  return caller.roles.some((role) => allowed.includes(role));
}

/** Controls are for people who operate the hub. Throws the fault `forbidden`. */
export function mustOperate({ kind, roles }: Caller): void {
  if (kind !== 'person' || !(roles.includes('operator') || roles.includes('admin')))
    throw new Fault('forbidden', 'Only operators and administrators may do this.');
}

const DEEPEST = 32;

/** Refuses what PostgreSQL's text cannot hold or what another reader would read otherwise: NUL, lone surrogates, depth. */
export function mustBeText(value: unknown, depth: number): void {
  if (typeof value === 'string') {
    if (value.includes('\0') || !value.isWellFormed()) throw new Fault('invalid', 'A text contains NUL or half of a surrogate pair.');
    return;
  }
  if (typeof value !== 'object' || value === null) return;
  if (depth >= DEEPEST) throw new Fault('invalid', `The payload is nested more than ${DEEPEST} deep.`);
  for (const key in value) {
    mustBeText(key, depth);
    mustBeText((value as Record<string, unknown>)[key], depth + 1);
  }
}

function printable(type: string): string {
  return JSON.stringify(type.slice(0, 64));
}
