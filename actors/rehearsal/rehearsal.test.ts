import fc from 'fast-check';
import { createMachine } from 'xstate';
import { describe, expect, test } from 'vitest';
import type { Definition } from '../../machines/machine.ts';
import { must } from '../../machines/must.ts';
import { payment } from '../../machines/payment.ts';
import { LanesStage } from '../../tests/support/lanes-stage.ts';
import { counter } from '../../tests/support/toy-machines.ts';
import { offer, offerOne, offerTwo, offerWith, secondChart, toSecond } from '../../tests/support/versioned-machines.ts';
import { misfitOf } from '../migration.ts';
import type { Envelope, StoredEnvelope } from '../envelope.ts';
import { step, toStored } from '../step.ts';
import { Rehearsal, isSafe, toLines } from './rehearsal.ts';
import type { Report } from './rehearsal.ts';

/** Offers of the first release in each of its states, as they are stored. */
async function offers(): Promise<LanesStage> {
  const stage = await new LanesStage({ machines: [offerOne] }).start();
  const ways: Record<string, readonly string[]> = { open: ['TOUCH'], held: ['HOLD'], calling: ['CALL'], ended: ['HOLD', 'FREE', 'END'] };
  for (const [name, events] of Object.entries(ways)) {
    await stage.create(`offer/${name}`, { input: { price: 7 } });
    for (const event of events) await stage.send(`offer/${name}`, event);
  }
  return stage;
}

function rehearse(stage: LanesStage, candidate: Definition, present: Definition | undefined = offerOne): Report {
  const rehearsal = new Rehearsal(candidate, present, {});
  for (const { address } of stage.database.actors) {
    rehearsal.actor(address, must(stage.database.load(address).envelope, address));
    rehearsal.history(address, stage.database.journalOf(address));
  }
  return rehearsal.report;
}

const spoilt = (change: (given: { timers: object; effects: object; snapshot: { value: string } }) => void): Definition =>
  offerWith((envelope) => {
    const given = structuredClone(toSecond(envelope)) as {
      timers: Record<string, object>;
      effects: Record<string, object>;
      snapshot: { value: string };
    };
    change(given);
    return given;
  });
const counts = (of: Readonly<Record<string, readonly { count: number }[]>>): Record<string, number> =>
  Object.fromEntries(
    Object.entries(of).flatMap(([name, found]) => (found.length === 0 ? [] : [[name, found.reduce((sum, { count }) => sum + count, 0)]])),
  );

describe('rehearsing a candidate', () => {
  test('[REH-1] a candidate with a good migration strands nobody, and what is stored stays as it is', async () => {
    const stage = await offers();
    const before = JSON.stringify(stage.database.actors.map(({ address }) => stage.database.journalOf(address)));
    const report = rehearse(stage, offerTwo);
    expect([report.actors, report.restored, report.migrated, counts(report.stranded)]).toEqual([4, 0, 4, {}]);
    expect(isSafe(report, false)).toBe(true);
    expect(JSON.stringify(stage.database.actors.map(({ address }) => stage.database.journalOf(address)))).toBe(before);
  });

  test('[REH-2] what would strand is told by its kind, with the reason, how many there are and which', async () => {
    const stage = await offers();
    const of = (candidate: Definition): Record<string, number> => counts(rehearse(stage, candidate).stranded);
    expect(of(spoilt(({ snapshot }) => Object.assign(snapshot, { value: 'gone' })))).toEqual({ state: 4 });
    expect(of(spoilt((given) => Object.assign(given, { timers: {} })))).toEqual({ timers: 2 });
    expect(of(spoilt((given) => Object.assign(given, { effects: {} })))).toEqual({ effects: 1 });
    expect(of(offerWith(() => must(undefined, 'a price')))).toEqual({ migration: 4 });
    const report = rehearse(
      stage,
      spoilt((given) => Object.assign(given, { effects: {} })),
    );
    expect(report.stranded.effects).toEqual([
      { what: 'the state offer.calling waits for the effect stamp, which is missing', count: 1, examples: ['offer/calling'] },
    ]);
    expect(isSafe(report, false)).toBe(false);
    expect(toLines(report, false).at(-1)).toBe('the candidate must not be released');
  });

  test('[REH-3] a candidate that is older than what is stored would strand it', async () => {
    const stage = await offers();
    const next = await new LanesStage({ ports: stage.ports, database: stage.database, machines: [offerTwo] }).start();
    await next.send('offer/open', 'TOUCH');
    expect(counts(rehearse(next, offerOne).stranded)).toEqual({ newer: 1 });
  });

  test('[REH-4] a chart that changes without a new version is held to what is stored as strictly as a migration', async () => {
    const stage = await offers();
    expect(counts(rehearse(stage, { ...offerTwo, version: 1, migrate: {} }).stranded)).toEqual({ state: 1, timers: 1 });
    expect(counts(rehearse(stage, offerOne).stranded)).toEqual({});
  });

  test('[REH-5] guards that answer differently are told by event and state, and stop a strict rehearsal', async () => {
    const stage = await offers();
    const report = rehearse(stage, offerTwo);
    expect(report.changed.guards.map(({ what, count }) => [what, count])).toEqual([]);
    const closed = offer(
      2,
      createMachine({
        ...secondChart.config,
        states: { ...secondChart.config.states, open: { after: { life: 'expired' } } },
      } as never).provide(secondChart.implementations as never),
      { 1: toSecond },
    );
    const changed = rehearse(stage, closed);
    expect(changed.changed.guards.map(({ what }) => what).toSorted()).toEqual([
      'CALL in open: taken → not_in_state',
      'END in open: taken → not_in_state',
      'HOLD in open: taken → not_in_state',
      'PRICE in open: taken → not_in_state',
      'TOUCH in open: taken → not_in_state',
    ]);
    expect([isSafe(changed, false), isSafe(changed, true)]).toEqual([true, false]);
  });

  test('[REH-6] a history that replays to another state or context is told with the event where it parts', async () => {
    const stage = await offers();
    await stage.send('offer/open', 'PRICE', { to: 9 });
    expect(rehearse(stage, offerOne).changed.histories).toEqual([]);
    expect(rehearse(stage, offerTwo).changed.histories).toEqual([]);
    const doubled = offer(
      2,
      createMachine({
        ...secondChart.config,
        context: ({ input }: { input: { id: string; price: number } }) => ({
          id: input.id,
          price_minor: input.price * 200,
          note: '',
          checks: 0,
        }),
      } as never).provide(secondChart.implementations as never),
      { 1: toSecond },
    );
    expect(rehearse(stage, doubled).changed.histories).toEqual([
      { what: '@create (context): stored price_minor: 700, replayed price_minor: 1400', count: 4, examples: expect.any(Array) },
    ]);
  });

  test('[REH-7] a history with timers, calls, a pause and a forced state replays to itself', async () => {
    const stage = await new LanesStage({ machines: [counter] }).start();
    const A = 'counter/a';
    const own = async (kind: 'timer' | 'result', id: string, v: number, i: number): Promise<void> => {
      const event =
        kind === 'timer' ? { type: id, v, i } : { type: `xstate.done.actor.${id}`, src: 'desk.stamp', output: { mark: 'm' }, v, i };
      const happening =
        kind === 'timer' ? { kind, id, v, i } : { kind, id, v, i, result: { kind: 'done' as const, output: { mark: 'm' } } };
      await stage.hear(stage.offer(A, happening, { event_id: `own:${A}@${v}#${i}`, event: JSON.stringify(event) }));
    };
    await stage.create(A, { input: { start: 4 } });
    await stage.send(A, 'ADD', { by_n: 2 });
    await stage.send(A, 'WAIT');
    await own('timer', 'xstate.after.patience.counter.waiting', 3, 0);
    await stage.send(A, 'CALL');
    await own('result', 'stamp', 5, 0);
    const operate = (happening: Parameters<LanesStage['offer']>[1], event: object): Promise<unknown> =>
      stage.hear(stage.offer(A, happening, { event: JSON.stringify(event) }));
    await operate({ kind: 'pause', reason: 'r' }, { type: '@pause', reason: 'r' });
    await operate(
      { kind: 'propose', state: 'locked', effects: 'refuse', reason: 'r' },
      { type: '@force-proposed', state: 'locked', effects: 'refuse', reason: 'r' },
    );
    await stage.hear(
      stage.offer(
        A,
        { kind: 'force', state: 'locked', confirm: 8 },
        {
          event: JSON.stringify({ type: '@force', state: 'locked', confirm: 8 }),
          caller: { kind: 'person', id: 'otto', roles: ['clerk'] },
        },
      ),
    );
    await operate({ kind: 'resume' }, { type: '@resume' });
    await stage.send(A, 'UNLOCK');
    const report = rehearse(stage, counter, undefined);
    expect([report.replayed, report.changed.histories, stage.database.journalOf(A).length]).toEqual([1, [], 11]);
  });

  test('[REH-8] whatever a machine writes fits itself: nothing that is under way is ever taken for lost', () => {
    const names = Object.keys(counter.events).filter((name) => name !== 'BREAK' && name !== 'TELL');
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.constantFrom(...names), fc.constantFrom('timer', 'result')), { maxLength: 30 }), (types) => {
        const moment = { by: 'ann', now: 1_000, scale: 1 };
        const born = step(counter, undefined, { kind: 'create', id: 'a', input: {}, settings: {} }, moment);
        let envelope: Envelope = born.outcome === 'applied' ? born.next : (undefined as never);
        for (const type of types) {
          const [timer] = Object.entries(envelope.timers);
          const [effect] = Object.entries(envelope.effects);
          if ((type === 'timer' && timer === undefined) || (type === 'result' && effect === undefined)) continue;
          const happening =
            type === 'timer' && timer !== undefined
              ? { kind: 'timer' as const, id: timer[0], v: timer[1].v, i: timer[1].i }
              : type === 'result' && effect !== undefined
                ? {
                    kind: 'result' as const,
                    id: effect[0],
                    v: effect[1].v,
                    i: effect[1].i,
                    result: { kind: 'done' as const, output: { mark: 'm' } },
                  }
                : { kind: 'event' as const, event: { type, by_n: 1 } };
          const stepped = step(counter, envelope, happening, moment);
          if (stepped.outcome === 'applied') envelope = stepped.next;
          expect(misfitOf(counter, JSON.parse(toStored(counter, envelope)) as StoredEnvelope)).toBeUndefined();
        }
      }),
      { numRuns: 200 },
    );
  });

  test('[REH-9] an envelope that is no JSON or of another machine is told as unreadable and stops nothing', () => {
    const rehearsal = new Rehearsal(payment, undefined, {});
    for (const text of ['{', '{"machine":"client","machine_version":1}']) rehearsal.actor('payment/x', text);
    rehearsal.history('payment/x', [{ event: '{' } as never]);
    const { stranded, changed } = rehearsal.report;
    expect([counts(stranded), counts(changed)]).toEqual([{ unreadable: 2 }, { histories: 1 }]);
  });
});
