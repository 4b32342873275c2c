import type { Clock } from './clock.ts';
import { Listeners } from './listeners.ts';
import type { Kept, Lane, Refusal } from './outbox-lane.ts';
import type { Decide, OutboxStorage } from './outbox-storage.ts';
import { Problem, toProblem } from './problem.ts';
import type { Channel, Tabs } from './tabs.ts';

/** What became of a command that was kept. */
export type Settled =
  | { readonly outcome: 'applied' | 'duplicate'; readonly version: number }
  /** It is in the tray, and somebody has to decide. */
  | { readonly outcome: 'refused'; readonly refusal: Refusal }
  | { readonly outcome: 'discarded' };

export type MirrorOptions = { readonly storage: OutboxStorage; readonly tabs: Tabs; readonly clock: Clock };

type Message =
  | { readonly kind: 'changed' | 'nudge' }
  | { readonly kind: 'done'; readonly ids: readonly string[] }
  | { readonly kind: 'settled'; readonly kept: Kept; readonly settled: Settled };

/** Storage that fails is asked again after so long. */
const BROKEN_MS = 5_000;
/** So many of the commands that the hub has done last are remembered. */
const MOST_DONE = 10_000;
const NONE: Lane = [];

/**
 * What is kept for one person, as this tab knows it. Storage is the truth: every change is made there first, and whatever
 * another tab changes is read from there again.
 */
export class OutboxMirror {
  readonly #options: MirrorOptions;
  readonly #listeners = new Listeners();
  readonly #hearers = new Listeners<[Kept, Settled]>();
  readonly #wakers = new Listeners<['changed' | 'nudge']>();
  #lanes: ReadonlyMap<string, Lane> = new Map();
  /** What the hub has done while this page is open: what is kept afterwards may name it. */
  readonly #done = new Set<string>();
  #all: readonly Kept[] | undefined;
  #person: string | undefined;
  #trouble: Problem | undefined;
  #channel: Channel | undefined;
  #reading: Promise<void> | undefined;
  /** Ends the waiting for storage that has failed. */
  #mending: () => void = () => undefined;
  /** Something has changed since the reading that is under way began. */
  #stale = false;

  constructor(options: MirrorOptions) {
    this.#options = options;
  }

  /** `name` is the one under which the person's tabs hear each other. */
  open(person: string, name: string): void {
    this.#person = person;
    this.#channel = this.#options.tabs.channel(name, (message) => this.#hear(message as Message));
    void this.reload();
  }

  close(): void {
    this.#channel?.close();
    this.#channel = undefined;
    this.#person = undefined;
    this.#reading = undefined;
    this.#mending();
    this.#trouble = undefined;
    this.#done.clear();
    this.#set(new Map());
  }

  /** Everything, in the order in which it came. The same array as long as nothing changes. */
  get all(): readonly Kept[] {
    this.#all ??= [...this.#lanes.values()].flat().sort((a, b) => a.seq - b.seq);
    return this.#all;
  }

  get lanes(): ReadonlyMap<string, Lane> {
    return this.#lanes;
  }

  of(to: string): Lane {
    return this.#lanes.get(to) ?? NONE;
  }

  /** Throws the Problem `not_found`. */
  find(id: string): Kept {
    const kept = this.all.find((one) => one.id === id);
    if (kept === undefined) throw new Problem(0, 'not_found', 'This command is not kept any more.');
    return kept;
  }

  /** Why nothing can be kept or read, while that is so. */
  get trouble(): Problem | undefined {
    return this.#trouble;
  }

  onChange(listener: () => void): () => void {
    return this.#listeners.add(listener);
  }

  /** Called with every command that is settled while this page is open, in whichever tab that was. */
  onSettled(hear: (kept: Kept, settled: Settled) => void): () => void {
    return this.#hearers.add(hear);
  }

  /** Called when another tab has changed something, or somebody there wants that it is tried now. */
  onWake(wake: (why: 'changed' | 'nudge') => void): () => void {
    return this.#wakers.add(wake);
  }

  /** Tells the tab that sends that somebody wants it tried now. */
  nudge(): void {
    this.#channel?.post({ kind: 'nudge' } satisfies Message);
  }

  /** Whether the hub is known to have done a command, in whichever tab it was. */
  isDone(id: string): boolean {
    return this.#done.has(id);
  }

  /** The hub has done it. To be called before it is taken out of the queue, so that no tab misses it there without knowing why. */
  done({ id, formerly = [] }: Kept): void {
    const ids = [...formerly, id];
    this.#channel?.post({ kind: 'done', ids } satisfies Message);
    this.#remember(ids);
  }

  settle(kept: Kept, settled: Settled): void {
    this.#channel?.post({ kind: 'settled', kept, settled } satisfies Message);
    this.#hearers.tell(kept, settled);
  }

  /**
   * Changes the queue of one actor where it is kept; `then` runs when that is safe, before anybody is told. Throws a Problem: what
   * `decide` throws, `unauthenticated`, `not_kept`.
   */
  async change(to: string, decide: Decide, then?: (lane: Lane) => void): Promise<Lane> {
    const person = this.#person;
    if (person === undefined) throw new Problem(401, 'unauthenticated', 'You are not signed in.');
    let changes = true;
    const decideAndLook: Decide = (before, total) => {
      const after = decide(before, total);
      changes = after.length !== before.length || after.some((kept, i) => kept !== before[i]);
      return after;
    };
    const lane = await this.#options.storage.change(person, to, decideAndLook).catch((error: unknown) => {
      throw toStorageProblem(error);
    });
    if (person !== this.#person) return lane;
    then?.(lane);
    this.#stale = true; // what is being read at this moment may be older
    this.#trouble = undefined;
    const next = new Map(this.#lanes);
    if (lane.length === 0) next.delete(to);
    else next.set(to, lane);
    this.#set(next);
    if (changes) this.#channel?.post({ kind: 'changed' } satisfies Message);
    return lane;
  }

  /** Says that storage has failed. */
  fail(error: unknown): void {
    this.#trouble = toStorageProblem(error);
    this.#tell();
  }

  /** Reads everything, once for all who ask meanwhile, and once more for whoever asks while it is being read. */
  reload(): Promise<void> {
    this.#stale = true;
    if (this.#person === undefined) return Promise.resolve();
    this.#reading ??= this.#read(this.#person);
    return this.#reading;
  }

  async #read(person: string): Promise<void> {
    const { storage, clock } = this.#options;
    const isMine = (): boolean => person === this.#person;
    while (this.#stale && isMine()) {
      this.#stale = false;
      try {
        const all = await storage.load(person);
        if (!isMine() || this.#stale) continue;
        this.#trouble = undefined;
        this.#set(groupByActor(all, this.#lanes));
      } catch (error) {
        if (!isMine()) return;
        this.fail(error);
        this.#mending();
        this.#mending = clock.after(BROKEN_MS, () => void this.reload());
      }
    }
    // In the same turn: whoever asks from here on begins another reading.
    if (isMine()) this.#reading = undefined;
  }

  #hear(message: Message): void {
    if (message.kind === 'done') this.#remember(message.ids);
    if (message.kind === 'settled') this.#hearers.tell(message.kept, message.settled);
    if (message.kind === 'changed') void this.reload();
    if (message.kind === 'changed' || message.kind === 'nudge') this.#wakers.tell(message.kind);
  }

  #remember(ids: readonly string[]): void {
    for (const id of ids) this.#done.add(id);
    for (const id of this.#done) {
      if (this.#done.size <= MOST_DONE) return;
      this.#done.delete(id);
    }
  }

  #set(lanes: ReadonlyMap<string, Lane>): void {
    this.#lanes = lanes;
    this.#all = undefined;
    this.#tell();
  }

  #tell(): void {
    this.#listeners.tell();
  }
}

/** By actor, each in its order. What has not changed stays the same array, so that nothing is drawn anew for it. */
function groupByActor(all: readonly Kept[], before: ReadonlyMap<string, Lane>): ReadonlyMap<string, Lane> {
  const grouped = new Map<string, Lane>(Map.groupBy(all, ({ to }) => to));
  for (const [to, lane] of grouped) {
    const old = before.get(to);
    if (old !== undefined && JSON.stringify(old) === JSON.stringify(lane)) grouped.set(to, old);
  }
  return grouped;
}

function toStorageProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  return new Problem(0, 'not_kept', `Commands cannot be kept on this device: ${toProblem(error).message}`);
}
