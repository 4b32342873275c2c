import { useEffect, useState } from 'react';
import { Link, useParams, useSearch } from '@tanstack/react-router';
import type { ActorView } from '../../../hub/protocol/messages.ts';
import { toVisits } from '../../core/journey.ts';
import { Problem, toProblem } from '../../core/problem.ts';
import { nounOf, type Noun } from '../nouns.ts';
import { Actions } from '../parts/actions.tsx';
import { HistoryList } from '../parts/history-list.tsx';
import { JourneyLine } from '../parts/journey-line.tsx';
import { ProblemNotice, Skeleton } from '../parts/notice.tsx';
import { Sections } from '../parts/sections.tsx';
import { StateBadge } from '../parts/state-badge.tsx';
import { Ago, Time } from '../parts/time.tsx';
import { Timers } from '../parts/timers.tsx';
import { useHistory, type History } from '../parts/use-history.ts';
import { Value } from '../parts/value.tsx';
import type { Search } from '../screen.ts';
import { useActor, useServices, type Followed } from '../services.ts';
import { useTitle } from '../title.ts';
import { titleOf } from '../titles.ts';

type Shown = Omit<ActorView, 'address'>;

/** One actor: where it stands, what it holds, what may be done, and how it came here. */
export function Actor() {
  const { type, id } = useParams({ strict: false }) as { type: string; id: string };
  // Another actor is another page: nothing of the one before may stay in sight.
  return <ActorPage key={`${type}/${id}`} type={type} id={id} />;
}

function ActorPage({ type, id }: { type: string; id: string }) {
  const address = `${type}/${id}`;
  const noun = nounOf(type);
  const { at } = useSearch({ strict: false }) as Search;
  const live = useActor(address);
  const past = usePast(address, at);
  const newest = live.kind === 'here' ? live.copy : undefined;
  const history = useHistory(address, newest?.version);
  const shown: Followed<Shown> = at === undefined ? live : past;
  const title = shown.kind === 'here' ? titleOf(type, id, shown.copy.context) : id;
  useTitle(title);
  return (
    <div className="page actor-page">
      <nav className="crumbs" aria-label="Where this is">
        <Link to={noun.path} className="link">
          {noun.many}
        </Link>
        <span aria-hidden="true"> / </span>
        <span className="mono">{id}</span>
      </nav>
      <div className="page-head">
        <h1>{title}</h1>
        {shown.kind === 'here' && <StateBadge type={type} state={shown.copy.state} tags={shown.copy.tags} />}
        {shown.kind === 'here' && <Figure noun={noun} shown={shown.copy} />}
      </div>
      {at !== undefined && <PastBanner address={address} at={at} shown={past} />}
      {shown.kind === 'waiting' && <Skeleton rows={6} label={`Loading ${address}`} />}
      {shown.kind === 'refused' && (
        <ProblemNotice
          title={`This ${noun.one} cannot be shown`}
          problem={new Problem(0, shown.code, shown.reason)}
          onRetry={shown.retry}
        />
      )}
      {shown.kind === 'here' && <ActorBody address={address} noun={noun} shown={shown.copy} history={history} at={at} />}
    </div>
  );
}

/** What it is about, large, and how fresh that is. */
function Figure({ noun, shown }: { noun: Noun; shown: Shown }) {
  const { figure } = noun;
  return (
    <div className="figure">
      {figure !== undefined && figure in shown.context && (
        <p className="figure-value">
          <Value name={figure} value={shown.context[figure]} currency={currencyOf(shown)} />
        </p>
      )}
      <p className="muted">
        version {shown.version}, changed <Ago at={shown.updatedAt} />
      </p>
    </div>
  );
}

function currencyOf({ context }: Shown): string | undefined {
  return typeof context['currency'] === 'string' ? context['currency'] : undefined;
}

type BodyProps = {
  readonly address: string;
  readonly noun: Noun;
  readonly shown: Shown;
  readonly history: History;
  readonly at: string | undefined;
};

function ActorBody({ address, noun, shown, history, at }: BodyProps) {
  const rows = at === undefined ? history.rows : history.rows.filter(({ version }) => version <= shown.version);
  const live = at === undefined;
  return (
    <>
      <section className="card line-card" aria-labelledby="state-title">
        <h2 id="state-title">State</h2>
        <JourneyLine noun={noun} state={shown.state} tags={shown.tags} visits={toVisits(rows)} />
      </section>
      <div className="columns">
        <div className="column">
          {live && (
            <section className="card" aria-labelledby="actions-title">
              <h2 id="actions-title">What you can do</h2>
              <Actions address={address} noun={noun} now={shown} />
            </section>
          )}
          {live && shown.timers.length > 0 && (
            <section className="card" aria-labelledby="timers-title">
              <h2 id="timers-title">What happens by itself</h2>
              <Timers timers={shown.timers} />
            </section>
          )}
          <Sections noun={noun} context={shown.context} />
        </div>
        <section className="card history-card" aria-labelledby="history-title">
          <h2 id="history-title">History</h2>
          <HistoryList address={address} history={history} at={at} currency={currencyOf(shown)} />
        </section>
      </div>
    </>
  );
}

/** The actor as it was at a version, asked for once: the past does not change. */
function usePast(address: string, at: string | undefined): Followed<Shown> {
  const { api } = useServices();
  const [turn, setTurn] = useState(0);
  const [found, setFound] = useState<{ at: string; view: ActorView } | { at: string; problem: Problem }>();
  useEffect(() => {
    if (at === undefined) return;
    const given = new AbortController();
    api.actor(address, at, given.signal).then(
      (view) => setFound({ at, view }),
      (error: unknown) => given.signal.aborted || setFound({ at, problem: toProblem(error) }),
    );
    return () => given.abort();
  }, [api, address, at, turn]);
  if (found === undefined || found.at !== at) return { kind: 'waiting' };
  if ('view' in found) return { kind: 'here', copy: found.view };
  const retry = (): void => {
    setFound(undefined);
    setTurn((now) => now + 1);
  };
  return { kind: 'refused', code: found.problem.code, reason: found.problem.message, retry };
}

function PastBanner({ address, at, shown }: { address: string; at: string; shown: Followed<Shown> }) {
  return (
    <p className="past" role="status">
      <strong>As it was at version {at}</strong>
      {shown.kind === 'here' && (
        <>
          , <Time at={shown.copy.updatedAt} />
        </>
      )}
      .{' '}
      <Link to={`/${address}`} search={{} as never} className="link">
        Back to now
      </Link>
    </p>
  );
}
