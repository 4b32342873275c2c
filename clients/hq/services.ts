import { createContext, useCallback, useContext, useEffect, useMemo, useRef, useState, useSyncExternalStore } from 'react';
import type { Api } from '../core/api.ts';
import type { Clock } from '../core/clock.ts';
import type { Connection, ConnectionState } from '../core/connection.ts';
import type { Http } from '../core/http.ts';
import type { Session, Who } from '../core/session.ts';
import { isBehind, type ActorCopy, type Entry, type ListCopy } from '../core/store.ts';
import type { Office } from './office.ts';
import { toListTopic, type ListQuery } from '../core/topic.ts';
import type { Ticker } from './ticker.ts';

/** What every screen works with; made once, in console.tsx. */
export type Services = {
  readonly http: Http;
  readonly session: Session;
  readonly connection: Connection;
  readonly api: Api;
  readonly office: Office;
  readonly clock: Clock;
  readonly ticker: Ticker;
};

const ServicesContext = createContext<Services | undefined>(undefined);
export const ServicesProvider = ServicesContext.Provider;

export function useServices(): Services {
  const services = useContext(ServicesContext);
  if (services === undefined) throw new Error('A screen stands outside of its services');
  return services;
}

/** Who is signed in, if anybody. */
export function useWho(): Who | undefined {
  const { session } = useServices();
  return useSyncExternalStore(
    useCallback((changed) => session.onChange(changed), [session]),
    () => session.who,
  );
}

export function useConnectionState(): ConnectionState {
  const { connection } = useServices();
  return useSyncExternalStore(
    useCallback((changed) => connection.onChange(changed), [connection]),
    () => connection.state,
  );
}

/** Follows a topic as long as the component is shown. */
export function useTopic(topic: string): Entry | undefined {
  const { connection } = useServices();
  useEffect(() => follow(connection, topic), [connection, topic]);
  return useSyncExternalStore(
    useCallback((changed) => connection.onChange(changed), [connection]),
    () => connection.entry(topic),
  );
}

/** What is on the screen now, by topic, with how many parts of it show it. */
const shown = new Map<string, number>();

function follow(connection: Connection, topic: string): () => void {
  const release = connection.watch(topic);
  shown.set(topic, (shown.get(topic) ?? 0) + 1);
  return () => {
    release();
    const left = (shown.get(topic) ?? 1) - 1;
    if (left === 0) shown.delete(topic);
    else shown.set(topic, left);
  };
}

/** A copy that is caught up within this is not worth a word. */
const PATIENCE_MS = 800;

/** Whether, for a while now, something on the screen is older than the hub has said that it is. */
export function useBehind(): boolean {
  const { connection } = useServices();
  const behind = useSyncExternalStore(
    useCallback((changed) => connection.onChange(changed), [connection]),
    () => [...shown.keys()].some((topic) => isOld(connection.entry(topic))),
  );
  const [since, setSince] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setSince(behind), behind ? PATIENCE_MS : 0);
    return () => clearTimeout(timer);
  }, [behind]);
  return behind && since;
}

function isOld(entry: Entry | undefined): boolean {
  return entry?.copy !== undefined && (entry.standing.kind !== 'following' || isBehind(entry));
}

/** How a followed thing is at hand: not yet, not at all (with the hub's code), or as a copy. */
export type Followed<Copy> =
  | { readonly kind: 'waiting' }
  | { readonly kind: 'refused'; readonly code: string; readonly reason: string; readonly retry: () => void }
  | { readonly kind: 'here'; readonly copy: Copy };

export function useActor(address: string): Followed<ActorCopy> {
  const { connection } = useServices();
  return toFollowed(useTopic(address), 'actor', () => connection.retry(address));
}

export function useList(query: ListQuery): Followed<ListCopy> {
  const { connection } = useServices();
  const topic = toListTopic(query);
  return toFollowed(useTopic(topic), 'list', () => connection.retry(topic));
}

/** Several lists at once. The result is the same array as long as none of them has changed. */
export function useLists(queries: readonly ListQuery[]): readonly Followed<ListCopy>[] {
  const { connection } = useServices();
  const key = JSON.stringify(queries.map(toListTopic));
  const topics = useMemo(() => JSON.parse(key) as string[], [key]);
  useEffect(() => {
    const releases = topics.map((topic) => follow(connection, topic));
    return () => releases.forEach((release) => release());
  }, [connection, topics]);
  const last = useRef<readonly (Entry | undefined)[]>([]);
  const entries = useSyncExternalStore(
    useCallback((changed) => connection.onChange(changed), [connection]),
    () => {
      const next = topics.map((topic) => connection.entry(topic));
      const same = next.length === last.current.length && next.every((entry, i) => entry === last.current[i]);
      if (!same) last.current = next;
      return last.current;
    },
  );
  return entries.map((entry, i) => toFollowed(entry, 'list', () => connection.retry(topics[i] ?? '')));
}

type CopyOf = { readonly actor: ActorCopy; readonly list: ListCopy };

function toFollowed<K extends keyof CopyOf>(entry: Entry | undefined, kind: K, retry: () => void): Followed<CopyOf[K]> {
  if (entry?.standing.kind === 'refused' && entry.copy === undefined)
    return { kind: 'refused', code: entry.standing.code, reason: entry.standing.reason, retry };
  if (entry?.standing.kind === 'revoked') {
    return { kind: 'refused', code: 'revoked', reason: 'Your rights have changed; this is no longer shown to you.', retry };
  }
  if (entry?.copy?.kind !== kind) return { kind: 'waiting' };
  return { kind: 'here', copy: entry.copy as CopyOf[K] };
}

/** The hub's time, once a second, the same for everything on the page; this device's clock may be hours wrong. */
export function useNow(): number {
  const { ticker } = useServices();
  return useSyncExternalStore(ticker.subscribe, ticker.now);
}
