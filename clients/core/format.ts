import { exponentOf, isCurrency } from '../../machines/money.ts';

/** Texts are English; numbers and dates follow it, times are the viewer's zone. */
const LOCALE = 'en-GB';

/** `125000`, `EUR` → `1,250.00 EUR`. An unknown currency is shown in its minor units, and says so. */
export function formatMoney(minor: number, currency: string): string {
  if (!isCurrency(currency)) return `${formatNumber(minor)} minor units of ${currency}`;
  return `${groupDecimal(minor, exponentOf(currency))} ${currency}`;
}

/** Exact for every safe integer: the digits are moved, never divided. */
export function groupDecimal(minor: number, exponent: number): string {
  const digits = String(Math.abs(minor)).padStart(exponent + 1, '0');
  const whole = digits.slice(0, digits.length - exponent).replace(/\B(?=(\d{3})+$)/g, ',');
  const fraction = exponent === 0 ? '' : `.${digits.slice(digits.length - exponent)}`;
  return `${minor < 0 ? '−' : ''}${whole}${fraction}`;
}

export type ReadMoney = { readonly ok: true; readonly minor: number } | { readonly ok: false; readonly sentence: string };

/**
 * Reads an amount as a person writes it: `1250`, `1,250.00`, `1 250.5`. The point is the only decimal mark, and a comma is
 * taken only where thousands are parted, so that `1,25` is asked about instead of guessed.
 */
export function readMoney(input: string, currency: string): ReadMoney {
  if (!isCurrency(currency)) return refuse('Choose a currency first.');
  const exponent = exponentOf(currency);
  const text = input.trim();
  if (text === '') return refuse('Enter an amount.');
  const match = /^(\d+|\d{1,3}(?:[,'  ]\d{3})+)(?:\.(\d*))?$/.exec(text);
  if (match === null) return refuse(`Write the amount like ${exponent === 0 ? '1250' : `1250.${'0'.repeat(exponent)}`}.`);
  const fraction = match[2] ?? '';
  if (fraction.length > exponent) return refuse(`${currency} has ${exponent === 0 ? 'no' : exponent} decimals.`);
  const minor = Number((match[1] ?? '').replace(/\D/g, '') + fraction.padEnd(exponent, '0'));
  return Number.isSafeInteger(minor) ? { ok: true, minor } : refuse('The amount is too large.');
}

function refuse(sentence: string): ReadMoney {
  return { ok: false, sentence };
}

export function formatNumber(value: number): string {
  return new Intl.NumberFormat(LOCALE).format(value);
}

/** `21 Nov 2026, 23:55:08`, in the viewer's zone. */
export function formatTime(iso: string, zone?: string): string {
  return dateFormat({ day: '2-digit', month: 'short', year: 'numeric', ...CLOCK }, zone).format(new Date(iso));
}

/** `23:55:08`: for what happened today. */
export function formatClock(iso: string | number, zone?: string): string {
  return dateFormat(CLOCK, zone).format(new Date(iso));
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
    if (count > 0) words.push(`${count} ${name}`);
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
const formats = new Map<string, Intl.DateTimeFormat>();

/** Making one costs more than using it a thousand times. */
function dateFormat(options: Intl.DateTimeFormatOptions, zone: string | undefined): Intl.DateTimeFormat {
  const key = JSON.stringify([options, zone]);
  const made = formats.get(key) ?? new Intl.DateTimeFormat(LOCALE, zone === undefined ? options : { ...options, timeZone: zone });
  formats.set(key, made);
  return made;
}
