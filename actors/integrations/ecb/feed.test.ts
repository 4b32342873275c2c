import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { isTargetDay, targetDaysBetween } from '../../../machines/target-days.ts';
import { BadFeed, readCsv, readXml } from './feed.ts';

const read = (file: string) => readFileSync(new URL(`../../../tests/vectors/ecb/${file}`, import.meta.url), 'utf8');
const DAILY = read('eurofxref-daily-2018-06-11.xml');

test('[MONEY-10] a day is read as it was published, digit for digit', () => {
  const [day, ...others] = readXml(DAILY);
  expect(others).toEqual([]);
  expect(day).toMatchObject({ source: 'ecb', base: 'EUR', date: '2018-06-11' });
  expect(day?.rates).toMatchObject({ USD: '1.1790', GBP: '0.88180', SEK: '10.2530', IDR: '16477.11', HRK: '7.3788', INR: '79.4980' });
  const published = [...DAILY.matchAll(/currency='([A-Z]{3})' rate='([\d.]+)'/g)].map(([, code, rate]) => [code, rate]);
  expect(Object.entries(day?.rates ?? {})).toEqual(published);
  expect(readXml(read('eurofxref-daily-2015-01-07.xml'))[0]?.rates).toMatchObject({ USD: '1.1831', JPY: '141.17' });
});

test('[MONEY-10] files with history hold every day on which rates are published, and no other, the oldest first', () => {
  for (const [file, newest, text] of [
    ['eurofxref-hist-2016-08-24.xml', '2016-08-24', readXml],
    ['eurofxref-hist-90d-2019-11-29.xml', '2019-11-29', readXml],
    ['exr-from-2026-02-17.csv', '2026-03-18', readCsv],
  ] as const) {
    const days = text(read(file));
    const dates = days.map(({ date }) => date);
    expect([file, dates.at(-1), dates.every(isTargetDay)]).toEqual([file, newest, true]);
    expect(dates).toEqual(dates.toSorted());
    expect([file, targetDaysBetween(dates[0] ?? '', newest)]).toEqual([file, dates.length - 1]);
  }
  expect(readXml(read('eurofxref-hist-2016-08-24.xml')).at(-1)?.rates).toMatchObject({ USD: '1.1268', JPY: '112.95' });
  expect(readCsv(read('exr-from-2026-02-17.csv'))[0]?.rates['AUD']).toBe('1.6776');
});

test('[MONEY-10] a page in place of rates, a file that is cut off, and an empty one are refused, with where', () => {
  const wrong = (text: string, how: (text: string) => unknown) => {
    try {
      return how(text);
    } catch (error) {
      return error instanceof BadFeed ? error.where : error;
    }
  };
  expect(wrong(read('not-rates.html.xml'), readXml)).toMatch(/^line \d+$/);
  expect(wrong(read('exr-from-2025-01-01.cut-off.csv'), readCsv)).toBe('line 8069');
  expect([wrong('', readXml), wrong('', readCsv), wrong('<a/>', readXml), wrong('{"a":1}', readCsv)]).toEqual([
    'line 1',
    'line 1',
    'the root',
    'the file',
  ]);
  const csv = read('exr-from-2026-02-17.csv').split('\n');
  expect(wrong(csv.slice(0, 400).join('\n'), readCsv)).toBe('the end');
  // Cut off behind a whole line: the last day lacks most currencies.
  expect(wrong(`${csv.slice(0, 100).join('\n')}\n`, readCsv)).toBe('2026-02-17');
  for (let cut = DAILY.length - 2; cut > 0; cut -= 97) expect(() => readXml(DAILY.slice(0, cut))).toThrow(BadFeed);
});

test('[MONEY-10] one wrong field refuses the whole file, and says which', () => {
  const refused = (from: string | RegExp, to: string, how = readXml, text = DAILY) => {
    expect(text.replace(from, to)).not.toBe(text);
    expect(() => how(text.replace(from, to)), to).toThrow(BadFeed);
  };
  for (const rate of ['', '0', '-1.1790', '1.17.90', '1,1790', 'N/A', '1e5', '0x1', '&#49;']) refused('1.1790', rate);
  for (const code of ['', 'usd', 'US', 'USDX', 'JPY', 'EUR', '__proto__']) refused("currency='USD'", `currency='${code}'`);
  for (const date of ['', '2018-02-30', '11.06.2018', '2018-06-11T00:00:00Z']) refused('2018-06-11', date);
  refused('European Central Bank', 'European Central Bunk');
  refused('</Cube>\n\t</Cube>', "</Cube><Cube time='2018-06-11'/></Cube>");
  refused(/<Cube currency='USD'[^>]*>/, '');
  refused('<?xml version="1.0" encoding="UTF-8"?>', '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "1.1">]>'.concat('<x>'));
  const csv = read('exr-from-2026-02-17.csv');
  for (const row of [
    'M,AUD,2026-02-17,1.6776',
    'D,AUD,2026-02-17,',
    'D,AUD,2026-02-18,1.6776',
    'D,AUD,2026-02-17,1.6776,9',
    ',,,',
    'D,"AUD,2026-02-17,1.6776',
  ]) {
    refused('D,AUD,2026-02-17,1.6776', row, readCsv, csv);
  }
  refused('OBS_VALUE', 'VALUE', readCsv, csv);
});
