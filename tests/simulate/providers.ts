import { z } from 'zod';
import type { GatewayAnswer, GatewayRequest } from '../../machines/gateway.ts';
import type { Open } from '../../actors/effects.ts';
import { defineIntegration } from '../../actors/integrations/integration.ts';
import type { Call, CallResult, IntegrationKind, Operation } from '../../actors/integrations/integration.ts';
import { gatewayOperations } from '../../actors/integrations/gateway-operations.ts';
import { sandboxChecks } from '../../actors/integrations/sandbox-checks/sandbox-checks.ts';
import type { Chance } from './chance.ts';
import type { Faults } from './faults.ts';
import type { Life } from './life.ts';
import type { SimulatedTime } from './time.ts';

export type Deed = { readonly operation: string; readonly request: GatewayRequest; readonly answer: GatewayAnswer; readonly key: string };

export type ProvidersOptions = {
  readonly time: SimulatedTime;
  readonly faults: Faults;
  readonly chance: Chance;
  /** A call reached a provider. */
  readonly onCall: (key: string) => void;
  readonly violated: (rule: string, what: string) => void;
};

const TIMEOUT_MS = 2_000;

const stamp: Operation = {
  input: z.looseObject({ integration: z.string() }),
  output: z.object({ mark: z.string() }),
};

const KINDS: Readonly<Record<'sandbox' | 'desk' | 'sandbox_checks', IntegrationKind>> = {
  sandbox: define({ name: 'sandbox', provides: 'gateway', honours_keys: true, operations: gatewayOperations }),
  desk: define({ name: 'desk', provides: 'desk', honours_keys: false, operations: { stamp } }),
  sandbox_checks: { ...sandboxChecks, timeout_ms: TIMEOUT_MS },
};

export const INTEGRATIONS = Object.keys(KINDS);

/**
 * The providers of a world, outside all its nodes: a payment gateway that honours keys, a desk that does not, and checks that only
 * read. Each does honestly what it is asked and writes it down; what befalls requests and answers on their way is drawn.
 */
export class Providers {
  /** What the gateway did, by the name of the operation. */
  readonly deeds = new Map<string, Deed>();
  readonly #closed = new Set<string>();
  readonly #byKey = new Map<string, { readonly body: string; readonly output: unknown }>();
  readonly #stamped = new Map<string, number>();
  readonly #options: ProvidersOptions;

  constructor(options: ProvidersOptions) {
    this.#options = options;
  }

  /** The integrations as a process has them open. */
  openFor(life: Life): ReadonlyMap<string, Open> {
    const perform =
      (name: string) =>
      (call: Call): Promise<CallResult> =>
        life.dead ? new Promise(() => undefined) : life.hear(this.#send(name, call), 0);
    return new Map(
      Object.values(KINDS).map((kind) => [
        kind.name,
        { kind, integration: { perform: perform(kind.name), close: () => Promise.resolve() } },
      ]),
    );
  }

  async #send(name: string, call: Call): Promise<CallResult> {
    const { time, faults, chance, onCall } = this.#options;
    const strikes = (kind: Parameters<Faults['site']>[0]): boolean => faults.site(kind, name).strikes(call.operation);
    await time.wait(chance.between(0.5, 12));
    if (strikes('gateway.lost_before')) return new Promise(() => undefined);
    if (strikes('gateway.retry')) return { kind: 'retry', code: 'overloaded' };
    if (strikes('gateway.busy')) return { kind: 'retry', code: 'key_in_use', after_ms: 40 };
    if (strikes('gateway.delayed')) await time.wait(TIMEOUT_MS + chance.between(0, 4 * TIMEOUT_MS));
    onCall(call.key);
    const result = await this.#work(name, call);
    if (strikes('gateway.lost_after')) return new Promise(() => undefined);
    await time.wait(chance.between(0.5, 12));
    return result;
  }

  async #work(name: string, call: Call): Promise<CallResult> {
    if (name === 'sandbox_checks') return (await sandboxChecks.open(undefined as never)).perform(call);
    return name === 'desk' ? this.#stamp(call) : this.#gateway(call);
  }

  /** A stamp is no fault to give twice; that one key asks for two is. */
  #stamp({ key }: Call): CallResult {
    const times = (this.#stamped.get(key) ?? 0) + 1;
    this.#stamped.set(key, times);
    if (times > 1) this.#options.violated('stamp', `The desk, which does not honour keys, was asked ${times} times with ${key}`);
    return { kind: 'done', output: { mark: `m${this.#stamped.size}` } };
  }

  #gateway({ key, operation, input }: Call): CallResult {
    const body = `${operation} ${JSON.stringify(input)}`;
    const before = this.#byKey.get(key);
    if (before !== undefined && before.body !== body)
      this.#options.violated('key', `The key ${key} was used for ${before.body} and for ${body}`);
    const output = operation === 'lookup' ? this.#lookup(input) : (before?.output ?? this.#do(operation, input as GatewayRequest, key));
    if (operation !== 'lookup') this.#byKey.set(key, { body, output });
    return { kind: 'done', output };
  }

  #lookup(input: unknown): unknown {
    return this.deeds.get((input as GatewayRequest).operation_id)?.answer ?? { outcome: 'not_found' };
  }

  #do(operation: string, request: GatewayRequest, key: string): unknown {
    const { operation_id } = request;
    const deed = this.deeds.get(operation_id);
    if (operation === 'close') {
      if (deed !== undefined) return deed.answer;
      this.#closed.add(operation_id);
      return { outcome: 'canceled' };
    }
    if (deed !== undefined) {
      this.#options.violated('operation', `${operation_id} was asked for with ${deed.key} and with ${key}`);
      return deed.answer;
    }
    if (this.#closed.has(operation_id)) return { outcome: 'declined', code: 'operation_closed' };
    const declines = this.#options.faults.site('gateway.declines', operation).strikes(operation_id);
    const answer: GatewayAnswer = declines
      ? { outcome: 'declined', code: 'do_not_honor' }
      : { outcome: 'done', gateway_reference: `gw_${operation_id}` };
    this.deeds.set(operation_id, { operation, request, answer, key });
    return answer;
  }
}

function define(given: Pick<IntegrationKind, 'name' | 'provides' | 'honours_keys' | 'operations'>): IntegrationKind {
  const open = (): Promise<never> => Promise.reject(new Error('It is open'));
  return defineIntegration({ title: given.name, concurrency: 64, timeout_ms: TIMEOUT_MS, config: z.object({}), open, ...given });
}
