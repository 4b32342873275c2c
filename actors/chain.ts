import { hash } from 'node:crypto';
import type { JournalRow } from './store/store.ts';

/** What of a row's contents goes into its hash: the hashes of envelope and asked, hex; empty where nothing was asked. */
export type ContentHashes = { readonly envelope_hash: string; readonly asked_hash: string };

/**
 * The hash of a row: over the hash of the row before it in its partition and over the hashes of event, envelope and asked,
 * not their texts, so that contents can be emptied one day and the chain still verifies. Fields are parted by NUL, which no
 * text in PostgreSQL contains, so that none can lend characters to its neighbour. Hex.
 */
export function chainHash(before: string, row: Omit<JournalRow, 'hash'>): string {
  return linkHash(before, row, contentHashes(row));
}

/** The same for a row whose contents lie elsewhere, of which only the hashes are here. */
export function linkHash(before: string, row: Omit<JournalRow, 'hash' | 'event' | 'envelope' | 'asked'>, contents: ContentHashes): string {
  const { partition, seq, actor, version, event_id, body_hash, caller, causation, correlation, traceparent, at, machine_version } = row;
  const about = `${actor}\0${version}\0${event_id}\0${caller}\0${causation}\0${correlation}\0${traceparent}\0${at}\0${machine_version}`;
  return hash('sha256', `${before}\0${partition}\0${seq}\0${about}\0${body_hash}\0${contents.envelope_hash}\0${contents.asked_hash}`);
}

export function contentHashes({ envelope, asked }: Pick<JournalRow, 'envelope' | 'asked'>): ContentHashes {
  return { envelope_hash: hash('sha256', envelope), asked_hash: asked === '' ? '' : hash('sha256', asked) };
}

export function bodyHash(event: string): string {
  return hash('sha256', event);
}

export function bytesHash(bytes: Uint8Array): string {
  return hash('sha256', bytes);
}
