import { useState } from 'react';
import { Link } from '@tanstack/react-router';
import { Button } from 'react-aria-components';
import { nameWords } from '../../core/format.ts';
import type { Problem } from '../../core/problem.ts';
import { formatAmount, pick, sidesOf, STATEMENT_FILTERS, type Entry, type StatementPage } from '../ledger.ts';
import type { Search } from '../screen.ts';
import { ledgerTexts } from '../texts-ledger.ts';
import { texts } from '../texts.ts';
import { Empty, ProblemNotice, Skeleton } from './notice.tsx';
import { PlainTable, type PlainColumn } from './plain-table.tsx';
import { StatementCsv } from './statement-csv.tsx';
import { Time } from './time.tsx';
import { useStatement } from './use-statement.ts';

const words = ledgerTexts.statement;

type Props = { readonly account: string; readonly currency: string; readonly filters: Search };

/** The balances before and behind the entries, and the entries, oldest first. */
export function StatementCard({ account, currency, filters }: Props) {
  const query = new URLSearchParams({ account, currency, ...pick(filters, STATEMENT_FILTERS) }).toString();
  const { value, problem, retry, more, busy } = useStatement(query);
  const [refused, setRefused] = useState<{ readonly query: string; readonly problem: Problem | undefined }>();
  return (
    <section className="card" aria-labelledby="entries-title">
      <div className="card-head">
        <h2 id="entries-title">{words.entries}</h2>
        <p role="status" className="muted">
          {value && value.items.length > 0 && words.count(value.items.length, value.next === null)}
        </p>
        {value && (
          <StatementCsv
            key={query}
            account={account}
            currency={currency}
            page={value}
            onProblem={(told) => setRefused({ query, problem: told })}
          />
        )}
      </div>
      {refused?.query === query && refused.problem && <ProblemNotice title={words.csvFailed} problem={refused.problem} />}
      {value && <Standings page={value} currency={currency} />}
      {problem && <ProblemNotice title={texts.common.cannotBeShown(words.title)} problem={problem} onRetry={retry} />}
      {value === undefined && !problem && <Skeleton rows={6} label={texts.common.loading(words.title)} />}
      {value?.items.length === 0 && <Empty title={words.none}>{words.noneHint}</Empty>}
      {value && value.items.length > 0 && (
        <PlainTable label={words.of(account, currency)} columns={toColumns(currency)} rows={value.items} keyOf={nameOf} />
      )}
      {value && value.next !== null && !problem && (
        <Button className="button" data-busy={busy || undefined} onPress={more}>
          {words.more}
        </Button>
      )}
    </section>
  );
}

function Standings({ page, currency }: { page: StatementPage; currency: string }) {
  const figures = [
    [words.opening, page.opening.balance_minor],
    [words.openingPending, page.opening.pending_minor],
    [words.closing, page.closing.balance_minor],
    [words.closingPending, page.closing.pending_minor],
  ] as const;
  return (
    <>
      <p className="muted">
        {ledgerTexts.trial.asOf} <Time at={page.to} />, {ledgerTexts.trial.asKnown} <Time at={page.known} />
      </p>
      <dl className="standings">
        {figures.map(([label, minor]) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd className="number">{formatAmount(minor, currency)}</dd>
          </div>
        ))}
      </dl>
    </>
  );
}

function nameOf({ actor, version, i, leg }: Entry): string {
  return `${actor}@${version}#${i}.${leg}`;
}

function toColumns(currency: string): readonly PlainColumn<Entry>[] {
  const amount = (minor: string | undefined, pending = false) =>
    minor === undefined ? (
      <span className="muted">{words.nothing}</span>
    ) : (
      <span className={pending ? 'number pending' : 'number'}>{formatAmount(minor, currency)}</span>
    );
  return [
    { key: 'counted', label: words.columns.counted, show: (entry) => <When entry={entry} /> },
    { key: 'what', label: words.columns.what, show: (entry) => <What entry={entry} /> },
    { key: 'kind', label: words.columns.kind, show: (entry) => <Kind entry={entry} /> },
    { key: 'debit', label: words.columns.debit, align: 'end', show: (entry) => amount(sidesOf(entry).debit, entry.pending) },
    { key: 'credit', label: words.columns.credit, align: 'end', show: (entry) => amount(sidesOf(entry).credit, entry.pending) },
    { key: 'balance', label: words.columns.balance, align: 'end', show: (entry) => amount(entry.balance_minor) },
    { key: 'pending', label: words.columns.pending, align: 'end', show: (entry) => amount(entry.pending_minor) },
  ];
}

function When({ entry: { at, effective } }: { entry: Entry }) {
  return (
    <>
      <Time at={effective} />
      {at !== effective && (
        <span className="entry-side">
          {words.recorded} <Time at={at} />
        </span>
      )}
    </>
  );
}

/** What was said of it, what happened, and the way to the actor as it was then. */
function What({ entry: { actor, version, event, text } }: { entry: Entry }) {
  return (
    <>
      <span className="entry-text">{text === '' ? toEventWords(event) : text}</span>
      <span className="entry-side">
        {text !== '' && <>{toEventWords(event)} · </>}
        <Link to={`/${actor}`} search={{ at: String(version) } as never} className="link mono">
          {actor}@{version}
        </Link>
      </span>
    </>
  );
}

function toEventWords(event: string): string {
  return event === '@erased' ? words.erased : nameWords(event.replace(/^@/, ''));
}

function Kind({ entry: { actor, kind, pending, of } }: { entry: Entry }) {
  return (
    <>
      {kind === 'posted' && pending ? words.completed : words.kinds[kind]}
      {of && (
        <span className="entry-side">
          <Link to={`/${actor}`} search={{ at: String(of.version) } as never} className="link">
            {words.ofVersion(of.version)}
          </Link>
        </span>
      )}
    </>
  );
}
