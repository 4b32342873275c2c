import { Link } from '@tanstack/react-router';
import { formatMoney } from '../../core/format.ts';
import { readPosted, type Posted } from '../payment.ts';
import { paymentTexts } from '../texts-payment.ts';
import { StatementLink } from './payment-values.tsx';
import { PlainTable, type PlainColumn } from './plain-table.tsx';
import type { History } from './use-history.ts';

const words = paymentTexts.postings;

type PostingsProps = {
  readonly address: string;
  readonly rows: History['rows'];
  /** Whether there are no older versions than these. */
  readonly isAll: boolean;
};

/** What a payment has posted, leg by leg, each with the way to the statement of its account. */
export function Postings({ address, rows, isAll }: PostingsProps) {
  const posted = readPosted(rows);
  if (posted.length === 0) return null;
  return (
    <section className="card postings" aria-labelledby="postings-title">
      <h2 id="postings-title">{words.title}</h2>
      <p className="muted">{words.about}</p>
      <PlainTable
        label={words.label}
        columns={columnsOf(address)}
        rows={posted.map((leg, place) => ({ leg, place }))}
        keyOf={({ place }) => String(place)}
      />
      {!isAll && <p className="muted">{words.some}</p>}
    </section>
  );
}

type Row = { readonly leg: Posted; readonly place: number };

function columnsOf(address: string): readonly PlainColumn<Row>[] {
  const { account, debit, credit, version } = words.columns;
  return [
    {
      key: 'account',
      label: account,
      show: ({ leg }) => (
        <StatementLink account={leg.account} currency={leg.currency}>
          {leg.account}
        </StatementLink>
      ),
    },
    { key: 'debit', label: debit, align: 'end', show: ({ leg }) => <Side leg={leg} isDebit /> },
    { key: 'credit', label: credit, align: 'end', show: ({ leg }) => <Side leg={leg} isDebit={false} /> },
    {
      key: 'version',
      label: version,
      align: 'end',
      show: ({ leg }) => (
        <Link to={`/${address}`} search={{ at: String(leg.version) } as never} className="link" aria-label={words.asOf(leg.version)}>
          {leg.version}
        </Link>
      ),
    },
  ];
}

/** A positive amount is a debit, a negative one a credit. */
function Side({ leg: { amount_minor, currency }, isDebit }: { leg: Posted; isDebit: boolean }) {
  if (amount_minor > 0 !== isDebit) return null;
  return <span className="number">{formatMoney(Math.abs(amount_minor), currency)}</span>;
}
