import { useState } from 'react';
import { Link } from '@tanstack/react-router';
import { Button } from 'react-aria-components';
import {
  formatAmount,
  groupByCurrency,
  isBalanced,
  pick,
  readTrialBalance,
  toStatement,
  toTrialCsv,
  TRIAL_FILTERS,
  type AccountSums,
  type CurrencyGroup,
  type Sums,
  type TrialBalance,
} from '../ledger.ts';
import type { Search } from '../screen.ts';
import { useServices } from '../services.ts';
import { ledgerTexts } from '../texts-ledger.ts';
import { texts } from '../texts.ts';
import { useAnnounce } from './announcer.tsx';
import { saveAs } from './csv-button.tsx';
import { Empty, ProblemNotice, Skeleton } from './notice.tsx';
import { PlainTable, type PlainColumn } from './plain-table.tsx';
import { Time } from './time.tsx';
import { useLoaded } from './use-loaded.ts';

const words = ledgerTexts.trial;
/** The hub answers with thousands of accounts at once; a page of so many rows would be slow and is read by nobody. */
const A_PAGE = 200;

/** Debits, credits and balance of every account that the filters select, by currency. */
export function TrialBalanceCard({ filters }: { filters: Search }) {
  const { office } = useServices();
  const query = new URLSearchParams(pick(filters, TRIAL_FILTERS)).toString();
  const { value, problem, retry } = useLoaded(query, async (signal) =>
    readTrialBalance(await office.get(`/v1/ledger/trial-balance?${query}`, signal)),
  );
  return (
    <section className="card" aria-labelledby="trial-title">
      <div className="card-head">
        <h2 id="trial-title">{words.title}</h2>
        <p role="status" className="muted">
          {value && (
            <>
              {words.asOf} <Time at={value.at} />, {words.asKnown} <Time at={value.known} />
            </>
          )}
        </p>
        {value && (
          <div className="page-tools">
            <Button className="button" onPress={retry}>
              {words.refresh}
            </Button>
            <Csv balance={value} />
          </div>
        )}
      </div>
      {problem && <ProblemNotice title={texts.common.cannotBeShown(words.title)} problem={problem} onRetry={retry} />}
      {value === undefined && !problem && <Skeleton rows={6} label={texts.common.loading(words.title)} />}
      {value?.accounts.length === 0 && (
        <Empty title={query === '' ? words.none : words.noMatch}>{query === '' ? words.noneYet : words.noMatchHint}</Empty>
      )}
      {value && groupByCurrency(value).map((group) => <Group key={`${query} ${group.currency}`} group={group} filters={filters} />)}
    </section>
  );
}

function Group({ group: { currency, accounts, total }, filters }: { group: CurrencyGroup; filters: Search }) {
  const [most, setMost] = useState(A_PAGE);
  const id = `trial-${currency}`;
  return (
    <section aria-labelledby={id}>
      <h3 id={id}>{currency}</h3>
      <PlainTable
        label={words.of(currency)}
        columns={[
          {
            key: 'account',
            label: words.columns.account,
            show: (one) => (
              <Link to="/ledger/statement" search={toStatement(one, filters) as never} className="link mono">
                {one.account}
              </Link>
            ),
          },
          ...SUMS,
        ]}
        rows={accounts.slice(0, most)}
        keyOf={({ account }) => account}
        foot={[words.total(accounts.length), ...SUMS.map(({ show }) => show(total))]}
      />
      {accounts.length > most && (
        <Button className="button" onPress={() => setMost(most + A_PAGE)}>
          {words.more}
        </Button>
      )}
      <Verdict total={total} isPart={filters['prefix'] !== undefined} />
    </section>
  );
}

const SUMS: readonly PlainColumn<AccountSums | Sums>[] = (['debits', 'credits', 'balance', 'pending'] as const).map((name) => ({
  key: name,
  label: words.columns[name],
  align: 'end',
  show: (sums) => <span className="number">{formatAmount(sums[`${name}_minor`], sums.currency)}</span>,
}));

/** Whether it adds up. Of some accounts only nothing follows from their sum, unless it is zero. */
function Verdict({ total, isPart }: { total: Sums; isPart: boolean }) {
  if (isBalanced(total)) return <p className="well">{words.balanced}</p>;
  if (isPart) return <p className="muted">{words.partly}</p>;
  return (
    <div className="notice" data-tone="wrong" role="alert">
      <p className="notice-title">{words.unbalanced(total.currency)}</p>
      <p>{words.unbalancedWhat}</p>
    </div>
  );
}

/** The file is made of what is shown, so that it holds as of the same moment. */
function Csv({ balance }: { balance: TrialBalance }) {
  const announce = useAnnounce();
  const take = (): void => {
    saveAs(new Blob([toTrialCsv(balance)], { type: 'text/csv; charset=utf-8' }), `trial-balance-${balance.at.slice(0, 10)}.csv`);
    announce(texts.list.csvDone);
  };
  return (
    <Button className="button" onPress={take}>
      {texts.list.csv}
      <span className="visually-hidden">{words.csvHint}</span>
    </Button>
  );
}
