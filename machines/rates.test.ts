import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { answer, fail, fire, play, send, seenOf, stateOf } from './rehearsal.ts';
import type { Stage } from './rehearsal.ts';
import { MORNING, TODAY, YESTERDAY, at, brought, contextOf, created, current, day, fetched, outdated, upTo } from './rates-rehearsal.ts';
import { rates } from './rates.ts';
import { KEPT_DAYS, newsOf, withNews } from './rates-rules.ts';
import type { RatesContext } from './rates-terms.ts';

const MINUTE = 60_000;
const FETCH = { type: 'FETCH', by: 'operator', at: MORNING };
const askedFor = (stage: Stage): unknown => stage.effects['fetch']?.input;
const known = (stage: Stage, date = YESTERDAY) => contextOf(stage).days.find((one) => one.date === date)?.rates['USD'];
const dateOf = ({ newest }: RatesContext) => newest;

describe('when it asks, and for what', () => {
  test('[RATE-7] it asks at once for all that there is, and then at 16:05 in Frankfurt on the next TARGET day', () => {
    expect(askedFor(created())).toEqual({ integration: 'ecb', after: null });
    expect(current().timers['next_poll']).toBe(at(16, 5) - MORNING);
    // Friday evening, summer time: Monday 16:05 is 14:05 UTC.
    const friday = Date.UTC(2026, 6, 17, 16);
    expect(brought(created(friday), upTo('2026-07-17', 2), friday).timers['next_poll']).toBe(Date.UTC(2026, 6, 20, 14, 5) - friday);
    // The Thursday before Easter: Tuesday.
    const thursday = Date.UTC(2026, 3, 2, 16);
    expect(brought(created(thursday), upTo('2026-04-02', 2), thursday).timers['next_poll']).toBe(Date.UTC(2026, 3, 7, 14, 5) - thursday);
  });

  test('[RATE-7] from then on it asks every quarter of an hour until the rates of the day are there', () => {
    let stage = fire(current(), 'next_poll', at(16, 5));
    for (const minute of [5, 20, 35]) {
      stage = brought(stage, [], at(16, minute));
      expect([stateOf(stage).split(' ')[0], stage.timers['next_poll']]).toEqual(['fetching.idle', 15 * MINUTE]);
      stage = fire(stage, 'next_poll', at(16, minute + 15));
    }
    stage = brought(stage, [day(TODAY)], at(16, 50));
    expect(dateOf(contextOf(stage))).toBe(TODAY);
    expect(stage.timers['next_poll']).toBe(at(16, 5, 18) - at(16, 50));
  });

  test('[RATE-7] a timer that is due before its time, as on a scaled clock, asks nobody and waits for the rest', () => {
    const early = fire(current(), 'next_poll', at(12));
    expect([stateOf(early).split(' ')[0], early.effects, early.timers['next_poll']]).toEqual(['fetching.idle', {}, at(16, 5) - at(12)]);
  });

  test('[RATE-7] after each publication the newest five days are read once more, and then only what is new', () => {
    const first = fire(current(), 'next_poll', at(16, 5));
    expect(askedFor(first)).toEqual({ integration: 'ecb', after: '2026-11-09' });
    const second = fire(brought(first, [], at(16, 6)), 'next_poll', at(16, 21));
    expect(askedFor(second)).toEqual({ integration: 'ecb', after: YESTERDAY });
  });

  test('[RATE-7] somebody who has it fetch has every day that is kept compared', () => {
    const oldest = contextOf(current()).days[0]?.date;
    expect(oldest).toBe('2026-11-03');
    expect(askedFor(send(current(), FETCH))).toEqual({ integration: 'ecb', after: '2026-11-02' });
  });

  test('[RATE-8] a fetch that failed is repeated after one, two, four, eight and then fifteen minutes, with why it failed in sight', () => {
    let stage = outdated();
    const waits: unknown[] = [];
    stage = send(stage, FETCH);
    for (let n = 0; n < 6; n++) {
      stage = fail(stage, 'fetch', 'failed', 'bad_feed', MORNING);
      waits.push((stage.timers['retry_pause'] ?? 0) / MINUTE);
      expect(contextOf(stage)).toMatchObject({ tries: n + 1, failure: { code: 'bad_feed', at: '2026-11-17T08:00:00.000Z' } });
      stage = fire(stage, 'retry_pause', MORNING);
    }
    expect(waits).toEqual([1, 2, 4, 8, 15, 15]);
    expect(contextOf(brought(stage, upTo(YESTERDAY, 3)))).toMatchObject({ tries: 0, failure: null });
  });

  test('[RATE-8] a pause after a failure ends at the latest when one would ask anyway', () => {
    let stage = send(current(), { ...FETCH, at: at(16, 2) });
    for (let n = 0; n < 3; n++) stage = fire(fail(stage, 'fetch', 'failed', 'x', at(16, 2)), 'retry_pause', at(16, 2));
    expect(fail(stage, 'fetch', 'failed', 'x', at(16, 2)).timers['retry_pause']).toBe(3 * MINUTE);
  });
});

describe('the days that are known', () => {
  test('[RATE-9] each new day is made known once, and a day that is known is not', () => {
    const first = brought(created(), upTo(YESTERDAY, 3));
    expect(first.facts).toEqual([
      ...['2026-11-12', '2026-11-13', YESTERDAY].map((date) => ({ type: 'rates.published', source: 'ecb', date })),
      { type: 'rates.fresh', source: 'ecb', newest: YESTERDAY },
    ]);
    expect(brought(send(first, FETCH), [...upTo(YESTERDAY, 3), day(TODAY)]).facts).toEqual([
      { type: 'rates.published', source: 'ecb', date: TODAY },
    ]);
  });

  test('[RATE-9] every day says where it was read and when; the newest forty are kept', () => {
    const stage = brought(created(), upTo(YESTERDAY, 90));
    expect(contextOf(stage).days).toHaveLength(KEPT_DAYS);
    const { days: _, ...origin } = fetched([]);
    expect(contextOf(stage).days.at(-1)).toEqual({ ...day(YESTERDAY), ...origin });
    expect(stage.facts.filter(({ type }) => type === 'rates.published')).toHaveLength(KEPT_DAYS);
  });

  test('[RATE-9] days of another source or base are never mixed in', () => {
    for (const foreign of [
      { ...day(TODAY), source: 'sandbox' },
      { ...day(TODAY), base: 'USD' },
    ]) {
      const stage = answer(send(current(), FETCH), 'fetch', fetched([foreign]), MORNING);
      expect(contextOf(stage)).toMatchObject({ newest: YESTERDAY, failure: { code: 'other_source' } });
    }
  });

  test('[RATE-10] in whatever order and however often fetches come in, the days end the same', () => {
    const all = upTo(TODAY, KEPT_DAYS + 30);
    const slices = fc.array(fc.tuple(fc.nat(all.length), fc.integer({ min: 1, max: 60 })), { minLength: 1, maxLength: 12 });
    const endOf = (order: readonly (readonly [number, number])[]): unknown => {
      const start = contextOf(created());
      const end = order.reduce<RatesContext>(
        (context, [from, count]) => ({ ...context, ...withNews(context, fetched(all.slice(from, from + count)), MORNING) }),
        start,
      );
      return { days: end.days, disputed: end.disputed, newest: end.newest };
    };
    fc.assert(
      fc.property(slices, fc.infiniteStream(fc.nat()), (order, chances) => {
        const shuffled = [...order, ...order.slice(0, 3)]
          .map((slice) => ({ slice, chance: chances.next().value ?? 0 }))
          .toSorted((a, b) => a.chance - b.chance)
          .map(({ slice }) => slice);
        expect(endOf(shuffled)).toEqual(endOf(order));
      }),
    );
  });
});

describe('a day that comes with other numbers', () => {
  const disputing = (usd = '1.2'): Stage => brought(send(current(), FETCH), [day(YESTERDAY, usd)]);

  test('[RATE-11] it is never replaced by itself: the old one holds, the other is shown, and somebody is asked for', () => {
    const stage = disputing();
    expect([known(stage), contextOf(stage).disputed.map((one) => one.rates['USD'])]).toEqual(['1.1700', ['1.2']]);
    expect([...stage.snapshot.tags]).toEqual(['needs_somebody']);
    expect(stage.facts).toEqual([{ type: 'rates.disputed', source: 'ecb', date: YESTERDAY }]);
    // What was shown is what is decided on, whatever comes in between.
    const again = brought(send(stage, FETCH), [day(YESTERDAY, '1.3')]);
    expect([contextOf(again).disputed.map((one) => one.rates['USD']), again.facts]).toEqual([['1.2'], []]);
  });

  test('[RATE-11] the same number written with more zeros is the same; a currency more or less is not', () => {
    expect(contextOf(disputing('1.17')).disputed).toEqual([]);
    const more = { ...day(YESTERDAY), rates: { ...day(YESTERDAY).rates, GBP: '0.87' } };
    expect(contextOf(brought(send(current(), FETCH), [more])).disputed).toHaveLength(1);
    const { USD } = day(YESTERDAY).rates;
    expect(contextOf(brought(send(current(), FETCH), [{ ...more, rates: { USD: USD ?? '' } }])).disputed).toHaveLength(1);
  });

  test('[RATE-12] accepted, the other numbers hold with where they came from; kept, the old ones do; neither is asked about again', () => {
    const decide = (type: string): Stage => send(disputing(), { type, by: 'cfo', date: YESTERDAY });
    const [accepted, kept] = [decide('ACCEPT'), decide('KEEP')];
    expect([known(accepted), known(kept)]).toEqual(['1.2', '1.1700']);
    expect(accepted.facts).toEqual([{ type: 'rates.corrected', source: 'ecb', date: YESTERDAY }]);
    for (const stage of [accepted, kept]) {
      expect([...stage.snapshot.tags]).toEqual([]);
      for (const usd of ['1.2', '1.1700']) expect(contextOf(brought(send(stage, FETCH), [day(YESTERDAY, usd)])).disputed).toEqual([]);
      expect(contextOf(brought(send(stage, FETCH), [day(YESTERDAY, '1.3')])).disputed).toHaveLength(1);
    }
  });

  test('[RATE-12] only the CFO decides, and only on a day that is disputed', () => {
    expect([rates.permissions['ACCEPT'], rates.permissions['KEEP']]).toEqual([['cfo'], ['cfo']]);
    for (const type of ['ACCEPT', 'KEEP']) {
      expect(send(disputing(), { type, by: 'cfo', date: '2026-11-13' }).refused).toBe('not_disputed');
      expect(send(current(), { type, by: 'cfo', date: YESTERDAY }).refused).toBe('not_in_state');
    }
  });

  test('[RATE-11] what is disputed of a day that is not kept any more is forgotten with it', () => {
    const later = upTo('2027-01-29', 60);
    const context = contextOf(disputing());
    const end = { ...context, ...withNews(context, fetched(later), MORNING) };
    expect([newsOf(context, fetched(later)).days.length, end.disputed, end.discarded]).toEqual([KEPT_DAYS, [], []]);
  });
});

describe('how old they are', () => {
  test('[RATE-13] they are stale when more than two TARGET days are missing, at 18:00 in Frankfurt, also when nothing answers', () => {
    const stage = current();
    // Known are those of Monday the 16th; at six on Thursday the third day should be there.
    expect(stage.timers['stale_wait']).toBe(at(18, 0, 19) - MORNING);
    const calling = fire(stage, 'next_poll', at(16, 5));
    expect(stateOf(fire(calling, 'stale_wait', at(17, 59, 19)))).toContain('age.fresh');
    const stale = fire(calling, 'stale_wait', at(18, 0, 19));
    expect([stateOf(stale), [...stale.snapshot.tags]]).toEqual(['fetching.calling age.stale dispute.none', ['needs_somebody']]);
    expect(stale.facts).toEqual([{ type: 'rates.stale', source: 'ecb', newest: YESTERDAY }]);
    const fresh = brought(stale, [day('2026-11-18')], at(18, 1, 19));
    expect(fresh.facts.at(-1)).toEqual({ type: 'rates.fresh', source: 'ecb', newest: '2026-11-18' });
  });

  test('[RATE-13] how many days may be missing is a setting', () => {
    const strict = brought(created(MORNING, { stale_after_days: 0 }), upTo(YESTERDAY, 3));
    expect(strict.timers['stale_wait']).toBe(at(18) - MORNING);
    expect(stateOf(brought(created(MORNING, { stale_after_days: 10 }), upTo('2026-11-03', 3)))).toContain('age.fresh');
  });

  test('[RATE-14] asked by another actor it answers how old they are and the days as published, and where there are none none', () => {
    const ask = (stage: Stage) => rates.questions['rates']?.(seenOf(stage));
    const newest = (stage: Stage) => rates.questions['newest']?.(seenOf(stage));
    expect(ask(created())).toEqual({ state: 'none', source: null, days: [] });
    expect(ask(current())).toEqual({ state: 'fresh', source: 'ecb', days: upTo(YESTERDAY, 10) });
    expect(ask(play(outdated()))).toMatchObject({ state: 'stale' });
    expect([newest(created()), newest(current())]).toEqual([
      { state: 'none', source: null, days: [] },
      { state: 'fresh', source: 'ecb', days: upTo(YESTERDAY, 10).slice(-1) },
    ]);
  });
});
