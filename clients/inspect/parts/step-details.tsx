import { useState } from 'react';
import type { InspectedSnapshot } from '../../../hub/protocol/inspection.ts';
import { differencesOf } from '../difference.ts';
import type { Difference } from '../difference.ts';
import type { Step } from '../log.ts';
import { statesIn } from '../log.ts';
import { texts } from '../texts.ts';
import type { View } from '../use-view.ts';

const TABS = ['changes', 'snapshot', 'event'] as const;
type Tab = (typeof TABS)[number];

/** One step: what happened, what it changed, and how the actor was after it. */
export function StepDetails({ view }: { view: View }) {
  const [tab, setTab] = useState<Tab>('changes');
  const { step, pinned } = view;
  if (step === undefined) {
    return (
      <section className="pane pane-step" aria-label={texts.panes.step}>
        <p className="pane-empty">{texts.noStep}</p>
      </section>
    );
  }
  return (
    <section className="pane pane-step" aria-label={texts.panes.step}>
      <div className="pane-head">
        <h2>{texts.step(step.version)}</h2>
        <Stepper view={view} />
      </div>
      <div className="details-tools">
        <div className="chips" role="tablist" aria-label={texts.panes.step}>
          {TABS.map((one) => (
            <button
              key={one}
              type="button"
              role="tab"
              id={`tab-${one}`}
              aria-selected={one === tab}
              aria-controls="details"
              tabIndex={one === tab ? 0 : -1}
              className="chip"
              onClick={() => setTab(one)}
              onKeyDown={(event) => moveTab(event.key, tab, setTab)}
            >
              {texts[one]}
            </button>
          ))}
        </div>
        <button type="button" className="link" onClick={() => view.pin(pinned === undefined ? step : undefined)}>
          {pinned === undefined ? texts.pin : texts.unpin}
        </button>
      </div>
      <div className="details" id="details" role="tabpanel" aria-labelledby={`tab-${tab}`} tabIndex={0}>
        {tab === 'changes' && <Changes step={step} pinned={pinned} />}
        {tab === 'snapshot' && <Json value={step.after} />}
        {tab === 'event' && <Event step={step} />}
      </div>
    </section>
  );
}

function moveTab(key: string, tab: Tab, choose: (tab: Tab) => void): void {
  const by = key === 'ArrowRight' ? 1 : key === 'ArrowLeft' ? -1 : 0;
  const next = TABS[(TABS.indexOf(tab) + by + TABS.length) % TABS.length];
  if (by === 0 || next === undefined) return;
  choose(next);
  document.getElementById(`tab-${next}`)?.focus();
}

function Stepper({ view }: { view: View }) {
  const at = view.step === undefined ? -1 : view.steps.indexOf(view.step);
  const last = view.steps.length - 1;
  const moves = [
    [texts.first, 'M4.5 3.5v9M12 3.5L6.5 8l5.5 4.5z', -Infinity, at > 0],
    [texts.previous, 'M11 3.5L5.5 8l5.5 4.5z', -1, at > 0],
    [texts.next, 'M5 3.5L10.5 8L5 12.5z', 1, at < last],
    [texts.last, 'M11.5 3.5v9M4 3.5L9.5 8L4 12.5z', Infinity, at < last],
  ] as const;
  return (
    <div className="stepper">
      {moves.map(([name, path, by, can]) => (
        <button
          key={name}
          type="button"
          className="step-button"
          aria-label={name}
          title={name}
          disabled={!can}
          onClick={() => view.move(by)}
        >
          <svg className="glyph" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
            <path d={path} />
          </svg>
        </button>
      ))}
    </div>
  );
}

function Changes({ step, pinned }: { step: Step; pinned: Step | undefined }) {
  const before = pinned === undefined ? step.before : pinned.after;
  if (before === undefined && step.version !== 1) return <p className="pane-empty">{texts.noBefore}</p>;
  const differences = differencesOf(before === undefined ? NOTHING : toCompared(before), toCompared(step.after));
  return (
    <>
      {pinned !== undefined && <p className="muted">{texts.pinned(pinned.version)}</p>}
      {differences.length === 0 && <p className="pane-empty">{texts.noChange}</p>}
      <ul className="changes">
        {differences.map((difference) => (
          <Change key={difference.path} {...difference} />
        ))}
      </ul>
    </>
  );
}

/** What the first step is compared with. */
const NOTHING = { context: {}, tags: [], children: {}, timers: {} };

/** States read better as paths than as nested values. */
function toCompared({ value, ...rest }: InspectedSnapshot): object {
  return { state: statesIn(value).join(', '), ...rest };
}

function Change({ path, kind, before, after }: Difference) {
  return (
    <li className="change" data-kind={kind}>
      <p className="change-path">
        <code>{path}</code>
        <span className="change-kind">{texts.kinds[kind]}</span>
      </p>
      {kind !== 'added' && (
        <p className="change-before">
          <span aria-hidden="true">− </span>
          <del>{toText(before)}</del>
        </p>
      )}
      {kind !== 'removed' && (
        <p className="change-after">
          <span aria-hidden="true">+ </span>
          <ins>{toText(after)}</ins>
        </p>
      )}
    </li>
  );
}

function toText(value: unknown): string {
  return value === undefined ? texts.nothing : JSON.stringify(value, undefined, typeof value === 'object' ? 1 : undefined);
}

function Event({ step }: { step: Step }) {
  return (
    <>
      {step.source !== undefined && (
        <p>
          {texts.from} <code>{step.source}</code>
        </p>
      )}
      <Json value={step.event} />
    </>
  );
}

function Json({ value }: { value: unknown }) {
  return <pre className="json">{JSON.stringify(value, undefined, 2)}</pre>;
}
