import type { Committed } from '../../actors/delivery.ts';
import type { Envelope } from '../../actors/envelope.ts';
import type { Definition } from '../../machines/machine.ts';
import type { Position } from '../protocol/messages.ts';
import { toContext } from '../view.ts';
import type { Subject } from '../view.ts';
import { shareWith } from './follower.ts';
import type { Feed, Follower } from './follower.ts';
import { toCause, toMergedPatch, toSnapshot } from './projection.ts';
import type { Origin, Shown } from './projection.ts';
import type { Rights } from './rights.ts';
import { Telling } from './telling.ts';

/** How many versions are kept to continue from, and how many older ones that were read because somebody stood there. */
const RING = 16;
const BASES = 8;

export type Joined = { readonly how: 'current' | 'replay' | 'snapshot'; readonly epoch: string; readonly version: number };

/** What brought about the newest version, as the journal has it. */
type Raw = { readonly version: number; readonly event: string; readonly by: string; readonly at: number };

/** Everybody who sees an actor in exactly the same way: what they are sent is made once. */
type Group = Feed & { readonly rights: Rights; readonly followers: Set<Follower>; shown: Shown };

/**
 * One actor that somebody follows, or followed a moment ago. It is registered before the actor is read, and takes commits
 * from then on, so that nothing is lost between reading the head and joining: reading and committing only ever raise the head.
 */
export class ActorTopic {
  readonly kind = 'actor';
  readonly address: string;
  readonly definition: Definition;
  readonly #history: string;
  readonly #now: () => number;
  readonly #groups = new Map<string, Group>();
  #ring: Envelope[] = [];
  readonly #bases: Envelope[] = [];
  #told = 0;
  /** Who brought about what has not been told yet. */
  #makers = new Set<string>();
  #newest: Raw | undefined;
  /** When the last follower left; undefined while there is one. Milliseconds that never run backwards. */
  idleSince: number | undefined;

  constructor(options: {
    readonly address: string;
    readonly definition: Definition;
    readonly history: string;
    readonly now: () => number;
  }) {
    this.address = options.address;
    this.definition = options.definition;
    this.#history = options.history;
    this.#now = options.now;
  }

  get head(): Envelope | undefined {
    return this.#ring.at(-1);
  }

  get followers(): number {
    let count = 0;
    for (const { followers } of this.#groups.values()) count += followers.size;
    return count;
  }

  /** A version that was read. */
  meet(envelope: Envelope): void {
    const { head } = this;
    if (head !== undefined && head.version >= envelope.version) return;
    this.#ring.push(envelope);
    if (this.#ring.length > RING) this.#ring.shift();
  }

  /** Whether a copy that stands at this version can be continued. */
  knows(version: number): boolean {
    return this.#find(version) !== undefined;
  }

  /** An older version, from the journal, at which somebody's copy stands. */
  remember(envelope: Envelope): void {
    if (this.knows(envelope.version)) return;
    this.#bases.push(envelope);
    if (this.#bases.length > BASES) this.#bases.shift();
  }

  #find(version: number): Envelope | undefined {
    const is = (envelope: Envelope): boolean => envelope.version === version;
    return this.#ring.find(is) ?? this.#bases.find(is);
  }

  /** A version that was committed; told by the next `flush`. */
  take({ row, after }: Committed): void {
    const { version } = after;
    // One that was read before it was heard of may not have been told yet.
    if ((this.head?.version ?? 0) > version || this.#told >= version) return;
    this.meet(after);
    this.#newest = { version, event: row.event, by: row.caller, at: row.at };
    if (this.#groups.size > 0) this.#makers.add(row.caller);
  }

  /**
   * Tells every group what it sees of the versions since the last time, in one patch each. `last`: no other topic is told in this turn, so
   * that nobody's frame has to wait for another one to go with. Thousands of sockets are then gone through once instead of twice.
   */
  flush(last = false): void {
    const { head } = this;
    if (head === undefined || head.version === this.#told) return;
    this.#told = head.version;
    const makers = this.#makers;
    this.#makers = new Set();
    if (this.#groups.size === 0) return;
    const telling = this.#telling(head);
    for (const group of this.#groups.values()) this.#tell(group, telling, makers, last);
  }

  #tell(group: Group, telling: Telling, makers: ReadonlySet<string>, last: boolean): void {
    const { rights } = group;
    const after = telling.shownTo(rights);
    if (after === undefined) {
      for (const follower of [...group.followers]) follower.revoke();
      return;
    }
    // A change that the view does not show leaves its version where it is, unless the viewer made it himself and waits for it.
    const frame = telling.patch(group.shown, after, rights, rights.whole || makers.has(rights.caller.id));
    if (frame === undefined) return;
    group.shown = after;
    shareWith(group.followers, frame, after.version, last);
  }

  #telling(head: Envelope): Telling {
    return new Telling(this.#subject(head), this.#origin(head), this.#now());
  }

  /** Undefined where the caller may not know of it. The follower is then owed its first frame, if there is one to send. */
  join(rights: Rights, follower: Follower, at?: Position): Joined | undefined {
    this.flush();
    const group = this.#groups.get(rights.key) ?? this.#form(rights);
    if (group === undefined) return undefined;
    group.followers.add(follower);
    follower.feed = group;
    this.idleSince = undefined;
    const epoch = this.#epoch(rights);
    const { version } = group.shown;
    if (at?.epoch === epoch && at.version === version) {
      follower.version = version;
      return { how: 'current', epoch, version };
    }
    // Another node has told a version that this view does not show; nothing that it shows has changed since.
    if (at?.epoch === epoch && !rights.whole && at.version > version && at.version <= (this.head?.version ?? 0)) {
      follower.version = at.version;
      return { how: 'current', epoch, version: at.version };
    }
    follower.owe();
    if (at?.epoch === epoch && this.#base(at.version, version) !== undefined) {
      follower.version = at.version;
      return { how: 'replay', epoch, version };
    }
    follower.version = 0;
    return { how: 'snapshot', epoch, version };
  }

  /** What a caller who sees the actor so would have to name to mean the newest version. */
  visibleVersion(rights: Rights): number | undefined {
    return this.#groups.get(rights.key)?.shown.version;
  }

  #form(rights: Rights): Group | undefined {
    const { head } = this;
    if (head === undefined) return undefined;
    const shown = this.#telling(head).shownTo(rights);
    if (shown === undefined) return undefined;
    const group: Group = {
      rights,
      shown,
      followers: new Set(),
      catchUp: (follower) => this.#catchUp(group, follower),
      leave: (follower) => this.#leave(group, follower),
    };
    this.#groups.set(rights.key, group);
    return group;
  }

  #catchUp(group: Group, follower: Follower): { frame: string; version: number } | undefined {
    const { shown, rights } = group;
    if (follower.version === shown.version) return undefined;
    const base = follower.version === 0 ? undefined : this.#base(follower.version, shown.version);
    if (base === undefined) {
      return { frame: `{"kind":"snapshot","sub":${follower.sub},${toSnapshot(shown, this.#epoch(rights))}`, version: shown.version };
    }
    const seen = toContext(this.definition, rights.audience, base.snapshot.context as Record<string, unknown>);
    const cause = toCause(this.definition, this.#origin(this.head ?? base), rights);
    const patch = toMergedPatch(base.version, seen, shown, cause);
    return { frame: `{"kind":"patch","sub":${follower.sub},${patch}`, version: shown.version };
  }

  /** The version that a copy stands at, if it is still known and older than what the group sees. */
  #base(version: number, below: number): Envelope | undefined {
    return version < below ? this.#find(version) : undefined;
  }

  #leave(group: Group, follower: Follower): void {
    group.followers.delete(follower);
    if (group.followers.size === 0 && this.#groups.get(group.rights.key) === group) this.#groups.delete(group.rights.key);
  }

  #origin(head: Envelope): Origin {
    // Of a version that was read nobody has said who made it.
    if (this.#newest?.version !== head.version) return { type: 'changed', by: 'hub', at: head.at };
    const { event, by, at } = this.#newest;
    return { type: typeOfEvent(event), by, at };
  }

  #subject(envelope: Envelope): Subject {
    return { address: this.address, definition: this.definition, envelope };
  }

  #epoch(rights: Rights): string {
    return `${this.#history}.${rights.key}`;
  }
}

function typeOfEvent(event: string): string {
  const { type } = JSON.parse(event) as { type: unknown };
  return typeof type === 'string' ? type : 'changed';
}
