import type { Head } from './batch.ts';
import type { Cancel, Ports } from './ports/ports.ts';
import type { Store } from './store/store.ts';

export type OwnershipOptions = {
  readonly store: Store;
  readonly ports: Ports;
  readonly node: string;
  readonly url: () => string;
  readonly lease_ms: number;
  readonly partitions: readonly number[];
  /** Partitions that were not owned before, with their heads. */
  readonly onOwned: (heads: ReadonlyMap<number, Head>) => void;
};

/**
 * Which partitions this node owns. It renews one lease on the database's clock and claims what nobody with a live lease owns.
 * The lease is for liveness alone: the epoch in every commit is what keeps two nodes from writing for one actor.
 */
export class Ownership {
  readonly #options: OwnershipOptions;
  readonly #owned = new Set<number>();
  #cancel: Cancel | undefined;
  #renewed_at = Number.NEGATIVE_INFINITY;
  #running: Promise<void> | undefined;
  #stopped = false;

  constructor(options: OwnershipOptions) {
    this.#options = options;
  }

  /** Owns what it can at once, and goes on trying for the rest. */
  async start(): Promise<void> {
    await this.#beat();
    const { timers } = this.#options.ports;
    this.#cancel = timers.every(Math.max(100, this.#options.lease_ms * 0.3), () => {
      this.#running ??= this.#beat()
        .catch((error: unknown) => this.#options.ports.log.warn({ err: error }, 'The lease could not be renewed'))
        .finally(() => {
          this.#running = undefined;
        });
    });
  }

  /** Why the node is not fully in charge; undefined when it is. */
  trouble(): string | undefined {
    const { ports, lease_ms, partitions } = this.#options;
    if (this.#stopped) return 'stopping';
    if (ports.clock.monotonic() - this.#renewed_at > lease_ms) return 'the lease could not be renewed: PostgreSQL does not answer';
    const missing = partitions.length - this.#owned.size;
    return missing === 0 ? undefined : `${missing} of ${partitions.length} partitions belong to another node`;
  }

  lost(partitions: readonly number[]): void {
    for (const partition of partitions) this.#owned.delete(partition);
  }

  /** Raises the epoch of partitions that this node believes to own, so that nothing sent before can still commit. */
  async reclaim(partitions: readonly number[]): Promise<ReadonlyMap<number, Head>> {
    await this.#renew();
    return this.#claim(partitions);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancel?.();
    await this.#running;
    await this.#options.store.release(this.#options.node).catch((error: unknown) => {
      this.#options.ports.log.warn({ err: error }, 'The partitions could not be released; their lease runs out by itself');
    });
  }

  async #claim(partitions: readonly number[]): Promise<ReadonlyMap<number, Head>> {
    const { store, node, ports } = this.#options;
    ports.reach('claim.before');
    const heads = toHeads(await store.claim(node, partitions));
    ports.reach('claim.after');
    return heads;
  }

  async #renew(): Promise<void> {
    const { store, node, url, lease_ms, ports } = this.#options;
    const asked_at = ports.clock.monotonic();
    await store.renew(node, url(), lease_ms);
    this.#renewed_at = asked_at;
  }

  async #beat(): Promise<void> {
    await this.#renew();
    const missing = this.#options.partitions.filter((partition) => !this.#owned.has(partition));
    if (missing.length === 0) return;
    const heads = await this.#claim(missing);
    for (const partition of heads.keys()) this.#owned.add(partition);
    if (heads.size > 0) this.#options.onOwned(heads);
  }
}

function toHeads(heads: readonly { partition: number; epoch: number; seq: number; hash: string }[]): ReadonlyMap<number, Head> {
  return new Map(heads.map(({ partition, epoch, seq, hash }) => [partition, { epoch, seq, hash }]));
}
