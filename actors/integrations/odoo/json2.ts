import { z } from 'zod';
import { ask, refusalOf } from './client.ts';
import type { Answer, OdooAccess, OdooArguments, OdooClient } from './client.ts';
import { OdooError } from './failures.ts';

/** Odoo's own refusal. Whoever stands in front of it does not write one like this. */
const refusalSchema = z.object({ name: z.string(), message: z.string() });
const versionSchema = z.object({ version: z.string().regex(/^(saas~)?\d{1,3}\.\d{1,3}/) });

/** `POST /json/2/<model>/<method>`: Odoo 19 and later. Its key lives for three months at most. */
export class Json2Client implements OdooClient {
  readonly protocol = 'json2';
  readonly #access: OdooAccess;

  constructor(access: OdooAccess) {
    this.#access = access;
  }

  async call(model: string, method: string, args: OdooArguments, signal: AbortSignal): Promise<unknown> {
    const { url, database, api_key } = this.#access;
    const headers = {
      authorization: `Bearer ${api_key}`,
      'content-type': 'application/json; charset=utf-8',
      ...(database === '' ? {} : { 'x-odoo-database': database }),
    };
    const init = { method: 'POST', headers, body: JSON.stringify(args), signal };
    const answer = await ask(`${url}/json/2/${encodeURIComponent(model)}/${encodeURIComponent(method)}`, init, this.#access);
    const read = readJson(answer);
    if (answer.status === 200 && read !== undefined) return read.json;
    const refusal = refusalSchema.safeParse(read?.json).data;
    if (refusal !== undefined) throw toError(answer, refusal.name, refusal.message);
    throw refusalOf(answer) ?? unreadable(answer);
  }

  async version(signal: AbortSignal): Promise<string> {
    const { url } = this.#access;
    const answer = await ask(`${url}/web/version`, { signal }, this.#access);
    const read = versionSchema.safeParse(readJson(answer)?.json);
    if (answer.status === 200 && read.success) return read.data.version;
    throw refusalOf(answer) ?? unreadable(answer);
  }
}

/** Its transaction was rolled back with it, whatever the status. */
function toError(answer: Answer, name: string, message: string): OdooError {
  const detail = `${name.split('.').at(-1) ?? ''}: ${message}`;
  const passing = /(SerializationFailure|LockNotAvailable|DeadlockDetected|OperationalError|PoolError|TransactionRollback)/;
  if (answer.status === 429) return new OdooError('throttled', detail, answer.after_ms);
  if (passing.test(name) || answer.status === 503) return new OdooError('unavailable', detail);
  switch (answer.status) {
    case 401:
      return new OdooError('unauthorized', detail);
    case 403:
      return new OdooError('forbidden', detail);
    case 404:
      return new OdooError('not_found', detail);
    default:
      return new OdooError('refused', detail);
  }
}

function readJson({ type, text }: Answer): { readonly json: unknown } | undefined {
  if (!/^application\/json\b/i.test(type)) return undefined;
  try {
    return { json: JSON.parse(text) };
  } catch {
    return undefined;
  }
}

/** An address or a database that is not there is answered in HTML, and so is whoever a wall in front turns away. */
function unreadable({ status, type }: Answer): OdooError {
  if (status === 404) return new OdooError('not_found', 'There is no Odoo with this database at this address.');
  if (status === 403) return new OdooError('forbidden', 'Somebody in front of Odoo turned the call away.');
  return new OdooError('unreadable', `What answered is not Odoo: status ${status}, ${type === '' ? 'no type' : type}.`);
}
