import { io, type Socket } from 'socket.io-client';
import type { Command, CommandAck, Frame, SubscribeAck } from '../../hub/protocol/messages.ts';
import type { Clock } from './clock.ts';
import { isFaultCode } from '../../machines/fault.ts';
import { Listeners } from './listeners.ts';
import { isRecord } from './problem.ts';
import { Route } from './route.ts';
import { ServerTime } from './server-time.ts';
import type { Session } from './session.ts';
import { answered, asked, disconnected, EMPTY, forget, isTransient, lost, receive, want, wanted, type Entry, type Store } from './store.ts';

export type ConnectionState =
  /** Not trying: nobody is signed in, or it was closed. */
  | { readonly phase: 'offline'; readonly lastLive: number | undefined }
  /** Trying, or waiting to try at `retryAt`. `lastLive` is when the hub was last heard and the copies in step; epoch milliseconds. */
  | {
      readonly phase: 'connecting';
      readonly lastLive: number | undefined;
      readonly retryAt: number | undefined;
      readonly attempt: number;
      /** The code with which the hub has refused the last attempt, if it did. */
      readonly refusal: string | undefined;
    }
  | { readonly phase: 'online'; readonly url: string; readonly node: string; readonly since: number };

export type ConnectionOptions = {
  /** The first address to try; others follow from the hub's hello. */
  readonly home: string;
  readonly session: Session;
  readonly clock: Clock;
  /** The number of the protocol that this client was built for. */
  readonly protocol: number;
};

const CONNECT_TIMEOUT_MS = 8_000;
const ACK_TIMEOUT_MS = 10_000;
/** How long a head may be ahead of the copy before the message between them counts as lost. */
const HEAD_PATIENCE_MS = 1_000;
/** A topic outlives its last watcher a little, so that going back shows it at once. */
const LINGER_MS = 5_000;
/** A connection that has held this long was a good one. */
const STEADY_MS = 5_000;
/** After so long a hub that was too busy for a topic is asked again. */
const BUSY_MS = 2_000;
/** How often it is looked whether the device's clock was set, or the device has slept. */
const WATCH_CLOCK_MS = 10_000;
/** Frames between two credits: see interface.md §5. */
const CREDIT_EVERY = 64;

/**
 * The live side of the hub: one WebSocket, the copies of everything watched, and the way for commands. It keeps itself
 * connected as long as somebody is signed in, and goes on along the other nodes' addresses when one does not answer.
 */
export class Connection {
  /** The hub's clock, as far as this connection has measured it. */
  readonly time: ServerTime;
  readonly #options: ConnectionOptions;
  readonly #route: Route;
  readonly #listeners = new Listeners();
  readonly #watchers = new Map<string, number>();
  #state: ConnectionState = { phase: 'offline', lastLive: undefined };
  #store: Store = EMPTY;
  #socket: Socket | undefined;
  #wake: (() => void) | undefined;
  #flushing = false;
  #consumed = 0;
  #closed = true;
  #unheard: (() => void) | undefined;
  /** Whose connection it is. */
  #bearer: string | undefined;
  /** What is to happen in a moment, and not at all once it is closed. */
  readonly #soon = new Set<() => void>();
  /** When the transport opened: the hub's hello answers what was sent then. */
  #dialed = 0;
  /** When anything last came over what is open. */
  #heard = 0;
  /** Raised with every new attempt, so that a slow one that was overtaken does nothing. */
  #era = 0;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#route = new Route(options.home, options.clock);
    this.time = new ServerTime(options.clock);
  }

  get state(): ConnectionState {
    return this.#state;
  }

  entry(topic: string): Entry | undefined {
    return this.#store.entries.get(topic);
  }

  /** Called after every change of the state or of any copy. */
  onChange(listener: () => void): () => void {
    return this.#listeners.add(listener);
  }

  open(): void {
    if (!this.#closed) return;
    this.#closed = false;
    this.#bearer = this.#options.session.bearer;
    // Whoever watched before somebody signed in, or still does, means the one who signs in now.
    this.#store = [...this.#watchers.keys()].reduce(want, this.#store);
    this.#unheard = this.#options.session.onChange(() => this.#onSession());
    this.#watchClock();
    this.#connect();
  }

  /** Closes and forgets every copy: the next person must not see them. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#unheard?.();
    this.#drop();
    for (const cancel of this.#soon) cancel();
    this.#soon.clear();
    this.#store = EMPTY;
    for (const [topic, count] of this.#watchers) if (count === 0) this.#watchers.delete(topic);
    this.#set({ phase: 'offline', lastLive: undefined });
  }

  /** Tries now instead of after the delay: the network is back, or somebody is looking. What was open before a sleep is begun anew. */
  nudge(): void {
    if (this.time.hasJumped) this.restart();
    if (this.#closed || this.#state.phase !== 'connecting' || this.#state.retryAt === undefined) return;
    this.#connect();
  }

  /** Begins anew at once: what is open may be dead after a sleep, and only a beginning measures the hub's time. */
  restart(): void {
    if (!this.#closed && this.#state.phase === 'online') this.#later(0);
  }

  /** Follows a topic until the result is called. */
  watch(topic: string): () => void {
    this.#watchers.set(topic, (this.#watchers.get(topic) ?? 0) + 1);
    this.#update(want(this.#store, topic));
    let over = false;
    return () => {
      if (over) return;
      over = true;
      this.#watchers.set(topic, (this.#watchers.get(topic) ?? 1) - 1);
      this.#after(LINGER_MS, () => this.#unwatch(topic));
    };
  }

  /** Asks again for a topic that was refused. */
  retry(topic: string): void {
    if (this.entry(topic) !== undefined) this.#update(want(this.#store, topic));
  }

  /** Sends a command and waits for the hub's answer; rejects when none comes. Repeating it is the caller's matter. */
  command(command: Command): Promise<CommandAck> {
    const socket = this.#socket;
    if (socket === undefined || this.#state.phase !== 'online') return Promise.reject(new Error('The connection is not up'));
    if (this.#bearer !== this.#options.session.bearer) return Promise.reject(new Error('The connection is still that of another person'));
    return new Promise((resolve, reject) => {
      const gone = (): void => reject(new Error('The connection broke before the answer'));
      socket.once('disconnect', gone);
      socket.timeout(ACK_TIMEOUT_MS).emit('command', command, (error: Error | null, ack: CommandAck) => {
        socket.off('disconnect', gone);
        if (error) reject(error);
        else resolve(ack);
      });
    });
  }

  /** A clock that was set, or a device that has slept: the time is measured anew by beginning anew. */
  #watchClock(): void {
    this.#after(WATCH_CLOCK_MS, () => {
      if (this.time.hasJumped) this.restart();
      this.#watchClock();
    });
  }

  #onSession(): void {
    const { bearer } = this.#options.session;
    if (bearer !== this.#bearer) {
      // What one person may see, and what he has asked for, never goes over to the next one.
      this.close();
      if (bearer !== undefined) this.open();
      return;
    }
    if (this.#state.phase === 'online') void this.#authenticate();
  }

  #connect(): void {
    this.#drop();
    const era = this.#era;
    const { url, attempt } = this.#route;
    const refusal = this.#state.phase === 'connecting' ? this.#state.refusal : undefined;
    this.#set({ phase: 'connecting', lastLive: this.#lastLive(), retryAt: undefined, attempt, refusal });
    this.#options.session.token().then(
      (token) => {
        if (era === this.#era && !this.#closed) this.#dial(url, token);
      },
      () => {
        // The session ends itself when it is over; anything else is the network.
        if (era === this.#era && !this.#closed) this.#later(this.#route.backoff());
      },
    );
  }

  #dial(url: string, token: string): void {
    const socket = io(url, {
      path: '/socket.io',
      transports: ['websocket'],
      reconnection: false, // the next attempt may go to another node, with a newer token
      forceNew: true,
      timeout: CONNECT_TIMEOUT_MS,
      auth: { token, protocol: this.#options.protocol },
    });
    this.#socket = socket;
    socket.io.on('open', () => (this.#dialed = this.#options.clock.now()));
    socket.io.on('ping', () => (this.#heard = this.#options.clock.now()));
    const mine = (task: () => void) => () => {
      if (this.#socket === socket) task();
    };
    socket.on(
      'connect',
      mine(() => this.#onConnect(url)),
    );
    socket.on('frames', (frames: readonly Frame[]) => mine(() => this.#onFrames(frames))());
    socket.on('connect_error', (error: Error) => mine(() => this.#onRefused(error))());
    socket.on(
      'disconnect',
      mine(() => this.#onLost()),
    );
  }

  #onConnect(url: string): void {
    this.#heard = this.#options.clock.now();
    this.#set({ phase: 'online', url, node: '', since: this.#heard });
    this.#flush();
  }

  #onRefused(error: Error): void {
    const data: unknown = 'data' in error ? error.data : undefined;
    const code = isRecord(data) ? data['code'] : error.message;
    if (code === 'token_expired' || code === 'unauthenticated') {
      this.#drop();
      const era = this.#era;
      const again = (): void => {
        if (era === this.#era && !this.#closed) this.#later(this.#route.backoff());
      };
      this.#options.session.renew().then(again, again);
      return;
    }
    this.#route.turn();
    this.#later(this.#route.backoff(), typeof code === 'string' && isFaultCode(code) ? code : undefined);
  }

  #onLost(): void {
    const { state } = this;
    // A connection that is taken and cut at once is no better than a refused one.
    const lasted = state.phase === 'online' && this.#options.clock.now() - state.since > STEADY_MS;
    this.#later(lasted ? this.#route.soon() : this.#route.backoff());
  }

  #later(ms: number, refusal?: string): void {
    const lastLive = this.#lastLive();
    this.#drop();
    this.#store = disconnected(this.#store);
    this.#set({ phase: 'connecting', lastLive, retryAt: this.#options.clock.now() + ms, attempt: this.#route.attempt, refusal });
    this.#wake = this.#options.clock.after(ms, () => this.#connect());
  }

  #drop(): void {
    this.#era++;
    this.#wake?.();
    this.#wake = undefined;
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.disconnect();
  }

  #onFrames(frames: readonly Frame[]): void {
    this.#heard = this.#options.clock.now();
    const era = this.#era;
    let store = this.#store;
    for (const frame of frames) store = receive(store, frame);
    this.#update(store); // first: whoever listens to what follows may watch something, or close it all
    for (const frame of frames) {
      if (era !== this.#era) return;
      if (frame.kind === 'hello') this.#onHello(frame);
      else if (frame.kind === 'expiring') void this.#options.session.renew().catch(() => undefined);
      else if (frame.kind === 'heads') this.#after(HEAD_PATIENCE_MS, () => this.#update(lost(this.#store)));
      else if (frame.kind === 'bye') this.#onBye(frame.afterMs);
    }
    if (era === this.#era) this.#credit(frames.length);
  }

  #onHello({ node, urls, now }: Extract<Frame, { kind: 'hello' }>): void {
    if (now !== undefined) this.time.measure({ asked: this.#dialed, answered: this.#options.clock.now(), theirs: Date.parse(now) });
    this.#route.learn(urls);
    if (this.#state.phase === 'online') this.#set({ ...this.#state, node });
  }

  /** The node is stopping: leave it when it says, and go on at the next one. */
  #onBye(afterMs: number): void {
    const socket = this.#socket;
    this.#after(afterMs, () => {
      if (this.#socket !== socket) return;
      this.#route.turn();
      this.#later(this.#route.soon());
    });
  }

  #credit(frames: number): void {
    this.#consumed += frames;
    if (this.#consumed < CREDIT_EVERY) return;
    this.#socket?.emit('credit', this.#consumed);
    this.#consumed = 0;
  }

  async #authenticate(): Promise<void> {
    const socket = this.#socket;
    const token = await this.#options.session.token().catch(() => undefined);
    if (socket === undefined || token === undefined || this.#socket !== socket) return;
    socket.timeout(ACK_TIMEOUT_MS).emit('authenticate', { token }, (error: Error | null) => {
      // Without an answer the old token still carries; the hub ends the socket when it expires, and that is a reconnect.
      if (error && this.#socket === socket) this.nudge();
    });
  }

  #unwatch(topic: string): void {
    if ((this.#watchers.get(topic) ?? 0) > 0) return;
    this.#watchers.delete(topic);
    const entry = this.entry(topic);
    if (entry?.standing.kind === 'following') this.#socket?.emit('unsubscribe', [entry.standing.sub], () => undefined);
    this.#update(forget(this.#store, topic));
  }

  /** Subscribes what is wanted, all that was wanted in one turn of the loop in one message. */
  #flush(): void {
    if (this.#flushing || this.#state.phase !== 'online') return;
    this.#flushing = true;
    queueMicrotask(() => {
      this.#flushing = false;
      const socket = this.#socket;
      if (socket === undefined || this.#state.phase !== 'online') return;
      const topics = wanted(this.#store).slice(0, 100);
      if (topics.length === 0) return;
      const olds = topics.flatMap(({ was }) => (was === undefined ? [] : [was]));
      if (olds.length > 0) socket.emit('unsubscribe', olds, () => undefined);
      this.#store = asked(
        this.#store,
        topics.map(({ topic }) => topic),
      );
      const asking = topics.map(({ topic, ...rest }) => ('at' in rest ? { topic, at: rest.at } : { topic }));
      // A callback, not a promise: the first frames may follow the answer within the same turn.
      socket.timeout(ACK_TIMEOUT_MS).emit('subscribe', asking, (error: Error | null, acks: readonly SubscribeAck[]) => {
        if (this.#socket !== socket) return;
        if (error || !Array.isArray(acks)) return this.#later(this.#route.backoff());
        this.#update(topics.reduce((store, { topic }, index) => this.#take(store, topic, acks[index]), this.#store));
      });
      this.#flush();
    });
  }

  #take(store: Store, topic: string, ack: SubscribeAck | undefined): Store {
    if (ack === undefined) return store;
    const next = answered(store, topic, ack);
    // It was forgotten while the answer was on its way, and maybe asked for once more: what nobody reads is not sent for nothing.
    if (ack.ok && next === store) this.#socket?.emit('unsubscribe', [ack.sub], () => undefined);
    if (!ack.ok && isTransient(ack.code)) this.#after(BUSY_MS * (1 + this.#options.clock.random()), () => this.retry(topic));
    return next;
  }

  #update(store: Store): void {
    if (store !== this.#store) {
      this.#store = store;
      this.#tell();
    }
    this.#flush();
  }

  #after(ms: number, call: () => void): void {
    const cancel = this.#options.clock.after(ms, () => {
      this.#soon.delete(cancel);
      call();
    });
    this.#soon.add(cancel);
  }

  /** The loss of a connection may be noticed long after it: when a lid was shut for a night, in the morning. */
  #lastLive(): number | undefined {
    return this.#state.phase === 'online' ? this.#heard : this.#state.lastLive;
  }

  #set(state: ConnectionState): void {
    this.#state = state;
    this.#tell();
  }

  #tell(): void {
    this.#listeners.tell();
  }
}
