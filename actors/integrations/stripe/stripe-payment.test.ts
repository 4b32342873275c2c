import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import * as scene from '../../../machines/payment-rehearsal.ts';
import { ACTIVE, contextOf, cue } from '../../../machines/payment-rehearsal.ts';
import { answer, fail, fire, play, send, stateOf } from '../../../machines/rehearsal.ts';
import type { Stage } from '../../../machines/rehearsal.ts';
import type { Json } from '../../../tests/support/rest.ts';
import { signedWebhook, StripeServer } from '../../../tests/support/stripe-server.ts';
import type { StripeFault } from '../../../tests/support/stripe-server.ts';
import { openStripe, perform, WEBHOOK_SECRET } from '../../../tests/support/stripe.ts';
import type { CallResult, Integration } from '../integration.ts';

/** The real payment and the real gateway, with the hub between them played and Stripe at the far end of a bad line. */

let server: StripeServer;
let gateway: Integration;

beforeAll(async () => {
  server = await StripeServer.start();
  gateway = await openStripe(server);
});
beforeEach(() => server.reset());
afterAll(async () => {
  await gateway.close();
  await server.stop();
});

type Asking = { readonly operation_id: string } & Json;

/** What the hub makes of a call: it is tried again where it did not happen, and what only reads has failed where it is unknown. */
async function call(operation: string, { operation_id, ...about }: Asking): Promise<Exclude<CallResult, { kind: 'retry' }>> {
  let perhaps = false;
  for (let attempt = 1; ; attempt++) {
    const result = await perform(gateway, operation, operation_id, about);
    if (result.kind === 'failed') return { ...result, kind: perhaps ? 'unknown' : 'failed' };
    if (result.kind !== 'retry') return result.kind === 'unknown' && operation === 'lookup' ? { ...result, kind: 'failed' } : result;
    perhaps ||= result.code === 'key_in_use';
    if (attempt === 5) return { kind: perhaps ? 'unknown' : 'failed', code: result.code };
  }
}

/** Does what the payment waits for, once; undefined when it waits for nothing but people. */
async function work(stage: Stage): Promise<Stage | undefined> {
  const [id, effect] = Object.entries(stage.effects)[0] ?? [];
  if (id === undefined || effect === undefined) {
    const due = ['lookup_wait', 'ask_pause'].find((timer) => timer in stage.timers);
    if (due === undefined) return undefined;
    server.now += stage.timers[due] ?? 0;
    return fire(stage, due);
  }
  if (effect.src === 'ask') return answer(stage, id, ACTIVE);
  const result = await call(effect.src.split('.')[1] ?? '', effect.input as Asking);
  return result.kind === 'done' ? answer(stage, id, result.output) : fail(stage, id, result.kind, result.code);
}

async function notify(stage: Stage, event: Json): Promise<Stage> {
  const { headers, body } = signedWebhook(event, WEBHOOK_SECRET, server.now);
  const told = (await gateway.webhook?.(headers, body)) ?? [];
  return told.reduce((now, one) => send(now, { ...one.event, by: 'hub' }), stage);
}

/** Until it waits for nothing but people; before each step so many of the notifications arrive. */
async function settle(start: Stage, waiting: Json[], steps: readonly number[]): Promise<Stage> {
  let stage = start;
  for (let i = 0; i < 400; i++) {
    for (const event of waiting.splice(0, steps[i % steps.length] ?? 1)) stage = await notify(stage, event);
    const next = await work(stage);
    if (next === undefined && waiting.length === 0) return stage;
    stage = next ?? stage;
  }
  throw new Error(`The payment does not come to rest: ${stateOf(stage)}`);
}

const refund = cue({ type: 'REFUND', refund: 'r1', amount_minor: 25_000 });

/** Pays and refunds where every answer is lost, with these notifications underway. */
async function payBlindly(waiting: Json[], steps: readonly number[]): Promise<Stage> {
  server.reset();
  const lost: readonly [StripeFault, RegExp][] = [
    ['cut', /payment_intents$/],
    ['error_500', /capture$/],
    ['html', /refunds$/],
  ];
  for (const [fault, path] of lost) server.script(fault, path);
  const settled = await settle(scene.authorizing({ gateway: 'stripe' }), waiting.splice(0, waiting.length / 2), steps);
  return settle(play(settled, refund), waiting, steps);
}

function endOf(stage: Stage): Json {
  const { authorized_minor, captured_minor, refunded_minor, gateway_reference, refunds, operations, reason } = contextOf(stage);
  const books = { ...server.books('pay_1'), authorizations: server.authorizations('pay_1') };
  return { state: stateOf(stage), authorized_minor, captured_minor, refunded_minor, gateway_reference, refunds, operations, reason, books };
}

describe('notifications', () => {
  test('[STRIPE-10] six notifications in any order, any number of times, at any moment, end in one and the same state: charged once', async () => {
    const end = endOf(await payBlindly([], [1]));
    const told = [...server.events];
    expect(told.map(({ type }) => type)).toHaveLength(6);
    expect(end).toMatchObject({
      state: 'settled.idle',
      books: { authorizations: 1, held: 0, captured_minor: 125_000, refunded_minor: 25_000 },
    });
    const course = fc.tuple(
      fc.shuffledSubarray(told, { minLength: 6 }),
      fc.array(fc.constantFrom(...told), { maxLength: 6 }),
      fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 12 }).filter((steps) => steps.some((step) => step > 0)),
    );
    await fc.assert(
      fc.asyncProperty(course, async ([all, again, steps]) => {
        expect(endOf(await payBlindly([...all, ...again], steps))).toEqual(end);
      }),
      { numRuns: 80 },
    );
  });

  test('[STRIPE-10] a notification makes the payment look at once, and a lie in it changes nothing', async () => {
    server.script('lost');
    let stage = scene.authorizing({ gateway: 'stripe' });
    while (stateOf(stage) !== 'unknown.waiting') stage = (await work(stage)) ?? stage;
    const metadata = { hub: 'hub_1', payment: 'pay_1', operation_id: 'pay_1-authorize-1' };
    const lie = { id: 'evt_1', type: 'payment_intent.succeeded', livemode: false, data: { object: { status: 'succeeded', metadata } } };
    const looking = await notify(stage, lie);
    expect([stateOf(looking), contextOf(looking).authorized_minor]).toEqual(['unknown.looking', 0]);
    expect(stateOf((await work(looking)) ?? looking)).toBe('unknown.closing');
  });
});

describe('over a line that loses requests and answers', () => {
  const FAULTS: readonly (StripeFault | 'none')[] = [
    ...(['none', 'none', 'none', 'lost', 'late', 'cut', 'cut_short', 'error_500', 'html', 'limited', 'in_use', 'unauthorized'] as const),
  ];

  test('[STRIPE-11] whatever is lost or late, the payment and Stripe agree in the end, and nothing was done twice', async () => {
    const faults = fc.array(fc.constantFrom(...FAULTS), { maxLength: 25 });
    await fc.assert(
      fc.asyncProperty(faults, fc.constantFrom('automatic', 'manual'), fc.boolean(), async (course, capture, cancels) => {
        server.reset();
        // One that nothing befalls takes its place in the row too.
        for (const fault of course) server.script(fault);
        let stage = await settle(scene.authorizing({ gateway: 'stripe', capture }), [], [1]);
        server.deliverLate();
        if (stateOf(stage) === 'authorized.holding')
          stage = await settle(play(stage, cue({ type: cancels ? 'CANCEL' : 'CAPTURE' })), [], [1]);
        server.deliverLate();
        if (stateOf(stage) === 'settled.idle') stage = await settle(play(stage, refund), [], [1]);
        server.deliverLate();
        const { captured_minor, refunded_minor } = contextOf(stage);
        const held = stateOf(stage) === 'authorized.holding' ? 1 : 0;
        expect([stateOf(stage), server.books('pay_1')]).toEqual([stateOf(stage), { held, captured_minor, refunded_minor }]);
        expect(server.authorizations('pay_1')).toBeLessThanOrEqual(1);
      }),
      { numRuns: 100 },
    );
  });
});
