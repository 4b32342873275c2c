import type { Ports } from '../actors/ports/ports.ts';
import type { Committed } from '../actors/delivery.ts';
import { toStates } from '../actors/envelope.ts';
import type { StoredEnvelope } from '../actors/envelope.ts';
import type { Database } from '../actors/integrations/integration.ts';
import { readPlaced, readTallies, saveTallies } from '../actors/store/machine-figures.ts';
import type { HistoryRow, Store } from '../actors/store/store.ts';
import { PARTITIONS, typeOf } from '../machines/ids.ts';

export type CensusOptions = {
  readonly store: Pick<Store, 'since' | 'versions' | 'ends'> & { database(): Database };
  readonly ports: Ports;
  /** What this node owns, and where the journal of each ends. */
  readonly partitions: () => readonly number[];
  readonly headOf: (partition: number) => { readonly seq: number } | undefined;
};

/** How many actors stand in each set of states, states joined with commas. */
export type Counts = ReadonlyMap<string, number>;

type Tally = {
  seq: number;
  readonly types: Map<string, Map<string, number>>;
  /** Actors that were counted as they were later than `seq`, with the version that was counted. */
  readonly ahead: Map<string, number>;
  /** What was heard while the journal is being read because some of it was not heard. */
  heard: Heard[] | undefined;
  behind: boolean;
  saved: number;
};

type Heard = { readonly seq: number; readonly type: string; readonly from: string | undefined; readonly to: string };

const LOOK_MS = 1_000;
const SAVE_EVERY = 5;
const PATIENCE_MS = 1_000;
const PAGE = 500;
const COUNT_PAGE = 2_000;
/** What is heard beyond this while the journal is read is read from it, too. */
const MOST_HEARD = 50_000;

/**
 * How many actors stand in which state. Each node counts along with what it commits in the partitions that it owns and writes that
 * down every few seconds with the row number up to which it is right; whoever owns a partition next goes on from there with the rest
 * of the journal. So nobody ever goes through all actors, but once in a database that is older than this table.
 */
export class Census {
  readonly #options: CensusOptions;
  readonly #tallies = new Map<number, Tally>();
  /** Where each tally stood at the look before. */
  readonly #stood = new Map<number, number>();
  #cancel: (() => void) | undefined;
  #looking: Promise<void> | undefined;
  #looks = 0;

  constructor(options: CensusOptions) {
    this.#options = options;
  }

  start(): void {
    this.#cancel = this.#options.ports.timers.every(LOOK_MS, () => this.#look());
    this.#look();
  }

  /** Writes down what it knows, unless the database takes too long: whoever goes on reads the rest in the journal. */
  async stop(): Promise<void> {
    this.#cancel?.();
    const { timers, log } = this.#options.ports;
    const saved = Promise.resolve(this.#looking)
      .then(() => this.#save())
      .catch((error: unknown) => log.warn({ err: error }, 'The census could not be written down'));
    await Promise.race([saved, new Promise<void>((resolve) => timers.after(PATIENCE_MS, resolve))]);
  }

  committed(rows: readonly Committed[]): void {
    for (const { row, before, after, definition } of rows) {
      const tally = this.#tallies.get(row.partition);
      if (tally === undefined) continue;
      const [was, is] = [before?.snapshot.value as unknown, after.snapshot.value as unknown];
      const to = toState(is);
      const from = before === undefined ? undefined : was === is ? to : toState(was);
      hear(tally, { seq: row.seq, type: definition.type, from, to });
    }
  }

  /** Of one kind of actors, over all nodes; not whole while a partition has not been counted. */
  async counts(type: string): Promise<{ counts: Counts; whole: boolean }> {
    const counts = new Map<string, number>();
    const seen = new Set<number>();
    const add = (partition: number, states: Iterable<readonly [string, number]>): void => {
      seen.add(partition);
      for (const [state, n] of states) counts.set(state, (counts.get(state) ?? 0) + n);
    };
    for (const [partition, { types }] of this.#tallies) add(partition, types.get(type) ?? []);
    if (seen.size < PARTITIONS) {
      for (const row of await readTallies(this.#options.store.database())) {
        if (!seen.has(row.partition)) add(row.partition, Object.entries(readCounts(row.counts)[type] ?? {}));
      }
    }
    return { counts, whole: seen.size === PARTITIONS };
  }

  #look(): void {
    if (this.#looking !== undefined) return;
    this.#looking = this.#lookAround()
      .catch((error: unknown) =>
        this.#options.ports.log.warn({ err: error }, 'The census could not be brought up to date; it is tried again'),
      )
      .finally(() => {
        this.#looking = undefined;
      });
  }

  async #lookAround(): Promise<void> {
    const owned = new Set(this.#options.partitions());
    for (const partition of this.#tallies.keys()) if (!owned.has(partition)) this.#tallies.delete(partition);
    const fresh = [...owned].filter((partition) => !this.#tallies.has(partition));
    if (fresh.length > 0) await this.#open(fresh);
    for (const [partition, tally] of this.#tallies) {
      if (tally.behind || this.#isQuiet(partition, tally)) await this.#catchUp(partition, tally);
    }
    this.#looks += 1;
    if (this.#looks % SAVE_EVERY === 0) await this.#save();
  }

  /** The journal is further, and nothing has been heard of it since the last look. */
  #isQuiet(partition: number, tally: Tally): boolean {
    const head = this.#options.headOf(partition)?.seq ?? 0;
    const stands = this.#stood.get(partition) === tally.seq;
    this.#stood.set(partition, tally.seq);
    return head > tally.seq && stands;
  }

  async #open(partitions: readonly number[]): Promise<void> {
    const stored = new Map((await readTallies(this.#options.store.database())).map((row) => [row.partition, row]));
    const uncounted: number[] = [];
    for (const partition of partitions) {
      const row = stored.get(partition);
      const end = this.#options.headOf(partition)?.seq ?? 0;
      if (row !== undefined && row.seq <= end) this.#put(partition, row.seq, toTypes(readCounts(row.counts)), true);
      else if (end === 0) this.#put(partition, 0, new Map(), false);
      else uncounted.push(partition);
    }
    if (uncounted.length > 0) await this.#count(uncounted);
  }

  #put(partition: number, seq: number, types: Tally['types'], saved: boolean, ahead = new Map<string, number>()): Tally {
    const tally = { seq, types, ahead, heard: undefined, behind: true, saved: saved ? seq : -1 };
    this.#tallies.set(partition, tally);
    return tally;
  }

  /** Counts every actor of some partitions, page by page. What moves meanwhile is found in the journal behind the ends of now. */
  async #count(partitions: readonly number[]): Promise<void> {
    const { store, ports } = this.#options;
    const ends = await store.ends();
    const found = new Map(
      partitions.map((partition) => [partition, { types: new Map(), ahead: new Map() } as Pick<Tally, 'types' | 'ahead'>]),
    );
    ports.log.info({ partitions: partitions.length }, 'Counting the actors of partitions that were never counted');
    for (let after = ''; ;) {
      const page = await readPlaced(store.database(), partitions, after, COUNT_PAGE);
      for (const { address, partition, type, state, version, seq } of page) {
        const one = found.get(partition);
        if (one === undefined) continue;
        move(one, type, undefined, state);
        if (seq > (ends.get(partition) ?? 0)) one.ahead.set(address, version);
      }
      const last = page.at(-1);
      if (last === undefined || page.length < COUNT_PAGE) break;
      after = last.address;
    }
    const owned = new Set(this.#options.partitions());
    for (const [partition, { types, ahead }] of found) {
      if (owned.has(partition)) this.#put(partition, ends.get(partition) ?? 0, types, false, ahead);
    }
  }

  async #catchUp(partition: number, tally: Tally): Promise<void> {
    const heard: Heard[] = [];
    tally.heard = heard;
    tally.behind = false;
    try {
      for (;;) {
        const rows = await this.#options.store.since(partition, tally.seq, PAGE);
        await this.#apply(tally, rows);
        if (rows.length < PAGE) break;
      }
      tally.ahead.clear();
      tally.heard = undefined;
      for (const one of heard) hear(tally, one);
    } catch (error) {
      tally.behind = true;
      throw error;
    } finally {
      tally.heard = undefined;
    }
  }

  async #apply(tally: Tally, rows: readonly HistoryRow[]): Promise<void> {
    const fresh = rows.filter(({ actor, version }) => version > (tally.ahead.get(actor) ?? 0));
    const states = new Map<string, string | undefined>();
    const firsts = new Map(fresh.toReversed().map(({ actor, version }) => [actor, version]));
    const before = [...firsts].flatMap(([actor, version]) => (version > 1 ? [{ actor, version: version - 1 }] : []));
    for (const row of await this.#options.store.versions(before)) states.set(row.actor, stateOf(row));
    for (const row of fresh) {
      const state = stateOf(row);
      // What somebody has erased from the archive is not known any more; it counts as it did before.
      if (state === undefined) continue;
      move(tally, typeOf(row.actor), states.get(row.actor), state);
      states.set(row.actor, state);
    }
    const last = rows.at(-1);
    if (last !== undefined) tally.seq = last.seq;
  }

  async #save(): Promise<void> {
    const changed = [...this.#tallies].filter(([, { seq, saved, ahead }]) => seq !== saved && ahead.size === 0);
    if (changed.length === 0) return;
    const rows = changed.map(([partition, { seq, types }]) => ({ partition, seq, counts: writeCounts(types) }));
    await saveTallies(this.#options.store.database(), rows);
    for (const { partition, seq } of rows) {
      const tally = this.#tallies.get(partition);
      if (tally !== undefined) tally.saved = seq;
    }
  }
}

/** Takes what was committed next; what does not continue the tally is looked for in the journal. */
function hear(tally: Tally, one: Heard): void {
  if (one.seq <= tally.seq) return;
  if (tally.heard !== undefined && tally.heard.length < MOST_HEARD) tally.heard.push(one);
  else if (tally.heard !== undefined || one.seq > tally.seq + 1) tally.behind = true;
  else {
    tally.seq = one.seq;
    move(tally, one.type, one.from, one.to);
  }
}

/** One actor of a type went from a state (or was not there) to another. */
function move({ types }: Pick<Tally, 'types'>, type: string, from: string | undefined, to: string): void {
  if (from === to) return;
  const states = types.get(type) ?? new Map<string, number>();
  types.set(type, states);
  if (from !== undefined) {
    const left = (states.get(from) ?? 0) - 1;
    if (left === 0) states.delete(from);
    else states.set(from, left);
  }
  states.set(to, (states.get(to) ?? 0) + 1);
}

function toState(value: unknown): string {
  return typeof value === 'string' ? value : toStates(value).join(',');
}

function stateOf({ envelope }: HistoryRow): string | undefined {
  return envelope === '' ? undefined : toState((JSON.parse(envelope) as StoredEnvelope).snapshot.value);
}

type Stored = Readonly<Record<string, Readonly<Record<string, number>>>>;

function readCounts(text: string): Stored {
  return JSON.parse(text) as Stored;
}

function toTypes(stored: Stored): Tally['types'] {
  return new Map(Object.entries(stored).map(([type, states]) => [type, new Map(Object.entries(states))]));
}

function writeCounts(types: Tally['types']): string {
  return JSON.stringify(Object.fromEntries([...types].map(([type, states]) => [type, Object.fromEntries(states)])));
}
