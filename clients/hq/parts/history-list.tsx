import { Link } from '@tanstack/react-router';
import { Button } from 'react-aria-components';
import type { HistoryItem } from '../../core/api.ts';
import { nameWords, stateWords } from '../../core/format.ts';
import { Changed } from './actor-table.tsx';
import { Empty, ProblemNotice, Skeleton } from './notice.tsx';
import { Time } from './time.tsx';
import type { History } from './use-history.ts';
import { fieldLabel, Fields, Hash } from './value.tsx';

type HistoryListProps = {
  readonly address: string;
  readonly history: History;
  /** The version that is shown, when it is not the newest. */
  readonly at: string | undefined;
  /** Of the amounts that were sent along. */
  readonly currency: string | undefined;
};

/** Who did what, and what came of it. A version is a link to the actor as it was then. */
export function HistoryList({ address, history, at, currency }: HistoryListProps) {
  const { rows, problem, loading, more, older, retry } = history;
  return (
    <>
      {problem && <ProblemNotice title="The history cannot be shown" problem={problem} onRetry={retry} />}
      {rows.length === 0 && loading && !problem && <Skeleton rows={4} label="Loading the history" />}
      {rows.length === 0 && !loading && !problem && <Empty title="Nothing has happened yet." />}
      <ol className="history" reversed>
        {rows.map((row) => (
          <HistoryRow key={row.version} row={row} address={address} shown={String(row.version) === at} currency={currency} />
        ))}
      </ol>
      {more && rows.length > 0 && (
        <Button className="button" data-busy={loading || undefined} onPress={older}>
          {loading ? 'Loading…' : 'Show older'}
        </Button>
      )}
    </>
  );
}

type RowProps = { readonly row: HistoryItem; readonly address: string; readonly shown: boolean; readonly currency: string | undefined };

function HistoryRow({ row, address, shown, currency }: RowProps) {
  const { version, event, caller, at, from, to, changed, hash } = row;
  const left = from.filter((state) => !to.includes(state));
  const entered = to.filter((state) => !from.includes(state));
  return (
    <li className="history-row" data-shown={shown || undefined}>
      <Changed version={version} updatedAt={at} />
      <p className="history-what">
        <Link
          to={`/${address}`}
          search={{ at: String(version) } as never}
          className="history-version"
          aria-label={`Version ${version}, as it was`}
        >
          {version}
        </Link>
        <strong>{eventWords(event.type)}</strong>
        <span className="muted">by</span> {callerWords(caller)}
      </p>
      {entered.length > 0 && (
        <p className="history-where">
          {left.length > 0 && <>{statesWords(left)} → </>}
          <strong>{statesWords(entered)}</strong>
        </p>
      )}
      <Payload event={event} currency={currency} />
      <p className="history-when">
        <Time at={at} /> <Hash hash={hash} />
        {event.type !== '@create' && changed.length > 0 && <span className="history-changed">{changedWords(changed)}</span>}
      </p>
    </li>
  );
}

/** What somebody sent along. What the hub says to itself is for the inspector. */
function Payload({ event, currency }: { event: HistoryItem['event']; currency: string | undefined }) {
  const { type, ...payload } = event;
  if (/^(@|xstate\.)/.test(type) || Object.keys(payload).length === 0) return null;
  return <Fields record={payload} currency={currency} />;
}

/** Regions that moved together are many; the first ones say enough, the page itself says all. */
function statesWords(states: readonly string[]): string {
  const words = states.slice(0, 2).map(stateWords).join(', ');
  return states.length > 2 ? `${words} and ${states.length - 2} more` : words;
}

/** `xstate.done.actor.0.payment…` and the hub's own `@create` are named by what they mean. */
function eventWords(type: string): string {
  if (type === '@create') return 'Created';
  if (type.startsWith('@')) return `Hub: ${nameWords(type.slice(1)).toLowerCase()}`;
  const inner = /^xstate\.(after|done\.actor|error\.actor|done\.state)\.([^.]+)/.exec(type);
  if (inner === null) return nameWords(type);
  const [, kind, name = ''] = inner;
  const words = nameWords(name);
  if (kind === 'after') return /^\d+$/.test(name) ? 'Timer' : `Timer: ${words.toLowerCase()}`;
  return kind === 'error.actor' ? `${words}: no result` : `${words}: answered`;
}

/** `caller:clerk:…` → clerk; the hub's own work is called that. */
function callerWords(caller: string): string {
  if (caller.startsWith('system:')) return `${caller.slice(7)} (system)`;
  return caller.startsWith('own:') ? 'itself' : caller;
}

function changedWords(fields: readonly string[]): string {
  const words = fields.slice(0, 4).map((field) => fieldLabel(field).toLowerCase());
  return `${words.join(', ')}${fields.length > words.length ? ` and ${fields.length - words.length} more` : ''}`;
}
