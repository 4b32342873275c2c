import { hash } from 'node:crypto';
import type { JournalRow } from './store/store.ts';

/**
 * The hash of a row: over the hash of the row before it in its partition and over the hashes of event, envelope and asked,
 * not their texts, so that contents can be emptied one day and the chain still verifies. Fields are parted by NUL, which no
 * text in PostgreSQL contains, so that none can lend characters to its neighbour. Hex.
 */
export function chainHash(before: string, row: Omit<JournalRow, 'hash'>): string {
  const { partition, seq, actor, version, event_id, body_hash, caller, causation, correlation, traceparent, at, machine_version } = row;
  const contents = `${body_hash}\0${hash('sha256', row.envelope)}\0${row.asked === '' ? '' : hash('sha256', row.asked)}`;
  const about = `${actor}\0${version}\0${event_id}\0${caller}\0${causation}\0${correlation}\0${traceparent}\0${at}\0${machine_version}`;
  return hash('sha256', `${before}\0${partition}\0${seq}\0${about}\0${contents}`);
}

export function bodyHash(event: string): string {
  return hash('sha256', event);
}

export function bytesHash(bytes: Uint8Array): string {
  return hash('sha256', bytes);
}
