import { Readable } from 'node:stream';
import { CsvError, parse } from 'csv-parse';
import { Fault } from '../../machines/fault.ts';
import type { Delimiter, Encoding } from './encoding.ts';
import { decode } from './encoding.ts';

/** No line of a table of so many cells is longer. */
const LONGEST_RECORD = 256 * 1024;

export type RawRow = { readonly row: number; readonly values: readonly string[] };

/** The rows of a CSV (RFC 4180), as they are read. Throws the fault `bad_file`. */
export async function* csvRows(bytes: Uint8Array, encoding: Encoding, delimiter: Delimiter): AsyncGenerator<RawRow> {
  const parser = parse({ delimiter, bom: true, relax_column_count: true, max_record_size: LONGEST_RECORD });
  const source = Readable.from(decode(bytes, encoding));
  source.on('error', (error) => parser.destroy(error));
  source.pipe(parser);
  let row = 0;
  try {
    for await (const values of parser as AsyncIterable<string[]>) {
      row += 1;
      yield { row, values };
    }
  } catch (error) {
    if (error instanceof CsvError) throw new Fault('bad_file', `Row ${row + 1} is no CSV: ${error.message.slice(0, 200)}`);
    if (error instanceof TypeError) throw new Fault('bad_file', `Behind row ${row} the file is not written in ${encoding}.`);
    throw error;
  } finally {
    source.destroy();
    parser.destroy();
  }
}
