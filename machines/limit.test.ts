import { describe, expect, test } from 'vitest';
import {
  contextOf,
  DAY,
  factsOf,
  granted,
  heard,
  made,
  LIMITS,
  MINUTE,
  paid,
  plain,
  spend,
  spentOf,
  told,
  unspend,
} from './limit-rehearsal.ts';
import { MOST_OPEN, MOST_PAYEES } from './limit-rules.ts';
import { limit } from './limit.ts';
import { begin, fire, seenOf, send, START, stateOf, throughJson, unpublishedOf } from './rehearsal.ts';
import type { Cue, Stage } from './rehearsal.ts';

const standingOf = (stage: Stage): unknown => limit.questions['standing']?.(seenOf(stage));
const RAISE: Cue = { type: 'SET', by: 'cfo', v: 7, per_payment_major: 900 };
const proposed = (): Stage => send(plain(), RAISE);
const BLOCK: Cue = { type: 'BLOCK', by: 'cfo', reason: 'looks odd' };

describe('the limits of a client', () => {
  test('[LIMIT-2] room is granted to whoever asks for it, once for a payment, and answered again when it is asked for again', () => {
    const first = send(plain(), spend('p1', 40_000));
    expect([heard(first), spentOf(first), contextOf(first).count_today]).toEqual([granted('p1', 40_000), 40_000, 1]);
    const again = send(first, spend('p1', 40_000));
    expect([heard(again), spentOf(again), contextOf(again).count_today]).toEqual([granted('p1', 40_000), 40_000, 1]);
    expect(unpublishedOf({ ...first, facts: first.facts.filter(({ type }) => !type.startsWith('@')) })).toEqual([]);
  });

  test('[LIMIT-3] another amount takes the place of the first when there is room for it, and where there is none the first stays', () => {
    const first = send(plain(), spend('p1', 40_000));
    const more = send(first, spend('p1', 50_000));
    expect([heard(more), spentOf(more)]).toEqual([granted('p1', 50_000), 50_000]);
    const refused = send(first, spend('p1', 50_001));
    expect([refused.refused, spentOf(refused)]).toEqual(['limit_per_payment', 40_000]);
    const other = send(first, spend('p1', 40_000, { currency: 'USD' }));
    expect([heard(other), spentOf(other), spentOf(other, 'USD')]).toEqual([granted('p1', 40_000), 0, 40_000]);
  });

  test.each([
    ['one payment', plain(), spend('p1', 50_001), 'limit_per_payment'],
    ['the day', told(plain({ per_person_major: 5_000 }), spend('p1', 50_000), spend('p2', 50_000)), spend('p3', 1), 'limit_per_day'],
    ['one person', told(plain(), spend('p1', 50_000), spend('p2', 30_000)), spend('p3', 1), 'limit_per_person'],
    ['a short time', told(plain(), ...['a', 'b', 'c', 'd'].map((id) => spend(id, 1))), spend('e', 1), 'limit_velocity'],
    ['a new payee', made(), spend('p1', 10_001), 'payee_too_new'],
    ['nobody, of another client', begin(limit, { client: 'globex' }, { id: 'acme' }), spend('p1', 1), 'limit_of_another'],
    ['a payment of another', send(plain(), spend('p1', 1)), spend('p1', 1, { by: 'payment/p2' }), 'hold_exists'],
    ['what has been paid', told(plain(), spend('p1', 1), paid('p1')), spend('p1', 2), 'already_paid'],
  ])('[LIMIT-4] more than there is room for is refused with its reason: %s', (_, stage, cue, code) => {
    const refused = send(stage, cue);
    expect([refused.refused, contextOf(refused)]).toEqual([code, contextOf(stage)]);
  });

  test('[LIMIT-20] what a payment was before it was amended counts no more, in whatever order that is heard', () => {
    const now = told(plain(), spend('p1', 20, { revision: 2 }));
    const late = told(now, spend('p1', 90, { revision: 1 }));
    expect([heard(late), spentOf(late)]).toEqual([undefined, 20]);
    const blocked = told(now, { type: 'BLOCK', by: 'cfo', reason: 'odd' }, spend('p1', 90, { revision: 1 }));
    expect([heard(blocked), spentOf(blocked)]).toEqual([undefined, 20]);
  });

  test('[LIMIT-4] as much as a limit says passes, to the cent, in each currency by itself and with its own minor unit', () => {
    const full = told(plain({ per_person_major: 5_000 }), spend('p1', 50_000), spend('p2', 50_000));
    expect(contextOf(full).today).toEqual([{ currency: 'EUR', spent_minor: 100_000, left_minor: 0 }]);
    const yen = send(full, spend('p3', 500, { currency: 'JPY' }));
    expect([heard(yen), heard(send(full, spend('p3', 501, { currency: 'JPY' })))]).toEqual([granted('p3', 500), 'limit_per_payment']);
    expect(heard(send(yen, spend('p4', 500_000, { currency: 'KWD' })))).toEqual(granted('p4', 500_000));
    const many = plain({ velocity: { count: 100, minutes: 1 } });
    const five = told(many, ...['a', 'b', 'c', 'd', 'e'].map((id) => spend(id, 1)));
    expect(heard(send(five, spend('f', 1)))).toBe('limit_per_day');
  });

  test('[LIMIT-5] somebody else may still pay when one person has paid as much as he may', () => {
    const stage = told(plain(), spend('p1', 50_000), spend('p2', 30_000));
    expect(heard(send(stage, spend('p3', 20_000, { maker: 'clerk2' })))).toEqual(granted('p3', 20_000));
    expect(heard(send(stage, spend('p3', 20_001, { maker: 'clerk2' })))).toBe('limit_per_day');
  });

  test('[LIMIT-6] what is not paid after all is free again, however often that is said, and only by who asked for it', () => {
    const stage = told(plain(), spend('p1', 50_000), spend('p2', 30_000));
    const free = send(stage, unspend('p1'));
    expect([spentOf(free), heard(send(free, unspend('p1')))]).toEqual([30_000, undefined]);
    expect(spentOf(send(free, unspend('p1')))).toBe(30_000);
    expect(send(stage, { ...unspend('p1'), by: 'payment/p2' }).refused).toBe('no_such_hold');
    expect(send(stage, { ...paid('p1'), by: 'payment/p2' }).refused).toBe('no_such_hold');
    const final = told(stage, paid('p1'), paid('p1'), unspend('p1'));
    expect([spentOf(final), heard(send(final, spend('p1', 50_000)))]).toEqual([80_000, granted('p1', 50_000)]);
  });

  test('[LIMIT-7] a payee is new until so long after he was first paid, however often he has been paid since', () => {
    const day = (n: number): number => START + n * DAY;
    const asked = (id: string, at: number) => spend(id, 10_001, { at });
    const first = told(made(), spend('p1', 10_000), paid('p1', START + MINUTE));
    expect(heard(send(first, asked('p2', day(1))))).toBe('payee_too_new');
    expect(heard(send(first, asked('p2', day(1) + MINUTE)))).toEqual(granted('p2', 10_001));
    const twice = told(first, spend('p3', 1, { at: day(1) }), paid('p3', day(1)));
    expect(heard(send(twice, asked('p2', day(1) + MINUTE)))).toEqual(granted('p2', 10_001));
    expect(heard(send(twice, spend('p4', 10_001, { payee: 'Initech', at: day(1) + MINUTE })))).toBe('payee_too_new');
    // Paid on a later day than it was asked for.
    const late = told(made(), spend('p1', 1), spend('p2', 1, { payee: 'Other', at: day(3) }), paid('p1', day(3)));
    expect(contextOf(late).payees).toEqual([{ payee: 'Globex', first_at: day(3), last_at: day(3) }]);
  });

  test('[LIMIT-8] so many payees are known; the one not paid for the longest time is new again, and nothing grows without end', () => {
    const open = plain({ velocity: { count: 1_000, minutes: 1 }, per_day_count: 1_000 });
    let stage = open;
    for (let n = 0; n <= MOST_PAYEES; n++) stage = told(stage, spend(`p${n}`, 1, { payee: `payee ${n}` }), paid(`p${n}`));
    const names = contextOf(stage).payees.map(({ payee }) => payee);
    expect([names.length, names[0], names.at(-1)]).toEqual([MOST_PAYEES, 'payee 1', `payee ${MOST_PAYEES}`]);
    let waiting = open;
    for (let n = 0; n < MOST_OPEN + 10; n++) waiting = send(waiting, spend(`p${n}`, 1));
    const next = send(waiting, spend('next', 1, { at: START + DAY }));
    expect([contextOf(next).spends.length, contextOf(next).spends[0]?.payment]).toEqual([MOST_OPEN + 1, 'p10']);
    const settled = told(plain(), spend('p1', 1), paid('p1'), spend('p2', 1, { at: START + DAY }));
    expect(contextOf(settled).spends.map(({ payment }) => payment)).toEqual(['p2']);
  });

  test('[LIMIT-9] a new day has all its room, also when nobody asks, and what was asked for before is looked at anew', () => {
    const full = told(plain(), spend('p1', 50_000), spend('p2', 30_000));
    // 08:00 UTC is 09:00 in Brussels.
    expect(full.timers['midnight']).toBe(15 * 60 * MINUTE);
    const midnight = START + 15 * 60 * MINUTE;
    expect(heard(send(full, spend('p3', 50_000, { at: midnight - 1 })))).toBe('limit_per_day');
    expect(heard(send(full, spend('p3', 50_000, { at: midnight })))).toEqual(granted('p3', 50_000));
    const over = fire(full, 'midnight', midnight);
    expect([contextOf(over).today, stateOf(over).includes('day.empty'), over.timers]).toEqual([[], true, {}]);
    const early = fire(full, 'midnight', midnight - 1_000);
    expect([spentOf(early), early.timers['midnight']]).toEqual([80_000, MINUTE]);
    const again = send(over, spend('p1', 50_000, { at: midnight + MINUTE }));
    expect([heard(again), spentOf(again)]).toEqual([granted('p1', 50_000), 50_000]);
  });

  test('[LIMIT-10] what is lower holds at once, what is higher when another person has confirmed what he saw', () => {
    const lower = send(plain(), { type: 'SET', by: 'cfo', per_payment_major: 100 });
    expect([contextOf(lower).limits.per_payment_major, factsOf(lower)]).toEqual([100, ['limit.changed']]);
    const waiting = proposed();
    expect([contextOf(waiting).limits.per_payment_major, factsOf(waiting)]).toEqual([500, ['limit.proposed']]);
    expect(send(waiting, { type: 'CONFIRM', by: 'cfo', proposal: 'p7' }).refused).toBe('four_eyes');
    expect(send(waiting, { type: 'CONFIRM', by: 'approver', proposal: 'p6' }).refused).toBe('proposal_stale');
    const higher = send(waiting, { type: 'CONFIRM', by: 'approver', proposal: 'p7' });
    expect([contextOf(higher).limits, factsOf(higher)]).toEqual([
      { ...LIMITS, new_payee_hours: 0, per_payment_major: 900 },
      ['limit.changed'],
    ]);
    const dropped = send(waiting, { type: 'DROP', by: 'cfo', proposal: 'p7' });
    expect([contextOf(dropped).proposal, factsOf(dropped)]).toEqual([null, ['limit.dropped']]);
    expect(send(dropped, { type: 'CONFIRM', by: 'approver', proposal: 'p7' }).refused).toBe('not_in_state');
    expect(send(plain(), { type: 'SET', by: 'cfo', per_payment_major: 500 }).refused).toBe('nothing_changed');
    const both = send(plain(), { type: 'SET', by: 'cfo', v: 9, per_day_major: 50, per_payment_major: 900 });
    expect([contextOf(both).limits.per_day_major, contextOf(both).proposal]).toMatchObject([50, { limits: { per_payment_major: 900 } }]);
    // Somebody lowers something while more is asked for: who wanted more had not seen that.
    const lowered = send(waiting, { type: 'SET', by: 'cfo2', per_day_major: 10 });
    expect([contextOf(lowered).proposal, stateOf(lowered).includes('raise.none')]).toEqual([null, true]);
    const replaced = send(waiting, { ...RAISE, v: 8, per_payment_major: 950 });
    expect(send(replaced, { type: 'CONFIRM', by: 'approver', proposal: 'p7' }).refused).toBe('proposal_stale');
  });

  test.each([
    [{ velocity: { count: 3, minutes: 10 } }, 'limit.changed'],
    [{ velocity: { count: 4, minutes: 20 } }, 'limit.changed'],
    [{ velocity: { count: 3, minutes: 5 } }, 'limit.proposed'],
    [{ velocity: { count: 5, minutes: 20 } }, 'limit.proposed'],
    [{ new_payee_hours: 48 }, 'limit.changed'],
    [{ new_payee_hours: 0 }, 'limit.proposed'],
    [{ new_payee_major: 99 }, 'limit.changed'],
    [{ per_day_count: 6 }, 'limit.proposed'],
  ])('[LIMIT-11] what lets more through is higher, whatever number says so: %j', (changes, fact) => {
    expect(factsOf(send(made(), { type: 'SET', by: 'cfo', v: 3, ...changes }))).toEqual([fact]);
  });

  test('[LIMIT-12] while it is blocked nothing new is granted, what was granted stays, and another person unblocks it', () => {
    const blocked = told(plain(), spend('p1', 100), BLOCK);
    expect(factsOf(blocked)).toEqual(['limit.blocked']);
    expect(heard(send(blocked, spend('p1', 100)))).toEqual(granted('p1', 100));
    expect([spend('p2', 1), spend('p1', 101)].map((cue) => heard(send(blocked, cue)))).toEqual(['limit_blocked', 'limit_blocked']);
    expect(spentOf(send(blocked, unspend('p1')))).toBe(0);
    expect(send(blocked, { type: 'UNBLOCK', by: 'cfo', reason: 'asked' }).refused).toBe('four_eyes');
    const open = send(blocked, { type: 'UNBLOCK', by: 'approver', reason: 'asked' });
    expect([factsOf(open), heard(send(open, spend('p2', 1)))]).toEqual([['limit.unblocked'], granted('p2', 1)]);
  });

  test('[LIMIT-13] says once when most of a day is used up, and answers what is left', () => {
    const near = told(plain({ per_person_major: 1_000 }), spend('p1', 50_000), spend('p2', 30_000));
    expect([factsOf(near), factsOf(send(near, spend('p3', 1)))]).toEqual([['limit.near'], []]);
    expect(standingOf(near)).toMatchObject({ blocked: false, client: 'acme', per_day_minor: { EUR: 20_000 }, per_day_count: 3 });
    expect(stateOf(send(near, unspend('p1')))).toContain('use.normal');
    const four = told(plain(), ...['a', 'b', 'c', 'd'].map((id) => spend(id, 1)));
    expect(factsOf(four)).toEqual(['limit.near']);
    expect(standingOf(told(plain(), spend('p1', 50_000), { type: 'SET', by: 'cfo', per_day_major: 100 }, BLOCK))).toMatchObject({
      blocked: true,
      per_day_minor: { EUR: 0 },
    });
  });
});

/** What becomes of every event in every state: taken, or the reason why not. */
const CUES: Readonly<Record<string, Cue>> = {
  'SPEND anew': spend('p2', 1),
  'SPEND again': spend('p1', 100),
  UNSPEND: unspend('p1'),
  PAID: paid('p1'),
  'SET lower': { type: 'SET', by: 'cfo', per_day_major: 1 },
  'SET higher': { ...RAISE, v: 8 },
  CONFIRM: { type: 'CONFIRM', by: 'approver', proposal: 'p7' },
  DROP: { type: 'DROP', by: 'approver', proposal: 'p7' },
  BLOCK: { ...BLOCK, by: 'approver' },
  UNBLOCK: { type: 'UNBLOCK', by: 'approver', reason: 'asked' },
};
const ONE = send(plain(), spend('p1', 100));
const NOT = 'not_in_state';
const OPEN = { CONFIRM: NOT, DROP: NOT, UNBLOCK: NOT };
const TABLE: readonly (readonly [string, Stage, Readonly<Record<string, string>>])[] = [
  ['empty', plain(), OPEN],
  ['counting', ONE, OPEN],
  ['near', told(plain(), spend('p1', 100), ...['b', 'c'].map((id) => spend(id, 35_000))), OPEN],
  ['proposed', told(ONE, RAISE), { UNBLOCK: NOT }],
  ['blocked', told(ONE, BLOCK), { CONFIRM: NOT, DROP: NOT, BLOCK: NOT, 'SPEND anew': 'limit_blocked' }],
  ['blocked and proposed', told(ONE, BLOCK, RAISE), { BLOCK: NOT, 'SPEND anew': 'limit_blocked' }],
];

test.each(TABLE)('[LIMIT-14] the complete table of a limit that is %s', (_, stage, refusals) => {
  const found = Object.entries(CUES).map(([name, cue]) => [name, throughJson(send(throughJson(stage), cue)).refused ?? 'taken']);
  expect(Object.fromEntries(found)).toEqual({ ...Object.fromEntries(Object.keys(CUES).map((name) => [name, 'taken'])), ...refusals });
});
