import { useCallback } from 'react';
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { toVisits } from '../../core/journey.ts';
import { Problem } from '../../core/problem.ts';
import { nounOf, type Noun } from '../nouns.ts';
import { Actions } from '../parts/actions.tsx';
import { Changes } from '../parts/actor-changes.tsx';
import { ActorChart } from '../parts/actor-chart.tsx';
import { Controls } from '../parts/actor-controls.tsx';
import { Letters } from '../parts/actor-letters.tsx';
import { usePast, useStep, type Shown } from '../parts/actor-past.ts';
import { ClientLimits } from '../parts/client-limits.tsx';
import { DisputeButton } from '../parts/dispute-button.tsx';
import { HistoryList } from '../parts/history-list.tsx';
import { InspectLink } from '../parts/inspect-link.tsx';
import { JourneyLine } from '../parts/journey-line.tsx';
import { ProblemNotice, Skeleton } from '../parts/notice.tsx';
import { Funds } from '../parts/payment-funds.tsx';
import { Postings } from '../parts/payment-postings.tsx';
import { Unknown } from '../parts/payment-unknown.tsx';
import { ReceiptButton } from '../parts/receipt-button.tsx';
import { Related } from '../parts/related.tsx';
import { Sections } from '../parts/sections.tsx';
import { StateBadge } from '../parts/state-badge.tsx';
import { Ago, Time } from '../parts/time.tsx';
import { Timers } from '../parts/timers.tsx';
import { TimeSlider } from '../parts/time-slider.tsx';
import { useHistory, type History } from '../parts/use-history.ts';
import { Value } from '../parts/value.tsx';
import type { Search } from '../screen.ts';
import { useActor, type Followed } from '../services.ts';
import { actorTexts as texts } from '../texts-actor.ts';
import { whyNotNow } from '../texts-payment.ts';
import { useTitle } from '../title.ts';
import { titleOf } from '../titles.ts';
import { inOrder } from '../versions.ts';

export function Actor() {
  const { type, id } = useParams({ strict: false }) as { type: string; id: string };
  // Another actor is another page: nothing of the one before may stay in sight.
  return <ActorPage key={`${type}/${id}`} type={type} id={id} />;
}

function ActorPage({ type, id }: { type: string; id: string }) {
  const address = `${type}/${id}`;
  const noun = nounOf(type);
  const { at, from } = inOrder(useSearch({ strict: false }) as Search);
  const live = useActor(address);
  const past = usePast(address, at);
  const newest = live.kind === 'here' ? live.copy : undefined;
  const history = useHistory(address, newest?.version);
  // Whoever may not see it now does not see it as it was either.
  const shown: Followed<Shown> & { readonly late?: true } = at === undefined || live.kind === 'refused' ? live : orMeanwhile(past, live);
  const title = shown.kind === 'here' ? titleOf(type, id, shown.copy.context) : id;
  useTitle(title);
  return (
    <div className="page actor-page">
      <div className="page-top">
        <nav className="crumbs" aria-label={texts.whereThisIs}>
          <Link to={noun.path} className="link">
            {noun.many}
          </Link>
          <span aria-hidden="true"> / </span>
          <span className="mono">{id}</span>
        </nav>
        {live.kind === 'here' && <InspectLink target={address} />}
      </div>
      <div className="page-head">
        <h1>{title}</h1>
        {shown.kind === 'here' && <StateBadge type={type} state={shown.copy.state} tags={shown.copy.tags} />}
        {shown.kind === 'here' && <Figure noun={noun} shown={shown.copy} />}
      </div>
      {shown.kind === 'here' && noun.hasReceipt === true && shown.copy.tags.includes('settled') && (
        <ReceiptButton address={address} version={shown.copy.version} />
      )}
      {at === undefined && type === 'payment' && shown.kind === 'here' && shown.copy.tags.includes('settled') && (
        <DisputeButton context={shown.copy.context} />
      )}
      {at !== undefined && <PastBanner address={address} at={at} shown={past} />}
      {shown.kind === 'waiting' && <Skeleton rows={6} label={texts.loading(address)} />}
      {shown.kind === 'refused' && (
        <ProblemNotice title={texts.cannot(noun.one)} problem={new Problem(0, shown.code, shown.reason)} onRetry={shown.retry} />
      )}
      {shown.kind === 'here' && (
        <ActorBody
          address={address}
          noun={noun}
          shown={shown.copy}
          late={'late' in shown}
          newest={newest?.version ?? shown.copy.version}
          history={history}
          at={at}
          from={from}
        />
      )}
    </div>
  );
}

/** What is asked for, or what was in sight before while that is on its way: a page that goes blank would lose the focus, too. */
function orMeanwhile(past: Followed<Shown>, live: Followed<Shown>): Followed<Shown> & { readonly late?: true } {
  return past.kind === 'waiting' && live.kind === 'here' ? { ...live, late: true } : past;
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
        {texts.version(shown.version)}
        <Ago at={shown.updatedAt} />
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
  /** Another version than is asked for, while that is on its way. */
  readonly late: boolean;
  readonly newest: number;
  readonly history: History;
  readonly at: string | undefined;
  readonly from: string | undefined;
};

function ActorBody({ address, noun, shown, late, newest, history, at, from }: BodyProps) {
  const live = at === undefined;
  const rows = live ? history.rows : history.rows.filter(({ version }) => version <= shown.version);
  const step = useStep(address, shown.version, history.rows);
  const base = from ?? (live || shown.version <= 1 ? undefined : String(shown.version - 1));
  const before = usePast(address, base);
  const go = useWayThroughTime(address, newest);
  const type = address.slice(0, address.indexOf('/'));
  return (
    <>
      <section className="card line-card" aria-labelledby="state-title" data-waiting={late || undefined}>
        <h2 id="state-title">{texts.state}</h2>
        <JourneyLine noun={noun} state={shown.state} tags={shown.tags} visits={toVisits(rows)} />
        {newest > 1 && (
          <TimeSlider
            noun={noun}
            newest={newest}
            at={at !== undefined && /^\d+$/.test(at) ? Number(at) : shown.version}
            from={from !== undefined && /^\d+$/.test(from) ? Number(from) : undefined}
            rows={history.rows}
            onChange={go}
            onNow={() => go(newest, undefined)}
          />
        )}
      </section>
      <div className="columns actor-columns">
        <div className="column">
          {type === 'payment' && shown.state.some((state) => state.startsWith('unknown')) && (
            <Unknown address={address} shown={shown} rows={rows} />
          )}
          {type === 'payment' && <Funds address={address} shown={shown} timers={live ? shown.timers : []} rows={rows} />}
          {live && (
            <section className="card" aria-labelledby="actions-title">
              <h2 id="actions-title">{texts.actions}</h2>
              <Actions address={address} noun={noun} now={shown} why={whyNotNow(type, shown.state)} />
            </section>
          )}
          {live && shown.timers.length > 0 && (
            <section className="card" aria-labelledby="timers-title">
              <h2 id="timers-title">{texts.timers}</h2>
              <Timers timers={shown.timers} />
            </section>
          )}
          {live && type === 'client' && <ClientLimits id={address.slice(type.length + 1)} />}
          {base !== undefined && <Changes before={before} after={shown} step={step} />}
          {live && <Letters address={address} version={shown.version} parked={shown.tags.includes('parked')} />}
          {live && <Controls address={address} type={type} version={shown.version} />}
          <Sections noun={noun} context={shown.context} />
          {type === 'payment' && <Postings address={address} rows={rows} isAll={!history.more} />}
          {live && <Related noun={noun} id={address.slice(type.length + 1)} context={shown.context} />}
        </div>
        <div className="column">
          <ActorChart noun={noun} state={shown.state} tags={shown.tags} step={step} />
          <section className="card history-card" aria-labelledby="history-title">
            <h2 id="history-title">{texts.history.title}</h2>
            <HistoryList address={address} history={history} at={at} from={from} context={shown.context} />
          </section>
        </div>
      </div>
    </>
  );
}

/** Puts the versions that are looked at into the address, so that what is seen can be shared; the newest one is now. */
function useWayThroughTime(address: string, newest: number): (at: number, from: number | undefined) => void {
  const navigate = useNavigate();
  return useCallback(
    (at, from) => {
      const search = { ...(from === undefined ? {} : { from: String(from) }), ...(at >= newest ? {} : { at: String(at) }) };
      // Sliding would leave a trail of a hundred pages behind.
      void navigate({ to: `/${address}`, search: search as never, replace: true, resetScroll: false });
    },
    [navigate, address, newest],
  );
}

function PastBanner({ address, at, shown }: { address: string; at: string; shown: Followed<Shown> }) {
  return (
    <p className="past" role="status">
      <strong>{texts.time.asItWas(at)}</strong>
      {shown.kind === 'here' && !('late' in shown) && (
        <>
          , <Time at={shown.copy.updatedAt} />
        </>
      )}
      .{' '}
      <Link to={`/${address}`} search={{} as never} className="link">
        {texts.time.backToNow}
      </Link>{' '}
      <kbd className="search-key past-key" aria-hidden="true">
        {texts.time.backToNowKey}
      </kbd>
    </p>
  );
}
