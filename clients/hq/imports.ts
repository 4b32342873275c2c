import type { Counts, Mapping, Rule, TargetField } from '../../machines/import-terms.ts';
import { isRecord } from '../core/problem.ts';

/* Imports as the console shows them. */

/** The mapping that a clerk will most likely want: each field from the column that is called like it. */
export function guessMapping(fields: readonly TargetField[], columns: readonly string[]): Mapping {
  const names = columns.map(fold);
  const rules = fields.map(({ field, as, names: called }): Rule => {
    const known = [fold(field), ...called.map(fold)];
    const column = names.findIndex((name) => known.includes(name));
    return { field, column: column === -1 ? null : column, otherwise: null, as, currency: null };
  });
  const key = names.findIndex((name) => KEYS.has(name));
  return { fields: rules, key: key === -1 ? null : key };
}

const KEYS: ReadonlySet<string> = new Set(['id', 'no', 'nr', 'number', 'nummer', 'customer no', 'kundennummer', 'client no']);

function fold(text: string): string {
  return text
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]+/gu, ' ')
    .trim();
}

/** As it is sent: a field that is made from nothing and is not needed is left out. */
export function toSent({ fields, key }: Mapping): Mapping {
  const rules = fields.map((rule) => ({
    ...rule,
    otherwise: rule.otherwise === null || rule.otherwise.trim() === '' ? null : rule.otherwise.trim(),
    currency: rule.as.startsWith('amount') ? rule.currency : null,
  }));
  return { fields: rules.filter(({ column, otherwise }) => column !== null || otherwise !== null), key };
}

/** How many rows have been looked at. */
export function doneOf({ good, bad, already }: Counts): number {
  return good + bad + already;
}

const NOTHING: Counts = { good: 0, bad: 0, already: 0 };

/** The counts of a context; nothing where they are not as this console knows them. */
export function countsIn(value: unknown): Counts {
  return isRecord(value) && ['good', 'bad', 'already'].every((name) => typeof value[name] === 'number') ? (value as Counts) : NOTHING;
}

export type FileShown = {
  readonly rows: number;
  readonly columns: readonly string[];
  readonly format: string;
  readonly encoding: string | null;
  readonly delimiter: string | null;
};

export function fileIn({ file }: Readonly<Record<string, unknown>>): FileShown | undefined {
  return isRecord(file) && Array.isArray(file['columns']) ? (file as FileShown) : undefined;
}

export function fieldsIn({ fields }: Readonly<Record<string, unknown>>): readonly TargetField[] {
  return Array.isArray(fields) ? (fields as readonly TargetField[]) : [];
}

export function mappingIn({ mapping }: Readonly<Record<string, unknown>>): Mapping | undefined {
  return isRecord(mapping) && Array.isArray(mapping['fields']) ? (mapping as Mapping) : undefined;
}

type Reason = { readonly column: string | null; readonly detail: string };
export type RowShown = { readonly row: number; readonly values?: readonly (string | null)[]; readonly reasons?: readonly Reason[] };

export function readRows(answer: unknown): { readonly items: readonly RowShown[]; readonly next: number | undefined } {
  const items = isRecord(answer) && Array.isArray(answer['items']) ? (answer['items'] as readonly RowShown[]) : [];
  const next = isRecord(answer) && typeof answer['next'] === 'number' ? answer['next'] : undefined;
  return { items, next };
}

export function toSentence({ column, detail }: Reason): string {
  return column === null ? detail : `${column}: ${detail}`;
}
