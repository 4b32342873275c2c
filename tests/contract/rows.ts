import { partitionOf } from '../../machines/ids.ts';
import { bodyHash, chainHash } from '../../actors/chain.ts';
import type { ActorRow, Batch, Head, JournalRow, PostingRow, RefusalRow } from '../../actors/store/store.ts';

/** A row as a step would make it; what does not matter to a test is filled in. */
export function journalRow(given: Partial<JournalRow> & { readonly actor: string; readonly version: number }): JournalRow {
  const partition = given.partition ?? partitionOf(given.actor);
  const event = given.event ?? `{"type":"GO","n":${given.version}}`;
  const row = {
    partition,
    seq: given.version,
    event_id: `caller:ann:${given.version}`,
    event,
    body_hash: bodyHash(event),
    caller: 'ann',
    causation: '',
    correlation: '',
    traceparent: '',
    at: 1_000 + given.version,
    machine_version: 1,
    envelope: `{"version":${given.version}}`,
    asked: '',
    ...given,
  };
  return { ...row, hash: given.hash ?? chainHash('', row) };
}

export function actorRow(given: Partial<ActorRow> & { readonly address: string }): ActorRow {
  return {
    partition: partitionOf(given.address),
    type: given.address.slice(0, given.address.indexOf('/')),
    version: 1,
    state: 'idle',
    tags: '',
    due_at: '',
    pending: 0,
    parked: false,
    title: '',
    summary: '',
    client: '',
    agent: '',
    created_at: 1_000,
    updated_at: 1_000,
    ...given,
  };
}

/** The first row of each of these actors, numbered as their partitions number them. */
export function firstRows(actors: readonly ActorRow[]): JournalRow[] {
  const seqs = new Map<number, number>();
  return actors.map(({ address, partition }) => {
    const seq = (seqs.get(partition) ?? 0) + 1;
    seqs.set(partition, seq);
    return journalRow({ actor: address, version: 1, partition, seq });
  });
}

export function refusalRow(given: Partial<RefusalRow> & { readonly actor: string; readonly event_id: string }): RefusalRow {
  return {
    partition: partitionOf(given.actor),
    body_hash: bodyHash('{}'),
    reason: 'not_in_state',
    detail: '',
    version: 1,
    at: 1_000,
    ...given,
  };
}

export function postingRow(given: Partial<PostingRow> & { readonly actor: string; readonly version: number }): PostingRow {
  return {
    partition: partitionOf(given.actor),
    i: 0,
    leg: 0,
    account: 'cash',
    currency: 'EUR',
    amount_minor: 100,
    at: 1_000,
    pending: false,
    effective: null,
    kind: 'posted',
    of_version: null,
    of_i: null,
    ...given,
  };
}

/** A batch of one actor's rows under the epochs of these heads. */
export function batchOf(heads: readonly Head[], given: Partial<Batch>): Batch {
  const rows = [...(given.journal ?? []), ...(given.actors ?? []), ...(given.refusals ?? [])];
  const ids = new Set(rows.map(({ partition }) => partition));
  const partitions = heads.filter(({ partition }) => ids.has(partition)).map(({ partition: id, epoch }) => ({ id, epoch }));
  return { partitions, journal: [], actors: [], refusals: [], creations: [], dead: [], postings: [], ...given };
}
