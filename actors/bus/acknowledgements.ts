import { createInbox } from '@nats-io/transport-node';
import type { Msg, NatsConnection } from '@nats-io/transport-node';
import type { Cancel, Timers } from '../ports/ports.ts';

type Waiting = { readonly resolve: () => void; readonly reject: (error: Error) => void; readonly until: number };

const WITHIN_MS = 5_000;
const LOOK_MS = 500;

/**
 * What JetStream says to each publication: that a stream has it, or why not. One subscription and one timer for all of them: a request of the
 * client costs, for each, more than the publication itself.
 */
export class Acknowledgements {
  readonly #inbox = createInbox();
  readonly #waiting = new Map<string, Waiting>();
  readonly #timers: Timers;
  #asked = 0;
  /** Counted in looks, so that no clock is read for each. */
  #looks = 0;
  #cancel: Cancel | undefined;

  constructor(connection: NatsConnection, timers: Timers) {
    this.#timers = timers;
    connection.subscribe(`${this.#inbox}.*`, {
      callback: (error, message) => {
        if (error === null) this.#hear(message);
      },
    });
  }

  /** Publishes with a place for the acknowledgement, and resolves when it has come. */
  of(publish: (reply: string) => void): Promise<void> {
    const token = String(this.#asked++);
    publish(`${this.#inbox}.${token}`);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#waiting.set(token, { resolve, reject, until: this.#looks + WITHIN_MS / LOOK_MS });
    this.#cancel ??= this.#timers.every(LOOK_MS, () => this.#look());
    return promise;
  }

  close(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    for (const { reject } of this.#waiting.values()) reject(new Error('NATS was left before it answered'));
    this.#waiting.clear();
  }

  #hear(message: Msg): void {
    const token = message.subject.slice(this.#inbox.length + 1);
    const waiting = this.#waiting.get(token);
    if (waiting === undefined) return;
    const trouble = troubleOf(message);
    // Others who listen may answer too; what they say is no acknowledgement.
    if (trouble === undefined) return;
    this.#waiting.delete(token);
    if (trouble === '') waiting.resolve();
    else waiting.reject(new Error(trouble));
  }

  /** They were asked for in this order, so the first that is not due yet ends the look. */
  #look(): void {
    this.#looks++;
    for (const [token, { reject, until }] of this.#waiting) {
      if (until > this.#looks) break;
      this.#waiting.delete(token);
      reject(new Error('NATS did not answer in time'));
    }
    if (this.#waiting.size > 0) return;
    this.#cancel?.();
    this.#cancel = undefined;
  }
}

/** Why no stream has it; empty where one has, undefined where that is not said. */
function troubleOf(message: Msg): string | undefined {
  if (message.headers?.code === 503) return 'No stream takes this subject';
  try {
    const { stream, seq, error } = message.json<{ stream?: unknown; seq?: unknown; error?: { description?: unknown } }>();
    if (error !== undefined) return `JetStream did not take it: ${String(error.description)}`;
    return typeof stream === 'string' && stream !== '' && typeof seq === 'number' ? '' : undefined;
  } catch {
    return undefined;
  }
}
