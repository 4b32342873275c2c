import { partitionOf, typeOf } from '../../machines/ids.ts';
import { bodyHash, contentHashes, linkHash } from '../chain.ts';
import type { Asked, StoredEnvelope } from '../envelope.ts';
import type { AuditRow } from '../store/audit.ts';
import type { Finding } from './finding.ts';
import { checkPostings } from './posting-check.ts';

/** Retention has moved its contents to the archive. */
export function isEmptied(row: Pick<AuditRow, 'envelope_hash'>): boolean {
  return row.envelope_hash !== null;
}

/** The hash that the row ought to have behind the row with that hash. Of an emptied row it covers the hashes that stand in for its contents. */
export function auditHash(before: string, row: AuditRow): string {
  const { causation, correlation, traceparent, asked, envelope, envelope_hash, asked_hash } = row;
  const contents =
    envelope_hash === null ? contentHashes({ envelope, asked: asked ?? '' }) : { envelope_hash, asked_hash: asked_hash ?? '' };
  const texts = { causation: causation ?? '', correlation: correlation ?? '', traceparent: traceparent ?? '' };
  return linkHash(before, { ...row, ...texts }, contents);
}

/** Columns that hold NULL where there is nothing; an empty text in them was put there by somebody else. */
const NULLABLE = ['causation', 'correlation', 'traceparent', 'asked', 'asked_hash'] as const;

/** What a row says twice has to be the same both times. The columns that are not, each with a finding. */
export function checkRow(row: AuditRow): Finding[] {
  const found: Finding[] = [];
  const say = (column: string, what: string): void => void found.push({ ...placeOf(row), column, what });
  for (const column of NULLABLE) if (row[column] === '') say(column, 'was emptied: nothing is written as NULL');
  if (partitionOf(row.actor) !== row.partition) say('partition', `was changed: its actor belongs to partition ${partitionOf(row.actor)}`);
  if (isEmptied(row)) {
    if (row.event !== '' || row.envelope !== '' || row.asked !== null) say('envelope', 'was written into a row that is in the archive');
    if (!row.archived) say('envelope', 'was emptied, and no archive holds it');
    return found;
  }
  if (row.asked_hash !== null) say('asked_hash', 'was written into a row that is not in the archive');
  if (bodyHash(row.event) !== row.body_hash) say('event', 'does not fit its hash');
  found.push(...checkContents(row, row));
  return found;
}

type Contents = { readonly envelope: string; readonly asked: string | null };

/** The envelope's own fields against the columns beside it, and what was asked against the ledger. */
export function checkContents(row: AuditRow, { envelope, asked }: Contents): Finding[] {
  const found: Finding[] = [];
  const say = (column: string, what: string): void => void found.push({ ...placeOf(row), column, what });
  const stored = toJson(envelope) as Partial<StoredEnvelope> | undefined;
  if (stored === undefined) say('envelope', 'was changed: it cannot be read');
  else {
    if (stored.machine !== typeOf(row.actor)) say('actor', 'was changed: its envelope is of another kind of actor');
    if (stored.version !== row.version) say('version', `is not that of its envelope, ${stored.version}`);
    if (stored.at !== row.at) say('at', 'is not that of its envelope');
    if (stored.machine_version !== row.machine_version) say('machine_version', 'is not that of its envelope');
  }
  const read = asked === null || asked === '' ? {} : (toJson(asked) as Partial<Asked> | undefined);
  if (read === undefined) say('asked', 'was changed: it cannot be read');
  else found.push(...checkPostings(row, read.postings ?? [], row.legs));
  return found;
}

export function placeOf({ partition, seq, actor, version }: AuditRow): Finding & { readonly what: '' } {
  return { partition, seq, actor, version, what: '' };
}

/** Undefined for what is no object in JSON. */
function toJson(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
