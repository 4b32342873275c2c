import { payment } from './payment.ts';
import type { PaymentContext } from './payment-terms.ts';
import { answer, begin, fail, fire, play, send } from './rehearsal.ts';
import type { Cue, Stage } from './rehearsal.ts';

/** The scenes that the tests of a payment are played in. */

export const BILL = { client: 'acme', payee: 'Blue Water Ltd', amount_minor: 125_000, currency: 'EUR', reference: 'INV-7' };

export const ACTIVE = { found: true, version: 3, answer: { active: true, state: 'active' } };
export const SUSPENDED = { found: true, version: 4, answer: { active: false, state: 'suspended' } };
export const DONE = { outcome: 'done', gateway_reference: 'gw_1' };
export const DECLINED = { outcome: 'declined', code: 'insufficient_funds' };

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

/** The four operations, each just called. */
export const CALLING = { authorize: callingAuthorize, capture: callingCapture, void: voiding, refund: refunding } as const;
export type Calling = keyof typeof CALLING;

export const unknownOf = (operation: Calling): Stage => play(CALLING[operation](), failed(operation, 'unknown'));
export const lookingFor = (operation: Calling): Stage => play(unknownOf(operation), fired('lookup_wait'));
export const closing = (operation: Calling): Stage => play(lookingFor(operation), answered('lookup', { outcome: 'not_found' }));
