import { Fault } from '../machines/fault.ts';
import { isId, isType, partitionOf, PARTITIONS, toAddress } from '../machines/ids.ts';
import type { Bus, Incoming } from './bus/bus.ts';
import { deadSubject, readInSubject, receiptSubject } from './bus/subjects.ts';
import { systemCaller } from './caller.ts';
import type { Caller } from './caller.ts';
import { bodyHash, bytesHash } from './chain.ts';
import type { Outcome } from './delivery.ts';
import { readMessage, readNames } from './message.ts';
import type { Message } from './message.ts';
import type { Ports } from './ports/ports.ts';
import type { Progress, Store } from './store/store.ts';

/** An event for an actor, from a door that has read it but not judged it. */
export type Submission = {
  readonly type: string;
  readonly id: string;
  readonly event: string;
  readonly payload: unknown;
  readonly caller: Caller;
  readonly event_id: string;
  readonly repeat: boolean;
  readonly traceparent: string;
};

export type IntakeOptions = {
  readonly ports: Ports;
  readonly bus: Bus;
  readonly store: Pick<Store, 'progress'>;
  readonly owns: (partition: number) => boolean;
  /** Throws a Fault for what the gate refuses. */
  readonly submit: (submission: Submission) => Promise<Outcome>;
};

type Receipt = { outcome: string; address: string; version: number; id: string; reason?: string; detail?: string };
/** `at` is certain for this stream; how far a partition really is, `progressOf` says. */
type Cursor = { readonly stream: string; at: number; readonly under_way: Set<number> };

/** How many messages may wait for their commits, in all and for one actor; the reader waits beyond. */
const UNDER_WAY = 2_000;
const UNDER_WAY_ACTOR = 200;
const REPLIES = 5_000;
const MOST_BYTES = 64 * 1024;
/** An id beyond this goes as its hash: what PostgreSQL can have in an index has a limit. */
const LONGEST_ID = 512;
/** How often the hub tries a message that breaks it, before its sender is told. */
const TRIES = 10;
/** A stream that is half full loses the older half of what is handled; that it is nearly full of what is not is told. */
const ROOM_MS = 30_000;
const HALF_FULL = 0.5;
const NEARLY_FULL = 0.8;
const ALL = Array.from({ length: PARTITIONS }, (_, partition) => partition);

/**
 * Reads what other systems publish: once, in order, without acks, from the lowest cursor of the partitions that this node
 * owns. Each message gets a receipt after its commit. A cursor covers committed outcomes only; the ids make repeats harmless.
 */
export class Intake {
  readonly #options: IntakeOptions;
  readonly #cursors = new Map<number, Cursor>();
  readonly #replies = new Map<string, string>();
  readonly #perActor = new Map<string, number>();
  readonly #waiters: (() => void)[] = [];
  readonly #stop = new AbortController();
  #reading: AbortController | undefined;
  #read = 0;
  #repeat_until = 0;
  #under_way = 0;

  constructor(options: IntakeOptions) {
    this.#options = options;
  }

  /** Begins with a partition whose messages have outcomes up to its cursor, if that is of the stream that is there now. */
  own({ partition, stream, cursor }: Progress): void {
    // The reader goes back for it; how far the others are must not be taken for how far it is.
    this.#pin();
    this.#cursors.set(partition, { stream, at: cursor, under_way: new Set() });
    this.#read = Math.min(this.#read, cursor);
    this.#reading?.abort();
  }

  lose(partition: number): void {
    this.#cursors.delete(partition);
  }

  start(): void {
    this.#options.bus.watchReplies((subject, headers, data, reply) => this.#remember(this.#keyOf(subject, headers, data), reply));
    this.#options.bus.onReconnect(() => this.#reading?.abort());
    this.#loop().catch((error: unknown) => this.#options.ports.log.error({ err: error }, 'The intake has stopped'));
    const { log, timers } = this.#options.ports;
    const makeRoom = (): void =>
      void this.#makeRoom().catch((error: unknown) => log.warn({ err: error }, 'Whether the intake stream has room could not be asked'));
    this.#stop.signal.addEventListener('abort', timers.every(ROOM_MS, makeRoom));
  }

  stop(): void {
    this.#stop.abort();
    this.#reading?.abort();
  }

  /** What may be written down of a partition's cursor. */
  progressOf(partition: number): { stream: string; cursor: number } {
    const cursor = this.#cursors.get(partition);
    if (cursor === undefined) return { stream: '', cursor: 0 };
    let lowest = this.#read + 1;
    for (const seq of cursor.under_way) lowest = Math.min(lowest, seq);
    return { stream: cursor.stream, cursor: Math.max(cursor.at, lowest - 1) };
  }

  #pin(): void {
    for (const [partition, cursor] of this.#cursors) cursor.at = this.progressOf(partition).cursor;
  }

  async #loop(): Promise<void> {
    const { ports, bus } = this.#options;
    while (!this.#stop.signal.aborted) {
      const reading = new AbortController();
      this.#reading = reading;
      try {
        const from = await this.#position();
        if (!reading.signal.aborted) await bus.readIntake(from, reading.signal, (message) => this.#take(message, reading.signal));
      } catch (error) {
        ports.log.warn({ err: error }, 'The intake was interrupted and begins again at its cursor');
      }
      if (!this.#stop.signal.aborted) await new Promise<void>((resolve) => void ports.timers.after(200, resolve));
    }
  }

  /** Where to read from; a stream that is not the one the cursors are of is read from its beginning. */
  async #position(): Promise<number> {
    const { ports, bus } = this.#options;
    const { created, last } = await bus.intakeState();
    this.#pin();
    for (const [partition, cursor] of this.#cursors) {
      if (cursor.stream === created && cursor.at <= last) continue;
      if (cursor.stream !== '') {
        ports.log.error(
          { partition, expected: cursor.stream, found: created, cursor: cursor.at, last },
          'The intake stream was made anew or lost its tail; it is read from the start',
        );
      }
      // What is still under way of the old stream reports to the old cursor, and its numbers mean nothing in this one.
      this.#cursors.set(partition, { stream: created, at: 0, under_way: new Set() });
    }
    this.#repeat_until = Math.max(this.#repeat_until, last);
    this.#read = Math.min(last, ...[...this.#cursors.values()].map(({ at }) => at));
    return this.#read + 1;
  }

  /**
   * What every partition has handled and written down is kept in the stream only for a restore of an older backup, and must not take the room of
   * what is to come.
   */
  async #makeRoom(): Promise<void> {
    const { bus, store, ports } = this.#options;
    if (bus.trouble() !== undefined) return;
    const { created, first, fill } = await bus.intakeState();
    if (fill < HALF_FULL) return;
    const saved = await store.progress(ALL);
    const isWhole = saved.length === ALL.length && saved.every(({ stream }) => stream === created);
    const handled = isWhole ? Math.min(...saved.map(({ cursor }) => cursor)) : 0;
    if (handled < first) {
      if (fill >= NEARLY_FULL)
        ports.log.error({ fill, first, handled }, 'The intake stream is nearly full of messages that are not handled yet');
      return;
    }
    const before = first + Math.ceil((handled - first + 1) / 2);
    await bus.dropIntake(before);
    ports.log.info({ fill, first, before }, 'The older half of what is handled was taken out of the intake stream');
  }

  async #take(message: Incoming, reading: AbortSignal): Promise<void> {
    const named = readInSubject(message.subject);
    const address = toAddress(named?.type ?? '', named?.id ?? '');
    const partition = partitionOf(address);
    const room = (): boolean => this.#under_way < UNDER_WAY && (this.#perActor.get(address) ?? 0) < UNDER_WAY_ACTOR;
    const mine = (cursor: Cursor | undefined): cursor is Cursor =>
      cursor !== undefined && message.seq > cursor.at && !cursor.under_way.has(message.seq);
    while (!reading.aborted && mine(this.#cursors.get(partition)) && !room())
      await new Promise<void>((resolve) => void this.#waiters.push(resolve));
    // A reader that was told to stop passes nothing: the next one comes by here again.
    if (reading.aborted) return;
    this.#read = Math.max(this.#read, message.seq);
    const cursor = this.#cursors.get(partition);
    if (!mine(cursor)) return;
    cursor.under_way.add(message.seq);
    this.#count(address, 1);
    this.#options.ports.reach('intake.taken', [{ address }]);
    this.#handle(message, address, named, cursor.stream).then(
      () => this.#done(cursor, message, address),
      (error: unknown) => {
        const { log } = this.#options.ports;
        if (this.#stop.signal.aborted) log.debug({ subject: message.subject }, 'A message is left for the next start');
        else log.error({ err: error, subject: message.subject, seq: message.seq }, 'A message could not be handled; it is read again');
        this.#done(cursor, message, address, true);
      },
    );
  }

  #count(address: string, by: number): void {
    this.#under_way += by;
    const now = (this.#perActor.get(address) ?? 0) + by;
    if (now <= 0) this.#perActor.delete(address);
    else this.#perActor.set(address, now);
  }

  #done(cursor: Cursor, message: Incoming, address: string, failed = false): void {
    this.#count(address, -1);
    cursor.under_way.delete(message.seq);
    if (failed) {
      // The cursor stays before it, and the stream is read again from there; what was done meanwhile shows as a duplicate.
      this.#read = Math.min(this.#read, message.seq - 1);
      this.#reading?.abort();
    }
    for (const resolve of this.#waiters.splice(0)) resolve();
  }

  async #handle(message: Incoming, address: string, named: { type: string; id: string } | undefined, stream: string): Promise<void> {
    const place = `at-${message.seq}-${Math.floor(Date.parse(stream) / 1000)}`;
    const reply = this.#recall(message);
    let names = readNames(message.headers, place);
    try {
      if (named === undefined || !isType(named.type) || !isId(named.id))
        throw new Fault('bad_id', `${message.subject} does not name an actor: after the door come its type and its id, nothing else`);
      if (message.data.length > MOST_BYTES)
        throw new Fault('too_large', `A message may have ${MOST_BYTES} bytes; this one has ${message.data.length}.`);
      const read = readMessage(message.headers, message.data, place);
      names = { source: read.source, id: read.id };
      const outcome = await this.#settle(named, read, message.seq <= this.#repeat_until);
      this.#receipt(names, { ...toReceipt(outcome), address, id: names.id }, reply);
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      const refused = error.code === 'forbidden' || error.code === 'not_found';
      const receipt = {
        outcome: refused ? 'rejected' : 'invalid',
        address,
        version: 0,
        id: names.id,
        reason: error.code,
        detail: error.message,
      };
      this.#receipt(names, receipt, reply);
      const { type, id } = named ?? { type: 'unknown', id: 'unknown' };
      this.#options.bus.publish(
        deadSubject(type, id),
        JSON.stringify({ ...receipt, source: names.source, data: new TextDecoder().decode(message.data.slice(0, 4096)) }),
      );
    }
  }

  /** Tries until there is an outcome; throws when the node stops or loses the partition first, so that it is read again. */
  async #settle(named: { type: string; id: string }, message: Message, repeat: boolean): Promise<Exclude<Outcome, { outcome: 'retry' }>> {
    const { ports, submit, owns } = this.#options;
    const partition = partitionOf(toAddress(named.type, named.id));
    const event_id = toEventId(message);
    const caller = systemCaller(message.source);
    for (let again = repeat, tries = 1; ; again = true) {
      const { type, payload, traceparent } = message;
      const outcome = await submit({ type: named.type, id: named.id, event: type, payload, caller, event_id, repeat: again, traceparent });
      if (outcome.outcome !== 'retry') return outcome;
      if (this.#stop.signal.aborted || !owns(partition)) throw new Error(`Not handled: ${outcome.reason}`);
      if (outcome.reason === 'internal' && tries++ >= TRIES) throw new Fault('internal');
      await new Promise<void>((resolve) => void ports.timers.after(outcome.after_ms, resolve));
    }
  }

  #receipt(names: { source: string; id: string }, receipt: Receipt, reply: string | undefined): void {
    const { reach } = this.#options.ports;
    const data = JSON.stringify(receipt);
    reach('receipt.before', [receipt]);
    this.#options.bus.publish(receiptSubject(names.source, names.id), data);
    if (reply !== undefined) this.#options.bus.publish(reply, data);
    reach('receipt.after', [receipt]);
  }

  /** JetStream keeps messages without their reply subject, so it is remembered as the message passes by. */
  #remember(key: string, subject: string): void {
    this.#replies.set(key, subject);
    if (this.#replies.size <= REPLIES) return;
    const oldest = this.#replies.keys().next().value;
    if (oldest !== undefined) this.#replies.delete(oldest);
  }

  #recall(message: Incoming): string | undefined {
    if (this.#replies.size === 0) return undefined;
    const key = this.#keyOf(message.subject, message.headers, message.data);
    const reply = this.#replies.get(key);
    this.#replies.delete(key);
    return reply;
  }

  #keyOf(subject: string, headers: Readonly<Record<string, string>>, data: Uint8Array): string {
    const id = headers['ce-id'] ?? headers['nats-msg-id'];
    return `${subject}\n${id ?? bytesHash(data)}`;
  }
}

/** A source and an id name one event for ever; no other door's ids begin like this. */
function toEventId({ source, id }: Message): string {
  const whole = `source:${encodeURIComponent(source)}:${id}`;
  return Buffer.byteLength(whole) <= LONGEST_ID ? whole : `source::${bodyHash(whole)}`;
}

function toReceipt(outcome: Exclude<Outcome, { outcome: 'retry' }>): {
  outcome: string;
  version: number;
  reason?: string;
  detail?: string;
} {
  switch (outcome.outcome) {
    case 'applied':
    case 'duplicate':
      return { outcome: outcome.outcome, version: outcome.version };
    case 'rejected': {
      const detail = outcome.detail === '' ? {} : { detail: outcome.detail };
      // The same id with another body is a fault of the sender, not an answer of the actor.
      if (outcome.code === 'key_reused') return { outcome: 'invalid', version: outcome.version, reason: outcome.code, ...detail };
      return { outcome: 'rejected', version: outcome.version, reason: outcome.code, ...detail };
    }
    case 'parked':
      return { outcome: 'parked', version: 0, reason: outcome.reason };
    case 'late':
      return { outcome: 'rejected', version: 0, reason: 'late' };
    default:
      throw new Error('Unknown outcome');
  }
}
