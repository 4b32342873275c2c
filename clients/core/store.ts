import type { ActorView, Cause, Frame, ListItem, ListOp, Position, SubscribeAck } from '../../hub/protocol/messages.ts';
import { FAULTS, isFaultCode } from '../../machines/fault.ts';
import { applyOps } from './patch.ts';
import { isListTopic } from './topic.ts';

/** The copy of one actor, as this person may see it. */
export type ActorCopy = { readonly kind: 'actor'; readonly epoch: string; readonly cause?: Cause } & Omit<ActorView, 'address'>;

/** The copy of a list: its window and how many match altogether. */
export type ListCopy = {
  readonly kind: 'list';
  readonly epoch: string;
  readonly version: number;
  readonly items: readonly ListItem[];
  readonly total: number;
};

export type Copy = ActorCopy | ListCopy;

/** How a topic stands with the hub. */
export type Standing =
  /** Has to be subscribed (again): from its position, or `fresh` when the copy cannot be trusted. */
  | { readonly kind: 'wanted'; readonly fresh: boolean; readonly was: number | undefined }
  /** The subscription is on its way. */
  | { readonly kind: 'asked'; readonly fresh: boolean }
  /** Live. `awaits` a snapshot (one that is not older, or any); `head` is a newer version that the hub has told of. */
  | { readonly kind: 'following'; readonly sub: number; readonly awaits: 'nothing' | 'newer' | 'any'; readonly head: number }
  | { readonly kind: 'refused'; readonly code: string; readonly reason: string }
  | { readonly kind: 'revoked' };

export type Entry = {
  readonly topic: string;
  readonly copy: Copy | undefined;
  /** The copies before this one, newest first: a merged patch may begin at one of them. */
  readonly past: readonly ActorCopy[];
  readonly standing: Standing;
};

/** Everything a client holds of the hub. Plain data: every function here returns the next store and changes nothing. */
export type Store = { readonly entries: ReadonlyMap<string, Entry>; readonly subs: ReadonlyMap<number, string> };

export const EMPTY: Store = { entries: new Map(), subs: new Map() };

/** Takes one frame from the hub. A frame that does not continue the copy turns its topic into a wanted one. */
export function receive(store: Store, frame: Frame): Store {
  switch (frame.kind) {
    case 'hello':
    case 'expiring':
    case 'bye':
      return store; // for the connection, not for the copies
    case 'heads':
      return (frame.ended ?? []).reduce(receiveEnd, frame.heads.reduce(receiveHead, store));
    default: {
      const entry = entryOf(store, frame.sub);
      if (entry === undefined || entry.standing.kind !== 'following') return store;
      return receiveFor(store, entry, entry.standing, frame);
    }
  }
}

type Following = Extract<Standing, { kind: 'following' }>;
type TopicFrame = Exclude<Frame, { kind: 'hello' | 'expiring' | 'bye' | 'heads' }>;

function receiveFor(store: Store, entry: Entry, standing: Following, frame: TopicFrame): Store {
  switch (frame.kind) {
    case 'snapshot':
      return receiveSnapshot(store, entry, standing, frame);
    case 'patch':
    case 'list':
      return receiveChange(store, entry, standing, frame);
    case 'resync':
      // What was shown by other rights is not shown until the hub has said what may be.
      if (frame.reason === 'rights')
        return stopFollowing(store, { ...entry, copy: undefined, past: [] }, standing, { kind: 'wanted', fresh: true, was: standing.sub });
      return stopFollowing(store, entry, standing, { kind: 'wanted', fresh: false, was: standing.sub });
    case 'revoked':
      return stopFollowing(store, { ...entry, copy: undefined, past: [] }, standing, { kind: 'revoked' });
  }
}

function receiveSnapshot(store: Store, entry: Entry, standing: Following, frame: Extract<Frame, { kind: 'snapshot' }>): Store {
  const { copy } = entry;
  const older = copy !== undefined && copy.epoch === frame.epoch && frame.version < copy.version;
  // A node that is behind may answer with less than we hold; its patches will still connect, so ours stays.
  const keepOurs = older && standing.awaits !== 'any' && copy.kind === 'actor';
  const next = keepOurs ? copy : toCopy(frame);
  const past = keepOurs ? entry.past : [];
  return put(store, {
    ...entry,
    copy: next,
    past,
    standing: { ...standing, awaits: 'nothing', head: headAbove(standing.head, next.version) },
  });
}

function toCopy(frame: Extract<Frame, { kind: 'snapshot' }>): Copy {
  const { epoch, version } = frame;
  if ('items' in frame) return { kind: 'list', epoch, version, items: frame.items, total: frame.total };
  const { state, tags, context, can, timers, updatedAt } = frame;
  return { kind: 'actor', epoch, version, state, tags, context, can, timers, updatedAt };
}

/** The apply rule: apply when it continues the copy, drop what the copy has already, otherwise ask again. */
function receiveChange(store: Store, entry: Entry, standing: Following, frame: Extract<Frame, { kind: 'patch' | 'list' }>): Store {
  const { copy } = entry;
  const lost = (fresh: boolean) => stopFollowing(store, entry, standing, { kind: 'wanted', fresh, was: standing.sub });
  // A change before the snapshot it builds on: the snapshot was lost, and the copy may be of another history.
  if (copy === undefined || standing.awaits !== 'nothing') return lost(true);
  if (frame.version <= copy.version) return store;
  const base = copyAt(entry, frame.base);
  if (base === undefined) return lost(false);
  const next = applyChange(base, frame);
  if (next === undefined) return lost(true);
  const past = copy.kind === 'actor' ? [copy, ...entry.past].slice(0, PAST) : [];
  return put(store, { ...entry, copy: next, past, standing: { ...standing, head: headAbove(standing.head, next.version) } });
}

/** How many copies are kept for patches that begin before the newest; they share what did not change. */
const PAST = 8;

/**
 * The copy that a change was made from. Applied to a newer one instead, a merged patch would add a row twice, or miss what
 * went there and back; a base that is no longer held is asked for again.
 */
function copyAt({ copy, past }: Entry, base: number): Copy | undefined {
  return copy?.version === base ? copy : past.find((older) => older.version === base);
}

function applyChange(copy: Copy, frame: Extract<Frame, { kind: 'patch' | 'list' }>): Copy | undefined {
  if (frame.kind === 'list') {
    if (copy.kind !== 'list') return undefined;
    const items = applyListOps(copy.items, frame.ops);
    return items && { ...copy, version: frame.version, items, total: frame.total };
  }
  if (copy.kind !== 'actor') return undefined;
  const context = applyOps(copy.context, frame.ops);
  if (context === undefined) return undefined;
  const { version, updatedAt, cause, state = copy.state, tags = copy.tags, can = copy.can, timers = copy.timers } = frame;
  return { kind: 'actor', epoch: copy.epoch, version, context, state, tags, can, timers, updatedAt, cause };
}

/** Positions are those of the list as the operations before have left it; `move` names the one after the item is taken out. */
function applyListOps(items: readonly ListItem[], ops: readonly ListOp[]): readonly ListItem[] | undefined {
  const next = items.slice();
  for (const op of ops) {
    const address = op.op === 'leave' || op.op === 'move' ? op.address : op.item.address;
    const at = next.findIndex((item) => item.address === address);
    if (at < 0 !== (op.op === 'enter')) return undefined;
    if (op.op === 'update') {
      next[at] = op.item;
      continue;
    }
    if (at >= 0) next.splice(at, 1);
    if (op.op === 'leave') continue;
    if (op.index > next.length) return undefined;
    next.splice(op.index, 0, op.item);
  }
  return next;
}

/** A head that is above the copy means that something is under way, or lost: see `lost()`. */
function receiveHead(store: Store, { sub, version }: { readonly sub: number; readonly version: number }): Store {
  const entry = entryOf(store, sub);
  if (entry === undefined || entry.standing.kind !== 'following') return store;
  // Heads follow what they tell of: a snapshot that is still awaited was lost, whatever the version of the copy that it is to replace.
  const head = entry.standing.awaits === 'nothing' ? headAbove(version, entry.copy?.version ?? -1) : version;
  return head === entry.standing.head ? store : put(store, { ...entry, standing: { ...entry.standing, head } });
}

/** The hub has ended the subscription, and what said so and why was lost: it is asked for anew, and the answer says. */
function receiveEnd(store: Store, sub: number): Store {
  const entry = entryOf(store, sub);
  if (entry === undefined || entry.standing.kind !== 'following') return store;
  return stopFollowing(store, entry, entry.standing, { kind: 'wanted', fresh: true, was: undefined });
}

function headAbove(head: number, version: number): number {
  return head > version ? head : -1;
}

/** Whether a topic waits for a version that the hub has told of. */
export function isBehind(entry: Entry): boolean {
  return entry.standing.kind === 'following' && entry.standing.head >= 0;
}

/** To be called a moment after heads came: whatever is still behind has lost a message and is wanted again. */
export function lost(store: Store): Store {
  let next = store;
  for (const entry of store.entries.values()) {
    if (entry.standing.kind !== 'following' || !isBehind(entry)) continue;
    const fresh = entry.standing.awaits !== 'nothing';
    next = stopFollowing(next, entry, entry.standing, { kind: 'wanted', fresh, was: entry.standing.sub });
  }
  return next;
}

/** Begins to want a topic, keeping what is known of it. */
export function want(store: Store, topic: string): Store {
  const entry = store.entries.get(topic);
  if (entry !== undefined && entry.standing.kind !== 'refused' && entry.standing.kind !== 'revoked') return store;
  return put(store, { topic, copy: entry?.copy, past: [], standing: { kind: 'wanted', fresh: entry?.copy === undefined, was: undefined } });
}

/** What is to be asked for, with the position to continue from. */
export function wanted(store: Store): { readonly topic: string; readonly at?: Position; readonly was: number | undefined }[] {
  return [...store.entries.values()].flatMap(({ topic, copy, standing }) => {
    if (standing.kind !== 'wanted') return [];
    const at = copy !== undefined && !standing.fresh && !isListTopic(topic) ? { at: { epoch: copy.epoch, version: copy.version } } : {};
    return [{ topic, ...at, was: standing.was }];
  });
}

/** Marks wanted topics as asked for. */
export function asked(store: Store, topics: readonly string[]): Store {
  return topics.reduce((next, topic) => {
    const entry = next.entries.get(topic);
    if (entry?.standing.kind !== 'wanted') return next;
    const fresh = entry.standing.fresh || entry.copy === undefined || isListTopic(topic);
    return put(next, { ...entry, standing: { kind: 'asked', fresh } });
  }, store);
}

/** Takes the hub's answer to a subscription. */
export function answered(store: Store, topic: string, ack: SubscribeAck): Store {
  const entry = store.entries.get(topic);
  if (entry?.standing.kind !== 'asked') return store;
  if (!ack.ok) {
    const standing: Standing = { kind: 'refused', code: ack.code, reason: ack.reason };
    // A hub that is busy takes nothing away from anybody; every other refusal does.
    return put(store, isTransient(ack.code) ? { ...entry, standing } : { ...entry, copy: undefined, past: [], standing });
  }
  const { fresh } = entry.standing;
  const continues = !fresh && entry.copy !== undefined && entry.copy.epoch === ack.epoch;
  if (ack.how !== 'snapshot' && !continues) return put(store, { ...entry, standing: { kind: 'wanted', fresh: true, was: ack.sub } });
  const awaits = ack.how !== 'snapshot' ? 'nothing' : fresh ? 'any' : 'newer';
  // An answer "current" that names a newer version than ours is a loss like any other.
  const head = awaits === 'nothing' ? headAbove(ack.version, entry.copy?.version ?? -1) : -1;
  const subs = new Map(store.subs).set(ack.sub, topic);
  return put({ ...store, subs }, { ...entry, standing: { kind: 'following', sub: ack.sub, awaits, head } });
}

/** Whether the hub may answer otherwise in a moment. */
export function isTransient(code: string): boolean {
  return isFaultCode(code) && FAULTS[code].retry;
}

/** Forgets a topic that nobody looks at any more. */
export function forget(store: Store, topic: string): Store {
  const entry = store.entries.get(topic);
  if (entry === undefined) return store;
  const entries = new Map(store.entries);
  entries.delete(topic);
  return { entries, subs: entry.standing.kind === 'following' ? without(store.subs, entry.standing.sub) : store.subs };
}

/** The connection is gone, and every subscription with it. Copies stay, with the positions to continue from. */
export function disconnected(store: Store): Store {
  const entries = new Map<string, Entry>();
  for (const entry of store.entries.values()) {
    const { standing } = entry;
    const fresh = standing.kind === 'following' ? standing.awaits === 'any' : 'fresh' in standing && standing.fresh;
    entries.set(entry.topic, { ...entry, standing: { kind: 'wanted', fresh, was: undefined } });
  }
  return { entries, subs: new Map() };
}

function entryOf(store: Store, sub: number): Entry | undefined {
  const topic = store.subs.get(sub);
  return topic === undefined ? undefined : store.entries.get(topic);
}

function put(store: Store, entry: Entry): Store {
  return { ...store, entries: new Map(store.entries).set(entry.topic, entry) };
}

function stopFollowing(store: Store, entry: Entry, from: Following, standing: Standing): Store {
  return put({ ...store, subs: without(store.subs, from.sub) }, { ...entry, standing });
}

function without(subs: ReadonlyMap<number, string>, sub: number): ReadonlyMap<number, string> {
  const next = new Map(subs);
  next.delete(sub);
  return next;
}
