import { useState } from 'react';
import type { ActorView, Can, CommandAck } from '../../../hub/protocol/messages.ts';
import { sentenceFor } from '../../../machines/fault.ts';
import { emptyDraft, readDraft, readFields, toDraft, type Draft, type Field } from '../../core/schema.ts';
import { isRecord } from '../../core/problem.ts';
import { basisOf, changedIn } from '../basis.ts';
import { newId } from '../browser.ts';
import type { Noun } from '../nouns.ts';
import type { Meant } from '../unanswered.ts';
import { useIntent, type Sending } from './use-intent.ts';

type Now = Pick<ActorView, 'context' | 'can'>;
type Context = ActorView['context'];
type Done = Extract<CommandAck, { outcome: 'applied' | 'duplicate' }>;
type Drafts = Readonly<Record<string, Draft>>;

/** Why it must not be sent as the form stands: it is not possible any more, or not on what is shown. */
export type Bar = { readonly kind: 'gone'; readonly why: string } | { readonly kind: 'changed'; readonly fields: readonly string[] };

export type EventForm = {
  /** What it is decided on. It stays as it was until somebody looks at what it is now. */
  readonly seen: Context;
  readonly currency: string;
  readonly fields: readonly Field[];
  readonly draft: Drafts;
  readonly errors: Readonly<Record<string, string>>;
  readonly sending: Sending;
  readonly bar: Bar | undefined;
  readonly change: (draft: Drafts) => void;
  /** Shows what it is now. */
  readonly look: () => void;
  /** Undefined where nothing was done. */
  readonly submit: () => Promise<Done | undefined>;
  /** Begins another one in place of what was not answered. */
  readonly anew: () => void;
};

/** What is not typed in, because it stands for what is shown: the hash of the payload, and the name of the proposal. */
const GIVEN: Readonly<Record<string, (seen: Context) => string | undefined>> = {
  hash: (seen) => textOf(seen, 'payload_hash'),
  fingerprint: ({ contract }) => (isRecord(contract) ? textOf(contract, 'fingerprint') : undefined),
  proposal: ({ proposal }) => (isRecord(proposal) ? textOf(proposal, 'proposal') : undefined),
};

/** The form of one event. Where the last one of its kind was not answered, it stands there as it was sent. */
export function useEventForm(address: string, noun: Noun, { type, schema }: Can, now: Now): EventForm {
  const { sending, send, again, kept, forget } = useIntent(address, type);
  const [all] = useState(() => readFields(schema));
  const [seen, setSeen] = useState<Context>(() => kept(type)?.seen ?? now.context);
  const currency = textOf(seen, 'currency') ?? '';
  const fields = all.filter(({ name }) => !Object.hasOwn(GIVEN, name));
  const given = givenBy(all, seen);
  const [draft, setDraft] = useState<Drafts>(() => firstDraft(fields, kept(type), currency));
  const [errors, setErrors] = useState<Readonly<Record<string, string>>>({});
  const watched = [...basisOf(noun, type), ...('hash' in given ? ['payload_hash'] : []), ...('proposal' in given ? ['proposal'] : [])];
  const isSent = sending.kind === 'sending' || sending.kind === 'unanswered';
  // While it is on its way, what has changed may be its own work.
  const bar = isSent ? undefined : barOf(type, watched, seen, now);

  const submit = async (): Promise<Done | undefined> => {
    if (sending.kind === 'unanswered' && sending.meant !== undefined) return again(sending.meant);
    const read = readDraft(fields, draft, currency);
    setErrors(read.ok ? {} : read.errors);
    if (!read.ok || bar !== undefined) return undefined;
    const payload = { ...(read.value as object), ...given };
    return send({ type, ...payload }, only(seen, [...watched, 'currency', 'payload_hash']));
  };
  const look = (): void => setSeen(now.context);
  const anew = (): void => {
    forget(type);
    look();
    setErrors({});
    setDraft(firstDraft(fields, undefined, currency));
  };
  return { seen, currency, fields, draft, errors, sending, bar, change: (next) => setDraft({ ...next }), look, submit, anew };
}

function givenBy(fields: readonly Field[], seen: Context): Readonly<Record<string, string>> {
  const found = fields.map(({ name }) => [name, Object.hasOwn(GIVEN, name) ? GIVEN[name]?.(seen) : undefined] as const);
  return Object.fromEntries(found.filter((one): one is readonly [string, string] => one[1] !== undefined));
}

function barOf(type: string, watched: readonly string[], seen: Context, now: Now): Bar | undefined {
  const can = now.can.find((one) => one.type === type);
  if (can?.ok !== true) return { kind: 'gone', why: can?.sentence ?? sentenceFor(can?.reason ?? 'forbidden') };
  const fields = changedIn([...new Set(watched)], seen, now.context);
  return fields.length === 0 ? undefined : { kind: 'changed', fields };
}

/** A refund brings its own id: asked for twice, it is one refund. */
function firstDraft(fields: readonly Field[], kept: Meant | undefined, currency: string): Drafts {
  if (kept !== undefined) return toDraft(fields, kept.body, currency);
  return Object.fromEntries(fields.map((field) => [field.name, field.name === 'refund' ? newId('ref').slice(0, 16) : emptyDraft(field)]));
}

function only(context: Context, names: readonly string[]): Context {
  return Object.fromEntries(Object.entries(context).filter(([name]) => names.includes(name)));
}

function textOf(context: Context, name: string): string | undefined {
  const value = context[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}
