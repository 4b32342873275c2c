import { z } from 'zod';
import { ask, refusalOf } from './client.ts';
import type { OdooAccess, OdooArguments, OdooClient } from './client.ts';
import { OdooError } from './failures.ts';
import { BadXml, decodeAnswer, encodeCall } from './xmlrpc-codec.ts';

const versionSchema = z.object({ server_version: z.string() });

/** `/xmlrpc/2`: Odoo 14 to 18; 19 still answers it. The same key stands where a password would. */
export class XmlRpcClient implements OdooClient {
  readonly protocol = 'xmlrpc';
  readonly #access: OdooAccess;
  #user: number | undefined;

  constructor(access: OdooAccess) {
    this.#access = access;
  }

  async call(model: string, method: string, { ids, ...named }: OdooArguments, signal: AbortSignal): Promise<unknown> {
    const { database, api_key } = this.#access;
    const user = (this.#user ??= await this.#authenticate(signal));
    const positional = ids === undefined ? [] : [ids];
    return this.#send('object', 'execute_kw', [database, user, api_key, model, method, positional, named], signal);
  }

  async version(signal: AbortSignal): Promise<string> {
    const read = versionSchema.safeParse(await this.#send('common', 'version', [], signal));
    if (!read.success) throw new OdooError('unreadable', 'What answered tells no version.');
    return read.data.server_version;
  }

  async #authenticate(signal: AbortSignal): Promise<number> {
    const { database, user, api_key } = this.#access;
    const found = await this.#send('common', 'authenticate', [database, user, api_key, {}], signal).catch((error: unknown) => {
      // Nothing was asked for yet.
      if (error instanceof OdooError && error.failure.kind === 'unknown') throw new OdooError('unavailable', error.message);
      throw error;
    });
    if (typeof found !== 'number') throw new OdooError('unauthorized', `Odoo does not take the key for ${user}.`);
    return found;
  }

  async #send(service: 'common' | 'object', method: string, params: readonly unknown[], signal: AbortSignal): Promise<unknown> {
    const { url } = this.#access;
    const headers = { 'content-type': 'text/xml; charset=utf-8' };
    const answer = await ask(`${url}/xmlrpc/2/${service}`, { method: 'POST', headers, body: encode(method, params), signal }, this.#access);
    const refused = refusalOf(answer);
    if (refused !== undefined) throw refused;
    if (answer.status !== 200) throw new OdooError('unreadable', `What answered is not Odoo: status ${answer.status}.`);
    const read = decode(answer.text);
    if ('value' in read) return read.value;
    // It cannot write down that a method returned nothing, and says so once what the method did is committed.
    if (read.fault.code === 1 && read.fault.text.includes('cannot marshal None')) return null;
    throw toError(read.fault);
  }
}

function encode(method: string, params: readonly unknown[]): string {
  try {
    return encodeCall(method, params);
  } catch (error) {
    if (error instanceof RangeError) throw new OdooError('refused', error.message);
    throw error;
  }
}

function decode(text: string): ReturnType<typeof decodeAnswer> {
  try {
    return decodeAnswer(text);
  } catch (error) {
    if (error instanceof BadXml) throw new OdooError('unreadable', `What answered is not Odoo: ${error.message}`);
    throw error;
  }
}

/** 1: an error of Odoo's own with its trace, 2: a rule was broken, 3: not signed in, 4: no right. */
function toError({ code, text }: { readonly code: number; readonly text: string }): OdooError {
  const last = text.trim().split('\n').at(-1) ?? '';
  switch (code) {
    case 2:
      return new OdooError(/^Record does not exist|^Object \S+ doesn't exist/.test(text) ? 'not_found' : 'refused', text.trim());
    case 3:
      return new OdooError('unauthorized', last);
    case 4:
      return new OdooError('forbidden', last);
    default:
      if (/SerializationFailure|LockNotAvailable|DeadlockDetected|could not serialize|PoolError/.test(text)) {
        return new OdooError('unavailable', last);
      }
      return new OdooError(/The method '.*' does not exist|database ".*" does not exist/.test(text) ? 'not_found' : 'refused', last);
  }
}
