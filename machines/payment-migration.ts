import type { StoredActor } from './machine.ts';
import type { OperationRecord, PaymentContext } from './payment-terms.ts';

/** What a payment knew of its operations before it kept records of them. */
type Before = Pick<
  PaymentContext,
  'authorized_minor' | 'captured_minor' | 'operation' | 'attempt' | 'gateway_reference' | 'capture_reference'
>;

/**
 * A payment that was paid from no account, and executed at once. Of its operations only those are known that still matter: that the money was
 * authorized and captured, and the one that is under way.
 */
export function liftPayment(actor: StoredActor): StoredActor {
  const { snapshot, at } = actor;
  const operations = toRecords(snapshot.context as unknown as Before, at);
  if (operations.length === 0) return { ...actor, machine_version: 2 };
  return { ...actor, machine_version: 2, snapshot: { ...snapshot, context: { ...snapshot.context, operations } } };
}

function toRecords(context: Before, at: number): readonly OperationRecord[] {
  const { authorized_minor, captured_minor, operation, attempt, gateway_reference, capture_reference } = context;
  const records: OperationRecord[] = [];
  // Their own numbers are not known any more; below one they are nobody else's.
  if (authorized_minor > 0) records.push({ n: -1, operation: 'authorize', state: 'SUCCESS', at, ended: at, answer: gateway_reference });
  if (captured_minor > 0) records.push({ n: 0, operation: 'capture', state: 'SUCCESS', at, ended: at, answer: capture_reference });
  // What it did last may be over; then this says no more than that it was begun.
  if (operation !== null && !records.some((one) => one.operation === operation)) {
    records.push({ n: attempt, operation, state: 'INIT', at });
  }
  return records;
}
