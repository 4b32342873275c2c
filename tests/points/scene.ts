import { must } from '../../machines/must.ts';
import { eventually } from '../support/process-hub.ts';
import type { Answer, Stand } from './stand.ts';

const WITHIN_MS = 20_000;

/** One case on a stand: actors of its own, whose names and keys come from its id. */
export class Scene {
  readonly stand: Stand;
  readonly id: string;
  #sent = 0;

  constructor(stand: Stand, id: string) {
    this.stand = stand;
    this.id = id;
  }

  create(type: string, input: object, as = 'clerk', id: string = this.id): Promise<Answer> {
    return this.stand.call({ as, path: `/v1/actors/${type}`, body: { id, input }, key: `${id}-create` });
  }

  send(type: string, event: { readonly type: string; readonly [field: string]: unknown }, as = 'clerk'): Promise<Answer> {
    const key = `${this.id}-${event.type}-${this.#sent++}`;
    return this.stand.call({ as, path: `/v1/actors/${type}/${this.id}/events`, body: event, key });
  }

  async sent(type: string, event: { readonly type: string; readonly [field: string]: unknown }, as = 'clerk'): Promise<Answer> {
    const answer = await this.send(type, event, as);
    if (answer.status !== 200) throw new Error(`${event.type} was not taken: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer;
  }

  async publish(type: string, data: { readonly type: string; readonly [field: string]: unknown }): Promise<Answer> {
    const id = `${this.id}-${data.type.replace('@', '')}`;
    const { outcome, version, reason } = await this.stand.publish({
      subject: `greenlines.in.${type}.${this.id}`,
      data,
      source: 'points',
      id,
    });
    return { status: outcome === 'applied' || outcome === 'duplicate' ? 200 : 409, body: { version, code: reason } };
  }

  /** A payment in draft; the answer has what it is. */
  async payment(changes: object = {}): Promise<Answer> {
    return this.create('payment', { ...BILL, ...changes });
  }

  /** Every call about this case's payment fails like this. */
  async fault(operation: string, fault: string, times = 1_000): Promise<void> {
    await this.stand.must({ as: 'operator', path: '/v1/sandbox/faults', body: { match: { payment: this.id, operation }, fault, times } });
  }

  /** Waits until the actor stands like this. */
  async until(type: string, state: RegExp): Promise<void> {
    await eventually(`${type}/${this.id} is ${state.source}, not ${await this.state(type)}`, WITHIN_MS, async () =>
      state.test(await this.state(type)),
    );
  }

  async state(type: string): Promise<string> {
    const { rows } = await this.stand.database.query('select state from actor where address = $1', [`${type}/${this.id}`]);
    return (rows[0] as { state: string } | undefined)?.state ?? '';
  }

  /** The hash that an approver of this case's payment has seen. */
  async hash(): Promise<string> {
    const { rows } = await this.stand.database.query('select envelope from journal where actor = $1 order by version desc limit 1', [
      `payment/${this.id}`,
    ]);
    const { snapshot } = JSON.parse(must(rows[0] as { envelope: string } | undefined, 'the payment').envelope) as {
      snapshot: { context: { payload_hash: string } };
    };
    return snapshot.context.payload_hash;
  }
}

const BILL = { client: 'acme', payee: 'Bar Supplies Ltd', amount_minor: 2_500, currency: 'EUR', reference: 'INV-1' };
/** So much that somebody has to approve it. */
export const LARGE = { amount_minor: 250_000 };
export const MANUAL = { capture: 'manual' };
export const CLIENT = { name: 'Globe GmbH', country: 'DE', email: 'globe@example.org', kind: 'company' };
export const DOCUMENTS = { type: 'SUBMIT', documents: ['trade register'], bank_account: 'DE89370400440532013000' };
