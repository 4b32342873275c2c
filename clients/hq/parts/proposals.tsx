import { Link } from '@tanstack/react-router';
import { stateWords } from '../../core/format.ts';
import { readOperations } from '../operations.ts';
import { useServices, useWho } from '../services.ts';
import { operationTexts } from '../texts-operations.ts';
import { texts } from '../texts.ts';
import { ProblemNotice, Skeleton } from './notice.tsx';
import { Ago } from './time.tsx';
import { usePolled } from './use-polled.ts';

const words = operationTexts.waiting;
const EVERY_MS = 5_000;
const MOST = 50;

/** States that one operator wants to force and that wait for another one, each with the way to decide; `quiet` where there are none. */
export function Proposals({ quiet = false }: { quiet?: boolean }) {
  const { office } = useServices();
  const who = useWho();
  const operates = who?.roles.some((role) => role === 'operator' || role === 'admin') ?? false;
  const { value, problem, again } = usePolled(
    'proposals',
    async (signal) => readOperations(await office.get(`/v1/operations?pending=1&limit=${MOST}`, signal)),
    EVERY_MS,
  );
  // One that was confirmed between being listed and being looked at has nothing left to decide.
  const waiting = value?.items.filter(({ proposed }) => proposed !== null);
  if (quiet && !problem && !waiting?.length) return null;
  return (
    <section className="card proposals" aria-labelledby="proposals-title" data-tone={waiting?.length ? 'asking' : undefined}>
      <h2 id="proposals-title">{words.title}</h2>
      {problem && <ProblemNotice title={texts.common.cannotBeShown(words.title)} problem={problem} onRetry={again} />}
      {waiting === undefined && !problem && <Skeleton rows={1} label={texts.common.loading(words.title)} />}
      {waiting?.length === 0 && <p className="muted">{words.none}</p>}
      {waiting !== undefined && waiting.length > 0 && (
        <>
          <p className="muted">{words.about}</p>
          <ul className="proposal-list">
            {waiting.map(({ id, by, at, address, reason, proposed }) => (
              <li key={id} className="proposal">
                <div>
                  <p>
                    <strong>{words.proposal(by, stateWords(proposed?.state ?? ''))}</strong>{' '}
                    <span className="mono muted">
                      {address} · <Ago at={at} />
                    </span>
                  </p>
                  <p>{reason}</p>
                  {by === who?.username && <p className="muted">{words.own}</p>}
                </div>
                <Way address={address ?? ''} mayDecide={operates && by !== who?.username} />
              </li>
            ))}
          </ul>
          {value !== undefined && value.next !== null && <p className="muted">{words.more}</p>}
        </>
      )}
    </section>
  );
}

/** Nobody decides without having seen what he decides on: it is done on the page of the actor. */
function Way({ address, mayDecide }: { address: string; mayDecide: boolean }) {
  const verb = mayDecide ? words.decide : words.open;
  return (
    <Link to={`/${address}`} className="button" aria-label={words.at(verb, address)}>
      {verb}
    </Link>
  );
}
