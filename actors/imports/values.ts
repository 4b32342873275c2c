import type { Mapping, Rule } from '../../machines/import-terms.ts';
import { exponentOf } from '../../machines/money.ts';
import { unreachable } from '../../machines/must.ts';
import type { RowReason } from '../store/imports.ts';
import { toCountry } from './country-names.ts';

/** What a row says, by field; or why it says nothing that can be taken. */
export type Said = { readonly input: Readonly<Record<string, string | number>>; readonly reasons: readonly RowReason[] };

type Read = { readonly value: string | number } | { readonly code: string; readonly detail: string };

const CARD: Read = { code: 'card_number', detail: 'This looks like a card number, which the hub must not store' };

/** Reads the cells that are mapped. A field without a value is left out: the schema says whether it is needed. */
export function toInput({ fields }: Mapping, columns: readonly string[], values: readonly (string | null)[]): Said {
  const input: Record<string, string | number> = {};
  const reasons: RowReason[] = [];
  for (const rule of fields) {
    const cell = rule.column === null ? '' : (values[rule.column] ?? (values[rule.column] === null ? null : ''));
    const read = cell === null ? CARD : readCell(rule, cell.trim() === '' ? (rule.otherwise ?? '') : cell.trim());
    if (read === undefined) continue;
    if ('value' in read) input[rule.field] = read.value;
    else reasons.push({ column: columnName(rule, columns), ...read });
  }
  return { input, reasons };
}

/** How a person finds the column: by its heading, or, where the value is the same for all rows, by the field. */
export function columnName({ column, field }: Pick<Rule, 'column' | 'field'>, columns: readonly string[]): string {
  return column === null ? field : (columns[column] ?? field);
}

function readCell({ as, currency }: Rule, text: string): Read | undefined {
  if (text === '') return undefined;
  switch (as) {
    case 'text':
      return { value: text };
    case 'lower':
      return { value: text.toLowerCase() };
    case 'country': {
      const code = toCountry(text);
      return code === undefined ? { code: 'not_a_country', detail: 'The name or the code of a country is expected' } : { value: code };
    }
    case 'whole':
      return toWhole(text);
    case 'day_iso':
      return toDay(/^(?<y>\d{4})-(?<m>\d{1,2})-(?<d>\d{1,2})$/.exec(text), 'YYYY-MM-DD');
    case 'day_dmy':
      return toDay(/^(?<d>\d{1,2})[./-](?<m>\d{1,2})[./-](?<y>\d{4})$/.exec(text), 'DD.MM.YYYY');
    case 'day_mdy':
      return toDay(/^(?<m>\d{1,2})[./-](?<d>\d{1,2})[./-](?<y>\d{4})$/.exec(text), 'MM/DD/YYYY');
    case 'amount_point':
      return toAmount(text, '.', currency ?? '');
    case 'amount_comma':
      return toAmount(text, ',', currency ?? '');
    default:
      return unreachable(as);
  }
}

function toWhole(text: string): Read {
  const number = Number(text);
  if (/^-?\d{1,16}$/.test(text) && Number.isSafeInteger(number)) return { value: number };
  return { code: 'not_a_number', detail: 'A whole number is expected' };
}

function toDay(found: RegExpExecArray | null, shape: string): Read {
  const { y = '', m = '', d = '' } = found?.groups ?? {};
  const day = `${y}-${m.padStart(2, '0')}-${d.padStart(2, '0')}`;
  const at = found === null ? Number.NaN : Date.parse(`${day}T00:00:00Z`);
  // The 31st of a month that has none would be read as the first of the next.
  if (Number.isNaN(at) || new Date(at).toISOString().slice(0, 10) !== day)
    return { code: 'not_a_date', detail: `A day written ${shape} is expected` };
  return { value: day };
}

/** Exactly as many minor units as it says: more digits than the currency has are refused, never rounded. */
function toAmount(text: string, point: '.' | ',', currency: string): Read {
  const thousands = point === '.' ? ',' : '.';
  const digits = exponentOf(currency);
  const shape = new RegExp(`^(-?)(\\d{1,3}(?:[${thousands} '’]\\d{3})+|\\d+)(?:[${point}](\\d{1,${Math.max(1, digits)}}))?$`);
  const [, sign = '', whole = '', part = ''] =
    shape.exec(text.replace(/\s*(?:€|\$|£|[A-Z]{3})$/, '').replaceAll(/[\u00a0\u202f]/g, ' ')) ?? [];
  if (whole === '' || (digits === 0 && part !== ''))
    return { code: 'not_an_amount', detail: `An amount in ${currency} with a ${point === '.' ? 'point' : 'comma'} is expected` };
  const minor = Number(`${sign}${whole.replaceAll(/\D/g, '')}${part.padEnd(digits, '0')}`);
  return Number.isSafeInteger(minor) ? { value: minor } : { code: 'not_an_amount', detail: 'The amount is too large' };
}
