import type { Socket } from 'socket.io';
import { Fault } from '../../machines/fault.ts';
import type { Definition } from '../../machines/machine.ts';
import type { Cancel } from '../../actors/ports/ports.ts';
import type { Session } from '../auth/people.ts';
import { readSubject } from '../http/reading.ts';
import { readNodes } from '../../actors/store/nodes.ts';
import type { Hub } from '../hub.ts';
import {
  PROTOCOL_VERSION,
  authenticateSchema,
  commandSchema,
  creditSchema,
  subscribeSchema,
  unsubscribeSchema,
} from '../protocol/messages.ts';
import type { Subscribe } from '../protocol/messages.ts';
import type { Subject } from '../view.ts';
import { Budgets } from './budget.ts';
import { perform, refuseCommand } from './commands.ts';
import type { Performing } from './commands.ts';
import { EndOfTurn } from './end-of-turn.ts';
import { endConnection } from './ending.ts';
import type { End, Ending } from './ending.ts';
import { Events } from './events.ts';
import { writePositions } from './last-event-id.ts';
import { openLine } from './line.ts';
import { Peer } from './peer.ts';
import type { Guard } from './standing.ts';
import { Topics } from './topics.ts';

const TICK_MS = 1000;
const SWEEP_MS = 5000;
const NODES_MS = 10_000;
const AUTHENTICATE_COST = 20;
/** Generous: the mailboxes have bounds of their own. This stops what no screen and no import would ever do. */
const LIMITS = { burst: 10_000, perSecond: 2_000, patience: 10_000 };
/** A fifth of what a node takes. */
const MOST_SOCKETS_EACH = 10_000;
const MOST_STREAMS = 1_000;
const MOST_STREAMS_EACH = 20;
/** The longest that a drain waits for clients to go by themselves. */
const LEAVE_MS = 2_000;

/** A one-way connection to a client. */
export type Stream = {
  readonly write: (text: string, sent: () => void) => void;
  /** Bytes that nobody has taken. */
  readonly queued: () => number;
  readonly end: End;
  readonly onClose: (run: () => void) => void;
};

/** Everybody who is connected to this node, once there is a hub behind the door. */
export class Hall {
  readonly #hub: Hub;
  readonly #people: Guard;
  readonly #events: Events<Peer>;
  readonly #performing: Performing;
  readonly #budgets = new Budgets(LIMITS);
  readonly #turn: EndOfTurn;
  readonly #peers = new Set<Peer>();
  readonly #byPerson = new Map<string, Set<Peer>>();
  /** How to end that the people's rights are watched. */
  readonly #attended = new Map<Peer, () => void>();
  readonly #streams = new Set<Peer>();
  readonly #closing: Cancel[] = [];
  #opened: Topics | undefined;
  #opening: Promise<void> | undefined;
  #others: readonly string[] = [];
  #draining = false;
  #onEmpty: (() => void) | undefined;

  constructor(hub: Hub, people: Guard) {
    this.#hub = hub;
    this.#people = people;
    const { ports, runtime } = hub;
    this.#turn = new EndOfTurn(ports);
    const read = (definition: Definition, address: string): Promise<Subject | undefined> => readSubject(hub, definition, address);
    this.#performing = { runtime, read, now: () => ports.clock.now() };
    this.#events = new Events({
      log: ports.log,
      budget: (peer, cost) => this.#budgets.take(peer.caller.id, cost, ports.clock.monotonic()),
      onAbuse: (peer) => {
        ports.log.warn({ person: peer.caller.id }, 'A socket was cut off: it does not stop sending more than is taken');
        peer.cut('rate_limited', 'gently', 5_000);
      },
    });
    this.#listen();
    this.#closing.push(people.onChange((username) => this.#changed(username)));
    this.#closing.push(ports.timers.every(TICK_MS, () => this.#tick()));
    this.#closing.push(ports.timers.every(SWEEP_MS, () => this.#sweep()));
    this.#closing.push(ports.timers.every(NODES_MS, () => void this.#lookAround()));
    void this.#lookAround();
  }

  figures(): { sockets: number; subscriptions: number; parked: number; queued: number; actors: number; lists: number } {
    let subscriptions = 0;
    let parked = 0;
    let queued = 0;
    for (const peer of this.#peers) {
      subscriptions += peer.following;
      queued += peer.outbox.outstanding();
      if (peer.outbox.parked) parked++;
    }
    return { sockets: this.#peers.size, subscriptions, parked, queued, ...(this.#opened?.figures() ?? { actors: 0, lists: 0 }) };
  }

  /** Who the token stands for. Throws a fault where nobody is let in. */
  async verify(token: string): Promise<Session> {
    if (this.#draining) throw new Fault('stopping');
    await this.#open();
    const session = await this.#people.verify(token);
    if ((this.#byPerson.get(session.caller.id)?.size ?? 0) >= MOST_SOCKETS_EACH)
      throw new Fault('overloaded', `One person has at most ${MOST_SOCKETS_EACH} connections to a node.`);
    return session;
  }

  /** Nobody is let in before it is known which history of the database this is: a restore gives every copy another epoch. */
  #open(): Promise<void> {
    if (this.#opened !== undefined) return Promise.resolve();
    const { settings, runtime, store, ports } = this.#hub;
    this.#opening ??= settings
      .keep('history', ports.random.id().slice(0, 10))
      .then((history) => {
        this.#opened = new Topics({ runtime, store, ports, history, read: this.#performing.read });
      })
      .finally(() => {
        this.#opening = undefined;
      });
    return this.#opening;
  }

  welcome(socket: Socket, session: Session, token: string): void {
    const { node, url, ports } = this.#hub;
    const urls = [url(), ...this.#others];
    if (this.#opened === undefined || this.#draining) return void socket.disconnect(true);
    const { line, terminate, reset } = openLine(socket);
    const end: End = (how) => void (how === 'gently' ? socket.disconnect(true) : how === 'hard' ? terminate() : reset());
    const disconnect = (how: Ending): void => endConnection(end, how, ports.timers);
    const peer = new Peer({ line, ports, turn: this.#turn, topics: this.#opened, people: this.#people, session, token, disconnect });
    this.#entered(peer);
    // Every event goes through the one dispatcher and no further: an event named `error` would end the process otherwise.
    socket.use((packet) => {
      if (!peer.closed) this.#events.receive(peer, packet);
    });
    socket.on('error', () => undefined);
    socket.on('disconnect', (reason) => {
      this.#left(peer);
      // A connection that nobody stands behind any more would be answered for as long as it likes.
      if (reason === 'client namespace disconnect') socket.conn.close();
    });
    peer.push({ kind: 'hello', protocol: PROTOCOL_VERSION, node, urls, now: new Date(ports.clock.now()).toISOString() });
    peer.outbox.flush();
  }

  /**
   * The same frames one way, for those who cannot have WebSockets: `begin` opens the way once nothing can be refused any more. Throws
   * the faults `stopping`, `overloaded` and `rate_limited`.
   */
  async stream(session: Session, token: string, asked: Subscribe, begin: () => Stream): Promise<void> {
    const topics = this.#opened;
    const { node, url, ports } = this.#hub;
    const { id } = session.caller;
    if (topics === undefined || this.#draining) throw new Fault('stopping');
    const mine = [...(this.#byPerson.get(id) ?? [])].filter((peer) => this.#streams.has(peer)).length;
    if (this.#streams.size >= MOST_STREAMS || mine >= MOST_STREAMS_EACH)
      throw new Fault('overloaded', `A person has at most ${MOST_STREAMS_EACH} streams; follow more topics on one.`);
    const verdict = this.#budgets.take(id, asked.length, ports.clock.monotonic());
    if (verdict.kind !== 'granted') throw new Fault('rate_limited');
    const stream = begin();
    const texts = asked.map(({ topic }) => topic);
    let subs: readonly (number | undefined)[] = [];
    let marked = '';
    // Where its copies stand it is told with whatever moves them: what it continues from has to be what it has.
    const mark = (): string => {
      if (subs.length === 0) return '';
      const positions = writePositions(
        texts,
        subs.map((sub) => (sub === undefined ? undefined : peer.standingOf(sub))),
      );
      if (positions === marked) return '';
      marked = positions;
      return `id: ${positions}\n`;
    };
    const line = {
      write: (frames: string, sent: () => void) => stream.write(`${mark()}event: frames\ndata: [${frames}]\n\n`, sent),
      queued: () => stream.queued(),
    };
    const disconnect = (how: Ending): void => endConnection(stream.end, how, ports.timers);
    const peer = new Peer({ line, ports, turn: this.#turn, topics, people: this.#people, session, token, disconnect });
    this.#streams.add(peer);
    this.#entered(peer);
    stream.onClose(() => {
      this.#streams.delete(peer);
      this.#left(peer);
    });
    const now = new Date(ports.clock.now()).toISOString();
    peer.push({ kind: 'hello', protocol: PROTOCOL_VERSION, node, urls: [url(), ...this.#others], now });
    peer.outbox.flush();
    await peer.subscribe(asked, (acks) => {
      subs = acks.map((ack) => (ack.ok ? ack.sub : undefined));
      stream.write(`event: subscribed\ndata: ${JSON.stringify(acks)}\n\n`, () => undefined);
    });
  }

  #entered(peer: Peer): void {
    this.#peers.add(peer);
    this.#attended.set(peer, this.#people.attend(peer.caller.id));
    const others = this.#byPerson.get(peer.caller.id);
    if (others === undefined) this.#byPerson.set(peer.caller.id, new Set([peer]));
    else others.add(peer);
  }

  /** Tells everybody to go, each at another moment, so that the other nodes are not asked by all at once. */
  async drain(): Promise<void> {
    if (this.#draining) return;
    this.#draining = true;
    const { random, timers } = this.#hub.ports;
    if (this.#peers.size === 0) return;
    const spread = Math.min(LEAVE_MS - 500, 50 + this.#peers.size);
    for (const peer of this.#peers) peer.push({ kind: 'bye', afterMs: Math.round(random.next() * spread), reason: 'stopping' });
    await new Promise<void>((resolve) => {
      this.#onEmpty = resolve;
      timers.after(spread + 500, resolve);
    });
    for (const peer of this.#peers) peer.cut('stopping');
  }

  close(): void {
    this.#draining = true;
    for (const cancel of this.#closing.splice(0)) cancel();
    for (const peer of this.#peers) peer.cut('stopping');
  }

  #listen(): void {
    this.#events.on('subscribe', {
      schema: subscribeSchema,
      cost: (asked) => asked.length,
      handle: (peer, asked, reply) => peer.subscribe(asked, reply),
    });
    this.#events.on('unsubscribe', {
      schema: unsubscribeSchema,
      cost: () => 1,
      handle: (peer, subs, reply) => {
        peer.unsubscribe(subs);
        reply({ ok: true });
      },
    });
    this.#events.on('command', {
      schema: commandSchema,
      cost: () => 1,
      refuse: refuseCommand,
      handle: async (peer, command, reply) => {
        await peer.certain();
        if (peer.closed) return;
        const ifVersion = peer.meant(command);
        const meant = ifVersion === undefined ? command : { ...command, ifVersion };
        reply(peer.seen(command, await perform(this.#performing, meant, peer.caller, peer.token)));
      },
    });
    this.#events.on('authenticate', {
      schema: authenticateSchema,
      cost: () => AUTHENTICATE_COST,
      handle: async (peer, { token }, reply) => {
        await peer.authenticate(token);
        reply({ ok: true, expiresAt: new Date(peer.expiresAt).toISOString() });
      },
    });
    this.#events.on('credit', { schema: creditSchema, cost: () => 1, handle: (peer, frames) => peer.outbox.credit(frames) });
  }

  #changed(username: string): void {
    for (const peer of this.#byPerson.get(username) ?? []) peer.reverify();
  }

  #tick(): void {
    for (const peer of this.#peers) peer.tick();
  }

  /** Where else a client may go when this node does not answer. */
  async #lookAround(): Promise<void> {
    const nodes = await readNodes(this.#hub.store.database()).catch(() => undefined);
    if (nodes === undefined) return; // then what was known last is the best there is
    this.#others = nodes.filter(({ id }) => id !== this.#hub.node).map(({ url }) => url);
  }

  #sweep(): void {
    this.#opened?.sweep();
    this.#budgets.sweep(this.#hub.ports.clock.monotonic());
  }

  #left(peer: Peer): void {
    peer.close();
    this.#peers.delete(peer);
    this.#attended.get(peer)?.();
    this.#attended.delete(peer);
    const others = this.#byPerson.get(peer.caller.id);
    others?.delete(peer);
    if (others?.size === 0) this.#byPerson.delete(peer.caller.id);
    if (this.#peers.size === 0) this.#onEmpty?.();
  }
}
