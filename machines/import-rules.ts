import type { EffectError } from './machine.ts';
import { must } from './must.ts';
import type {
  Approve,
  Counts,
  FileRead,
  ImportBirth,
  ImportContext,
  ImportFact,
  MapColumns,
  Mapping,
  ReadFile,
  RowsTaken,
  TakeRows,
} from './import-terms.ts';
import { sha256 } from './sha256.ts';

/** The rules of an import, as functions of its context and an event. The guards and the reasons are the same functions. */

/** The part of the hub that reads the rows and sends what they say. */
export const IMPORTS = 'imports';
/** So many rows are tried, or sent, between two versions: as much as is looked at again after a death. */
const TRIED_AT_ONCE = 2_000;
export const SENT_AT_ONCE = 200;
const NOTHING: Counts = { good: 0, bad: 0, already: 0 };

type Hand = { readonly by: string; readonly at: number };

export function toContext({ id, name, target, by, settings }: ImportBirth): ImportContext {
  return {
    ...{ id, name, target, maker: by, approve_from_rows: settings.approve_from_rows },
    ...{ file: null, fields: [], mapping: null, mapped: null, tried_by: null, pass: 0, position: 0 },
    ...{ counts: NOTHING, preview: null, payload_hash: null, started: null, approved: null, trouble: null },
  };
}

/** Why it cannot be mapped like this: every field that is needed, no field twice, none that is not there, no column that is not there. */
export function refuseMapping({ file, fields }: ImportContext, { fields: rules, key }: Mapping): string | undefined {
  const named = rules.map(({ field }) => field);
  if (new Set(named).size !== named.length) return 'field_twice';
  if (named.some((name) => !fields.some(({ field }) => field === name))) return 'no_such_field';
  if (fields.some(({ field, required }) => required && !named.includes(field))) return 'field_missing';
  const columns = [...rules.map(({ column }) => column), key].filter((column) => column !== null);
  return columns.some((column) => column >= (file?.columns.length ?? 0)) ? 'no_such_column' : undefined;
}

export function refuseStart({ preview, payload_hash }: ImportContext, { hash }: { readonly hash: string }): string | undefined {
  if (hash !== payload_hash) return 'hash_stale';
  return (preview?.good ?? 0) === 0 ? 'nothing_to_import' : undefined;
}

export function needsApproval({ file, approve_from_rows }: ImportContext): boolean {
  return (file?.rows ?? 0) >= approve_from_rows;
}

export function refuseApproval({ maker, mapped, started, payload_hash }: ImportContext, { by, hash }: Approve): string | undefined {
  if ([maker, mapped?.by, started?.by].includes(by)) return 'four_eyes';
  return hash === payload_hash ? undefined : 'hash_stale';
}

export function withFile(context: ImportContext, { file, fields }: FileRead): ImportContext {
  return { ...context, file, fields };
}

/** Whatever was previewed was another mapping. */
export function withMapping(context: ImportContext, { fields, key, by, at }: MapColumns): ImportContext {
  const mapping: Mapping = { fields, key };
  const { target, file } = context;
  const payload_hash = sha256(JSON.stringify([target, must(file, 'the file of an import').sha256, file?.rows, mapping]));
  return { ...context, mapping, mapped: { by, at }, payload_hash, preview: null, started: null, approved: null, trouble: null, ...again() };
}

/** From the first row, under a number of its own. */
export function beginPass(context: ImportContext, by: string): ImportContext {
  return { ...context, tried_by: by, pass: context.pass + 1, trouble: null, ...again() };
}

function again(): Pick<ImportContext, 'position' | 'counts'> {
  return { position: 0, counts: NOTHING };
}

export function withRows(context: ImportContext, taken: RowsTaken): ImportContext {
  const { counts } = context;
  const sum = { good: counts.good + taken.good, bad: counts.bad + taken.bad, already: counts.already + taken.already };
  return { ...context, position: taken.after, counts: sum };
}

export function withPreview(context: ImportContext): ImportContext {
  return { ...context, preview: context.counts };
}

export function start(context: ImportContext, { by, at }: Hand): ImportContext {
  return { ...context, started: { by, at }, approved: null };
}

export function approve(context: ImportContext, { by, at }: Hand): ImportContext {
  return { ...context, approved: { by, at } };
}

export function withTrouble(context: ImportContext, { code, detail }: EffectError): ImportContext {
  return { ...context, trouble: { code, detail: detail ?? null } };
}

export function toReadFile({ id, target }: ImportContext): ReadFile {
  return { integration: IMPORTS, file: id, target };
}

export function toTry(context: ImportContext): TakeRows {
  return toRows(context, TRIED_AT_ONCE);
}

export function toSend(context: ImportContext): TakeRows {
  return toRows(context, SENT_AT_ONCE);
}

function toRows({ id, target, mapping, tried_by, pass, position }: ImportContext, most: number): TakeRows {
  const how = { mapping: must(mapping, 'how an import is mapped'), by: must(tried_by, 'whose rights count') };
  return { integration: IMPORTS, file: id, target, ...how, pass, after: position, most };
}

export function toSummary({ target, file, counts, preview }: ImportContext): string {
  const { good, bad, already } = counts;
  const rows = `${file?.rows ?? 0} rows of ${target}`;
  return preview === null && good + bad + already === 0 ? rows : `${rows}, ${good} good, ${bad} bad, ${already} already there`;
}

export function toStarted({ name, target, file, payload_hash, started }: ImportContext): ImportFact {
  return { type: 'import.started', name, target, rows: file?.rows ?? 0, hash: payload_hash ?? '', by: started?.by ?? '' };
}

export function toEnded(type: 'import.done' | 'import.canceled', context: ImportContext): ImportFact {
  return { ...toStarted(context), ...context.counts, type };
}
