import { lazy, Suspense, useState } from 'react';
import { formatNumber } from '../../core/format.ts';
import { readPulse, withBeats, type Beat, type PulseAnswer } from '../figures.ts';
import { useServices } from '../services.ts';
import { texts } from '../texts.ts';
import { ProblemNotice, Skeleton } from './notice.tsx';
import type { Line } from './pulse-chart.tsx';
import { usePolled } from './use-polled.ts';

const PulseChart = lazy(() => import('./pulse-chart.tsx').then((module) => ({ default: module.PulseChart })));

const EVERY_MS = 2_000;
const EVENTS: readonly Line[] = [{ label: texts.pulse.events, colour: 'green-line', of: ({ events }) => events, fill: true }];
const DELAYS: readonly Line[] = [
  { label: texts.pulse.p99, colour: 'asking-line', of: ({ p99_ms }) => p99_ms },
  { label: texts.pulse.p50, colour: 'green-line', of: ({ p50_ms }) => p50_ms },
];

/** What the node that answers commits, live: how much, and how long it takes until it is on the disk. */
export function PulseCard() {
  const { office } = useServices();
  const [known, setKnown] = useState<{ readonly node: string; readonly beats: readonly Beat[] }>({ node: '', beats: [] });
  const { value, problem, again } = usePolled<PulseAnswer>(
    'pulse',
    async (signal) => readPulse(await office.get(`/v1/overview/pulse?since=${known.beats.at(-1)?.at ?? 0}`, signal)),
    EVERY_MS,
  );
  const [taken, setTaken] = useState<PulseAnswer>();
  if (value !== undefined && value !== taken) {
    setTaken(value);
    // Behind a balancer the next answer may be another node's; the two are not drawn as one.
    setKnown((before) => ({ node: value.node, beats: withBeats(before.node === value.node ? before.beats : [], value.seconds) }));
  }
  const { beats } = known;
  const now = beats.slice(-10);
  const rate = now.length === 0 ? 0 : now.reduce((sum, { events }) => sum + events, 0) / now.length;
  const slow = Math.max(0, ...now.map(({ p99_ms }) => p99_ms ?? 0));
  return (
    <section className="card pulse" aria-labelledby="pulse-title">
      <h2 id="pulse-title">
        {texts.pulse.title} {value !== undefined && <span className="muted count-total">{texts.pulse.node(value.node)}</span>}
      </h2>
      {problem && <ProblemNotice title={texts.common.cannotBeShown(texts.pulse.title)} problem={problem} onRetry={again} />}
      {value === undefined && !problem && <Skeleton rows={4} label={texts.common.loading(texts.pulse.title)} />}
      {value !== undefined && (
        <>
          <dl className="pulse-figures">
            <Figure name={texts.pulse.rate} value={texts.pulse.perSecond(rate)} />
            <Figure name={texts.pulse.slowest} value={slow === 0 ? '—' : texts.pulse.ms(slow)} />
            <Figure name={texts.pulse.waiting} value={formatNumber(value.waiting)} />
            <Figure name={texts.pulse.effects} value={formatNumber(value.effects)} />
            <Figure name={texts.pulse.actors} value={formatNumber(value.actors)} />
          </dl>
          <Suspense fallback={<Skeleton rows={3} label={texts.common.loading(texts.pulse.title)} />}>
            <PulseChart beats={beats} lines={EVENTS} label={texts.pulse.eventsLabel(rate)} />
            <p className="pulse-legend">
              <span data-line="p50">{texts.pulse.p50}</span>
              <span data-line="p99">{texts.pulse.p99}</span>
            </p>
            <PulseChart beats={beats} lines={DELAYS} label={texts.pulse.delaysLabel(slow)} />
          </Suspense>
        </>
      )}
    </section>
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
