import type { Can, TimerView } from '../../hub/protocol/messages.ts';
import { sentenceFor } from '../../machines/fault.ts';
import { idOf, typeOf } from '../../machines/ids.ts';
import type { Definition } from '../../machines/machine.ts';
import { perform, type Line, type Result } from './command.ts';
import type { Clock } from './clock.ts';
import type { Connection } from './connection.ts';
import { followingOf, type Following } from './following.ts';
import type { Foresight } from './foresight.ts';
import type { ContextOf, EventOf, EventTypeOf, InputOf, StateOf } from './machine-types.ts';
import type { Enqueued, Outbox } from './outbox.ts';
import { waiting, type Basis, type Kept, type Lane, type SentEvent } from './outbox-lane.ts';
import type { Shown } from './overlay.ts';
import { Problem } from './problem.ts';
import type { ActorCopy } from './store.ts';
import type { Turns } from './turns.ts';

/** What a handle works with; the hub has it all. */
export type ActorParts = {
  readonly connection: Connection;
  readonly outbox: Outbox;
  readonly foresight: Foresight;
  readonly line: Line;
  readonly clock: Clock;
  readonly turns: Turns;
  /** The hub's time, epoch milliseconds. */
  readonly now: () => number;
  readonly newId: () => string;
};

/** An actor as the person may see it, and as it is foreseen to be while something is on its way. */
export type ActorSeen<D extends Definition> = Omit<Shown, 'state' | 'context'> & {
  readonly state: readonly StateOf<D>[];
  readonly context: ContextOf<D>;
};

/** Everything about an actor at one moment. The same object as long as nothing about it changes. */
export type ActorMoment<D extends Definition> = {
  readonly copy: ActorSeen<D> | undefined;
  readonly following: Following;
  /** What is kept for it: what waits, and the tray. */
  readonly kept: Lane;
};

/** What will happen by itself. */
export type Timer = TimerView & {
  /** The name that the machine gives to the delay: `approval_ttl`. */
  readonly name: string;
  /** By the hub's clock, whatever this device's says; 0 when it is due. */
  readonly remaining_ms: number;
};

export type SendOptions = {
  /** Made when it is meant. The same id is the same command, however often it is sent. */
  readonly id?: string;
  /** Only on top of this version. */
  readonly ifVersion?: number;
  /** Whether its effect is shown before the hub has confirmed it. */
  readonly optimistic?: boolean;
};

export type EnqueueOptions = SendOptions & {
  /** The id of the command without which this one makes no sense: when that is refused, this one is held. */
  readonly after?: string;
  /** It is not sent later than this, by the hub's clock; epoch milliseconds. */
  readonly notAfter?: number;
};

type Sending = {
  readonly id: string | undefined;
  readonly ifVersion: number | undefined;
  readonly optimistic: boolean;
  readonly patience_ms: number | undefined;
};

const PATIENCE_MS = 30_000;
const UNANSWERED: Result = { outcome: 'unanswered' };

/** One actor: its copy, kept in step while it is watched, and the ways to ask something of it. Cheap to make, as often as is wanted. */
export class ActorHandle<D extends Definition> {
  readonly address: string;
  readonly #parts: ActorParts;
  #moment: ActorMoment<D> | undefined;

  constructor(address: string, parts: ActorParts) {
    this.address = address;
    this.#parts = parts;
  }

  get type(): string {
    return typeOf(this.address);
  }

  get id(): string {
    return idOf(this.address);
  }

  /** Follows it until the result is called. */
  watch(): () => void {
    return this.#parts.connection.watch(this.address);
  }

  /** Called whenever `moment` has become another. */
  onChange(listener: () => void): () => void {
    const { connection, outbox, foresight } = this.#parts;
    let last = this.moment;
    const look = (): void => {
      const { moment } = this;
      if (moment === last) return;
      last = moment;
      listener();
    };
    const ends = [connection.onChange(look), outbox.onChange(look), foresight.onChange(look)];
    return () => ends.forEach((end) => end());
  }

  /**
   * Follows it until it is as wanted, and returns how it then is. Throws a Problem: `not_yet` after the patience, and the hub's code
   * where it does not show it. Throws also what `is` throws.
   */
  until(
    is: (moment: ActorMoment<D>) => boolean,
    { patience_ms = PATIENCE_MS }: { readonly patience_ms?: number } = {},
  ): Promise<ActorMoment<D>> {
    return new Promise((resolve, reject) => {
      const end = (settle: () => void): void => {
        for (const one of ends) one();
        settle();
      };
      const look = (): void => {
        const { moment } = this;
        const { following } = moment;
        try {
          if (is(moment)) end(() => resolve(moment));
          else if (following.kind === 'refused') end(() => reject(new Problem(0, following.code, following.sentence)));
        } catch (error) {
          end(() => reject(error));
        }
      };
      const late = new Problem(0, 'not_yet', `${this.address} has not become so in ${patience_ms / 1000} s.`);
      const cancel = this.#parts.clock.after(patience_ms, () => end(() => reject(late)));
      const ends = [cancel, this.watch(), this.onChange(look)];
      look();
    });
  }

  get moment(): ActorMoment<D> {
    const { connection, outbox, foresight } = this.#parts;
    const { confirmed } = this;
    // What the hub shows of it are the machine's own names.
    const copy = confirmed && (foresight.show(this.address, confirmed) as ActorSeen<D>);
    const following = followingOf(connection.entry(this.address), connection.state);
    const kept = outbox.of(this.address);
    const last = this.#moment;
    if (last?.copy === copy && last?.kept === kept && JSON.stringify(last.following) === JSON.stringify(following)) return last;
    return (this.#moment = { copy, following, kept });
  }

  /** As it is, with what was sent and is not confirmed laid over it. `copy.predicted` says what that is. */
  get copy(): ActorSeen<D> | undefined {
    return this.moment.copy;
  }

  /** As the hub has last said it to be. */
  get confirmed(): ActorCopy | undefined {
    const copy = this.#parts.connection.entry(this.address)?.copy;
    return copy?.kind === 'actor' ? copy : undefined;
  }

  get following(): Following {
    return this.moment.following;
  }

  get kept(): Lane {
    return this.moment.kept;
  }

  get state(): readonly StateOf<D>[] {
    return this.copy?.state ?? [];
  }

  /** `authorized` holds in `authorized.holding` too. */
  matches(path: StateOf<D>): boolean {
    return this.state.some((state) => state === path || state.startsWith(`${path}.`));
  }

  /** Whether the person may send this now, and why not; undefined before anything is known of the actor. */
  can(type: EventTypeOf<D>): Can | undefined {
    const { copy } = this;
    if (copy === undefined) return undefined;
    const listed = copy.can.find((can) => can.type === type);
    // The hub lists what the person's roles may ever send to it.
    if (listed === undefined) return { type, ok: false, reason: 'forbidden', sentence: sentenceFor('forbidden'), schema: undefined };
    if (listed.ok || listed.sentence !== undefined) return listed;
    return { ...listed, sentence: sentenceFor(listed.reason ?? 'rejected') };
  }

  get timers(): readonly Timer[] {
    const now = this.#parts.now();
    const timers = (this.copy?.timers ?? []).map((timer) => ({
      ...timer,
      name: delayOf(timer.id),
      remaining_ms: Math.max(0, Date.parse(timer.due) - now),
    }));
    return timers.sort((a, b) => a.remaining_ms - b.remaining_ms);
  }

  /**
   * Sends an event now and says what the hub has answered. Nothing is kept: `unanswered` means that nobody knows, and sending it
   * again by the same id is safe. What is kept for the actor goes first.
   */
  send(
    event: EventOf<D>,
    { id, ifVersion, optimistic = false, patience_ms }: SendOptions & { readonly patience_ms?: number } = {},
  ): Promise<Result> {
    return this.#send(event as SentEvent, { id, ifVersion, optimistic, patience_ms });
  }

  /** Keeps an event until the hub has answered, through reloads and days without a connection. Resolves when it is safe. Throws a Problem. */
  enqueue(event: EventOf<D>, options: EnqueueOptions = {}): Promise<Enqueued> {
    return this.#enqueue(event as SentEvent, options);
  }

  /** Creates this actor, now. */
  create(input: InputOf<D>, { id, patience_ms }: { readonly id?: string; readonly patience_ms?: number } = {}): Promise<Result> {
    return this.#send({ type: '@create', input }, { id, ifVersion: undefined, optimistic: false, patience_ms });
  }

  /** Creates this actor when there is a connection again; events that are enqueued behind it follow in their order. Throws a Problem. */
  enqueueCreate(input: InputOf<D>, { id, notAfter }: Pick<EnqueueOptions, 'id' | 'notAfter'> = {}): Promise<Enqueued> {
    return this.#enqueue(
      { type: '@create', input },
      { optimistic: false, ...(id !== undefined && { id }), ...(notAfter !== undefined && { notAfter }) },
    );
  }

  async #send(event: SentEvent, { id = this.#parts.newId(), ifVersion, optimistic, patience_ms = PATIENCE_MS }: Sending): Promise<Result> {
    const { connection, foresight, line, clock, now } = this.#parts;
    const deadline = clock.now() + patience_ms;
    // Whoever signs in while it waits for its turn has not meant it.
    const bearer = line.bearer();
    const { address: to } = this;
    const at = now();
    const kept: Kept = { seq: 0, id, to, event, optimistic, at, ...this.#seen(), sent: { at }, standing: { kind: 'waiting' } };
    if (optimistic) foresight.begin(kept);
    try {
      return await this.#inTurn(patience_ms, async () => {
        if (!(await this.#isNext(deadline, bearer))) return UNANSWERED;
        const intent = { id, to, event, ...(ifVersion !== undefined && { ifVersion }) };
        const result = await perform(line, clock, intent, Math.max(0, deadline - clock.now()));
        if (result.outcome !== 'applied' && result.outcome !== 'duplicate') return result;
        if (optimistic) foresight.done(kept, result.version);
        // It may have come to be by this.
        connection.retry(to);
        return result;
      });
    } finally {
      if (optimistic) foresight.end(kept);
    }
  }

  /** What is sent to one actor directly goes one after another; one whose turn does not come in time is not sent. */
  #inTurn(patience_ms: number, task: () => Promise<Result>): Promise<Result> {
    const { turns, clock } = this.#parts;
    return new Promise((resolve, reject) => {
      let over = false;
      const cancel = clock.after(patience_ms, () => {
        over = true;
        resolve(UNANSWERED);
      });
      const turn = turns.take(this.address, () => {
        cancel();
        return over ? Promise.resolve(UNANSWERED) : task();
      });
      turn.then(resolve, reject);
    });
  }

  /**
   * Waits until there is a connection and everything that is kept for this actor has been answered, so that a command that is sent now
   * overtakes none of it. False where that takes too long, or is somebody else's by then.
   */
  #isNext(deadline: number, bearer: string | undefined): Promise<boolean> {
    const { outbox, line, clock } = this.#parts;
    return new Promise((resolve) => {
      let isRead = false;
      const look = (over: boolean): void => {
        const isHis = bearer !== undefined && line.bearer() === bearer;
        const isNext = isHis && isRead && line.isUp() && waiting(outbox.of(this.address)).length === 0;
        if (isHis && !isNext && !over) return;
        for (const end of ends) end();
        resolve(isNext);
      };
      const late = clock.after(Math.max(0, deadline - clock.now()), () => look(true));
      const ends = [late, line.onChange(() => look(false)), outbox.onChange(() => look(false))];
      // Right after a start nothing is known yet of what is kept, and another tab may have kept something a moment ago.
      void outbox.read().then(() => {
        isRead = true;
        look(false);
      });
    });
  }

  #enqueue(
    event: SentEvent,
    { id = this.#parts.newId(), optimistic = true, ifVersion, after, notAfter }: EnqueueOptions,
  ): Promise<Enqueued> {
    const { outbox, now } = this.#parts;
    return outbox.enqueue({
      id,
      to: this.address,
      event,
      optimistic,
      at: now(),
      ...this.#seen(),
      ...(ifVersion !== undefined && { ifVersion }),
      ...(after !== undefined && { after }),
      ...(notAfter !== undefined && { notAfter }),
    });
  }

  #seen(): { readonly seen?: Basis } {
    const { confirmed } = this;
    return confirmed === undefined ? {} : { seen: { epoch: confirmed.epoch, version: confirmed.version, state: confirmed.state } };
  }
}

/** XState calls a timer `xstate.after.approval_ttl.payment.needs_approval`. */
function delayOf(id: string): string {
  return /^xstate\.after\.([^.]+)\./.exec(id)?.[1] ?? id;
}
