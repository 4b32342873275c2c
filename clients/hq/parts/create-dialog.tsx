import { useState, type FormEvent } from 'react';
import { useNavigate } from '@tanstack/react-router';
import { Button, Form } from 'react-aria-components';
import { toProblem, type Problem } from '../../core/problem.ts';
import { emptyDraft, readDraft, readFields, type Draft } from '../../core/schema.ts';
import { newId } from '../browser.ts';
import { INPUTS } from '../inputs.ts';
import type { Noun } from '../nouns.ts';
import { useServices } from '../services.ts';
import { useAnnounce } from './announcer.tsx';
import { Sheet } from './dialog.tsx';
import { ProblemNotice } from './notice.tsx';
import { SchemaFields } from './schema-form.tsx';
import { texts } from '../texts.ts';

export function CreateButton({ noun }: { noun: Noun }) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button className="button" data-kind="main" onPress={() => setOpen(true)}>
        {texts.create.title(noun.one)}
      </Button>
      {open && <CreateDialog noun={noun} onClose={() => setOpen(false)} />}
    </>
  );
}

/** Creates an actor. One dialog is one creation: its key is made once, so a second press makes no second payment. */
function CreateDialog({ noun, onClose }: { noun: Noun; onClose: () => void }) {
  const { api } = useServices();
  const navigate = useNavigate();
  const announce = useAnnounce();
  const [key] = useState(() => newId('new'));
  const input = INPUTS[noun.type];
  const fields = readFields(input?.schema);
  const [draft, setDraft] = useState<Record<string, Draft>>(() => ({
    ...Object.fromEntries(fields.map((field) => [field.name, emptyDraft(field)])),
    ...input?.first,
  }));
  const [errors, setErrors] = useState<Readonly<Record<string, string>>>({});
  const [problem, setProblem] = useState<Problem>();
  const [busy, setBusy] = useState(false);

  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    const read = readDraft(fields, draft, '');
    setErrors(read.ok ? {} : read.errors);
    if (!read.ok || busy) return;
    setBusy(true);
    setProblem(undefined);
    try {
      const created = await api.create(noun.type, { input: read.value }, key);
      announce(texts.create.done(noun.one));
      await navigate({ to: `/${created.address}` });
    } catch (error) {
      setProblem(toProblem(error));
      setBusy(false);
    }
  };

  return (
    <Sheet title={texts.create.title(noun.one)} busy={busy} onClose={onClose}>
      {problem && <ProblemNotice title={texts.create.failed(noun.one)} problem={problem} />}
      <Form className="form" onSubmit={(event: FormEvent) => void submit(event)}>
        <fieldset className="plain" disabled={busy}>
          <SchemaFields fields={fields} draft={draft} onChange={(next) => setDraft({ ...next })} errors={errors} currency="" />
        </fieldset>
        <div className="dialog-buttons">
          <Button className="button" onPress={onClose} isDisabled={busy}>
            {texts.common.back}
          </Button>
          <Button type="submit" className="button" data-kind="main" data-busy={busy || undefined}>
            {busy ? texts.create.doing : texts.create.do(noun.one)}
          </Button>
        </div>
      </Form>
    </Sheet>
  );
}
