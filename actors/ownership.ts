import type { Head } from './batch.ts';
import { place } from './placement.ts';
import type { LiveNode } from './placement.ts';
import type { Cancel, Ports } from './ports/ports.ts';
import type { Cluster, Store } from './store/store.ts';

export type OwnershipOptions = {
  readonly store: Store;
  readonly ports: Ports;
  readonly node: string;
  readonly url: () => string;
  readonly release: string;
  readonly lease_ms: number;
  readonly partitions: readonly number[];
  /** Partitions that were not owned before, with their heads. */
  readonly onOwned: (heads: ReadonlyMap<number, Head>) => void;
  /** Finishes what is under way in them and forgets them; they are released when it has. */
  readonly giveUp: (partitions: readonly number[]) => Promise<void>;
  /** They belong to another node by now, or the lease is over. */
  readonly onLost: (partitions: readonly number[]) => void;
  /** Something changed that the other nodes wait for. */
  readonly nudge: () => void;
};

export type Peer = { readonly id: string; readonly url: string };

/** A clock that is further off than this makes timers and audit wrong: such a node owns nothing. */
const MOST_SKEW_MS = 1_000;
/** How often a node looks that waits for partitions which another one is about to give up. */
const WAITING_MS = 200;
const SOONEST_MS = 50;
const NEVER = Number.NEGATIVE_INFINITY;

/**
 * Which partitions this node owns. It renews one lease on the database's clock, claims its share of what nobody with a live lease
 * owns and gives up what is another node's share. The lease is for liveness alone: the epoch in every commit is what keeps two
 * nodes from writing for one actor.
 */
export class Ownership {
  readonly #options: OwnershipOptions;
  /** The epochs under which this node owns what it owns. */
  readonly #owned = new Map<number, number>();
  #wanted: ReadonlySet<number>;
  #owners: ReadonlyMap<number, Peer> = new Map();
  #peers: readonly Peer[] = [];
  #skew_ms = 0;
  /** Between the clock that never runs backwards and the time of day as the database has it. */
  #offset_ms: number | undefined;
  #renewed_at = NEVER;
  #beaten_at = NEVER;
  #next: Cancel | undefined;
  #running: Promise<void> | undefined;
  #again = false;
  #stopped = false;

  constructor(options: OwnershipOptions) {
    this.#options = options;
    this.#wanted = new Set(options.partitions);
  }

  /** Owns what it can at once, and goes on trying for the rest. */
  async start(): Promise<void> {
    await this.#beat();
    this.#options.nudge();
    this.#schedule();
  }

  /** Why the node is not fully in charge; undefined when it is. */
  trouble(): string | undefined {
    if (this.#stopped) return 'stopping';
    if (Math.abs(this.#skew_ms) > MOST_SKEW_MS) return `the clock is ${Math.round(this.#skew_ms)} ms off the one of PostgreSQL`;
    if (this.#left_ms() <= 0) return 'the lease could not be renewed: PostgreSQL does not answer';
    const missing = [...this.#wanted].filter((partition) => !this.#owned.has(partition)).length;
    return missing === 0 ? undefined : `${missing} of ${this.#wanted.size} partitions still belong to another node`;
  }

  /** Whether nobody else can have written since: what is in memory may be shown and asked. */
  get certain(): boolean {
    return this.#left_ms() > Math.min(1_000, this.#options.lease_ms / 2);
  }

  /** Whether the wall clock goes as it should: it may be moved at any moment, and the lease is looked after only now and then. */
  get punctual(): boolean {
    const { clock } = this.#options.ports;
    return this.#offset_ms === undefined || Math.abs(clock.now() - clock.monotonic() - this.#offset_ms) <= MOST_SKEW_MS;
  }

  /** The node that owned a partition when this one last looked; not this one. */
  ownerOf(partition: number): Peer | undefined {
    const owner = this.#owners.get(partition);
    return owner?.id === this.#options.node ? undefined : owner;
  }

  /** The other nodes with a live lease. */
  get peers(): readonly Peer[] {
    return this.#peers;
  }

  /** Whether it is still this node's under this very claim. */
  holds(partition: number, epoch: number): boolean {
    return this.#owned.get(partition) === epoch;
  }

  lost(partitions: readonly number[]): void {
    for (const partition of partitions) this.#owned.delete(partition);
    if (this.#running === undefined && this.#next !== undefined) this.#schedule();
  }

  /** Raises the epoch of partitions that this node believes to own, so that nothing sent before can still commit. */
  async reclaim(partitions: readonly number[]): Promise<ReadonlyMap<number, Head>> {
    await this.#renew();
    return this.#take(partitions);
  }

  /** Looks at once, because another node has said that something changed. */
  wake(): void {
    if (this.#stopped || this.#next === undefined) return;
    if (this.#running !== undefined) this.#again = true;
    else this.#schedule(this.#soon_ms());
  }

  /** However often it is woken, it asks the database a few times a second at most. */
  #soon_ms(): number {
    return Math.max(0, this.#beaten_at + SOONEST_MS - this.#options.ports.clock.monotonic());
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#next?.();
    await this.#running;
    const { store, node, ports, nudge } = this.#options;
    await store
      .release(node)
      .then(nudge)
      .catch((error: unknown) => {
        ports.log.warn({ err: error }, 'The partitions could not be released; their lease runs out by itself');
      });
  }

  #left_ms(): number {
    return this.#renewed_at + this.#options.lease_ms - this.#options.ports.clock.monotonic();
  }

  #schedule(delay_ms = this.#pause_ms()): void {
    if (this.#stopped) return;
    this.#next?.();
    this.#next = this.#options.ports.timers.after(delay_ms, () => {
      this.#running = this.#beat()
        .catch((error: unknown) => this.#failed(error))
        .finally(() => {
          this.#running = undefined;
          const again = this.#again;
          this.#again = false;
          this.#schedule(again ? this.#soon_ms() : undefined);
        });
    });
  }

  /** A lease of another node that runs out before the next beat would find its partitions unowned for as long. */
  #pause_ms(): number {
    const period_ms = Math.max(100, this.#options.lease_ms * 0.3);
    const waiting = [...this.#wanted].some((partition) => !this.#owned.has(partition));
    return Math.min(period_ms, waiting ? WAITING_MS : period_ms, this.#ends_in_ms + 10);
  }

  #ends_in_ms = Number.POSITIVE_INFINITY;

  #failed(error: unknown): void {
    this.#options.ports.log.warn({ err: error }, 'The lease could not be renewed');
    this.#letGo();
  }

  /** What it owned when its lease ran out another node may own by now: it acts for none of it until it has claimed it again. */
  #letGo(): void {
    if (this.#left_ms() > 0 || this.#owned.size === 0) return;
    const partitions = [...this.#owned.keys()];
    this.#options.ports.log.warn({ partitions: partitions.length }, 'The lease is over; this node owns nothing until it can renew it');
    this.#owned.clear();
    this.#options.onLost(partitions);
  }

  async #renew(): Promise<void> {
    const { store, node, url, lease_ms, ports } = this.#options;
    const asked_at = ports.clock.monotonic();
    await store.renew(node, url(), lease_ms);
    this.#renewed_at = asked_at;
  }

  async #beat(): Promise<void> {
    const { store, node, partitions, ports } = this.#options;
    const asked_at = ports.clock.monotonic();
    this.#beaten_at = asked_at;
    const cluster = await store.look();
    this.#measure(cluster, asked_at);
    if (Math.abs(this.#skew_ms) > MOST_SKEW_MS) {
      ports.log.error({ skew_ms: Math.round(this.#skew_ms) }, 'The clock of this machine is wrong: no lease is renewed until it is right');
      return this.#letGo();
    }
    // One that stood still beyond its lease finds here what it has lost meanwhile.
    this.#letGo();
    await this.#renew();
    this.#see(cluster);
    const nodes = [...cluster.nodes.filter(({ id }) => id !== node), { id: node, release: this.#options.release }];
    const placed = place(partitions, nodes, (partition) => cluster.partitions[partition]?.owner);
    this.#wanted = new Set(partitions.filter((partition) => placed.get(partition) === node));
    await this.#handOver(cluster);
    await this.#claim(cluster, nodes);
  }

  /** By how much this clock is off, allowing for the time that the answer was under way. */
  #measure({ now }: Cluster, asked_at: number): void {
    const { clock } = this.#options.ports;
    const took_ms = clock.monotonic() - asked_at;
    const skew_ms = clock.now() - took_ms / 2 - now;
    this.#skew_ms = Math.sign(skew_ms) * Math.max(0, Math.abs(skew_ms) - took_ms / 2);
    this.#offset_ms = clock.now() - clock.monotonic() - this.#skew_ms;
  }

  #see({ nodes, partitions }: Cluster): void {
    const { node, onLost } = this.#options;
    const urls = new Map(nodes.map(({ id, url }) => [id, url]));
    this.#peers = nodes.filter(({ id }) => id !== node).map(({ id, url }) => ({ id, url }));
    this.#ends_in_ms = Math.min(...nodes.filter(({ id }) => id !== node).map(({ left_ms }) => left_ms));
    const owners = new Map<number, Peer>();
    const lost: number[] = [];
    for (const { id, owner, epoch } of partitions) {
      const url = owner === undefined ? undefined : urls.get(owner);
      if (owner !== undefined && url !== undefined) owners.set(id, { id: owner, url });
      const mine = this.#owned.get(id);
      // What was claimed since this was read is newer than what was read.
      if (mine !== undefined && epoch >= mine && (owner !== node || epoch > mine)) lost.push(id);
    }
    this.#owners = owners;
    if (lost.length === 0) return;
    for (const partition of lost) this.#owned.delete(partition);
    onLost(lost);
  }

  /** Gives up what is another node's share: it finishes its batches first, so that the other one has nothing to wait for or to repeat. */
  async #handOver({ partitions }: Cluster): Promise<void> {
    const { store, node, giveUp, nudge } = this.#options;
    const isLeft = (id: number): boolean => !this.#owned.has(id) && !this.#wanted.has(id);
    const given = [...this.#owned.keys()].filter((partition) => !this.#wanted.has(partition));
    // The process before this one had them under the same name: while that has a lease, nobody else can claim them.
    const left = partitions.flatMap(({ id, owner }) => (owner === node && isLeft(id) ? [id] : []));
    if (given.length + left.length === 0) return;
    if (given.length > 0) await giveUp(given);
    for (const partition of given) this.#owned.delete(partition);
    await store.unclaim(node, [...given, ...left.filter(isLeft)]);
    nudge();
  }

  async #claim(cluster: Cluster, nodes: readonly LiveNode[]): Promise<void> {
    const { node, onOwned, nudge } = this.#options;
    const free = (partition: number): boolean => {
      const owner = cluster.partitions[partition]?.owner;
      return owner === undefined || owner === node || !nodes.some(({ id }) => id === owner);
    };
    const wanted = [...this.#wanted].filter((partition) => !this.#owned.has(partition) && free(partition));
    if (wanted.length === 0) return;
    const heads = await this.#take(wanted);
    if (heads.size === 0) return;
    onOwned(heads);
    // Whoever holds a command for one of them looks again where it belongs.
    nudge();
  }

  async #take(partitions: readonly number[]): Promise<ReadonlyMap<number, Head>> {
    const { store, node, ports } = this.#options;
    ports.reach('claim.before');
    const heads = toHeads(await store.claim(node, partitions));
    ports.reach('claim.after');
    for (const [partition, { epoch }] of heads) this.#owned.set(partition, epoch);
    return heads;
  }
}

function toHeads(heads: readonly { partition: number; epoch: number; seq: number; hash: string }[]): ReadonlyMap<number, Head> {
  return new Map(heads.map(({ partition, epoch, seq, hash }) => [partition, { epoch, seq, hash }]));
}
