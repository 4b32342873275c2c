import { LRUCache } from 'lru-cache';
import type { Committed } from '../../actors/delivery.ts';
import type { Ports } from '../../actors/ports/ports.ts';
import type { Runtime } from '../../actors/runtime.ts';
import { readEnvelope } from '../../actors/step.ts';
import type { Store } from '../../actors/store/store.ts';
import { Fault } from '../../machines/fault.ts';
import { typeOf } from '../../machines/ids.ts';
import type { Definition } from '../../machines/machine.ts';
import type { Subject } from '../view.ts';
import { ActorTopic } from './actor-topic.ts';
import { toListChanges } from './list-changes.ts';
import { scopeOf } from './list-filter.ts';
import { ListReader } from './list-reader.ts';
import type { ListSubject } from './list-reader.ts';
import { ListTopic } from './list-topic.ts';
import type { Rights } from './rights.ts';
import { Shares } from './shares.ts';
import { toKey } from './topic.ts';
import type { ListQuestion } from './topic.ts';

export type TopicsOptions = {
  readonly runtime: Pick<Runtime, 'definitions' | 'onChange'> & { readonly lanes: Pick<Runtime['lanes'], 'tellAll'> };
  /** Reads the newest committed state of an actor. */
  readonly read: (definition: Definition, address: string) => Promise<Subject | undefined>;
  readonly store: Pick<Store, 'list' | 'count' | 'at'>;
  readonly ports: Ports;
  /** The first half of every epoch. */
  readonly history: string;
  /** How many rows lists keep beyond those that they show, so that a row that leaves seldom has to be made good. */
  readonly spare?: number;
};

/** A topic that will not be forgotten before it is released; absent where there is nothing that the caller may follow. */
export type Held<T> = { readonly topic: T | undefined; readonly release: () => void };

type Entry = {
  readonly topic: ActorTopic;
  readonly ready: Promise<void>;
  /** Who asked for it first. */
  readonly person: string;
  /** How many are about to join. */
  pins: number;
};

/** `seen` is the version that the copy stands at. */
export type ActorAsked = {
  readonly address: string;
  readonly definition: Definition;
  readonly person: string;
  readonly seen?: number | undefined;
  readonly continues?: boolean;
};

const MOST_ACTORS = 100_000;
const MOST_LISTS = 2_000;
/** A topic that nobody follows is kept a while: those who lost their connection come back and continue. */
const IDLE_MS = { actor: 60_000, list: 10_000 };
const MOST_IDLE = 2_000;
/** Nobody alone takes what all are to share; what others ask for first is not counted. */
const SHARES = { actors: 20_000, lists: 250 };
const COALESCE_MS = 60;
/** Of so many listed actors it is remembered which version was heard of last. */
const MOST_HEARD = 50_000;
const SPARE = 50;

/** Everything on this node that somebody follows, and the way of commits to it. */
export class Topics {
  readonly history: string;
  readonly definitions: ReadonlyMap<string, Definition>;
  readonly #options: TopicsOptions;
  readonly #reader: ListReader;
  readonly #actors = new Map<string, Entry>();
  readonly #lists = new Map<string, ListTopic>();
  readonly #listsOf = new Map<string, Set<ListTopic>>();
  readonly #dirtyActors = new Set<ActorTopic>();
  readonly #dirtyLists = new Set<ListTopic>();
  readonly #batches: (readonly Committed[])[] = [];
  readonly #heard = new LRUCache<string, number>({ max: MOST_HEARD });
  readonly #actorShares = new Shares(SHARES.actors, 'actors');
  readonly #listShares = new Shares(SHARES.lists, 'lists');
  #scheduled = false;
  #listsScheduled = false;

  constructor(options: TopicsOptions) {
    this.history = options.history;
    this.definitions = options.runtime.definitions;
    this.#options = options;
    this.#reader = new ListReader(options.store);
    options.runtime.onChange({ hear: (rows) => this.#committed(rows), wants: (address) => this.#wants(address) });
  }

  figures(): { actors: number; lists: number } {
    return { actors: this.#actors.size, lists: this.#lists.size };
  }

  /** What is known of an actor that is followed here, its newest commit included. */
  peek(address: string): ActorTopic | undefined {
    this.#options.runtime.lanes.tellAll();
    return this.#actors.get(address)?.topic;
  }

  /**
   * Finds or loads an actor's topic and keeps it until `release`, so that it can be joined without a gap. Whoever comes from another
   * node may have seen a version that this one has not heard of yet: it is read then, so that nobody is shown an older one. Where he
   * `continues` from a version that is no longer in memory that one is read from the journal.
   */
  async actor({ address, definition, person, seen = 0, continues = false }: ActorAsked): Promise<Held<ActorTopic>> {
    const entry = this.#actors.get(address) ?? this.#open(address, definition, person);
    entry.pins++;
    const release = (): void => {
      entry.pins--;
      if (entry.topic.head === undefined && entry.pins === 0 && this.#actors.get(address) === entry) this.#forget(entry);
    };
    try {
      await entry.ready;
    } catch (error) {
      // A commit that came meanwhile told all that the read would have; the entry stays, and its read is not tried again.
      if (entry.topic.head === undefined) {
        release();
        throw error;
      }
    }
    const { head } = entry.topic;
    if (head !== undefined && head.version < seen) {
      try {
        const subject = await this.#options.read(definition, address);
        if (subject !== undefined) entry.topic.meet(subject.envelope);
      } catch (error) {
        release();
        throw error;
      }
    }
    if (continues) await this.#remember(entry.topic, seen);
    return { topic: entry.topic.head === undefined ? undefined : entry.topic, release };
  }

  /** Only as this version of its machine wrote it: a lifted one is not what the copy was made from. Without it he gets a snapshot. */
  async #remember(topic: ActorTopic, version: number): Promise<void> {
    if (topic.head === undefined || version >= topic.head.version || topic.knows(version)) return;
    try {
      const row = await this.#options.store.at(topic.address, { version });
      if (row === undefined || row.version !== version || row.envelope === '') return;
      const { envelope, lifted } = readEnvelope(topic.definition, row.envelope);
      if (lifted === undefined) topic.remember(envelope);
    } catch (error) {
      this.#options.ports.log.debug({ err: error, actor: topic.address }, 'An older version cannot be read; a snapshot is sent');
    }
  }

  /** The same for a list. */
  async list(question: ListQuestion, definition: Definition, rights: Rights): Promise<Held<ListTopic>> {
    const scope = scopeOf(rights);
    const key = JSON.stringify([rights.audience, scope.client, scope.agent, toKey(question)]);
    const person = rights.caller.id;
    const topic = this.#lists.get(key) ?? this.#openList(key, { definition, question, scope, audience: rights.audience, person });
    topic.pins++;
    const release = (): void => void topic.pins--;
    try {
      await topic.ready();
    } catch (error) {
      release();
      throw error;
    }
    return { topic, release };
  }

  /** Forgets what nobody has followed for a while. */
  sweep(): void {
    const now = this.#options.ports.clock.monotonic();
    const idle: { readonly entry: Entry; readonly since: number }[] = [];
    for (const entry of this.#actors.values()) {
      const { topic, pins } = entry;
      if (pins > 0 || topic.followers > 0) topic.idleSince = undefined;
      else idle.push({ entry, since: (topic.idleSince ??= now) });
    }
    idle.sort((a, b) => a.since - b.since);
    idle.forEach(({ entry, since }, index) => {
      if (now - since > IDLE_MS.actor || index < idle.length - MOST_IDLE) this.#forget(entry);
    });
    for (const [key, topic] of this.#lists) {
      if (topic.pins > 0 || topic.followers > 0) topic.idleSince = undefined;
      else if (now - (topic.idleSince ??= now) > IDLE_MS.list) this.#closeList(key, topic);
    }
  }

  #forget({ topic, person }: Entry): void {
    this.#actors.delete(topic.address);
    this.#actorShares.giveBack(person);
  }

  #open(address: string, definition: Definition, person: string): Entry {
    if (this.#actors.size >= MOST_ACTORS)
      throw new Fault('overloaded', 'This node follows as many actors as it can; try again after a while.');
    this.#actorShares.take(person);
    const { read, ports } = this.#options;
    const topic = new ActorTopic({ address, definition, history: this.history, now: () => ports.clock.now() });
    // Registered before the actor is read: commits from now on reach it, earlier ones are in what is read.
    const ready = read(definition, address).then((subject) => {
      if (subject !== undefined) topic.meet(subject.envelope);
    });
    const entry: Entry = { topic, ready, person, pins: 0 };
    this.#actors.set(address, entry);
    return entry;
  }

  #openList(key: string, subject: ListSubject): ListTopic {
    if (this.#lists.size >= MOST_LISTS)
      throw new Fault('overloaded', 'This node follows as many lists as it can; try again after a while.');
    this.#listShares.take(subject.person);
    const { ports, spare = SPARE } = this.#options;
    const topic = new ListTopic({ subject, reader: this.#reader, ports, spare, onDirty: (dirty) => this.#listChanged(dirty) });
    this.#lists.set(key, topic);
    const { type } = subject.definition;
    const siblings = this.#listsOf.get(type);
    if (siblings === undefined) this.#listsOf.set(type, new Set([topic]));
    else siblings.add(topic);
    return topic;
  }

  #closeList(key: string, topic: ListTopic): void {
    const { type } = topic.subject.definition;
    const siblings = this.#listsOf.get(type);
    siblings?.delete(topic);
    if (siblings?.size === 0) this.#listsOf.delete(type);
    this.#lists.delete(key);
    this.#listShares.giveBack(topic.subject.person);
    topic.close();
  }

  #wants(address: string): boolean {
    return this.#actors.has(address) || this.#listsOf.has(typeOf(address));
  }

  /** After every commit, of whichever node. Nothing is worked out here: the next batch must not wait for it. */
  #committed(rows: readonly Committed[]): void {
    if (this.#actors.size > 0) {
      for (const committed of rows) {
        const entry = this.#actors.get(committed.row.actor);
        if (entry === undefined) continue;
        entry.topic.take(committed);
        this.#dirtyActors.add(entry.topic);
      }
    }
    if (this.#listsOf.size > 0) this.#batches.push(rows);
    if (this.#scheduled || (this.#dirtyActors.size === 0 && this.#batches.length === 0)) return;
    this.#scheduled = true;
    this.#options.ports.timers.soon(() => {
      this.#scheduled = false;
      const last = this.#dirtyActors.size === 1;
      for (const topic of this.#dirtyActors) this.#flush(topic, last);
      this.#dirtyActors.clear();
      for (const batch of this.#batches.splice(0)) this.#toLists(batch);
    });
  }

  #toLists(rows: readonly Committed[]): void {
    for (const change of toListChanges(rows, (type) => this.#listsOf.has(type), this.#heard)) {
      for (const topic of this.#listsOf.get(change.type) ?? []) {
        try {
          topic.take(change);
        } catch (error) {
          this.#options.ports.log.error({ err: error, actor: change.facts.address }, 'A list could not take a change; it is read again');
          topic.doubt();
        }
      }
    }
  }

  #listChanged(topic: ListTopic): void {
    this.#dirtyLists.add(topic);
    if (this.#listsScheduled) return;
    this.#listsScheduled = true;
    this.#options.ports.timers.after(COALESCE_MS, () => {
      this.#listsScheduled = false;
      const dirty = [...this.#dirtyLists];
      this.#dirtyLists.clear();
      for (const list of dirty) this.#flush(list);
    });
  }

  /** A view that throws harms its own topic alone. */
  #flush(topic: ActorTopic | ListTopic, last = false): void {
    try {
      topic.flush(last);
    } catch (error) {
      this.#options.ports.log.error({ err: error }, 'A topic could not be told');
    }
  }
}
