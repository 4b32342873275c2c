import { z } from 'zod';
import type { Ports } from '../../ports/ports.ts';
import { erpOperations, isErpOperation } from '../erp-operations.ts';
import type { ErpOperation } from '../erp-operations.ts';
import { defineIntegration } from '../integration.ts';
import type { Call, CallResult, Integration, IntegrationKind, Limits, Probed, Rotated, Surroundings } from '../integration.ts';
import { isServer } from '../server-address.ts';
import { unreachable } from '../../../machines/must.ts';
import type { OdooAccess, OdooClient } from './client.ts';
import { OdooError, toCallResult } from './failures.ts';
import type { Failed } from './failures.ts';
import { Json2Client } from './json2.ts';
import { revokeOlder, rotateKey } from './keys.ts';
import { paceOf } from './pace.ts';
import type { Pace } from './pace.ts';
import { pay, voidPayment } from './pay.ts';
import { probe } from './probe.ts';
import { gone, list, pull, readOne } from './pull.ts';
import { push } from './push.ts';
import { OdooSession } from './session.ts';
import type { Memory } from './session.ts';
import { XmlRpcClient } from './xmlrpc.ts';

/** A page of bills with their lines, or a first probe of all models, takes its time on a small server. */
const TIMEOUT_MS = 30_000;
/** About what Odoo Online takes of one database. */
const ONLINE_PER_SECOND = 1;
/** The first one that answers `/json/2`. */
const FIRST_JSON2 = 19;

const configSchema = z.strictObject({
  url: z
    .url()
    .refine(isServer, 'An address with https and no path is expected; http only of this machine')
    .default('http://127.0.0.1:8069/')
    .meta({ title: 'Address of Odoo', description: 'Without a path, for example https://company.odoo.com/.' }),
  database: z.string().max(100).optional().meta({
    title: 'Database',
    description: 'As Odoo names it; may be empty where the address has one only.',
  }),
  user: z.string().max(200).optional().meta({
    title: 'User',
    description: 'The login of the person whom the key belongs to; needed for XML-RPC alone.',
  }),
  protocol: z.enum(['auto', 'json2', 'xmlrpc']).default('auto').meta({
    title: 'Protocol',
    description: 'auto: JSON-2 where Odoo is 19 or later, XML-RPC where it is older.',
  }),
  calls_per_second: z.number().min(0.5).max(1000).optional().meta({
    title: 'Calls per second',
    description: 'How many requests Odoo takes of each node of the hub; empty: one for Odoo Online, and any number for others.',
  }),
  journal: z.string().max(10).optional().meta({
    title: 'Journal of payments',
    description: 'The short code of the bank journal that payments are booked in; empty: the one that Odoo takes by itself.',
  }),
});

function isOnline(url: string): boolean {
  return new URL(url).hostname.endsWith('.odoo.com');
}

/** Contacts, bills and payments of an Odoo, in step with the hub. */
class Odoo implements Integration {
  readonly #config: z.output<typeof configSchema>;
  readonly #secrets: Readonly<Record<string, string>>;
  readonly #ports: Ports;
  readonly #hub_id: string;
  readonly limits?: Limits;
  readonly #pace: Pace;
  readonly #memory: Memory = {};
  #client: OdooClient | undefined;

  constructor({ ports, config, secrets, gate }: Surroundings) {
    this.#config = configSchema.parse(config ?? {});
    this.#hub_id = gate.hub_id;
    const { url, calls_per_second } = this.#config;
    const per_second = calls_per_second ?? (isOnline(url) ? ONLINE_PER_SECOND : undefined);
    if (per_second !== undefined) this.limits = { per_second };
    this.#secrets = secrets;
    this.#ports = ports;
    this.#pace = paceOf(this.limits ?? {}, ports);
  }

  async perform({ operation, input, signal }: Call): Promise<CallResult> {
    if (!isErpOperation(operation)) return { kind: 'failed', code: 'invalid', detail: `An ERP has no operation ${operation}.` };
    const read = erpOperations[operation].input.safeParse(input);
    if (!read.success) return { kind: 'failed', code: 'invalid', detail: z.prettifyError(read.error) };
    const reads = 'reads' in erpOperations[operation];
    return this.#attempt(operation, reads, signal, async (odoo) => ({
      kind: 'done' as const,
      output: await this.#do(operation, read.data, odoo),
    }));
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  async #do(operation: ErpOperation, input: unknown, odoo: OdooSession): Promise<unknown> {
    switch (operation) {
      case 'pull':
        return pull(odoo, erpOperations.pull.input.parse(input));
      case 'gone': {
        const { model, ids } = erpOperations.gone.input.parse(input);
        return { ids: await gone(odoo, model, ids) };
      }
      case 'read': {
        const { external_id, ...of } = erpOperations.read.input.parse(input);
        return (await readOne(odoo, of, external_id)) ?? null;
      }
      case 'list':
        return list(odoo, erpOperations.list.input.parse(input));
      case 'push':
        return push(odoo, erpOperations.push.input.parse(input));
      case 'pay':
        return pay(odoo, erpOperations.pay.input.parse(input), this.#config.journal ?? '');
      case 'void':
        return voidPayment(odoo, erpOperations.void.input.parse(input).payment);
      default:
        return unreachable(operation);
    }
  }

  probe(signal: AbortSignal): Promise<Probed> {
    return this.#attempt('probe', true, signal, async (odoo) => probe(odoo, this.#keys()));
  }

  rotate({ signal }: { readonly signal: AbortSignal }): Promise<Rotated> {
    const password = this.#secrets['password'] ?? '';
    return this.#attempt('rotate', false, signal, async (odoo) =>
      rotateKey(odoo, this.#keys(), { password, now: this.#ports.clock.now() }),
    );
  }

  async revoke(signal: AbortSignal): Promise<void> {
    const client = (this.#client ??= await this.#choose(signal));
    await revokeOlder(new OdooSession(client, signal, this.#memory), this.#keys(), this.#secrets['password'] ?? '');
  }

  /** What the hub's own keys are called: another hub that works with the same Odoo has others. */
  #keys(): string {
    return `Green Lines Hub ${this.#hub_id}`;
  }

  async #attempt<T>(what: string, reads: boolean, signal: AbortSignal, work: (odoo: OdooSession) => Promise<T>): Promise<T | Failed> {
    if ((this.#secrets['api_key'] ?? '').trim() === '') return { kind: 'failed', code: 'unauthorized', detail: 'No key of Odoo is set.' };
    try {
      const client = (this.#client ??= await this.#choose(signal));
      return await work(new OdooSession(client, signal, this.#memory));
    } catch (error) {
      const failure = toOdooError(error);
      const result = toCallResult(failure, reads);
      // What Odoo says may hold what somebody wrote there.
      this.#ports.log.info(
        { integration: 'odoo', operation: what, failure: failure.failure.kind, kind: result.kind },
        'Odoo did not do it',
      );
      return result;
    }
  }

  async #choose(signal: AbortSignal): Promise<OdooClient> {
    const { protocol } = this.#config;
    if (protocol !== 'auto') return this.#open(protocol);
    const version = await versionOf(this.#open('json2'), this.#open('xmlrpc'), signal);
    return this.#open(Number(/\d+/.exec(version)?.[0] ?? 0) >= FIRST_JSON2 ? 'json2' : 'xmlrpc');
  }

  #open(protocol: 'json2' | 'xmlrpc'): OdooClient {
    const api_key = (this.#secrets['api_key'] ?? '').trim();
    const { url, database = '', user = '' } = this.#config;
    const access: OdooAccess = {
      url: url.replace(/\/$/, ''),
      database,
      user,
      api_key,
      now: () => this.#ports.clock.now(),
      pace: this.#pace,
    };
    return protocol === 'json2' ? new Json2Client(access) : new XmlRpcClient(access);
  }
}

/** Old ones have no `/web/version`; XML-RPC's own is in all that have XML-RPC. Nothing is written by asking, so it may be asked again. */
async function versionOf(json2: OdooClient, xmlrpc: OdooClient, signal: AbortSignal): Promise<string> {
  try {
    return await json2.version(signal).catch((error: unknown) => {
      if (error instanceof OdooError && /^(not_found|unreadable)$/.test(error.failure.kind)) return xmlrpc.version(signal);
      throw error;
    });
  } catch (error) {
    if (error instanceof OdooError && /^(unknown|unreadable)$/.test(error.failure.kind)) throw new OdooError('unavailable', error.message);
    throw error;
  }
}

/** An answer of another shape than Odoo's: nobody knows what it did. */
function toOdooError(error: unknown): OdooError {
  if (error instanceof OdooError) return error;
  if (error instanceof z.ZodError) return new OdooError('unreadable', 'Odoo answered something else than what it was asked for.');
  throw error;
}

export const odoo: IntegrationKind = defineIntegration({
  name: 'odoo',
  title: 'Odoo',
  provides: 'erp',
  // It knows no keys. But what the hub makes there carries the actor's own name, and every step looks first whether it has been taken: an operation
  // that is repeated does nothing twice.
  honours_keys: true,
  // Odoo asks for one call at a time of a database; two at once would also meet in its locks.
  concurrency: 1,
  timeout_ms: TIMEOUT_MS,
  operations: erpOperations,
  config: configSchema,
  secrets: {
    api_key: {
      title: 'API key',
      about: 'From the preferences of the user in Odoo, under Account Security. It lives for three months at most.',
      required: true,
    },
    password: {
      title: 'Password of the user',
      about: 'Only so that the hub can make the next key by itself: Odoo asks for it each time. Without it somebody has to.',
      required: false,
    },
  },
  open: (surroundings) => Promise.resolve(new Odoo(surroundings)),
});
