import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod';
import { FAULTS, Fault, isFaultCode } from '../../machines/fault.ts';
import type { FaultCode } from '../../machines/fault.ts';

/** An answer to a request that failed (RFC 9457). */
export type Problem = { readonly status: number; readonly headers: Readonly<Record<string, string>>; readonly body: string };

export const PROBLEM_TYPE = 'application/problem+json; charset=utf-8';

const RETRY_AFTER_MS = 1000;

/** Writes a fault as a problem. `after_ms` of its extra becomes Retry-After, `allow` Allow. */
export function toProblem(fault: Fault, request: string): Problem {
  const { status } = fault;
  const { sentence, retry } = FAULTS[fault.code];
  const { after_ms, allow, ...extra } = fault.extra;
  const delay_ms = typeof after_ms === 'number' ? after_ms : RETRY_AFTER_MS;
  const headers = {
    'content-type': PROBLEM_TYPE,
    'cache-control': 'no-store',
    ...(retry ? { 'retry-after': String(Math.max(1, Math.ceil(delay_ms / 1000))) } : {}),
    ...(status === 401 ? { 'www-authenticate': 'Bearer realm="green-lines-hub"' } : {}),
    ...(typeof allow === 'string' ? { allow } : {}),
  };
  const { code = fault.code, ...rest } = extra;
  const problem = {
    type: `urn:green-lines:fault:${String(code)}`,
    title: sentence,
    status,
    code,
    detail: fault.message,
    instance: `urn:green-lines:request:${request}`,
  };
  return { status, headers, body: JSON.stringify({ ...problem, ...rest }) };
}

/** A refusal by a machine, whose reason may be one that only the machine knows. */
export function toRefusal(reason: string, detail: string, extra: Record<string, unknown>): Fault {
  const said = detail === '' ? undefined : detail;
  return isFaultCode(reason) ? new Fault(reason, said, extra) : new Fault('rejected', said, { ...extra, code: reason });
}

/** What went wrong, as a fault. Whatever was not foreseen is `internal` and tells nobody anything. */
export function toFault(error: unknown): Fault {
  if (error instanceof Fault) return error;
  if (hasZodFastifySchemaValidationErrors(error)) return toInvalid(error);
  const code = codeOf(error);
  const known = PARSER[code];
  if (known !== undefined) return new Fault(known);
  if (isUnavailable(error, code)) return new Fault('retry');
  const status = typeof error === 'object' && error !== null && 'statusCode' in error ? Number(error.statusCode) : 500;
  return new Fault(status >= 400 && status < 500 ? 'bad_request' : 'internal');
}

/** What Fastify's parser and router refuse, by their codes. */
const PARSER: Readonly<Record<string, FaultCode>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'too_large',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'unsupported_media',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'bad_json',
  FST_ERR_CTP_INVALID_JSON_BODY: 'bad_json',
};

type Validation = {
  validation: readonly { instancePath: string; message?: string }[];
  validationContext?: string;
};

function toInvalid(error: unknown): Fault {
  const { validation, validationContext } = error as Validation;
  const errors = validation
    .slice(0, 20)
    .map(({ instancePath, message }) => ({ where: toWhere(validationContext, instancePath), what: message ?? 'not the expected shape' }));
  const first = errors[0];
  return new Fault('invalid', first === undefined ? undefined : `${first.where}: ${first.what}`, { errors });
}

function toWhere(context: string | undefined, path: string): string {
  const where = path.replace(/^\//, '').replaceAll('/', '.');
  const part = context === 'querystring' ? 'query' : (context ?? 'body');
  return where === '' ? part : `${part}.${where}`;
}

function codeOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
}

/** The database does not answer now, or gave up: nothing was found out, and asking again may help. */
function isUnavailable(error: unknown, code: string): boolean {
  const gone = /Connection terminated|timeout exceeded when trying to connect|not queryable/i.test(
    error instanceof Error ? error.message : '',
  );
  return gone || /^(08|53|57)/.test(code) || /^ECONN|^EPIPE|^ETIMEDOUT/.test(code);
}
