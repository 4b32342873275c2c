import type { FileFound } from '../../machines/import-terms.ts';
import type { Database } from '../integrations/integration.ts';

/** A row as it came: its number in the file, the headings being one too, and its cells. Null is a cell that the hub must not keep. */
export type FileRow = { readonly row: number; readonly values: readonly (string | null)[] };

/** Why a row cannot be taken: in which column, as a code, and what was expected. */
export type RowReason = { readonly column: string | null; readonly code: string; readonly detail: string };
export type BadRow = { readonly row: number; readonly reasons: readonly RowReason[] };

type StoredFile = { readonly person: string; readonly found: FileFound };

/** The files that actors are made from, in PostgreSQL. Nothing of them is ever in memory as a whole. */
export class ImportTable {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async file(id: string): Promise<StoredFile | undefined> {
    const [row] = await this.#database.query('import_file', 'select person, found from import_file where id = $1', [id]);
    return row === undefined ? undefined : { person: String(row['person']), found: JSON.parse(String(row['found'])) as FileFound };
  }

  /** Writing the same piece of the same file again changes nothing. */
  async putPiece(file: string, sha256: string, n: number, rows: readonly FileRow[]): Promise<void> {
    const text = `insert into import_piece (file, sha256, n, last_row, rows) values ($1, $2, $3::int, $4::int, $5) on conflict do nothing`;
    await this.#database.query('import_piece', text, [file, sha256, n, rows.at(-1)?.row ?? 0, JSON.stringify(rows)]);
  }

  /** Of a file that could not be read to its end. */
  async dropPieces(file: string, sha256: string): Promise<void> {
    await this.#database.query('import_drop', 'delete from import_piece where file = $1 and sha256 = $2', [file, sha256]);
  }

  /** The file is complete. Whichever contents came first under this id are the file; returned is what stands. */
  async putFile(id: string, person: string, found: FileFound, at: number): Promise<StoredFile> {
    const text = `insert into import_file (id, person, sha256, bytes, found, at) values ($1, $2, $3, $4::int, $5, $6::bigint)
      on conflict do nothing`;
    await this.#database.query('import_put', text, [id, person, found.sha256, found.bytes, JSON.stringify(found), at]);
    const stands = await this.file(id);
    if (stands === undefined) throw new Error(`The file ${id} was written and is not there`);
    await this.#database.query('import_strays', 'delete from import_piece where file = $1 and sha256 <> $2', [id, stands.found.sha256]);
    return stands;
  }

  /** The rows behind row number `after`, a piece at a time. */
  async *rows(file: string, sha256: string, after: number): AsyncGenerator<FileRow> {
    const text = `select n, rows from import_piece where file = $1 and sha256 = $2 and n > $3::int and last_row > $4::int order by n limit 1`;
    for (let n = -1; ;) {
      const [piece] = await this.#database.query('import_rows', text, [file, sha256, n, after]);
      if (piece === undefined) return;
      n = Number(piece['n']);
      for (const row of JSON.parse(String(piece['rows'])) as FileRow[]) if (row.row > after) yield row;
    }
  }

  /** Forgets what earlier passes found. */
  async beginPass(file: string, pass: number): Promise<void> {
    await this.#database.query('import_forget_bad', 'delete from import_bad where file = $1 and pass < $2::int', [file, pass]);
    await this.#database.query('import_forget_keys', 'delete from import_key where file = $1 and pass < $2::int', [file, pass]);
  }

  /** For each id the row of this file that came with it first. */
  async claimKeys(
    file: string,
    pass: number,
    keys: readonly { readonly key: string; readonly row: number }[],
  ): Promise<ReadonlyMap<string, number>> {
    if (keys.length === 0) return new Map();
    const ids = keys.map(({ key }) => key);
    const put = `insert into import_key (file, pass, key, row) select $1, $2::int, key, min(row) from unnest($3::text[], $4::int[]) as one (key, row)
      group by key on conflict do nothing`;
    await this.#database.query('import_claim', put, [file, pass, ids, keys.map(({ row }) => row)]);
    const text = `select key, row from import_key where file = $1 and pass = $2::int and key = any($3::text[])`;
    const rows = await this.#database.query('import_claimed', text, [file, pass, ids]);
    return new Map(rows.map(({ key, row }) => [String(key), Number(row)]));
  }

  async saveBad(file: string, pass: number, rows: readonly BadRow[]): Promise<void> {
    if (rows.length === 0) return;
    const text = `insert into import_bad (file, pass, row, reasons) select $1, $2::int, row, reasons from unnest($3::int[], $4::text[])
      as one (row, reasons) on conflict (file, pass, row) do update set reasons = excluded.reasons`;
    const reasons = rows.map((one) => JSON.stringify(one.reasons));
    await this.#database.query('import_bad', text, [file, pass, rows.map(({ row }) => row), reasons]);
  }

  async bad(file: string, pass: number, after: number, most: number): Promise<readonly BadRow[]> {
    const text = `select row, reasons from import_bad where file = $1 and pass = $2::int and row > $3::int order by row limit $4::int`;
    const rows = await this.#database.query('import_bad_page', text, [file, pass, after, most]);
    return rows.map(({ row, reasons }) => ({ row: Number(row), reasons: JSON.parse(String(reasons)) as RowReason[] }));
  }

  /** Those of these addresses that there is an actor with. */
  async existing(addresses: readonly string[]): Promise<ReadonlySet<string>> {
    if (addresses.length === 0) return new Set();
    const rows = await this.#database.query('import_existing', 'select address from actor where address = any($1::text[])', [addresses]);
    return new Set(rows.map(({ address }) => String(address)));
  }
}
