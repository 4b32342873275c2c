import { Link } from '@tanstack/react-router';
import { Button } from 'react-aria-components';
import { readAddress } from '../../../machines/ids.ts';
import type { HistoryItem } from '../../core/api.ts';
import { nameWords, stateWords } from '../../core/format.ts';
import { countAlike } from '../history-rows.ts';
import { currencyOfEvent, type Context } from '../payment.ts';
import { actorTexts } from '../texts-actor.ts';
import { inOrder } from '../versions.ts';
import { Changed } from './actor-table.tsx';
import { Empty, ProblemNotice, Skeleton } from './notice.tsx';
import { Time } from './time.tsx';
import { timerWords } from './timers.tsx';
import type { History } from './use-history.ts';
import { fieldLabel, Fields, Hash } from './value.tsx';

const texts = actorTexts.history;

type HistoryListProps = {
  readonly address: string;
  readonly history: History;
  /** The version that is shown, when it is not the newest, and the one that it is compared with. */
  readonly at: string | undefined;
  readonly from: string | undefined;
  /** What says in which currency the amounts are that were sent along. */
  readonly context: Context;
};

/** Who did what, why, and what came of it. A version is a link to the actor as it was then. */
export function HistoryList({ address, history, at, from, context }: HistoryListProps) {
  const { rows, problem, loading, more, older, retry } = history;
  return (
    <>
      {problem && <ProblemNotice title={texts.cannot} problem={problem} onRetry={retry} />}
      {rows.length === 0 && loading && !problem && <Skeleton rows={4} label={texts.loading} />}
      {rows.length === 0 && !loading && !problem && <Empty title={texts.none} />}
      <ol className="history" reversed>
        {rows.map((row) => (
          <HistoryRow key={row.version} row={row} address={address} at={at} from={from} context={context} />
        ))}
      </ol>
      {more && rows.length > 0 && (
        <Button className="button" data-busy={loading || undefined} onPress={older}>
          {loading ? texts.loadingMore : texts.older}
        </Button>
      )}
    </>
  );
}

type RowProps = Omit<HistoryListProps, 'history'> & { readonly row: HistoryItem };

function HistoryRow({ row, address, at, from: compared, context }: RowProps) {
  const { version, event, caller, at: time, from, to, changed, hash } = row;
  const left = from.filter((state) => !to.includes(state));
  const entered = to.filter((state) => !from.includes(state));
  const here = String(version);
  return (
    <li className="history-row" data-shown={here === at || undefined} data-compared={here === compared || undefined}>
      <Changed version={version} updatedAt={time} />
      <p className="history-what">
        <Link
          to={`/${address}`}
          search={{ at: here } as never}
          className="history-version"
          aria-label={texts.asItWas(version)}
          aria-current={here === at || undefined}
        >
          {version}
        </Link>
        <strong>{eventWords(event.type)}</strong>
        <span className="muted">{texts.by}</span> {callerWords(caller)}
      </p>
      {entered.length > 0 && (
        <p className="history-where">
          {left.length > 0 && <>{statesWords(left)} → </>}
          <strong>{statesWords(entered)}</strong>
        </p>
      )}
      <Payload event={event} currency={currencyOfEvent(event.type, context)} />
      <Cause address={address} row={row} />
      <Effects row={row} />
      <p className="history-when">
        <Time at={time} /> <Hash hash={hash} />
        {event.type !== '@create' && changed.length > 0 && <span className="history-changed">{changedWords(changed)}</span>}
        {here !== at && (
          <Link
            to={`/${address}`}
            search={inOrder({ from: here, at }) as never}
            className="link history-compare"
            aria-label={texts.compareWith(version)}
          >
            {texts.compare}
          </Link>
        )}
      </p>
    </li>
  );
}

/** What brought it about, where that was not the one who sent it. */
function Cause({ address, row: { cause = '' } }: { address: string; row: HistoryItem }) {
  if (cause === '') return null;
  const operator = /^operator:(.+)$/.exec(cause)?.[1];
  if (operator !== undefined) return <p className="history-cause">{texts.causeOperator(operator)}</p>;
  const [other = '', version = ''] = cause.split('@');
  const known = readAddress(other);
  if (known === undefined) return null;
  return (
    <p className="history-cause">
      {texts.cause}{' '}
      <Link to={`/${known.address}`} search={{ at: version } as never} className="link">
        {known.address === address ? texts.causeVersion(version) : `${other}, ${texts.causeVersion(version)}`}
      </Link>
    </p>
  );
}

/** What it asked for. */
function Effects({ row: { asked } }: { row: HistoryItem }) {
  if (asked === undefined) return null;
  const { effects, timers, sends, events, legs } = asked;
  const all = (verb: string, what: readonly string[]): string[] => (what.length === 0 ? [] : [`${verb} ${countAlike(what).join(', ')}`]);
  const parts = [
    ...all(
      texts.calls,
      // A question is called by what it asks; anything else by what it does.
      effects.map(({ id, src }) => nameWords(src === 'ask' ? id : src).toLowerCase()),
    ),
    ...all(
      texts.timersSet,
      timers.map(({ id }) => timerWords(id).toLowerCase()),
    ),
    ...all(
      texts.tells,
      sends.map(({ to, event }) => `${to} ${nameWords(event).toLowerCase()}`),
    ),
    ...all(texts.facts, events),
    ...(legs.length > 0 ? [texts.posts(legs.length)] : []),
  ];
  return parts.length === 0 ? null : <p className="history-effects">→ {parts.join(' · ')}</p>;
}

/** What somebody sent along, and why an operator did what he did. What else the hub says to itself is for the inspector. */
function Payload({ event, currency }: { event: HistoryItem['event']; currency: string | undefined }) {
  const { type, ...payload } = event;
  const own = /^(@|xstate\.)/.test(type);
  const shown = own ? Object.fromEntries(OPERATORS_OWN.flatMap((name) => (name in payload ? [[name, payload[name]]] : []))) : payload;
  return type === '@create' || Object.keys(shown).length === 0 ? null : <Fields record={shown} currency={currency} />;
}

const OPERATORS_OWN = ['reason', 'state'];

/** Regions that moved together are many; the first ones say enough, the page itself says all. */
function statesWords(states: readonly string[]): string {
  const words = states.slice(0, 2).map(stateWords).join(', ');
  return states.length > 2 ? `${words} ${texts.more(states.length - 2)}` : words;
}

/** `xstate.done.actor.0.payment…` and the hub's own `@create` are named by what they mean. */
function eventWords(type: string): string {
  if (type === '@create') return texts.created;
  if (type.startsWith('@')) return texts.hub(nameWords(type.slice(1)).toLowerCase());
  const inner = /^xstate\.(after|done\.actor|error\.actor|done\.state)\.([^.]+)/.exec(type);
  if (inner === null) return nameWords(type);
  const [, kind, name = ''] = inner;
  const words = nameWords(name);
  if (kind === 'after') return /^\d+$/.test(name) ? texts.unnamedTimer : texts.timer(words.toLowerCase());
  return kind === 'error.actor' ? texts.unanswered(words) : texts.answered(words);
}

/** `caller:clerk:…` → clerk; the hub's own work is called that. */
function callerWords(caller: string): string {
  if (caller.startsWith('system:')) return texts.system(caller.slice(7));
  return caller.startsWith('own:') ? texts.itself : caller;
}

function changedWords(fields: readonly string[]): string {
  const words = fields.slice(0, 4).map((field) => fieldLabel(field).toLowerCase());
  return `${words.join(', ')}${fields.length > words.length ? ` ${texts.more(fields.length - words.length)}` : ''}`;
}
