import { LRUCache } from 'lru-cache';
import { PARTITIONS, partitionOf, typeOf } from '../machines/ids.ts';
import type { Definition } from '../machines/machine.ts';
import type { Live } from './batch.ts';
import { toLive } from './step.ts';

/** A live actor weighs about this much beside its stored envelope, and each character of that about so many bytes. */
const ACTOR_BYTES = 3000;
const BYTES_PER_CHARACTER = 3;

/** The actors in memory, as the newest commits of this node left them. Those that nobody asked for longest make room. */
export class Residents {
  readonly #actors: LRUCache<string, Live>;
  /** How often what is here of a partition has changed; what was read meanwhile may be old. */
  readonly #changes = new Uint32Array(PARTITIONS);

  constructor(memory_bytes: number) {
    this.#actors = new LRUCache<string, Live>({
      maxSize: memory_bytes,
      sizeCalculation: (live) => ACTOR_BYTES + live.size * BYTES_PER_CHARACTER,
    });
  }

  get figures(): { actors: number; bytes: number } {
    return { actors: this.#actors.size, bytes: this.#actors.calculatedSize };
  }

  get(address: string): Live | undefined {
    return this.#actors.get(address);
  }

  peek(address: string): Live | undefined {
    return this.#actors.peek(address);
  }

  keep(address: string, live: Live): void {
    this.#actors.set(address, live);
  }

  drop(address: string): void {
    this.#actors.delete(address);
  }

  changesOf(partition: number): number {
    return this.#changes[partition] ?? 0;
  }

  changed(partitions: Iterable<number>): void {
    for (const partition of partitions) this.#changes[partition] = this.changesOf(partition) + 1;
  }

  /** Drops everybody of these partitions: somebody else may have written since. */
  forget(partitions: Iterable<number>): void {
    const gone = new Set(partitions);
    this.changed(gone);
    for (const address of [...this.#actors.keys()]) if (gone.has(partitionOf(address))) this.#actors.delete(address);
  }
}

/** An actor from its stored envelope; throws where no machine of this release can read it. */
export function revive(
  definitions: ReadonlyMap<string, Definition>,
  address: string,
  envelope: string,
  refused: boolean,
  created_at: number,
): Live {
  const definition = definitions.get(typeOf(address));
  if (definition === undefined) throw new Error(`No machine is known for ${address}`);
  return { definition, envelope: toLive(definition, envelope), refused, created_at, size: envelope.length };
}
