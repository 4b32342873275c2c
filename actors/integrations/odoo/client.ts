import { readBody } from '../read-body.ts';
import { isUnsent, OdooError, readRetryAfter } from './failures.ts';
import type { Pace } from './pace.ts';

/** What a method is called with: the records it is called on, the context, and the rest by name. */
export type OdooArguments = {
  readonly ids?: readonly number[];
  readonly context?: Readonly<Record<string, unknown>>;
  readonly [name: string]: unknown;
};

/** A way to call Odoo. Throws an OdooError for whatever is not its result. */
export type OdooClient = {
  readonly protocol: 'json2' | 'xmlrpc';
  call(model: string, method: string, args: OdooArguments, signal: AbortSignal): Promise<unknown>;
  /** As Odoo names it, for example `19.0`. */
  version(signal: AbortSignal): Promise<string>;
};

/** Whom to call, and as whom. The address has no path and no slash at its end. */
export type OdooAccess = {
  readonly url: string;
  readonly database: string;
  readonly user: string;
  readonly api_key: string;
  /** For dates in `Retry-After`. */
  readonly now: () => number;
  readonly pace: Pace;
};

export type Answer = { readonly status: number; readonly type: string; readonly text: string; readonly after_ms: number | undefined };

/** A thousand bills with their lines have a few megabytes. */
const MOST_BYTES = 32 * 1024 * 1024;

/** Sends one request, once, and follows nobody elsewhere: the key is in it. */
export async function ask(
  url: string,
  init: RequestInit & { readonly signal: AbortSignal },
  { now, pace }: Pick<OdooAccess, 'now' | 'pace'>,
): Promise<Answer> {
  await pace(init.signal);
  let answer: { response: Response; body: Uint8Array | undefined };
  try {
    const response = await fetch(url, { ...init, redirect: 'manual' });
    answer = { response, body: await readBody(response, MOST_BYTES) };
  } catch (error) {
    if (isUnsent(error)) throw new OdooError('unavailable', 'Odoo could not be reached.');
    throw new OdooError('unknown', init.signal.aborted === true ? 'Odoo did not answer in time.' : 'The connection to Odoo was cut.');
  }
  const { response, body } = answer;
  if (body === undefined) throw new OdooError('unreadable', `The answer is larger than ${MOST_BYTES} bytes.`);
  return {
    status: response.status,
    type: response.headers.get('content-type') ?? '',
    text: Buffer.from(body).toString(),
    after_ms: readRetryAfter(response.headers.get('retry-after'), now()),
  };
}

/** What the status says on its own, whoever gave it: Odoo or what stands in front of it. */
export function refusalOf({ status, after_ms }: Answer): OdooError | undefined {
  if (status === 429) return new OdooError('throttled', 'Odoo asks to be called less often.', after_ms);
  if (status === 401) return new OdooError('unauthorized', 'Odoo does not take the key.');
  if (status >= 300 && status < 400) return new OdooError('unreadable', `The address leads elsewhere (status ${status}).`);
  if (status >= 500) return new OdooError('unknown', `Odoo, or what stands in front of it, answered ${status}.`);
  return undefined;
}
