import { hash } from 'node:crypto';
import type { JournalRow } from './store/store.ts';

/**
 * The hash of a row: over the hash of the row before it in its partition and over the hashes of event, envelope and asked,
 * not their texts, so that contents can be emptied one day and the chain still verifies. Hex.
 */
export function chainHash(before: string, row: Omit<JournalRow, 'hash'>): string {
  const { partition, seq, actor, version, event_id, body_hash, caller, causation, correlation, traceparent, at, machine_version } = row;
  const contents = `${body_hash}\n${hash('sha256', row.envelope)}\n${row.asked === '' ? '' : hash('sha256', row.asked)}`;
  const about = `${actor}\n${version}\n${event_id}\n${caller}\n${causation}\n${correlation}\n${traceparent}\n${at}\n${machine_version}`;
  return hash('sha256', `${before}\n${partition}\n${seq}\n${about}\n${contents}`);
}

export function bodyHash(event: string): string {
  return hash('sha256', event);
}

export function bytesHash(bytes: Uint8Array): string {
  return hash('sha256', bytes);
}
