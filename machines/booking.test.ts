import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { booking } from './booking.ts';
import type { BookingContext } from './booking-terms.ts';
import { answer, begin, fail, fire, play, send, stateOf, throughJson, unpublishedOf } from './rehearsal.ts';
import type { Cue, Stage } from './rehearsal.ts';

const INPUT = {
  payment: 'payment/p_1',
  bill: 'bill/b_1',
  binding: 'binding/odoo-bill-b_1',
  amount_minor: 125_000,
  currency: 'EUR',
  date: '2026-11-02',
  memo: 'INV-7',
};
const RECORD = { found: true, version: 3, answer: { integration: 'odoo', model: 'bill', external_id: '12' } };
const PAID = { external_id: '40', state: 'paid', reconciled: true, residual_minor: 0 };
const VOIDED = { external_id: '40', state: 'canceled', reconciled: false };

const contextOf = ({ snapshot }: Stage): BookingContext => snapshot.context as BookingContext;
const factsOf = ({ facts }: Stage): readonly string[] => facts.filter(({ type }) => !type.startsWith('@')).map(({ type }) => type);
const toldOf = ({ facts }: Stage): readonly object[] => facts.filter(({ type }) => type === '@tell');
const cue = (event: Cue) => (stage: Stage) => send(stage, event);
const answered = (effect: string, output: object) => (stage: Stage) => answer(stage, effect, output);
const failed = (effect: string, kind: 'failed' | 'unknown', code: string) => (stage: Stage) => fail(stage, effect, kind, code);
const fired = (timer: string) => (stage: Stage) => fire(stage, timer);

const asking = (): Stage => begin(booking, INPUT, { by: 'bill/b_1' });
const paying = (): Stage => play(asking(), answered('binding', RECORD));
const booked = (): Stage => play(paying(), answered('pay', PAID));
const taken: Cue = { type: 'VOID', by: 'bill/b_1', reason: 'refunded' };
const byHand: Cue = { type: 'SETTLE_BY_HAND', reason: 'Booked by our accountant' };

describe('a payment in the ERP', () => {
  test('[BOOK-1] is booked under its own name against the bill as the ERP calls it, and the bill is told', () => {
    expect(asking().effects['binding']?.input).toEqual({ to: 'binding/odoo-bill-b_1', question: 'record' });
    expect(paying().effects['pay']).toEqual({
      src: 'erp.pay',
      input: {
        integration: 'odoo',
        payment: 'payment/p_1',
        bill: '12',
        amount_minor: 125_000,
        currency: 'EUR',
        date: '2026-11-02',
        memo: 'INV-7',
      },
    });
    const stage = booked();
    expect([stateOf(stage), factsOf(stage)]).toEqual(['booked', ['booking.booked']]);
    expect(unpublishedOf(stage).filter(({ type }) => !type.startsWith('@'))).toEqual([]);
    expect(booking.reasons['@create']?.(undefined as never, { by: 'admin' } as never)).toBe('forbidden');
    expect(toldOf(stage)).toMatchObject([{ to: 'bill/b_1', event: { type: 'PAYMENT_BOOKED', payment: 'p_1', residual_minor: 0 } }]);
  });

  test('[BOOK-2] waits for a bill that the ERP does not have yet, and for an ERP that is away', () => {
    for (const answer of [{ found: false }, { ...RECORD, answer: { ...RECORD.answer, external_id: null } }]) {
      const waiting = play(asking(), answered('binding', answer));
      expect([stateOf(waiting), stateOf(play(waiting, fired('pause')))]).toEqual(['waiting', 'asking']);
    }
    let stage = paying();
    const waits: (number | undefined)[] = [];
    for (let i = 0; i < 6; i++) {
      stage = play(stage, failed('pay', 'failed', 'unavailable'));
      waits.push(stage.timers['pause']);
      stage = play(stage, fired('pause'));
    }
    expect([stateOf(stage), waits]).toEqual(['paying', [15_000, 60_000, 300_000, 900_000, 3_600_000, 3_600_000]]);
  });

  test('[BOOK-3] what the ERP refuses is for a person, who tries again or says that it is done', () => {
    const stage = play(paying(), failed('pay', 'failed', 'refused'));
    expect([stateOf(stage), factsOf(stage), contextOf(stage).problem?.doing]).toEqual(['refused', ['booking.refused'], 'pay']);
    expect(stateOf(play(stage, cue({ type: 'RETRY' })))).toBe('paying');
    const done = play(stage, cue(byHand));
    expect([stateOf(done), contextOf(done).by_hand, contextOf(done).problem]).toEqual([
      'settled_by_hand',
      'Booked by our accountant',
      undefined,
    ]);
  });

  test('[BOOK-4] what stands in the ERP and is not set against its bill is for a person too', () => {
    const stage = play(paying(), answered('pay', { ...PAID, reconciled: false }));
    expect([stateOf(stage), factsOf(stage), toldOf(stage)]).toEqual(['unreconciled', ['booking.unreconciled'], []]);
    expect(stateOf(play(stage, cue({ type: 'RETRY' }), answered('pay', PAID)))).toBe('booked');
  });

  test('[BOOK-5] what was taken back is taken back there, wherever the booking stands', () => {
    for (const stage of [
      booked(),
      play(paying(), answered('pay', { ...PAID, reconciled: false })),
      play(booked(), cue({ type: 'REDUCE', returned_minor: 5 })),
    ]) {
      const voiding = play(stage, cue(taken));
      expect(stateOf(voiding)).toBe('voiding');
      const voided = play(voiding, failed('void', 'unknown', 'timeout'), fired('pause'), answered('void', VOIDED));
      expect([stateOf(voided), factsOf(voided), contextOf(voided).reconciled]).toEqual(['voided', ['booking.voided'], false]);
    }
    const early = play(asking(), cue(taken), answered('binding', RECORD));
    expect([stateOf(early), early.effects]).toEqual(['voided', {}]);
  });

  test('[BOOK-5] what nobody knows of is made certain before it is taken back', () => {
    const unsure = play(paying(), failed('pay', 'unknown', 'timeout'), cue(taken));
    expect(stateOf(unsure)).toBe('waiting');
    const again = play(unsure, fired('pause'));
    expect([stateOf(again), stateOf(play(again, answered('pay', PAID)))]).toEqual(['paying', 'voiding']);
    expect(stateOf(play(again, failed('pay', 'failed', 'refused')))).toBe('voiding');
  });

  test('[BOOK-6] of what was given back in part somebody is told, also where that comes before it is booked', () => {
    const later = play(booked(), cue({ type: 'REDUCE', returned_minor: 25_000 }));
    const before = play(paying(), cue({ type: 'REDUCE', returned_minor: 25_000 }), answered('pay', PAID));
    for (const stage of [later, before]) {
      expect([stateOf(stage), contextOf(stage).returned_minor, [...stage.snapshot.tags]]).toEqual(['reduced', 25_000, ['needs_somebody']]);
      expect(stateOf(play(stage, cue(byHand)))).toBe('settled_by_hand');
    }
  });
});

/** An ERP that has a payment once under its name, whose answers are lost and whose cut calls end later. */
class Erp {
  there: 'none' | 'live' | 'canceled' = 'none';
  made = 0;
  late = false;

  pay(): boolean {
    if (this.there === 'canceled') return false;
    if (this.there === 'none') this.made += 1;
    this.there = 'live';
    return true;
  }

  void(): void {
    if (this.there === 'live') this.there = 'canceled';
  }
}

const happening = fc.constantFrom('done', 'lost before', 'lost after', 'late', 'away', 'taken back', 'time', 'end late', 'retry');

/** One thing that happens between a booking and an ERP. */
function happen(stage: Stage, erp: Erp, what: string): Stage {
  const effect = Object.keys(stage.effects)[0];
  if (what === 'taken back') return send(stage, taken);
  if (what === 'retry') return send(stage, { type: 'RETRY' });
  if (what === 'end late') {
    if (erp.late) erp.pay();
    erp.late = false;
    return stage;
  }
  if (effect === undefined) return 'pause' in stage.timers && what === 'time' ? fire(stage, 'pause') : stage;
  if (what === 'away' || what === 'time') return fail(stage, effect, 'failed', 'unavailable');
  if (effect === 'binding') return answer(stage, effect, RECORD);
  if (what === 'lost before') return fail(stage, effect, 'unknown');
  if (effect === 'pay' && what === 'late') {
    erp.late = true;
    return fail(stage, effect, 'unknown');
  }
  const isDone = effect === 'pay' ? erp.pay() : (erp.void(), true);
  if (what === 'lost after') return fail(stage, effect, 'unknown');
  if (!isDone) return fail(stage, effect, 'failed', 'refused');
  return answer(stage, effect, effect === 'pay' ? PAID : VOIDED);
}

test('[BOOK-7] however answers are lost and whenever it is taken back, the ERP ends with it once, or with none', () => {
  fc.assert(
    fc.property(fc.array(happening, { maxLength: 40 }), (course) => {
      const erp = new Erp();
      let stage = asking();
      for (const what of course) stage = throughJson(happen(stage, erp, what));
      // Then all goes well: first what is still running in the ERP ends.
      stage = happen(stage, erp, 'end late');
      for (let i = 0; i < 10; i++) stage = happen(stage, erp, Object.keys(stage.effects).length > 0 ? 'done' : 'time');
      expect(erp.made).toBeLessThanOrEqual(1);
      const wanted = course.includes('taken back');
      expect([stateOf(stage), erp.there === 'live']).toEqual(wanted ? ['voided', false] : ['booked', true]);
    }),
    { numRuns: 2_000 },
  );
});
