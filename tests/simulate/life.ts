import type { Point } from '../../actors/ports/points.ts';
import type { Cancel, Log, Ports } from '../../actors/ports/ports.ts';
import type { Store } from '../../actors/store/store.ts';
import { MemoryStore } from '../../actors/store/memory.ts';
import type { MemoryDatabase } from '../../actors/store/memory-database.ts';
import { Chance } from './chance.ts';
import type { Faults, Site } from './faults.ts';
import type { SimulatedTime } from './time.ts';

export type LifeOptions = {
  readonly seed: number;
  /** The machine it runs on: its clock and the chances for its faults stay when the process is another one. */
  readonly machine: string;
  /** The how manieth process of this machine. */
  readonly number: number;
  readonly time: SimulatedTime;
  readonly faults: Faults;
  /** By how much the wall clock of the machine is off, in milliseconds. */
  readonly offset_ms: () => number;
  /** Epoch milliseconds at which the world began. */
  readonly start: number;
  readonly onDeath: () => void;
  readonly log: Log;
};

type SiteName =
  | 'turn'
  | 'store'
  | 'answer'
  | 'publish'
  | 'lost'
  | 'overtaken'
  | 'gone'
  | 'slow'
  | 'slowly'
  | 'retry'
  | 'lost_before'
  | 'lost_after'
  | 'late'
  | 'poison';

/**
 * One process: all its time, chance and connections. When it dies nothing of it acts any more, wherever it was; while it stands
 * still none of its turns is taken, and what it had asked of others goes on without it.
 */
export class Life {
  readonly ports: Ports;
  readonly chance: Chance;
  readonly sites: Readonly<Record<SiteName, Site>>;
  dead = false;
  readonly #options: LifeOptions;
  readonly #held: (() => void)[] = [];
  readonly #points = new Map<Point, Site>();
  #still_until = 0;

  constructor(options: LifeOptions) {
    this.#options = options;
    const { seed, machine, number, faults, time, offset_ms, start, log } = options;
    this.chance = new Chance(seed, `life ${machine} ${number}`);
    this.sites = {
      turn: faults.site('crash.turn', machine),
      store: faults.site('crash.store', machine),
      answer: faults.site('crash.answer', machine),
      publish: faults.site('crash.publish', machine),
      lost: faults.site('message.lost', machine),
      overtaken: faults.site('message.slow', machine),
      gone: faults.site('store.gone', machine),
      slow: faults.site('store.slow', machine),
      slowly: faults.site('answer.slow', machine),
      retry: faults.site('commit.retry', machine),
      lost_before: faults.site('commit.lost_before', machine),
      lost_after: faults.site('commit.lost_after', machine),
      late: faults.site('commit.late', machine),
      poison: faults.site('commit.poison', machine),
    };
    const random = new Chance(seed, `random ${machine} ${number}`);
    this.ports = {
      log,
      clock: { now: () => Math.floor(start + time.now + offset_ms()), monotonic: () => time.now },
      timers: {
        after: (delay_ms, run) => time.after(delay_ms, this.#turn(run)),
        every: (period_ms, run) => this.#every(period_ms, run),
        soon: (run) => time.soon(this.#turn(run)),
        deadline: (delay_ms) => this.#deadline(delay_ms),
      },
      random: { next: () => random.next(), id: () => random.id() },
      reach: (point) => {
        if (!this.dead && this.#siteOf(point).strikes()) this.die();
      },
    };
  }

  /** Each point has its own chances, so that a plan can name the third `commit.before` of machine `a`. */
  #siteOf(point: Point): Site {
    let site = this.#points.get(point);
    if (site === undefined) {
      const { faults, machine } = this.#options;
      site = faults.site('crash.point', `${machine}/${point}`);
      this.#points.set(point, site);
    }
    return site;
  }

  die(): void {
    if (this.dead) return;
    this.dead = true;
    this.#held.length = 0;
    this.#options.onDeath();
  }

  /** No turn of it is taken for so long, as under SIGSTOP. */
  standStill(for_ms: number): void {
    const { time } = this.#options;
    this.#still_until = Math.max(this.#still_until, time.now + for_ms);
    time.after(for_ms, () => {
      if (this.#still_until > time.now) return;
      for (const run of this.#held.splice(0)) time.soon(run);
    });
  }

  /** What comes from outside: heard in a turn of its own, or never. */
  hear<Answer>(answer: Promise<Answer>, delay_ms: number): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const turn = (run: () => void): void => {
        if (this.dead) return;
        if (this.sites.answer.strikes()) return this.die();
        this.ports.timers.after(delay_ms, run);
      };
      answer.then(
        (value) => turn(() => resolve(value)),
        (error: unknown) => turn(() => reject(error as Error)),
      );
    });
  }

  #turn(run: () => void): () => void {
    const { time } = this.#options;
    const turn = (): void => {
      if (this.dead) return;
      if (time.now < this.#still_until) return void this.#held.push(turn);
      if (this.sites.turn.strikes()) return this.die();
      run();
    };
    return turn;
  }

  #every(period_ms: number, run: () => void): Cancel {
    let cancel: Cancel = () => undefined;
    const ring = (): void => {
      cancel = this.ports.timers.after(period_ms, ring);
      run();
    };
    cancel = this.ports.timers.after(period_ms, ring);
    return () => cancel();
  }

  #deadline(delay_ms: number): { signal: AbortSignal; cancel: Cancel } {
    const controller = new AbortController();
    const cancel = this.ports.timers.after(delay_ms, () => controller.abort(new Error(`No answer within ${delay_ms} ms`)));
    return { signal: controller.signal, cancel };
  }
}

export type StoreOptions = {
  readonly life: Life;
  readonly time: SimulatedTime;
  readonly database: MemoryDatabase;
  readonly release: string;
  /** Until when the database answers nobody. */
  readonly downUntil: () => number;
};

const GONE = Object.assign(new Error('Connection terminated unexpectedly'), { code: '57P01' });

/** A process's connections to its database: every call takes time there and back, and goes on there when the caller is gone. */
export function openStore({ life, time, database, release, downUntil }: StoreOptions): Store {
  const { chance, sites } = life;
  // A commit waits for the disk, and batches fill meanwhile.
  const delay = (call: keyof Store): number => {
    if (sites.store.strikes()) life.die();
    const slow_ms = sites.slow.strikes() ? 2 + sites.slow.force() ** 8 * 12_000 : 0;
    return Math.max((call === 'commit' ? chance.between(1, 5) : chance.between(0.05, 1.2)) + slow_ms, downUntil() - time.now);
  };
  const network = { now: () => life.ports.clock.now() };
  const memory = new MemoryStore({
    database,
    release,
    // What was sent arrives, whatever becomes of its sender.
    ports: { clock: network, timers: { ...life.ports.timers, after: (delay_ms, run) => time.after(delay_ms, run) } },
    faults: {
      delay_ms: delay,
      onRead: (call) => (sites.gone.strikes(call) ? GONE : undefined),
      onCommit: ({ journal }) => {
        if (sites.retry.strikes()) return 'retry';
        if (sites.lost_before.strikes()) return 'lost_before';
        if (sites.lost_after.strikes()) return 'lost_after';
        if (sites.late.strikes()) return 'late';
        // A value that PostgreSQL refuses harms the one event that has it; the hub's own rows about it have none.
        const [only] = journal;
        const alone = journal.length === 1 && only?.event.startsWith('{"type":"@') === false;
        return alone && sites.poison.strikes() ? 'poison' : 'none';
      },
    },
  });
  return heard(memory, life);
}

/** The same store, whose answers have a way to go and find out what has become of the process. */
function heard(memory: MemoryStore, life: Life): Store {
  const methods = Object.getOwnPropertyNames(MemoryStore.prototype).filter((name) => !BESIDE.has(name));
  const store = { ...through(memory, methods, life), operations: through(memory.operations, Object.keys(memory.operations), life) };
  return store as unknown as Store;
}

/** What is no call to the database. */
const BESIDE: ReadonlySet<string> = new Set(['constructor', 'crash', 'crashed']);

type Calls = Readonly<Record<string, (...args: readonly unknown[]) => Promise<unknown>>>;

function through(target: object, names: readonly string[], life: Life): Calls {
  const { chance, sites } = life;
  const toCall =
    (name: string) =>
    (...args: readonly unknown[]): Promise<unknown> => {
      if (life.dead) return new Promise(() => undefined);
      const answer = Reflect.apply(Reflect.get(target, name) as Calls[string], target, args);
      const slow_ms = sites.slowly.strikes(name) ? 2 + sites.slowly.force() ** 8 * 9_000 : 0;
      return life.hear(answer, chance.between(0.02, 0.3) + slow_ms);
    };
  return Object.fromEntries(names.map((name) => [name, toCall(name)]));
}
