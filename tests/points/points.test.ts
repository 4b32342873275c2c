import { describe, expect, test } from 'vitest';
import { POINTS } from '../../actors/ports/points.ts';
import type { Point } from '../../actors/ports/points.ts';
import { systemPorts } from '../../actors/ports/system.ts';
import { machines } from '../../machines/machines.ts';
import { Watch } from './failpoint.ts';
import { pairsOf, play } from './pairs.ts';
import { SCENARIOS } from './scenarios.ts';
import type { Scenario } from './scenarios.ts';
import { differenceOf } from './trace.ts';

/* The whole table, on real processes and in pairs, is `npm run prove -- points`. */

const rowNamed = (row: string): Scenario => SCENARIOS.find((scenario) => scenario.row === row) ?? expect.fail(`There is no row ${row}`);

describe('the crash table', () => {
  test('[POINT-1] every event that a door takes for any machine, and the creation of each, has a row', () => {
    const rows = new Set(SCENARIOS.map(({ subject, watch }) => `${subject} ${watch}`));
    const taken = machines.flatMap(({ type, events, internal }) =>
      ['@create', ...Object.keys(events), ...Object.keys(internal)].map((event) => `${type} ${event}`),
    );
    expect(taken.filter((name) => !rows.has(name))).toEqual([]);
  });

  test('[POINT-2] the stories together come by every point that has a name', { timeout: 60_000 }, async () => {
    const reached = new Set<Point>();
    for (const row of ['payment SUBMIT by NATS', 'messenger TELL', 'payment first_reminder']) {
      const { points } = await play(rowNamed(row), []);
      for (const point of points) reached.add(point);
    }
    const { reached: recovering } = await play(rowNamed('payment AMEND'), [{ point: 'recover.missed', lose: 'lost_after' }]);
    for (const point of recovering) reached.add(point);
    expect(POINTS.filter((point) => !reached.has(point))).toEqual([]);
  });

  test.each(['messenger PAY', 'payment SUBMIT refused', 'client SUBMIT', 'period CONFIRM', 'import START'])(
    '[POINT-3] %s leaves the same behind wherever the process dies, and wherever the next one dies while it carries on',
    { timeout: 60_000 },
    async (row) => {
      const columns: readonly Point[] = ['commit.before', 'commit.after', 'events.published', 'recover.missed'];
      const pairs = await pairsOf(rowNamed(row), columns);
      expect(pairs.length).toBeGreaterThan(30);
      expect(pairs.filter(({ trouble }) => trouble !== undefined)).toEqual([]);
    },
  );

  test('[POINT-4] a story that goes another way is seen as another one', async () => {
    const one = await play(rowNamed('payment AMEND'), []);
    const other = await play(rowNamed('payment CANCEL'), []);
    expect(differenceOf(one.trace, one.trace)).toBeUndefined();
    expect(differenceOf(one.trace, other.trace)).toMatch(/^answer: expected /);
    const doubled = { ...one.trace, charges: [...one.trace.charges, 'once more'] };
    expect(differenceOf(one.trace, doubled)).toMatch(/^charges: expected nothing/);
    expect(differenceOf(one.trace, { ...one.trace, strays: ['an event'] })).toMatch(/^strays: /);
  });

  test('[POINT-9] a story that does not come to rest by itself, or never comes by its event, is no measure for any death', async () => {
    for (const changes of [{ rest: /^settled/ }, { watch: 'CAPTURE' }]) {
      const [found, ...others] = await pairsOf({ ...rowNamed('payment AMEND'), ...changes });
      expect(found?.trouble).toMatch(/^does not come to rest/);
      expect(others).toEqual([]);
    }
  });

  test.each(['limit SPEND', 'limit PAID'])('[POINT-10] the story of %s, which an actor tells, comes to rest by itself', async (row) => {
    expect((await play(rowNamed(row), [])).rested).toBe(true);
  });
});

describe('points', () => {
  test('[POINT-5] points count from when the event is on its way, and only those of that actor or of nobody', () => {
    const watch = new Watch({ address: 'payment/a', event: 'SUBMIT' });
    const about = (address: string, type = 'SUBMIT') => [{ address, event: JSON.stringify({ type }) }];
    expect(watch.sees('commit.before', about('payment/a'))).toBe(false);
    expect(watch.sees('received', about('payment/b'))).toBe(false);
    expect(watch.sees('received', about('payment/a', 'AMEND'))).toBe(false);
    expect(watch.sees('progress.saved')).toBe(false);
    expect(watch.sees('received', about('payment/a'))).toBe(true);
    expect(watch.sees('commit.before', about('payment/b'))).toBe(false);
    expect(watch.sees('commit.before', [...about('payment/b'), ...about('payment/a')])).toBe(true);
    expect(watch.sees('progress.saved')).toBe(true);
    expect(new Watch({}).sees('claim.before')).toBe(true);
  });

  test('[POINT-6] on a real node nothing happens at a point', () => {
    const { reach } = systemPorts({ debug() {}, info() {}, warn() {}, error() {} });
    expect(POINTS.map((point) => reach(point))).toEqual(POINTS.map(() => undefined));
    expect(new Set(POINTS).size).toBe(POINTS.length);
  });
});
