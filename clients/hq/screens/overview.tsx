import { Link } from '@tanstack/react-router';
import type { ListItem } from '../../../hub/protocol/messages.ts';
import { formatNumber, stateWords } from '../../core/format.ts';
import { typeOf } from '../../../machines/ids.ts';
import { NOUNS, nounOf, toneOf, type Noun } from '../nouns.ts';
import { Changed } from '../parts/actor-table.tsx';
import { summaryOf } from '../parts/columns.tsx';
import { MoneyCard } from '../parts/money-card.tsx';
import { Empty, ProblemNotice, Skeleton } from '../parts/notice.tsx';
import { PulseCard } from '../parts/pulse.tsx';
import { StateBadge, ToneGlyph } from '../parts/state-badge.tsx';
import { Ago } from '../parts/time.tsx';
import { useList, useLists } from '../services.ts';
import { texts } from '../texts.ts';
import { useTitle } from '../title.ts';

/** What has waited longest stands first, because it is what somebody should look at first. */
const SHOWN = 5;

/** What needs somebody, how much there is of everything, and what is happening. */
export function Overview() {
  useTitle(texts.overview.title);
  return (
    <div className="page overview">
      <div className="page-head">
        <h1>{texts.overview.title}</h1>
      </div>
      <div className="waiting">
        <Waiting noun={nounOf('payment')} title={texts.overview.needSomebody} filter={{ tag: 'needs_somebody' }} />
        <Waiting noun={nounOf('payment')} title={texts.overview.unknown} filter={{ state: 'unknown' }} alarming />
        <Waiting noun={nounOf('client')} title={texts.overview.toJudge} filter={{ tag: 'needs_somebody' }} />
        <Circuits />
      </div>
      <div className="columns">
        <div className="column">
          <MoneyCard />
          {NOUNS.filter(({ course }) => course !== undefined).map((noun) => (
            <Counts key={noun.type} noun={noun} />
          ))}
        </div>
        <div className="column">
          <PulseCard />
          <Activity />
        </div>
      </div>
    </div>
  );
}

type WaitingProps = { noun: Noun; title: string; filter: { state?: string; tag?: string }; alarming?: boolean };

function Waiting({ noun, title, filter, alarming = false }: WaitingProps) {
  const followed = useList({ type: noun.type, ...filter, sort: 'updatedAt', limit: SHOWN });
  const total = followed.kind === 'here' ? followed.copy.total : undefined;
  const tone = total === undefined || total === 0 ? 'resting' : alarming ? 'wrong' : 'asking';
  return (
    <section className="card waiting-card" data-tone={tone}>
      <h2>
        <Link to={noun.path} search={filter as never} className="waiting-link">
          {title}
        </Link>
      </h2>
      {followed.kind === 'waiting' && <Skeleton rows={2} label={texts.common.loading(title)} />}
      {followed.kind === 'refused' && (
        <ProblemNotice
          title={texts.common.cannotBeShown(title)}
          problem={{ code: followed.code, message: followed.reason }}
          onRetry={followed.retry}
        />
      )}
      {followed.kind === 'here' && (
        <>
          <p className="big-number">
            <ToneGlyph tone={tone === 'resting' ? 'well' : tone} />
            {formatNumber(followed.copy.total)}
          </p>
          <Rows items={followed.copy.items.slice(0, SHOWN)} none={texts.overview.nothingWaits} />
        </>
      )}
    </section>
  );
}

function Rows({ items, none }: { items: readonly ListItem[]; none: string }) {
  if (items.length === 0) return <p className="muted">{none}</p>;
  return (
    <ul className="short-list">
      {items.map((item) => (
        <li key={item.address}>
          <Changed version={item.version} updatedAt={item.updatedAt} />
          <Link to={`/${item.address}`} className="row-link">
            {item.title}
          </Link>
          <span className="short-about">
            <span className="number">{summaryOf(item)}</span> · <Ago at={item.updatedAt} />
          </span>
        </li>
      ))}
    </ul>
  );
}

/** Whether calls go out to each of the things outside. */
function Circuits() {
  const noun = nounOf('integration');
  const followed = useList({ type: noun.type, sort: '-updatedAt', limit: 20 });
  const broken =
    followed.kind === 'here' && followed.copy.items.some((item) => item.state.some((one) => toneOf(noun, one, item.tags) === 'wrong'));
  return (
    <section className="card waiting-card" data-tone={broken ? 'wrong' : 'resting'}>
      <h2>
        <Link to={noun.path} className="waiting-link">
          {texts.overview.integrations}
        </Link>
      </h2>
      {followed.kind === 'waiting' && <Skeleton rows={2} label={texts.common.loading(texts.overview.integrations)} />}
      {followed.kind === 'refused' && (
        <ProblemNotice
          title={texts.common.cannotBeShown(texts.overview.integrations)}
          problem={{ code: followed.code, message: followed.reason }}
          onRetry={followed.retry}
        />
      )}
      {followed.kind === 'here' && followed.copy.items.length === 0 && <p className="muted">{texts.overview.noIntegration}</p>}
      {followed.kind === 'here' && (
        <ul className="short-list">
          {followed.copy.items.map((item) => (
            <li key={item.address} className="circuit">
              <Changed version={item.version} updatedAt={item.updatedAt} />
              <Link to={`/${item.address}`} className="row-link">
                {item.title}
              </Link>
              <StateBadge type="integration" state={item.state} tags={item.tags} />
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

/** How many there are in each state, each a way to them. */
function Counts({ noun }: { noun: Noun }) {
  const states = Object.keys(noun.tones);
  const title = texts.overview.byState(noun.many);
  const followed = useLists([{ type: noun.type, limit: 1 }, ...states.map((state) => ({ type: noun.type, state, limit: 1 }))]);
  const [all, ...each] = followed.map((one) => (one.kind === 'here' ? one.copy.total : undefined));
  const refused = followed.filter((one) => one.kind === 'refused');
  const [first] = refused;
  return (
    <section className="card" aria-labelledby={`counts-${noun.type}`}>
      <h2 id={`counts-${noun.type}`}>
        {title}
        {all !== undefined && <span className="muted count-total"> {texts.overview.inAll(all)}</span>}
      </h2>
      {first && (
        <ProblemNotice
          title={texts.common.cannotBeShown(title)}
          problem={{ code: first.code, message: first.reason }}
          onRetry={() => refused.forEach(({ retry }) => retry())}
        />
      )}
      {refused.length < followed.length && (
        <ul className="counts">
          {states.map((state, index) => (
            <Count key={state} noun={noun} state={state} count={each[index]} total={all} />
          ))}
        </ul>
      )}
    </section>
  );
}

type CountProps = { readonly noun: Noun; readonly state: string; readonly count: number | undefined; readonly total: number | undefined };

function Count({ noun, state, count, total = 0 }: CountProps) {
  const share = count === undefined || total === 0 ? 0 : Math.min(1, count / total);
  return (
    <li className="count" data-tone={toneOf(noun, state, [])} data-none={count === 0 || undefined}>
      <Link to={noun.path} search={{ state } as never} className="count-name">
        {stateWords(state)}
      </Link>
      <span className="count-bar" aria-hidden="true">
        <span className="count-share" style={{ width: `${share * 100}%` }} />
      </span>
      <span className="count-number number">{count === undefined ? '·' : formatNumber(count)}</span>
    </li>
  );
}

const ACTIVITY = 14;

/** What changed last, of whatever kind. */
function Activity() {
  const followed = useLists(NOUNS.map(({ type }) => ({ type, sort: '-updatedAt', limit: ACTIVITY })));
  const items = followed
    .flatMap((one) => (one.kind === 'here' ? one.copy.items : []))
    .toSorted((a, b) => b.updatedAt.localeCompare(a.updatedAt))
    .slice(0, ACTIVITY);
  const waiting = followed.some(({ kind }) => kind === 'waiting');
  const refused = followed.find((one) => one.kind === 'refused');
  return (
    <section className="card activity" aria-labelledby="activity-title">
      <h2 id="activity-title">{texts.overview.activity}</h2>
      {items.length === 0 && waiting && <Skeleton rows={6} label={texts.common.loading(texts.overview.activity)} />}
      {refused && (
        <ProblemNotice
          title={texts.common.cannotBeShown(texts.overview.activity)}
          problem={{ code: refused.code, message: refused.reason }}
          onRetry={refused.retry}
        />
      )}
      {items.length === 0 && !waiting && !refused && <Empty title={texts.overview.nothingYet} />}
      <ul className="activity-list">
        {items.map((item) => (
          <li key={item.address} className="activity-row">
            <Changed version={item.version} updatedAt={item.updatedAt} />
            <span className="activity-title">
              <Link to={`/${item.address}`} className="row-link">
                {item.title}
              </Link>
              <span className="short-about">
                <span className="number">{summaryOf(item)}</span> · <Ago at={item.updatedAt} />
              </span>
            </span>
            <StateBadge type={typeOf(item.address)} state={item.state} tags={item.tags} />
          </li>
        ))}
      </ul>
    </section>
  );
}
