import { z } from 'zod';
import { partitionOf, readAddress, typeOf } from '../machines/ids.ts';
import type { Definition } from '../machines/machine.ts';
import { toActorRow } from './actor-row.ts';
import type { Bus } from './bus/bus.ts';
import { SUBJECTS } from './bus/subjects.ts';
import type { CommitListener, Committed } from './delivery.ts';
import type { Envelope } from './envelope.ts';
import type { Cancel, Ports } from './ports/ports.ts';
import { toLive } from './step.ts';
import type { HistoryRow, Store } from './store/store.ts';

export type ChangesOptions = {
  readonly store: Store;
  readonly ports: Ports;
  readonly bus: Bus;
  readonly definitions: ReadonlyMap<string, Definition>;
  readonly owns: (partition: number) => boolean;
};

/** Somebody who wants to hear of certain actors, wherever they are committed. */
export type Interest = { readonly hear: CommitListener; readonly wants: (address: string) => boolean };

type Change = readonly [address: string, version: number];
/** Of a partition: up to where all is told, how far it goes as far as is known, and the last row that this node wrote itself. */
type Known = { seen: number; waiting: Promise<void> | undefined; to: number; mine: number };

/** Without NATS the ends of the journal are asked for; with it only in case a last message was lost and its owner with it. */
const POLL_MS = 1_000;
const POLL_SELDOM_MS = 10_000;
const PAGE = 1_000;
const NOTHING = { sends: [], events: [], postings: [] };

const messageSchema = z.object({
  partition: z.int(),
  from: z.int(),
  to: z.int(),
  rows: z.array(z.tuple([z.string(), z.int()])),
});

/**
 * What other nodes commit, for whoever looks at it here. Messages name actors and versions under consecutive row numbers; of those
 * that somebody wants the rows are read from the journal. A gap is read from the journal too, so nothing depends on NATS
 * delivering anything.
 */
export class Changes {
  readonly #options: ChangesOptions;
  readonly #interests: Interest[] = [];
  readonly #known = new Map<number, Known>();
  #poll: Cancel | undefined;
  #polled_at = Number.NEGATIVE_INFINITY;
  #stopped = false;

  constructor(options: ChangesOptions) {
    this.#options = options;
  }

  add(interest: Interest): void {
    this.#interests.push(interest);
  }

  /** From the ends of the journal on. */
  async start(): Promise<void> {
    const { bus, ports, store } = this.#options;
    for (const [partition, end] of await store.ends()) this.#known.set(partition, { seen: end, waiting: undefined, to: end, mine: 0 });
    bus.listen(SUBJECTS.changes, ({ data }) => this.#hear(data));
    this.#poll = ports.timers.every(POLL_MS, () => this.#look());
  }

  stop(): void {
    this.#stopped = true;
    this.#poll?.();
  }

  /** What this node commits itself everybody here has been told; what the owner before it wrote last is perhaps still being read. */
  committed(rows: readonly Committed[]): void {
    for (const { row } of rows) {
      const known = this.#known.get(row.partition);
      if (known === undefined) continue;
      known.mine = Math.max(known.mine, row.seq);
      closeUp(known);
    }
  }

  /** A partition that this node owns from now on: what the owner before it committed last may not have been heard. */
  took(partition: number, seq: number): void {
    this.#reach(partition, seq);
  }

  #hear(data: Uint8Array): void {
    const message = messageSchema.safeParse(parse(data));
    if (!message.success || this.#stopped) return;
    const { partition, from, to, rows } = message.data;
    const known = this.#known.get(partition);
    if (known === undefined || to <= known.seen || this.#options.owns(partition)) return;
    if (known.waiting !== undefined || from > known.seen + 1) return this.#reach(partition, to);
    known.to = Math.max(known.to, to);
    const fresh = rows.slice(Math.max(0, known.seen + 1 - from));
    this.#read(partition, known, () => this.#tell(fresh), to);
  }

  /** Everything up to a row number is told, from the journal. */
  #reach(partition: number, seq: number): void {
    const known = this.#known.get(partition);
    if (known === undefined || this.#stopped) return;
    known.to = Math.max(known.to, seq);
    if (known.waiting !== undefined || known.to <= known.seen) return;
    this.#read(partition, known, () => this.#catchUp(partition, known), known.to);
  }

  #read(partition: number, known: Known, work: () => Promise<void>, to: number): void {
    known.waiting = work().then(
      () => {
        known.waiting = undefined;
        known.seen = Math.max(known.seen, to);
        closeUp(known);
        if (known.to > known.seen) this.#reach(partition, known.to);
      },
      (error: unknown) => {
        known.waiting = undefined;
        this.#options.ports.log.warn({ err: error, partition }, 'What another node committed could not be read; it is read again');
        this.#options.ports.timers.after(500, () => this.#reach(partition, known.to));
      },
    );
  }

  async #catchUp(partition: number, known: Known): Promise<void> {
    for (let after = known.seen; after < known.to;) {
      const page = await this.#options.store.since(partition, after, PAGE);
      const last = page.at(-1);
      if (last === undefined) return;
      // Beyond it may be what this node has written, and told, itself.
      const until = known.to;
      await this.#tell(page.filter(({ seq }) => seq <= until).map(({ actor, version }) => [actor, version] as const));
      after = Math.min(last.seq, until);
      known.seen = Math.max(known.seen, after);
    }
  }

  /** The newest version that is named of each actor that somebody wants, with the one before the first. */
  async #tell(rows: readonly Change[]): Promise<void> {
    const firsts = new Map<string, number>();
    const lasts = new Map<string, number>();
    for (const [actor, version] of rows) {
      if (!lasts.has(actor) && (readAddress(actor) === undefined || !this.#interests.some(({ wants }) => wants(actor)))) continue;
      if (!firsts.has(actor)) firsts.set(actor, version);
      lasts.set(actor, version);
    }
    if (lasts.size === 0) return;
    const wanted = [...lasts].flatMap(([actor, version]) => {
      const before = (firsts.get(actor) ?? 1) - 1;
      return [...new Set([1, before, version])].flatMap((one) => (one < 1 ? [] : [{ actor, version: one }]));
    });
    const found = new Map<string, HistoryRow>();
    for (const row of await this.#options.store.versions(wanted)) found.set(`${row.actor}@${row.version}`, row);
    const told = [...lasts].flatMap(([actor, version]) => this.#toCommitted(found, actor, (firsts.get(actor) ?? 1) - 1, version));
    for (const { hear, wants } of this.#interests) {
      const theirs = told.filter(({ row }) => wants(row.actor));
      if (theirs.length > 0) hear(theirs);
    }
  }

  #toCommitted(found: ReadonlyMap<string, HistoryRow>, actor: string, before: number, version: number): Committed[] {
    const definition = this.#options.definitions.get(typeOf(actor));
    const row = found.get(`${actor}@${version}`);
    if (definition === undefined || row === undefined) return [];
    try {
      const after = toLive(definition, row.envelope);
      const created_at = found.get(`${actor}@1`)?.at ?? row.at;
      const live = { definition, envelope: after, refused: false, created_at, size: row.envelope.length };
      const newest = toActorRow(actor, partitionOf(actor), live);
      return [{ row, definition, before: this.#envelope(definition, found.get(`${actor}@${before}`)), after, asked: NOTHING, newest }];
    } catch (error) {
      this.#options.ports.log.warn({ err: error, actor }, 'What another node committed cannot be read by this release');
      return [];
    }
  }

  #envelope(definition: Definition, row: HistoryRow | undefined): Envelope | undefined {
    return row === undefined || row.envelope === '' ? undefined : toLive(definition, row.envelope);
  }

  #look(): void {
    const { store, bus, ports, owns } = this.#options;
    const pause_ms = bus.trouble() === undefined ? POLL_SELDOM_MS : POLL_MS;
    if (ports.clock.monotonic() - this.#polled_at < pause_ms) return;
    if ([...this.#known.keys()].every(owns)) return;
    this.#polled_at = ports.clock.monotonic();
    store.ends().then(
      (ends) => {
        for (const [partition, end] of ends) if (!owns(partition)) this.#reach(partition, end);
      },
      (error: unknown) => ports.log.warn({ err: error }, 'The ends of the journal could not be read; they are read again'),
    );
  }
}

/** Once nothing of others is missing any more, what this node wrote behind it counts too. */
function closeUp(known: Known): void {
  if (known.waiting === undefined && known.to <= known.seen) known.seen = Math.max(known.seen, known.mine);
}

function parse(data: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(data));
  } catch {
    return undefined;
  }
}
