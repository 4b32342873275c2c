type CsvCell = string | number | bigint | boolean | null | undefined;

/** One row of RFC 4180: CRLF at the end, quotes where they are needed. */
export function toCsvRow(cells: readonly CsvCell[]): string {
  return `${cells.map(toCell).join(',')}\r\n`;
}

function toCell(value: CsvCell): string {
  if (value === null || value === undefined) return '';
  const text = typeof value === 'string' ? disarm(value) : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/**
 * A spreadsheet takes a text that begins like this for a formula and runs it; an apostrophe before it makes it a text again
 * (OWASP, CSV Injection). Numbers are written as numbers, so a negative one stays what it is.
 */
function disarm(text: string): string {
  return /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
}
