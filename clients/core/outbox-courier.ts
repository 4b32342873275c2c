import type { CommandAck, Position } from '../../hub/protocol/messages.ts';
import { sentenceFor } from '../../machines/fault.ts';
import { unreachable } from '../../machines/must.ts';
import type { Clock } from './clock.ts';
import type { Line } from './command.ts';
import * as lanes from './outbox-lane.ts';
import type { Kept, Meanwhile, Refusal } from './outbox-lane.ts';
import type { OutboxMirror } from './outbox-mirror.ts';

export type CourierOptions = {
  readonly mirror: OutboxMirror;
  readonly line: Line;
  /** Has the connection tried now, where it waits to be tried again. */
  readonly wake: () => void;
  readonly clock: Clock;
  /** The hub's time, epoch milliseconds. */
  readonly now: () => number;
  /** Where this device's copy of an actor stands, if it has one. */
  readonly standsAt: (to: string) => Position | undefined;
  /** Finds out what an actor is now and what led there; undefined where that cannot be known. Throws where it may be asked again. */
  readonly lookAt: (kept: Kept) => Promise<Meanwhile | undefined>;
};

/** So many actors are sent to at once. */
const AT_ONCE = 16;
const PAUSE_MS = { least: 250, most: 10_000 };
/** How often it is asked what became of a command that the hub keeps for an operator. */
const PARKED_MS = 30_000;
const BROKEN_MS = 5_000;

/**
 * Sends what is kept, as long as this tab leads: of each actor one command at a time, in order, each by its one id until it is answered.
 * Actors go their ways beside each other.
 */
export class Courier {
  readonly #options: CourierOptions;
  /** Ends the work of its time: what is under way then stops at its next step, and its answers are asked for again. */
  #tour: { readonly busy: Set<string> } | undefined;
  /** Actors that are not sent to for a while, with those for which the hub has asked so. */
  readonly #pauses = new Map<string, { readonly end: () => void; readonly asked: boolean }>();
  /** How often in a row an answer was lost, by actor. */
  readonly #losses = new Map<string, number>();
  readonly #explained = new Set<string>();
  #up = false;

  constructor(options: CourierOptions) {
    this.#options = options;
  }

  get working(): boolean {
    return this.#tour !== undefined;
  }

  begin(): () => void {
    const { line, mirror } = this.#options;
    const tour = { busy: new Set<string>() };
    this.#tour = tour;
    this.#up = line.isUp();
    const ends = [line.onChange(() => this.#onLine()), mirror.onChange(() => this.#pump()), mirror.onWake((why) => this.#onWake(why))];
    // What another tab has sent or settled since is read again before anything is sent.
    void mirror.reload();
    return () => {
      for (const end of ends) end();
      if (this.#tour !== tour) return;
      this.#tour = undefined;
      for (const { end } of this.#pauses.values()) end();
      this.#pauses.clear();
    };
  }

  /** Tries one actor's commands now, unless the hub has asked to wait. */
  resume(to: string): void {
    if (this.#pauses.get(to)?.asked !== true) this.#lift(to);
  }

  /** Tries now whatever waits for another attempt, but for what the hub has asked to wait with. */
  nudge(): void {
    for (const to of [...this.#pauses.keys()]) this.resume(to);
    this.#pump();
  }

  #lift(to: string): void {
    this.#pauses.get(to)?.end();
    this.#pauses.delete(to);
    this.#pump();
  }

  /** Somebody is at work in another tab, while this one may lie in the background, where timers run slowly. */
  #onWake(why: 'changed' | 'nudge'): void {
    this.#options.wake();
    if (why === 'nudge') this.nudge();
  }

  #onLine(): void {
    const wasUp = this.#up;
    this.#up = this.#options.line.isUp();
    if (this.#up && !wasUp) this.nudge();
  }

  /** Begins wherever something waits and nothing is under way. */
  #pump(): void {
    const { line, mirror } = this.#options;
    if (this.#tour === undefined) return;
    this.#forget();
    if (!line.isUp()) return;
    const { busy } = this.#tour;
    for (const [to, lane] of mirror.lanes) {
      if (busy.size >= AT_ONCE) return;
      if (busy.has(to) || this.#pauses.has(to)) continue;
      if (lanes.waiting(lane).length > 0) void this.#work(to, () => this.#drain(to));
      else if (lane.some((kept) => this.#isUnexplained(kept))) void this.#work(to, () => this.#explain(to));
    }
  }

  async #work(to: string, task: () => Promise<void>): Promise<void> {
    const tour = this.#tour;
    tour?.busy.add(to);
    try {
      await task();
    } catch (error) {
      if (tour !== this.#tour) return;
      // What is kept stays kept; whoever shows the outbox says what is wrong with it.
      this.#pause(to, BROKEN_MS);
      this.#options.mirror.fail(error);
    } finally {
      tour?.busy.delete(to);
    }
    this.#pump();
  }

  /** Sends what waits for one actor, one after another, until nothing does or it has to be tried again later. */
  async #drain(to: string): Promise<void> {
    const { line, now, standsAt, mirror } = this.#options;
    const tour = this.#tour;
    const goesOn = (): boolean => tour === this.#tour && line.isUp();
    while (goesOn()) {
      const [first] = lanes.waiting(mirror.of(to));
      if (first === undefined) return;
      const bar = lanes.obstacle(first, now());
      if (bar !== undefined) {
        await this.#refuse(first, bar);
        continue;
      }
      const on = standsAt(to);
      let isRepeat = false;
      const lane = await mirror.change(to, (before) => {
        isRepeat = before.some(({ id, sent }) => id === first.id && sent !== undefined);
        return lanes.begin(before, first.id, { at: now(), ...(on && { on }) });
      });
      const [head] = lanes.waiting(lane);
      // Another tab has discarded it meanwhile.
      if (head?.id !== first.id) continue;
      if (!goesOn()) return;
      const ack = await line.command(lanes.toCommand(head)).catch(() => undefined);
      // Somebody else sends now, or another person has signed in: it is asked for again, by the same id.
      if (tour !== this.#tour) return;
      if (ack === undefined) return this.#onLost(to);
      this.#losses.delete(to);
      if (!(await this.#take(head, ack, isRepeat))) return;
    }
  }

  /** Whether the next one may be sent. A repeat is one that may have been done by an earlier attempt. */
  async #take(kept: Kept, ack: CommandAck, isRepeat: boolean): Promise<boolean> {
    const { mirror, now } = this.#options;
    switch (ack.outcome) {
      case 'applied':
      case 'duplicate':
        mirror.done(kept);
        await mirror.change(
          kept.to,
          (lane) => lanes.applied(lane, kept.id, ack.version),
          () => mirror.settle(kept, ack),
        );
        return true;
      case 'rejected': {
        const seen = ack.version > 0 ? { version: ack.version, can: ack.can } : {};
        const refusal = { code: ack.code, sentence: ack.reason || sentenceFor(ack.code), at: now(), ...seen };
        await this.#refuse(kept, isRepeat ? lanes.doubted(refusal) : refusal);
        return true;
      }
      case 'parked':
        await mirror.change(kept.to, (lane) => lanes.park(lane, kept.id, ack.reason));
        this.#pause(kept.to, PARKED_MS);
        return false;
      case 'retry':
        this.#pause(kept.to, Math.max(ack.afterMs, PAUSE_MS.least), true);
        return false;
      default:
        return unreachable(ack);
    }
  }

  #onLost(to: string): void {
    const losses = this.#losses.get(to) ?? 0;
    this.#losses.set(to, losses + 1);
    // Without a connection it goes on when there is one again.
    if (this.#options.line.isUp()) this.#pause(to, Math.min(PAUSE_MS.least * 2 ** losses, PAUSE_MS.most));
  }

  /** Into the tray, and what is held because of it too. */
  async #refuse(kept: Kept, refusal: Refusal): Promise<void> {
    const { mirror } = this.#options;
    let before: readonly Kept[] = [];
    const settle = (lane: readonly Kept[]): void => {
      for (const one of lane) {
        const was = before.find(({ id }) => id === one.id);
        if (one.standing.kind !== 'tray' || was?.standing.kind === 'tray') continue;
        mirror.settle(one, { outcome: 'refused', refusal: one.standing.refusal });
      }
    };
    await mirror.change(kept.to, (now) => lanes.refuse((before = now), kept.id, refusal), settle);
  }

  #isUnexplained({ id, standing }: Kept): boolean {
    return standing.kind === 'tray' && standing.refusal.now === undefined && !this.#explained.has(id);
  }

  /** What waits again may be refused again, and that is to be explained anew. */
  #forget(): void {
    if (this.#explained.size === 0) return;
    for (const lane of this.#options.mirror.lanes.values()) for (const { id } of lanes.waiting(lane)) this.#explained.delete(id);
  }

  /** Finds out for everything in the tray of one actor what the actor is now. */
  async #explain(to: string): Promise<void> {
    const { mirror, lookAt } = this.#options;
    const tour = this.#tour;
    for (const kept of mirror.of(to).filter((one) => this.#isUnexplained(one))) {
      const now = await lookAt(kept).catch(() => 'later' as const);
      if (tour !== this.#tour) return;
      if (now === 'later') return this.#onLost(to);
      this.#explained.add(kept.id);
      if (now !== undefined) await mirror.change(to, (lane) => lanes.explain(lane, kept.id, now));
    }
  }

  /** Up to half as long again, so that those who were sent away together do not come back together. */
  #pause(to: string, ms: number, asked = false): void {
    const { clock } = this.#options;
    this.#pauses.get(to)?.end();
    const wait_ms = ms * (1 + clock.random() / 2);
    const end = clock.after(wait_ms, () => this.#lift(to));
    this.#pauses.set(to, { end, asked });
  }
}
