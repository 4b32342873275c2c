import type { Clock } from './clock.ts';

/** When a question about the time left this device and when its answer came, on the device's clock; and what the hub said. */
export type Reading = { readonly asked: number; readonly answered: number; readonly theirs: number };

/** So far apart may two clocks of one device run before one of them was set, or the device has slept. */
const DRIFT_MS = 5_000;

/**
 * The hub's time, on a device whose clock may be hours wrong: measured whenever a connection begins, and counted on from
 * there. Before the first measurement the device's clock is all there is.
 */
export class ServerTime {
  readonly #clock: Clock;
  /** What to add to this device's clock. */
  #offset_ms = 0;
  /** How far the offset may be off; undefined before the first measurement. */
  #error_ms: number | undefined;
  #wall = 0;
  #monotonic = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Epoch milliseconds. */
  now(): number {
    return this.#clock.now() + this.#offset_ms - this.#setBack();
  }

  /** How far `now()` may be off, in milliseconds; undefined where nothing has been measured. */
  get error_ms(): number | undefined {
    return this.#error_ms;
  }

  /** What is to be added to the device's clock. */
  get offset_ms(): number {
    return this.#offset_ms;
  }

  /** The hub's clock was read somewhere between asking and answering: the middle is off by half of that at most. */
  measure({ asked, answered, theirs }: Reading): void {
    if (!Number.isFinite(theirs) || answered < asked) return;
    this.#offset_ms = theirs - (asked + answered) / 2;
    this.#error_ms = (answered - asked) / 2;
    this.#wall = this.#clock.now();
    this.#monotonic = this.#clock.monotonic?.() ?? 0;
  }

  /** Whether the device's clock has been set since it was measured, or the device has slept: measure again. */
  get hasJumped(): boolean {
    return this.#error_ms !== undefined && Math.abs(this.#jump()) > DRIFT_MS;
  }

  /**
   * A clock that was set back is told by the one that only counts. One that has run ahead may have been set too, but most likely
   * the device slept, while which some count nothing: there the clock is right.
   */
  #setBack(): number {
    const jump = this.#jump();
    return jump < -DRIFT_MS ? jump : 0;
  }

  #jump(): number {
    if (this.#error_ms === undefined || this.#clock.monotonic === undefined) return 0;
    return this.#clock.now() - this.#wall - (this.#clock.monotonic() - this.#monotonic);
  }
}
