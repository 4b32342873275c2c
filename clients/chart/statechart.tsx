import { useCallback, useEffect, useMemo, useRef, useState, type ReactNode } from 'react';
import type { Chart, ChartState } from '../../hub/protocol/chart.ts';
import { ChartText } from './chart-text.tsx';
import { transitionLine } from './chart-words.ts';
import { foldable, foldedAtFirst } from './drawing.ts';
import type { Canvas as CanvasType } from './canvas.tsx';
import type { Laid } from './layout.ts';
import { chartTexts as texts } from './texts.ts';
import { ChartViewProvider, type ChartView } from './view.ts';

export type StatechartProps = {
  readonly chart: Chart;
  /** What it is of, for the name of the drawing: `payment`. */
  readonly one: string;
  readonly many: string;
  readonly current?: readonly string[];
  readonly counts?: Readonly<Record<string, number>> | undefined;
  readonly flow?: Readonly<Record<string, number>> | undefined;
  readonly taken?: readonly string[];
  readonly toneOf: (state: ChartState) => string;
  readonly onState?: (path: string) => void;
  /** Stands above the chart: its heading, and what else can be chosen. */
  readonly head?: ReactNode;
};

/** A drawing with less room than this is no help; the words are. One actor's surroundings need less than the whole. */
const LEAST_PX = { whole: 640, around: 420 };
const NONE: readonly string[] = [];

/** A machine's chart, drawn from the machine itself, and the same in words. */
export function Statechart(props: StatechartProps) {
  const { chart, one, many, current = NONE, counts, flow, taken = NONE, toneOf, onState, head } = props;
  const view: ChartView = useMemo(
    () => ({ chart, one, many, current, counts, flow, taken, toneOf, onState }),
    [chart, one, many, current, counts, flow, taken, toneOf, onState],
  );
  const frame = useRef<HTMLDivElement>(null);
  const wide = useIsWide(frame, current.length > 0 ? LEAST_PX.around : LEAST_PX.whole);
  const [wanted, setWanted] = useState<'drawing' | 'words'>();
  const shown = wanted ?? (wide ? 'drawing' : 'words');
  const [folded, setFolded] = useState<ReadonlySet<string>>(() => new Set(foldedAtFirst(chart)));
  const fold = useCallback((path: string) => setFolded((before) => toggled(before, path)), []);
  return (
    <ChartViewProvider value={view}>
      <div className="chart" ref={frame}>
        <div className="chart-tools">
          {head}
          <div className="chips" role="group" aria-label={texts.shownAs}>
            <Choice name={texts.drawing} on={shown === 'drawing'} onPress={() => setWanted('drawing')} />
            <Choice name={texts.words} on={shown === 'words'} onPress={() => setWanted('words')} />
          </div>
          {shown === 'drawing' && <Folding chart={chart} folded={folded} onChange={setFolded} />}
        </div>
        {shown === 'words' ? <ChartText /> : <Drawing chart={chart} folded={folded} one={one} onFold={fold} />}
      </div>
    </ChartViewProvider>
  );
}

function Choice({ name, on, onPress }: { name: string; on: boolean; onPress: () => void }) {
  return (
    <button type="button" className="chip" aria-pressed={on} onClick={onPress}>
      {name}
    </button>
  );
}

function Folding({
  chart,
  folded,
  onChange,
}: {
  chart: Chart;
  folded: ReadonlySet<string>;
  onChange: (folded: ReadonlySet<string>) => void;
}) {
  const all = foldable(chart);
  if (all.length === 0) return null;
  const open = folded.size === 0;
  return (
    <button type="button" className="chip" aria-pressed={open} onClick={() => onChange(new Set(open ? all : []))}>
      {texts.unfold}
    </button>
  );
}

type DrawingProps = {
  readonly chart: Chart;
  readonly folded: ReadonlySet<string>;
  readonly one: string;
  readonly onFold: (path: string) => void;
};

function Drawing({ chart, folded, one, onFold }: DrawingProps) {
  const [drawn, setDrawn] = useState<Drawn>();
  const [failed, setFailed] = useState(false);
  useEffect(() => {
    let given = true;
    draw(chart, folded).then(
      (found) => given && setDrawn(found),
      () => given && setFailed(true),
    );
    return () => {
      given = false;
    };
  }, [chart, folded]);
  if (failed) {
    return (
      <>
        <p className="muted" role="status">
          {texts.notDrawn}
        </p>
        <ChartText />
      </>
    );
  }
  if (drawn === undefined) return <div className="chart-frame chart-waiting" role="status" aria-label={texts.drawingIt(one)} />;
  const { Canvas, laid } = drawn;
  const { anywhere } = laid.drawing;
  return (
    <>
      <Canvas laid={laid} label={texts.label(one)} onFold={onFold} />
      {anywhere.length > 0 && <p className="muted">{texts.anywhere([...new Set(anywhere.map(transitionLine))])}</p>}
    </>
  );
}

type Drawn = { readonly laid: Laid; readonly Canvas: typeof CanvasType };

/** The library that draws and the one that lays out are fetched when there is a chart to be drawn. Rejects where either cannot be had. */
async function draw(chart: Chart, folded: ReadonlySet<string>): Promise<Drawn> {
  const [{ layChart }, { Canvas }] = await Promise.all([import('./layout.ts'), import('./canvas.tsx')]);
  return { laid: await layChart(chart, folded), Canvas };
}

function toggled(before: ReadonlySet<string>, path: string): ReadonlySet<string> {
  const next = new Set(before);
  if (!next.delete(path)) next.add(path);
  return next;
}

function useIsWide(frame: React.RefObject<HTMLElement | null>, least: number): boolean {
  const [wide, setWide] = useState(() => innerWidth >= least);
  useEffect(() => {
    if (frame.current === null) return;
    const observer = new ResizeObserver(([entry]) => setWide((entry?.contentRect.width ?? 0) >= least));
    observer.observe(frame.current);
    return () => observer.disconnect();
  }, [frame, least]);
  return wide;
}
