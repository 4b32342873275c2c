import * as scene from './payment-rehearsal.ts';
import { ACTIVE, contextOf, DECLINED, DONE, SUSPENDED } from './payment-rehearsal.ts';
import { answer, fail, fire, send } from './rehearsal.ts';
import type { Cue, Stage } from './rehearsal.ts';

const granted = (revision: number): Cue => ({ type: 'LIMIT_GRANTED', payment: 'pay_1', client: 'acme', revision, amount_minor: 7 });

const claimed = (revision: number): Cue => ({ type: 'BILL_CLAIMED', bill: 'b_1', payment: 'pay_1', revision, amount_minor: 7 });

/** Everything that can happen to a payment, each in its usual form. */
export const HAPPENINGS: Readonly<Record<string, (stage: Stage) => Stage>> = {
  SUBMIT: (stage) => send(stage, { type: 'SUBMIT' }),
  APPROVE: (stage) => send(stage, { type: 'APPROVE', by: 'cfo', hash: contextOf(stage).payload_hash }),
  DENY: (stage) => send(stage, { type: 'DENY', by: 'cfo', reason: 'not ours' }),
  AMEND: (stage) => send(stage, { type: 'AMEND', reference: 'INV-8' }),
  CAPTURE: (stage) => send(stage, { type: 'CAPTURE', amount_minor: 100_000 }),
  CANCEL: (stage) => send(stage, { type: 'CANCEL' }),
  REFUND: (stage) => send(stage, { type: 'REFUND', refund: 'r9', amount_minor: 1 }),
  GATEWAY_NOTIFIED: (stage) => {
    const { id, operation, attempt } = contextOf(stage);
    return send(stage, { type: 'GATEWAY_NOTIFIED', operation_id: `${id}-${operation}-${attempt}`, outcome: 'done' });
  },
  HOLD: (stage) => send(stage, { type: 'HOLD', by: 'cfo', reason: 'looks odd' }),
  RELEASE: (stage) => send(stage, { type: 'RELEASE', by: 'cfo', reason: 'asked the payee' }),
  PROPOSE_OUTCOME: (stage) => send(stage, { type: 'PROPOSE_OUTCOME', outcome: 'failed', evidence: 'a letter', v: 41 }),
  'PROPOSE_OUTCOME done without a reference': (stage) =>
    send(stage, { type: 'PROPOSE_OUTCOME', outcome: 'done', evidence: 'a letter', v: 41 }),
  CONFIRM_OUTCOME: (stage) => send(stage, { type: 'CONFIRM_OUTCOME', by: 'cfo', proposal: 'p40' }),
  'CONFIRM_OUTCOME by the one who proposed it': (stage) => send(stage, { type: 'CONFIRM_OUTCOME', by: 'clerk', proposal: 'p40' }),
  'CONFIRM_OUTCOME of another proposal': (stage) => send(stage, { type: 'CONFIRM_OUTCOME', by: 'cfo', proposal: 'p41' }),
  DROP_OUTCOME: (stage) => send(stage, { type: 'DROP_OUTCOME', proposal: 'p40' }),
  RESERVED: (stage) => send(stage, { type: 'RESERVED', account: 'acme_usd', hold: contextOf(stage).hold ?? 'none', amount_minor: 1 }),
  'RESERVED under another name': (stage) => send(stage, { type: 'RESERVED', account: 'acme_usd', hold: 'other', amount_minor: 1 }),
  LIMIT_GRANTED: (stage) => send(stage, granted(contextOf(stage).revision)),
  'LIMIT_GRANTED for another revision': (stage) => send(stage, granted(7)),
  DISPUTED: (stage) => send(stage, { type: 'DISPUTED', dispute: 'd1', amount_minor: 1_000 }),
  'DISPUTED for more than was captured': (stage) => send(stage, { type: 'DISPUTED', dispute: 'd1', amount_minor: 1_000_000 }),
  DISPUTE_WON: (stage) => send(stage, { type: 'DISPUTE_WON', dispute: 'd0' }),
  DISPUTE_LOST: (stage) => send(stage, { type: 'DISPUTE_LOST', dispute: 'd0' }),
  'SPEND refused': (stage) => send(stage, scene.refusal('SPEND', 'limit_per_day', { revision: contextOf(stage).revision })),
  'SPEND refused: no limits': (stage) => send(stage, scene.refusal('SPEND', 'not_found', { revision: contextOf(stage).revision })),
  'SPEND refused, an older one': (stage) => send(stage, scene.refusal('SPEND', 'limit_per_day', { revision: 0 })),
  'RESERVE refused for now': (stage) => send(stage, scene.refusal('RESERVE', 'insufficient_funds', { hold: contextOf(stage).hold })),
  'RESERVE refused for good': (stage) => send(stage, scene.refusal('RESERVE', 'other_currency', { hold: contextOf(stage).hold })),
  'RESERVE refused, another one': (stage) => send(stage, scene.refusal('RESERVE', 'insufficient_funds', { hold: 'other' })),
  'CREDIT refused': (stage) => send(stage, scene.refusal('CREDIT', 'credits_blocked', { credit: contextOf(stage).credits?.[0]?.credit })),
  BILL_CLAIMED: (stage) => send(stage, claimed(contextOf(stage).revision)),
  'BILL_CLAIMED for another revision': (stage) => send(stage, claimed(7)),
  'PAYMENT_BEGUN refused': (stage) =>
    send(stage, scene.refusal('PAYMENT_BEGUN', 'amount_exceeds_residual', { revision: contextOf(stage).revision })),
  'PAYMENT_BEGUN refused, an older one': (stage) => send(stage, scene.refusal('PAYMENT_BEGUN', 'not_open', { revision: 0 })),
  'bill: open': (stage) => answer(stage, 'bill', scene.OPEN),
  'bill: not open': (stage) => answer(stage, 'bill', scene.CLOSED),
  'bill: failed': (stage) => fail(stage, 'bill', 'failed'),
  CLEAR: (stage) => send(stage, { type: 'CLEAR', by: 'cfo', reason: 'another one' }),
  'CLEAR by its maker': (stage) => send(stage, { type: 'CLEAR', reason: 'another one' }),
  'payee: on no list': (stage) => answer(stage, 'payee', scene.CLEAN),
  'payee: like one on a list': (stage) => answer(stage, 'payee', scene.LIKE),
  'payee: unknown': (stage) => fail(stage, 'payee', 'unknown'),
  'account: payable': (stage) => answer(stage, 'account', scene.payable()),
  'account: frozen': (stage) => answer(stage, 'account', scene.FROZEN),
  'account: of another client': (stage) => answer(stage, 'account', scene.payable({ client: 'globex' })),
  'account: none': (stage) => answer(stage, 'account', { found: false }),
  'account: failed': (stage) => fail(stage, 'account', 'failed'),
  'gateway: callable': (stage) => answer(stage, 'gateway', scene.CALLABLE),
  'gateway: stands still': (stage) => answer(stage, 'gateway', { found: true, answer: { callable: false } }),
  'gateway: failed': (stage) => fail(stage, 'gateway', 'failed'),
  'rates: fresh': (stage) => answer(stage, 'rates', scene.RATES),
  'rates: stale': (stage) => answer(stage, 'rates', scene.STALE),
  'rates: none': (stage) => answer(stage, 'rates', { found: false }),
  'rates: failed': (stage) => fail(stage, 'rates', 'failed'),
  'standing: active': (stage) => answer(stage, 'standing', ACTIVE),
  'standing: suspended': (stage) => answer(stage, 'standing', SUSPENDED),
  'standing: no such client': (stage) => answer(stage, 'standing', { found: false }),
  'standing: failed': (stage) => fail(stage, 'standing', 'failed'),
  'standing: unknown': (stage) => fail(stage, 'standing', 'unknown'),
  ...Object.fromEntries(
    ['authorize', 'capture', 'void', 'refund'].flatMap((operation) => [
      [`${operation}: done`, (stage: Stage) => answer(stage, operation, DONE)],
      [`${operation}: declined`, (stage: Stage) => answer(stage, operation, DECLINED)],
      [`${operation}: failed`, (stage: Stage) => fail(stage, operation, 'failed')],
      [`${operation}: unknown`, (stage: Stage) => fail(stage, operation, 'unknown')],
    ]),
  ),
  'authorize: held': (stage) => fail(stage, 'authorize', 'failed', 'held'),
  'capture: held': (stage) => fail(stage, 'capture', 'failed', 'held'),
  'lookup: done': (stage) => answer(stage, 'lookup', DONE),
  'lookup: declined': (stage) => answer(stage, 'lookup', DECLINED),
  'lookup: not found': (stage) => answer(stage, 'lookup', { outcome: 'not_found' }),
  'lookup: failed': (stage) => fail(stage, 'lookup', 'failed'),
  'lookup: unknown': (stage) => fail(stage, 'lookup', 'unknown'),
  'close: done': (stage) => answer(stage, 'close', DONE),
  'close: declined': (stage) => answer(stage, 'close', DECLINED),
  'close: canceled': (stage) => answer(stage, 'close', { outcome: 'canceled' }),
  'close: failed': (stage) => fail(stage, 'close', 'failed'),
  'close: unknown': (stage) => fail(stage, 'close', 'unknown'),
  'after first_reminder': (stage) => fire(stage, 'first_reminder'),
  'after second_reminder': (stage) => fire(stage, 'second_reminder'),
  'after approval_ttl': (stage) => fire(stage, 'approval_ttl'),
  'after authorization_ttl': (stage) => fire(stage, 'authorization_ttl'),
  'after ask_pause': (stage) => fire(stage, 'ask_pause'),
  'after lookup_wait': (stage) => fire(stage, 'lookup_wait'),
  ...Object.fromEntries(
    ['review_reminder', 'until_due', 'funds_pause', 'funds_ttl', 'rates_pause', 'answer_wait', 'credit_pause'].map((timer) => [
      `after ${timer}`,
      (stage: Stage) => fire(stage, timer),
    ]),
  ),
};

/** What another actor refused is noted wherever nobody waits for it. */
