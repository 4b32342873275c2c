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
