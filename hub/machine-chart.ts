import type { AnyStateNode } from 'xstate';
import type { Definition } from '../machines/machine.ts';
import type { Chart, ChartState, ChartTransition, Trigger } from './protocol/chart.ts';

const charts = new WeakMap<Definition, Chart>();

/** The chart of a machine as plain data, made once: its states, its transitions with what they wait for, and who may send what. */
export function chartOf(definition: Definition): Chart {
  const known = charts.get(definition);
  if (known !== undefined) return known;
  const { type, version, machine } = definition;
  const root = machine.root as AnyStateNode;
  const events = Object.keys(definition.events).map((name) => ({ type: name, roles: [...(definition.permissions[name] ?? [])] }));
  const chart: Chart = { type, version, root: toState(definition, root), transitions: transitionsBelow(definition, root), events };
  charts.set(definition, chart);
  return chart;
}

function toState(definition: Definition, node: AnyStateNode): ChartState {
  const { key, type, tags, history, description } = node;
  const initial = type === 'compound' ? node.initial.target[0] : undefined;
  return {
    path: pathOf(node),
    key,
    type,
    tags: [...tags],
    ...(description === undefined ? {} : { description }),
    ...(initial === undefined ? {} : { initial: pathOf(initial) }),
    ...(type === 'history' ? { history: history === 'deep' ? ('deep' as const) : ('shallow' as const) } : {}),
    invokes: node.invoke.map(({ id, src }) => ({ id, src: typeof src === 'string' ? src : id })),
    ...(goesAlone(definition, node) ? { alone: true as const } : {}),
    states: Object.values(node.states as Record<string, AnyStateNode>).map((state) => toState(definition, state)),
  };
}

/** A state without states in which something is under way and from which no person's event leads: it should not be stood in for long. */
function goesAlone(definition: Definition, node: AnyStateNode): boolean {
  if (node.type !== 'atomic' || node.tags.includes('needs_somebody')) return false;
  if (node.invoke.length > 0) return true;
  if (node.after.length === 0) return false;
  const led = [...node.transitions.values()].flat().filter(({ target }) => target !== undefined);
  return !led.some(({ eventType }) => Object.hasOwn(definition.events, eventType));
}

function pathOf(node: AnyStateNode): string {
  return node.path.join('.');
}

/** One transition as XState has it, whichever list of its state it stands in. */
type Given = {
  readonly eventType: string;
  readonly target?: readonly AnyStateNode[] | undefined;
  readonly guard?: unknown;
  readonly actions: readonly unknown[];
  readonly reenter: boolean;
  readonly description?: string | undefined;
};

function transitionsBelow(definition: Definition, node: AnyStateNode): ChartTransition[] {
  const given = [...node.transitions.values(), node.always ?? []].flat() as readonly Given[];
  const counted = new Map<string, number>();
  const own = given.map((one): ChartTransition => {
    const index = counted.get(one.eventType) ?? 0;
    counted.set(one.eventType, index + 1);
    const guard = toGuard(one.guard);
    return {
      id: `${pathOf(node)}:${one.eventType}:${index}`,
      source: pathOf(node),
      targets: (one.target ?? []).map(pathOf),
      event: one.eventType,
      trigger: toTrigger(definition, node, one.eventType),
      ...(guard === undefined ? {} : { guard }),
      ...(one.description === undefined ? {} : { description: one.description }),
      actions: one.actions.flatMap(toAction),
      reenter: one.reenter,
    };
  });
  return [...own, ...Object.values(node.states as Record<string, AnyStateNode>).flatMap((state) => transitionsBelow(definition, state))];
}

function toTrigger(definition: Definition, node: AnyStateNode, event: string): Trigger {
  if (event === '') return { kind: 'always' };
  const timer = node.after.find(({ eventType }) => eventType === event);
  if (timer !== undefined) return toTimer(definition, timer.delay);
  for (const { id } of node.invoke) {
    if (event === `xstate.done.actor.${id}`) return { kind: 'done', invoke: id };
    if (event === `xstate.error.actor.${id}`) return { kind: 'error', invoke: id };
  }
  return event === `xstate.done.state.${node.id}` ? { kind: 'complete' } : { kind: 'event' };
}

function toTimer({ machine }: Definition, delay: unknown): Trigger {
  if (typeof delay === 'number') return { kind: 'after', delay: String(delay), ms: delay };
  const { delays } = machine.implementations as unknown as { delays: Readonly<Record<string, unknown>> };
  const name = String(delay);
  const ms = delays[name];
  return { kind: 'after', delay: name, ...(typeof ms === 'number' ? { ms } : {}) };
}

type Combined = { readonly check?: { readonly name?: string }; readonly guards?: readonly unknown[]; readonly stateValue?: unknown };

/** A guard by its name; several that are combined as a sentence would have them. */
function toGuard(guard: unknown): string | undefined {
  if (guard === undefined) return undefined;
  if (typeof guard === 'string') return guard;
  if (typeof guard === 'object' && guard !== null && 'type' in guard) {
    const params = 'params' in guard ? guard.params : undefined;
    return `${String(guard.type)}${typeof params === 'string' || typeof params === 'number' ? ` ${params}` : ''}`;
  }
  const { check, guards = [], stateValue } = guard as Combined;
  const named = guards.map(toGuard);
  const within = named.length > 1 ? named.map((name) => (/ (and|or) /.test(name ?? '') ? `(${name})` : name)) : named;
  switch (check?.name) {
    case 'checkAnd':
      return within.join(' and ');
    case 'checkOr':
      return within.join(' or ');
    case 'checkNot':
      return / (and|or) /.test(named[0] ?? '') ? `not (${named[0]})` : `not ${named[0]}`;
    case 'checkStateIn':
      return `in ${typeof stateValue === 'string' ? stateValue : toPath(stateValue)}`;
    default:
      return 'a condition of its own';
  }
}

/** `{ lifecycle: 'enabled' }` → `lifecycle.enabled` */
function toPath(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value);
  return Object.entries(value)
    .map(([key, below]) => `${key}.${toPath(below)}`)
    .join(', ');
}

/** An action by its name, with what it is told where that is a plain word; what XState does by itself has none. */
function toAction(action: unknown): string[] {
  if (typeof action === 'string') return [action];
  if (typeof action !== 'object' || action === null || !('type' in action)) return [];
  const params = 'params' in action ? action.params : undefined;
  return [`${String(action.type)}${typeof params === 'string' ? ` ${params}` : ''}`];
}
