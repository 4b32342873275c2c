import { useEffect, useRef, useState } from 'react';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { Button } from 'react-aria-components';
import { Problem } from '../../core/problem.ts';
import { toListSearch, type ListQuery } from '../../core/topic.ts';
import type { Noun } from '../nouns.ts';
import type { Search } from '../screen.ts';
import { useWho } from '../services.ts';
import { counted, texts } from '../texts.ts';
import { useTitle } from '../title.ts';
import { ActorTable } from './actor-table.tsx';
import { BulkDialog } from './bulk-dialog.tsx';
import { CreateButton } from './create-dialog.tsx';
import { CsvButton } from './csv-button.tsx';
import { Empty, ProblemNotice, Skeleton } from './notice.tsx';
import { SavedViews } from './saved-views.tsx';
import { SearchBox } from './search-box.tsx';
import { useSelection, type Selection } from './selection.ts';
import { stateLabel } from './state-badge.tsx';
import { useRows, type Rows } from './use-rows.ts';
import { WhoseFilter } from './whose-filter.tsx';

const NEWEST_FIRST = '-updatedAt';
const NEEDS_SOMEBODY = 'needs_somebody';
const PARKED = 'parked';
const NOTHING_ASKED: Search = { state: undefined, q: undefined, tag: undefined, client: undefined, agent: undefined };

/** The live list of one noun. What is asked for stands in the address, so that a view can be kept and shared. */
export function ListPage({ noun, states }: { noun: Noun; states: readonly string[] }) {
  useTitle(capital(noun.many));
  const { state, q, sort = NEWEST_FIRST, tag, client, agent } = useSearch({ strict: false }) as Search;
  const navigate = useNavigate();
  const who = useWho();
  const [holding, setHolding] = useState(false);
  const [over, setOver] = useState(false);
  const [csvProblem, setCsvProblem] = useState<Problem>();
  const query: ListQuery = { type: noun.type, state, tag, q, client, agent, sort };
  const question = toListSearch(query);
  const rows = useRows(query, holding || over);
  const selection = useSelection(question, rows.total === undefined);
  const asked = { state, q, tag, client, agent, sort: sort === NEWEST_FIRST ? undefined : sort };
  const change = (changes: Search): void => {
    const next = { ...asked, ...changes };
    setHolding(false);
    void navigate({ to: noun.path, search: next as never, replace: true });
  };
  const mayCreate = who?.roles.some((role) => noun.makers.includes(role)) ?? false;
  return (
    <div className="page list-page">
      <div className="page-head">
        <h1>{capital(noun.many)}</h1>
        <p className="muted" aria-live="off">
          {rows.total === undefined ? ' ' : counted(rows.total, noun.one, noun.many)}
        </p>
        <div className="page-tools">
          <SavedViews noun={noun} query={toListSearch({ type: noun.type, ...asked })} />
          <CsvButton query={query} onProblem={setCsvProblem} />
          {mayCreate && <CreateButton noun={noun} />}
        </div>
      </div>
      <div className="filters">
        <SearchBox
          value={q ?? ''}
          label={texts.list.search(noun.many)}
          onChange={(text) => change({ q: text === '' ? undefined : text })}
        />
        <WhoseFilter noun={noun} client={client} agent={agent} onChange={change} />
        <HoldButton rows={rows} holding={holding} onHold={setHolding} />
        <StateFilter noun={noun} states={states} state={state} tag={tag} onChange={change} />
      </div>
      {csvProblem && <ProblemNotice title={texts.list.csvFailed} problem={csvProblem} />}
      <Body
        noun={noun}
        rows={rows}
        sort={sort}
        filtered={[state, q, tag, client, agent].some((part) => part !== undefined)}
        selection={selection}
        onChange={change}
        onHover={setOver}
      />
      {selection.size > 0 && <SelectionBar noun={noun} selection={selection} />}
    </div>
  );
}

type BodyProps = {
  readonly noun: Noun;
  readonly rows: Rows;
  readonly sort: string;
  readonly filtered: boolean;
  readonly selection: Selection;
  readonly onChange: (changes: Search) => void;
  readonly onHover: (over: boolean) => void;
};

function Body({ noun, rows, sort, filtered, selection, onChange, onHover }: BodyProps) {
  const { followed, total, problem } = rows;
  if (followed.kind === 'refused') {
    return (
      <ProblemNotice
        title={texts.common.cannotBeShown(`The ${noun.many}`)}
        problem={new Problem(0, followed.code, followed.reason)}
        onRetry={followed.retry}
      />
    );
  }
  if (total === undefined) return <Skeleton rows={8} label={texts.common.loading(noun.many)} />;
  return (
    <div className="list-body" data-waiting={followed.kind === 'waiting' || undefined}>
      {total === 0 ? (
        <NothingHere noun={noun} filtered={filtered} onClear={() => onChange(NOTHING_ASKED)} />
      ) : (
        <ActorTable
          type={noun.type}
          label={capital(noun.one)}
          rows={rows}
          total={total}
          sort={sort}
          onSort={(next) => onChange({ sort: next === NEWEST_FIRST ? undefined : next })}
          selection={selection}
          onHover={onHover}
        />
      )}
      {problem && <ProblemNotice title={texts.list.stretchFailed} problem={problem} onRetry={rows.retry} />}
    </div>
  );
}

type HoldProps = { readonly rows: Rows; readonly holding: boolean; readonly onHold: (holding: boolean) => void };

/** Holds the list still for reading; what changes meanwhile is counted, and one press brings it in. */
function HoldButton({ rows: { updates, apply, total }, holding, onHold }: HoldProps) {
  return (
    <span className="hold">
      <Button className="button" aria-pressed={holding} isDisabled={total === undefined} onPress={() => onHold(!holding)}>
        {holding ? texts.list.goOn : texts.list.hold}
      </Button>
      {updates > 0 && (
        <Button className="button updates" data-kind="quiet" onPress={apply}>
          {texts.list.updates(updates)}
        </Button>
      )}
    </span>
  );
}

function SelectionBar({ noun, selection }: { noun: Noun; selection: Selection }) {
  const [open, setOpen] = useState<Selection['items']>();
  return (
    <div className="selection-bar" role="region" aria-label={texts.list.selected(selection.size)}>
      <strong>{texts.list.selected(selection.size)}</strong>
      <Button className="button" data-kind="main" onPress={() => setOpen(selection.items)}>
        {texts.bulk.open}
      </Button>
      <Button className="button" onPress={() => selection.clear()}>
        {texts.list.unselectAll}
      </Button>
      {open && <BulkDialog noun={noun} items={open} onClose={() => setOpen(undefined)} />}
    </div>
  );
}

type Filter = { readonly state: string | undefined; readonly tag: string | undefined };

type StateFilterProps = Filter & { readonly noun: Noun; readonly states: readonly string[]; readonly onChange: (filter: Filter) => void };

function StateFilter({ noun, states, state, tag, onChange }: StateFilterProps) {
  const known: readonly (Filter & { label: string })[] = [
    { label: texts.list.all, state: undefined, tag: undefined },
    { label: texts.list.needsSomebody, state: undefined, tag: NEEDS_SOMEBODY },
    { label: texts.actor.parked, state: undefined, tag: PARKED },
    ...states.map((one) => ({ label: stateLabel(noun, one), state: one, tag: undefined })),
  ];
  const asked = known.some((chip) => chip.state === state && chip.tag === tag);
  // A link may ask for what has no chip of its own.
  const label = [state, tag === undefined ? undefined : texts.list.tag(tag)].filter((part) => part !== undefined).join(', ');
  const chips = asked ? known : [...known, { label, state, tag }];
  const group = useRef<HTMLDivElement>(null);
  useEffect(() => {
    // On a narrow screen the chosen one may lie beyond the edge.
    group.current?.querySelector('[aria-pressed="true"]')?.scrollIntoView({ block: 'nearest', inline: 'center' });
  }, [state, tag]);
  return (
    <div className="chips" role="group" aria-label={texts.list.filterByState} ref={group}>
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
  if (!filtered) return <Empty title={texts.list.none(noun.many)}>{texts.list.noneYet}</Empty>;
  return (
    <Empty title={texts.list.noMatch(noun.many)}>
      <button type="button" className="link" onClick={onClear}>
        {texts.list.showAll}
      </button>
    </Empty>
  );
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
