/** A machine's chart as plain data: what `GET /v1/machines/:type` answers, and what screens draw. */
export type Chart = {
  readonly type: string;
  /** The version of the machine that it was read from. */
  readonly version: number;
  /** The whole chart as one state; its path is empty. */
  readonly root: ChartState;
  readonly transitions: readonly ChartTransition[];
  /** What may come from outside, and from whom. */
  readonly events: readonly { readonly type: string; readonly roles: readonly string[] }[];
};

export type ChartState = {
  /** Levels joined with dots, as everywhere: `authorizing.calling`. */
  readonly path: string;
  readonly key: string;
  readonly type: 'atomic' | 'compound' | 'parallel' | 'final' | 'history';
  readonly tags: readonly string[];
  readonly description?: string;
  /** Of a compound state: where it begins. */
  readonly initial?: string;
  /** Of a history state: how much it remembers. */
  readonly history?: 'shallow' | 'deep';
  /** Effects that are asked for when it is entered. */
  readonly invokes: readonly { readonly id: string; readonly src: string }[];
  /** It goes on by itself: an effect, a timer or a condition leads on, and nobody is waited for. */
  readonly alone?: true;
  readonly states: readonly ChartState[];
};

/** What makes a transition be taken. */
export type Trigger =
  /** An event of that name; `*` is any. */
  | { readonly kind: 'event' }
  /** A timer; `ms` where its length is fixed. */
  | { readonly kind: 'after'; readonly delay: string; readonly ms?: number }
  /** The effect has come back, with a result or without one. */
  | { readonly kind: 'done' | 'error'; readonly invoke: string }
  /** All within the state has ended. */
  | { readonly kind: 'complete' }
  /** At once, when its guard holds. */
  | { readonly kind: 'always' };

export type ChartTransition = {
  readonly id: string;
  readonly source: string;
  /** Where it leads; empty where it stays. Several in a chart of parallel regions. */
  readonly targets: readonly string[];
  /** The name as the journal has it; empty for `always`. */
  readonly event: string;
  readonly trigger: Trigger;
  readonly guard?: string;
  readonly description?: string;
  /** What it does beside leading on. */
  readonly actions: readonly string[];
  /** The state is left and entered anew even where it leads to itself or below. */
  readonly reenter: boolean;
};

/** How many actors stand where, how they moved, and which stand still. */
export type Figures = {
  /** When they were taken, ISO 8601, UTC. */
  readonly at: string;
  readonly total: number;
  /** By state, at whatever level: an actor counts in its state and in each one around it. */
  readonly counts: Readonly<Record<string, number>>;
  /** False while actors of an older database are still being counted; `counts` then lacks some. */
  readonly whole: boolean;
  /** How often each transition was taken, by its id; those that were not are left out. */
  readonly flow: Readonly<Record<string, { readonly hour: number; readonly day: number }>>;
  /** Since when moves are counted, at most a day back; null where none was counted yet. */
  readonly flowSince: string | null;
  readonly stuck: readonly Stuck[];
  /** An actor that should go on by itself is stuck when it has not moved for so long, in milliseconds. */
  readonly stuckAfter: number;
  /** False where so many actors are under way that not all were looked at. */
  readonly stuckWhole: boolean;
};

export type Stuck = {
  readonly address: string;
  readonly title: string;
  readonly state: readonly string[];
  /** When it moved last, ISO 8601, UTC. */
  readonly since: string;
  /** `effect`: an answer has not come · `timer`: it tries again later · `overdue`: its timer should have fired · `parked`: somebody has to let it go on. */
  readonly why: 'effect' | 'timer' | 'overdue' | 'parked';
  /** When its next timer fires. */
  readonly due: string | null;
};

/** Every state of the chart but the whole, those above before those below. */
export function statesOf(chart: Chart): readonly ChartState[] {
  const below = (state: ChartState): ChartState[] => state.states.flatMap((one) => [one, ...below(one)]);
  return below(chart.root);
}

/** Whether `path` is this state or lies within it. */
export function isWithin(path: string, state: string): boolean {
  return state === '' || path === state || path.startsWith(`${state}.`);
}
