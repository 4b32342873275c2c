import { pop, push } from '../../actors/heap.ts';
import type { Cancel } from '../../actors/ports/ports.ts';

type Alarm = { readonly at: number; readonly order: number; run: (() => void) | undefined };

/** So many moments are asked of the event loop at once: between two of them it runs every promise that can go on. */
const MOMENTS = 256;

/**
 * Time of a simulated world. It stands still while anything can run and then goes to the next alarm at once, so that an hour takes
 * as long as what happens in it. One moment is one callback of the event loop, after which all promises have gone on.
 */
export class SimulatedTime {
  /** Milliseconds since the world began, with their fractions. */
  now = 0;
  readonly #heap: Alarm[] = [];
  readonly #ready: (() => void)[] = [];
  #first = 0;
  #order = 0;

  after(delay_ms: number, run: () => void): Cancel {
    const alarm: Alarm = { at: this.now + Math.max(0, delay_ms), order: this.#order++, run };
    push(this.#heap, alarm, isBefore);
    return () => {
      alarm.run = undefined;
    };
  }

  /** Before any alarm, in the order of asking. */
  soon(run: () => void): void {
    this.#ready.push(run);
  }

  wait(delay_ms: number): Promise<void> {
    return new Promise((resolve) => void this.after(delay_ms, resolve));
  }

  /** Lets moment follow moment until the question, which is asked between them, is answered with yes. */
  run(isOver: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      let over = false;
      let left = 0;
      const end = (settle: () => void): void => {
        over = true;
        settle();
      };
      const moment = (): void => {
        if (over) return;
        try {
          if (isOver()) return end(resolve);
          if (!this.#next()) return end(() => reject(new Error('Nothing will ever happen any more in this world')));
        } catch (error) {
          return end(() => reject(error as Error));
        }
        if (--left === 0) ask();
      };
      const ask = (): void => {
        left = MOMENTS;
        for (let i = 0; i < MOMENTS; i++) setImmediate(moment);
      };
      ask();
    });
  }

  #next(): boolean {
    const ready = this.#ready[this.#first];
    if (ready !== undefined) {
      this.#first++;
      if (this.#first === this.#ready.length) {
        this.#ready.length = 0;
        this.#first = 0;
      }
      ready();
      return true;
    }
    for (let alarm = this.#heap[0]; alarm !== undefined; alarm = this.#heap[0]) {
      pop(this.#heap, isBefore);
      if (alarm.run === undefined) continue;
      this.now = Math.max(this.now, alarm.at);
      alarm.run();
      return true;
    }
    return false;
  }
}

function isBefore(one: Alarm, other: Alarm): boolean {
  return one.at < other.at || (one.at === other.at && one.order < other.order);
}
