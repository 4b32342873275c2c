/* What is offered to whoever sends a file or says how it is read: without schemas, for screens too. */

/** How a cell is read. Whether the day or the month comes first nobody can see from a file, so it is said. */
export const READINGS = ['text', 'lower', 'country', 'whole', 'day_iso', 'day_dmy', 'day_mdy', 'amount_point', 'amount_comma'] as const;
export type Reading = (typeof READINGS)[number];

/** What a text may be written in. */
export const ENCODINGS = ['utf-8', 'utf-16le', 'utf-16be', 'windows-1252'] as const;

/** What may stand between the columns of a text. */
export const DELIMITERS = [',', ';', '\t', '|'] as const;
