import { pop, push } from '../heap.ts';
import type { About, Point } from './points.ts';
import type { Cancel, Clock, Log, Ports, Random, Timers } from './ports.ts';

/** A line that was logged. */
export type Line = { readonly level: keyof Log; readonly fields: object; readonly message: string };

export type VirtualOptions = {
  /** The same seed gives the same chances and ids. */
  readonly seed?: number;
  /** Epoch milliseconds at which the clock begins. */
  readonly start?: number;
};

type Alarm = { readonly at: number; readonly order: number; readonly run: () => void; canceled: boolean };

function ringsBefore(one: Alarm, other: Alarm): boolean {
  return one.at < other.at || (one.at === other.at && one.order < other.order);
}

const START = Date.UTC(2026, 0, 5, 8);
const LINES = 5_000;
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/**
 * Time that only moves when it is told to, and chance that comes from a seed: what tests and the simulation give the runtime.
 * Between two moments everything that is ready runs to its end, in the order in which it was asked for.
 */
export class VirtualPorts implements Ports {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly log: Log;
  /** What happens at a point; a test may put something in its place. */
  onReach: (point: Point, about: About) => void = () => undefined;
  /** What was logged, the newest last; the oldest are forgotten. */
  readonly lines: Line[] = [];
  readonly #alarms: Alarm[] = [];
  #soon: (() => void)[] = [];
  #start: number;
  #monotonic = 0;
  #order = 0;
  #state: number;

  constructor({ seed = 1, start = START }: VirtualOptions = {}) {
    this.#start = start;
    this.#state = seed | 0;
    this.clock = { now: () => this.#start + this.#monotonic, monotonic: () => this.#monotonic };
    this.timers = {
      after: (delay_ms, run) => this.#after(delay_ms, run),
      every: (period_ms, run) => this.#every(period_ms, run),
      soon: (run) => void this.#soon.push(run),
      deadline: (delay_ms) => this.#deadline(delay_ms),
    };
    this.random = {
      next: () => this.#next(),
      id: () => Array.from({ length: 22 }, () => ALPHABET[Math.floor(this.#next() * 64)]).join(''),
    };
    const write = (level: keyof Log) => (fields: object, message: string) => {
      this.lines.push({ level, fields, message });
      if (this.lines.length > LINES) this.lines.splice(0, LINES / 2);
    };
    this.log = { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
  }

  readonly reach = (point: Point, about: About = []): void => this.onReach(point, about);

  /** Lets so much time pass: every alarm in it rings at its moment, and what it sets off runs before the next one rings. */
  async advance(by_ms: number): Promise<void> {
    const end = this.#monotonic + by_ms;
    for (;;) {
      await this.settle();
      while (this.#alarms[0]?.canceled === true) pop(this.#alarms, ringsBefore);
      const first = this.#alarms[0];
      if (first === undefined || first.at > end) break;
      pop(this.#alarms, ringsBefore);
      this.#monotonic = Math.max(this.#monotonic, first.at);
      first.run();
    }
    this.#monotonic = end;
    await this.settle();
  }

  /** Lets time pass until the question is answered with yes; throws when it was not within so much time. */
  async until(question: () => boolean | Promise<boolean>, within_ms = 60_000, step_ms = 50): Promise<void> {
    for (let passed = 0; ; passed += step_ms) {
      await this.settle();
      if (await question()) return;
      if (passed >= within_ms) throw new Error(`It did not come about within ${within_ms} ms: ${question.toString()}`);
      await this.advance(step_ms);
    }
  }

  /** Runs what is ready now, and what that makes ready, without letting time pass. */
  async settle(): Promise<void> {
    for (let idle = 0; idle < 2; idle++) {
      // A turn of the real event loop: every promise that can go on has gone on then.
      await new Promise<void>((resolve) => void setImmediate(resolve));
      if (this.#soon.length === 0) continue;
      idle = -1;
      for (const run of this.#soon.splice(0)) run();
    }
  }

  /** Moves the wall clock alone, as an operator or a time server does; alarms keep their distance. */
  jump(by_ms: number): void {
    this.#start += by_ms;
  }

  #after(delay_ms: number, run: () => void): Cancel {
    const alarm: Alarm = { at: this.#monotonic + Math.max(0, delay_ms), order: this.#order++, run, canceled: false };
    push(this.#alarms, alarm, ringsBefore);
    // It stays where it is until its moment, and does not ring.
    return () => void (alarm.canceled = true);
  }

  #every(period_ms: number, run: () => void): Cancel {
    let cancel: Cancel = () => undefined;
    const ring = (): void => {
      cancel = this.#after(period_ms, ring);
      run();
    };
    cancel = this.#after(period_ms, ring);
    return () => cancel();
  }

  #deadline(delay_ms: number): { signal: AbortSignal; cancel: Cancel } {
    const controller = new AbortController();
    const cancel = this.#after(delay_ms, () => controller.abort(new Error(`No answer within ${delay_ms} ms`)));
    return { signal: controller.signal, cancel };
  }

  /** Mulberry32: small, fast, and good enough for choosing what goes wrong next. */
  #next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }
}
