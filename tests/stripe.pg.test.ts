import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestHub } from './support/hub.ts';
import type { TestHub } from './support/hub.ts';
import { eventually } from './support/process-hub.ts';
import { CLIENT, PAYMENT, Rest } from './support/rest.ts';
import type { Json, Reply } from './support/rest.ts';
import { signedWebhook, StripeServer } from './support/stripe-server.ts';
import { API_KEY, WEBHOOK_SECRET } from './support/stripe.ts';

/* A whole hub that pays through Stripe, which a server on loopback plays. */

let server: StripeServer;
let hub: TestHub;
let rest: Rest;

beforeAll(async () => {
  server = await StripeServer.start();
  server.now = Date.now();
  hub = await startTestHub({ timeScale: 60 });
  rest = new Rest(hub);
  expect((await setUp()).status).toBe(200);
  for (const name of ['stripe', 'sandbox_checks']) await rest.send(`integration/${name}`, { type: 'ENABLE' }, 'operator');
  await rest.create('client', { id: 'acme', input: CLIENT });
  await rest.send('client/acme', { type: 'INVITE' });
  await rest.send('client/acme', { type: 'SUBMIT', documents: ['trade register extract'], bank_account: 'DE89370400440532013000' });
  await rest.send('client/acme', { type: 'VERIFY' }, 'approver');
  await becomes('client/acme', 'active');
});
afterAll(async () => {
  await hub?.stop();
  await server?.stop();
});

function setUp(config: Json = {}): Promise<Reply> {
  const secrets = { api_key: API_KEY, webhook_secret: WEBHOOK_SECRET };
  return rest.call('PUT', '/v1/integrations/stripe', { as: 'operator', body: { config: { base_url: server.url, ...config }, secrets } });
}

async function becomes(address: string, state: string): Promise<Json> {
  let seen: Json = {};
  await eventually(`${address} is ${state}`, 20_000, async () => {
    const { body } = await rest.get(`/v1/actors/${address}`, 'clerk');
    seen = body['context'] as Json;
    return String((body['state'] as string[])[0]).startsWith(state);
  });
  return seen;
}

async function pay(id: string): Promise<void> {
  await rest.create('payment', { id, input: { ...PAYMENT, client: 'acme', amount_minor: 5000, gateway: 'stripe' } });
  await rest.send(`payment/${id}`, { type: 'SUBMIT' });
}

test('[STRIPE-12] a payment is authorized and captured by Stripe and refunded in part, each once', async () => {
  await pay('plain');
  const { gateway_reference } = await becomes('payment/plain', 'settled.idle');
  expect(gateway_reference).toBe(server.intents[0]?.id);
  await rest.send('payment/plain', { type: 'REFUND', refund: 'r1', amount_minor: 1200 });
  await eventually('it is refunded', 10_000, () => server.refunds.length === 1);
  expect(await becomes('payment/plain', 'settled.idle')).toMatchObject({ captured_minor: 5000 });
  expect(server.books('plain')).toEqual({ held: 0, captured_minor: 5000, refunded_minor: 1200 });
  const keys = server.asked.flatMap(({ method, key = '' }) => (method === 'POST' ? [key.split('/')[1]] : []));
  expect(keys).toEqual(['plain-authorize-1', 'plain-capture-2', 'plain-refund-3']);
  expect(server.asked[0]?.key).toMatch(/^hub_\w{12}\//);
});

test('[STRIPE-12] a payment whose answers are all lost finds out, and money has moved once', async () => {
  server.script('cut', /payment_intents$/);
  server.script('error_500', /capture$/);
  await pay('blind');
  await becomes('payment/blind', 'settled.idle');
  server.script('html', /refunds$/);
  await rest.send('payment/blind', { type: 'REFUND', refund: 'r1', amount_minor: 5000 });
  await eventually('it knows of its refund', 20_000, async () => {
    const { body } = await rest.get('/v1/actors/payment/blind', 'clerk');
    return (body['context'] as Json)['refunded_minor'] === 5000;
  });
  expect(server.books('blind')).toEqual({ held: 0, captured_minor: 5000, refunded_minor: 5000 });
  expect(server.authorizations('blind')).toBe(1);
});

test('[STRIPE-12] a request that never reached Stripe is closed before the payment is tried anew, and does nothing when it arrives late', async () => {
  server.script('late', /payment_intents$/);
  await pay('late');
  await becomes('payment/late', 'settled.idle');
  server.deliverLate();
  expect(server.authorizations('late')).toBe(1);
  expect(server.books('late')).toMatchObject({ held: 0, captured_minor: 5000 });
});

test('[STRIPE-12] a call is written down before it is made, since Stripe forgets its keys while a hub may stand still', async () => {
  const { body } = await rest.get('/v1/actors/payment/plain/history', 'auditor');
  const types = (body['items'] as Json[]).map(({ event }) => (event as Json)['type']);
  expect(types.filter((type) => type === '@started')).toHaveLength(3);
});

test('[STRIPE-12] notifications come in by the door of webhooks: signed ones are taken, all others refused', async () => {
  const [event = {}] = server.events;
  const tell = (change: Json, secret = WEBHOOK_SECRET): Promise<Reply> => {
    const { headers, body } = signedWebhook({ ...event, ...change }, secret, Date.now());
    return rest.call('POST', '/v1/webhooks/stripe', { raw: body.toString(), headers });
  };
  // The payment is settled, and waits for no news.
  expect(await tell({})).toMatchObject({ status: 200, body: { outcomes: ['rejected'] } });
  expect(await tell({ id: 'evt_other', type: 'customer.created' })).toMatchObject({ status: 200, body: { outcomes: [] } });
  expect(await tell({ id: 'evt_live', livemode: true })).toMatchObject({ status: 403, body: { code: 'forbidden' } });
  expect(await tell({ id: 'evt_forged' }, 'whsec_other')).toMatchObject({ status: 401, body: { code: 'unauthenticated' } });
});

test('[STRIPE-12] a refused card declines the payment with the reason of the table, and no secret is shown', async () => {
  const shown = await setUp({ payment_method: 'pm_card_chargeDeclinedInsufficientFunds' });
  expect(JSON.stringify(shown.body)).not.toContain(API_KEY);
  await pay('poor');
  expect(await becomes('payment/poor', 'declined')).toMatchObject({ reason: 'insufficient_funds' });
  expect((await setUp({ account: 'not an id' })).body).toMatchObject({ status: 422, errors: [{ where: 'config.account' }] });
});

test('[STRIPE-14] whatever order a bank’s notifications come in, and however often, one dispute ends as the bank says', async () => {
  const due_by = Math.floor(Date.now() / 1000) + 9 * 86_400;
  const course = [
    ['created', 'warning_needs_response'],
    ['updated', 'needs_response'],
    ['funds_withdrawn', 'needs_response'],
    ['updated', 'under_review'],
    ['funds_reinstated', 'won'],
    ['closed', 'won'],
  ] as const;
  const tell = async (event: Json): Promise<void> => {
    const { headers, body } = signedWebhook(event, WEBHOOK_SECRET, Date.now());
    expect((await rest.call('POST', '/v1/webhooks/stripe', { raw: body.toString(), headers })).status).toBe(200);
  };
  await setUp();
  await Promise.all(
    Array.from({ length: 8 }, async (_, run) => {
      const id = `torn${run}`;
      await pay(id);
      const { gateway_reference } = await becomes(`payment/${id}`, 'settled.idle');
      const told: Json[] = [];
      let dispute = '';
      for (const [step, [type, status]] of course.entries()) {
        dispute = String(server.dispute(String(gateway_reference), type, { amount: 1500, status, evidence_details: { due_by } })['id']);
        told.push(server.events.at(-1) ?? {});
        // Some are told while it goes on, an older one or the newest, and some only when all is over.
        if ((run * 7 + step * 3) % 5 < 3) await tell(told[(run * 5 + step) % told.length] ?? {});
      }
      const late = [...told, ...told].map((event, i) => ({ event, at: (run * 31 + i * 17) % 13 })).toSorted((a, b) => a.at - b.at);
      for (const { event } of late) await tell(event);
      const seen = await becomes(`dispute/stripe_${dispute}`, '');
      expect(seen).toMatchObject({ payment: id, client: 'acme', amount_minor: 1500, ending: 'won', troubles: [] });
      const { body } = await rest.get(`/v1/actors/dispute/stripe_${dispute}`, 'clerk');
      expect(body['state']).toContain('status.won');
      await eventually('the payment knows', 10_000, async () => {
        const { disputes = [] } = await becomes(`payment/${id}`, 'settled');
        return (disputes as Json[]).every(({ state }) => state === 'won');
      });
    }),
  );
  const { body } = await rest.get('/v1/ledger/trial-balance?prefix=gateway/stripe', 'cfo');
  const balances = (body['accounts'] as Json[]).map(({ currency, balance_minor }) => `${String(currency)} ${String(balance_minor)}`);
  expect(balances).toEqual(['EUR 0']);
});
