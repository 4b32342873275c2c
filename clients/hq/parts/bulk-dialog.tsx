import { useEffect, useState, type FormEvent } from 'react';
import { Button, Form } from 'react-aria-components';
import type { ActorView, ListItem } from '../../../hub/protocol/messages.ts';
import { idOf } from '../../../machines/ids.ts';
import { formatMoney, nameWords } from '../../core/format.ts';
import { toProblem, type Problem } from '../../core/problem.ts';
import { emptyDraft, readDraft, type Draft } from '../../core/schema.ts';
import { eventFor, offersOf, totalsOf, type Offer } from '../bulk.ts';
import type { Noun } from '../nouns.ts';
import { useServices } from '../services.ts';
import { texts } from '../texts.ts';
import { useAnnounce } from './announcer.tsx';
import { summaryOf } from './columns.tsx';
import { Sheet } from './dialog.tsx';
import { ProblemNotice, Skeleton } from './notice.tsx';
import { SchemaFields } from './schema-form.tsx';
import { StateBadge } from './state-badge.tsx';
import { useMany, type Fate } from './use-many.ts';

export type BulkProps = { readonly noun: Noun; readonly items: readonly ListItem[]; readonly onClose: () => void };

/** Does one thing to many: first what may be done to how many, then to which exactly, then what became of each. */
export function BulkDialog({ noun, items, onClose }: BulkProps) {
  const [offer, setOffer] = useState<Offer>();
  const { views, problem, retry } = useViews(noun.type, items);
  const titles = new Map(items.map((item) => [item.address, item]));
  const many = useMany();
  return (
    <Sheet
      title={offer === undefined ? texts.bulk.title(items.length, noun.one, noun.many) : titleOf(offer, noun)}
      busy={many.running}
      onClose={onClose}
    >
      {problem && <ProblemNotice title={texts.common.cannotBeShown(texts.bulk.choose)} problem={problem} onRetry={retry} />}
      {!problem && views === undefined && <Skeleton rows={4} label={texts.bulk.asking} />}
      {views !== undefined && offer === undefined && (
        <Choose noun={noun} views={views} asked={items.length} onChoose={setOffer} onClose={onClose} />
      )}
      {views !== undefined && offer !== undefined && (
        <Perform
          noun={noun}
          offer={offer}
          others={views.length - offer.may.length}
          titles={titles}
          many={many}
          onBack={() => setOffer(undefined)}
          onClose={onClose}
        />
      )}
    </Sheet>
  );
}

function titleOf({ type, may }: Offer, noun: Noun): string {
  return texts.bulk.will(nameWords(type), may.length, noun.one, noun.many);
}

/** What may be done to each is asked when the dialog opens; what is shown is what is sent. */
function useViews(type: string, items: readonly ListItem[]) {
  const { office } = useServices();
  const [views, setViews] = useState<readonly ActorView[]>();
  const [problem, setProblem] = useState<Problem>();
  const [turn, setTurn] = useState(0);
  const [ids] = useState(() => items.map(({ address }) => idOf(address)));
  useEffect(() => {
    const stop = new AbortController();
    office.views(type, ids, stop.signal).then(setViews, (error: unknown) => {
      if (!stop.signal.aborted) setProblem(toProblem(error));
    });
    return () => stop.abort();
  }, [office, type, ids, turn]);
  const retry = (): void => {
    setProblem(undefined);
    setTurn((now) => now + 1);
  };
  return { views, problem, retry };
}

type ChooseProps = {
  readonly noun: Noun;
  readonly views: readonly ActorView[];
  readonly asked: number;
  readonly onChoose: (offer: Offer) => void;
  readonly onClose: () => void;
};

function Choose({ noun, views, asked, onChoose, onClose }: ChooseProps) {
  const offers = offersOf(views, noun);
  return (
    <>
      {asked > views.length && <p className="notice">{texts.bulk.gone(asked - views.length)}</p>}
      {offers.length === 0 && <p className="muted">{texts.bulk.none}</p>}
      <ul className="offers" aria-label={texts.bulk.choose}>
        {offers.map((offer, index) => (
          <li key={offer.type}>
            <Button
              className="button"
              data-kind={noun.grave.includes(offer.type) ? 'grave-quiet' : noun.main.includes(offer.type) ? 'main' : undefined}
              autoFocus={index === 0}
              onPress={() => onChoose(offer)}
            >
              {nameWords(offer.type)}…
            </Button>
            <span className="muted">{texts.bulk.may(offer.may.length, views.length)}</span>
          </li>
        ))}
      </ul>
      <div className="dialog-buttons">
        <Button className="button" onPress={onClose} autoFocus={offers.length === 0}>
          {texts.common.close}
        </Button>
      </div>
    </>
  );
}

type PerformProps = {
  readonly noun: Noun;
  readonly offer: Offer;
  readonly others: number;
  readonly titles: ReadonlyMap<string, ListItem>;
  readonly many: ReturnType<typeof useMany>;
  readonly onBack: () => void;
  readonly onClose: () => void;
};

function Perform({ noun, offer, others, titles, many, onBack, onClose }: PerformProps) {
  const announce = useAnnounce();
  const { fates, running, send } = many;
  const [draft, setDraft] = useState<Record<string, Draft>>(() =>
    Object.fromEntries(offer.fields.map((field) => [field.name, emptyDraft(field)])),
  );
  const [errors, setErrors] = useState<Readonly<Record<string, string>>>({});
  const verb = nameWords(offer.type);
  const begun = fates.size > 0;
  const failed = offer.may.filter(({ address }) => isFailed(fates.get(address)));
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    const read = readDraft(offer.fields, draft, '');
    setErrors(read.ok ? {} : read.errors);
    if (!read.ok || running) return;
    const targets = (begun ? failed : offer.may).map((view) => ({
      address: view.address,
      event: eventFor(offer, view, read.value as object),
    }));
    await send(targets);
    announce(texts.bulk.done);
  };
  return (
    <Form className="form" onSubmit={(event: FormEvent) => void submit(event)}>
      <Summary offer={offer} others={begun ? 0 : others} fates={fates} running={running} />
      <Results offer={offer} titles={titles} type={noun.type} fates={fates} />
      {offer.fields.length > 0 && (
        <fieldset className="plain" disabled={begun}>
          <SchemaFields fields={offer.fields} draft={draft} onChange={(next) => setDraft({ ...next })} errors={errors} currency="" />
        </fieldset>
      )}
      <div className="dialog-buttons">
        <Button className="button" onPress={begun ? onClose : onBack} isDisabled={running} autoFocus={begun && failed.length === 0}>
          {begun ? texts.common.close : texts.common.back}
        </Button>
        {(!begun || running || failed.length > 0) && (
          <Button
            type="submit"
            className="button"
            data-kind={noun.grave.includes(offer.type) ? 'grave' : 'main'}
            data-busy={running || undefined}
            autoFocus={offer.fields.length === 0 && !noun.grave.includes(offer.type)}
          >
            {running ? texts.bulk.sending : begun ? texts.bulk.retry(failed.length) : `${verb} (${offer.may.length})`}
          </Button>
        )}
      </div>
    </Form>
  );
}

function isFailed(fate: Fate | undefined): boolean {
  return fate?.kind === 'refused' || fate?.kind === 'unanswered';
}

type SummaryProps = {
  readonly offer: Offer;
  readonly others: number;
  readonly fates: ReadonlyMap<string, Fate>;
  readonly running: boolean;
};

function Summary({ offer, others, fates, running }: SummaryProps) {
  const kinds = [...fates.values()].map(({ kind }) => kind);
  const done = kinds.filter((kind) => kind === 'done' || kind === 'doneBefore').length;
  const over = kinds.filter((kind) => kind !== 'waiting' && kind !== 'sending').length;
  const totals = totalsOf(offer.may);
  return (
    <>
      {totals.length > 0 && (
        <p className="totals">
          {totals.map(({ currency, minor }) => (
            <strong key={currency} className="number">
              {formatMoney(minor, currency)}
            </strong>
          ))}
        </p>
      )}
      {offer.type === 'APPROVE' && fates.size === 0 && <p className="muted">{texts.bulk.approves}</p>}
      {others > 0 && <p className="muted">{texts.bulk.others(others)}</p>}
      <p role="status" className="bulk-status">
        {fates.size > 0 && (running ? texts.bulk.progress(over, offer.may.length) : texts.bulk.finished(done, offer.may.length - done))}
      </p>
    </>
  );
}

type ResultsProps = {
  readonly offer: Offer;
  readonly titles: ReadonlyMap<string, ListItem>;
  readonly type: string;
  readonly fates: ReadonlyMap<string, Fate>;
};

function Results({ offer, titles, type, fates }: ResultsProps) {
  return (
    <ul className="bulk-rows" aria-label={texts.bulk.result}>
      {offer.may.map(({ address, state, tags }) => {
        const item = titles.get(address);
        const fate = fates.get(address);
        return (
          <li key={address} data-fate={fate?.kind}>
            <span className="bulk-title">{item?.title ?? address}</span>
            <span className="number">{item && summaryOf(item)}</span>
            {fate === undefined ? <StateBadge type={type} state={state} tags={tags} /> : <FateText fate={fate} />}
          </li>
        );
      })}
    </ul>
  );
}

function FateText({ fate }: { fate: Fate }) {
  return (
    <span className="fate" data-fate={fate.kind}>
      {texts.bulk.fates[fate.kind]}
      {fate.kind === 'refused' && `: ${fate.sentence}`}
    </span>
  );
}
