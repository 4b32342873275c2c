import type { Timers } from '../../actors/ports/ports.ts';

/**
 * How a connection ends: after what is written has gone out, after a moment of that and then broken off, at once, or at once and with
 * all that the operating system still has of it.
 */
export type Ending = 'gently' | 'briefly' | 'hard' | 'reset';

/** The ways of ending it that a connection has itself. */
export type End = (how: Exclude<Ending, 'briefly'>) => void;

const CLOSE_MS = 5_000;
const BRIEF_MS = 500;

/** Ends a connection, and sees to it that it ends: it may be one that does not read what would have to go out first. */
export function endConnection(end: End, how: Ending, timers: Timers): void {
  if (how === 'hard' || how === 'reset') return end(how);
  end('gently');
  if (how === 'gently') timers.after(CLOSE_MS, () => end('hard'));
  else timers.after(BRIEF_MS, () => end('reset'));
}
