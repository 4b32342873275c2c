import { useCallback, useMemo } from 'react';
import { takenBetween } from '../../../hub/protocol/chart-moves.ts';
import type { Chart, ChartState } from '../../../hub/protocol/chart.ts';
import { Statechart } from '../../chart/statechart.tsx';
import { nounOf, toneOf } from '../../hq/nouns.ts';
import { statesIn } from '../log.ts';
import type { Step } from '../log.ts';

/** The chart of an actor's machine at one step: where it stands, and which way it took. The one place that draws charts. */
export function MachineChart({ chart, step }: { chart: Chart; step: Step }) {
  const noun = nounOf(chart.type);
  const current = useMemo(() => statesIn(step.after.value), [step]);
  const taken = useMemo(() => takenBetween(chart, statesIn(step.before?.value), step.event.type, current), [chart, step, current]);
  const toTone = useCallback((state: ChartState) => toneOf(noun, state.path, state.tags), [noun]);
  return <Statechart key={chart.type} chart={chart} one={noun.one} many={noun.many} current={current} taken={taken} toneOf={toTone} />;
}
