import { PARTITIONS } from '../machines/ids.ts';
import type { Delivery } from './delivery.ts';

export type MailboxBounds = {
  /** How many outside events may wait for one actor. */
  readonly actor: number;
  /** How many outside events may wait in all. */
  readonly all: number;
  /** How many events of one actor a batch takes, so that a hot actor does not fill it. */
  readonly share: number;
};

export const DEFAULT_BOUNDS: MailboxBounds = { actor: 512, all: 20_000, share: 32 };

/** What waits, by partition and in the order of arrival. Each actor's own order is kept whatever a batch leaves behind. */
export class Mailbox {
  readonly #bounds: MailboxBounds;
  readonly #queues: Delivery[][] = Array.from({ length: PARTITIONS }, () => []);
  readonly #perActor = new Map<string, number>();
  #waiting = 0;
  #outside = 0;
  #turn = 0;

  constructor(bounds: MailboxBounds = DEFAULT_BOUNDS) {
    this.#bounds = bounds;
  }

  get waiting(): number {
    return this.#waiting;
  }

  /** False where it is full for outside events; the runtime's own always find room. */
  offer(delivery: Delivery): boolean {
    if (delivery.outside) {
      const waiting = this.#perActor.get(delivery.address) ?? 0;
      if (waiting >= this.#bounds.actor || this.#outside >= this.#bounds.all) return false;
      this.#perActor.set(delivery.address, waiting + 1);
      this.#outside++;
    }
    this.#queues[delivery.partition]?.push(delivery);
    this.#waiting++;
    return true;
  }

  /** Takes up to `most` events of partitions that `may` be taken from, beginning with another partition each time. */
  take(most: number, may: (partition: number) => boolean): Delivery[] {
    const taken: Delivery[] = [];
    const shares = new Map<string, number>();
    this.#turn = (this.#turn + 1) % PARTITIONS;
    for (let step = 0; step < PARTITIONS && taken.length < most; step++) {
      const partition = (this.#turn + step) % PARTITIONS;
      const queue = this.#queues[partition];
      if (queue === undefined || queue.length === 0 || !may(partition)) continue;
      this.#queues[partition] = this.#takeFrom(queue, most, taken, shares);
    }
    return taken;
  }

  /** Moves what may be taken and returns what stays, in its order. */
  #takeFrom(queue: Delivery[], most: number, taken: Delivery[], shares: Map<string, number>): Delivery[] {
    const left: Delivery[] = [];
    for (const [index, delivery] of queue.entries()) {
      if (taken.length >= most) return left.concat(queue.slice(index));
      const share = shares.get(delivery.address) ?? 0;
      if (share >= this.#bounds.share) {
        left.push(delivery);
        continue;
      }
      shares.set(delivery.address, share + 1);
      taken.push(delivery);
      this.#forget(delivery);
    }
    return left;
  }

  #forget(delivery: Delivery): void {
    this.#waiting--;
    if (!delivery.outside) return;
    this.#outside--;
    const waiting = (this.#perActor.get(delivery.address) ?? 1) - 1;
    if (waiting === 0) this.#perActor.delete(delivery.address);
    else this.#perActor.set(delivery.address, waiting);
  }

  /** Takes everything that waits for these partitions, for example when they were lost. */
  drain(partitions: ReadonlySet<number>): Delivery[] {
    const drained: Delivery[] = [];
    for (const partition of partitions) {
      const queue = this.#queues[partition];
      if (queue === undefined) continue;
      for (const delivery of queue.splice(0)) {
        this.#forget(delivery);
        drained.push(delivery);
      }
    }
    return drained;
  }
}
