import type { Open } from '../../actors/effects.ts';
import type { Call, CallResult } from '../../actors/integrations/integration.ts';
import { sandbox } from '../../actors/integrations/sandbox/sandbox.ts';
import type { Chance } from '../simulate/chance.ts';

type Asked = { readonly operation_id: string; readonly payment?: string; readonly amount_minor?: number };
type Done = { readonly n: number; readonly operation: string; readonly payment: string; readonly amount_minor: number };
type Notify = (id: string, payment: string, operation_id: string) => void;

export type HostileOptions = {
  readonly chance: Chance;
  readonly after: (delay_ms: number, run: () => void) => void;
  readonly notify: Notify;
  /** How much of the world's time three days are, in milliseconds. */
  readonly three_days_ms: number;
  readonly repeats: number;
};

/**
 * The worst that a gateway may be and still honour its contract: it does what it is asked once for each name, and then hangs, answers 500, answers
 * twice as late, or tells it a hundred times, days later and the last thing first. For a while it does not answer questions either.
 */
export class HostileGateway {
  readonly done = new Map<string, Done>();
  readonly closed = new Set<string>();
  /** Operations that were asked for under a name that was closed or taken by another. */
  readonly refused = new Set<string>();
  readonly counts: Record<string, number> = {};
  readonly #options: HostileOptions;

  constructor(options: HostileOptions) {
    this.#options = options;
  }

  open(): Open {
    return { kind: sandbox, integration: { perform: (call) => this.#perform(call), close: () => Promise.resolve() } };
  }

  async #perform({ operation, input }: Call): Promise<CallResult> {
    const { chance, after } = this.#options;
    const asked = input as Asked;
    await new Promise<void>((resolve) => after(5 + chance.below(200), resolve));
    if (operation === 'lookup') return this.#look(asked.operation_id);
    if (operation === 'close') return this.#close(asked.operation_id);
    const fate = chance.next();
    if (fate < 0.1) return this.#count('hangs before', hang());
    if (fate < 0.15) return this.#count('declines', { kind: 'done', output: { outcome: 'declined', code: 'insufficient_funds' } });
    const result = this.#do(operation, asked);
    if (fate < 0.4) return this.#count('hangs after doing it', hang());
    if (fate < 0.6) return this.#count('answers 500 after doing it', { kind: 'unknown', code: 'http_500' });
    return result;
  }

  #do(operation: string, { operation_id, payment = '', amount_minor = 0 }: Asked): CallResult {
    if (this.closed.has(operation_id)) {
      this.refused.add(operation_id);
      return { kind: 'failed', code: 'closed' };
    }
    if (!this.done.has(operation_id)) {
      this.done.set(operation_id, { n: this.done.size, operation, payment, amount_minor });
      this.#tell(operation_id, payment);
    }
    return { kind: 'done', output: this.#answer(operation_id) };
  }

  /** Over three days, as often as it likes; what is told of a payment in the end was done first. */
  #tell(operation_id: string, payment: string): void {
    const { chance, after, notify, three_days_ms, repeats } = this.#options;
    const late = three_days_ms / (1 + (this.done.size % 3));
    for (let i = 0; i < repeats; i++) {
      after(Math.round(late * (1 - chance.next() * 0.4)), () => notify(`${operation_id}-${i % 3}`, payment, operation_id));
    }
  }

  #look(operation_id: string): CallResult | Promise<CallResult> {
    const { chance } = this.#options;
    if (chance.is(0.4)) return this.#count('does not say', chance.is(0.5) ? hang() : { kind: 'unknown', code: 'http_503' });
    if (this.closed.has(operation_id)) return { kind: 'done', output: { outcome: 'declined', code: 'closed' } };
    return { kind: 'done', output: this.done.has(operation_id) ? this.#answer(operation_id) : { outcome: 'not_found' } };
  }

  #close(operation_id: string): CallResult | Promise<CallResult> {
    if (this.#options.chance.is(0.2)) return this.#count('does not say', hang());
    if (this.done.has(operation_id)) return { kind: 'done', output: this.#answer(operation_id) };
    this.closed.add(operation_id);
    return { kind: 'done', output: { outcome: 'canceled' } };
  }

  #answer(operation_id: string): object {
    return { outcome: 'done', gateway_reference: `gw_${this.done.get(operation_id)?.n}` };
  }

  #count<T>(what: string, result: T): T {
    this.counts[what] = (this.counts[what] ?? 0) + 1;
    return result;
  }
}

function hang(): Promise<never> {
  return new Promise<never>(() => undefined);
}
