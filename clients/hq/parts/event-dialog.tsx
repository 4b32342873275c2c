import { useEffect, useRef, useState, type FormEvent, type ReactNode } from 'react';
import { Button, Form } from 'react-aria-components';
import type { ActorView, Can } from '../../../hub/protocol/messages.ts';
import { formatMoney, nameWords } from '../../core/format.ts';
import { isRecord } from '../../core/problem.ts';
import { basisOf } from '../basis.ts';
import { isKeptDays } from '../exchange.ts';
import { isTyping } from '../keys.ts';
import type { Noun } from '../nouns.ts';
import { decisionTexts as decisions } from '../texts-decisions.ts';
import { texts } from '../texts.ts';
import { Sheet } from './dialog.tsx';
import { ProblemNotice } from './notice.tsx';
import { isWide, showField } from './payment-values.tsx';
import { OtherDays } from './rate-days.tsx';
import { SchemaFields } from './schema-form.tsx';
import { useLedToError } from './use-led-to-error.ts';
import { useEventForm, type Bar, type EventForm } from './use-event-form.ts';
import type { Sending } from './use-intent.ts';
import { fieldLabel, Value } from './value.tsx';

export type EventDialogProps = {
  readonly address: string;
  readonly noun: Noun;
  readonly can: Can;
  /** The newest copy; the dialog keeps the one that it was opened on. */
  readonly now: Pick<ActorView, 'context' | 'can'>;
  /** What is said where it has become impossible meanwhile. */
  readonly gone?: string;
  readonly onDone: (sentence: string, done: { readonly version: number }) => void;
  readonly onClose: () => void;
};

/** Asks for what an event needs, shows what it is about, and sends it once. It stays as it was opened until somebody closes it. */
export function EventDialog({ address, noun, can, now, gone = decisions.gone, onDone, onClose }: EventDialogProps) {
  const form = useEventForm(address, noun, can, now);
  const { seen, currency, fields, draft, errors, sending, bar } = form;
  const basis = useRef<HTMLDListElement>(null);
  const [tries, setTries] = useState(0);
  const element = useLedToError(tries);
  const verb = nameWords(can.type);
  const grave = noun.grave.includes(can.type);

  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    const done = await form.submit();
    setTries((before) => before + 1);
    if (done) onDone(done.outcome === 'duplicate' ? texts.event.doneBefore(verb) : texts.actor.done(verb), done);
  };
  /** Whatever was pressed goes away by it; the focus stands on what has come instead, where no key does anything. */
  const atBasis = (act: () => void) => (): void => {
    act();
    basis.current?.focus();
  };

  return (
    <Sheet title={texts.event.title(verb, noun.one, grave || fields.length === 0)} busy={sending.kind === 'sending'} onClose={onClose}>
      <dl className="basis" ref={basis} tabIndex={-1}>
        <Basis noun={noun} event={can.type} seen={seen} currency={currency} />
      </dl>
      {bar !== undefined && <BarNotice bar={bar} gone={gone} onLook={atBasis(form.look)} />}
      <SendingNotice sending={sending} verb={verb} />
      {sending.kind === 'unanswered' && fields.length > 0 && <p className="muted">{decisions.unansweredAnew}</p>}
      <Form className="form" ref={element} onSubmit={(event: FormEvent) => void submit(event)}>
        <fieldset className="plain" disabled={sending.kind === 'sending' || sending.kind === 'unanswered'}>
          <SchemaFields
            fields={fields}
            draft={draft}
            onChange={form.change}
            errors={errors}
            currency={currency}
            {...(can.type === 'AMEND' ? { present: seen } : {})}
          />
        </fieldset>
        <Buttons form={form} verb={verb} grave={grave} onAnew={atBasis(form.anew)} onClose={onClose} />
      </Form>
    </Sheet>
  );
}

type ButtonsProps = {
  readonly form: EventForm;
  readonly verb: string;
  readonly grave: boolean;
  readonly onAnew: () => void;
  readonly onClose: () => void;
};

function Buttons({ form: { fields, sending, bar }, verb, grave, onAnew, onClose }: ButtonsProps) {
  const isSending = sending.kind === 'sending';
  const isUnanswered = sending.kind === 'unanswered';
  return (
    <div className="dialog-buttons">
      <Button className="button" onPress={onClose} isDisabled={isSending}>
        {isUnanswered || bar?.kind === 'gone' ? texts.common.close : texts.common.back}
      </Button>
      {isUnanswered && fields.length > 0 && (
        <Button className="button" onPress={onAnew}>
          {decisions.anew}
        </Button>
      )}
      <Button
        type="submit"
        className="button"
        data-kind={grave ? 'grave' : 'main'}
        data-busy={isSending || undefined}
        isDisabled={bar !== undefined}
        autoFocus={fields.length === 0 && !grave}
      >
        {isSending ? `${verb}…` : isUnanswered ? texts.common.tryAgain : verb}
      </Button>
    </div>
  );
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

type BasisProps = { readonly noun: Noun; readonly event: string; readonly seen: ActorView['context']; readonly currency: string };

/** What the decision is about. */
function Basis({ noun, event, seen, currency }: BasisProps) {
  const names = basisOf(noun, event).filter((name) => name in seen);
  return names.map((name) => (
    <div key={name} data-field={name} data-wide={isWide(noun, name) || undefined}>
      <dt>{basisLabel(name)}</dt>
      <dd>
        <BasisValue noun={noun} name={name} seen={seen} currency={currency} />
      </dd>
    </div>
  ));
}

/** What is many, each on a line: a table has no room here. */
function BasisValue({ noun, name, seen, currency }: Omit<BasisProps, 'event'> & { readonly name: string }) {
  const special = showField(noun, name, seen);
  if (special !== undefined) return special;
  const value = seen[name];
  if (isKeptDays(value) && isKeptDays(seen['days'])) return <OtherDays days={value} known={seen['days']} />;
  const records = Array.isArray(value) ? value.filter(isRecord) : [];
  if (records.length === 0) return <Value name={name} value={value} currency={currency} />;
  return (
    <ul className="values">
      {records.map((record, index) => (
        <li key={index}>{lineOf(record, currency)}</li>
      ))}
    </ul>
  );
}

function lineOf(record: Record<string, unknown>, currency: string): string {
  const parts = Object.entries(record).map(([name, value]) => {
    if (typeof value === 'number' && name.endsWith('_minor')) return formatMoney(value, currency);
    return typeof value === 'string' ? value : '';
  });
  return parts.filter((part) => part !== '').join(' · ');
}

function basisLabel(name: string): string {
  return name === 'payload_hash' ? texts.approvals.hash : fieldLabel(name);
}

/** What became of a command that was not simply done. */
export function SendingNotice({ sending, verb }: { sending: Sending; verb: string }) {
  if (sending.kind === 'refused')
    return <ProblemNotice title={texts.event.refused(verb)} problem={{ code: sending.code, message: sending.sentence }} />;
  if (sending.kind !== 'unanswered') return null;
  if (sending.held === true) return <ProblemNotice title={decisions.held(verb)} problem={{ code: 'parked', message: decisions.heldWhy }} />;
  return <ProblemNotice title={decisions.unanswered(verb)} problem={{ code: 'unanswered', message: decisions.unansweredWhy }} />;
}
