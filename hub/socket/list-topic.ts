import type { Cancel, Ports } from '../../actors/ports/ports.ts';
import type { Feed, Follower } from './follower.ts';
import { toListOps } from './list-change.ts';
import { matches, sortValue } from './list-filter.ts';
import type { Facts } from './list-filter.ts';
import type { ListChange } from './list-changes.ts';
import type { ListReader, ListSubject } from './list-reader.ts';
import { ListWindow } from './list-window.ts';
import type { Row } from './list-window.ts';

export type ListTopicOptions = {
  readonly subject: ListSubject;
  readonly reader: ListReader;
  readonly ports: Ports;
  /** How many rows are kept beyond those that are shown. */
  readonly spare: number;
  /** Asks for a `flush` soon. */
  readonly onDirty: (topic: ListTopic) => void;
};

/** Search text is written behind: a search is asked again so long after a change, the later times in case the index was late. */
const SEARCH_MS = [400, 1000, 3000] as const;
/** However fast rows come and go, a window is made good from the store so often and no more. */
const REFILL_MS = 100;
const AGAIN_MS = 2000;
/** Where a page does not make it good, because it holds what this release cannot read, it is asked for ever more seldom. */
const MOST_REFILL_MS = 30_000;
/** A commit that the count has seen may be told of a moment later. */
const SEAM_MS = 100;

/**
 * One list that somebody follows, shared by all who ask the same and see the same. It takes commits while it reads, so that
 * nothing is missed at the seam; a row of an older version never replaces a newer one.
 */
export class ListTopic implements Feed {
  readonly kind = 'list';
  readonly subject: ListSubject;
  readonly #options: ListTopicOptions;
  readonly #window: ListWindow;
  readonly #textual: boolean;
  readonly #followers = new Set<Follower>();
  #shown: readonly Row[] = [];
  #shownTotal = 0;
  #counted = 0;
  /** When it was asked for, in epoch milliseconds. */
  #countedAt = 0;
  #refill_ms: number = REFILL_MS;
  /** Raised with every change of the total, so that a count knows whether it is certain. */
  #moves = 0;
  #certain = true;
  #rechecking: Cancel | undefined;
  /** When something last happened that a search may find otherwise now. */
  #changedAt = -Infinity;
  #since: ListChange[] | undefined;
  #reading: Promise<void> | undefined;
  #read = false;
  #later: Cancel | undefined;
  #closed = false;
  idleSince: number | undefined;
  /** How many are about to join. */
  pins = 0;

  constructor(options: ListTopicOptions) {
    const { question } = options.subject;
    this.subject = options.subject;
    this.#options = options;
    this.#textual = question.text !== undefined;
    this.#window = new ListWindow({
      descending: question.descending,
      limit: question.limit,
      capacity: question.limit + options.spare,
      sorts: question.sort !== 'title',
      finds: !this.#textual,
    });
  }

  get followers(): number {
    return this.#followers.size;
  }

  /** Resolves when it can be joined. Rejects where the store does not answer. */
  ready(): Promise<void> {
    if (this.#read && !(this.#followers.size === 0 && this.#window.wanting)) return Promise.resolve();
    return this.#readPage();
  }

  join(follower: Follower): void {
    this.flush();
    this.#followers.add(follower);
    follower.feed = this;
    follower.owe();
    this.idleSince = undefined;
    // What was wanted while nobody followed it was not asked for.
    if (this.#textual) this.#searchAgain();
    else if (this.#window.wanting) this.#askLater(this.#refill_ms);
    else if (!this.#certain && !this.#window.complete) this.#recheck(-1);
  }

  leave(follower: Follower): void {
    this.#followers.delete(follower);
  }

  /** A list always begins with a snapshot; whoever fell behind gets one too. */
  catchUp(follower: Follower): { frame: string; version: number } {
    const version = follower.version + 1;
    const items = this.#shown.map(({ json }) => json).join(',');
    const epoch = JSON.stringify(follower.epoch);
    const frame = `{"kind":"snapshot","sub":${follower.sub},"epoch":${epoch},"version":${version},"items":[${items}],"total":${this.#shownTotal}}`;
    return { frame, version };
  }

  /** Takes what was committed of one actor of this kind. */
  take(change: ListChange): void {
    this.#since?.push(change);
    if (!this.#read) return;
    const { complete, size } = this.#window;
    if (!this.#textual && !complete) this.#count(change);
    if (this.#apply(change)) this.#options.onDirty(this);
    if (complete) this.#counted = this.#window.complete ? this.#window.size : size + 1;
    if (this.#textual && this.#concerns(change)) this.#searchAgain();
  }

  /** It may have missed something. */
  doubt(): void {
    this.#askLater(REFILL_MS);
  }

  /** Tells the followers what has changed since the last time. */
  flush(): void {
    if (!this.#read) return;
    if (this.#window.wanting && this.#followers.size > 0) this.#askLater(this.#refill_ms);
    const rows = this.#window.top();
    const total = this.#window.complete ? this.#window.size : Math.max(this.#counted, this.#window.size);
    const ops = toListOps(this.#shown, rows);
    if (ops.length === 0 && total === this.#shownTotal) return;
    this.#shown = rows;
    this.#shownTotal = total;
    const body = `"ops":[${ops.join(',')}],"total":${total}}`;
    for (const follower of this.#followers) {
      const { sub, version } = follower;
      if (follower.live) follower.send(`{"kind":"list","sub":${sub},"base":${version},"version":${version + 1},${body}`, version + 1);
      else follower.owe();
    }
  }

  close(): void {
    this.#closed = true;
    this.#later?.();
    this.#rechecking?.();
  }

  #apply(change: ListChange): boolean {
    const { facts } = change;
    if (change.late) return this.#window.wanting;
    const { question, audience } = this.subject;
    const row = this.#belongs(facts)
      ? { address: facts.address, version: facts.version, sort: sortValue(facts, question), json: change.item(audience) }
      : undefined;
    return this.#window.apply(facts.address, facts.version, row) || this.#window.wanting;
  }

  /** Whether the actor may have come into the list, be in it or have left it. */
  #concerns({ facts, before }: ListChange): boolean {
    return this.#belongs(facts) || this.#belongs(before());
  }

  #belongs(facts: Facts | undefined): boolean {
    return facts !== undefined && matches(facts, this.subject.question, this.subject.scope);
  }

  #count({ facts, before }: ListChange): void {
    const delta = Number(this.#belongs(facts)) - Number(this.#belongs(before()));
    if (delta === 0) return;
    this.#counted += delta;
    this.#moves++;
    this.#options.onDirty(this);
    // Committed before it was counted and heard of only now: it may be in the count already.
    if (facts.updated_at <= this.#countedAt + SEAM_MS) this.#recheck(-1);
  }

  /** Reads the page, at most once at a time; what is committed meanwhile is applied on top. */
  #readPage(): Promise<void> {
    this.#reading ??= this.#takePage().finally(() => {
      this.#reading = undefined;
      this.#since = undefined;
    });
    return this.#reading;
  }

  async #takePage(): Promise<void> {
    const since: ListChange[] = [];
    this.#since = since;
    const moves = this.#moves;
    const { clock } = this.#options.ports;
    const [began, asked] = [clock.monotonic(), clock.now()];
    const page = await this.#options.reader.page(this.subject, this.#window.capacity);
    if (this.#closed) return;
    this.#window.reset(page.rows, page.edge);
    for (const { address, version, row } of page.moved) this.#window.apply(address, version, row);
    for (const change of since) this.#apply(change);
    this.#counted = page.total;
    this.#countedAt = asked;
    this.#read = true;
    this.#refill_ms = this.#window.wanting ? Math.min(this.#refill_ms * 2, MOST_REFILL_MS) : REFILL_MS;
    this.#options.onDirty(this);
    if (this.#textual) this.#searchLater(began);
    else if (!this.#window.complete) this.#recheck(since.length > 0 ? -1 : moves);
  }

  /** What a search finds may be another now. */
  #searchAgain(): void {
    this.#changedAt = this.#options.ports.clock.monotonic();
    this.#askLater(SEARCH_MS[0]);
  }

  /** A read that began before the index can have been written is not the last one. */
  #searchLater(began: number): void {
    const age = began - this.#changedAt;
    const next = SEARCH_MS.find((after) => age < after);
    if (next !== undefined) this.#askLater(next - age);
  }

  /** The count is certain when nothing has moved from before it was asked until a moment after it came; else it is asked again. */
  #recheck(moves: number): void {
    const { timers } = this.#options.ports;
    this.#certain = false;
    this.#rechecking ??= timers.after(SEAM_MS, () => {
      this.#rechecking = undefined;
      this.#certain = this.#moves === moves;
      if (this.#closed || this.#certain || this.#followers.size === 0) return;
      this.#rechecking = timers.after(AGAIN_MS, () => {
        this.#rechecking = undefined;
        void this.#recount();
      });
    });
  }

  async #recount(): Promise<void> {
    if (this.#closed || this.#window.complete || this.#followers.size === 0) return;
    const moves = this.#moves;
    const asked = this.#options.ports.clock.now();
    const counted = await this.#options.reader.count(this.subject).catch(() => undefined);
    if (this.#closed) return;
    if (counted !== undefined) this.#countedAt = asked;
    if (counted !== undefined && moves === this.#moves && counted !== this.#counted) {
      this.#counted = counted;
      this.#options.onDirty(this);
    }
    this.#recheck(counted === undefined ? -1 : moves);
  }

  /** Asks the store again after a while, however often it is wanted meanwhile. */
  #askLater(delay_ms: number): void {
    this.#later ??= this.#options.ports.timers.after(delay_ms, () => {
      this.#later = undefined;
      if (this.#closed || this.#followers.size === 0) return;
      this.#readPage().catch(() => this.#askLater(AGAIN_MS));
    });
  }
}
