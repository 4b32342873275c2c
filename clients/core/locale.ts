/* How numbers, amounts and dates are written for whoever reads the page. Texts are English whatever his language is. */

/** Where nobody has said another: in Node, and in tests. */
const PLAIN = 'en-GB';

/** Browsers do not all say which way a language runs; its script does (ISO 15924). */
const RIGHT_TO_LEFT = new Set(['Adlm', 'Arab', 'Hebr', 'Mand', 'Nkoo', 'Rohg', 'Samr', 'Syrc', 'Thaa', 'Yezi']);

/** The marks of one way to write numbers. */
export type Marks = {
  /** From nought to nine. */
  readonly digits: readonly string[];
  readonly decimal: string;
  readonly group: string;
  /** How many digits stand in the last group and in those before it: 3 and 3 mostly, 3 and 2 in India. */
  readonly sizes: readonly [last: number, before: number];
};

type Writing = {
  readonly tag: string;
  readonly isRightToLeft: boolean;
  readonly number: Intl.NumberFormat;
  /** First those that are written; then those of the digits 0 to 9 as well, which stand on every keyboard. */
  readonly marks: readonly [Marks, ...Marks[]];
};

let writing = toWriting(PLAIN);

/** What everything is written in from now on; said once at the start, before anything is shown. Without a tag, the one of Node. */
export function setLocale(tag: string = PLAIN): void {
  writing = toWriting(tag);
}

export function currentLocale(): string {
  return writing.tag;
}

/** The first of somebody's languages that can be written here. Some browsers name languages that are none. */
export function readerLocale(languages: readonly string[]): string {
  return languages.find(canWrite) ?? PLAIN;
}

/** English as it is written in the reader's country: for controls that speak by themselves, among English texts, left to right. */
export function readerEnglish(): string {
  const { language, region } = new Intl.Locale(writing.tag).maximize();
  if (language === 'en') return writing.tag;
  const tag = `en-${region ?? ''}`;
  return canWrite(tag) ? tag : PLAIN;
}

/** Writes numbers, and whole ones of any length as bigint. */
export function numberFormat(): Intl.NumberFormat {
  return writing.number;
}

export function numberMarks(): readonly [Marks, ...Marks[]] {
  return writing.marks;
}

/** Keeps a number in one piece, with its currency code after it, where the digits are those of a script that runs to the left. */
export function keepTogether(text: string): string {
  return writing.isRightToLeft ? `\u2066${text}\u2069` : text;
}

/** The same for words of the reader's language: a month between the numbers of an English page. */
export function keepInOrder(text: string): string {
  return writing.isRightToLeft ? `\u2067${text}\u2069` : text;
}

/** The characters that say which way text runs: they come along when an amount is copied. */
export const DIRECTIONS = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

function canWrite(tag: string): boolean {
  try {
    return Intl.NumberFormat.supportedLocalesOf(tag).length > 0 && Intl.DateTimeFormat.supportedLocalesOf(tag).length > 0;
  } catch {
    return false;
  }
}

function toWriting(tag: string): Writing {
  const marks = toMarks(tag);
  return {
    tag,
    isRightToLeft: RIGHT_TO_LEFT.has(new Intl.Locale(tag).maximize().script ?? ''),
    number: new Intl.NumberFormat(tag),
    marks: marks.digits[0] === '0' ? [marks] : [marks, toMarks(tag, { numberingSystem: 'latn' })],
  };
}

/** Each way to write numbers has marks of its own: with the digits 0 to 9 an Egyptian takes a point where ٫ stands otherwise. */
function toMarks(tag: string, options: Intl.NumberFormatOptions = {}): Marks {
  const parts = new Intl.NumberFormat(tag, options).formatToParts(123_456_789_012.5);
  const groups = parts.filter(({ type }) => type === 'integer').map(({ value }) => Array.from(value).length);
  const markOf = (wanted: string): string => parts.find(({ type }) => type === wanted)?.value ?? '';
  return {
    digits: Array.from(new Intl.NumberFormat(tag, { ...options, useGrouping: false }).format(9_876_543_210)).toReversed(),
    decimal: markOf('decimal'),
    group: markOf('group'),
    sizes: [groups.at(-1) ?? 3, groups.at(-2) ?? 3],
  };
}
