import type { PostingKind } from '../../machines/machine.ts';
import type { Operations } from './operations.ts';

/**
 * What the runtime needs of its database. One implementation stands on PostgreSQL, one in memory for the simulation; one
 * contract suite holds both to this text.
 */

/** Where a partition's journal ends, and under which epoch this node owns it. */
export type Head = { readonly partition: number; readonly epoch: number; readonly seq: number; readonly hash: string };

/** A row of the journal, as a batch writes it. */
export type JournalRow = {
  readonly partition: number;
  readonly seq: number;
  readonly actor: string;
  readonly version: number;
  readonly event_id: string;
  /** JSON: `{type, …payload}`. */
  readonly event: string;
  /** SHA-256 of `event`, hex. */
  readonly body_hash: string;
  readonly caller: string;
  readonly causation: string;
  readonly correlation: string;
  readonly traceparent: string;
  /** Epoch milliseconds. */
  readonly at: number;
  readonly machine_version: number;
  /** JSON, see StoredEnvelope. */
  readonly envelope: string;
  /** JSON, see Asked; empty where the step asked for nothing. */
  readonly asked: string;
  /** SHA-256 over the row before and this one, hex. */
  readonly hash: string;
};

/** The lean row of an actor: what lists, takeovers and timers need. One for each actor and batch. */
export type ActorRow = {
  readonly address: string;
  readonly partition: number;
  readonly type: string;
  readonly version: number;
  /** States joined with commas. */
  readonly state: string;
  readonly tags: string;
  /** Epoch milliseconds of the earliest timer, or empty. */
  readonly due_at: string;
  /** How many effects are under way. */
  readonly pending: number;
  readonly parked: boolean;
  readonly title: string;
  readonly summary: string;
  readonly client: string;
  readonly agent: string;
  readonly created_at: number;
  readonly updated_at: number;
};

export type RefusalRow = {
  readonly partition: number;
  readonly actor: string;
  readonly event_id: string;
  readonly body_hash: string;
  readonly reason: string;
  readonly detail: string;
  readonly version: number;
  readonly at: number;
};

export type CreationRow = {
  readonly caller: string;
  readonly key: string;
  readonly body_hash: string;
  readonly actor: string;
};

export type DeadLetterRow = {
  readonly id: string;
  readonly actor: string;
  readonly event_id: string;
  readonly event: string;
  readonly caller: string;
  readonly reason: string;
  readonly detail: string;
  readonly at: number;
};

/** One leg of a posting, as the step asked for it; the journal's row holds it too. */
export type PostingRow = {
  readonly partition: number;
  readonly actor: string;
  readonly version: number;
  /** The position of the posting in what the step asked for. */
  readonly i: number;
  /** The position of the leg in its posting. */
  readonly leg: number;
  readonly account: string;
  readonly currency: string;
  readonly amount_minor: number;
  readonly at: number;
  /** Whether it sets money aside and is in no balance. */
  readonly pending: boolean;
  /** When it counts, in epoch milliseconds; null where that is when it was recorded. */
  readonly effective: number | null;
  readonly kind: PostingKind;
  /** The posting of the same actor that this one completes, takes back or reverses. */
  readonly of_version: number | null;
  readonly of_i: number | null;
};

export type Batch = {
  /** The partitions that the batch writes to, with the epochs under which this node owns them. */
  readonly partitions: readonly { readonly id: number; readonly epoch: number }[];
  readonly journal: readonly JournalRow[];
  readonly actors: readonly ActorRow[];
  readonly refusals: readonly RefusalRow[];
  readonly creations: readonly CreationRow[];
  readonly dead: readonly DeadLetterRow[];
  readonly postings: readonly PostingRow[];
};

/** Why a batch was not written. */
export class CommitFault extends Error {
  /**
   * `fenced`: a partition was lost · `repeat`: an id, a version or a key exists already · `poison`: PostgreSQL refuses a value ·
   * `retry`: certainly not written, try again · `unknown`: the connection died, it may have been written.
   */
  readonly kind: 'fenced' | 'repeat' | 'poison' | 'retry' | 'unknown';

  constructor(kind: CommitFault['kind'], message: string) {
    super(message);
    this.name = 'CommitFault';
    this.kind = kind;
  }
}

/** Errors of a load or a lookup: nothing was written, so the batch may be tried again when the database answers. */
export function toCommitFault(error: unknown): CommitFault | undefined {
  const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
  const gone = /terminated|ECONN|EPIPE|timeout|not queryable|Connection/i.test(error instanceof Error ? error.message : '');
  if (gone || /^(08|40|53|57)/.test(code) || code.startsWith('ECONN')) return new CommitFault('retry', String(error));
  return undefined;
}

/** The newest envelope of an actor, and whether any event of it was ever refused. */
export type Loaded = {
  readonly address: string;
  readonly envelope: string | undefined;
  readonly refused: boolean;
  readonly created_at: number;
};

/** What an event id came to before. */
export type Earlier = {
  readonly actor: string;
  readonly event_id: string;
  readonly body_hash: string;
  readonly version: number;
  /** Absent for an event that was applied. */
  readonly reason?: string;
  readonly detail?: string;
};

export type Progress = {
  readonly partition: number;
  readonly epoch: number;
  /** Creation time of the intake stream, or empty. */
  readonly stream: string;
  /** Every message up to here that belongs to the partition has its outcome committed and its receipt sent. */
  readonly cursor: number;
  /** Every row up to here has its domain events and sends out. */
  readonly published: number;
};

export type Due = { readonly address: string; readonly due_at: number };

export type HistoryRow = JournalRow;

export type ListQuery = {
  readonly type: string;
  /** A state, or the beginning of a path of states. */
  readonly state?: string;
  readonly tag?: string;
  readonly text?: string;
  readonly client?: string;
  readonly agent?: string;
  readonly sort: 'updatedAt' | 'createdAt' | 'title' | 'address';
  readonly descending: boolean;
  readonly limit: number;
  /** The sort value and address of the last row of the page before. */
  readonly after?: { readonly value: string; readonly address: string };
  /** So many rows are passed over: for whoever jumps into the middle of a list. */
  readonly offset?: number;
};

export type ListRow = ActorRow & { readonly envelope: string };

/** Who lives and who owns what, at one moment of the database's clock. */
export type Cluster = {
  /** Epoch milliseconds on the database's clock. */
  readonly now: number;
  /** Nodes with a live lease, and how much is left of it. */
  readonly nodes: readonly { readonly id: string; readonly url: string; readonly release: string; readonly left_ms: number }[];
  /** All partitions, by number. */
  readonly partitions: readonly { readonly id: number; readonly owner: string | undefined; readonly epoch: number }[];
};

export type Older = { readonly found: readonly (ActorRow & { readonly envelope: string })[]; readonly last: string | undefined };

/** What the event journal answers to reads. */
export type Store = {
  /** Makes this node's lease last so much longer, on the database's clock. */
  renew(node: string, url: string, lease_ms: number): Promise<void>;
  release(node: string): Promise<void>;
  /** Gives up some of what the node owns, and keeps its lease. */
  unclaim(node: string, partitions: readonly number[]): Promise<void>;
  look(): Promise<Cluster>;
  /**
   * Takes the partitions that nobody with a live lease owns (a restarted node takes its own at once), raising their epochs;
   * returns the heads of what this node owns now.
   */
  claim(node: string, partitions: readonly number[]): Promise<readonly Head[]>;
  load(addresses: readonly string[]): Promise<readonly Loaded[]>;
  lookup(ids: readonly { readonly actor: string; readonly event_id: string }[]): Promise<readonly Earlier[]>;
  creations(keys: readonly { readonly caller: string; readonly key: string }[]): Promise<readonly CreationRow[]>;
  /** Writes all of it or nothing; throws a CommitFault. `lane` names the connection. */
  commit(batch: Batch, lane: number): Promise<void>;
  /** Actors with a timer due before `until`, earliest first; those behind one of them. */
  due(partitions: readonly number[], until: number, limit: number, after?: Due): Promise<readonly Due[]>;
  /** Actors with effects under way, by address. */
  pending(partitions: readonly number[], after: string, limit: number): Promise<readonly string[]>;
  /** Rows that asked for something, from a row number on. */
  askedSince(partition: number, seq: number, limit: number): Promise<readonly HistoryRow[]>;
  /** All rows of a partition behind a row number, in order. */
  since(partition: number, seq: number, limit: number): Promise<readonly HistoryRow[]>;
  /** The last row number of each partition. */
  ends(): Promise<ReadonlyMap<number, number>>;
  /** Rows by actor and version; those that do not exist are left out. */
  versions(wanted: readonly { readonly actor: string; readonly version: number }[]): Promise<readonly HistoryRow[]>;
  progress(partitions: readonly number[]): Promise<readonly Progress[]>;
  /** Written behind; rows of another epoch and lower figures are left alone. */
  saveProgress(rows: readonly Progress[]): Promise<void>;
  history(address: string, from: number, to: number, limit: number): Promise<readonly HistoryRow[]>;
  at(address: string, moment: { readonly version: number } | { readonly at: number }): Promise<HistoryRow | undefined>;
  rows(addresses: readonly string[]): Promise<readonly ActorRow[]>;
  list(query: ListQuery): Promise<readonly ListRow[]>;
  count(query: Pick<ListQuery, 'type' | 'state' | 'tag' | 'text' | 'client' | 'agent'>): Promise<number>;
  deadLetters(limit: number): Promise<readonly DeadLetterRow[]>;
  /** What operators read and write beside the journal. */
  readonly operations: Operations;
  /**
   * Of so many actors of a type behind an address, in the order of their addresses, those of these partitions whose newest envelope
   * an older version of the machine wrote; and the last address that was looked at, or none at the end.
   */
  older(type: string, machine_version: number, partitions: readonly number[], after: string, limit: number): Promise<Older>;
  /** Actors that full-text search does not know, for example because a node stopped before it had written them. */
  unindexed(limit: number): Promise<readonly string[]>;
  indexText(rows: readonly { readonly address: string; readonly type: string; readonly text: string }[]): Promise<void>;
};
