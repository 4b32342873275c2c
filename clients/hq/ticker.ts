import type { Clock } from '../core/clock.ts';

const SECOND_MS = 1_000;

/** Tells of every second, the same one to everything on the page. It stands still while nobody listens. */
export class Ticker {
  readonly #now: () => number;
  readonly #after: Clock['after'];
  readonly #listeners = new Set<() => void>();
  #told = 0;
  #stop: (() => void) | undefined;

  constructor(now: () => number, after: Clock['after']) {
    this.#now = now;
    this.#after = after;
  }

  /** The second that it is, in epoch milliseconds. */
  readonly now = (): number => Math.floor(this.#now() / SECOND_MS) * SECOND_MS;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    if (this.#stop === undefined) this.#tick();
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size > 0) return;
      this.#stop?.();
      this.#stop = undefined;
    };
  };

  /** To be called when the time may have been set: what is hours wrong should not stand for another second. */
  check(): void {
    if (this.#stop === undefined || Math.abs(this.now() - this.#told) <= SECOND_MS) return;
    this.#stop();
    this.#tick();
  }

  #tick(): void {
    this.#told = this.now();
    this.#stop = this.#after(SECOND_MS, () => this.#tick());
    for (const listener of this.#listeners) listener();
  }
}
