import { parse } from 'csv-parse/sync';
import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { isRate, type RateDay } from '../../../machines/exchange.ts';
import { isDate } from '../../../machines/target-days.ts';

/** An answer that is not what the bank publishes, or not all of it. Nothing of it is used. */
export class BadFeed extends Error {
  override readonly name = 'BadFeed';
  readonly where: string;

  constructor(where: string, what: string) {
    super(`${where}: ${what}`);
    this.where = where;
  }
}

const SOURCE = 'ecb';
const BASE = 'EUR';
const SENDER = 'European Central Bank';
const CODE = /^[A-Z]{3}$/;
/** Every day since the first one in 1999 has had this one, and never fewer than so many. */
const ALWAYS = 'USD';
const FEWEST = 20;

/** Days by date, each with its rates by code. */
type Found = Map<string, Map<string, string>>;

/**
 * The reference rates of the file `eurofxref-daily.xml`, or of one of those with history, the oldest day first. Throws a BadFeed for everything else,
 * a file that is cut off included.
 */
export function readXml(text: string): readonly RateDay[] {
  const valid = XMLValidator.validate(text);
  if (valid !== true) throw new BadFeed(`line ${valid.err.line}`, valid.err.msg);
  const parser = new XMLParser({
    ignoreAttributes: false,
    attributeNamePrefix: '',
    removeNSPrefix: true,
    parseAttributeValue: false,
    parseTagValue: false,
    processEntities: false,
    isArray: (name, path) => name === 'Cube' && path !== 'Envelope.Cube',
  });
  const envelope = at(parser.parse(text), 'Envelope');
  if (envelope === undefined) throw new BadFeed('the root', 'is no Envelope: these are no reference rates');
  if (at(at(envelope, 'Sender'), 'name') !== SENDER) throw new BadFeed('Sender', `is not ${SENDER}`);
  const found: Found = new Map();
  for (const cube of cubesIn(at(envelope, 'Cube'))) {
    const date = String(at(cube, 'time'));
    if (found.has(date)) throw new BadFeed(date, 'stands there twice');
    found.set(date, new Map());
    for (const rate of cubesIn(cube)) take(found, date, String(at(rate, 'currency')), String(at(rate, 'rate')), date);
  }
  return toDays(found);
}

const COLUMNS = ['FREQ', 'CURRENCY', 'TIME_PERIOD', 'OBS_VALUE'];

/** The same of the data interface's `csvdata` (daily, spot, against the euro). */
export function readCsv(text: string): readonly RateDay[] {
  const found: Found = new Map();
  rowsOf(text).forEach(([frequency, code = '', date = '', rate = ''], index) => {
    const where = `line ${index + 2}`;
    if (frequency !== 'D') throw new BadFeed(where, 'is no daily rate');
    if (!found.has(date)) found.set(date, new Map());
    take(found, date, code, rate, where);
  });
  return toDays(found);
}

function rowsOf(text: string): readonly (readonly string[])[] {
  let rows: string[][];
  try {
    rows = parse(text, { bom: true });
  } catch (error) {
    throw new BadFeed('the file', error instanceof Error ? error.message : 'is no CSV');
  }
  const [head = [], ...rest] = rows;
  // More columns may stand between them.
  const places = COLUMNS.map((column) => head.indexOf(column));
  const missing = COLUMNS.find((_, index) => places[index] === -1);
  if (missing !== undefined) throw new BadFeed('line 1', `has no column ${missing}: these are no reference rates`);
  if (!/[\r\n]$/.test(text)) throw new BadFeed('the end', 'is missing: the last line is not ended');
  return rest.map((row) => places.map((place) => row[place] ?? ''));
}

function take(found: Found, date: string, code: string, rate: string, where: string): void {
  if (!isDate(date)) throw new BadFeed(where, `${printable(date)} is no day`);
  if (!CODE.test(code) || code === BASE) throw new BadFeed(where, `${printable(code)} is no currency's code`);
  if (!isRate(rate)) throw new BadFeed(where, `${code} ${printable(rate)} is no rate`);
  const rates = found.get(date);
  if (rates?.has(code) === true) throw new BadFeed(where, `${code} stands there twice`);
  rates?.set(code, rate);
}

function toDays(found: Found): readonly RateDay[] {
  if (found.size === 0) throw new BadFeed('the file', 'has no rates');
  const days = [...found].sort(([a], [b]) => (a < b ? -1 : 1));
  return days.map(([date, rates]) => {
    if (!rates.has(ALWAYS) || rates.size < FEWEST) throw new BadFeed(date, 'is not complete');
    return { source: SOURCE, base: BASE, date, rates: Object.fromEntries(rates) };
  });
}

function at(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined;
}

function cubesIn(value: unknown): readonly unknown[] {
  const cubes = at(value, 'Cube');
  return Array.isArray(cubes) ? cubes : [];
}

function printable(text: string): string {
  return JSON.stringify(text.slice(0, 40));
}
