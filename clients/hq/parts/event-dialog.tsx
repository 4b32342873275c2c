import { useState, type FormEvent } from 'react';
import { Button, Form } from 'react-aria-components';
import type { ActorView, Can } from '../../../hub/protocol/messages.ts';
import { nameWords } from '../../core/format.ts';
import { emptyDraft, readDraft, readFields, type Draft, type Field } from '../../core/schema.ts';
import { newId } from '../browser.ts';
import type { Noun } from '../nouns.ts';
import { Sheet } from './dialog.tsx';
import { ProblemNotice } from './notice.tsx';
import { SchemaFields } from './schema-form.tsx';
import { useIntent, type Sending } from './use-intent.ts';
import { fieldLabel, Value } from './value.tsx';
import { texts } from '../texts.ts';

type Seen = Pick<ActorView, 'version' | 'context'>;

export type EventDialogProps = {
  readonly address: string;
  readonly noun: Noun;
  readonly can: Can;
  /** The newest copy; the dialog keeps the one that it was opened on. */
  readonly now: Seen;
  readonly onDone: (sentence: string) => void;
  readonly onClose: () => void;
};

/** The payload's hash is not typed in: it is that of what the dialog shows. */
const HASH = 'hash';

/** Asks for what an event needs, shows what it is about, and sends it once. */
export function EventDialog({ address, noun, can, now, onDone, onClose }: EventDialogProps) {
  const [seen, setSeen] = useState(now);
  const fields = readFields(can.schema).filter(({ name }) => name !== HASH);
  const [draft, setDraft] = useState<Record<string, Draft>>(() => firstDraft(fields));
  const [errors, setErrors] = useState<Readonly<Record<string, string>>>({});
  const { sending, send } = useIntent(address);
  const currency = textOf(seen.context, 'currency') ?? '';
  const payloadHash = textOf(seen.context, 'payload_hash');
  const approves = readFields(can.schema).some(({ name }) => name === HASH) && payloadHash !== undefined;
  const changed = approves && payloadHash !== now.context['payload_hash'];
  const verb = nameWords(can.type);
  const grave = noun.grave.includes(can.type);
  const sent = sending.kind === 'sending' || sending.kind === 'unanswered';

  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    const read = readDraft(fields, draft, currency);
    setErrors(read.ok ? {} : read.errors);
    if (!read.ok || changed) return;
    const payload = { ...(read.value as object), ...(approves ? { [HASH]: payloadHash } : {}) };
    const done = await send({ type: can.type, ...payload });
    if (done) onDone(done.outcome === 'duplicate' ? texts.event.doneBefore(verb) : texts.actor.done(verb));
  };

  return (
    <Sheet title={texts.event.title(verb, noun.one, grave || fields.length === 0)} busy={sending.kind === 'sending'} onClose={onClose}>
      <Basis noun={noun} event={can.type} seen={seen} currency={currency} />
      {changed && (
        <div className="notice" data-tone="asking" role="alert">
          <p className="notice-title">{texts.event.changed}</p>
          <p>{texts.event.changedWhy}</p>
          <Button className="button" onPress={() => setSeen(now)}>
            {texts.event.showNow}
          </Button>
        </div>
      )}
      <SendingNotice sending={sending} verb={verb} />
      <Form className="form" onSubmit={(event: FormEvent) => void submit(event)}>
        <fieldset className="plain" disabled={sent}>
          <SchemaFields
            fields={fields}
            draft={draft}
            onChange={(next) => setDraft({ ...next })}
            errors={errors}
            currency={currency}
            {...(can.type === 'AMEND' ? { present: seen.context } : {})}
          />
        </fieldset>
        <div className="dialog-buttons">
          <Button className="button" onPress={onClose} isDisabled={sending.kind === 'sending'}>
            {sending.kind === 'unanswered' ? texts.common.close : texts.common.back}
          </Button>
          <Button
            type="submit"
            className="button"
            data-kind={grave ? 'grave' : 'main'}
            data-busy={sending.kind === 'sending' || undefined}
            isDisabled={changed}
            autoFocus={fields.length === 0 && !grave}
          >
            {sending.kind === 'sending' ? `${verb}…` : sending.kind === 'unanswered' ? texts.common.tryAgain : verb}
          </Button>
        </div>
      </Form>
    </Sheet>
  );
}

/** What the decision is about. */
function Basis({ noun, event, seen, currency }: { noun: Noun; event: string; seen: Seen; currency: string }) {
  const names = (noun.basis[event] ?? noun.basis['*'] ?? []).filter((name) => name in seen.context);
  return (
    <dl className="basis">
      {names.map((name) => (
        <div key={name} data-field={name}>
          <dt>{name === 'payload_hash' ? texts.approvals.hash : fieldLabel(name)}</dt>
          <dd>
            <Value name={name} value={seen.context[name]} currency={currency} />
          </dd>
        </div>
      ))}
    </dl>
  );
}

/** What became of a command that was not simply done. */
export function SendingNotice({ sending, verb }: { sending: Sending; verb: string }) {
  if (sending.kind === 'refused')
    return <ProblemNotice title={texts.event.refused(verb)} problem={{ code: sending.code, message: sending.sentence }} />;
  if (sending.kind !== 'unanswered') return null;
  return (
    <ProblemNotice
      title={texts.event.unanswered}
      problem={{
        code: 'unanswered',
        message: texts.event.unansweredWhy,
      }}
    />
  );
}

/** A refund brings its own id: asked for twice, it is one refund. */
function firstDraft(fields: readonly Field[]): Record<string, Draft> {
  return Object.fromEntries(fields.map((field) => [field.name, field.name === 'refund' ? newId('ref').slice(0, 16) : emptyDraft(field)]));
}

function textOf(context: Readonly<Record<string, unknown>>, name: string): string | undefined {
  const value = context[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}
