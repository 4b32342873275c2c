import { LRUCache } from 'lru-cache';
import { PARTITIONS, partitionOf, typeOf } from '../machines/ids.ts';
import type { Definition } from '../machines/machine.ts';
import type { Live } from './batch.ts';
import { readEnvelope } from './step.ts';

/** A live actor weighs about this much beside its stored envelope, and each character of that about so many bytes. */
const ACTOR_BYTES = 3000;
const BYTES_PER_CHARACTER = 3;

/** Of the budget, the part that actors may have which wait for nothing: most of them have come to rest for good. */
const QUIET_SHARE = 0.25;

/**
 * The actors in memory, as the newest commits of this node left them. Those that nobody asked for longest make room, the quiet
 * ones among themselves, so that a long day's finished payments do not fill the memory and keep the collector busy.
 */
export class Residents {
  readonly #busy: LRUCache<string, Live>;
  readonly #quiet: LRUCache<string, Live>;
  /** How often what is here of a partition has changed; what was read meanwhile may be old. */
  readonly #changes = new Uint32Array(PARTITIONS);

  constructor(memory_bytes: number) {
    const sizeCalculation = (live: Live): number => ACTOR_BYTES + live.size * BYTES_PER_CHARACTER;
    const quiet_bytes = Math.ceil(memory_bytes * QUIET_SHARE);
    this.#quiet = new LRUCache<string, Live>({ maxSize: quiet_bytes, sizeCalculation });
    this.#busy = new LRUCache<string, Live>({ maxSize: memory_bytes - quiet_bytes, sizeCalculation });
  }

  get figures(): { actors: number; bytes: number } {
    return { actors: this.#busy.size + this.#quiet.size, bytes: this.#busy.calculatedSize + this.#quiet.calculatedSize };
  }

  get(address: string): Live | undefined {
    return this.#busy.get(address) ?? this.#quiet.get(address);
  }

  peek(address: string): Live | undefined {
    return this.#busy.peek(address) ?? this.#quiet.peek(address);
  }

  keep(address: string, live: Live): void {
    const [here, there] = isQuiet(live) ? [this.#quiet, this.#busy] : [this.#busy, this.#quiet];
    there.delete(address);
    here.set(address, live);
  }

  drop(address: string): void {
    this.#busy.delete(address);
    this.#quiet.delete(address);
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
    for (const address of [...this.#busy.keys(), ...this.#quiet.keys()]) if (gone.has(partitionOf(address))) this.drop(address);
  }
}

/** It waits for no timer and no effect: only somebody from outside can move it. */
function isQuiet({ envelope }: Live): boolean {
  for (const _ in envelope.effects) return false;
  for (const _ in envelope.timers) return false;
  return true;
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
  return { definition, ...readEnvelope(definition, envelope), refused, created_at, size: envelope.length };
}
