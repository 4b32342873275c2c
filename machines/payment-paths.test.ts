import { getShortestPaths } from '@xstate/graph';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { AnyMachineSnapshot, EventObject } from 'xstate';
import type { GatewayRequest } from './gateway.ts';
import { payment } from './payment.ts';
import { brokenOf } from './payment-invariants.ts';
import { ACTIVE, BILL, contextOf, DECLINED, DONE, draft, SUSPENDED } from './payment-rehearsal.ts';
import type { PaymentContext } from './payment-terms.ts';
import { answer, fail, fire, send, START, stateOf, statesOf, throughJson, unpublishedOf } from './rehearsal.ts';
import type { Stage } from './rehearsal.ts';

/** What each effect may come back with. */
const OUTPUTS: Readonly<Record<string, readonly object[]>> = {
  standing: [ACTIVE, SUSPENDED],
  authorize: [DONE, DECLINED],
  capture: [DONE, DECLINED],
  void: [DONE, DECLINED],
  refund: [DONE, DECLINED],
  lookup: [DONE, DECLINED, { outcome: 'not_found' }],
  close: [DONE, DECLINED, { outcome: 'canceled' }],
};

describe('every path through the chart', () => {
  /** Everything that could happen to this snapshot: results of its effects, its timers, and what people might send. */
  function eventsFor(snapshot: AnyMachineSnapshot): EventObject[] {
    const stamp = { by: 'hub', at: START };
    const context = snapshot.context as unknown as PaymentContext;
    const results = Object.keys(snapshot.children).flatMap((id) => [
      ...(OUTPUTS[id] ?? []).map((output) => ({ type: `xstate.done.actor.${id}`, output, ...stamp })),
      { type: `xstate.error.actor.${id}`, error: { kind: 'failed', code: 'x' }, ...stamp },
      { type: `xstate.error.actor.${id}`, error: { kind: 'unknown', code: 'x' }, ...stamp },
      { type: `xstate.error.actor.${id}`, error: { kind: 'failed', code: 'held' }, ...stamp },
    ]);
    const timers = snapshot._nodes.flatMap((node) => node.after.map(({ eventType }) => ({ type: eventType, ...stamp })));
    const people = [
      { type: 'SUBMIT', by: 'clerk' },
      { type: 'APPROVE', by: 'approver', hash: context.payload_hash },
      { type: 'APPROVE', by: 'clerk', hash: context.payload_hash },
      { type: 'APPROVE', by: 'cfo', hash: 'stale' },
      { type: 'DENY', by: 'cfo', reason: 'no' },
      { type: 'AMEND', by: 'clerk', amount_minor: context.amount_minor === 1 ? 125_000 : 1 },
      { type: 'CAPTURE', by: 'clerk', amount_minor: 50 },
      { type: 'CAPTURE', by: 'clerk', amount_minor: 200_000 },
      { type: 'CANCEL', by: 'clerk' },
      { type: 'REFUND', by: 'cfo', refund: `r${context.refunds.length}`, amount_minor: 25 },
      { type: 'REFUND', by: 'cfo', refund: 'r0', amount_minor: 25 },
    ];
    const asked = context.refunds.length >= 2 ? people.filter(({ type }) => type !== 'REFUND') : people;
    return [...results, ...timers, ...asked.map((event) => ({ at: START, ...event }))];
  }

  /** States that differ only in counters without an end are taken for one, so that the search ends. */
  function keyOf(snapshot: AnyMachineSnapshot): string {
    const { amount_minor, approvals, captured_minor, refunds, retries, tries, reason, ending, operation } =
      snapshot.context as unknown as PaymentContext;
    const kinds = refunds.map(({ state }) => state).join();
    const counts = [amount_minor, approvals.length, captured_minor, retries, Math.min(tries, 2)];
    return [statesOf(snapshot).join(), ...counts, kinds, reason, ending, operation].join('|');
  }

  const pathsOf = (capture: string, amount_minor: number) =>
    getShortestPaths(payment.machine, {
      input: {
        ...payment.input.parse({ ...BILL, capture, amount_minor }),
        id: 'pay_1',
        by: 'clerk',
        at: START,
        settings: payment.settings.parse({}),
      },
      events: eventsFor as never,
      serializeState: keyOf as never,
    });

  test.each([
    ['automatic', 125_000],
    ['manual', 125_000],
    ['automatic', 1],
  ])('[PAY-25] on every shortest path (capture %s, %i minor units) all invariants hold in every state', (capture, amount_minor) => {
    const paths = pathsOf(capture, amount_minor);
    const reached = new Set<string>();
    for (const { state, steps } of paths) {
      reached.add(statesOf(state).join());
      const broken = brokenOf(state);
      if (broken.length > 0) expect.fail(`${broken.join('; ')} after ${steps.map(({ event }) => event.type).join(' → ')}`);
    }
    expect(paths.length).toBeGreaterThan(100);
    for (const state of [
      'settled.idle',
      'settled.refund_unknown.closing',
      'unknown.closing',
      'authorized.holding',
      'declined',
      'failed',
      'canceled',
    ]) {
      expect(reached).toContain(state);
    }
  });

  test('[PAY-25] from every state that is not final some event leads on', () => {
    for (const { state } of pathsOf('manual', 125_000)) {
      if (state.hasTag('final') || statesOf(state)[0] === 'settled.idle') continue;
      const leads = eventsFor(state).some((event) => payment.machine.getTransitionData(state, event as never).length > 0);
      expect([statesOf(state), leads]).toEqual([statesOf(state), true]);
    }
  });
});

describe('any sequence of events', () => {
  const person = fc.constantFrom('clerk', 'ada', 'approver', 'approver2', 'cfo');
  const text = fc.constantFrom('INV-7', 'INV-8', 'INV-9');
  const amount = fc.oneof(fc.constantFrom(1, 99_999, 100_000, 125_000, 125_001), fc.integer({ min: 1, max: 1_000_000_000_000 }));
  const optional = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });
  const publicEvent = fc.oneof(
    { weight: 6, arbitrary: fc.record({ type: fc.constant('SUBMIT') }) },
    fc.record({ type: fc.constant('APPROVE'), fresh: fc.constantFrom('present', 'present', 'present', 'stale', 'none') }),
    fc.record({ type: fc.constant('DENY'), reason: text }),
    fc.record({ type: fc.constant('AMEND'), amount_minor: optional(amount), payee: optional(text), reference: optional(text) }),
    fc.record({ type: fc.constant('CAPTURE'), amount_minor: optional(amount) }),
    fc.record({ type: fc.constant('CANCEL'), reason: optional(text) }),
    {
      weight: 3,
      arbitrary: fc.record({ type: fc.constant('REFUND'), refund: fc.constantFrom('r1', 'r2', 'r3', 'r4'), amount_minor: amount }),
    },
    fc.record({
      type: fc.constant('GATEWAY_NOTIFIED'),
      operation_id: fc.constantFrom('pay_1-authorize-1', 'pay_1-capture-2', 'x'),
      outcome: text,
    }),
  );
  const happening = fc.record({
    what: fc.constantFrom('effect', 'effect', 'effect', 'timer', 'person', 'person', 'stale'),
    pick: fc.nat({ max: 1000 }),
    by: person,
    event: publicEvent,
  });
  type Happening = typeof happening extends fc.Arbitrary<infer T> ? T : never;

  function happen(stage: Stage, { what, pick, by, event }: Happening): Stage {
    const effects = Object.keys(stage.effects);
    const timers = Object.keys(stage.timers);
    if (what === 'effect' && effects.length > 0) return come(stage, effects[pick % effects.length] ?? '', pick);
    if (what === 'timer' && timers.length > 0) return fire(stage, timers[pick % timers.length] ?? '');
    if (what === 'stale') return come(stage, Object.keys(OUTPUTS).filter((id) => !(id in stage.effects))[pick % 6] ?? '', pick);
    if (!('fresh' in event)) return send(stage, { ...event, by });
    const hash = { present: contextOf(stage).payload_hash, stale: 'stale', none: undefined }[event.fresh];
    return send(stage, { type: event.type, by, hash });
  }

  function come(stage: Stage, effect: string, pick: number): Stage {
    const outputs = OUTPUTS[effect] ?? [];
    const choice = pick % (outputs.length + 2);
    const output = outputs[choice];
    if (output !== undefined) return answer(stage, effect, output);
    return fail(stage, effect, choice === outputs.length ? 'failed' : 'unknown');
  }

  const anyPayment = fc.record({
    amount_minor: fc.constantFrom(1, 99_999, 100_000, 125_000),
    capture: fc.constantFrom('automatic', 'manual'),
    approvals_needed: fc.constantFrom(1, 1, 2),
    course: fc.array(happening, { maxLength: 60 }),
  });
  const bornAs = ({ amount_minor, capture, approvals_needed }: { amount_minor: number; capture: string; approvals_needed: number }) =>
    draft({ amount_minor, capture }, { approvals_needed });

  test('[PAY-26] no sequence of events breaks an invariant, throws, or changes anything when it is refused', () => {
    fc.assert(
      fc.property(anyPayment, ({ course, ...born }) => {
        let stage = bornAs(born);
        for (const step of course) {
          const next = happen(stage, step);
          expect(brokenOf(next.snapshot)).toEqual([]);
          if (next.refused !== undefined) expect(next.snapshot).toBe(stage.snapshot);
          stage = next;
        }
      }),
      { numRuns: 300 },
    );
  });

  test('[PAY-27] no two operations of a payment ever have the same name', () => {
    const calls = ['authorize', 'capture', 'void', 'refund'];
    fc.assert(
      fc.property(anyPayment, ({ course, ...born }) => {
        const names = new Set<string>();
        let stage = bornAs(born);
        for (const step of course) {
          const next = happen(stage, step);
          for (const [id, effect] of Object.entries(next.effects)) {
            if (!calls.includes(id) || stage.effects[id] === effect) continue;
            const { operation_id } = effect.input as GatewayRequest;
            expect(operation_id).toMatch(/^pay_1-(authorize|capture|void|refund)-\d+$/);
            expect(names).not.toContain(operation_id);
            names.add(operation_id);
          }
          stage = next;
        }
      }),
      { numRuns: 200 },
    );
  });

  test('[PAY-28] a payment that is stored as JSON and restored after every event behaves as one that never was', () => {
    fc.assert(
      fc.property(anyPayment, ({ course, ...born }) => {
        let live = bornAs(born);
        let stored = throughJson(live);
        for (const step of course) {
          live = happen(live, step);
          stored = throughJson(happen(stored, step));
          expect(stateOf(stored)).toBe(stateOf(live));
          expect(contextOf(stored)).toEqual(contextOf(live));
          expect([stored.refused, stored.facts, stored.timers, stored.effects]).toEqual([
            live.refused,
            live.facts,
            live.timers,
            live.effects,
          ]);
        }
      }),
      { numRuns: 100 },
    );
  });

  test('[PAY-29] everything that a payment makes known has the shape that is published for it', () => {
    fc.assert(
      fc.property(anyPayment, ({ course, ...born }) => {
        let stage = bornAs(born);
        for (const step of course) {
          stage = happen(stage, step);
          expect(unpublishedOf(stage)).toEqual([]);
        }
      }),
      { numRuns: 200 },
    );
  });
});
