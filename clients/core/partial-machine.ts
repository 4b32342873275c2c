import { assign, createMachine, raise, type AnyStateMachine } from 'xstate';

/** The fields that a person is shown. */
export type Fields = ReadonlySet<string>;

type Context = Readonly<Record<string, unknown>>;
type Fn = (args: { readonly context: Context }, params: unknown) => unknown;
/** An action of XState's own, as `assign()` and the like return it. */
type Builtin = Fn & { readonly type: string; readonly assignment?: unknown; readonly event?: unknown };

const machines = new WeakMap<AnyStateMachine, Map<string, AnyStateMachine>>();

/**
 * The machine for somebody who is shown only some fields of its context: whatever in it asks for another one throws. What it
 * would tell others, start or wait for is left out, since none of that changes where it stands.
 */
export function seenThrough(machine: AnyStateMachine, fields: Fields): AnyStateMachine {
  const key = [...fields].sort().join();
  const made = machines.get(machine) ?? new Map<string, AnyStateMachine>();
  machines.set(machine, made);
  const known = made.get(key) ?? makePartial(machine, fields);
  made.set(key, known);
  return known;
}

/**
 * A context that gives away what is shown, and what was written since. To list its fields, as copying does, is to ask for all of
 * them.
 */
export function onlyShown(context: Context, fields: Fields): Context {
  const refuse = (): never => {
    throw new Error('This is not shown');
  };
  return new Proxy(context, {
    get: (target, key) => {
      if (typeof key === 'string' && !fields.has(key) && !Object.hasOwn(target, key)) refuse();
      return Reflect.get(target, key);
    },
    has: refuse,
    ownKeys: refuse,
    getOwnPropertyDescriptor: refuse,
  });
}

function makePartial(machine: AnyStateMachine, fields: Fields): AnyStateMachine {
  const { actions, guards, actors, delays } = machine.implementations as {
    readonly [Kind in 'actions' | 'guards' | 'actors' | 'delays']: Context;
  };
  const partial = toPartial(fields);
  const each = (implementations: Context): Context =>
    Object.fromEntries(Object.entries(implementations).map(([name, value]) => [name, partial(value)]));
  // How long something takes is never foreseen, only where it leads.
  const waits = Object.fromEntries(Object.keys(delays).map((name) => [name, 1]));
  return createMachine(partial(machine.config) as never, { actions: each(actions), guards: each(guards), actors, delays: waits } as never);
}

/** Goes through a chart, or a part of it, and puts the partial context before everything in it that is a function. */
function toPartial(fields: Fields): (part: unknown) => unknown {
  const before =
    (fn: Fn): Fn =>
    (args, params) =>
      fn({ ...args, context: onlyShown(args.context, fields) }, params);
  const inner = (value: unknown): unknown => (typeof value === 'function' ? before(value as Fn) : value);
  const visit = (part: unknown): unknown => {
    if (Array.isArray(part)) return part.map(visit);
    if (typeof part === 'function') return isBuiltin(part) ? toPartialAction(part, inner) : 'check' in part ? part : before(part as Fn);
    if (typeof part !== 'object' || part === null || Object.getPrototypeOf(part) !== Object.prototype) return part;
    // What an effect is asked with is the hub's concern.
    const kept = Object.entries(part).filter(([key, value]) => !(key === 'input' && typeof value === 'function'));
    return Object.fromEntries(kept.map(([key, value]) => [key, visit(value)]));
  };
  return visit;
}

function isBuiltin(part: unknown): part is Builtin {
  return typeof part === 'function' && 'type' in part && typeof part.type === 'string' && part.type.startsWith('xstate.');
}

function toPartialAction(action: Builtin, inner: (value: unknown) => unknown): unknown {
  switch (action.type) {
    case 'xstate.assign': {
      const { assignment } = action;
      if (typeof assignment === 'function') return assign(inner(assignment) as never);
      return assign(Object.fromEntries(Object.entries(assignment as Context).map(([field, value]) => [field, inner(value)])) as never);
    }
    case 'xstate.raise':
      return raise(inner(action.event) as never);
    case 'xstate.enqueueActions':
      // What it does is known only when it has done it, with more of the context than can be kept from it.
      return assign((): never => {
        throw new Error('This is not foreseen');
      });
    default:
      return () => undefined;
  }
}
