import { describe, expect, test } from 'vitest';
import {
  ACCEPT,
  ACKNOWLEDGE,
  APPROVE,
  chargeback,
  contextOf,
  DAY,
  DUE,
  factsOf,
  HOUR,
  inquiry,
  postsOf,
  REFUSED,
  said,
  submit,
  tellsOf,
  told,
} from './dispute-rehearsal.ts';
import { fire, send, START, stateOf, throughJson, timersOf, unpublishedOf } from './rehearsal.ts';
import type { Cue, Stage } from './rehearsal.ts';

const LATER = DUE + 10 * DAY;
const leg = (account: string, amount_minor: number) => ({ account, amount_minor, currency: 'EUR' });
const TAKEN = [leg('dispute/dp_1', 12_345), leg('gateway/sandbox', -12_345)];
const overdue = (stage: Stage): Stage => fire(stage, 'evidence_due', DUE);
const standsAt = (stage: Stage): string => stateOf(stage).split(' ')[0] ?? '';

describe('a dispute', () => {
  test('[DISP-1] a chargeback takes the money back at once, tells the payment, and asks for evidence; an inquiry moves none', () => {
    const opened = chargeback();
    expect([standsAt(opened), tellsOf(opened), factsOf(opened)]).toEqual(['status.needs_response.asked', ['DISPUTED'], ['dispute.opened']]);
    // The first thing that the step asks for: what takes it back names it so.
    expect(opened.facts[0]).toMatchObject({ type: '@post', legs: TAKEN, text: 'pay_1: fraudulent' });
    const asked = inquiry();
    expect([standsAt(asked), tellsOf(asked), postsOf(asked), factsOf(asked)]).toEqual(['status.inquiry.asked', [], [], ['dispute.opened']]);
    expect(unpublishedOf({ ...asked, facts: asked.facts.filter(({ type }) => !type.startsWith('@')) })).toEqual([]);
  });

  test('[DISP-2] evidence counts when another person has approved it, and of what was submitted anew the last', () => {
    const drafted = told(chargeback(), submit({ by: 'approver' }));
    expect(send(chargeback(), APPROVE).refused).toBe('not_in_state');
    expect(send(drafted, APPROVE).refused).toBe('four_eyes');
    const again = told(drafted, submit({ documents: ['delivery note', 'photo'] }));
    const sent = send(again, APPROVE);
    expect([standsAt(sent), factsOf(sent)]).toEqual(['status.under_review.deciding', ['dispute.submitted']]);
    expect(contextOf(sent).evidence).toMatchObject({ documents: ['delivery note', 'photo'], by: 'clerk', approved_by: 'approver' });
    const answered = told(inquiry(), submit(), APPROVE);
    expect([standsAt(answered), postsOf(answered)]).toEqual(['status.inquiry.answered', []]);
  });

  test('[DISP-3] somebody is told a week, two days and half a day before evidence is due, and what is near when it comes is not told again', () => {
    const opened = chargeback();
    expect([opened.timers['week_before'], opened.timers['evidence_due']]).toEqual([7 * DAY, 14 * DAY]);
    let stage = opened;
    for (const [timer, before, next, left] of [
      ['week_before', 7 * DAY, 'two_days_before', 5 * DAY],
      ['two_days_before', 2 * DAY, 'half_day_before', 36 * HOUR],
      ['half_day_before', 12 * HOUR, 'evidence_due', 14 * DAY],
    ] as const) {
      stage = fire(stage, timer, DUE - before);
      expect([factsOf(stage), stage.timers[next]]).toEqual([['dispute.due_soon'], left]);
    }
    const soon = chargeback({ due_by: START + DAY });
    expect([stateOf(soon), factsOf(soon), soon.timers]).toEqual([
      'status.needs_response.asked deadline.running.two_days attention.none',
      ['dispute.opened'],
      { half_day_before: 12 * HOUR, evidence_due: DAY },
    ]);
    expect(told(chargeback(), submit(), APPROVE).timers).toEqual({});
  });

  test('[DISP-4] what is not answered in time stands overdue with its bank, which decides all the same', () => {
    const late = overdue(chargeback());
    expect([standsAt(late), [...late.snapshot.tags], contextOf(late).stands_because, late.timers]).toEqual([
      'status.under_review.overdue',
      ['overdue'],
      'no_evidence_in_time',
      {},
    ]);
    expect(send(late, submit()).refused).toBe('not_in_state');
    expect(standsAt(send(late, said('won')))).toBe('status.won');
    const silent = overdue(inquiry());
    expect([standsAt(silent), standsAt(send(silent, said('needs_response')))]).toEqual([
      'status.inquiry.lapsed',
      'status.needs_response.asked',
    ]);
    expect(standsAt(fire(chargeback({ due_by: START - DAY }), 'evidence_due'))).toBe('status.under_review.overdue');
  });

  test('[DISP-5] where the bank asks for more until a later moment there is something to say again, and the days count anew', () => {
    for (const before of [told(chargeback(), submit(), APPROVE), overdue(chargeback())]) {
      const again = send(before, said('needs_response', { due_by: LATER }));
      expect([standsAt(again), contextOf(again).evidence, contextOf(again).stands_because, again.timers['evidence_due']]).toEqual([
        'status.needs_response.asked',
        null,
        null,
        24 * DAY,
      ]);
    }
    const longer = send(told(chargeback(), submit()), said('needs_response', { due_by: LATER }));
    expect([standsAt(longer), longer.timers['evidence_due'], contextOf(longer).evidence === null]).toEqual([
      'status.needs_response.drafted',
      24 * DAY,
      false,
    ]);
    const more = send(overdue(inquiry()), said('inquiry', { due_by: LATER }));
    expect([standsAt(more), more.timers['evidence_due']]).toEqual(['status.inquiry.asked', 24 * DAY]);
  });

  test('[DISP-6] what is won comes back by the reversal of what took it, and what is lost is a loss', () => {
    const won = send(chargeback(), said('won'));
    expect([standsAt(won), tellsOf(won), factsOf(won)]).toEqual(['status.won', ['DISPUTE_WON'], ['dispute.won']]);
    expect(postsOf(won)).toMatchObject([
      { kind: 'reversal', of: { i: 0 }, legs: [leg('dispute/dp_1', -12_345), leg('gateway/sandbox', 12_345)] },
    ]);
    const lost = send(told(chargeback(), submit(), APPROVE), said('lost'));
    expect([standsAt(lost), tellsOf(lost), factsOf(lost)]).toEqual(['status.lost', ['DISPUTE_LOST'], ['dispute.lost']]);
    expect(postsOf(lost)).toMatchObject([{ legs: [leg('loss/disputes', 12_345), leg('dispute/dp_1', -12_345)] }]);
    expect(postsOf(send(inquiry(), said('prevented')))).toEqual([]);
    const prevented = send(chargeback(), said('prevented'));
    expect([standsAt(prevented), tellsOf(prevented), postsOf(prevented).length]).toEqual(['status.prevented', ['DISPUTE_WON'], 1]);
  });

  test('[DISP-7] an inquiry that has become a chargeback takes the money back, whichever word of that comes first', () => {
    const asked = send(told(inquiry(), submit()), said('needs_response', { due_by: DUE - DAY }));
    expect([standsAt(asked), tellsOf(asked), contextOf(asked)]).toMatchObject([
      'status.needs_response.asked',
      ['DISPUTED'],
      { kind: 'chargeback', due_by: DUE - DAY, evidence: null, withdrawal: { v: 5, i: 0 } },
    ]);
    expect([asked.facts[0], asked.timers['evidence_due']]).toMatchObject([{ type: '@post', legs: TAKEN }, 13 * DAY]);
    const decided = send(inquiry(), said('won'));
    expect([standsAt(decided), tellsOf(decided)]).toEqual(['status.won', ['DISPUTED', 'DISPUTE_WON']]);
    expect(postsOf(decided)).toMatchObject([{ legs: TAKEN }, { kind: 'reversal', of: { v: 5, i: 0 } }]);
    expect(tellsOf(send(inquiry(), said('lost')))).toEqual(['DISPUTED', 'DISPUTE_LOST']);
    expect(standsAt(send(inquiry(), said('under_review')))).toBe('status.under_review.deciding');
  });

  test('[DISP-8] the money is given up by another person than the one who opened it, and is lost then, once', () => {
    expect(send(chargeback(), { ...ACCEPT, by: 'clerk' }).refused).toBe('four_eyes');
    const accepted = send(chargeback(), ACCEPT);
    expect([standsAt(accepted), tellsOf(accepted), postsOf(accepted).length, contextOf(accepted).stands_because]).toEqual([
      'status.accepted',
      ['DISPUTE_LOST'],
      1,
      'they are right',
    ]);
    const lost = send(accepted, said('lost'));
    expect([standsAt(lost), tellsOf(lost), postsOf(lost), accepted.timers]).toEqual(['status.lost', [], [], {}]);
    expect(send(inquiry(), ACCEPT).refused).toBe('not_in_state');
  });

  test('[DISP-9] an end is final; a provider that says another one, or a payment that refuses what it is told, waits for somebody', () => {
    const won = told(chargeback(), said('won'));
    const other = send(won, said('lost'));
    expect([stateOf(other), postsOf(other), tellsOf(other), contextOf(other).troubles]).toEqual([
      'status.won deadline.off attention.wanted',
      [],
      [],
      [{ what: 'DISPUTE_UPDATED', why: 'lost', at: START }],
    ]);
    expect(stateOf(send(send(chargeback(), ACCEPT), said('won')))).toContain('attention.wanted');
    const refused = send(chargeback(), REFUSED);
    expect([[...refused.snapshot.tags].includes('needs_somebody'), contextOf(refused).troubles]).toEqual([
      true,
      [{ what: 'DISPUTED', why: 'not_found', at: START }],
    ]);
    let stage = refused;
    for (let n = 0; n < 20; n++) stage = send(stage, REFUSED);
    expect(contextOf(stage).troubles).toHaveLength(10);
    expect(contextOf(send(stage, ACKNOWLEDGE))).toMatchObject({ troubles: [], stands_because: 'looked at' });
    expect(send(won, ACKNOWLEDGE).refused).toBe('not_in_state');
  });
});

const CUES: Readonly<Record<string, Cue>> = {
  SUBMIT_EVIDENCE: submit(),
  APPROVE_EVIDENCE: APPROVE,
  ACCEPT,
  ACKNOWLEDGE,
  'tell.refused': REFUSED,
  'says inquiry': said('inquiry'),
  'says needs_response': said('needs_response'),
  'says needs_response, later': said('needs_response', { due_by: LATER }),
  'says under_review': said('under_review'),
  'says under_review, of before': said('under_review', { due_by: DUE - DAY }),
  'says won': said('won'),
  'says lost': said('lost'),
  'says prevented': said('prevented'),
};
const NOT = 'not_in_state';
const PEOPLE = { SUBMIT_EVIDENCE: NOT, APPROVE_EVIDENCE: NOT, ACCEPT: NOT, ACKNOWLEDGE: NOT };
const ENDS = { 'says won': 'won', 'says lost': 'lost', 'says prevented': 'prevented' };
const AGAIN = { 'says needs_response, later': 'needs_response.asked' };
const ESCALATED = {
  'says needs_response': 'needs_response.asked',
  'says under_review': 'under_review.deciding',
  'says under_review, of before': 'under_review.deciding',
};
const TABLE: readonly (readonly [string, Stage, Readonly<Record<string, string>>])[] = [
  ['inquiry.asked', inquiry(), { ...PEOPLE, SUBMIT_EVIDENCE: 'inquiry.drafted', ...ESCALATED, ...AGAIN, ...ENDS }],
  [
    'inquiry.drafted',
    told(inquiry(), submit()),
    { ...PEOPLE, SUBMIT_EVIDENCE: 'inquiry.drafted', APPROVE_EVIDENCE: 'inquiry.answered', ...ESCALATED, ...AGAIN, ...ENDS },
  ],
  ['inquiry.answered', told(inquiry(), submit(), APPROVE), { ...PEOPLE, ...ESCALATED, ...AGAIN, ...ENDS }],
  ['inquiry.lapsed', overdue(inquiry()), { ...PEOPLE, ...ESCALATED, ...AGAIN, ...ENDS }],
  [
    'needs_response.asked',
    chargeback(),
    { ...PEOPLE, SUBMIT_EVIDENCE: 'needs_response.drafted', ACCEPT: 'accepted', 'says under_review': 'under_review.deciding', ...ENDS },
  ],
  [
    'needs_response.drafted',
    told(chargeback(), submit()),
    {
      ...{ ...PEOPLE, SUBMIT_EVIDENCE: 'needs_response.drafted', ACCEPT: 'accepted', 'says under_review': 'under_review.deciding' },
      ...{ APPROVE_EVIDENCE: 'under_review.deciding', ...ENDS },
    },
  ],
  ['under_review.deciding', told(chargeback(), submit(), APPROVE), { ...PEOPLE, ...AGAIN, ...ENDS }],
  ['under_review.overdue', overdue(chargeback()), { ...PEOPLE, ...AGAIN, ...ENDS }],
  ['accepted', told(chargeback(), ACCEPT), { ...PEOPLE, 'says lost': 'lost' }],
  ['won', told(chargeback(), said('won')), PEOPLE],
  ['lost', told(chargeback(), said('lost')), PEOPLE],
  ['prevented', told(chargeback(), said('prevented')), PEOPLE],
];

test.each(TABLE)('[DISP-10] the complete table of a dispute that is %s', (state, stage, leads) => {
  const found = Object.entries(CUES).map(([name, cue]) => {
    const next = throughJson(send(throughJson(stage), cue));
    return [name, next.refused ?? standsAt(next).replace('status.', '')];
  });
  expect(Object.fromEntries(found)).toEqual({ ...Object.fromEntries(Object.keys(CUES).map((name) => [name, state])), ...leads });
});

test('[DISP-11] whatever waits for evidence has a moment until when, and nothing else has', () => {
  for (const [state, stage] of TABLE) {
    const waits = /asked|drafted/.test(state);
    expect([state, timersOf(stage.snapshot).includes('evidence_due'), 'evidence_due' in stage.timers]).toEqual([state, waits, waits]);
    expect([...stage.snapshot.tags].includes('awaits_evidence')).toBe(waits);
  }
});
