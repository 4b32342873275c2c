import { useState, type FormEvent, type ReactNode } from 'react';
import { Button, FieldError, Form, Label, TextArea, TextField } from 'react-aria-components';
import { toProblem, type Problem } from '../../core/problem.ts';
import { sendOnCtrlEnter } from '../keys.ts';
import { decisionTexts as decisions } from '../texts-decisions.ts';
import { texts } from '../texts.ts';
import { mayBeDone } from '../unanswered.ts';
import { Sheet } from './dialog.tsx';
import { ProblemNotice } from './notice.tsx';
import { useLedToError } from './use-led-to-error.ts';

export type ReasonProps = {
  readonly title: string;
  readonly about: string;
  readonly verb: string;
  readonly failed: string;
  readonly isGrave?: boolean;
  /** What is filled in before the reason; the first of it takes the focus. */
  readonly children?: ReactNode;
  /** Does it; what is thrown is shown, and it can be tried again. False where something else in the dialog is wrong. */
  readonly onDo: (reason: string) => Promise<boolean | void>;
  readonly onClose: () => void;
};

/** Asks why before something is done that operators answer for. */
export function ReasonDialog({ title, about, verb, failed, isGrave = false, children, onDo, onClose }: ReasonProps) {
  const [reason, setReason] = useState('');
  const [missing, setMissing] = useState(false);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem>();
  const [tries, setTries] = useState(0);
  const form = useLedToError(tries);
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    setMissing(reason.trim() === '');
    setTries((before) => before + 1);
    if (reason.trim() === '' || busy) return;
    setBusy(true);
    setProblem(undefined);
    try {
      if ((await onDo(reason.trim())) !== false) return onClose();
    } catch (error) {
      setProblem(toProblem(error));
    }
    setBusy(false);
    setTries((before) => before + 1);
  };
  return (
    <Sheet title={title} busy={busy} onClose={onClose}>
      <p className="muted">{about}</p>
      {problem && <ProblemNotice title={mayBeDone(problem) ? decisions.notKnown : failed} problem={problem} />}
      <Form className="form" ref={form} onSubmit={(event: FormEvent) => void submit(event)}>
        {children}
        <TextField
          className="field"
          value={reason}
          onChange={setReason}
          isInvalid={missing}
          validationBehavior="aria"
          isRequired
          autoFocus={children === undefined || children === false}
        >
          <Label>{texts.common.reason}</Label>
          <TextArea className="input" rows={2} onKeyDown={sendOnCtrlEnter} />
          <FieldError className="field-error">{missing ? texts.common.reasonMissing : undefined}</FieldError>
        </TextField>
        <div className="dialog-buttons">
          <Button className="button" onPress={onClose} isDisabled={busy}>
            {texts.common.back}
          </Button>
          <Button type="submit" className="button" data-kind={isGrave ? 'grave' : 'main'} data-busy={busy || undefined}>
            {busy ? `${verb}…` : verb}
          </Button>
        </div>
      </Form>
    </Sheet>
  );
}
