/*
 * What may be done with a gateway, and in which order: the states of one operation and the links between operations, as Kill Bill has them
 * (PaymentStates.xml, Apache-2.0). A payment keeps its operations by them, so none is begun that does not follow from what was done.
 */

/** The kinds of operation. */
export const KINDS = ['AUTHORIZE', 'CAPTURE', 'PURCHASE', 'VOID', 'REFUND', 'CREDIT', 'CHARGEBACK'] as const;
export type Kind = (typeof KINDS)[number];

/** Where one operation stands. `PENDING`: nobody knows yet; `ERRORED`: nobody will ever know from the gateway. */
export const OPERATION_STATES = ['INIT', 'PENDING', 'SUCCESS', 'FAILED', 'ERRORED'] as const;
export type OperationState = (typeof OPERATION_STATES)[number];

/** What a try at it came to. */
export const RESULTS = ['SUCCESS', 'FAILURE', 'PENDING', 'EXCEPTION'] as const;
export type Result = (typeof RESULTS)[number];

const ENDS = { SUCCESS: 'SUCCESS', FAILURE: 'FAILED', EXCEPTION: 'ERRORED' } as const;

/** A bank's taking back has no state in between: it is heard of when it has happened. */
const NEVER_PENDING: Kind = 'CHARGEBACK';

/** What the operations are that may follow the last one that succeeded or, for a taking back that failed, was undone. */
const LINKS: Readonly<Record<string, readonly Kind[]>> = {
  BEGIN: ['AUTHORIZE', 'PURCHASE', 'CREDIT'],
  AUTHORIZE_SUCCESS: ['CAPTURE', 'VOID'],
  CAPTURE_SUCCESS: ['CAPTURE', 'REFUND', 'CHARGEBACK'],
  PURCHASE_SUCCESS: ['REFUND', 'CHARGEBACK'],
  REFUND_SUCCESS: ['REFUND', 'CHARGEBACK'],
  CHARGEBACK_SUCCESS: ['CHARGEBACK'],
  CHARGEBACK_FAILED: ['REFUND'],
};

/** Where an operation goes with this result; undefined where it does not take it. */
export function after(kind: Kind, state: OperationState, result: Result): OperationState | undefined {
  if (result === 'PENDING') return state === 'INIT' && kind !== NEVER_PENDING ? 'PENDING' : undefined;
  return state === 'INIT' || (state === 'PENDING' && kind !== NEVER_PENDING) ? ENDS[result] : undefined;
}

/** Whether an operation may be begun behind one that ended so; `undefined` is the beginning. */
export function mayFollow(before: { readonly kind: Kind; readonly state: OperationState } | undefined, kind: Kind): boolean {
  const key = before === undefined ? 'BEGIN' : `${before.kind}_${before.state}`;
  return (Object.hasOwn(LINKS, key) && LINKS[key]?.includes(kind)) === true;
}
