import { stateWords } from '../../core/format.ts';
import { toJourney, type Station, type Visit } from '../../core/journey.ts';
import { toneOf, type Noun } from '../nouns.ts';
import { ToneGlyph } from './state-badge.tsx';
import { Ago } from './time.tsx';
import { texts } from '../texts.ts';

/** The way that an actor has gone, as stations on a line: where it was, where it is, what may come. */
export function JourneyLine({
  noun,
  state,
  tags,
  visits,
}: {
  noun: Noun;
  state: readonly string[];
  tags: readonly string[];
  visits: readonly Visit[];
}) {
  if (noun.course === undefined) return <Regions noun={noun} state={state} tags={tags} />;
  const stations = toJourney(noun.course, visits, state[0] ?? '');
  const inner = state.map(innerWords).filter((words) => words !== '');
  return (
    <ol className="line" aria-label={texts.actor.way}>
      {stations.map((station) => (
        <StationMark key={station.state} station={station} noun={noun} tags={tags} inner={station.status === 'current' ? inner : []} />
      ))}
    </ol>
  );
}

/** Where within its station it is: `verifying.identity.checking` → `identity › checking`. */
function innerWords(state: string): string {
  return state.split('.').slice(1).map(stateWords).join(' › ').toLowerCase();
}

const STATUS_WORDS: Readonly<Record<Station['status'], string>> = {
  passed: 'passed',
  current: 'now',
  ahead: 'may come',
  bypassed: 'not on its way',
  closed: 'out of reach',
};

function StationMark({ station, noun, tags, inner }: { station: Station; noun: Noun; tags: readonly string[]; inner: readonly string[] }) {
  const { state, status, visit, siding } = station;
  const current = status === 'current';
  const tone = toneOf(noun, state, current ? tags : []);
  return (
    <li
      className="station"
      data-status={status}
      data-siding={siding || undefined}
      data-tone={tone}
      aria-current={current ? 'step' : undefined}
    >
      <span className="station-mark" aria-hidden="true">
        {current && <ToneGlyph tone={tone} />}
      </span>
      <span className="station-name">{stateWords(state)}</span>
      <span className="visually-hidden">, {STATUS_WORDS[status]}</span>
      {inner.length > 0 && (
        <span className="station-inner">
          {inner.map((words) => (
            <span key={words}>{words}</span>
          ))}
        </span>
      )}
      {visit && visit.at !== '' && (
        <span className="station-time">
          <Ago at={visit.at} />
        </span>
      )}
    </li>
  );
}

/** A chart of parallel regions has no single line: each region says where it is. */
function Regions({ noun, state, tags }: { noun: Noun; state: readonly string[]; tags: readonly string[] }) {
  return (
    <ul className="regions">
      {state.map((one) => {
        const [region = '', ...rest] = one.split('.');
        const tone = toneOf(noun, one, tags);
        return (
          <li key={one} className="region" data-tone={tone}>
            <span className="region-name">{stateWords(region)}</span>
            <span className="badge" data-tone={tone}>
              <ToneGlyph tone={tone} />
              {stateWords(rest.join('.') || region)}
            </span>
          </li>
        );
      })}
    </ul>
  );
}
