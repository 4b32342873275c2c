import fc from 'fast-check';
import { expect, test } from 'vitest';
import { toCsvRow } from './csv.ts';

/** Reads one row as RFC 4180 says. */
function readRow(text: string): string[] {
  const cells: string[] = [];
  let rest = text.replace(/\r\n$/, '');
  for (;;) {
    const match = /^(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|$)/.exec(rest);
    if (match === null) throw new Error(`no row: ${JSON.stringify(text)}`);
    cells.push(match[1]?.replaceAll('""', '"') ?? match[2] ?? '');
    rest = rest.slice(match[0].length);
    if (match[3] !== ',') return cells;
  }
}

test('[DESK-10] whatever is in a cell, a row is read back as it was written', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'binary' }), { minLength: 1, maxLength: 6 }), (cells) => {
      const row = toCsvRow(cells);
      expect(row.endsWith('\r\n')).toBe(true);
      expect(readRow(row).map((cell, i) => (cell === `'${cells[i]}` ? cells[i] : cell))).toEqual(cells);
    }),
  );
});

test('[DESK-10] no cell is a formula to a spreadsheet, and a negative number is still a number', () => {
  fc.assert(
    fc.property(fc.constantFrom('=', '+', '-', '@', '\t', '\r'), fc.string(), (first, rest) => {
      expect(readRow(toCsvRow([first + rest]))[0]).toBe(`'${first}${rest}`);
    }),
  );
  expect(toCsvRow(['=HYPERLINK("x")', -5, -6n, null, true, 'a,b'])).toBe(`"'=HYPERLINK(""x"")",-5,-6,,true,"a,b"\r\n`);
});
