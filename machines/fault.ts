/**
 * The table of everything that is expected to go wrong. A fault has one code, one HTTP status, one sentence for a person,
 * and says whether the same request may be sent again. docs/FAULTS.md lists each with its fix; a test holds the two together.
 */
export const FAULTS = {
  // what came in
  bad_json: fault(400, 'The body is not valid JSON.'),
  bad_id: fault(400, 'An id is 1 to 64 of the characters A-Z a-z 0-9 _ -.'),
  bad_request: fault(400, 'The request could not be understood.'),
  key_required: fault(400, 'An Idempotency-Key header is needed, so that a retry cannot do the thing twice.'),
  invalid: fault(422, 'The payload does not have the shape that was expected.'),
  unknown_event: fault(422, 'This kind of actor has no such event.'),
  too_large: fault(413, 'The message is larger than the hub takes.'),
  unsupported_media: fault(415, 'Send JSON, with Content-Type application/json.'),
  protocol: fault(400, 'This client speaks a version of the protocol that the hub does not.'),
  // who asks
  unauthenticated: fault(401, 'Sign in first: there is no valid token.'),
  bad_credentials: fault(401, 'The name or the password is wrong.'),
  token_expired: fault(401, 'The token has expired; renew it.'),
  token_reused: fault(401, 'This refresh token was used before; sign in again.'),
  forbidden: fault(403, 'Your role may not do this.'),
  own_rights: fault(409, 'Nobody may take his own administration away; ask another administrator.'),
  foreign_origin: fault(403, 'This origin may not connect.'),
  // what is asked for
  not_found: fault(404, 'There is no such thing, or you may not see it.'),
  method_not_allowed: fault(405, 'This address does not take that method.'),
  day_not_over: fault(409, 'The day is not over yet.'),
  not_settled: fault(409, 'The payment has not been settled: there is no receipt of it.'),
  exists: fault(409, 'There is an actor with this address already.'),
  version_mismatch: fault(412, 'The actor has moved on since the version you named.'),
  key_reused: fault(422, 'This id was used before with another body.'),
  parked: fault(423, 'The actor is parked or paused; an operator has to look at it. The event is kept.'),
  migration_failed: fault(
    423,
    'The actor does not fit the present version of its machine; an operator has to look at it. The event is kept.',
  ),
  already_parked: fault(409, 'The actor stands still already.'),
  not_parked: fault(409, 'The actor is neither parked nor paused.'),
  nothing_to_step: fault(409, 'Nothing waits for the actor: no event is kept for it and none of its timers is due.'),
  cannot_force: fault(409, 'The actor cannot be put into that state.'),
  proposal_stale: fault(409, 'There is no such proposal, or something has happened to the actor since; look again and propose anew.'),
  resolved: fault(409, 'The event has been resolved already.'),
  discarded: fault(409, 'An operator has discarded this event.'),
  replaced: fault(409, 'An operator has put another event in the place of this one.'),
  // the machine says no
  rejected: fault(409, 'This is not possible now.'),
  not_in_state: fault(409, 'This is not possible in its present state.'),
  guard_refused: fault(409, 'This is not possible as it stands now.'),
  four_eyes: fault(409, 'Whoever made it or had a hand in it may not decide on it: another person has to.'),
  already_approved: fault(409, 'You have approved this already.'),
  hash_required: fault(409, 'An approval names the hash of what is approved.'),
  hash_stale: fault(409, 'What you saw has been changed since; look again and approve that.'),
  amount_exceeds_authorized: fault(409, 'The amount is more than was authorized.'),
  amount_exceeds_captured: fault(409, 'The amount is more than was captured and not yet refunded.'),
  sum_differs: fault(409, 'The lines and the tax do not add up to the total.'),
  kept_by_erp: fault(409, 'The ERP keeps it, and says whether it stands.'),
  has_payments: fault(409, 'A payment pays it, or is about to.'),
  not_open: fault(409, 'The bill is not to be paid: it is a draft, paid, or void.'),
  not_ours_to_pay: fault(409, 'The bill is paid to us, not by us.'),
  bill_other_currency: fault(409, 'The bill is in another currency.'),
  amount_exceeds_residual: fault(409, 'Of the bill less is left to be paid than that.'),
  payment_exists: fault(409, 'The bill knows this payment already, with another amount or as settled.'),
  too_many_payments: fault(409, 'The bill has had as many payments as it may have.'),
  refund_exists: fault(409, 'There is a refund with this id already.'),
  too_many_refunds: fault(409, 'This payment has had as many refunds as it may have.'),
  dispute_exists: fault(409, 'There is a dispute with this id already.'),
  too_many_disputes: fault(409, 'This payment has had as many disputes as it may have.'),
  no_such_dispute: fault(409, 'The payment has no open dispute with this id.'),
  proposal_exists: fault(409, 'Somebody has proposed something already: confirm or drop that first.'),
  reference_required: fault(409, 'What was done has a reference of the gateway: enter it.'),
  no_such_proposal: fault(409, 'There is no such proposal: nothing has been proposed, or it has been confirmed or dropped.'),
  nothing_changed: fault(409, 'The event changes nothing.'),
  not_disputed: fault(409, 'No other numbers of this day wait for a decision.'),
  rates_missing: fault(409, 'There is no exchange rate for this.'),
  rates_stale: fault(409, 'The exchange rates are too old to convert with.'),
  client_not_active: fault(409, 'The client is not active.'),
  account_not_active: fault(409, 'The account is not active.'),
  account_closing: fault(409, 'The account is being closed: it takes no deposit any more.'),
  account_frozen: fault(409, 'The account is frozen: nothing leaves it.'),
  account_overdue: fault(409, 'The account has been below zero for too long: nothing more is paid from it.'),
  debits_blocked: fault(409, 'Nothing may leave this account now.'),
  credits_blocked: fault(409, 'Nothing may come into this account now.'),
  other_currency: fault(409, 'The account is in another currency.'),
  insufficient_funds: fault(409, 'The account does not have that much.'),
  hold_exists: fault(409, 'Something else is kept under this name already.'),
  no_such_hold: fault(409, 'Nothing is kept under this name.'),
  amount_exceeds_hold: fault(409, 'The amount is more than is kept.'),
  too_many_holds: fault(409, 'As much as can be kept of one account at a time is kept already.'),
  too_much: fault(409, 'The account would hold more than can be counted exactly.'),
  deposit_exists: fault(409, 'There is a deposit with this id already.'),
  no_such_deposit: fault(409, 'There is no such deposit, or it has been confirmed or dropped.'),
  too_many_deposits: fault(409, 'As many deposits as can wait are waiting to be confirmed.'),
  overdraft_in_use: fault(409, 'More of the overdraft is in use than that.'),
  money_on_its_way: fault(409, 'Money is still on its way from or to this account.'),
  not_empty: fault(409, 'There is still money on the account, or it is below zero.'),
  limit_blocked: fault(409, 'Nothing more of this client is paid: his limits are blocked.'),
  limit_per_payment: fault(409, 'The payment is more than one payment of this client may come to.'),
  limit_per_day: fault(409, 'The payments of this client come to as much today as they may.'),
  limit_per_person: fault(409, 'The payments of the one who made it come to as much today as they may.'),
  limit_velocity: fault(409, 'Too many payments of this client have come within a short time.'),
  limit_of_another: fault(409, 'These limits have another id than the client that they are about.'),
  period_of_another: fault(409, 'This period has another id than the month that it is about.'),
  not_in_conflict: fault(409, 'A field that is decided on is not in conflict, or not any more.'),
  period_not_over: fault(409, 'The month is not over yet.'),
  field_twice: fault(409, 'A field is mapped twice.'),
  field_missing: fault(409, 'A field that is needed is not mapped.'),
  no_such_field: fault(409, 'What is imported has no such field.'),
  no_such_column: fault(409, 'The file has no such column.'),
  nothing_to_import: fault(409, 'No row of this file is good.'),
  not_importable: fault(409, 'This kind of actor is not made from files.'),
  bad_file: fault(422, 'The file cannot be read.'),
  payee_too_new: fault(409, 'The payee has not been known for long enough for so large a payment.'),
  already_paid: fault(409, 'The payment has been paid: what it came to is final.'),
  // not now
  overloaded: fault(429, 'Too much is waiting; try again after the delay.', true),
  rate_limited: fault(429, 'Too many requests from you; try again after the delay.', true),
  retry: fault(503, 'The hub cannot answer right now; try again after the delay.', true),
  not_ready: fault(503, 'The hub is not ready.', true),
  newer_release: fault(503, 'A newer release of the hub has written this actor; a node of that release answers.', true),
  stopping: fault(503, 'The hub is stopping; try again after the delay.', true),
  internal: fault(500, 'Something is wrong inside the hub. It has been logged.'),
} as const;

export type FaultCode = keyof typeof FAULTS;

export type FaultEntry = { readonly status: number; readonly sentence: string; readonly retry: boolean };

function fault(status: number, sentence: string, retry = false): FaultEntry {
  return { status, sentence, retry };
}

/** An expected failure on its way to a caller. `detail` says what was expected, what came, and what to do. */
export class Fault extends Error {
  readonly code: FaultCode;
  readonly extra: Readonly<Record<string, unknown>>;

  constructor(code: FaultCode, detail?: string, extra: Record<string, unknown> = {}) {
    super(detail ?? FAULTS[code].sentence);
    this.name = 'Fault';
    this.code = code;
    this.extra = extra;
  }

  get status(): number {
    return FAULTS[this.code].status;
  }
}

export function isFaultCode(code: string): code is FaultCode {
  return Object.hasOwn(FAULTS, code);
}

/** The sentence for a code, also for the codes of a machine that the table does not know. */
export function sentenceFor(code: string): string {
  return isFaultCode(code) ? FAULTS[code].sentence : code.replaceAll('_', ' ');
}
