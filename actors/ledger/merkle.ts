import { createHash } from 'node:crypto';

/* Merkle trees as Certificate Transparency has them (RFC 6962 §2.1): a root over a list of entries, and short proofs about it. */

/** The hash of one entry. */
export function leafHash(entry: Uint8Array): Buffer {
  return createHash('sha256').update(LEAF).update(entry).digest();
}

const LEAF = Buffer.of(0);
const NODE = Buffer.of(1);

function nodeHash(left: Uint8Array, right: Uint8Array): Buffer {
  return createHash('sha256').update(NODE).update(left).update(right).digest();
}

/** The root over leaf hashes, in order; of none it is the hash of nothing. */
export function rootOf(leaves: readonly Uint8Array[]): Buffer {
  return leaves.length === 0 ? createHash('sha256').digest() : treeOf(leaves, 0, leaves.length);
}

function treeOf(leaves: readonly Uint8Array[], from: number, to: number): Buffer {
  const [only] = leaves.slice(from, from + 1);
  if (to - from === 1 && only !== undefined) return Buffer.from(only);
  const middle = from + splitOf(to - from);
  return nodeHash(treeOf(leaves, from, middle), treeOf(leaves, middle, to));
}

/** The largest power of two below it. */
function splitOf(size: number): number {
  return 2 ** Math.floor(Math.log2(size - 1));
}

/** What proves that the leaf at `index` is in the tree over `leaves`, lowest sibling first. */
export function inclusionProof(leaves: readonly Uint8Array[], index: number): readonly Buffer[] {
  if (!Number.isInteger(index) || index < 0 || index >= leaves.length) throw new RangeError(`There is no leaf ${index}`);
  const path = (from: number, to: number): Buffer[] => {
    if (to - from === 1) return [];
    const middle = from + splitOf(to - from);
    return index < middle ? [...path(from, middle), treeOf(leaves, middle, to)] : [...path(middle, to), treeOf(leaves, from, middle)];
  };
  return path(0, leaves.length);
}

/** What proves that the tree over the first `size` leaves is the beginning of the tree over all. */
export function consistencyProof(leaves: readonly Uint8Array[], size: number): readonly Buffer[] {
  if (!Number.isInteger(size) || size < 1 || size > leaves.length) throw new RangeError(`There is no tree over ${size} leaves`);
  const prove = (upTo: number, from: number, to: number, whole: boolean): Buffer[] => {
    if (upTo === to) return whole ? [] : [treeOf(leaves, from, to)];
    const middle = from + splitOf(to - from);
    return upTo <= middle
      ? [...prove(upTo, from, middle, whole), treeOf(leaves, middle, to)]
      : [...prove(upTo, middle, to, false), treeOf(leaves, from, middle)];
  };
  return prove(size, 0, leaves.length, true);
}

export type Inclusion = {
  readonly index: bigint;
  readonly size: bigint;
  readonly leaf: Uint8Array;
  readonly root: Uint8Array;
  readonly proof: readonly Uint8Array[];
};

/** Whether the proof shows that the leaf stands at the index of the tree of this size and root (RFC 9162 §2.1.3.2). */
export function includes({ index, size, leaf, root, proof }: Inclusion): boolean {
  if (index < 0n || index >= size || leaf.length !== 32) return false;
  let [place, last] = [index, size - 1n];
  let hash: Uint8Array = leaf;
  for (const sibling of proof) {
    if (last === 0n) return false;
    if ((place & 1n) === 1n || place === last) {
      hash = nodeHash(sibling, hash);
      while ((place & 1n) === 0n && place !== 0n) [place, last] = [place >> 1n, last >> 1n];
    } else {
      hash = nodeHash(hash, sibling);
    }
    [place, last] = [place >> 1n, last >> 1n];
  }
  return last === 0n && Buffer.compare(hash, root) === 0;
}

export type Consistency = {
  readonly sizes: readonly [bigint, bigint];
  readonly roots: readonly [Uint8Array, Uint8Array];
  readonly proof: readonly Uint8Array[];
};

/** Whether the proof shows that the first tree is the beginning of the second (RFC 9162 §2.1.4.2). From nothing nothing can be shown. */
export function isConsistent({ sizes: [first, second], roots, proof }: Consistency): boolean {
  const [older, newer] = roots;
  if (first < 1n || first > second) return false;
  if (first === second) return proof.length === 0 && Buffer.compare(older, newer) === 0;
  // Where the first tree is a whole subtree its root begins the path, and is not sent.
  const path = (first & (first - 1n)) === 0n ? [older, ...proof] : proof;
  const [start, ...rest] = path;
  if (start === undefined) return false;
  let [place, last] = [first - 1n, second - 1n];
  while ((place & 1n) === 1n) [place, last] = [place >> 1n, last >> 1n];
  let [was, is]: [Uint8Array, Uint8Array] = [start, start];
  for (const sibling of rest) {
    if (last === 0n) return false;
    if ((place & 1n) === 1n || place === last) {
      [was, is] = [nodeHash(sibling, was), nodeHash(sibling, is)];
      while ((place & 1n) === 0n && place !== 0n) [place, last] = [place >> 1n, last >> 1n];
    } else {
      is = nodeHash(is, sibling);
    }
    [place, last] = [place >> 1n, last >> 1n];
  }
  return last === 0n && Buffer.compare(was, older) === 0 && Buffer.compare(is, newer) === 0;
}
