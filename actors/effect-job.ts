import { integrationOf } from './effect-result.ts';
import type { PendingEffect } from './envelope.ts';
import type { Result } from './step.ts';

/** An effect that is being done. */
export type Job = {
  readonly address: string;
  readonly id: string;
  readonly effect: PendingEffect;
  /**
   * Somebody may have called already: another node, or this one before it was started again. Then nothing but the provider's own
   * word says that it did not happen, and not even that where it comes from a door before the key is looked at.
   */
  perhaps: boolean;
  /** When this node found it, by its monotonic clock. */
  readonly since: number;
  /** The machine does not wait for it any more, or the hub stops. */
  gone: boolean;
  /** Its result is on its way to the machine. */
  ended: boolean;
  /** Ends the call that is under way. */
  giveUp: (() => void) | undefined;
  /** It came while the actor stood still, and waits until that is over. */
  result?: Result;
};

/** Nobody waits for it here any more; a call that is under way is given up. */
export function leave(job: Job): void {
  job.gone = true;
  job.giveUp?.();
}

/** What waits for an integration on this node: for a place or a pass, and for its answer; and for how long already. */
export type Backlog = { readonly queued: number; readonly under_way: number; readonly oldest_ms: number };

export function backlogOf(jobs: Iterable<Job>, now: number, underWay: (name: string) => number): ReadonlyMap<string, Backlog> {
  const all = new Map<string, { count: number; oldest_ms: number }>();
  for (const { effect, since, gone, ended } of jobs) {
    // What an integration's actor asks about the integration itself waits for no place.
    const name = effect.src.startsWith('integration.') ? undefined : integrationOf(effect.input);
    if (name === undefined || gone || ended) continue;
    const { count, oldest_ms } = all.get(name) ?? { count: 0, oldest_ms: 0 };
    all.set(name, { count: count + 1, oldest_ms: Math.max(oldest_ms, now - since) });
  }
  return new Map(
    [...all].map(([name, { count, oldest_ms }]) => [
      name,
      { queued: Math.max(count - underWay(name), 0), under_way: underWay(name), oldest_ms },
    ]),
  );
}
