import { useRef, useState, type FormEvent } from 'react';
import { Button, Form, Input, Label, TextField } from 'react-aria-components';
import { isId, isType, readAddress, typeOf } from '../../../machines/ids.ts';
import { nameWords } from '../../core/format.ts';
import { toProblem, type Problem } from '../../core/problem.ts';
import { ROLES, type Person, type Seen } from '../people.ts';
import { useServices } from '../services.ts';
import { peopleTexts } from '../texts-audit.ts';
import { texts } from '../texts.ts';
import { summaryOf } from './columns.tsx';
import { ProblemNotice } from './notice.tsx';
import { StateBadge } from './state-badge.tsx';
import { Fields } from './value.tsx';

const words = peopleTexts.see;

/** `payment/pay_1` is an actor, `payment` its list. */
function readTarget(text: string): { type: string; id?: string } | undefined {
  const named = readAddress(text.trim());
  if (named !== undefined && isId(named.id)) return { type: named.type, id: named.id };
  return isType(text.trim()) ? { type: text.trim() } : undefined;
}

type Draft = {
  readonly isRole: boolean;
  readonly as: string;
  readonly role: string;
  readonly client: string;
  readonly what: string;
  readonly reason: string;
};

const NOTHING: Draft = { isRole: false, as: '', role: 'customer', client: '', what: '', reason: '' };

type Found =
  | { readonly what: string; readonly seen: Seen; readonly problem?: undefined }
  | { readonly problem: Problem; readonly seen?: undefined };

/** Shows what somebody else would see: for looking, never for acting. */
export function SeeAsCard({ people }: { people: readonly Person[] }) {
  const { office } = useServices();
  const [draft, setDraft] = useState<Draft>({ ...NOTHING, as: people[0]?.username ?? '' });
  const [wrong, setWrong] = useState(false);
  const [found, setFound] = useState<Found>();
  const target = readTarget(draft.what);
  const turn = useRef(0);
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    setWrong(target === undefined);
    if (target === undefined) return;
    setFound(undefined);
    const mine = ++turn.current;
    const role = { kind: 'role', roles: [draft.role], ...(draft.client === '' ? {} : { client: draft.client }) };
    const as = draft.isRole ? role : { kind: 'person', username: draft.as };
    const answer: Found = await office.post('/v1/see-as', { as, ...target, reason: draft.reason }).then(
      (seen) => ({ what: draft.what.trim(), seen: seen as Seen }),
      (error: unknown) => ({ problem: toProblem(error) }),
    );
    // An answer that comes late must not stand under the name of what was asked for since.
    if (mine === turn.current) setFound(answer);
  };
  return (
    <section className="card" aria-labelledby="see-title">
      <h2 id="see-title">{words.title}</h2>
      <p className="muted">{words.about}</p>
      <Form className="see-form" onSubmit={(event: FormEvent) => void submit(event)}>
        <Whom people={people} draft={draft} onChange={setDraft} />
        <TextField
          className="field"
          value={draft.what}
          onChange={(what) => setDraft({ ...draft, what })}
          isRequired
          isInvalid={wrong}
          validationBehavior="aria"
        >
          <Label>{words.what}</Label>
          <Input className="input mono" autoComplete="off" spellCheck="false" />
          <span className={wrong ? 'field-error' : 'field-hint'}>{wrong ? words.bad : words.whatHint}</span>
        </TextField>
        <TextField className="field" value={draft.reason} onChange={(reason) => setDraft({ ...draft, reason })} isRequired>
          <Label>{texts.common.reason}</Label>
          <Input className="input" autoComplete="off" />
        </TextField>
        <Button type="submit" className="button" data-kind="main">
          {words.look}
        </Button>
      </Form>
      {found?.problem && <ProblemNotice title={words.failed} problem={found.problem} />}
      <div role="status">{found?.seen && <SeenView what={found.what} seen={found.seen} />}</div>
    </section>
  );
}

function Whom({ people, draft, onChange }: { people: readonly Person[]; draft: Draft; onChange: (draft: Draft) => void }) {
  return (
    <>
      <Choose
        id="see-kind"
        label={words.as}
        value={draft.isRole ? 'role' : 'person'}
        options={[
          ['person', words.person],
          ['role', words.role],
        ]}
        onChange={(kind) => onChange({ ...draft, isRole: kind === 'role' })}
      />
      {!draft.isRole && (
        <Choose
          id="see-person"
          label={words.person}
          value={draft.as}
          options={people.map(({ username }) => [username, username])}
          onChange={(as) => onChange({ ...draft, as })}
        />
      )}
      {draft.isRole && (
        <>
          <Choose
            id="see-role"
            label={words.roles}
            value={draft.role}
            options={ROLES.map((role) => [role, role])}
            onChange={(role) => onChange({ ...draft, role })}
          />
          <TextField className="field" value={draft.client} onChange={(client) => onChange({ ...draft, client })}>
            <Label>{words.client}</Label>
            <Input className="input" autoComplete="off" />
          </TextField>
        </>
      )}
    </>
  );
}

type ChooseProps = {
  readonly id: string;
  readonly label: string;
  readonly value: string;
  readonly options: readonly (readonly [value: string, label: string])[];
  readonly onChange: (value: string) => void;
};

function Choose({ id, label, value, options, onChange }: ChooseProps) {
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <select id={id} className="input" value={value} onChange={(event) => onChange(event.target.value)}>
        {options.map(([one, name]) => (
          <option key={one} value={one}>
            {name}
          </option>
        ))}
      </select>
    </div>
  );
}

function SeenView({ what, seen: { as, hidden, view, items } }: { what: string; seen: Seen }) {
  const asked = <p className="mono">{what}</p>;
  if (hidden !== null) {
    return (
      <div className="seen">
        {asked}
        <p className="notice">{words.hidden(as.username)}</p>
      </div>
    );
  }
  const could = view?.can.filter(({ ok }) => ok).map(({ type }) => nameWords(type)) ?? [];
  return (
    <div className="seen">
      {asked}
      <h3>{words.shownAs(as.username, as.roles.join(', '))}</h3>
      {view && (
        <>
          <StateBadge type={typeOf(view.address)} state={view.state} tags={view.tags} />
          <Fields record={view.context} currency={undefined} />
          <p className="muted">
            {words.could}: {could.join(', ') || words.couldNot}
          </p>
        </>
      )}
      {items && (
        <>
          <p className="muted">{words.items(items.length)}</p>
          <ul className="plain-rows">
            {items.map((item) => (
              <li key={item.address}>
                <span>{item.title}</span>
                <span className="number">{summaryOf(item)}</span>
              </li>
            ))}
          </ul>
        </>
      )}
    </div>
  );
}
