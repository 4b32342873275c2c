import type { Definition, Question } from '../machines/machine.ts';
import { idOf } from '../machines/ids.ts';
import { HUB, mayReach } from './caller.ts';
import { bodyHash, chainHash } from './chain.ts';
import { toOwnDelivery, toResultOwn } from './delivery.ts';
import type { Committed, Delivery, Outcome } from './delivery.ts';
import { earliestDue, toStates } from './envelope.ts';
import type { Asked, Envelope } from './envelope.ts';
import { step, toStored } from './step.ts';
import type { Moment, Result, Stepped } from './step.ts';
import { toPostingRows } from './posting.ts';
import type { ActorRow, Batch, CreationRow, DeadLetterRow, Earlier, JournalRow, PostingRow, RefusalRow } from './store/store.ts';

/** An actor in memory: its newest committed envelope and what the runtime remembers beside it. */
export type Live = {
  readonly definition: Definition;
  readonly envelope: Envelope;
  /** Some event of it was refused once, so an id has to be looked up before it can be taken for new. */
  readonly refused: boolean;
  readonly created_at: number;
  /** Characters of the stored envelope; what the memory budget counts by. */
  readonly size: number;
};

/** What an address holds before the batch. */
export type Known = {
  readonly live: Live | undefined;
  readonly refused: boolean;
  /** There is an actor, and this release cannot read it. */
  readonly unreadable?: true;
};

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
type Here = { readonly body_hash: string; readonly outcome: Outcome };

/** A machine that asks for ever goes on in the next batch. */
const MOST_ANSWERS = 1_000;

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
  readonly #heads = new Map<number, Head>();
  readonly #refusals: RefusalRow[] = [];
  readonly #creations: CreationRow[] = [];
  readonly #dead: DeadLetterRow[] = [];
  readonly #postings: PostingRow[] = [];
  readonly #newRefused = new Set<string>();
  readonly #here = new Map<string, Here>();
  readonly #newest = new Map<string, number>();
  readonly #touched = new Set<number>();
  #answered = 0;

  constructor(around: Surroundings) {
    this.#around = around;
  }

  get empty(): boolean {
    return this.rows.length + this.#refusals.length + this.#creations.length + this.#dead.length === 0;
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
    if (this.#creationRepeats(delivery)) return;

    const known = this.#knownOf(address);
    if (known.unreadable === true) return this.#park(delivery, body_hash, 'unreadable');
    const live = this.after.get(address) ?? known.live;
    // Who may not know of an actor is not told that it is parked either.
    if (live?.envelope.parked !== undefined && delivery.happening.kind !== 'resume' && reaches(delivery, live)) {
      return this.#park(delivery, body_hash, live.envelope.parked.code);
    }
    const refusal = this.#refusalOf(delivery, live);
    if (refusal !== undefined) return this.#refuse(delivery, body_hash, live, refusal.code, refusal.detail);

    const stepped = this.#step(delivery, live);
    switch (stepped.outcome) {
      case 'applied':
        return this.#apply(delivery, body_hash, live, stepped.next, stepped.asked);
      case 'rejected':
        return this.#refuse(delivery, body_hash, live, stepped.reason, '');
      case 'late':
        return this.#refuse(delivery, body_hash, live, 'late', '');
      default:
        throw new Error('Unknown outcome of a step');
    }
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
    const earlier =
      this.#around.creations.get(creationKey(delivery.creation)) ??
      this.#creations.find((row) => creationKey(row) === creationKey(delivery.creation as CreationRow));
    if (earlier === undefined) return false;
    if (earlier.body_hash !== delivery.creation.body_hash || earlier.actor !== delivery.address) {
      this.#answer(delivery, { outcome: 'rejected', code: 'key_reused', detail: '', version: 0 });
      return true;
    }
    return false;
  }

  #refusalOf(delivery: Delivery, live: Live | undefined): { code: string; detail: string } | undefined {
    const { happening, ifVersion } = delivery;
    if (happening.kind === 'create') return live === undefined ? undefined : { code: 'exists', detail: '' };
    if (live === undefined) return { code: 'not_found', detail: '' };
    if (!reaches(delivery, live)) return { code: 'not_found', detail: '' };
    if (ifVersion !== undefined && ifVersion !== live.envelope.version) {
      return { code: 'version_mismatch', detail: `Version ${ifVersion} was named; the actor is at ${live.envelope.version}.` };
    }
    return undefined;
  }

  #step(delivery: Delivery, live: Live | undefined): Stepped {
    const { definition, happening, caller } = delivery;
    const moment: Moment = { by: caller.id, now: this.#around.now, scale: this.#around.scale };
    try {
      return step(definition, live?.envelope, happening, moment);
    } catch (error) {
      this.#around.onBug(delivery, error);
      if (live === undefined) return { outcome: 'rejected', reason: 'internal' };
      const detail = error instanceof Error ? error.message : 'The machine threw';
      return step(definition, live.envelope, { kind: 'park', code: 'machine_threw', detail: detail.slice(0, 500) }, moment);
    }
  }

  #apply(delivery: Delivery, body_hash: string, live: Live | undefined, next: Envelope, asked: Asked): void {
    const { address, definition, happening } = delivery;
    const parks = next.parked !== undefined && live?.envelope.parked === undefined;
    // The event that broke the machine is kept as a dead letter under its own id; the row says only that the actor was parked.
    const parkedBy = parks && happening.kind !== 'park';
    const event = parkedBy ? JSON.stringify({ type: '@park', code: next.parked?.code }) : delivery.event;
    const event_id = parkedBy ? `own:${address}@${next.version}#park` : delivery.event_id;
    const envelope = toStored(definition, next);
    const row = this.#chain({
      partition: delivery.partition,
      actor: address,
      version: next.version,
      event_id,
      event,
      body_hash: parkedBy ? bodyHash(event) : body_hash,
      caller: delivery.caller.id,
      causation: delivery.causation,
      correlation: delivery.correlation,
      traceparent: delivery.traceparent,
      at: next.at,
      machine_version: definition.version,
      envelope,
      asked: asked.sends.length + asked.events.length === 0 && asked.postings === undefined ? '' : JSON.stringify(asked),
    });
    const created_at = live?.created_at ?? next.at;
    this.after.set(address, { definition, envelope: next, refused: this.#knownOf(address).refused, created_at, size: envelope.length });
    this.#newest.set(address, this.rows.length);
    if (asked.postings !== undefined) this.#postings.push(...toPostingRows(row, asked.postings));
    this.rows.push({ row, definition, before: live?.envelope, after: next, asked, newest: undefined });
    this.#touched.add(delivery.partition);
    if (delivery.creation !== undefined) this.#creations.push({ ...delivery.creation, actor: address });
    if (parkedBy) return this.#park(delivery, body_hash, next.parked?.code ?? 'machine_threw');
    this.#conclude(delivery, body_hash, { outcome: 'applied', version: next.version, envelope: next });
    this.#answerQuestions(delivery, next);
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

  #chain(row: Omit<JournalRow, 'seq' | 'hash'>): JournalRow {
    const { partition } = row;
    let head = this.#heads.get(partition);
    if (head === undefined) {
      const committed = this.#around.heads.get(partition);
      if (committed === undefined) throw new Error(`Partition ${partition} is not owned`);
      head = { ...committed };
      this.#heads.set(partition, head);
    }
    head.seq++;
    const numbered = { ...row, seq: head.seq };
    head.hash = chainHash(head.hash, numbered);
    return { ...numbered, hash: head.hash };
  }

  #conclude(delivery: Delivery, body_hash: string, outcome: Outcome): void {
    this.#here.set(idKey(delivery.address, delivery.event_id), { body_hash, outcome });
    this.#answer(delivery, outcome);
  }

  /** A refusal is final for its id, so it has to be certain that the id did not take effect before. */
  #refuse(delivery: Delivery, body_hash: string, live: Live | undefined, code: string, detail: string): void {
    const { address, event_id, partition } = delivery;
    const version = live?.envelope.version ?? 0;
    const refuse = (): void => {
      this.#refusals.push({ partition, actor: address, event_id, body_hash, reason: code, detail, version, at: this.#around.now });
      this.#touched.add(partition);
      this.#newRefused.add(address);
      const outcome: Outcome = code === 'late' ? { outcome: 'late' } : { outcome: 'rejected', code, detail, version };
      this.#conclude(delivery, body_hash, outcome);
    };
    const key = idKey(address, event_id);
    if (this.#around.looked.has(key)) return refuse();
    this.#doubts.add(key);
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
    if (delivery.happening.kind === 'event') {
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
    const [refusals, creations, dead, postings] = [this.#refusals, this.#creations, this.#dead, this.#postings];
    return { partitions, journal, actors, refusals, creations, dead, postings };
  }

  /** The partitions that are written to. */
  get partitions(): ReadonlySet<number> {
    return this.#touched;
  }

  /** Where the partitions' journals end now; only after the commit. */
  get heads(): ReadonlyMap<number, Head> {
    return this.#heads;
  }

  /** Actors that had their first refusal in this batch. */
  get newlyRefused(): ReadonlySet<string> {
    return this.#newRefused;
  }
}

function reaches({ caller, definition, address }: Delivery, live: Live): boolean {
  return mayReach(caller, definition, address, live.envelope.snapshot.context as Record<string, unknown>);
}

/** The lean row of an actor as it stands. */
export function toActorRow(address: string, partition: number, live: Live): ActorRow {
  const { definition, envelope, created_at } = live;
  const { snapshot, timers, effects } = envelope;
  const context = snapshot.context as Record<string, unknown>;
  const id = idOf(address);
  const belongs = definition.belongs(context, id);
  const due = earliestDue(timers);
  return {
    address,
    partition,
    type: definition.type,
    version: envelope.version,
    state: toStates(snapshot.value).join(','),
    tags: [...snapshot.tags].join(','),
    due_at: due === undefined ? '' : String(due),
    pending: Object.keys(effects).length,
    parked: envelope.parked !== undefined,
    title: definition.title(context, id).slice(0, 200),
    summary: definition.summary(context).slice(0, 300),
    client: belongs.client ?? '',
    agent: belongs.agent ?? '',
    created_at,
    updated_at: envelope.at,
  };
}

function toEarlierOutcome(earlier: Earlier, body_hash: string): Outcome {
  if (earlier.body_hash !== body_hash) return { outcome: 'rejected', code: 'key_reused', detail: '', version: earlier.version };
  if (earlier.reason === undefined) return { outcome: 'duplicate', version: earlier.version };
  if (earlier.reason === 'late') return { outcome: 'late' };
  return { outcome: 'rejected', code: earlier.reason, detail: earlier.detail ?? '', version: earlier.version };
}

function repeatOf(here: Here, body_hash: string): Outcome {
  const { outcome } = here;
  if (here.body_hash !== body_hash) return { outcome: 'rejected', code: 'key_reused', detail: '', version: 0 };
  return outcome.outcome === 'applied' ? { outcome: 'duplicate', version: outcome.version } : outcome;
}
