import type { About, Point } from '../../actors/ports/points.ts';

/** Where a node is to die: the first time it comes to `point` after `address` was sent an event whose type begins with `event`. Without an address: the first time at all. */
export type Failpoint = { readonly point: Point; readonly address?: string; readonly event?: string };

/**
 * Watches the points that a node reaches. It begins with an event on its way to an actor, so that what others do meanwhile counts
 * neither among the points reached nor as the moment of death.
 */
export class Watch {
  readonly #address: string | undefined;
  readonly #event: string | undefined;
  #begun: boolean;

  constructor({ address, event }: { readonly address?: string | undefined; readonly event?: string | undefined }) {
    this.#address = address;
    this.#event = event;
    this.#begun = address === undefined;
  }

  get begun(): boolean {
    return this.#begun;
  }

  /** Whether this reaching counts. */
  sees(point: Point, about: About = []): boolean {
    const mine = about.filter(({ address }) => address === this.#address);
    if (!this.#begun) {
      const begins = point === 'received' || point === 'intake.taken';
      this.#begun = begins && mine.some(({ event }) => event === undefined || typeOf(event).startsWith(this.#event ?? ''));
      if (!this.#begun) return false;
    }
    return about.length === 0 || this.#address === undefined || mine.length > 0;
  }
}

/** The type of an event as the journal keeps it: its first member. */
function typeOf(event: string): string {
  return event.slice(9, event.indexOf('"', 9));
}
