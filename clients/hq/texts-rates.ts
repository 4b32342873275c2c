import type { Age } from './exchange.ts';
import { counted } from './texts.ts';

/* The texts of the exchange rates. */

const missing = (count: number): string =>
  count === 1 ? '1 day that should have had rates is missing' : `${counted(count, 'day', 'days')} that should have had rates are missing`;

export const rateTexts = {
  title: 'Exchange rates',
  about:
    'What each source has published, where it was read, and how old it is. Where none are published on a day, those of the last day before it hold.',
  base: 'For one',
  published: 'Of what each source publishes',
  day: 'Day, or empty for now',
  show: 'Show',
  now: 'As of now',
  search: 'Search currencies',
  noSource: 'No source of rates is set up.',
  noSourceYet: 'Rates appear here as soon as there is a source and its first ones have come.',
  notKnown: 'Nothing known of that day',
  noneHere: (base: string, date: string) =>
    `This source has no rates${base === '' ? '' : ` of ${base}`}${date === '' ? '' : ` for ${date}`}.`,
  open: 'Fetches, corrections and history',
  openOf: (title: string) => `Fetches, corrections and history of ${title}`,
  of: 'Rates of',
  source: 'Published by',
  from: 'Read from',
  fetched: 'Read at',
  hash: 'SHA-256 of what was read',
  through: (base: string, published: string) => `Worked out for ${base} by way of ${published}, to twelve significant digits.`,
  asPublished: 'As published.',
  count: (shown: number, all: number) =>
    shown === all ? counted(all, 'currency', 'currencies') : `${shown} of ${counted(all, 'currency', 'currencies')}`,
  noMatch: 'No currency matches.',
  table: (source: string, base: string) => `Rates of ${source} for one ${base}`,
  columns: { code: 'Currency', name: 'Name', rate: 'Rate' },
  ages: { same_day: 'Fresh', carried: 'Carried forward', not_out: 'The newest there are', late: 'Late', stale: 'Stale' } as Readonly<
    Record<Age['kind'], string>
  >,
  aged: (age: Age, date: string, asked: string): string => {
    switch (age.kind) {
      case 'same_day':
        return `They are of ${asked} itself.`;
      case 'carried':
        return `None are published on ${asked}, a ${age.over === 'weekend' ? 'day of a weekend' : 'holiday'}: those of ${date} hold.`;
      case 'not_out':
        return `Those of ${asked} are not due yet: those of ${date} hold.`;
      case 'late':
        return `${missing(age.missed)}: those of ${date} still hold.`;
      case 'stale':
        return `${missing(age.missed)} since ${date}. Nothing is converted by them.`;
    }
  },
  copy: 'Copy',
  copyHash: 'Copy the whole hash',
  copied: 'Copied',
  whole: 'The whole hash, to copy',
  convert: {
    title: 'Convert an amount',
    amount: 'Amount',
    from: 'From',
    to: 'To',
    day: 'Day',
    source: 'Source',
    do: 'Convert',
    published: 'With rates',
    others: 'Others',
    loading: 'the converted amount',
    equals: 'is',
    rate: 'Rate',
    rateOf: (from: string, rate: string, to: string) => `1 ${from} = ${rate} ${to}`,
    through: 'By way of',
    throughOf: (base: string, from: string, fromRate: string, to: string, toRate: string) =>
      [[from, fromRate] as const, [to, toRate] as const]
        .filter(([code]) => code !== base)
        .map(([code, rate]) => `1 ${base} = ${rate} ${code}`)
        .join(', ') || `${base} itself`,
    rounding: 'Rounding',
    halfEven: 'Once, at the end; a half to the even digit',
    refused: {
      rates_stale: 'The rates are stale, so nothing was converted',
      rates_missing: 'There is no rate for this, so nothing was converted',
      not_found: 'Nothing is known of that day, so nothing was converted',
    } as Readonly<Record<string, string>>,
    failed: 'Nothing was converted',
  },
  kept: {
    days: (count: number, newest: string) => `${counted(count, 'day', 'days')}, the newest ${newest}`,
    show: 'Show their rates',
    known: 'Known',
    came: 'Came as',
    none: '—',
    table: (date: string) => `What came otherwise for ${date}`,
    gone: (count: number) => `${counted(count, 'rate', 'rates')}; the day itself is kept no more`,
  },
} as const;
