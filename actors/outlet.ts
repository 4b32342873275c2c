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
type Out = { readonly actor: string; readonly version: number; readonly at: number; readonly asked: Asked };

const REPAIR_MS = 500;
const PAGE = 200;
const CHANGES_BYTES = 512 * 1024;

/**
 * Carries what committed steps asked for to other systems and other actors. What has certainly gone out is a row number per
 * partition; everything above it goes out again after a crash or when NATS is back, with the same ids.
 */
export class Outlet {
  readonly #options: OutletOptions;
  readonly #lanes = new Map<number, Lane>();
  #repair: Cancel | undefined;
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
    this.#options.bus.onReconnect(() => this.#repairAll());
    this.#repairAll();
  }

  stop(): void {
    this.#stopped = true;
    this.#repair?.();
  }

  publishedOf(partition: number): number {
    return this.#lanes.get(partition)?.published ?? 0;
  }

  committed(rows: readonly Committed[]): void {
    const byPartition = new Map<number, Committed[]>();
    for (const row of rows) {
      const list = byPartition.get(row.row.partition);
      if (list === undefined) byPartition.set(row.row.partition, [row]);
      else list.push(row);
    }
    const well = this.#options.bus.trouble() === undefined;
    const marked: Outgoing[] = [];
    let marker: { out: Out; event: DomainEvent } | undefined;
    for (const [partition, list] of byPartition) {
      if (well) this.#publishChanges(partition, list);
      const lane = this.#lanes.get(partition);
      if (lane === undefined) continue;
      if (!well) lane.dirty = true;
      if (lane.dirty) {
        // The repair reads these rows from the journal; what goes to other actors need not wait for NATS, and its id makes the repeat harmless.
        for (const { row, asked } of list) for (const send of asked.sends) this.#sendAhead({ actor: row.actor, version: row.version, at: row.at, asked }, send);
        continue;
      }
      const outgoing: Outgoing = { to: list.at(-1)?.row.seq ?? 0, left: 1, failed: false };
      lane.outgoing.push(outgoing);
      let events = false;
      for (const { row, asked } of list) {
        const out = { actor: row.actor, version: row.version, at: row.at, asked };
        for (const send of asked.sends) this.#carry(partition, lane, outgoing, out, send);
        for (const event of asked.events) {
          if (marker !== undefined) this.#emit(marker.out, marker.event);
          marker = { out, event };
          events = true;
        }
      }
      if (events) marked.push(outgoing);
      else this.#out(partition, lane, outgoing);
    }
    if (marker !== undefined) this.#mark(marker, marked, byPartition);
  }

  /** The last event of the batch is published with an acknowledgement; it stands for those before it. */
  #mark(marker: { out: Out; event: DomainEvent }, marked: readonly Outgoing[], partitions: ReadonlyMap<number, unknown>): void {
    const done = (failed: boolean): void => {
      for (const partition of partitions.keys()) {
        const lane = this.#lanes.get(partition);
        if (lane === undefined) continue;
        for (const outgoing of lane.outgoing) {
          if (!marked.includes(outgoing)) continue;
          outgoing.failed ||= failed;
          this.#out(partition, lane, outgoing);
          break;
        }
      }
    };
    const { subject, data, headers } = this.#cloudEvent(marker.out, marker.event);
    this.#options.bus.publishAcked(subject, data, headers).then(
      () => done(false),
      (error: unknown) => {
        this.#options.ports.log.warn({ err: error }, 'Domain events were not acknowledged and go out again');
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

  #emit(out: Out, event: DomainEvent): void {
    const { subject, data, headers } = this.#cloudEvent(out, event);
    this.#options.bus.publish(subject, data, headers);
  }

  #cloudEvent(out: Out, event: DomainEvent): { subject: string; data: string; headers: Record<string, string> } {
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

  /** For the other nodes: what changed, with the row numbers it covers and the hash that ends it. */
  #publishChanges(partition: number, rows: readonly Committed[]): void {
    let from = 0;
    let size = 0;
    const send = (to: number): void => {
      const part = rows.slice(from, to);
      const first = part[0]?.row;
      const last = part.at(-1)?.row;
      if (first === undefined || last === undefined) return;
      // The envelopes are the very texts that were committed; nothing is written out a second time.
      const items = part.map(({ row }) => `{"seq":${row.seq},"actor":"${row.actor}","version":${row.version},"envelope":${row.envelope}}`);
      const data = `{"partition":${partition},"from":${first.seq},"to":${last.seq},"hash":"${last.hash}","rows":[${items.join(',')}]}`;
      this.#options.bus.publish(changesSubject(partition), data);
      from = to;
      size = 0;
    };
    for (const [index, { row }] of rows.entries()) {
      if (size > 0 && size + row.envelope.length > CHANGES_BYTES) send(index);
      size += row.envelope.length + 128;
    }
    send(rows.length);
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
      await this.#again(rows);
      lane.published = rows.at(-1)?.seq ?? lane.published;
      this.#options.onPublished(partition, lane.published);
    }
  }

  async #again(rows: readonly HistoryRow[]): Promise<void> {
    const waits: Promise<void>[] = [];
    for (const row of rows) {
      const out: Out = { actor: row.actor, version: row.version, at: row.at, asked: JSON.parse(row.asked) as Asked };
      for (const send of out.asked.sends) waits.push(this.#send(out, send));
      for (const event of out.asked.events) {
        const { subject, data, headers } = this.#cloudEvent(out, event);
        waits.push(this.#options.bus.publishAcked(subject, data, headers));
      }
    }
    await Promise.all(waits);
  }
}
