import type { Open } from '../../actors/effects.ts';
import type { Call, CallResult } from '../../actors/integrations/integration.ts';
import { sandbox } from '../../actors/integrations/sandbox/sandbox.ts';

type Entry = { readonly key: string; readonly operation: string; readonly operation_id: string; readonly payment: string } & {
  readonly amount_minor: number | null;
  readonly outcome: 'done' | 'canceled';
};
type Fault = { readonly payment: string; readonly operation: string; readonly fault: 'http_502' | 'timeout_before'; times: number };
type Asked = { readonly operation_id: string; readonly payment?: string; readonly amount_minor?: number };

/** So long is a call under way that other events come in between. */
const LATENCY_MS = 200;

/** A gateway in memory that outlives every process: like the sandbox it honours keys, remembers what it did, and fails on request. */
export class MemoryGateway {
  readonly journal: Entry[] = [];
  /** The keys under which each operation was asked for; a lookup is about one and asks for none. */
  readonly keys = new Map<string, Set<string>>();
  readonly #faults: Fault[] = [];

  fault(fault: Fault): void {
    this.#faults.push(fault);
  }

  /** The gateway as one process reaches it; whose calls go nowhere once it is dead. */
  openFor(dead: () => boolean, pause: (delay_ms: number) => Promise<void>): Open {
    return {
      kind: sandbox,
      integration: {
        perform: async (call) => {
          this.#note(call);
          await pause(LATENCY_MS / 2);
          if (dead()) return new Promise<never>(() => undefined);
          const result = this.#perform(call);
          await pause(LATENCY_MS / 2);
          return result;
        },
        close: () => Promise.resolve(),
      },
    };
  }

  #perform({ key, operation, input }: Call): CallResult | Promise<CallResult> {
    const { operation_id, payment = '', amount_minor = null } = input as Asked;
    const fault = this.#faults.find((one) => one.payment === payment && one.operation === operation && one.times > 0);
    if (fault !== undefined) fault.times--;
    if (fault?.fault === 'timeout_before') return new Promise<never>(() => undefined);
    const index = this.journal.findIndex((entry) => entry.operation_id === operation_id);
    const earlier = this.journal[index];
    if (operation === 'lookup') {
      return { kind: 'done', output: earlier === undefined ? { outcome: 'not_found' } : toAnswer(earlier, index) };
    }
    if (earlier === undefined)
      this.journal.push({ key, operation, operation_id, payment, amount_minor, outcome: operation === 'close' ? 'canceled' : 'done' });
    const entry = earlier ?? this.journal.at(-1);
    if (fault !== undefined || entry === undefined) return { kind: 'unknown', code: 'bad_gateway' };
    if (entry.operation !== operation) return { kind: 'failed', code: entry.operation === 'close' ? 'closed' : 'key_reused' };
    return { kind: 'done', output: toAnswer(entry, earlier === undefined ? this.journal.length - 1 : index) };
  }

  #note({ key, operation, input }: Call): void {
    if (operation === 'lookup') return;
    const name = `${operation} ${(input as Asked).operation_id}`;
    this.keys.set(name, (this.keys.get(name) ?? new Set<string>()).add(key));
  }
}

function toAnswer({ operation, outcome }: Entry, index: number): object {
  return outcome === 'canceled' ? { outcome } : { outcome, gateway_reference: `${operation}_${index}` };
}
