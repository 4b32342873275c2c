import { useRef, useState } from 'react';
import type { CommandAck } from '../../../hub/protocol/messages.ts';
import { sentenceFor } from '../../../machines/fault.ts';
import { perform, toLine, type Result } from '../../core/command.ts';
import { newId } from '../browser.ts';
import { useServices } from '../services.ts';

export type Sending =
  | { readonly kind: 'idle' }
  | { readonly kind: 'sending' }
  /** Refused for good: by the machine, by a fault, or because the actor is parked. */
  | { readonly kind: 'refused'; readonly code: string; readonly sentence: string }
  /** Nobody knows. Sending it again carries the same id, so it takes effect once at most. */
  | { readonly kind: 'unanswered' };

type Event = Readonly<{ type: string } & Record<string, unknown>>;
type Done = Extract<CommandAck, { outcome: 'applied' | 'duplicate' }>;

/**
 * One thing that somebody means to do to an actor. It keeps its id until the hub has answered; only after a refusal, which is
 * final for its id, does the next attempt get another.
 */
export function useIntent(address: string): { sending: Sending; send: (event: Event) => Promise<Done | undefined> } {
  const { connection, session, clock } = useServices();
  const [sending, setSending] = useState<Sending>({ kind: 'idle' });
  const id = useRef<string>(undefined);
  const busy = useRef(false);
  const send = async (event: Event): Promise<Done | undefined> => {
    if (busy.current) return undefined;
    busy.current = true;
    id.current ??= newId('hq');
    setSending({ kind: 'sending' });
    const result = await perform(toLine(connection, session), clock, { id: id.current, to: address, event });
    busy.current = false;
    if (result.outcome !== 'unanswered') id.current = undefined;
    setSending(toSending(result));
    return result.outcome === 'applied' || result.outcome === 'duplicate' ? result : undefined;
  };
  return { sending, send };
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
