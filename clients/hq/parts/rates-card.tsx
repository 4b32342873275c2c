import { Link } from '@tanstack/react-router';
import type { ListItem } from '../../../hub/protocol/messages.ts';
import { AGE_TONES, ageOf, currencyName, formatRate, rowsOf, type HeldRates, type Origin, type RateRow } from '../exchange.ts';
import { rateTexts as words } from '../texts-rates.ts';
import { texts } from '../texts.ts';
import { CopyHash } from './copy-hash.tsx';
import { Empty, Skeleton } from './notice.tsx';
import { PlainTable, type PlainColumn } from './plain-table.tsx';
import { ToneGlyph } from './state-badge.tsx';
import { Time } from './time.tsx';

type Props = {
  readonly item: ListItem;
  readonly held: HeldRates | undefined;
  /** Whether the hub has answered at all. */
  readonly isHere: boolean;
  readonly asked: { readonly base: string; readonly date: string };
  readonly looked: string;
};

/** One source: of which day its rates are, how old that is, where they were read, and the rates. */
export function RatesCard({ item, held, isHere, asked, looked }: Props) {
  return (
    <section className="card rates-card" aria-label={item.title}>
      <div className="card-head">
        <h2>{item.title}</h2>
        {held && <AgeBadge origin={held} />}
        <Link to={`/${item.address}`} className="link rates-open" aria-label={words.openOf(item.title)}>
          {words.open}
        </Link>
      </div>
      {held && <Held held={held} looked={looked} />}
      {!held && isHere && <p className="muted">{words.noneHere(asked.base, asked.date)}</p>}
      {!held && !isHere && <Skeleton rows={6} label={texts.common.loading(item.title)} />}
    </section>
  );
}

/** How old the rates are, in one word. */
export function AgeBadge({ origin }: { origin: Origin }) {
  const { kind } = ageOf(origin);
  const tone = AGE_TONES[kind];
  return (
    <span className="badge" data-tone={tone}>
      <ToneGlyph tone={tone} />
      {words.ages[kind]}
    </span>
  );
}

/** The same in a sentence, with the days. */
export function AgeSentence({ origin }: { origin: Origin }) {
  return words.aged(ageOf(origin), origin.date, origin.asked);
}

function Held({ held, looked }: { held: HeldRates; looked: string }) {
  const { source, base, through, rates } = held;
  const rows = rowsOf(rates, looked);
  return (
    <>
      <p>
        <AgeSentence origin={held} />
      </p>
      <dl className="rows">
        <Row name={words.of} value={<time dateTime={held.date}>{held.date}</time>} />
        <Row name={words.source} value={source} />
        <Row name={words.base} value={`${base} · ${currencyName(base)}`} />
        <OriginRows from={held.from} fetched_at={held.fetched_at} sha256={held.sha256} />
      </dl>
      <p className="muted">
        {through === null ? words.asPublished : words.through(base, through)}{' '}
        <span role="status">{words.count(rows.length, Object.keys(rates).length)}</span>
      </p>
      {rows.length === 0 ? (
        <Empty title={words.noMatch} />
      ) : (
        <PlainTable label={words.table(source, base)} columns={COLUMNS} rows={rows} keyOf={({ code }) => code} />
      )}
    </>
  );
}

const COLUMNS: readonly PlainColumn<RateRow>[] = [
  { key: 'code', label: words.columns.code, show: ({ code }) => <span className="mono">{code}</span> },
  { key: 'name', label: words.columns.name, show: ({ name }) => name },
  { key: 'rate', label: words.columns.rate, align: 'end', show: ({ rate }) => <span className="number">{formatRate(rate)}</span> },
];

/** Where they were read, when, and what that hashes to. */
export function OriginRows({ from, fetched_at, sha256 }: { from: string; fetched_at: string; sha256: string }) {
  return (
    <>
      <Row name={words.from} value={<span className="mono rates-from">{from}</span>} />
      <Row name={words.fetched} value={<Time at={fetched_at} />} />
      <Row name={words.hash} value={<CopyHash hash={sha256} />} />
    </>
  );
}

export function Row({ name, value }: { name: string; value: React.ReactNode }) {
  return (
    <div className="row">
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}
