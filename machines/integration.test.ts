import { getShortestPaths } from '@xstate/graph';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { AnyMachineSnapshot } from 'xstate';
import { emptyWindow, withCalls } from './call-window.ts';
import { integration } from './integration.ts';
import type { IntegrationContext } from './integration-terms.ts';
import { begin, fire, play, seenOf, send, START, stateOf, statesOf, throughJson, timersOf, unpublishedOf } from './rehearsal.ts';
import type { Cue, Stage } from './rehearsal.ts';

const cue = (event: Cue) => (stage: Stage) => send(stage, { by: 'operator', ...event });
const calls = (succeeded: number, failed: number, more: object = {}) => cue({ type: 'CALLS', by: 'hub', succeeded, failed, ...more });
const coolDown = (stage: Stage) => fire(stage, 'cool_down');
const factsOf = (stage: Stage) => stage.facts.map(({ type }) => type);

function contextOf(stage: Stage): IntegrationContext {
  return stage.snapshot.context as unknown as IntegrationContext;
}
/** `enabled closed valid all` */
function wordsOf(stage: Stage): string {
  return statesOf(stage.snapshot)
    .filter((state) => /^(lifecycle|circuit|auth|admission)\./.test(state))
    .map((state) => state.split('.')[1])
    .join(' ');
}

const disabled = (settings: object = {}): Stage =>
  begin(integration, { title: 'Sandbox', provides: 'gateway' }, { id: 'sandbox', by: 'operator', settings });
const closed = (settings: object = {}): Stage => play(disabled(settings), cue({ type: 'ENABLE' }));
const open = (settings: object = {}): Stage => play(closed(settings), calls(5, 5));
const halfOpen = (settings: object = {}): Stage => play(open(settings), coolDown);
const forced = (): Stage => play(closed(), cue({ type: 'TRIP', reason: 'they are migrating' }));
const untrusted = (): Stage => play(closed(), calls(1, 0, { unauthorized: 1 }));

/** Everything that can happen to an integration, each in its usual form. */
const HAPPENINGS: Readonly<Record<string, (stage: Stage) => Stage>> = {
  ENABLE: cue({ type: 'ENABLE' }),
  DISABLE: cue({ type: 'DISABLE', reason: 'x' }),
  TRIP: cue({ type: 'TRIP', reason: 'x' }),
  RESET: cue({ type: 'RESET' }),
  PROBE: cue({ type: 'PROBE' }),
  'CALLS all good': calls(3, 0),
  'CALLS one good': calls(1, 0),
  'CALLS all bad': calls(0, 10),
  'CALLS one bad': calls(0, 1),
  'CALLS unauthorized': calls(0, 0, { unauthorized: 2 }),
  'after cool_down': coolDown,
};

/** The whole table. What is not listed is refused, and changes nothing. */
const TABLE: readonly [row: string, stage: () => Stage, cells: Readonly<Record<string, string>>][] = [
  [
    'disabled closed valid none',
    () => disabled(),
    {
      ENABLE: 'enabled closed valid all',
      TRIP: 'disabled forced_open valid none',
      RESET: 'disabled closed valid none',
      'CALLS all good': 'disabled closed valid none',
      'CALLS one good': 'disabled closed valid none',
      'CALLS all bad': 'disabled open valid none',
      'CALLS one bad': 'disabled closed valid none',
      'CALLS unauthorized': 'disabled closed invalid none',
    },
  ],
  [
    'enabled closed valid all',
    () => closed(),
    {
      DISABLE: 'disabled closed valid none',
      TRIP: 'enabled forced_open valid none',
      RESET: 'enabled closed valid all',
      'CALLS all good': 'enabled closed valid all',
      'CALLS one good': 'enabled closed valid all',
      'CALLS all bad': 'enabled open valid none',
      'CALLS one bad': 'enabled closed valid all',
      'CALLS unauthorized': 'enabled closed invalid none',
    },
  ],
  [
    'enabled open valid none',
    () => open(),
    {
      DISABLE: 'disabled open valid none',
      TRIP: 'enabled forced_open valid none',
      RESET: 'enabled closed valid all',
      PROBE: 'enabled half_open valid probes',
      'CALLS all good': 'enabled open valid none',
      'CALLS one good': 'enabled open valid none',
      'CALLS all bad': 'enabled open valid none',
      'CALLS one bad': 'enabled open valid none',
      'CALLS unauthorized': 'enabled open invalid none',
      'after cool_down': 'enabled half_open valid probes',
    },
  ],
  [
    'enabled half_open valid probes',
    () => halfOpen(),
    {
      DISABLE: 'disabled half_open valid none',
      TRIP: 'enabled forced_open valid none',
      RESET: 'enabled closed valid all',
      'CALLS all good': 'enabled closed valid all',
      'CALLS one good': 'enabled half_open valid probes',
      'CALLS all bad': 'enabled open valid none',
      'CALLS one bad': 'enabled open valid none',
      'CALLS unauthorized': 'enabled half_open invalid none',
    },
  ],
  [
    'enabled forced_open valid none',
    forced,
    {
      DISABLE: 'disabled forced_open valid none',
      RESET: 'enabled closed valid all',
      'CALLS all good': 'enabled forced_open valid none',
      'CALLS one good': 'enabled forced_open valid none',
      'CALLS all bad': 'enabled forced_open valid none',
      'CALLS one bad': 'enabled forced_open valid none',
      'CALLS unauthorized': 'enabled forced_open invalid none',
    },
  ],
  [
    'enabled closed invalid none',
    untrusted,
    {
      DISABLE: 'disabled closed invalid none',
      TRIP: 'enabled forced_open invalid none',
      RESET: 'enabled closed valid all',
      'CALLS all good': 'enabled closed invalid none',
      'CALLS one good': 'enabled closed invalid none',
      'CALLS all bad': 'enabled open invalid none',
      'CALLS one bad': 'enabled closed invalid none',
      'CALLS unauthorized': 'enabled closed invalid none',
    },
  ],
];

describe('what may happen to an integration, state by state and event by event', () => {
  test.each(TABLE)('[INT-1] %s takes what the table lists, goes where it says, and refuses everything else', (row, toStage, cells) => {
    const stage = toStage();
    expect(wordsOf(stage)).toBe(row);
    const found: Record<string, string> = {};
    for (const [name, happen] of Object.entries(HAPPENINGS)) {
      const next = happen(stage);
      if (next.refused === undefined) found[name] = wordsOf(next);
      else expect([next.refused, next.snapshot === stage.snapshot]).toEqual(['not_in_state', true]);
    }
    expect(found).toEqual(cells);
  });
});

describe('whether it may be called', () => {
  test('[INT-2] it is callable when it is enabled, its circuit closed and its credentials valid, and not otherwise', () => {
    for (const [row, toStage] of TABLE) {
      const { snapshot } = toStage();
      expect([row, snapshot.hasTag('callable'), snapshot.hasTag('probing')]).toEqual([
        row,
        row === 'enabled closed valid all',
        row === 'enabled half_open valid probes',
      ]);
    }
  });

  test('[INT-2] whoever asks is told the same', () => {
    const admission = (stage: Stage) => integration.questions['admission']?.(seenOf(stage));
    expect([admission(closed()), admission(halfOpen()), admission(disabled())]).toEqual([
      { callable: true, probing: false },
      { callable: false, probing: true },
      { callable: false, probing: false },
    ]);
  });

  test('[INT-3] an operator disables it with a reason, and it says so', () => {
    const stage = play(closed(), cue({ type: 'DISABLE', reason: 'contract ended' }));
    expect([contextOf(stage).disabled_because, stage.facts]).toEqual([
      'contract ended',
      [{ type: 'integration.disabled', provides: 'gateway', reason: 'contract ended' }],
    ]);
    expect(factsOf(play(stage, cue({ type: 'ENABLE' })))).toEqual(['integration.enabled']);
    expect(contextOf(play(stage, cue({ type: 'RESET' }))).disabled_because).toBe('contract ended');
  });
});

describe('the circuit', () => {
  test('[INT-4] it opens when at least ten calls are in the window and half of them failed', () => {
    expect(stateOf(play(closed(), calls(4, 5)))).toContain('circuit.closed');
    expect(stateOf(play(closed(), calls(6, 5)))).toContain('circuit.closed');
    const tripped = play(closed(), calls(4, 4), calls(1, 1));
    expect(wordsOf(tripped)).toBe('enabled open valid none');
    expect(tripped.facts).toEqual([{ type: 'integration.opened', provides: 'gateway', reason: 'too_many_failures' }]);
  });

  test('[INT-4] volume, share and window are settings', () => {
    const touchy = { min_volume: 1, failure_ratio: 0.1 };
    expect(stateOf(play(closed(touchy), calls(9, 1)))).toContain('circuit.open');
    expect(stateOf(play(closed(touchy), calls(10, 1)))).toContain('circuit.closed');
  });

  test('[INT-4] calls of one window ago are forgotten; trouble across the edge of half a window is not', () => {
    const at = (ms: number) => ({ at: START + ms });
    expect(stateOf(play(closed(), calls(0, 9, at(0)), calls(0, 1, at(60_000))))).toContain('circuit.closed');
    expect(stateOf(play(closed(), calls(0, 9, at(29_999)), calls(0, 1, at(30_000))))).toContain('circuit.open');
    expect(stateOf(play(closed(), calls(0, 9, at(29_999)), calls(0, 1, at(59_999))))).toContain('circuit.open');
  });

  test('[INT-4] a report of successes alone never opens it', () => {
    const stage = play(closed(), calls(0, 9), calls(9, 0));
    expect(stateOf(stage)).toContain('circuit.closed');
  });

  test('[INT-5] an open circuit rests, longer with every trip without a recovery, up to a cap', () => {
    const rests: number[] = [];
    let stage = open();
    for (let i = 0; i < 8; i++) {
      rests.push((stage.timers['cool_down'] ?? 0) / 1000);
      stage = play(stage, coolDown, calls(0, 1));
    }
    expect(rests).toEqual([10, 20, 40, 80, 160, 300, 300, 300]);
    const recovered = play(stage, coolDown, calls(3, 0), calls(0, 10));
    expect(recovered.timers).toEqual({ cool_down: 10_000 });
  });

  test('[INT-6] half open, three calls in a row must succeed before it closes, and one failure opens it again', () => {
    expect(factsOf(halfOpen())).toEqual(['integration.half_opened']);
    const twice = play(halfOpen(), calls(1, 0), calls(1, 0));
    expect(stateOf(twice)).toContain('circuit.half_open');
    const thrice = play(twice, calls(1, 0));
    expect([stateOf(thrice), factsOf(thrice), contextOf(thrice).trips]).toEqual([stateOf(closed()), ['integration.closed'], 0]);
    const failed = play(twice, calls(5, 1));
    expect([stateOf(failed), contextOf(failed).open_because]).toEqual([stateOf(open()), 'probe_failed']);
    expect(contextOf(play(failed, coolDown)).probed).toBe(0);
  });

  test('[INT-6] a closed circuit starts with an empty window: old failures do not open it again', () => {
    expect(stateOf(play(halfOpen(), calls(3, 0), calls(0, 1)))).toContain('circuit.closed');
  });

  test('[INT-7] a circuit that a person opened stays open until a person resets it', () => {
    const stage = forced();
    expect([stage.timers, stage.facts, stage.snapshot.hasTag('needs_somebody')]).toMatchObject([
      {},
      [{ type: 'integration.opened', reason: 'they are migrating' }],
      true,
    ]);
    expect(send(stage, { type: 'PROBE' }).refused).toBe('not_in_state');
    expect(wordsOf(play(stage, calls(100, 0)))).toBe('enabled forced_open valid none');
    const reset = play(stage, cue({ type: 'RESET' }));
    expect([wordsOf(reset), factsOf(reset), contextOf(reset).open_because]).toEqual([
      'enabled closed valid all',
      ['integration.closed'],
      null,
    ]);
  });

  test('[INT-8] refused credentials stop all calls until a person resets it, so that no account is locked', () => {
    const stage = untrusted();
    expect([factsOf(stage), stage.snapshot.hasTag('needs_somebody')]).toEqual([['integration.unauthorized'], true]);
    expect(wordsOf(play(stage, calls(10, 0)))).toBe('enabled closed invalid none');
    expect(wordsOf(play(stage, cue({ type: 'RESET' })))).toBe('enabled closed valid all');
  });
});

describe('the counting window', () => {
  const rules = integration.settings.parse({}) as IntegrationContext['rules'];

  test('[INT-9] it holds between half a window and a whole window of calls, and never loses newer ones', () => {
    const report = fc.record({ gap: fc.integer({ min: 0, max: 90_000 }), succeeded: fc.nat({ max: 9 }), failed: fc.nat({ max: 9 }) });
    fc.assert(
      fc.property(fc.array(report, { minLength: 1, maxLength: 40 }), (reports) => {
        let at = START;
        let window = emptyWindow(START);
        const past: { at: number; count: number }[] = [];
        for (const { gap, succeeded, failed } of reports) {
          at += gap;
          past.push({ at, count: succeeded + failed });
          window = withCalls(window, { by: 'hub', at, v: 1, succeeded, failed }, rules);
          const { now, before } = window;
          const counted = now.succeeded + now.failed + before.succeeded + before.failed;
          const within = (ms: number) => past.filter((one) => one.at > at - ms).reduce((sum, { count }) => sum + count, 0);
          expect(counted).toBeGreaterThanOrEqual(within(rules.window_ms / 2));
          expect(counted).toBeLessThanOrEqual(within(rules.window_ms));
        }
      }),
    );
  });
});

describe('who may do and see what', () => {
  test('[INT-10] operators and admins handle integrations, and only HQ sees them', () => {
    expect(Object.keys(integration.permissions)).toEqual(['@create', ...Object.keys(integration.events)]);
    for (const roles of Object.values(integration.permissions)) expect(roles).toEqual(['operator', 'admin']);
    expect(integration.views).toEqual({ hq: { rows: 'all', fields: 'all' } });
    expect(integration.permissions['CALLS']).toBeUndefined();
  });

  test('[INT-10] events have their shape, and no other', () => {
    const taken = (type: string, payload: object) => ({ ...integration.events, ...integration.internal })[type]?.safeParse(payload).success;
    expect([taken('TRIP', {}), taken('TRIP', { reason: 'x' }), taken('RESET', { reason: 'x' }), taken('DISABLE', {})]).toEqual([
      false,
      true,
      false,
      true,
    ]);
    expect([
      taken('CALLS', { succeeded: 1, failed: 0 }),
      taken('CALLS', { succeeded: -1, failed: 0 }),
      taken('CALLS', { succeeded: 0.5, failed: 0 }),
    ]).toEqual([true, false, false]);
    for (const settings of [{ min_volume: 0 }, { failure_ratio: 0 }, { failure_ratio: 1.1 }, { cool_down_ms: 2 ** 31 }, { probes: 0 }]) {
      expect(integration.settings.safeParse(settings).success).toBe(false);
    }
  });
});

describe('over any path', () => {
  const happenings = Object.values(HAPPENINGS);

  function brokenOf(snapshot: AnyMachineSnapshot): string[] {
    const { lifecycle, circuit, auth, admission } = snapshot.value as Record<string, string>;
    const context = snapshot.context as unknown as IntegrationContext;
    const good = lifecycle === 'enabled' && auth === 'valid';
    const expected = good && circuit === 'closed' ? 'all' : good && circuit === 'half_open' ? 'probes' : 'none';
    const rules: Record<string, boolean> = {
      'admission is what the other regions come to': admission === expected,
      'an open circuit waits for its rest to be over': (circuit === 'open') === timersOf(snapshot).includes('cool_down'),
      'it says why it is open, and only then': (circuit === 'closed') === (context.open_because === null),
      'a closed circuit has no trips': circuit !== 'closed' || context.trips === 0,
      'its context is plain JSON': JSON.stringify(JSON.parse(JSON.stringify(context))) === JSON.stringify(context),
    };
    return Object.keys(rules).filter((rule) => !rules[rule]);
  }

  test('[INT-11] on every shortest path all invariants hold in every state', () => {
    const stamp = { by: 'operator', at: START };
    const events = [
      ...['ENABLE', 'DISABLE', 'RESET', 'PROBE'].map((type) => ({ type, ...stamp })),
      { type: 'TRIP', reason: 'x', ...stamp },
      ...[
        [3, 0],
        [0, 10],
        [0, 1],
        [1, 0],
      ].map(([succeeded, failed]) => ({ type: 'CALLS', succeeded, failed, ...stamp })),
      { type: 'CALLS', succeeded: 0, failed: 0, unauthorized: 1, ...stamp },
      { type: 'xstate.after.cool_down.integration.circuit.open', ...stamp },
    ];
    const paths = getShortestPaths(integration.machine, {
      input: { id: 'sandbox', by: 'operator', at: START, settings: integration.settings.parse({}) },
      events: events as never,
      serializeState: ((snapshot: AnyMachineSnapshot) =>
        [...statesOf(snapshot), (snapshot.context as unknown as IntegrationContext).open_because].join()) as never,
    });
    expect(paths.length).toBeGreaterThan(15);
    for (const { state, steps } of paths) {
      const broken = brokenOf(state);
      if (broken.length > 0) expect.fail(`${broken.join('; ')} after ${steps.map(({ event }) => event.type).join(' → ')}`);
    }
  });

  test('[INT-12] no sequence of events breaks an invariant or throws, and JSON in between changes nothing', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...happenings), { maxLength: 60 }), (course) => {
        let live = closed();
        let stored = throughJson(live);
        for (const happen of course) {
          live = happen(live);
          stored = throughJson(happen(stored));
          expect(brokenOf(live.snapshot)).toEqual([]);
          expect([stateOf(stored), stored.refused, stored.facts, stored.timers]).toEqual([
            stateOf(live),
            live.refused,
            live.facts,
            live.timers,
          ]);
          expect(contextOf(stored)).toEqual(contextOf(live));
          expect(unpublishedOf(live)).toEqual([]);
        }
      }),
      { numRuns: 150 },
    );
  });
});
