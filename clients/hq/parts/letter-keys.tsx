import { useId, useState } from 'react';
import { letterKeysAreOn, switchLetterKeys } from '../browser.ts';
import { keysTexts as texts } from '../texts-keys.ts';

/** Switches the keys of a single letter or sign on and off. */
export function LetterKeys() {
  const id = useId();
  const [on, setOn] = useState(letterKeysAreOn);
  return (
    <p className="letter-keys">
      <label className="tick">
        <input
          type="checkbox"
          className="box"
          checked={on}
          aria-describedby={id}
          onChange={({ target }) => {
            switchLetterKeys(target.checked);
            setOn(target.checked);
          }}
        />
        {texts.letters}
      </label>
      <span className="muted" id={id}>
        {texts.lettersAbout}
      </span>
    </p>
  );
}
