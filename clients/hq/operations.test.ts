import { describe, expect, test } from 'vitest';
import { aimOf, fateOf, toOperationSearch, type OperatorAction } from './operations.ts';

const done = (given: Partial<OperatorAction>): OperatorAction => ({
  id: 'o1',
  at: '2026-03-04T05:06:07.000Z',
  by: 'olga',
  action: 'pause',
  target: 'payment/pay_1',
  address: 'payment/pay_1',
  reason: 'stuck',
  outcome: 'applied',
  detail: 'version 3',
  other: null,
  proposed: null,
  ...given,
});
const other = { by: 'otto', at: '2026-03-04T05:07:00.000Z' };

describe('what operators did', () => {
  test('[OFFICE-10] of a proposal it is said whether it waits, who confirmed it, or that it no longer stands; of a forced state who proposed it', () => {
    const propose = { action: 'propose', detail: 'version 2' };
    expect(fateOf(done({ ...propose, proposed: { version: 2, state: 'failed' } }))).toEqual({ kind: 'waits', state: 'failed' });
    expect(fateOf(done({ ...propose, other }))).toEqual({ kind: 'confirmed', version: 2, other });
    expect(fateOf(done(propose))).toEqual({ kind: 'lapsed' });
    expect(fateOf(done({ action: 'force', other }))).toEqual({ kind: 'done', version: 3, other });
  });

  test('[OFFICE-10] each other outcome is told apart, and one that nobody wrote down is not taken for done', () => {
    expect(fateOf(done({ outcome: null, detail: '' }))).toEqual({ kind: 'unknown' });
    expect(fateOf(done({ outcome: 'rejected', detail: 'cannot_force' }))).toEqual({ kind: 'refused', code: 'cannot_force' });
    expect(fateOf(done({ outcome: 'refused', detail: 'resolved' }))).toEqual({ kind: 'refused', code: 'resolved' });
    expect(fateOf(done({ outcome: 'under_way', detail: 'caller:ann:1' }))).toEqual({ kind: 'under_way' });
    expect(fateOf(done({ outcome: 'parked', detail: '' }))).toEqual({ kind: 'kept' });
    expect(fateOf(done({ outcome: 'duplicate', detail: '' }))).toEqual({ kind: 'done', version: undefined, other: null });
    expect(fateOf(done({ action: 'replay', outcome: 'done', detail: '3 applied' }))).toEqual({ kind: 'counted', counts: '3 applied' });
    expect(fateOf(done({ action: 'see_as', outcome: 'shown', detail: 'as acme' }))).toEqual({ kind: 'shown', as: 'as acme' });
    const hidden = done({ action: 'see_as', outcome: 'not_found', detail: 'as globex' });
    expect(fateOf(hidden)).toEqual({ kind: 'hidden', as: 'as globex', code: 'not_found' });
  });

  test('[OFFICE-10] a letter whose event is refused for good has been discarded, and one that was resolved before has not', () => {
    expect(fateOf(done({ action: 'discard', outcome: 'rejected', detail: 'discarded' })).kind).toBe('done');
    expect(fateOf(done({ action: 'discard', outcome: 'refused', detail: 'resolved' })).kind).toBe('refused');
    expect(fateOf(done({ action: 'resubmit', outcome: 'rejected', detail: 'not_in_state' })).kind).toBe('refused');
  });

  test('[OFFICE-11] what it was done to leads there: to the actor, to that of the letter, or to all of a kind', () => {
    expect(aimOf(done({}))).toEqual({ kind: 'actor', address: 'payment/pay_1' });
    expect(aimOf(done({ action: 'edit', target: 'dl_1' }))).toEqual({ kind: 'letter', address: 'payment/pay_1' });
    expect(aimOf(done({ action: 'discard', target: 'dl_1', address: null }))).toEqual({ kind: 'letter', address: null });
    expect(aimOf(done({ target: 'payment', address: null }))).toEqual({ kind: 'type', type: 'payment' });
    const replay = { action: 'replay', target: 'payment SUBMIT parked ', address: null };
    expect(aimOf(done(replay))).toEqual({ kind: 'cause', cause: 'payment SUBMIT parked' });
  });

  test('[OFFICE-11] only what was filled in is asked for', () => {
    expect(toOperationSearch({ by: ' olga ', action: '', target: 'payment/pay_1' })).toBe('by=olga&target=payment%2Fpay_1');
    expect(toOperationSearch({})).toBe('');
  });
});
