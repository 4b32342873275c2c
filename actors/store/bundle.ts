import { promisify } from 'node:util';
import { brotliCompress, brotliDecompressSync, constants } from 'node:zlib';
import { z } from 'zod';
import { bytesHash } from '../chain.ts';

/** What retention takes out of a row: texts exactly as they were hashed; `asked` is empty where nothing was asked. */
export type Contents = { readonly event: string; readonly envelope: string; readonly asked: string };

export type Packed = { readonly contents: Buffer; readonly contents_hash: string };

const schema = z.array(z.tuple([z.string(), z.string(), z.string()]));

/** A window that sees many envelopes of one actor at once: they differ by a few fields, so a row takes tens of bytes. */
const OPTIONS = { params: { [constants.BROTLI_PARAM_QUALITY]: 6, [constants.BROTLI_PARAM_LGWIN]: 22 } };

const compress = promisify(brotliCompress);

/** Packs the contents of versions that follow each other (JSON, then Brotli, RFC 7932), beside what a hub does meanwhile. */
export async function pack(rows: readonly Contents[]): Promise<Packed> {
  const text = JSON.stringify(rows.map(({ event, envelope, asked }) => [event, envelope, asked]));
  const contents = await compress(text, OPTIONS);
  return { contents, contents_hash: bytesHash(contents) };
}

/** Throws for bytes that are not what was packed. */
export function unpack({ contents, contents_hash }: Packed): Contents[] {
  if (bytesHash(contents) !== contents_hash) throw new Error('A bundle of the archive does not fit its hash');
  const rows = schema.parse(JSON.parse(brotliDecompressSync(contents).toString()));
  return rows.map(([event, envelope, asked]) => ({ event, envelope, asked }));
}
