import { useEffect, useRef, useState } from 'react';
import { Button, Input, Label, SearchField } from 'react-aria-components';
import { texts } from '../texts.ts';

/** Asks a moment after the last key, so that a word is one question and not six. */
const TYPING_MS = 250;

export function SearchBox({ value, label, onChange }: { value: string; label: string; onChange: (text: string) => void }) {
  const [text, setText] = useState(value);
  const [given, setGiven] = useState(value);
  if (given !== value) {
    // The address has changed by another way: back, or a cleared filter.
    setGiven(value);
    setText(value);
  }
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  return (
    <SearchField
      className="search"
      value={text}
      onChange={(next) => {
        setText(next);
        clearTimeout(timer.current);
        timer.current = setTimeout(() => {
          setGiven(next);
          onChange(next);
        }, TYPING_MS);
      }}
    >
      <Label className="visually-hidden">{label}</Label>
      <svg className="search-icon" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
        <path d="M7 2.5a4.5 4.5 0 1 1 0 9a4.5 4.5 0 0 1 0-9zM10.5 10.5L14 14" />
      </svg>
      <Input
        className="input"
        placeholder={label}
        onKeyDown={(event) => {
          // An empty search is left by Escape, so that the keys of the list are at hand again.
          if (event.key === 'Escape' && text === '') event.currentTarget.blur();
        }}
      />
      {text === '' && (
        <kbd className="search-key" aria-hidden="true">
          /
        </kbd>
      )}
      <Button className="search-clear" aria-label={texts.list.clearSearch}>
        ×
      </Button>
    </SearchField>
  );
}
