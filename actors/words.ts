/** What a text is found by: runs of letters, digits and `_`, lower case. PostgreSQL would read parts of `3f2e7-41d8` as numbers. */
export function toWords(text: string): string[] {
  return text.toLowerCase().match(/[\p{L}\p{N}_]+/gu) ?? [];
}
