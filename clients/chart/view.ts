import { createContext, useContext } from 'react';
import type { Chart, ChartState } from '../../hub/protocol/chart.ts';
import { isWithin } from '../../hub/protocol/chart.ts';
import { formatNumber } from '../core/format.ts';

/** What is shown on a chart beside the chart itself. */
export type ChartView = {
  readonly chart: Chart;
  /** Where the actor stands. */
  readonly current: readonly string[];
  /** How many stand in each state, by path. */
  readonly counts: Readonly<Record<string, number>> | undefined;
  /** How often each transition was taken, by its id. */
  readonly flow: Readonly<Record<string, number>> | undefined;
  /** What was taken last, by id. */
  readonly taken: readonly string[];
  /** How a state is to be taken: the name of a tone, see states.css. */
  readonly toneOf: (state: ChartState) => string;
  /** What is counted: `payment`, `payments`. */
  readonly one: string;
  readonly many: string;
  readonly onState: ((path: string) => void) | undefined;
};

const View = createContext<ChartView | undefined>(undefined);
export const ChartViewProvider = View.Provider;

export function useChartView(): ChartView {
  const view = useContext(View);
  if (view === undefined) throw new Error('A part of a chart stands outside of it');
  return view;
}

/** Whether somebody stands in this state, or within it. */
export function isLit({ current }: ChartView, path: string): boolean {
  return current.some((state) => isWithin(state, path));
}

/** From 0 (nobody) to 1 (as many as nowhere else); a tenth of the most is still well seen. */
export function heatOf({ counts, chart }: ChartView, path: string): number {
  const count = counts?.[path] ?? 0;
  if (count === 0) return 0;
  const most = Math.max(1, ...chart.root.states.map((state) => counts?.[state.path] ?? 0));
  return Math.min(1, Math.log1p(count) / Math.log1p(most));
}

/** Pixels: what is taken ten times as often is drawn about a pixel and a half wider. */
export function widthOf(often: number): number {
  return often === 0 ? 1.25 : Math.min(7, 1.75 + Math.log10(often) * 1.5);
}

/** `1 payment`, `1,204 payments`. */
export function counted({ one, many }: ChartView, count: number): string {
  return `${formatNumber(count)} ${count === 1 ? one : many}`;
}
