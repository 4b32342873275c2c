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

/** A row of the journal as `pg` reads it: its large numbers are texts. */
export type RawHistory = { [Key in keyof HistoryRow]: HistoryRow[Key] | string | null };

export function toHistory(row: RawHistory): HistoryRow {
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
