import { useState } from 'react';
import { Link } from '@tanstack/react-router';
import { Button } from 'react-aria-components';
import type { ActorView } from '../../../hub/protocol/messages.ts';
import { isRecord, Problem, toProblem } from '../../core/problem.ts';
import { newId } from '../browser.ts';
import { nounOf } from '../nouns.ts';
import { byIn, figuresIn, monthName, reasonsIn, toSentence } from '../periods.ts';
import { useActor, useServices, useWho } from '../services.ts';
import { texts as words } from '../texts-periods.ts';
import { texts } from '../texts.ts';
import { Actions } from './actions.tsx';
import { Empty, ProblemNotice, Skeleton } from './notice.tsx';
import { PeriodFigures } from './period-figures.tsx';
import { StateBadge } from './state-badge.tsx';

const noun = nounOf('period');

/** One month: how it stands, what can be done with it, and everything that whoever confirms it puts his name to. */
export function PeriodCard({ month, isSetUp }: { month: string; isSetUp: boolean }) {
  const name = monthName(month);
  return (
    <section className="card" aria-labelledby="period-title">
      <div className="card-head">
        <h2 id="period-title">{name}</h2>
        {isSetUp && (
          <Link to={`/period/${month}` as never} className="link">
            {words.history}
          </Link>
        )}
      </div>
      {isSetUp ? <Period month={month} name={name} /> : <SetUp month={month} name={name} />}
    </section>
  );
}

/** There is one period of a month: whoever finds that another was quicker has what he wanted. */
function SetUp({ month, name }: { month: string; name: string }) {
  const { api } = useServices();
  const who = useWho();
  const [key] = useState(() => newId('period'));
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem>();
  const make = async (): Promise<void> => {
    setBusy(true);
    setProblem(undefined);
    try {
      await api.create(noun.type, { id: month, input: { month } }, key);
    } catch (error) {
      const found = toProblem(error);
      if (found.code !== 'exists') setProblem(found);
    }
    setBusy(false);
  };
  const may = who?.roles.some((role) => noun.makers.includes(role)) === true;
  return (
    <>
      {problem && <ProblemNotice title={words.notSetUp(name)} problem={problem} />}
      <Empty title={words.none(name)}>{words.noneYet}</Empty>
      {may && (
        <Button className="button" data-kind="main" data-busy={busy || undefined} onPress={() => void (busy ? undefined : make())}>
          {busy ? words.opening : words.open(name)}
        </Button>
      )}
    </>
  );
}

function Period({ month, name }: { month: string; name: string }) {
  const address = `period/${month}`;
  const live = useActor(address);
  if (live.kind === 'waiting') return <Skeleton rows={8} label={texts.common.loading(name)} />;
  if (live.kind === 'refused')
    return <ProblemNotice title={texts.common.cannotBeShown(name)} problem={new Problem(0, live.code, live.reason)} onRetry={live.retry} />;
  const { copy } = live;
  const { context, state, tags } = copy;
  const figures = figuresIn(context);
  return (
    <>
      <StateBadge type={noun.type} state={state} tags={tags} />
      <Why name={name} context={context} isClosed={state.includes('closed')} />
      {state.some((one) => one.startsWith('reading')) && <p role="status">{words.reading}</p>}
      <Who context={context} />
      {figures && <PeriodFigures figures={figures} context={context} />}
      <h3>{words.actions}</h3>
      <Actions address={address} noun={noun} now={copy} />
    </>
  );
}

type Context = ActorView['context'];

function Why({ name, context, isClosed }: { name: string; context: Context; isClosed: boolean }) {
  const reasons = reasonsIn(context);
  if (reasons.length === 0) return null;
  return (
    <div className="notice" data-tone="asking" role="alert">
      <p className="notice-title">{isClosed ? words.stays(name) : words.returned(name)}</p>
      <ul className="values">
        {reasons.map((one) => (
          <li key={`${one.code} ${one.detail}`}>{toSentence(one)}</li>
        ))}
      </ul>
    </div>
  );
}

/** The people whose decision it was, or is. */
function Who({ context }: { context: Context }) {
  const { reopening } = context;
  const reason = isRecord(reopening) && typeof reopening['reason'] === 'string' ? reopening['reason'] : '';
  const people = [
    [words.asked, byIn(context['asked'])],
    [words.confirmed, byIn(context['closed'])],
    [words.wantsOpen, isRecord(reopening) ? `${byIn(reopening) ?? ''}, ${words.because}: ${reason}` : undefined],
  ] as const;
  const known = people.filter(([, who]) => who !== undefined);
  if (known.length === 0) return null;
  return (
    <dl className="standings">
      {known.map(([label, who]) => (
        <div key={label}>
          <dt>{label}</dt>
          <dd>{who}</dd>
        </div>
      ))}
    </dl>
  );
}
