import { useState, type FormEvent } from 'react';
import { useNavigate } from '@tanstack/react-router';
import { Button, Form } from 'react-aria-components';
import type { Created } from '../../core/api.ts';
import { toProblem, type Problem } from '../../core/problem.ts';
import { emptyDraft, readDraft, readFields, toDraft, type Draft, type Field } from '../../core/schema.ts';
import { newId } from '../browser.ts';
import { placeInputErrors } from '../field-errors.ts';
import { INPUTS } from '../inputs.ts';
import type { Noun } from '../nouns.ts';
import { useServices } from '../services.ts';
import { decisionTexts as decisions } from '../texts-decisions.ts';
import { texts } from '../texts.ts';
import { HELD, isAnswer, unanswered, type Meant } from '../unanswered.ts';
import { useAnnounce } from './announcer.tsx';
import { Sheet } from './dialog.tsx';
import { ProblemNotice } from './notice.tsx';
import { SchemaFields } from './schema-form.tsx';
import { useLedToError } from './use-led-to-error.ts';

type CreateButtonProps = {
  readonly noun: Noun;
  /** What it says, where that is not what creates one of many. */
  readonly label?: string;
  /** What is filled in already. */
  readonly first?: Readonly<Record<string, Draft>>;
};

export function CreateButton({ noun, label = texts.create.title(noun.one), first }: CreateButtonProps) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button className="button" data-kind="main" onPress={() => setOpen(true)}>
        {label}
      </Button>
      {open && <CreateDialog noun={noun} first={first} onClose={() => setOpen(false)} />}
    </>
  );
}

type CreateDialogProps = { readonly noun: Noun; readonly first: CreateButtonProps['first']; readonly onClose: () => void };

/** Creates an actor. What was not answered stands there again, in whatever dialog, until it is answered or given up. */
function CreateDialog({ noun, first, onClose }: CreateDialogProps) {
  const { state, send, again, forget, kept } = useCreation(noun);
  const navigate = useNavigate();
  const announce = useAnnounce();
  const [fields] = useState(() => readFields(INPUTS[noun.type]?.schema));
  const [draft, setDraft] = useState(() => firstDraft(noun.type, fields, kept(), first));
  const [errors, setErrors] = useState<Readonly<Record<string, string>>>({});
  const [tries, setTries] = useState(0);
  const form = useLedToError(tries);
  const refused = state.kind === 'refused' ? placeInputErrors(state.problem, fields, texts.form.lookBelow) : undefined;
  const isBusy = state.kind === 'sending';
  const isUnanswered = state.kind === 'unanswered';

  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    const read = readDraft(fields, draft, '');
    setErrors(read.ok ? {} : read.errors);
    if (isBusy) return;
    const created = isUnanswered ? await again() : read.ok ? await send(read.value) : undefined;
    setTries((before) => before + 1);
    if (created === undefined) return;
    announce(texts.create.done(noun.one));
    await navigate({ to: `/${created.address}` });
    onClose();
  };
  const anew = (): void => {
    forget();
    setErrors({});
    setDraft(firstDraft(noun.type, fields, undefined, first));
  };

  return (
    <Sheet title={texts.create.title(noun.one)} busy={isBusy} onClose={onClose}>
      {refused && <ProblemNotice title={texts.create.failed(noun.one)} problem={refused.problem} />}
      {isUnanswered && (
        <ProblemNotice
          title={state.held === true ? decisions.createHeld(noun.one) : decisions.createUnanswered(noun.one)}
          problem={{ code: state.held === true ? 'parked' : 'unanswered', message: decisions.createUnansweredWhy }}
        />
      )}
      <Form className="form" ref={form} onSubmit={(event: FormEvent) => void submit(event)}>
        <fieldset className="plain" disabled={isBusy || isUnanswered}>
          <SchemaFields
            fields={fields}
            draft={draft}
            onChange={(next) => setDraft({ ...next })}
            errors={Object.keys(errors).length > 0 ? errors : (refused?.errors ?? errors)}
            currency=""
          />
        </fieldset>
        <div className="dialog-buttons">
          <Button className="button" onPress={onClose} isDisabled={isBusy}>
            {isUnanswered ? texts.common.close : texts.common.back}
          </Button>
          {isUnanswered && (
            <Button className="button" onPress={anew}>
              {decisions.createAnew}
            </Button>
          )}
          <Button type="submit" className="button" data-kind="main" data-busy={isBusy || undefined}>
            {isBusy ? texts.create.doing : isUnanswered ? texts.common.tryAgain : texts.create.do(noun.one)}
          </Button>
        </div>
      </Form>
    </Sheet>
  );
}

type Creating =
  | { readonly kind: 'idle' | 'sending' }
  | { readonly kind: 'unanswered'; readonly meant: Meant; readonly held?: true }
  | { readonly kind: 'refused'; readonly problem: Problem };

/** One dialog is one creation: it keeps its key, so a second press makes no second payment, and after a refusal there is none yet. */
function useCreation({ type, namedBy }: Noun) {
  const { api, session } = useServices();
  const what = `new ${type}`;
  const kept = (): Meant | undefined => unanswered.find(session.bearer, what);
  const [key, setKey] = useState(() => kept()?.id ?? newId('new'));
  const [state, setState] = useState<Creating>(() => {
    const meant = kept();
    return meant === undefined ? { kind: 'idle' } : { kind: 'unanswered', meant };
  });
  const send = (input: unknown): Promise<Created | undefined> => create(kept() ?? { id: key, body: input as Meant['body'] });
  // Exactly what was sent, whatever has become of it meanwhile: an earlier try may have been answered behind a closed dialog.
  const again = async (): Promise<Created | undefined> => (state.kind === 'unanswered' ? create(state.meant) : undefined);
  const create = async (meant: Meant): Promise<Created | undefined> => {
    const { bearer } = session;
    unanswered.keep(bearer, what, meant);
    setState({ kind: 'sending' });
    try {
      const id = namedBy === undefined ? undefined : meant.body[namedBy];
      const created = await api.create(type, { ...(typeof id === 'string' ? { id } : {}), input: meant.body }, meant.id);
      unanswered.drop(bearer, what, meant.id);
      return created;
    } catch (error) {
      const problem = toProblem(error);
      if (isAnswer(problem)) unanswered.drop(bearer, what, meant.id);
      const held = problem.status === HELD ? { held: true as const } : {};
      setState(isAnswer(problem) ? { kind: 'refused', problem } : { kind: 'unanswered', meant, ...held });
      return undefined;
    }
  };
  const forget = (): void => {
    const meant = kept();
    if (meant !== undefined) unanswered.drop(session.bearer, what, meant.id);
    setKey(newId('new'));
    setState({ kind: 'idle' });
  };
  return { state, send, again, forget, kept };
}

function firstDraft(
  type: string,
  fields: readonly Field[],
  kept: Meant | undefined,
  first: Readonly<Record<string, Draft>> = {},
): Record<string, Draft> {
  if (kept !== undefined) return toDraft(fields, kept.body, '');
  return { ...Object.fromEntries(fields.map((field) => [field.name, emptyDraft(field)])), ...INPUTS[type]?.first, ...first };
}
