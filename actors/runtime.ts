import type { Definition } from '../machines/machine.ts';
import { PARTITIONS, typeOf } from '../machines/ids.ts';
import type { Head, Live } from './batch.ts';
import type { Bus } from './bus/bus.ts';
import { Changes } from './changes.ts';
import type { Interest } from './changes.ts';
import { Circuits } from './circuits.ts';
import type { CommitListener, Outcome, Own } from './delivery.ts';
import { Controls } from './controls.ts';
import { Door } from './door.ts';
import type { Command } from './door.ts';
import { DueTimers } from './timers.ts';
import type { Backlog } from './effect-job.ts';
import { Effects } from './effects.ts';
import type { Open } from './effects.ts';
import { Forwarding } from './forwarding.ts';
import { Intake } from './intake.ts';
import { ensureIntegrations, reportCalls } from './integration-actors.ts';
import type { IntegrationActors } from './integration-actors.ts';
import { Lanes } from './lanes.ts';
import { Outlet } from './outlet.ts';
import { Ownership } from './ownership.ts';
import type { Peer } from './ownership.ts';
import type { Ports } from './ports/ports.ts';
import { ProgressBook } from './progress-book.ts';
import { SearchIndex } from './search-index.ts';
import type { Store } from './store/store.ts';
import { Tells } from './tells.ts';
import { Upgrades } from './upgrades.ts';

export type RuntimeOptions = {
  readonly store: Store;
  readonly bus: Bus;
  readonly ports: Ports;
  readonly machines: readonly Definition[];
  readonly integrations: ReadonlyMap<string, Open>;
  readonly node: string;
  readonly url: () => string;
  /** Of this program; a node of an older one than the newest claims nothing. */
  readonly release?: string;
  readonly hub_id: string;
  /** What the nodes of one database sign with what they pass on to each other. */
  readonly node_secret: string;
  readonly lease_ms: number;
  readonly memory_bytes: number;
  readonly scale: number;
  /** Settings of machines, by type; what is absent takes its default. */
  readonly settings: Readonly<Record<string, unknown>>;
};

const LANES = 2;
const ALL = Array.from({ length: PARTITIONS }, (_, index) => index);

/**
 * The runtime of one node, put together: doors hand in commands, lanes commit them, and what was committed goes to timers,
 * effects, other actors, other systems and whoever listens.
 */
export class Runtime {
  readonly definitions: ReadonlyMap<string, Definition>;
  readonly lanes: Lanes;
  readonly forwarding: Forwarding;
  readonly controls: Controls;
  readonly #door: Door;
  readonly #changes: Changes;
  readonly #options: RuntimeOptions;
  readonly #ownership: Ownership;
  readonly #timers: DueTimers;
  readonly #effects: Effects;
  readonly #circuits: Circuits;
  readonly #outlet: Outlet;
  readonly #intake: Intake;
  readonly #search: SearchIndex;
  readonly #settings = new Map<string, unknown>();
  readonly #progress: ProgressBook;
  readonly #upgrades: Upgrades;
  #taking_over: Promise<void> = Promise.resolve();
  #up = false;

  constructor(options: RuntimeOptions) {
    const { store, ports, bus, integrations } = options;
    this.#options = options;
    this.definitions = new Map(options.machines.map((definition) => [definition.type, definition]));
    for (const definition of options.machines) {
      this.#settings.set(definition.type, definition.settings.parse(options.settings[definition.type] ?? {}));
    }
    this.lanes = this.#toLanes();
    const read = (address: string): Promise<Live | undefined> => this.lanes.read(address);
    const peek = (address: string): Live | undefined => this.lanes.peek(address);
    const partitions = (): readonly number[] => this.lanes.partitions;
    const deliver = (address: string, own: Own): Promise<Outcome> => this.#door.own(address, own);
    const owns = (partition: number): boolean => this.lanes.owns(partition);
    this.#ownership = this.#toOwnership();
    this.forwarding = this.#toForwarding();
    this.#door = this.#toDoor();
    this.controls = this.#toControls(read);
    this.#changes = new Changes({ store, ports, bus, definitions: this.definitions, owns });
    this.#timers = new DueTimers({ store, ports, partitions, paused: (type) => this.controls.paused(type), read, deliver });
    this.#circuits = new Circuits({
      ports,
      integrations,
      read,
      report: (name, counts) => reportCalls(this.#about(), name, counts),
    });
    this.#effects = new Effects({
      store,
      ports,
      definitions: this.definitions,
      integrations,
      circuits: this.#circuits,
      paused: (type) => this.controls.paused(type),
      hub_id: options.hub_id,
      partitions,
      read,
      peek,
      deliver,
    });
    this.#outlet = this.#toOutlet();
    this.#intake = new Intake({ ports, bus, store, owns, submit: (submission) => this.#door.submit(submission) });
    this.#search = new SearchIndex({ store, ports, read });
    this.#upgrades = new Upgrades({ store, ports, definitions: this.definitions, partitions, deliver });
    this.#progress = this.#toProgress();
    this.#listen();
  }

  /** In the order in which they have to hear of a commit. */
  #listen(): void {
    this.lanes.onCommit((rows) => this.#timers.committed(rows));
    this.lanes.onCommit((rows) => this.#circuits.committed(rows));
    this.lanes.onCommit((rows) => this.#effects.committed(rows));
    this.lanes.onCommit((rows) => this.#outlet.committed(rows));
    this.lanes.onCommit((rows) => this.#search.committed(rows));
    this.lanes.onCommit((rows) => this.#changes.committed(rows));
    this.#changes.add({ hear: (rows) => this.#circuits.committed(rows), wants: (address) => typeOf(address) === 'integration' });
  }

  #toLanes(): Lanes {
    const { store, ports, memory_bytes, scale } = this.#options;
    return new Lanes({
      store,
      ports,
      definitions: this.definitions,
      lanes: LANES,
      batch: 256,
      crowd: 64,
      memory_bytes,
      scale,
      mayAnswer: () => this.#ownership.certain,
      punctual: () => this.#ownership.punctual,
      paused: (type) => this.controls.paused(type),
      reclaim: (partitions) => this.#ownership.reclaim(partitions),
      onLost: (partitions) => this.#lost(partitions),
    });
  }

  #toDoor(): Door {
    const { ports, bus, hub_id } = this.#options;
    return new Door({
      ports,
      bus,
      definitions: this.definitions,
      lanes: this.lanes,
      hub_id,
      settings: this.#settings,
      pass: (address, forwarded) => this.forwarding.pass(address, forwarded),
    });
  }

  #toProgress(): ProgressBook {
    const { store, bus, ports } = this.#options;
    return new ProgressBook({
      store,
      bus,
      ports,
      partitions: () => this.lanes.partitions,
      headOf: (partition) => this.lanes.headOf(partition),
      publishedOf: (partition) => this.#outlet.publishedOf(partition),
      cursorOf: (partition) => this.#intake.progressOf(partition),
    });
  }

  #toControls(read: (address: string) => Promise<Live | undefined>): Controls {
    const { store, bus, ports } = this.#options;
    return new Controls({
      store,
      bus,
      ports,
      definitions: this.definitions,
      settings: this.#settings,
      read,
      deliver: (address, own, caller) => this.#door.own(address, own, caller),
      onResumed: () => this.#goOn(),
    });
  }

  #toOwnership(): Ownership {
    const { store, ports, node, url, lease_ms, release = '0' } = this.#options;
    return new Ownership({
      store,
      ports,
      node,
      url,
      release,
      lease_ms,
      partitions: ALL,
      onOwned: (heads) => this.#owned(heads),
      giveUp: (given) => this.#giveUp(given),
      onLost: (lost) => this.lanes.lose(lost),
      nudge: () => this.forwarding.nudge(),
    });
  }

  #toOutlet(): Outlet {
    const { store, ports, bus, hub_id } = this.#options;
    const tells = new Tells({
      ports,
      definitions: this.definitions,
      settings: this.#settings,
      deliver: (address, own, caller) => this.#door.own(address, own, caller),
      up: () => this.#up,
    });
    return new Outlet({
      store,
      ports,
      bus,
      hub_id,
      send: (from, origin, send) => tells.carry(from, origin, send),
      headOf: (partition) => this.lanes.headOf(partition)?.seq,
      onPublished: () => undefined,
    });
  }

  #toForwarding(): Forwarding {
    const { ports, bus, node, node_secret } = this.#options;
    return new Forwarding({
      ports,
      bus,
      definitions: this.definitions,
      node,
      secret: node_secret,
      ownerOf: (partition) => this.#ownership.ownerOf(partition),
      wake: () => this.#ownership.wake(),
      handle: (forwarded) => this.#door.handle(forwarded),
    });
  }

  /** Owns its partitions and carries on with what was under way. */
  async start(): Promise<void> {
    this.forwarding.start();
    await this.#changes.start();
    await this.controls.start();
    await this.#ownership.start();
    await this.#taking_over;
    await ensureIntegrations(this.#about());
    await this.#circuits.start();
    this.#up = true;
    this.#timers.start();
    this.#outlet.start();
    this.#intake.start();
    this.#search.start();
    this.#progress.start();
    this.#upgrades.look();
    await this.#effects.resume();
  }

  /** Why an event could not be committed now; undefined when it could. */
  trouble(): string | undefined {
    if (!this.#up) return 'starting';
    return this.#ownership.trouble();
  }

  /** Why nothing comes from or goes to other systems now; this node's own doors go on. */
  busTrouble(): string | undefined {
    return this.#options.bus.trouble();
  }

  onCommit(listener: CommitListener): void {
    this.lanes.onCommit(listener);
  }

  /** Commits of this node, and of what other nodes commit that which is wanted. */
  onChange(interest: Interest): void {
    this.lanes.onCommit(interest.hear);
    this.#changes.add(interest);
  }

  /** Whether what is in memory is certainly the newest that anybody has committed. */
  get certain(): boolean {
    return this.#ownership.certain;
  }

  /** The other nodes that live. */
  get peers(): readonly Peer[] {
    return this.#ownership.peers;
  }

  figures(): { waiting: number; effects: number; actors: number; bytes: number; commits: number } {
    const { actors, bytes } = this.lanes.resident;
    return { waiting: this.lanes.mailbox.waiting, effects: this.#effects.underWay, actors, bytes, commits: this.lanes.commits };
  }

  /** Finishes what was taken, writes down how far it came, and lets go of its partitions. */
  async stop(): Promise<void> {
    this.#up = false;
    this.#intake.stop();
    this.#timers.stop();
    this.#effects.stop();
    this.#circuits.stop();
    this.#changes.stop();
    this.controls.stop();
    this.#upgrades.stop();
    await this.lanes.drain();
    this.#outlet.flush();
    await this.#options.bus.flush().catch(() => undefined);
    this.#outlet.stop();
    await this.#search.stop();
    await this.#progress.stop();
    await this.#ownership.stop();
  }

  /** Sends a caller's event through the gate to its actor, wherever that lives. Throws a Fault for what the gate refuses. */
  command(command: Command): Promise<Outcome> {
    return this.#door.command(command);
  }

  readonly backlog = (): ReadonlyMap<string, Backlog> => this.#effects.backlog();

  /** An event from an integration's webhook; the provider's id of the notification makes it one. */
  notify(integration: string, id: string, to: string, event: { readonly type: string }): Promise<Outcome> {
    return this.#door.notify(integration, id, to, event);
  }

  /** What the hub sends in somebody's name. Throws the faults of the gate. */
  readonly submit: Door['send'] = (submission) => this.#door.send(submission);

  #about(): IntegrationActors {
    const { definitions, lanes } = this;
    const settings = this.#settings.get('integration');
    return { ...this.#options, definitions, settings, lanes, deliver: (address, own) => this.#door.own(address, own) };
  }

  #owned(heads: ReadonlyMap<number, Head>): void {
    this.#taking_over = this.#taking_over.catch(() => undefined).then(() => this.#takeOver(heads));
    this.#taking_over.catch((error: unknown) => {
      this.#options.ports.log.error({ err: error }, 'Partitions could not be taken over; they are claimed again');
      this.#ownership.lost([...heads.keys()]);
    });
  }

  async #takeOver(claimed: ReadonlyMap<number, Head>): Promise<void> {
    const progress = await this.#options.store.progress([...claimed.keys()]);
    // What was lost while this was read is not taken up: it would be believed here until its first commit is refused.
    const heads = new Map([...claimed].filter(([partition, { epoch }]) => this.#ownership.holds(partition, epoch)));
    for (const [partition, { seq }] of heads) this.#changes.took(partition, seq);
    this.lanes.own(heads);
    for (const row of progress) {
      if (!heads.has(row.partition)) continue;
      this.#outlet.own(row.partition, row.published);
      this.#intake.own(row);
    }
    this.#options.ports.reach('owned');
    this.#goOn();
    if (this.#up) this.#upgrades.look();
  }

  /** Takes up the timers and effects of what it has come to own, or of what was paused. */
  #goOn(): void {
    if (!this.#up) return;
    this.#timers.rescan();
    this.#resumeEffects();
    this.#search.lookAround();
  }

  #resumeEffects(): void {
    this.#effects.resume().catch((error: unknown) => {
      this.#options.ports.log.warn({ err: error }, 'Effects under way could not be read; they are looked for again');
      this.#options.ports.timers.after(1000, () => this.#resumeEffects());
    });
  }

  #lost(partitions: readonly number[]): void {
    this.#ownership.lost(partitions);
    this.#effects.lose(new Set(partitions));
    for (const partition of partitions) {
      this.#outlet.lose(partition);
      this.#intake.lose(partition);
    }
  }

  /** What has gone out is written down before another node goes on from there; it repeats the rest, which its ids make harmless. */
  async #giveUp(partitions: readonly number[]): Promise<void> {
    this.#outlet.flush();
    const before = partitions.flatMap((partition) => this.#progress.of(partition));
    await this.lanes.disown(partitions, this.#options.lease_ms);
    await this.#options.bus.flush().catch(() => undefined);
    await this.#options.store.saveProgress(before).catch((error: unknown) => {
      this.#options.ports.log.warn({ err: error }, 'Progress could not be written down before partitions were given up');
    });
  }
}
