import { Link } from '@tanstack/react-router';
import { formatMoney, formatNumber, nameWords } from '../../core/format.ts';
import { isRecord } from '../../core/problem.ts';
import { isCountry } from '../../../machines/country.ts';
import { isFaultCode, sentenceFor } from '../../../machines/fault.ts';
import { isId, readAddress } from '../../../machines/ids.ts';
import { isKeptDays } from '../exchange.ts';
import { reasonSentence } from '../texts-payment.ts';
import { RateDays } from './rate-days.tsx';
import { Time } from './time.tsx';

/** Fields that name another actor, and of which type. */
const REFERENCES: Readonly<Record<string, string>> = {
  client: 'client',
  payment: 'payment',
  gateway: 'integration',
  checks_by: 'integration',
  integration: 'integration',
  account: 'account',
  rates: 'rates',
  dispute: 'dispute',
  bill: 'bill',
  supplier: 'client',
};

/** Fields that hold the address of another actor. */
const ADDRESSED = new Set(['actor', 'binding', 'link', 'payment', 'bill']);

const COUNTRIES = new Intl.DisplayNames(['en'], { type: 'region', fallback: 'none' });

/** The name of a country by its two letters (ISO 3166-1 alpha-2). */
export function countryName(code: string): string | undefined {
  return isCountry(code) ? COUNTRIES.of(code) : undefined;
}

/** One value of a context, shown as what its name says that it is. `currency` is that of amounts beside it. */
export function Value({ name, value, currency }: { name: string; value: unknown; currency: string | undefined }) {
  if (isNothing(value)) return <span className="muted">—</span>;
  if (typeof value === 'number') return <NumberValue name={name} value={value} currency={currency} />;
  if (typeof value === 'string') return <TextValue name={name} value={value} />;
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (isKeptDays(value)) return <RateDays days={value} />;
  if (Array.isArray(value)) return <ListValue name={name} items={value as readonly unknown[]} currency={currency} />;
  if (isRecord(value)) return <Fields record={value} currency={currency} />;
  return null;
}

/** A record as names and values. */
export function Fields({ record, currency }: { record: Readonly<Record<string, unknown>>; currency: string | undefined }) {
  const own = typeof record['currency'] === 'string' ? record['currency'] : currency;
  return (
    <dl className="fields">
      {Object.entries(record).map(([name, value]) => (
        <div key={name}>
          <dt>{fieldLabel(name)}</dt>
          <dd>
            <Value name={name} value={value} currency={own} />
          </dd>
        </div>
      ))}
    </dl>
  );
}

export function fieldLabel(name: string): string {
  // The code of a currency is its name.
  if (/^[A-Z]{3}$/.test(name)) return name;
  return nameWords(name.replace(/_(?:minor|major)$/, '')).replace(/ (ms|s)$/, ' ($1)');
}

export function isNothing(value: unknown): boolean {
  return value === null || value === undefined || value === '' || (Array.isArray(value) && value.length === 0);
}

function NumberValue({ name, value, currency }: { name: string; value: number; currency: string | undefined }) {
  if (name.endsWith('_minor') && currency !== undefined) return <span className="number">{formatMoney(value, currency)}</span>;
  if (isTimeName(name) && value > 1e11 && value <= LATEST_MS) return <Time at={new Date(value).toISOString()} />;
  return <span className="number">{formatNumber(value)}</span>;
}

/** The last moment that a date can name. */
const LATEST_MS = 8.64e15;

function isTimeName(name: string): boolean {
  return name === 'at' || name.endsWith('_at') || name === 'since' || name === 'until' || name === 'due' || name === 'due_by';
}

function TextValue({ name, value }: { name: string; value: string }) {
  const reference = REFERENCES[name];
  if (reference !== undefined && isId(value)) {
    return (
      <Link to={`/${reference}/${value}`} className="link">
        {value}
      </Link>
    );
  }
  const address = ADDRESSED.has(name) ? readAddress(value) : undefined;
  if (address !== undefined) {
    return (
      <Link to={`/${value}`} className="link">
        {value}
      </Link>
    );
  }
  if (/(^|_)hash$|^sha256$/.test(name)) return <Hash hash={value} />;
  if (name === 'country') return `${countryName(value) ?? 'Unknown country'} (${value})`;
  const sentence = name === 'reason' || name.endsWith('_because') ? sentenceOf(value) : undefined;
  if (sentence !== undefined) {
    return (
      <>
        {sentence} <code className="code">{value}</code>
      </>
    );
  }
  if ((name === 'reason' || name.endsWith('_because')) && /^[a-z]+(_[a-z]+)+$/.test(value)) return nameWords(value);
  // Only what is named so: a payee may be called like a time, and is shown letter by letter.
  if (isTimeName(name) && /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(value)) return <Time at={value} />;
  if (/(_reference|^id|^iban|bank_account)$/.test(name)) return <span className="mono">{value}</span>;
  return value;
}

/** Why, in a sentence; undefined where it is no code that has one. */
export function sentenceOf(code: string): string | undefined {
  return isFaultCode(code) ? sentenceFor(code) : reasonSentence(code);
}

/** A hash by its beginning; the whole of it is in the hint. */
export function Hash({ hash }: { hash: string }) {
  return (
    <code className="code" title={hash}>
      {hash.slice(0, 12)}
      {hash.length > 12 && '…'}
    </code>
  );
}

/** Each record by the first of its texts that tells it from the others, newest last as they came, and opened one at a time. */
function FoldedRecords({ items, currency }: { items: readonly Readonly<Record<string, unknown>>[]; currency: string | undefined }) {
  const telling = Object.keys(items[0] ?? {}).find((name) => new Set(items.map((item) => item[name])).size === items.length);
  return (
    <ul className="values folded">
      {items.map((item, index) => (
        <li key={index}>
          <details>
            <summary>{telling === undefined ? formatNumber(index + 1) : String(item[telling])}</summary>
            <Fields record={item} currency={currency} />
          </details>
        </li>
      ))}
    </ul>
  );
}

function ListValue({ name, items, currency }: { name: string; items: readonly unknown[]; currency: string | undefined }) {
  if (!items.every(isRecord)) {
    return (
      <ul className="values">
        {items.map((item, index) => (
          <li key={index}>
            <Value name={name} value={item} currency={currency} />
          </li>
        ))}
      </ul>
    );
  }
  // As columns, records within records would be a letter wide; they stand below each other, and fold.
  if (items.some((item) => Object.values(item).some(isRecord))) return <FoldedRecords items={items} currency={currency} />;
  const columns = [...new Set(items.flatMap((item) => Object.keys(item)))];
  return (
    <table className="mini">
      <thead>
        <tr>
          {columns.map((column) => (
            <th key={column} scope="col">
              {fieldLabel(column)}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {items.map((item, index) => (
          <tr key={index}>
            {columns.map((column) => (
              <td key={column}>
                <Value name={column} value={item[column]} currency={currency} />
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
