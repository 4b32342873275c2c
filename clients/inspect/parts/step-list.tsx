import { useEffect, useRef, useState, type ReactNode } from 'react';
import { formatInstant, stateWords } from '../../core/format.ts';
import { movedIn, shortEvent } from '../log.ts';
import type { Step } from '../log.ts';
import { texts } from '../texts.ts';
import type { View } from '../use-view.ts';

/** So many rows stand on the page at once; the rest is a button away. */
const PAGE = 200;

/** Every step as it came, the newest last: when, what, from where to where, by whom. */
export function StepList({ view }: { view: View }) {
  const { steps, step, address, filter, following } = view;
  const [pages, setPages] = useState(1);
  const list = useRef<HTMLOListElement>(null);
  const chosen = step === undefined ? -1 : steps.indexOf(step);
  // The chosen step is always among those that are drawn.
  const first = Math.max(0, Math.min(steps.length - pages * PAGE, chosen < 0 ? Infinity : chosen - 20));
  const shown = steps.slice(first);
  useEffect(() => {
    const row = list.current?.querySelector('[aria-current="true"]');
    row?.scrollIntoView({ block: 'nearest' });
  }, [step?.key, following]);
  return (
    <section className="pane pane-steps" id="steps" tabIndex={-1} aria-label={texts.panes.steps}>
      <div className="pane-head">
        <h2>{address === undefined ? texts.all : <span className="mono">{address}</span>}</h2>
        <span className="muted">{texts.stepCount(steps.length)}</span>
      </div>
      {first > 0 && (
        <button type="button" className="link older" onClick={() => setPages(pages + 1)}>
          {texts.older(first)}
        </button>
      )}
      <ol className="steps" ref={list}>
        {withGaps(shown, address !== undefined, (one) => (
          <StepRow key={one.key} step={one} chosen={one === step} named={address === undefined} onChoose={() => view.chooseStep(one.key)} />
        ))}
      </ol>
      {steps.length === 0 && <p className="pane-empty">{filter === '' ? texts.noSteps : texts.noMatch}</p>}
    </section>
  );
}

/** Between the steps of one actor it says where some are missing. */
function withGaps(steps: readonly Step[], ofOne: boolean, draw: (step: Step) => ReactNode): ReactNode[] {
  return steps.flatMap((step, index) => {
    const missing = ofOne && step.before === undefined && index > 0 ? step.version - (steps[index - 1]?.version ?? 0) - 1 : 0;
    if (missing <= 0) return [draw(step)];
    return [
      <li key={`${step.key} gap`} className="gap">
        {texts.missing(missing)}
      </li>,
      draw(step),
    ];
  });
}

function StepRow({ step, chosen, named, onChoose }: { step: Step; chosen: boolean; named: boolean; onChoose: () => void }) {
  const { event, at, address, version, source } = step;
  const { left, entered } = movedIn(step);
  const by = source ?? (typeof event['by'] === 'string' ? event['by'] : '');
  return (
    <li>
      <button
        type="button"
        className="step"
        aria-current={chosen || undefined}
        onClick={onChoose}
        data-moved={entered.length > 0 || undefined}
      >
        <time className="step-at number" dateTime={new Date(at).toISOString()}>
          {formatInstant(at)}
        </time>
        <span className="step-what">
          {named && (
            <span className="mono step-who" title={address}>
              {address}
            </span>
          )}
          <code className="step-event" title={event.type}>
            {shortEvent(event.type)}
          </code>
        </span>
        <span className="step-where">
          {entered.length > 0 && (
            <>
              {left.length > 0 && <span className="muted">{left.map(stateWords).join(', ')} → </span>}
              <strong>{entered.map(stateWords).join(', ')}</strong>
            </>
          )}
        </span>
        <span className="step-by muted">{by === '' ? '' : texts.by(by)}</span>
        <span className="step-version muted number">v{version}</span>
      </button>
    </li>
  );
}
