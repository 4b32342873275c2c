import { describe, expect, test } from 'vitest';
import type { Tell } from './machine.ts';
import * as scene from './payment-rehearsal.ts';
import { answered, contextOf, cue, DECLINED, DONE, failed } from './payment-rehearsal.ts';
import { answer, fire, play, send, stateOf } from './rehearsal.ts';
import type { Stage } from './rehearsal.ts';

const tellsOf = ({ facts }: Stage): readonly object[] =>
  (facts.filter(({ type }) => type === '@tell') as unknown as Tell[]).map(({ to, event }) => ({ to, ...event }));
const BEGUN = { to: 'bill/b_1', type: 'PAYMENT_BEGUN', payment: 'pay_1', revision: 1, amount_minor: 125_000, currency: 'EUR' };

describe('a payment of a bill', () => {
  test('[PAY-69] asks the bill to keep its amount free before anything is done, and waits for its answer', () => {
    const stage = scene.claiming();
    expect([stateOf(stage), tellsOf(stage), Object.keys(stage.effects)]).toEqual(['claiming', [BEGUN], []]);
    expect(tellsOf(fire(stage, 'answer_wait'))).toEqual([BEGUN]);
    const early = scene.claiming({ execute_on: '2026-11-04' });
    expect([stateOf(early), stateOf(scene.claimed(early))]).toEqual(['claiming', 'scheduled']);
  });

  test('[PAY-69] the bill says no: declined with its reason, and nothing was called', () => {
    for (const [reason, said] of [
      ['amount_exceeds_residual', 'amount_exceeds_residual'],
      ['not_found', 'no_such_bill'],
    ] as const) {
      const stage = scene.refused('PAYMENT_BEGUN', reason)(scene.claiming());
      expect([stateOf(stage), contextOf(stage).reason, contextOf(stage).operations]).toEqual(['declined', said, undefined]);
    }
  });

  test('[PAY-69] what the bill keeps free after it said no is free again', () => {
    const ended = scene.refused('PAYMENT_BEGUN', 'not_open')(fire(scene.claiming(), 'answer_wait'));
    const late = scene.claimed(ended);
    expect(tellsOf(late)).toMatchObject([{ to: 'bill/b_1', type: 'PAYMENT_ENDED', payment: 'pay_1' }]);
    const again = send(scene.payingBill(), { ...BEGUN, type: 'BILL_CLAIMED', by: 'bill/b_1', bill: 'b_1' });
    expect(tellsOf(again)).toEqual([]);
  });

  test('[PAY-70] the bill is asked right before the money is authorized and again before it is captured', () => {
    const stopped = answer(scene.askingBill(), 'bill', scene.CLOSED);
    expect([stateOf(stopped), contextOf(stopped).reason]).toEqual(['declined', 'bill_not_open']);
    const late = play(answer(scene.capturingBill(), 'bill', scene.CLOSED), answered('void', DONE));
    expect([stateOf(late), contextOf(late).reason]).toEqual(['declined', 'bill_not_open']);
    let silent = scene.askingBill();
    for (let i = 1; i < 10; i++)
      silent = play(silent, failed('bill', 'failed'), scene.fired('ask_pause'), answered('standing', scene.ACTIVE));
    expect(contextOf(play(silent, failed('bill', 'failed'))).reason).toBe('bill_unreachable');
  });

  test('[PAY-70] from an account the bill is asked after the account', () => {
    const stage = play(
      scene.quoting(scene.OF_BILL),
      scene.claimed,
      answered('rates', scene.RATES),
      scene.reserved,
      answered('standing', scene.ACTIVE),
      answered('account', scene.payable()),
    );
    expect([stateOf(stage), stage.effects['bill']?.input]).toEqual(['authorizing.asking_bill', { to: 'bill/b_1', question: 'standing' }]);
  });

  test('[PAY-71] the bill is told what was paid and on which day, or that nothing was', () => {
    expect(tellsOf(scene.paidBill())).toEqual([
      {
        to: 'bill/b_1',
        type: 'PAYMENT_SETTLED',
        payment: 'pay_1',
        amount_minor: 125_000,
        currency: 'EUR',
        on: '2026-11-02',
        memo: 'INV-7',
      },
    ]);
    const declined = answer(scene.payingBill(), 'authorize', DECLINED);
    const ended = { to: 'bill/b_1', type: 'PAYMENT_ENDED', payment: 'pay_1', reason: 'insufficient_funds' };
    expect([tellsOf(declined), contextOf(declined).claimed]).toEqual([[ended], false]);
  });

  test('[PAY-71] the bill is told how much has come back in all, by refunds and disputes that are lost', () => {
    const returned = (stage: Stage): unknown =>
      tellsOf(stage).map((told) => [Reflect.get(told, 'type'), Reflect.get(told, 'returned_minor')]);
    const refund = (name: string, amount_minor: number) => (stage: Stage) =>
      play(stage, cue({ type: 'REFUND', refund: name, amount_minor }), answered('refund', DONE));
    const part = refund('r1', 25_000)(scene.paidBill());
    expect(returned(part)).toEqual([['PAYMENT_RETURNED', 25_000]]);
    const disputed = play(part, cue({ type: 'DISPUTED', dispute: 'd1', amount_minor: 40_000 }));
    const asked = play(disputed, cue({ type: 'REFUND', refund: 'r2', amount_minor: 60_000 }));
    const lost = play(asked, cue({ type: 'DISPUTE_LOST', dispute: 'd1' }));
    expect(returned(lost)).toEqual([['PAYMENT_RETURNED', 65_000]]);
    expect(returned(play(lost, answered('refund', DONE)))).toEqual([['PAYMENT_RETURNED', 125_000]]);
    expect(returned(play(disputed, cue({ type: 'DISPUTE_WON', dispute: 'd1' })))).toEqual([]);
  });

  test('[PAY-72] a payment of no bill is stored and hashed as ever', () => {
    const plain = contextOf(scene.settled());
    expect([Object.hasOwn(plain, 'bill'), Object.hasOwn(plain, 'claimed')]).toEqual([false, false]);
    expect(contextOf(scene.draft(scene.OF_BILL)).payload_hash).not.toBe(contextOf(scene.draft()).payload_hash);
  });
});
