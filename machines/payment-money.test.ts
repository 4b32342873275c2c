import { describe, expect, test } from 'vitest';
import * as scene from './payment-rehearsal.ts';
import { ACTIVE, answered, contextOf, cue, DECLINED, DONE, failed, fired, SUSPENDED } from './payment-rehearsal.ts';
import { MOST_REFUNDS, refundable } from './payment-rules.ts';
import { play, send, stateOf } from './rehearsal.ts';
import type { Stage } from './rehearsal.ts';

const DAY = 24 * 60 * 60 * 1000;
const factsOf = (stage: Stage) => stage.facts.map(({ type }) => type);
const refund = (id: string, amount_minor: number) => cue({ type: 'REFUND', by: 'cfo', refund: id, amount_minor });
const moneyOf = (stage: Stage) => {
  const { authorized_minor, captured_minor, refunded_minor } = contextOf(stage);
  return [authorized_minor, captured_minor, refunded_minor];
};

describe('the usual way', () => {
  test('[PAY-11] a payment is submitted, approved, authorized, captured, and says so each time', () => {
    expect(factsOf(scene.needingApproval())).toEqual(['payment.submitted']);
    expect(factsOf(scene.authorizing())).toEqual(['payment.approved']);
    expect(factsOf(scene.capturing())).toEqual(['payment.authorized']);
    expect(scene.settled().facts).toMatchObject([
      { type: 'payment.settled', captured_minor: 125_000, gateway_reference: 'gw_1', client: 'acme' },
    ]);
    expect(moneyOf(scene.settled())).toEqual([125_000, 125_000, 0]);
  });

  test('[PAY-11] the gateway is asked with the amount, the currency and a name for each operation', () => {
    const bill = { integration: 'sandbox', payment: 'pay_1', client: 'acme', amount_minor: 125_000, currency: 'EUR', reference: 'INV-7' };
    expect(scene.callingAuthorize().effects).toEqual({
      authorize: { src: 'gateway.authorize', input: { ...bill, operation_id: 'pay_1-authorize-1' } },
    });
    expect(scene.callingCapture().effects).toEqual({
      capture: { src: 'gateway.capture', input: { ...bill, operation_id: 'pay_1-capture-2', authorization: 'gw_1' } },
    });
    expect(scene.refunding().effects).toEqual({
      refund: { src: 'gateway.refund', input: { ...bill, amount_minor: 25_000, operation_id: 'pay_1-refund-3', authorization: 'gw_1' } },
    });
  });

  test('[PAY-11] what the gateway declines ends declined with its code, and what could not be done ends failed', () => {
    const declined = play(scene.callingAuthorize(), answered('authorize', DECLINED));
    const gone = play(scene.callingAuthorize(), failed('authorize', 'failed', 'not_configured'));
    expect([stateOf(declined), contextOf(declined).reason, factsOf(declined)]).toEqual([
      'declined',
      'insufficient_funds',
      ['payment.declined'],
    ]);
    expect([stateOf(gone), contextOf(gone).reason, factsOf(gone)]).toEqual(['failed', 'not_configured', ['payment.failed']]);
  });
});

describe('the client', () => {
  test('[PAY-12] the client is asked right before the money is authorized, and again right before it is captured', () => {
    const question = { standing: { src: 'ask', input: { to: 'client/acme', question: 'standing' } } };
    expect(scene.authorizing().effects).toEqual(question);
    expect(scene.capturing().effects).toEqual(question);
    expect(play(scene.held(), cue({ type: 'CAPTURE' })).effects).toEqual(question);
  });

  test('[PAY-68] a gateway that was not called is noted as that, and called under another name once the client was asked again', () => {
    for (const [calling, operation] of [
      [scene.callingAuthorize(), 'authorize'],
      [play(scene.capturing(), answered('standing', ACTIVE)), 'capture'],
    ] as const) {
      const again = play(calling, failed(operation, 'failed', 'held'), answered('standing', ACTIVE));
      const [before, after] = (contextOf(again).operations ?? []).slice(-2);
      expect([before?.state, before?.answer, after?.state]).toEqual(['FAILED', 'not_called', 'INIT']);
      expect(after?.n).toBe((before?.n ?? 0) + 1);
    }
  });

  test('[PAY-12] a client that is suspended, unknown or answers nothing sensible is not active: the payment is declined', () => {
    for (const answer of [
      SUSPENDED,
      { found: false },
      { found: true },
      { found: true, answer: {} },
      { found: true, answer: { active: 'yes' } },
    ]) {
      const ended = play(scene.authorizing(), answered('standing', answer));
      expect([stateOf(ended), contextOf(ended).reason]).toEqual(['declined', 'client_not_active']);
    }
  });

  test('[PAY-12] a client that is suspended between authorization and capture gets the authorization given back', () => {
    const voiding = play(scene.capturing(), answered('standing', SUSPENDED));
    expect(voiding.effects).toMatchObject({
      void: { src: 'gateway.void', input: { operation_id: 'pay_1-void-2', amount_minor: 125_000, authorization: 'gw_1' } },
    });
    const ended = play(voiding, answered('void', DONE));
    expect([stateOf(ended), contextOf(ended).reason, moneyOf(ended)]).toEqual(['declined', 'client_not_active', [0, 0, 0]]);
  });

  test('[PAY-13] a question that is not answered is asked again after growing pauses, ten times in all, and then the payment fails', () => {
    const pauses: number[] = [];
    let stage = scene.authorizing();
    while (stateOf(stage) === 'authorizing.asking') {
      stage = play(stage, failed('standing', pauses.length % 2 === 0 ? 'failed' : 'unknown'));
      if (stateOf(stage) !== 'authorizing.pausing') break;
      pauses.push((stage.timers['ask_pause'] ?? 0) / 1000);
      stage = play(stage, fired('ask_pause'));
    }
    expect(pauses).toEqual([2, 4, 8, 16, 32, 60, 60, 60, 60]);
    expect([stateOf(stage), contextOf(stage).reason]).toEqual(['failed', 'client_unreachable']);
  });

  test('[PAY-13] one that is not answered before the capture gives the authorization back', () => {
    let stage = scene.capturing();
    for (let i = 0; i < 9; i++) stage = play(stage, failed('standing', 'unknown'), fired('ask_pause'));
    const ended = play(stage, failed('standing', 'unknown'), answered('void', DONE));
    expect([stateOf(ended), contextOf(ended).reason, moneyOf(ended)]).toEqual(['failed', 'client_unreachable', [0, 0, 0]]);
  });
});

describe('capturing by hand', () => {
  test('[PAY-14] no more is captured than was authorized; less is, if so asked', () => {
    expect(send(scene.held(), { type: 'CAPTURE', amount_minor: 125_001 }).refused).toBe('amount_exceeds_authorized');
    const capture = (event: object) => play(scene.held(), cue({ type: 'CAPTURE', ...event }), answered('standing', ACTIVE));
    expect(capture({ amount_minor: 100_000 }).effects).toMatchObject({ capture: { input: { amount_minor: 100_000 } } });
    const partly = play(capture({ amount_minor: 100_000 }), answered('capture', DONE));
    expect([stateOf(partly), moneyOf(partly)]).toEqual(['settled.idle', [125_000, 100_000, 0]]);
    expect(moneyOf(play(capture({}), answered('capture', DONE)))).toEqual([125_000, 125_000, 0]);
  });

  test('[PAY-15] an authorization that nobody captures is given back after seven days', () => {
    expect(scene.held().timers).toEqual({ authorization_ttl: 7 * DAY });
    const ended = play(scene.held(), fired('authorization_ttl'), answered('void', DONE));
    expect([stateOf(ended), contextOf(ended).reason, factsOf(ended)]).toEqual(['canceled', 'authorization_expired', ['payment.canceled']]);
  });

  test('[PAY-15] a cancellation gives the authorization back first, and keeps the words of the person', () => {
    const ended = play(scene.voiding(), answered('void', DONE));
    expect([stateOf(ended), moneyOf(ended)]).toEqual(['canceled', [0, 0, 0]]);
    expect(contextOf(ended)).toMatchObject({ reason: 'canceled', note: 'ordered twice' });
  });

  test('[PAY-15] a capture that does not happen gives the authorization back before the payment ends', () => {
    const declined = play(scene.callingCapture(), answered('capture', DECLINED), answered('void', DONE));
    const gone = play(scene.callingCapture(), failed('capture', 'failed', 'circuit_open'), answered('void', DONE));
    expect([stateOf(declined), contextOf(declined).reason, moneyOf(declined)]).toEqual(['declined', 'insufficient_funds', [0, 0, 0]]);
    expect([stateOf(gone), contextOf(gone).reason, moneyOf(gone)]).toEqual(['failed', 'circuit_open', [0, 0, 0]]);
  });

  test('[PAY-16] when the gateway does not take the authorization back, somebody has to look, and may capture or cancel again', () => {
    const stuck = play(scene.voiding(), answered('void', { outcome: 'declined', code: 'already_captured' }));
    expect(stateOf(stuck)).toBe('authorized.holding');
    expect(contextOf(stuck)).toMatchObject({ reason: 'void_refused', note: 'already_captured', authorized_minor: 125_000 });
    expect(stuck.snapshot.hasTag('needs_somebody')).toBe(true);
    const again = play(stuck, cue({ type: 'CANCEL' }));
    expect(again.effects).toMatchObject({ void: { input: { operation_id: 'pay_1-void-3' } } });
    const captured = play(stuck, cue({ type: 'CAPTURE' }), answered('standing', ACTIVE), answered('capture', DONE));
    expect([stateOf(captured), contextOf(captured).reason, contextOf(captured).note]).toEqual(['settled.idle', null, null]);
  });
});

describe('refunds', () => {
  test('[PAY-17] refunds add up to what was captured and no further', () => {
    const done = answered('refund', DONE);
    const stage = play(scene.settled(), refund('r1', 100_000), done, refund('r2', 25_000), done);
    expect([stateOf(stage), moneyOf(stage), refundable(contextOf(stage))]).toEqual(['settled.idle', [125_000, 125_000, 125_000], 0]);
    expect(send(stage, { type: 'REFUND', refund: 'r3', amount_minor: 1 }).refused).toBe('amount_exceeds_captured');
  });

  test('[PAY-17] a refund on its way counts already', () => {
    expect(send(scene.refunding(), { type: 'REFUND', refund: 'r2', amount_minor: 100_001 }).refused).toBe('amount_exceeds_captured');
    expect(send(scene.refunding(), { type: 'REFUND', refund: 'r2', amount_minor: 100_000 }).refused).toBeUndefined();
  });

  test("[PAY-17] a refund's id is good for one refund, whatever became of it", () => {
    expect(send(scene.refunding(), { type: 'REFUND', refund: 'r1', amount_minor: 1 }).refused).toBe('refund_exists');
    const declined = play(scene.refunding(), answered('refund', DECLINED));
    expect(send(declined, { type: 'REFUND', refund: 'r1', amount_minor: 1 }).refused).toBe('refund_exists');
  });

  test('[PAY-17] a payment has at most fifty refunds', () => {
    let stage = scene.settled();
    for (let i = 0; i < MOST_REFUNDS; i++) stage = play(stage, refund(`r${i}`, 1), answered('refund', DONE));
    expect(send(stage, { type: 'REFUND', refund: 'more', amount_minor: 1 }).refused).toBe('too_many_refunds');
  });

  test('[PAY-18] refunds asked for while one is on its way are done one after another, in their order', () => {
    const two = play(scene.refunding(), refund('r2', 10), refund('r3', 20));
    const second = play(two, answered('refund', DONE));
    expect(second.facts).toMatchObject([{ type: 'payment.refunded', refund: 'r1', refund_minor: 25_000, refunded_minor: 25_000 }]);
    expect(second.effects).toMatchObject({ refund: { input: { amount_minor: 10, operation_id: 'pay_1-refund-4' } } });
    const third = play(second, answered('refund', DECLINED));
    expect(third.facts).toMatchObject([{ type: 'payment.refund_refused', refund: 'r2', refunded_minor: 25_000 }]);
    const end = play(third, answered('refund', DONE));
    expect([stateOf(end), contextOf(end).refunded_minor]).toEqual(['settled.idle', 25_020]);
    expect(contextOf(end).refunds.map(({ refund: id, state }) => `${id} ${state}`)).toEqual(['r1 done', 'r2 declined', 'r3 done']);
  });

  test('[PAY-18] a refund that is refused or fails can be asked for again under another id', () => {
    for (const refuse of [answered('refund', DECLINED), failed('refund', 'failed')]) {
      const refused = play(scene.refunding(), refuse);
      expect([moneyOf(refused), refundable(contextOf(refused))]).toEqual([[125_000, 125_000, 0], 125_000]);
      expect(send(refused, { type: 'REFUND', refund: 'r2', amount_minor: 125_000 }).refused).toBeUndefined();
    }
  });

  test('[PAY-18] a payment that was captured in part is refunded in part at most', () => {
    const partly = play(scene.held(), cue({ type: 'CAPTURE', amount_minor: 100 }), answered('standing', ACTIVE), answered('capture', DONE));
    expect(send(partly, { type: 'REFUND', refund: 'r1', amount_minor: 101 }).refused).toBe('amount_exceeds_captured');
  });
});
