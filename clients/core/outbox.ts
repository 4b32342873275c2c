import type { Line } from './command.ts';
import { Courier, type CourierOptions } from './outbox-courier.ts';
import * as lanes from './outbox-lane.ts';
import type { Again, Kept, Lane, Wish } from './outbox-lane.ts';
import { OutboxMirror, type MirrorOptions, type Settled } from './outbox-mirror.ts';
import { Problem } from './problem.ts';

/** A command that is safe, and the promise of what becomes of it, which may take days. */
export type Enqueued = { readonly kept: Kept; readonly settled: Promise<Settled> };

export type OutboxOptions = MirrorOptions &
  Omit<CourierOptions, 'mirror'> & {
    readonly line: Line;
    readonly newId: () => string;
    /** The name that this hub's outbox has among the tabs of a browser. */
    readonly name: string;
    /** How many commands one person may have kept, the tray included. */
    readonly most: number;
  };

/** No event is larger on the wire than this: the hub would cut the connection for it, again and again. */
const MOST_BYTES = 48 * 1024;

/**
 * Commands that outlive the connection, the page and the device's battery. Each is kept before anything else is done with it, sent in
 * its order among those of its actor, always by its one id, until the hub has answered; what the hub refuses waits in the tray
 * for somebody to decide. Of all tabs one sends.
 */
export class Outbox {
  readonly #options: OutboxOptions;
  readonly #mirror: OutboxMirror;
  readonly #courier: Courier;
  #person: string | undefined;
  #end: () => void = () => undefined;

  constructor(options: OutboxOptions) {
    this.#options = options;
    this.#mirror = new OutboxMirror(options);
    this.#courier = new Courier({ ...options, mirror: this.#mirror });
  }

  /** Takes up what is kept for a person. Nobody else's is seen or sent. */
  open(person: string): void {
    this.close();
    this.#person = person;
    const name = `${this.#options.name}/${person}`;
    this.#mirror.open(person, name);
    this.#end = this.#options.tabs.lead(name, () => this.#courier.begin());
  }

  /** Leaves everything where it is kept, and shows none of it. */
  close(): void {
    this.#end();
    this.#end = () => undefined;
    this.#person = undefined;
    this.#mirror.close();
  }

  /** Whose commands these are. */
  get person(): string | undefined {
    return this.#person;
  }

  /** All that is kept for the person who is signed in, in the order in which it came: what waits, and the tray. */
  get all(): readonly Kept[] {
    return this.#mirror.all;
  }

  /** What is kept for one actor. The same array as long as nothing about it changes. */
  of(to: string): Lane {
    return this.#mirror.of(to);
  }

  /** Whether this tab is the one that sends. */
  get leads(): boolean {
    return this.#courier.working;
  }

  /** Resolves when all that is kept for the person is known. */
  read(): Promise<void> {
    return this.#mirror.reload();
  }

  /** Why nothing can be kept or read, while that is so. */
  get trouble(): Problem | undefined {
    return this.#mirror.trouble;
  }

  onChange(listener: () => void): () => void {
    return this.#mirror.onChange(listener);
  }

  /** Called with every command that is settled while this page is open, in whichever tab that was. */
  onSettled(hear: (kept: Kept, settled: Settled) => void): () => void {
    return this.#mirror.onSettled(hear);
  }

  /**
   * Keeps a command, and resolves when it is safe. Throws a Problem when it is not kept: `unauthenticated`, `too_large`,
   * `outbox_full`, `key_reused`, `after_refused`, `after_unknown`, `not_kept`.
   */
  async enqueue(wish: Wish): Promise<Enqueued> {
    if (new TextEncoder().encode(JSON.stringify(wish.event)).length > MOST_BYTES)
      throw new Problem(0, 'too_large', `A command of more than ${MOST_BYTES / 1024} KiB would not be taken by the hub.`);
    return this.#change(wish.to, wish.id, (lane, room) => lanes.add(lane, wish, room));
  }

  /**
   * Out of the tray: the same again, or what was changed in it; under a new id where the old one is used up. Throws a Problem:
   * `may_be_done` where it is doubtful whether it was done, so that it would be done a second time; with `anyway` that is wanted.
   */
  async retry(id: string, change: Pick<Again, 'event' | 'seen' | 'anyway'> = {}): Promise<Enqueued> {
    const { newId, now } = this.#options;
    const old = this.#mirror.find(id);
    const fresh = old.sent === undefined && change.event === undefined ? id : newId();
    return this.#change(old.to, fresh, (lane, room) => lanes.again(lane, id, { id: fresh, at: now(), ...change }, room));
  }

  /** Forgets a command. One that has been sent already may have been done all the same. Throws a Problem. */
  async discard(id: string): Promise<void> {
    const { to } = this.#mirror.find(id);
    let before: Lane = [];
    const settle = (lane: Lane): void => {
      for (const kept of before) {
        const now = lane.find((one) => one.id === kept.id);
        if (now === undefined) this.#mirror.settle(kept, { outcome: 'discarded' });
        else if (now.standing.kind === 'tray' && kept.standing.kind !== 'tray')
          this.#mirror.settle(now, { outcome: 'refused', refusal: now.standing.refusal });
      }
    };
    await this.#mirror.change(to, (lane) => lanes.discard((before = lane), id, this.#options.now()), settle);
    this.#courier.resume(to);
  }

  /** Tries now whatever waits for another attempt, in whichever tab sends, but for what the hub has asked to wait with. */
  nudge(): void {
    if (this.leads) this.#courier.nudge();
    else this.#mirror.nudge();
  }

  async #change(to: string, id: string, decide: (lane: Lane, room: lanes.Room) => Lane): Promise<Enqueued> {
    const { most } = this.#options;
    const heard = this.#hearOf(id); // before it is kept, so that no answer is too fast
    try {
      const isDone = (one: string): boolean => this.#mirror.isDone(one);
      const lane = await this.#mirror.change(to, (old, total) => decide(old, { total, most, isDone }));
      const kept = lane.find((one) => one.id === id);
      if (kept === undefined) throw new Problem(0, 'not_kept', 'The command could not be kept on this device.');
      if (kept.standing.kind !== 'tray') return { kept, settled: heard.settled };
      heard.end();
      return { kept, settled: Promise.resolve({ outcome: 'refused', refusal: kept.standing.refusal }) };
    } catch (error) {
      heard.end();
      throw error;
    }
  }

  #hearOf(id: string): { readonly settled: Promise<Settled>; readonly end: () => void } {
    const { promise, resolve } = Promise.withResolvers<Settled>();
    const end = this.onSettled((kept, settled) => {
      if (kept.id !== id) return;
      end();
      resolve(settled);
    });
    return { settled: promise, end };
  }
}
