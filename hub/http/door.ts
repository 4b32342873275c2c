import type { DoorsOptions } from '../doors.ts';
import { Fault } from '../../machines/fault.ts';
import type { People } from '../auth/people.ts';
import type { Hub } from '../hub.ts';
import { Limits } from './limits.ts';
import type { OpenStream } from './sync.ts';

/** What everything behind the HTTP door shares: the hub, once there is one, and what is under way. */
export class Door {
  readonly options: DoorsOptions;
  readonly limits = new Limits();
  /** Address of this node for clients and other nodes; known once it listens. */
  url = '';
  /** Who serves those that follow topics over HTTP; known once there is a hub. */
  stream: OpenStream | undefined;
  #inside: { readonly hub: Hub; readonly people: People } | undefined;
  #stopping = false;
  #underWay = 0;
  #idle: (() => void)[] = [];

  constructor(options: DoorsOptions) {
    this.options = options;
  }

  get status(): 'starting' | 'ok' | 'stopping' {
    if (this.#stopping) return 'stopping';
    return this.#inside === undefined ? 'starting' : 'ok';
  }

  get hub(): Hub | undefined {
    return this.#inside?.hub;
  }

  open(hub: Hub, people: People): void {
    this.#inside = { hub, people };
  }

  /** The hub behind the door. Throws the faults `not_ready` and `stopping`. */
  enter(): { readonly hub: Hub; readonly people: People } {
    if (this.#stopping) throw new Fault('stopping');
    if (this.#inside === undefined) throw new Fault('not_ready', 'The hub is starting; try again in a moment.');
    return this.#inside;
  }

  /** Counts work, so that a drain can wait for it. */
  async during<T>(task: () => Promise<T>): Promise<T> {
    this.#underWay++;
    try {
      return await task();
    } finally {
      this.#underWay--;
      if (this.#underWay === 0) for (const resolve of this.#idle.splice(0)) resolve();
    }
  }

  /** Takes no new work and waits for what is under way, at most so long. */
  async drain(most_ms: number): Promise<void> {
    this.#stopping = true;
    if (this.#underWay === 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, most_ms);
    this.#idle.push(resolve);
    await promise;
    clearTimeout(timer);
  }
}
