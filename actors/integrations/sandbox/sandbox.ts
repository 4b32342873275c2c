import { z } from 'zod';
import { Fault } from '../../../machines/fault.ts';
import type { GatewayRequest } from '../../../machines/gateway.ts';
import { isId, toAddress } from '../../../machines/ids.ts';
import { must } from '../../../machines/must.ts';
import type { Ports } from '../../ports/ports.ts';
import { defineIntegration } from '../integration.ts';
import type { Call, CallResult, Integration, IntegrationKind, Surroundings, WebhookEvent } from '../integration.ts';
import { SandboxFaults } from './faults.ts';
import type { FaultName } from './faults.ts';
import { chargesQuerySchema, SandboxJournal } from './journal.ts';
import type { Charges, Entry, Recorded } from './journal.ts';
import { Notifications } from './notifications.ts';
import type { Manner, Notification } from './notifications.ts';
import { gatewayOperations, isGatewayOperation } from '../gateway-operations.ts';
import { readSigned } from './signature.ts';
import { readAnswer, toBadGateway, toError, toResponse } from './wire.ts';
import type { Outcome, ProviderResponse } from './wire.ts';

const configSchema = z.strictObject({
  webhooks: z.enum(['scripted', 'always']).default('scripted').meta({
    title: 'Notifications by webhook',
    description: 'Scripted: only those that a scripted fault asks for. Always: one for every operation.',
  }),
  latency_ms: z.int().min(0).max(60_000).default(0).meta({
    title: 'Time to answer (ms)',
    description: 'How long each call takes, 0 to 60000 milliseconds. The hub gives a call up after 10 seconds.',
  }),
});

/** An authorization whose reference has these words in it is declined, so that a demo can show it. */
const PLEASE_DECLINE = /\bsandbox:decline(?::([a-z][a-z0-9_]{0,63}))?/;

const MANNERS: Partial<Record<FaultName, Manner>> = { webhook_late: 'late', webhook_twice: 'twice', webhook_reordered: 'reordered' };

/** What the hub reads of a notification. It says that there is news, not what is true: the payment asks. */
const notificationSchema = z.object({
  data: z.object({ payment: z.string().refine(isId), operation_id: z.string().min(1).max(160), outcome: z.enum(['done', 'declined']) }),
});

/**
 * A payment gateway to develop and test against: an outside party of its own, with a journal of its own, that happens to
 * live in the hub's process. It honours keys, keeps the rules of authorization and capture, and fails on request.
 */
export class Sandbox implements Integration {
  readonly faults: SandboxFaults;
  readonly #config: z.output<typeof configSchema>;
  readonly #journal: SandboxJournal;
  readonly #notifications: Notifications;
  readonly #ports: Ports;
  readonly #secret: string;

  constructor({ ports, config, secrets, hubUrl, database }: Surroundings) {
    this.faults = new SandboxFaults(database);
    this.#config = configSchema.parse(config ?? {});
    this.#journal = new SandboxJournal(database, ports);
    this.#ports = ports;
    this.#secret = secrets['webhook_secret'] ?? '';
    this.#notifications = new Notifications(ports, this.#secret, hubUrl);
  }

  async perform(call: Call): Promise<CallResult> {
    const entry = readEntry(call);
    if (typeof entry === 'string') return { kind: 'failed', code: 'invalid', detail: entry };
    const response = await unlessAborted(this.#respond(entry, call.signal), call.signal);
    return response === undefined ? { kind: 'unknown', code: 'timeout' } : readAnswer(response);
  }

  /** What was really done, from the sandbox's own journal, oldest first; a call that was answered by its key adds nothing. */
  charges(query: z.input<typeof chargesQuerySchema> = {}): Promise<Charges> {
    return this.#journal.charges(chargesQuerySchema.parse(query));
  }

  async webhook(headers: Readonly<Record<string, string | undefined>>, body: Buffer): Promise<readonly WebhookEvent[]> {
    const id = readSigned(this.#secret, headers, body, this.#ports.clock.now());
    if (id === undefined)
      throw new Fault('unauthenticated', 'The webhook carries no valid signature, or its clock is more than 5 minutes off.');
    const read = notificationSchema.safeParse(readJson(body));
    if (!read.success) throw new Fault('invalid', z.prettifyError(read.error));
    const { payment, operation_id, outcome } = read.data.data;
    return [{ id, to: toAddress('payment', payment), event: { type: 'GATEWAY_NOTIFIED', operation_id, outcome } }];
  }

  close(): Promise<void> {
    this.#notifications.close();
    return Promise.resolve();
  }

  async #respond(entry: Entry, signal: AbortSignal): Promise<ProviderResponse> {
    const recorded = await this.#record(entry, signal);
    if ('status' in recorded) return recorded;
    this.#notify(entry, recorded);
    if (this.#config.latency_ms > 0) await new Promise<void>((resolve) => this.#ports.timers.after(this.#config.latency_ms, resolve));
    switch (recorded.fault) {
      case 'timeout_before':
      case 'timeout_after':
        return new Promise(() => {});
      case 'http_502':
        return toBadGateway();
      default:
        return toResponse(recorded.outcome);
    }
  }

  async #record(entry: Entry, signal: AbortSignal): Promise<Recorded | ProviderResponse> {
    try {
      return await this.#journal.record(entry, signal);
    } catch (error) {
      if (error instanceof Fault && error.code === 'overloaded') return toError(429, 'overloaded');
      // The connection may have died after the statement was done: the sandbox cannot tell, and so neither may we.
      this.#ports.log.warn(
        { integration: 'sandbox', operation_id: entry.operation_id, error: String(error) },
        'The sandbox could not keep its journal',
      );
      return toError(503, 'unavailable');
    }
  }

  #notify({ payment, operation, operation_id }: Entry, { fault, outcome }: Recorded): void {
    if (operation === 'lookup' || operation === 'close' || fault === 'timeout_before') return;
    const told = toTold(outcome);
    const usual = this.#config.webhooks === 'always' || this.#notifications.holds(payment) ? 'now' : undefined;
    const manner = (fault === null ? undefined : MANNERS[fault]) ?? usual;
    if (manner !== undefined && told !== undefined)
      this.#notifications.announce({ payment, operation, operation_id, outcome: told }, manner);
  }
}

/** A refused call is no news of its operation. */
function toTold({ outcome, reference, code }: Outcome): Notification['outcome'] | undefined {
  if (outcome === 'done') return { outcome, reference: must(reference, 'the reference of what was done') };
  return outcome === 'declined' ? { outcome, code: must(code, 'the code of a decline') } : undefined;
}

export function openSandbox(surroundings: Surroundings): Promise<Sandbox> {
  return Promise.resolve(new Sandbox(surroundings));
}

/** For routes that script its faults and list its charges. */
export function isSandbox(integration: Integration): integration is Sandbox {
  return integration instanceof Sandbox;
}

export const sandbox: IntegrationKind = defineIntegration({
  name: 'sandbox',
  title: 'Sandbox payment gateway',
  provides: 'gateway',
  honours_keys: true,
  concurrency: 256,
  timeout_ms: 10_000,
  operations: gatewayOperations,
  config: configSchema,
  secrets: {
    webhook_secret: {
      title: 'Signing secret of webhooks',
      about: 'What the gateway signs its notifications with; the hub refuses those that are signed otherwise.',
      required: true,
      made: true,
    },
  },
  open: openSandbox,
});

/** The call as the journal takes it, or what is wrong with it. */
function readEntry({ key, operation, input, actor }: Call): Entry | string {
  if (!isGatewayOperation(operation)) return `A gateway has no operation ${operation}.`;
  if (key === '' || key.length > 1000) return 'A key has 1 to 1000 characters.';
  if (operation === 'lookup' || operation === 'close') {
    const read = gatewayOperations[operation].input.safeParse(input);
    if (!read.success) return z.prettifyError(read.error);
    const nothing = { amount_minor: null, currency: null, purpose: null, authorization: null, refusal: null };
    return { key, operation, operation_id: read.data.operation_id, payment: actor.slice(actor.indexOf('/') + 1), ...nothing };
  }
  const read = gatewayOperations[operation].input.safeParse(input);
  if (!read.success) return z.prettifyError(read.error);
  const { operation_id, payment, amount_minor, currency, reference: purpose, authorization }: GatewayRequest = read.data;
  const refusal = operation === 'authorize' ? readRefusal(purpose) : null;
  return {
    key,
    operation,
    operation_id,
    payment,
    amount_minor,
    currency,
    purpose,
    authorization: readAuthorization(authorization),
    refusal,
  };
}

/** The journal row that a reference names; 0, which no row has, for one that we never gave out. */
function readAuthorization(reference: string | undefined): number | null {
  if (reference === undefined) return null;
  return Number(/^authorize_(\d{1,15})$/.exec(reference)?.[1] ?? 0);
}

function readRefusal(purpose: string): string | null {
  const asked = PLEASE_DECLINE.exec(purpose);
  return asked === null ? null : (asked[1] ?? 'insufficient_funds');
}

function readJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString());
  } catch {
    throw new Fault('bad_json');
  }
}

/** Undefined once the signal aborts, whatever becomes of the work. */
function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  if (signal.aborted) return Promise.resolve(undefined);
  return new Promise((resolve, reject) => {
    const giveUp = (): void => resolve(undefined);
    signal.addEventListener('abort', giveUp, { once: true });
    work.finally(() => signal.removeEventListener('abort', giveUp)).then(resolve, reject);
  });
}
