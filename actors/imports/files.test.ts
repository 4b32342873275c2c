import { expect, test } from 'vitest';
import { makeXlsx } from '../../tests/support/make-xlsx.ts';
import { csvRows } from './csv-rows.ts';
import { findDelimiter, findEncoding } from './encoding.ts';
import { xlsxRows } from './xlsx-rows.ts';

const all = async <Row>(rows: AsyncIterable<Row>): Promise<Row[]> => {
  const found: Row[] = [];
  for await (const row of rows) found.push(row);
  return found;
};

test('[IMPORT-13] what a text is written in, and what stands between its columns, is found out', () => {
  const text = 'Größe;Land\r\n1,5;"a;b"\r\n';
  expect(findEncoding(Buffer.from(text))).toBe('utf-8');
  expect(findEncoding(Buffer.from(`\u{feff}${text}`))).toBe('utf-8');
  expect(findEncoding(Buffer.from(text, 'latin1'))).toBe('windows-1252');
  expect(findEncoding(Buffer.from(text, 'utf16le'))).toBe('utf-16le');
  expect(findEncoding(Buffer.from(text, 'utf16le').swap16())).toBe('utf-16be');
  const between = (line: string): string => findDelimiter(Buffer.from(line), 'utf-8');
  expect([text, 'a,b;c,d\n', 'a\tb\n', '"x;y;z",b\n', 'one\n'].map(between)).toEqual([';', ',', '\t', ',', ',']);
});

test('[IMPORT-14] a CSV keeps its row numbers over quotes, empty lines and lines of other lengths', async () => {
  const rows = await all(csvRows(Buffer.from('\u{feff}a,b\n"x\ny",1\n\n2\n'), 'utf-8', ','));
  expect(rows).toEqual([
    { row: 1, values: ['a', 'b'] },
    { row: 2, values: ['x\ny', '1'] },
    { row: 3, values: [''] },
    { row: 4, values: ['2'] },
  ]);
  await expect(all(csvRows(Buffer.from('a\n"x'), 'utf-8', ','))).rejects.toThrow(/no CSV/);
  await expect(all(csvRows(Buffer.from([97, 10, 0xff]), 'utf-8', ','))).rejects.toThrow(/not written in utf-8/);
  await expect(all(csvRows(Buffer.from(`a\n"${'x'.repeat(300_000)}"`), 'utf-8', ','))).rejects.toThrow(/no CSV/);
});

test('[IMPORT-15] a workbook is read with shared texts, days, numbers and gaps as its screen shows them', async () => {
  const styles = '<styleSheet><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="165"/></cellXfs></styleSheet>';
  const shared =
    '<sst><si><t>Grüße &amp; mehr</t></si><si><r><t>rich </t></r><r><t>text</t></r><rPh sb="0" eb="1"><t>aside</t></rPh></si></sst>';
  const book = makeXlsx(
    '<row r="2"><c r="A2" t="s"><v>0</v></c><c r="C2" t="s"><v>1</v></c></row>' +
      '<row r="4"><c r="A4" s="1"><v>46000</v></c><c r="B4"><v>0.10000000000000001</v></c><c r="C4" t="b"><v>1</v></c><c r="D4"><v>1.5E3</v></c></row>',
    { 'xl/sharedStrings.xml': shared, 'xl/styles.xml': styles },
  );
  expect(await all(xlsxRows(book))).toEqual([
    { row: 2, values: ['Grüße & mehr', '', 'rich text'] },
    { row: 4, values: ['2025-12-09', '0.1', 'true', '1500'] },
  ]);
});

test('[IMPORT-16] a workbook that is packed too well, broken, or reaches too far is refused', async () => {
  await expect(all(xlsxRows(makeXlsx('<row r="1">'.repeat(1) + '<c/>'.repeat(2_000_000) + '</row>')))).rejects.toThrow(/when unpacked/);
  await expect(all(xlsxRows(makeXlsx('<row r="1"><c r="ZZZ1"><v>1</v></c></row>')))).rejects.toThrow(/column/);
  for (const rows of ['<row r="2"/><row r="1"/>', '<row r="99999999999"/>', '<row r="x"/>'])
    await expect(all(xlsxRows(makeXlsx(rows)))).rejects.toThrow(/comes row/);
  await expect(all(xlsxRows(makeXlsx('<row>')))).rejects.toThrow(/no XLSX/);
  await expect(all(xlsxRows(Buffer.from('PK\u0003\u0004')))).rejects.toThrow(/no XLSX/);
  const bomb = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]><workbook>&b;</workbook>';
  await expect(all(xlsxRows(makeXlsx('', { 'xl/workbook.xml': bomb })))).rejects.toThrow();
  const whole = makeXlsx('<row r="1"><c><v>1</v></c></row>');
  await expect(all(xlsxRows(whole.subarray(0, whole.length - 30)))).rejects.toThrow(/no XLSX/);
});
