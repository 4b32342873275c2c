import { createReadStream } from 'node:fs';
import { chmod, chown, lstat, mkdir, open, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Account } from '../embedded/run-command.ts';

/** An entry of a tar archive as PostgreSQL writes them (ustar: files, directories, symbolic links; base-256 sizes beyond 8 GB). */
export type TarHeader = {
  readonly name: string;
  readonly kind: 'file' | 'directory' | 'link';
  readonly mode: number;
  readonly size: number;
  readonly link: string;
};

const BLOCK = 512;

/** Reads one header; undefined for the block of zeros that ends an archive. Throws for what is damaged or of another kind. */
export function readTarHeader(block: Buffer): TarHeader | undefined {
  if (block.every((byte) => byte === 0)) return undefined;
  const text = (from: number, length: number): string => {
    const field = block.subarray(from, from + length);
    const end = field.indexOf(0);
    return field.toString('utf8', 0, end === -1 ? length : end);
  };
  let sum = 0;
  for (const [index, byte] of block.entries()) sum += index >= 148 && index < 156 ? 32 : byte;
  if (sum !== Number.parseInt(text(148, 8).trim(), 8)) throw new Error('The archive is damaged: a header does not match its checksum');
  const prefix = text(345, 155);
  const name = (prefix === '' ? '' : `${prefix}/`) + text(0, 100);
  if (name.startsWith('/') || name.split('/').includes('..')) throw new Error(`The archive names a file outside of itself: ${name}`);
  const kinds = { '0': 'file', '\0': 'file', '2': 'link', '5': 'directory' } as const;
  const flag = block.toString('latin1', 156, 157);
  const kind = flag in kinds ? kinds[flag as keyof typeof kinds] : undefined;
  if (kind === undefined) throw new Error(`The archive holds something of the kind ${flag}, which a base backup has not: ${name}`);
  return {
    name: name.replace(/\/$/, ''),
    kind,
    mode: Number.parseInt(text(100, 8), 8) & 0o777,
    size: toSize(block.subarray(124, 136)),
    link: text(157, 100),
  };
}

/** Unpacks an archive into a directory that is there and empty. Everything belongs to `account` afterwards, if one is given. */
export async function unpackTar(path: string, into: string, account: Account | undefined): Promise<void> {
  const blocks = new Blocks(createReadStream(path, { highWaterMark: 1024 * 1024 }));
  for (;;) {
    const block = await blocks.take(BLOCK);
    const header = block.length === 0 ? undefined : readTarHeader(block);
    if (header === undefined) return;
    const target = join(into, header.name);
    if (header.kind === 'directory') await mkdir(target, { recursive: true, mode: 0o700 });
    else if (header.kind === 'link') await symlink(header.link, target);
    else await unpackFile(blocks, target, header);
    if (account !== undefined && (await lstat(target)).uid !== account.uid && header.kind !== 'link')
      await chown(target, account.uid, account.gid);
    if (header.kind !== 'link') await chmod(target, header.mode);
  }
}

async function unpackFile(blocks: Blocks, target: string, { name, size }: TarHeader): Promise<void> {
  const file = await open(target, 'wx', 0o600);
  try {
    for (let left = size; left > 0;) {
      const piece = await blocks.take(Math.min(left, 1024 * 1024));
      if (piece.length === 0) throw new Error(`The archive ends in the middle of ${name}`);
      await file.appendFile(piece);
      left -= piece.length;
    }
    await file.sync();
  } finally {
    await file.close();
  }
  const beyond = size % BLOCK;
  if (beyond > 0) await blocks.take(BLOCK - beyond);
}

/** Octal digits, or where the first bit is set the number itself. */
function toSize(field: Buffer): number {
  if (((field[0] ?? 0) & 0x80) === 0) return Number.parseInt(field.toString('latin1').replaceAll('\0', '').trim() || '0', 8);
  return Number(field.readBigUInt64BE(4));
}

/** A stream, taken in pieces of the wanted length; shorter only at its end. */
class Blocks {
  readonly #source: AsyncIterator<Buffer>;
  #rest: Buffer = Buffer.alloc(0);

  constructor(source: AsyncIterable<Buffer>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  async take(length: number): Promise<Buffer> {
    const parts: Buffer[] = [];
    let have = 0;
    while (have < length) {
      if (this.#rest.length === 0) {
        const { value, done } = await this.#source.next();
        if (done === true) break;
        this.#rest = value;
      }
      const part = this.#rest.subarray(0, length - have);
      this.#rest = this.#rest.subarray(part.length);
      parts.push(part);
      have += part.length;
    }
    return parts.length === 1 ? (parts[0] ?? Buffer.alloc(0)) : Buffer.concat(parts);
  }
}
