import type { Clock, Ports } from '../ports/ports.ts';
import { MemoryDatabase } from './memory-database.ts';
import { memoryOperations } from './memory-operations.ts';
import { matches, page } from './memory-list.ts';
import type { Operations } from './operations.ts';
import { CommitFault } from './store.ts';
import type {
  ActorRow,
  Batch,
  Cluster,
  CreationRow,
  DeadLetterRow,
  Due,
  Earlier,
  Head,
  HistoryRow,
  ListQuery,
  ListRow,
  Loaded,
  Older,
  Progress,
  Store,
} from './store.ts';

/**
 * What befalls a commit. `retry`, `poison`: it is refused and nothing is written. `lost_before`, `lost_after`: the answer is
 * lost and nobody knows; it was not written, or it was. `late`: the answer is lost, and the statement comes through some time
 * afterwards unless its epoch is over by then. `crash_before`, `crash_after`: the process ends there; nothing is answered any more.
 */
export type Mishap = 'none' | 'retry' | 'poison' | 'lost_before' | 'lost_after' | 'late' | 'crash_before' | 'crash_after';

export type MemoryFaults = {
  /** Asked before every commit. */
  readonly onCommit?: (batch: Batch, lane: number) => Mishap;
  /** How long a call takes, in milliseconds of the ports; asked before every call. */
  readonly delay_ms?: (call: keyof Store) => number;
  /** Thrown by a read, as a connection that is gone does. */
  readonly onRead?: (call: keyof Store) => Error | undefined;
};

export type MemoryOptions = {
  readonly database?: MemoryDatabase;
  readonly ports: Pick<Ports, 'timers'> & { readonly clock: Pick<Clock, 'now'> };
  readonly faults?: MemoryFaults;
  /** Of the hub that this process runs. */
  readonly release?: string;
};

const LATE_MS = 300;

/**
 * The store in memory, for tests and the simulation: one connection of one process to a database that outlives it. It keeps
 * PostgreSQL's rules (fence, uniqueness, all or nothing), to which one contract suite holds both.
 */
export class MemoryStore implements Store {
  readonly database: MemoryDatabase;
  readonly operations: Operations;
  readonly #options: MemoryOptions;
  #crashed = false;

  constructor(options: MemoryOptions) {
    this.#options = options;
    // The leases run on the database's clock, not on the clock of whoever asks.
    this.database = options.database ?? new MemoryDatabase(options.ports.clock);
    this.operations = memoryOperations(this.database, (work) => this.#do('operations', work));
  }

  get crashed(): boolean {
    return this.#crashed;
  }

  /** The process ends: from now on no call of it is answered, and none changes anything. */
  crash(): void {
    this.#crashed = true;
  }

  renew(node: string, url: string, lease_ms: number): Promise<void> {
    return this.#do('renew', () => this.database.renew(node, url, lease_ms, this.#options.release));
  }

  release(node: string): Promise<void> {
    return this.#do('release', () => this.database.release(node));
  }

  claim(node: string, partitions: readonly number[]): Promise<readonly Head[]> {
    return this.#do('claim', () => this.database.claim(node, partitions));
  }

  unclaim(node: string, partitions: readonly number[]): Promise<void> {
    return this.#do('unclaim', () => this.database.unclaim(node, partitions));
  }

  look(): Promise<Cluster> {
    return this.#do('look', () => this.database.look());
  }

  ends(): Promise<ReadonlyMap<number, number>> {
    return this.#do('ends', () => new Map(this.database.look().partitions.map(({ id }) => [id, this.database.rowsOf(id).length])));
  }

  versions(wanted: readonly { readonly actor: string; readonly version: number }[]): Promise<readonly HistoryRow[]> {
    return this.#do('versions', () => wanted.flatMap(({ actor, version }) => this.database.rowAt(actor, version) ?? []));
  }

  load(addresses: readonly string[]): Promise<readonly Loaded[]> {
    return this.#do('load', () => addresses.map((address) => this.database.load(address)));
  }

  lookup(ids: readonly { readonly actor: string; readonly event_id: string }[]): Promise<readonly Earlier[]> {
    return this.#do('lookup', () => ids.flatMap(({ actor, event_id }) => this.database.lookup(actor, event_id)));
  }

  creations(keys: readonly { readonly caller: string; readonly key: string }[]): Promise<readonly CreationRow[]> {
    return this.#do('creations', () => keys.flatMap(({ caller, key }) => this.database.creation(caller, key)));
  }

  async commit(batch: Batch, lane: number): Promise<void> {
    await this.#wait('commit');
    const mishap = this.#options.faults?.onCommit?.(batch, lane) ?? 'none';
    switch (mishap) {
      case 'none':
        return this.database.commit(batch);
      case 'retry':
        throw new CommitFault('retry', '40001 could not serialize access');
      case 'poison':
        throw new CommitFault('poison', 'invalid byte sequence');
      case 'lost_before':
        throw new CommitFault('unknown', 'The connection was lost while committing');
      case 'lost_after':
        this.database.commit(batch);
        throw new CommitFault('unknown', 'The connection was lost while committing');
      case 'late':
        this.#options.ports.timers.after(LATE_MS, () => this.database.tryCommit(batch));
        throw new CommitFault('unknown', 'The connection was lost while committing');
      case 'crash_before':
        return this.#die();
      case 'crash_after':
        this.database.commit(batch);
        return this.#die();
      default:
        throw new Error(`Unknown mishap ${String(mishap satisfies never)}`);
    }
  }

  due(partitions: readonly number[], until: number, limit: number, after?: Due): Promise<readonly Due[]> {
    const order = (a: Due, b: Due): number => a.due_at - b.due_at || (a.address < b.address ? -1 : a.address > b.address ? 1 : 0);
    return this.#do('due', () =>
      this.database
        .actorsOf(partitions)
        .filter(({ due_at, parked }) => due_at !== '' && Number(due_at) <= until && !parked)
        .map(({ address, due_at }) => ({ address, due_at: Number(due_at) }))
        .filter((one) => after === undefined || order(one, after) > 0)
        .sort(order)
        .slice(0, limit),
    );
  }

  pending(partitions: readonly number[], after: string, limit: number): Promise<readonly string[]> {
    return this.#do('pending', () =>
      this.database
        .actorsOf(partitions)
        .filter(({ address, pending }) => pending > 0 && address > after)
        .map(({ address }) => address)
        .sort()
        .slice(0, limit),
    );
  }

  askedSince(partition: number, seq: number, limit: number): Promise<readonly HistoryRow[]> {
    return this.#do('askedSince', () =>
      this.database
        .rowsOf(partition)
        .slice(seq)
        .filter(({ asked }) => asked !== '')
        .slice(0, limit),
    );
  }

  since(partition: number, seq: number, limit: number): Promise<readonly HistoryRow[]> {
    return this.#do('since', () => this.database.rowsOf(partition).slice(seq, seq + limit));
  }

  progress(partitions: readonly number[]): Promise<readonly Progress[]> {
    return this.#do('progress', () => this.database.progressOf(partitions));
  }

  saveProgress(rows: readonly Progress[]): Promise<void> {
    return this.#do('saveProgress', () => this.database.saveProgress(rows));
  }

  history(address: string, from: number, to: number, limit: number): Promise<readonly HistoryRow[]> {
    return this.#do('history', () =>
      this.database
        .journalOf(address)
        .filter(({ version }) => version >= from && version <= to)
        .reverse()
        .slice(0, limit),
    );
  }

  at(address: string, moment: { readonly version: number } | { readonly at: number }): Promise<HistoryRow | undefined> {
    return this.#do('at', () =>
      this.database.journalOf(address).findLast((row) => ('version' in moment ? row.version === moment.version : row.at <= moment.at)),
    );
  }

  rows(addresses: readonly string[]): Promise<readonly ActorRow[]> {
    return this.#do('rows', () => [...new Set(addresses)].flatMap((address) => this.database.actorOf(address) ?? []));
  }

  list(query: ListQuery): Promise<readonly ListRow[]> {
    return this.#do('list', () =>
      page(
        this.database.actors.filter((row) => matches(row, query, (address) => this.database.textOf(address))),
        query,
      ).flatMap((row) => {
        const { envelope } = this.database.load(row.address);
        return envelope === undefined ? [] : [{ ...row, envelope }];
      }),
    );
  }

  count(query: Pick<ListQuery, 'type' | 'state' | 'tag' | 'text' | 'client' | 'agent'>): Promise<number> {
    return this.#do(
      'count',
      () => this.database.actors.filter((row) => matches(row, query, (address) => this.database.textOf(address))).length,
    );
  }

  deadLetters(limit: number): Promise<readonly DeadLetterRow[]> {
    return this.#do('deadLetters', () => this.database.dead.sort((a, b) => b.at - a.at || (a.id < b.id ? 1 : -1)).slice(0, limit));
  }

  older(type: string, machine_version: number, partitions: readonly number[], after: string, limit: number): Promise<Older> {
    return this.#do('older', () => {
      const seen = this.database.actors
        .filter((row) => row.type === type && row.address > after)
        .sort((a, b) => (a.address < b.address ? -1 : 1))
        .slice(0, limit);
      const found = seen.flatMap((row) => {
        const newest = this.database.journalOf(row.address).at(-1);
        const isOlder = newest !== undefined && newest.machine_version < machine_version && partitions.includes(row.partition);
        return isOlder ? [{ ...row, envelope: newest.envelope }] : [];
      });
      return { found, last: seen.length < limit ? undefined : seen.at(-1)?.address };
    });
  }

  unindexed(limit: number): Promise<readonly string[]> {
    return this.#do('unindexed', () =>
      this.database.actors
        .map(({ address }) => address)
        .filter((address) => this.database.textOf(address) === undefined)
        .slice(0, limit),
    );
  }

  indexText(rows: readonly { readonly address: string; readonly type: string; readonly text: string }[]): Promise<void> {
    return this.#do('indexText', () => this.database.indexText(rows));
  }

  async #do<Result>(call: keyof Store, work: () => Result): Promise<Result> {
    await this.#wait(call);
    const error = this.#options.faults?.onRead?.(call);
    if (error !== undefined) throw error;
    return work();
  }

  async #wait(call: keyof Store): Promise<void> {
    const delay_ms = this.#options.faults?.delay_ms?.(call) ?? 0;
    if (delay_ms > 0) await new Promise<void>((resolve) => void this.#options.ports.timers.after(delay_ms, resolve));
    // Even the fastest database answers later than it was asked.
    else await Promise.resolve();
    if (this.#crashed) await never();
  }

  #die(): Promise<never> {
    this.#crashed = true;
    return never();
  }
}

function never(): Promise<never> {
  return new Promise(() => undefined);
}
