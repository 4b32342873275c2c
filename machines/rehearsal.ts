import { createActor, initialTransition, transition } from 'xstate';
import type { AnyMachineSnapshot, AnyStateMachine, EventObject } from 'xstate';
import type { Definition, Seen } from './machine.ts';

/**
 * Plays a machine in tests, as the hub does but in memory: one event at a time, with the timers and effects that it waits
 * for as data. Nothing here is used by the hub itself.
 */
export type Stage = {
  readonly definition: Definition;
  readonly snapshot: AnyMachineSnapshot;
  /** Milliseconds by the timer's name, for example `approval_ttl`. */
  readonly timers: Readonly<Record<string, number>>;
  /** Inputs by the effect's short id, for example `authorize`. */
  readonly effects: Readonly<Record<string, { readonly src: string; readonly input: unknown }>>;
  /** What the last event made known. */
  readonly facts: readonly EventObject[];
  /** Why the last event was refused. */
  readonly refused: string | undefined;
};

/** An event as a test writes it. */
export type Cue = { readonly type: string; readonly by?: string; readonly at?: number; readonly [field: string]: unknown };

/** The time at which every rehearsal begins: 2026-11-02T08:00:00Z. */
export const START = Date.UTC(2026, 10, 2, 8);

type Action = { readonly type: string; readonly params?: unknown };

/** A new actor; input and settings go through their schemas, as at the hub's doors. */
export function begin(
  definition: Definition,
  input: Record<string, unknown>,
  birth: { id?: string; by?: string; at?: number; settings?: object } = {},
): Stage {
  const { id = 'one', by = 'clerk', at = START, settings = {} } = birth;
  const full = { ...definition.input.parse(input), id, by, at, settings: definition.settings.parse(settings) };
  const [snapshot, actions] = initialTransition(definition.machine, full);
  return onwards({ definition, snapshot, timers: {}, effects: {}, facts: [], refused: undefined }, snapshot, actions);
}

/** Feeds one event to the machine. A refused one changes nothing but `refused`. */
export function send(stage: Stage, cue: Cue): Stage {
  const { definition, snapshot } = stage;
  const event = { by: 'clerk', at: START, ...cue };
  if (!isTaken(stage, event)) return { ...stage, facts: [], refused: reasonFor(stage, event) };
  const [next, actions] = transition(definition.machine, snapshot, event);
  return onwards({ ...stage, facts: [], refused: undefined }, next, actions);
}

/** The effect with this id is done. */
export function answer(stage: Stage, effect: string, output: unknown, at = START): Stage {
  return send(without(stage, effect), { type: `xstate.done.actor.${effect}`, output, by: 'hub', at });
}

/** The effect with this id was not done, or nobody knows. */
export function fail(stage: Stage, effect: string, kind: 'failed' | 'unknown', code = 'timeout', at = START): Stage {
  return send(without(stage, effect), { type: `xstate.error.actor.${effect}`, error: { kind, code }, by: 'hub', at });
}

/** The timer with this name is due. */
export function fire(stage: Stage, timer: string, at = START): Stage {
  const { [timer]: _, ...timers } = stage.timers;
  return send({ ...stage, timers }, { type: timerEvent(stage.snapshot, timer), by: 'hub', at });
}

export function play(stage: Stage, ...steps: readonly ((stage: Stage) => Stage)[]): Stage {
  return steps.reduce((present, step) => step(present), stage);
}

/** The state as the outside writes it: leaves with dots, parallel regions as several. */
export function statesOf({ value }: AnyMachineSnapshot): readonly string[] {
  return paths(value);
}

function paths(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return Object.entries(value as Record<string, unknown>).flatMap(([key, inner]) => paths(inner).map((path) => `${key}.${path}`));
}

export function stateOf(stage: Stage): string {
  return statesOf(stage.snapshot).join(' ');
}

export function seenOf({ snapshot }: Stage): Seen<never> {
  return { state: statesOf(snapshot), tags: [...snapshot.tags], context: snapshot.context as never };
}

/** The stage as it is after a restart: through JSON and back. Throws for what JSON does not keep. */
export function throughJson(stage: Stage): Stage {
  const { machine } = stage.definition;
  const stored = JSON.parse(JSON.stringify(machine.getPersistedSnapshot(stage.snapshot))) as never;
  const snapshot = createActor(machine, { snapshot: stored }).getSnapshot() as AnyMachineSnapshot;
  if (snapshot.status === 'error') throw snapshot.error;
  return { ...stage, snapshot };
}

/** Names of all the timers of the states that the machine is in, also of those that have fired. */
export function timersOf(snapshot: AnyMachineSnapshot): readonly string[] {
  return snapshot._nodes.flatMap((node) => node.after.map(({ eventType }) => timerName(eventType)));
}

/** What the last event made known that the definition does not publish, or not in that shape. */
export function unpublishedOf({ definition, facts }: Stage): readonly EventObject[] {
  return facts.filter(({ type, ...fact }) => definition.facts[type]?.safeParse(fact).success !== true);
}

function without(stage: Stage, effect: string): Stage {
  const { [effect]: _, ...effects } = stage.effects;
  return { ...stage, effects };
}

function isTaken({ definition, snapshot }: Stage, event: EventObject): boolean {
  return snapshot.status === 'active' && (definition.machine as AnyStateMachine).getTransitionData(snapshot, event as never).length > 0;
}

function reasonFor(stage: Stage, event: Cue): string {
  const { definition, snapshot } = stage;
  if (!snapshot._nodes.some((node) => node.transitions.has(event.type))) return 'not_in_state';
  return definition.reasons[event.type]?.(seenOf(stage), event as never) ?? 'guard_refused';
}

/** `xstate.after.approval_ttl.payment.needs_approval` is called `approval_ttl`. */
function timerName(eventType: string): string {
  return eventType.split('.')[2] ?? eventType;
}

function timerEvent(snapshot: AnyMachineSnapshot, timer: string): string {
  const event = snapshot._nodes.flatMap((node) => node.after).find(({ eventType }) => timerName(eventType) === timer);
  return event?.eventType ?? `xstate.after.${timer}.nowhere`;
}

/** Takes down what a step asked for, in the order in which it asked: what is stopped may be started again. */
function onwards(stage: Stage, snapshot: AnyMachineSnapshot, actions: readonly Action[]): Stage {
  if (snapshot.status === 'error') throw snapshot.error;
  const timers = { ...stage.timers };
  const effects = { ...stage.effects };
  const facts: EventObject[] = [];
  for (const { type, params } of actions) {
    const asked = params as { id: string; delay?: number; sendId: string; src: string; input: unknown; event: EventObject };
    if (type === 'xstate.raise' && asked.delay !== undefined) timers[timerName(asked.id)] = asked.delay;
    else if (type === 'xstate.cancel') delete timers[timerName(asked.sendId)];
    else if (type === 'xstate.spawnChild') effects[asked.id] = { src: asked.src, input: asked.input };
    else if (type === 'xstate.stopChild') delete effects[asked.id];
    else if (type === 'xstate.emit') facts.push(asked.event);
    else if (type !== 'xstate.raise') throw new Error(`A machine may not act: ${type}`);
  }
  return { ...stage, snapshot, timers, effects, facts };
}
