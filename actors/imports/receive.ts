import { createHash } from 'node:crypto';
import { Fault } from '../../machines/fault.ts';
import { MOST_COLUMNS, MOST_ROWS } from '../../machines/import-terms.ts';
import type { FileFound } from '../../machines/import-terms.ts';
import { hasCardNumber } from '../../machines/text.ts';
import type { FileRow, ImportTable } from '../store/imports.ts';
import { csvRows } from './csv-rows.ts';
import type { RawRow } from './csv-rows.ts';
import { findDelimiter, findEncoding } from './encoding.ts';
import type { Delimiter, Encoding } from './encoding.ts';
import { xlsxRows } from './xlsx-rows.ts';

const LONGEST_CELL = 2_000;
const LONGEST_HEADING = 80;
const PIECE_ROWS = 500;
const PIECE_CHARS = 256 * 1024;

export type Given = {
  readonly id: string;
  readonly person: string;
  readonly bytes: Buffer;
  /** Found out where it is not said. */
  readonly encoding: Encoding | undefined;
  readonly delimiter: Delimiter | undefined;
  readonly at: number;
};

/**
 * Reads a file through and keeps its rows. What looks like a card number is not kept. The same file under the same id is kept once; returned is
 * what stands under the id. Throws the faults `bad_file` and `key_reused`.
 */
export async function receiveFile(table: ImportTable, { id, person, bytes, encoding, delimiter, at }: Given): Promise<FileFound> {
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const stood = await table.file(id);
  if (stood !== undefined) return mustBeSame(stood.found, sha256);
  const isXlsx = bytes.subarray(0, 4).equals(Buffer.from('PK\u0003\u0004'));
  if (bytes.length === 0) throw new Fault('bad_file', 'The file is empty.');
  const text = isXlsx ? undefined : toText(bytes, encoding, delimiter);
  const raw = text === undefined ? xlsxRows(bytes) : csvRows(bytes, text.encoding, text.delimiter);
  const { columns, rows } = await keep(table, id, sha256, raw).catch(async (error: unknown) => {
    await table.dropPieces(id, sha256);
    throw error;
  });
  const read = {
    format: isXlsx ? ('xlsx' as const) : ('csv' as const),
    encoding: text?.encoding ?? null,
    delimiter: text?.delimiter ?? null,
  };
  const found: FileFound = { sha256, bytes: bytes.length, ...read, rows, columns: [...columns] };
  return mustBeSame((await table.putFile(id, person, found, at)).found, sha256);
}

function mustBeSame(found: FileFound, sha256: string): FileFound {
  if (found.sha256 !== sha256) throw new Fault('key_reused');
  return found;
}

function toText(
  bytes: Buffer,
  asked: Encoding | undefined,
  delimiter: Delimiter | undefined,
): { encoding: Encoding; delimiter: Delimiter } {
  const encoding = asked ?? findEncoding(bytes);
  try {
    return { encoding, delimiter: delimiter ?? findDelimiter(bytes, encoding) };
  } catch {
    throw new Fault('bad_file', `The file is not written in ${encoding}.`);
  }
}

async function keep(
  table: ImportTable,
  id: string,
  sha256: string,
  raw: AsyncIterable<RawRow>,
): Promise<{ columns: readonly string[]; rows: number }> {
  let columns: readonly string[] | undefined;
  let [rows, pieces, chars] = [0, 0, 0];
  let piece: FileRow[] = [];
  const flush = async (): Promise<void> => {
    if (piece.length > 0) await table.putPiece(id, sha256, pieces++, piece);
    [piece, chars] = [[], 0];
  };
  for await (const { row, values } of raw) {
    if (values.every((value) => value.trim() === '')) continue;
    if (columns === undefined) {
      columns = toColumns(values);
      continue;
    }
    rows += 1;
    if (rows > MOST_ROWS) throw new Fault('bad_file', `A file has at most ${MOST_ROWS} rows; divide this one.`);
    piece.push({ row, values: toValues(values, columns.length, row) });
    chars += values.reduce((sum, value) => sum + value.length, 0);
    if (piece.length >= PIECE_ROWS || chars > PIECE_CHARS) await flush();
  }
  await flush();
  if (columns === undefined || rows === 0) throw new Fault('bad_file', 'The file has no rows below its headings.');
  return { columns, rows };
}

function toColumns(values: readonly string[]): readonly string[] {
  const last = values.findLastIndex((value) => value.trim() !== '');
  if (last >= MOST_COLUMNS) throw new Fault('bad_file', `A file has at most ${MOST_COLUMNS} columns; this one has ${last + 1}.`);
  return values.slice(0, last + 1).map((value, index) => {
    const name = value.replaceAll(/[\p{Cc}\p{Cs}]+/gu, ' ').trim();
    if (hasCardNumber(name)) throw new Fault('bad_file', 'A heading looks like a card number; the first row has to be the headings.');
    return name === '' ? `Column ${index + 1}` : name.slice(0, LONGEST_HEADING);
  });
}

/** What stands to the right of the last heading belongs to nothing. */
function toValues(values: readonly string[], columns: number, row: number): readonly (string | null)[] {
  if (values.slice(columns).some((value) => value.trim() !== ''))
    throw new Fault('bad_file', `Row ${row} has more cells than there are headings.`);
  const long = values.findIndex((value) => value.length > LONGEST_CELL);
  if (long !== -1) throw new Fault('bad_file', `Row ${row} has more than ${LONGEST_CELL} characters in column ${long + 1}.`);
  return values.slice(0, columns).map((value) => (hasCardNumber(value) ? null : value));
}
