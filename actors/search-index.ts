import { idOf } from '../machines/ids.ts';
import type { Definition } from '../machines/machine.ts';
import type { Live } from './batch.ts';
import type { Committed } from './delivery.ts';
import { whyNotRead } from './migration.ts';
import type { Cancel, Ports } from './ports/ports.ts';
import type { Store } from './store/store.ts';
import { toWords } from './words.ts';

const FLUSH_MS = 250;
const MOST = 2_000;
const AGAIN_MS = 5_000;

/** Writes behind what full-text search finds actors by; only what a step changed is written. */
export class SearchIndex {
  readonly #store: Store;
  readonly #ports: Ports;
  readonly #waiting = new Map<string, { readonly address: string; readonly type: string; readonly text: string }>();
  readonly #read: (address: string) => Promise<Live | undefined>;
  #cancel: Cancel | undefined;
  #writing: Promise<void> | undefined;
  #looking = false;
  #stopped = false;

  constructor(options: { readonly store: Store; readonly ports: Ports; readonly read: (address: string) => Promise<Live | undefined> }) {
    this.#store = options.store;
    this.#ports = options.ports;
    this.#read = options.read;
  }

  start(): void {
    this.lookAround();
    this.#cancel = this.#ports.timers.every(FLUSH_MS, () => void this.#flush());
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancel?.();
    await this.#writing;
    await this.#flush();
  }

  committed(rows: readonly Committed[]): void {
    for (const { newest, definition, before, after } of rows) {
      if (newest === undefined || before?.snapshot.context === after.snapshot.context) continue;
      const { address } = newest;
      const context = after.snapshot.context as Record<string, unknown>;
      const words = wordsOf(address, definition, context);
      const old = before === undefined ? undefined : wordsOf(address, definition, before.snapshot.context as Record<string, unknown>);
      if (old !== undefined && words.length === old.length && words.every((word, index) => word === old[index])) continue;
      this.#add(address, definition, context);
    }
  }

  /** Looks for actors that another node made and did not live to write down. */
  lookAround(): void {
    if (this.#stopped || this.#looking) return;
    this.#looking = true;
    this.#catchUp()
      .catch((error: unknown) => {
        this.#ports.log.warn({ err: error }, 'Actors that search does not know could not be read; they are looked for again');
        this.#ports.timers.after(AGAIN_MS, () => this.lookAround());
      })
      .finally(() => {
        this.#looking = false;
      });
  }

  async #catchUp(): Promise<void> {
    for (let found = MOST; found === MOST && !this.#stopped;) {
      found = 0;
      for (const address of await this.#store.unindexed(MOST)) {
        const live = await this.#read(address).catch((error: unknown) => {
          // A release that can read it finds it later.
          if (whyNotRead(error) === undefined) throw error;
          return undefined;
        });
        if (live === undefined) continue;
        this.#add(address, live.definition, live.envelope.snapshot.context as Record<string, unknown>);
        found++;
      }
      await this.#flush();
    }
  }

  #add(address: string, definition: Definition, context: Record<string, unknown>): void {
    this.#waiting.set(address, { address, type: definition.type, text: toSearchText(definition, idOf(address), context) });
  }

  #flush(): Promise<void> {
    this.#writing ??= this.#write().finally(() => {
      this.#writing = undefined;
    });
    return this.#writing;
  }

  async #write(): Promise<void> {
    if (this.#waiting.size === 0) return;
    const rows = [...this.#waiting.values()].slice(0, MOST);
    for (const { address } of rows) this.#waiting.delete(address);
    await this.#store.indexText(rows).catch((error: unknown) => {
      this.#ports.log.warn({ err: error, rows: rows.length }, 'The search index could not be written; it is written again');
      for (const row of rows) if (!this.#waiting.has(row.address)) this.#waiting.set(row.address, row);
    });
  }
}

/** What full-text search finds an actor by: plain words. */
export function toSearchText(definition: Definition, id: string, context: Record<string, unknown>): string {
  return toWords([id, definition.title(context, id), ...definition.search(context)].join(' ')).join(' ');
}

/** All that it is found by. */
function wordsOf(address: string, definition: Definition, context: Record<string, unknown>): readonly string[] {
  return [definition.title(context, idOf(address)), ...definition.search(context)];
}
