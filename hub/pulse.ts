import type { CommitListener } from '../actors/delivery.ts';

/** One second of a node: how many events it committed, and how long they took from being decided to being on the disk. */
export type Beat = { readonly at: number; readonly events: number; readonly p50_ms: number | null; readonly p99_ms: number | null };

/** So far back it remembers. */
export const PULSE_S = 300;
/** Upper bounds of what is told apart; the last one is everything longer. */
const BOUNDS_MS = [1, 2, 3, 5, 7, 10, 15, 20, 30, 50, 75, 100, 150, 200, 300, 500, 750, 1_000, 2_000, 5_000, 10_000, 60_000];

type Second = { at: number; events: number; readonly buckets: Uint32Array };

/** Counts what a node commits, second by second, in so much memory and no more. */
export class Pulse {
  readonly #now: () => number;
  /** Nothing is known of the time before this second. */
  readonly #began: number;
  readonly #seconds: Second[];

  /** `now` is epoch milliseconds. */
  constructor(now: () => number) {
    this.#now = now;
    this.#began = Math.floor(now() / 1000);
    this.#seconds = Array.from({ length: PULSE_S }, () => ({ at: 0, events: 0, buckets: new Uint32Array(BOUNDS_MS.length) }));
  }

  readonly committed: CommitListener = (rows) => {
    const now = this.#now();
    const at = Math.floor(now / 1000);
    const second = this.#seconds[at % PULSE_S];
    if (second === undefined) return;
    if (second.at !== at) {
      second.at = at;
      second.events = 0;
      second.buckets.fill(0);
    }
    second.events += rows.length;
    for (const { row } of rows) {
      const bucket = BOUNDS_MS.findIndex((bound) => now - row.at <= bound);
      const index = bucket < 0 ? BOUNDS_MS.length - 1 : bucket;
      second.buckets[index] = (second.buckets[index] ?? 0) + 1;
    }
  };

  /** The last whole second (epoch seconds). */
  get until(): number {
    return Math.floor(this.#now() / 1000) - 1;
  }

  /** The whole seconds behind `after` (epoch seconds), oldest first; the one that is still running is left out. */
  since(after: number): readonly Beat[] {
    const last = this.until;
    const first = Math.max(after + 1, last - PULSE_S + 2, this.#began);
    return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => this.#beat(first + i));
  }

  #beat(at: number): Beat {
    const second = this.#seconds[at % PULSE_S];
    if (second?.at !== at || second.events === 0) return { at, events: 0, p50_ms: null, p99_ms: null };
    return { at, events: second.events, p50_ms: percentile(second, 0.5), p99_ms: percentile(second, 0.99) };
  }
}

/** The bound below which that share of the events lies. */
function percentile({ events, buckets }: Second, share: number): number {
  let left = events * share;
  const index = buckets.findIndex((count) => (left -= count) <= 0);
  return BOUNDS_MS[index] ?? BOUNDS_MS.at(-1) ?? 0;
}
