import { describe, expect, test } from 'vitest';
import { payment } from './payment.ts';
import * as scene from './payment-rehearsal.ts';
import { approve, contextOf, cue, fired } from './payment-rehearsal.ts';
import { payloadHash } from './payment-rules.ts';
import { begin, play, send, stateOf } from './rehearsal.ts';
import type { Stage } from './rehearsal.ts';

const HOUR = 60 * 60 * 1000;

const approveAs = (by: string, hash?: string) => (stage: Stage) =>
  send(stage, { type: 'APPROVE', by, hash: hash ?? contextOf(stage).payload_hash });

const factsOf = (stage: Stage) => stage.facts.map(({ type }) => type);

describe('when approval is needed', () => {
  test.each([
    ['EUR', 99_999, 100_000],
    ['JPY', 999, 1000],
    ['KWD', 999_999, 1_000_000],
    ['CLF', 9_999_999, 10_000_000],
  ])('[PAY-3] in %s, %i minor units need no approval and %i do', (currency, below, from) => {
    expect(stateOf(scene.needingApproval({ currency, amount_minor: below }))).toBe('authorizing.asking');
    expect(stateOf(scene.needingApproval({ currency, amount_minor: from }))).toBe('needs_approval');
  });

  test('[PAY-3] the limit is a setting, in whole units of whatever currency; zero means always', () => {
    expect(stateOf(scene.needingApproval({ amount_minor: 1 }, { approval_from_major: 0 }))).toBe('needs_approval');
    expect(stateOf(scene.needingApproval({ amount_minor: 499_999 }, { approval_from_major: 5000 }))).toBe('authorizing.asking');
    expect(stateOf(scene.needingApproval({ amount_minor: 500_000 }, { approval_from_major: 5000 }))).toBe('needs_approval');
  });

  test('[PAY-3] an amendment in draft counts: the amount is looked at when the payment is submitted', () => {
    const raised = play(scene.draft({ amount_minor: 1 }), cue({ type: 'AMEND', amount_minor: 100_000 }), cue({ type: 'SUBMIT' }));
    expect(stateOf(raised)).toBe('needs_approval');
  });
});

describe('who may approve', () => {
  test('[PAY-4] the person who made it may not', () => {
    expect(approveAs('clerk')(scene.needingApproval()).refused).toBe('four_eyes');
    expect(stateOf(approveAs('approver')(scene.needingApproval()))).toBe('authorizing.asking');
  });

  test('[PAY-4] nor may anybody who amended it, in draft or later, however long ago', () => {
    const early = play(scene.draft(), cue({ type: 'AMEND', by: 'ada', payee: 'Blue Waters' }), cue({ type: 'SUBMIT' }));
    const late = play(early, cue({ type: 'AMEND', by: 'bert', reference: 'INV-8' }), cue({ type: 'AMEND', by: 'ada', reference: 'INV-9' }));
    for (const by of ['clerk', 'ada', 'bert']) expect(approveAs(by)(late).refused).toBe('four_eyes');
    expect(stateOf(approveAs('approver')(late))).toBe('authorizing.asking');
    expect(contextOf(late)).toMatchObject({ maker: 'clerk', amended_by: ['ada', 'bert'] });
  });

  test('[PAY-4] a payment that another system made is approved by a person, and never by that system', () => {
    const made = play(begin(payment, scene.BILL, { by: 'system:erp' }), cue({ type: 'SUBMIT', by: 'system:erp' }));
    expect(approveAs('system:erp')(made).refused).toBe('four_eyes');
    expect(payment.permissions['APPROVE']).not.toContain('system');
    expect(stateOf(approveAs('approver')(made))).toBe('authorizing.asking');
  });

  test('[PAY-4] the reason that counts most comes first: no other hash would help the maker', () => {
    expect(send(scene.needingApproval(), { type: 'APPROVE', by: 'clerk' }).refused).toBe('four_eyes');
  });

  test('[PAY-7] where several approvals are needed they come from different people', () => {
    const once = approveAs('approver')(scene.needingApproval({}, { approvals_needed: 3 }));
    expect(approveAs('approver')(once).refused).toBe('already_approved');
    const twice = approveAs('approver2')(once);
    expect([stateOf(once), stateOf(twice), stateOf(approveAs('cfo')(twice))]).toEqual([
      'needs_approval',
      'needs_approval',
      'authorizing.asking',
    ]);
    expect(factsOf(twice)).toEqual([]);
    expect(factsOf(approveAs('cfo')(twice))).toEqual(['payment.approved']);
  });
});

describe('what is approved', () => {
  test('[PAY-5] an approval without a hash, or with another one, is refused', () => {
    const stage = scene.needingApproval();
    expect(send(stage, { type: 'APPROVE', by: 'approver' }).refused).toBe('hash_required');
    expect(approveAs('approver', 'f'.repeat(64))(stage).refused).toBe('hash_stale');
    expect(approveAs('approver', contextOf(stage).payload_hash.toUpperCase())(stage).refused).toBe('hash_stale');
  });

  test('[PAY-5] each approval is kept with who gave it, when, and the hash of what he saw', () => {
    const { approvals, payload_hash } = contextOf(send(scene.needingApproval(), { ...approval(), at: 1_800_000_000_000 }));
    expect(approvals).toEqual([{ by: 'approver', at: 1_800_000_000_000, hash: payload_hash }]);
    function approval() {
      return { type: 'APPROVE', by: 'approver', hash: contextOf(scene.needingApproval()).payload_hash };
    }
  });

  test('[PAY-6] the hash covers everything that an approver decides on', () => {
    const context = contextOf(scene.draft());
    const changes = [
      { amount_minor: 1 },
      { currency: 'USD' },
      { payee: 'Other' },
      { client: 'globex' },
      { reference: 'INV-8' },
      { revision: 2 },
      { id: 'pay_2' },
      { capture: 'manual' as const },
      { gateways: ['other'] },
      { gateways: ['sandbox', 'other'] },
      { account: 'acme_eur' },
      { execute_on: '2026-11-04' },
    ];
    const hashes = [context, ...changes.map((change) => ({ ...context, ...change }))].map(payloadHash);
    expect(new Set(hashes).size).toBe(changes.length + 1);
    expect(hashes[0]).toBe(context.payload_hash);
    expect(context.payload_hash).toMatch(/^[0-9a-f]{64}$/);
  });

  test('[PAY-6] a payment that is amended there and back has another hash than before', () => {
    const first = scene.needingApproval();
    const there = play(first, cue({ type: 'AMEND', amount_minor: 200_000 }));
    const back = play(there, cue({ type: 'AMEND', amount_minor: 125_000 }));
    expect(contextOf(back)).toMatchObject({ amount_minor: 125_000, revision: 3 });
    expect(approveAs('approver', contextOf(first).payload_hash)(back).refused).toBe('hash_stale');
  });
});

describe('amending', () => {
  test('[PAY-8] an amendment drops the approvals, stays where approval is needed, and tells what it now is', () => {
    const approved = approveAs('approver')(scene.needingApproval({}, { approvals_needed: 2 }));
    const amended = play(approved, cue({ type: 'AMEND', amount_minor: 1, payee: 'Red Water', reference: 'INV-9' }));
    expect(stateOf(amended)).toBe('needs_approval');
    expect(contextOf(amended)).toMatchObject({ amount_minor: 1, payee: 'Red Water', reference: 'INV-9', approvals: [], revision: 2 });
    expect(amended.facts).toMatchObject([{ type: 'payment.amended', amount_minor: 1, payee: 'Red Water', reference: 'INV-9' }]);
    expect(stateOf(play(amended, approveAs('approver'), approveAs('approver2')))).toBe('authorizing.asking');
  });

  test('[PAY-8] an amendment that gives nothing, or nothing new, is refused', () => {
    for (const stage of [scene.draft(), scene.needingApproval()]) {
      expect(send(stage, { type: 'AMEND' }).refused).toBe('nothing_changed');
      expect(send(stage, { type: 'AMEND', amount_minor: 125_000, payee: 'Blue Water Ltd', reference: 'INV-7' }).refused).toBe(
        'nothing_changed',
      );
      expect(send(stage, { type: 'AMEND', amount_minor: 125_000, payee: 'Blue Water Ltd', reference: 'INV-8' }).refused).toBeUndefined();
    }
  });

  test('[PAY-8] an amendment gives the approvers the whole time again', () => {
    const reminded = play(scene.needingApproval(), fired('first_reminder'));
    expect(Object.keys(reminded.timers).sort()).toEqual(['approval_ttl', 'second_reminder']);
    const amended = play(reminded, cue({ type: 'AMEND', reference: 'INV-8' }));
    expect(amended.timers).toEqual({ first_reminder: 24 * HOUR, second_reminder: 48 * HOUR, approval_ttl: 72 * HOUR });
  });
});

describe('waiting for approval', () => {
  test('[PAY-9] approvers are reminded after 24 and 48 hours, and after 72 the payment expires', () => {
    const stage = scene.needingApproval();
    expect(stage.timers).toEqual({ first_reminder: 24 * HOUR, second_reminder: 48 * HOUR, approval_ttl: 72 * HOUR });
    const reminded = play(stage, fired('first_reminder'));
    expect(factsOf(reminded)).toEqual(['payment.approval_reminder']);
    expect(factsOf(play(reminded, fired('second_reminder')))).toEqual(['payment.approval_reminder']);
    const expired = play(reminded, fired('second_reminder'), fired('approval_ttl'));
    expect([stateOf(expired), contextOf(expired).reason, factsOf(expired)]).toEqual([
      'expired',
      'not_approved_in_time',
      ['payment.expired'],
    ]);
  });

  test('[PAY-9] an approval, a denial and a cancellation each take the timers back', () => {
    const away = [approve, cue({ type: 'DENY', reason: 'x' }), cue({ type: 'CANCEL' })];
    for (const leave of away) expect(play(scene.needingApproval(), leave).timers).toEqual({});
  });

  test('[PAY-10] a denied payment is declined, with the words of the person who denied it', () => {
    const denied = play(scene.needingApproval(), cue({ type: 'DENY', by: 'cfo', reason: 'not our bill' }));
    expect(stateOf(denied)).toBe('declined');
    expect(contextOf(denied)).toMatchObject({ reason: 'denied', note: 'not our bill' });
    expect(denied.facts).toMatchObject([{ type: 'payment.declined', reason: 'denied' }]);
  });
});
