import { Stripe } from 'stripe';
import { z } from 'zod';
import type { DisputeStatus } from '../../../machines/dispute-terms.ts';
import { Fault } from '../../../machines/fault.ts';
import { isId, toAddress } from '../../../machines/ids.ts';
import type { WebhookEvent } from '../integration.ts';
import { fromStripeAmount } from './amounts.ts';
import { readObject } from './answers.ts';
import { readOperation } from './objects.ts';

const ABOUT_DISPUTES = /^charge\.dispute\.(?:created|updated|closed|funds_withdrawn|funds_reinstated)$/;

/** By Stripe's words; what a bank only asks about begins with `warning`. */
const STATUSES = {
  warning_needs_response: 'inquiry',
  warning_under_review: 'under_review',
  warning_closed: 'prevented',
  needs_response: 'needs_response',
  under_review: 'under_review',
  won: 'won',
  lost: 'lost',
  prevented: 'prevented',
} as const satisfies Readonly<Record<string, DisputeStatus>>;

const disputeSchema = z.object({
  id: z.string(),
  amount: z.int().positive(),
  currency: z.string(),
  reason: z.string(),
  status: z.enum(Object.keys(STATUSES) as (keyof typeof STATUSES)[]),
  /** Epoch seconds. */
  created: z.int().nonnegative(),
  evidence_details: z.object({ due_by: z.int().nonnegative().nullish() }).nullish(),
  payment_intent: z.object({ metadata: z.record(z.string(), z.string()).nullish() }).nullish(),
});

type StripeDispute = z.output<typeof disputeSchema>;

/** The id of the dispute that a notification is about. */
export function disputeIn(type: string, object: { readonly id?: string | undefined }): string | undefined {
  const { id } = object;
  return ABOUT_DISPUTES.test(type) && id !== undefined && /^d[pu]_\w{1,50}$/.test(id) ? id : undefined;
}

/**
 * How the dispute stands now, whichever notification it was: they come repeated and in any order, and the newest of them may come first. It is
 * created where it is not there yet. One about what the hub did not ask for comes to nothing. Throws the fault `retry` where Stripe does not say.
 */
export async function tellDispute(stripe: Stripe, id: string, notification: string): Promise<readonly WebhookEvent[]> {
  const dispute = await fetchDispute(stripe, id);
  if (dispute === undefined) return [];
  const { payment_intent, evidence_details, status, created, reason } = dispute;
  const { operation_id = '', client } = payment_intent?.metadata ?? {};
  const payment = readOperation(operation_id)?.payment;
  const money = fromStripeAmount(dispute.amount, dispute.currency);
  if (payment === undefined || !isId(client) || money === undefined) return [];
  const due = evidence_details?.due_by ?? undefined;
  const due_by = (due ?? created) * 1000;
  const kind = status.startsWith('warning') || status === 'prevented' ? 'inquiry' : 'chargeback';
  const to = toAddress('dispute', `stripe_${id}`);
  const code = reason.replaceAll(/[^A-Za-z0-9._-]/g, '_').slice(0, 64);
  const input = { payment, client, ...money, reason: code === '' ? 'general' : code, gateway: 'stripe', due_by, kind };
  const told = { type: 'DISPUTE_UPDATED', status: STATUSES[status], ...(due === undefined ? {} : { due_by }) };
  return [
    { id: `${notification}-made`, to, event: { ...input, type: '@create' } },
    { id: notification, to, event: told },
  ];
}

async function fetchDispute(stripe: Stripe, id: string): Promise<StripeDispute | undefined> {
  try {
    return readObject(disputeSchema, await stripe.disputes.retrieve(id, { expand: ['payment_intent'] }));
  } catch (error) {
    if (error instanceof Stripe.errors.StripeInvalidRequestError && error.statusCode === 404) return undefined;
    throw new Fault('retry', 'Stripe did not say how the dispute stands; the notification is wanted once more.');
  }
}
