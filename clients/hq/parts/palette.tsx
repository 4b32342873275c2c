import { useDeferredValue, useEffect, useId, useState, type KeyboardEvent } from 'react';
import { useNavigate } from '@tanstack/react-router';
import type { ListItem } from '../../../hub/protocol/messages.ts';
import { readAddress, typeOf } from '../../../machines/ids.ts';
import { chooseTheme, THEMES } from '../browser.ts';
import { useCommands, type Command } from '../commands.ts';
import { NOUNS, nounOf } from '../nouns.ts';
import { navOf } from '../screen.ts';
import { screens } from '../screens.ts';
import { useServices, useWho } from '../services.ts';
import { texts } from '../texts.ts';
import { takeTyped } from '../type-ahead.ts';
import { summaryOf } from './columns.tsx';
import { Sheet } from './dialog.tsx';

type Group = { readonly title: string; readonly commands: readonly Command[] };

/** Everything by its name: screens, actors, what may be done to the one on the screen, and the console itself. */
export function Palette({ onClose, onKeys }: { onClose: () => void; onKeys: () => void }) {
  const [text, setText] = useState('');
  const groups = useGroups(text, onKeys);
  const flat = groups.flatMap(({ commands }) => commands);
  const [at, setAt] = useState(0);
  const chosen = Math.min(at, flat.length - 1);
  const id = useId();
  const run = (command: Command | undefined): void => {
    if (command === undefined) return;
    onClose();
    command.run();
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
    if (step !== 0 && flat.length > 0) setAt((chosen + step + flat.length) % flat.length);
    else if (event.key === 'Enter') run(flat[chosen]);
    else return;
    event.preventDefault();
  };
  useEffect(() => {
    document.getElementById(`${id}-${chosen}`)?.scrollIntoView({ block: 'nearest' });
  }, [id, chosen]);
  return (
    <Sheet title={texts.palette.title} kind="palette" busy={false} onClose={onClose}>
      <input
        className="input palette-input"
        role="combobox"
        aria-expanded="true"
        aria-controls={`${id}-list`}
        aria-activedescendant={flat.length === 0 ? undefined : `${id}-${chosen}`}
        aria-label={texts.palette.label}
        aria-autocomplete="list"
        placeholder={texts.palette.label}
        autoComplete="off"
        spellCheck="false"
        autoFocus
        value={text}
        onFocus={() => setText((before) => before + takeTyped())}
        onChange={(event) => {
          setText(event.target.value);
          setAt(0);
        }}
        onKeyDown={onKeyDown}
      />
      <div className="palette-list" role="listbox" id={`${id}-list`} aria-label={texts.palette.found}>
        {groups.map(({ title, commands }) => (
          <div key={title} role="group" aria-label={title}>
            <p className="menu-header" aria-hidden="true">
              {title}
            </p>
            {commands.map((command) => {
              const index = flat.indexOf(command);
              return (
                <Option key={command.id} id={`${id}-${index}`} command={command} chosen={index === chosen} onRun={() => run(command)} />
              );
            })}
          </div>
        ))}
      </div>
      {flat.length === 0 && <p className="muted palette-none">{texts.palette.none}</p>}
    </Sheet>
  );
}

type OptionProps = { readonly id: string; readonly command: Command; readonly chosen: boolean; readonly onRun: () => void };

/** The focus stays in the field; the pointer presses here all the same. */
function Option({ id, command, chosen, onRun }: OptionProps) {
  return (
    <div
      id={id}
      role="option"
      tabIndex={-1}
      aria-selected={chosen}
      className="palette-option"
      onPointerDown={(event) => event.preventDefault()}
      onClick={onRun}
      onKeyDown={(event) => event.key === 'Enter' && onRun()}
    >
      <span>{command.label}</span>
      <span className="palette-about">{command.about}</span>
    </div>
  );
}

function useGroups(text: string, onKeys: () => void): readonly Group[] {
  const words = text.trim().toLowerCase();
  const matching = (commands: readonly Command[]): readonly Command[] =>
    commands.filter(({ label, about }) => words.split(/\s+/).every((word) => `${label} ${about}`.toLowerCase().includes(word)));
  const groups: readonly Group[] = [
    { title: texts.palette.here, commands: matching(useCommands()) },
    { title: texts.palette.goTo, commands: matching(useScreens()) },
    { title: texts.palette.actors, commands: useActors(text) },
    { title: texts.palette.console, commands: matching(useConsole(onKeys)) },
  ];
  return groups.filter(({ commands }) => commands.length > 0);
}

function useScreens(): readonly Command[] {
  const navigate = useNavigate();
  const who = useWho();
  return screens.flatMap((screen) => {
    const nav = navOf(screen, who);
    if (nav === undefined) return [];
    const about = nav.key === undefined ? texts.palette.screen : `g ${nav.key}`;
    return [{ id: `screen ${screen.path}`, label: nav.label, about, run: () => void navigate({ to: screen.path }) }];
  });
}

function useConsole(onKeys: () => void): readonly Command[] {
  const { session } = useServices();
  return [
    ...THEMES.map((theme) => ({
      id: `theme ${theme}`,
      label: texts.theme.use(texts.theme.names[theme]),
      about: texts.theme.title,
      run: () => chooseTheme(theme),
    })),
    { id: 'keys', label: texts.keys.title, about: '?', run: onKeys },
    { id: 'sign out', label: texts.user.signOut, about: texts.palette.session, run: () => session.signOut() },
  ];
}

const TYPING_MS = 180;
const A_KIND = 5;

/** Actors by what is typed: an address is one at once, anything else is searched for among all kinds. */
function useActors(typed: string): readonly Command[] {
  const { office } = useServices();
  const navigate = useNavigate();
  const text = useDeferredValue(typed.trim());
  const [found, setFound] = useState<{ readonly text: string; readonly items: readonly ListItem[] }>({ text: '', items: [] });
  useEffect(() => {
    if (text.length < 2) return;
    const stop = new AbortController();
    const ask = ({ type }: { type: string }) => office.rows({ type, q: text, sort: '-updatedAt' }, 0, A_KIND, stop.signal).catch(() => []); // a kind that somebody may not see has none
    const timer = setTimeout(() => {
      void Promise.all(NOUNS.map(ask)).then((lists) => !stop.signal.aborted && setFound({ text, items: lists.flat() }));
    }, TYPING_MS);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [office, text]);
  if (text.length < 2) return [];
  const open = (address: string): void => void navigate({ to: `/${address}` });
  const named = readAddress(text);
  const items = found.text === text || text.startsWith(found.text) ? found.items : [];
  const addressed: readonly Command[] = named
    ? [{ id: `at ${text}`, label: texts.palette.open(named.address), about: nounOf(named.type).one, run: () => open(named.address) }]
    : [];
  return [
    ...addressed,
    ...items.map((item) => ({
      id: item.address,
      label: item.title,
      about: `${nounOf(typeOf(item.address)).one} · ${summaryOf(item)}`,
      run: () => open(item.address),
    })),
  ];
}
