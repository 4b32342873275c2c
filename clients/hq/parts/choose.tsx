import { useId } from 'react';

type ChooseProps = {
  readonly label: string;
  readonly value: string;
  readonly options: readonly (readonly [value: string, label: string])[];
  /** Read aloud alone, where a table's heading says it already. */
  readonly isBare?: boolean;
  readonly onChange: (value: string) => void;
};

/** One of a few, in the browser's own way. */
export function Choose({ label, value, options, isBare = false, onChange }: ChooseProps) {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id} className={isBare ? 'visually-hidden' : undefined}>
        {label}
      </label>
      <select id={id} className="input" value={value} onChange={({ target }) => onChange(target.value)}>
        {options.map(([one, name]) => (
          <option key={one} value={one}>
            {name}
          </option>
        ))}
      </select>
    </div>
  );
}
