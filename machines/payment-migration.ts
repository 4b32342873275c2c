import type { StoredActor } from './machine.ts';
import { FUNDS } from './payment-rules.ts';
import type { OperationRecord, PaymentContext } from './payment-terms.ts';

/** What a payment knew of its operations before it kept records of them. */
type Before = Pick<
  PaymentContext,
  'gateway' | 'authorized_minor' | 'captured_minor' | 'operation' | 'attempt' | 'gateway_reference' | 'capture_reference'
>;

/**
 * A payment that was paid from no account. Of its operations only those are known that still matter: that the money was authorized and captured,
 * and the one that is under way.
 */
export function liftPayment(actor: StoredActor): StoredActor {
  const { snapshot, at } = actor;
  const context = snapshot.context as unknown as Before;
  return {
    ...actor,
    machine_version: 2,
    snapshot: { ...snapshot, context: { ...snapshot.context, ...FUNDS, gateways: [context.gateway], operations: toRecords(context, at) } },
  };
}

function toRecords(context: Before, at: number): readonly OperationRecord[] {
  const { gateway, authorized_minor, captured_minor, operation, attempt, gateway_reference, capture_reference } = context;
  // Their own numbers are not known any more; below one they are nobody else's.
  const done = (n: number, kind: 'authorize' | 'capture', answer: string | null): OperationRecord => ({
    n,
    operation: kind,
    gateway,
    state: 'SUCCESS',
    at,
    ended: at,
    answer,
  });
  const records = [
    ...(authorized_minor > 0 ? [done(-1, 'authorize', gateway_reference)] : []),
    ...(captured_minor > 0 ? [done(0, 'capture', capture_reference)] : []),
  ];
  // What it did last may be over; then this says no more than that it was begun.
  if (operation !== null && !records.some((one) => one.operation === operation)) {
    records.push({ n: attempt, operation, gateway, state: 'INIT', at, ended: null, answer: null });
  }
  return records;
}
