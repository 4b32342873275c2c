import { isWithin, statesOf } from './chart.ts';
import type { Chart, ChartState, ChartTransition } from './chart.ts';

/** More steps than this at once no machine takes; it keeps a chart that runs in circles from being walked for ever. */
const FARTHEST = 10;

/**
 * Which transitions took an actor from one set of states to another by this event, as the chart tells it: the event's own, and what
 * followed at once. The journal does not record which guards held, so of several ways the shortest is named, and of two
 * transitions with the same ends the first.
 */
export function takenBetween(chart: Chart, from: readonly string[], event: string, to: readonly string[]): readonly string[] {
  if (from.length === 0) return [];
  const walk = walkOf(chart);
  const left = from.filter((state) => !to.includes(state));
  const taken = new Set<string>();
  for (const state of to) {
    const stayed = from.includes(state);
    const way = walk.way(stayed ? [state] : left, event, state) ?? (stayed ? undefined : walk.follow(left, state));
    for (const id of way ?? []) taken.add(id);
  }
  return [...taken];
}

type Step = { readonly state: string; readonly way: readonly string[] };

const walks = new WeakMap<Chart, Walk>();

function walkOf(chart: Chart): Walk {
  const known = walks.get(chart) ?? new Walk(chart);
  walks.set(chart, known);
  return known;
}

/** The chart as a graph of the states in which an actor can stand. */
class Walk {
  readonly #chart: Chart;
  readonly #states: ReadonlyMap<string, ChartState>;

  constructor(chart: Chart) {
    this.#chart = chart;
    this.#states = new Map(statesOf(chart).map((state) => [state.path, state]));
  }

  /** The shortest way that begins with the event. */
  way(from: readonly string[], event: string, to: string): readonly string[] | undefined {
    const first = from.flatMap((state) => this.#steps({ state, way: [] }, (one) => isCalled(one, event)));
    return this.#search(first, to);
  }

  /** The shortest way of what follows by itself: in a region that another one's move has set going. */
  follow(from: readonly string[], to: string): readonly string[] | undefined {
    return this.#search(
      from.flatMap((state) => this.#steps({ state, way: [] }, followsAtOnce)),
      to,
    );
  }

  #search(first: readonly Step[], to: string): readonly string[] | undefined {
    const seen = new Set<string>();
    let edge = first;
    for (let far = 1; far <= FARTHEST && edge.length > 0; far++) {
      const found = edge.find(({ state }) => state === to);
      if (found !== undefined) return found.way;
      const fresh = edge.filter(({ state }) => !seen.has(state) && seen.add(state));
      edge = fresh.flatMap((step) => this.#steps(step, followsAtOnce));
    }
    return undefined;
  }

  /** Innermost first, as a chart decides it. */
  #steps({ state, way }: Step, which: (transition: ChartTransition) => boolean): Step[] {
    return this.#chart.transitions
      .filter((one) => isWithin(state, one.source) && which(one))
      .toSorted((a, b) => b.source.length - a.source.length)
      .flatMap((one) => this.#ends(one, state).map((end) => ({ state: end, way: [...way, one.id] })));
  }

  #ends({ targets }: ChartTransition, state: string): readonly string[] {
    return targets.length === 0 ? [state] : targets.flatMap((target) => this.#beginnings(target));
  }

  /** Where somebody stands who has entered a state. */
  #beginnings(path: string): readonly string[] {
    const state = this.#states.get(path);
    if (state === undefined) return path === '' ? this.#begin(this.#chart.root) : [];
    return this.#begin(state);
  }

  #begin(state: ChartState): readonly string[] {
    switch (state.type) {
      case 'atomic':
      case 'final':
        return [state.path];
      case 'compound':
        return state.initial === undefined ? [state.path] : this.#beginnings(state.initial);
      case 'parallel':
        return state.states.flatMap((region) => this.#begin(region));
      case 'history': {
        const around = state.path.slice(0, Math.max(0, state.path.lastIndexOf('.')));
        const within = [...this.#states.values()].filter(
          ({ path, states, type }) => states.length === 0 && type !== 'history' && isWithin(path, around),
        );
        return within.map(({ path }) => path);
      }
    }
  }
}

function isCalled({ event, trigger }: ChartTransition, name: string): boolean {
  return event === name || (trigger.kind === 'event' && event === '*' && !/^(xstate\.|@)/.test(name));
}

function followsAtOnce({ trigger }: ChartTransition): boolean {
  return trigger.kind === 'always' || trigger.kind === 'complete';
}
