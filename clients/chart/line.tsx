import { useId } from 'react';
import type { Edge, EdgeProps } from '@xyflow/react';
import { formatNumber } from '../core/format.ts';
import { transitionLine } from './chart-words.ts';
import type { DrawnEdge } from './drawing.ts';
import { LABEL_LINE, linesOf, type Box, type LabelLine, type Point } from './elk-graph.ts';
import { isLit, useChartView, widthOf } from './view.ts';

export type LineData = {
  readonly edge: DrawnEdge;
  readonly ways: readonly (readonly Point[])[];
  readonly label: Box | undefined;
};

const ROUND_PX = 7;

/** The heads of the lines, once for the page. */
export function Lines() {
  return (
    <svg className="chart-heads" aria-hidden="true" focusable="false">
      <defs>
        {['plain', 'live', 'taken'].map((kind) => (
          <marker
            key={kind}
            id={`chart-head-${kind}`}
            viewBox="0 0 8 8"
            refX="7"
            refY="4"
            markerWidth="9"
            markerHeight="9"
            markerUnits="userSpaceOnUse"
            orient="auto"
          >
            <path className="chart-head" data-kind={kind} d="M0 0.5L8 4L0 7.5z" />
          </marker>
        ))}
      </defs>
    </svg>
  );
}

/** A way from state to state, as wide as it is gone often, with what makes it be taken. */
export function Line({ data }: EdgeProps<Edge<LineData>>) {
  const view = useChartView();
  const { flow, taken } = view;
  const id = useId();
  if (data === undefined) return null;
  const { edge, ways, label } = data;
  const often = flow === undefined ? 0 : edge.transitions.reduce((sum, one) => sum + (flow[one.id] ?? 0), 0);
  const isTaken = edge.transitions.some((one) => taken.includes(one.id));
  const ahead = isLit(view, edge.source);
  const kind = isTaken ? 'taken' : ahead || often > 0 ? 'live' : 'plain';
  return (
    <g className="chart-line" data-taken={isTaken || undefined} data-gone={often > 0 || undefined} data-ahead={ahead || undefined}>
      <title>{edge.transitions.map((one) => hint(transitionLine(one), flow?.[one.id])).join('\n')}</title>
      {ways.map((way, index) => (
        <path
          key={index}
          id={`${id}-${index}`}
          className="chart-way"
          d={toPath(way)}
          strokeWidth={flow === undefined && (isTaken || ahead) ? 2.25 : widthOf(often)}
          markerEnd={`url(#chart-head-${kind})`}
        />
      ))}
      {label && <Label box={label} lines={linesOf(edge)} often={often} />}
    </g>
  );
}

function hint(line: string, often: number | undefined): string {
  return often === undefined ? line : `${line}: ${formatNumber(often)}`;
}

function Label({ box, lines, often }: { box: Box; lines: readonly LabelLine[]; often: number }) {
  return (
    <text className="chart-label" x={box.x + 2} y={box.y}>
      {lines.map(({ text, isCondition }, index) => (
        <tspan key={index} x={box.x + 2} dy={index === 0 ? 12 : LABEL_LINE} data-condition={isCondition || undefined}>
          {text}
        </tspan>
      ))}
      {often > 0 && <tspan className="chart-often"> {formatNumber(often)}</tspan>}
    </text>
  );
}

/** A path with rounded corners through all of the points. */
function toPath(points: readonly Point[]): string {
  return points.map((point, index) => corner(points[index - 1], point, points[index + 1])).join('');
}

function corner(before: Point | undefined, { x, y }: Point, after: Point | undefined): string {
  if (before === undefined) return `M${x} ${y}`;
  if (after === undefined) return `L${x} ${y}`;
  const [near, far] = [toward({ x, y }, before), toward({ x, y }, after)];
  return `L${near.x} ${near.y}Q${x} ${y} ${far.x} ${far.y}`;
}

/** A point on the way to another, as far as a corner is round. */
function toward(from: Point, to: Point): Point {
  const [dx, dy] = [to.x - from.x, to.y - from.y];
  const length = Math.hypot(dx, dy) || 1;
  const share = Math.min(ROUND_PX, length / 2) / length;
  return { x: from.x + dx * share, y: from.y + dy * share };
}
