import { systemPorts } from '../../actors/ports/system.ts';
import type { CallResult, Gate, Integration } from '../../actors/integrations/integration.ts';
import { Json2Client } from '../../actors/integrations/odoo/json2.ts';
import { odoo } from '../../actors/integrations/odoo/odoo.ts';
import type { OdooSettings } from './odoo.ts';

const SILENT = { debug() {}, info() {}, warn() {}, error() {} };

/** The integration as the hub opens it, towards this Odoo; `url` leads there by another way, and other settings stand in for these. */
export function openOdoo(
  settings: OdooSettings,
  config: object = {},
  secrets: Record<string, string> = {},
  hub_id = 'test',
): Promise<Integration> {
  const { url, database, user, api_key, password } = settings;
  const database_door = { query: () => Promise.reject(new Error('Odoo keeps nothing in the database')) };
  return odoo.open({
    ports: systemPorts(SILENT),
    config: { url: `${url}/`, database, user, ...config },
    secrets: { api_key, password, ...secrets },
    hubUrl: () => undefined,
    database: database_door,
    gate: { hub_id } as Gate,
  });
}

/** One call of the hub; `patience_ms` is how long it waits for an answer. */
export function ask(integration: Integration, operation: string, input: object, patience_ms = 60_000): Promise<CallResult> {
  const signal = AbortSignal.timeout(patience_ms);
  return integration.perform({
    key: 'hub/odoo',
    operation,
    input: { integration: 'odoo', ...input },
    actor: 'binding/b_1',
    attempt: 1,
    signal,
  });
}

/** What was asked for; throws with whatever came instead. */
export async function answered<T>(integration: Integration, operation: string, input: object): Promise<T> {
  const result = await ask(integration, operation, input);
  if (result.kind !== 'done') throw new Error(`${operation}: ${JSON.stringify(result)}`);
  return odoo.operations[operation]?.output.parse(result.output) as T;
}

/** What somebody does in Odoo besides the hub. */
export function byHand({ url, database, user, api_key }: OdooSettings): (model: string, method: string, args: object) => Promise<unknown> {
  const client = new Json2Client({ url, database, user, api_key, now: () => Date.now(), pace: () => Promise.resolve() });
  return (model, method, args) => client.call(model, method, { ...args }, AbortSignal.timeout(60_000));
}
