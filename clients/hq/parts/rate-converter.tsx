import { useId, useState, type FormEvent } from 'react';
import { Link } from '@tanstack/react-router';
import { Button, FieldError, Input, Label, TextField } from 'react-aria-components';
import type { ListItem } from '../../../hub/protocol/messages.ts';
import { idOf } from '../../../machines/ids.ts';
import { formatMoney } from '../../core/format.ts';
import { formatRate, readConversion, toConvertQuery, type Conversion, type ToConvert } from '../exchange.ts';
import { useServices } from '../services.ts';
import { rateTexts } from '../texts-rates.ts';
import { texts } from '../texts.ts';
import { CurrencySelect } from './currency-select.tsx';
import { ProblemNotice, Skeleton } from './notice.tsx';
import { AgeBadge, AgeSentence, OriginRows, Row } from './rates-card.tsx';
import { useLoaded } from './use-loaded.ts';

const words = rateTexts.convert;

type Draft = Omit<ToConvert, 'date'>;
type Props = { readonly date: string; readonly published: readonly string[]; readonly sources: readonly ListItem[] };

/** An amount in another currency, by the hub and with everything that it was worked out from. */
export function RateConverter({ date, published, sources }: Props) {
  const first = sources[0] === undefined ? '' : idOf(sources[0].address);
  const [draft, setDraft] = useState<Draft>({ amount: '', from: 'EUR', to: 'USD', source: '' });
  // The day that the screen shows, until somebody writes another one.
  const [ownDay, setOwnDay] = useState<string>();
  const day = ownDay ?? date;
  const [wrong, setWrong] = useState<string>();
  const [asked, setAsked] = useState<{ readonly query: string; readonly turn: number }>();
  const change = (changes: Partial<Draft>): void => {
    setDraft({ ...draft, ...changes });
    setWrong(undefined);
  };
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    // The hub takes the only source by itself and wants one of several named.
    const read = toConvertQuery({ ...draft, date: day, source: draft.source === '' && sources.length > 1 ? first : draft.source });
    setWrong(read.ok ? undefined : read.sentence);
    if (read.ok) setAsked({ query: read.query, turn: (asked?.turn ?? 0) + 1 });
  };
  return (
    <section className="card" aria-labelledby="convert-title">
      <h2 id="convert-title">{words.title}</h2>
      <form className="audit-form" onSubmit={submit} noValidate>
        <TextField className="field" value={draft.amount} onChange={(amount) => change({ amount })} isInvalid={wrong !== undefined}>
          <Label>{words.amount}</Label>
          <Input className="input number" inputMode="decimal" autoComplete="off" />
          <FieldError className="field-error">{wrong}</FieldError>
        </TextField>
        <CurrencySelect label={words.from} value={draft.from} published={published} onChange={(from) => change({ from })} />
        <CurrencySelect label={words.to} value={draft.to} published={published} onChange={(to) => change({ to })} />
        <TextField className="field" value={day} onChange={setOwnDay}>
          <Label>{words.day}</Label>
          <Input className="input" type="date" />
        </TextField>
        {sources.length > 1 && <SourceSelect value={draft.source || first} sources={sources} onChange={(source) => change({ source })} />}
        <div className="audit-buttons">
          <Button type="submit" className="button" data-kind="main">
            {words.do}
          </Button>
        </div>
      </form>
      <div className="convert-answer" aria-live="polite">
        {asked && <Answer key={asked.turn} query={asked.query} />}
      </div>
    </section>
  );
}

type SourceProps = { readonly value: string; readonly sources: readonly ListItem[]; readonly onChange: (id: string) => void };

function SourceSelect({ value, sources, onChange }: SourceProps) {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>{words.source}</label>
      <select id={id} className="input" value={value} onChange={({ target }) => onChange(target.value)}>
        {sources.map(({ address, title }) => (
          <option key={address} value={idOf(address)}>
            {title}
          </option>
        ))}
      </select>
    </div>
  );
}

function Answer({ query }: { query: string }) {
  const { office } = useServices();
  const { value, problem, retry } = useLoaded(query, async (signal) =>
    readConversion(await office.get(`/v1/rates/convert?${query}`, signal)),
  );
  if (problem) return <ProblemNotice title={words.refused[problem.code] ?? words.failed} problem={problem} onRetry={retry} />;
  return value === undefined ? <Skeleton rows={2} label={texts.common.loading(words.loading)} /> : <Converted conversion={value} />;
}

function Converted({ conversion }: { conversion: Conversion }) {
  const { from, to, rate, through, source, actor, read_from, fetched_at, sha256 } = conversion;
  return (
    <div className="converted">
      <p className="figure-value">
        <span className="number">{formatMoney(from.amount_minor, from.currency)}</span> {words.equals}{' '}
        <strong className="number">{formatMoney(to.amount_minor, to.currency)}</strong>
      </p>
      <p>
        <AgeBadge origin={conversion} /> <AgeSentence origin={conversion} />
      </p>
      <dl className="rows">
        <Row name={words.rate} value={words.rateOf(from.currency, formatRate(rate), to.currency)} />
        <Row
          name={words.through}
          value={words.throughOf(through.base, from.currency, formatRate(through.from), to.currency, formatRate(through.to))}
        />
        <Row name={words.rounding} value={words.halfEven} />
        <Row name={rateTexts.of} value={<time dateTime={conversion.date}>{conversion.date}</time>} />
        <Row
          name={rateTexts.source}
          value={
            <Link to={`/${actor}`} search={{ at: String(conversion.known) } as never} className="link">
              {source}
            </Link>
          }
        />
        <OriginRows from={read_from} fetched_at={fetched_at} sha256={sha256} />
      </dl>
    </div>
  );
}
