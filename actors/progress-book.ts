import type { Head } from './batch.ts';
import type { Bus } from './bus/bus.ts';
import type { Cancel, Ports } from './ports/ports.ts';
import type { Progress, Store } from './store/store.ts';

export type ProgressBookOptions = {
  readonly store: Store;
  readonly bus: Bus;
  readonly ports: Ports;
  readonly partitions: () => readonly number[];
  readonly headOf: (partition: number) => Head | undefined;
  readonly publishedOf: (partition: number) => number;
  readonly cursorOf: (partition: number) => { readonly stream: string; readonly cursor: number };
};

const EVERY_MS = 500;

/** Writes down how far each partition has come, behind: what is lost of it is done again, which ids make harmless. */
export class ProgressBook {
  readonly #options: ProgressBookOptions;
  readonly #saved = new Map<number, string>();
  #cancel: Cancel | undefined;
  #saving: Promise<void> | undefined;

  constructor(options: ProgressBookOptions) {
    this.#options = options;
  }

  start(): void {
    this.#cancel = this.#options.ports.timers.every(EVERY_MS, () => void this.save());
  }

  /** Writes down the last of it. */
  async stop(): Promise<void> {
    this.#cancel?.();
    await this.#saving;
    await this.save();
  }

  of(partition: number): Progress[] {
    const { headOf, publishedOf, cursorOf } = this.#options;
    const head = headOf(partition);
    if (head === undefined) return [];
    return [{ partition, epoch: head.epoch, published: publishedOf(partition), ...cursorOf(partition) }];
  }

  async save(): Promise<void> {
    this.#saving ??= this.#save().finally(() => {
      this.#saving = undefined;
    });
    return this.#saving;
  }

  async #save(): Promise<void> {
    const { store, bus, ports, partitions } = this.#options;
    const rows = partitions().flatMap((partition) => {
      return this.of(partition).filter((row) => {
        const text = JSON.stringify(row);
        if (this.#saved.get(partition) === text) return false;
        this.#saved.set(partition, text);
        return true;
      });
    });
    if (rows.length === 0) return;
    // Receipts are on their way to NATS before a cursor says so.
    await bus.flush().catch(() => undefined);
    await store.saveProgress(rows).catch((error: unknown) => {
      this.#saved.clear();
      ports.log.warn({ err: error }, 'Progress could not be written down; it is written again');
    });
    ports.reach('progress.saved');
  }
}
