import { partitionOf, typeOf } from '../machines/ids.ts';
import { ownId } from './delivery.ts';
import type { Committed, Outcome } from './delivery.ts';
import { earliestDue } from './envelope.ts';
import type { Envelope } from './envelope.ts';
import type { Live } from './batch.ts';
import { pop, push } from './heap.ts';
import { whyNotRead } from './migration.ts';
import type { Cancel, Ports } from './ports/ports.ts';
import type { Happening } from './step.ts';
import type { Due, Store } from './store/store.ts';

export type TimersOptions = {
  readonly store: Store;
  readonly ports: Ports;
  readonly partitions: () => readonly number[];
  /** Whether an operator has paused this kind of actor. */
  readonly paused: (type: string) => boolean;
  readonly read: (address: string) => Promise<Live | undefined>;
  readonly deliver: (
    address: string,
    own: { event_id: string; happening: Happening; event: object; causation: string },
  ) => Promise<Outcome>;
};

/** How far ahead timers are kept in memory, and how often the rest is looked for. */
const HORIZON_MS = 60_000;
const SCAN_MS = 20_000;
const PAGE = 1000;
const NEXT_PAGE_MS = 100;
/** A wall clock may be moved, and whoever slept by it would wake a day late: nobody sleeps longer than this. */
const LONGEST_SLEEP_MS = 1000;

type Near = { readonly due: number; readonly address: string };

/**
 * Fires the timers of actors at their deadlines, from the index of due actors and a heap of the near ones. A timer that was
 * due while nobody was there fires at once; each fires once, because the envelope knows which are still waited for.
 */
export class DueTimers {
  readonly #options: TimersOptions;
  readonly #heap: Near[] = [];
  readonly #nearest = new Map<string, number>();
  readonly #firing = new Set<string>();
  #cancel: Cancel | undefined;
  #armed_for = Number.POSITIVE_INFINITY;
  #scan: Cancel | undefined;
  #scanned = 0;
  #stopped = false;

  constructor(options: TimersOptions) {
    this.#options = options;
  }

  start(): void {
    this.#scan = this.#options.ports.timers.every(SCAN_MS, () => this.rescan());
    this.rescan();
  }

  stop(): void {
    this.#stopped = true;
    this.#scan?.();
    this.#cancel?.();
  }

  /** Looks for timers that became near, or that another node left behind. */
  rescan(): void {
    if (this.#stopped) return;
    const { ports, partitions } = this.#options;
    this.#scanned++;
    this.#readFrom(this.#scanned, partitions(), ports.clock.now() + HORIZON_MS).catch((error: unknown) =>
      ports.log.warn({ err: error }, 'Due timers could not be read; they are looked for again'),
    );
  }

  /** Page by page to the end: many that cannot fire now, because their kind is paused, must not hide those behind them. */
  async #readFrom(scan: number, partitions: readonly number[], until: number): Promise<void> {
    const { store, ports } = this.#options;
    let after: Due | undefined;
    while (!this.#stopped && scan === this.#scanned) {
      const rows = await store.due(partitions, until, PAGE, after);
      for (const { address, due_at } of rows) this.#near(address, due_at);
      if (rows.length < PAGE) return;
      after = rows.at(-1);
      await new Promise<void>((resolve) => void ports.timers.after(NEXT_PAGE_MS, resolve));
    }
  }

  committed(rows: readonly Committed[]): void {
    for (const { newest, after } of rows) {
      if (newest === undefined || newest.due_at === '') continue;
      const due = earliestDue(after.timers);
      if (due !== undefined && due <= this.#options.ports.clock.now() + HORIZON_MS && after.parked === undefined)
        this.#near(newest.address, due);
    }
  }

  #near(address: string, due: number): void {
    const known = this.#nearest.get(address);
    if (known !== undefined && known <= due) return;
    this.#nearest.set(address, due);
    push(this.#heap, { due, address }, isSooner);
    this.#arm();
  }

  #arm(): void {
    const first = this.#heap[0];
    if (first === undefined || this.#stopped || first.due >= this.#armed_for) return;
    this.#cancel?.();
    this.#armed_for = first.due;
    const left_ms = first.due - this.#options.ports.clock.now();
    this.#cancel = this.#options.ports.timers.after(Math.min(left_ms, LONGEST_SLEEP_MS), () => {
      this.#armed_for = Number.POSITIVE_INFINITY;
      this.#fire();
    });
  }

  #fire(): void {
    const now = this.#options.ports.clock.now();
    for (let first = this.#heap[0]; first !== undefined && first.due <= now; first = this.#heap[0]) {
      pop(this.#heap, isSooner);
      if (this.#nearest.get(first.address) === first.due) this.#nearest.delete(first.address);
      this.#fireActor(first.address).catch((error: unknown) => {
        // One that this release cannot read is found again by the next scan, and by a release that can.
        if (whyNotRead(error) !== undefined) return;
        this.#options.ports.log.warn({ err: error, actor: first?.address }, 'A timer could not be fired; it is tried again');
        this.#options.ports.timers.after(1000, () => this.#near(first?.address ?? '', now));
      });
    }
    this.#arm();
  }

  async #fireActor(address: string): Promise<void> {
    // Its new owner fires it; should it come back, it is found again.
    if (!this.#options.partitions().includes(partitionOf(address))) return;
    if (this.#options.paused(typeOf(address))) return;
    const live = await this.#options.read(address);
    if (live === undefined || live.envelope.parked !== undefined || this.#stopped) return;
    const now = this.#options.ports.clock.now();
    const { timers } = live.envelope;
    for (const [id, timer] of Object.entries(timers)) {
      if (timer.due > now) continue;
      this.#send(address, live.envelope, id);
    }
    const next = earliestDue(Object.fromEntries(Object.entries(timers).filter(([, timer]) => timer.due > now)));
    if (next !== undefined && next <= now + HORIZON_MS) this.#near(address, next);
  }

  #send(address: string, envelope: Envelope, id: string): void {
    const timer = envelope.timers[id];
    if (timer === undefined) return;
    const { v, i, event } = timer;
    const event_id = ownId(address, v, i);
    if (this.#firing.has(event_id)) return;
    this.#firing.add(event_id);
    const { reach } = this.#options.ports;
    reach('timer.before', [{ address }]);
    const again = (): void => this.#near(address, this.#options.ports.clock.now());
    this.#options
      .deliver(address, {
        event_id,
        happening: { kind: 'timer', id, v, i },
        event: { type: event, v, i },
        causation: `${address}@${v}`,
      })
      .then((outcome) => {
        this.#firing.delete(event_id);
        reach('timer.after', [{ address }]);
        if (outcome.outcome === 'retry') this.#options.ports.timers.after(outcome.after_ms, again);
      })
      .catch(() => {
        this.#firing.delete(event_id);
        this.#options.ports.timers.after(1000, again);
      });
  }
}

function isSooner(one: Near, other: Near): boolean {
  return one.due < other.due;
}
