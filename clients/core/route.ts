import type { Clock } from './clock.ts';

const BACKOFF_MS = { first: 400, most: 10_000 };

/** Where a connection is tried next, and after how long: along the nodes that the hub has named, more patiently each time that it is in vain. */
export class Route {
  readonly #home: string;
  readonly #clock: Clock;
  #others: readonly string[] = [];
  #turn = 0;
  #attempt = 0;

  constructor(home: string, clock: Clock) {
    this.#home = home;
    this.#clock = clock;
  }

  /** How often in a row it was in vain. */
  get attempt(): number {
    return this.#attempt;
  }

  /** The address to try now. */
  get url(): string {
    const urls = [this.#home, ...this.#others.filter((url) => url !== this.#home)];
    return urls[this.#turn % urls.length] ?? this.#home;
  }

  /** Where the nodes of the hub are. */
  learn(urls: readonly string[]): void {
    this.#others = urls.filter((url) => /^https?:\/\//.test(url));
  }

  /** On to another node from here on. */
  turn(): void {
    this.#turn++;
  }

  /** One more was in vain: so many milliseconds later the next one. Full jitter: after a node's death its clients must not come back all at once. */
  backoff(): number {
    const most = Math.min(BACKOFF_MS.most, BACKOFF_MS.first * 2 ** this.#attempt++);
    return BACKOFF_MS.first / 2 + this.#clock.random() * most;
  }

  /** The last one was good: so few milliseconds later the next one. */
  soon(): number {
    this.#attempt = 0;
    return this.#clock.random() * BACKOFF_MS.first;
  }
}
