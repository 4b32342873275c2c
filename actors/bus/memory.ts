import type { Ports } from '../ports/ports.ts';
import type { Bus, Headers, Heard, Incoming, StreamState } from './bus.ts';
import { STREAMS, SUBJECTS } from './subjects.ts';

export type MemoryMessage = { readonly subject: string; readonly headers: Headers; readonly data: string };

/** What befalls something that is published. `lost`: it never arrives. `unanswered`: it arrives, its acknowledgement does not. */
export type BusMishap = 'none' | 'lost' | 'unanswered';

export type BusFaults = { readonly onPublish?: (message: MemoryMessage) => BusMishap };

type Stream = { readonly prefix: string; created: string; last: number; readonly messages: Incoming[]; readonly ids: Map<string, number> };
type Ack = { readonly seq: number; readonly duplicate: boolean };

const INTAKE = toPrefix(SUBJECTS.in);

/** How long the streams remember the ids of what they took, as the hub declares it to JetStream. */
const WINDOW_MS = 100;
const ENCODER = new TextEncoder();

/** The message server in memory: its streams outlive every connection. */
export class MemoryServer {
  /** Everything that went over it, in order, where it remembers; also what no stream keeps. */
  readonly published: MemoryMessage[] = [];
  /** How many messages a stream may hold, as far as its state says. */
  most = Infinity;
  readonly #remembers: boolean;
  readonly #ports: Pick<Ports, 'clock'>;
  readonly #connections = new Set<MemoryBus>();
  readonly #streams: readonly Stream[];
  #down = false;
  #made = 0;

  constructor(ports: Pick<Ports, 'clock'>, { remembers = true }: { readonly remembers?: boolean } = {}) {
    this.#ports = ports;
    this.#remembers = remembers;
    const stream = (prefix: string): Stream => ({ prefix, created: this.#now(), last: 0, messages: [], ids: new Map() });
    this.#streams = [stream(INTAKE), stream(toPrefix(SUBJECTS.events)), stream(toPrefix(SUBJECTS.changes))];
  }

  get down(): boolean {
    return this.#down;
  }

  /** Connections break; what is published meanwhile is lost. */
  stop(): void {
    this.#down = true;
    for (const connection of this.#connections) connection.broke();
  }

  start(): void {
    this.#down = false;
    for (const connection of this.#connections) connection.returned();
  }

  /** Its disk is lost: the streams begin anew and are other streams. */
  wipe(): void {
    for (const stream of this.#streams) Object.assign(stream, { created: this.#now(), last: 0, messages: [], ids: new Map() });
  }

  /** The end of a stream is lost, as when the machine dies before its disk has it. */
  cutTail(count: number): void {
    const intake = this.#streamOf(INTAKE);
    intake?.messages.splice(-count);
    if (intake !== undefined) intake.last = Math.max(0, intake.last - count);
  }

  attach(connection: MemoryBus): void {
    this.#connections.add(connection);
  }

  detach(connection: MemoryBus): void {
    this.#connections.delete(connection);
  }

  /** Publishes as another system does. `reply` is where it wants an answer. */
  publishFrom(subject: string, data: string | Uint8Array, headers: Headers = {}, reply = ''): Ack | undefined {
    if (this.#down) throw new Error('The server is down');
    const bytes = typeof data === 'string' ? ENCODER.encode(data) : data;
    const heard = { subject, headers: toLower(headers), data: bytes, reply };
    for (const connection of this.#connections) {
      if (reply !== '') connection.passBy(subject, heard.headers, bytes, reply);
      if (connection.hears(subject)) connection.hear(heard);
    }
    const ack = this.#take(subject, bytes, headers, heard.headers);
    if (reply !== '' && ack !== undefined) this.#take(reply, ENCODER.encode(JSON.stringify({ stream: STREAMS.in, seq: ack.seq })), {}, {});
    return ack;
  }

  hasEar(subject: string): boolean {
    return [...this.#connections].some((connection) => connection.hears(subject));
  }

  /** A subject that nobody else has. */
  inbox(): string {
    return `_INBOX.${this.#made++}`;
  }

  messagesTo(prefix: string): MemoryMessage[] {
    return this.published.filter(({ subject }) => subject.startsWith(prefix));
  }

  /** What a stream keeps of this subject; undefined where none keeps it. */
  kept(subject: string): MemoryMessage[] | undefined {
    const messages = this.#streamOf(subject)?.messages.filter((message) => message.subject === subject);
    return messages?.map(({ headers, data }) => ({ subject, headers, data: new TextDecoder().decode(data) }));
  }

  stateOf(subject: string): StreamState | undefined {
    const stream = this.#streamOf(subject);
    return stream === undefined
      ? undefined
      : {
          created: stream.created,
          first: stream.messages[0]?.seq ?? stream.last + 1,
          last: stream.last,
          fill: stream.messages.length / this.most,
        };
  }

  drop(subject: string, before: number): void {
    const messages = this.#streamOf(subject)?.messages ?? [];
    const kept = messages.findIndex(({ seq }) => seq >= before);
    messages.splice(0, kept === -1 ? messages.length : kept);
  }

  read(subject: string, from: number): Incoming | undefined {
    // Their numbers have no gaps: only the end of a stream is ever lost.
    const messages = this.#streamOf(subject)?.messages ?? [];
    return messages[Math.max(0, from - (messages[0]?.seq ?? 0))];
  }

  #streamOf(subject: string): Stream | undefined {
    return this.#streams.find(({ prefix }) => subject.startsWith(prefix));
  }

  #take(subject: string, data: Uint8Array, headers: Headers, lower: Headers): Ack | undefined {
    if (this.#remembers) this.published.push({ subject, headers, data: new TextDecoder().decode(data) });
    const stream = this.#streamOf(subject);
    if (stream === undefined) return undefined;
    const at = this.#ports.clock.now();
    const id = lower['nats-msg-id'];
    for (const [known, seen] of stream.ids) {
      if (seen + WINDOW_MS > at) break;
      stream.ids.delete(known);
    }
    if (id !== undefined && stream.ids.has(id)) return { seq: stream.last, duplicate: true };
    if (id !== undefined) stream.ids.set(id, at);
    stream.last++;
    stream.messages.push({ subject, headers: lower, data, seq: stream.last, at });
    if (stream.prefix === INTAKE) for (const connection of this.#connections) connection.wake();
    return { seq: stream.last, duplicate: false };
  }

  /** A moment that no other stream was made at. */
  #now(): string {
    return new Date(this.#ports.clock.now() + this.#made++).toISOString();
  }
}

/** The bus in memory: one connection to such a server. One contract suite holds it to the behaviour of NATS. */
export class MemoryBus implements Bus {
  readonly #server: MemoryServer;
  readonly #ports: Ports;
  readonly #faults: BusFaults;
  readonly #listeners: (() => void)[] = [];
  readonly #watchers: Parameters<Bus['watchReplies']>[0][] = [];
  readonly #sleepers = new Set<() => void>();
  readonly #ears: { readonly subject: string; readonly hear: (message: Heard) => void }[] = [];
  #closed = false;

  constructor(server: MemoryServer, ports: Ports, faults: BusFaults = {}) {
    this.#server = server;
    this.#ports = ports;
    this.#faults = faults;
    server.attach(this);
  }

  trouble(): string | undefined {
    return this.#closed || this.#server.down ? 'NATS does not answer' : undefined;
  }

  onReconnect(listener: () => void): void {
    this.#listeners.push(listener);
  }

  publish(subject: string, data: string, headers: Headers = {}): void {
    if (this.trouble() !== undefined) return;
    if (this.#faults.onPublish?.({ subject, headers, data }) === 'lost') return;
    this.#server.publishFrom(subject, data, headers);
  }

  async publishAcked(subject: string, data: string, headers: Headers): Promise<void> {
    if (this.trouble() !== undefined) throw new Error('NATS does not answer');
    const mishap = this.#faults.onPublish?.({ subject, headers, data }) ?? 'none';
    const ack = mishap === 'lost' ? undefined : this.#server.publishFrom(subject, data, headers);
    await new Promise<void>((resolve) => this.#ports.timers.soon(resolve));
    if (ack === undefined || mishap !== 'none' || this.trouble() !== undefined) throw new Error('There was no acknowledgement');
  }

  async intakeState(): Promise<StreamState> {
    await Promise.resolve();
    const state = this.trouble() === undefined ? this.#server.stateOf(INTAKE) : undefined;
    if (state === undefined) throw new Error('NATS does not answer');
    return state;
  }

  async dropIntake(before: number): Promise<void> {
    await this.intakeState();
    this.#server.drop(INTAKE, before);
  }

  async readIntake(from: number, signal: AbortSignal, take: (message: Incoming) => Promise<void> | void): Promise<void> {
    for (let next = Math.max(1, from); !signal.aborted && !this.#closed;) {
      const message = this.#server.down ? undefined : this.#server.read(INTAKE, next);
      if (message === undefined) {
        await this.#sleep(signal);
        continue;
      }
      // Each arrives in a turn of its own, as it does over a connection.
      await new Promise<void>((resolve) => this.#ports.timers.soon(resolve));
      if (signal.aborted) return;
      await take(message);
      next = message.seq + 1;
    }
  }

  watchReplies(see: (subject: string, headers: Headers, data: Uint8Array, reply: string) => void): void {
    this.#watchers.push(see);
  }

  listen(subject: string, hear: (message: Heard) => void): void {
    this.#ears.push({ subject, hear });
  }

  /** The answer comes to an inbox of this request's own. */
  async request(subject: string, data: string, headers: Headers, within_ms: number): Promise<Uint8Array> {
    if (this.trouble() !== undefined) throw new Error('NATS does not answer');
    if (!this.#server.hasEar(subject)) throw new Error('Nobody listens');
    const inbox = this.#server.inbox();
    const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
    const ear = { subject: inbox, hear: (message: Heard) => resolve(message.data) };
    this.#ears.push(ear);
    const cancel = this.#ports.timers.after(within_ms, () => reject(new Error('There was no answer in time')));
    try {
      if (this.#faults.onPublish?.({ subject, headers, data }) !== 'lost') this.#server.publishFrom(subject, data, headers, inbox);
      return await promise;
    } finally {
      cancel();
      this.#ears.splice(this.#ears.indexOf(ear), 1);
    }
  }

  hears(subject: string): boolean {
    return this.#ears.some((ear) => isHeard(ear.subject, subject));
  }

  /** In a turn of its own, as over a connection; whoever has left by then hears nothing. */
  hear(message: Heard): void {
    for (const ear of this.#ears) {
      if (!isHeard(ear.subject, message.subject)) continue;
      this.#ports.timers.soon(() => {
        if (!this.#closed && !this.#server.down && this.#ears.includes(ear)) ear.hear(message);
      });
    }
  }

  async flush(): Promise<void> {
    await Promise.resolve();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#server.detach(this);
    this.wake();
    await Promise.resolve();
  }

  passBy(subject: string, headers: Headers, data: Uint8Array, reply: string): void {
    if (subject.startsWith(INTAKE)) for (const see of this.#watchers) see(subject, headers, data, reply);
  }

  wake(): void {
    for (const resolve of [...this.#sleepers]) resolve();
  }

  broke(): void {
    this.wake();
  }

  returned(): void {
    for (const listener of this.#listeners) listener();
    this.wake();
  }

  #sleep(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        this.#sleepers.delete(wake);
        signal.removeEventListener('abort', wake);
        resolve();
      };
      this.#sleepers.add(wake);
      signal.addEventListener('abort', wake, { once: true });
    });
  }
}

function toLower(headers: Headers): Headers {
  const lower: Record<string, string> = {};
  for (const name in headers) lower[name.toLowerCase()] = headers[name] ?? '';
  return lower;
}

/** `*` stands for one token at the end. */
function isHeard(pattern: string, subject: string): boolean {
  if (!pattern.endsWith('*')) return pattern === subject;
  const prefix = pattern.slice(0, -1);
  return subject.startsWith(prefix) && !subject.slice(prefix.length).includes('.');
}

/** What every subject of a pattern begins with. */
function toPrefix(pattern: string): string {
  return pattern.replace(/[*>]$/, '');
}
