import { eventTypeOf } from '../actors/delivery.ts';
import type { Committed } from '../actors/delivery.ts';
import { toStates } from '../actors/envelope.ts';
import type { Database } from '../actors/integrations/integration.ts';
import type { Ports } from '../actors/ports/ports.ts';
import { dropFlow, readFlow, saveFlow } from '../actors/store/machine-figures.ts';

export type FlowOptions = { readonly database: Database; readonly ports: Ports; readonly node: string };

/** So many actors went from these states to those by this event. */
export type Move = {
  readonly from: readonly string[];
  readonly event: string;
  readonly to: readonly string[];
  hour: number;
  day: number;
};

const BUCKET_MS = 5 * 60_000;
const HOUR_MS = 60 * 60_000;
const DAY_MS = 24 * HOUR_MS;
const SAVE_MS = 5_000;
/** A database that does not answer keeps nobody from stopping. */
const PATIENCE_MS = 1_000;

/** By type, then by the way that was gone. */
type Bucket = Map<string, Map<string, number>>;

/**
 * How actors moved within the last day, counted as they are committed, in pieces of five minutes. Each node writes its own down every
 * few seconds; one that is killed loses those seconds, and nothing depends on them.
 */
export class Flow {
  readonly #options: FlowOptions;
  readonly #buckets = new Map<number, Bucket>();
  readonly #changed = new Set<number>();
  #cancel: (() => void) | undefined;
  #saving: Promise<void> = Promise.resolve();

  constructor(options: FlowOptions) {
    this.#options = options;
  }

  /** Goes on from what this node has counted before. */
  async start(): Promise<void> {
    const { database, ports, node } = this.#options;
    for (const row of await readFlow(database, ports.clock.now() - DAY_MS)) {
      if (row.node === node) add(this.#bucket(row.bucket), readBucket(row.counts));
    }
    this.#cancel = ports.timers.every(SAVE_MS, () => this.#save());
  }

  async stop(): Promise<void> {
    this.#cancel?.();
    this.#save();
    await Promise.race([this.#saving, new Promise<void>((resolve) => this.#options.ports.timers.after(PATIENCE_MS, resolve))]);
  }

  committed(rows: readonly Committed[]): void {
    const at = Math.floor(this.#options.ports.clock.now() / BUCKET_MS) * BUCKET_MS;
    for (const { row, before, after, definition } of rows) {
      const event = eventTypeOf(row.event);
      // A creation goes along no edge, and what the hub notes for itself moves nobody.
      if (before === undefined || event.startsWith('@')) continue;
      const way = `${toText(before.snapshot.value)}\n${event}\n${toText(after.snapshot.value)}`;
      const ways = waysOf(this.#bucket(at), definition.type);
      ways.set(way, (ways.get(way) ?? 0) + 1);
      this.#changed.add(at);
    }
  }

  /** How actors of a type moved on all nodes, and since when that is known. */
  async moves(type: string): Promise<{ moves: readonly Move[]; since: number | undefined }> {
    const { database, ports, node } = this.#options;
    const now = ports.clock.now();
    const moves = new Map<string, Move>();
    let since: number | undefined;
    const take = (at: number, ways: Iterable<readonly [string, number]>): void => {
      if (at < now - DAY_MS) return;
      since = Math.min(since ?? at, at);
      for (const [way, n] of ways) count(moves, way, n, at >= now - HOUR_MS);
    };
    for (const [at, bucket] of this.#buckets) take(at, bucket.get(type) ?? []);
    for (const row of await readFlow(database, now - DAY_MS)) {
      if (row.node !== node) take(row.bucket, readBucket(row.counts).get(type) ?? []);
    }
    return { moves: [...moves.values()], since };
  }

  #bucket(at: number): Bucket {
    const bucket = this.#buckets.get(at) ?? new Map<string, Map<string, number>>();
    this.#buckets.set(at, bucket);
    return bucket;
  }

  #save(): void {
    const { database, ports, node } = this.#options;
    const oldest = ports.clock.now() - DAY_MS - HOUR_MS;
    const old = [...this.#buckets.keys()].filter((at) => at < oldest);
    for (const at of old) this.#buckets.delete(at);
    const rows = [...this.#changed].flatMap((at) => {
      const bucket = this.#buckets.get(at);
      return bucket === undefined ? [] : [{ node, bucket: at, counts: writeBucket(bucket) }];
    });
    this.#changed.clear();
    if (rows.length === 0 && old.length === 0) return;
    this.#saving = this.#saving
      .then(() => (rows.length === 0 ? undefined : saveFlow(database, rows)))
      .then(() => (old.length === 0 ? undefined : dropFlow(database, oldest)))
      .catch((error: unknown) => {
        for (const { bucket } of rows) this.#changed.add(bucket);
        ports.log.warn({ err: error }, 'How actors moved could not be written down; it is tried again');
      });
  }
}

function count(moves: Map<string, Move>, way: string, n: number, recent: boolean): void {
  const known = moves.get(way) ?? toMove(way);
  moves.set(way, known);
  known.day += n;
  if (recent) known.hour += n;
}

function toMove(way: string): Move {
  const [from = '', event = '', to = ''] = way.split('\n');
  return { from: from.split(','), event, to: to.split(','), hour: 0, day: 0 };
}

function toText(value: unknown): string {
  return typeof value === 'string' ? value : toStates(value).join(',');
}

function waysOf(bucket: Bucket, type: string): Map<string, number> {
  const ways = bucket.get(type) ?? new Map<string, number>();
  bucket.set(type, ways);
  return ways;
}

function add(bucket: Bucket, more: Bucket): void {
  for (const [type, ways] of more) {
    const into = waysOf(bucket, type);
    for (const [way, n] of ways) into.set(way, (into.get(way) ?? 0) + n);
  }
}

function readBucket(text: string): Bucket {
  const stored = JSON.parse(text) as Record<string, Record<string, number>>;
  return new Map(Object.entries(stored).map(([type, ways]) => [type, new Map(Object.entries(ways))]));
}

function writeBucket(bucket: Bucket): string {
  return JSON.stringify(Object.fromEntries([...bucket].map(([type, ways]) => [type, Object.fromEntries(ways)])));
}
