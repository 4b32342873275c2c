import { Stripe } from 'stripe';
import { z } from 'zod';
import { Fault } from '../../../machines/fault.ts';
import { toAddress } from '../../../machines/ids.ts';
import type { WebhookEvent } from '../integration.ts';
import { disputeIn } from './disputes.ts';
import { readOperation } from './objects.ts';

export type Delivery = {
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Buffer;
  /** Any of them will do: there are two while one is being changed. */
  readonly secrets: readonly string[];
  readonly livemode: boolean;
  /** The connected account; without it the platform itself. */
  readonly account: string | undefined;
  /** Epoch milliseconds. */
  readonly now: number;
};

/** How far Stripe's clock and ours may be apart, either way. */
const TOLERANCE_S = 300;
const NO_SIGNATURE = 'The webhook carries no valid signature of Stripe over this very body';

const metadata = z.record(z.string(), z.string()).nullish();
const eventSchema = z.object({
  id: z.string().min(1).max(200),
  type: z.string().min(1).max(200),
  livemode: z.boolean(),
  account: z.string().nullish(),
  data: z.object({
    object: z.object({
      id: z.string().optional(),
      metadata,
      /** A charge brings its refunds along, newest first, in older versions of the interface. */
      refunds: z.object({ data: z.array(z.object({ metadata })) }).nullish(),
    }),
  }),
});

type StripeEvent = z.output<typeof eventSchema>;

/** What a notification comes to; of a dispute it says only that there is news. */
export type Told = { readonly id: string; readonly events: readonly WebhookEvent[]; readonly dispute: string | undefined };

/**
 * Reads a notification as Stripe signs it. It says that there is news of an operation, never what is true: the payment asks.
 * Kinds that the hub does not know, and what it did not ask for itself, are taken and come to nothing. Throws the faults
 * `unauthenticated`, `bad_json`, `invalid` and `forbidden`.
 */
export function readWebhook(delivery: Delivery): Told {
  const event = readEvent(delivery);
  const { livemode, account } = delivery;
  if (event.livemode !== livemode) {
    throw new Fault('forbidden', `The notification is of the ${event.livemode ? 'live' : 'test'} mode, and the hub works in the other.`);
  }
  if ((event.account ?? undefined) !== account) {
    throw new Fault('forbidden', `The hub works for another account than this notification is of: ${event.account ?? 'the platform'}.`);
  }
  const name = readOperation(operationOf(event) ?? '');
  const { id, type, data } = event;
  if (name === undefined) return { id, events: [], dispute: disputeIn(type, data.object) };
  const told = { type: 'GATEWAY_NOTIFIED', operation_id: name.id, outcome: type.slice(0, 64) };
  return { id, events: [{ id, to: toAddress('payment', name.payment), event: told }], dispute: undefined };
}

/** Which operation it is about. A void cannot be told by what Stripe sends of it; the payment looks by itself. */
function operationOf({ type, data: { object } }: StripeEvent): string | undefined {
  if (type.startsWith('payment_intent.')) return object.metadata?.['capture'] ?? object.metadata?.['operation_id'];
  if (type.startsWith('refund.') || type === 'charge.refund.updated') return object.metadata?.['operation_id'];
  if (type === 'charge.refunded') return object.refunds?.data[0]?.metadata?.['operation_id'];
  return undefined;
}

function readEvent({ headers, body, secrets, now }: Delivery): StripeEvent {
  if (secrets.length === 0) throw new Fault('unauthenticated', 'No signing secret of Stripe is set, so that no webhook can be believed.');
  const signature = headers['stripe-signature'] ?? '';
  let why = NO_SIGNATURE;
  for (const secret of secrets) {
    const verified = verify(body, signature, secret, now);
    if ('event' in verified) return toEvent(verified.event, signature, now);
    if (verified.late) why = late('more than 5 minutes old');
  }
  throw new Fault('unauthenticated', why);
}

function verify(body: Buffer, signature: string, secret: string, now: number): { readonly event: unknown } | { readonly late: boolean } {
  try {
    return { event: Stripe.webhooks.constructEvent(body, signature, secret, TOLERANCE_S, undefined, now) };
  } catch (error) {
    // The body is read only when the signature is good.
    if (error instanceof SyntaxError) throw new Fault('bad_json');
    if (error instanceof Error && error.message.includes('thin event'))
      throw new Fault('invalid', 'This kind of notification is not taken here.');
    // Whatever else it throws comes of a header that is no signature, and it does not throw one kind of error alone.
    return { late: error instanceof Error && error.message.includes('outside the tolerance') };
  }
}

function toEvent(event: unknown, signature: string, now: number): StripeEvent {
  // Stripe's package lets what comes from the future pass.
  const [, timestamp] = /(?:^|,)t=(\d{1,12})(?:,|$)/.exec(signature) ?? [];
  if (Number(timestamp) - Math.floor(now / 1000) > TOLERANCE_S)
    throw new Fault('unauthenticated', late('more than 5 minutes ahead of this clock'));
  const read = eventSchema.safeParse(event);
  if (!read.success) throw new Fault('invalid', z.prettifyError(read.error));
  return read.data;
}

function late(how: string): string {
  return `The webhook is signed, and its signature is ${how}.`;
}
