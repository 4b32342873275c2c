import { useEffect, useState, type FormEvent } from 'react';
import { Button, Form } from 'react-aria-components';
import type { ActorView, ListItem } from '../../../hub/protocol/messages.ts';
import { idOf } from '../../../machines/ids.ts';
import { formatMoney, nameWords } from '../../core/format.ts';
import { toProblem, type Problem } from '../../core/problem.ts';
import { emptyDraft, readDraft, type Draft } from '../../core/schema.ts';
import { changedSince, chosenOf, eventFor, isApproval, offersOf, totalsOf, type Offer } from '../bulk.ts';
import type { Noun } from '../nouns.ts';
import { useServices } from '../services.ts';
import { decisionTexts as decisions } from '../texts-decisions.ts';
import { texts } from '../texts.ts';
import { BulkRows } from './bulk-rows.tsx';
import { Sheet } from './dialog.tsx';
import { ProblemNotice, Skeleton } from './notice.tsx';
import { SchemaFields } from './schema-form.tsx';
import { useLedToError } from './use-led-to-error.ts';
import { countFates, useMany, type Fate } from './use-many.ts';

export type BulkProps = { readonly noun: Noun; readonly items: readonly ListItem[]; readonly onClose: () => void };

/** Does one thing to many: first what may be done to how many, then to which exactly, then what became of each. */
export function BulkDialog({ noun, items, onClose }: BulkProps) {
  const [offer, setOffer] = useState<Offer>();
  const { views, problem, retry } = useViews(noun.type, items);
  const changed = changedSince(views ?? [], items);
  const [looked, setLooked] = useState<ReadonlySet<string>>(new Set());
  const chosen = offer === undefined ? [] : chosenOf(offer, changed, looked);
  const many = useMany();
  const { length: count } = chosen;
  return (
    <Sheet
      title={
        offer === undefined
          ? texts.bulk.title(items.length, noun.one, noun.many)
          : texts.bulk.will(nameWords(offer.type), count, noun.one, noun.many)
      }
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
          chosen={chosen}
          others={views.length - offer.may.length}
          picked={items}
          changed={changed}
          looked={looked}
          onLooked={setLooked}
          many={many}
          onBack={() => setOffer(undefined)}
          onClose={onClose}
        />
      )}
    </Sheet>
  );
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
  /** To which of those that allow it, it is sent. */
  readonly chosen: readonly ActorView[];
  readonly others: number;
  readonly picked: readonly ListItem[];
  readonly changed: ReadonlySet<string>;
  /** Those of the changed ones that somebody has looked at. */
  readonly looked: ReadonlySet<string>;
  readonly onLooked: (looked: ReadonlySet<string>) => void;
  readonly many: ReturnType<typeof useMany>;
  readonly onBack: () => void;
  readonly onClose: () => void;
};

function Perform({ noun, offer, chosen, others, picked, changed, looked, onLooked, many, onBack, onClose }: PerformProps) {
  const { fates, running, send } = many;
  const [draft, setDraft] = useState<Record<string, Draft>>(() =>
    Object.fromEntries(offer.fields.map((field) => [field.name, emptyDraft(field)])),
  );
  const [errors, setErrors] = useState<Readonly<Record<string, string>>>({});
  const [tries, setTries] = useState(0);
  const form = useLedToError(tries);
  const verb = nameWords(offer.type);
  const begun = fates.size > 0;
  const failed = chosen.filter(({ address }) => isFailed(fates.get(address)));
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    const read = readDraft(offer.fields, draft, '');
    setErrors(read.ok ? {} : read.errors);
    setTries((before) => before + 1);
    if (!read.ok || running || chosen.length === 0) return;
    const targets = (begun ? failed : chosen).map((view) => ({
      address: view.address,
      event: eventFor(offer, view, read.value as object),
    }));
    await send(targets);
  };
  return (
    <Form className="form" ref={form} onSubmit={(event: FormEvent) => void submit(event)}>
      <Summary offer={offer} chosen={chosen} others={begun ? 0 : others} changed={changed} fates={fates} running={running} />
      <BulkRows
        type={noun.type}
        views={offer.may}
        picked={picked}
        changed={changed}
        looked={isApproval(offer) ? looked : undefined}
        fates={fates}
        onLooked={onLooked}
      />
      {offer.fields.length > 0 && (
        <fieldset className="plain" disabled={begun}>
          <SchemaFields fields={offer.fields} draft={draft} onChange={(next) => setDraft({ ...next })} errors={errors} currency="" />
        </fieldset>
      )}
      <div className="dialog-buttons">
        <Button
          className="button"
          onPress={begun ? onClose : onBack}
          isDisabled={running}
          autoFocus={(begun && failed.length === 0) || chosen.length === 0}
        >
          {begun ? texts.common.close : texts.common.back}
        </Button>
        {(!begun || running || failed.length > 0) && (
          <Button
            type="submit"
            className="button"
            data-kind={noun.grave.includes(offer.type) ? 'grave' : 'main'}
            data-busy={running || undefined}
            isDisabled={chosen.length === 0}
            autoFocus={offer.fields.length === 0 && !noun.grave.includes(offer.type)}
          >
            {running ? texts.bulk.sending : begun ? texts.bulk.retry(failed.length) : `${verb} (${chosen.length})`}
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
  readonly chosen: readonly ActorView[];
  readonly others: number;
  readonly changed: ReadonlySet<string>;
  readonly fates: ReadonlyMap<string, Fate>;
  readonly running: boolean;
};

function Summary({ offer, chosen, others, changed, fates, running }: SummaryProps) {
  const kinds = [...fates.values()].map(({ kind }) => kind);
  const over = kinds.filter((kind) => kind !== 'waiting' && kind !== 'sending').length;
  const totals = totalsOf(chosen);
  const differ = offer.may.filter(({ address }) => changed.has(address)).length;
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
      {isApproval(offer) && fates.size === 0 && <p className="muted">{texts.bulk.approves}</p>}
      {differ > 0 && fates.size === 0 && (
        <p className="notice" data-tone="asking">
          {decisions.bulkChanged(differ, isApproval(offer))}
        </p>
      )}
      {others > 0 && <p className="muted">{texts.bulk.others(others)}</p>}
      <p role="status" className="bulk-status">
        {fates.size > 0 && (running ? texts.bulk.progress(over, chosen.length) : texts.bulk.finished(countFates(fates, chosen.length)))}
      </p>
    </>
  );
}
