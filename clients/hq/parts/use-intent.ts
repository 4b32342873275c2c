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
  /** Refused for good: by the machine or by a fault. */
  | { readonly kind: 'refused'; readonly code: string; readonly sentence: string }
  /**
   * Nobody knows; or it is `held`: the hub keeps it while its actor stands still, and may do it yet. Sending it again carries the same
   * id, so it takes effect once at most.
   */
  | { readonly kind: 'unanswered'; readonly meant?: Meant; readonly held?: true };

type Event = Intent['event'];
type Done = Extract<CommandAck, { outcome: 'applied' | 'duplicate' }>;
type Context = Readonly<Record<string, unknown>>;

export type Intention = {
  readonly sending: Sending;
  /** Sends an event; `seen` is what it was decided on. The same event that was not answered before goes under the id that it had. */
  readonly send: (event: Event, seen?: Context) => Promise<Done | undefined>;
  /** Sends again what was not answered, whatever has become of it meanwhile. */
  readonly again: (meant: Meant) => Promise<Done | undefined>;
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
  const [sending, setSending] = useState<Sending>(() => {
    const meant = type === undefined ? undefined : kept(type);
    return meant === undefined ? { kind: 'idle' } : { kind: 'unanswered', meant };
  });
  const busy = useRef(false);
  const send = (event: Event, seen?: Context): Promise<Done | undefined> => {
    const before = kept(event.type);
    return again(before !== undefined && isSameBody(before.body, event) ? before : { id: newId('hq'), body: event, ...(seen && { seen }) });
  };
  const again = async (meant: Meant): Promise<Done | undefined> => {
    if (busy.current) return undefined;
    busy.current = true;
    const { bearer } = session;
    const event = meant.body as Event;
    // Kept before it is sent: the page may be gone when the answer comes.
    unanswered.keep(bearer, of(event.type), meant);
    setSending({ kind: 'sending' });
    const result = await perform(toLine(connection, session), clock, { id: meant.id, to: address, event });
    busy.current = false;
    if (isFinal(result)) unanswered.drop(bearer, of(event.type), meant.id);
    setSending(toSending(result, meant));
    return result.outcome === 'applied' || result.outcome === 'duplicate' ? result : undefined;
  };
  const forget = (one: string): void => {
    const meant = kept(one);
    if (meant !== undefined) unanswered.drop(session.bearer, of(one), meant.id);
    setSending({ kind: 'idle' });
  };
  return { sending, send, again, kept, allKept: () => unanswered.startingWith(session.bearer, of('')), forget };
}

/** Whether it is settled under its id. What is parked is kept by the hub, and done when its actor goes on. */
export function isFinal({ outcome }: Result): boolean {
  return outcome !== 'unanswered' && outcome !== 'parked';
}

function toSending(result: Result, meant: Meant): Sending {
  switch (result.outcome) {
    case 'applied':
    case 'duplicate':
      return { kind: 'idle' };
    case 'rejected':
      return { kind: 'refused', code: result.code, sentence: result.reason || sentenceFor(result.code) };
    case 'parked':
      return { kind: 'unanswered', meant, held: true };
    case 'unanswered':
      return { kind: 'unanswered', meant };
  }
}
