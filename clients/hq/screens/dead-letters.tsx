import { useState } from 'react';
import { Button } from 'react-aria-components';
import { sentenceFor } from '../../../machines/fault.ts';
import { nameWords } from '../../core/format.ts';
import { sameCause, type Cause } from '../letters.ts';
import { nounOf } from '../nouns.ts';
import { readItems } from '../office.ts';
import { useAnnounce } from '../parts/announcer.tsx';
import { LetterList } from '../parts/letter-list.tsx';
import { Empty, ProblemNotice, Skeleton } from '../parts/notice.tsx';
import { ReasonDialog } from '../parts/reason-dialog.tsx';
import { Ago } from '../parts/time.tsx';
import { usePolled } from '../parts/use-polled.ts';
import { useServices, useWho } from '../services.ts';
import { officeTexts } from '../texts-office.ts';
import { texts } from '../texts.ts';
import { useTitle } from '../title.ts';

const EVERY_MS = 5_000;
const words = officeTexts.letters;

/** What could not be applied: grouped by what it waits for, and each letter by itself. */
export function DeadLetters() {
  useTitle(words.title);
  const { office } = useServices();
  const who = useWho();
  const [cause, setCause] = useState<Cause>();
  const { value, problem, again } = usePolled(
    'causes',
    async (signal) => readItems<Cause>(await office.get('/v1/dead-letters/causes', signal)),
    EVERY_MS,
  );
  const mayAct = who?.roles.some((role) => role === 'operator' || role === 'admin') ?? false;
  const waiting = value?.reduce((sum, { count }) => sum + count, 0) ?? 0;
  return (
    <div className="page">
      <div className="page-head">
        <h1>{words.title}</h1>
        {value !== undefined && <p className="muted">{words.waiting(waiting)}</p>}
      </div>
      <p className="muted">
        {words.about} {!mayAct && words.readOnly}
      </p>
      {problem && <ProblemNotice title={texts.common.cannotBeShown(words.title)} problem={problem} onRetry={again} />}
      {value === undefined && !problem && <Skeleton rows={5} label={texts.common.loading(words.title)} />}
      {value?.length === 0 && (
        <section className="card">
          <Empty title={words.none}>{words.noneYet}</Empty>
        </section>
      )}
      {value !== undefined && value.length > 0 && (
        <section className="card" aria-labelledby="causes-title">
          <h2 id="causes-title">{words.causes}</h2>
          <ul className="causes">
            {value.map((one) => (
              <CauseRow
                key={[one.type, one.event, one.reason, one.detail].join(' ')}
                cause={one}
                chosen={cause !== undefined && sameCause(one, cause)}
                mayAct={mayAct}
                onShow={() => setCause(one)}
                onDone={again}
              />
            ))}
          </ul>
        </section>
      )}
      <LetterList cause={cause} count={waiting} mayAct={mayAct} onEverything={() => setCause(undefined)} onChanged={again} />
    </div>
  );
}

type RowProps = {
  readonly cause: Cause;
  readonly chosen: boolean;
  readonly mayAct: boolean;
  readonly onShow: () => void;
  readonly onDone: () => void;
};

function CauseRow({ cause, chosen, mayAct, onShow, onDone }: RowProps) {
  const [open, setOpen] = useState(false);
  const { office } = useServices();
  const announce = useAnnounce();
  const [done, setDone] = useState<{ applied: number; rejected: number; open: number }>();
  const { type, event, reason, detail, count } = cause;

  const replay = async (why: string): Promise<void> => {
    const sum = { applied: 0, rejected: 0, open: 0 };
    for (let cursor: string | null | undefined; cursor !== null;) {
      const body = { type, event, reason, detail, why, ...(cursor === undefined ? {} : { cursor }) };
      const answer = (await office.post('/v1/dead-letters/causes/replay', body)) as typeof sum & { next: string | null };
      sum.applied += answer.applied;
      sum.rejected += answer.rejected;
      sum.open += answer.open;
      setDone({ ...sum });
      cursor = answer.next;
    }
    announce(words.replayed(sum.applied, sum.rejected, sum.open));
    onDone();
  };

  return (
    <li className="cause" data-chosen={chosen || undefined}>
      <strong className="cause-count number">{count}</strong>
      <div className="cause-what">
        <p>
          <strong>{nameWords(event)}</strong> <span className="muted">· {nounOf(type).many}</span>
        </p>
        <p>
          {sentenceFor(reason)} <code className="code">{detail === '' ? reason : `${reason}: ${detail}`}</code>
        </p>
        <p className="muted">
          {words.oldest} <Ago at={cause.first_at} />, {words.newest} <Ago at={cause.last_at} />
        </p>
        {done && <p role="status">{words.replayed(done.applied, done.rejected, done.open)}</p>}
      </div>
      <div className="cause-buttons">
        <Button className="button" onPress={onShow} aria-pressed={chosen}>
          {chosen ? words.shown : words.show}
        </Button>
        {mayAct && (
          <Button className="button" data-kind="main" onPress={() => setOpen(true)}>
            {words.replay}
          </Button>
        )}
      </div>
      {open && (
        <ReasonDialog
          title={words.replayTitle(count)}
          about={words.replayAbout}
          verb={words.replayDo}
          failed={words.replayFailed}
          onDo={replay}
          onClose={() => setOpen(false)}
        />
      )}
    </li>
  );
}
