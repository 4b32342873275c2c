import { isWithin, statesOf } from '../../hub/protocol/chart.ts';
import type { Chart, ChartState, ChartTransition } from '../../hub/protocol/chart.ts';
import { keyWords, transitionWords, type Words } from './chart-words.ts';

/** What of a state is drawn: a box around others, a state to stand in, one that is only passed through, or a mark. */
export type DrawnKind = 'box' | 'state' | 'passing' | 'final' | 'history' | 'initial';

export type DrawnNode = {
  /** The state's path; of the mark where a state begins, `@` within that state. */
  readonly id: string;
  readonly kind: DrawnKind;
  readonly title: string;
  readonly parent: string;
  readonly state: ChartState | undefined;
  /** Stands for all that is within it. */
  readonly folded: boolean;
  /** What it takes without being left. */
  readonly stays: readonly ChartTransition[];
};

/** One line from state to state, for every transition between the two. */
export type DrawnEdge = {
  readonly id: string;
  readonly source: string;
  readonly target: string;
  readonly transitions: readonly ChartTransition[];
  readonly labels: readonly Words[];
  /** How many transitions are not named. */
  readonly more: number;
};

export type Drawing = {
  readonly nodes: readonly DrawnNode[];
  readonly edges: readonly DrawnEdge[];
  /** What it takes in every state, and stays there. */
  readonly anywhere: readonly ChartTransition[];
  /** Its outermost states are regions side by side. */
  readonly parallel: boolean;
};

const MOST_LABELS = 2;

/** What is drawn of a chart when some of its states are folded, and what lies in those with them. */
export function toDrawing(chart: Chart, folded: ReadonlySet<string>): Drawing {
  const shown = (path: string): string => outermost(path, folded) ?? path;
  const states = statesOf(chart).filter(({ path }) => shown(path) === path);
  const lines = new Map<string, ChartTransition[]>();
  const stays = new Map<string, ChartTransition[]>();
  for (const transition of chart.transitions) {
    const source = shown(transition.source);
    for (const target of transition.targets.length === 0 ? [transition.source] : transition.targets) {
      // A line between a state and one around it would run within its own box: it is told of in the box instead.
      const end = shown(target);
      if (isWithin(end, source) || isWithin(source, end)) {
        if (source === transition.source) push(stays, source, transition);
      } else push(lines, `${source} ${end}`, transition);
    }
  }
  const nodes = states.map((state) => toNode(chart, state, folded.has(state.path), stays.get(state.path) ?? []));
  const marks = [chart.root, ...states].flatMap((state) => (folded.has(state.path) ? [] : toMark(state)));
  const drawn = [...lines.values()].flat();
  const edges = [...lines].map(([id, transitions]) => toEdge(id, transitions, drawn));
  return {
    nodes: [...marks.map(({ node }) => node), ...nodes],
    edges: [...marks.map(({ edge }) => edge), ...edges],
    anywhere: stays.get('') ?? [],
    parallel: chart.root.type === 'parallel',
  };
}

/** The states that hold others, which can be folded. */
export function foldable(chart: Chart): readonly string[] {
  return statesOf(chart).flatMap(({ path, states }) => (states.length > 0 ? [path] : []));
}

/** A chart with more states than this is too much to be read at once, so it begins folded. */
const MOST_AT_ONCE = 16;

export function foldedAtFirst(chart: Chart): readonly string[] {
  const leaves = statesOf(chart).filter(({ states }) => states.length === 0).length;
  // Regions side by side are the chart itself; a box that is folded would hide all of it.
  return leaves <= MOST_AT_ONCE || chart.root.type === 'parallel' ? [] : foldable(chart);
}

/** The state on the outside that hides this one, if any. */
function outermost(path: string, folded: ReadonlySet<string>): string | undefined {
  const keys = path.split('.');
  for (let depth = 1; depth < keys.length; depth++) {
    const around = keys.slice(0, depth).join('.');
    if (folded.has(around)) return around;
  }
  return undefined;
}

function toNode(chart: Chart, state: ChartState, folded: boolean, stays: readonly ChartTransition[]): DrawnNode {
  const { path } = state;
  const parent = path.slice(0, Math.max(0, path.lastIndexOf('.')));
  return { id: path, kind: kindOf(chart, state, folded), title: keyWords(path), parent, state, folded, stays };
}

function kindOf(chart: Chart, state: ChartState, folded: boolean): DrawnKind {
  if (state.states.length > 0) return folded ? 'state' : 'box';
  if (state.type === 'history') return 'history';
  if (state.type === 'final' || state.tags.includes('final')) return 'final';
  return isPassing(chart, state.path) ? 'passing' : 'state';
}

/** Nobody ever stands in it: something always leads on at once. */
export function isPassing(chart: Chart, path: string): boolean {
  return chart.transitions.some(({ source, trigger, guard }) => source === path && trigger.kind === 'always' && guard === undefined);
}

function toMark({ path, initial }: ChartState): { node: DrawnNode; edge: DrawnEdge }[] {
  if (initial === undefined) return [];
  const id = path === '' ? '@' : `${path}.@`;
  const node: DrawnNode = { id, kind: 'initial', title: '', parent: path, state: undefined, folded: false, stays: [] };
  return [{ node, edge: { id: `${id} ${initial}`, source: id, target: initial, transitions: [], labels: [], more: 0 } }];
}

/** A condition is said only where it tells two lines apart; the hint of a line says all. */
function toEdge(id: string, transitions: readonly ChartTransition[], drawn: readonly ChartTransition[]): DrawnEdge {
  const [source = '', target = ''] = id.split(' ');
  const words = transitions.map((one): Words => {
    const { what, condition } = transitionWords(one);
    const twin = drawn.some((other) => other !== one && other.source === one.source && other.event === one.event);
    return { what, condition: twin ? condition : undefined };
  });
  const labels = [...new Map(words.map((one) => [JSON.stringify(one), one])).values()];
  const shown = labels.length > MOST_LABELS + 1 ? labels.slice(0, MOST_LABELS) : labels;
  return { id, source, target, transitions, labels: shown, more: labels.length - shown.length };
}

function push(lists: Map<string, ChartTransition[]>, key: string, one: ChartTransition): void {
  const list = lists.get(key) ?? [];
  lists.set(key, list);
  if (!list.includes(one)) list.push(one);
}
