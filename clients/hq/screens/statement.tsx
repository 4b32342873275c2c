import { useState, type FormEvent } from 'react';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { Button } from 'react-aria-components';
import { pick, STATEMENT_FILTERS, toTrial } from '../ledger.ts';
import { NOUNS } from '../nouns.ts';
import { DayField } from '../parts/day-field.tsx';
import { Empty } from '../parts/notice.tsx';
import { StatementCard } from '../parts/statement-card.tsx';
import type { Search } from '../screen.ts';
import { ledgerTexts } from '../texts-ledger.ts';
import { useTitle } from '../title.ts';

const words = ledgerTexts.statement;

/** What was posted to one account in one currency, and what it stood at with each entry. */
export function Statement() {
  const asked = useSearch({ strict: false }) as Search;
  const { account, currency } = pick(asked, ['account', 'currency']);
  const isNamed = account !== undefined && currency !== undefined;
  useTitle(isNamed ? words.of(account, currency) : words.title);
  const filters = pick(asked, STATEMENT_FILTERS);
  return (
    <div className="page ledger">
      <div className="page-head">
        <h1>{words.title}</h1>
        <Link to="/ledger" search={toTrial(filters) as never} className="link">
          {words.back}
        </Link>
      </div>
      {isNamed ? (
        <>
          <p>
            <strong className="mono">{account}</strong> · {currency}
            {NOUNS.some(({ type }) => account.startsWith(`${type}/`)) && (
              <>
                {' · '}
                <Link to={`/${account}`} className="link">
                  {words.toActor}
                </Link>
              </>
            )}
          </p>
          <FilterForm whose={{ account, currency }} filters={filters} />
          <StatementCard account={account} currency={currency} filters={filters} />
        </>
      ) : (
        <Empty title={words.which}>{words.whichHint}</Empty>
      )}
    </div>
  );
}

function FilterForm({ whose, filters }: { whose: { account: string; currency: string }; filters: Search }) {
  const navigate = useNavigate();
  const query = new URLSearchParams(pick(filters, STATEMENT_FILTERS)).toString();
  const [draft, setDraft] = useState(filters);
  const [shown, setShown] = useState(query);
  // A link, or the way back, asks for something else than what was chosen.
  if (shown !== query) {
    setShown(query);
    setDraft(filters);
  }
  const go = (next: Search): void => {
    void navigate({ to: '/ledger/statement', search: { ...whose, ...pick(next, STATEMENT_FILTERS) } as never });
  };
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    go(draft);
  };
  return (
    <form className="card ledger-form" onSubmit={submit}>
      {STATEMENT_FILTERS.map((name) => (
        <DayField
          key={name}
          label={words.fields[name]}
          hint={name === 'from' ? words.always : ledgerTexts.fields.now}
          value={draft[name]}
          onChange={(day) => setDraft({ ...draft, [name]: day })}
        />
      ))}
      <div className="audit-buttons">
        <Button type="submit" className="button" data-kind="main">
          {ledgerTexts.show}
        </Button>
        <Button
          className="button"
          onPress={() => {
            setDraft({});
            go({});
          }}
        >
          {words.clear}
        </Button>
      </div>
    </form>
  );
}
