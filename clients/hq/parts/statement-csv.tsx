import { useEffect, useRef, useState } from 'react';
import { Button } from 'react-aria-components';
import { formatNumber } from '../../core/format.ts';
import { toProblem, type Problem } from '../../core/problem.ts';
import { readStatement, toStatementCsv, type StatementPage } from '../ledger.ts';
import type { Office } from '../office.ts';
import { useServices } from '../services.ts';
import { ledgerTexts } from '../texts-ledger.ts';
import { texts } from '../texts.ts';
import { useAnnounce } from './announcer.tsx';
import { saveAs } from './csv-button.tsx';

const words = ledgerTexts.statement;
const A_PAGE = 200;

type Props = {
  readonly account: string;
  readonly currency: string;
  readonly page: StatementPage;
  readonly onProblem: (problem: Problem | undefined) => void;
};

/** All entries of the statement as a file, also those that are not shown yet: as of the same moment as what is shown. */
export function StatementCsv({ account, currency, page, onProblem }: Props) {
  const { office } = useServices();
  const announce = useAnnounce();
  const [count, setCount] = useState<number>();
  // Whoever leaves wants no file any more.
  const leaving = useRef(new AbortController());
  useEffect(() => {
    leaving.current = new AbortController();
    return () => leaving.current.abort();
  }, []);
  const take = async (): Promise<void> => {
    const { signal } = leaving.current;
    onProblem(undefined);
    setCount(0);
    try {
      const { from, to, known } = page;
      const query = new URLSearchParams({ account, currency, from, to, known, limit: String(A_PAGE) }).toString();
      const whole = await readWhole(office, query, setCount, signal);
      const name = `statement-${account.replaceAll(/[^A-Za-z0-9_-]/g, '-')}-${currency}-${to.slice(0, 10)}.csv`;
      saveAs(new Blob([toStatementCsv(account, currency, whole)], { type: 'text/csv; charset=utf-8' }), name);
      announce(texts.list.csvDone);
    } catch (error) {
      if (signal.aborted) return;
      onProblem(toProblem(error));
    }
    setCount(undefined);
  };
  return (
    <Button className="button" isDisabled={count !== undefined} onPress={() => void take()}>
      {count === undefined ? texts.list.csv : words.csvBusy(formatNumber(count))}
      <span className="visually-hidden">{words.csvHint}</span>
    </Button>
  );
}

/** Every page of a statement as one. A file is whole or there is none. */
async function readWhole(office: Office, query: string, onCount: (entries: number) => void, signal: AbortSignal): Promise<StatementPage> {
  const ask = async (cursor: string): Promise<StatementPage> =>
    readStatement(await office.get(`/v1/ledger/accounts/statement?${query}${cursor}`, signal));
  const first = await ask('');
  const items = [...first.items];
  for (let { next } = first; next !== null;) {
    onCount(items.length);
    const page = await ask(`&cursor=${encodeURIComponent(next)}`);
    items.push(...page.items);
    next = page.next;
  }
  return { ...first, items, next: null };
}
