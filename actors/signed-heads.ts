import { createPrivateKey, createPublicKey, hash, hkdfSync, sign, verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { z } from 'zod';

/*
 * Where each partition's journal ended, signed and kept outside the database. The chain inside it proves that no row between
 * two others was touched; only a head that lies elsewhere proves that its end was not cut off, or the whole put back to
 * yesterday. Everything here is pure; hub/signed-heads.ts keeps the file.
 */

export type SignedHead = { readonly partition: number; readonly seq: number; readonly hash: string };

/**
 * Why a record was written. `restored` and `lost` begin anew: what was signed before them beyond their own heads belongs to a
 * future that did not happen, because somebody restored the database (`restored`) or because the journal was found without it (`lost`).
 */
export type HeadsReason = 'start' | 'running' | 'stop' | 'restored' | 'lost';

export type HeadsRecord = {
  readonly hub_id: string;
  readonly node: string;
  readonly history: string;
  /** Epoch milliseconds. */
  readonly at: number;
  readonly reason: HeadsReason;
  readonly heads: readonly SignedHead[];
};

const entry = z.tuple([z.int().min(0), z.int().min(0), z.string()]);
const body = z.strictObject({
  format: z.literal(1),
  hub_id: z.string(),
  node: z.string(),
  history: z.string(),
  at: z.number(),
  reason: z.enum(['start', 'running', 'stop', 'restored', 'lost']),
  heads: z.array(entry),
  /** SHA-256 of the line before it, hex; empty in the first one. So that none can be taken out of the middle. */
  previous: z.string(),
  /** The signer's public key (Ed25519, 32 bytes, base64url). */
  key: z.string(),
});
const line = z.strictObject({ signed: body, signature: z.string() });

/** Signs with the key that all nodes with the same secret have; others check with the public half alone. */
export class HeadsKey {
  readonly publicKey: string;
  readonly #private: KeyObject;

  constructor(secret: string) {
    const seed = Buffer.from(hkdfSync('sha256', secret, 'green-lines-hub', 'signed heads', 32));
    this.#private = createPrivateKey({ key: Buffer.concat([PKCS8_ED25519, seed]), format: 'der', type: 'pkcs8' });
    const { x } = createPublicKey(this.#private).export({ format: 'jwk' });
    this.publicKey = String(x);
  }

  sign(text: string): string {
    return sign(null, Buffer.from(text), this.#private).toString('base64url');
  }
}

/** RFC 8410: what stands before the 32 bytes of an Ed25519 seed in PKCS #8. */
const PKCS8_ED25519 = Buffer.from('302e020100300506032b657004220420', 'hex');

/** One line of the file, without its end of line. `before` is the line before it. */
export function toHeadsLine(key: HeadsKey, before: string, record: HeadsRecord): string {
  const { hub_id, node, history, at, reason } = record;
  const heads = record.heads.map(({ partition, seq, hash }) => [partition, seq, hash] as const);
  const previous = before === '' ? '' : hash('sha256', before);
  const signed = { format: 1, hub_id, node, history, at, reason, heads, previous, key: key.publicKey };
  return JSON.stringify({ signed, signature: key.sign(JSON.stringify(signed)) });
}

/** What is wrong with a line: it was changed, its neighbour is missing, or somebody else signed it. */
export type HeadsTrouble = { readonly line: number; readonly why: 'unreadable' | 'forged' | 'other_key' | 'gap' };

export type ReadHeads = {
  readonly records: readonly HeadsRecord[];
  /**
   * Heads that the journal must contain, row by row, the oldest first. Those that a `restored` or `lost` record took back are
   * not among them.
   */
  readonly expected: ReadonlyMap<number, readonly SignedHead[]>;
  /** The records by which history began anew. */
  readonly resets: readonly HeadsRecord[];
  readonly troubles: readonly HeadsTrouble[];
  /** The last whole line, empty if there is none; the next one is chained to it. */
  readonly lastLine: string;
};

/**
 * Reads a file of signed heads. A last line without its end was being written when the power went; it is left out and is no
 * trouble. `publicKey` is the one to trust. The first line may point to one of an older file, which is no trouble either.
 */
export function readHeads(text: string, publicKey: string): ReadHeads {
  const lines = text.split('\n').slice(0, -1);
  const records: HeadsRecord[] = [];
  const troubles: HeadsTrouble[] = [];
  let before: string | undefined;
  for (const [index, each] of lines.entries()) {
    const parsed = line.safeParse(toJson(each));
    const trouble = parsed.success ? judge(parsed.data, publicKey, before) : 'unreadable';
    if (trouble !== undefined) troubles.push({ line: index + 1, why: trouble });
    if (parsed.success && (trouble === undefined || trouble === 'gap')) records.push(toRecord(parsed.data.signed));
    before = each;
  }
  return { records, ...heedResets(records), troubles, lastLine: before ?? '' };
}

/** How a signed head stands to the journal's row at its place; `hash` is undefined where there is no such row. */
export function compareHead(head: SignedHead, found: string | undefined): 'there' | 'missing' | 'changed' {
  if (found === undefined) return head.seq === 0 ? 'there' : 'missing';
  return found === head.hash ? 'there' : 'changed';
}

function judge(read: z.infer<typeof line>, publicKey: string, before: string | undefined): HeadsTrouble['why'] | undefined {
  if (read.signed.key !== publicKey) return 'other_key';
  // What was parsed and is written again gives the same text: strings, integers and the order of the members all survive.
  const trusted = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: publicKey }, format: 'jwk' });
  const isSigned = verify(null, Buffer.from(JSON.stringify(read.signed)), trusted, Buffer.from(read.signature, 'base64url'));
  if (!isSigned) return 'forged';
  return before !== undefined && read.signed.previous !== hash('sha256', before) ? 'gap' : undefined;
}

/** What the journal must contain by these records, which may be of several nodes, in the order of their time. */
export function heedResets(records: readonly HeadsRecord[]): Pick<ReadHeads, 'expected' | 'resets'> {
  const expected = new Map<number, SignedHead[]>();
  const resets: HeadsRecord[] = [];
  for (const record of records) {
    const isReset = record.reason === 'restored' || record.reason === 'lost';
    if (isReset) resets.push(record);
    for (const head of record.heads) {
      const known = expected.get(head.partition) ?? [];
      const kept = isReset ? known.filter(({ seq }) => seq < head.seq) : known;
      expected.set(head.partition, [...kept, head]);
    }
  }
  return { expected, resets };
}

function toRecord(signed: z.infer<typeof body>): HeadsRecord {
  const { hub_id, node, history, at, reason, heads } = signed;
  return { hub_id, node, history, at, reason, heads: heads.map(([partition, seq, hash]) => ({ partition, seq, hash })) };
}

function toJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
