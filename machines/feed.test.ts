import { describe, expect, test } from 'vitest';
import { feed } from './feed.ts';
import { MOST_SEEN } from './feed-terms.ts';
import type { FeedContext } from './feed-terms.ts';
import { answer, begin, fail, fire, play, send, START, stateOf } from './rehearsal.ts';
import type { Cue, Stage } from './rehearsal.ts';

const created = (): Stage => begin(feed, { integration: 'odoo', model: 'partner' }, { by: 'operator' });
const contextOf = ({ snapshot }: Stage): FeedContext => snapshot.context as FeedContext;
const tellsOf = ({ facts }: Stage): readonly { to: string; event: Cue }[] =>
  facts.filter(({ type }) => type === '@tell') as unknown as { to: string; event: Cue }[];
const rec = (id: string, at: number, more: object = {}) => ({ external_id: id, at, fields: { name: id }, ...more });
const page = (records: readonly object[], more = false, cursor = { at: 5, id: 9 }) => ({ records, cursor, more });
const pulled =
  (answered: object, at = START) =>
  (stage: Stage): Stage =>
    answer(stage, 'pull', answered, at);

describe('what changes in an ERP', () => {
  test('[FEED-1] the first time everything is read, page after page, and each record begins a binding; the cursor moves with it', () => {
    expect(created().effects['pull']?.input).toEqual({
      integration: 'odoo',
      model: 'partner',
      cursor: null,
      limit: 50,
      overlap_ms: 60_000,
    });
    const first = play(created(), pulled(page([rec('7', 1), rec('8', 2, { ref: 'client/acme' })], true)));
    expect(tellsOf(first).map(({ to, event }) => [to, event.type, event['actor']])).toEqual([
      ['binding/odoo-client-odoo-7', '@create', 'client/odoo-7'],
      ['binding/odoo-client-acme', '@create', 'client/acme'],
    ]);
    expect([stateOf(first), contextOf(first).backfilling]).toEqual(['reading.breathing trust.sure lag.current', true]);
    const second = fire(first, 'breath');
    expect(second.effects['pull']?.input).toMatchObject({ cursor: { id: 9 } });
    const last = play(second, pulled(page([rec('9', 3)])));
    expect([stateOf(last), contextOf(last).backfilling, contextOf(last).told]).toEqual(['reading.idle trust.sure lag.current', false, 3]);
  });

  test('[FEED-2] then what has changed is told to its binding, and what is read twice is told once', () => {
    const idle = play(created(), pulled(page([rec('7', 1)])));
    const news = play(fire(idle, 'poll'), pulled(page([rec('7', 1), rec('7', 5)])));
    expect(tellsOf(news).map(({ event }) => [event.type, (event['record'] as { at: number }).at])).toEqual([['THEIRS', 5]]);
    expect(tellsOf(play(fire(news, 'poll'), pulled(page([rec('7', 5)]))))).toEqual([]);
    // Once more within the same second, which is all that its clock tells apart.
    const again = play(fire(news, 'poll'), pulled(page([rec('7', 5, { fields: { name: 'other' } })])));
    expect(tellsOf(again).map(({ event }) => event.type)).toEqual(['THEIRS']);
    const many = Array.from({ length: MOST_SEEN + 50 }, (_, i) => rec(`r${i}`, i));
    expect(contextOf(play(fire(idle, 'poll'), pulled(page(many)))).seen).toHaveLength(MOST_SEEN);
  });

  test('[FEED-3] a record that turns out to be new, or to be known, is told the other way', () => {
    const refusedAs = (event: string, reason: string): Cue => ({
      type: 'tell.refused',
      by: 'hub',
      to: 'binding/odoo-client-odoo-7',
      event,
      reason,
      sent: { record: rec('7', 1) },
    });
    const idle = play(created(), pulled(page([])));
    expect(tellsOf(send(idle, refusedAs('THEIRS', 'not_found'))).map(({ event }) => event.type)).toEqual(['@create']);
    expect(tellsOf(send(idle, refusedAs('@create', 'exists'))).map(({ event }) => event.type)).toEqual(['THEIRS']);
    expect(tellsOf(send(idle, refusedAs('@create', 'invalid')))).toEqual([]);
  });

  test('[FEED-4] while the ERP does not answer it asks more and more seldom, loses its place never, and says when it is stalled', () => {
    const idle = play(created(), pulled(page([rec('7', 1)])));
    let stage = fire(idle, 'poll');
    const pauses: unknown[] = [];
    for (let n = 0; n < 5; n++) {
      stage = fail(stage, 'pull', 'failed', 'circuit_open', START + 1_000);
      pauses.push(stage.timers['retry_pause']);
      stage = fire(stage, 'retry_pause', START + 1_000);
    }
    expect(pauses).toEqual([5_000, 15_000, 60_000, 300_000, 300_000]);
    expect(contextOf(stage)).toMatchObject({ cursor: { id: 9 }, failure: { code: 'circuit_open' }, tries: 5 });
    const stalled = fire(stage, 'stall', START + 600_000);
    expect([stateOf(stalled), stalled.facts.map(({ type }) => type)]).toEqual(['reading.pulling trust.sure lag.stalled', ['feed.stalled']]);
    const back = play(stalled, pulled(page([]), START + 700_000));
    expect([stateOf(back), back.facts.map(({ type }) => type), contextOf(back).failure]).toEqual([
      'reading.idle trust.sure lag.current',
      ['feed.current'],
      null,
    ]);
  });

  test('[FEED-5] an operator stops it and lets it go on, asks at once, and has everything read once more', () => {
    const idle = play(created(), pulled(page([rec('7', 1)])));
    const paused = send(idle, { type: 'PAUSE', by: 'operator' });
    expect([stateOf(paused), paused.effects]).toEqual(['reading.paused trust.sure lag.current', {}]);
    expect(send(paused, { type: 'PULL', by: 'operator' }).refused).toBe('not_in_state');
    expect(send(paused, { type: 'RESUME', by: 'operator' }).effects['pull']?.input).toMatchObject({ cursor: { id: 9 } });
    expect(send(idle, { type: 'BACKFILL', by: 'operator' }).effects['pull']?.input).toMatchObject({ cursor: null });
  });

  const DAY = 86_400_000;
  const bound = (ids: readonly number[], more = false) => ({
    records: ids.map((id) => ({ binding: `binding/odoo-client-odoo-${id}`, external_id: `${id}`, at: id })),
    after: `binding/odoo-client-odoo-${ids.at(-1)}`,
    more,
  });
  const range = (from: number, count: number): number[] => Array.from({ length: count }, (_, i) => from + i);
  const names = (ids: readonly number[]): { ids: string[] } => ({ ids: ids.map(String) });
  const idle = (): Stage => play(created(), pulled(page([rec('7', 1)])));
  const goneIn = (stage: Stage): unknown[] => tellsOf(stage).map(({ to, event }) => [to, (event['record'] as { gone?: boolean }).gone]);
  const sweeping = (): Stage => send(idle(), { type: 'SWEEP', by: 'operator' });

  test('[FEED-6] once a day it asks for the records that are bound, twice for those that are missing, and tells only those', () => {
    const early = play(fire(idle(), 'poll', START + DAY - 1), pulled(page([]), START + DAY - 1));
    expect(stateOf(early)).toBe('reading.idle trust.sure lag.current');
    const listing = play(fire(early, 'poll', START + DAY), pulled(page([]), START + DAY));
    expect(listing.effects['bound']?.input).toEqual({ integration: 'records', of: 'odoo', model: 'partner', after: '', limit: 100 });
    expect(Object.keys(listing.effects)).toEqual(['bound']);
    const asking = answer(listing, 'bound', bound([1, 2, 3], true), START + DAY);
    expect(asking.effects['gone']?.input).toEqual({ integration: 'odoo', model: 'partner', ids: ['1', '2', '3'] });
    // What was never asked for is nobody's.
    const wondering = answer(asking, 'gone', names([2, 3, 99]), START + DAY);
    expect([tellsOf(wondering), stateOf(wondering)]).toEqual([[], 'reading.wondering trust.sure lag.current']);
    const again = fire(wondering, 'breath', START + DAY);
    expect(again.effects['gone_again']?.input).toMatchObject({ ids: ['2', '3'] });
    const told = answer(again, 'gone_again', names([3]), START + DAY);
    expect(goneIn(told)).toEqual([['binding/odoo-client-odoo-3', true]]);
    const next = fire(told, 'breath', START + DAY);
    expect(next.effects['bound']?.input).toMatchObject({ after: 'binding/odoo-client-odoo-3' });
    const ended = answer(next, 'bound', { records: [], after: 'binding/z', more: false }, START + DAY + 1);
    expect(contextOf(ended)).toMatchObject({ sweep: null, swept_at: START + DAY + 1, swept: { asked: 3, gone: 1 } });
    expect(goneIn(ended)).toEqual([]);
  });

  test('[FEED-7] what is not answered is no record that is gone: the same page is asked for later, and changes are read meanwhile', () => {
    for (const [effect, stage] of [
      ['bound', sweeping()],
      ['gone', answer(sweeping(), 'bound', bound([1]))],
      ['gone_again', fire(answer(answer(sweeping(), 'bound', bound([1])), 'gone', names([1])), 'breath')],
    ] as const) {
      for (const kind of ['unknown', 'failed'] as const) {
        const failed = fail(stage, effect, kind, 'unavailable');
        expect([stateOf(failed), tellsOf(failed)]).toEqual(['reading.idle trust.sure lag.current', []]);
        expect(contextOf(failed).sweep).toMatchObject({ after: '', asked: 0, gone: 0, failure: { code: 'unavailable' } });
        const early = play(fire(failed, 'poll', START + 14_999), pulled(page([]), START + 14_999));
        expect(stateOf(early)).toBe('reading.idle trust.sure lag.current');
        const later = play(fire(early, 'poll', START + 15_000), pulled(page([]), START + 15_000));
        expect(later.effects['bound']?.input).toMatchObject({ after: '' });
      }
    }
  });

  test('[FEED-8] where more is gone than happens by the day a person is asked, and then it is asked anew', () => {
    const suspecting = (missing: number): Stage =>
      play(
        sweeping(),
        (stage) => answer(stage, 'bound', bound(range(1, 100))),
        (stage) => answer(stage, 'gone', names(range(1, missing))),
        (stage) => fire(stage, 'breath'),
        (stage) => answer(stage, 'gone_again', names(range(1, missing))),
      );
    expect(goneIn(suspecting(19))).toHaveLength(19);
    const doubtful = suspecting(20);
    expect([stateOf(doubtful), goneIn(doubtful)]).toEqual(['reading.idle trust.doubtful lag.current', []]);
    expect(doubtful.facts.map(({ type }) => type)).toEqual(['feed.doubtful']);
    expect(send(doubtful, { type: 'SWEEP', by: 'operator' }).refused).toBe('guard_refused');
    // What changes is read all the while.
    const reading = play(fire(doubtful, 'poll', START + 3 * DAY), pulled(page([rec('7', 9)]), START + 3 * DAY));
    expect([stateOf(reading), tellsOf(reading).length]).toEqual(['reading.idle trust.doubtful lag.current', 1]);
    const confirmed = send(reading, { type: 'CONFIRM_GONE', by: 'operator', at: START + 3 * DAY });
    expect([confirmed.effects['bound']?.input, goneIn(confirmed)]).toMatchObject([{ after: '' }, []]);
    const asked = play(
      confirmed,
      (stage) => answer(stage, 'bound', bound(range(1, 100))),
      (stage) => answer(stage, 'gone', names(range(1, 20))),
      (stage) => fire(stage, 'breath'),
      (stage) => answer(stage, 'gone_again', names(range(1, 18))),
    );
    expect(goneIn(asked)).toHaveLength(18);
    const dropped = send(doubtful, { type: 'DROP', by: 'operator', at: START + 5 });
    expect([contextOf(dropped).sweep, contextOf(dropped).swept_at, goneIn(dropped)]).toEqual([null, START + 5, []]);
    expect(stateOf(dropped)).toBe('reading.idle trust.sure lag.current');
  });

  test('[FEED-9] a pull and a sweep take turns, a pause ends neither for good, and of what is gone no binding is made', () => {
    const asking = answer(sweeping(), 'bound', bound([1], true));
    expect(Object.keys(asking.effects)).toEqual(['gone']);
    const resting = answer(asking, 'gone', names([]), START + 20_000);
    const turn = fire(resting, 'breath', START + 20_000);
    expect(Object.keys(turn.effects)).toEqual(['pull']);
    expect(play(turn, pulled(page([]), START + 20_000)).effects['bound']?.input).toMatchObject({ after: 'binding/odoo-client-odoo-1' });
    const paused = send(asking, { type: 'PAUSE', by: 'operator' });
    expect(paused.effects).toEqual({});
    const resumed = play(send(paused, { type: 'RESUME', by: 'operator' }), pulled(page([])));
    expect(resumed.effects['bound']?.input).toMatchObject({ after: '' });
    const record = { external_id: '1', at: 1, gone: true };
    const refused: Cue = { type: 'tell.refused', by: 'hub', to: 'binding/x', event: 'THEIRS', reason: 'not_found', sent: { record } };
    expect(tellsOf(send(idle(), refused))).toEqual([]);
  });
});
