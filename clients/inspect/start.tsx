import { useEffect, useId, useState, type FormEvent } from 'react';
import { readAddress } from '../../machines/ids.ts';
import { toProblem, type Problem } from '../core/problem.ts';
import { ProblemNotice } from '../hq/parts/notice.tsx';
import { askTicket, fetchTypes } from './inspector-services.ts';
import type { InspectorServices } from './inspector-services.ts';
import type { Wish } from './link.ts';
import { texts } from './texts.ts';

const words = texts.start;
const KINDS = ['actor', 'type', 'all'] as const;
type Kind = (typeof KINDS)[number];
const LABELS: Readonly<Record<Kind, string>> = { actor: words.one, type: words.type, all: words.everything };
const SAMPLES = [1, 0.5, 0.1, 0.01] as const;
const RATES = [50, 200, 1000] as const;

/** Asks what is to be looked at, and gets a ticket for it. */
export function Start({ services, wish }: { services: InspectorServices; wish: Wish | undefined }) {
  const { http, session, link } = services;
  const types = useTypes(services);
  const [kind, setKind] = useState<Kind>(kindOf(wish));
  const [address, setAddress] = useState(kindOf(wish) === 'actor' ? (wish?.target ?? '') : '');
  const [type, setType] = useState(kindOf(wish) === 'type' ? (wish?.target ?? '') : '');
  const [sample, setSample] = useState(wish?.sample ?? 1);
  const [rate, setRate] = useState(200);
  const [asked, setAsked] = useState(false);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem>();
  const group = useId();
  const missing = asked && kind === 'actor' && readAddress(address.trim()) === undefined;

  const open = async (): Promise<void> => {
    setBusy(true);
    setProblem(undefined);
    const wanted = toWish(kind, { address: address.trim(), type: type === '' ? (types[0] ?? '') : type, sample, rate });
    try {
      link.start(wanted, await askTicket(http, session, wanted));
    } catch (error) {
      setProblem(toProblem(error));
    } finally {
      setBusy(false);
    }
  };
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    setAsked(true);
    if (busy || (kind === 'actor' && readAddress(address.trim()) === undefined)) return;
    void open();
  };
  if (session.who?.roles.includes('developer') !== true) return <NotDeveloper services={services} />;
  return (
    <form className="form start" onSubmit={submit} noValidate>
      <h1>{words.title}</h1>
      {problem && <ProblemNotice title={words.failed} problem={problem} />}
      <fieldset className="fieldset">
        <legend>{words.kind}</legend>
        <div className="radios">
          {KINDS.map((one) => (
            <label key={one} className="start-radio">
              <input type="radio" name={group} checked={one === kind} onChange={() => setKind(one)} />
              {LABELS[one]}
            </label>
          ))}
        </div>
      </fieldset>
      {kind === 'actor' && <Address value={address} onChange={setAddress} missing={missing} />}
      {kind === 'type' && <Choice label={words.kindOfActor} value={type} options={types.map((one) => [one, one])} onChange={setType} />}
      {kind !== 'actor' && <Share sample={sample} rate={rate} onSample={setSample} onRate={setRate} />}
      <button type="submit" className="button" data-kind="main" data-busy={busy || undefined}>
        {busy ? words.opening : words.open}
      </button>
      <p className="muted">{words.as(session.who.username)}</p>
    </form>
  );
}

type ShareProps = {
  readonly sample: number;
  readonly rate: number;
  readonly onSample: (sample: number) => void;
  readonly onRate: (rate: number) => void;
};

/** How much of what happens to many is shown. */
function Share({ sample, rate, onSample, onRate }: ShareProps) {
  return (
    <>
      <Choice
        label={words.sample}
        hint={words.sampleHint}
        value={String(sample)}
        options={SAMPLES.map((one) => [String(one), `${one * 100} %`])}
        onChange={(text) => onSample(Number(text))}
      />
      <Choice
        label={words.rate}
        value={String(rate)}
        options={RATES.map((one) => [String(one), String(one)])}
        onChange={(text) => onRate(Number(text))}
      />
    </>
  );
}

function NotDeveloper({ services: { session } }: { services: InspectorServices }) {
  return (
    <div className="form start">
      <h1>{texts.title}</h1>
      <p>{words.notDeveloper}</p>
      <p className="muted">{words.as(session.who?.username ?? '')}</p>
      <button type="button" className="button" onClick={() => session.signOut()}>
        {words.signOut}
      </button>
    </div>
  );
}

function useTypes({ http, session }: InspectorServices): readonly string[] {
  const [types, setTypes] = useState<readonly string[]>([]);
  useEffect(() => {
    let here = true;
    // Without them the form still takes an address or everything.
    fetchTypes(http, session).then(
      (found) => here && setTypes(found),
      () => undefined,
    );
    return () => {
      here = false;
    };
  }, [http, session]);
  return types;
}

function kindOf(wish: Wish | undefined): Kind {
  if (wish === undefined || wish.target.includes('/')) return 'actor';
  return wish.target === '*' ? 'all' : 'type';
}

function toWish(kind: Kind, given: { address: string; type: string; sample: number; rate: number }): Wish {
  if (kind === 'actor') return { target: given.address };
  const target = kind === 'all' ? '*' : given.type;
  return { target, rate: given.rate, ...(given.sample === 1 ? {} : { sample: given.sample }) };
}

function Address({ value, onChange, missing }: { value: string; onChange: (value: string) => void; missing: boolean }) {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>{words.address}</label>
      <input
        id={id}
        className="input mono"
        value={value}
        onChange={(event) => onChange(event.target.value)}
        autoCapitalize="none"
        autoComplete="off"
        spellCheck="false"
        autoFocus
        aria-invalid={missing || undefined}
        aria-describedby={`${id}-hint`}
      />
      <span className={missing ? 'field-error' : 'field-hint'} id={`${id}-hint`}>
        {missing ? words.addressMissing : words.addressHint}
      </span>
    </div>
  );
}

type ChoiceProps = {
  readonly label: string;
  readonly hint?: string;
  readonly value: string;
  readonly options: readonly (readonly [value: string, label: string])[];
  readonly onChange: (value: string) => void;
};

function Choice({ label, hint, value, options, onChange }: ChoiceProps) {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <select
        id={id}
        className="input"
        value={value}
        onChange={(event) => onChange(event.target.value)}
        aria-describedby={hint && `${id}-hint`}
      >
        {options.map(([one, words_]) => (
          <option key={one} value={one}>
            {words_}
          </option>
        ))}
      </select>
      {hint !== undefined && (
        <span className="field-hint" id={`${id}-hint`}>
          {hint}
        </span>
      )}
    </div>
  );
}
