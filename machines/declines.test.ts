import { expect, test } from 'vitest';
import { declineOf, toDecline } from './declines.ts';

/** https://docs.stripe.com/declines/codes, the table for cards. */
const PUBLISHED = `authentication_not_handled authentication_required approve_with_id call_issuer card_not_supported
  card_velocity_exceeded currency_not_supported do_not_honor do_not_try_again duplicate_transaction expired_card fraudulent
  generic_decline incorrect_address incorrect_cvc incorrect_number incorrect_pin incorrect_zip insufficient_funds
  invalid_account invalid_amount invalid_cvc invalid_expiry_month invalid_expiry_year invalid_number invalid_pin
  issuer_not_available lost_card merchant_blacklist mobile_device_authentication_required new_account_information_available
  no_action_taken not_permitted offline_pin_required online_or_offline_pin_required pickup_card pin_try_exceeded
  processing_error reenter_transaction restricted_card revocation_of_all_authorizations revocation_of_authorization
  security_violation service_not_allowed stolen_card stop_payment_order testmode_decline transaction_not_allowed
  try_again_later withdrawal_count_limit_exceeded`.split(/\s+/);

test('[STRIPE-1] every decline code that Stripe publishes for cards has a reason of ours', () => {
  expect(PUBLISHED).toHaveLength(50);
  expect(PUBLISHED.filter((code) => toDecline('stripe', code).code === 'unspecified')).toEqual([]);
});

test('[STRIPE-1] a code that nobody has published is never tried again without asking, whatever it is called', () => {
  for (const code of ['brand_new_code', '', 'constructor', '__proto__', 'toString']) {
    for (const gateway of ['stripe', 'sandbox'] as const) {
      expect(toDecline(gateway, code)).toMatchObject({ code: 'unspecified', category: 'soft', next: 'ask_payer' });
    }
  }
});

test('[STRIPE-1] what the bank said no to for good, and what smells of theft, is not tried again anywhere', () => {
  const hard = ['do_not_try_again', 'lost_card', 'stolen_card', 'pickup_card', 'fraudulent', 'merchant_blacklist', 'stop_payment_order'];
  for (const code of [...hard, 'revocation_of_authorization']) {
    expect([code, toDecline('stripe', code)]).toEqual([code, expect.objectContaining({ category: 'hard', next: 'stop' })]);
  }
});

test('[STRIPE-1] only where time changes the answer may it be tried again later by itself', () => {
  const later = PUBLISHED.filter((code) => toDecline('stripe', code).next === 'retry_later');
  expect(later.sort()).toEqual([
    'approve_with_id',
    'card_velocity_exceeded',
    'insufficient_funds',
    'issuer_not_available',
    'try_again_later',
    'withdrawal_count_limit_exceeded',
  ]);
});

test("[STRIPE-1] one reason is one reason, whichever gateway gave it; the sandbox's own are in the table too", () => {
  expect(toDecline('sandbox', 'insufficient_funds')).toEqual(toDecline('stripe', 'insufficient_funds'));
  expect(toDecline('sandbox', 'already_captured')).toEqual(declineOf('already_captured'));
  expect(toDecline('sandbox', 'authorization_voided').sentence).toMatch(/^[A-Z].*\.$/);
});
