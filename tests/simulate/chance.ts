/** Chance that comes from a seed alone: the same name under the same seed gives the same draws, whatever else was drawn. */

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** FNV-1a over the name, mixed with the seed. */
export function keyOf(seed: number, name: string): number {
  let key = 0x811c9dc5 ^ Math.imul(seed, 0x9e3779b1);
  for (let i = 0; i < name.length; i++) key = Math.imul(key ^ name.charCodeAt(i), 0x01000193);
  return key | 0;
}

/** The n-th draw under a key, 0 <= x < 1; any of them can be made alone. */
export function drawOf(key: number, n: number): number {
  let mixed = (key + Math.imul(n, 0x6d2b79f5)) | 0;
  mixed = Math.imul(mixed ^ (mixed >>> 15), 1 | mixed);
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
}

/** The draws under one name, one after the other. */
export class Chance {
  readonly #key: number;
  #n = 0;

  constructor(seed: number, name: string) {
    this.#key = keyOf(seed, name);
  }

  /** 0 <= x < 1 */
  next(): number {
    return drawOf(this.#key, this.#n++);
  }

  is(probability: number): boolean {
    return this.next() < probability;
  }

  /** 0 <= n < below */
  below(below: number): number {
    return Math.floor(this.next() * below);
  }

  between(low: number, high: number): number {
    return low + this.next() * (high - low);
  }

  pick<Item>(from: readonly Item[]): Item {
    const item = from[this.below(from.length)];
    if (item === undefined) throw new Error('There is nothing to pick from');
    return item;
  }

  /** 22 characters of the id alphabet. */
  id(): string {
    let id = '';
    for (let i = 0; i < 22; i++) id += ALPHABET[this.below(64)];
    return id;
  }
}
