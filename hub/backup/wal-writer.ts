import { createHash } from 'node:crypto';
import type { Hash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { appendFile, open, readFile, rename } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { toLsn } from '../../actors/store/replication.ts';
import type { Lsn } from '../../actors/store/replication.ts';
import { segmentName, segmentStart, segmentsOf, syncDirectory } from './archive.ts';
import type { Archive } from './archive.ts';

type Open = { readonly file: FileHandle; readonly path: string; readonly start: Lsn; readonly hash: Hash; readonly had: Buffer };

/** SHA-256 of each whole segment, one a line as `sha256sum` writes them. */
export const SUMS = 'sums';

/**
 * Writes the log of one timeline into the archive: the segment that is being filled is `<name>.partial`, and gets its name when it
 * is whole and on disk. It begins at the beginning of a segment, also when the archive has a part of it already: what is there
 * is compared, not written again, so that nothing which was confirmed is ever cut off or replaced.
 */
export class WalWriter {
  readonly #archive: Archive;
  readonly #timeline: number;
  #open: Open | undefined;
  #at: Lsn | undefined;
  #flushed: Lsn = 0n;

  constructor(archive: Archive, timeline: number) {
    this.#archive = archive;
    this.#timeline = timeline;
  }

  /** Where to go on: behind the last whole segment of this timeline; undefined when the archive has none of it. */
  static resume(archive: Archive, timeline: number): Lsn | undefined {
    const last = segmentsOf(archive).findLast((segment) => segment.timeline === timeline);
    if (last === undefined) return undefined;
    return last.isPartial ? last.start : last.start + BigInt(archive.segment_bytes);
  }

  /** Everything before it is on disk. */
  get flushed(): Lsn {
    return this.#flushed;
  }

  /** Writes pieces that follow each other, and what was written before. */
  async write(pieces: readonly { readonly at: Lsn; readonly bytes: Buffer }[]): Promise<void> {
    const [first] = pieces;
    if (first === undefined) return;
    let expected = this.#at ?? segmentStart(this.#archive, first.at);
    for (const { at, bytes } of pieces) {
      if (at !== expected) throw new Error(`PostgreSQL sent its log from ${toLsn(at)} on; what comes next is ${toLsn(expected)}`);
      expected += BigInt(bytes.length);
    }
    const bytes = Buffer.concat(pieces.map((piece) => piece.bytes));
    for (let offset = 0; offset < bytes.length;) {
      const place = first.at + BigInt(offset);
      this.#open ??= await this.#begin(place);
      const inside = Number(place - this.#open.start);
      const piece = bytes.subarray(offset, offset + this.#archive.segment_bytes - inside);
      await this.#put(this.#open, inside, piece);
      offset += piece.length;
      this.#at = first.at + BigInt(offset);
      if (inside + piece.length === this.#archive.segment_bytes) await this.#complete(this.#open);
    }
  }

  /** Resolves when everything that was written is on disk. */
  async sync(): Promise<void> {
    const at = this.#at;
    if (this.#open !== undefined) await this.#open.file.datasync();
    if (at !== undefined) this.#flushed = at;
  }

  async close(): Promise<void> {
    await this.#open?.file.close();
    this.#open = undefined;
  }

  async #begin(place: Lsn): Promise<Open> {
    const start = segmentStart(this.#archive, place);
    const name = segmentName(this.#archive, this.#timeline, start);
    const dir = join(this.#archive.dir, 'wal');
    if (existsSync(join(dir, name)))
      throw new Error(`${name} is whole already: another database writes into the archive ${this.#archive.dir}`);
    const path = join(dir, `${name}.partial`);
    const isNew = !existsSync(path);
    const file = await open(path, isNew ? 'wx+' : 'r+', 0o600);
    if (isNew) syncDirectory(dir);
    return { file, path, start, hash: createHash('sha256'), had: isNew ? Buffer.alloc(0) : await readFile(path) };
  }

  async #put(open: Open, inside: number, piece: Buffer): Promise<void> {
    const had = open.had.subarray(inside, inside + piece.length);
    if (!piece.subarray(0, had.length).equals(had))
      throw new Error(`${open.path} holds another log than the database's: another database writes into the archive ${this.#archive.dir}`);
    const fresh = piece.subarray(had.length);
    if (fresh.length > 0) await writeWhole(open.file, fresh, inside + had.length);
    open.hash.update(piece);
  }

  async #complete(open: Open): Promise<void> {
    await this.sync();
    const name = segmentName(this.#archive, this.#timeline, open.start);
    const dir = join(this.#archive.dir, 'wal');
    await appendFile(join(dir, SUMS), `${open.hash.digest('hex')}  ${name}\n`, { mode: 0o600, flush: true });
    await open.file.close();
    this.#open = undefined;
    await rename(open.path, join(dir, name));
    syncDirectory(dir);
  }
}

/** A disk that is nearly full takes a part of what it is given. */
async function writeWhole(file: FileHandle, bytes: Buffer, at: number): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, at + done);
    done += bytesWritten;
  }
}
