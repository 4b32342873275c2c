import { useRef, useState } from 'react';
import { useKeys } from '../hq/keys.ts';
import type { InspectorServices } from './inspector-services.ts';
import { ActorList } from './parts/actor-list.tsx';
import { MachineChart } from './parts/machine-chart.tsx';
import { StepDetails } from './parts/step-details.tsx';
import { StepList } from './parts/step-list.tsx';
import { KeysButton } from './parts/tool-bar.tsx';
import { texts } from './texts.ts';
import { useView } from './use-view.ts';
import type { View } from './use-view.ts';

const PANES = ['actors', 'steps', 'chart', 'step'] as const;
type Pane = (typeof PANES)[number];

/** The hub's own view: who is there, what happened, where it stands in its chart, and how it was at any step. */
export function Viewer({ services: { log, link } }: { services: InspectorServices }) {
  const view = useView(log, link.session?.target);
  const [pane, setPane] = useState<Pane>('steps');
  const keys = useRef<HTMLDialogElement>(null);
  const search = useRef<HTMLInputElement>(null);
  const { step } = view;
  const chart = step === undefined ? undefined : log.charts.get(step.address.slice(0, step.address.indexOf('/')));
  useKeys((event) => handleKey(event.key, { view, search, keys }));
  return (
    <>
      <div className="inspect-tools">
        <input
          ref={search}
          type="search"
          className="input"
          aria-label={texts.filterSteps}
          placeholder={texts.filterHint}
          value={view.filter}
          onChange={(event) => view.setFilter(event.target.value)}
          onKeyDown={(event) => event.key === 'Escape' && event.currentTarget.blur()}
        />
        <button type="button" className="button" aria-pressed={view.paused} onClick={() => view.pause(!view.paused)}>
          {view.paused ? texts.resume : texts.pause}
        </button>
        <label className="start-radio">
          <input type="checkbox" checked={view.following} onChange={(event) => view.follow(event.target.checked)} />
          {texts.follow}
        </label>
        <button type="button" className="button" data-kind="quiet" onClick={() => log.clear()}>
          {texts.clear}
        </button>
        <KeysButton dialog={keys} />
        {view.paused && (
          <span className="inspect-paused" role="status">
            {texts.pausedFor(view.fresh)}
          </span>
        )}
      </div>
      {log.leftOut > 0 && (
        <p className="notice inspect-notice" data-tone="asking" role="status">
          {texts.leftOut(log.leftOut)}
        </p>
      )}
      <nav className="inspect-panes chips" aria-label={texts.paneNames}>
        {PANES.map((one) => (
          <button key={one} type="button" className="chip" aria-pressed={one === pane} onClick={() => setPane(one)}>
            {texts.panes[one]}
          </button>
        ))}
      </nav>
      <main className="inspect-grid" data-pane={pane}>
        <ActorList view={view} stepCount={log.steps.length} ofOne={link.session?.target.includes('/') === true} />
        <StepList key={view.address ?? ''} view={view} />
        <section className="pane pane-chart" aria-label={texts.panes.chart}>
          {step !== undefined && chart !== undefined ? (
            <MachineChart chart={chart} step={step} />
          ) : (
            <p className="pane-empty">{texts.noChart}</p>
          )}
        </section>
        <StepDetails view={view} />
      </main>
    </>
  );
}

type Keyed = {
  readonly view: View;
  readonly search: { readonly current: HTMLInputElement | null };
  readonly keys: { readonly current: HTMLDialogElement | null };
};

/** True where the key was meant for the page. */
function handleKey(key: string, { view, search, keys }: Keyed): boolean {
  if (document.querySelector('dialog[open]') !== null) return false;
  const act = KEYS[key];
  if (act !== undefined) act(view);
  else if (key === '/') search.current?.focus();
  else if (key === '?') keys.current?.showModal();
  else return false;
  return true;
}

const KEYS: Readonly<Record<string, ((view: View) => void) | undefined>> = {
  j: (view) => view.move(1),
  k: (view) => view.move(-1),
  g: (view) => view.move(-Infinity),
  G: (view) => view.follow(true),
  p: (view) => view.pause(!view.paused),
  f: (view) => view.follow(!view.following),
  c: (view) => view.pin(view.pinned === undefined ? view.step : undefined),
  n: (view) => moveActor(view, 1),
  N: (view) => moveActor(view, -1),
};

/** Through the list as it stands: all actors first. */
function moveActor({ actors, address, chooseActor }: View, by: number): void {
  const all = [undefined, ...actors.map((actor) => actor.address)];
  const at = Math.max(0, all.indexOf(address));
  chooseActor(all[Math.max(0, Math.min(all.length - 1, at + by))]);
}
