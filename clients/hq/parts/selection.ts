import { useState } from 'react';
import type { ListItem } from '../../../hub/protocol/messages.ts';
import { texts } from '../texts.ts';
import { useAnnounce } from './announcer.tsx';

/** More than this is no look at each any more; a filter and the API are the way then. */
const MOST = 500;

/** The rows that somebody has picked, whether or not they are in sight. */
export type Selection = {
  readonly size: number;
  readonly items: readonly ListItem[];
  readonly has: (address: string) => boolean;
  readonly toggle: (item: ListItem) => void;
  readonly addAll: (items: readonly ListItem[]) => void;
  /** True where there was something to clear. */
  readonly clear: () => boolean;
};

/** Held for one list; another question begins with nothing picked, and what is shown no more (`isGone`) is picked no more. */
export function useSelection(question: string, isGone: boolean): Selection {
  const [picked, setPicked] = useState({ question, items: new Map<string, ListItem>() });
  if (isGone && picked.items.size > 0) setPicked({ question, items: new Map() });
  const announce = useAnnounce();
  const items = picked.question === question ? picked.items : new Map<string, ListItem>();
  const set = (next: Map<string, ListItem>): void => {
    setPicked({ question, items: next });
    announce(texts.list.selected(next.size));
  };
  return {
    size: items.size,
    items: [...items.values()],
    has: (address) => items.has(address),
    toggle: (item) => {
      const next = new Map(items);
      if (!next.delete(item.address)) {
        if (next.size >= MOST) return announce(texts.list.selectionFull(MOST));
        next.set(item.address, item);
      }
      set(next);
    },
    addAll: (more) => set(new Map([...items, ...more.map((item) => [item.address, item] as const)].slice(0, MOST))),
    clear: () => {
      if (items.size > 0) set(new Map());
      return items.size > 0;
    },
  };
}
