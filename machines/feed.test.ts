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
    expect([stateOf(first), contextOf(first).backfilling]).toEqual(['reading.breathing lag.current', true]);
    const second = fire(first, 'breath');
    expect(second.effects['pull']?.input).toMatchObject({ cursor: { id: 9 } });
    const last = play(second, pulled(page([rec('9', 3)])));
    expect([stateOf(last), contextOf(last).backfilling, contextOf(last).told]).toEqual(['reading.idle lag.current', false, 3]);
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
    expect([stateOf(stalled), stalled.facts.map(({ type }) => type)]).toEqual(['reading.pulling lag.stalled', ['feed.stalled']]);
    const back = play(stalled, pulled(page([]), START + 700_000));
    expect([stateOf(back), back.facts.map(({ type }) => type), contextOf(back).failure]).toEqual([
      'reading.idle lag.current',
      ['feed.current'],
      null,
    ]);
  });

  test('[FEED-5] an operator stops it and lets it go on, asks at once, and has everything read once more', () => {
    const idle = play(created(), pulled(page([rec('7', 1)])));
    const paused = send(idle, { type: 'PAUSE', by: 'operator' });
    expect([stateOf(paused), paused.effects]).toEqual(['reading.paused lag.current', {}]);
    expect(send(paused, { type: 'PULL', by: 'operator' }).refused).toBe('not_in_state');
    expect(send(paused, { type: 'RESUME', by: 'operator' }).effects['pull']?.input).toMatchObject({ cursor: { id: 9 } });
    expect(send(idle, { type: 'BACKFILL', by: 'operator' }).effects['pull']?.input).toMatchObject({ cursor: null });
  });
});
