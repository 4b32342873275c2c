import { connect, headers as makeHeaders } from '@nats-io/transport-node';
import type { NatsConnection } from '@nats-io/transport-node';
import { receiptSubject } from '../../actors/bus/subjects.ts';
import { sleep } from '../support/process-hub.ts';
import { UNKNOWN } from './history.ts';
import type { Answer, Operation } from './history.ts';

/** Without a receipt in this time the same message is published again. */
const PATIENCE_MS = 1200;

/** Another system over NATS: believes nothing but a receipt, and publishes again until it has one. */
export class Publisher {
  readonly source: string;
  readonly operations: Operation[] = [];
  /** How many messages were published more than once. */
  again = 0;
  readonly #connection: NatsConnection;
  readonly #receipts = new Map<string, (answer: Answer) => void>();
  readonly #told = new Map<string, Answer>();
  readonly #contradictions = new Map<string, string>();

  private constructor(source: string, connection: NatsConnection) {
    this.source = source;
    this.#connection = connection;
  }

  static async open(url: string, source: string): Promise<Publisher> {
    const { host } = new URL(url);
    const connection = await connect({
      servers: host,
      maxReconnectAttempts: -1,
      reconnectTimeWait: 100,
      pingInterval: 2000,
      maxPingOut: 2,
    });
    const publisher = new Publisher(source, connection);
    connection.subscribe(receiptSubject(source, '').replace(/[^.]*$/, '*'), {
      callback: (_, message) => publisher.#hear(message.json<Receipt>()),
    });
    return publisher;
  }

  /** Publishes until there is a receipt, or until it is too late. */
  async send(address: string, type: string, data: object, id: string, until: number): Promise<Operation> {
    const [kind = '', name = ''] = address.split('/');
    const headers = makeHeaders();
    for (const [key, value] of Object.entries({ specversion: '1.0', id, source: this.source, type })) headers.set(`ce-${key}`, value);
    const invoked_at = performance.now();
    let answer: Answer | undefined;
    let tries = 0;
    const receipt = new Promise<Answer>((resolve) => this.#receipts.set(id, resolve));
    while (answer === undefined && performance.now() < until) {
      tries++;
      this.#connection.publish(`greenlines.in.${kind}.${name}`, JSON.stringify(data), { headers });
      answer = await Promise.race([receipt, sleep(PATIENCE_MS).then(() => undefined)]);
    }
    if (tries > 1) this.again++;
    this.#receipts.delete(id);
    const event_id = `source:${encodeURIComponent(this.source)}:${id}`;
    const operation: Operation = {
      door: 'nats',
      address,
      event_id,
      event: type,
      invoked_at,
      completed_at: performance.now(),
      ...(answer ?? UNKNOWN),
      contradiction: this.#contradictions.get(id) ?? '',
      tries,
    };
    this.operations.push(operation);
    return operation;
  }

  /** A repeat is answered `duplicate` with the version of the first time, or refused as it was then. */
  #hear({ outcome, id, version, reason = '' }: Receipt): void {
    const done = outcome === 'applied' || outcome === 'duplicate';
    const answer: Answer = { type: done ? 'ok' : 'fail', version, code: done ? '' : reason };
    const before = this.#told.get(id);
    if (before === undefined) this.#told.set(id, answer);
    else if (before.type !== answer.type || before.code !== answer.code || (done && before.version !== version))
      this.#contradictions.set(id, `${JSON.stringify(before)} and then ${JSON.stringify(answer)}`);
    this.#receipts.get(id)?.(answer);
  }

  async close(): Promise<void> {
    await this.#connection.close();
  }
}

type Receipt = { readonly outcome: string; readonly id: string; readonly version: number; readonly reason?: string };
