import { useState, type FormEvent } from 'react';
import { useNavigate } from '@tanstack/react-router';
import { Button } from 'react-aria-components';
import { formatNumber } from '../../core/format.ts';
import { readProof } from '../ledger.ts';
import type { Search } from '../screen.ts';
import { useServices } from '../services.ts';
import { ledgerTexts } from '../texts-ledger.ts';
import { texts } from '../texts.ts';
import { useAnnounce } from './announcer.tsx';
import { DayField } from './day-field.tsx';
import { ProblemNotice, Skeleton } from './notice.tsx';
import { useLoaded } from './use-loaded.ts';

const words = ledgerTexts.proof;

/** The root of a day's Merkle tree, for whoever keeps it elsewhere. The day stands in the address beside the filters of the screen. */
export function DayProofCard({ day, filters }: { day: string | undefined; filters: Search }) {
  const navigate = useNavigate();
  const [draft, setDraft] = useState(day);
  const [shown, setShown] = useState(day);
  const [turn, setTurn] = useState(0);
  if (shown !== day) {
    setShown(day);
    setDraft(day);
  }
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    // Whoever asks for the same day once more wants to know whether it is over by now.
    setTurn(turn + 1);
    void navigate({ to: '/ledger', search: { ...filters, day: draft } as never, resetScroll: false });
  };
  return (
    <section className="card" aria-labelledby="proof-title">
      <h2 id="proof-title">{words.title}</h2>
      <p className="muted">{words.about}</p>
      <form className="verify-form" onSubmit={submit}>
        <DayField label={words.day} value={draft} onChange={setDraft} />
        <Button type="submit" className="button" data-kind="main">
          {words.show}
        </Button>
      </form>
      {day !== undefined && <Proof key={`${day} ${turn}`} day={day} />}
    </section>
  );
}

function Proof({ day }: { day: string }) {
  const { office } = useServices();
  const { value, problem, retry } = useLoaded(day, async (signal) =>
    readProof(await office.get(`/v1/ledger/days/${encodeURIComponent(day)}/proof`, signal)),
  );
  if (problem?.code === 'day_not_over') return <p role="status">{words.notOver(day)}</p>;
  if (problem) return <ProblemNotice title={words.failed} problem={problem} onRetry={retry} />;
  if (value === undefined) return <Skeleton rows={2} label={texts.common.loading(words.loading)} />;
  return (
    <div role="status">
      <dl className="standings">
        <div>
          <dt>{words.day}</dt>
          <dd className="number">{value.date}</dd>
        </div>
        <div>
          <dt>{words.leaves}</dt>
          <dd className="number">{formatNumber(value.leaves)}</dd>
        </div>
        <div className="wide">
          <dt>{words.root}</dt>
          <dd className="root">
            <code className="code">{value.root}</code>
            <Copy text={value.root} />
          </dd>
        </div>
      </dl>
    </div>
  );
}

function Copy({ text }: { text: string }) {
  const announce = useAnnounce();
  const [said, setSaid] = useState('');
  const say = (sentence: string): void => {
    setSaid(sentence);
    announce(sentence);
  };
  const copy = async (): Promise<void> => {
    try {
      // Browsers have no clipboard for pages that do not come by TLS.
      await navigator.clipboard.writeText(text);
      say(words.copied);
    } catch {
      say(words.notCopied);
    }
  };
  return (
    <>
      <Button className="button" onPress={() => void copy()}>
        {words.copy}
        <span className="visually-hidden">{words.copyHint}</span>
      </Button>
      <span className="muted">{said}</span>
    </>
  );
}
