import { useId } from 'react';
import { CURRENCIES } from '../../../machines/money.ts';
import { currencyName } from '../exchange.ts';
import { rateTexts } from '../texts-rates.ts';

const words = rateTexts.convert;

type Props = {
  readonly label: string;
  readonly value: string;
  /** Those that have rates: they stand first. */
  readonly published: readonly string[];
  /** What it is called to choose none; without it there must be one, and those without rates are offered as well. */
  readonly none?: string;
  readonly onChange: (code: string) => void;
};

/** A currency, by its code and its name. */
export function CurrencySelect({ label, value, published, none, onChange }: Props) {
  const id = useId();
  // A link may ask for what is not offered.
  const first = value === '' || published.includes(value) || none === undefined ? published : [value, ...published];
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <select id={id} className="input" value={value} onChange={({ target }) => onChange(target.value)}>
        {none !== undefined && <option value="">{none}</option>}
        {none === undefined ? (
          <>
            <optgroup label={words.published}>
              <Options codes={first} />
            </optgroup>
            <optgroup label={words.others}>
              <Options codes={CURRENCIES.filter((code) => !first.includes(code))} />
            </optgroup>
          </>
        ) : (
          <Options codes={first} />
        )}
      </select>
    </div>
  );
}

function Options({ codes }: { codes: readonly string[] }) {
  return codes.map((code) => (
    <option key={code} value={code}>
      {code} · {currencyName(code)}
    </option>
  ));
}
