import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { exponentOf, MOST_MINOR, toDecimal } from '../../machines/money.ts';
import { formatAgo, formatClock, formatInstant, formatMoney, formatNumber, formatTime, groupDecimal, readMoney } from './format.ts';
import { currentLocale, DIRECTIONS, readerEnglish, readerLocale, setLocale } from './locale.ts';

/** Commas, points, spaces and apostrophes; groups of two; the digits of other scripts; scripts that run to the left. */
const LOCALES = ['en-GB', 'en-US', 'en-IN', 'de-DE', 'de-AT', 'de-CH', 'fr-FR', 'fr-CH', 'es-ES', 'pt-BR', 'pt-PT', 'pl-PL', 'sv-SE'];
const OTHERS = [
  'hi-IN',
  'mr-IN',
  'bn-BD',
  'ne-NP',
  'my-MM',
  'ja-JP',
  'zh-CN',
  'th-TH',
  'he-IL',
  'ar-EG',
  'ar-AE',
  'fa-IR',
  'ur-PK',
  'ff-Adlm',
];
const EVERY = [...LOCALES, ...OTHERS];
/** With 0, 2, 3 and 4 decimals. */
const CURRENCIES = ['JPY', 'EUR', 'KWD', 'CLF'] as const;

afterEach(() => setLocale());

const bare = (text: string): string => text.replace(DIRECTIONS, '');
const locales = fc.constantFrom(...EVERY);
const currencies = fc.constantFrom(...CURRENCIES);
const amounts = fc.oneof(fc.nat({ max: 10_000_000 }), fc.nat({ max: MOST_MINOR }), fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }));

describe('whose locale it is', () => {
  test('[DESKLOC-1] the first language of the reader that can be written is taken, and English of Britain where there is none', () => {
    expect(readerLocale(['de-CH', 'en-US'])).toBe('de-CH');
    expect(readerLocale(['en-US@posix', '', 'C', 'zz-ZZ', 'pt-BR'])).toBe('pt-BR');
    expect([readerLocale(['zz']), readerLocale([])]).toEqual(['en-GB', 'en-GB']);
    expect(currentLocale()).toBe('en-GB');
  });

  test('[DESKLOC-1] it is set once for all, and can be set back', () => {
    setLocale('de-DE');
    expect([currentLocale(), formatNumber(1234.5), formatMoney(125_000, 'EUR')]).toEqual(['de-DE', '1.234,5', '1.250,00 EUR']);
    setLocale();
    expect([currentLocale(), formatNumber(1234.5), formatMoney(125_000, 'EUR')]).toEqual(['en-GB', '1,234.5', '1,250.00 EUR']);
  });

  test.each([
    ['en-IN', 'en-IN'],
    ['de-DE', 'en-DE'],
    ['sv', 'en-SE'],
    ['ar-EG', 'en-EG'],
  ])('[DESKLOC-2] controls that speak by themselves speak English, as it is written where the reader of %s lives', (tag, english) => {
    setLocale(tag);
    expect(readerEnglish()).toBe(english);
  });
});

describe('amounts in every locale', () => {
  test.each([
    ['en-US', '12,345,678.90 EUR'],
    ['en-IN', '1,23,45,678.90 EUR'],
    ['hi-IN', '1,23,45,678.90 EUR'],
    ['de-DE', '12.345.678,90 EUR'],
    ['pt-BR', '12.345.678,90 EUR'],
    ['ar-EG', '١٢٬٣٤٥٬٦٧٨٫٩٠ EUR'],
    ['mr-IN', '१,२३,४५,६७८.९० EUR'],
  ])('[DESKLOC-3] in %s an amount is %s', (tag, text) => {
    setLocale(tag);
    expect(bare(formatMoney(1_234_567_890, 'EUR'))).toBe(text);
  });

  test('[DESKLOC-3] whatever the locale, every amount is written exactly as Intl writes its decimal', () => {
    fc.assert(
      fc.property(locales, currencies, amounts, (tag, currency, amount_minor) => {
        setLocale(tag);
        const places = exponentOf(currency);
        const decimal = toDecimal({ amount_minor, currency }) as `${number}`;
        const exact = new Intl.NumberFormat(tag, { minimumFractionDigits: places, maximumFractionDigits: places }).format(decimal);
        expect(groupDecimal(amount_minor, places)).toBe(exact);
        expect(groupDecimal(-amount_minor, places)).toBe(amount_minor === 0 ? exact : `−${exact}`);
      }),
      { numRuns: 1_000 },
    );
  });

  test('[DESKLOC-4] whatever the locale, what is shown can be typed or pasted in again and means the same', () => {
    fc.assert(
      fc.property(locales, currencies, amounts, (tag, currency, minor) => {
        setLocale(tag);
        const amount = groupDecimal(minor, exponentOf(currency));
        for (const text of [formatMoney(minor, currency), amount, ` ${amount}${currency} `]) {
          expect([tag, text, readMoney(text, currency)]).toEqual([tag, text, { ok: true, minor }]);
        }
      }),
      { numRuns: 1_000 },
    );
  });

  test('[DESKLOC-4] an amount without what parts thousands is read in every locale, by the digits 0 to 9 as well', () => {
    fc.assert(
      fc.property(locales, currencies, amounts, (tag, currency, amount_minor) => {
        setLocale(tag);
        const decimal = toDecimal({ amount_minor, currency }).replace('.', () => markOf(tag));
        expect([tag, decimal, readMoney(decimal, currency)]).toEqual([tag, decimal, { ok: true, minor: amount_minor }]);
      }),
      { numRuns: 1_000 },
    );
  });

  test('[DESKLOC-5] no locale reads what another one writes as a hundred or a thousand times as much', () => {
    fc.assert(
      fc.property(locales, locales, currencies, amounts, (writes, reads, currency, minor) => {
        setLocale(writes);
        const text = formatMoney(minor, currency);
        setLocale(reads);
        const read = readMoney(text, currency);
        expect([writes, reads, text, read.ok ? read.minor : minor]).toEqual([writes, reads, text, minor]);
      }),
      { numRuns: 4_000 },
    );
  });
});

/** The decimal mark beside the digits 0 to 9. */
function markOf(tag: string): string {
  const parts = new Intl.NumberFormat(tag, { numberingSystem: 'latn' }).formatToParts(0.5);
  return parts.find(({ type }) => type === 'decimal')?.value ?? '';
}

test.each([
  ['de-DE', '1250', 125_000],
  ['de-DE', '1.250,00', 125_000],
  ['de-DE', '1250,5', 125_050],
  ['de-DE', '1.250', 125_000],
  ['de-DE', '1 250,5', 125_050],
  ['de-DE', '1.25', undefined],
  ['de-DE', '12.50', undefined],
  ['de-DE', '1,250.00', undefined],
  ['de-DE', '1.250.5', undefined],
  ['de-DE', '0.125', undefined],
  ['de-DE', '1,250', undefined],
  ['fr-FR', '1 250,00', 125_000],
  ['fr-FR', '1.250', undefined],
  ['fr-FR', '1250.5', undefined],
  ['de-CH', "1'250.5", 125_050],
  ['de-CH', '1’250.05', 125_005],
  ['de-CH', '1,250', undefined],
  ['en-IN', '1,00,000', 10_000_000],
  ['en-IN', '100,000', 10_000_000],
  ['en-GB', '1,00,000', undefined],
  ['en-GB', '0,125', undefined],
  ['en-GB', '1 250,000', undefined],
  ['ar-EG', '١٬٢٥٠٫٥', 125_050],
  ['ar-EG', '1,250.5', 125_050],
  ['ar-EG', '1.250', undefined],
  ['ar-EG', '١٢٥٠.5', undefined],
  ['ar-EG', '١٬٢٥', undefined],
])('[DESKLOC-5] an amount that could be meant in two ways is asked about, not guessed: in %s %j', (tag, text, minor) => {
  setLocale(tag);
  const read = readMoney(text, 'EUR');
  expect(read.ok ? read.minor : undefined).toBe(minor);
});

test('[DESKLOC-5] where there are three decimals, one group alone may be them: it is asked about', () => {
  expect(readMoney('1,250', 'KWD')).toEqual({ ok: false, sentence: 'Write the amount like 1250.000.' });
  expect(readMoney('1,250,000', 'KWD')).toEqual({ ok: true, minor: 1_250_000_000 });
  setLocale('de-DE');
  expect(readMoney('1.250', 'KWD')).toEqual({ ok: false, sentence: 'Write the amount like 1250,000.' });
  expect(readMoney('1.250', 'JPY')).toEqual({ ok: true, minor: 1_250 });
  expect(readMoney('1 USD', 'EUR')).toEqual({ ok: false, sentence: 'Write the amount like 1250,00.' });
});

describe('days and times in every locale', () => {
  const zone = 'UTC';
  /** In digits alone it could be the fourth of May and the fifth of April. */
  const iso = '2026-05-04T23:05:08.070Z';

  test.each([
    ['en-GB', '04 May 2026, 23:05:08'],
    ['en-US', 'May 04, 2026, 23:05:08'],
    ['de-DE', '04. Mai 2026, 23:05:08'],
    ['pt-PT', '04 de maio de 2026 às 23:05:08'],
    ['ja-JP', '2026年5月04日 23:05:08'],
    ['th-TH', '04 พ.ค. 2026 23:05:08'],
  ])('[DESKLOC-6] in %s a time is %s', (tag, text) => {
    setLocale(tag);
    expect(bare(formatTime(iso, zone))).toBe(text);
  });

  test.each([
    ...EVERY,
    'fi-FI',
    'cs-CZ',
    'sk-SK',
    'bg-BG',
    'lt-LT',
    'hu-HU',
    'ko-KR',
    'ru-RU',
    'tr-TR',
    'da-DK',
    'nl-NL',
    'it-IT',
    'ca-ES',
  ])('[DESKLOC-6] in %s nobody can take the day for the month, and the year is that of the UTC time beside it', (tag) => {
    setLocale(tag);
    const text = bare(formatTime(iso, zone));
    const year = new Intl.NumberFormat(tag, { useGrouping: false }).format(2026);
    expect(text).toContain(year);
    const day = text.replace(/\p{Nd}{2}[:.]\p{Nd}{2}[:.]\p{Nd}{2}.*$/u, '');
    const numbers = day.match(/\p{Nd}+/gu) ?? [];
    expect(numbers.length === 2 || (numbers.length === 3 && numbers[0] === year), day).toBe(true);
  });

  test('[DESKLOC-6] hours are counted to 24, seconds have their thousandths where steps follow fast, and spans have the reader’s digits', () => {
    expect([formatClock(iso, zone), formatInstant(Date.parse(iso), zone)]).toEqual(['23:05:08', '23:05:08.070']);
    setLocale('en-US');
    expect(formatClock('2026-05-04T00:05:08Z', zone)).toBe('00:05:08');
    setLocale('ar-EG');
    expect(bare(formatAgo(iso, Date.parse(iso) + 240_000))).toBe('٤ min ago');
  });
});

test('[DESKLOC-7] where the script runs to the left, a number stays in one piece with its currency code behind it', () => {
  for (const tag of ['ar-EG', 'he-IL', 'fa-IR', 'ur-PK', 'ff-Adlm']) {
    setLocale(tag);
    for (const text of [formatMoney(125_000, 'EUR'), formatNumber(125_000)]) expect(text, tag).toMatch(/^\u2066[^\u2066-\u2069]+\u2069$/u);
    expect(formatTime('2026-05-04T23:05:08Z'), tag).toMatch(/^\u2067[^\u2066-\u2069]+\u2069$/u);
  }
  for (const tag of LOCALES) {
    setLocale(tag);
    const all = [formatMoney(-125_000, 'EUR'), formatNumber(125_000), formatTime('2026-05-04T23:05:08Z')];
    expect(all, tag).toEqual(all.map(bare));
  }
});
