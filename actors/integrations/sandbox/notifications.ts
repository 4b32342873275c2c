import type { Cancel, Ports } from '../../ports/ports.ts';
import { signedHeaders } from './signature.ts';

/** What the sandbox tells about an operation, beside its answer. */
export type Notification = {
  readonly payment: string;
  readonly operation: string;
  readonly operation_id: string;
  readonly outcome: { readonly outcome: 'done'; readonly reference: string } | { readonly outcome: 'declined'; readonly code: string };
};

export type Manner = 'now' | 'late' | 'twice' | 'reordered';

type Message = { readonly id: string; readonly body: string };
/** Messages that are sent one after the other. */
type Delivery = { readonly messages: readonly Message[]; readonly attempt: number };

const LATE_MS = 2_000;
const ANSWER_WITHIN_MS = 5_000;
const ATTEMPTS = 6;
const SENDERS = 8;
const MOST_WAITING = 1_000;

/**
 * Sends signed webhooks to the hub: at least once, with backoff, in no promised order, as providers do. What is waiting is
 * lost when the hub stops; who missed a notification asks.
 */
export class Notifications {
  readonly #ports: Ports;
  readonly #secret: string;
  readonly #url: () => string | undefined;
  readonly #closing = new AbortController();
  readonly #timers = new Set<Cancel>();
  readonly #held = new Map<string, { message: Message; cancel: Cancel }>();
  readonly #queue: Delivery[] = [];
  #waiting = 0;
  #sending = 0;

  constructor(ports: Ports, secret: string, url: () => string | undefined) {
    this.#ports = ports;
    this.#secret = secret;
    this.#url = url;
  }

  /** Whether one is being held back until this payment's next one. */
  holds(payment: string): boolean {
    return this.#held.size > 0 && this.#held.has(payment);
  }

  announce(notification: Notification, manner: Manner): void {
    if (this.#closing.signal.aborted) return;
    const message = this.#toMessage(notification);
    const held = this.#held.get(notification.payment);
    if (held !== undefined) {
      held.cancel();
      this.#held.delete(notification.payment);
      return this.#deliver([message, held.message]);
    }
    switch (manner) {
      case 'now':
        return this.#deliver([message]);
      case 'twice':
        return this.#deliver([message, message]);
      case 'late':
        return void this.#after(LATE_MS, () => this.#deliver([message]));
      case 'reordered':
        return this.#hold(notification.payment, message);
    }
  }

  /** Ends at once; what was not sent is dropped. */
  close(): void {
    this.#closing.abort();
    for (const cancel of this.#timers) cancel();
    this.#timers.clear();
    this.#held.clear();
    this.#queue.length = 0;
  }

  #toMessage({ payment, operation, operation_id, outcome }: Notification): Message {
    const type = `operation.${outcome.outcome}`;
    const timestamp = this.#ports.clock.now();
    const body = JSON.stringify({ type, timestamp, data: { payment, operation, operation_id, ...outcome } });
    return { id: `msg_${this.#ports.random.id()}`, body };
  }

  #hold(payment: string, message: Message): void {
    const cancel = this.#after(LATE_MS, () => {
      this.#held.delete(payment);
      this.#deliver([message]);
    });
    this.#held.set(payment, { message, cancel });
  }

  #deliver(messages: readonly Message[]): void {
    if (this.#waiting >= MOST_WAITING) {
      return this.#ports.log.warn({ integration: 'sandbox', waiting: this.#waiting }, 'Too many webhooks wait: one is dropped');
    }
    this.#waiting += 1;
    this.#queue.push({ messages, attempt: 1 });
    this.#pump();
  }

  #pump(): void {
    while (this.#sending < SENDERS) {
      const delivery = this.#queue.shift();
      if (delivery === undefined) return;
      this.#sending += 1;
      void this.#send(delivery).finally(() => {
        this.#sending -= 1;
        this.#pump();
      });
    }
  }

  async #send({ messages, attempt }: Delivery): Promise<void> {
    const [message, ...rest] = messages;
    if (message === undefined) return void (this.#waiting -= 1);
    if (await this.#post(message)) return void this.#queue.unshift({ messages: rest, attempt: 1 });
    if (this.#closing.signal.aborted) return;
    if (attempt < ATTEMPTS) {
      return void this.#after(500 * 2 ** attempt, () => {
        this.#queue.push({ messages, attempt: attempt + 1 });
        this.#pump();
      });
    }
    this.#ports.log.warn({ integration: 'sandbox', notification: message.id, attempts: ATTEMPTS }, 'A webhook was not taken: given up');
    this.#queue.unshift({ messages: rest, attempt: 1 });
  }

  /** Whether it was answered with a 2xx. */
  async #post({ id, body }: Message): Promise<boolean> {
    const url = this.#url();
    if (url === undefined) return false;
    const deadline = this.#ports.timers.deadline(ANSWER_WITHIN_MS);
    try {
      const signed = signedHeaders(this.#secret, id, Math.floor(this.#ports.clock.now() / 1000), body);
      const response = await fetch(`${url}/v1/webhooks/sandbox`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...signed },
        body,
        redirect: 'error',
        signal: AbortSignal.any([deadline.signal, this.#closing.signal]),
      });
      await response.body?.cancel();
      return response.ok;
    } catch (error) {
      this.#ports.log.debug({ integration: 'sandbox', notification: id, error: String(error) }, 'A webhook was not answered');
      return false;
    } finally {
      deadline.cancel();
    }
  }

  #after(delay_ms: number, run: () => void): Cancel {
    const cancel: Cancel = this.#ports.timers.after(delay_ms, () => {
      this.#timers.delete(ended);
      run();
    });
    const ended = (): void => {
      this.#timers.delete(ended);
      cancel();
    };
    this.#timers.add(ended);
    return ended;
  }
}
