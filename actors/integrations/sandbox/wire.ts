import { z } from 'zod';
import type { CallResult } from '../integration.ts';

/**
 * The sandbox's HTTP-like interface, and the adapter that reads it. The adapter sees nothing of the sandbox but these
 * responses, so it treats them as it would a real provider's: what it cannot read, it does not know.
 */
export type ProviderResponse = { readonly status: number; readonly type: string; readonly body: string };

/** What the sandbox's journal says about a call. */
export type Outcome = {
  readonly outcome: 'done' | 'declined' | 'canceled' | 'not_found' | 'closed' | 'key_reused';
  readonly code: string | null;
  readonly reference: string | null;
};

const STATUS: Readonly<Record<Outcome['outcome'], number>> = {
  done: 200,
  canceled: 200,
  declined: 402,
  not_found: 404,
  key_reused: 409,
  closed: 410,
};

const BAD_GATEWAY =
  '<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body><center><h1>502 Bad Gateway</h1></center></body>\r\n</html>\r\n';

export function toResponse({ outcome, code, reference }: Outcome): ProviderResponse {
  const status = STATUS[outcome];
  const body = status < 405 ? { outcome, code: code ?? undefined, reference: reference ?? undefined } : { error: { code: outcome } };
  return { status, type: 'application/json', body: JSON.stringify(body) };
}

/** What a proxy in front of a provider says when it lost the provider: nothing about the operation. */
export function toBadGateway(): ProviderResponse {
  return { status: 502, type: 'text/html', body: BAD_GATEWAY };
}

export function toError(status: 429 | 503, code: string): ProviderResponse {
  return { status, type: 'application/json', body: JSON.stringify({ error: { code } }) };
}

const responseSchema = z.union([
  z.object({ outcome: z.literal('done'), reference: z.string().min(1) }),
  z.object({ outcome: z.literal('declined'), code: z.string().min(1) }),
  z.object({ outcome: z.enum(['canceled', 'not_found']) }),
  z.object({ error: z.object({ code: z.string().min(1) }) }),
]);

/** Turns a response into a result. Only a 4xx in the provider's own words counts as "it did not happen". */
export function readAnswer(response: ProviderResponse): CallResult {
  const body = response.type.startsWith('application/json') ? readJson(response.body) : undefined;
  const read = responseSchema.safeParse(body);
  if (!read.success || (response.status >= 500 && !('error' in read.data)))
    return { kind: 'unknown', code: 'bad_gateway', detail: `An unreadable answer with status ${response.status}` };
  const answer = read.data;
  if ('error' in answer) {
    const { code } = answer.error;
    if (response.status === 429) return { kind: 'retry', code, after_ms: 250 };
    return { kind: response.status >= 400 && response.status < 500 ? 'failed' : 'unknown', code };
  }
  switch (answer.outcome) {
    case 'done':
      return { kind: 'done', output: { outcome: 'done', gateway_reference: answer.reference } };
    case 'declined':
      return { kind: 'done', output: { outcome: 'declined', code: answer.code } };
    default:
      return { kind: 'done', output: { outcome: answer.outcome } };
  }
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
