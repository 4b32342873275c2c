import { exponentOf, isCurrency } from '../../../machines/money.ts';

/** What a field of Odoo holds that our shape has no place for. The record is left out, and the others go on. */
export class BadField extends Error {
  override readonly name = 'BadField';
  readonly field: string;
  readonly why: string;

  constructor(field: string, why: string) {
    super(`${field}: ${why}`);
    this.field = field;
    this.why = why;
  }
}

/** A record as Odoo answers it, by field; an empty field is `false`. */
export type OdooRecord = Readonly<Record<string, unknown>>;

export function textOf(record: OdooRecord, field: string): string | null {
  const value = record[field];
  if (value === false || value === null || value === undefined || value === '') return null;
  if (typeof value !== 'string') throw new BadField(field, 'is no text');
  if (value.includes('\0') || !value.isWellFormed()) throw new BadField(field, 'has NUL or half a character in it');
  return value;
}

/** A many2one is `[id, name]` where it is read, and the name alone tells nothing. */
export function linkOf(record: OdooRecord, field: string): number | null {
  const value = record[field];
  if (value === false || value === null || value === undefined) return null;
  const id: unknown = Array.isArray(value) ? value[0] : value;
  if (!Number.isSafeInteger(id)) throw new BadField(field, 'is no link');
  return Number(id);
}

export function linksOf(record: OdooRecord, field: string): readonly number[] {
  const value = record[field];
  if (!Array.isArray(value) || !value.every((id) => Number.isSafeInteger(id))) throw new BadField(field, 'is no list of links');
  return value as number[];
}

export function idIn(record: OdooRecord): number {
  const { id } = record;
  if (!Number.isSafeInteger(id)) throw new BadField('id', 'is no id');
  return Number(id);
}

/** Odoo prints UTC, in whole seconds, without saying either. */
export function timeOf(record: OdooRecord, field: string): number {
  const text = textOf(record, field) ?? '';
  const at = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/.test(text) ? Date.parse(`${text.replace(' ', 'T')}Z`) : Number.NaN;
  if (Number.isNaN(at)) throw new BadField(field, 'is no time');
  return at;
}

/** As Odoo's domains are written: UTC, the second that it lies in. */
export function toOdooTime(at: number): string {
  return new Date(at).toISOString().slice(0, 19).replace('T', ' ');
}

export function dateOf(record: OdooRecord, field: string): string | null {
  const text = textOf(record, field);
  if (text !== null && !/^\d{4}-\d\d-\d\d$/.test(text)) throw new BadField(field, 'is no day');
  return text;
}

export function choiceOf<T extends string>(record: OdooRecord, field: string, choices: readonly T[]): T {
  const value = record[field];
  const found = choices.find((choice) => choice === value);
  if (found === undefined) throw new BadField(field, `is none of ${choices.join(', ')}`);
  return found;
}

/** A float that Odoo keeps, in minor units: the nearest one, halves away from zero. */
export function minorOf(record: OdooRecord, field: string, currency: string): number {
  if (!isCurrency(currency)) throw new BadField(field, `is in ${currency.slice(0, 10)}, in which nothing can be paid`);
  const minor = toMinorUnits(record[field], exponentOf(currency));
  if (minor === undefined) throw new BadField(field, `is no amount of ${currency} that can be counted exactly`);
  return minor;
}

/** A float carries any fifteen digits exactly, and not any sixteen: with more, the last one is no longer what somebody wrote. */
const MOST_EXACT = 10n ** 15n - 1n;

/** Counted from the shortest decimal that reads back as this float, which is what Odoo shows: 1.005 is 1.01, though the float lies below it. */
function toMinorUnits(value: unknown, exponent: number): number | undefined {
  if (typeof value !== 'number' || !Number.isFinite(value)) return undefined;
  const [, sign = '', whole = '', part = '', power = '0'] = /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]\d+))?$/.exec(String(value)) ?? [];
  if (whole === '') return undefined;
  // The digits stand for `digits / 10^(places of part - power)`.
  const places = part.length - Number(power) - exponent;
  const digits = BigInt(whole + part);
  const minor = places <= 0 ? digits * 10n ** BigInt(-places) : (digits + 5n * 10n ** BigInt(places - 1)) / 10n ** BigInt(places);
  if (minor > MOST_EXACT) return undefined;
  const number = Number(minor);
  return number === 0 ? 0 : sign === '-' ? -number : number;
}
