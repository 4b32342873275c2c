import { useState, type FormEvent } from 'react';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { Button, Input, Label, TextField } from 'react-aria-components';
import { pick, TRIAL_FILTERS } from '../ledger.ts';
import { DayField } from '../parts/day-field.tsx';
import { DayProofCard } from '../parts/day-proof.tsx';
import { TrialBalanceCard } from '../parts/trial-balance.tsx';
import type { Search } from '../screen.ts';
import { ledgerTexts as words } from '../texts-ledger.ts';
import { useTitle } from '../title.ts';

/** What every account stands at, as of a day and as known on a day, and what proves that nobody has changed it since. */
export function Ledger() {
  useTitle(words.title);
  const asked = useSearch({ strict: false }) as Search;
  const filters = pick(asked, TRIAL_FILTERS);
  const { day } = pick(asked, ['day']);
  return (
    <div className="page ledger">
      <div className="page-head">
        <h1>{words.title}</h1>
      </div>
      <p className="muted">{words.about}</p>
      <FilterForm filters={filters} day={day} />
      <TrialBalanceCard filters={filters} />
      <DayProofCard day={day} filters={filters} />
    </div>
  );
}

function FilterForm({ filters, day }: { filters: Search; day: string | undefined }) {
  const navigate = useNavigate();
  const query = new URLSearchParams(pick(filters, TRIAL_FILTERS)).toString();
  const [draft, setDraft] = useState(filters);
  const [shown, setShown] = useState(query);
  // A link, or the way back, asks for something else than what was typed.
  if (shown !== query) {
    setShown(query);
    setDraft(filters);
  }
  const go = (next: Search): void => {
    void navigate({ to: '/ledger', search: { ...pick(next, TRIAL_FILTERS), day } as never });
  };
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    go(draft);
  };
  return (
    <form className="card ledger-form" onSubmit={submit}>
      <TextField className="field" value={draft['prefix'] ?? ''} onChange={(prefix) => setDraft({ ...draft, prefix })}>
        <Label>{words.fields.prefix}</Label>
        <Input className="input" autoComplete="off" spellCheck="false" placeholder={words.fields.prefixHint} />
      </TextField>
      <DayField label={words.fields.at} hint={words.fields.now} value={draft['at']} onChange={(at) => setDraft({ ...draft, at })} />
      <DayField
        label={words.fields.known}
        hint={words.fields.now}
        value={draft['known']}
        onChange={(known) => setDraft({ ...draft, known })}
      />
      <div className="audit-buttons">
        <Button type="submit" className="button" data-kind="main">
          {words.show}
        </Button>
        <Button
          className="button"
          onPress={() => {
            setDraft({});
            go({});
          }}
        >
          {words.toNow}
        </Button>
      </div>
    </form>
  );
}
