/**
 * Why a gateway said no, in the hub's own words, and what may be done about it.
 *
 * - `soft`: it may be different later; `hard`: it will not; `action`: the payer has to do something; `config`: we have to.
 * - `retry_later` is said only where time by itself changes the answer. The card networks fine whoever repeats a refused
 *   authorization, so nothing that is not understood is ever repeated by itself.
 */
export type DeclineReason = {
  readonly category: 'soft' | 'hard' | 'action' | 'config';
  readonly next: 'retry_later' | 'try_other_gateway' | 'ask_payer' | 'stop';
  /** For whoever works on the payment; a payer is not told that a card is reported stolen. */
  readonly sentence: string;
};

export type Decline = DeclineReason & { readonly code: DeclineCode };

const REASONS = {
  insufficient_funds: reason('soft', 'retry_later', 'There is not enough money on the account.'),
  limit_exceeded: reason('soft', 'retry_later', 'A limit of the card, on amounts or on uses, has been reached.'),
  issuer_unavailable: reason('soft', 'retry_later', 'The bank could not be asked.'),
  processing_error: reason('soft', 'try_other_gateway', 'The payment could not be processed on its way to the bank.'),
  declined_by_issuer: reason('soft', 'ask_payer', 'The bank said no and does not tell why; only the payer can ask it.'),
  unspecified: reason('soft', 'ask_payer', 'The gateway said no with a code that the hub does not know; ask before it is tried again.'),
  do_not_try_again: reason('hard', 'stop', 'The bank said no for good.'),
  card_lost_or_stolen: reason('hard', 'stop', 'The card is reported lost or stolen.'),
  suspected_fraud: reason('hard', 'stop', 'The payment is taken for fraud.'),
  authorization_revoked: reason('hard', 'stop', 'The payer has told the bank to stop these payments.'),
  duplicate: reason('hard', 'stop', 'The same amount was paid from the same card just before; look whether it is the same payment.'),
  account_invalid: reason(
    'hard',
    'ask_payer',
    'The account behind the card is closed or has been replaced; another means of payment is needed.',
  ),
  not_supported: reason('hard', 'ask_payer', 'The card cannot be used for this kind of payment; another means of payment is needed.'),
  currency_not_supported: reason('hard', 'ask_payer', 'The card does not pay in this currency.'),
  amount_refused: reason('hard', 'ask_payer', 'The bank does not take this amount.'),
  expired_card: reason('action', 'ask_payer', 'The card has expired.'),
  wrong_details: reason('action', 'ask_payer', 'A number, date, code or address that was given does not match the card.'),
  wrong_pin: reason('action', 'ask_payer', 'The PIN was wrong.'),
  pin_required: reason('action', 'ask_payer', 'The card wants its PIN.'),
  authentication_required: reason('action', 'ask_payer', 'The payer has to confirm the payment with the bank.'),
  test_card: reason('config', 'stop', 'A card for tests was used where real ones are taken, or the other way round.'),
  authorization_gone: reason(
    'config',
    'stop',
    'What was authorized is no longer held: it has expired, was given back, or was never there.',
  ),
  already_captured: reason('config', 'stop', 'The money has been captured before.'),
  out_of_step: reason('config', 'stop', 'The hub asked for what does not fit what the gateway has on its books.'),
  refund_failed: reason('config', 'stop', 'The refund did not reach the payer; the money is back with us.'),
} as const satisfies Readonly<Record<string, DeclineReason>>;

export type DeclineCode = keyof typeof REASONS;

type Codes = Readonly<Record<string, DeclineCode>>;

/** Every decline code that https://docs.stripe.com/declines/codes publishes for cards, and those that stand for a card error without one. */
const STRIPE = {
  approve_with_id: 'issuer_unavailable',
  authentication_not_handled: 'authentication_required',
  authentication_required: 'authentication_required',
  call_issuer: 'declined_by_issuer',
  card_declined: 'declined_by_issuer',
  card_not_supported: 'not_supported',
  card_velocity_exceeded: 'limit_exceeded',
  currency_not_supported: 'currency_not_supported',
  do_not_honor: 'declined_by_issuer',
  do_not_try_again: 'do_not_try_again',
  duplicate_transaction: 'duplicate',
  expired_card: 'expired_card',
  fraudulent: 'suspected_fraud',
  generic_decline: 'declined_by_issuer',
  incorrect_address: 'wrong_details',
  incorrect_cvc: 'wrong_details',
  incorrect_number: 'wrong_details',
  incorrect_pin: 'wrong_pin',
  incorrect_zip: 'wrong_details',
  insufficient_funds: 'insufficient_funds',
  invalid_account: 'account_invalid',
  invalid_amount: 'amount_refused',
  invalid_cvc: 'wrong_details',
  invalid_expiry_month: 'wrong_details',
  invalid_expiry_year: 'wrong_details',
  invalid_number: 'wrong_details',
  invalid_pin: 'wrong_pin',
  issuer_not_available: 'issuer_unavailable',
  live_mode_test_card: 'test_card',
  lost_card: 'card_lost_or_stolen',
  merchant_blacklist: 'suspected_fraud',
  mobile_device_authentication_required: 'authentication_required',
  new_account_information_available: 'account_invalid',
  no_action_taken: 'declined_by_issuer',
  not_permitted: 'not_supported',
  offline_pin_required: 'pin_required',
  online_or_offline_pin_required: 'pin_required',
  payment_intent_authentication_failure: 'authentication_required',
  pickup_card: 'card_lost_or_stolen',
  pin_try_exceeded: 'wrong_pin',
  processing_error: 'processing_error',
  reenter_transaction: 'processing_error',
  restricted_card: 'not_supported',
  revocation_of_all_authorizations: 'authorization_revoked',
  revocation_of_authorization: 'authorization_revoked',
  security_violation: 'declined_by_issuer',
  service_not_allowed: 'not_supported',
  stolen_card: 'card_lost_or_stolen',
  stop_payment_order: 'authorization_revoked',
  test_mode_live_card: 'test_card',
  testmode_decline: 'test_card',
  transaction_not_allowed: 'not_supported',
  try_again_later: 'issuer_unavailable',
  withdrawal_count_limit_exceeded: 'limit_exceeded',
} as const satisfies Codes;

/** What the sandbox's journal says no with; scripted faults say it with any code. */
const SANDBOX = {
  already_captured: 'already_captured',
  amount_exceeds_authorized: 'out_of_step',
  amount_exceeds_captured: 'out_of_step',
  authorization_not_found: 'authorization_gone',
  authorization_voided: 'authorization_gone',
  currency_mismatch: 'out_of_step',
  do_not_honor: 'declined_by_issuer',
  insufficient_funds: 'insufficient_funds',
} as const satisfies Codes;

const GATEWAYS = { stripe: STRIPE, sandbox: SANDBOX } as const;

/** What a gateway's code means. One that is not known is `unspecified`: never tried again without asking. */
export function toDecline(gateway: keyof typeof GATEWAYS, code: string): Decline {
  const codes: Codes = GATEWAYS[gateway];
  return declineOf((Object.hasOwn(codes, code) ? codes[code] : undefined) ?? 'unspecified');
}

/** What may be done after this code, in the hub's own words or in the sandbox's. */
export function nextOf(code: string): DeclineReason['next'] {
  return Object.hasOwn(REASONS, code) ? REASONS[code as DeclineCode].next : toDecline('sandbox', code).next;
}

export function declineOf(code: DeclineCode): Decline {
  return { code, ...REASONS[code] };
}

/** Whether it is one of the hub's own codes. */
export function isDeclineCode(code: string): code is DeclineCode {
  return Object.hasOwn(REASONS, code);
}

function reason(category: DeclineReason['category'], next: DeclineReason['next'], sentence: string): DeclineReason {
  return { category, next, sentence };
}
