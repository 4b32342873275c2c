import { getNextTransitions, transition, type AnyMachineSnapshot, type AnyStateMachine } from 'xstate';
import { config } from 'zod';
import type { Can } from '../../hub/protocol/messages.ts';
import { sentenceFor } from '../../machines/fault.ts';
import type { Definition } from '../../machines/machine.ts';
import type { Kept } from './outbox-lane.ts';
import type { Shown } from './overlay.ts';
import { onlyShown, seenThrough, type Fields } from './partial-machine.ts';
import type { Who } from './session.ts';
import type { ActorCopy } from './store.ts';

// A page may not make code out of text, and zod would try.
if (typeof document !== 'undefined') config({ jitless: true });

/** Foresees what a copy will be when the commands have been done, one after another, or the part of them that can be foreseen. */
export type Predict = (copy: ActorCopy, commands: readonly Kept[], who: Who) => Shown;

/**
 * Foresees by the machines' own step. It uses nothing but what the view shows: where a guard or an action needs more, where the
 * machine does not know the state, or would refuse, nothing is foreseen from there on.
 */
export function predictWith(definitions: readonly Definition[]): Predict {
  const byType = new Map(definitions.map((definition) => [definition.type, definition]));
  return (copy, commands, who) => {
    const unforeseen: Shown = { ...copy, predicted: [] };
    const [first] = commands;
    const definition = first && byType.get(first.to.slice(0, first.to.indexOf('/')));
    if (definition === undefined || copy.tags.includes('parked') || remembers(definition.machine)) return unforeseen;
    const view = viewOf(definition, who);
    const machine = view === 'all' ? definition.machine : attempt(() => seenThrough(definition.machine, view));
    if (machine === undefined) return unforeseen;
    const foreseeing = { definition, machine, view };
    let snapshot = attempt(() => restore(machine, copy));
    const predicted: string[] = [];
    for (const { id, event, at } of commands) {
      const before = snapshot;
      // The hub lists what the person's roles may send at all.
      const may = copy.can.some(({ type }) => type === event.type);
      const next =
        before && may
          ? attempt(() => step(foreseeing, before, event, { by: who.username, at, v: copy.version + predicted.length + 1 }))
          : undefined;
      if (next === undefined) break;
      snapshot = next;
      predicted.push(id);
    }
    if (snapshot === undefined || predicted.length === 0) return unforeseen;
    return {
      ...show(foreseeing, copy, snapshot, { by: who.username, at: commands.at(-1)?.at ?? 0, v: copy.version + predicted.length + 1 }),
      predicted,
    };
  };
}

/** A machine as the person's view lets him know it. */
type Foreseeing = { readonly definition: Definition; readonly machine: AnyStateMachine; readonly view: View };

type Stamp = { readonly by: string; readonly at: number; readonly v: number };

/** The fields that the person is shown; `all` where nothing is kept from him. */
type View = 'all' | Fields;

/** What people of HQ see, also of those who are customers or agents too. */
function viewOf({ views }: Definition, { roles }: Who): View {
  const isHq = roles.some((role) => role !== 'customer' && role !== 'agent' && role !== 'system');
  const view = isHq ? views.hq : roles.includes('customer') ? views.customer : views.agent;
  return view?.fields === 'all' ? 'all' : new Set(view?.fields ?? []);
}

function restore(machine: AnyStateMachine, { state, context }: ActorCopy): AnyMachineSnapshot {
  return machine.resolveState({ value: toValue(state), context } as never) as AnyMachineSnapshot;
}

/** Undefined where the machine does not take the event. Throws where it cannot be known. */
function step(
  { definition, machine }: Foreseeing,
  snapshot: AnyMachineSnapshot,
  event: Kept['event'],
  stamp: Stamp,
): AnyMachineSnapshot | undefined {
  const { type, ...payload } = event;
  const parsed = definition.events[type]?.safeParse(payload);
  if (parsed?.success !== true) return undefined;
  const full = { ...parsed.data, type, ...stamp };
  if (!snapshot.can(full as never)) return undefined;
  const [next] = transition(machine, snapshot, full as never) as [AnyMachineSnapshot, unknown];
  if (next.status === 'error') throw next.error;
  return next;
}

function show(foreseeing: Foreseeing, copy: ActorCopy, snapshot: AnyMachineSnapshot, stamp: Stamp): ActorCopy {
  const { view } = foreseeing;
  const state = toStates(snapshot.value);
  const context = snapshot.context as Record<string, unknown>;
  return {
    ...copy,
    state,
    tags: [...snapshot.tags],
    context: view === 'all' ? context : Object.fromEntries(Object.entries(context).filter(([field]) => view.has(field))),
    can: copy.can.map((can) => canOf(foreseeing, snapshot, can, stamp)),
    // Of another state nobody knows yet what it waits for.
    timers: state.join() === copy.state.join() ? copy.timers : [],
  };
}

/** What may be sent next. The hub lists every event that the role may send at all, so only the answer changes. */
function canOf({ definition, view }: Foreseeing, snapshot: AnyMachineSnapshot, { type, schema }: Can, stamp: Stamp): Can {
  const context = view === 'all' ? snapshot.context : onlyShown(snapshot.context as Record<string, unknown>, view);
  const refusal = attempt(() => {
    const sample = definition.samples[type]?.(context as never) ?? {};
    const event = { ...sample, type, ...stamp };
    if (snapshot.can(event as never)) return '';
    if (!getNextTransitions(snapshot).some(({ eventType }) => eventType === type || eventType === '*')) return 'not_in_state';
    const seen = { state: toStates(snapshot.value), tags: [...snapshot.tags], context };
    return definition.reasons[type]?.(seen as never, event as never) ?? 'guard_refused';
  });
  if (refusal === '') return { type, ok: true, schema };
  if (refusal === undefined)
    return { type, ok: false, reason: 'unconfirmed', sentence: 'The hub has to confirm first what was sent before.', schema };
  return { type, ok: false, reason: refusal, sentence: sentenceFor(refusal), schema };
}

const remembering = new WeakMap<AnyStateMachine, boolean>();

/** Whether the chart goes back to states that it has left: which those are is not in a copy. */
function remembers(machine: AnyStateMachine): boolean {
  const known = remembering.get(machine);
  if (known !== undefined) return known;
  const found = hasHistory(machine.root);
  remembering.set(machine, found);
  return found;
}

function hasHistory({ type, states }: AnyStateMachine['root']): boolean {
  return type === 'history' || Object.values(states).some(hasHistory);
}

/** `executing.authorized` for a nested value; one `region.state` entry for each parallel region. */
function toStates(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value];
  return Object.entries(value as Record<string, unknown>).flatMap(([key, below]) => {
    const deeper = toStates(below);
    return deeper.length === 0 ? [key] : deeper.map((state) => `${key}.${state}`);
  });
}

type Tree = { [key: string]: Tree };

function toValue(states: readonly string[]): unknown {
  const root: Tree = {};
  for (const state of states) {
    let at = root;
    for (const key of state.split('.')) at = at[key] ??= {};
  }
  return valueOf(root);
}

function valueOf(tree: Tree): unknown {
  const keys = Object.keys(tree);
  const [only] = keys;
  if (keys.length === 1 && only !== undefined && Object.keys(tree[only] ?? {}).length === 0) return only;
  return Object.fromEntries(keys.map((key) => [key, valueOf(tree[key] ?? {})]));
}

/** Undefined where the step needs something that is not known, or the machine does not know the state. */
function attempt<T>(task: () => T): T | undefined {
  try {
    return task();
  } catch {
    return undefined;
  }
}
