import type { Definition } from '../machines/machine.ts';
import type { Head } from './batch.ts';
import { toParking } from './delivery.ts';
import type { Committed, Delivery } from './delivery.ts';
import type { Mailbox } from './mailbox.ts';
import { readMissed } from './missed.ts';
import type { Ports } from './ports/ports.ts';
import type { Residents } from './residents.ts';
import type { CommitFault, Store } from './store/store.ts';

export type RecoveryOptions = {
  readonly store: Store;
  readonly ports: Ports;
  readonly definitions: ReadonlyMap<string, Definition>;
  readonly heads: Map<number, Head>;
  readonly residents: Residents;
  readonly mailbox: Mailbox;
  readonly reclaim: (partitions: readonly number[]) => Promise<ReadonlyMap<number, Head>>;
  readonly onLost: (partitions: readonly number[]) => void;
  readonly stopped: () => boolean;
  /** Steps and commits these alone, with everything looked up. */
  readonly run: (deliveries: readonly Delivery[], lane: number) => Promise<void>;
  readonly settle: (delivery: Delivery, outcome: Parameters<Delivery['settle']>[0]) => void;
  readonly tell: (rows: readonly Committed[]) => void;
  /** Tells listeners what was committed before: of a partition that is lost they will hear nothing more. */
  readonly tellAll: () => void;
};

/** What becomes of a batch whose commit failed: what was in memory of its actors is thrown away first, whatever it was. */
export class Recovery {
  readonly #options: RecoveryOptions;
  /** Those whose actors have been parked because of them. */
  readonly #isolated = new WeakSet<Delivery>();

  constructor(options: RecoveryOptions) {
    this.#options = options;
  }

  /** Try again with everything looked up, or the batch has been settled otherwise. */
  async recover(fault: CommitFault, deliveries: readonly Delivery[], lane: number, attempt: number): Promise<'again' | 'settled'> {
    const { ports, residents, stopped } = this.#options;
    const { log } = ports;
    const partitions = [...new Set(deliveries.map(({ partition }) => partition))];
    for (const { address } of deliveries) residents.drop(address);
    residents.changed(partitions);
    switch (fault.kind) {
      case 'repeat':
        if (attempt < 3) return 'again';
        if (deliveries.length > 1) return this.oneByOne(deliveries, lane);
        log.error({ err: fault, events: deliveries.length }, 'A batch keeps meeting ids that exist and cannot be found');
        return this.#giveBack(deliveries, 'internal');
      case 'fenced':
        log.warn({ partitions, reason: fault.message }, 'Partitions were lost to another node');
        this.lose(partitions);
        return this.#giveBack(deliveries, 'not_ready');
      case 'unknown':
        log.warn({ partitions, reason: fault.message }, 'The outcome of a commit is unknown; its partitions are claimed again');
        return this.#startOver(partitions, deliveries);
      case 'retry':
        if (stopped() && attempt >= 3) return this.#giveBack(deliveries, 'stopping');
        log.warn({ reason: fault.message, attempt }, 'PostgreSQL did not take a batch; it is tried again');
        await this.#pause(Math.min(2000, 50 * 2 ** attempt));
        // The lease may have run out meanwhile.
        return partitions.every((partition) => this.#options.heads.has(partition)) ? 'again' : this.#giveBack(deliveries, 'not_ready');
      case 'poison':
        return this.#isolate(fault, deliveries, lane);
      default:
        throw fault;
    }
  }

  /** This node does not own them any more: nothing of them may stay in memory, and what waits goes back to its sender. */
  lose(partitions: readonly number[]): void {
    const { heads, residents, mailbox, onLost, tellAll } = this.#options;
    tellAll();
    for (const partition of partitions) heads.delete(partition);
    residents.forget(partitions);
    this.#giveBack(mailbox.drain(new Set(partitions)), 'not_ready');
    onLost(partitions);
  }

  /** One event at a time, so that one which cannot be handled harms nobody else. */
  async oneByOne(deliveries: readonly Delivery[], lane: number): Promise<'settled'> {
    for (const delivery of deliveries) {
      if (this.#options.heads.has(delivery.partition)) await this.#options.run([delivery], lane);
      else this.#giveBack([delivery], 'not_ready');
    }
    return 'settled';
  }

  #giveBack(deliveries: readonly Delivery[], reason: string): 'settled' {
    for (const delivery of deliveries) this.#options.settle(delivery, { outcome: 'retry', after_ms: 500, reason });
    return 'settled';
  }

  /** The new epoch makes sure that the lost statement can no longer commit; what it did is in the journal then. */
  async #startOver(partitions: readonly number[], deliveries: readonly Delivery[]): Promise<'again' | 'settled'> {
    const { heads: mine, residents, reclaim, tell, stopped, ports } = this.#options;
    const epochs = new Map(partitions.map((partition) => [partition, mine.get(partition)?.epoch]));
    residents.forget(partitions);
    for (let attempt = 0; ; attempt++) {
      try {
        ports.reach('recover.before', deliveries);
        const heads = await reclaim(partitions);
        ports.reach('recover.reclaimed', deliveries);
        const owned = partitions.every((partition) => heads.has(partition));
        const missed = owned ? await readMissed(this.#options, mine, heads) : [];
        // One that was lost while this or its commit waited is no partition of the outlet's, the intake's and the effects' any more: only a
        // takeover makes it theirs again. Where there was one meanwhile, what was read here is older than what it has read.
        const held = (partition: number): boolean => mine.has(partition) && mine.get(partition)?.epoch === epochs.get(partition);
        if (!owned || !partitions.every(held)) {
          this.lose(partitions);
          return this.#giveBack(deliveries, 'not_ready');
        }
        // What was read meanwhile may be of before the lost statement, which could commit until it was claimed.
        residents.forget(partitions);
        for (const [partition, head] of heads) mine.set(partition, { ...head });
        if (missed.length > 0) tell(missed);
        ports.reach('recover.missed', deliveries);
        return 'again';
      } catch (error) {
        ports.log.warn({ err: error, attempt }, 'PostgreSQL cannot be reached to claim partitions again');
        if (stopped() && attempt >= 3) {
          this.lose(partitions);
          return this.#giveBack(deliveries, 'stopping');
        }
        await this.#pause(Math.min(2000, 100 * 2 ** attempt));
      }
    }
  }

  /** A value that PostgreSQL refuses harms its own actor alone: the event that fails parks it, and waits like any other for an operator. */
  async #isolate(fault: CommitFault, deliveries: readonly Delivery[], lane: number): Promise<'settled'> {
    const { ports, heads, run, settle } = this.#options;
    const [only] = deliveries;
    if (deliveries.length > 1) return this.oneByOne(deliveries, lane);
    if (only === undefined) return 'settled';
    const { happening, address, event_id, partition } = only;
    ports.log.error({ actor: address, event_id, reason: fault.message }, 'PostgreSQL refuses a value of an event');
    if (happening.kind === 'create') {
      settle(only, { outcome: 'rejected', code: 'invalid', detail: 'The database refuses a value of it.', version: 0 });
      return 'settled';
    }
    if (happening.kind !== 'park' && !this.#isolated.has(only)) {
      this.#isolated.add(only);
      await run([toParking(only, fault.message)], lane);
      if (!heads.has(partition)) return this.#giveBack([only], 'not_ready');
      await run([only], lane);
      return 'settled';
    }
    settle(only, { outcome: 'parked', reason: 'poison' });
    return 'settled';
  }

  #pause(delay_ms: number): Promise<void> {
    return new Promise((resolve) => void this.#options.ports.timers.after(delay_ms, resolve));
  }
}
