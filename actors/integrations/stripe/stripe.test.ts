import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { StripeServer } from '../../../tests/support/stripe-server.ts';
import type { StripeFault } from '../../../tests/support/stripe-server.ts';
import {
  API_KEY,
  CANCELED,
  closeOff,
  declined,
  done,
  lookUp,
  move,
  NOT_FOUND,
  openStripe,
  perform,
} from '../../../tests/support/stripe.ts';
import type { CallResult, Integration } from '../integration.ts';
import { stripe } from './stripe.ts';

let server: StripeServer;
let gateway: Integration;

beforeAll(async () => {
  server = await StripeServer.start();
});
beforeEach(async () => {
  server.reset();
  gateway = await openStripe(server);
});
afterEach(() => gateway.close());
afterAll(() => server.stop());

const DAY = 24 * 60 * 60 * 1000;
const paths = (): string[] => server.asked.filter(({ method }) => method === 'POST').map(({ path }) => path.replace(/[a-z]+_0\d+/, ':id'));
const ok = (reference: string): CallResult => ({ kind: 'done', output: { outcome: 'done', gateway_reference: reference } });
const unknown = (code: string) => expect.objectContaining({ kind: 'unknown', code }) as CallResult;

/** One of each, all done: the authorization's reference, and the calls that repeat them. */
async function settled(): Promise<string> {
  const of = await done(move(gateway, 'authorize-1'));
  await done(move(gateway, 'capture-2', { of }));
  await done(move(gateway, 'refund-3', { of, amount: 300 }));
  return of;
}

describe('moving money', () => {
  test('[STRIPE-5] an authorization holds the money, and what was made says of which hub, payment and operation it is', async () => {
    const id = await done(move(gateway, 'authorize-1', { amount: 1099 }));
    expect(server.intents).toMatchObject([{ id, amount: 1099, currency: 'eur', status: 'requires_capture' }]);
    expect(server.asked).toMatchObject([
      {
        path: '/v1/payment_intents',
        key: 'hub_1/pay_1-authorize-1',
        headers: { authorization: `Bearer ${API_KEY}`, 'stripe-version': '2026-10-28.endive' },
        params: {
          ...{
            amount: '1099',
            currency: 'eur',
            capture_method: 'manual',
            confirm: 'true',
            payment_method: 'pm_card_visa',
            description: 'INV-7',
          },
          error_on_requires_action: 'true',
          metadata: { hub: 'hub_1', payment: 'pay_1', operation_id: 'pay_1-authorize-1' },
        },
      },
    ]);
    expect(server.asked[0]?.headers).not.toHaveProperty('x-stripe-client-telemetry');
  });

  test('[STRIPE-5] it is captured in part or whole, and refunded', async () => {
    const of = await done(move(gateway, 'authorize-1'));
    expect(await move(gateway, 'capture-2', { of, amount: 700 })).toEqual(ok(of.replace('pi', 'ch')));
    expect(await done(move(gateway, 'refund-3', { of, amount: 300 }))).toMatch(/^re_/);
    expect(server.books('pay_1')).toEqual({ held: 0, captured_minor: 700, refunded_minor: 300 });
  });

  test('[STRIPE-5] a void gives back what is held; what has expired by then is given back already', async () => {
    const of = await done(move(gateway, 'authorize-1'));
    expect(await move(gateway, 'void-2', { of })).toEqual(ok(of));
    const other = await done(move(gateway, 'authorize-1', { payment: 'pay_2' }));
    Object.assign(server.intents[1] ?? {}, { status: 'canceled', cancellation_reason: 'automatic' });
    expect(await move(gateway, 'void-2', { payment: 'pay_2', of: other })).toEqual(ok(other));
    expect(await move(gateway, 'capture-3', { payment: 'pay_2', of: other })).toMatchObject({
      kind: 'failed',
      code: 'payment_intent_unexpected_state',
    });
  });

  test('[STRIPE-5] a void of what was captured is declined', async () => {
    const of = await settled();
    expect(await move(gateway, 'void-4', { of })).toEqual(declined('already_captured'));
  });

  test('[STRIPE-5] the same call again is answered by its key and does nothing', async () => {
    const of = await settled();
    const before = server.books('pay_1');
    expect(await done(move(gateway, 'authorize-1'))).toBe(of);
    await done(move(gateway, 'capture-2', { of }));
    await done(move(gateway, 'refund-3', { of, amount: 300 }));
    expect([server.books('pay_1'), server.intents.length, server.refunds.length]).toEqual([before, 1, 1]);
  });

  test('[STRIPE-5] two hubs on one account do not take what the other did for their own', async () => {
    const here = await done(move(gateway, 'authorize-1'));
    expect(await lookUp(gateway, 'authorize-1', { hub: 'hub_2' })).toEqual(NOT_FOUND);
    expect(await done(move(gateway, 'authorize-1', { hub: 'hub_2' }))).not.toBe(here);
  });

  test("[STRIPE-6] a payment's own means of payment goes before the one that is set up, and a customer's is charged off session", async () => {
    const own = await openStripe(server, { customer: 'cus_1', payment_method: 'pm_1' });
    await move(own, 'authorize-1');
    await move(own, 'authorize-1', { payment: 'pay_2', with: { customer: 'cus_2', payment_method: 'pm_2' } });
    expect(server.asked.map(({ params }) => params)).toMatchObject([
      { customer: 'cus_1', payment_method: 'pm_1', off_session: 'true' },
      { customer: 'cus_2', payment_method: 'pm_2', off_session: 'true' },
    ]);
  });

  test('[STRIPE-2] what Stripe cannot write is refused before anything is sent', async () => {
    expect(await move(gateway, 'authorize-1', { amount: 5124, currency: 'KWD' })).toMatchObject({
      kind: 'failed',
      code: 'amount_not_representable',
    });
    expect(await move(gateway, 'authorize-1', { currency: 'CLF' })).toMatchObject({ kind: 'failed', code: 'currency_not_supported' });
    expect(server.asked).toEqual([]);
  });

  test('[STRIPE-6] what is no call for a gateway is refused before anything is sent', async () => {
    expect(await perform(gateway, 'steal', 'pay_1-steal-1', {})).toMatchObject({ kind: 'failed', code: 'invalid' });
    expect(await perform(gateway, 'lookup', 'pay_1', {})).toMatchObject({ kind: 'failed', code: 'invalid' });
    expect(await perform(gateway, 'lookup', "x'y-authorize-1", {})).toMatchObject({ kind: 'failed', code: 'invalid' });
    expect(await move(gateway, 'authorize-1', { amount: -1 })).toMatchObject({ kind: 'failed', code: 'invalid' });
    expect(
      await perform(gateway, 'authorize', 'pay_1-capture-1', { payment: 'pay_1', amount_minor: 1, currency: 'EUR', reference: '' }),
    ).toMatchObject({ kind: 'failed', code: 'invalid' });
    expect(server.asked).toEqual([]);
  });
});

describe('the key of the account', () => {
  test.each([
    [{}, false],
    [{ api_key: '' }, false],
    [{ api_key: 'pk_test_1' }, false],
    [{ api_key: 'sk_live_1' }, false],
    [{ api_key: 'rk_live_1' }, false],
    [{ api_key: 'sk_test_1' }, true],
    [{ api_key: 'rk_test_1' }, true],
  ])('[STRIPE-7] only a key of the test mode is used, unless real money is asked for: %o %s', async (secrets, taken) => {
    const by = await openStripe(server, {}, secrets as Record<string, string>);
    const live = await openStripe(server, { livemode: true }, secrets as Record<string, string>);
    expect((await move(by, 'authorize-1')).kind).toBe(taken ? 'done' : 'failed');
    const isLive = String((secrets as { api_key?: string }).api_key).includes('_live_');
    expect((await move(live, 'authorize-1', { payment: 'pay_2' })).kind).toBe(isLive ? 'done' : 'failed');
    expect(server.asked.length).toBe(Number(taken) + Number(isLive));
  });

  test('[STRIPE-7] neither a key nor what was sent ever reaches the log', async () => {
    const lines: string[] = [];
    const write = (fields: object, message: string): void => void lines.push(JSON.stringify([fields, message]));
    const by = await openStripe(server, {}, undefined, { debug: write, info: write, warn: write, error: write });
    for (const fault of ['cut', 'error_500', 'unauthorized', 'limited', 'html'] as const) {
      server.script(fault);
      await move(by, 'authorize-1', { payment: `pay_${fault}` });
    }
    expect(lines).toHaveLength(5);
    expect(lines.join()).not.toContain(API_KEY);
    expect(lines.join()).not.toMatch(/pm_card_visa|whsec_|INV-7/);
  });
});

describe('what an answer means', () => {
  test.each([
    ['pm_card_chargeDeclinedInsufficientFunds', 'insufficient_funds'],
    ['pm_card_chargeDeclined', 'declined_by_issuer'],
    ['pm_card_authenticationRequired', 'authentication_required'],
  ])('[STRIPE-8] %s is declined as %s, and found declined', async (payment_method, code) => {
    expect(await move(gateway, 'authorize-1', { with: { payment_method } })).toEqual(declined(code));
    expect(await lookUp(gateway, 'authorize-1')).toEqual(declined(code));
    expect(await closeOff(gateway, 'authorize-1')).toEqual(declined(code));
  });

  test.each<[StripeFault, Partial<CallResult>]>([
    ['unauthorized', { kind: 'failed', code: 'unauthorized' }],
    ['forbidden', { kind: 'failed', code: 'unauthorized' }],
    ['limited', { kind: 'retry', code: 'rate_limit', after_ms: 1000 }],
    ['in_use', { kind: 'retry', code: 'key_in_use', after_ms: 1000 }],
    ['lost', { kind: 'unknown', code: 'no_answer' }],
    ['cut', { kind: 'unknown', code: 'no_answer' }],
    ['cut_short', { kind: 'unknown', code: 'no_answer' }],
    ['hang', { kind: 'unknown', code: 'timeout' }],
    ['html', { kind: 'unknown', code: 'unreadable' }],
    ['error_500', { kind: 'unknown', code: 'http_500' }],
    ['broken_500', { kind: 'unknown', code: 'http_500' }],
  ])('[STRIPE-8] %s: only an affirmative answer says that nothing happened', async (fault, result) => {
    server.script(fault);
    expect(await move(gateway, 'authorize-1', { patience_ms: 300 })).toMatchObject(result);
    expect(paths()).toEqual(['/v1/payment_intents']);
  });

  test('[STRIPE-8] where nobody listens nothing was sent, so that it may be tried again', async () => {
    const gone = await StripeServer.start();
    const base_url = gone.url;
    await gone.stop();
    const nowhere = await openStripe(server, { base_url });
    expect(await move(nowhere, 'authorize-1')).toEqual({ kind: 'retry', code: 'no_connection' });
  });

  test('[STRIPE-8] what Stripe does not know is refused with its code', async () => {
    expect(await move(gateway, 'capture-2', { of: 'pi_none' })).toMatchObject({ kind: 'failed', code: 'resource_missing' });
    expect(await move(gateway, 'refund-2', { of: '../refunds' })).toMatchObject({ kind: 'failed', code: 'resource_missing' });
  });

  test('[STRIPE-8] what is still at work is not known yet, however it was asked', async () => {
    server.leave = 'processing';
    expect(await move(gateway, 'authorize-1')).toEqual(unknown('processing'));
    for (const ask of [lookUp, closeOff]) expect(await ask(gateway, 'authorize-1')).toEqual(unknown('processing'));
    server.reset();
    const of = await done(move(gateway, 'authorize-1'));
    await done(move(gateway, 'capture-2', { of }));
    server.leave = 'pending';
    expect(await move(gateway, 'refund-3', { of })).toEqual(unknown('processing'));
    expect(await lookUp(gateway, 'refund-3')).toEqual(unknown('processing'));
    Object.assign(server.refunds[0] ?? {}, { status: 'failed' });
    expect(await lookUp(gateway, 'refund-3')).toEqual(declined('refund_failed'));
  });

  test('[STRIPE-8] a key that was used for something else tells that something was done, not what', async () => {
    await move(gateway, 'authorize-1');
    expect(await move(gateway, 'authorize-1', { amount: 2000 })).toEqual(unknown('key_reused'));
  });

  test('[STRIPE-8] a hub that stood still for longer than keys are kept does not send a call again: its start is written down', () => {
    expect(stripe.honours_keys).toBe(false);
  });
});

describe('finding out what became of an operation', () => {
  const LOST: readonly StripeFault[] = ['cut', 'cut_short', 'hang', 'error_500', 'html'];

  test.each(LOST)('[STRIPE-9] %s: what was done is found by its name, and closing says the same', async (fault) => {
    server.script(fault);
    expect((await move(gateway, 'authorize-1', { patience_ms: 300 })).kind).toBe('unknown');
    const of = server.intents[0]?.id ?? '';
    expect([await lookUp(gateway, 'authorize-1'), await closeOff(gateway, 'authorize-1')]).toEqual([ok(of), ok(of)]);
    server.script(fault);
    expect((await move(gateway, 'capture-2', { of, patience_ms: 300 })).kind).toBe('unknown');
    const charge = of.replace('pi', 'ch');
    expect([await lookUp(gateway, 'capture-2'), await closeOff(gateway, 'capture-2')]).toEqual([ok(charge), ok(charge)]);
    server.script(fault);
    expect((await move(gateway, 'refund-3', { of, patience_ms: 300 })).kind).toBe('unknown');
    const refund = String(server.refunds[0]?.['id']);
    expect([await lookUp(gateway, 'refund-3'), await closeOff(gateway, 'refund-3')]).toEqual([ok(refund), ok(refund)]);
    expect(server.books('pay_1')).toEqual({ held: 0, captured_minor: 1000, refunded_minor: 1000 });
  });

  test.each(LOST)('[STRIPE-9] %s: a void that was done is found', async (fault) => {
    const of = await done(move(gateway, 'authorize-1'));
    server.script(fault);
    expect((await move(gateway, 'void-2', { of, patience_ms: 300 })).kind).toBe('unknown');
    expect([await lookUp(gateway, 'void-2'), await closeOff(gateway, 'void-2')]).toEqual([ok(of), ok(of)]);
  });

  test('[STRIPE-9] what was never done is not found, and after it is closed the late request does nothing', async () => {
    expect([await lookUp(gateway, 'authorize-1'), await closeOff(gateway, 'authorize-1')]).toEqual([NOT_FOUND, CANCELED]);
    expect(await move(gateway, 'authorize-1')).toEqual(unknown('key_reused'));
    const of = await done(move(gateway, 'authorize-2'));
    for (const name of ['capture-3', 'refund-3', 'void-3']) {
      expect([name, await lookUp(gateway, name), await closeOff(gateway, name)]).toEqual([name, NOT_FOUND, CANCELED]);
      expect([name, await move(gateway, name, { of })]).toEqual([name, unknown('key_reused')]);
      expect([name, await closeOff(gateway, name)]).toEqual([name, CANCELED]);
    }
    expect(server.books('pay_1')).toEqual({ held: 1, captured_minor: 0, refunded_minor: 0 });
    expect(server.authorizations('pay_1')).toBe(1);
  });

  test('[STRIPE-9] days later, when keys are forgotten and the list is too long ago, the search still finds it', async () => {
    await settled();
    server.now += 40 * DAY;
    const before = server.books('pay_1');
    for (const name of ['authorize-1', 'capture-2', 'refund-3']) {
      await done(lookUp(gateway, name));
      await done(closeOff(gateway, name));
    }
    expect(server.books('pay_1')).toEqual(before);
    expect(paths().filter((path) => path.includes('setup'))).toEqual([]);
  });

  test('[STRIPE-9] a search that lags does not hide what the key still tells', async () => {
    server.searchLag_ms = DAY;
    await done(move(gateway, 'authorize-1'));
    server.now += 3 * 60 * 60 * 1000;
    expect(await lookUp(gateway, 'authorize-1')).toEqual(NOT_FOUND);
    expect(await closeOff(gateway, 'authorize-1')).toEqual(unknown('not_seen_yet'));
    server.now += DAY;
    await done(closeOff(gateway, 'authorize-1'));
  });

  test('[STRIPE-9] where the account has no search nothing is said never to have happened, and what is listed is found', async () => {
    server.searches = false;
    expect(await closeOff(gateway, 'authorize-1')).toEqual(unknown('cannot_search'));
    await done(move(gateway, 'authorize-1', { payment: 'pay_2' }));
    await done(lookUp(gateway, 'authorize-1', { payment: 'pay_2' }));
  });

  test('[STRIPE-9] a list of many pages is read on, and an authorization that is not seen leaves what follows on it unknown', async () => {
    await done(move(gateway, 'authorize-1'));
    const [mine] = server.intents;
    for (let i = 0; i < 250; i++) server.intents.push({ ...mine, id: `pi_other${i}`, metadata: {} } as never);
    server.searches = false;
    await done(lookUp(gateway, 'authorize-1'));
    for (let i = 250; i < 2100; i++) server.intents.push({ ...mine, id: `pi_other${i}`, metadata: {} } as never);
    expect(await lookUp(gateway, 'capture-2')).toEqual(unknown('not_seen_yet'));
    expect(server.asked.filter(({ path }) => path === '/v1/payment_intents').length).toBe(1 + 3 + 10);
  });

  test('[STRIPE-9] an intent that was made and never confirmed is canceled before the operation is tried anew', async () => {
    server.leave = 'requires_confirmation';
    expect(await move(gateway, 'authorize-1')).toEqual(unknown('unexpected_answer'));
    expect([await lookUp(gateway, 'authorize-1'), await closeOff(gateway, 'authorize-1')]).toEqual([NOT_FOUND, CANCELED]);
    expect(server.intents).toMatchObject([{ status: 'canceled', cancellation_reason: 'abandoned' }]);
    expect(await closeOff(gateway, 'authorize-1')).toEqual(CANCELED);
    server.leave = undefined;
    const of = await done(move(gateway, 'authorize-2'));
    expect(await lookUp(gateway, 'void-3')).toEqual(NOT_FOUND);
    expect(await move(gateway, 'void-3', { of })).toEqual(ok(of));
  });

  test('[STRIPE-9] a failure within Stripe that left nothing is never taken for "it did not happen"', async () => {
    server.script('broken_500');
    expect(await move(gateway, 'authorize-1')).toEqual(unknown('http_500'));
    expect(await closeOff(gateway, 'authorize-1')).toEqual(unknown('not_seen_yet'));
  });

  test('[STRIPE-9] while the request is still at work under its key, closing waits for it', async () => {
    server.script('in_use', /setup_intents/);
    expect(await closeOff(gateway, 'authorize-1')).toMatchObject({ kind: 'retry', code: 'key_in_use' });
  });
});
