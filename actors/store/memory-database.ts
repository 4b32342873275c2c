import { PARTITIONS } from '../../machines/ids.ts';
import { monthOf } from '../../machines/month.ts';
import type { Clock } from '../ports/ports.ts';
import { MemoryOperations } from './memory-operations.ts';
import type { Balance } from './postings.ts';
import { CommitFault } from './store.ts';
import type {
  ActorRow,
  Batch,
  Cluster,
  CreationRow,
  DeadLetterRow,
  Earlier,
  Head,
  JournalRow,
  Loaded,
  PostingRow,
  Progress,
  RefusalRow,
} from './store.ts';

type Partition = { owner: string | undefined; epoch: number };
type Lease = { readonly until: number; readonly url: string; readonly release: string };
type History = { readonly rows: JournalRow[]; readonly ids: Map<string, JournalRow> };

/** The tables and their rules. Every call is one transaction: nothing else happens between its beginning and its end. */
export class MemoryDatabase {
  readonly #clock: Pick<Clock, 'now'>;
  readonly #partitions: Partition[] = Array.from({ length: PARTITIONS }, () => ({ owner: undefined, epoch: 0 }));
  readonly #leases = new Map<string, Lease>();
  readonly #journal: JournalRow[][] = Array.from({ length: PARTITIONS }, () => []);
  readonly #byActor = new Map<string, History>();
  readonly #actors = new Map<string, ActorRow>();
  readonly #refusals = new Map<string, Map<string, RefusalRow>>();
  readonly #creations = new Map<string, CreationRow>();
  readonly #dead = new Map<string, DeadLetterRow>();
  readonly #postings = new Map<string, PostingRow>();
  readonly #text = new Map<string, string>();
  readonly #progress: Progress[] = Array.from({ length: PARTITIONS }, (_, partition) => ({
    partition,
    epoch: 0,
    stream: '',
    cursor: 0,
    published: 0,
  }));

  readonly operated = new MemoryOperations();

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock;
  }

  get actors(): ActorRow[] {
    return [...this.#actors.values()];
  }

  get dead(): DeadLetterRow[] {
    return [...this.#dead.values()];
  }

  get refusals(): RefusalRow[] {
    return [...this.#refusals.values()].flatMap((rows) => [...rows.values()]);
  }

  get postings(): PostingRow[] {
    return [...this.#postings.values()];
  }

  /** What the posted legs of these accounts, or of all, add up to. */
  balances(accounts?: readonly string[]): Balance[] {
    const sums = new Map<string, Balance>();
    for (const { account, currency, amount_minor, pending } of this.#postings.values()) {
      if (pending || accounts?.includes(account) === false) continue;
      const key = `${account} ${currency}`;
      const before = sums.get(key)?.amount_minor ?? 0n;
      sums.set(key, { account, currency, amount_minor: before + BigInt(amount_minor) });
    }
    return [...sums.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, balance]) => balance);
  }

  rowsOf(partition: number): readonly JournalRow[] {
    return this.#journal[partition] ?? [];
  }

  journalOf(address: string): JournalRow[] {
    return [...(this.#byActor.get(address)?.rows ?? [])];
  }

  rowAt(address: string, version: number): JournalRow | undefined {
    return this.#byActor.get(address)?.rows[version - 1];
  }

  actorOf(address: string): ActorRow | undefined {
    return this.#actors.get(address);
  }

  actorsOf(partitions: readonly number[]): ActorRow[] {
    return this.actors.filter(({ partition }) => partitions.includes(partition));
  }

  textOf(address: string): string | undefined {
    return this.#text.get(address);
  }

  renew(node: string, url: string, lease_ms: number, release = '1'): void {
    this.#leases.set(node, { until: this.#clock.now() + lease_ms, url, release });
  }

  look(): Cluster {
    const now = this.#clock.now();
    const nodes = [...this.#leases].flatMap(([id, { until, url, release }]) =>
      until > now ? [{ id, url, release, left_ms: until - now }] : [],
    );
    return { now, nodes, partitions: this.#partitions.map(({ owner, epoch }, id) => ({ id, owner, epoch })) };
  }

  unclaim(node: string, partitions: readonly number[]): void {
    for (const id of partitions) {
      const partition = this.#partitions[id];
      if (partition?.owner === node) partition.owner = undefined;
    }
  }

  release(node: string): void {
    for (const partition of this.#partitions) if (partition.owner === node) partition.owner = undefined;
    this.#leases.delete(node);
  }

  claim(node: string, partitions: readonly number[]): Head[] {
    for (const id of partitions) {
      const partition = this.#partitions[id];
      if (partition === undefined || !this.#isFree(partition, node)) continue;
      partition.owner = node;
      partition.epoch++;
    }
    return [...new Set(partitions)].flatMap((id) => {
      const partition = this.#partitions[id];
      if (partition?.owner !== node) return [];
      const last = this.rowsOf(id).at(-1);
      return [{ partition: id, epoch: partition.epoch, seq: last?.seq ?? 0, hash: last?.hash ?? '' }];
    });
  }

  #isFree({ owner }: Partition, node: string): boolean {
    return owner === undefined || owner === node || (this.#leases.get(owner)?.until ?? 0) <= this.#clock.now();
  }

  load(address: string): Loaded {
    const actor = this.#actors.get(address);
    const envelope = this.#byActor.get(address)?.rows.at(-1)?.envelope;
    return { address, envelope, refused: this.#refusals.has(address), created_at: actor?.created_at ?? 0 };
  }

  lookup(actor: string, event_id: string): Earlier[] {
    const applied = this.#byActor.get(actor)?.ids.get(event_id);
    if (applied !== undefined) return [{ actor, event_id, version: applied.version, body_hash: applied.body_hash }];
    const refused = this.#refusals.get(actor)?.get(event_id);
    if (refused === undefined) return [];
    const { version, body_hash, reason, detail } = refused;
    return [{ actor, event_id, version, body_hash, reason, ...(detail === '' ? {} : { detail }) }];
  }

  creation(caller: string, key: string): CreationRow[] {
    const row = this.#creations.get(`${caller}\0${key}`);
    return row === undefined ? [] : [row];
  }

  /** All of it or nothing: what could fail is looked at before anything is written. */
  commit(batch: Batch): void {
    const held = batch.partitions.filter(({ id, epoch }) => this.#partitions[id]?.epoch === epoch).length;
    if (held !== batch.partitions.length)
      throw new CommitFault('fenced', `Only ${held} of ${batch.partitions.length} partitions are still owned by this node`);
    this.#mustBeUnique(batch);
    this.#mustBeOpen(batch);
    for (const row of batch.journal) {
      this.#journal[row.partition]?.push(row);
      const history = this.#byActor.get(row.actor) ?? { rows: [], ids: new Map<string, JournalRow>() };
      history.rows.push(row);
      history.ids.set(row.event_id, row);
      this.#byActor.set(row.actor, history);
    }
    for (const row of batch.actors)
      this.#actors.set(row.address, { ...row, created_at: this.#actors.get(row.address)?.created_at ?? row.created_at });
    for (const row of batch.refusals) {
      const rows = this.#refusals.get(row.actor) ?? new Map<string, RefusalRow>();
      this.#refusals.set(row.actor, rows.set(row.event_id, row));
    }
    for (const row of batch.creations) this.#creations.set(`${row.caller}\0${row.key}`, row);
    for (const row of batch.dead) if (!this.#dead.has(row.id)) this.#dead.set(row.id, row);
    for (const row of batch.postings) this.#postings.set(legKey(row), row);
  }

  /** A statement whose sender is gone; nobody hears what became of it. */
  tryCommit(batch: Batch): void {
    try {
      this.commit(batch);
    } catch (error) {
      if (!(error instanceof CommitFault)) throw error;
    }
  }

  #mustBeUnique({ journal, refusals, creations, postings }: Batch): void {
    const here = new Set<string>();
    const mustBeNew = (what: string, exists: boolean): void => {
      if (exists || here.has(what)) throw new CommitFault('repeat', `duplicate key value violates unique constraint: ${what}`);
      here.add(what);
    };
    for (const { partition, seq, actor, version, event_id } of journal) {
      const history = this.#byActor.get(actor);
      mustBeNew(`journal_seq ${partition} ${seq}`, seq <= this.rowsOf(partition).length);
      mustBeNew(`journal_pkey ${actor} ${version}`, history !== undefined && version <= history.rows.length);
      mustBeNew(`journal_event ${actor} ${event_id}`, history?.ids.has(event_id) === true);
    }
    for (const { actor, event_id } of refusals)
      mustBeNew(`refusal ${actor} ${event_id}`, this.#refusals.get(actor)?.has(event_id) === true);
    for (const { caller, key } of creations) mustBeNew(`creation ${caller} ${key}`, this.#creations.has(`${caller}\0${key}`));
    for (const row of postings) mustBeNew(`posting_pkey ${legKey(row)}`, this.#postings.has(legKey(row)));
  }

  /** Nothing is posted into a month that is closed or being closed, nor into one before it; but by its own period. */
  #mustBeOpen({ actors, postings }: Batch): void {
    const periods = new Map(
      [...this.#actors.values(), ...actors].flatMap((row) => (row.type === 'period' ? [[row.address, row.state]] : [])),
    );
    for (const { actor, effective } of postings) {
      if (effective === null) continue;
      const month = monthOf(effective);
      for (const [address, state] of periods) {
        if (address === actor || address < `period/${month}` || state.startsWith('open.')) continue;
        throw new CommitFault('poison', `Nothing more is posted into ${month}: ${address} is closed or being closed`);
      }
    }
  }

  progressOf(partitions: readonly number[]): Progress[] {
    return this.#progress.filter(({ partition }) => partitions.includes(partition));
  }

  saveProgress(rows: readonly Progress[]): void {
    for (const row of rows) {
      const before = this.#progress[row.partition];
      if (before === undefined || this.#partitions[row.partition]?.epoch !== row.epoch) continue;
      const cursor = before.stream === row.stream ? Math.max(before.cursor, row.cursor) : row.cursor;
      this.#progress[row.partition] = { ...row, cursor, published: Math.max(before.published, row.published) };
    }
  }

  indexText(rows: readonly { readonly address: string; readonly text: string }[]): void {
    for (const { address, text } of rows) this.#text.set(address, text);
  }
}

function legKey({ actor, version, i, leg }: PostingRow): string {
  return `${actor} ${version} ${i} ${leg}`;
}
