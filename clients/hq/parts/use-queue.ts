import { useEffect, useRef, useState } from 'react';
import type { ActorView, ListItem } from '../../../hub/protocol/messages.ts';
import { idOf } from '../../../machines/ids.ts';
import type { ListCopy } from '../../core/store.ts';
import { toQueue, type Decided, type Queue } from '../approvals.ts';
import { OneAtATime } from '../one-at-a-time.ts';
import { useList, useServices, type Followed } from '../services.ts';

/** The oldest of so many stand in the queue; the others follow as these are decided. */
const MOST = 100;
const TYPE = 'payment';
const NONE: readonly ListItem[] = [];
const UNKNOWN: ReadonlyMap<string, ActorView> = new Map();

export type Approving = {
  readonly followed: Followed<ListCopy>;
  /** Undefined before the list is there, and when it has been taken away from whoever looks. */
  readonly queue: Queue | undefined;
  /** Tells of a decision that was made here, and of the version that came of it. */
  readonly onDecided: (address: string, version: number) => void;
};

/** The payments that wait for an approval, and which of them wait for this person. */
export function useQueue(): Approving {
  const followed = useList({ type: TYPE, state: 'needs_approval', sort: 'updatedAt', limit: MOST });
  const items = followed.kind === 'here' ? followed.copy.items : undefined;
  const views = useViews(items ?? NONE);
  const [decided, setDecided] = useState<Decided>(new Map());
  return {
    followed,
    queue: items && toQueue(items, views, decided),
    onDecided: (address, version) => setDecided((before) => new Map(before).set(address, version)),
  };
}

/** Whoever changes several at once is asked about once. */
const PAUSE_MS = 150;
/** A look that has failed is repeated: without it everything counts as this person's. */
const RETRY_MS = 5_000;

/** What may be done to each of the queue; asked again whenever one of them has changed. */
function useViews(items: readonly ListItem[]): ReadonlyMap<string, ActorView> {
  const { office, clock } = useServices();
  const [views, setViews] = useState(UNKNOWN);
  const newest = useRef(items);
  const looking = useRef<OneAtATime>(undefined);
  useEffect(() => {
    const task = async (signal: AbortSignal): Promise<void> => {
      const ids = newest.current.map(({ address }) => idOf(address));
      const found = ids.length === 0 ? [] : await office.views(TYPE, ids, signal);
      if (!signal.aborted) setViews(new Map(found.map((view) => [view.address, view])));
    };
    const look = new OneAtATime({ task, after: clock.after, pause_ms: PAUSE_MS, retry_ms: RETRY_MS });
    looking.current = look;
    return () => look.stop();
  }, [office, clock]);
  const asked = items.map(({ address, version }) => `${address}@${version}`).join();
  useEffect(() => {
    newest.current = items;
  });
  useEffect(() => looking.current?.ask(), [asked]);
  return views;
}
