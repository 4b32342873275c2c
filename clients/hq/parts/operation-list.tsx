import { useState } from 'react';
import { Link } from '@tanstack/react-router';
import { Button } from 'react-aria-components';
import { sentenceFor } from '../../../machines/fault.ts';
import { stateWords } from '../../core/format.ts';
import { nounOf } from '../nouns.ts';
import { aimOf, fateOf, readOperations, type OperationPage, type OperatorAction } from '../operations.ts';
import type { Office } from '../office.ts';
import { useServices } from '../services.ts';
import { operationTexts as words } from '../texts-operations.ts';
import { texts } from '../texts.ts';
import { Empty, ProblemNotice, Skeleton } from './notice.tsx';
import { PlainTable, type PlainColumn } from './plain-table.tsx';
import { Time } from './time.tsx';
import { usePolled } from './use-polled.ts';

const A_PAGE = 50;
const EVERY_MS = 5_000;
/** Whoever has gone further back than this reads; what is new is asked for when he comes back. */
const LIVE_PAGES = 4;

/** What was done, newest first, as far back as somebody has asked for. */
export function OperationList({ query }: { query: string }) {
  const { office } = useServices();
  const [pages, setPages] = useState(1);
  const { value, problem, again } = usePolled(
    query,
    (signal) => readPages(office, query, pages, signal),
    pages > LIVE_PAGES ? undefined : EVERY_MS,
  );
  const items = value?.items ?? [];
  const isAll = value !== undefined && value.next === null;
  const older = (): void => {
    setPages(pages + 1);
    again();
  };
  return (
    <section className="card" aria-labelledby="operations-title">
      <div className="card-head">
        <h2 id="operations-title">{words.list}</h2>
        <p role="status" className="muted">
          {items.length > 0 && words.count(items.length, isAll)}
        </p>
      </div>
      {problem && <ProblemNotice title={texts.common.cannotBeShown(words.title)} problem={problem} onRetry={again} />}
      {value === undefined && !problem && <Skeleton rows={6} label={texts.common.loading(words.title)} />}
      {isAll && items.length === 0 && (
        <Empty title={query === '' ? words.none : words.noMatch}>{query === '' ? words.noneYet : words.noMatchHint}</Empty>
      )}
      {items.length > 0 && <PlainTable label={words.title} columns={COLUMNS} rows={items} keyOf={({ id }) => id} />}
      {value !== undefined && value.next !== null && (
        <Button className="button" data-busy={items.length < (pages - 1) * A_PAGE + 1 || undefined} onPress={older}>
          {words.older}
        </Button>
      )}
    </section>
  );
}

/** From the newest on, all of it anew: what became of an older action may have changed, too. */
async function readPages(office: Office, query: string, pages: number, signal: AbortSignal): Promise<OperationPage> {
  const items: OperatorAction[] = [];
  let next: string | null = '';
  for (let page = 0; page < pages && next !== null; page++) {
    const cursor: string = next === '' ? '' : `&cursor=${encodeURIComponent(next)}`;
    const answer = readOperations(await office.get(`/v1/operations?limit=${A_PAGE}&${query}${cursor}`, signal));
    items.push(...answer.items);
    ({ next } = answer);
  }
  return { items, next };
}

const COLUMNS: readonly PlainColumn<OperatorAction>[] = [
  { key: 'at', label: words.columns.at, show: ({ at }) => <Time at={at} /> },
  { key: 'by', label: words.columns.by, show: ({ by }) => <strong>{by}</strong> },
  { key: 'action', label: words.columns.action, show: ({ action }) => words.actions[action] ?? action },
  { key: 'target', label: words.columns.target, show: (one) => <Aimed one={one} /> },
  { key: 'reason', label: words.columns.reason, show: ({ reason }) => <span className="reason">{reason}</span> },
  { key: 'fate', label: words.columns.fate, show: (one) => <Fated one={one} /> },
];

function Aimed({ one }: { one: OperatorAction }) {
  const aim = aimOf(one);
  switch (aim.kind) {
    case 'actor':
      return <ActorLink address={aim.address}>{aim.address}</ActorLink>;
    case 'letter':
      return aim.address === null ? words.letter : <ActorLink address={aim.address}>{words.letterOf(aim.address)}</ActorLink>;
    case 'type':
      return (
        <Link to={`/board/${aim.type}`} className="link">
          {words.allOf(nounOf(aim.type).many)}
        </Link>
      );
    case 'cause':
      return <span className="mono">{aim.cause}</span>;
  }
}

function ActorLink({ address, children }: { address: string; children: string }) {
  return (
    <Link to={`/${address}`} className="link mono aim">
      {children}
    </Link>
  );
}

function Fated({ one }: { one: OperatorAction }) {
  const fate = fateOf(one);
  switch (fate.kind) {
    case 'waits':
      return <span className="waits">{words.fates.waits(stateWords(fate.state))}</span>;
    case 'confirmed':
      return (
        <>
          {words.fates.confirmed(fate.other?.by ?? '')}, {fate.other && <Time at={fate.other.at} />}
        </>
      );
    case 'done':
      return (
        <>
          {words.fates.done}
          {fate.other && <>. {words.fates.proposedBy(fate.other.by)}</>}
          {fate.version !== undefined && one.address !== null && (
            <>
              {' · '}
              <Link to={`/${one.address}`} search={{ at: String(fate.version) } as never} className="link">
                {words.fates.version(fate.version)}
              </Link>
            </>
          )}
        </>
      );
    case 'counted':
      return fate.counts;
    case 'refused':
      return <span className="refused">{words.fates.refused(sentenceFor(fate.code))}</span>;
    case 'shown':
      return words.fates.shown(fate.as);
    case 'hidden':
      return words.fates.hidden(fate.as, sentenceFor(fate.code));
    case 'lapsed':
      return words.fates.lapsed;
    case 'kept':
      return words.fates.kept;
    case 'under_way':
      return words.fates.underWay;
    case 'unknown':
      return words.fates.unknown;
  }
}
