import pg from 'pg';
import { sandboxFaultSchema } from '../../actors/integrations/sandbox/faults.ts';
import { openSandbox } from '../../actors/integrations/sandbox/sandbox.ts';
import type { Sandbox } from '../../actors/integrations/sandbox/sandbox.ts';
import { sandboxSchema } from '../../actors/integrations/sandbox/schema.ts';
import type { CallResult } from '../../actors/integrations/integration.ts';
import type { Ports } from '../../actors/ports/ports.ts';
import { systemPorts } from '../../actors/ports/system.ts';
import { must } from '../../machines/must.ts';
import { testDatabase } from './postgres.ts';

export const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
/** How many times as fast waiting goes. */
export const HURRY = 20;

/** One call; what is left out is made up, a new key and a new operation each time. */
export type Asked = {
  readonly key?: string;
  readonly id?: string;
  readonly payment?: string;
  readonly amount?: number;
  readonly currency?: string;
  readonly reference?: string;
  /** The authorization that it is about. */
  readonly of?: string;
  readonly signal?: AbortSignal;
};

/** A database with the sandbox's tables, and as many sandboxes on it as are started. */
export class SandboxWorld {
  readonly pool: pg.Pool;
  readonly #drop: () => Promise<void>;
  readonly #open: Sandbox[] = [];

  constructor(url: string, drop: () => Promise<void>) {
    this.pool = new pg.Pool({ connectionString: url, max: 4 });
    this.#drop = drop;
  }

  async start(config: unknown = {}, hubUrl?: string): Promise<Sandbox> {
    const sandbox = await openSandbox({
      ports: hurriedPorts(),
      config,
      secrets: { webhook_secret: SECRET },
      hubUrl: () => hubUrl,
      gate: undefined as never,
      database: { query: async (name, text, values) => (await this.pool.query({ name, text, values: [...values] })).rows },
    });
    this.#open.push(sandbox);
    return sandbox;
  }

  /** Back to an empty journal and nothing running. */
  async reset(): Promise<void> {
    await this.rest();
    await this.pool.query('TRUNCATE sandbox.journal, sandbox.authorization, sandbox.fault');
  }

  async rest(): Promise<void> {
    await Promise.all(this.#open.splice(0).map((sandbox) => sandbox.close()));
  }

  async close(): Promise<void> {
    await this.rest();
    await this.pool.end();
    await this.#drop();
  }
}

export async function sandboxWorld(): Promise<SandboxWorld> {
  const { url, close } = await testDatabase();
  const world = new SandboxWorld(url, close);
  for (const statement of sandboxSchema) await world.pool.query(statement);
  return world;
}

function hurriedPorts(): Ports {
  const ports = systemPorts({ debug() {}, info() {}, warn() {}, error() {} });
  return { ...ports, timers: { ...ports.timers, after: (delay_ms, run) => ports.timers.after(delay_ms / HURRY, run) } };
}

let made = 0;

export function call(sandbox: Sandbox, operation: string, asked: Asked = {}): Promise<CallResult> {
  made += 1;
  const { payment = 'pay_1', amount = 1000, currency = 'EUR', reference = 'invoice 12', of } = asked;
  const asks = operation === 'lookup' || operation === 'close';
  const about = { payment, amount_minor: amount, currency, reference, ...(of === undefined ? {} : { authorization: of }) };
  return sandbox.perform({
    key: asked.key ?? `hub/payment/${payment}@${made}#0/hash`,
    operation,
    input: { integration: 'sandbox', operation_id: asked.id ?? `${payment}-${operation}-${made}`, ...(asks ? {} : about) },
    actor: `payment/${payment}`,
    attempt: 1,
    signal: asked.signal ?? new AbortController().signal,
  });
}

/** The reference of a new authorization. */
export async function authorize(sandbox: Sandbox, asked: Asked = {}): Promise<string> {
  const result = await call(sandbox, 'authorize', asked);
  const output = result.kind === 'done' ? (result.output as { gateway_reference?: string }) : {};
  return must(output.gateway_reference, `an authorization, not ${JSON.stringify(result)}`);
}

export function script(sandbox: Sandbox, fault: Record<string, unknown>): Promise<void> {
  return sandbox.faults.add(sandboxFaultSchema.parse({ times: 1, ...fault }));
}

export function declined(code: string): CallResult {
  return { kind: 'done', output: { outcome: 'declined', code } };
}

export function isDone(result: CallResult): boolean {
  return result.kind === 'done' && (result.output as { outcome: string }).outcome === 'done';
}

/** What was really done, oldest first. */
export async function operations(sandbox: Sandbox): Promise<string[]> {
  return (await sandbox.charges()).items.map(({ operation }) => operation);
}
