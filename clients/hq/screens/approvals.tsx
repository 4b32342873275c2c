import type { ReactNode } from 'react';
import { Problem } from '../../core/problem.ts';
import { nounOf } from '../nouns.ts';
import { Deciding } from '../parts/deciding.tsx';
import { ProblemNotice, Skeleton } from '../parts/notice.tsx';
import { Proposals } from '../parts/proposals.tsx';
import { useQueue } from '../parts/use-queue.ts';
import { useWho } from '../services.ts';
import { texts } from '../texts.ts';
import { useTitle } from '../title.ts';

const noun = nounOf('payment');

/** What needs this person's approval: payments, and of those who operate the hub the states that somebody wants to force. */
export function Approvals() {
  useTitle(texts.approvals.title);
  const roles = useWho()?.roles ?? [];
  const operates = roles.some((role) => role === 'operator' || role === 'admin');
  const decides = roles.some((role) => role === 'approver' || role === 'cfo');
  return (
    <div className="page approvals-page">
      {decides || !operates ? (
        <Payments>{operates && <Proposals quiet />}</Payments>
      ) : (
        <>
          <div className="page-head">
            <h1>{texts.approvals.title}</h1>
          </div>
          <Proposals />
        </>
      )}
    </div>
  );
}

/** The queue, what exactly would be approved, and the keys to decide one after another. */
function Payments({ children }: { children: ReactNode }) {
  const { followed, queue, onDecided } = useQueue();
  return (
    <>
      <div className="page-head">
        <h1>{texts.approvals.title}</h1>
        {queue !== undefined && <p className="muted">{texts.approvals.wait(queue.mine.length)}</p>}
      </div>
      {children}
      {followed.kind === 'waiting' && <Skeleton rows={6} label={texts.common.loading(texts.approvals.title)} />}
      {followed.kind === 'refused' && (
        <ProblemNotice
          title={texts.common.cannotBeShown(texts.approvals.title)}
          problem={new Problem(0, followed.code, followed.reason)}
          onRetry={followed.retry}
        />
      )}
      <Deciding noun={noun} queue={queue} onDecided={onDecided} />
    </>
  );
}
