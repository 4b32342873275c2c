import type { Log } from '../../actors/ports/ports.ts';
import { MemoryDatabase } from '../../actors/store/memory-database.ts';
import type { Batch, Head, JournalRow, Store } from '../../actors/store/store.ts';
import { Chance } from './chance.ts';
import { Checker } from './checker.ts';
import type { Violation } from './checker.ts';
import { Client } from './clients.ts';
import { FAULTS, Faults } from './faults.ts';
import type { FaultKind, Rates, Struck } from './faults.ts';
import { findUnsettled, judge } from './final.ts';
import { HUB_ID, Host } from './host.ts';
import type { Life } from './life.ts';
import { Nemesis } from './nemesis.ts';
import { Operator } from './operator.ts';
import { Providers } from './providers.ts';
import { Publishers } from './publishers.ts';
import { WatchedServer } from './server.ts';
import { SimulatedTime } from './time.ts';
import { Trace } from './trace.ts';
import { errand, notice, setStage } from './workload.ts';

/** What a world is made of; drawn from its seed where nobody says it. */
export type Shape = {
  readonly nodes: number;
  readonly clients: number;
  readonly publishers: number;
  readonly lease_ms: number;
  readonly memory_bytes: number;
  readonly rates: Rates;
};

export type WorldOptions = {
  readonly seed: number;
  /** After so many rows and faults nothing goes wrong any more, and everything has to come to its end. */
  readonly steps: number;
  readonly shape?: Partial<Shape>;
  /** Exactly the faults of these names happen. */
  readonly exactly?: ReadonlySet<string>;
  /** Puts something between every process and its store; for planted bugs. */
  readonly wrap?: (store: Store) => Store;
};

export type Ending = {
  readonly seed: number;
  readonly steps: number;
  readonly trace: string;
  readonly violation: Violation | undefined;
  readonly struck: readonly Struck[];
  readonly rows: number;
  readonly byType: ReadonlyMap<string, number>;
  /** Milliseconds that passed in the world. */
  readonly elapsed_ms: number;
  /** What happened last, in order. */
  readonly story: readonly string[];
};

const START = Date.UTC(2026, 0, 5, 8);
/** Actors' timers run so many times faster, so that a week is over within minutes. */
const SCALE = 4000;
const CALM_MS = 3_600_000;
const LOOK_MS = 5_000;
const WATCH_MS = 600_000;
const STORY = 60;

type Told = { readonly at: number; readonly what: string | JournalRow };

/** The tables, with somebody who holds every batch against what must always be so. */
class WatchedDatabase extends MemoryDatabase {
  readonly #checker: Checker;

  constructor(clock: { now(): number }, checker: Checker) {
    super(clock);
    this.#checker = checker;
  }

  override claim(node: string, partitions: readonly number[]): Head[] {
    const heads = super.claim(node, partitions);
    this.#checker.claimed(heads);
    return heads;
  }

  override commit(batch: Batch): void {
    super.commit(batch);
    this.#checker.committed(batch);
  }
}

/** A shape for a seed. Each kind of fault is absent in some worlds and frequent in others, so that different ones meet. */
export function shapeOf(seed: number): Shape {
  const chance = new Chance(seed, 'shape');
  const rates = Object.fromEntries(
    Object.entries(FAULTS).map(([kind, rate]) => [kind, rate * chance.pick([0, 0.5, 1, 1, 2, 4])]),
  ) as Record<FaultKind, number>;
  return {
    nodes: chance.pick([1, 2, 3, 3]),
    clients: chance.pick([8, 24, 48, 96]),
    publishers: chance.pick([0, 2, 4, 8]),
    lease_ms: chance.pick([1_500, 3_000, 5_000]),
    memory_bytes: chance.pick([150_000, 2_000_000, 32_000_000]),
    rates,
  };
}

/** A world of its own: nodes, a database, a message server, providers, clients, and what goes wrong between them. */
export class World {
  readonly time = new SimulatedTime();
  readonly shape: Shape;
  readonly faults: Faults;
  readonly checker: Checker;
  readonly database: MemoryDatabase;
  readonly server: WatchedServer;
  readonly providers: Providers;
  readonly publishers: Publishers;
  readonly hosts: readonly Host[];
  /** By how much the database's clock is off. */
  database_offset_ms = 0;
  database_down_until = 0;
  readonly #options: WorldOptions;
  readonly #trace = new Trace();
  readonly #struck: Struck[] = [];
  readonly #story: Told[] = [];
  readonly #seen = new Map<string, number>();
  #violation: Violation | undefined;
  #steps = 0;
  #errands = 0;

  constructor(options: WorldOptions) {
    this.#options = options;
    const { seed, exactly, wrap = (store) => store } = options;
    const { time } = this;
    this.shape = { ...shapeOf(seed), ...options.shape };
    const violated = (rule: string, what: string): void => this.#fail({ rule, what });
    this.faults = new Faults({
      seed,
      rates: this.shape.rates,
      ...(exactly === undefined ? {} : { exactly }),
      onStruck: (name, detail) => this.#strike(name, detail),
    });
    this.checker = new Checker(
      (violation) => this.#fail(violation),
      (row) => this.#row(row),
    );
    const clock = { now: () => Math.floor(START + time.now + this.database_offset_ms) };
    this.database = new WatchedDatabase(clock, this.checker);
    this.server = new WatchedServer({ clock: { now: () => Math.floor(START + time.now), monotonic: () => time.now } }, (message) =>
      this.#published(message.subject, message.headers, message.data),
    );
    const around = { time, faults: this.faults, violated };
    this.providers = new Providers({ ...around, chance: new Chance(seed, 'providers'), onCall: (key) => this.checker.called(key, HUB_ID) });
    this.hosts = Array.from({ length: this.shape.nodes }, (_, index) => this.#host('abc'[index] ?? `n${index}`, wrap));
    this.publishers = new Publishers({ ...around, checker: this.checker, hosts: this.hosts }, this.server);
  }

  /** Lets everything happen, and says how it ended. */
  async run(): Promise<Ending> {
    let over = false;
    const threw = (error: unknown): void =>
      this.#fail({ rule: 'world', what: error instanceof Error ? (error.stack ?? '') : String(error) });
    this.#live().then(() => (over = true), threw);
    const unhandled = (error: unknown): void => this.#fail({ rule: 'unhandled', what: `A rejection was left unhandled: ${String(error)}` });
    process.on('unhandledRejection', unhandled);
    await this.time.run(() => over || this.#violation !== undefined).catch(threw);
    process.off('unhandledRejection', unhandled);
    return {
      seed: this.#options.seed,
      steps: this.#steps,
      trace: this.#trace.end(),
      violation: this.#violation,
      struck: this.#struck,
      rows: this.checker.rows,
      byType: this.checker.byType,
      elapsed_ms: Math.round(this.time.now),
      story: this.#story.map(toLine),
    };
  }

  async #live(): Promise<void> {
    const { seed } = this.#options;
    const around = {
      time: this.time,
      faults: this.faults,
      checker: this.checker,
      hosts: this.hosts,
      violated: (rule: string, what: string) => this.#fail({ rule, what }),
    };
    this.hosts[0]?.start();
    this.#watch(-1);
    new Operator(this, around.violated).start();
    await setStage(new Client('stage', new Chance(seed, 'stage'), around));
    for (const host of this.hosts.slice(1)) host.start();
    new Nemesis(this).start();
    const everybody: Promise<void>[] = [];
    for (let i = 0; i < this.shape.clients; i++) everybody.push(this.#serve(new Client(`u${i}`, new Chance(seed, `client ${i}`), around)));
    for (let i = 0; i < this.shape.publishers; i++) everybody.push(this.#notify(`s${i}`, new Chance(seed, `publisher ${i}`)));
    await Promise.all(everybody);
    await this.#settle();
    for (const { rule, what } of judge(this)) this.#fail({ rule, what });
  }

  /** A world in which nothing happens any more before its faults are over is stuck. */
  #watch(steps: number): void {
    if (this.#steps === steps && !this.#isCalm)
      this.#fail({ rule: 'stuck', what: `Nothing has happened for ${WATCH_MS / 60_000} minutes` });
    const now = this.#steps;
    this.time.after(WATCH_MS, () => this.#watch(now));
  }

  get #isCalm(): boolean {
    return this.faults.calm;
  }

  async #serve(client: Client): Promise<void> {
    while (!this.#isCalm) await errand(client, this.#errands++, this.database);
  }

  async #notify(source: string, chance: Chance): Promise<void> {
    for (let n = 0; !this.#isCalm; n++) {
      await notice(this.publishers, source, n, chance);
      await this.time.wait(chance.between(0, 40));
    }
  }

  /** Time passes until nothing waits for anything any more; much too long is a failure. */
  async #settle(): Promise<void> {
    do await this.time.wait(LOOK_MS);
    while (findUnsettled(this) !== undefined);
  }

  #host(machine: string, wrap: (store: Store) => Store): Host {
    const { seed } = this.#options;
    return new Host({
      seed,
      machine,
      wrap,
      time: this.time,
      faults: this.faults,
      database: this.database,
      server: this.server,
      providers: this.providers,
      lease_ms: this.shape.lease_ms,
      memory_bytes: this.shape.memory_bytes,
      scale: SCALE,
      start: START,
      log: this.#log(machine),
      direct: (...given) => this.#direct(...given),
      databaseDownUntil: () => this.database_down_until,
      onCommit: (on, number, actor, version) => this.#told(`${on} ${number} ${actor}`, version),
      tell: (what) => this.tell(what),
    });
  }

  /** One machine asks another over a connection of their own, as they do by HTTP. */
  #direct(from: Life, url: string, text: string, signature: string, within_ms: number): Promise<string> {
    const { time } = this;
    const answer = new Promise<string>((resolve, reject) => {
      time.after(within_ms, () => reject(new Error(`${url} did not answer within ${within_ms} ms`)));
      time.after(from.chance.between(0.2, 2), () => {
        const { life, runtime } = this.hosts.find(({ machine }) => machine === url) ?? {};
        if (life === undefined || runtime === undefined) return reject(new Error(`${url} refuses the connection`));
        const refuse = (error: unknown): void => reject(new Error(`${url} refused it: ${String(error)}`));
        life.ports.timers.soon(() => void life.hear(runtime.forwarding.receive(text, signature), 0.3).then(resolve, refuse));
      });
    });
    return from.hear(answer, 0.2);
  }

  #log(machine: string): Log {
    const quiet = (): void => undefined;
    const write = (level: string) => (fields: object, message: string) => {
      const { err, ...rest } = fields as { err?: unknown };
      this.tell(`${machine} ${level}: ${message} ${err === undefined ? '' : String(err)} ${JSON.stringify(rest).slice(0, 200)}`);
    };
    return { debug: quiet, info: quiet, warn: write('warn'), error: write('error') };
  }

  tell(what: string | JournalRow): void {
    this.#story.push({ at: this.time.now, what });
    if (this.#story.length > STORY * 2) this.#story.splice(0, STORY);
  }

  /** Whoever listens at a node is never told of an older version after a newer one. */
  #told(listener: string, version: number): void {
    const before = this.#seen.get(listener) ?? 0;
    if (version <= before) this.#fail({ rule: 'order', what: `A listener at ${listener} was told of version ${version} after ${before}` });
    this.#seen.set(listener, version);
  }

  #row(row: JournalRow): void {
    this.#trace.add(row.hash);
    this.tell(row);
    this.#step();
  }

  #strike(name: string, detail: string): void {
    this.#struck.push({ name, at_ms: Math.round(this.time.now), detail });
    this.#trace.add(`! ${name} ${detail}`);
    this.tell(`! ${name} ${detail}`);
    this.#step();
  }

  #step(): void {
    this.#steps++;
    if (this.#steps >= this.#options.steps && !this.faults.calm) {
      this.faults.calm = true;
      this.tell('From here on nothing goes wrong');
      this.time.after(CALM_MS, () =>
        this.#fail({ rule: 'unsettled', what: `Long after the last fault: ${findUnsettled(this) ?? 'somebody has no answer'}` }),
      );
    }
  }

  #published(subject: string, headers: Readonly<Record<string, string>>, data: string | Uint8Array): void {
    if (subject.startsWith('greenlines.receipt.')) this.publishers.receipt(subject, String(data));
    else if (subject.startsWith('greenlines.event.')) this.checker.published(headers['Nats-Msg-Id'] ?? '');
  }

  #fail(violation: Violation): void {
    if (this.#violation !== undefined) return;
    this.#violation = violation;
    this.tell(`VIOLATION ${violation.rule}: ${violation.what}`);
  }
}

function toLine({ at, what }: Told): string {
  const text =
    typeof what === 'string'
      ? what
      : `${what.actor}@${what.version} ${what.partition}:${what.seq} ${what.event.slice(0, 90)} ${what.event_id}`;
  return `${at.toFixed(1).padStart(10)} ${text}`;
}
