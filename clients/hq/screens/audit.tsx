import { useEffect, useRef, useState, type FormEvent } from 'react';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { Button, Input, Label, TextField } from 'react-aria-components';
import { formatTime, nameWords } from '../../core/format.ts';
import { toProblem, type Problem } from '../../core/problem.ts';
import { FILTERS, NOT_BEGUN, toAuditSearch, withAnswer, type AuditAnswer, type AuditRow, type Filters, type Searching } from '../audit.ts';
import { saveAs } from '../parts/csv-button.tsx';
import { Empty, ProblemNotice } from '../parts/notice.tsx';
import { PlainTable, type PlainColumn } from '../parts/plain-table.tsx';
import { Time } from '../parts/time.tsx';
import { Hash } from '../parts/value.tsx';
import { VerifyCard } from '../parts/verify-card.tsx';
import type { Search } from '../screen.ts';
import { useServices } from '../services.ts';
import { auditTexts as words } from '../texts-audit.ts';
import { useTitle } from '../title.ts';

/** A search stops by itself when it has so many more rows, so that nobody gets what he cannot read. */
const ENOUGH = 100;

/** Everything that was ever done: search it, take it along, and check that it is as it was written. */
export function Audit() {
  useTitle(words.title);
  const asked = useSearch({ strict: false }) as Search;
  const filters = Object.fromEntries(FILTERS.map((name) => [name, asked[name] ?? ''])) as Filters;
  const query = toAuditSearch(filters);
  return (
    <div className="page">
      <div className="page-head">
        <h1>{words.title}</h1>
      </div>
      <p className="muted">
        {words.about}{' '}
        <Link to="/operations" className="link">
          {words.operators}
        </Link>
      </p>
      <FilterForm filters={filters} query={query} />
      <Found key={query} query={query} />
      <VerifyCard />
    </div>
  );
}

function FilterForm({ filters, query }: { filters: Filters; query: string }) {
  const navigate = useNavigate();
  const [draft, setDraft] = useState<Filters>(filters);
  const [shown, setShown] = useState(query);
  // A link, or the way back, asks for something else than what was typed.
  if (shown !== query) {
    setShown(query);
    setDraft(filters);
  }
  const go = (next: Filters): void => {
    const search = Object.fromEntries(Object.entries(next).filter(([, value]) => value !== ''));
    void navigate({ to: '/audit', search: search as never });
  };
  const hints: Filters = { actor: words.fields.actorHint, event: words.fields.eventHint };
  return (
    <form
      className="card audit-form"
      onSubmit={(event: FormEvent) => {
        event.preventDefault();
        go(draft);
      }}
    >
      {FILTERS.map((name) => (
        <TextField key={name} className="field" value={draft[name] ?? ''} onChange={(value) => setDraft({ ...draft, [name]: value })}>
          <Label>{words.fields[name]}</Label>
          <Input
            className="input"
            type={name === 'from' || name === 'to' ? 'datetime-local' : 'text'}
            autoComplete="off"
            spellCheck="false"
            {...(hints[name] === undefined ? {} : { placeholder: hints[name] })}
          />
        </TextField>
      ))}
      <div className="audit-buttons">
        <Button type="submit" className="button" data-kind="main">
          {words.search}
        </Button>
        <Button className="button" onPress={() => go({})}>
          {words.clear}
        </Button>
      </div>
    </form>
  );
}

const COLUMNS: readonly PlainColumn<AuditRow>[] = [
  { key: 'at', label: words.columns.at, show: ({ at }) => <Time at={at} /> },
  {
    key: 'address',
    label: words.columns.address,
    show: ({ address, version }) => (
      <Link to={`/${address}`} search={{ at: String(version) } as never} className="link mono">
        {address}@{version}
      </Link>
    ),
  },
  { key: 'event', label: words.columns.event, show: ({ event }) => nameWords(event.type.replace(/^@/, '')) },
  { key: 'caller', label: words.columns.caller, show: ({ caller }) => caller },
  { key: 'why', label: words.columns.why, show: ({ event }) => <Payload event={event} /> },
  {
    key: 'hash',
    label: words.columns.hash,
    show: ({ partition, seq, hash }) => (
      <>
        <span className="number muted">
          {partition}/{seq}
        </span>{' '}
        <Hash hash={hash} />
      </>
    ),
  },
];

function Payload({ event: { type: _, ...payload } }: { event: AuditRow['event'] }) {
  const text = JSON.stringify(payload);
  return text === '{}' ? (
    <span className="muted">—</span>
  ) : (
    <code className="payload" title={text}>
      {text}
    </code>
  );
}

function Found({ query }: { query: string }) {
  const { searching, running, problem, goOn, stop } = useJournalSearch(query);
  const { rows, looked, back, next } = searching;
  return (
    <section className="card" aria-labelledby="found-title">
      <div className="card-head">
        <h2 id="found-title">{words.rows}</h2>
        <div className="page-tools">
          {running && (
            <Button className="button" onPress={stop}>
              {words.stop}
            </Button>
          )}
          {!running && next !== null && (
            <Button className="button" onPress={goOn}>
              {words.goOn}
            </Button>
          )}
          <ExportButton query={query} />
        </div>
      </div>
      <p role="status" className="muted">
        {running
          ? words.searching(looked, back === undefined ? undefined : formatTime(back))
          : next === null
            ? words.over(rows.length, looked)
            : back !== undefined && words.paused(rows.length, looked, formatTime(back))}
      </p>
      {problem && <ProblemNotice title={words.failed} problem={problem} onRetry={goOn} />}
      {rows.length > 0 && (
        <PlainTable label={words.rows} columns={COLUMNS} rows={rows} keyOf={({ partition, seq }) => `${partition}/${seq}`} />
      )}
      {rows.length === 0 && next === null && <Empty title={words.none}>{words.noneHint}</Empty>}
    </section>
  );
}

/** Goes back through the journal until there is enough to look at, or somebody stops it. */
function useJournalSearch(query: string) {
  const { office } = useServices();
  const [searching, setSearching] = useState<Searching>(NOT_BEGUN);
  const [problem, setProblem] = useState<Problem>();
  const [turn, setTurn] = useState(0);
  const [stopped, setStopped] = useState(-1);
  const [ended, setEnded] = useState(-1);
  const begun = useRef<Searching>(NOT_BEGUN);
  useEffect(() => {
    const off = new AbortController();
    const run = async (): Promise<void> => {
      const goal = begun.current.rows.length + ENOUGH;
      while (begun.current.next !== null && begun.current.rows.length < goal && !off.signal.aborted) {
        const { next } = begun.current;
        const path = `/v1/audit?${query}${typeof next === 'string' ? `&cursor=${encodeURIComponent(next)}` : ''}`;
        const answer = (await office.get(path, off.signal)) as AuditAnswer;
        if (off.signal.aborted) return;
        begun.current = withAnswer(begun.current, answer);
        setSearching(begun.current);
      }
    };
    if (stopped !== turn) {
      run()
        .catch((error: unknown) => !off.signal.aborted && setProblem(toProblem(error)))
        .finally(() => !off.signal.aborted && setEnded(turn));
    }
    return () => off.abort();
  }, [office, query, turn, stopped]);
  return {
    searching,
    running: ended !== turn && stopped !== turn,
    problem,
    goOn: () => {
      setProblem(undefined);
      setTurn((now) => now + 1);
    },
    stop: () => setStopped(turn),
  };
}

function ExportButton({ query }: { query: string }) {
  const { office } = useServices();
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem>();
  const take = async (): Promise<void> => {
    setBusy(true);
    setProblem(undefined);
    await office
      .file(`/v1/audit/csv?${query}`, () => undefined)
      .then(
        (file) => saveAs(file, 'audit.csv'),
        (error: unknown) => setProblem(toProblem(error)),
      );
    setBusy(false);
  };
  return (
    <>
      <Button className="button" isDisabled={busy} onPress={() => void take()}>
        {words.export}
      </Button>
      {problem && <ProblemNotice title={words.exportFailed} problem={problem} />}
    </>
  );
}
