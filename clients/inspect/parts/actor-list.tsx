import { useMemo, useState } from 'react';
import { formatClock, stateWords } from '../../core/format.ts';
import { statesIn } from '../log.ts';
import type { Actor } from '../log.ts';
import { texts } from '../texts.ts';
import type { View } from '../use-view.ts';

const MOST_SHOWN = 200;

/** Everybody who was introduced, and which of them is looked at. */
export function ActorList({ view, stepCount, ofOne }: { view: View; stepCount: number; ofOne: boolean }) {
  const [filter, setFilter] = useState('');
  const { actors, address } = view;
  const found = useMemo(() => {
    const text = filter.trim().toLowerCase();
    return actors.filter((actor) => `${actor.address} ${statesIn(actor.snapshot.value).join(' ')}`.toLowerCase().includes(text));
  }, [actors, filter]);
  return (
    <section className="pane pane-actors" aria-label={texts.panes.actors}>
      <div className="pane-head">
        <h2>{texts.panes.actors}</h2>
        <span className="muted">{texts.actorCount(actors.length)}</span>
      </div>
      {!ofOne && (
        <input
          type="search"
          className="input pane-filter"
          aria-label={texts.filterActors}
          placeholder={texts.filterActors}
          value={filter}
          onChange={(event) => setFilter(event.target.value)}
        />
      )}
      <ul className="actors">
        {!ofOne && (
          <li>
            <button
              type="button"
              className="actor"
              aria-current={address === undefined || undefined}
              onClick={() => view.chooseActor(undefined)}
            >
              <span className="actor-name">{texts.all}</span>
              <span className="muted">{texts.stepCount(stepCount)}</span>
            </button>
          </li>
        )}
        {found.slice(0, MOST_SHOWN).map((actor) => (
          <ActorRow key={actor.address} actor={actor} chosen={actor.address === address} onChoose={() => view.chooseActor(actor.address)} />
        ))}
      </ul>
      {actors.length === 0 && (
        <p className="pane-empty">
          <strong>{texts.noActors}</strong> {texts.noActorsWhy}
        </p>
      )}
      {actors.length > 0 && found.length === 0 && <p className="pane-empty">{texts.noMatch}</p>}
    </section>
  );
}

function ActorRow({ actor, chosen, onChoose }: { actor: Actor; chosen: boolean; onChoose: () => void }) {
  const { address, snapshot, at, version } = actor;
  return (
    <li>
      <button type="button" className="actor" aria-current={chosen || undefined} onClick={onChoose} data-status={snapshot.status}>
        <span className="actor-name mono" title={address}>
          {address}
        </span>
        <span className="actor-state">{statesIn(snapshot.value).map(stateWords).join(', ')}</span>
        <span className="muted number">
          v{version} · {formatClock(at)}
        </span>
        {/* A new key starts the light anew with every step. */}
        <span className="changed" key={version} aria-hidden="true" />
      </button>
    </li>
  );
}
