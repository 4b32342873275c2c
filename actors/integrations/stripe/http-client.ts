import type { Stripe } from 'stripe';
import { readBody } from '../read-body.ts';

type StripeClient = NonNullable<NonNullable<ConstructorParameters<typeof Stripe>[1]>['httpClient']>;
type StripeResponse = Awaited<ReturnType<StripeClient['makeRequest']>>;

/** A list of a hundred intents has a few hundred kilobytes. */
const MOST_BYTES = 10 * 1024 * 1024;

/** The request did not get its answer. */
export class NoAnswer extends Error {
  /** There never was a connection to send it over. */
  readonly unsent: boolean;

  constructor(cause: unknown) {
    super('The request was not answered', { cause });
    this.unsent = isUnsent(cause);
  }
}

/**
 * The client that Stripe's package sends through: one request each time, given up when the signal aborts, which it does when
 * the call has taken its time. Its own clients cannot be given up, and send a request again when a connection is cut, whatever
 * number of retries is asked for; here only the hub sends again.
 */
export function clientFor(signal: AbortSignal): StripeClient {
  return {
    getClientName: () => 'fetch',
    makeRequest: async (host, port, path, method, headers, body, protocol) => {
      try {
        const sent = method === 'GET' ? {} : { body };
        const url = `${protocol}://${host}:${port}${path}`;
        // Whoever sends elsewhere is not Stripe, and the key is in the headers.
        const response = await fetch(url, { method, headers: toHeaders(headers), redirect: 'manual', signal, ...sent });
        return toResponse(response, await readBody(response, MOST_BYTES));
      } catch (error) {
        throw new NoAnswer(error);
      }
    },
  };
}

function toHeaders(headers: Readonly<Record<string, string | number | string[]>>): [string, string][] {
  return Object.entries(headers).map(([name, value]) => [name, String(value)]);
}

function toResponse({ status, headers }: Response, body: Uint8Array | undefined): StripeResponse {
  return {
    getStatusCode: () => status,
    getHeaders: () => Object.fromEntries(headers),
    getRawResponse: () => ({}),
    toStream: (complete) => complete(),
    // What is no JSON, or too large to be an answer, is refused by the caller, which knows what that means.
    toJSON: () => new Promise((resolve) => resolve(JSON.parse(Buffer.from(body ?? []).toString()))),
  };
}

/** Node hides in `cause` what became of the connection; there is one for every address that was tried. */
function isUnsent(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (error instanceof AggregateError) return error.errors.length > 0 && error.errors.every(isUnsent);
  if ('syscall' in error && (error.syscall === 'connect' || error.syscall === 'getaddrinfo')) return true;
  return ('code' in error && error.code === 'UND_ERR_CONNECT_TIMEOUT') || isUnsent(error.cause);
}
