import { payment } from './payment.ts';
import type { PaymentContext } from './payment-terms.ts';
import { answer, begin, fail, fire, play, send, stateOf } from './rehearsal.ts';
import type { Cue, Stage } from './rehearsal.ts';

/** The scenes that the tests of a payment are played in. */

export const BILL = { client: 'acme', payee: 'Blue Water Ltd', amount_minor: 125_000, currency: 'EUR', reference: 'INV-7' };

export const ACTIVE = { found: true, version: 3, answer: { active: true, state: 'active' } };
export const SUSPENDED = { found: true, version: 4, answer: { active: false, state: 'suspended' } };
export const DONE = { outcome: 'done', gateway_reference: 'gw_1' };
export const DECLINED = { outcome: 'declined', code: 'insufficient_funds' };

/** What the account and the rates answer, and what becomes of what they are told. */
export const FROM = { account: 'acme_usd' };
export const payable = (changes: object = {}): object => ({
  found: true,
  version: 5,
  answer: { payable: true, reason: null, client: 'acme', currency: 'USD', available_minor: 1_000_000, ...changes },
});
export const FROZEN = payable({ payable: false, reason: 'account_frozen' });
export const RATES = {
  found: true,
  version: 9,
  answer: {
    state: 'fresh',
    source: 'ecb',
    days: [{ source: 'ecb', base: 'EUR', date: '2026-10-30', rates: { USD: '1.0823', JPY: '163.5' } }],
  },
};
export const STALE = { ...RATES, answer: { ...RATES.answer, state: 'stale' } };
export const refusal = (event: string, reason: string, sent: object = {}): Cue => ({
  type: 'tell.refused',
  by: 'hub',
  to: 'account/acme_usd',
  event,
  reason,
  sent: { ...sent },
});

type Scene = (stage: Stage) => Stage;

/** A step that must be taken: a scene that silently did not happen would prove nothing. */
export function must(step: Scene): Scene {
  return (stage) => {
    const next = step(stage);
    if (next.refused !== undefined) throw new Error(`The scene was refused: ${next.refused}`);
    return next;
  };
}

export const cue = (event: Cue): Scene => must((stage) => send(stage, event));
export const answered = (effect: string, output: unknown): Scene => must((stage) => answer(stage, effect, output));
export const failed = (effect: string, kind: 'failed' | 'unknown', code = 'timeout'): Scene =>
  must((stage) => fail(stage, effect, kind, code));
export const fired = (timer: string): Scene => must((stage) => fire(stage, timer));
export const approve: Scene = (stage) => cue({ type: 'APPROVE', by: 'approver', hash: contextOf(stage).payload_hash })(stage);

export function contextOf(stage: Stage): PaymentContext {
  return stage.snapshot.context as unknown as PaymentContext;
}

export const draft = (changes: object = {}, settings: object = {}): Stage =>
  begin(payment, { ...BILL, ...changes }, { id: 'pay_1', by: 'clerk', settings });
export const needingApproval = (changes: object = {}, settings: object = {}): Stage =>
  play(draft(changes, settings), cue({ type: 'SUBMIT' }));
export const authorizing = (changes: object = {}): Stage => play(needingApproval(changes), approve);
export const callingAuthorize = (changes: object = {}): Stage => play(authorizing(changes), answered('standing', ACTIVE));
export const capturing = (): Stage => play(callingAuthorize(), answered('authorize', DONE));
export const callingCapture = (): Stage => play(capturing(), answered('standing', ACTIVE));
export const held = (): Stage => play(callingAuthorize({ capture: 'manual' }), answered('authorize', DONE));
export const voiding = (): Stage => play(held(), cue({ type: 'CANCEL', reason: 'ordered twice' }));
export const settled = (): Stage => play(callingCapture(), answered('capture', DONE));
export const refunding = (): Stage => play(settled(), cue({ type: 'REFUND', refund: 'r1', amount_minor: 25_000 }));

/** Of a house that looks up whom it pays. */
export const SCREENED = { screened_by: 'sandbox_checks' };
export const LIKE = { passed: false, findings: ['listed:Malvina Grubstake'] };
export const CLEAN = { passed: true, findings: [] };
export const screening = (changes: object = {}): Stage => play(draft(changes, SCREENED), cue({ type: 'SUBMIT' }));
export const reviewing = (changes: object = {}): Stage => play(screening(changes), answered('payee', LIKE));

/** From an account in another currency. */
export const validating = (changes: object = {}, settings: object = {}): Stage =>
  play(draft({ ...FROM, ...changes }, settings), cue({ type: 'SUBMIT' }));
export const limiting = (changes: object = {}, settings: object = {}): Stage =>
  play(validating(changes, settings), answered('account', payable()));
export const granted: Scene = (stage) =>
  cue({
    type: 'LIMIT_GRANTED',
    payment: 'pay_1',
    client: 'acme',
    revision: contextOf(stage).revision,
    amount_minor: contextOf(stage).amount_minor,
    by: 'limit/acme',
  })(stage);
export const quoting = (changes: object = {}, settings: object = {}): Stage => play(limiting(changes, settings), granted, approve);
export const keeping = (changes: object = {}, settings: object = {}): Stage => play(quoting(changes, settings), answered('rates', RATES));
export const reserved: Scene = (stage) => {
  const { hold } = contextOf(stage);
  return cue({ type: 'RESERVED', account: 'acme_usd', hold, amount_minor: 1, by: 'account/acme_usd' })(stage);
};
export const covered = (changes: object = {}, settings: object = {}): Stage => play(keeping(changes, settings), reserved);
export const checking = (changes: object = {}): Stage => play(covered(changes), answered('standing', ACTIVE));
export const paying = (changes: object = {}): Stage => play(checking(changes), answered('account', payable()));
export const paid = (changes: object = {}): Stage =>
  play(
    paying(changes),
    answered('authorize', DONE),
    answered('standing', ACTIVE),
    answered('account', payable()),
    answered('capture', DONE),
  );
export const refused =
  (event: string, reason: string): Scene =>
  (stage) =>
    cue(
      refusal(event, reason, {
        revision: contextOf(stage).revision,
        hold: contextOf(stage).hold,
        credit: contextOf(stage).credits?.[0]?.credit,
      }),
    )(stage);

/** Of a bill, from no account. */
export const OF_BILL = { bill: 'b_1' };
export const OPEN = { found: true, version: 3, answer: { open: true, state: 'open' } };
export const CLOSED = { found: true, version: 4, answer: { open: false, state: 'void' } };
export const claiming = (changes: object = {}): Stage => play(needingApproval({ ...OF_BILL, ...changes }), approve);
export const claimed: Scene = (stage) =>
  cue({ type: 'BILL_CLAIMED', by: 'bill/b_1', bill: 'b_1', payment: 'pay_1', revision: contextOf(stage).revision, amount_minor: 125_000 })(
    stage,
  );
export const askingBill = (changes: object = {}): Stage => play(claiming(changes), claimed, answered('standing', ACTIVE));
export const payingBill = (changes: object = {}): Stage => play(askingBill(changes), answered('bill', OPEN));
export const capturingBill = (changes: object = {}): Stage =>
  play(payingBill(changes), answered('authorize', DONE), answered('standing', ACTIVE));
export const paidBill = (changes: object = {}): Stage => play(capturingBill(changes), answered('bill', OPEN), answered('capture', DONE));

/** Of a house that has two gateways for it. */
export const CALLABLE = { found: true, version: 2, answer: { callable: true, probing: false } };
export const TWO = { routes: [{ gateways: ['first', 'second'] }] };
export const choosing = (changes: object = {}): Stage => play(needingApproval(changes, TWO), approve, answered('standing', ACTIVE));

/** On the day after tomorrow. */
export const scheduled = (): Stage => play(draft({ execute_on: '2026-11-04' }), cue({ type: 'SUBMIT' }), approve);

/** The gateway has not told for as long as it is asked. */
export const deciding = (operation: Calling): Stage => {
  let stage = unknownOf(operation);
  while (stage.timers['lookup_wait'] !== undefined && !stateOf(stage).endsWith('deciding')) {
    stage = play(stage, fired('lookup_wait'), failed('lookup', 'unknown'));
  }
  return stage;
};
export const proposed = (operation: Calling): Stage =>
  play(
    deciding(operation),
    cue({ type: 'PROPOSE_OUTCOME', by: 'clerk', outcome: 'done', evidence: 'Letter of 3 November', gateway_reference: 'gw_1', v: 40 }),
  );

/** The four operations, each just called. */
export const CALLING = { authorize: callingAuthorize, capture: callingCapture, void: voiding, refund: refunding } as const;
export type Calling = keyof typeof CALLING;

export const unknownOf = (operation: Calling): Stage => play(CALLING[operation](), failed(operation, 'unknown'));
export const lookingFor = (operation: Calling): Stage => play(unknownOf(operation), fired('lookup_wait'));
export const closing = (operation: Calling): Stage => play(lookingFor(operation), answered('lookup', { outcome: 'not_found' }));
