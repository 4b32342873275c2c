import { isCountry } from '../../machines/country.ts';
import { exponentOf, isCurrency } from '../../machines/money.ts';
import { formatMoney, groupDecimal, nameWords, readMoney } from './format.ts';
import { isRecord } from './problem.ts';

/** One field of a form, read from JSON Schema. */
export type Field = {
  readonly name: string;
  readonly label: string;
  readonly required: boolean;
  readonly hint: string | undefined;
  readonly initial: string;
} & (
  | {
      readonly kind: 'text';
      readonly least: number;
      readonly most: number | undefined;
      readonly pattern: string | undefined;
      readonly email: boolean;
      readonly date: boolean;
    }
  | { readonly kind: 'money'; readonly least: number; readonly most: number | undefined }
  | { readonly kind: 'boolean' }
  | { readonly kind: 'currency' | 'json' }
  /** A moment that a person knows as a day: the end of that day in UTC, as epoch milliseconds. */
  | { readonly kind: 'deadline' }
  | { readonly kind: 'number'; readonly whole: boolean; readonly least: number | undefined; readonly most: number | undefined }
  | { readonly kind: 'choice'; readonly options: readonly string[] }
  | { readonly kind: 'list'; readonly item: Field; readonly least: number; readonly most: number | undefined }
  | { readonly kind: 'group'; readonly fields: readonly Field[] }
);

/** What has been filled in so far: texts as typed, by field. */
export type Draft = string | boolean | readonly Draft[] | { readonly [name: string]: Draft };

export type Reading =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly errors: Readonly<Record<string, string>> };

/** The fields of an object schema, in its order. What no control fits is edited as JSON, so that no event is out of reach. */
export function readFields(schema: unknown): readonly Field[] {
  if (!isRecord(schema) || !isRecord(schema['properties'])) return [];
  const required = Array.isArray(schema['required']) ? schema['required'] : [];
  return Object.entries(schema['properties'])
    .filter(([name, field]) => !(name === 'type' && isRecord(field) && 'const' in field))
    .map(([name, field]) => readField(name, field, required.includes(name)));
}

function readField(name: string, schema: unknown, required: boolean): Field {
  const rule = isRecord(schema) ? schema : {};
  const whole = name.endsWith('_major') ? 'In whole units of each currency.' : undefined;
  const hint = typeof rule['description'] === 'string' ? rule['description'] : whole;
  const initial = typeof rule['default'] === 'string' ? rule['default'] : '';
  const label = typeof rule['title'] === 'string' ? rule['title'] : labelOf(name);
  const base = { name, label, required, hint, initial };
  if (name === 'currency') return { ...base, kind: 'currency' };
  const options = Array.isArray(rule['enum']) ? rule['enum'].filter((option) => typeof option === 'string') : [];
  if (options.length > 0) return { ...base, kind: 'choice', options };
  switch (rule['type']) {
    case 'string':
      return { ...base, ...readText(rule) };
    case 'integer':
    case 'number':
      if (name.endsWith('_minor'))
        return { ...base, kind: 'money', least: numberOf(rule['minimum']) ?? 0, most: numberOf(rule['maximum']) };
      if (name === 'due_by') return { ...base, kind: 'deadline', hint: hint ?? 'Until the end of that day, in UTC.' };
      return {
        ...base,
        kind: 'number',
        whole: rule['type'] === 'integer',
        least: numberOf(rule['minimum']),
        most: numberOf(rule['maximum']),
      };
    case 'boolean':
      return { ...base, kind: 'boolean' };
    case 'array':
      return {
        ...base,
        kind: 'list',
        item: readField(name, rule['items'], true),
        least: numberOf(rule['minItems']) ?? 0,
        most: numberOf(rule['maxItems']),
      };
    case 'object': {
      const fields = readFields(rule);
      return fields.length > 0 ? { ...base, kind: 'group', fields } : { ...base, kind: 'json' };
    }
    default:
      return { ...base, kind: 'json' };
  }
}

function readText(rule: Record<string, unknown>) {
  const pattern = typeof rule['pattern'] === 'string' ? rule['pattern'] : undefined;
  return {
    kind: 'text',
    least: numberOf(rule['minLength']) ?? 0,
    most: numberOf(rule['maxLength']),
    pattern,
    email: rule['format'] === 'email',
    date: rule['format'] === 'date',
  } as const;
}

/** `amount_minor` is entered as an amount, so the unit is not in its name for a person; what is in whole units says so beside it. */
function labelOf(name: string): string {
  return nameWords(name.replace(/_(?:minor|major)$/, ''));
}

/** The draft to begin with: empty, but for the defaults of the schema. */
export function emptyDraft(field: Field): Draft {
  switch (field.kind) {
    case 'boolean':
      return false;
    case 'list':
      return Array.from({ length: field.required ? Math.max(field.least, 1) : field.least }, () => emptyDraft(field.item));
    case 'group':
      return Object.fromEntries(field.fields.map((inner) => [inner.name, emptyDraft(inner)]));
    default:
      return field.initial;
  }
}

/** The draft that stands for a value: reading it gives the value again. Amounts are in the value's own currency, or in this one. */
export function toDraft(fields: readonly Field[], value: unknown, currency: string): Record<string, Draft> {
  const record = isRecord(value) ? value : {};
  const own = typeof record['currency'] === 'string' ? record['currency'] : currency;
  return Object.fromEntries(fields.map((field) => [field.name, draftOf(field, record[field.name], own)]));
}

function draftOf(field: Field, value: unknown, currency: string): Draft {
  if (value === undefined) return emptyDraft(field);
  switch (field.kind) {
    case 'boolean':
      return value === true;
    case 'list':
      return Array.isArray(value) ? value.map((item: unknown) => draftOf(field.item, item, currency)) : [];
    case 'group':
      return toDraft(field.fields, value, currency);
    case 'json':
      return JSON.stringify(value, undefined, 2);
    case 'money':
      return typeof value === 'number' && isCurrency(currency) ? groupDecimal(value, exponentOf(currency)) : JSON.stringify(value);
    case 'deadline':
      return typeof value === 'number' ? new Date(value).toISOString().slice(0, 'YYYY-MM-DD'.length) : '';
    default:
      return typeof value === 'string' ? value : JSON.stringify(value);
  }
}

/**
 * Reads a filled-in form. Errors are sentences by path (`bank_account.iban`, `documents.0`); the hub checks again, and its
 * word is final. `currency` is that of amounts where the form has no field for it.
 */
export function readDraft(
  fields: readonly Field[],
  draft: { readonly [name: string]: Draft },
  currency: string,
  now: number = Date.now(),
): Reading {
  const errors: Record<string, string> = {};
  const own = draft['currency'];
  const value = readGroup(fields, draft, typeof own === 'string' ? own : currency, '', errors);
  for (const { kind, name } of fields) {
    const until = value[name];
    if (kind === 'deadline' && typeof until === 'number' && until < now) errors[name] = 'This day is over. Enter today or a later day.';
  }
  return Object.keys(errors).length > 0 ? { ok: false, errors } : { ok: true, value };
}

type Errors = Record<string, string>;

function readGroup(
  fields: readonly Field[],
  draft: Draft | undefined,
  currency: string,
  path: string,
  errors: Errors,
): Record<string, unknown> {
  const record = typeof draft === 'object' && !Array.isArray(draft) ? (draft as Record<string, Draft>) : {};
  const entries = fields.map((field) => [field.name, readValue(field, record[field.name], currency, path + field.name, errors)] as const);
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}

/** The value of one field, undefined when it was left out. */
function readValue(field: Field, draft: Draft | undefined, currency: string, path: string, errors: Errors): unknown {
  if (field.kind === 'boolean') return draft === true;
  if (isBlank(draft)) {
    if (field.required) errors[path] = `${field.label} is needed.`;
    return undefined;
  }
  if (field.kind === 'list') return readList(field, draft, currency, path, errors);
  if (field.kind === 'group') return readGroup(field.fields, draft, currency, `${path}.`, errors);
  const read = readLeaf(field, typeof draft === 'string' ? draft.trim() : '', currency);
  if (!read.ok) errors[path] = read.sentence;
  return read.ok ? read.value : undefined;
}

function readList(
  field: Extract<Field, { kind: 'list' }>,
  draft: Draft | undefined,
  currency: string,
  path: string,
  errors: Errors,
): unknown[] {
  const items = Array.isArray(draft) ? (draft as Draft[]) : [];
  if (items.length < field.least) errors[path] = `At least ${field.least} needed.`;
  if (field.most !== undefined && items.length > field.most) errors[path] = `At most ${field.most} are taken.`;
  return items.map((item, index) => readValue(field.item, item, currency, `${path}.${index}`, errors));
}

type Leaf = Exclude<Field, { kind: 'list' | 'group' | 'boolean' }>;
type ReadLeaf = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly sentence: string };

function readLeaf(field: Leaf, text: string, currency: string): ReadLeaf {
  switch (field.kind) {
    case 'text':
      return checkText(field, text);
    case 'choice':
      return field.options.includes(text) ? { ok: true, value: text } : refuse(`Choose one of ${field.options.join(', ')}.`);
    case 'currency':
      return isCurrency(text) ? { ok: true, value: text } : refuse('Choose a currency by its three letters, like EUR.');
    case 'money': {
      const read = readMoney(text, currency);
      if (!read.ok) return read;
      if (read.minor < field.least) return refuse(`At least ${formatMoney(field.least, currency)}.`);
      if (field.most !== undefined && read.minor > field.most) return refuse(`At most ${formatMoney(field.most, currency)}.`);
      return { ok: true, value: read.minor };
    }
    case 'number': {
      const value = Number(text);
      if (!Number.isFinite(value) || (field.whole && !Number.isSafeInteger(value))) return refuse('Enter a number.');
      if (field.least !== undefined && value < field.least) return refuse(`At least ${field.least}.`);
      if (field.most !== undefined && value > field.most) return refuse(`At most ${field.most}.`);
      return { ok: true, value };
    }
    case 'deadline': {
      const end = endOfDay(text);
      return end === undefined ? refuse('Enter a day, like 2026-12-31.') : { ok: true, value: end };
    }
    case 'json':
      return readJson(text);
  }
}

/** The last millisecond of a day of UTC; undefined where there is no such day, like the 30th of February. */
function endOfDay(text: string): number | undefined {
  const end = /^\d{4}-\d\d-\d\d$/.test(text) ? Date.parse(`${text}T23:59:59.999Z`) : Number.NaN;
  return Number.isFinite(end) && new Date(end).toISOString().startsWith(text) ? end : undefined;
}

function checkText(field: Extract<Field, { kind: 'text' }>, text: string): ReadLeaf {
  if (field.name === 'country' && !isCountry(text)) return refuse('Enter a country by its two letters, like DE for Germany.');
  if (text.length < field.least) return refuse(`At least ${field.least} characters.`);
  if (field.most !== undefined && text.length > field.most) return refuse(`At most ${field.most} characters; these are ${text.length}.`);
  // An e-mail pattern is a page long; the browser's own idea of one is enough here.
  if (field.email && !/^\S+@\S+\.\S+$/.test(text)) return refuse('An e-mail address is expected.');
  if (field.pattern !== undefined && !matches(field.pattern, text))
    return refuse(field.hint ?? `${field.label} has a form that the hub does not take.`);
  return { ok: true, value: text };
}

/** A pattern that this browser cannot read is left to the hub. */
function matches(pattern: string, text: string): boolean {
  try {
    return new RegExp(pattern, 'u').test(text);
  } catch {
    return true;
  }
}

function readJson(text: string): ReadLeaf {
  try {
    return { ok: true, value: JSON.parse(text) };
  } catch {
    return refuse('This is not valid JSON.');
  }
}

function isBlank(draft: Draft | undefined): boolean {
  if (typeof draft === 'string') return draft.trim() === '';
  if (typeof draft !== 'object') return draft === undefined;
  return Object.values(draft).every(isBlank);
}

function refuse(sentence: string): { readonly ok: false; readonly sentence: string } {
  return { ok: false, sentence };
}

function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}
