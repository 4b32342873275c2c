const WAIT_MS = 250;
const JITTER_MS = 100;
/** Between two tries the client asks two or three times. */
const MOST_QUESTIONS = 10;

/**
 * How long the client of NATS waits before it tries a server again. It reckons by the time of day: once a clock was set ahead and
 * back, it would wait until that day has come. Asked again and again without having tried, it is told to try at once.
 */
export class Patience {
  readonly #chance: () => number;
  #questions = 0;

  constructor(chance: () => number) {
    this.#chance = chance;
  }

  /** It has tried. */
  tried(): void {
    this.#questions = 0;
  }

  /** Milliseconds since the last try, by whatever clock. */
  wait_ms(): number {
    this.#questions++;
    if (this.#questions <= MOST_QUESTIONS) return WAIT_MS + this.#chance() * JITTER_MS;
    this.#questions = 0;
    return Number.NEGATIVE_INFINITY;
  }
}
