import { useEffect, useRef, useState } from 'react';
import { sentenceFor } from '../../../machines/fault.ts';
import type { Clock } from '../../core/clock.ts';
import { perform, toLine, type Intent, type Line, type Result } from '../../core/command.ts';
import { newId } from '../browser.ts';
import { useServices } from '../services.ts';
import { isFinal } from './use-intent.ts';
import { isSameBody, unanswered, whatOf, type Unanswered } from '../unanswered.ts';

/** What became of one of many. */
export type Fate =
  | { readonly kind: 'waiting' | 'sending' | 'done' | 'doneBefore' | 'unanswered' | 'kept' }
  | { readonly kind: 'refused'; readonly code: string; readonly sentence: string };

export type Target = { readonly address: string; readonly event: Intent['event'] };

/** So many are on their way at once: quick for a hundred, and no flood. */
const AT_ONCE = 8;

/**
 * Sends an event to each of many, and says of each what became of it. Each has one id: what was not answered is sent again under
 * the same one, also when the dialog, or the page, was closed meanwhile; what was refused under a new one, because a refusal is final for its id.
 */
export function useMany(): { fates: ReadonlyMap<string, Fate>; running: boolean; send: (targets: readonly Target[]) => Promise<void> } {
  const { connection, session, clock } = useServices();
  const [fates, setFates] = useState<ReadonlyMap<string, Fate>>(new Map());
  const [running, setRunning] = useState(false);
  const shown = useRef(false);
  useEffect(() => {
    shown.current = true;
    return () => void (shown.current = false);
  }, []);

  const send = async (targets: readonly Target[]): Promise<void> => {
    setRunning(true);
    const tell = (address: string, fate: Fate): void => setFates((before) => new Map(before).set(address, fate));
    const goesOn = (): boolean => shown.current;
    await sendAll({ line: toLine(connection, session), clock, kept: unanswered, tell, goesOn }, targets);
    setRunning(false);
  };
  return { fates, running, send };
}

type Sending = {
  readonly line: Line;
  readonly clock: Clock;
  /** What has not been answered yet, by whatever dialog it was sent. */
  readonly kept: Unanswered;
  readonly tell: (address: string, fate: Fate) => void;
  readonly goesOn: () => boolean;
};

/**
 * Sends to all, some at once. What has not been sent when nobody looks at it any more, or when somebody else has signed in, is not
 * sent at all, and goes on being told as waiting.
 */
export async function sendAll({ line, clock, kept, tell, goesOn }: Sending, targets: readonly Target[]): Promise<void> {
  const bearer = line.bearer();
  for (const { address } of targets) tell(address, { kind: 'waiting' });
  const queue = targets[Symbol.iterator]();
  const work = async (): Promise<void> => {
    while (goesOn() && line.bearer() === bearer) {
      const { value: target } = queue.next();
      if (target === undefined) return;
      const { address, event } = target;
      const what = whatOf(address, event.type);
      const before = kept.find(bearer, what);
      const meant = before !== undefined && isSameBody(before.body, event) ? before : { id: newId('hq'), body: event };
      kept.keep(bearer, what, meant);
      tell(address, { kind: 'sending' });
      const result = await perform(line, clock, { id: meant.id, to: address, event });
      if (isFinal(result)) kept.drop(bearer, what, meant.id);
      tell(address, toFate(result));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
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
      return { kind: 'kept' };
    case 'unanswered':
      return { kind: 'unanswered' };
  }
}

/** How many of so many were done, were refused for good, are kept by the hub until their actors go on, and are not known to be any of it. */
export type Count = { readonly done: number; readonly refused: number; readonly kept: number; readonly open: number };

export function countFates(fates: ReadonlyMap<string, Fate>, all: number): Count {
  const kinds = [...fates.values()].map(({ kind }) => kind);
  const done = kinds.filter((kind) => kind === 'done' || kind === 'doneBefore').length;
  const refused = kinds.filter((kind) => kind === 'refused').length;
  const kept = kinds.filter((kind) => kind === 'kept').length;
  return { done, refused, kept, open: all - done - refused - kept };
}
