import { useState, type CSSProperties } from 'react';
import { Button, Slider, SliderThumb, SliderTrack } from 'react-aria-components';
import type { HistoryItem } from '../../core/api.ts';
import { topOf } from '../../core/journey.ts';
import { useKeys } from '../keys.ts';
import { toneOf, type Noun } from '../nouns.ts';
import { actorTexts } from '../texts-actor.ts';

const texts = actorTexts.time;

export type TimeSliderProps = {
  readonly noun: Noun;
  readonly newest: number;
  /** The version that is shown; the newest one where it is now. */
  readonly at: number;
  /** The one that it is compared with. */
  readonly from: number | undefined;
  /** What is known of the journal: where the state changed is marked. */
  readonly rows: readonly HistoryItem[];
  readonly onChange: (at: number, from: number | undefined) => void;
  readonly onNow: () => void;
};

/** Goes to any version by dragging or by keys; with two thumbs it compares two. */
export function TimeSlider({ noun, newest, at, from, rows, onChange, onNow }: TimeSliderProps) {
  const [held, setHeld] = useState<readonly number[]>();
  const values = held ?? (from === undefined || from > at ? [at] : [from, at]);
  const shown = values.at(-1) ?? at;
  const move = (next: readonly number[]): void => {
    setHeld(undefined);
    const last = next.at(-1) ?? at;
    onChange(last, next.length > 1 ? next[0] : undefined);
  };
  const step = (by: number): void => move([...values.slice(0, -1), within(shown + by, values.length > 1 ? (values[0] ?? 1) : 1, newest)]);
  useKeys(({ key }) => {
    if (key === '[') step(-1);
    else if (key === ']') step(1);
    else if (key === 'n') onNow();
    else return false;
    return true;
  });
  return (
    <div className="time">
      <Slider
        className="time-slider"
        value={[...values]}
        minValue={1}
        maxValue={newest}
        onChange={(next) => {
          setHeld(next);
          onChange(next.at(-1) ?? at, next.length > 1 ? next[0] : undefined);
        }}
        onChangeEnd={() => setHeld(undefined)}
        aria-label={texts.title}
      >
        <Marks noun={noun} newest={newest} rows={rows} />
        <SliderTrack className="time-track">
          {values.map((_, index) => (
            <SliderThumb
              key={values.length - index}
              index={index}
              className="time-thumb"
              data-from={(values.length > 1 && index === 0) || undefined}
              aria-label={values.length > 1 && index === 0 ? texts.labelFrom : texts.label}
            />
          ))}
        </SliderTrack>
      </Slider>
      <div className="time-tools">
        <Button className="chart-button" aria-label={texts.older} isDisabled={shown <= 1} onPress={() => step(-1)}>
          <Arrow path="M10 3.5L5.5 8l4.5 4.5" />
        </Button>
        <Button className="chart-button" aria-label={texts.newer} isDisabled={shown >= newest} onPress={() => step(1)}>
          <Arrow path="M6 3.5L10.5 8L6 12.5" />
        </Button>
        <span className="time-version number" title={texts.keys}>
          {texts.ofNewest(shown, newest)}
        </span>
        <button
          type="button"
          className="chip"
          aria-pressed={values.length > 1}
          onClick={() => onChange(shown, values.length > 1 ? undefined : Math.max(1, shown - 1))}
        >
          {values.length > 1 ? texts.stopComparing : texts.compare}
        </button>
      </div>
    </div>
  );
}

function within(value: number, least: number, most: number): number {
  return Math.max(least, Math.min(most, value));
}

function Arrow({ path }: { path: string }) {
  return (
    <svg viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      <path d={path} />
    </svg>
  );
}

/** Where it came into another state, in that state's colour. */
function Marks({ noun, newest, rows }: { noun: Noun; newest: number; rows: readonly HistoryItem[] }) {
  const turns = rows.filter(({ from, to }) => topOf(from[0] ?? '') !== topOf(to[0] ?? '') || from.length !== to.length);
  return (
    <div className="time-marks" aria-hidden="true">
      {turns.map(({ version, to }) => (
        <span
          key={version}
          className="time-mark"
          data-tone={toneOf(noun, to[0] ?? '', [])}
          style={{ '--at': `${newest <= 1 ? 0 : ((version - 1) / (newest - 1)) * 100}%` } as CSSProperties}
        />
      ))}
    </div>
  );
}
