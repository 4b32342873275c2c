import { idOf, typeOf } from '../machines/ids.ts';
import type { Bus } from './bus/bus.ts';
import { changesSubject, eventSubject } from './bus/subjects.ts';
import { ownId } from './delivery.ts';
import type { Committed } from './delivery.ts';
import type { Asked, DomainEvent, Send } from './envelope.ts';
import type { Cancel, Ports } from './ports/ports.ts';
import type { HistoryRow, Store } from './store/store.ts';

export type OutletOptions = {
  readonly store: Store;
  readonly ports: Ports;
  readonly bus: Bus;
  readonly hub_id: string;
  /** Sends an event to another actor; resolves when its target's journal or refusals hold it, rejects when it must be tried again. */
  readonly send: (from: string, origin: { v: number; i: number; id: string }, send: Send) => Promise<void>;
  /** The last committed row of a partition, as this node knows it. */
  readonly headOf: (partition: number) => number | undefined;
  /** How far a partition's rows have gone out has changed. */
  readonly onPublished: (partition: number, published: number) => void;
};

/** A batch of one partition whose sends and events are not all out. */
type Outgoing = { readonly to: number; left: number; failed: boolean };
type Lane = { published: number; dirty: boolean; repairing: boolean; readonly outgoing: Outgoing[] };
/** Events of one partition that were published and not acknowledged yet. */
type Unmarked = { readonly partition: number; readonly lane: Lane; readonly outgoing: Outgoing };
type Changes = { readonly from: number; to: number; hash: string; readonly rows: string[] };
type Message = { readonly subject: string; readonly data: string; readonly headers: Record<string, string> };
type Out = { readonly actor: string; readonly version: number; readonly at: number; readonly asked: Asked };

const REPAIR_MS = 500;
/** How long the changes of one flush wait for the next. */
const PACE_MS = 20;
/** How often a partition's end is told that has not moved: the last message may have been lost. */
const HEAD_MS = 1_000;
const HEAD_TIMES = 3;
const PAGE = 200;
/** A message of so many rows stays far below NATS's limit. */
const CHANGES_ROWS = 1_000;

/**
 * Carries what committed steps asked for to other systems and other actors. What has certainly gone out is a row number per
 * partition; everything above it goes out again after a crash or when NATS is back, with the same ids.
 */
export class Outlet {
  readonly #options: OutletOptions;
  readonly #lanes = new Map<number, Lane>();
  readonly #changes = new Map<number, Changes>();
  /** Which connection to NATS this is, counted. */
  #connection = 0;
  #paced: Cancel | undefined;
  #flushed_at = Number.NEGATIVE_INFINITY;
  #repair: Cancel | undefined;
  #telling: Cancel | undefined;
  readonly #ends = new Map<number, { seq: number; times: number }>();
  #stopped = false;

  constructor(options: OutletOptions) {
    this.#options = options;
  }

  /** Begins with a partition whose rows are out up to `published`: what is above is looked for and goes out again. */
  own(partition: number, published: number): void {
    this.#lanes.set(partition, { published, dirty: true, repairing: false, outgoing: [] });
  }

  lose(partition: number): void {
    this.#lanes.delete(partition);
  }

  start(): void {
    this.#repair = this.#options.ports.timers.every(REPAIR_MS, () => this.#repairAll());
    this.#telling = this.#options.ports.timers.every(HEAD_MS, () => this.#tellEnds());
    this.#options.bus.onReconnect(() => {
      this.#connection++;
      this.#repairAll();
    });
    this.#repairAll();
  }

  /** What is still paced goes out now. */
  flush(): void {
    this.#paced?.();
    this.#paced = undefined;
    this.#publishChanges();
  }

  stop(): void {
    this.#stopped = true;
    this.#paced?.();
    this.#repair?.();
    this.#telling?.();
  }

  publishedOf(partition: number): number {
    return this.#lanes.get(partition)?.published ?? 0;
  }

  committed(rows: readonly Committed[]): void {
    const well = this.#options.bus.trouble() === undefined;
    const messages: Message[] = [];
    const unmarked: Unmarked[] = [];
    for (const [partition, list] of byPartition(rows)) {
      if (well) this.#change(partition, list);
      const lane = this.#lanes.get(partition);
      if (lane === undefined) continue;
      if (!well) lane.dirty = true;
      if (lane.dirty) {
        // The repair reads these rows from the journal; what goes to other actors need not wait for NATS, and its id makes the repeat harmless.
        for (const { row, asked } of list)
          for (const send of asked.sends) this.#sendAhead({ actor: row.actor, version: row.version, at: row.at, asked }, send);
        continue;
      }
      const outgoing: Outgoing = { to: list.at(-1)?.row.seq ?? 0, left: 1, failed: false };
      lane.outgoing.push(outgoing);
      const before = messages.length;
      this.#goOut(partition, lane, outgoing, list, messages);
      if (messages.length > before) unmarked.push({ partition, lane, outgoing });
      else this.#out(partition, lane, outgoing);
    }
    this.#publish(messages, unmarked);
  }

  /** Sends go at once; of events it adds what is to be published. */
  #goOut(partition: number, lane: Lane, outgoing: Outgoing, list: readonly Committed[], messages: Message[]): void {
    for (const { row, asked } of list) {
      if (asked.sends.length + asked.events.length === 0) continue;
      const out = { actor: row.actor, version: row.version, at: row.at, asked };
      for (const send of asked.sends) this.#carry(partition, lane, outgoing, out, send);
      for (const event of asked.events) messages.push(this.#cloudEvent(out, event));
    }
  }

  /** At once where little goes on, otherwise in steps: under load one message stands for several batches. */
  #pace(): void {
    if (this.#paced !== undefined) return;
    const { clock, timers } = this.#options.ports;
    const wait_ms = this.#flushed_at + PACE_MS - clock.monotonic();
    this.#paced = timers.after(Math.max(0, wait_ms), () => {
      this.#paced = undefined;
      this.#flushed_at = clock.monotonic();
      this.#publishChanges();
    });
  }

  /**
   * The last event of a commit goes out with an acknowledgement, which stands for all before it on this connection. It says nothing of
   * what went out over a connection that has broken since.
   */
  #publish(messages: readonly Message[], unmarked: readonly Unmarked[]): void {
    const last = messages.at(-1);
    if (last === undefined) return;
    const { bus, ports } = this.#options;
    const connection = this.#connection;
    for (const { subject, data, headers } of messages.slice(0, -1)) bus.publish(subject, data, headers);
    const acknowledged = bus.publishAcked(last.subject, last.data, last.headers);
    ports.reach('events.published');
    const done = (failed: boolean): void => {
      const broken = failed || bus.trouble() !== undefined || connection !== this.#connection;
      for (const { partition, lane, outgoing } of unmarked) {
        outgoing.failed ||= broken;
        this.#out(partition, lane, outgoing);
      }
      ports.reach('events.marked');
    };
    acknowledged.then(
      () => done(false),
      (error: unknown) => {
        // Said once where NATS is silent, not of every commit meanwhile.
        if (unmarked.some(({ lane }) => !lane.dirty))
          ports.log.warn({ err: error }, 'Domain events were not acknowledged and go out again');
        done(true);
      },
    );
  }

  #carry(partition: number, lane: Lane, outgoing: Outgoing, out: Out, send: Send): void {
    outgoing.left++;
    this.#send(out, send).then(
      () => this.#out(partition, lane, outgoing),
      () => {
        outgoing.failed = true;
        this.#out(partition, lane, outgoing);
      },
    );
  }

  #sendAhead(out: Out, send: Send): void {
    this.#send(out, send).catch((error: unknown) => this.#options.ports.log.debug({ err: error }, 'A send is left to the repair'));
  }

  #send(out: Out, send: Send): Promise<void> {
    const origin = { v: out.version, i: send.i, id: ownId(out.actor, out.version, send.i) };
    return this.#options.send(out.actor, origin, send);
  }

  #out(partition: number, lane: Lane, outgoing: Outgoing): void {
    outgoing.left--;
    let moved = false;
    for (let first = lane.outgoing[0]; first !== undefined && first.left <= 0; first = lane.outgoing[0]) {
      lane.outgoing.shift();
      if (first.failed) lane.dirty = true;
      if (lane.dirty) continue;
      lane.published = first.to;
      moved = true;
    }
    if (moved) this.#options.onPublished(partition, lane.published);
  }

  #cloudEvent(out: Out, event: DomainEvent): Message {
    const id = `${out.actor}@${out.version}#${event.i}`;
    const body = {
      specversion: '1.0',
      id,
      source: `/green-lines-hub/${this.#options.hub_id}`,
      type: event.type,
      subject: out.actor,
      time: new Date(out.at).toISOString(),
      datacontenttype: 'application/json',
      data: event.data,
    };
    const subject = eventSubject(typeOf(out.actor), event.type, idOf(out.actor));
    return { subject, data: JSON.stringify(body), headers: { 'Nats-Msg-Id': id, 'Content-Type': 'application/cloudevents+json' } };
  }

  /** For the other nodes: which actors changed, with the row numbers it covers and the hash that ends it. They read what somebody there looks at. */
  #change(partition: number, rows: readonly Committed[]): void {
    let changes = this.#changes.get(partition);
    if (changes === undefined) {
      changes = { from: rows[0]?.row.seq ?? 0, to: 0, hash: '', rows: [] };
      this.#changes.set(partition, changes);
    }
    for (const { row } of rows) {
      changes.rows.push(`["${row.actor}",${row.version}]`);
      changes.to = row.seq;
      changes.hash = row.hash;
    }
    if (changes.rows.length >= CHANGES_ROWS) this.#publishChanges();
    else this.#pace();
  }

  #publishChanges(): void {
    for (const [partition, { from, to, hash, rows }] of this.#changes) {
      const data = `{"partition":${partition},"from":${from},"to":${to},"hash":"${hash}","rows":[${rows.join(',')}]}`;
      this.#options.bus.publish(changesSubject(partition), data);
    }
    this.#changes.clear();
    this.#options.ports.reach('changes.published');
  }

  /** Where the journal ends, a few times after it has moved, so that whoever missed the last message of all finds out. */
  #tellEnds(): void {
    for (const partition of this.#lanes.keys()) {
      const seq = this.#options.headOf(partition);
      if (seq === undefined) continue;
      const told = this.#ends.get(partition);
      const times = told?.seq === seq ? told.times + 1 : 1;
      this.#ends.set(partition, { seq, times });
      if (times > HEAD_TIMES) continue;
      this.#options.bus.publish(changesSubject(partition), `{"partition":${partition},"from":${seq + 1},"to":${seq},"hash":"","rows":[]}`);
    }
  }

  #repairAll(): void {
    if (this.#stopped || this.#options.bus.trouble() !== undefined) return;
    for (const [partition, lane] of this.#lanes) {
      if (!lane.dirty || lane.repairing || lane.outgoing.length > 0) continue;
      lane.repairing = true;
      this.#repairOne(partition, lane)
        .catch((error: unknown) => this.#options.ports.log.warn({ err: error, partition }, 'Rows could not go out; they are tried again'))
        .finally(() => {
          lane.repairing = false;
        });
    }
  }

  async #repairOne(partition: number, lane: Lane): Promise<void> {
    while (!this.#stopped && this.#lanes.get(partition) === lane) {
      const head = this.#options.headOf(partition);
      const rows = await this.#options.store.askedSince(partition, lane.published, PAGE);
      if (rows.length === 0) {
        // Rows that were committed while this was read left it to the repair; only when there are none is it over.
        if (this.#options.headOf(partition) !== head) continue;
        lane.published = Math.max(lane.published, head ?? 0);
        lane.dirty = false;
        this.#options.onPublished(partition, lane.published);
        return;
      }
      this.#options.ports.reach('repair.read');
      await this.#again(lane, rows);
      this.#options.ports.reach('repair.sent');
      this.#options.onPublished(partition, lane.published);
    }
  }

  /** How far it has come is known while the rest waits, for an actor whose node is gone perhaps: whoever takes over repeats only that. */
  async #again(lane: Lane, rows: readonly HistoryRow[]): Promise<void> {
    const sent = new Set<HistoryRow>();
    let first = 0;
    const end = (row: HistoryRow): void => {
      sent.add(row);
      for (let next = rows[first]; next !== undefined && sent.has(next); next = rows[++first])
        lane.published = Math.max(lane.published, next.seq);
    };
    await Promise.all(rows.map((row) => this.#sendAgain(row).then(() => end(row))));
  }

  async #sendAgain(row: HistoryRow): Promise<void> {
    const out: Out = { actor: row.actor, version: row.version, at: row.at, asked: JSON.parse(row.asked) as Asked };
    const waits: Promise<unknown>[] = out.asked.sends.map((send) => this.#send(out, send));
    for (const event of out.asked.events) {
      const { subject, data, headers } = this.#cloudEvent(out, event);
      waits.push(this.#options.bus.publishAcked(subject, data, headers));
    }
    await Promise.all(waits);
  }
}

function byPartition(rows: readonly Committed[]): ReadonlyMap<number, Committed[]> {
  const sorted = new Map<number, Committed[]>();
  for (const row of rows) {
    const list = sorted.get(row.row.partition);
    if (list === undefined) sorted.set(row.row.partition, [row]);
    else list.push(row);
  }
  return sorted;
}
