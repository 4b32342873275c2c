import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bill } from './bill.ts';
import { leftOf, payableOf } from './bill-rules.ts';
import * as scene from './bill-rehearsal.ts';
import { begun, booked, contextOf, cue, ended, factsOf, returned, settled, synced, tellsOf, toldOf } from './bill-rehearsal.ts';
import { fire, play, seenOf, send, START, stateOf, throughJson } from './rehearsal.ts';
import type { Cue, Stage } from './rehearsal.ts';

const DAY = 86_400_000;
const courseOf = (stage: Stage): string => stateOf(stage).split(' ')[0] ?? '';
const refusedFor = (stage: Stage, event: Cue): string | undefined => send(stage, event).refused;

describe('a bill', () => {
  test('[BILL-1] is what its supplier says, and opens; what its lines do not come to is not taken from a person', () => {
    const stage = scene.open();
    expect([stateOf(stage), factsOf(stage), leftOf(contextOf(stage))]).toEqual(['course.open due.not_due', ['bill.opened'], 12_495]);
    expect(bill.reasons['@create']?.(undefined as never, { ...birth(), total_minor: 12_496 } as never)).toBe('sum_differs');
    expect(bill.reasons['@create']?.(undefined as never, birth() as never)).toBeUndefined();
    // What an ERP has is taken as it is.
    expect(contextOf(scene.linked({ total_minor: 12_496 })).off_by_minor).toBe(-1);
    expect(contextOf(play(scene.linked({ total_minor: 12_496 }), synced({ total_minor: 12_495 }))).off_by_minor).toBeUndefined();
  });

  test('[BILL-2] stands where the ERP says it stands, and says each change once', () => {
    const draft = scene.linked({ state: 'draft' });
    expect([stateOf(draft), factsOf(draft)]).toEqual(['course.draft due.none', []]);
    const posted = play(draft, synced({ state: 'posted' }));
    expect([courseOf(posted), factsOf(posted)]).toEqual(['course.open', ['bill.opened']]);
    const part = play(posted, synced({ residual_minor: 495 }));
    expect([courseOf(part), factsOf(part)]).toEqual(['course.partly_paid', ['bill.partly_paid']]);
    const whole = play(part, synced({ residual_minor: 0, payment_state: 'paid' }));
    expect([stateOf(whole), factsOf(whole)]).toEqual(['course.paid due.none', ['bill.paid']]);
    expect(factsOf(play(whole, synced({ number: 'R-8' })))).toEqual([]);
    expect(factsOf(play(whole, synced({ residual_minor: 12_495 })))).toEqual(['bill.reopened']);
    expect(courseOf(play(whole, synced({ payment_state: 'reversed' })))).toBe('course.reversed');
    const canceled = play(posted, synced({ state: 'canceled' }));
    expect([courseOf(canceled), factsOf(canceled)]).toEqual(['course.void', ['bill.voided']]);
    expect(courseOf(scene.linked({ total_minor: -12_495, lines: [], tax_minor: 0 }))).toBe('course.open');
  });

  test('[BILL-3] is overdue behind the end of its day, as long as money is left', () => {
    const stage = scene.open();
    // Midnight in Frankfurt is an hour before that of UTC in winter.
    expect(stage.timers['until_due']).toBe(Date.UTC(2026, 10, 30, 23) - START);
    const late = fire(stage, 'until_due', START + 29 * DAY);
    expect([stateOf(late), factsOf(late)]).toEqual(['course.open due.overdue', ['bill.overdue']]);
    expect(stateOf(play(late, cue({ type: 'AMEND', due: '2026-12-24', at: START + 29 * DAY })))).toBe('course.open due.not_due');
    expect(stateOf(scene.paid(late))).toBe('course.paid due.none');
    expect(stateOf(scene.open({ due: null }))).toBe('course.open due.none');
    expect(stateOf(scene.open({ due: '2026-11-01' }))).toBe('course.open due.overdue');
  });

  test('[BILL-4] is corrected by a clerk until it is paid, and voided while nothing pays it and no ERP keeps it', () => {
    const stage = scene.open();
    expect(contextOf(play(stage, cue({ type: 'AMEND', number: 'R-8' }))).number).toBe('R-8');
    expect([refusedFor(stage, { type: 'AMEND' }), refusedFor(scene.paid(stage), { type: 'AMEND', number: 'x' })]).toEqual([
      'nothing_changed',
      'not_in_state',
    ]);
    const voided = play(stage, cue({ type: 'VOID', by: 'cfo', reason: 'sent twice' }));
    expect([courseOf(voided), factsOf(voided), contextOf(voided).reason]).toEqual(['course.void', ['bill.voided'], 'sent twice']);
    const void_: Cue = { type: 'VOID', by: 'cfo', reason: 'r' };
    expect([refusedFor(scene.linked(), void_), refusedFor(play(stage, cue(begun('p_1', 5))), void_)]).toEqual([
      'kept_by_erp',
      'has_payments',
    ]);
  });
});

const birth = (): object => ({ ...bill.input.parse(scene.INVOICE), id: 'b_1', by: 'clerk', at: START, settings: {} });

describe('the payments of a bill', () => {
  test('[BILL-5] keeps an amount free for each, and never more than is left of it', () => {
    const first = play(scene.open(), cue(begun('p_1', 10_000)));
    expect(toldOf(first)).toEqual([
      { to: 'payment/p_1', type: 'BILL_CLAIMED', bill: 'b_1', payment: 'p_1', revision: 1, amount_minor: 10_000 },
    ]);
    // Asked again it says it again.
    expect(toldOf(play(first, cue(begun('p_1', 10_000))))).toHaveLength(1);
    expect(refusedFor(first, begun('p_2', 2_496))).toBe('amount_exceeds_residual');
    expect(payableOf(contextOf(play(first, cue(begun('p_2', 2_495)))))).toBe(0);
    expect(payableOf(contextOf(play(first, cue(ended('p_1')))))).toBe(12_495);
  });

  test('[BILL-5] refuses what it is not to be paid by', () => {
    expect(refusedFor(scene.open({ direction: 'out' }), begun('p_1', 1))).toBe('not_ours_to_pay');
    expect(refusedFor(scene.linked({ state: 'draft' }), begun('p_1', 1))).toBe('not_open');
    expect(refusedFor(scene.open(), begun('p_1', 1, { currency: 'USD' }))).toBe('bill_other_currency');
    expect(refusedFor(scene.paid(scene.open(), 'p_1', 5), begun('p_1', 5))).toBe('payment_exists');
    let stage = scene.open();
    for (let n = 0; n < 50; n++) stage = play(stage, cue(begun(`p_${n}`, 1)));
    expect(refusedFor(stage, begun('p_50', 1))).toBe('too_many_payments');
  });

  test('[BILL-6] is paid by what has settled, also where nobody asked before, and open again by what comes back', () => {
    const part = scene.paid(scene.open(), 'p_1', 10_000);
    expect([courseOf(part), contextOf(part).residual_minor]).toEqual(['course.partly_paid', 2_495]);
    const whole = play(part, cue(settled('p_2', 2_495)));
    expect([courseOf(whole), factsOf(whole)]).toEqual(['course.paid', ['bill.paid']]);
    const back = play(whole, cue(returned('p_1', 4_000)), cue(returned('p_1', 10_000)), cue(returned('p_1', 10_000)));
    expect([courseOf(back), contextOf(back).residual_minor, payableOf(contextOf(back))]).toEqual(['course.partly_paid', 10_000, 10_000]);
    expect(factsOf(play(whole, cue(returned('p_1', 4_000))))).toEqual(['bill.reopened']);
  });

  test('[BILL-7] of a bill that an ERP keeps each is booked there, and counted once: here until the ERP has it, then by the ERP', () => {
    const stage = scene.paid(scene.linked(), 'p_1', 10_000);
    expect(toldOf(stage)).toEqual([
      {
        ...{ to: 'booking/p_1', type: '@create', payment: 'payment/p_1', bill: 'bill/b_1', binding: scene.BINDING },
        ...{ amount_minor: 10_000, currency: 'EUR', date: '2026-11-02', memo: 'R-7' },
      },
    ]);
    const left = (one: Stage): readonly number[] => [contextOf(one).residual_minor, leftOf(contextOf(one))];
    expect(left(stage)).toEqual([12_495, 2_495]);
    const there = play(stage, cue(booked('p_1', 2_495)));
    expect(left(there)).toEqual([12_495, 2_495]);
    expect(left(play(there, synced({ residual_minor: 2_495 })))).toEqual([2_495, 2_495]);
    // The ERP's own word may come first.
    expect(left(play(stage, synced({ residual_minor: 2_495 }), cue(booked('p_1', 2_495))))).toEqual([2_495, 2_495]);
    expect(toldOf(play(there, cue(returned('p_1', 10_000))))).toEqual([{ to: 'booking/p_1', type: 'VOID', reason: 'returned' }]);
    expect(toldOf(play(there, cue(returned('p_1', 4_000))))).toEqual([{ to: 'booking/p_1', type: 'REDUCE', returned_minor: 4_000 }]);
  });

  test('[BILL-8] what was settled before an ERP keeps the bill is booked when it does', () => {
    const stage = scene.paid(scene.open({}, { erp: 'odoo' }), 'p_1', 10_000);
    const linked = play(stage, cue({ type: 'LINK', by: scene.BINDING }));
    expect(toldOf(linked)).toMatchObject([{ to: 'booking/p_1', type: '@create', amount_minor: 10_000 }]);
    expect(refusedFor(linked, { type: 'LINK', by: 'binding/other' })).toBeDefined();
  });

  test('[BILL-9] tells its binding of itself at each step, and takes nothing that was decided against what it is no more', () => {
    expect(toldOf(scene.open({}, { erp: 'odoo' }))).toMatchObject([
      { to: scene.BINDING, type: '@create', model: 'bill', actor: 'bill/b_1' },
    ]);
    const stage = scene.linked();
    expect(tellsOf(stage)[0]?.event).toMatchObject({ type: 'OURS', fields: { supplier: 'acme', total_minor: 12_495, state: 'posted' } });
    const stale = send(stage, { type: 'SYNC', by: scene.BINDING, fields: { number: 'R-9' }, before: { number: 'R-1' } });
    expect([contextOf(stale).number, tellsOf(stale).map(({ event }) => event.type)]).toEqual(['R-7', ['OURS']]);
  });

  test('[BILL-10] answers what may be paid of it', () => {
    const ask = (stage: Stage): unknown => bill.questions['standing']?.(seenOf(stage));
    expect(ask(play(scene.open(), cue(begun('p_1', 2_495))))).toEqual({
      open: true,
      place: 'open',
      currency: 'EUR',
      left_minor: 12_495,
      payable_minor: 10_000,
    });
    expect(ask(scene.open({ direction: 'out' }))).toMatchObject({ open: false });
  });
});

type Message = { readonly from: string; readonly event: Cue };

/** A bill that an ERP keeps, its payments and their bookings: each only as far as the bill sees it, and messages that wait in order of their senders. */
class World {
  stage = scene.linked();
  residual = 12_495;
  readonly paid = new Map<string, number>();
  readonly claims = new Map<string, number>();
  readonly #queue: Message[] = [];
  #ours = contextOf(scene.linked()).residual_minor;
  #theirs = 12_495;

  tell(from: string, event: Cue): void {
    this.#queue.push({ from, event });
  }

  /** The first message of some sender arrives. */
  deliver(pick: number): void {
    const senders = [...new Set(this.#queue.map(({ from }) => from))];
    const from = senders[pick % Math.max(1, senders.length)];
    const at = this.#queue.findIndex((one) => one.from === from);
    const [message] = at < 0 ? [] : this.#queue.splice(at, 1);
    if (message !== undefined) this.#take(message.event);
  }

  get waits(): boolean {
    return this.#queue.length > 0;
  }

  #take(event: Cue): void {
    this.stage = throughJson(send(this.stage, event));
    if (event.type === 'PAYMENT_BEGUN' && this.stage.refused === undefined)
      this.claims.set(String(event['payment']), Number(event['amount_minor']));
    this.#ours = contextOf(this.stage).residual_minor;
    this.#decide();
  }

  /** The ERP's feed comes to the binding, which compares. */
  pull(): void {
    this.#theirs = this.residual;
    this.#decide();
  }

  #decide(): void {
    const waits = this.#queue.some(({ from }) => from === 'binding');
    if (this.#theirs !== this.#ours && !waits) {
      const event = { type: 'SYNC', by: scene.BINDING, fields: { residual_minor: this.#theirs }, before: { residual_minor: this.#ours } };
      this.tell('binding', event);
    }
  }

  settle(payment: string): void {
    const amount = this.claims.get(payment);
    if (amount === undefined || this.paid.has(payment)) return;
    this.paid.set(payment, amount);
    this.tell(payment, settled(payment, amount));
  }

  /** The ERP books it: what it says then counts it. */
  book(payment: string): void {
    const known = contextOf(this.stage).payments.find((one) => one.payment === payment);
    if (known?.state !== 'settled' || this.#booked.has(payment)) return;
    this.#booked.add(payment);
    this.residual -= known.amount_minor;
    this.tell(`booking/${payment}`, booked(payment, this.residual));
  }
  readonly #booked = new Set<string>();
}

const step = fc.oneof(
  fc.record({
    what: fc.constantFrom('begin', 'settle', 'book'),
    payment: fc.constantFrom('p_1', 'p_2', 'p_3'),
    n: fc.integer({ min: 1, max: 9_000 }),
  }),
  fc.record({ what: fc.constantFrom('deliver', 'deliver', 'pull'), payment: fc.constant(''), n: fc.nat(10) }),
);

test('[BILL-11] whatever order its payments, their bookings and the ERP speak in, it is never paid more than it comes to', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (course) => {
      const world = new World();
      for (const { what, payment, n } of course) {
        if (what === 'begin') world.tell(payment, begun(payment, n));
        else if (what === 'settle') world.settle(payment);
        else if (what === 'book') world.book(payment);
        else if (what === 'pull') world.pull();
        else world.deliver(n);
        const promised = [...world.claims.values()].reduce((sum, amount) => sum + amount, 0);
        expect(promised).toBeLessThanOrEqual(12_495);
      }
      for (const payment of world.claims.keys()) world.settle(payment);
      while (world.waits) world.deliver(0);
      for (const payment of world.claims.keys()) world.book(payment);
      for (let i = 0; i < 20; i++) {
        world.pull();
        while (world.waits) world.deliver(i);
      }
      const context = contextOf(world.stage);
      const spent = [...world.paid.values()].reduce((sum, amount) => sum + amount, 0);
      expect([context.residual_minor, leftOf(context)]).toEqual([12_495 - spent, 12_495 - spent]);
    }),
    { numRuns: 2_000 },
  );
});
