import { describe, expect, test } from 'vitest';
import { payment } from './payment.ts';
import * as scene from './payment-rehearsal.ts';
import { ACTIVE, answered, approve, contextOf, cue, failed, fired } from './payment-rehearsal.ts';
import { answer, fire, play, send, stateOf } from './rehearsal.ts';
import type { Stage } from './rehearsal.ts';

const clear = cue({ type: 'CLEAR', by: 'approver', reason: 'born in another century' });
const askedOf = ({ effects }: Stage): unknown => effects['payee']?.input;

describe('whom the house pays is looked up', () => {
  test('[PAY-62] before anybody approves, where the house has somebody who does; nowhere else', () => {
    expect(askedOf(scene.screening())).toMatchObject({ integration: 'sandbox_checks', client: 'acme', name: 'Blue Water Ltd' });
    expect(stateOf(play(scene.draft(), cue({ type: 'SUBMIT' })))).toBe('needs_approval');
    const validated = play(
      scene.draft(scene.FROM, scene.SCREENED),
      cue({ type: 'SUBMIT' }),
      answered('account', scene.payable()),
      scene.granted,
    );
    expect(stateOf(validated)).toBe('screening.asking');
  });

  test('[PAY-63] a likeness is for another person than who made the payment, and what was found is told to nobody outside', () => {
    const found = scene.reviewing();
    expect([stateOf(found), found.snapshot.hasTag('needs_somebody'), contextOf(found).screening]).toEqual([
      'screening.review',
      true,
      { revision: 1, findings: ['listed:Malvina Grubstake'] },
    ]);
    expect(JSON.stringify(found.facts)).not.toMatch(/Grubstake|listed/);
    for (const field of ['screening', 'screened_by']) expect(payment.views['customer']?.fields).not.toContain(field);
    expect(send(found, { type: 'CLEAR', reason: 'mine' }).refused).toBe('four_eyes');
    const amended = play(found, cue({ type: 'AMEND', by: 'cfo', reference: 'INV-8' }), answered('payee', scene.LIKE));
    expect(send(amended, { type: 'CLEAR', by: 'cfo', reason: 'mine' }).refused).toBe('four_eyes');
    expect(contextOf(play(found, clear)).screening).toMatchObject({ cleared_by: 'approver', because: 'born in another century' });
    expect(payment.permissions['CLEAR']).toEqual(['approver', 'cfo', 'reviewer']);
  });

  test('[PAY-64] is looked up again on its day: what is known passes, what is new is looked at by somebody', () => {
    const waiting = play(scene.reviewing({ execute_on: '2026-11-09' }), clear, approve);
    expect(stateOf(waiting)).toBe('scheduled');
    const day = Date.UTC(2026, 10, 9, 9);
    const due = fire(waiting, 'until_due', day);
    expect(stateOf(due)).toBe('screening.asking');
    for (const known of [scene.CLEAN, scene.LIKE]) expect(stateOf(answer(due, 'payee', known, day))).toBe('authorizing.asking');
    const worse = { passed: false, findings: [...scene.LIKE.findings, 'listed:Ozymandias Vantablack'] };
    const stopped = answer(due, 'payee', worse, day);
    expect([stateOf(stopped), contextOf(stopped).screening?.cleared_by]).toEqual(['screening.review', undefined]);
  });

  test('[PAY-65] whoever does not answer is asked ten times, and then a person looks: silence is no answer', () => {
    let stage = scene.screening();
    for (let i = 1; i < 10; i++) stage = play(stage, failed('payee', i % 2 === 0 ? 'failed' : 'unknown'), fired('ask_pause'));
    stage = play(stage, failed('payee', 'unknown'));
    expect([stateOf(stage), contextOf(stage).screening?.findings]).toEqual(['screening.review', ['unanswered']]);
    const cleared = play(stage, clear, approve);
    expect(stateOf(play(cleared, answered('standing', ACTIVE)))).toBe('authorizing.calling');
  });

  test('[PAY-66] a finding waits for four hours before somebody is reminded, and for three days in all', () => {
    const found = scene.reviewing();
    expect(found.timers).toEqual({ review_reminder: 4 * 3_600_000, approval_ttl: 3 * 86_400_000 });
    expect(fired('review_reminder')(found).facts.map(({ type }) => type)).toEqual(['payment.screening_review']);
    const ended = fired('approval_ttl')(found);
    expect([stateOf(ended), contextOf(ended).reason]).toEqual(['expired', 'not_cleared_in_time']);
  });
});
