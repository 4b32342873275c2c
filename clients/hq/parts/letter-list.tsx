import { useEffect, useState } from 'react';
import { Link } from '@tanstack/react-router';
import { Button, FieldError, Label, TextArea, TextField } from 'react-aria-components';
import { sentenceFor } from '../../../machines/fault.ts';
import { nameWords } from '../../core/format.ts';
import { newId } from '../browser.ts';
import { sendOnCtrlEnter } from '../keys.ts';
import { readEvent, type Cause, type Letter } from '../letters.ts';
import { readItems } from '../office.ts';
import { useServices } from '../services.ts';
import { officeTexts } from '../texts-office.ts';
import { texts } from '../texts.ts';
import { useAnnounce } from './announcer.tsx';
import { ProblemNotice, Skeleton } from './notice.tsx';
import { PlainTable, type PlainColumn } from './plain-table.tsx';
import { ReasonDialog } from './reason-dialog.tsx';
import { Ago } from './time.tsx';
import { usePolled } from './use-polled.ts';

const words = officeTexts.letters;
const EVERY_MS = 5_000;
const A_PAGE = 50;

type ListProps = {
  readonly cause: Cause | undefined;
  /** How many wait in all: when that changes, the list is asked for again. */
  readonly count: number;
  readonly mayAct: boolean;
  readonly onEverything: () => void;
  readonly onChanged: () => void;
};

/** The letters of a cause, or all that wait, each with what may be done about it. */
export function LetterList({ cause, count, mayAct, onEverything, onChanged }: ListProps) {
  const { office } = useServices();
  const [resolvedToo, setResolvedToo] = useState(false);
  const [pages, setPages] = useState(1);
  const filter = cause === undefined ? {} : { type: cause.type, event: cause.event, reason: cause.reason, detail: cause.detail };
  const search = new URLSearchParams({ ...filter, open: resolvedToo ? '0' : '1', limit: String(Math.min(1_000, pages * A_PAGE)) });
  const { value, problem, again } = usePolled(
    String(search),
    async (signal) => readItems<Letter>(await office.get(`/v1/dead-letters?${search}`, signal)),
    EVERY_MS,
  );
  // Not by another key: what stands here, and whatever dialog is open on it, would be gone for a moment.
  useEffect(() => again(), [again, count]);
  const changed = (): void => {
    again();
    onChanged();
  };
  return (
    <section className="card" aria-labelledby="letters-title">
      <div className="card-head">
        <h2 id="letters-title">{cause === undefined ? words.all : words.ofCause(`${nameWords(cause.event)}: ${cause.reason}`)}</h2>
        {cause !== undefined && (
          <button type="button" className="link" onClick={onEverything}>
            {words.everything}
          </button>
        )}
        <label className="tick">
          <input type="checkbox" className="box" checked={resolvedToo} onChange={(event) => setResolvedToo(event.target.checked)} />
          {words.resolvedToo}
        </label>
      </div>
      {problem && <ProblemNotice title={texts.common.cannotBeShown(words.list)} problem={problem} onRetry={again} />}
      {value === undefined && !problem && <Skeleton rows={4} label={texts.common.loading(words.list)} />}
      {value?.length === 0 && <p className="muted">{words.none}</p>}
      {value !== undefined && value.length > 0 && (
        <PlainTable label={words.list} columns={columns(mayAct, changed)} rows={value} keyOf={({ id }) => id} />
      )}
      {value !== undefined && value.length >= pages * A_PAGE && (
        <Button className="button" onPress={() => setPages(pages + 1)}>
          {words.more}
        </Button>
      )}
    </section>
  );
}

function columns(mayAct: boolean, onChanged: () => void): readonly PlainColumn<Letter>[] {
  return [
    { key: 'at', label: words.columns.at, show: ({ at }) => <Ago at={at} /> },
    {
      key: 'address',
      label: words.columns.address,
      show: ({ address }) => (
        <Link to={`/${address}`} className="link mono">
          {address}
        </Link>
      ),
    },
    { key: 'event', label: words.columns.event, show: ({ event }) => nameWords(event.type) },
    { key: 'caller', label: words.columns.caller, show: ({ caller }) => caller },
    {
      key: 'reason',
      label: words.columns.reason,
      show: ({ reason, detail }) => (
        <>
          {sentenceFor(reason)} {detail !== '' && <span className="muted">{detail}</span>}
        </>
      ),
    },
    {
      key: 'how',
      label: words.columns.how,
      show: (letter) =>
        letter.resolution === null && mayAct ? <LetterActions letter={letter} onChanged={onChanged} /> : <Ended letter={letter} />,
    },
  ];
}

/** How a letter ended, or that it is still open. */
export function Ended({ letter: { resolution, resolved_by, note } }: { letter: Letter }) {
  if (resolution === null) return words.open;
  return (
    <span title={note ?? undefined}>
      {words.outcomes[resolution]} {resolved_by !== null && words.by(resolved_by)}
    </span>
  );
}

type Doing = 'resubmit' | 'edit' | 'discard';

export function LetterActions({ letter, onChanged }: { letter: Letter; onChanged: () => void }) {
  const { office } = useServices();
  const announce = useAnnounce();
  const [doing, setDoing] = useState<Doing>();
  const [key] = useState(() => newId('letter'));
  const [text, setText] = useState(() => JSON.stringify(letter.event, undefined, 2));
  const [wrong, setWrong] = useState(false);
  const act = async (reason: string): Promise<boolean> => {
    const event = doing === 'edit' ? readEvent(text) : undefined;
    setWrong(doing === 'edit' && event === undefined);
    if (doing === 'edit' && event === undefined) return false;
    const action = doing === 'discard' ? 'discard' : 'resubmit';
    const body = { action, reason, ...(event === undefined ? {} : { event }) };
    const answer = (await office.post(`/v1/dead-letters/${letter.id}`, body, `${key}_${doing}`)) as { outcome: string };
    announce(words.outcomes[doing === 'discard' ? 'discarded' : answer.outcome] ?? answer.outcome);
    onChanged();
    return true;
  };
  const dialog = { failed: words.failed, onDo: act, onClose: () => setDoing(undefined) };
  return (
    <span className="row-buttons">
      <Button className="button" data-kind="quiet" onPress={() => setDoing('resubmit')}>
        {words.resubmit}
      </Button>
      <Button className="button" data-kind="quiet" onPress={() => setDoing('edit')}>
        {words.edit}
      </Button>
      <Button className="button" data-kind="quiet" onPress={() => setDoing('discard')}>
        {words.discard}
      </Button>
      {doing === 'resubmit' && (
        <ReasonDialog title={words.resubmitTitle} about={words.resubmitAbout} verb={nameWords('send again')} {...dialog} />
      )}
      {doing === 'discard' && (
        <ReasonDialog title={words.discardTitle} about={words.discardAbout} verb={nameWords('discard')} isGrave {...dialog} />
      )}
      {doing === 'edit' && (
        <ReasonDialog title={words.editTitle} about={words.editAbout} verb={nameWords('send')} {...dialog}>
          <TextField className="field" value={text} onChange={setText} isInvalid={wrong} validationBehavior="aria" autoFocus>
            <Label>{words.event}</Label>
            <TextArea className="input mono" rows={7} spellCheck="false" onKeyDown={sendOnCtrlEnter} />
            <FieldError className="field-error">{words.notJson}</FieldError>
          </TextField>
        </ReasonDialog>
      )}
    </span>
  );
}
