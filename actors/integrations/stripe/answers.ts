import { Stripe } from 'stripe';
import type { z } from 'zod';
import { declineOf, toDecline } from '../../../machines/declines.ts';
import type { DeclineCode } from '../../../machines/declines.ts';
import type { GatewayAnswer, GatewayFinding } from '../../../machines/gateway.ts';
import { unreachable } from '../../../machines/must.ts';
import type { CallResult } from '../integration.ts';
import { NoAnswer } from './http-client.ts';
import { intentSchema } from './objects.ts';
import type { Intent, OperationName, Refund } from './objects.ts';

/** What is known of an operation. `open`: it is neither done nor refused, and may still become one of them. */
export type Judgement = GatewayFinding | { readonly outcome: 'open'; readonly code: string };

/** However long Stripe asks to be left alone, the hub asks again within the time that one effect is tried for. */
const LONGEST_REST_MS = 10_000;
/** On what the hub cancels when it closes an authorization; voids are `requested_by_customer`, and expiries `automatic`. */
export const CLOSED = 'abandoned';

export class Unreadable extends Error {}

/** Throws Unreadable for an answer that is not what was asked for: nobody knows then what happened. */
export function readObject<S extends z.ZodType>(schema: S, answer: unknown): z.output<S> {
  const read = schema.safeParse(answer);
  if (!read.success) throw new Unreadable(read.error.issues[0]?.path.join('.'));
  return read.data;
}

/** What an intent says of one operation, in whichever state it is found. */
export function judgeIntent(intent: Intent, { id, operation }: Pick<OperationName, 'id' | 'operation'>): Judgement {
  const { status, metadata, latest_charge } = intent;
  if (status === 'processing') return { outcome: 'open', code: 'processing' };
  switch (operation) {
    case 'authorize':
      return metadata?.['operation_id'] === id ? judgeAuthorization(intent) : { outcome: 'not_found' };
    case 'capture':
      if (status !== 'succeeded' || metadata?.['capture'] !== id) return { outcome: 'not_found' };
      return done((typeof latest_charge === 'string' ? latest_charge : latest_charge?.id) ?? intent.id);
    case 'void':
      // Canceled is canceled, by whom or when: the money is held no more. What the hub closed was never held.
      if (status === 'canceled') return intent.cancellation_reason === CLOSED ? { outcome: 'not_found' } : done(intent.id);
      return status === 'succeeded' ? declined('already_captured') : { outcome: 'not_found' };
    case 'refund':
      return { outcome: 'not_found' };
    default:
      return unreachable(operation);
  }
}

function judgeAuthorization({ id, status, last_payment_error, cancellation_reason }: Intent): Judgement {
  switch (status) {
    case 'requires_capture':
    case 'succeeded':
      return done(id);
    case 'canceled':
      return cancellation_reason === CLOSED ? { outcome: 'not_found' } : declined('authorization_gone');
    // Nobody was given its client secret, so nobody can go on with it.
    case 'requires_action':
      return declined('authentication_required');
    // Without an error it was not confirmed: not yet, where the request is still at work, and not ever, where that broke off.
    case 'requires_payment_method':
    case 'requires_confirmation':
      if (!last_payment_error) return { outcome: 'not_found' };
      return declined(toDecline('stripe', last_payment_error.decline_code ?? last_payment_error.code ?? '').code);
    case 'processing':
      return { outcome: 'open', code: 'processing' };
    default:
      return unreachable(status);
  }
}

export function judgeRefund({ id, status }: Refund): Judgement {
  switch (status) {
    case 'succeeded':
      return done(id);
    case 'failed':
    case 'canceled':
      return declined('refund_failed');
    case 'pending':
    case 'requires_action':
      return { outcome: 'open', code: 'processing' };
    default:
      return unreachable(status);
  }
}

/** The result of a call that was answered with the object itself. */
export function toResult(judgement: Judgement): CallResult {
  switch (judgement.outcome) {
    case 'done':
    case 'declined':
      return { kind: 'done', output: judgement };
    case 'open':
      return { kind: 'unknown', code: judgement.code };
    // It was answered, and does not say what was to be done by it.
    case 'not_found':
      return { kind: 'unknown', code: 'unexpected_answer' };
    default:
      return unreachable(judgement);
  }
}

/** The intent that an error is about, where Stripe sends it along. */
export function intentOf(error: unknown): Intent | undefined {
  return error instanceof Stripe.errors.StripeError ? intentSchema.safeParse(error.payment_intent).data : undefined;
}

/** Another request was sent under this key before: this one has done nothing, and that one is another question. */
export function isOtherUnderKey(error: unknown): boolean {
  return error instanceof Stripe.errors.StripeError && error.rawType === 'idempotency_error' && error.statusCode === 400;
}

/** What a call came to that was not answered with what it asked for. Only Stripe's own clear no counts as "it did not happen". */
export function toFailure(error: unknown, signal: AbortSignal): CallResult {
  if (error instanceof Unreadable) return { kind: 'unknown', code: 'unreadable', detail: `Unreadable: ${error.message}` };
  if (!(error instanceof Stripe.errors.StripeError)) throw error;
  const { statusCode, rawType, code, decline_code } = error;
  const detail = code ?? rawType ?? '';
  if (error instanceof Stripe.errors.StripeConnectionError) return toUnanswered(error, signal);
  switch (statusCode) {
    case 400:
    case 404:
      // Something was sent under this key, by a hub that has since forgotten it or was set up otherwise. It may have been done.
      if (isOtherUnderKey(error)) return { kind: 'unknown', code: 'key_reused' };
      if (code === 'rate_limit') return { kind: 'retry', code, ...restOf(error) };
      return { kind: 'failed', code: toCode(code ?? 'invalid_request'), detail };
    case 401:
    case 403:
      return { kind: 'failed', code: 'unauthorized', detail };
    case 402:
      if (rawType !== 'card_error') return { kind: 'failed', code: toCode(code ?? 'request_failed'), detail };
      return { kind: 'done', output: declined(toDecline('stripe', decline_code ?? code ?? '').code) };
    case 409:
      return { kind: 'retry', code: 'key_in_use', ...restOf(error) };
    case 429:
      return { kind: 'retry', code: toCode(code ?? 'rate_limit'), ...restOf(error) };
    default:
      return { kind: 'unknown', code: statusCode === undefined ? 'unreadable' : `http_${statusCode}`, detail };
  }
}

function toUnanswered({ detail }: InstanceType<typeof Stripe.errors.StripeConnectionError>, signal: AbortSignal): CallResult {
  const cause: unknown = detail;
  if (cause instanceof NoAnswer && cause.unsent) return { kind: 'retry', code: 'no_connection' };
  return { kind: 'unknown', code: signal.aborted ? 'timeout' : 'no_answer' };
}

/** In whole seconds; Stripe does not send a date. */
function restOf({ headers }: InstanceType<typeof Stripe.errors.StripeError>): { after_ms?: number } {
  const seconds = headers?.['retry-after'];
  if (seconds === undefined || !/^\d{1,6}$/.test(seconds)) return {};
  return { after_ms: Math.min(Number(seconds) * 1000, LONGEST_REST_MS) };
}

/** A code from outside, as the hub writes codes. */
function toCode(code: string): string {
  return /^[a-z][a-z0-9_]{0,63}$/.test(code) ? code : 'invalid_request';
}

function done(gateway_reference: string): GatewayAnswer {
  return { outcome: 'done', gateway_reference };
}

export function declined(code: DeclineCode): GatewayAnswer {
  return { outcome: 'declined', code: declineOf(code).code };
}
