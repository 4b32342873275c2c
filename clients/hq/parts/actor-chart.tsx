import { useCallback, useMemo } from 'react';
import { takenBetween } from '../../../hub/protocol/chart-moves.ts';
import { isWithin, type ChartState } from '../../../hub/protocol/chart.ts';
import { Statechart } from '../../chart/statechart.tsx';
import type { HistoryItem } from '../../core/api.ts';
import { toneOf, toneOnChart, type Noun } from '../nouns.ts';
import { actorTexts as texts } from '../texts-actor.ts';
import { ProblemNotice, Skeleton } from './notice.tsx';
import { useChart } from './use-machine.ts';
import { useMedia } from './use-media.ts';

type ChartProps = {
  readonly noun: Noun;
  readonly state: readonly string[];
  readonly tags: readonly string[];
  readonly step: HistoryItem | undefined;
};

/** Beneath this the line says it better. */
const NARROW = '(max-width: 980px)';

/** The chart of its machine, with the states that it stands in lit, and the way that it came last. */
export function ActorChart(props: ChartProps) {
  const narrow = useMedia(NARROW);
  if (narrow) {
    return (
      <details className="card more">
        <summary>{texts.chart}</summary>
        <LitChart {...props} />
      </details>
    );
  }
  return (
    <section className="card actor-chart" aria-labelledby="chart-title">
      <LitChart {...props} head={<h2 id="chart-title">{texts.chart}</h2>} />
    </section>
  );
}

function LitChart({ noun, state, tags, step, head }: ChartProps & { head?: React.ReactNode }) {
  const chart = useChart(noun.type);
  const [key, tagged] = [state.join(), tags.join()];
  const current = useMemo(() => (key === '' ? [] : key.split(',')), [key]);
  const tone = useCallback(
    (one: ChartState) => {
      // Where it stands is as its tags say; within which states that may be is not known to the chart.
      const here = current.find((path) => isWithin(path, one.path));
      const plain = toneOnChart(noun, one);
      return here === undefined || plain === 'resting' ? plain : toneOf(noun, here, tagged.split(','));
    },
    [noun, current, tagged],
  );
  const taken = useMemo(
    () => (chart.value === undefined || step === undefined ? [] : takenBetween(chart.value, step.from, step.event.type, step.to)),
    [chart.value, step],
  );
  if (chart.value === undefined) {
    return (
      <>
        {head}
        {chart.problem ? (
          <ProblemNotice title={texts.chartFailed} problem={chart.problem} onRetry={chart.retry} />
        ) : (
          <Skeleton rows={5} label={texts.loadingChart} />
        )}
      </>
    );
  }
  return <Statechart chart={chart.value} one={noun.one} many={noun.many} current={current} taken={taken} toneOf={tone} head={head} />;
}
