import type { StoredEnvelope } from '../../actors/envelope.ts';
import { toStates } from '../../actors/envelope.ts';

export type Event = { readonly type: string; readonly [field: string]: unknown };
/** What a caller hears in the end, whichever door it was. */
export type Answer = { readonly status: number; readonly body: Readonly<Record<string, unknown>> };
/** `type/id`, who asks, and the id that makes asking again harmless. */
export type Ask = { readonly address: string; readonly as: string; readonly key: string };

/** One case: actors of its own, whose names and keys come from its id. Where the hub is, those who extend it know. */
export abstract class Scene {
  readonly id: string;
  #sent = 0;

  constructor(id: string) {
    this.id = id;
  }

  /** Asks, by the same key each time, until there is an answer that settles it. */
  protected abstract ask(ask: Ask, event: Event): Promise<Answer>;
  /** Publishes as another system does, and again until there is a receipt. */
  protected abstract tellByNats(address: string, id: string, event: Event): Promise<Record<string, unknown>>;
  protected abstract envelope(address: string): Promise<StoredEnvelope | undefined>;
  protected abstract eventually(isSo: () => Promise<boolean>): Promise<void>;
  /** The next `times` calls of this operation for this case's payment fail like this. */
  abstract fault(operation: string, fault: 'http_502' | 'timeout_before', times?: number): Promise<void>;

  /** The file that stories about imports read, under this case's id. */
  abstract file(): Promise<void>;

  async create(type: string, input: object, as = 'clerk'): Promise<Answer> {
    const answer = await this.ask({ address: `${type}/${this.id}`, as, key: `${this.id}-create-${type}` }, { ...input, type: '@create' });
    if (answer.status >= 300) throw new Error(`${type} was not made: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer;
  }

  send(type: string, event: Event, as = 'clerk'): Promise<Answer> {
    return this.ask({ address: `${type}/${this.id}`, as, key: `${this.id}-${event.type}-${this.#sent++}` }, event);
  }

  async sent(type: string, event: Event, as = 'clerk'): Promise<void> {
    const answer = await this.send(type, event, as);
    if (answer.status !== 200) throw new Error(`${event.type} was not taken: ${answer.status} ${JSON.stringify(answer.body)}`);
  }

  async publish(type: string, event: Event): Promise<Answer> {
    const id = `${this.id}-${event.type.replace('@', '')}`;
    const { outcome, version, reason } = await this.tellByNats(`${type}/${this.id}`, id, event);
    return { status: outcome === 'applied' || outcome === 'duplicate' ? 200 : 409, body: { version, code: reason } };
  }

  payment(changes: object = {}): Promise<Answer> {
    return this.create('payment', { ...BILL, ...changes });
  }

  /** Waits until the actor stands like this. */
  until(type: string, state: RegExp): Promise<void> {
    return this.eventually(async () => state.test(toStates((await this.envelope(`${type}/${this.id}`))?.snapshot.value).join()));
  }

  /** The hash that whoever decides on this case's payment, or on another of its actors, has seen. */
  async hash(type = 'payment'): Promise<unknown> {
    return (await this.envelope(`${type}/${this.id}`))?.snapshot.context['payload_hash'];
  }
}

const BILL = { client: 'acme', payee: 'Bar Supplies Ltd', amount_minor: 2_500, currency: 'EUR', reference: 'INV-1' };
/** So much that somebody has to approve it. */
export const LARGE = { amount_minor: 250_000 };
export const MANUAL = { capture: 'manual' };
export const CLIENT = { name: 'Globe GmbH', country: 'DE', email: 'globe@example.org', kind: 'company' };
export const DOCUMENTS = { type: 'SUBMIT', documents: ['trade register'], bank_account: 'DE89370400440532013000' };
