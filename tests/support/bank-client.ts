import { connect, headers as makeHeaders } from '@nats-io/transport-node';
import type { NatsConnection } from '@nats-io/transport-node';
import { idOf } from '../../machines/ids.ts';

/** What the bank's customer wants: one transfer, by a name that makes it one however often it is asked for. */
export type Order = { readonly transfer: string; readonly from: string; readonly to: string; readonly amount_minor: number };
/** What a receipt said: done as this version, or refused for this reason. */
export type Answer = { readonly version: number; readonly reason: string };

type Receipt = { readonly outcome: string; readonly id: string; readonly version: number; readonly reason?: string };
type Waiting = { readonly order: Order; published_at: number };

const SOURCE = 'bank';
/** So many orders of one account are under way at once: less than the intake takes of one actor, so that it never has to wait. */
const WINDOW = 150;
/** Without a receipt in this time an order is published again. */
const PATIENCE_MS = 2_000;
const LOOK_MS = 20;

/**
 * Another system that hands orders in over NATS. It believes receipts alone: what has none is published again under its id, and a
 * second receipt that says something else is written down.
 */
export class BankClient {
  readonly answers = new Map<string, Answer>();
  readonly contradictions: string[] = [];
  again = 0;
  refused = 0;
  readonly #made = new Map<string, string>();
  readonly #connection: NatsConnection;
  readonly #queues = new Map<string, Order[]>();
  readonly #waiting = new Map<string, Waiting>();
  readonly #under_way = new Map<string, number>();
  readonly #look: NodeJS.Timeout;
  readonly #draw: () => Order;
  #released = 0;
  #drawn = 0;

  private constructor(connection: NatsConnection, draw: () => Order) {
    this.#connection = connection;
    this.#draw = draw;
    connection.subscribe(`greenlines.receipt.${SOURCE}.*`, { callback: (_, message) => this.#hear(message.json<Receipt>()) });
    this.#look = setInterval(() => this.#publishAll(), LOOK_MS);
  }

  static async open(url: string, draw: () => Order): Promise<BankClient> {
    const { host } = new URL(url);
    const connection = await connect({
      servers: host,
      maxReconnectAttempts: -1,
      reconnectTimeWait: 100,
      pingInterval: 2_000,
      maxPingOut: 2,
    });
    return new BankClient(connection, draw);
  }

  /** Orders that were handed in and have no receipt yet. */
  get under_way(): number {
    return this.#waiting.size;
  }

  /** Lets so many orders out in all. */
  release(orders: number): void {
    this.#released = Math.max(this.#released, orders);
    this.#publishAll();
  }

  /** Creates an account, publishing until there is a receipt. */
  async create(address: string, input: object, within_ms: number): Promise<void> {
    const id = `create-${idOf(address)}`;
    for (const until = performance.now() + within_ms; !this.#made.has(id);) {
      if (performance.now() > until) throw new Error(`${address} was not made within ${within_ms} ms`);
      this.#publish(address, '@create', input, id);
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
    const reason = this.#made.get(id);
    if (reason !== '') throw new Error(`${address} was not made: ${reason}`);
  }

  async close(): Promise<void> {
    clearInterval(this.#look);
    await this.#connection.close();
  }

  #publishAll(): void {
    const now = performance.now();
    for (const waiting of this.#waiting.values()) {
      if (now - waiting.published_at < PATIENCE_MS) continue;
      waiting.published_at = now;
      this.again++;
      this.#publishOrder(waiting.order);
    }
    while (this.#drawn < this.#released && this.#takeOne());
    for (const [from, queue] of this.#queues) {
      while (queue.length > 0 && (this.#under_way.get(from) ?? 0) < WINDOW) {
        const order = queue.shift();
        if (order === undefined) break;
        this.#waiting.set(order.transfer, { order, published_at: now });
        this.#under_way.set(from, (this.#under_way.get(from) ?? 0) + 1);
        this.#publishOrder(order);
      }
    }
  }

  /** Orders are made when there is room for them, or one account's would pile up while the other's wait. */
  #takeOne(): boolean {
    if ([...this.#queues.values()].some((queue) => queue.length > WINDOW)) return false;
    const order = this.#draw();
    this.#drawn++;
    const queue = this.#queues.get(order.from);
    if (queue === undefined) this.#queues.set(order.from, [order]);
    else queue.push(order);
    return true;
  }

  #publishOrder({ transfer, from, to, amount_minor }: Order): void {
    this.#publish(from, 'TRANSFER', { to, amount_minor, transfer }, transfer);
  }

  #publish(address: string, type: string, data: object, id: string): void {
    const headers = makeHeaders();
    for (const [key, value] of Object.entries({ specversion: '1.0', id, source: SOURCE, type })) headers.set(`ce-${key}`, value);
    this.#connection.publish(`greenlines.in.${address.replace('/', '.')}`, JSON.stringify(data), { headers });
  }

  #hear({ outcome, id, version, reason = '' }: Receipt): void {
    const done = outcome === 'applied' || outcome === 'duplicate';
    const answer: Answer = done ? { version, reason: '' } : { version: 0, reason: `${outcome} ${reason}` };
    if (id.startsWith('create-')) return void this.#made.set(id, answer.reason);
    const before = this.answers.get(id);
    if (before !== undefined && (before.version !== answer.version || before.reason !== answer.reason))
      this.contradictions.push(`${id} was ${JSON.stringify(before)} and then ${JSON.stringify(answer)}`);
    if (before === undefined) {
      this.answers.set(id, answer);
      if (!done) this.refused++;
    }
    const waiting = this.#waiting.get(id);
    if (waiting === undefined) return;
    this.#waiting.delete(id);
    this.#under_way.set(waiting.order.from, (this.#under_way.get(waiting.order.from) ?? 1) - 1);
    this.#publishAll();
  }
}
