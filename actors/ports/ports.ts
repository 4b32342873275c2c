import type { About, Point } from './points.ts';

/**
 * The only ways in which the runtime meets time and chance. A simulation gives it others; nothing else in `actors/` may
 * read a clock, make a random number or set a timer.
 */
export type Cancel = () => void;

export type Clock = {
  /** Epoch milliseconds, UTC. */
  now(): number;
  /** Milliseconds that never run backwards, for measuring. */
  monotonic(): number;
};

export type Timers = {
  /** Calls once after so many milliseconds (at most 2^31 - 1). */
  after(delay_ms: number, run: () => void): Cancel;
  every(period_ms: number, run: () => void): Cancel;
  /** Calls once when what is ready now has run. */
  soon(run: () => void): void;
  /** A signal that aborts after so many milliseconds. */
  deadline(delay_ms: number): { signal: AbortSignal; cancel: Cancel };
};

export type Random = {
  /** 0 <= n < 1 */
  next(): number;
  /** 22 characters of the id alphabet, 128 bits. */
  id(): string;
};

export type Log = {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
};

export type Ports = {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly log: Log;
  /** The node has come to this point. It must not throw. */
  readonly reach: (point: Point, about?: About) => void;
};
