import { useRef, useState } from 'react';
import type { CommandAck } from '../../../hub/protocol/messages.ts';
import { sentenceFor } from '../../../machines/fault.ts';
import { perform, toLine, type Intent, type Result } from '../../core/command.ts';
import { newId } from '../browser.ts';
import { useServices } from '../services.ts';
import { isSameBody, unanswered, whatOf, type Meant } from '../unanswered.ts';

export type Sending =
  | { readonly kind: 'idle' }
  | { readonly kind: 'sending' }
  /** Refused for good: by the machine, by a fault, or because the actor is parked. */
  | { readonly kind: 'refused'; readonly code: string; readonly sentence: string }
  /** Nobody knows. Sending it again carries the same id, so it takes effect once at most. */
  | { readonly kind: 'unanswered' };

type Event = Intent['event'];
type Done = Extract<CommandAck, { outcome: 'applied' | 'duplicate' }>;
type Context = Readonly<Record<string, unknown>>;

export type Intention = {
  readonly sending: Sending;
  /** Sends an event; `seen` is what it was decided on. The same event that was not answered before goes under the id that it had. */
  readonly send: (event: Event, seen?: Context) => Promise<Done | undefined>;
  /** What was sent of this type and has not been answered. */
  readonly kept: (type: string) => Meant | undefined;
  /** All of this actor that has not been answered. */
  readonly allKept: () => readonly Meant[];
  /** Gives up what was not answered: the next one of its type is another one. */
  readonly forget: (type: string) => void;
};

/**
 * What somebody means to do to an actor, one event at a time. What was sent keeps its id until the hub has answered, wherever it is
 * tried again; only after an answer, which is final for its id, does the next attempt get another.
 */
export function useIntent(address: string, type?: string): Intention {
  const { connection, session, clock } = useServices();
  const of = (one: string): string => whatOf(address, one);
  const kept = (one: string): Meant | undefined => unanswered.find(session.bearer, of(one));
  const [sending, setSending] = useState<Sending>(() => ({
    kind: type !== undefined && kept(type) !== undefined ? 'unanswered' : 'idle',
  }));
  const busy = useRef(false);
  const send = async (event: Event, seen?: Context): Promise<Done | undefined> => {
    if (busy.current) return undefined;
    busy.current = true;
    const { bearer } = session;
    const before = kept(event.type);
    const meant = before !== undefined && isSameBody(before.body, event) ? before : { id: newId('hq'), body: event, ...(seen && { seen }) };
    // Kept before it is sent: the page may be gone when the answer comes.
    unanswered.keep(bearer, of(event.type), meant);
    setSending({ kind: 'sending' });
    const result = await perform(toLine(connection, session), clock, { id: meant.id, to: address, event });
    busy.current = false;
    if (result.outcome !== 'unanswered') unanswered.drop(bearer, of(event.type), meant.id);
    setSending(toSending(result));
    return result.outcome === 'applied' || result.outcome === 'duplicate' ? result : undefined;
  };
  const forget = (one: string): void => {
    const meant = kept(one);
    if (meant !== undefined) unanswered.drop(session.bearer, of(one), meant.id);
    setSending({ kind: 'idle' });
  };
  return { sending, send, kept, allKept: () => unanswered.startingWith(session.bearer, of('')), forget };
}

function toSending(result: Result): Sending {
  switch (result.outcome) {
    case 'applied':
    case 'duplicate':
      return { kind: 'idle' };
    case 'rejected':
      return { kind: 'refused', code: result.code, sentence: result.reason || sentenceFor(result.code) };
    case 'parked':
      return { kind: 'refused', code: 'parked', sentence: sentenceFor('parked') };
    case 'unanswered':
      return { kind: 'unanswered' };
  }
}
