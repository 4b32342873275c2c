import { clean } from './statements.ts';
import type { ActorRow, HistoryRow } from './store.ts';

/* What the two drivers read, as the runtime's own rows. */

export type ActorEntity = {
  address: string;
  partition: number;
  type: string;
  version: number;
  state: string;
  tags?: string | null | undefined;
  dueAt?: number | null | undefined;
  pending: number;
  parked: boolean;
  title?: string | null | undefined;
  summary?: string | null | undefined;
  client?: string | null | undefined;
  agent?: string | null | undefined;
  createdAt: number;
  updatedAt: number;
};

export function toActorRow(row: ActorEntity): ActorRow {
  return {
    address: row.address,
    partition: row.partition,
    type: row.type,
    version: row.version,
    state: row.state,
    tags: row.tags ?? '',
    due_at: row.dueAt === null || row.dueAt === undefined ? '' : String(row.dueAt),
    pending: row.pending,
    parked: row.parked,
    title: row.title ?? '',
    summary: row.summary ?? '',
    client: row.client ?? '',
    agent: row.agent ?? '',
    created_at: Number(row.createdAt),
    updated_at: Number(row.updatedAt),
  };
}

/** An actor's row as the columns of its table hold it: NULL where nothing is, and large numbers as texts. */
export type ActorColumns = {
  readonly address: string;
  readonly partition: number;
  readonly type: string;
  readonly version: number;
  readonly state: string;
  readonly tags: string | null;
  readonly due_at: string | null;
  readonly pending: number;
  readonly parked: boolean;
  readonly title: string | null;
  readonly summary: string | null;
  readonly client: string | null;
  readonly agent: string | null;
  readonly created_at: string;
  readonly updated_at: string;
};

/** What the commit statement writes for this row. */
export function toActorColumns(row: ActorRow): ActorColumns {
  const kept = (text: string): string | null => (text === '' ? null : clean(text).toWellFormed());
  const { tags, due_at, title, summary, client, agent, created_at, updated_at, ...rest } = row;
  return {
    ...rest,
    tags: kept(tags),
    due_at: kept(due_at),
    title: kept(title),
    summary: kept(summary),
    client: kept(client),
    agent: kept(agent),
    created_at: String(created_at),
    updated_at: String(updated_at),
  };
}

/** The row that those columns hold. */
export function fromActorColumns(columns: ActorColumns): ActorRow {
  const { tags, due_at, title, summary, client, agent, created_at, updated_at, ...rest } = columns;
  return {
    ...rest,
    tags: tags ?? '',
    due_at: due_at ?? '',
    title: title ?? '',
    summary: summary ?? '',
    client: client ?? '',
    agent: agent ?? '',
    created_at: Number(created_at),
    updated_at: Number(updated_at),
  };
}

type JournalEntity = {
  actor: string;
  version: number;
  partition: number;
  seq: number;
  eventId: string;
  event: string;
  bodyHash: string;
  caller: string;
  causation?: string | null | undefined;
  correlation?: string | null | undefined;
  traceparent?: string | null | undefined;
  at: number;
  machineVersion: number;
  envelope: string;
  asked?: string | null | undefined;
  hash: string;
};

export function fromEntity(row: JournalEntity): HistoryRow {
  return {
    actor: row.actor,
    version: row.version,
    partition: row.partition,
    seq: Number(row.seq),
    event_id: row.eventId,
    event: row.event,
    body_hash: row.bodyHash,
    caller: row.caller,
    causation: row.causation ?? '',
    correlation: row.correlation ?? '',
    traceparent: row.traceparent ?? '',
    at: Number(row.at),
    machine_version: row.machineVersion,
    envelope: row.envelope,
    asked: row.asked ?? '',
    hash: row.hash,
  };
}

/** A row of the journal as `pg` reads it: its large numbers are texts, and it has the hashes that stand in for moved contents. */
export type RawHistory = { [Key in keyof HistoryRow]: HistoryRow[Key] | string | null } & {
  readonly envelope_hash?: string | null;
  readonly asked_hash?: string | null;
};

export function toHistory({ envelope_hash: _, asked_hash: __, ...row }: RawHistory): HistoryRow {
  return {
    ...row,
    seq: Number(row.seq),
    at: Number(row.at),
    causation: row.causation ?? '',
    correlation: row.correlation ?? '',
    traceparent: row.traceparent ?? '',
    asked: row.asked ?? '',
  } as HistoryRow;
}
