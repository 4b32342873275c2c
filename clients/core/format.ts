import { exponentOf, isCurrency } from '../../machines/money.ts';
import { must } from '../../machines/must.ts';
import { currentLocale, DIRECTIONS, keepInOrder, keepTogether, numberFormat, numberMarks, type Marks } from './locale.ts';

/** `125000`, `EUR` → `1,250.00 EUR`. What is no amount of a known currency is shown in its minor units, and says so. */
export function formatMoney(minor: number | bigint, currency: string): string {
  if (!isCurrency(currency) || (typeof minor === 'number' && !Number.isSafeInteger(minor)))
    return `${formatNumber(minor)} minor units of ${currency}`;
  return keepTogether(`${groupDecimal(minor, exponentOf(currency))} ${currency}`);
}

/** Exact for every integer, however long: the digits are moved, never divided. */
export function groupDecimal(minor: number | bigint, exponent: number): string {
  const [marks] = numberMarks();
  const plain = String(minor)
    .replace('-', '')
    .padStart(exponent + 1, '0');
  const whole = numberFormat().format(BigInt(plain.slice(0, plain.length - exponent)));
  const places = exponent === 0 ? '' : marks.decimal + writeDigits(plain.slice(plain.length - exponent), marks);
  return `${minor < 0 ? '−' : ''}${whole}${places}`;
}

export type ReadMoney = { readonly ok: true; readonly minor: number } | { readonly ok: false; readonly sentence: string };

/**
 * Reads an amount as a person writes it in the reader's locale: `1250`, `1,250.00`, `1 250.5`; `1.250,00` where the comma is the
 * decimal mark. A mark that parts thousands is taken only where it does, so that `1,25`, or `1.25` over there, is asked about
 * instead of guessed.
 */
export function readMoney(input: string, currency: string): ReadMoney {
  if (!isCurrency(currency)) return refuse('Choose a currency first.');
  const exponent = exponentOf(currency);
  const typed = input.replace(DIRECTIONS, '').trim();
  const text = typed.endsWith(currency) ? typed.slice(0, -currency.length).trimEnd() : typed;
  if (text === '') return refuse('Enter an amount.');
  const read = numberMarks()
    .map((marks) => readDigits(text, marks))
    .find((found) => found !== undefined);
  // With three decimals a lone group could as well be the decimals of somebody who is used to the other mark.
  if (read === undefined || (read.isLoneGroup && exponent >= 3)) return refuse(`Write the amount like ${example(exponent)}.`);
  if (read.places.length > exponent) return refuse(`${currency} has ${exponent === 0 ? 'no' : exponent} decimals.`);
  const minor = Number(read.whole + read.places.padEnd(exponent, '0'));
  return Number.isSafeInteger(minor) ? { ok: true, minor } : refuse('The amount is too large.');
}

type Digits = { readonly whole: string; readonly places: string; readonly isLoneGroup: boolean };

/** The digits of a decimal as 0 to 9; undefined where it is not written by these marks. */
function readDigits(text: string, { digits, decimal, group, sizes }: Marks): Digits | undefined {
  // Digits of two scripts in one amount are a slip.
  if (digits[0] !== '0' && /[0-9]/.test(text)) return undefined;
  const plain = plainMarks(text).replace(/\p{Nd}/gu, (digit) => (digits.includes(digit) ? String(digits.indexOf(digit)) : digit));
  const [whole = '', places, ...more] = plain.split(decimal);
  if (more.length > 0 || /\D/.test(places ?? '')) return undefined;
  if (/^\d+$/.test(whole)) return { whole, places: places ?? '', isLoneGroup: false };
  // One mark throughout: in `1 250,000` the comma is a decimal mark to whoever parts thousands by a space.
  const [mark, ...others] = new Set(whole.replace(/\d/g, ''));
  // Spaces and apostrophes part thousands somewhere and are a decimal mark nowhere.
  if (mark === undefined || others.length > 0 || ![' ', "'", plainMarks(group)].includes(mark)) return undefined;
  const groups = whole.split(mark);
  if (!isGrouped(groups, [3, 3]) && !isGrouped(groups, sizes)) return undefined;
  const isLoneGroup = places === undefined && groups.length === 2 && /[.,]/.test(mark);
  return { whole: groups.join(''), places: places ?? '', isLoneGroup };
}

/** One space and one apostrophe for all that there are. */
function plainMarks(text: string): string {
  return text.replace(/\s/g, ' ').replaceAll('’', "'");
}

/** No thousands begin with a nought: `0,125` is a decimal to somebody else. */
function isGrouped([first = '', ...groups]: readonly string[], [last, before]: Marks['sizes']): boolean {
  const fits = groups.every(({ length }, index) => length === (index === groups.length - 1 ? last : before));
  return fits && first.length >= 1 && first.length <= before && !first.startsWith('0');
}

/** `1250.00` as it is written here, without what parts thousands. */
function example(exponent: number): string {
  const [marks] = numberMarks();
  const places = exponent === 0 ? '' : marks.decimal + writeDigits('0'.repeat(exponent), marks);
  return keepTogether(writeDigits('1250', marks) + places);
}

function writeDigits(plain: string, { digits }: Marks): string {
  return plain.replace(/\d/g, (digit) => digits[Number(digit)] ?? digit);
}

function refuse(sentence: string): ReadMoney {
  return { ok: false, sentence };
}

export function formatNumber(value: number | bigint): string {
  return keepTogether(numberFormat().format(value));
}

/** `21 Nov 2026, 23:55:08`, in the viewer's zone and as his locale writes it; the month is a word, or the year stands first. */
export function formatTime(iso: string, zone?: string): string {
  const date = new Date(iso);
  return Number.isNaN(date.getTime()) ? iso : keepInOrder(dateFormat('time', zone).format(date));
}

/** `30 Oct 2026` for the day `2026-10-30`, which is the same one everywhere. */
export function formatDay(day: string): string {
  const date = new Date(`${day}T00:00:00Z`);
  return Number.isNaN(date.getTime()) ? day : keepInOrder(dateFormat('day', 'UTC').format(date));
}

/** `23:55:08`: for what happened today. */
export function formatClock(iso: string | number, zone?: string): string {
  const date = new Date(iso);
  return Number.isNaN(date.getTime()) ? String(iso) : keepTogether(dateFormat('clock', zone).format(date));
}

/** `23:55:08.123`: for what follows within a second. */
export function formatInstant(at: number, zone?: string): string {
  return keepTogether(dateFormat('instant', zone).format(at));
}

/** `2026-11-21 23:55:08 UTC`: what a hint says beside every time. */
export function formatUtc(iso: string): string {
  const date = new Date(iso);
  return Number.isNaN(date.getTime()) ? iso : `${date.toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

/** `just now`, `4 min ago`, `3 h ago`, `2 d ago`; in the future `in 4 min`. */
export function formatAgo(iso: string, now: number): string {
  const elapsed = now - new Date(iso).getTime();
  if (Number.isNaN(elapsed)) return iso;
  if (Math.abs(elapsed) < 10_000) return 'just now';
  const span = formatSpan(Math.abs(elapsed), 1);
  return elapsed > 0 ? `${span} ago` : `in ${span}`;
}

/** `2 d 4 h`, `14 min 3 s`: what is left, in the two largest units; `due` when nothing is. */
export function formatLeft(due: string, now: number): string {
  const left = new Date(due).getTime() - now;
  return left <= 0 ? 'due' : formatSpan(left, 2);
}

const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1_000],
] as const;

function formatSpan(ms: number, parts: number): string {
  let rest = Math.max(ms, 1_000);
  const words: string[] = [];
  for (const [name, size] of UNITS) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0) words.push(`${formatNumber(count)} ${name}`);
    else if (words.length > 0) break; // "2 d 3 s" would say a precision that is not meant
    if (words.length === parts) break;
  }
  return words.join(' ');
}

/** `needs_approval` → `Needs approval`, `executing.authorized` → `Executing › authorized`. */
export function stateWords(state: string): string {
  return capital(state.replaceAll('.', ' › ').replaceAll('_', ' '));
}

/** Names of events, fields and timers as words: `amount_minor` → `Amount minor`, `CAPTURE` → `Capture`. */
export function nameWords(name: string): string {
  const words = name
    .replaceAll(/[_.]/g, ' ')
    .replaceAll(/([a-z])([A-Z])/g, '$1 $2')
    .trim();
  return capital(words.toLowerCase());
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

const CLOCK = { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' } as const;
/** Gregorian for everybody, like the UTC time beside it: one event must not have two years. */
const DATE = { calendar: 'gregory', day: '2-digit', year: 'numeric' } as const;
const DAY = { ...DATE, ...CLOCK } as const;
const FORMATS = {
  clock: [CLOCK],
  instant: [{ ...CLOCK, fractionalSecondDigits: 3 }],
  // Where the short month is a number (Portugal, Finland), the long one is a word.
  day: [
    { ...DATE, month: 'short' },
    { ...DATE, month: 'long' },
  ],
  time: [
    { ...DAY, month: 'short' },
    { ...DAY, month: 'long' },
  ],
} as const satisfies Record<string, readonly Intl.DateTimeFormatOptions[]>;
const formats = new Map<string, Intl.DateTimeFormat>();

/** Making one costs more than using it a thousand times. */
function dateFormat(kind: keyof typeof FORMATS, zone: string | undefined): Intl.DateTimeFormat {
  const key = JSON.stringify([currentLocale(), kind, zone]);
  const made = formats.get(key) ?? makeDateFormat(kind, zone);
  formats.set(key, made);
  return made;
}

function makeDateFormat(kind: keyof typeof FORMATS, zone: string | undefined): Intl.DateTimeFormat {
  const more = zone === undefined ? {} : { timeZone: zone };
  const make = (tag: string) => FORMATS[kind].map((options) => new Intl.DateTimeFormat(tag, { ...options, ...more }));
  return must([...make(currentLocale()), ...make('en-GB')].find(isClear), 'a way to write dates');
}

/** Whether nobody can take the day for the month: that is a word, or the year stands first and the day last. */
function isClear(format: Intl.DateTimeFormat): boolean {
  const parts = format.formatToParts(0);
  const order = parts.map(({ type }) => type).filter((type) => type === 'year' || type === 'month' || type === 'day');
  const month = parts.find(({ type }) => type === 'month')?.value ?? '';
  return order.length === 0 || /\p{L}/u.test(month) || order.join() === 'year,month,day';
}
