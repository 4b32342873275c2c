import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { account } from './account.ts';
import type { AccountContext } from './account-terms.ts';
import type { Leg, Post, Tell } from './machine.ts';
import { brokenOf } from './payment-invariants.ts';
import * as scene from './payment-rehearsal.ts';
import { ACTIVE, answered, contextOf, cue, DECLINED, DONE } from './payment-rehearsal.ts';
import { answer, begin, fail, fire, play, seenOf, send, START, stateOf, throughJson } from './rehearsal.ts';
import type { Cue, Stage } from './rehearsal.ts';

const postsOf = ({ facts }: Stage): readonly Post[] => facts.filter(({ type }) => type === '@post') as unknown as Post[];
const tellsOf = ({ facts }: Stage): readonly Tell[] => facts.filter(({ type }) => type === '@tell') as unknown as Tell[];
const legsOf = (stage: Stage): readonly string[] =>
  postsOf(stage).flatMap(({ legs }) => legs.map((leg) => `${leg.account} ${leg.amount_minor} ${leg.currency}`));
const tellNamesOf = (stage: Stage): readonly string[] => tellsOf(stage).map(({ to, event }) => `${to} ${event.type}`);

describe('a payment from an account in another currency', () => {
  test('[PAY-36] names its rate, and the account keeps what it costs there and the spread', () => {
    const stage = scene.keeping({}, { spread_basis_points: 25 });
    // 1,250.00 EUR at 1.0823 are 1,352.875 USD, to the even cent; a quarter of a percent of them, rounded up, is 3.39.
    expect(contextOf(stage).conversion).toEqual({
      from: { amount_minor: 125_000, currency: 'EUR' },
      to: { amount_minor: 135_288, currency: 'USD' },
      spread_minor: 339,
      rate: '1.0823',
      source: 'ecb',
      date: '2026-10-30',
      through: { base: 'EUR', from: '1', to: '1.0823' },
    });
    expect(tellsOf(stage)).toMatchObject([
      { to: 'account/acme_usd', event: { type: 'RESERVE', hold: 'pay_1-1', amount_minor: 135_627, currency: 'USD' } },
    ]);
  });

  test('[PAY-37] goes through the ledger in the step that captures it: every currency adds up, the spread is a leg of its own', () => {
    const before = scene.paying();
    expect(postsOf(before)).toEqual([]);
    const stage = scene.paid();
    expect(legsOf(stage)).toEqual([
      'transit/payments 135288 USD',
      'exchange -135288 USD',
      'exchange 125000 EUR',
      'gateway/sandbox -125000 EUR',
    ]);
    expect(postsOf(stage)[0]?.text).toBe('INV-7 · 1250.00 EUR = 1352.88 USD, 1.0823 (ecb 2026-10-30)');
    expect(tellsOf(stage)).toMatchObject([
      { event: { type: 'SETTLE', hold: 'pay_1-1', amount_minor: 135_288 } },
      { event: { type: 'PAID', payment: 'pay_1' } },
    ]);
  });

  test('[PAY-38] gives back at its own rate, to the last cent when all of it comes back', () => {
    let stage = scene.paid();
    const back: number[] = [];
    for (const [index, amount_minor] of [1, 33_333, 41_666, 50_000].entries()) {
      stage = play(stage, cue({ type: 'REFUND', refund: `r${index}`, amount_minor }), answered('refund', DONE));
      for (const { event } of tellsOf(stage)) back.push(Number(event['amount_minor']));
      for (const sums of Object.values(sumsOf(postsOf(stage).flatMap(({ legs }) => legs)))) expect(sums).toBe(0);
    }
    expect(back.reduce((sum, one) => sum + one, 0)).toBe(135_288);
    expect([stateOf(stage), contextOf(stage).refunded_minor]).toEqual(['settled.idle', 125_000]);
  });

  test('[PAY-39] without a fresh rate it waits and says so, and never counts one for one', () => {
    for (const rates of [scene.STALE, { found: false }, { found: true, answer: { state: 'fresh', days: [] } }]) {
      const stage = play(scene.quoting(), answered('rates', rates));
      expect([stateOf(stage), contextOf(stage).reason, contextOf(stage).conversion]).toEqual([
        'awaiting_funds.rates',
        'rates_missing',
        undefined,
      ]);
      expect(Object.keys(stage.timers).sort()).toEqual(['funds_ttl', 'rates_pause']);
    }
  });

  test('[PAY-40] what it was refused for now it is asked again, for a day in all; then it ends and holds nothing', () => {
    let stage = scene.keeping();
    for (let i = 1; i <= 3; i++) {
      stage = scene.refused('RESERVE', 'insufficient_funds')(stage);
      expect([stateOf(stage), contextOf(stage).reason]).toEqual(['awaiting_funds.money', 'insufficient_funds']);
      stage = play(fire(stage, 'funds_pause', START + i * 300_000), answered('rates', scene.RATES));
      expect(tellsOf(stage)).toMatchObject([{ event: { type: 'RESERVE', hold: `pay_1-${i + 1}` } }]);
    }
    stage = scene.refused('RESERVE', 'insufficient_funds')(stage);
    expect(stage.timers['funds_ttl']).toBe(86_400_000);
    const ended = fire(stage, 'funds_ttl');
    expect([stateOf(ended), contextOf(ended).hold, tellNamesOf(ended)]).toEqual(['expired', null, ['limit/acme UNSPEND']]);
  });

  test('[PAY-41] an account that is frozen meanwhile stops it before its next call, and its money is free again', () => {
    const stopped = answer(scene.checking(), 'account', scene.FROZEN);
    expect([stateOf(stopped), contextOf(stopped).reason]).toEqual(['awaiting_funds.money', 'account_frozen']);
    expect([tellNamesOf(stopped), Object.keys(stopped.effects)]).toEqual([['account/acme_usd RELEASE'], []]);
    const late = play(scene.paying(), answered('authorize', DONE), answered('standing', ACTIVE), answered('account', scene.FROZEN));
    expect([stateOf(late), Object.keys(late.effects)]).toEqual(['authorized.voiding', ['void']]);
    const ended = play(late, answered('void', DONE));
    expect([stateOf(ended), contextOf(ended).reason, tellNamesOf(ended)]).toEqual([
      'declined',
      'account_frozen',
      ['account/acme_usd RELEASE', 'limit/acme UNSPEND'],
    ]);
  });

  test('[PAY-45] what the account keeps after all, when nobody waits for it any more, is let go', () => {
    const asked = fire(scene.keeping(), 'answer_wait');
    const waiting = scene.refused('RESERVE', 'account_frozen')(asked);
    const kept = send(waiting, { type: 'RESERVED', by: HOME, account: 'acme_usd', hold: 'pay_1-1', amount_minor: 135_288 });
    expect(tellsOf(kept)).toMatchObject([{ to: HOME, event: { type: 'RELEASE', hold: 'pay_1-1' } }]);
    const again = send(asked, { type: 'RESERVED', by: HOME, account: 'acme_usd', hold: 'pay_1-2', amount_minor: 135_288 });
    expect(stateOf(again)).toBe('authorizing.asking');
    const twice = send(scene.checking(), { type: 'RESERVED', by: HOME, account: 'acme_usd', hold: 'pay_1-1', amount_minor: 135_288 });
    expect(twice.refused).toBe('guard_refused');
  });

  test('[PAY-61] what another actor refused that it should not have stands beside why it ended, and somebody is told', () => {
    const ended = play(scene.checking(), answered('account', scene.FROZEN), cue({ type: 'CANCEL', reason: 'late' }));
    const odd = play(ended, scene.refused('RELEASE', 'no_such_hold'));
    expect([contextOf(odd).reason, contextOf(odd).out_of_step]).toEqual(['canceled', 'RELEASE: no_such_hold']);
    expect(odd.facts.map(({ type }) => type)).toEqual(['payment.out_of_step']);
    // That nothing is kept or counted for nobody is as it should be.
    for (const late of ['RESERVE', 'SPEND']) {
      const same = play(ended, scene.refused(late, 'insufficient_funds'));
      expect([contextOf(same), same.facts]).toEqual([contextOf(ended), []]);
    }
  });

  test('[PAY-42] money that the account does not take back is told again every hour, and somebody sees it', () => {
    const owed = play(
      scene.paid(),
      cue({ type: 'REFUND', refund: 'r1', amount_minor: 25_000 }),
      answered('refund', DONE),
      scene.refused('CREDIT', 'credits_blocked'),
    );
    expect([stateOf(owed), owed.snapshot.hasTag('needs_somebody'), owed.timers]).toEqual([
      'settled.owing',
      true,
      { credit_pause: 3_600_000 },
    ]);
    const again = fire(owed, 'credit_pause');
    expect([stateOf(again), tellsOf(again)]).toMatchObject([
      'settled.idle',
      [{ event: { type: 'CREDIT', credit: 'pay_1-r1', amount_minor: 27_057 } }],
    ]);
  });

  test('[PAY-43] is executed on its day while the bank is open, on the next one otherwise', () => {
    const dueOf = (execute_on: string, at: string): string => {
      const born = begin(scene.draft().definition, { ...scene.BILL, amount_minor: 1, execute_on }, { id: 'p' });
      const stage = send(born, { type: 'SUBMIT', at: Date.parse(at) });
      const { due_at } = contextOf(stage);
      return due_at === undefined ? 'now' : new Date(due_at).toISOString();
    };
    expect(dueOf('2026-11-04', '2026-11-02T08:00:00Z')).toBe('2026-11-04T06:00:00.000Z');
    expect(dueOf('2026-11-02', '2026-11-02T08:00:00Z')).toBe('now');
    expect(dueOf('2026-11-02', '2026-11-02T15:00:00Z')).toBe('2026-11-03T06:00:00.000Z');
    expect(dueOf('2026-10-01', '2026-11-07T10:00:00Z')).toBe('2026-11-09T06:00:00.000Z');
    // Easter 2027: Good Friday and Easter Monday are no days of settlement. Summer time has begun by then.
    expect(dueOf('2027-03-26', '2027-03-01T10:00:00Z')).toBe('2027-03-30T05:00:00.000Z');
  });
});

/** The payment and its account as they are, with what they have told each other on its way; the gateway, the client and the rates are played. */
type World = { payment: Stage; account: Stage; readonly mail: (Tell & { readonly by: string })[]; readonly ledger: Leg[] };

const HOME = 'account/acme_usd';
const DEPOSIT = 300_000;

function open(changes: object, settings: object): World {
  const opened = begin(account, { client: 'acme', name: 'Dollars', currency: 'USD' }, { id: 'acme_usd' });
  const world: World = { payment: scene.draft({ ...scene.FROM, ...changes }, settings), account: opened, mail: [], ledger: [] };
  tellAccount(world, { type: 'ACTIVATE', by: 'cfo' });
  world.account = answer(world.account, 'standing', ACTIVE);
  tellAccount(world, { type: 'DEPOSIT', deposit: 'd1', amount_minor: DEPOSIT, reference: 'statement 7', v: 3 });
  tellAccount(world, { type: 'CONFIRM', by: 'cfo', deposit: 'd1' });
  return world;
}

function tellAccount(world: World, event: Cue): string | undefined {
  world.account = send(world.account, { v: 1, ...event });
  note(world, world.account, HOME);
  return world.account.refused;
}

function step(world: World, next: (stage: Stage) => Stage): void {
  world.payment = throughJson(next(world.payment));
  note(world, world.payment, 'payment/pay_1');
  expect(brokenOf(world.payment.snapshot)).toEqual([]);
}

function note(world: World, stage: Stage, by: string): void {
  for (const { legs } of postsOf(stage)) {
    for (const sum of Object.values(sumsOf(legs.filter(({ pending }) => pending !== true)))) expect(sum).toBe(0);
    for (const sum of Object.values(sumsOf(legs.filter(({ pending }) => pending === true)))) expect(sum).toBe(0);
    world.ledger.push(...legs);
  }
  for (const tell of tellsOf(stage)) world.mail.push({ ...tell, by });
}

/**
 * Something that is on its way arrives, not always what was sent first; a refusal comes back to the payment, as it does from a client that
 * has no limits.
 */
function deliver(world: World, pick: number): void {
  const [next] = world.mail.splice(pick % Math.max(1, world.mail.length), 1);
  if (next === undefined) return;
  const { to, event, by } = next;
  if (to === 'payment/pay_1') return step(world, (stage) => send(stage, { ...event, by }));
  const refused = to === HOME ? tellAccount(world, { ...event, by, at: START, v: 7 + world.ledger.length }) : 'not_found';
  const { type, ...sent } = event;
  if (refused !== undefined) step(world, (stage) => send(stage, { ...scene.refusal(type, refused, sent), to }));
}

/** An effect of the payment comes back; what the account says to a question is what it would say. */
function comeBack(world: World, pick: number): void {
  const [id] = Object.keys(world.payment.effects);
  if (id === undefined) return;
  if (pick % 9 === 8) return step(world, (stage) => fail(stage, id, 'unknown'));
  if (id === 'account') {
    const standing = account.questions['standing']?.(seenOf(world.account));
    return step(world, (stage) => answer(stage, id, { found: true, version: 1, answer: standing }));
  }
  const outputs: Readonly<Record<string, readonly object[]>> = {
    standing: [ACTIVE],
    rates: [scene.RATES, scene.RATES, scene.STALE],
    lookup: [DONE, DECLINED, { outcome: 'not_found' }],
    close: [DONE, { outcome: 'canceled' }],
  };
  const choices = outputs[id] ?? [DONE, DONE, DECLINED];
  step(world, (stage) => answer(stage, id, choices[pick % choices.length]));
}

const PEOPLE: readonly ((stage: Stage, pick: number) => Cue)[] = [
  (stage) => ({ type: 'APPROVE', by: 'cfo', hash: contextOf(stage).payload_hash }),
  (stage) => ({ type: 'APPROVE', by: 'cfo', hash: contextOf(stage).payload_hash }),
  (stage) => ({ type: 'APPROVE', by: 'cfo', hash: contextOf(stage).payload_hash }),
  (_, pick) => ({ type: 'AMEND', amount_minor: 1 + (pick % 200_000) }),
  (_, pick) => ({ type: 'CAPTURE', amount_minor: 1 + (pick % 100_000) }),
  (_, pick) => ({ type: 'REFUND', refund: `r${pick % 5}`, amount_minor: 1 + (pick % 60_000) }),
  () => ({ type: 'HOLD', by: 'cfo', reason: 'odd' }),
  () => ({ type: 'RELEASE', by: 'cfo', reason: 'asked' }),
  (_, pick) => (pick % 8 === 0 ? { type: 'CANCEL' } : { type: 'NOTHING' }),
];
const HOUSE: readonly Cue[] = [
  { type: 'FREEZE', by: 'cfo', reason: 'court' },
  { type: 'UNFREEZE', by: 'approver', reason: 'court' },
  { type: 'BLOCK_CREDITS', by: 'cfo', reason: 'odd' },
  { type: 'UNBLOCK_CREDITS', by: 'cfo' },
];

/** Everything opens again, everything is answered and every wait is over, until nothing is on its way any more. */
function settle(world: World): void {
  tellAccount(world, { type: 'UNFREEZE', by: 'approver', reason: 'over' });
  tellAccount(world, { type: 'UNFREEZE', by: 'cfo', reason: 'over' });
  tellAccount(world, { type: 'UNBLOCK_CREDITS', by: 'cfo' });
  for (let i = 0; i < 2_000; i++) {
    if (world.mail.length > 0) deliver(world, i);
    else if (Object.keys(world.payment.effects).length > 0) comeBack(world, 0);
    else if (world.payment.timers['credit_pause'] !== undefined) step(world, (stage) => fire(stage, 'credit_pause'));
    else if (world.payment.timers['lookup_wait'] !== undefined) step(world, (stage) => fire(stage, 'lookup_wait'));
    else if (stateOf(world.payment).endsWith('pausing')) step(world, (stage) => fire(stage, 'ask_pause'));
    else break;
  }
}

function sumsOf(legs: readonly Leg[], of?: string): Readonly<Record<string, number>> {
  const sums: Record<string, number> = {};
  for (const { account: name, amount_minor, currency } of legs) {
    if (of === undefined || name === of) sums[currency] = (sums[currency] ?? 0) + amount_minor;
  }
  return sums;
}

describe('a payment and its account', () => {
  const actsOf = (...whats: readonly string[]) =>
    fc.array(fc.record({ what: fc.constantFrom(...whats), pick: fc.nat(1_000_000) }), { minLength: 20, maxLength: 120, size: 'max' });
  const course = fc.record({
    currency: fc.constantFrom('USD', 'EUR', 'JPY'),
    amount_minor: fc.constantFrom(1, 99_999, 125_000, 270_000, 400_000),
    capture: fc.constantFrom('automatic', 'manual'),
    spread_basis_points: fc.constantFrom(0, 25, 1000),
    acts: actsOf('mail', 'mail', 'effect', 'effect', 'person', 'timer', 'house'),
  });
  /** Nobody interferes, and what is told is slow: the payment has asked again and gone on before the account hears of it. */
  const slowly = fc.record({
    currency: fc.constantFrom('USD', 'EUR'),
    amount_minor: fc.constant(99_999),
    capture: fc.constant('automatic'),
    spread_basis_points: fc.constant(25),
    acts: actsOf('mail', 'effect', 'effect', 'timer'),
  });

  function runs(seed?: number, from: typeof course | typeof slowly = course): ReadonlySet<string> {
    const ends = new Set<string>();
    const property = fc.property(from as typeof course, ({ acts, spread_basis_points, ...changes }) => {
      const world = open(changes, { spread_basis_points });
      step(world, (stage) => send(stage, { type: 'SUBMIT' }));
      for (const { what, pick } of acts) {
        const timers = Object.keys(world.payment.timers);
        if (what === 'mail') deliver(world, pick);
        else if (what === 'effect') comeBack(world, pick);
        else if (what === 'house') tellAccount(world, HOUSE[pick % HOUSE.length] ?? { type: 'NOTHING' });
        else if (what === 'timer' && timers.length > 0) step(world, (stage) => fire(stage, timers[pick % timers.length] ?? ''));
        else if (what === 'person') step(world, (stage) => send(stage, PEOPLE[pick % PEOPLE.length]?.(stage, pick) ?? { type: 'NOTHING' }));
        const { posted_minor, held_minor } = world.account.snapshot.context as AccountContext;
        expect(posted_minor - held_minor).toBeGreaterThanOrEqual(0);
      }
      settle(world);
      ends.add(stateOf(world.payment).split('.')[0] ?? '');
      agree(world);
    });
    fc.assert(property, { numRuns: 300, ...(seed === undefined ? {} : { seed }) });
    return ends;
  }

  test('[PAY-44] agree to the cent where what is told is slow, and has been overtaken by what was told later', { timeout: 60_000 }, () => {
    expect([...runs(undefined, slowly)]).toContain('settled');
  });

  test(
    '[PAY-44] agree to the cent however what they tell each other, what people do and what goes wrong fall together',
    { timeout: 60_000 },
    () => {
      runs();
      // Of this seed it is known that it gets everywhere.
      const ends = runs(4);
      for (const end of ['settled', 'authorized', 'declined', 'canceled', 'rejected', 'expired', 'awaiting_funds'])
        expect([...ends]).toContain(end);
    },
  );
});

/** What the one says of the money is what the other says, and what the ledger says. */
function agree({ payment, account: kept, ledger }: World): void {
  const { posted_minor, holds, incoming_minor } = kept.snapshot.context as AccountContext;
  const { captured_minor, refunded_minor, currency, gateway, hold } = contextOf(payment);
  const booked = ledger.filter(({ pending }) => pending !== true);
  expect(sumsOf(booked, HOME)['USD'] ?? 0).toBe(-posted_minor);
  expect(sumsOf(booked, `gateway/${gateway}`)[currency] ?? 0).toBe(refunded_minor - captured_minor);
  expect(incoming_minor).toBe(0);
  const isOver = payment.snapshot.hasTag('final') || payment.snapshot.hasTag('settled');
  if (isOver) {
    expect(holds).toEqual([]);
    for (const sum of Object.values(sumsOf(ledger, 'transit/payments'))) expect(sum).toBe(0);
  } else expect(holds.map((one) => one.hold)).toEqual(holds.length === 0 ? [] : [hold]);
  if (captured_minor === 0) expect(posted_minor).toBe(DEPOSIT);
}
