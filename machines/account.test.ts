import { describe, expect, test } from 'vitest';
import { account } from './account.ts';
import { MOST_DEPOSITS, MOST_HOLDS } from './account-rules.ts';
import type { AccountContext } from './account-terms.ts';
import type { Leg, Post } from './machine.ts';
import { MOST_MINOR } from './money.ts';
import { answer, begin, fail, fire, play, send, stateOf, throughJson, unpublishedOf } from './rehearsal.ts';
import type { Cue, Stage } from './rehearsal.ts';

const ACTIVE = { found: true, version: 3, answer: { active: true } };
const SUSPENDED = { found: true, version: 3, answer: { active: false } };
const PAYMENT = 'payment/pay_1';

const opened = (overdraft_minor = 0): Stage => {
  const stage = begin(account, { client: 'acme', name: 'Acme, day to day', currency: 'EUR' }, { id: 'acme-eur' });
  return overdraft_minor === 0 ? stage : send(stage, { type: 'SET_OVERDRAFT', by: 'cfo', overdraft_minor });
};
const act = (cue: Cue) => (stage: Stage) => send(stage, cue);
const active = (overdraft_minor = 0): Stage =>
  play(opened(overdraft_minor), act({ type: 'ACTIVATE', by: 'cfo' }), (stage) => answer(stage, 'standing', ACTIVE));
const paidIn = (amount_minor: number, deposit = 'd1') => [
  act({ type: 'DEPOSIT', deposit, amount_minor, reference: 'statement 7' }),
  act({ type: 'CONFIRM', by: 'cfo', deposit }),
];
const funded = (amount_minor = 100_000, overdraft_minor = 0): Stage => play(active(overdraft_minor), ...paidIn(amount_minor));
const reserve = (amount_minor: number, hold = 'h1', by = PAYMENT): Cue => ({
  type: 'RESERVE',
  by,
  hold,
  amount_minor,
  currency: 'EUR',
  reference: 'INV-7',
});
const contextOf = ({ snapshot }: Stage): AccountContext => snapshot.context as AccountContext;
const postsOf = ({ facts }: Stage): Post[] => facts.filter(({ type }) => type === '@post') as unknown as Post[];
const tellsOf = ({ facts }: Stage): unknown[] => facts.filter(({ type }) => type === '@tell').map(({ type: _, ...told }) => told);
const balances = (stage: Stage): readonly number[] => {
  const { posted_minor, held_minor, incoming_minor, available_minor } = contextOf(stage);
  return [posted_minor, held_minor, incoming_minor, available_minor];
};

describe('an account', () => {
  test('[ACCT-1] is opened when its client says that he is active, and asked again otherwise', () => {
    const asked = send(opened(), { type: 'ACTIVATE', by: 'cfo' });
    expect(asked.effects['standing']?.input).toEqual({ to: 'client/acme', question: 'standing' });
    expect(stateOf(answer(asked, 'standing', ACTIVE))).toContain('life.active');
    expect(send(opened(), { type: 'ACTIVATE', by: 'clerk' }).refused).toBe('four_eyes');
    const refused = answer(asked, 'standing', SUSPENDED);
    expect([stateOf(refused).includes('life.pending'), contextOf(refused).reason]).toEqual([true, 'client_not_active']);
    for (const failed of [fail(asked, 'standing', 'failed'), fail(asked, 'standing', 'unknown')])
      expect([stateOf(failed).includes('life.pending'), contextOf(failed).reason]).toEqual([true, 'client_unreachable']);
    expect(stateOf(play(refused, act({ type: 'ACTIVATE', by: 'cfo' }), (stage) => answer(stage, 'standing', ACTIVE)))).toContain(
      'life.active',
    );
  });

  test('[ACCT-2] counts what has come in when a second person has confirmed it, and posts both', () => {
    const said = send(active(), { type: 'DEPOSIT', deposit: 'd1', amount_minor: 5_000, reference: 'statement 7' });
    expect(balances(said)).toEqual([0, 0, 5_000, 0]);
    expect(postsOf(said)).toMatchObject([{ kind: 'pending', text: 'statement 7' }]);
    expect(send(said, { type: 'CONFIRM', deposit: 'd1' }).refused).toBe('four_eyes');
    expect(send(said, { type: 'CONFIRM', by: 'cfo', deposit: 'd2' }).refused).toBe('no_such_deposit');
    expect(send(said, { type: 'DEPOSIT', deposit: 'd1', amount_minor: 1, reference: 'x' }).refused).toBe('deposit_exists');
    const confirmed = send(said, { type: 'CONFIRM', by: 'cfo', deposit: 'd1' });
    expect(balances(confirmed)).toEqual([5_000, 0, 0, 5_000]);
    expect(send(confirmed, { type: 'CONFIRM', by: 'cfo', deposit: 'd1' }).refused).toBe('no_such_deposit');
    const dropped = send(said, { type: 'DROP', deposit: 'd1', reason: 'typed twice' });
    expect([balances(dropped), contextOf(dropped).reason]).toEqual([[0, 0, 0, 0], 'typed twice']);
    expect(postsOf(dropped)).toMatchObject([{ kind: 'voided' }]);
  });

  test('[ACCT-3] keeps money for a payment, answers once more when it is asked again, and never keeps more than there is', () => {
    const kept = send(funded(), reserve(60_000));
    expect(balances(kept)).toEqual([100_000, 60_000, 0, 40_000]);
    const reserved = [{ to: PAYMENT, event: { type: 'RESERVED', account: 'acme-eur', hold: 'h1', amount_minor: 60_000 } }];
    expect(tellsOf(kept)).toEqual(reserved);
    const again = send(kept, reserve(60_000));
    expect([tellsOf(again), postsOf(again), balances(again)]).toEqual([reserved, [], [100_000, 60_000, 0, 40_000]]);
    expect(send(kept, reserve(60_001)).refused).toBe('hold_exists');
    expect(send(kept, reserve(60_000, 'h1', 'payment/pay_2')).refused).toBe('hold_exists');
    expect(send(kept, reserve(40_001, 'h2')).refused).toBe('insufficient_funds');
    expect(send(kept, { ...reserve(1, 'h2'), currency: 'USD' }).refused).toBe('other_currency');
    expect(balances(send(kept, reserve(40_000, 'h2')))).toEqual([100_000, 100_000, 0, 0]);
    expect(balances(send(funded(100, 50), reserve(150)))).toEqual([100, 150, 0, 0]);
  });

  test('[ACCT-4] lets go of what it kept: spent in whole or in part, or not at all, by whoever asked for it', () => {
    const kept = send(funded(), reserve(60_000));
    expect(balances(send(kept, { type: 'SETTLE', by: PAYMENT, hold: 'h1', amount_minor: 60_000 }))).toEqual([40_000, 0, 0, 40_000]);
    const part = send(kept, { type: 'SETTLE', by: PAYMENT, hold: 'h1', amount_minor: 25_000 });
    expect(balances(part)).toEqual([75_000, 0, 0, 75_000]);
    expect(send(part, { type: 'SETTLE', by: PAYMENT, hold: 'h1', amount_minor: 1 }).refused).toBe('no_such_hold');
    expect(send(kept, { type: 'SETTLE', by: PAYMENT, hold: 'h1', amount_minor: 60_001 }).refused).toBe('amount_exceeds_hold');
    expect(send(kept, { type: 'SETTLE', by: 'payment/pay_2', hold: 'h1', amount_minor: 1 }).refused).toBe('no_such_hold');
    expect(send(kept, { type: 'RELEASE', by: 'payment/pay_2', hold: 'h1' }).refused).toBe('no_such_hold');
    const free = send(kept, { type: 'RELEASE', by: PAYMENT, hold: 'h1' });
    expect([balances(free), postsOf(free).length]).toEqual([[100_000, 0, 0, 100_000], 1]);
    const twice = send(free, { type: 'RELEASE', by: PAYMENT, hold: 'h1' });
    expect([twice.refused, balances(twice), postsOf(twice)]).toEqual([undefined, [100_000, 0, 0, 100_000], []]);
  });

  test('[ACCT-5] takes what a payment brings back once', () => {
    const credit = { type: 'CREDIT', by: PAYMENT, credit: 'c1', amount_minor: 700, currency: 'EUR', reference: 'refund of INV-7' };
    const back = send(funded(100), credit);
    expect(balances(back)).toEqual([800, 0, 0, 800]);
    const twice = send(back, credit);
    expect([twice.refused, balances(twice), postsOf(twice)]).toEqual([undefined, [800, 0, 0, 800], []]);
    expect(send(back, { ...credit, credit: 'c2', currency: 'JPY' }).refused).toBe('other_currency');
  });

  test.each([
    ['not active', opened(), 'account_not_active'],
    ['frozen', send(funded(), { type: 'FREEZE', by: 'cfo', reason: 'court order 12' }), 'account_frozen'],
    ['blocked', send(funded(), { type: 'BLOCK_DEBITS', by: 'cfo', reason: 'fraud?' }), 'debits_blocked'],
  ])('[ACCT-6] pays nothing while it is %s, and what was kept before can still be settled and released', (_, stage, code) => {
    expect(send(stage, reserve(1)).refused).toBe(code);
    if (code === 'account_not_active') return;
    const { type, ...how } = code === 'account_frozen' ? { type: 'FREEZE', reason: 'x' } : { type: 'BLOCK_DEBITS', reason: 'x' };
    const stopped = send(send(funded(), reserve(500)), { type, by: 'cfo', ...how });
    expect(tellsOf(send(stopped, reserve(500)))).toHaveLength(1);
    expect(balances(send(stopped, { type: 'SETTLE', by: PAYMENT, hold: 'h1', amount_minor: 500 }))[0]).toBe(99_500);
    expect(balances(send(stopped, { type: 'RELEASE', by: PAYMENT, hold: 'h1' }))[3]).toBe(100_000);
  });

  test('[ACCT-7] is unfrozen by another person than the one who froze it, and each side is blocked by itself', () => {
    const frozen = send(funded(), { type: 'FREEZE', by: 'approver', reason: 'court order 12' });
    expect(send(frozen, { type: 'UNFREEZE', by: 'approver', reason: 'lifted' }).refused).toBe('four_eyes');
    const free = send(frozen, { type: 'UNFREEZE', by: 'cfo', reason: 'lifted' });
    expect(send(free, reserve(1)).refused).toBeUndefined();
    const blocked = send(funded(), { type: 'BLOCK_CREDITS', by: 'cfo', reason: 'closing' });
    const credit = { type: 'CREDIT', by: PAYMENT, credit: 'c1', amount_minor: 1, currency: 'EUR', reference: 'r' };
    expect(send(blocked, credit).refused).toBe('credits_blocked');
    expect(send(blocked, reserve(1)).refused).toBeUndefined();
    expect(send(blocked, { type: 'UNBLOCK_DEBITS', by: 'cfo' }).refused).toBe('not_in_state');
    expect(send(send(blocked, { type: 'UNBLOCK_CREDITS', by: 'cfo' }), credit).refused).toBeUndefined();
  });

  test('[ACCT-8] below zero it becomes overdue by degrees, pays nothing from the second on, and is clear when it is paid in', () => {
    const below = play(active(1_000), act(reserve(800)), act({ type: 'SETTLE', by: PAYMENT, hold: 'h1', amount_minor: 800 }));
    expect([stateOf(below).includes('overdue.below_zero'), below.timers['first_overdue']]).toEqual([true, 86_400_000]);
    const first = fire(below, 'first_overdue');
    expect([send(first, reserve(1, 'h2')).refused, first.timers['second_overdue']]).toEqual([undefined, 7 * 86_400_000]);
    const second = fire(first, 'second_overdue');
    expect(send(second, reserve(1, 'h2')).refused).toBe('account_overdue');
    expect(send(fire(second, 'third_overdue'), reserve(1, 'h2')).refused).toBe('account_overdue');
    const clear = play(fire(second, 'third_overdue'), ...paidIn(800));
    expect([stateOf(clear).includes('overdue.clear'), send(clear, reserve(1, 'h2')).refused]).toEqual([true, undefined]);
  });

  test('[ACCT-9] falls asleep when nothing has moved for the whole of a period, and is woken through its client', () => {
    const rested = fire(funded(), 'rest');
    expect(stateOf(rested)).toContain('life.active');
    const asleep = fire(rested, 'rest');
    expect(send(asleep, reserve(1)).refused).toBe('account_not_active');
    expect(send(asleep, { type: 'DEPOSIT', deposit: 'd2', amount_minor: 1, reference: 'r' }).refused).toBeUndefined();
    const awake = answer(send(asleep, { type: 'WAKE', by: 'cfo' }), 'standing', ACTIVE);
    expect(send(awake, reserve(1)).refused).toBeUndefined();
  });

  test('[ACCT-10] is closed when it is empty and nothing is on its way, and opened anew through its client', () => {
    const closed = send(active(), { type: 'CLOSE', by: 'cfo' });
    expect(send(closed, { type: 'DEPOSIT', deposit: 'd1', amount_minor: 1, reference: 'r' }).refused).toBe('not_in_state');
    const again = play(closed, act({ type: 'REOPEN', by: 'cfo', reason: 'came back' }), act({ type: 'ACTIVATE', by: 'cfo' }));
    expect(stateOf(answer(again, 'standing', ACTIVE))).toContain('life.active');
  });

  test('[ACCT-19] what is not empty yet is being closed: it takes no deposit, is paid from, and closes by itself with the last cent', () => {
    const settle = (amount_minor: number, hold = 'h1') => ({ type: 'SETTLE', by: PAYMENT, hold, amount_minor });
    const kept = send(funded(100), reserve(40));
    const closing = send(kept, { type: 'CLOSE', by: 'cfo' });
    expect([stateOf(closing), closing.snapshot.hasTag('needs_somebody')]).toEqual([expect.stringContaining('life.closing'), true]);
    expect(send(closing, { type: 'DEPOSIT', deposit: 'd9', amount_minor: 1, reference: 'r' }).refused).toBe('account_closing');
    const half = send(closing, settle(40));
    expect(stateOf(half)).toContain('life.closing');
    const last = send(send(half, reserve(60, 'h2')), settle(60, 'h2'));
    expect([stateOf(last), last.facts.map(({ type }) => type)]).toEqual([
      expect.stringContaining('life.closed'),
      expect.arrayContaining(['account.closed']),
    ]);
    const back = send(closing, { type: 'REOPEN', by: 'cfo', reason: 'stays' });
    expect([stateOf(back), back.refused]).toEqual([expect.stringContaining('life.active'), undefined]);
    expect(send(send(opened(), { type: 'CLOSE', by: 'cfo' }), { type: 'CLOSE', by: 'cfo' }).refused).toBe('not_in_state');
  });

  test('[ACCT-11] its overdraft is not taken from under what is kept, and its limits are near before they are reached', () => {
    const kept = send(active(1_000), reserve(800));
    expect(send(kept, { type: 'SET_OVERDRAFT', by: 'cfo', overdraft_minor: 799 }).refused).toBe('overdraft_in_use');
    expect(send(kept, { type: 'SET_OVERDRAFT', by: 'cfo', overdraft_minor: 1_000 }).refused).toBe('nothing_changed');
    const less = send(kept, { type: 'SET_OVERDRAFT', by: 'cfo', overdraft_minor: 800 });
    expect([balances(less), stateOf(less).includes('limit.near')]).toEqual([[0, 800, 0, 0], true]);
    expect(stateOf(send(less, { type: 'RELEASE', by: PAYMENT, hold: 'h1' }))).toContain('limit.normal');
  });

  test('[ACCT-12] keeps and waits for so much at a time, and never counts more than can be counted exactly', () => {
    let full = active(MOST_HOLDS);
    for (let n = 0; n < MOST_HOLDS; n++) full = send(full, reserve(1, `h${n}`));
    expect(send(full, reserve(1, 'one_more')).refused).toBe('insufficient_funds');
    expect(send(send(full, { type: 'SET_OVERDRAFT', by: 'cfo', overdraft_minor: MOST_MINOR }), reserve(1, 'one_more')).refused).toBe(
      'too_many_holds',
    );
    let waiting = active();
    for (let n = 0; n < MOST_DEPOSITS; n++) waiting = send(waiting, { type: 'DEPOSIT', deposit: `d${n}`, amount_minor: 1, reference: 'r' });
    expect(send(waiting, { type: 'DEPOSIT', deposit: 'one_more', amount_minor: 1, reference: 'r' }).refused).toBe('too_many_deposits');
    let rich = active();
    for (let n = 0; n < 1_000; n++) rich = play(rich, ...paidIn(MOST_MINOR, `d${n}`));
    expect(Number.isSafeInteger(contextOf(rich).posted_minor)).toBe(true);
    expect(send(rich, { type: 'DEPOSIT', deposit: 'd', amount_minor: 1, reference: 'r' }).refused).toBe('too_much');
  });
});

/** The same numbers for the same seed. */
function chance(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

describe('whatever is sent to an account', () => {
  const SEEDS = Array.from({ length: 40 }, (_, n) => n + 1);

  test.each(SEEDS)(
    '[ACCT-13] it never goes below its limit, its legs add up to what it says, and each layer balances (seed %i)',
    (seed) => {
      const below = chance(seed);
      const ledger = new Map<string, number>();
      let stage = active(below(2) * 5_000);
      let kept = 0;
      for (let n = 0; n < 300; n++) {
        stage = throughJson(send(stage, anyCue(below)));
        kept += Number(stage.refused === undefined);
        for (const { legs } of postsOf(stage)) take(ledger, legs);
        const { posted_minor, held_minor, incoming_minor, available_minor, overdraft_minor } = contextOf(stage);
        expect(available_minor).toBe(posted_minor + overdraft_minor - held_minor);
        expect(available_minor).toBeGreaterThanOrEqual(0);
        const own = (layer: string): number => 0 - (ledger.get(`${layer} account/acme-eur`) ?? 0);
        expect([own('posted'), own('pending')]).toEqual([posted_minor, incoming_minor - held_minor]);
        expect(unpublishedOf({ ...stage, facts: stage.facts.filter(({ type }) => !type.startsWith('@')) })).toEqual([]);
      }
      expect(kept).toBeGreaterThan(50);
    },
  );

  function anyCue(below: (n: number) => number): Cue {
    const hold = `h${below(6)}`;
    const deposit = `d${below(4)}`;
    const by = `payment/p${below(2)}`;
    const amount_minor = 1 + below(9_000);
    const cues: readonly Cue[] = [
      reserve(amount_minor, hold, by),
      { type: 'SETTLE', by, hold, amount_minor },
      { type: 'RELEASE', by, hold },
      { type: 'CREDIT', by, credit: `c${below(50)}`, amount_minor, currency: 'EUR', reference: 'r' },
      { type: 'DEPOSIT', deposit, amount_minor, reference: 'r' },
      { type: 'CONFIRM', by: 'cfo', deposit },
      { type: 'DROP', deposit, reason: 'r' },
      { type: 'SET_OVERDRAFT', by: 'cfo', overdraft_minor: below(3) * 4_000 },
      { type: below(3) === 0 ? 'FREEZE' : 'UNFREEZE', by: below(2) === 0 ? 'cfo' : 'approver', reason: 'r' },
      { type: `${below(3) === 0 ? 'BLOCK' : 'UNBLOCK'}_${below(2) === 0 ? 'DEBITS' : 'CREDITS'}`, by: 'cfo', reason: 'r' },
    ];
    return cues[below(cues.length)] ?? reserve(1);
  }

  function take(ledger: Map<string, number>, legs: readonly Leg[]): void {
    const sums = new Map<string, number>();
    for (const { account: name, amount_minor, pending } of legs) {
      const layer = pending === true ? 'pending' : 'posted';
      ledger.set(`${layer} ${name}`, (ledger.get(`${layer} ${name}`) ?? 0) + amount_minor);
      sums.set(layer, (sums.get(layer) ?? 0) + amount_minor);
    }
    expect([...sums.values()].every((sum) => sum === 0)).toBe(true);
  }
});
