import { partitionOf } from '../machines/ids.ts';
import type { Definition } from '../machines/machine.ts';
import { Work, creationKey, idKey } from './batch.ts';
import type { Head, Known, Live, Surroundings } from './batch.ts';
import type { CommitListener, Committed, Delivery, Outcome } from './delivery.ts';
import { lookup } from './lookup.ts';
import { Mailbox } from './mailbox.ts';
import { whyNotRead } from './migration.ts';
import { answerQuestion, refuseQuestion } from './questions.ts';
import type { MailboxBounds } from './mailbox.ts';
import type { Ports } from './ports/ports.ts';
import { Recovery } from './recovery.ts';
import { Residents, revive } from './residents.ts';
import { CommitFault, toCommitFault } from './store/store.ts';
import type { CreationRow, Store } from './store/store.ts';

export type LanesOptions = {
  readonly store: Store;
  readonly ports: Ports;
  readonly definitions: ReadonlyMap<string, Definition>;
  /** How many batches may be under way at once when the queue is long. */
  readonly lanes: number;
  /** The most events in a batch. */
  readonly batch: number;
  /** Above so many waiting events more than one lane works, so that stepping and committing overlap. */
  readonly crowd: number;
  /** How much the live actors may weigh, in bytes. */
  readonly memory_bytes: number;
  readonly scale: number;
  readonly bounds?: MailboxBounds;
  /** Whether nobody else can have written since what is in memory was committed. */
  readonly mayAnswer?: () => boolean;
  /** Whether the time of day can be believed. */
  readonly punctual?: () => boolean;
  /** Whether an operator has paused this kind of actor. */
  readonly paused?: (type: string) => boolean;
  /** Takes partitions anew after an unknown outcome; returns the heads that this node owns then. */
  readonly reclaim: (partitions: readonly number[]) => Promise<ReadonlyMap<number, Head>>;
  /** A partition turned out to be lost. */
  readonly onLost: (partitions: readonly number[]) => void;
};

type Epochs = ReadonlyMap<number, number | undefined>;

/**
 * The lanes: each loops taking what waits, stepping it in memory, committing it in one statement and then telling everybody.
 * A partition is in one batch at a time, so its rows are numbered without gaps and its actors never fork.
 */
export class Lanes {
  readonly mailbox: Mailbox;
  readonly #options: LanesOptions;
  readonly #residents: Residents;
  readonly #recovery: Recovery;
  readonly #heads = new Map<number, Head>();
  readonly #busy = new Set<number>();
  /** Given up when what is under way in them has ended. */
  readonly #leaving = new Set<number>();
  readonly #listeners: CommitListener[] = [];
  /** What was committed and the listeners have not been told, in the order of the commits. */
  readonly #untold: { readonly rows: readonly Committed[]; readonly about: readonly Delivery[] }[] = [];
  #telling = false;
  readonly #lanesAtWork = new Set<number>();
  #active = 0;
  #scheduled = false;
  #stopped = false;
  #idle: (() => void)[] = [];
  #commits = 0;

  constructor(options: LanesOptions) {
    this.#options = options;
    this.mailbox = new Mailbox(options.bounds);
    this.#residents = new Residents(options.memory_bytes);
    this.#recovery = new Recovery({
      ...options,
      heads: this.#heads,
      residents: this.#residents,
      mailbox: this.mailbox,
      stopped: () => this.#stopped,
      run: (deliveries, lane) => this.#run(deliveries, lane, true),
      settle: (delivery, outcome) => this.#settle(delivery, outcome),
      tell: (rows) => {
        this.#untold.push({ rows, about: [] });
        this.tellAll();
      },
      tellAll: () => this.tellAll(),
    });
  }

  get commits(): number {
    return this.#commits;
  }

  get resident(): { actors: number; bytes: number } {
    return this.#residents.figures;
  }

  get partitions(): readonly number[] {
    return [...this.#heads.keys()];
  }

  owns(partition: number): boolean {
    return this.#heads.has(partition) && !this.#leaving.has(partition);
  }

  headOf(partition: number): Head | undefined {
    return this.#heads.get(partition);
  }

  onCommit(listener: CommitListener): void {
    this.#listeners.push(listener);
  }

  /** Begins to own partitions whose heads were read after the claim. */
  own(heads: ReadonlyMap<number, Head>): void {
    // Another node may have written since this one last had them.
    this.#residents.forget(heads.keys());
    for (const [partition, head] of heads) this.#heads.set(partition, { ...head });
    this.#schedule();
  }

  /** What is in memory of an actor, without loading it. */
  peek(address: string): Live | undefined {
    return (this.#options.mayAnswer?.() ?? true) ? this.#residents.get(address) : undefined;
  }

  /** Another node owns them by now. */
  lose(partitions: readonly number[]): void {
    this.#recovery.lose(partitions);
  }

  /** Takes nothing more for these partitions, lets what is under way in them end, and forgets them. */
  async disown(partitions: readonly number[], within_ms: number): Promise<void> {
    const { clock, timers } = this.#options.ports;
    for (const partition of partitions) this.#leaving.add(partition);
    const until = clock.monotonic() + within_ms;
    while (partitions.some((partition) => this.#busy.has(partition)) && clock.monotonic() < until) {
      await new Promise<void>((resolve) => void timers.after(2, resolve));
    }
    this.#recovery.lose(partitions);
    for (const partition of partitions) this.#leaving.delete(partition);
  }

  /** The newest committed envelope of an actor; a load does not push out what is at work. */
  async read(address: string): Promise<Live | undefined> {
    const live = this.peek(address);
    if (live !== undefined) return live;
    const partition = partitionOf(address);
    const changes = this.#residents.changesOf(partition);
    const [loaded] = await this.#options.store.load([address]);
    const here = this.peek(address);
    if (here !== undefined || loaded?.envelope === undefined) return here;
    const read = revive(this.#options.definitions, address, loaded.envelope, loaded.refused, loaded.created_at);
    // What was committed or lost meanwhile is newer, and an old state in memory would decide wrongly.
    if (this.#residents.changesOf(partition) === changes && this.#heads.has(partition)) this.#residents.keep(address, read);
    return read;
  }

  /** Takes an event, or says why not now. Its `settle` is called exactly once, after the commit. */
  deliver(delivery: Delivery): void {
    if (this.#stopped) return delivery.settle({ outcome: 'retry', after_ms: 1000, reason: 'stopping' });
    if (!this.owns(delivery.partition)) return delivery.settle({ outcome: 'retry', after_ms: 500, reason: 'not_ready' });
    if (!this.mailbox.offer(delivery)) return delivery.settle({ outcome: 'retry', after_ms: 250, reason: 'overloaded' });
    this.#options.ports.reach('received', [delivery]);
    this.#schedule();
  }

  /** Finishes what has been taken and takes no more. */
  async drain(): Promise<void> {
    this.#stopped = true;
    for (const delivery of this.mailbox.drain(new Set(this.#heads.keys()))) {
      delivery.settle({ outcome: 'retry', after_ms: 1000, reason: 'stopping' });
    }
    if (this.#active > 0) await new Promise<void>((resolve) => this.#idle.push(resolve));
    this.tellAll();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    // Whoever was told of the last commit speaks first, so that the next batch holds all of their next events.
    this.#options.ports.timers.soon(() => {
      this.#scheduled = false;
      this.#pump();
      // While the next batch is on its way to the disk: whoever sends one event after another does not wait for the listeners.
      if (this.#untold.length > 0) this.#options.ports.timers.soon(() => this.tellAll());
    });
  }

  #pump(): void {
    const { lanes, batch, crowd } = this.#options;
    const atWork = this.mailbox.waiting >= crowd ? lanes : 1;
    while (this.#active < atWork && this.mailbox.waiting > 0) {
      const free = (partition: number): boolean => !this.#busy.has(partition) && this.owns(partition);
      const lane = this.#active;
      // With several lanes at work each keeps to its share of the partitions, or the first would leave the others nothing.
      const shared = (partition: number): boolean => free(partition) && partition % atWork === lane;
      let taken = this.mailbox.take(batch, atWork > 1 && this.#active === 0 ? shared : free);
      if (taken.length === 0) taken = this.mailbox.take(batch, free);
      if (taken.length === 0) return;
      this.#start(taken);
    }
  }

  #start(taken: readonly Delivery[]): void {
    const partitions = new Set(taken.map(({ partition }) => partition));
    for (const partition of partitions) this.#busy.add(partition);
    let lane = 0;
    while (this.#lanesAtWork.has(lane)) lane++;
    this.#lanesAtWork.add(lane);
    this.#active++;
    this.#run(taken, lane)
      .catch((error: unknown) => this.#apologise(error, taken))
      .finally(() => {
        this.#lanesAtWork.delete(lane);
        this.#active--;
        for (const partition of partitions) this.#busy.delete(partition);
        if (this.#active === 0) for (const resolve of this.#idle.splice(0)) resolve();
        if (this.mailbox.waiting > 0) this.#schedule();
      });
  }

  /** Steps and commits until the batch is settled, whatever happens to the database meanwhile. */
  async #run(deliveries: readonly Delivery[], lane: number, careful = false): Promise<void> {
    const { store, ports } = this.#options;
    const { reach } = ports;
    let lookAll = careful;
    for (let attempt = 0; ; attempt++) {
      let work: Work | undefined;
      const epochs = this.#epochsOf(deliveries);
      try {
        work = await this.#step(deliveries, lookAll);
        if (this.#hasMoved(epochs)) throw new CommitFault('retry', 'A partition was lost while its actors were read');
        reach('commit.before', deliveries);
        if (!work.empty) await store.commit(work.toBatch(), lane);
        reach('commit.after', deliveries);
      } catch (error) {
        const fault = error instanceof CommitFault ? error : toCommitFault(error);
        // A bug of the hub: what it does to one event it does not do to those that came with it.
        if (fault === undefined)
          return void (deliveries.length > 1 ? await this.#recovery.oneByOne(deliveries, lane) : this.#apologise(error, deliveries));
        // What another epoch wrote was refused; where this node has a newer one by now the batch is stepped again under that.
        const again = fault.kind === 'fenced' && this.#hasMoved(epochs) ? new CommitFault('retry', fault.message) : fault;
        const next = await this.#recovery.recover(again, deliveries, lane, attempt);
        if (next === 'settled') return;
        lookAll = true;
        continue;
      }
      this.#conclude(work, deliveries, epochs);
      return;
    }
  }

  #epochsOf(deliveries: readonly Delivery[]): Epochs {
    return new Map(deliveries.map(({ partition }) => [partition, this.#heads.get(partition)?.epoch]));
  }

  /** Whether one of them was lost, and perhaps taken again, since: what was read before says nothing of it any more. */
  #hasMoved(epochs: Epochs): boolean {
    for (const [partition, epoch] of epochs) if (this.#heads.get(partition)?.epoch !== epoch) return true;
    return false;
  }

  async #step(deliveries: readonly Delivery[], lookAll: boolean): Promise<Work> {
    const { store, ports, scale } = this.#options;
    const known = await this.#know(deliveries, lookAll);
    ports.reach('loaded', deliveries);
    const looking = deliveries.filter(
      ({ repeat, instead, address }) => lookAll || repeat || instead !== undefined || known.get(address)?.refused === true,
    );
    const earlier = await lookup(store, looking);
    const creating = lookAll ? deliveries.flatMap(({ creation }) => (creation === undefined ? [] : [creation])) : [];
    const creations = new Map<string, CreationRow>();
    if (creating.length > 0) for (const row of await store.creations(creating)) creations.set(creationKey(row), row);
    // Timers set by a clock that was moved would be due another day, and rows would be of a time that never was.
    if (this.#options.punctual?.() === false) throw new CommitFault('retry', 'The clock of this machine was moved');
    const around: Surroundings = {
      now: ports.clock.now(),
      scale,
      heads: this.#heads,
      known,
      earlier,
      creations,
      looked: new Set(looking.map(({ address, event_id }) => idKey(address, event_id))),
      paused: (type) => this.#options.paused?.(type) ?? false,
      answer: (question) => {
        const live = this.peek(question.to);
        return live === undefined ? undefined : (refuseQuestion(this.#options.definitions, question) ?? answerQuestion(question, live));
      },
      onBug: (delivery, error) =>
        ports.log.error({ err: error, actor: delivery.address, event_id: delivery.event_id }, 'A machine threw; its actor is parked'),
    };
    const work = new Work(around);
    for (const delivery of deliveries) work.take(delivery);
    ports.reach('stepped', deliveries);
    if (work.doubtful.length > 0)
      work.resolve(
        await lookup(
          store,
          work.doubtful.map(({ delivery }) => delivery),
        ),
      );
    return work;
  }

  async #know(deliveries: readonly Delivery[], loadAll: boolean): Promise<Map<string, Known>> {
    const known = new Map<string, Known>();
    const missing: string[] = [];
    for (const { address, fresh } of deliveries) {
      if (known.has(address)) continue;
      const live = this.#residents.get(address);
      known.set(address, { live, refused: live?.refused ?? false });
      if (live === undefined && (!fresh || loadAll)) missing.push(address);
    }
    if (missing.length === 0) return known;
    const changes = new Map(missing.map((address) => [address, this.#residents.changesOf(partitionOf(address))]));
    for (const { address, envelope, refused, created_at } of await this.#options.store.load(missing)) {
      if (envelope === undefined) known.set(address, { live: undefined, refused });
      else {
        const isNew = changes.get(address) === this.#residents.changesOf(partitionOf(address));
        known.set(address, await this.#revive(address, envelope, refused, created_at, isNew));
      }
    }
    return known;
  }

  /** An envelope that cannot be read stops its own actor and nobody else. */
  async #revive(address: string, envelope: string, refused: boolean, created_at: number, isNew: boolean): Promise<Known> {
    try {
      const live = revive(this.#options.definitions, address, envelope, refused, created_at);
      if (isNew) this.#residents.keep(address, live);
      return { live, refused };
    } catch (error) {
      const why = whyNotRead(error) ?? 'unreadable';
      const { ports, store } = this.#options;
      if (why === 'newer_release') ports.log.warn({ actor: address }, 'An actor is left to a node of the newer release that wrote it');
      else ports.log.error({ err: error, actor: address }, 'The envelope of an actor cannot be read; its events are kept as dead letters');
      const [row] = await store.rows([address]);
      return { live: undefined, refused, unreadable: { why, client: row?.client ?? '', agent: row?.agent ?? '' } };
    }
  }

  #conclude(work: Work, deliveries: readonly Delivery[], epochs: Epochs): void {
    this.#commits++;
    this.#residents.changed(work.partitions);
    // An answer can come when the partition has been lost and taken again: others have written since, and whoever took it has read it all.
    const isMine = (partition: number): boolean => this.#heads.get(partition)?.epoch === epochs.get(partition);
    for (const [partition, { seq, hash }] of work.heads) {
      const mine = this.#heads.get(partition);
      if (mine !== undefined && isMine(partition)) Object.assign(mine, { seq, hash });
    }
    for (const [address, live] of work.after) if (isMine(partitionOf(address))) this.#residents.keep(address, live);
    for (const address of work.newlyRefused) {
      const live = this.#residents.peek(address);
      if (live !== undefined && !live.refused) this.#residents.keep(address, { ...live, refused: true });
    }
    for (const { delivery, outcome } of work.answers) this.#settle(delivery, outcome);
    this.#options.ports.reach('told.caller', deliveries);
    const rows = this.#hasMoved(epochs) ? work.rows.filter(({ row }) => isMine(row.partition)) : work.rows;
    this.#untold.push({ rows, about: deliveries });
    this.#schedule();
  }

  #settle(delivery: Delivery, outcome: Outcome): void {
    try {
      delivery.settle(outcome);
    } catch (error) {
      this.#options.ports.log.error({ err: error, actor: delivery.address }, 'Whoever waited for an event threw when told');
    }
  }

  /** Tells the listeners now of all that was committed; before a partition is lost, or where somebody needs what they know. */
  tellAll(): void {
    if (this.#telling) return; // a listener that asks for it hears what comes next in its turn
    this.#telling = true;
    for (let next = this.#untold.shift(); next !== undefined; next = this.#untold.shift()) {
      if (next.rows.length > 0) for (const listener of this.#listeners) this.#tell(listener, next.rows);
      this.#options.ports.reach('told.listeners', next.about);
    }
    this.#telling = false;
  }

  #tell(listener: CommitListener, rows: readonly Committed[]): void {
    try {
      listener(rows);
    } catch (error) {
      this.#options.ports.log.error({ err: error }, 'A listener threw after a commit');
    }
  }

  #apologise(error: unknown, deliveries: readonly Delivery[]): void {
    this.#options.ports.log.error(
      { err: error, actor: deliveries[0]?.address, events: deliveries.length },
      'An event failed in a way that nobody foresaw',
    );
    for (const { address } of deliveries) this.#residents.drop(address);
    for (const delivery of deliveries) this.#settle(delivery, { outcome: 'retry', after_ms: 1000, reason: 'internal' });
  }
}
