import { connect, headers as makeHeaders } from '@nats-io/transport-node';
import type { MsgHdrs, NatsConnection } from '@nats-io/transport-node';
import {
  DeliverPolicy,
  DiscardPolicy,
  JetStreamApiError,
  RetentionPolicy,
  StorageType,
  jetstream,
  jetstreamManager,
} from '@nats-io/jetstream';
import type { JetStreamClient, JetStreamManager, StreamConfig } from '@nats-io/jetstream';
import type { Ports } from '../ports/ports.ts';
import { Acknowledgements } from './acknowledgements.ts';
import { Patience } from './patience.ts';
import type { Bus, Headers, Heard, Incoming, StreamState } from './bus.ts';
import { STREAMS, SUBJECTS } from './subjects.ts';

export type NatsOptions = { readonly url: string; readonly ports: Ports };

const SECOND = 1_000_000_000;
const DAY = 86_400 * SECOND;
const NO_HEADERS: Headers = {};

/** The bus on NATS, with JetStream for what has to be found again. Built to nats-server 2.9.10. */
export async function openNats(options: NatsOptions): Promise<NatsBus> {
  const patience = new Patience(() => options.ports.random.next());
  const connection = await connect({
    ...readAddress(options.url),
    name: 'green-lines-hub',
    maxReconnectAttempts: -1,
    reconnectDelayHandler: () => patience.wait_ms(),
    waitOnFirstConnect: true,
    pingInterval: 5_000,
    maxPingOut: 2,
  });
  const bus = new NatsBus(connection, options.ports, patience);
  await bus.open();
  return bus;
}

/** The client takes no user and password from a URL and would connect as a stranger without a word. */
function readAddress(url: string): { servers: string[]; user?: string; pass?: string } {
  const parts = url.split(',').map((part) => new URL(part.includes('://') ? part : `nats://${part}`));
  const named = parts.find(({ username }) => username !== '');
  const servers = parts.map((part) => `${part.protocol}//${part.host}`);
  return named === undefined
    ? { servers }
    : { servers, user: decodeURIComponent(named.username), pass: decodeURIComponent(named.password) };
}

export class NatsBus implements Bus {
  readonly #connection: NatsConnection;
  readonly #ports: Ports;
  readonly #patience: Patience;
  readonly #js: JetStreamClient;
  readonly #acknowledgements: Acknowledgements;
  readonly #listeners: (() => void)[] = [];
  #manager: JetStreamManager | undefined;
  #connected = true;

  constructor(connection: NatsConnection, ports: Ports, patience: Patience) {
    this.#connection = connection;
    this.#ports = ports;
    this.#patience = patience;
    this.#js = jetstream(connection, { timeout: 5_000 });
    this.#acknowledgements = new Acknowledgements(connection, ports.timers);
  }

  async open(): Promise<void> {
    this.#follow().catch((error: unknown) =>
      this.#ports.log.error({ err: error }, 'The state of the NATS connection is not followed any more'),
    );
    await this.#declareStreams();
  }

  async #follow(): Promise<void> {
    for await (const status of this.#connection.status()) {
      if (status.type === 'disconnect') {
        this.#connected = false;
        this.#ports.log.warn({}, 'NATS is gone; events from its doors wait there, those of other doors go on');
      } else if (status.type === 'reconnecting') {
        this.#patience.tried();
      } else if (status.type === 'reconnect') {
        void this.#comeBack();
      }
    }
  }

  /** A server that was made anew has no streams, and one that has just started may not answer for them at once. */
  async #comeBack(): Promise<void> {
    for (let attempt = 0; !this.#connection.isClosed(); attempt++) {
      try {
        await this.#declareStreams();
        break;
      } catch (error) {
        this.#ports.log.warn({ err: error, attempt }, 'The streams could not be declared again; it is tried again');
        await new Promise<void>((resolve) => void this.#ports.timers.after(500, resolve));
      }
    }
    this.#connected = true;
    this.#ports.log.info({}, 'NATS is back');
    for (const listener of this.#listeners) listener();
  }

  async #declareStreams(): Promise<void> {
    this.#manager ??= await jetstreamManager(this.#connection, { timeout: 5_000 });
    // The journal de-duplicates, so the streams' own window is the shortest that servers allow.
    const shared = { retention: RetentionPolicy.Limits, duplicate_window: 100_000_000, num_replicas: 1 };
    await this.#declare({
      ...shared,
      name: STREAMS.in,
      subjects: [SUBJECTS.in],
      storage: StorageType.File,
      max_age: 7 * DAY,
      max_bytes: 1 << 30,
      discard: DiscardPolicy.New,
    });
    await this.#declare({
      ...shared,
      name: STREAMS.events,
      subjects: [SUBJECTS.events],
      storage: StorageType.File,
      max_age: 7 * DAY,
      max_bytes: 1 << 30,
      discard: DiscardPolicy.Old,
    });
    // What changed is in the journal too, so this one may be lost with the server.
    await this.#declare({
      ...shared,
      name: STREAMS.changes,
      subjects: [SUBJECTS.changes],
      storage: StorageType.Memory,
      max_age: 600 * SECOND,
      max_bytes: 64 << 20,
      discard: DiscardPolicy.Old,
    });
  }

  async #declare(config: Partial<StreamConfig> & { name: string }): Promise<void> {
    const manager = this.#manager;
    if (manager === undefined) throw new Error('There is no JetStream manager');
    try {
      await manager.streams.add(config as never);
    } catch (error) {
      // It exists with other limits: an operator's, which are kept.
      if (!(error instanceof JetStreamApiError)) throw error;
      await manager.streams.info(config.name);
    }
  }

  trouble(): string | undefined {
    return this.#connected && !this.#connection.isClosed() ? undefined : 'NATS does not answer';
  }

  onReconnect(listener: () => void): void {
    this.#listeners.push(listener);
  }

  publish(subject: string, data: string, headers: Headers = NO_HEADERS): void {
    if (this.trouble() !== undefined) return;
    this.#connection.publish(subject, data, headers === NO_HEADERS ? {} : { headers: toNats(headers) });
  }

  async publishAcked(subject: string, data: string, headers: Headers): Promise<void> {
    if (this.trouble() !== undefined) throw new Error('NATS does not answer');
    await this.#acknowledgements.of((reply) => this.#connection.publish(subject, data, { headers: toNats(headers), reply }));
  }

  async intakeState(): Promise<StreamState> {
    const manager = this.#manager;
    if (manager === undefined) throw new Error('There is no JetStream manager');
    const { created, state, config } = await manager.streams.info(STREAMS.in);
    const fill = config.max_bytes > 0 ? state.bytes / config.max_bytes : 0;
    return { created: String(created), first: state.first_seq, last: state.last_seq, fill };
  }

  async dropIntake(before: number): Promise<void> {
    await this.#manager?.streams.purge(STREAMS.in, { seq: before });
  }

  async readIntake(from: number, signal: AbortSignal, take: (message: Incoming) => Promise<void> | void): Promise<void> {
    const consumer = await this.#js.consumers.get(STREAMS.in, {
      deliver_policy: DeliverPolicy.StartSequence,
      opt_start_seq: Math.max(1, from),
    });
    const messages = await consumer.consume({ max_messages: 256, expires: 5_000 });
    const stop = (): void => void messages.close();
    signal.addEventListener('abort', stop, { once: true });
    try {
      for await (const message of messages) {
        await take({
          subject: message.subject,
          headers: message.headers === undefined ? NO_HEADERS : fromNats(message.headers),
          data: message.data,
          seq: message.seq,
          at: Math.floor(message.info.timestampNanos / 1_000_000),
        });
        if (signal.aborted) return;
      }
    } finally {
      signal.removeEventListener('abort', stop);
      await messages.close();
    }
  }

  watchReplies(see: (subject: string, headers: Headers, data: Uint8Array, reply: string) => void): void {
    this.#connection.subscribe(SUBJECTS.in, {
      callback: (error, message) => {
        if (error !== null || message.reply === undefined || message.reply === '') return;
        see(message.subject, message.headers === undefined ? NO_HEADERS : fromNats(message.headers), message.data, message.reply);
      },
    });
  }

  listen(subject: string, hear: (message: Heard) => void): void {
    this.#connection.subscribe(subject, {
      callback: (error, message) => {
        if (error !== null) return;
        const headers = message.headers === undefined ? NO_HEADERS : fromNats(message.headers);
        hear({ subject: message.subject, headers, data: message.data, reply: message.reply ?? '' });
      },
    });
  }

  async request(subject: string, data: string, headers: Headers, within_ms: number): Promise<Uint8Array> {
    if (this.trouble() !== undefined) throw new Error('NATS does not answer');
    const answer = await this.#connection.request(subject, data, { timeout: within_ms, headers: toNats(headers) });
    return answer.data;
  }

  async flush(): Promise<void> {
    if (this.trouble() === undefined) await this.#connection.flush();
  }

  async close(): Promise<void> {
    this.#acknowledgements.close();
    await this.#connection.close();
  }
}

function toNats(headers: Headers): MsgHdrs {
  const made = makeHeaders();
  for (const name in headers) made.set(name, headers[name] ?? '');
  return made;
}

/** Header names are lower-cased; of a repeated one the first counts. */
function fromNats(headers: MsgHdrs): Headers {
  const read: Record<string, string> = {};
  for (const [name, values] of headers) read[name.toLowerCase()] ??= values[0] ?? '';
  return read;
}
