import sax from 'sax';
import { fromBufferPromise } from 'yauzl';
import type { Entry, ZipFile } from 'yauzl';
import { Fault } from '../../machines/fault.ts';
import type { RawRow } from './csv-rows.ts';

/** What is unpacked is bounded before it is: a part says how large it is, and is cut off where it lied. */
const MOST_PARTS = 2_000;
const MOST_SHEET = 512 * 1024 * 1024;
const MOST_KEPT = 64 * 1024 * 1024;
const MOST_RATIO = 150;
const SMALL = 1024 * 1024;
/** Days from the beginning of Excel's calendar to that of the epoch; it takes 1900 for a leap year. */
const EPOCH_1900 = 25_569;
const EPOCH_1904 = 24_107;

type Book = { readonly zip: ZipFile; readonly parts: ReadonlyMap<string, Entry> };
type Tag = { readonly name: string; readonly attributes: Readonly<Record<string, string>> };
/** What is heard of an XML document, in its order. */
type Listener = { readonly open?: (tag: Tag) => void; readonly text?: (text: string) => void; readonly close?: (name: string) => void };

/** The rows of the first sheet of an XLSX (ISO/IEC 29500), as they are read. Throws the fault `bad_file`. */
export async function* xlsxRows(bytes: Buffer): AsyncGenerator<RawRow> {
  const book = await openBook(bytes);
  try {
    const { path, is1904 } = await firstSheet(book);
    const shared = await readShared(book);
    const dates = await readDateStyles(book);
    yield* sheetRows(book, path, { shared, dates, epoch: is1904 ? EPOCH_1904 : EPOCH_1900 });
  } catch (error) {
    throw error instanceof Fault ? error : toBad(error);
  } finally {
    book.zip.close();
  }
}

function toBad(error: unknown): Fault {
  return new Fault('bad_file', `This is no XLSX that can be read: ${String(error instanceof Error ? error.message : error).slice(0, 200)}`);
}

async function openBook(bytes: Buffer): Promise<Book> {
  try {
    const zip = await fromBufferPromise(bytes, { lazyEntries: true, validateEntrySizes: true, autoClose: false });
    if (zip.entryCount > MOST_PARTS) throw new Error(`it has ${zip.entryCount} parts`);
    const parts = new Map<string, Entry>();
    for await (const entry of zip.eachEntry()) parts.set(entry.fileName.toLowerCase(), entry);
    return { zip, parts };
  } catch (error) {
    throw toBad(error);
  }
}

/** Reads a part through, a piece at a time; yields after each. What is packed too well to be true is refused before it is unpacked. */
async function* hear({ zip, parts }: Book, path: string, most: number, { open, text, close }: Listener): AsyncGenerator<void> {
  const entry = parts.get(path.toLowerCase());
  if (entry === undefined) throw new Fault('bad_file', `The workbook has no part ${path.slice(0, 100)}.`);
  const { uncompressedSize: size, compressedSize: packed } = entry;
  if (size > most || (size > SMALL && size > packed * MOST_RATIO))
    throw new Fault('bad_file', `${path.slice(0, 100)} is ${size} bytes when unpacked, which is more than a workbook of this size holds.`);
  const parser = sax.parser(true, { xmlns: false });
  parser.onerror = (error) => {
    throw error;
  };
  parser.onopentag = ({ name, attributes }) => open?.({ name: local(name), attributes: attributes as Record<string, string> });
  parser.onclosetag = (name) => close?.(local(name));
  parser.ontext = (piece) => text?.(piece);
  parser.oncdata = (piece) => text?.(piece);
  const decoder = new TextDecoder('utf-8', { fatal: true });
  for await (const piece of (await zip.openReadStreamPromise(entry)) as AsyncIterable<Buffer>) {
    parser.write(decoder.decode(piece, { stream: true }));
    yield;
  }
  parser.write(decoder.decode()).close();
  yield;
}

async function hearAll(book: Book, path: string, listener: Listener): Promise<void> {
  for await (const _ of hear(book, path, MOST_KEPT, listener));
}

function local(name: string): string {
  return name.slice(name.indexOf(':') + 1);
}

async function firstSheet(book: Book): Promise<{ path: string; is1904: boolean }> {
  const relations: string[] = [];
  const targets: string[] = [];
  let is1904 = false;
  await hearAll(book, 'xl/workbook.xml', {
    open: ({ name, attributes }) => {
      const relation = Object.entries(attributes).find(([key]) => key.includes(':') && local(key) === 'id')?.[1];
      if (name === 'sheet' && relation !== undefined) relations.push(relation);
      if (name === 'workbookPr') is1904 = ['1', 'true'].includes(attributes['date1904'] ?? '');
    },
  });
  await hearAll(book, 'xl/_rels/workbook.xml.rels', {
    open: ({ name, attributes }) => {
      if (name === 'Relationship' && attributes['Id'] === relations[0]) targets.push(attributes['Target'] ?? '');
    },
  });
  const [target] = targets;
  if (target === undefined) throw new Fault('bad_file', 'The workbook has no sheet.');
  return { path: target.startsWith('/') ? target.slice(1) : `xl/${target}`, is1904 };
}

/** Texts that many cells share. How they are pronounced (`rPh`) is no part of them. */
async function readShared(book: Book): Promise<readonly string[]> {
  const shared: string[] = [];
  if (!book.parts.has('xl/sharedstrings.xml')) return shared;
  let [text, takes, aside] = ['', false, false];
  await hearAll(book, 'xl/sharedStrings.xml', {
    open: ({ name }) => {
      if (name === 'si') text = '';
      if (name === 'rPh') aside = true;
      takes = name === 't' && !aside;
    },
    text: (piece) => {
      if (takes) text += piece;
    },
    close: (name) => {
      takes = false;
      if (name === 'rPh') aside = false;
      if (name === 'si') shared.push(text);
    },
  });
  return shared;
}

/** Which styles of cells show a number as a day. */
async function readDateStyles(book: Book): Promise<readonly boolean[]> {
  const styles: boolean[] = [];
  if (!book.parts.has('xl/styles.xml')) return styles;
  const formats = new Map<number, string>();
  let within = false;
  await hearAll(book, 'xl/styles.xml', {
    open: ({ name, attributes }) => {
      if (name === 'numFmt') formats.set(Number(attributes['numFmtId']), attributes['formatCode'] ?? '');
      if (name === 'cellXfs') within = true;
      if (name === 'xf' && within) styles.push(isDay(Number(attributes['numFmtId'] ?? 0), formats));
    },
    close: (name) => {
      if (name === 'cellXfs') within = false;
    },
  });
  return styles;
}

function isDay(format: number, formats: ReadonlyMap<number, string>): boolean {
  if (format >= 14 && format <= 22) return true;
  return /[dy]/i.test((formats.get(format) ?? '').replaceAll(/"[^"]*"|\[[^\]]*\]|\\./g, ''));
}

type Reading = { readonly shared: readonly string[]; readonly dates: readonly boolean[]; readonly epoch: number };
type Cell = { column: number; type: string; style: number; text: string };

async function* sheetRows(book: Book, path: string, reading: Reading): AsyncGenerator<RawRow> {
  let ready: RawRow[] = [];
  let row = 0;
  let values: string[] = [];
  let cell: Cell | undefined;
  let takes = false;
  const pieces = hear(book, path, MOST_SHEET, {
    open: ({ name, attributes }) => {
      if (name === 'row') {
        const next = Number(attributes['r'] ?? row + 1);
        mustFollow(next, row);
        [row, values] = [next, []];
      }
      if (name === 'c')
        cell = {
          column: columnOf(attributes['r'], values.length),
          type: attributes['t'] ?? 'n',
          style: Number(attributes['s'] ?? -1),
          text: '',
        };
      takes = name === 'v' || name === 't';
    },
    text: (piece) => {
      if (takes && cell !== undefined) cell.text += piece;
    },
    close: (name) => {
      takes = false;
      if (name === 'c' && cell !== undefined) {
        put(values, cell.column, toText(cell, reading), row);
        cell = undefined;
      }
      if (name === 'row') ready.push({ row, values });
    },
  });
  for await (const _ of pieces) {
    const rows = ready;
    ready = [];
    yield* rows;
  }
}

/** The last row of a sheet, by the program that most are made with. */
const LAST_ROW = 1_048_576;

function mustFollow(row: number, before: number): void {
  if (!Number.isInteger(row) || row <= before || row > LAST_ROW) throw new Fault('bad_file', `Behind row ${before} comes row ${row}.`);
}

/** A cell says where it stands; one far to the right must not make a row of a million. */
const FARTHEST = 1_000;

function put(values: string[], column: number, text: string, row: number): void {
  if (column >= FARTHEST) throw new Fault('bad_file', `Row ${row} has a cell in column ${column + 1}.`);
  while (values.length < column) values.push('');
  values[column] = text;
}

/** `AB7` is column 27, counted from 0. */
function columnOf(place: string | undefined, next: number): number {
  const letters = /^[A-Z]{1,3}/.exec(place ?? '')?.[0];
  return letters === undefined ? next : letters.split('').reduce((sum, letter) => sum * 26 + letter.charCodeAt(0) - 64, 0) - 1;
}

function toText({ type, style, text }: Cell, { shared, dates, epoch }: Reading): string {
  if (type === 's') return shared[Number(text)] ?? '';
  if (type === 'b') return text === '1' ? 'true' : 'false';
  if (type !== 'n' || text === '' || dates[style] !== true) return type === 'n' ? plain(text) : text;
  const at = (Math.floor(Number(text)) - epoch) * 86_400_000;
  const day = new Date(at);
  return Number.isNaN(day.getTime()) ? text : day.toISOString().slice(0, 10);
}

/** Spreadsheets write 0.1 as 0.10000000000000001 and large numbers with an exponent; this is what they show. */
function plain(text: string): string {
  const number = Number(text);
  return text !== '' && /[eE]|\.\d{12}/.test(text) && Number.isFinite(number) ? String(number) : text;
}
