import { z } from 'zod';
import { isId } from '../../../machines/ids.ts';
import { must } from '../../../machines/must.ts';

/** What the hub reads of Stripe's objects; everything else in them is passed over. */

/** Written on what the hub makes, so that it can be found when the key is forgotten. `capture` is the capture's own operation. */
const metadata = z.record(z.string(), z.string()).nullish();

const paymentError = z.object({ code: z.string().nullish(), decline_code: z.string().nullish() });

export const intentSchema = z.object({
  id: z.string().regex(/^pi_\w{1,190}$/),
  status: z.enum([
    'requires_payment_method',
    'requires_confirmation',
    'requires_action',
    'processing',
    'requires_capture',
    'canceled',
    'succeeded',
  ]),
  metadata,
  latest_charge: z.union([z.string(), z.object({ id: z.string() })]).nullish(),
  last_payment_error: paymentError.nullish(),
  cancellation_reason: z.string().nullish(),
});

export const refundSchema = z.object({
  id: z.string().min(1).max(190),
  status: z.enum(['pending', 'requires_action', 'succeeded', 'failed', 'canceled']),
  metadata,
});

export const setupSchema = z.object({ id: z.string().min(1), metadata });

export type Intent = z.output<typeof intentSchema>;
export type Refund = z.output<typeof refundSchema>;

/** The operations that are done once and under a name. */
export const OPERATIONS = ['authorize', 'capture', 'void', 'refund'] as const;

export type OperationName = {
  readonly id: string;
  readonly payment: string;
  readonly operation: (typeof OPERATIONS)[number];
};

/** `pay_1-authorize-1` is read from its right end: ids of payments may have dashes. */
export function readOperation(id: string): OperationName | undefined {
  const [, payment, operation] = /^(.+)-(authorize|capture|void|refund)-\d+$/.exec(id) ?? [];
  if (!isId(payment) || operation === undefined) return undefined;
  return {
    id,
    payment,
    operation: must(
      OPERATIONS.find((name) => name === operation),
      'an operation',
    ),
  };
}
