import { DELIMITERS } from '../../machines/import-words.ts';
import type { FileFound } from '../../machines/import-terms.ts';

export type Encoding = NonNullable<FileFound['encoding']>;
export type Delimiter = NonNullable<FileFound['delimiter']>;

const PIECE = 64 * 1024;
const LOOK = 64 * 1024;

/** What a text is written in: by its mark, by the zeros of UTF-16, by being UTF-8; what is none of these is what Windows writes in the west. */
export function findEncoding(bytes: Uint8Array): Encoding {
  const [a, b, c] = bytes;
  if (a === 0xef && b === 0xbb && c === 0xbf) return 'utf-8';
  if (a === 0xff && b === 0xfe) return 'utf-16le';
  if (a === 0xfe && b === 0xff) return 'utf-16be';
  const start = bytes.subarray(0, LOOK);
  const zeros = (odd: number): number => start.filter((byte, index) => byte === 0 && index % 2 === odd).length;
  if (zeros(1) > start.length / 4) return 'utf-16le';
  if (zeros(0) > start.length / 4) return 'utf-16be';
  return isUtf8(bytes) ? 'utf-8' : 'windows-1252';
}

function isUtf8(bytes: Uint8Array): boolean {
  try {
    const decoder = new TextDecoder('utf-8', { fatal: true });
    for (let at = 0; at < bytes.length; at += PIECE) decoder.decode(bytes.subarray(at, at + PIECE), { stream: true });
    decoder.decode();
    return true;
  } catch {
    return false;
  }
}

/** The text a piece at a time, without its mark. Throws a TypeError for what is not written in it. */
export function* decode(bytes: Uint8Array, encoding: Encoding): Generator<string> {
  const decoder = new TextDecoder(encoding, { fatal: true });
  for (let at = 0; at < bytes.length; at += PIECE) yield decoder.decode(bytes.subarray(at, at + PIECE), { stream: true });
  yield decoder.decode();
}

/** Whatever stands between the headings most often, outside of quotes. */
export function findDelimiter(bytes: Uint8Array, encoding: Encoding): Delimiter {
  const [start = ''] = decode(bytes, encoding);
  const first = start.split(/\r\n|\n|\r/).find((line) => line.trim() !== '') ?? '';
  const bare = first.replaceAll(/"[^"]*"/g, '');
  const counts = DELIMITERS.map((delimiter) => ({ delimiter, count: bare.split(delimiter).length }));
  return counts.reduce((most, one) => (one.count > most.count ? one : most)).delimiter;
}
