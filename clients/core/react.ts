import { createContext, createElement, useCallback, useContext, useEffect, useMemo, useSyncExternalStore, type ReactNode } from 'react';
import type { Can } from '../../hub/protocol/messages.ts';
import type { ActorHandle, ActorMoment } from './actor-handle.ts';
import type { ConnectionState } from './connection.ts';
import type { Hub, ListOf } from './hub.ts';
import { ListHandle, type ListMoment } from './list-handle.ts';
import type { EventTypeOf, MachineMap, Machines } from './machine-types.ts';
import type { Kept } from './outbox-lane.ts';
import type { Problem } from './problem.ts';
import { toListTopic } from './topic.ts';
import type { TrayItem } from './tray.ts';

const HubContext = createContext<Hub<MachineMap> | undefined>(undefined);

/** Gives a hub to every hook below it. */
export function HubProvider({ hub, children }: { readonly hub: unknown; readonly children?: ReactNode }) {
  // Which machines a hub has is a matter of its type alone.
  return createElement(HubContext, { value: hub as Hub<MachineMap> }, children);
}

/** What is kept on this device. The same object as long as nothing changes. */
export type OutboxMoment = {
  /** What the hub has not answered yet, in order. */
  readonly waiting: readonly Kept[];
  /** Why nothing can be kept just now, while that is so. */
  readonly trouble: Problem | undefined;
};

/** The hooks, typed from the machines of a hub. */
export type Hooks<M extends MachineMap> = {
  readonly useHub: () => Hub<M>;
  /** Follows an actor as long as the component is shown. */
  readonly useActor: <Type extends keyof M & string>(
    type: Type,
    id: string,
  ) => ActorMoment<M[Type]> & { readonly actor: ActorHandle<M[Type]> };
  /** Follows a list as long as the component is shown. */
  readonly useList: <Type extends keyof M & string>(query: ListOf<M, Type>) => ListMoment<M[Type]>;
  /** Whether the person may send this to the actor now, and why not; undefined before anything is known of it. */
  readonly useCan: <Type extends keyof M & string>(type: Type, id: string, event: EventTypeOf<M[Type]>) => Can | undefined;
  /** What waits on this device for the hub. */
  readonly useOutbox: () => OutboxMoment;
  /** What the hub would not do. Its actors are followed as long as the component is shown, so that it tells what they are now. */
  readonly useTray: () => readonly TrayItem[];
  readonly useConnection: () => ConnectionState;
  /** How many milliseconds are left until `due` (ISO 8601) by the hub's clock, once a second; 0 when it is due. */
  readonly useCountdown: (due: string | undefined) => number | undefined;
};

function useAnyHub(): Hub<MachineMap> {
  const hub = useContext(HubContext);
  if (hub === undefined) throw new Error('A hook of the hub is used outside of a HubProvider');
  return hub;
}

function useAnyActor(type: string, id: string) {
  const hub = useAnyHub();
  const actor = useMemo(() => hub.actor(type, id), [hub, type, id]);
  useEffect(() => actor.watch(), [actor]);
  const moment = useStore(actor, () => actor.moment);
  return useMemo(() => ({ actor, ...moment }), [actor, moment]);
}

function useAnyList(query: ListOf<MachineMap, string>) {
  const { connection } = useAnyHub();
  // Equal questions are the same list, however often the question is made anew.
  const topic = toListTopic(query);
  const list = useMemo(() => new ListHandle(topic, connection), [topic, connection]);
  useEffect(() => list.watch(), [list]);
  return useStore(list, () => list.moment);
}

function useAnyCan(type: string, id: string, event: string): Can | undefined {
  return useAnyActor(type, id).actor.can(event);
}

function useKept(): OutboxMoment {
  const { outbox } = useAnyHub();
  const all = useStore(outbox, () => outbox.all);
  const trouble = useStore(outbox, () => outbox.trouble);
  return useMemo(() => ({ waiting: all.filter(({ standing }) => standing.kind !== 'tray'), trouble }), [all, trouble]);
}

function useRefused(): readonly TrayItem[] {
  const hub = useAnyHub();
  const changes = useMemo(() => ({ onChange: (changed: () => void) => both(hub.outbox, hub.connection, changed) }), [hub]);
  const items = useStore(changes, () => hub.tray);
  const actors = JSON.stringify([...new Set(items.map(({ to }) => to))].slice(0, MOST_FOLLOWED));
  useEffect(() => {
    const ends = (JSON.parse(actors) as string[]).map((to) => hub.connection.watch(to));
    return () => ends.forEach((end) => end());
  }, [hub, actors]);
  return items;
}

function useConnectionState(): ConnectionState {
  const { connection } = useAnyHub();
  return useStore(connection, () => connection.state);
}

function useRemaining(due: string | undefined): number | undefined {
  const ticker = tickerOf(useAnyHub());
  const now = useStore(ticker, ticker.read);
  return due === undefined ? undefined : Math.max(0, Date.parse(due) - now);
}

type Changing = { readonly onChange: (changed: () => void) => () => void };

function useStore<T>(source: Changing, read: () => T): T {
  return useSyncExternalStore(
    useCallback((changed: () => void) => source.onChange(changed), [source]),
    read,
    read,
  );
}

function both(one: Changing, other: Changing, changed: () => void): () => void {
  const ends = [one.onChange(changed), other.onChange(changed)];
  return () => ends.forEach((end) => end());
}

/** A connection follows 200 topics at most; the screen needs some of them. */
const MOST_FOLLOWED = 50;

type Ticker = Changing & { readonly read: () => number };
const tickers = new WeakMap<object, Ticker>();

type Timed = Pick<Hub<MachineMap>, 'clock' | 'now' | 'connection'>;

function tickerOf(hub: Timed): Ticker {
  const known = tickers.get(hub);
  if (known !== undefined) return known;
  const made = makeTicker(hub);
  tickers.set(hub, made);
  return made;
}

/** The hub's time once a second, the same for everything on the page, and at once when it is found to be another. */
function makeTicker(hub: Timed): Ticker {
  const { clock, connection } = hub;
  const read = (): number => hub.now();
  const listeners = new Set<() => void>();
  let now = read();
  let end = (): void => undefined;
  const tick = (): void => {
    end();
    now = read();
    // At the turn of the second, so that all countdowns of all screens change together.
    const cancel = clock.after(1_000 - (now % 1_000), tick);
    const unheard = connection.onChange(() => {
      if (Math.abs(read() - now) > 1_500) tick();
    });
    end = () => {
      cancel();
      unheard();
    };
    for (const listener of listeners) listener();
  };
  return {
    read: () => now,
    onChange: (changed) => {
      listeners.add(changed);
      if (listeners.size === 1) tick();
      return () => {
        listeners.delete(changed);
        if (listeners.size === 0) end();
      };
    },
  };
}

const hooks: Hooks<MachineMap> = {
  useHub: useAnyHub,
  useActor: useAnyActor,
  useList: useAnyList,
  useCan: useAnyCan,
  useOutbox: useKept,
  useTray: useRefused,
  useConnection: useConnectionState,
  useCountdown: useRemaining,
};

/** The hooks for a hub with other machines: `hooksOf<Machines & { parcel: typeof parcel }>()`. */
export function hooksOf<M extends MachineMap>(): Hooks<M> {
  // The same functions: which machines there are is a matter of types alone.
  return hooks as unknown as Hooks<M>;
}

/** The hooks for the machines of the hub. */
export const { useHub, useActor, useList, useCan, useOutbox, useTray, useConnection, useCountdown } = hooksOf<Machines>();
