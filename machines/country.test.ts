import { readFileSync } from 'node:fs';
import { URL } from 'node:url';
import { expect, test } from 'vitest';
import { client } from './client.ts';
import { isCountry } from './country.ts';

const LETTERS = Array.from('ABCDEFGHIJKLMNOPQRSTUVWXYZ');
const published = readFileSync(new URL('../tests/vectors/iso3166/iso3166.tab', import.meta.url), 'utf8')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'))
  .map((line) => line.split('\t')[0] ?? '');

test('[DESK-36] of all pairs of two capitals the 249 that ISO 3166-1 has assigned are countries, and no others', () => {
  const pairs = LETTERS.flatMap((first) => LETTERS.map((second) => first + second));
  expect(pairs.filter(isCountry)).toEqual(published.toSorted());
  expect(published).toHaveLength(249);
});

test('[DESK-36] a client of no country is not taken, and the sentence says what is expected', () => {
  const input = { name: 'Acme GmbH', email: 'office@acme.example', kind: 'company' };
  expect(client.input.safeParse({ ...input, country: 'DE' }).success).toBe(true);
  for (const country of ['ZZ', 'XK', 'UK', 'EU', 'de', 'DEU', '', 'constructor'])
    expect(client.input.safeParse({ ...input, country }).error?.issues).toMatchObject([
      { path: ['country'], message: 'A country is two capitals of ISO 3166-1 alpha-2, for example DE' },
    ]);
});
