import { useEffect, useRef, useState } from 'react';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { SearchField, Input, Label, Button } from 'react-aria-components';
import { formatNumber } from '../../core/format.ts';
import type { ListCopy } from '../../core/store.ts';
import { Problem } from '../../core/problem.ts';
import type { Noun } from '../nouns.ts';
import type { Search } from '../screen.ts';
import { useWho } from '../services.ts';
import { useTitle } from '../title.ts';
import { ActorTable } from './actor-table.tsx';
import { CreateButton } from './create-dialog.tsx';
import { useRows } from './use-rows.ts';
import { Empty, ProblemNotice, Skeleton } from './notice.tsx';
import { stateLabel } from './state-badge.tsx';

const NEWEST_FIRST = '-updatedAt';

/** The live list of one noun. What is asked for stands in the address, so that a view can be kept and shared. */
export function ListPage({ noun, states }: { noun: Noun; states: readonly string[] }) {
  useTitle(capital(noun.many));
  const { state, q, sort = NEWEST_FIRST, tag } = useSearch({ strict: false }) as Search;
  const navigate = useNavigate();
  const who = useWho();
  const [held, setHeld] = useState<Shown>();
  const change = (changes: Search): void => {
    const next = { state, q, tag, sort: sort === NEWEST_FIRST ? undefined : sort, ...changes };
    setHeld(undefined);
    void navigate({ to: noun.path, search: next as never, replace: true });
  };
  const { followed, list, problem, more } = useRows({ type: noun.type, state, tag, q, sort });
  const shown = held ?? list;
  const mayCreate = who?.roles.some((role) => noun.makers.includes(role)) ?? false;
  return (
    <div className="page list-page">
      <div className="page-head">
        <h1>{capital(noun.many)}</h1>
        <p className="muted" aria-live="off">
          {shown === undefined ? ' ' : `${formatNumber(shown.total)} ${shown.total === 1 ? noun.one : noun.many}`}
        </p>
        {mayCreate && (
          <div className="page-tools">
            <CreateButton noun={noun} />
          </div>
        )}
      </div>
      <div className="filters">
        <SearchBox value={q ?? ''} label={`Search ${noun.many}`} onChange={(text) => change({ q: text === '' ? undefined : text })} />
        <HoldButton list={list} held={held} onHold={setHeld} />
        <StateFilter noun={noun} states={states} state={state} tag={tag} onChange={change} />
      </div>
      {followed.kind === 'refused' && (
        <ProblemNotice
          title={`The ${noun.many} cannot be shown`}
          problem={new Problem(0, followed.code, followed.reason)}
          onRetry={followed.retry}
        />
      )}
      {followed.kind !== 'refused' && shown === undefined && <Skeleton rows={8} label={`Loading ${noun.many}`} />}
      {followed.kind !== 'refused' && shown !== undefined && (
        <div className="list-body" data-waiting={followed.kind === 'waiting' || undefined}>
          {shown.items.length === 0 ? (
            <NothingHere
              noun={noun}
              filtered={state !== undefined || q !== undefined || tag !== undefined}
              onClear={() => change({ state: undefined, q: undefined, tag: undefined })}
            />
          ) : (
            <ActorTable
              type={noun.type}
              label={capital(noun.one)}
              items={shown.items}
              total={shown.total}
              sort={sort}
              onSort={(next) => change({ sort: next === NEWEST_FIRST ? undefined : next })}
              onEnd={more}
            />
          )}
          {problem && <ProblemNotice title="The older ones cannot be shown" problem={problem} />}
        </div>
      )}
    </div>
  );
}

type Shown = Pick<ListCopy, 'items' | 'total'>;
type HoldProps = { readonly list: Shown | undefined; readonly held: Shown | undefined; readonly onHold: (held: Shown | undefined) => void };

/** Holds the list still for reading; what changes meanwhile is counted. */
function HoldButton({ list, held, onHold }: HoldProps) {
  const before = new Map(held?.items.map(({ address, version }) => [address, version]));
  const changes = held === undefined ? 0 : (list?.items.filter(({ address, version }) => before.get(address) !== version).length ?? 0);
  return (
    <Button
      className="button"
      aria-pressed={held !== undefined}
      isDisabled={list === undefined}
      onPress={() => onHold(held === undefined ? list : undefined)}
    >
      {held === undefined ? 'Hold still' : changes === 0 ? 'Go on' : `Go on (${changes} changed)`}
    </Button>
  );
}

/** Asks a moment after the last key, so that a word is one question and not six. */
const TYPING_MS = 250;

function SearchBox({ value, label, onChange }: { value: string; label: string; onChange: (text: string) => void }) {
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
      <Input className="input" placeholder={label} />
      {text === '' && (
        <kbd className="search-key" aria-hidden="true">
          /
        </kbd>
      )}
      <Button className="search-clear" aria-label="Clear the search">
        ×
      </Button>
    </SearchField>
  );
}

type Filter = { readonly state: string | undefined; readonly tag: string | undefined };

type StateFilterProps = Filter & { readonly noun: Noun; readonly states: readonly string[]; readonly onChange: (filter: Filter) => void };

function StateFilter({ noun, states, state, tag, onChange }: StateFilterProps) {
  const chips: readonly (Filter & { label: string })[] = [
    { label: 'All', state: undefined, tag: undefined },
    { label: 'Needs somebody', state: undefined, tag: 'needs_somebody' },
    ...states.map((one) => ({ label: stateLabel(noun, one), state: one, tag: undefined })),
  ];
  const group = useRef<HTMLDivElement>(null);
  useEffect(() => {
    // On a narrow screen the chosen one may lie beyond the edge.
    group.current?.querySelector('[aria-pressed="true"]')?.scrollIntoView({ block: 'nearest', inline: 'center' });
  }, [state, tag]);
  return (
    <div className="chips" role="group" aria-label="Filter by state" ref={group}>
      {chips.map((chip) => (
        <button
          key={chip.label}
          type="button"
          className="chip"
          aria-pressed={chip.state === state && chip.tag === tag}
          onClick={() => onChange({ state: chip.state, tag: chip.tag })}
        >
          {chip.label}
        </button>
      ))}
    </div>
  );
}

function NothingHere({ noun, filtered, onClear }: { noun: Noun; filtered: boolean; onClear: () => void }) {
  if (!filtered) return <Empty title={`There are no ${noun.many} yet.`}>They will appear here by themselves.</Empty>;
  return (
    <Empty title={`No ${noun.many} match.`}>
      <button type="button" className="link" onClick={onClear}>
        Show all of them
      </button>
    </Empty>
  );
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
