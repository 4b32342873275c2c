import { stateWords } from '../../core/format.ts';
import { topOf } from '../../core/journey.ts';
import { headlineStates, nounOf, toneOf, type Noun, type Tone } from '../nouns.ts';
import { texts } from '../texts.ts';

/** Each tone has a shape of its own, so that nothing is told by colour alone. */
const SHAPES: Readonly<Record<Tone, string>> = {
  well: 'M3.5 8.5l3 3 6-7',
  moving: 'M8 3a5 5 0 1 1-5 5',
  asking: 'M8 2a6 6 0 1 1 0 12a6 6 0 0 1 0-12zM8 5v3.4M8 10.9v.1',
  wrong: 'M8 2.5l6 11H2zM8 7v3M8 11.6v.2',
  resting: 'M4.5 8h7',
  lost: 'M4.5 4.5l7 7M11.5 4.5l-7 7',
};

export function ToneGlyph({ tone }: { tone: Tone }) {
  return (
    <svg className="glyph" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      <path d={SHAPES[tone]} />
    </svg>
  );
}

/** The state of an actor in words: its headline, whatever its chart is like. */
export function StateBadge({ type, state, tags }: { type: string; state: readonly string[]; tags: readonly string[] }) {
  const noun = nounOf(type);
  return (
    <span className="badges">
      {headlineStates(noun, state).map((one) => {
        const tone = toneOf(noun, one, tags);
        return (
          <span key={one} className="badge" data-tone={tone}>
            <ToneGlyph tone={tone} />
            {stateLabel(noun, one)}
          </span>
        );
      })}
      {tags.includes('parked') && (
        <span className="badge" data-tone="wrong">
          <ToneGlyph tone="wrong" />
          {texts.actor.parked}
        </span>
      )}
    </span>
  );
}

/** A plain chart is named by its top state; of parallel regions the name says which one it is. */
export function stateLabel(noun: Noun, state: string): string {
  return stateWords(noun.course === undefined ? state.replace('.', ' ').replace(/^(?:lifecycle|life|freeze|status) /, '') : topOf(state));
}
