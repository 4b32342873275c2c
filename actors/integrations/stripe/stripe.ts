import { Stripe } from 'stripe';
import { z } from 'zod';
import type { GatewayRequest } from '../../../machines/gateway.ts';
import { unreachable } from '../../../machines/must.ts';
import { gatewayOperations, isGatewayOperation } from '../gateway-operations.ts';
import { defineIntegration } from '../integration.ts';
import type { Call, CallResult, Integration, IntegrationKind, Surroundings, WebhookEvent } from '../integration.ts';
import { isServer } from '../server-address.ts';
import type { Ports } from '../../ports/ports.ts';
import { toStripeAmount } from './amounts.ts';
import { intentOf, judgeIntent, judgeRefund, readObject, toFailure, toResult } from './answers.ts';
import { tellDispute } from './disputes.ts';
import { closeOff, lookUp } from './finding.ts';
import { clientFor } from './http-client.ts';
import { intentSchema, readOperation, refundSchema } from './objects.ts';
import type { OperationName } from './objects.ts';
import { readWebhook } from './webhook.ts';

/** What answers mean was read from this version's reference; another one is a change of this file. */
const API_VERSION = '2026-10-28.endive';
const TIMEOUT_MS = 10_000;

function stripeId(example: string): z.ZodString {
  return z.string().regex(/^\w{1,100}$/, `An id of Stripe is expected, such as ${example}`);
}

const configSchema = z.strictObject({
  livemode: z.boolean().default(false).meta({
    title: 'Real money',
    description: 'Off: only keys and notifications of the test mode are taken. On: only those of the live mode.',
  }),
  payment_method: stripeId('pm_1MqLiJLkdIwHu7ix').default('pm_card_visa').meta({
    title: 'Means of payment',
    description: 'What is charged where a payment does not say: its id at Stripe. The default is a test card.',
  }),
  customer: stripeId('cus_NffrFeUfNV2Hib').optional().meta({
    title: 'Customer',
    description: 'Whose means of payment that is, where it is saved with a customer: the id at Stripe.',
  }),
  account: stripeId('acct_1032D82eZvKYlo2C').optional().meta({
    title: 'Connected account',
    description: 'On a platform: the account that is charged for. Notifications of others are refused.',
  }),
  base_url: z
    .url()
    .refine(isServer, 'An address with https and no path is expected; http only of this machine')
    .default('https://api.stripe.com/')
    .meta({ title: 'Address of Stripe', description: 'Where calls go; another one only to try things out.' }),
});

type StripeConfig = z.output<typeof configSchema>;

/**
 * Stripe as a gateway: cards are charged without the payer there, authorized first and captured later. What is made carries
 * the hub, the payment and the operation in its metadata, and every request the operation's key.
 */
class StripeGateway implements Integration {
  readonly #config: StripeConfig;
  readonly #secrets: Readonly<Record<string, string>>;
  readonly #ports: Ports;

  constructor({ ports, config, secrets }: Surroundings) {
    this.#config = configSchema.parse(config ?? {});
    this.#secrets = secrets;
    this.#ports = ports;
  }

  async perform(call: Call): Promise<CallResult> {
    const { operation, input, signal } = call;
    if (!isGatewayOperation(operation)) return invalid(`A gateway has no operation ${operation}.`);
    const read = gatewayOperations[operation].input.safeParse(input);
    if (!read.success) return invalid(z.prettifyError(read.error));
    const name = readOperation(read.data.operation_id);
    if (name === undefined) return invalid(`${read.data.operation_id} is no name of an operation.`);
    const refused = this.#refuseKey();
    if (refused !== undefined) return { kind: 'failed', code: 'unauthorized', detail: refused };
    // The hub's own id, which its key begins with: two hubs may have a payment of the same name on one account.
    const hub = call.key.split('/', 1)[0] ?? '';
    const about = { stripe: this.#open(signal), hub, name, key: `${hub}/${name.id}`, now: this.#ports.clock.now() };
    try {
      if (operation === 'lookup') return await lookUp(about);
      if (operation === 'close') return await closeOff(about);
      if (operation !== name.operation) return invalid(`${name.id} does not name this operation.`);
      return await this.#move(about, gatewayOperations[name.operation].input.parse(input));
    } catch (error) {
      const result = toFailure(error, signal);
      this.#note(name, error, result);
      return result;
    }
  }

  async webhook(headers: Readonly<Record<string, string | undefined>>, body: Buffer): Promise<readonly WebhookEvent[]> {
    const { livemode, account } = this.#config;
    const secrets = ['webhook_secret', 'webhook_secret_next'].flatMap((name) => this.#secrets[name]?.trim() || []);
    const { id, events, dispute } = readWebhook({ headers, body, secrets, livemode, account, now: this.#ports.clock.now() });
    if (dispute === undefined) return events;
    const { signal, cancel } = this.#ports.timers.deadline(TIMEOUT_MS);
    return tellDispute(this.#open(signal), dispute, id).finally(cancel);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  async #move(about: About, request: GatewayRequest): Promise<CallResult> {
    const { operation } = about.name;
    if (operation === 'void')
      return follow(about, authorizationOf(request), (stripe, intent, options) =>
        stripe.paymentIntents.cancel(intent, { cancellation_reason: 'requested_by_customer' }, options),
      );
    const exact = toStripeAmount(request.amount_minor, request.currency);
    if ('code' in exact) return { kind: 'failed', code: exact.code, detail: exact.detail };
    switch (operation) {
      case 'authorize':
        return this.#authorize(about, request, exact);
      case 'refund':
        return refund(about, authorizationOf(request), exact.amount);
      case 'capture':
        return follow(about, authorizationOf(request), (stripe, intent, options) =>
          stripe.paymentIntents.capture(intent, { amount_to_capture: exact.amount, metadata: { capture: about.name.id } }, options),
        );
      default:
        return unreachable(operation);
    }
  }

  async #authorize({ stripe, hub, name, key }: About, request: GatewayRequest, exact: Exact): Promise<CallResult> {
    const { payment_method = this.#config.payment_method, customer = this.#config.customer, reference, client } = request;
    // The payer is not there: what would have to be confirmed is declined, and not left open.
    const alone = customer === undefined ? { error_on_requires_action: true } : { customer, off_session: true };
    const intent = await stripe.paymentIntents.create(
      {
        amount: exact.amount,
        currency: exact.currency,
        payment_method,
        allowed_payment_method_types: ['card'],
        capture_method: 'manual',
        confirm: true,
        ...alone,
        ...(reference === '' ? {} : { description: reference }),
        metadata: { hub, payment: name.payment, operation_id: name.id, ...(client === undefined ? {} : { client }) },
      },
      { idempotencyKey: key },
    );
    return toResult(judgeIntent(readObject(intentSchema, intent), name));
  }

  /** Why nothing is sent with the key that is set. */
  #refuseKey(): string | undefined {
    const [, mode] = /^[sr]k_(test|live)_\w+$/.exec(this.#secrets['api_key'] ?? '') ?? [];
    if (mode === undefined) return 'No secret key of Stripe is set: one begins with sk_test_, rk_test_, sk_live_ or rk_live_.';
    if ((mode === 'live') === this.#config.livemode) return undefined;
    return `The key is one of the ${mode} mode, and the integration is set to ${mode === 'live' ? 'test' : 'real'} money.`;
  }

  /** A client for one call: its requests are given up with it. */
  #open(signal: AbortSignal): Stripe {
    const { base_url, account } = this.#config;
    const { protocol, hostname, port } = new URL(base_url);
    return new Stripe(this.#secrets['api_key'] ?? '', {
      apiVersion: API_VERSION,
      maxNetworkRetries: 0,
      timeout: TIMEOUT_MS,
      telemetry: false,
      httpClient: clientFor(signal),
      host: hostname,
      port: port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port),
      protocol: protocol === 'https:' ? 'https' : 'http',
      ...(account === undefined ? {} : { stripeAccount: account }),
    });
  }

  /** Stripe's own code and the number of the request, which its support asks for; never what was sent. */
  #note({ id }: OperationName, error: unknown, result: CallResult): void {
    const { requestId, code, decline_code } = error instanceof Stripe.errors.StripeError ? error : {};
    const fields = { integration: 'stripe', operation_id: id, request: requestId, code, decline_code, kind: result.kind };
    this.#ports.log.info(fields, 'Stripe did not do it');
  }
}

type About = { readonly stripe: Stripe; readonly hub: string; readonly name: OperationName; readonly key: string };
type Exact = { readonly amount: number; readonly currency: string };

type Step = (stripe: Stripe, intent: string, options: Stripe.RequestOptions) => Promise<unknown>;

/** Captures or voids what was authorized. */
async function follow({ stripe, name, key }: About, intent: string, step: Step): Promise<CallResult> {
  try {
    return toResult(judgeIntent(readObject(intentSchema, await step(stripe, intent, { idempotencyKey: key })), name));
  } catch (error) {
    // Stripe refuses what is done already, and sends along what it stands at: a void of what has expired is done.
    const stands = intentOf(error);
    const judgement = stands === undefined ? undefined : judgeIntent(stands, name);
    if (judgement?.outcome === 'done' || judgement?.outcome === 'declined') return toResult(judgement);
    throw error;
  }
}

async function refund({ stripe, hub, name, key }: About, intent: string, amount: number): Promise<CallResult> {
  const metadata = { hub, payment: name.payment, operation_id: name.id };
  const answer = await stripe.refunds.create({ payment_intent: intent, amount, metadata }, { idempotencyKey: key });
  return toResult(judgeRefund(readObject(refundSchema, answer)));
}

/** What Stripe does not know is refused by Stripe. */
function authorizationOf({ authorization = '' }: GatewayRequest): string {
  return encodeURIComponent(authorization);
}

function invalid(detail: string): CallResult {
  return { kind: 'failed', code: 'invalid', detail };
}

export const stripe: IntegrationKind = defineIntegration({
  name: 'stripe',
  title: 'Stripe',
  provides: 'gateway',
  // It forgets keys after a day, and a hub may stand still for longer: a call that was interrupted is looked up, not repeated.
  honours_keys: false,
  concurrency: 32,
  timeout_ms: TIMEOUT_MS,
  operations: gatewayOperations,
  config: configSchema,
  secrets: {
    api_key: {
      title: 'Secret key',
      about:
        'From the dashboard under Developers, API keys: sk_… or a restricted rk_… that may write payment intents, setup intents and refunds.',
      required: true,
    },
    webhook_secret: {
      title: 'Signing secret of webhooks',
      about: 'From the dashboard at the endpoint that points to this hub: whsec_…. Without it every notification is refused.',
      required: false,
    },
    webhook_secret_next: {
      title: 'The other signing secret',
      about: 'While the signing secret is being changed: the second one, so that notifications with either are taken.',
      required: false,
    },
  },
  open: (surroundings) => Promise.resolve(new StripeGateway(surroundings)),
});
