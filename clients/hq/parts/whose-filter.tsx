import { useEffect, useId, useRef, useState, type FormEvent, type MouseEvent } from 'react';
import type { ListItem } from '../../../hub/protocol/messages.ts';
import { idOf, isId } from '../../../machines/ids.ts';
import type { Noun } from '../nouns.ts';
import { useList } from '../services.ts';
import { texts } from '../texts.ts';

type Whose = { readonly client?: string | undefined; readonly agent?: string | undefined };

type WhoseFilterProps = {
  readonly noun: Noun;
  readonly client: string | undefined;
  readonly agent: string | undefined;
  readonly onChange: (whose: Whose) => void;
};

/** Whose rows are shown: each filter that is set as a chip that takes it off, and a field for the client where none is. */
export function WhoseFilter({ noun, client, agent, onChange }: WhoseFilterProps) {
  const box = useRef<HTMLSpanElement>(null);
  const byKey = useRef(false);
  useEffect(() => {
    // What had the focus is gone: it goes to what has come in its place, or to the search before it.
    if (!byKey.current) return;
    byKey.current = false;
    const next = box.current?.querySelector<HTMLElement>('input, button') ?? box.current?.parentElement?.querySelector('input');
    next?.focus();
  }, [client, agent]);
  const remove = (whose: Whose) => (event: MouseEvent) => {
    byKey.current = event.detail === 0;
    onChange(whose);
  };
  const belongsToClients = noun.references.some(({ type }) => type === 'client');
  return (
    <span className="whose" ref={box}>
      {client !== undefined && <Chip text={texts.list.whose(texts.list.client, client)} onRemove={remove({ client: undefined })} />}
      {agent !== undefined && <Chip text={texts.list.whose(texts.list.agent, agent)} onRemove={remove({ agent: undefined })} />}
      {client === undefined && belongsToClients && (
        <ClientField
          onChoose={(id) => {
            byKey.current = true;
            onChange({ client: id });
          }}
        />
      )}
    </span>
  );
}

function Chip({ text, onRemove }: { text: string; onRemove: (event: MouseEvent) => void }) {
  return (
    <button type="button" className="chip" data-kind="filter" title={texts.list.removeFilter(text)} onClick={onRemove}>
      {text} <span className="chip-remove">×</span>
    </button>
  );
}

/** Takes a client by its id or by its name. */
function ClientField({ onChoose }: { onChoose: (id: string) => void }) {
  const [text, setText] = useState('');
  const [isWanted, setWanted] = useState(false);
  const [isUnknown, setUnknown] = useState(false);
  const known = useRef<readonly ListItem[]>([]);
  const id = useId();
  const choose = (typed: string): void => {
    const name = typed.trim();
    if (name === '') return;
    const named = known.current.find(({ title }) => title.toLowerCase() === name.toLowerCase());
    const found = named === undefined ? name : idOf(named.address);
    if (isId(found)) onChoose(found);
    else setUnknown(true);
  };
  return (
    <form
      className="whose-field"
      onSubmit={(event: FormEvent) => {
        event.preventDefault();
        choose(text);
      }}
    >
      <label className="visually-hidden" htmlFor={id}>
        {texts.list.onlyClient}
      </label>
      <input
        id={id}
        className="input"
        placeholder={texts.list.client}
        autoComplete="off"
        list={`${id}-known`}
        aria-invalid={isUnknown || undefined}
        aria-describedby={isUnknown ? `${id}-error` : undefined}
        value={text}
        onFocus={() => setWanted(true)}
        onBlur={() => setUnknown(false)}
        onChange={(event) => {
          setText(event.target.value);
          setUnknown(false);
          // Taken from the suggestions: nothing more is to be typed.
          if ('inputType' in event.nativeEvent && event.nativeEvent.inputType === 'insertReplacementText') choose(event.target.value);
        }}
        onKeyDown={(event) => {
          if (event.key === 'Escape' && text === '') event.currentTarget.blur();
        }}
      />
      {isWanted && <Suggestions id={`${id}-known`} onKnown={(items) => (known.current = items)} />}
      {isUnknown && (
        <span className="field-error" id={`${id}-error`} role="alert">
          {texts.list.noClient}
        </span>
      )}
    </form>
  );
}

/** Suggested by name; any other id can be typed. */
function Suggestions({ id, onKnown }: { id: string; onKnown: (items: readonly ListItem[]) => void }) {
  const clients = useList({ type: 'client', sort: 'title', limit: 100 });
  const items = clients.kind === 'here' ? clients.copy.items : undefined;
  useEffect(() => {
    if (items !== undefined) onKnown(items);
  });
  return (
    <datalist id={id}>
      {items?.map(({ address, title }) => (
        <option key={address} value={idOf(address)}>
          {title}
        </option>
      ))}
    </datalist>
  );
}
