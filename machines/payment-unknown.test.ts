import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { GatewayLookup, GatewayRequest } from './gateway.ts';
import { LossyGateway, MISHAPS } from './lossy-gateway.ts';
import type { Mishap, Reply } from './lossy-gateway.ts';
import * as scene from './payment-rehearsal.ts';
import { ACTIVE, answered, contextOf, cue, DECLINED, DONE, failed, fired } from './payment-rehearsal.ts';
import type { Calling } from './payment-rehearsal.ts';
import { MOST_ATTEMPTS } from './payment-rules.ts';
import { answer, fail, fire, play, send, stateOf } from './rehearsal.ts';
import type { Stage } from './rehearsal.ts';

const OPERATIONS: readonly Calling[] = ['authorize', 'capture', 'void', 'refund'];
const CANCELED = { outcome: 'canceled' };
const NOT_FOUND = { outcome: 'not_found' };

describe('an operation that nobody knows the outcome of', () => {
  test.each(OPERATIONS)('[PAY-19] %s: the payment says that it does not know, and looks it up after five seconds', (operation) => {
    const stage = scene.unknownOf(operation);
    const { attempt } = contextOf(stage);
    const name = { operation, operation_id: `pay_1-${operation}-${attempt}` };
    expect(stage.facts).toMatchObject([{ type: 'payment.unknown', ...name }]);
    expect(stage.snapshot.hasTag('unknown')).toBe(true);
    expect(stage.timers).toEqual({ lookup_wait: 5000 });
    expect(play(stage, fired('lookup_wait')).effects).toEqual({
      lookup: { src: 'gateway.lookup', input: { integration: 'sandbox', operation_id: name.operation_id } },
    });
  });

  test('[PAY-19] as long as the gateway does not answer it is asked again: soon, then by the published plan, then every day', () => {
    let stage = scene.unknownOf('authorize');
    const waits: number[] = [];
    for (let i = 0; i < 12; i++) {
      waits.push((stage.timers['lookup_wait'] ?? 0) / 1000);
      stage = play(stage, fired('lookup_wait'), failed('lookup', i % 2 === 0 ? 'failed' : 'unknown'));
    }
    const day = 86_400;
    expect(waits).toEqual([5, 30, 120, 300, 3600, ...Array.from({ length: 7 }, () => day)]);
    expect(stateOf(stage)).toBe('unknown.deciding');
  });

  test('[PAY-19] at thirty times the speed four looks fit into thirty seconds', () => {
    const seconds = [5, 30, 120, 300].reduce((sum, wait) => sum + wait / 30, 0);
    expect(seconds).toBeLessThan(30);
  });

  test('[PAY-20] what is found counts as if the call had answered, and the payment says that it knows', () => {
    for (const operation of OPERATIONS) {
      for (const [outcome, how] of [
        [DONE, 'done'],
        [DECLINED, 'declined'],
      ] as const) {
        const called = play(scene.CALLING[operation](), answered(operation, outcome));
        const found = play(scene.lookingFor(operation), answered('lookup', outcome));
        expect([operation, how, stateOf(found)]).toEqual([operation, how, stateOf(called)]);
        expect(contextOf(found)).toEqual(contextOf(called));
        expect(found.facts.map(({ type }) => type)).toEqual(['payment.resolved', ...called.facts.map(({ type }) => type)]);
      }
    }
  });

  test('[PAY-21] an operation that the gateway never saw is closed for ever before it is begun anew under another name', () => {
    const closing = scene.closing('capture');
    expect(closing.effects).toEqual({
      close: { src: 'gateway.close', input: { integration: 'sandbox', operation_id: 'pay_1-capture-2' } },
    });
    const anew = play(closing, answered('close', CANCELED));
    expect([stateOf(anew), anew.facts.map(({ type }) => type)]).toEqual(['capturing.asking', ['payment.resolved']]);
    expect(play(anew, answered('standing', ACTIVE)).effects).toMatchObject({ capture: { input: { operation_id: 'pay_1-capture-3' } } });
  });

  test('[PAY-21] one that turns out done or declined when it is closed is not begun anew', () => {
    expect(stateOf(play(scene.closing('authorize'), answered('close', DONE)))).toBe('capturing.asking');
    expect(stateOf(play(scene.closing('authorize'), answered('close', DECLINED)))).toBe('declined');
  });

  test('[PAY-21] when the closing goes unanswered the payment looks again, since it cannot know', () => {
    expect(stateOf(play(scene.closing('void'), failed('close', 'failed')))).toBe('unknown.waiting');
  });

  test.each([
    ['authorize', 'failed'],
    ['capture', 'authorized.voiding'],
    ['void', 'authorized.holding'],
    ['refund', 'settled.idle'],
  ] as const)('[PAY-22] after three tries that never reached the gateway, %s is given up and the payment is %s', (operation, state) => {
    let stage = scene.CALLING[operation]();
    const names: unknown[] = [];
    for (let i = 0; i < MOST_ATTEMPTS; i++) {
      if (stage.effects['standing'] !== undefined) stage = play(stage, answered('standing', ACTIVE));
      names.push((stage.effects[operation]?.input as GatewayRequest | undefined)?.operation_id);
      stage = play(stage, failed(operation, 'unknown'), fired('lookup_wait'), answered('lookup', NOT_FOUND), answered('close', CANCELED));
    }
    expect(stateOf(stage)).toBe(state);
    expect(new Set(names).size).toBe(MOST_ATTEMPTS);
    expect(contextOf(stage).retries).toBe(0);
  });
});

describe("the gateway's notification", () => {
  const notify = (operation_id: string) => (stage: Stage) =>
    send(stage, { type: 'GATEWAY_NOTIFIED', by: 'hub', operation_id, outcome: 'done' });

  test('[PAY-23] a notification about the operation makes the payment look at once, and is not believed by itself', () => {
    const stage = notify('pay_1-authorize-1')(scene.unknownOf('authorize'));
    expect([stateOf(stage), contextOf(stage).authorized_minor, stage.timers]).toEqual(['unknown.looking', 0, {}]);
    expect(stateOf(notify('pay_1-refund-3')(scene.unknownOf('refund')))).toBe('settled.refund_unknown.looking');
  });

  test('[PAY-23] one about another operation is refused', () => {
    expect(notify('pay_1-authorize-2')(scene.unknownOf('authorize')).refused).toBe('guard_refused');
    expect(notify('pay_2-authorize-1')(scene.unknownOf('authorize')).refused).toBe('guard_refused');
    expect(notify('pay_1-authorize-1')(scene.callingAuthorize()).refused).toBe('not_in_state');
  });

  test('[PAY-23] one that overtakes an unanswered look makes the next one come soon', () => {
    let stage = scene.unknownOf('authorize');
    for (let i = 0; i < 4; i++) stage = play(stage, fired('lookup_wait'), failed('lookup', 'failed'));
    const overtaken = play(stage, fired('lookup_wait'), notify('pay_1-authorize-1'), failed('lookup', 'failed'));
    expect(overtaken.timers).toEqual({ lookup_wait: 30_000 });
  });
});

describe('over a line that loses requests and answers', () => {
  type Luck = { mishap: Mishap; answers: boolean; arrives: boolean };
  const luck = fc.record({ mishap: fc.constantFrom(...MISHAPS), answers: fc.boolean(), arrives: fc.boolean() });

  /** Lets the hub do what the payment waits for, once; undefined when it waits for nothing but people. */
  function work(stage: Stage, gateway: LossyGateway, { mishap, answers, arrives }: Luck): Stage | undefined {
    if (arrives) gateway.deliverDelayed();
    const [id, effect] = Object.entries(stage.effects)[0] ?? [];
    const reply = (given: Reply<unknown>): Stage =>
      'output' in given ? answer(stage, id ?? '', given.output) : fail(stage, id ?? '', given.error.kind, given.error.code);
    if (id !== undefined && effect !== undefined) {
      const operation = effect.src.split('.')[1] ?? '';
      if (effect.src === 'ask') return answers ? answer(stage, id, ACTIVE) : fail(stage, id, 'unknown');
      if (operation === 'lookup') return reply(gateway.lookup(effect.input as GatewayLookup, answers));
      if (operation === 'close') return reply(gateway.close(effect.input as GatewayLookup, answers));
      return reply(gateway.call(operation, effect.input as GatewayRequest, mishap));
    }
    const due = ['lookup_wait', 'ask_pause'].find((timer) => timer in stage.timers);
    return due === undefined ? undefined : fire(stage, due);
  }

  function settle(start: Stage, gateway: LossyGateway, course: readonly Luck[]): Stage {
    let stage = start;
    const kind: Luck = { mishap: 'none', answers: true, arrives: true };
    for (let i = 0; i < course.length + 200; i++) {
      const next = work(stage, gateway, course[i] ?? kind);
      if (next === undefined) return stage;
      stage = next;
    }
    throw new Error(`The payment does not come to rest: ${stateOf(stage)}`);
  }

  test('[PAY-24] whatever is lost or late, the payment and the gateway agree in the end, and nothing was done twice', () => {
    fc.assert(
      fc.property(fc.array(luck, { maxLength: 40 }), fc.constantFrom('automatic', 'manual'), fc.boolean(), (course, capture, cancels) => {
        const gateway = new LossyGateway();
        let stage = settle(scene.authorizing({ capture }), gateway, course);
        if (stateOf(stage) === 'authorized.holding') {
          stage = settle(play(stage, cue({ type: cancels ? 'CANCEL' : 'CAPTURE' })), gateway, course.slice(20));
        }
        if (stateOf(stage) === 'settled.idle') {
          stage = play(
            stage,
            cue({ type: 'REFUND', refund: 'r1', amount_minor: 5000 }),
            cue({ type: 'REFUND', refund: 'r2', amount_minor: 700 }),
          );
          stage = settle(stage, gateway, course.slice(10));
        }
        gateway.deliverDelayed();
        const done = { times: 0, amount_minor: 0 };
        const { authorize = done, capture: captured = done, void: voided = done, refund = done } = gateway.books();
        const context = contextOf(stage);
        expect(captured.amount_minor).toBe(context.captured_minor);
        expect(refund.amount_minor).toBe(context.refunded_minor);
        expect(authorize.times).toBeLessThanOrEqual(1);
        // What was authorized is captured, given back, or known to be held: never forgotten at the gateway.
        const heldThere = authorize.times - captured.times - voided.times;
        expect([stateOf(stage), heldThere]).toEqual([stateOf(stage), stateOf(stage) === 'authorized.holding' ? 1 : 0]);
      }),
      { numRuns: 400 },
    );
  });
});
