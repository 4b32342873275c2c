import type { Bus } from './bus/bus.ts';
import { SUBJECTS } from './bus/subjects.ts';
import type { Cancel, Ports } from './ports/ports.ts';
import type { TypePause } from './store/operations.ts';
import type { Store } from './store/store.ts';

export type PausesOptions = {
  readonly store: Store;
  readonly bus: Bus;
  readonly ports: Ports;
  /** Kinds that go on. */
  readonly onResumed: (types: readonly string[]) => void;
};

/** How long a node that did not hear of a pause may go on. */
const LOOK_MS = 2_000;

/**
 * The kinds of actors that operators have paused, as this node knows them. The database holds them; a message tells the other nodes
 * at once, and each looks for itself every two seconds in case it did not hear.
 */
export class Pauses {
  readonly #options: PausesOptions;
  #paused: ReadonlyMap<string, TypePause> = new Map();
  #looking: Promise<void> | undefined;
  #cancel: Cancel | undefined;

  constructor(options: PausesOptions) {
    this.#options = options;
  }

  /** Before the node owns anything: a pause outlives a restart. */
  async start(): Promise<void> {
    await this.#look();
    const { bus, ports } = this.#options;
    bus.listen(SUBJECTS.pauses, () => this.#wake());
    this.#cancel = ports.timers.every(LOOK_MS, () => this.#wake());
  }

  stop(): void {
    this.#cancel?.();
  }

  has(type: string): boolean {
    return this.#paused.has(type);
  }

  get list(): readonly TypePause[] {
    return [...this.#paused.values()];
  }

  /** False where it is paused already. */
  async pause(pause: TypePause): Promise<boolean> {
    return this.#change(this.#options.store.operations.pause(pause));
  }

  /** False where it is not paused. */
  async resume(type: string): Promise<boolean> {
    return this.#change(this.#options.store.operations.unpause(type));
  }

  async #change(changing: Promise<boolean>): Promise<boolean> {
    const changed = await changing;
    await this.#look();
    this.#options.bus.publish(SUBJECTS.pauses, '');
    return changed;
  }

  #wake(): void {
    if (this.#looking !== undefined) return;
    this.#looking = this.#look()
      .catch((error: unknown) => this.#options.ports.log.warn({ err: error }, 'Paused kinds could not be read; they are read again'))
      .finally(() => {
        this.#looking = undefined;
      });
  }

  async #look(): Promise<void> {
    const before = this.#paused;
    const found = new Map((await this.#options.store.operations.pauses()).map((pause) => [pause.type, pause]));
    this.#paused = found;
    const resumed = [...before.keys()].filter((type) => !found.has(type));
    if (resumed.length > 0) this.#options.onResumed(resumed);
  }
}
