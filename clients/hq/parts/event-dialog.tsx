import { useEffect, useRef, useState, type FormEvent, type ReactNode } from 'react';
import { Button, Form } from 'react-aria-components';
import type { ActorView, Can } from '../../../hub/protocol/messages.ts';
import { sentenceFor } from '../../../machines/fault.ts';
import { nameWords } from '../../core/format.ts';
import { emptyDraft, readDraft, readFields, type Draft, type Field } from '../../core/schema.ts';
import { basisOf, changedIn } from '../basis.ts';
import { newId } from '../browser.ts';
import { isTyping } from '../keys.ts';
import type { Noun } from '../nouns.ts';
import { Sheet } from './dialog.tsx';
import { ProblemNotice } from './notice.tsx';
import { SchemaFields } from './schema-form.tsx';
import { useIntent, type Sending } from './use-intent.ts';
import { fieldLabel, Value } from './value.tsx';
import { decisionTexts as decisions } from '../texts-decisions.ts';
import { texts } from '../texts.ts';

type Seen = Pick<ActorView, 'version' | 'context'>;
type Done = { readonly version: number };

export type EventDialogProps = {
  readonly address: string;
  readonly noun: Noun;
  readonly can: Can;
  /** The newest copy; the dialog keeps the one that it was opened on. */
  readonly now: Seen & Pick<ActorView, 'can'>;
  /** What is said where it has become impossible meanwhile. */
  readonly gone?: string;
  readonly onDone: (sentence: string, done: Done) => void;
  readonly onClose: () => void;
};

/** The payload's hash is not typed in: it is that of what the dialog shows. */
const HASH = 'hash';

/** Asks for what an event needs, shows what it is about, and sends it once. It stays as it was opened until somebody closes it. */
export function EventDialog({ address, noun, can, now, gone = decisions.gone, onDone, onClose }: EventDialogProps) {
  const [seen, setSeen] = useState<Seen>(now);
  const fields = readFields(can.schema).filter(({ name }) => name !== HASH);
  const [draft, setDraft] = useState<Record<string, Draft>>(() => firstDraft(fields));
  const [errors, setErrors] = useState<Readonly<Record<string, string>>>({});
  const { sending, send } = useIntent(address);
  const basis = useRef<HTMLDListElement>(null);
  const currency = textOf(seen.context, 'currency') ?? '';
  const payloadHash = textOf(seen.context, 'payload_hash');
  const approves = readFields(can.schema).some(({ name }) => name === HASH) && payloadHash !== undefined;
  const sent = sending.kind === 'sending' || sending.kind === 'unanswered';
  // While it is on its way, what has changed may be its own work.
  const watched = approves ? [...basisOf(noun, can.type), 'payload_hash'] : basisOf(noun, can.type);
  const bar = sent ? undefined : barOf(can.type, watched, seen, now);
  const verb = nameWords(can.type);
  const grave = noun.grave.includes(can.type);

  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    const read = readDraft(fields, draft, currency);
    setErrors(read.ok ? {} : read.errors);
    if (!read.ok || bar !== undefined) return;
    const payload = { ...(read.value as object), ...(approves ? { [HASH]: payloadHash } : {}) };
    const done = await send({ type: can.type, ...payload });
    if (done) onDone(done.outcome === 'duplicate' ? texts.event.doneBefore(verb) : texts.actor.done(verb), done);
  };
  const look = (): void => {
    setSeen(now);
    basis.current?.focus();
  };

  return (
    <Sheet title={texts.event.title(verb, noun.one, grave || fields.length === 0)} busy={sending.kind === 'sending'} onClose={onClose}>
      <dl className="basis" ref={basis} tabIndex={-1}>
        <Basis noun={noun} event={can.type} seen={seen} currency={currency} />
      </dl>
      {bar !== undefined && <BarNotice bar={bar} gone={gone} onLook={look} />}
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
            {sending.kind === 'unanswered' || bar?.kind === 'gone' ? texts.common.close : texts.common.back}
          </Button>
          <Button
            type="submit"
            className="button"
            data-kind={grave ? 'grave' : 'main'}
            data-busy={sending.kind === 'sending' || undefined}
            isDisabled={bar !== undefined}
            autoFocus={fields.length === 0 && !grave}
          >
            {sending.kind === 'sending' ? `${verb}…` : sending.kind === 'unanswered' ? texts.common.tryAgain : verb}
          </Button>
        </div>
      </Form>
    </Sheet>
  );
}

/** Why it must not be sent as the dialog stands: it is not possible any more, or not on what the dialog shows. */
type Bar = { readonly kind: 'gone'; readonly why: string } | { readonly kind: 'changed'; readonly fields: readonly string[] };

function barOf(type: string, watched: readonly string[], seen: Seen, now: EventDialogProps['now']): Bar | undefined {
  const can = now.can.find((one) => one.type === type);
  if (can?.ok !== true) return { kind: 'gone', why: can?.sentence ?? sentenceFor(can?.reason ?? 'forbidden') };
  const fields = changedIn([...new Set(watched)], seen.context, now.context);
  return fields.length === 0 ? undefined : { kind: 'changed', fields };
}

function BarNotice({ bar, gone, onLook }: { bar: Bar; gone: string; onLook: () => void }) {
  if (bar.kind === 'gone') {
    return (
      <Standstill>
        <p className="notice-title">{gone}</p>
        <p>{bar.why}</p>
      </Standstill>
    );
  }
  return (
    <Standstill>
      <p className="notice-title">{decisions.changed}</p>
      <p>{decisions.changedWhy(bar.fields.map(basisLabel).join(', '))}</p>
      <Button className="button" onPress={onLook}>
        {decisions.showNow}
      </Button>
    </Standstill>
  );
}

/**
 * Keeps the focus where it does no harm: the button that had it can be pressed no more, and no other one was meant. Whoever is
 * typing types on.
 */
function Standstill({ children }: { children: ReactNode }) {
  const notice = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!isTyping(document.activeElement)) notice.current?.focus();
  }, []);
  return (
    <div className="notice" data-tone="asking" role="alert" ref={notice} tabIndex={-1}>
      {children}
    </div>
  );
}

/** What the decision is about. */
function Basis({ noun, event, seen, currency }: { noun: Noun; event: string; seen: Seen; currency: string }) {
  const names = basisOf(noun, event).filter((name) => name in seen.context);
  return names.map((name) => (
    <div key={name} data-field={name}>
      <dt>{basisLabel(name)}</dt>
      <dd>
        <Value name={name} value={seen.context[name]} currency={currency} />
      </dd>
    </div>
  ));
}

function basisLabel(name: string): string {
  return name === 'payload_hash' ? texts.approvals.hash : fieldLabel(name);
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
