import { isCountry } from '../../machines/country.ts';

/** In which languages a country may be called by its name. */
const LANGUAGES = ['en', 'de', 'fr', 'es', 'it', 'nl', 'pl', 'pt'];
const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'.split('');

let names: ReadonlyMap<string, string> | undefined;

/** The code of ISO 3166-1 alpha-2 of a country by its code or name; undefined for what names none, or two. */
export function toCountry(text: string): string | undefined {
  const code = text.toUpperCase();
  if (isCountry(code)) return code;
  names ??= namesOf();
  const found = names.get(fold(text));
  return found === '' ? undefined : found;
}

function namesOf(): ReadonlyMap<string, string> {
  const codes = LETTERS.flatMap((a) => LETTERS.map((b) => a + b)).filter(isCountry);
  const found = new Map<string, string>();
  for (const language of LANGUAGES) {
    const called = new Intl.DisplayNames(language, { type: 'region', fallback: 'none' });
    for (const code of codes) {
      const name = called.of(code);
      if (name === undefined) continue;
      const other = found.get(fold(name));
      // One name for two countries names neither.
      found.set(fold(name), other === undefined || other === code ? code : '');
    }
  }
  return found;
}

/** Without accents, case and what stands between words. */
function fold(text: string): string {
  return text
    .normalize('NFD')
    .replaceAll(/\p{M}/gu, '')
    .toLowerCase()
    .replaceAll(/[^\p{L}]+/gu, ' ')
    .trim();
}
