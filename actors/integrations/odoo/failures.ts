import { unreachable } from '../../../machines/must.ts';
import type { CallResult } from '../integration.ts';

/**
 * Why Odoo did not answer with a result. Each of its calls is a transaction of its own, so whatever it refuses in its own words has not happened.
 * `unauthorized`: the key or the user; `forbidden`: the user's rights; `not_found`: no such record, model or method; `refused`: a rule of Odoo or of
 * somebody's data; `unavailable`: it did not happen and may be tried again; `unknown`: it may have happened; `unreadable`: what answered is not Odoo.
 */
export type OdooFailure =
  | { readonly kind: 'unauthorized' | 'forbidden' | 'not_found' | 'refused' | 'unavailable' | 'unknown' | 'unreadable' }
  | { readonly kind: 'throttled'; readonly after_ms: number | undefined };

export class OdooError extends Error {
  override readonly name = 'OdooError';
  readonly failure: OdooFailure;

  constructor(kind: OdooFailure['kind'], message: string, after_ms?: number) {
    super(message.slice(0, LONGEST_MESSAGE).toWellFormed().replaceAll('\0', ''));
    this.failure = kind === 'throttled' ? { kind, after_ms } : { kind };
  }
}

const LONGEST_MESSAGE = 500;
/** However long it asks to be left alone, the hub asks again within the time that one effect is tried for. */
const LONGEST_REST_MS = 10_000;

/** Whatever a call came to that was not done. */
export type Failed = Exclude<CallResult, { kind: 'done' }>;

/** A read that is not answered is asked again; a write that may have happened is not. */
export function toCallResult({ failure, message: detail }: OdooError, reads: boolean): Failed {
  const { kind } = failure;
  switch (kind) {
    case 'unauthorized':
    case 'forbidden':
    case 'not_found':
    case 'refused':
      return { kind: 'failed', code: kind, detail };
    case 'throttled':
      return failure.after_ms === undefined ? { kind: 'retry', code: kind } : { kind: 'retry', code: kind, after_ms: failure.after_ms };
    case 'unavailable':
      return { kind: 'retry', code: kind };
    case 'unknown':
    case 'unreadable':
      return reads ? { kind: 'retry', code: kind } : { kind: 'unknown', code: kind, detail };
    default:
      return unreachable(kind);
  }
}

/** Seconds, or a date (RFC 9110, 10.2.3). */
export function readRetryAfter(text: string | null, now: number): number | undefined {
  if (text === null) return undefined;
  const wait_ms = /^\d{1,9}$/.test(text.trim()) ? Number(text) * 1000 : Date.parse(text) - now;
  return Number.isNaN(wait_ms) ? undefined : Math.min(Math.max(wait_ms, 0), LONGEST_REST_MS);
}

/** Node hides in `cause` what became of the connection; there is one for every address that was tried. */
export function isUnsent(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (error instanceof AggregateError) return error.errors.length > 0 && error.errors.every(isUnsent);
  if ('syscall' in error && (error.syscall === 'connect' || error.syscall === 'getaddrinfo')) return true;
  // Without a certificate that can be trusted nothing but the greeting went over the line.
  if ('code' in error && /^(UND_ERR_CONNECT_TIMEOUT|ERR_TLS_.*|CERT_.*|.*SELF_SIGNED_CERT.*|UNABLE_TO_.*)$/.test(String(error.code)))
    return true;
  return isUnsent(error.cause);
}
