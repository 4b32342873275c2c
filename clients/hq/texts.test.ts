import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

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
