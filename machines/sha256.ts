/**
 * SHA-256 (FIPS 180-4) in plain JavaScript. Machines may not import Node, and the browser's own SubtleCrypto only answers
 * later, which a pure step cannot wait for. For short texts; the hub hashes its journal with `node:crypto`.
 */
export function sha256(text: string): string {
  const message = new TextEncoder().encode(text);
  const blocks = toBlocks(message);
  const state = Int32Array.from(INITIAL);
  const schedule = new Int32Array(64);
  for (let block = 0; block < blocks.byteLength; block += 64) compress(state, blocks, block, schedule);
  return Array.from(state, (word) => (word >>> 0).toString(16).padStart(8, '0')).join('');
}

/** The message, a one bit, zeros, and the length in bits as 64 bits, in blocks of 64 bytes (§5.1.1). */
function toBlocks(message: Uint8Array): DataView {
  const padded = new Uint8Array(Math.ceil((message.length + 9) / 64) * 64);
  padded.set(message);
  padded[message.length] = 0x80;
  const view = new DataView(padded.buffer);
  view.setBigUint64(padded.length - 8, BigInt(message.length) * 8n);
  return view;
}

/** One block (§6.2.2). The words are 32-bit integers; `| 0` is addition modulo 2^32. */
function compress(state: Int32Array, blocks: DataView, offset: number, w: Int32Array): void {
  for (let t = 0; t < 16; t++) w[t] = blocks.getInt32(offset + t * 4);
  for (let t = 16; t < 64; t++) {
    const early = at(w, t - 15);
    const late = at(w, t - 2);
    const s0 = rotate(early, 7) ^ rotate(early, 18) ^ (early >>> 3);
    const s1 = rotate(late, 17) ^ rotate(late, 19) ^ (late >>> 10);
    w[t] = (at(w, t - 16) + s0 + at(w, t - 7) + s1) | 0;
  }
  let [a, b, c, d, e, f, g, h] = toWords(state);
  for (let t = 0; t < 64; t++) {
    const s1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25);
    const t1 = (h + s1 + ((e & f) ^ (~e & g)) + at(ROUNDS, t) + at(w, t)) | 0;
    const s0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22);
    const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + t1) | 0;
    d = c;
    c = b;
    b = a;
    a = (t1 + t2) | 0;
  }
  [a, b, c, d, e, f, g, h].forEach((word, i) => (state[i] = (at(state, i) + word) | 0));
}

type Words = [number, number, number, number, number, number, number, number];

function toWords(state: Int32Array): Words {
  return [at(state, 0), at(state, 1), at(state, 2), at(state, 3), at(state, 4), at(state, 5), at(state, 6), at(state, 7)];
}

function rotate(word: number, by: number): number {
  return (word >>> by) | (word << (32 - by));
}

function at(words: Int32Array, index: number): number {
  return words[index] ?? 0;
}

/** The first 32 bits of the fractional part of a root of the n-th prime (§4.2.2, §5.3.3), reckoned exactly. */
function fractionOfRoot(prime: number, root: 2n | 3n): number {
  const target = BigInt(prime) << (32n * root);
  let low = 0n;
  let high = 1n << 40n;
  while (high - low > 1n) {
    const middle = (low + high) / 2n;
    if (middle ** root <= target) low = middle;
    else high = middle;
  }
  return Number(BigInt.asIntN(32, low));
}

const PRIMES = Array.from({ length: 310 }, (_, n) => n + 2).filter((n) => [2, 3, 5, 7, 11, 13, 17].every((p) => n === p || n % p !== 0));
const INITIAL = Int32Array.from(PRIMES.slice(0, 8), (prime) => fractionOfRoot(prime, 2n));
const ROUNDS = Int32Array.from(PRIMES, (prime) => fractionOfRoot(prime, 3n));
