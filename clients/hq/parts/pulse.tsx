import { lazy, Suspense, useState } from 'react';
import { Apart } from './apart.tsx';
import { formatNumber } from '../../core/format.ts';
import { addNodes, readPulse, sinceOf, withBeats, type Beat, type NodePulse, type PulseAnswer } from '../figures.ts';
import { useServices } from '../services.ts';
import { texts } from '../texts.ts';
import { ProblemNotice, Skeleton } from './notice.tsx';
import type { Line } from './pulse-chart.tsx';
import { usePolled } from './use-polled.ts';

const PulseChart = lazy(() => import('./pulse-chart.tsx').then((module) => ({ default: module.PulseChart })));

const words = texts.pulse;
const EVERY_MS = 2_000;
const EVENTS: readonly Line[] = [{ label: words.events, colour: 'green-line', of: ({ events }) => events, fill: true }];
const DELAYS: readonly Line[] = [
  { label: words.p99, colour: 'asking-line', of: ({ p99_ms }) => p99_ms },
  { label: words.p50, colour: 'green-line', of: ({ p50_ms }) => p50_ms },
];

/** What the nodes of the hub commit, live: how much, how long it takes until it is on the disk, and who of them says nothing. */
export function PulseCard() {
  const { office } = useServices();
  const [beats, setBeats] = useState<readonly Beat[]>([]);
  const { value, problem, again } = usePolled<PulseAnswer>(
    'pulse',
    async (signal) => readPulse(await office.get(`/v1/overview/pulse?since=${sinceOf(beats)}`, signal)),
    EVERY_MS,
  );
  const [taken, setTaken] = useState<PulseAnswer>();
  if (value !== undefined && value !== taken) {
    setTaken(value);
    setBeats((before) => withBeats(before, value.seconds));
  }
  return (
    <section className="card pulse" aria-labelledby="pulse-title">
      <h2 id="pulse-title">
        {words.title} {value !== undefined && <span className="muted count-total">{whose(value.nodes)}</span>}
      </h2>
      {problem && <ProblemNotice title={texts.common.cannotBeShown(words.title)} problem={problem} onRetry={again} />}
      {value === undefined && !problem && <Skeleton rows={4} label={texts.common.loading(words.title)} />}
      {value !== undefined && <Live nodes={value.nodes} beats={beats} />}
    </section>
  );
}

function whose(nodes: readonly NodePulse[]): string {
  const [first] = nodes;
  if (nodes.length === 1 && first !== undefined) return words.ofOne(first.id);
  return words.ofNodes(nodes.filter(({ figures }) => figures !== null).length, nodes.length);
}

function Live({ nodes, beats }: { nodes: readonly NodePulse[]; beats: readonly Beat[] }) {
  const { waiting, effects, actors, events_per_s: rate, p99_ms: slow } = addNodes(nodes);
  const silent = nodes.filter(({ figures }) => figures === null).map(({ id }) => id);
  const slowest = nodes.length > 1 ? `, ${words.ofSlowest}` : '';
  return (
    <>
      <div role="status">{silent.length > 0 && <p className="silent">{words.silent(silent)}</p>}</div>
      <dl className="pulse-figures">
        <Figure name={words.rate} value={words.perSecond(rate)} />
        <Figure name={words.slowest} value={slow === null ? words.none : words.ms(slow)} />
        <Figure name={words.waiting} value={formatNumber(waiting)} />
        <Figure name={words.effects} value={formatNumber(effects)} />
        <Figure name={words.actors} value={formatNumber(actors)} />
      </dl>
      <Apart fallback={null}>
        <Suspense fallback={<Skeleton rows={3} label={texts.common.loading(words.title)} />}>
          <PulseChart beats={beats} lines={EVENTS} label={words.eventsLabel(rate)} />
          <p className="pulse-legend">
            <span data-line="p50">{words.p50 + slowest}</span>
            <span data-line="p99">{words.p99 + slowest}</span>
          </p>
          <PulseChart beats={beats} lines={DELAYS} label={words.delaysLabel(slow ?? 0)} />
        </Suspense>
      </Apart>
      {nodes.length > 1 && <NodeByNode nodes={nodes} />}
    </>
  );
}

function NodeByNode({ nodes }: { nodes: readonly NodePulse[] }) {
  return (
    <table className="node-figures" aria-label={words.each}>
      <thead>
        <tr>
          <th scope="col">{words.node}</th>
          <th scope="col">{words.perSecondShort}</th>
          <th scope="col">{words.p99Short}</th>
          <th scope="col">{words.waitingShort}</th>
        </tr>
      </thead>
      <tbody>
        {nodes.map(({ id, figures }) => (
          <tr key={id} data-silent={figures === null || undefined}>
            <th scope="row" className="mono">
              {id}
            </th>
            {figures === null ? (
              <td colSpan={3}>{words.noAnswer}</td>
            ) : (
              <>
                <td className="number">{words.perSecond(figures.events_per_s)}</td>
                <td className="number">{figures.p99_ms === null ? words.none : words.ms(figures.p99_ms)}</td>
                <td className="number">{formatNumber(figures.waiting)}</td>
              </>
            )}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Figure({ name, value }: { name: string; value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd className="number">{value}</dd>
    </div>
  );
}
