import { useRef, useState } from 'react';
import { sentenceFor } from '../../../machines/fault.ts';
import { perform, type Intent, type Line, type Result } from '../../core/command.ts';
import { newId } from '../browser.ts';
import { useServices } from '../services.ts';

/** What became of one of many. */
export type Fate =
  | { readonly kind: 'waiting' | 'sending' | 'done' | 'doneBefore' | 'unanswered' }
  | { readonly kind: 'refused'; readonly code: string; readonly sentence: string };

export type Target = { readonly address: string; readonly event: Intent['event'] };

/** So many are on their way at once: quick for a hundred, and no flood. */
const AT_ONCE = 8;

/**
 * Sends an event to each of many, and says of each what became of it. Each has one id: what was not answered is sent again under
 * the same one, what was refused under a new one, because a refusal is final for its id.
 */
export function useMany(): { fates: ReadonlyMap<string, Fate>; running: boolean; send: (targets: readonly Target[]) => Promise<void> } {
  const { connection, clock } = useServices();
  const [fates, setFates] = useState<ReadonlyMap<string, Fate>>(new Map());
  const [running, setRunning] = useState(false);
  const ids = useRef(new Map<string, string>());
  const line: Line = {
    command: (command) => connection.command(command),
    isUp: () => connection.state.phase === 'online',
    onChange: (listener) => connection.onChange(listener),
  };
  const tell = (address: string, fate: Fate): void => setFates((before) => new Map(before).set(address, fate));

  const send = async (targets: readonly Target[]): Promise<void> => {
    setRunning(true);
    for (const { address } of targets) tell(address, { kind: 'waiting' });
    const queue = targets[Symbol.iterator]();
    const work = async (): Promise<void> => {
      for (const { address, event } of queue) {
        const id = ids.current.get(address) ?? newId('hq');
        ids.current.set(address, id);
        tell(address, { kind: 'sending' });
        const result = await perform(line, clock, { id, to: address, event });
        if (result.outcome !== 'unanswered') ids.current.delete(address);
        tell(address, toFate(result));
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    setRunning(false);
  };
  return { fates, running, send };
}

function toFate(result: Result): Fate {
  switch (result.outcome) {
    case 'applied':
      return { kind: 'done' };
    case 'duplicate':
      return { kind: 'doneBefore' };
    case 'rejected':
      return { kind: 'refused', code: result.code, sentence: result.reason || sentenceFor(result.code) };
    case 'parked':
      return { kind: 'refused', code: 'parked', sentence: sentenceFor('parked') };
    case 'unanswered':
      return { kind: 'unanswered' };
  }
}
