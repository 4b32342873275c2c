import type { Definition, Question } from '../machines/machine.ts';
import { toActorRow } from './actor-row.ts';
import { HUB, mayReachRow } from './caller.ts';
import { bodyHash } from './chain.ts';
import { toOwnDelivery, toResultOwn } from './delivery.ts';
import type { Committed, Delivery, Outcome } from './delivery.ts';
import type { Asked, Envelope } from './envelope.ts';
import { isKept, parkedFor, refusalOf } from './refusals.ts';
import { repeatOf, toEarlierOutcome } from './repeats.ts';
import type { Here } from './repeats.ts';
import { RowChain } from './row-chain.ts';
import { step, toStored } from './step.ts';
import type { Moment, Result, Stepped } from './step.ts';
import { toPostingRows } from './posting.ts';
import type { ActorRow, Batch, CreationRow, DeadLetterRow, Earlier, PostingRow, RefusalRow } from './store/store.ts';

/** An actor in memory: its newest committed envelope and what the runtime remembers beside it. */
export type Live = {
  readonly definition: Definition;
  readonly envelope: Envelope;
  /** Some event of it was refused once, so an id has to be looked up before it can be taken for new. */
  readonly refused: boolean;
  readonly created_at: number;
  /** Characters of the stored envelope; what the memory budget counts by. */
  readonly size: number;
  /** The version of the machine that wrote it, where this is an older one and no row says yet that it was lifted. */
  readonly lifted?: number;
};

/** What an address holds before the batch. */
export type Known = {
  readonly live: Live | undefined;
  readonly refused: boolean;
  /** There is an actor, and this release cannot read it: for this reason, or it is a newer release's. And whose it is. */
  readonly unreadable?: {
    readonly why: 'unreadable' | 'migration_failed' | 'newer_release';
    readonly client?: string;
    readonly agent?: string;
  };
};

/** Where a partition's journal ends, and the epoch under which this node owns it. */
export type Head = { readonly epoch: number; seq: number; hash: string };

export type Surroundings = {
  readonly now: number;
  readonly scale: number;
  readonly heads: ReadonlyMap<number, Head>;
  /** What is in memory or was loaded for this batch. */
  readonly known: ReadonlyMap<string, Known>;
  /** What was looked up, by address and event id. */
  readonly earlier: ReadonlyMap<string, Earlier>;
  readonly creations: ReadonlyMap<string, CreationRow>;
  /** Ids that were looked up and found nowhere. */
  readonly looked: ReadonlySet<string>;
  /** Whether an operator has paused this kind of actor. */
  readonly paused: (type: string) => boolean;
  /** Answers a question from committed state that is in memory; undefined where it is not, and the question waits for its effect. */
  readonly answer: (question: Question) => Result | undefined;
  readonly onBug: (delivery: Delivery, error: unknown) => void;
};

export function idKey(address: string, event_id: string): string {
  return `${address} ${event_id}`;
}

export function creationKey(creation: { caller: string; key: string }): string {
  return `${creation.caller} ${creation.key}`;
}

type Answer = { readonly delivery: Delivery; readonly outcome: Outcome };
type Doubtful = { readonly delivery: Delivery; readonly body_hash: string; readonly refuse: () => void };

/** A machine that asks for ever goes on in the next batch. */
const MOST_ANSWERS = 1_000;

const NOTHING: Asked = { sends: [], events: [] };

const EMPTY: Known = { live: undefined, refused: false };

/**
 * One batch being stepped in memory. It reads nothing and writes nothing: what it needs was loaded before, what it made is
 * committed after, and everybody is told only then.
 */
export class Work {
  readonly rows: Committed[] = [];
  readonly answers: Answer[] = [];
  /** Refusals that are not certain until their ids have been looked up: an id that took effect before is a repeat. */
  readonly doubtful: Doubtful[] = [];
  /** What the actors came to; becomes the truth when the commit has. */
  readonly after = new Map<string, Live>();
  readonly #doubts = new Set<string>();
  readonly #around: Surroundings;
  readonly #chain: RowChain;
  readonly #refusals: RefusalRow[] = [];
  readonly #creations = new Map<string, CreationRow>();
  readonly #dead: DeadLetterRow[] = [];
  readonly #postings: PostingRow[] = [];
  readonly #newRefused = new Set<string>();
  readonly #here = new Map<string, Here>();
  readonly #newest = new Map<string, number>();
  readonly #touched = new Set<number>();
  #answered = 0;

  constructor(around: Surroundings) {
    this.#around = around;
    this.#chain = new RowChain(around.heads);
  }

  get empty(): boolean {
    return this.rows.length + this.#refusals.length + this.#creations.size + this.#dead.length === 0;
  }

  take(delivery: Delivery): void {
    const { address, event_id } = delivery;
    const key = idKey(address, event_id);
    const body_hash = bodyHash(delivery.event);
    const before = this.#around.earlier.get(key);
    if (before !== undefined) return this.#answer(delivery, toEarlierOutcome(before, body_hash));
    const here = this.#here.get(key);
    if (here !== undefined) return this.#answer(delivery, repeatOf(here, body_hash));
    // Its answer is what the first one's turns out to be, whatever the state would say by now.
    if (this.#doubts.size > 0 && this.#doubts.has(key)) return void this.doubtful.push({ delivery, body_hash, refuse: () => undefined });
    if (delivery.denied !== undefined) return this.#refuse(delivery, body_hash, undefined, 'forbidden', delivery.denied);
    if (this.#creationRepeats(delivery)) return;

    const known = this.#knownOf(address);
    if (known.unreadable !== undefined && delivery.happening.kind !== 'discard') return this.#leave(delivery, body_hash, known.unreadable);
    const live = this.after.get(address) ?? known.live;
    const parked = parkedFor(delivery, live, this.#around.paused);
    if (parked !== undefined) return this.#keep(delivery, body_hash, parked);
    if (this.#isReplaced(delivery)) return this.#answer(delivery, { outcome: 'rejected', code: 'resolved', detail: '', version: 0 });
    const refusal = refusalOf(delivery, live);
    if (refusal !== undefined) return this.#refuse(delivery, body_hash, live, refusal.code, refusal.detail);

    const present = live?.lifted === undefined ? live : this.#migrated(delivery, live);
    if (delivery.happening.kind === 'migrate') return this.#migrateAlone(delivery, live, present);
    const stepped = this.#step(delivery, present);
    if (stepped.outcome === 'rejected') return this.#refuse(delivery, body_hash, live, stepped.reason, stepped.detail ?? '');
    if (stepped.outcome === 'late') return this.#refuse(delivery, body_hash, live, 'late', '');
    if (live !== undefined && present !== undefined && present !== live) this.#migrate(delivery, live, present);
    if (stepped.outcome === 'threw') return this.#parkBy(delivery, body_hash, present, stepped.next);
    const parkedStill = present?.envelope.parked;
    const stays = delivery.single === true && parkedStill !== undefined && stepped.next.parked === undefined;
    this.#apply(delivery, body_hash, present, stays ? { ...stepped.next, parked: parkedStill } : stepped.next, stepped.asked);
  }

  /** It may have taken effect before its actor was parked; then the answer is what it was. */
  #keep(delivery: Delivery, body_hash: string, code: string): void {
    const key = idKey(delivery.address, delivery.event_id);
    if (!isKept(delivery.happening) || this.#around.looked.has(key)) return this.#park(delivery, body_hash, code);
    this.#doubts.add(key);
    this.doubtful.push({ delivery, body_hash, refuse: () => this.#park(delivery, body_hash, code) });
  }

  /** Of an event and those that operators would put in its place one takes effect at most. */
  #isReplaced({ address, instead }: Delivery): boolean {
    if (instead === undefined) return false;
    const key = idKey(address, instead.event_id);
    return this.#around.earlier.has(key) || this.#here.has(key);
  }

  #knownOf(address: string): Known {
    return this.#around.known.get(address) ?? EMPTY;
  }

  #answer(delivery: Delivery, outcome: Outcome): void {
    this.answers.push({ delivery, outcome });
  }

  /** The same creation key may not make two actors, wherever they would stand. */
  #creationRepeats(delivery: Delivery): boolean {
    if (delivery.creation === undefined) return false;
    const key = creationKey(delivery.creation);
    const earlier = this.#around.creations.get(key) ?? this.#creations.get(key);
    if (earlier === undefined) return false;
    if (earlier.body_hash !== delivery.creation.body_hash || earlier.actor !== delivery.address) {
      this.#answer(delivery, { outcome: 'rejected', code: 'key_reused', detail: '', version: 0 });
      return true;
    }
    return false;
  }

  #step(delivery: Delivery, live: Live | undefined): Stepped | { readonly outcome: 'threw'; readonly next: Envelope } {
    const { definition, happening, caller } = delivery;
    const moment: Moment = { by: caller.id, now: this.#around.now, scale: this.#around.scale };
    try {
      return step(definition, live?.envelope, happening, moment);
    } catch (error) {
      this.#around.onBug(delivery, error);
      if (live === undefined) return { outcome: 'rejected', reason: 'internal' };
      const detail = (error instanceof Error ? error.message : 'The machine threw').slice(0, 500);
      const parked = step(definition, live.envelope, { kind: 'park', code: 'machine_threw', detail }, moment);
      if (parked.outcome !== 'applied') throw error;
      return { outcome: 'threw', next: parked.next };
    }
  }

  /** The actor as the row that records its migration leaves it. */
  #migrated(delivery: Delivery, live: Live): Live {
    const stepped = this.#step({ ...delivery, happening: { kind: 'migrate' } }, live);
    if (stepped.outcome !== 'applied') throw new Error('A migration is always applied');
    const { lifted: _, ...rest } = live;
    return { ...rest, envelope: stepped.next };
  }

  /** What was lifted in memory becomes a row, right before that of the first event which is applied to it. */
  #migrate({ address, definition }: Delivery, live: Live, present: Live): void {
    const event = { type: '@migrate', from: live.lifted, to: definition.version };
    const event_id = `own:${address}@${present.envelope.version}#migrate`;
    const own = toOwnDelivery(
      address,
      definition,
      { event_id, happening: { kind: 'migrate' }, event, causation: '' },
      HUB,
      () => undefined,
    );
    this.#row(own, bodyHash(own.event), live, present.envelope, NOTHING);
  }

  /** Where nobody sends an event, what a migration added must be found all the same. */
  #migrateAlone(delivery: Delivery, live: Live | undefined, present: Live | undefined): void {
    if (live?.lifted === undefined || present === undefined) return this.#answer(delivery, { outcome: 'late' });
    this.#migrate(delivery, live, present);
    this.#answer(delivery, { outcome: 'applied', version: present.envelope.version, envelope: present.envelope });
    this.#answerQuestions(delivery, present.envelope);
  }

  /** A newer release's actor is left to a node of that release; what this one cannot read keeps its events. */
  #leave(delivery: Delivery, body_hash: string, unreadable: NonNullable<Known['unreadable']>): void {
    const { why } = unreadable;
    const creates = delivery.happening.kind === 'create';
    if (!creates && !mayReachRow(delivery.caller, delivery.definition, unreadable))
      return this.#refuse(delivery, body_hash, undefined, 'not_found', '');
    if (why === 'newer_release') return this.#answer(delivery, { outcome: 'retry', after_ms: 1000, reason: why });
    if (creates) return this.#refuse(delivery, body_hash, undefined, 'exists', '');
    this.#park(delivery, body_hash, why);
  }

  #apply(delivery: Delivery, body_hash: string, live: Live | undefined, next: Envelope, asked: Asked): void {
    this.#row(delivery, body_hash, live, next, asked);
    this.#conclude(delivery, body_hash, { outcome: 'applied', version: next.version, envelope: next });
    if (delivery.instead !== undefined) this.#replace(delivery, delivery.instead, next.version);
    this.#answerQuestions(delivery, next);
  }

  /** The event that broke the machine is kept as a dead letter under its own id; the row says only that the actor was parked. */
  #parkBy(delivery: Delivery, body_hash: string, live: Live | undefined, next: Envelope): void {
    const code = next.parked?.code ?? 'machine_threw';
    const event = JSON.stringify({ type: '@park', code });
    this.#row({ ...delivery, event, event_id: `own:${delivery.address}@${next.version}#park` }, bodyHash(event), live, next, NOTHING);
    this.#park(delivery, body_hash, code);
  }

  /** The event that was replaced is refused for good by the very commit that applies the other one. */
  #replace({ address, partition, event_id }: Delivery, old: NonNullable<Delivery['instead']>, version: number): void {
    const reason = 'replaced';
    this.#refusals.push({ partition, actor: address, ...old, reason, detail: event_id, version, at: this.#around.now });
    this.#newRefused.add(address);
    const { body_hash } = old;
    this.#here.set(idKey(address, old.event_id), { body_hash, outcome: { outcome: 'rejected', code: reason, detail: event_id, version } });
  }

  #row(delivery: Delivery, body_hash: string, live: Live | undefined, next: Envelope, asked: Asked): void {
    const { address, definition, partition } = delivery;
    const envelope = toStored(definition, next);
    const row = this.#chain.add({
      partition,
      actor: address,
      version: next.version,
      event_id: delivery.event_id,
      event: delivery.event,
      body_hash,
      caller: delivery.caller.id,
      causation: delivery.causation,
      correlation: delivery.correlation,
      traceparent: delivery.traceparent,
      at: next.at,
      machine_version: definition.version,
      envelope,
      asked: asked.sends.length + asked.events.length === 0 && asked.postings === undefined ? '' : JSON.stringify(asked),
      seq: 0,
      hash: '',
    });
    const created_at = live?.created_at ?? next.at;
    this.after.set(address, { definition, envelope: next, refused: this.#knownOf(address).refused, created_at, size: envelope.length });
    this.#newest.set(address, this.rows.length);
    if (asked.postings !== undefined) this.#postings.push(...toPostingRows(row, asked.postings));
    this.rows.push({ row, definition, before: live?.envelope, after: next, asked, newest: undefined });
    this.#touched.add(partition);
    if (delivery.creation !== undefined) this.#creations.set(creationKey(delivery.creation), { ...delivery.creation, actor: address });
  }

  /**
   * A question that can be answered from memory is answered in the batch that asks it: it changes nothing anywhere else, so it need
   * not wait for the commit, and the answer's row is written by the same statement.
   */
  #answerQuestions({ address, definition }: Delivery, next: Envelope): void {
    if (this.#answered >= MOST_ANSWERS) return;
    const base = this.#knownOf(address).live?.envelope.version ?? 0;
    for (const id in next.effects) {
      const effect = next.effects[id];
      // What was asked before this batch is an effect that is under way.
      if (effect?.src !== 'ask' || effect.v <= base) continue;
      const result = this.#around.answer(effect.input as Question);
      if (result === undefined) continue;
      this.#answered++;
      // Taking it goes on with what is asked next.
      return this.take(toOwnDelivery(address, definition, toResultOwn(address, id, effect, result), HUB, () => undefined));
    }
  }

  #conclude(delivery: Delivery, body_hash: string, outcome: Outcome): void {
    this.#here.set(idKey(delivery.address, delivery.event_id), { body_hash, outcome });
    this.#answer(delivery, outcome);
  }

  /** A refusal is final for its id, so it has to be certain that the id did not take effect before. */
  #refuse(delivery: Delivery, body_hash: string, live: Live | undefined, code: string, detail: string): void {
    const { address, event_id, partition } = delivery;
    const version = live?.envelope.version ?? 0;
    const denied = delivery.denied !== undefined;
    const refuse = (): void => {
      const outcome: Outcome = code === 'late' ? { outcome: 'late' } : { outcome: 'rejected', code, detail, version };
      // Of what somebody may not send nothing is kept: he may another day.
      if (denied) return this.#answer(delivery, outcome);
      this.#refusals.push({ partition, actor: address, event_id, body_hash, reason: code, detail, version, at: this.#around.now });
      this.#touched.add(partition);
      this.#newRefused.add(address);
      this.#conclude(delivery, body_hash, outcome);
    };
    const key = idKey(address, event_id);
    if (this.#around.looked.has(key)) return refuse();
    if (!denied) this.#doubts.add(key);
    this.doubtful.push({ delivery, body_hash, refuse });
  }

  /** Settles the doubtful ones, in order, with what looking them up has found. */
  resolve(earlier: ReadonlyMap<string, Earlier>): void {
    for (const { delivery, body_hash, refuse } of this.doubtful) {
      const key = idKey(delivery.address, delivery.event_id);
      const before = earlier.get(key);
      const here = this.#here.get(key);
      if (before !== undefined) this.#answer(delivery, toEarlierOutcome(before, body_hash));
      else if (here !== undefined) this.#answer(delivery, repeatOf(here, body_hash));
      else refuse();
    }
    this.doubtful.length = 0;
  }

  /** What comes from outside to a parked actor is kept; its own timers and results stay in its envelope and come again. */
  #park(delivery: Delivery, body_hash: string, code: string): void {
    if (isKept(delivery.happening)) {
      this.#touched.add(delivery.partition);
      this.#dead.push({
        id: bodyHash(idKey(delivery.address, delivery.event_id)).slice(0, 32),
        actor: delivery.address,
        event_id: delivery.event_id,
        event: delivery.event,
        caller: delivery.caller.id,
        reason: 'parked',
        detail: code,
        at: this.#around.now,
      });
    }
    this.#conclude(delivery, body_hash, { outcome: 'parked', reason: code });
  }

  /** What is to be written, with one lean row for each actor. */
  toBatch(): Batch {
    const actors: ActorRow[] = [];
    for (const [address, index] of this.#newest) {
      const committed = this.rows[index];
      const live = this.after.get(address);
      if (committed === undefined || live === undefined) continue;
      const newest = toActorRow(address, committed.row.partition, live);
      this.rows[index] = { ...committed, newest };
      actors.push(newest);
    }
    const partitions = [...this.#touched].sort((a, b) => a - b).map((id) => ({ id, epoch: this.#around.heads.get(id)?.epoch ?? -1 }));
    const journal = this.rows.map(({ row }) => row);
    const [refusals, creations, dead, postings] = [this.#refusals, [...this.#creations.values()], this.#dead, this.#postings];
    return { partitions, journal, actors, refusals, creations, dead, postings };
  }

  /** The partitions that are written to. */
  get partitions(): ReadonlySet<number> {
    return this.#touched;
  }

  /** Where the partitions' journals end now; only after the commit. */
  get heads(): ReadonlyMap<number, Head> {
    return this.#chain.heads;
  }

  /** Actors that had their first refusal in this batch. */
  get newlyRefused(): ReadonlySet<string> {
    return this.#newRefused;
  }
}
