import { useState } from 'react';
import type { ListItem } from '../../../hub/protocol/messages.ts';
import { toProblem, type Problem } from '../../core/problem.ts';
import type { ListCopy } from '../../core/store.ts';
import { toListTopic, type ListQuery } from '../../core/topic.ts';
import { useList, useServices, type Followed } from '../services.ts';

/** The hub follows at most 200 rows of a list for one subscription. */
const WINDOW = { first: 100, most: 200 };

export type Rows = {
  readonly followed: Followed<ListCopy>;
  /** The newest that is known, also while the next question is on its way. */
  readonly list: Pick<ListCopy, 'items' | 'total'> | undefined;
  readonly problem: Problem | undefined;
  /** Brings more rows, if there are any. */
  readonly more: () => void;
};

type Older = { readonly topic: string; readonly items: readonly ListItem[]; readonly next: string | undefined; readonly problem?: Problem };

/**
 * The rows of a list, however long: its beginning is followed live, the rest is read page by page where somebody scrolls to
 * it. Newest first, whatever changes comes into the live part by itself, so the rest is as good as live.
 */
export function useRows(query: ListQuery): Rows {
  const { api } = useServices();
  const topic = toListTopic(query);
  const [wide, setWide] = useState<string>();
  const limit = wide === topic ? WINDOW.most : WINDOW.first;
  const followed = useList({ ...query, limit });
  const copy = useLast(followed.kind === 'here' ? followed.copy : undefined);
  const [older, setOlder] = useState<Older>();
  const [busy, setBusy] = useState(false);
  const mine = older?.topic === topic ? older : undefined;

  const page = async (): Promise<void> => {
    setBusy(true);
    try {
      const cursor = mine?.next ?? (await api.list({ ...query, limit })).next;
      const found = cursor === undefined ? { items: [], next: undefined } : await api.list({ ...query, limit }, cursor);
      setOlder({ topic, items: [...(mine?.items ?? []), ...found.items], next: found.next });
    } catch (error) {
      setOlder({ topic, items: mine?.items ?? [], next: mine?.next, problem: toProblem(error) });
    }
    setBusy(false);
  };
  const more = (): void => {
    if (followed.kind !== 'here' || followed.copy.items.length < limit) return;
    if (limit < WINDOW.most) setWide(topic);
    else if (!busy && mine?.problem === undefined && (mine === undefined || mine.next !== undefined)) void page();
  };
  const items = copy && mine ? joined(copy.items, mine.items, query.sort) : copy?.items;
  return { followed, list: copy && items && { items, total: copy.total }, problem: mine?.problem, more };
}

/** The live rows, then those of the pages that are not among them. */
function joined(live: readonly ListItem[], pages: readonly ListItem[], sort: string | undefined): readonly ListItem[] {
  const known = new Set(live.map(({ address }) => address));
  const rest = pages.filter(({ address }) => !known.has(address));
  // A row that a newer one has pushed out of the live part belongs to the rest now; only its own time says where.
  return sort === '-updatedAt' ? [...live, ...rest].sort((a, b) => b.updatedAt.localeCompare(a.updatedAt)) : [...live, ...rest];
}

/** The copy before, while the one of another question is on its way: a list that goes blank at every key is worse than a late one. */
function useLast(copy: ListCopy | undefined): ListCopy | undefined {
  const [last, setLast] = useState(copy);
  if (copy !== undefined && copy !== last) setLast(copy);
  return copy ?? last;
}
