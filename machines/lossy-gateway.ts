import type { GatewayAnswer, GatewayClosing, GatewayFinding, GatewayLookup, GatewayRequest } from './gateway.ts';
import type { EffectError } from './machine.ts';

/** What befalls one request on its way to the gateway and back. */
export const MISHAPS = ['none', 'decline', 'answer_lost', 'request_lost', 'request_delayed', 'not_sent'] as const;
export type Mishap = (typeof MISHAPS)[number];

export type Reply<Output> = { readonly output: Output } | { readonly error: EffectError };

type Deed = { readonly operation: string; readonly request: GatewayRequest; readonly answer: GatewayAnswer };

/**
 * A gateway at the far end of a bad line, for tests: it loses requests and answers, and some requests arrive long after they
 * were given up. It keeps its own books, which the payment's are held against.
 */
export class LossyGateway {
  readonly #deeds = new Map<string, Deed>();
  readonly #closed = new Set<string>();
  #delayed: { readonly operation: string; readonly request: GatewayRequest }[] = [];

  call(operation: string, request: GatewayRequest, mishap: Mishap): Reply<GatewayAnswer> {
    const unknown = { error: { kind: 'unknown', code: 'timeout' } } as const;
    switch (mishap) {
      case 'none':
        return { output: this.#perform(operation, request, false) };
      case 'decline':
        return { output: this.#perform(operation, request, true) };
      case 'answer_lost':
        this.#perform(operation, request, false);
        return unknown;
      case 'request_lost':
        return unknown;
      case 'request_delayed':
        this.#delayed.push({ operation, request });
        return unknown;
      default:
        return { error: { kind: 'failed', code: 'not_sent' } };
    }
  }

  lookup({ operation_id }: GatewayLookup, answers: boolean): Reply<GatewayFinding> {
    if (!answers) return { error: { kind: 'failed', code: 'timeout' } };
    return { output: this.#deeds.get(operation_id)?.answer ?? { outcome: 'not_found' } };
  }

  /** An answer that is lost here is the worst: the operation is closed, and the payment does not know. */
  close({ operation_id }: GatewayLookup, answers: boolean): Reply<GatewayClosing> {
    const deed = this.#deeds.get(operation_id);
    if (deed === undefined) this.#closed.add(operation_id);
    if (!answers) return { error: { kind: 'unknown', code: 'timeout' } };
    return { output: deed?.answer ?? { outcome: 'canceled' } };
  }

  /** What was under way for long arrives now. */
  deliverDelayed(): void {
    const arrived = this.#delayed;
    this.#delayed = [];
    for (const { operation, request } of arrived) this.#perform(operation, request, false);
  }

  /** How often, and for how much in all, each operation was really done. */
  books(): Readonly<Record<string, { readonly times: number; readonly amount_minor: number }>> {
    const books: Record<string, { times: number; amount_minor: number }> = {};
    for (const { operation, request, answer } of this.#deeds.values()) {
      const entry = (books[operation] ??= { times: 0, amount_minor: 0 });
      if (answer.outcome !== 'done') continue;
      entry.times += 1;
      entry.amount_minor += request.amount_minor;
    }
    return books;
  }

  #perform(operation: string, request: GatewayRequest, decline: boolean): GatewayAnswer {
    const { operation_id } = request;
    const before = this.#deeds.get(operation_id);
    if (before !== undefined) return before.answer;
    if (this.#closed.has(operation_id)) return { outcome: 'declined', code: 'operation_closed' };
    const answer: GatewayAnswer = decline
      ? { outcome: 'declined', code: 'do_not_honor' }
      : { outcome: 'done', gateway_reference: `gw_${operation_id}` };
    this.#deeds.set(operation_id, { operation, request, answer });
    return answer;
  }
}
