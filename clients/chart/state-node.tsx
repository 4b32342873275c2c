import type { CSSProperties } from 'react';
import { Handle, Position, type NodeProps, type Node } from '@xyflow/react';
import type { ChartState } from '../../hub/protocol/chart.ts';
import { isWithin } from '../../hub/protocol/chart.ts';
import { formatNumber, stateWords } from '../core/format.ts';
import { keyWords, transitionLine, transitionWords } from './chart-words.ts';
import type { DrawnNode } from './drawing.ts';
import { chartTexts as texts } from './texts.ts';
import { counted, heatOf, isLit, useChartView, type ChartView } from './view.ts';

export type NodeData = { readonly node: DrawnNode; readonly onFold: (path: string) => void };
type Props = NodeProps<Node<NodeData>>;

/** Lines have their own ends; the library only wants to know that there are some. */
function Ends() {
  return (
    <>
      <Handle type="target" position={Position.Top} isConnectable={false} />
      <Handle type="source" position={Position.Bottom} isConnectable={false} />
    </>
  );
}

/** A state that an actor can stand in, or one that stands for all that is within it. */
export function StateNode({ data: { node, onFold } }: Props) {
  const view = useChartView();
  const { state } = node;
  if (state === undefined) return null;
  const inner = node.folded ? innerWords(view, state.path) : '';
  return (
    <div className="chart-state" data-kind={node.kind} {...looks(view, state)}>
      <Hit view={view} state={state} />
      <span className="chart-title">{node.title}</span>
      <Count view={view} path={state.path} />
      {node.folded && <Fold path={state.path} title={node.title} folded onFold={onFold} />}
      {inner === '' ? <Stays node={node} /> : <span className="chart-stays chart-inner">› {inner}</span>}
      <Ends />
    </div>
  );
}

/** A state around others. */
export function StateBox({ data: { node, onFold } }: Props) {
  const view = useChartView();
  const { state } = node;
  if (state === undefined) return null;
  return (
    <div className="chart-box" data-parallel={state.type === 'parallel' || undefined} {...looks(view, state)}>
      <div className="chart-box-head">
        <Hit view={view} state={state} />
        <span className="chart-title">{node.title}</span>
        {state.type === 'parallel' && <span className="chart-note">{texts.sideBySide}</span>}
        <Count view={view} path={state.path} />
        <Fold path={state.path} title={node.title} folded={false} onFold={onFold} />
      </div>
      <Stays node={node} />
      <Ends />
    </div>
  );
}

/** What nobody stands in: where a state begins, what is passed through, what is remembered. */
export function Mark({ data: { node } }: Props) {
  const view = useChartView();
  const words = node.kind === 'history' ? `${node.state?.history === 'deep' ? 'H*' : 'H'} ${node.title}` : node.title;
  return (
    <div className="chart-mark" data-kind={node.kind} data-lit={(node.state && isLit(view, node.state.path)) || undefined}>
      {words}
      <Ends />
    </div>
  );
}

function looks(view: ChartView, state: ChartState) {
  const heat = { '--heat': heatOf(view, state.path).toFixed(2) } as CSSProperties;
  return { 'data-tone': view.toneOf(state), 'data-lit': isLit(view, state.path) || undefined, style: heat };
}

/** Makes the whole state one thing to press, with a name that says all that is to be seen on it. */
function Hit({ view, state }: { view: ChartView; state: ChartState }) {
  const { onState, counts } = view;
  const name = `${stateWords(state.path)}${counts === undefined ? '' : `, ${counted(view, counts[state.path] ?? 0)}`}`;
  const lit = isLit(view, state.path);
  if (onState === undefined) return lit ? <span className="visually-hidden">{texts.nowIn}</span> : null;
  return (
    <button
      type="button"
      className="chart-hit nopan"
      aria-label={name}
      aria-current={lit || undefined}
      onClick={() => onState(state.path)}
    />
  );
}

function Count({ view: { counts }, path }: { view: ChartView; path: string }) {
  const count = counts?.[path] ?? 0;
  if (count === 0) return null;
  return (
    <span className="chart-count" aria-hidden="true">
      {short(count)}
    </span>
  );
}

/** `1,204`, `48.3k`, `1.2M`: as wide as the place that it has. */
function short(count: number): string {
  if (count < 10_000) return formatNumber(count);
  return count < 1_000_000 ? `${(count / 1_000).toFixed(count < 100_000 ? 1 : 0)}k` : `${(count / 1_000_000).toFixed(1)}M`;
}

type FoldProps = { readonly path: string; readonly title: string; readonly folded: boolean; readonly onFold: (path: string) => void };

function Fold({ path, title, folded, onFold }: FoldProps) {
  const name = folded ? texts.showWithin(title) : texts.hideWithin(title);
  return (
    <button type="button" className="chart-fold nopan" aria-label={name} title={name} onClick={() => onFold(path)}>
      <svg viewBox="0 0 16 16" aria-hidden="true" focusable="false">
        <path d={folded ? 'M8 4v8M4 8h8' : 'M4 8h8'} />
      </svg>
    </button>
  );
}

/** What it takes without being left, in one line. */
function Stays({ node }: { node: DrawnNode }) {
  if (node.stays.length === 0) return null;
  const words = [...new Set(node.stays.map((one) => transitionWords(one).what))];
  return (
    <span className="chart-stays" title={node.stays.map(transitionLine).join('\n')}>
      ↻ {words.join(', ')}
    </span>
  );
}

/** Where within a folded state the actor stands: `calling`. */
function innerWords({ current }: ChartView, path: string): string {
  const within = current.filter((state) => state !== path && isWithin(state, path));
  return within.map((state) => keyWords(state).toLowerCase()).join(', ');
}
