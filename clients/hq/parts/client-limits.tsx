import { Link } from '@tanstack/react-router';
import type { ListItem } from '../../../hub/protocol/messages.ts';
import { readLimits, type Limits } from '../limits.ts';
import { nounOf } from '../nouns.ts';
import { useActor, useList, useWho } from '../services.ts';
import { limitTexts as words } from '../texts-limits.ts';
import { texts } from '../texts.ts';
import { CreateButton } from './create-dialog.tsx';
import { ProblemNotice, Skeleton } from './notice.tsx';
import { Part } from './payment-values.tsx';

/** What the payments of a client may come to and what is left of today; or that there are no limits, and a way to set some. */
export function ClientLimits({ id }: { id: string }) {
  // A list says so when somebody sets them while this is looked at; of an actor that there is none of nothing is heard.
  const followed = useList({ type: 'limit', client: id, limit: 10 });
  const found = followed.kind === 'here' ? followed.copy.items.find(({ address }) => address === `limit/${id}`) : undefined;
  return (
    <section className="card" aria-labelledby="limits-title">
      <h2 id="limits-title">{words.title}</h2>
      {followed.kind === 'waiting' && <Skeleton rows={2} label={texts.common.loading(words.title)} />}
      {followed.kind === 'refused' && (
        <ProblemNotice
          title={texts.common.cannotBeShown(words.title)}
          problem={{ code: followed.code, message: followed.reason }}
          onRetry={followed.retry}
        />
      )}
      {followed.kind === 'here' && (found === undefined ? <NoLimits client={id} /> : <Known item={found} />)}
    </section>
  );
}

function NoLimits({ client }: { client: string }) {
  const noun = nounOf('limit');
  const who = useWho();
  const mayCreate = who?.roles.some((role) => noun.makers.includes(role)) ?? false;
  return (
    <div className="no-limits">
      <p>{words.none}</p>
      <p className="muted">{mayCreate ? words.setAbout : words.mayNot}</p>
      {mayCreate && <CreateButton noun={noun} label={words.set} first={{ client }} />}
    </div>
  );
}

function Known({ item: { address } }: { item: ListItem }) {
  const followed = useActor(address);
  if (followed.kind === 'waiting') return <Skeleton rows={2} label={texts.common.loading(words.title)} />;
  if (followed.kind === 'refused') {
    const problem = { code: followed.code, message: followed.reason };
    return <ProblemNotice title={texts.common.cannotBeShown(words.title)} problem={problem} onRetry={followed.retry} />;
  }
  const { state, context } = followed.copy;
  const limits = readLimits(context);
  return (
    <div className="limits-known">
      <LimitTroubles state={state} />
      {limits && <LimitFacts limits={limits} />}
      <Link to={`/${address}`} className="link">
        {words.open}
      </Link>
    </div>
  );
}

/** What keeps payments from being granted, or soon changes what is. */
function LimitTroubles({ state }: { state: readonly string[] }) {
  return (
    <>
      {state.includes('granting.blocked') && <p className="limits-blocked">{words.blocked}</p>}
      {state.includes('raise.proposed') && <p className="muted">{words.proposed}</p>}
    </>
  );
}

function LimitFacts({ limits }: { limits: Limits }) {
  const { today, count_today: count, per_day_count: most } = limits;
  return (
    <dl className="fields limit-facts">
      <Part label={words.fields.payment}>{words.each(limits.per_payment_major)}</Part>
      <Part label={words.fields.day}>{words.each(limits.per_day_major)}</Part>
      <Part label={words.fields.person}>{words.each(limits.per_person_major)}</Part>
      <Part label={words.fields.count}>{words.counted(count, most)}</Part>
      <Part label={words.fields.left}>
        {today.length === 0
          ? words.fresh
          : today.map(({ currency, left_minor }) => (
              <span key={currency} className="number limit-left">
                {words.left(left_minor, currency)}{' '}
              </span>
            ))}
      </Part>
    </dl>
  );
}
