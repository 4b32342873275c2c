import { useRef, useState } from 'react';
import { readStatement, type StatementPage } from '../ledger.ts';
import { useServices } from '../services.ts';
import { useLoaded, type Loaded } from './use-loaded.ts';

const A_PAGE = 50;

/** The pages of a statement that have been asked for, as one. They show what was recorded when the first of them was asked for. */
export function useStatement(query: string): Loaded<StatementPage> & { readonly more: () => void; readonly busy: boolean } {
  const { office } = useServices();
  const held = useRef<{ query: string; page: StatementPage }>(undefined);
  const [wanted, setWanted] = useState(0);
  const { value, problem, retry } = useLoaded(query, async (signal) => {
    const before = held.current?.query === query ? held.current.page : undefined;
    if (before !== undefined && before.next === null) return before;
    const cursor = before === undefined ? '' : `&cursor=${encodeURIComponent(before.next ?? '')}`;
    const page = readStatement(await office.get(`/v1/ledger/accounts/statement?${query}&limit=${A_PAGE}${cursor}`, signal));
    const all = before === undefined ? page : { ...before, items: [...before.items, ...page.items], next: page.next };
    if (!signal.aborted) held.current = { query, page: all };
    return all;
  });
  const count = value?.items.length ?? 0;
  const busy = problem === undefined && wanted > count;
  const more = (): void => {
    if (busy) return;
    setWanted(count + 1);
    retry();
  };
  return { value, problem, retry, more, busy };
}
