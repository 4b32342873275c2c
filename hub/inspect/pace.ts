/** So many frames in a second, and twice as many at once after a quiet while. */
export class Pace {
  readonly #perSecond: number;
  #level: number;
  #at: number;

  /** `now` in milliseconds that never run backwards. */
  constructor(perSecond: number, now: number) {
    this.#perSecond = perSecond;
    this.#level = 2 * perSecond;
    this.#at = now;
  }

  /** Takes them, or says in how many milliseconds there will be enough. Nothing is asked for that would never fit. */
  take(frames: number, now: number): number {
    this.#level = Math.min(2 * this.#perSecond, this.#level + ((now - this.#at) / 1000) * this.#perSecond);
    this.#at = now;
    const cost = Math.min(frames, this.#perSecond);
    if (this.#level >= cost) {
      this.#level -= cost;
      return 0;
    }
    return Math.ceil(((cost - this.#level) / this.#perSecond) * 1000);
  }
}
