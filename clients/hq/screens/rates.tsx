import { useState, type FormEvent } from 'react';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { Button, Input, Label, TextField } from 'react-aria-components';
import { Problem } from '../../core/problem.ts';
import { publishedIn, type HeldRates } from '../exchange.ts';
import { nounOf } from '../nouns.ts';
import { readItems } from '../office.ts';
import { CreateButton } from '../parts/create-dialog.tsx';
import { CurrencySelect } from '../parts/currency-select.tsx';
import { Empty, ProblemNotice, Skeleton } from '../parts/notice.tsx';
import { RateConverter } from '../parts/rate-converter.tsx';
import { RatesCard } from '../parts/rates-card.tsx';
import { SearchBox } from '../parts/search-box.tsx';
import { useLoaded, useRefresh } from '../parts/use-loaded.ts';
import type { Search } from '../screen.ts';
import { useList, useServices, useWho } from '../services.ts';
import { rateTexts as words } from '../texts-rates.ts';
import { texts } from '../texts.ts';
import { useTitle } from '../title.ts';

const noun = nounOf('rates');
/** More sources than any house has. */
const MOST = 100;
const EVERY_MS = 60_000;

/** What money is worth: the rates of every source as they hold on a day, and an amount worked out by them. */
export function Rates() {
  useTitle(words.title);
  const { base = '', date = '', q = '' } = useSearch({ strict: false }) as Search;
  const navigate = useNavigate();
  const who = useWho();
  const sources = useList({ type: noun.type, sort: 'title', limit: MOST });
  const items = sources.kind === 'here' ? sources.copy.items : [];
  const versions = items.map(({ address, version }) => `${address}@${version}`).join();
  const held = useRates({ base, date }, versions);
  // Which currencies there are does not hang on the one that is asked for.
  const newest = useRates({ base: '', date: '' }, versions);
  const published = publishedIn([...(newest.value ?? []), ...(held.value ?? [])]);
  const go = (changes: Search): void => {
    const next = Object.fromEntries(Object.entries({ base, date, q, ...changes }).filter(([, value]) => value !== ''));
    void navigate({ to: '/rates', search: next as never, replace: 'q' in changes });
  };
  const isUnknown = held.problem?.code === 'not_found';
  return (
    <div className="page">
      <div className="page-head">
        <h1>{words.title}</h1>
        {who?.roles.some((role) => noun.makers.includes(role)) && (
          <div className="page-tools">
            <CreateButton noun={noun} />
          </div>
        )}
      </div>
      <p className="muted">{words.about}</p>
      <WhichForm key={`${base} ${date}`} base={base} date={date} published={published} onAsk={go} />
      <div className="filters">
        <SearchBox value={q} label={words.search} onChange={(text) => go({ q: text })} />
      </div>
      {sources.kind === 'refused' && (
        <ProblemNotice
          title={texts.common.cannotBeShown(words.title)}
          problem={new Problem(0, sources.code, sources.reason)}
          onRetry={() => {
            sources.retry();
            held.retry();
          }}
        />
      )}
      {sources.kind !== 'refused' && held.problem && !isUnknown && (
        <ProblemNotice title={texts.common.cannotBeShown(words.title)} problem={held.problem} onRetry={held.retry} />
      )}
      {isUnknown && items.length > 0 && <Empty title={words.notKnown}>{held.problem?.message}</Empty>}
      {sources.kind === 'waiting' && <Skeleton rows={8} label={texts.common.loading(words.title)} />}
      {sources.kind === 'here' && items.length === 0 && <Empty title={words.noSource}>{words.noSourceYet}</Empty>}
      <div className="rates-cards">
        {items.length > 0 && <RateConverter date={date} published={published} sources={items} />}
        {items.map((item) => (
          <RatesCard
            key={item.address}
            item={item}
            held={held.value?.find(({ actor }) => actor === item.address)}
            isHere={held.value !== undefined || held.problem !== undefined}
            asked={{ base, date }}
            looked={q}
          />
        ))}
      </div>
    </div>
  );
}

type Which = { readonly base: string; readonly date: string };

/** Asked for again when a source has changed, and once a minute, for a day may have begun. */
function useRates(which: Which, versions: string) {
  const { office } = useServices();
  const query = new URLSearchParams(Object.entries(which).filter(([, value]) => value !== '')).toString();
  const loaded = useLoaded(query, async (signal) => readItems<HeldRates>(await office.get(`/v1/rates?${query}`, signal)));
  useRefresh(loaded.retry, versions, EVERY_MS);
  return loaded;
}

type WhichProps = Which & { readonly published: readonly string[]; readonly onAsk: (which: Which) => void };

function WhichForm({ base, date, published, onAsk }: WhichProps) {
  const [draft, setDraft] = useState<Which>({ base, date });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    onAsk(draft);
  };
  return (
    <form className="card audit-form" aria-label={words.title} onSubmit={submit}>
      <CurrencySelect
        label={words.base}
        value={draft.base}
        none={words.published}
        published={published}
        onChange={(next) => setDraft({ ...draft, base: next })}
      />
      <TextField className="field" value={draft.date} onChange={(next) => setDraft({ ...draft, date: next })}>
        <Label>{words.day}</Label>
        <Input className="input" type="date" />
      </TextField>
      <div className="audit-buttons">
        <Button type="submit" className="button" data-kind="main">
          {words.show}
        </Button>
        <Button className="button" onPress={() => onAsk({ base: '', date: '' })}>
          {words.now}
        </Button>
      </div>
    </form>
  );
}
