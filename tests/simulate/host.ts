import type { Log } from '../../actors/ports/ports.ts';
import { Runtime } from '../../actors/runtime.ts';
import type { MemoryDatabase } from '../../actors/store/memory-database.ts';
import type { Store } from '../../actors/store/store.ts';
import type { Faults } from './faults.ts';
import { Life, openStore } from './life.ts';
import { machinesOf } from './machines.ts';
import type { Providers } from './providers.ts';
import { connect } from './server.ts';
import type { BreakableBus, WatchedServer } from './server.ts';
import type { SimulatedTime } from './time.ts';

export const HUB_ID = 'hub1';
const RELEASES = ['1.0.0', '2.0.0'];

export type HostOptions = {
  readonly seed: number;
  readonly machine: string;
  readonly time: SimulatedTime;
  readonly faults: Faults;
  readonly database: MemoryDatabase;
  readonly server: WatchedServer;
  readonly providers: Providers;
  readonly lease_ms: number;
  readonly memory_bytes: number;
  readonly scale: number;
  readonly start: number;
  readonly log: Log;
  readonly databaseDownUntil: () => number;
  /** The way of a message to another machine that is not NATS. */
  readonly direct: (life: Life, url: string, text: string, signature: string, within_ms: number) => Promise<string>;
  /** What a sabotage puts between the runtime and its store. */
  readonly wrap: (store: Store) => Store;
  readonly onCommit: (machine: string, process: number, actor: string, version: number) => void;
  readonly tell: (what: string) => void;
};

/** A machine that runs one process of the hub after another. */
export class Host {
  /** By how much its wall clock is off. */
  offset_ms = 0;
  /** Of the hub that the next process runs. */
  release = 1;
  life: Life | undefined;
  bus: BreakableBus | undefined;
  runtime: Runtime | undefined;
  readonly machine: string;
  readonly #options: HostOptions;
  #processes = 0;
  #name: string;

  constructor(options: HostOptions) {
    this.#options = options;
    this.machine = options.machine;
    this.#name = options.machine;
  }

  get up(): boolean {
    return this.life !== undefined;
  }

  /** Starts a process; it dies by itself when it cannot come up, and another one is started. */
  start(): void {
    const { seed, machine, time, faults, start, log, server, database, providers, wrap, tell } = this.#options;
    const number = ++this.#processes;
    const release = RELEASES[this.release - 1] ?? '';
    const life: Life = new Life({
      seed,
      machine,
      number,
      time,
      faults,
      start,
      log,
      offset_ms: () => this.offset_ms,
      onDeath: () => this.#ended(life),
    });
    this.life = life;
    const bus = connect(server, life);
    this.bus = bus;
    const runtime = new Runtime({
      store: wrap(openStore({ life, time, database, release, downUntil: this.#options.databaseDownUntil })),
      bus,
      ports: life.ports,
      machines: machinesOf(this.release),
      integrations: providers.openFor(life),
      node: this.#name,
      release,
      url: () => machine,
      hub_id: HUB_ID,
      node_secret: 'of this hub',
      lease_ms: this.#options.lease_ms,
      memory_bytes: this.#options.memory_bytes,
      scale: this.#options.scale,
      settings: {},
    });
    this.runtime = runtime;
    runtime.forwarding.use({ direct: (url, text, signature, within_ms) => this.#options.direct(life, url, text, signature, within_ms) });
    runtime.onCommit((rows) => {
      if (!life.dead) for (const { row } of rows) this.#options.onCommit(machine, number, row.actor, row.version);
    });
    tell(`${machine} starts as ${this.#name}`);
    runtime.start().catch((error: unknown) => {
      tell(`${machine} cannot start: ${String(error)}`);
      life.die();
    });
  }

  /** Stops as on SIGTERM; one that takes too long is killed. */
  stop(): void {
    const { life, runtime } = this;
    if (life === undefined || runtime === undefined) return;
    this.#options.tell(`${this.machine} stops`);
    this.#options.time.after(10_000, () => life.die());
    runtime.stop().then(
      () => life.die(),
      () => life.die(),
    );
  }

  #ended(life: Life): void {
    if (this.life !== life) return;
    const { time, tell, machine } = this.#options;
    tell(`${machine} is gone`);
    void this.bus?.close();
    this.life = undefined;
    this.runtime = undefined;
    this.bus = undefined;
    // Most come back at once; some stay away until their lease is over. One that comes back under another name waits for it, too.
    const away_ms = life.chance.is(0.7) ? life.chance.between(20, 600) : life.chance.between(600, 9_000);
    if (life.chance.is(0.25)) this.#name = `${machine}-${this.#processes + 1}`;
    time.after(away_ms, () => this.start());
  }
}
