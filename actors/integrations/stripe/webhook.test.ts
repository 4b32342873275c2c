import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { Fault } from '../../../machines/fault.ts';
import type { Json } from '../../../tests/support/rest.ts';
import { signedWebhook, StripeServer } from '../../../tests/support/stripe-server.ts';
import { done, move, openStripe, WEBHOOK_SECRET } from '../../../tests/support/stripe.ts';
import type { Integration, WebhookEvent } from '../integration.ts';
import { fromStripeAmount, toStripeAmount } from './amounts.ts';

/** Published by stripe-node; see tests/vectors/webhooks/README.md. */
const { cases } = z
  .object({ cases: z.array(z.object({ name: z.string(), key: z.string(), payload: z.string(), expected: z.string() })) })
  .parse(JSON.parse(readFileSync(new URL('../../../tests/vectors/webhooks/stripe-hmac-sha256.json', import.meta.url), 'utf8')));

const STRIPE_STATUSES = [
  ...['warning_needs_response', 'warning_under_review', 'warning_closed', 'needs_response', 'under_review', 'won', 'lost', 'prevented'],
];

let server: StripeServer;
let gateway: Integration;
let event: Json;

beforeAll(async () => {
  server = await StripeServer.start();
  gateway = await openStripe(server);
});
beforeEach(async () => {
  server.reset();
  await done(move(gateway, 'authorize-1'));
  event = server.events.at(-1) ?? {};
});
afterAll(async () => {
  await gateway.close();
  await server.stop();
});

const secrets = (more: Record<string, string>): Record<string, string> => ({ api_key: 'sk_test_1', ...more });

async function take(told: { headers: Record<string, string>; body: Buffer }, by = gateway): Promise<readonly WebhookEvent[]> {
  return by.webhook?.(told.headers, told.body) ?? [];
}

async function refusal(told: { headers: Record<string, string>; body: Buffer }, by = gateway): Promise<string> {
  const error: unknown = await take(told, by).catch((thrown: unknown) => thrown);
  if (!(error instanceof Fault)) throw new Error(`A fault was expected, not ${JSON.stringify(error)}`);
  return `${error.code}: ${error.message}`;
}

const signed = (told: Json = event, secret = WEBHOOK_SECRET, age_s = 0) => signedWebhook(told, secret, server.now - age_s * 1000);

describe('the signature', () => {
  test.each(cases)('[STRIPE-3] the HMAC underneath is that of the published vectors: $name', ({ key, payload, expected }) => {
    expect(createHmac('sha256', key).update(payload).digest('hex')).toBe(expected);
  });

  test('[STRIPE-3] a notification that Stripe has signed is taken', async () => {
    expect(await take(signed())).toMatchObject([{ id: event['id'], to: 'payment/pay_1', event: { type: 'GATEWAY_NOTIFIED' } }]);
  });

  test('[STRIPE-3] one that is forged, unsigned or signed with another secret is refused', async () => {
    const forged = { ...signed(), body: Buffer.from(signed().body.toString().replace('pay_1', 'pay_2')) };
    const v0 = { ...signed(), headers: { 'stripe-signature': (signed().headers['stripe-signature'] ?? '').replace('v1=', 'v0=') } };
    for (const told of [forged, v0, signed(event, 'whsec_other'), { ...signed(), headers: {} }, { ...signed(), body: Buffer.alloc(0) }]) {
      expect(await refusal(told)).toMatch(/^unauthenticated: The webhook carries no valid signature/);
    }
    for (const header of ['', 't=,v1=', 't=1,v1', 'garbage', 't=1e9,v1=00', `t=${'9'.repeat(400)},v1=00`, ',,,', 'v1=00']) {
      expect(await refusal({ ...signed(), headers: { 'stripe-signature': header } })).toMatch(/^unauthenticated: /);
    }
  });

  test('[STRIPE-3] the same notification in other bytes is refused: the signature is over the body as it came', async () => {
    const told = signed();
    expect(await refusal({ ...told, body: Buffer.from(JSON.stringify(JSON.parse(told.body.toString()))) })).toMatch(/over this very body/);
  });

  test('[STRIPE-3] the clocks may be 300 seconds apart, either way, and not one more', async () => {
    for (const age_s of [-300, 0, 300]) expect(await take(signed(event, WEBHOOK_SECRET, age_s))).toHaveLength(1);
    expect(await refusal(signed(event, WEBHOOK_SECRET, 301))).toMatch(/^unauthenticated: .* more than 5 minutes old/);
    expect(await refusal(signed(event, WEBHOOK_SECRET, -301))).toMatch(/^unauthenticated: .* ahead of this clock/);
  });

  test('[STRIPE-3] while the secret is being changed either one is good, and the old one is not any more afterwards', async () => {
    const during = await openStripe(server, {}, secrets({ webhook_secret: 'whsec_old', webhook_secret_next: 'whsec_new' }));
    const after = await openStripe(server, {}, secrets({ webhook_secret: 'whsec_new' }));
    for (const secret of ['whsec_old', 'whsec_new']) expect(await take(signed(event, secret), during)).toHaveLength(1);
    expect(await refusal(signed(event, 'whsec_old', 301), during)).toMatch(/5 minutes old/);
    expect(await take(signed(event, 'whsec_new'), after)).toHaveLength(1);
    expect(await refusal(signed(event, 'whsec_old'), after)).toMatch(/^unauthenticated/);
  });

  test('[STRIPE-3] without a signing secret nothing is believed, and an empty one is none', async () => {
    for (const given of [{}, { webhook_secret: '' }, { webhook_secret: ' ', webhook_secret_next: '' }]) {
      const without = await openStripe(server, {}, secrets(given as Record<string, string>));
      expect(await refusal(signed(event, 'whsec_any'), without)).toMatch(/^unauthenticated: No signing secret/);
    }
  });
});

describe('what a notification becomes', () => {
  test('[STRIPE-4] each names the operation that it is about, and carries nothing that could be taken for the truth', async () => {
    const intent = server.intents[0]?.id ?? '';
    await done(move(gateway, 'capture-2', { of: intent }));
    await done(move(gateway, 'refund-3', { of: intent, amount: 100 }));
    const events = await Promise.all(server.events.map((one) => take(signed(one))));
    expect(events.flat().map(({ event: told }) => told)).toEqual([
      { type: 'GATEWAY_NOTIFIED', operation_id: 'pay_1-authorize-1', outcome: 'payment_intent.created' },
      { type: 'GATEWAY_NOTIFIED', operation_id: 'pay_1-authorize-1', outcome: 'payment_intent.amount_capturable_updated' },
      { type: 'GATEWAY_NOTIFIED', operation_id: 'pay_1-capture-2', outcome: 'payment_intent.succeeded' },
      { type: 'GATEWAY_NOTIFIED', operation_id: 'pay_1-refund-3', outcome: 'refund.created' },
      { type: 'GATEWAY_NOTIFIED', operation_id: 'pay_1-refund-3', outcome: 'refund.updated' },
      { type: 'GATEWAY_NOTIFIED', operation_id: 'pay_1-refund-3', outcome: 'charge.refunded' },
    ]);
  });

  test('[STRIPE-4] kinds that the hub does not know, and what it did not ask for itself, are taken and come to nothing', async () => {
    const of = (type: string, object: Json): Json => ({ ...event, type, data: { object } });
    for (const told of [
      of('customer.created', { metadata: { operation_id: 'pay_1-authorize-1' } }),
      of('a.kind.of.tomorrow', {}),
      of('charge.dispute.created', { id: 'dp_1', metadata: {} }),
      of('payment_intent.succeeded', { metadata: {} }),
      of('payment_intent.succeeded', { metadata: { operation_id: 'order 66' } }),
      of('payment_intent.succeeded', { metadata: { operation_id: '../x-authorize-1' } }),
      of('charge.refunded', {}),
    ])
      expect(await take(signed(told))).toEqual([]);
  });

  test('[STRIPE-4] one of the other mode or of another account is refused', async () => {
    const own = await openStripe(server, { account: 'acct_1' });
    expect(await refusal(signed({ ...event, livemode: true }))).toMatch(/^forbidden: .* live mode/);
    expect(await refusal(signed({ ...event, account: 'acct_2' }))).toMatch(/^forbidden: .* acct_2/);
    expect(await refusal(signed({ ...event, account: 'acct_2' }), own)).toMatch(/^forbidden/);
    expect(await refusal(signed(event), own)).toMatch(/^forbidden/);
    expect(await take(signed({ ...event, account: 'acct_1' }), own)).toHaveLength(1);
  });

  test('[STRIPE-4] a body that is signed and no event is refused with what is wrong with it', async () => {
    for (const told of [{}, { id: 'evt_1' }, { ...event, data: { object: 'x' } }, { ...event, livemode: 'no' }]) {
      expect(await refusal(signed(told))).toMatch(/^invalid: /);
    }
    expect(await refusal(signed({ ...event, object: 'v2.core.event' }))).toMatch(/^invalid: /);
  });
});

describe('a notification about a dispute', () => {
  const made = async (): Promise<string> => {
    await done(move(gateway, 'capture-2', { of: server.intents[0]?.id ?? '' }));
    return server.intents[0]?.id ?? '';
  };
  beforeEach(async () => {
    server.reset();
    await done(move(gateway, 'authorize-1', { with: { client: 'acme' } }));
  });

  test('[STRIPE-13] says how it stands by now, whatever it said itself, and creates it where it is not there', async () => {
    const intent = await made();
    const due_by = 1_795_500_000;
    server.dispute(intent, 'created', { amount: 700, status: 'warning_needs_response', reason: 'general', evidence_details: { due_by } });
    const first = server.events.at(-1) ?? {};
    const { id } = server.dispute(intent, 'updated', { status: 'needs_response' });
    const events = await take(signed(first));
    const to = `dispute/stripe_${String(id)}`;
    expect(events).toEqual([
      {
        id: `${String(first['id'])}-made`,
        to,
        event: {
          ...{ type: '@create', payment: 'pay_1', client: 'acme', amount_minor: 700, currency: 'EUR', reason: 'general' },
          ...{ gateway: 'stripe', due_by: due_by * 1000, kind: 'chargeback' },
        },
      },
      { id: first['id'], to, event: { type: 'DISPUTE_UPDATED', status: 'needs_response', due_by: due_by * 1000 } },
    ]);
  });

  test('[STRIPE-13] every status of Stripe has a word of ours, and only what a bank merely asks about takes no money', async () => {
    const intent = await made();
    const seen: Record<string, unknown> = {};
    for (const status of STRIPE_STATUSES) {
      server.dispute(intent, 'updated', { amount: 1, status, evidence_details: { due_by: null } });
      const [created, told] = await take(signed(server.events.at(-1)));
      seen[status] = [created?.event['kind'], told?.event['status'], told?.event['due_by']];
    }
    expect(seen).toEqual({
      warning_needs_response: ['inquiry', 'inquiry', undefined],
      warning_under_review: ['inquiry', 'under_review', undefined],
      warning_closed: ['inquiry', 'prevented', undefined],
      needs_response: ['chargeback', 'needs_response', undefined],
      under_review: ['chargeback', 'under_review', undefined],
      won: ['chargeback', 'won', undefined],
      lost: ['chargeback', 'lost', undefined],
      prevented: ['inquiry', 'prevented', undefined],
    });
  });

  test('[STRIPE-13] about what the hub did not ask for, or what Stripe does not have, comes to nothing', async () => {
    const intent = await made();
    server.dispute(intent, 'created', { amount: 700, status: 'needs_response' });
    const told = server.events.at(-1);
    const { metadata = {} } = server.intents[0] ?? {};
    for (const name of ['client', 'operation_id']) {
      const { [name]: kept = '' } = metadata;
      metadata[name] = '../x';
      expect(await take(signed(told))).toEqual([]);
      metadata[name] = kept;
    }
    expect(await take(signed(told))).toHaveLength(2);
    server.disputes.length = 0;
    expect(await take(signed(told))).toEqual([]);
  });

  test('[STRIPE-13] is wanted once more where Stripe does not say how it stands', async () => {
    const elsewhere = await openStripe(server, { base_url: 'http://127.0.0.1:9/' });
    server.dispute(await made(), 'created', { amount: 700, status: 'needs_response' });
    expect(await refusal(signed(server.events.at(-1)), elsewhere)).toMatch(/^retry: /);
  });
});

test('[STRIPE-13] what Stripe counts is what the hub counts, and what is no whole number of our minor units is none', () => {
  for (const [amount_minor, currency] of [
    [700, 'EUR'],
    [700, 'JPY'],
    [7_000, 'KWD'],
    [7, 'ISK'],
    [700, 'MGA'],
  ] as const) {
    const sent = toStripeAmount(amount_minor, currency);
    if (!('amount' in sent)) throw new Error(sent.detail);
    expect(fromStripeAmount(sent.amount, sent.currency)).toEqual({ amount_minor, currency });
  }
  expect([fromStripeAmount(5, 'isk'), fromStripeAmount(5, 'xxx'), fromStripeAmount(0, 'eur')]).toEqual([undefined, undefined, undefined]);
});
