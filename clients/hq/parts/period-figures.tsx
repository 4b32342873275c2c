import { Link } from '@tanstack/react-router';
import type { ActorView } from '../../../hub/protocol/messages.ts';
import type { Gain } from '../../../machines/period-gains.ts';
import type { Figures, Total } from '../../../machines/period-terms.ts';
import { formatMoney, formatNumber } from '../../core/format.ts';
import { formatAmount } from '../ledger.ts';
import { toStatementOf, toTrialOf } from '../periods.ts';
import { texts as words } from '../texts-periods.ts';
import { PlainTable, type PlainColumn } from './plain-table.tsx';
import { Time } from './time.tsx';

/** What a person confirms: what each currency came to, what was gained on it and by which rate, and what proves the postings. */
export function PeriodFigures({ figures, context }: { figures: Figures; context: ActorView['context'] }) {
  const home = textOf(context['home_currency']);
  const hash = textOf(context['payload_hash']);
  return (
    <>
      <dl className="standings">
        <Row label={words.postings}>{formatNumber(figures.postings)}</Row>
        <Row label={words.legs}>{formatNumber(figures.legs)}</Row>
        <Row label={words.known}>
          <Time at={new Date(figures.known).toISOString()} />
        </Row>
      </dl>
      <h3>{words.totals}</h3>
      {figures.totals.length === 0 ? (
        <p className="muted">{words.nothing}</p>
      ) : (
        <PlainTable label={words.totalsOf} columns={SUMS} rows={figures.totals} keyOf={({ currency }) => currency} />
      )}
      <p>
        <Link to="/ledger" search={toTrialOf(figures) as never} className="link">
          {words.toTrial}
        </Link>
      </p>
      <h3>{words.gains(home)}</h3>
      {figures.gains.length === 0 ? <p className="muted">{words.noGains}</p> : <Gains figures={figures} home={home} />}
      <dl className="standings">
        <Row label={words.root} wide>
          <code className="code">{figures.root}</code>
        </Row>
        <Row label={words.hash} wide>
          <code className="code">{hash}</code>
        </Row>
      </dl>
    </>
  );
}

function Row({ label, wide = false, children }: { label: string; wide?: boolean; children: React.ReactNode }) {
  return (
    <div className={wide ? 'wide' : undefined}>
      <dt>{label}</dt>
      <dd className={wide ? 'root' : 'number'}>{children}</dd>
    </div>
  );
}

const SUMS: readonly PlainColumn<Total>[] = [
  { key: 'currency', label: words.sums.currency, show: ({ currency }) => currency },
  ...(['debits', 'credits', 'balance', 'assets', 'aside'] as const).map((name): PlainColumn<Total> => {
    return {
      key: name,
      label: words.sums[name],
      align: 'end',
      show: (total) => <span className="number">{formatAmount(total[`${name}_minor`], total.currency)}</span>,
    };
  }),
];

function Gains({ figures, home }: { figures: Figures; home: string }) {
  const { gains, difference_minor } = figures;
  const amount = (of: keyof Gain & `${string}_minor`, own = false): PlainColumn<Gain>['show'] =>
    function Amount(gain) {
      return <span className="number">{formatAmount(String(gain[of]), own ? gain.currency : home)}</span>;
    };
  const columns: readonly PlainColumn<Gain>[] = [
    {
      key: 'currency',
      label: words.gain.currency,
      show: ({ currency }) => (
        <Link to="/ledger/statement" search={toStatementOf(figures, 'exchange', currency) as never} className="link">
          {currency}
        </Link>
      ),
    },
    { key: 'opening', label: words.gain.opening, align: 'end', show: amount('opening_minor', true) },
    { key: 'position', label: words.gain.position, align: 'end', show: amount('amount_minor', true) },
    { key: 'cost', label: words.gain.cost, align: 'end', show: amount('cost_minor') },
    { key: 'rate', label: words.gain.rate, align: 'end', show: (gain) => <span className="number">{rateOf(gain)}</span> },
    { key: 'value', label: words.gain.value, align: 'end', show: amount('value_minor') },
    { key: 'realized', label: words.gain.realized, align: 'end', show: amount('realized_minor') },
    { key: 'unrealized', label: words.gain.unrealized, align: 'end', show: amount('unrealized_minor') },
  ];
  const sum = (of: 'realized_minor' | 'unrealized_minor', first = 0): string =>
    formatMoney(
      gains.reduce((total, gain) => total + BigInt(gain[of]), BigInt(first)),
      home,
    );
  return (
    <>
      <PlainTable
        label={words.gainsOf}
        columns={columns}
        rows={gains}
        keyOf={({ currency }) => currency}
        foot={[words.total, '', '', '', '', '', sum('realized_minor', difference_minor), sum('unrealized_minor')]}
      />
      {difference_minor !== 0 && (
        <p className="muted">
          {words.difference}: {formatMoney(difference_minor, home)}
        </p>
      )}
    </>
  );
}

function rateOf({ rate, source, date }: Gain): string {
  return rate === null ? words.noRate : words.rateOf(rate, source ?? '', date ?? '');
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
