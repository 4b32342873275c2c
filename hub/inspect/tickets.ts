import type { Clock } from '../../actors/ports/ports.ts';
import { Fault } from '../../machines/fault.ts';
import { hashOf, makeRefreshToken } from '../auth/tokens.ts';
import type { Aim } from './aim.ts';

/** One look through the inspector: who, at what, and until when at the latest. It has at most one connection at a time. */
export type Visit = {
  readonly person: string;
  readonly aim: Aim;
  /** On the clock that never runs backwards, in milliseconds. */
  readonly until: number;
};

/** A ticket that nobody has used is worth nothing after this time. */
export const UNUSED_MS = 60_000;
/** After this time the page has to ask for a new ticket, and so show a valid token again. */
const VISIT_MS = 60 * 60_000;
const MOST_TICKETS = 1000;
const MOST_EACH = 50;

type Entry = { readonly visit: Visit; until: number };

/**
 * The tickets of this node: random, kept by their hashes and in memory alone, each good for one connection. Whoever finds one in a
 * log or a history finds it used. A connection is given the ticket of the next one, so a page can come back without any token.
 */
export class Tickets {
  readonly #clock: Clock;
  readonly #entries = new Map<string, Entry>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A first ticket. Throws the fault `overloaded`. */
  issue(person: string, aim: Aim): string {
    this.#sweep();
    const mine = [...this.#entries.values()].filter(({ visit }) => visit.person === person).length;
    if (mine >= MOST_EACH || this.#entries.size >= MOST_TICKETS)
      throw new Fault('overloaded', 'There are more tickets than can be used; those that nobody uses are gone in a minute.');
    const now = this.#clock.monotonic();
    return this.#keep({ person, aim, until: now + VISIT_MS }, now + UNUSED_MS);
  }

  /** The ticket of the next connection, good as long as this one lasts: until `release`, and a minute longer. */
  next(visit: Visit): { readonly ticket: string; readonly release: () => void } {
    const ticket = this.#keep(visit, visit.until);
    const entry = this.#entries.get(hashOf(ticket));
    const release = (): void => {
      if (entry !== undefined) entry.until = Math.min(visit.until, this.#clock.monotonic() + UNUSED_MS);
    };
    return { ticket, release };
  }

  /** Uses a ticket up. Undefined for one that was used, is too old, or never was. */
  take(ticket: string): Visit | undefined {
    const key = hashOf(ticket);
    const entry = this.#entries.get(key);
    this.#entries.delete(key);
    return entry === undefined || entry.until <= this.#clock.monotonic() ? undefined : entry.visit;
  }

  /** Somebody may not inspect any more. */
  revoke(person: string): void {
    for (const [key, { visit }] of this.#entries) if (visit.person === person) this.#entries.delete(key);
  }

  #keep(visit: Visit, until: number): string {
    const { token, hash } = makeRefreshToken();
    this.#entries.set(hash, { visit, until });
    return token;
  }

  #sweep(): void {
    const now = this.#clock.monotonic();
    for (const [key, { until }] of this.#entries) if (until <= now) this.#entries.delete(key);
  }
}
