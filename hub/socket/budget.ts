export type Limits = {
  /** How much may be used at once. */
  readonly burst: number;
  /** How much comes back in a second. */
  readonly perSecond: number;
  /** How much may be asked for in vain before it counts as abuse; forgotten at the same pace. */
  readonly patience: number;
};

export type Verdict = { readonly kind: 'granted' } | { readonly kind: 'wait'; readonly ms: number } | { readonly kind: 'abuse' };

type Bucket = { level: number; refused: number; at: number };

const GRANTED: Verdict = { kind: 'granted' };

/** What each person may still ask for, whatever number of sockets he has open. A bucket that is full again is forgotten. */
export class Budgets {
  readonly #limits: Limits;
  readonly #buckets = new Map<string, Bucket>();

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  /** `now` in milliseconds that never run backwards. */
  take(who: string, cost: number, now: number): Verdict {
    const { burst, perSecond, patience } = this.#limits;
    const bucket = this.#buckets.get(who) ?? { level: burst, refused: 0, at: now };
    this.#buckets.set(who, bucket);
    const back = ((now - bucket.at) / 1000) * perSecond;
    bucket.at = now;
    bucket.level = Math.min(burst, bucket.level + back);
    bucket.refused = Math.max(0, bucket.refused - back);
    if (bucket.level >= cost) {
      bucket.level -= cost;
      return GRANTED;
    }
    bucket.refused += cost;
    if (bucket.refused > patience) return { kind: 'abuse' };
    return { kind: 'wait', ms: Math.max(50, Math.ceil(((cost - bucket.level) / perSecond) * 1000)) };
  }

  sweep(now: number): void {
    const full_ms = (this.#limits.burst / this.#limits.perSecond) * 1000;
    for (const [who, bucket] of this.#buckets) if (now - bucket.at > full_ms) this.#buckets.delete(who);
  }

  get size(): number {
    return this.#buckets.size;
  }
}
