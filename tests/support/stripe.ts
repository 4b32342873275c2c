import type { Call, CallResult, Integration } from '../../actors/integrations/integration.ts';
import { stripe } from '../../actors/integrations/stripe/stripe.ts';
import type { Log, Ports } from '../../actors/ports/ports.ts';
import { systemPorts } from '../../actors/ports/system.ts';
import { must } from '../../machines/must.ts';
import type { StripeServer } from './stripe-server.ts';

export const API_KEY = 'sk_test_51Rehearsal';
export const WEBHOOK_SECRET = 'whsec_rehearsal';
const SILENT: Log = { debug() {}, info() {}, warn() {}, error() {} };

/** The gateway, with the server's clock. */
export function openStripe(
  server: StripeServer,
  config: object = {},
  secrets: Record<string, string> = { api_key: API_KEY, webhook_secret: WEBHOOK_SECRET },
  log: Log = SILENT,
): Promise<Integration> {
  const system = systemPorts(log);
  const ports: Ports = { ...system, clock: { now: () => server.now, monotonic: () => system.clock.monotonic() } };
  const database = { query: () => Promise.reject(new Error('Stripe keeps nothing in the database')) };
  return stripe.open({
    ports,
    config: { base_url: server.url, ...config },
    secrets,
    hubUrl: () => undefined,
    gate: undefined as never,
    database,
  });
}

export type Ask = {
  readonly hub?: string;
  readonly payment?: string;
  readonly amount?: number;
  readonly currency?: string;
  readonly of?: string;
  readonly with?: object;
  /** After so long a call that is not answered is given up. */
  readonly patience_ms?: number;
};

/** One call for an operation, which its name ends with: `authorize-1` of pay_1. */
export function move(gateway: Integration, name: string, ask: Ask = {}): Promise<CallResult> {
  const { payment = 'pay_1', amount = 1000, currency = 'EUR', of } = ask;
  const about = {
    payment,
    amount_minor: amount,
    currency,
    reference: 'INV-7',
    ...(of === undefined ? {} : { authorization: of }),
    ...ask.with,
  };
  return perform(gateway, name.split('-')[0] ?? '', `${payment}-${name}`, about, ask);
}

export function lookUp(gateway: Integration, name: string, ask: Ask = {}): Promise<CallResult> {
  return perform(gateway, 'lookup', `${ask.payment ?? 'pay_1'}-${name}`, {}, ask);
}

export function closeOff(gateway: Integration, name: string, ask: Ask = {}): Promise<CallResult> {
  return perform(gateway, 'close', `${ask.payment ?? 'pay_1'}-${name}`, {}, ask);
}

export async function perform(
  gateway: Integration,
  operation: string,
  operation_id: string,
  about: object,
  { hub = 'hub_1', patience_ms = 5_000 }: Ask = {},
): Promise<CallResult> {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), patience_ms);
  const call: Call = {
    key: `${hub}/payment/pay_1@3#0/hash`,
    operation,
    input: { integration: 'stripe', operation_id, ...about },
    actor: 'payment/pay_1',
    attempt: 1,
    signal: controller.signal,
  };
  return gateway.perform(call).finally(() => clearTimeout(timer));
}

/** The reference of what was done. */
export async function done(result: Promise<CallResult>): Promise<string> {
  const answer = await result;
  const output = answer.kind === 'done' ? (answer.output as { gateway_reference?: string }) : {};
  return must(output.gateway_reference, `what was done, not ${JSON.stringify(answer)}`);
}

export function declined(code: string): CallResult {
  return { kind: 'done', output: { outcome: 'declined', code } };
}

export const NOT_FOUND: CallResult = { kind: 'done', output: { outcome: 'not_found' } };
export const CANCELED: CallResult = { kind: 'done', output: { outcome: 'canceled' } };
