import { useState, type FormEvent, type ReactNode } from 'react';
import { Button, Form } from 'react-aria-components';
import { toProblem, type Problem } from '../../core/problem.ts';
import { decisionTexts as decisions } from '../texts-decisions.ts';
import { texts } from '../texts.ts';
import { mayBeDone } from '../unanswered.ts';
import { Sheet } from './dialog.tsx';
import { ProblemNotice } from './notice.tsx';
import { useLedToError } from './use-led-to-error.ts';

type FormDialogProps = {
  readonly title: string;
  /** On the button that sends it. */
  readonly verb: string;
  /** Above the sentence that says why. */
  readonly failed: string;
  readonly children: ReactNode;
  /** Sends it; what is thrown is shown, and it can be tried again. False where a field says what is wrong with it. */
  readonly onSend: () => Promise<boolean | void>;
  readonly onClose: () => void;
};

/** A dialog with one form, which closes when it has been sent. Whoever has filled something in wrongly is led to it. */
export function FormDialog({ title, verb, failed, children, onSend, onClose }: FormDialogProps) {
  const [problem, setProblem] = useState<Problem>();
  const [busy, setBusy] = useState(false);
  const [tries, setTries] = useState(0);
  const form = useLedToError(tries);
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    if (busy) return;
    setBusy(true);
    setProblem(undefined);
    try {
      if ((await onSend()) !== false) return onClose();
    } catch (error) {
      setProblem(toProblem(error));
    }
    setBusy(false);
    setTries((before) => before + 1);
  };
  return (
    <Sheet title={title} busy={busy} onClose={onClose}>
      {problem && <ProblemNotice title={mayBeDone(problem) ? decisions.notKnown : failed} problem={problem} />}
      <Form className="form" ref={form} onSubmit={(event: FormEvent) => void submit(event)}>
        {children}
        <div className="dialog-buttons">
          <Button className="button" onPress={onClose} isDisabled={busy}>
            {texts.common.back}
          </Button>
          <Button type="submit" className="button" data-kind="main" data-busy={busy || undefined}>
            {verb}
          </Button>
        </div>
      </Form>
    </Sheet>
  );
}
