import { useState } from 'react';
import { Button } from 'react-aria-components';
import { readItems } from '../office.ts';
import { PersonDialog } from '../parts/person-dialog.tsx';
import type { Person } from '../people.ts';
import { ProblemNotice, Skeleton } from '../parts/notice.tsx';
import { PlainTable, type PlainColumn } from '../parts/plain-table.tsx';
import { SeeAsCard } from '../parts/see-as.tsx';
import { usePolled } from '../parts/use-polled.ts';
import { useServices, useWho } from '../services.ts';
import { peopleTexts as words } from '../texts-audit.ts';
import { texts } from '../texts.ts';
import { useTitle } from '../title.ts';

const A_PAGE = 100;
const NOBODY: Person = { username: '', roles: [], disabled: false, demo: false, password: false };

/** Who may sign in and as what; and what each would see. */
export function People() {
  useTitle(words.title);
  const { office } = useServices();
  const who = useWho();
  const [most, setMost] = useState(A_PAGE);
  const [editing, setEditing] = useState<Person>();
  const mayEdit = who?.roles.includes('admin') ?? false;
  const { value, problem, again } = usePolled(`people ${most}`, (signal) => readPeople((path) => office.get(path, signal), most));
  return (
    <div className="page">
      <div className="page-head">
        <h1>{words.title}</h1>
        {value && <p className="muted">{words.count(value.people.length)}</p>}
        {mayEdit && (
          <div className="page-tools">
            <Button className="button" data-kind="main" onPress={() => setEditing(NOBODY)}>
              {words.add}
            </Button>
          </div>
        )}
      </div>
      <p className="muted">{words.about}</p>
      {problem && <ProblemNotice title={texts.common.cannotBeShown(words.title)} problem={problem} onRetry={again} />}
      {value === undefined && !problem && <Skeleton rows={8} label={texts.common.loading(words.title)} />}
      {value && (
        <section className="card">
          <PlainTable label={words.title} columns={columns(mayEdit, setEditing)} rows={value.people} keyOf={({ username }) => username} />
          {value.more && (
            <Button className="button" onPress={() => setMost(most + A_PAGE)}>
              {words.more}
            </Button>
          )}
        </section>
      )}
      {value && <SeeAsCard people={value.people} />}
      {editing && <PersonDialog person={editing} onClose={() => setEditing(undefined)} onSaved={again} />}
    </div>
  );
}

async function readPeople(get: (path: string) => Promise<unknown>, most: number): Promise<{ people: readonly Person[]; more: boolean }> {
  const people: Person[] = [];
  for (let cursor = ''; people.length < most;) {
    const answer = await get(`/v1/people?limit=${A_PAGE}${cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`}`);
    people.push(...readItems<Person>(answer));
    const { next } = answer as { next: string | null };
    if (next === null) return { people, more: false };
    cursor = next;
  }
  return { people, more: true };
}

function columns(mayEdit: boolean, onEdit: (person: Person) => void): readonly PlainColumn<Person>[] {
  const shown: readonly PlainColumn<Person>[] = [
    {
      key: 'username',
      label: words.columns.username,
      show: ({ username, demo }) => (
        <>
          <strong>{username}</strong> {demo && <span className="muted">{words.demo}</span>}
        </>
      ),
    },
    { key: 'roles', label: words.columns.roles, show: ({ roles }) => roles.join(', ') || words.noRoles },
    { key: 'client', label: words.columns.client, show: ({ client }) => client ?? '—' },
    {
      key: 'state',
      label: words.columns.state,
      show: ({ disabled, password }) =>
        disabled ? <span className="free">{words.disabled}</span> : password ? words.active : words.noPassword,
    },
  ];
  if (!mayEdit) return shown;
  const edit: PlainColumn<Person> = {
    key: 'do',
    label: words.columns.do,
    align: 'end',
    show: (person) => (
      <Button className="button" data-kind="quiet" aria-label={`${words.edit} ${person.username}`} onPress={() => onEdit(person)}>
        {words.edit}
      </Button>
    ),
  };
  return [...shown, edit];
}
