import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { directionOf, toLines, toRuns, toVisible } from './visible-text.ts';

const length = (text: string): number => text.length;

describe('lines', () => {
  test('[RECEIPT-10] a text is broken between its words, and within a word only where that alone is too wide', () => {
    expect(toLines('one two three', 7, length)).toEqual(['one two', 'three']);
    expect(toLines('ab abcdefghij z', 4, length)).toEqual(['ab', 'abcd', 'efgh', 'ij z']);
    expect(toLines('', 4, length)).toEqual(['']);
  });

  test('[RECEIPT-10] what people see as one character is not parted', () => {
    expect(toLines('ae\u0301e\u0301', 3, length)).toEqual(['ae\u0301', 'e\u0301']);
  });

  test('[RECEIPT-10] no line is wider than it may be and nothing is lost, whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 140 }), fc.integer({ min: 2, max: 40 }), (text, width) => {
        const lines = toLines(text, width, length);
        expect(lines.join('').replaceAll(/\s/g, '')).toBe(text.replaceAll(/\s/g, ''));
        for (const line of lines) expect(line.length).toBeLessThanOrEqual(width);
      }),
    );
  });
});

describe('the order that is seen', () => {
  test('[RECEIPT-11] runs of a line stand from left to right, numbers within Arabic and brackets round it too', () => {
    expect(toRuns('Bolt Ltd', directionOf('Bolt Ltd'))).toEqual(['Bolt Ltd']);
    expect(toRuns('Bolt שלום Ltd', 'ltr')).toEqual(['Bolt ', 'שלום', ' Ltd']);
    expect(toRuns('שלום Bolt', directionOf('שלום Bolt'))).toEqual(['Bolt', 'שלום ']);
    expect(toRuns('نور (12)', directionOf('نور (12)'))).toEqual(['(', '12', 'نور )']);
  });

  test('[RECEIPT-11] no letter is lost, whatever is mixed', () => {
    const letters = fc.string({ unit: fc.constantFrom('a', 'B', ' ', '1', 'ش', 'ל', '(', ')', '-', '٣'), maxLength: 40 });
    const sorted = (text: string): string => text.replaceAll(/[()]/g, '').split('').toSorted().join('');
    fc.assert(
      fc.property(letters, (text) => {
        expect(sorted(toRuns(text, directionOf(text)).join(''))).toBe(sorted(text));
      }),
    );
  });
});

test('[RECEIPT-9] the sign by which Persian spells stays within a word, and is shown anywhere else', () => {
  const all = (): boolean => true;
  expect(toVisible('می\u200Cخواهم', all)).toBe('می\u200Cخواهم');
  expect(toVisible('a\u200Cb', all)).toBe('a[U+200C]b');
});
