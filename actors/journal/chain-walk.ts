import { partitionOf } from '../../machines/ids.ts';
import { bodyHash } from '../chain.ts';
import { compareHead } from '../signed-heads.ts';
import type { SignedHead } from '../signed-heads.ts';
import type { AuditRow } from '../store/audit.ts';
import type { Findings } from './finding.ts';
import { auditHash, checkRow, placeOf } from './row-check.ts';

/** A row whose hash is not what it ought to be; the row behind it tells whether the hash or what it covers was changed. */
type Suspect = { readonly row: AuditRow; readonly before: string; readonly hash: string };

type Start = { readonly partition: number; readonly from: number; readonly heads: readonly SignedHead[]; readonly findings: Findings };

/** Walks one partition from row to row, in the order of their numbers. It remembers one row, however long the journal is. */
export class ChainWalk {
  /** The number of the last row that stands in the chain. */
  last: number;
  /** The number of the last row that was read, exactly; the next page begins behind it. */
  cursor: string;
  rows = 0;
  readonly #partition: number;
  readonly #findings: Findings;
  readonly #heads: Map<number, SignedHead[]>;
  #hash = '';
  /** Of a walk that does not begin at the first row: the row before is taken as it is. */
  #base: boolean;
  #suspect: Suspect | undefined;

  constructor({ partition, from, heads, findings }: Start) {
    this.#partition = partition;
    this.#findings = findings;
    this.#heads = Map.groupBy(
      heads.filter(({ seq }) => seq >= from),
      ({ seq }) => seq,
    );
    this.#base = from > 1;
    this.last = this.#base ? from - 2 : 0;
    this.cursor = String(this.last);
  }

  take(row: AuditRow): void {
    this.rows++;
    this.cursor = row.exact_seq;
    if (this.#base) {
      this.#base = false;
      if (row.seq === this.last + 1) return this.#goOn(row);
    }
    for (const finding of checkRow(row)) this.#findings.add(finding);
    if (row.seq <= this.last) return this.#double(row);
    if (row.seq > this.last + 1) this.#missing(row.seq);
    else this.#link(row);
    this.#goOn(row);
  }

  /** After the last row. `published` is up to which row the hub says that everything went out. */
  end(published: number): void {
    this.#settle();
    const cut = [...this.#heads.keys()].filter((seq) => seq > this.last);
    const named = Math.max(0, ...cut);
    if (named > 0)
      this.#say(`the journal ends at row ${this.last}, and a head that was signed outside names row ${named}: its tail was cut off`);
    else if (published > this.last)
      this.#say(`the journal ends at row ${this.last}, and rows up to ${published} had gone out: its tail was cut off`);
  }

  #goOn(row: AuditRow): void {
    this.last = row.seq;
    this.#hash = row.hash;
    for (const head of this.#heads.get(row.seq) ?? []) {
      if (compareHead(head, row.hash) === 'changed')
        this.#findings.add({
          ...placeOf(row),
          what: 'this is not the row of which the head was signed outside: the journal was written anew',
        });
    }
    this.#heads.delete(row.seq);
  }

  #link(row: AuditRow): void {
    const hash = auditHash(this.#hash, row);
    const suspect = this.#suspect;
    if (suspect !== undefined && hash !== row.hash && auditHash(suspect.hash, row) === row.hash) {
      this.#suspect = undefined;
      this.#findings.add({ ...placeOf(suspect.row), column: 'hash', what: 'was changed (the row behind it knows the right one)' });
      return;
    }
    this.#settle();
    if (hash !== row.hash) this.#suspect = { row, before: this.#hash, hash };
  }

  #settle(): void {
    const suspect = this.#suspect;
    this.#suspect = undefined;
    if (suspect === undefined) return;
    const column = changedColumn(suspect);
    const what =
      column === undefined
        ? 'was changed, or is not the row that stood here (its hash does not match)'
        : 'was changed (the hash of the row does not match)';
    this.#findings.add({ ...placeOf(suspect.row), ...(column === undefined ? {} : { column }), what });
  }

  #missing(seq: number): void {
    this.#settle();
    const [first, last] = [this.last + 1, seq - 1];
    this.#findings.add({
      partition: this.#partition,
      seq: first,
      what: first === last ? 'the row is missing' : `the rows up to ${last} are missing`,
    });
  }

  #double(row: AuditRow): void {
    this.#findings.add({
      ...placeOf(row),
      what: row.seq < 1 ? 'was put in: rows are numbered from 1' : 'was put in: another row has this number',
    });
  }

  #say(what: string): void {
    this.#findings.add({ partition: this.#partition, what });
  }
}

/** The column with which the hash would be right: what a row says elsewhere once more is tried in its place. */
function changedColumn({ row, before }: Suspect): string | undefined {
  const envelope = readEnvelope(row.envelope);
  const tries: readonly (readonly [string, Partial<AuditRow>])[] = [
    ['body_hash', { body_hash: row.event === '' ? row.body_hash : bodyHash(row.event) }],
    ['version', { version: Number(envelope.version) }],
    ['at', { at: Number(envelope.at) }],
    ['machine_version', { machine_version: Number(envelope.machine_version) }],
    ['partition', { partition: partitionOf(row.actor) }],
    ['causation', { causation: null }],
    ['correlation', { correlation: null }],
    ['traceparent', { traceparent: null }],
    ['asked', { asked: null }],
  ];
  return tries.find(([, instead]) => auditHash(before, { ...row, ...instead }) === row.hash)?.[0];
}

function readEnvelope(text: string): { version?: unknown; at?: unknown; machine_version?: unknown } {
  try {
    return (JSON.parse(text) ?? {}) as object;
  } catch {
    return {};
  }
}
