import { z } from 'zod';
import type { GatewayAnswer, GatewayClosing, GatewayFinding, GatewayLookup, GatewayRequest } from '../../machines/gateway.ts';
import { isId } from '../../machines/ids.ts';
import type { Operation } from './integration.ts';

/** PostgreSQL stores no NUL, and a lone surrogate would come back as another text. */
const text = z.string().refine((value) => !value.includes('\0') && value.isWellFormed(), 'may not contain NUL or half a character');

const operation_id = text.min(1).max(200);
const integration = z.string();

const authorization = {
  integration,
  operation_id,
  payment: z.string().refine(isId, 'is no id of an actor'),
  client: z.string().refine(isId, 'is no id of an actor').optional(),
  /** Minor units; the upper bound is the largest amount that JSON carries exactly. */
  amount_minor: z.int().positive(),
  currency: z.string().regex(/^[A-Z]{3}$/),
  reference: text.max(500),
};
/** As a gateway names a payer and his means of payment. */
const name = z.string().regex(/^[A-Za-z0-9_-]{1,200}$/);

const authorize = z.strictObject({
  ...authorization,
  payment_method: name.optional(),
  customer: name.optional(),
}) satisfies z.ZodType<GatewayRequest>;
const follow = z.strictObject({ ...authorization, authorization: text.max(200) }) satisfies z.ZodType<GatewayRequest>;
const search = z.strictObject({ integration, operation_id }) satisfies z.ZodType<GatewayLookup>;

const done = z.strictObject({ outcome: z.literal('done'), gateway_reference: z.string() });
const declined = z.strictObject({ outcome: z.literal('declined'), code: z.string() });
const answer = z.discriminatedUnion('outcome', [done, declined]) satisfies z.ZodType<GatewayAnswer>;
const finding = z.discriminatedUnion('outcome', [
  done,
  declined,
  z.strictObject({ outcome: z.literal('not_found') }),
]) satisfies z.ZodType<GatewayFinding>;
const closing = z.discriminatedUnion('outcome', [
  done,
  declined,
  z.strictObject({ outcome: z.literal('canceled') }),
]) satisfies z.ZodType<GatewayClosing>;

/** What a payment gateway does. Capture, refund and void name the authorization that they are about. */
export const gatewayOperations = {
  authorize: { input: authorize, output: answer, asked_first: true },
  capture: { input: follow, output: answer, asked_first: true },
  refund: { input: follow, output: answer },
  void: { input: follow, output: answer },
  lookup: { input: search, output: finding, reads: true },
  close: { input: search, output: closing },
} as const satisfies Readonly<Record<string, Operation>>;

export type GatewayOperation = keyof typeof gatewayOperations;

export function isGatewayOperation(name: string): name is GatewayOperation {
  return Object.hasOwn(gatewayOperations, name);
}
