import type { AnyMachineSnapshot } from 'xstate';
import { payloadHash } from './payment-rules.ts';
import type { PaymentContext } from './payment-terms.ts';
import { statesOf, timersOf } from './rehearsal.ts';

/** What must hold of a payment wherever it is; for tests. Each says in its name what it means. */
type Invariant = (context: PaymentContext, state: string, snapshot: AnyMachineSnapshot) => boolean;

const ENDED = ['rejected', 'declined', 'failed', 'canceled', 'expired'];
const PUBLIC = ['SUBMIT', 'APPROVE', 'DENY', 'AMEND', 'CAPTURE', 'CANCEL', 'REFUND', 'RELEASE', 'CLEAR', 'PROPOSE_OUTCOME'];
/** Where a payment can only be after whatever approval it needed. */
const BEFORE_APPROVAL = ['draft', 'validating', 'screening', 'needs_approval', 'held', ...ENDED];

const INVARIANTS: Readonly<Record<string, Invariant>> = {
  'amounts are whole and not negative': (context) =>
    [context.amount_minor, context.authorized_minor, context.capture_minor, context.captured_minor, context.refunded_minor].every(
      (amount) => Number.isSafeInteger(amount) && amount >= 0,
    ),
  'captured is at most authorized': ({ captured_minor, authorized_minor }) => captured_minor <= authorized_minor,
  'authorized is nothing or the amount': ({ authorized_minor, amount_minor }) =>
    authorized_minor === 0 || authorized_minor === amount_minor,
  'refunds, also those on their way, are at most captured': ({ refunds, captured_minor }) =>
    total(refunds.filter(({ state }) => state === 'done' || state === 'pending')) <= captured_minor,
  'refunded is the sum of the refunds that are done': ({ refunds, refunded_minor }) =>
    total(refunds.filter(({ state }) => state === 'done')) === refunded_minor,
  'refunds and what banks have taken back are at most captured': ({ refunds, disputes = [], captured_minor }) =>
    total(refunds.filter(({ state }) => state === 'done' || state === 'pending')) +
      total(disputes.filter(({ state }) => state !== 'won')) <=
    captured_minor,
  'one operation at most is under way, and none once it has ended': ({ operations = [] }, state) =>
    operations.filter(({ state: at }) => at === 'INIT' || at === 'PENDING').length <= (ENDED.includes(state) ? 0 : 1),
  'no two operations have the same number': ({ operations = [] }) => new Set(operations.map(({ n }) => n)).size === operations.length,
  'what has ended asks no account to keep anything': ({ hold = null }, state) => !ENDED.includes(state) || hold === null,
  'money is converted by a rate that is named': ({ account, account_currency, currency, conversion, captured_minor }) =>
    account === undefined || captured_minor === 0 || account_currency === currency || conversion !== undefined,
  'whom the house looks up is not paid before that': ({ screening, revision }, state) =>
    BEFORE_APPROVAL.includes(state) || screening === undefined || screening.revision !== revision || screening.cleared_by !== undefined,
  'nobody said of his own payment whom it is for': ({ screening, maker, amended_by }) =>
    screening?.cleared_by === undefined || (screening.cleared_by !== maker && !amended_by.includes(screening.cleared_by)),
  'no two refunds have the same id': ({ refunds }) => new Set(refunds.map(({ refund }) => refund)).size === refunds.length,
  'the hash is the hash of what it says': (context) => context.payload_hash === payloadHash(context),
  'every approval is of the present hash': ({ approvals, payload_hash }) => approvals.every(({ hash }) => hash === payload_hash),
  'no two approvals are by the same person': ({ approvals }) => new Set(approvals.map(({ by }) => by)).size === approvals.length,
  'nobody approved what he had a hand in': ({ approvals, maker, amended_by }) =>
    approvals.every(({ by }) => by !== maker && !amended_by.includes(by)),
  'money moves only with the approvals that are needed': (context, state) =>
    BEFORE_APPROVAL.includes(state) ||
    context.amount_minor < context.approval_from_minor ||
    context.approvals.length >= context.approvals_needed,
  'what has ended holds no money and moved none': ({ authorized_minor, captured_minor }, state) =>
    !ENDED.includes(state) || (authorized_minor === 0 && captured_minor === 0),
  'what has ended says why': ({ reason }, state) => !ENDED.includes(state) || reason !== null,
  'what has ended is tagged final, and nothing else is': (_, state, snapshot) => snapshot.hasTag('final') === ENDED.includes(state),
  'nothing is left over from the step': ({ outcome }) => outcome === null,
  'it waits for a timer, an effect or a person, or has ended': (_, state, snapshot) =>
    ENDED.includes(state) ||
    Object.keys(snapshot.children).length > 0 ||
    timersOf(snapshot).length > 0 ||
    snapshot._nodes.some((node) => PUBLIC.some((type) => node.transitions.has(type))),
  'its context is plain JSON': (context) => deepEqual(JSON.parse(JSON.stringify(context)), context),
};

function total(parts: readonly { readonly amount_minor: number }[]): number {
  return parts.reduce((sum, { amount_minor }) => sum + amount_minor, 0);
}

/** JSON drops members that are undefined; then the two differ in their keys. */
function deepEqual(a: unknown, b: unknown): boolean {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return Object.is(a, b);
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => deepEqual(read(a, key), read(b, key)));
}

function read(object: object, key: string): unknown {
  return (object as Record<string, unknown>)[key];
}

/** The names of the invariants that do not hold. */
export function brokenOf(snapshot: AnyMachineSnapshot): readonly string[] {
  const context = snapshot.context as unknown as PaymentContext;
  const top = (statesOf(snapshot)[0] ?? '').split('.')[0] ?? '';
  return Object.entries(INVARIANTS)
    .filter(([, holds]) => !holds(context, top, snapshot))
    .map(([name]) => name);
}
