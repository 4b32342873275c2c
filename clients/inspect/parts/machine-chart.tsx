import { useEffect, useMemo, useRef } from 'react';
import { takenBetween } from '../../../hub/protocol/chart-moves.ts';
import { isWithin } from '../../../hub/protocol/chart.ts';
import type { Chart, ChartState, ChartTransition } from '../../../hub/protocol/chart.ts';
import { stateWords } from '../../core/format.ts';
import { shortEvent, statesIn } from '../log.ts';
import type { Step } from '../log.ts';
import { texts } from '../texts.ts';

/** The chart of an actor's machine at one step: where it stands, what it left, and which way it took. The one place that draws charts. */
export function MachineChart({ chart, step }: { chart: Chart; step: Step }) {
  const lit = useMemo((): Lit => {
    const [was, is] = [statesIn(step.before?.value), statesIn(step.after.value)];
    return { is, was: was.filter((state) => !is.includes(state)), taken: takenBetween(chart, was, step.event.type, is) };
  }, [chart, step]);
  const tree = useRef<HTMLDivElement>(null);
  const show = (): void => {
    // In braces: some browsers return something here, and an effect must not.
    tree.current?.querySelector('[data-leaf][data-lit="here"]')?.scrollIntoView({ block: 'nearest' });
  };
  useEffect(show, [step]);
  return (
    <div className="tree" ref={tree}>
      <div className="pane-head">
        <h2>{texts.chartOf(chart.type)}</h2>
        <button type="button" className="link" onClick={show}>
          {texts.showHere}
        </button>
      </div>
      <Events transitions={chart.transitions.filter(({ source }) => source === '')} lit={lit} />
      <States chart={chart} states={chart.root.states} lit={lit} />
    </div>
  );
}

type Lit = { readonly is: readonly string[]; readonly was: readonly string[]; readonly taken: readonly string[] };

function States({ chart, states, lit }: { chart: Chart; states: readonly ChartState[]; lit: Lit }) {
  return (
    <ul className="tree-states">
      {states.map((state) => (
        <State key={state.path} chart={chart} state={state} lit={lit} />
      ))}
    </ul>
  );
}

function State({ chart, state, lit }: { chart: Chart; state: ChartState; lit: Lit }) {
  const { path, key, type, states } = state;
  const isHere = lit.is.some((one) => isWithin(one, path));
  const isLeft = !isHere && lit.was.some((one) => isWithin(one, path));
  const isLeaf = states.length === 0;
  const around = path.slice(0, Math.max(0, path.length - key.length - 1));
  const begins = initialOf(chart.root, around) === path;
  const own = chart.transitions.filter(({ source }) => source === path);
  // What leads on is told where the actor stands or stood; the whole of it would drown that.
  const shown = own.filter(({ id }) => isHere || lit.taken.includes(id));
  return (
    <li className="tree-state" data-lit={isHere ? 'here' : isLeft ? 'was' : undefined} data-kind={type} data-leaf={isLeaf || undefined}>
      <p className="tree-name">
        <span>{stateWords(key)}</span>
        {isHere && isLeaf && <span className="tree-mark">{texts.here}</span>}
        {isLeft && isLeaf && <span className="tree-mark">{texts.was}</span>}
        {begins && <span className="tree-hint">{texts.initial}</span>}
        {type === 'final' && <span className="tree-hint">{texts.final}</span>}
      </p>
      <Events transitions={shown} lit={lit} />
      {!isLeaf && <States chart={chart} states={states} lit={lit} />}
    </li>
  );
}

function Events({ transitions, lit }: { transitions: readonly ChartTransition[]; lit: Lit }) {
  if (transitions.length === 0) return null;
  return (
    <ul className="tree-events">
      {transitions.map(({ id, event, targets, guard }) => (
        <li key={id} data-taken={lit.taken.includes(id) || undefined}>
          <code>{texts.on(shortEvent(event))}</code>
          {guard !== undefined && <span className="tree-hint">[{guard}]</span>}
          <span aria-hidden="true">→</span>
          <span>{targets.length === 0 ? texts.stays : targets.map(stateWords).join(', ')}</span>
        </li>
      ))}
    </ul>
  );
}

function initialOf(root: ChartState, path: string): string | undefined {
  if (root.path === path) return root.initial;
  const within = root.states.find((state) => isWithin(path, state.path));
  return within === undefined ? undefined : initialOf(within, path);
}
