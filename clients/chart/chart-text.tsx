import { statesOf } from '../../hub/protocol/chart.ts';
import type { ChartState, ChartTransition } from '../../hub/protocol/chart.ts';
import { formatNumber } from '../core/format.ts';
import { keyWords, pathWords, transitionLine } from './chart-words.ts';
import { isPassing } from './drawing.ts';
import { chartTexts as texts } from './texts.ts';
import { counted, isLit, useChartView, type ChartView } from './view.ts';

/** The chart in words: every state with how many stand in it and what leads where. For ears, and for narrow screens. */
export function ChartText() {
  const view = useChartView();
  const { root, transitions } = view.chart;
  const everywhere = transitions.filter(({ source }) => source === '');
  return (
    <div className="chart-text">
      {everywhere.length > 0 && <Ways view={view} ways={everywhere} />}
      <States view={view} states={root.states} />
    </div>
  );
}

function States({ view, states }: { view: ChartView; states: readonly ChartState[] }) {
  return (
    <ul className="chart-text-states">
      {states.map((state) => (
        <StateText key={state.path} view={view} state={state} />
      ))}
    </ul>
  );
}

function StateText({ view, state }: { view: ChartView; state: ChartState }) {
  const { chart, counts, onState } = view;
  const { path, states } = state;
  const ways = chart.transitions.filter(({ source }) => source === path);
  const lit = isLit(view, path);
  const name = keyWords(path);
  return (
    <li className="chart-text-state" data-tone={view.toneOf(state)} data-lit={lit || undefined}>
      <p className="chart-text-head">
        {onState === undefined ? (
          <strong>{name}</strong>
        ) : (
          <button type="button" className="link" onClick={() => onState(path)}>
            {name}
          </button>
        )}
        {view.current.includes(path) && <span className="chart-text-now">{texts.now}</span>}
        {counts !== undefined && (
          <span className="number">
            <span aria-hidden="true">{formatNumber(counts[path] ?? 0)}</span>
            <span className="visually-hidden">{counted(view, counts[path] ?? 0)}</span>
          </span>
        )}
        <span className="muted">{kindWords(view, state)}</span>
      </p>
      <Ways view={view} ways={ways} />
      {states.length > 0 && <States view={view} states={states} />}
    </li>
  );
}

function kindWords({ chart }: ChartView, state: ChartState): string {
  const around = statesOf(chart).find(({ states }) => states.includes(state)) ?? chart.root;
  const words = [
    around.initial === state.path ? texts.beginsHere : '',
    state.type === 'parallel' ? texts.sideBySide : '',
    state.type === 'history' ? (state.history === 'deep' ? texts.remembersAll : texts.remembers) : '',
    state.type === 'final' || state.tags.includes('final') ? texts.endsHere : '',
    state.alone === true ? texts.alone : isPassing(chart, state.path) ? texts.passing : '',
  ];
  return words.filter((word) => word !== '').join(', ');
}

function Ways({ view, ways }: { view: ChartView; ways: readonly ChartTransition[] }) {
  if (ways.length === 0) return null;
  const { flow, taken } = view;
  return (
    <ul className="chart-text-ways">
      {ways.map((way) => (
        <li key={way.id} data-taken={taken.includes(way.id) || undefined}>
          {transitionLine(way)}{' '}
          {way.targets.length === 0 ? <span className="muted">→ {texts.stays}</span> : <>→ {way.targets.map(pathWords).join(', ')}</>}
          {flow !== undefined && (flow[way.id] ?? 0) > 0 && (
            <span className="number chart-text-often">{formatNumber(flow[way.id] ?? 0)}×</span>
          )}
          {taken.includes(way.id) && <span className="chart-text-now">{texts.last}</span>}
        </li>
      ))}
    </ul>
  );
}
