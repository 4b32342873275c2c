import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { texts } from './texts.ts';

const HERE = import.meta.dirname;

/** Words between tags, alone on a line, or given to an attribute that people see or hear. */
const WRITTEN = [
  />\s*[A-Z][a-z]+(?: [^<>{}]*)?<\//,
  /^\s+[A-Z][a-z]+(?: [a-z’'…]+)+[.…]?$/,
  /\b(?:title|label|placeholder|aria-label)="[A-Z]/,
];

function written(text: string): string[] {
  return text
    .split('\n')
    .filter((line) => !/^\s*(?:\/\/|\*|\/\*)/.test(line))
    .filter((line) => WRITTEN.some((pattern) => pattern.test(line)))
    .map((line) => line.trim());
}

test('[DESK-29] what people read stands in the catalogue of texts and not among the screens', () => {
  expect(written('  <h1>Sign in to HQ</h1>\n  Back to now\n  <P title="Not here" />')).toHaveLength(3);
  const files = globSync(['*.tsx', 'screens/*.tsx', 'parts/*.tsx'], { cwd: HERE });
  expect(files.length).toBeGreaterThan(20);
  const found = files.flatMap((file) => written(readFileSync(join(HERE, file), 'utf8')).map((line) => `${file}: ${line}`));
  expect(found).toEqual([]);
});

test('[DESK-9] what became of many is told in one sentence, in which what the hub keeps is not called unknown', () => {
  const { finished, retry } = texts.bulk;
  expect(finished({ done: 17, refused: 0, kept: 0, open: 0 })).toBe('All 17 done.');
  expect(finished({ done: 13, refused: 2, kept: 1, open: 1 })).toBe('13 done, 2 refused, 1 kept by the hub, 1 not known.');
  expect(finished({ done: 0, refused: 0, kept: 3, open: 0 })).toBe('0 done, 3 kept by the hub.');
  expect([retry(1), retry(2)]).toEqual(['Try again the one that failed', 'Try again the 2 that failed']);
});
