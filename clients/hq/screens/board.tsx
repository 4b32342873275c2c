import { useCallback, useMemo, useState } from 'react';
import { Link, Navigate, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import type { Chart, ChartState, Figures, Stuck } from '../../../hub/protocol/chart.ts';
import { Statechart } from '../../chart/statechart.tsx';
import { formatAgo, formatClock, formatLeft, formatNumber, formatTime, stateWords } from '../../core/format.ts';
import { NOUNS, nounOf, toneOnChart, type Noun } from '../nouns.ts';
import { InspectLink } from '../parts/inspect-link.tsx';
import { Empty, ProblemNotice, Skeleton } from '../parts/notice.tsx';
import { StateBadge } from '../parts/state-badge.tsx';
import type { Loaded } from '../parts/use-loaded.ts';
import { useChart, useFigures, useMachines } from '../parts/use-machine.ts';
import type { Search } from '../screen.ts';
import { useNow } from '../services.ts';
import { boardTexts as texts } from '../texts-board.ts';
import { useTitle } from '../title.ts';

/** Where all actors of a kind stand on their machine's chart, how they move, and what is stuck. */
export function Board() {
  const { type } = useParams({ strict: false }) as { type?: string };
  const machines = useMachines();
  const types = machines.value?.map((one) => one.type);
  if (types === undefined) {
    return (
      <div className="page">
        {machines.problem ? (
          <ProblemNotice title={texts.cannotMachines} problem={machines.problem} onRetry={machines.retry} />
        ) : (
          <Skeleton rows={6} label={texts.loading} />
        )}
      </div>
    );
  }
  const [first = ''] = types;
  if (type === undefined) return <Navigate to={`/board/${first}`} replace />;
  if (!types.includes(type)) {
    return (
      <div className="page">
        <h1>{texts.title(type)}</h1>
        <Empty title={texts.unknown}>
          <Link to={`/board/${first}`} className="link">
            {texts.first}
          </Link>
        </Empty>
      </div>
    );
  }
  // Another machine is another board: nothing of the one before may stay in sight.
  return <BoardOf key={type} type={type} types={types} />;
}

const STUCK_AFTER = '300000';

function BoardOf({ type, types }: { type: string; types: readonly string[] }) {
  const noun = nounOf(type);
  useTitle(texts.title(noun.many));
  const { span = 'hour', stuck = STUCK_AFTER } = useSearch({ strict: false }) as Search;
  const navigate = useNavigate();
  const change = (changes: Search): void => {
    const next = { span: span === 'hour' ? undefined : span, stuck: stuck === STUCK_AFTER ? undefined : stuck, ...changes };
    void navigate({ to: `/board/${type}`, search: next as never, replace: true });
  };
  const chart = useChart(type);
  const figures = useFigures(type, Number(stuck in texts.spans ? stuck : STUCK_AFTER));
  return (
    <div className="page board-page">
      <div className="page-head">
        <h1>{texts.title(noun.many)}</h1>
        {figures.value && <p className="muted number">{texts.total(formatNumber(figures.value.total))}</p>}
        <InspectLink target={type} />
        <MachinePicker types={types} type={type} />
      </div>
      {figures.problem && <Failing figures={figures} />}
      <div className="board">
        <section className="card board-chart" aria-labelledby="chart-title">
          {chart.value === undefined && <h2 id="chart-title">{texts.chart}</h2>}
          {chart.problem && <ProblemNotice title={texts.cannot(noun.many)} problem={chart.problem} onRetry={chart.retry} />}
          {chart.value === undefined && !chart.problem && <Skeleton rows={8} label={texts.loading} />}
          {chart.value && (
            <BoardChart
              noun={noun}
              chart={chart.value}
              figures={figures.value}
              span={span === 'day' ? 'day' : 'hour'}
              onSpan={(next) => change({ span: next === 'hour' ? undefined : next })}
            />
          )}
        </section>
        <StuckList figures={figures} stuck={stuck} onChange={(next) => change({ stuck: next === STUCK_AFTER ? undefined : next })} />
      </div>
    </div>
  );
}

/** What is shown stays, and says of when it is. */
function Failing({ figures: { value, problem, retry } }: { figures: Loaded<Figures> }) {
  return (
    <>
      {problem && <ProblemNotice title={texts.cannotFigures} problem={problem} onRetry={retry} />}
      {value && <p className="muted">{texts.old(formatClock(value.at))}</p>}
    </>
  );
}

function MachinePicker({ types, type }: { types: readonly string[]; type: string }) {
  const known = NOUNS.filter((noun) => types.includes(noun.type)).map((noun) => noun.type);
  const all = [...known, ...types.filter((one) => !known.includes(one))];
  return (
    <nav className="page-tools chips" aria-label={texts.machines}>
      {all.map((one) => (
        <Link key={one} to={`/board/${one}`} className="chip" data-chosen={one === type || undefined}>
          {stateWords(nounOf(one).many)}
        </Link>
      ))}
    </nav>
  );
}

type Span = 'hour' | 'day';

function SpanPicker({ span, onChange }: { span: Span; onChange: (span: Span) => void }) {
  return (
    <div className="chips" role="group" aria-label={texts.flowSpan}>
      {(['hour', 'day'] as const).map((one) => (
        <button key={one} type="button" className="chip" aria-pressed={span === one} onClick={() => onChange(one)}>
          {texts[one]}
        </button>
      ))}
    </div>
  );
}

type BoardChartProps = { noun: Noun; chart: Chart; figures: Figures | undefined; span: Span; onSpan: (span: Span) => void };

function BoardChart({ noun, chart, figures, span, onSpan }: BoardChartProps) {
  const navigate = useNavigate();
  const onState = useCallback((state: string) => void navigate({ to: noun.path, search: { state } as never }), [navigate, noun]);
  const tone = useCallback((state: ChartState) => toneOnChart(noun, state), [noun]);
  const flow = useMemo(
    () => figures && Object.fromEntries(Object.entries(figures.flow).map(([id, counted]) => [id, counted[span]])),
    [figures, span],
  );
  const listed = NOUNS.includes(noun);
  return (
    <>
      <Statechart
        chart={chart}
        one={noun.one}
        many={noun.many}
        counts={figures?.counts}
        flow={flow}
        toneOf={tone}
        head={
          <>
            <h2 id="chart-title">{texts.chart}</h2>
            <SpanPicker span={span} onChange={onSpan} />
          </>
        }
        {...(listed ? { onState } : {})}
      />
      <p className="muted board-notes">
        <span>{texts.legend} </span>
        {listed && <span>{texts.hint} </span>}
        {figures && <span>{figures.flowSince === null ? texts.noFlow : texts.flowSince(formatTime(figures.flowSince))} </span>}
        {figures?.whole === false && <span role="status">{texts.counting}</span>}
      </p>
    </>
  );
}

type StuckListProps = { readonly figures: Loaded<Figures>; readonly stuck: string; readonly onChange: (stuck: string) => void };

function StuckList({ figures: { value, problem }, stuck, onChange }: StuckListProps) {
  const [id] = useState('stuck-title');
  return (
    <section className="card board-stuck" aria-labelledby={id} data-tone={value && value.stuck.length > 0 ? 'wrong' : 'resting'}>
      <h2 id={id}>{texts.stuck}</h2>
      <label className="board-after">
        {texts.stuckAfter}{' '}
        <select className="input" value={stuck in texts.spans ? stuck : STUCK_AFTER} onChange={(event) => onChange(event.target.value)}>
          {Object.entries(texts.spans).map(([ms, words]) => (
            <option key={ms} value={ms}>
              {words}
            </option>
          ))}
        </select>
      </label>
      {value === undefined && !problem && <Skeleton rows={3} label={texts.loadingStuck} />}
      {value?.stuck.length === 0 && <p className="muted">{texts.stuckNone}</p>}
      {value && value.stuck.length > 0 && (
        <>
          <p>{texts.stuckSome(value.stuck.length)}</p>
          <ul className="short-list">
            {value.stuck.map((one) => (
              <StuckRow key={one.address} stuck={one} />
            ))}
          </ul>
        </>
      )}
      {value?.stuckWhole === false && <p className="muted">{texts.stuckCut}</p>}
    </section>
  );
}

function StuckRow({ stuck }: { stuck: Stuck }) {
  const now = useNow();
  const { address, title, state, since, why, due } = stuck;
  const words = why === 'timer' ? texts.why.timer(formatLeft(due ?? since, now)) : texts.why[why];
  const type = address.slice(0, address.indexOf('/'));
  return (
    <li>
      <Link to={`/${address}`} className="row-link">
        {title || address}
      </Link>
      <span className="board-where">
        <StateBadge type={type} state={state} tags={[]} />
      </span>
      <span className="short-about">
        {texts.since(formatAgo(since, now).replace(/ ago$/, ''))}, {words}
      </span>
    </li>
  );
}
