import { z } from 'zod';
import { DELIMITERS, ENCODINGS, READINGS } from './import-words.ts';
import type { Birth, Stamp } from './machine.ts';
import { isCurrency } from './money.ts';
import { idField, line } from './text.ts';

/** What an import is made of: its input, its events, its context, what it asks of the rows of its file, and the facts that it makes known. */

export const MOST_COLUMNS = 100;
const MOST_RULES = 50;
/** A line of a file is at most this, its heading included. */
export const MOST_ROWS = 200_000;

const hash = z.string().regex(/^[0-9a-f]{64}$/, 'A hash is 64 hexadecimal digits');
const column = z
  .int()
  .min(0)
  .max(MOST_COLUMNS - 1);
const count = z.int().min(0);
const target = z.string().regex(/^[a-z][a-z0-9_]{0,31}$/, 'A kind of actor is expected, like client');
const field = z.string().regex(/^[a-z][a-z0-9_]{0,63}$/, 'The name of a field is expected');

/** Where one field of what is made comes from: a column, a value for all rows, or a column and a value where its cell is empty. */
const rule = z
  .strictObject({
    field,
    column: column.nullable(),
    /** Of every row without a column, and of those whose cell is empty. */
    otherwise: line(500).nullable(),
    as: z.enum(READINGS),
    /** What amounts are in: it says how many digits stand behind the point. */
    currency: z.string().refine(isCurrency, 'An active ISO 4217 code is expected, like EUR').nullable(),
  })
  .refine((one) => one.column !== null || one.otherwise !== null, 'A column or a value is needed')
  .refine((one) => !one.as.startsWith('amount') || one.currency !== null, 'An amount needs its currency');
export type Rule = z.infer<typeof rule>;

/** `key`: the column with the id of what is made. Without it each row of each file makes something new. */
const mapping = z.strictObject({ fields: z.array(rule).min(1).max(MOST_RULES), key: column.nullable() });
export type Mapping = z.infer<typeof mapping>;

export const importInput = z.strictObject({
  /** What the file is called. */
  name: line(140),
  /** The kind of actors that its rows make. */
  target,
});

export const importSettings = z.strictObject({
  /** From so many rows on another person has to agree. */
  approve_from_rows: z.int().min(1).default(1_000),
});

export const importEvents = {
  /** Says what each field is made from. */
  MAP: mapping,
  /** Tries every row and makes nothing. */
  PREVIEW: z.strictObject({}),
  START: z.strictObject({ hash }),
  APPROVE: z.strictObject({ hash }),
  /** What is made stays; it goes on from there. */
  STOP: z.strictObject({}),
  RESUME: z.strictObject({}),
  CANCEL: z.strictObject({}),
};

export const fileFound = z.strictObject({
  sha256: hash,
  bytes: count,
  format: z.enum(['csv', 'xlsx']),
  /** How the text was read; null where the format leaves no choice. */
  encoding: z.enum(ENCODINGS).nullable(),
  delimiter: z.enum(DELIMITERS).nullable(),
  rows: count,
  /** The headings, in order. */
  columns: z.array(z.string().max(80)).max(MOST_COLUMNS),
});
export type FileFound = z.infer<typeof fileFound>;

const targetField = z.strictObject({ field, required: z.boolean(), as: z.enum(READINGS), names: z.array(z.string()).max(20) });
export type TargetField = z.infer<typeof targetField>;

/** What is asked first: what is in the file, and what may be made of it. */
export const readFile = z.strictObject({ integration: idField, file: idField, target });
export const fileRead = z.strictObject({ file: fileFound, fields: z.array(targetField).max(MOST_RULES) });
export type ReadFile = z.infer<typeof readFile>;
export type FileRead = z.infer<typeof fileRead>;

/** What is asked of some rows: those behind row number `after`. */
export const takeRows = z.strictObject({
  integration: idField,
  file: idField,
  target,
  mapping,
  /** Whose rights count. */
  by: z.string(),
  /** Each preview and the run have a number, which their bad rows are kept by. */
  pass: z.int().min(1),
  after: count,
  most: z.int().min(1).max(5_000),
});
export type TakeRows = z.infer<typeof takeRows>;

const counts = z.strictObject({ good: count, bad: count, already: count });
export type Counts = z.infer<typeof counts>;

/** What they came to. `already`: there is an actor with that id. */
export const rowsTaken = z.strictObject({ ...counts.shape, after: count, ended: z.boolean() });
export type RowsTaken = z.infer<typeof rowsTaken>;

const about = z.strictObject({ name: z.string(), target: z.string(), rows: count, hash, by: z.string() });
const done = z.strictObject({ ...about.shape, ...counts.shape });

export const importFacts = { 'import.started': about, 'import.done': done, 'import.canceled': done };
export type ImportFact =
  | ({ type: 'import.started' } & z.infer<typeof about>)
  | ({ type: 'import.done' | 'import.canceled' } & z.infer<typeof done>);

export type MapColumns = Stamp & { type: 'MAP' } & Mapping;
export type Start = Stamp & { type: 'START'; hash: string };
export type Approve = Stamp & { type: 'APPROVE'; hash: string };
export type ImportEvent = MapColumns | Start | Approve | (Stamp & { type: 'PREVIEW' | 'STOP' | 'RESUME' | 'CANCEL' });

export type ImportBirth = z.infer<typeof importInput> & Birth<z.infer<typeof importSettings>>;

type Hand = { readonly by: string; readonly at: number };

export type ImportContext = {
  id: string;
  name: string;
  target: string;
  maker: string;
  approve_from_rows: number;
  file: FileFound | null;
  /** What the target takes. */
  fields: readonly TargetField[];
  mapping: Mapping | null;
  mapped: Hand | null;
  /** Whose rights the rows are tried with now. */
  tried_by: string | null;
  pass: number;
  /** The number of the row that was taken last. */
  position: number;
  counts: Counts;
  /** What the preview of this mapping came to. */
  preview: Counts | null;
  /** Of the file and how it is read: whoever starts or approves names it. */
  payload_hash: string | null;
  started: Hand | null;
  approved: Hand | null;
  /** Why it stands still. */
  trouble: { readonly code: string; readonly detail: string | null } | null;
};
