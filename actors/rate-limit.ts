import type { Limits } from './integrations/integration.ts';

const DAY_MS = 86_400_000;
/** At the end of a day everybody would come at once. */
const LONGEST_WAIT_MS = 60_000;

/**
 * So many calls a second, some of them at once, and so many a day of UTC (the generic cell rate algorithm: what is kept is when the next call would come
 * that keeps to the rate).
 */
export class RateLimit {
  #next = 0;
  #day = 0;
  #today = 0;

  /** Takes a place for one call, or says how long there is none, in milliseconds. `share` of the rate is from 0 to 1. */
  take(limits: Limits, now: { readonly monotonic: number; readonly utc: number }, share = 1): number {
    const day = Math.floor(now.utc / DAY_MS);
    if (day !== this.#day) [this.#day, this.#today] = [day, 0];
    if (limits.per_day !== undefined && this.#today >= limits.per_day) return Math.min((day + 1) * DAY_MS - now.utc, LONGEST_WAIT_MS);
    if (limits.per_second !== undefined) {
      const interval_ms = 1000 / (limits.per_second * share);
      const ahead_ms = (Math.max(limits.burst ?? 1, 1) - 1) * interval_ms;
      const wait_ms = this.#next - ahead_ms - now.monotonic;
      if (wait_ms > 0) return Math.ceil(wait_ms);
      this.#next = Math.max(this.#next, now.monotonic) + interval_ms;
    }
    this.#today++;
    return 0;
  }
}
