import { useState, type FormEvent } from 'react';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { Button, Input, Label, TextField } from 'react-aria-components';
import { OPERATION_FILTERS, toOperationSearch, type OperationFilters } from '../operations.ts';
import { OperationList } from '../parts/operation-list.tsx';
import { Proposals } from '../parts/proposals.tsx';
import type { Search } from '../screen.ts';
import { operationTexts as words } from '../texts-operations.ts';
import { useTitle } from '../title.ts';

/** What operators did beside sending events, who answered for it and why, and what waits for a second person. */
export function Operations() {
  useTitle(words.title);
  const asked = useSearch({ strict: false }) as Search;
  const filters = Object.fromEntries(OPERATION_FILTERS.map((name) => [name, asked[name] ?? ''])) as OperationFilters;
  const query = toOperationSearch(filters);
  return (
    <div className="page">
      <div className="page-head">
        <h1>{words.title}</h1>
      </div>
      <p className="muted">{words.about}</p>
      <Proposals />
      <FilterForm filters={filters} query={query} />
      <OperationList key={query} query={query} />
    </div>
  );
}

function FilterForm({ filters, query }: { filters: OperationFilters; query: string }) {
  const navigate = useNavigate();
  const [draft, setDraft] = useState<OperationFilters>(filters);
  const [shown, setShown] = useState(query);
  // A link, or the way back, asks for something else than what was typed.
  if (shown !== query) {
    setShown(query);
    setDraft(filters);
  }
  const go = (next: OperationFilters): void => {
    void navigate({ to: '/operations', search: Object.fromEntries(new URLSearchParams(toOperationSearch(next))) as never });
  };
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    go(draft);
  };
  return (
    <form className="card audit-form" onSubmit={submit}>
      <Field label={words.fields.by} value={draft.by ?? ''} onChange={(by) => setDraft({ ...draft, by })} />
      <div className="field">
        <label htmlFor="operation-kind">{words.fields.action}</label>
        <select
          id="operation-kind"
          className="input"
          value={draft.action ?? ''}
          onChange={({ target }) => setDraft({ ...draft, action: target.value })}
        >
          <option value="">{words.anything}</option>
          {Object.entries(words.actions).map(([action, name]) => (
            <option key={action} value={action}>
              {name}
            </option>
          ))}
        </select>
      </div>
      <Field
        label={words.fields.target}
        hint={words.fields.targetHint}
        value={draft.target ?? ''}
        onChange={(target) => setDraft({ ...draft, target })}
      />
      <div className="audit-buttons">
        <Button type="submit" className="button" data-kind="main">
          {words.search}
        </Button>
        <Button className="button" onPress={() => go({})}>
          {words.clear}
        </Button>
      </div>
    </form>
  );
}

type FieldProps = { readonly label: string; readonly hint?: string; readonly value: string; readonly onChange: (value: string) => void };

function Field({ label, hint, value, onChange }: FieldProps) {
  return (
    <TextField className="field" value={value} onChange={onChange}>
      <Label>{label}</Label>
      <Input className="input" autoComplete="off" spellCheck="false" {...(hint === undefined ? {} : { placeholder: hint })} />
    </TextField>
  );
}
