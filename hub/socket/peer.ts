import { FAULTS, Fault, sentenceFor } from '../../machines/fault.ts';
import type { Definition } from '../../machines/machine.ts';
import type { Caller } from '../../actors/caller.ts';
import type { Ports } from '../../actors/ports/ports.ts';
import type { Session } from '../auth/people.ts';
import type { Command, CommandAck, Frame, Position, Subscribe, SubscribeAck } from '../protocol/messages.ts';
import type { ActorTopic } from './actor-topic.ts';
import type { EndOfTurn } from './end-of-turn.ts';
import type { Ending } from './ending.ts';
import { Follower } from './follower.ts';
import type { ListTopic } from './list-topic.ts';
import { Outbox } from './outbox.ts';
import type { Line } from './outbox.ts';
import { rightsOf } from './rights.ts';
import type { Rights } from './rights.ts';
import { knowAgain, toRenewal } from './standing.ts';
import type { Guard, Renewal } from './standing.ts';
import { readTopic } from './topic.ts';
import type { Topic } from './topic.ts';
import type { Held, Topics } from './topics.ts';

export type PeerOptions = {
  readonly line: Line;
  readonly ports: Ports;
  /** Shared by all the sockets of a node. */
  readonly turn?: EndOfTurn;
  readonly topics: Topics;
  readonly people: Guard;
  readonly session: Session;
  readonly token: string;
  readonly disconnect: (how: Ending) => void;
};

type Subscription = {
  readonly topic: Topic;
  readonly follower: Follower;
  readonly rights: Rights;
  readonly joined: ActorTopic | ListTopic;
};

type FoundActor = {
  readonly topic: Topic;
  readonly definition: Definition;
  readonly held: Held<ActorTopic>;
  readonly at: Position | undefined;
};

/** A topic that was asked for, loaded and kept until it is joined. */
type Found =
  | ({ readonly kind: 'actor' } & FoundActor)
  | { readonly kind: 'list'; readonly topic: Topic; readonly rights: Rights; readonly held: Held<ListTopic> }
  | { readonly kind: 'refused'; readonly code: string; readonly reason: string };

const MOST_SUBSCRIPTIONS = 200;
const HEADS_MS = 25_000;
const MOST_ENDED = 100; // of one connection, named again in case it was not heard
const WARN_MS = 60_000;
/** How long a client whose token was given under other rights may take to show a new one. */
const RENEW_MS = 5_000;
/** How long what was sent under other rights may take to leave. */
const TAKE_BACK_MS = 500;

/** One connected client: who it is, what it follows, and what goes to it. */
export class Peer {
  readonly outbox: Outbox;
  readonly #options: PeerOptions;
  readonly #subscriptions = new Map<number, Subscription>();
  #session: Session;
  #token: string;
  #lastSub = 0;
  #coming = 0;
  #warned = false;
  #headsAt: number;
  #ended: readonly number[] = [];
  #closed = false;
  /** Raised whenever the rights may have changed: what was found under the old ones is not joined. */
  #era = 0;
  #verifications = 0;
  #settled: Promise<void> = Promise.resolve();
  #renewal: Renewal | undefined;

  constructor(options: PeerOptions) {
    this.#options = options;
    this.#session = options.session;
    this.#token = options.token;
    this.outbox = new Outbox(options.line, options.ports, options.turn);
    this.#headsAt = options.ports.clock.monotonic() + HEADS_MS;
  }

  get caller(): Caller {
    return this.#session.caller;
  }

  get expiresAt(): number {
    return this.#session.expiresAt;
  }

  get closed(): boolean {
    return this.#closed;
  }

  get following(): number {
    return this.#subscriptions.size;
  }

  /** Resolves when it is certain what the person may do, and that it is still he. */
  async certain(): Promise<void> {
    await this.#settle();
    await this.#renewal?.done;
  }

  /** A verification may be overtaken by the next one, whose answer then counts. */
  async #settle(): Promise<void> {
    for (let seen: Promise<void> | undefined; seen !== this.#settled && !this.#closed;) {
      seen = this.#settled;
      await seen;
    }
  }

  push(frame: Frame): void {
    this.outbox.push(JSON.stringify(frame));
  }

  /** Answers each topic, then sends the first frames: the client knows its subscriptions by then. */
  async subscribe(asked: Subscribe, reply: (acks: readonly SubscribeAck[]) => void): Promise<void> {
    await this.#settle();
    const room = MOST_SUBSCRIPTIONS - this.#subscriptions.size - this.#coming;
    const coming = Math.min(asked.length, Math.max(0, room));
    this.#coming += coming;
    let era = this.#era;
    let found = await Promise.all(asked.map((ask, index) => this.#find(ask, index < room)));
    while (this.#era !== era && !this.#closed) {
      // The rights changed while it was being loaded; what was found may be somebody else's view.
      release(found);
      await this.#settle();
      era = this.#era;
      found = await Promise.all(asked.map((ask, index) => this.#find(ask, index < room)));
    }
    this.#coming -= coming;
    try {
      if (this.#closed) return;
      // From here to the acknowledgement nothing else runs, so no commit can come in between.
      reply(found.map((one) => this.#mayJoin(one)));
      this.outbox.pump();
    } finally {
      release(found);
    }
  }

  async #find({ topic: text, at }: Subscribe[number], room: boolean): Promise<Found> {
    try {
      if (!room) throw new Fault('overloaded', `A connection follows at most ${MOST_SUBSCRIPTIONS} topics; unsubscribe some first.`);
      const topic = readTopic(text);
      const definition = this.#options.topics.definitions.get(topic.type);
      const rights = definition === undefined ? undefined : rightsOf(definition, this.caller);
      if (definition === undefined || rights === undefined) throw new Fault('not_found');
      if (topic.kind === 'actor') {
        const { topics } = this.#options;
        const continues = at?.epoch === `${topics.history}.${rights.key}`;
        const asked = { address: topic.address, definition, person: this.caller.id, seen: at?.version, continues };
        return { kind: 'actor', topic, definition, held: await topics.actor(asked), at };
      }
      return { kind: 'list', topic, rights, held: await this.#options.topics.list(topic.question, definition, rights) };
    } catch (error) {
      if (error instanceof Fault) return { kind: 'refused', code: error.code, reason: error.message };
      this.#options.ports.log.warn({ err: error }, 'A topic could not be loaded');
      return { kind: 'refused', code: 'retry', reason: sentenceFor('retry') };
    }
  }

  #mayJoin(found: Found): SubscribeAck {
    try {
      return this.#join(found);
    } catch (error) {
      this.#options.ports.log.error({ err: error }, 'A topic could not be joined');
      return { ok: false, code: 'internal', reason: sentenceFor('internal') };
    }
  }

  #join(found: Found): SubscribeAck {
    if (found.kind === 'refused') return { ok: false, code: found.code, reason: found.reason };
    const rights = found.kind === 'list' ? found.rights : rightsOf(found.definition, this.caller);
    const { topic: joined } = found.held;
    if (joined === undefined || rights === undefined) return notFound();
    const sub = this.#lastSub + 1;
    const follower = new Follower(sub, this.outbox, () => this.#revoke(sub));
    const epoch = `${this.#options.topics.history}.${rights.key}`;
    follower.epoch = epoch;
    let ack: { how: 'current' | 'replay' | 'snapshot'; version: number } | undefined = { how: 'snapshot', version: 1 };
    if (found.kind === 'list') found.held.topic?.join(follower);
    else ack = found.held.topic?.join(rights, follower, found.at);
    if (ack === undefined) return notFound();
    this.#lastSub = sub;
    this.#subscriptions.set(sub, { topic: found.topic, follower, rights, joined });
    return { ok: true, sub, how: ack.how, epoch, version: ack.version };
  }

  /** Where the copy of an actor stands, when what has been sent so far has arrived; undefined where there is none to continue. */
  standingOf(sub: number): Position | undefined {
    const found = this.#subscriptions.get(sub);
    if (found === undefined || found.joined.kind === 'list' || found.follower.version === 0) return undefined;
    return { epoch: found.follower.epoch, version: found.follower.version };
  }

  unsubscribe(subs: readonly number[]): void {
    for (const sub of subs) this.#drop(sub);
  }

  #drop(sub: number, byHub = false): void {
    this.#subscriptions.get(sub)?.follower.leave();
    this.#subscriptions.delete(sub);
    if (byHub) this.#ended = [...this.#ended, sub].slice(-MOST_ENDED);
  }

  #revoke(sub: number): void {
    if (!this.#subscriptions.has(sub)) return;
    this.#drop(sub, true);
    this.push({ kind: 'revoked', sub });
  }

  /**
   * A version that a view does not show leaves the copy's version where it is. Whoever names that one means the newest, as
   * long as nothing that he sees has changed since.
   */
  meant({ to, ifVersion }: Command): number | undefined {
    const versions = ifVersion === undefined ? undefined : this.#versionsOf(to);
    return versions !== undefined && versions.visible === ifVersion ? versions.newest : ifVersion;
  }

  /** A refusal names the version where the actor stands, as the client's copy has it. */
  seen({ to }: Command, ack: CommandAck): CommandAck {
    const versions = ack.outcome === 'rejected' ? this.#versionsOf(to) : undefined;
    return ack.outcome === 'rejected' && versions?.newest === ack.version ? { ...ack, version: versions.visible } : ack;
  }

  /** Both versions of an actor that the caller follows in a view that does not show everything. */
  #versionsOf(address: string): { readonly visible: number; readonly newest: number } | undefined {
    const topic = this.#options.topics.peek(address);
    const rights = topic && rightsOf(topic.definition, this.caller);
    if (topic === undefined || rights === undefined || rights.whole) return undefined;
    topic.flush();
    const visible = topic.visibleVersion(rights);
    const newest = topic.head?.version;
    return visible === undefined || newest === undefined ? undefined : { visible, newest };
  }

  /** What the person has shown last; another node that owns an actor asks it again. */
  get token(): string {
    return this.#token;
  }

  /** Renews the session in place. Throws the fault of a token that is not taken; the old one then still carries. */
  async authenticate(token: string): Promise<void> {
    await this.#settle();
    const session = await this.#options.people.verify(token);
    if (this.#closed) return;
    // The copies on the other side are of the person who signed in first.
    if (session.caller.id !== this.caller.id) throw new Fault('forbidden', 'This connection belongs to somebody else; open another one.');
    this.#token = token;
    this.#renewal?.end();
    this.#renewal = undefined;
    this.#begin(session);
  }

  /** The person's rights may have changed: nothing goes out and nothing is done before they are known again. */
  reverify(): void {
    const mine = ++this.#verifications;
    this.#era++;
    this.outbox.hold();
    const isOver = (): boolean => mine !== this.#verifications || this.#closed;
    this.#settled = knowAgain(this.#options, this.#token, this.#session)
      .then((known) => {
        if (isOver()) return;
        if (known.renew) this.#askToRenew();
        this.#begin(known.session);
        this.outbox.release();
      })
      .catch((error: unknown) => (isOver() ? undefined : this.#shutOut(error)));
  }

  #shutOut(error: unknown): void {
    const { code } = error instanceof Fault ? error : { code: 'retry' as const };
    if (FAULTS[code].retry) {
      // Where only the database did not answer nothing is known to be withdrawn: what is shown stays, and nothing more is sent.
      this.#options.ports.log.warn({ err: error }, 'A session could not be verified again');
      return this.cut(code);
    }
    // What is on its way to somebody who may not come in is not waited for.
    const how = this.outbox.parked ? 'reset' : 'briefly';
    for (const sub of [...this.#subscriptions.keys()]) this.#revoke(sub);
    this.cut(code, how);
  }

  /** What he may see is right already; what he wants done waits until he has shown a token of now. */
  #askToRenew(): void {
    const expiresAt = this.#options.ports.clock.now() + RENEW_MS;
    this.#renewal ??= toRenewal(expiresAt);
    this.push({ kind: 'expiring', expiresAt: new Date(expiresAt).toISOString() });
  }

  #begin(session: Session): void {
    this.#session = session;
    this.#era++;
    this.#warned = false;
    let changed = false;
    for (const [sub, subscription] of this.#subscriptions) changed = this.#recheck(sub, subscription) || changed;
    if (changed) this.#takeBack();
    this.outbox.pump();
  }

  /** What was sent under the rights of before is not delivered late: the connection is broken off, and the client comes again. */
  #takeBack(): void {
    const { outbox } = this;
    const hasArrived = outbox.askAboutAll();
    const breakOff = (): void => {
      this.close();
      this.#options.disconnect('reset');
    };
    if (outbox.parked) return breakOff();
    this.#options.ports.timers.after(TAKE_BACK_MS, () => {
      if (!this.#closed && !hasArrived()) breakOff();
    });
  }

  /** Whether the person sees the topic otherwise now. */
  #recheck(sub: number, { topic, follower, rights, joined }: Subscription): boolean {
    const definition = this.#options.topics.definitions.get(topic.type);
    const now = definition === undefined ? undefined : rightsOf(definition, this.caller);
    if (now?.key === rights.key) return false;
    this.#show(sub, { topic, follower, rights, joined }, now);
    return true;
  }

  #show(sub: number, { topic, follower, joined }: Subscription, now: Rights | undefined): void {
    if (now === undefined) return this.#revoke(sub);
    if (joined.kind === 'list') {
      // Other rows, perhaps: the client asks again and begins with a snapshot.
      this.#drop(sub, true);
      return this.push({ kind: 'resync', sub, reason: 'rights' });
    }
    follower.leave();
    const ack = joined.join(now, follower);
    if (ack === undefined) return this.#revoke(sub);
    follower.epoch = ack.epoch;
    this.#subscriptions.set(sub, { topic, follower, rights: now, joined });
  }

  /** Once a second: what time alone brings about. */
  tick(): void {
    const { clock } = this.#options.ports;
    const now = clock.now();
    const { expiresAt } = this.#session;
    if (now >= Math.min(expiresAt, this.#renewal?.until ?? expiresAt)) return this.cut('token_expired');
    const trouble = this.outbox.trouble(clock.monotonic());
    if (trouble !== undefined) return this.cut(trouble);
    if (!this.#warned && expiresAt - now <= WARN_MS) {
      this.#warned = true;
      this.push({ kind: 'expiring', expiresAt: new Date(expiresAt).toISOString() });
    }
    if (clock.monotonic() < this.#headsAt) return;
    this.#headsAt = clock.monotonic() + HEADS_MS;
    this.#heads();
  }

  /** Where each copy should be by now; finds a lost last message. */
  #heads(): void {
    if (!this.outbox.open) return;
    const heads = [...this.#subscriptions.values()].flatMap(({ follower: { sub, version, behind } }) => (behind ? [] : [{ sub, version }]));
    const ended = this.#ended.length === 0 ? {} : { ended: this.#ended };
    if (heads.length + this.#ended.length > 0) this.push({ kind: 'heads', heads, ...ended });
  }

  /** Says goodbye and ends the connection. One that does not read is not waited for. */
  cut(reason: string, how: Ending = reason === 'slow' ? 'hard' : 'gently', afterMs = 0): void {
    if (this.#closed) return;
    this.outbox.hold();
    this.push({ kind: 'bye', afterMs, reason });
    this.outbox.flush();
    this.close();
    this.#options.disconnect(how);
  }

  /** The connection is gone. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#era++;
    this.#renewal?.end();
    this.outbox.close();
    for (const sub of [...this.#subscriptions.keys()]) this.#drop(sub);
  }
}

function release(found: readonly Found[]): void {
  for (const one of found) if (one.kind !== 'refused') one.held.release();
}

function notFound(): SubscribeAck {
  return { ok: false, code: 'not_found', reason: sentenceFor('not_found') };
}
