import { describe, expect, test } from 'vitest';
import { createActor } from 'xstate';
import type { StoredActor } from './machine.ts';
import { payment } from './payment.ts';
import { brokenOf } from './payment-invariants.ts';
import { liftPayment } from './payment-migration.ts';
import * as scene from './payment-rehearsal.ts';
import { ACTIVE, answered, contextOf, cue, DONE, fired } from './payment-rehearsal.ts';
import { play, START, stateOf } from './rehearsal.ts';
import type { Stage } from './rehearsal.ts';

/** As the first version stored it: without what came with accounts and records. */
function asBefore(stage: Stage): StoredActor {
  const { operations: _, ...context } = contextOf(stage);
  const snapshot = { status: 'active', value: stage.snapshot.value, context };
  return { machine: 'payment', machine_version: 1, version: 9, at: START, snapshot, timers: {}, effects: {} };
}

/** The stage as it goes on in this release: what it waits for is under way as before. */
function lifted(stage: Stage): Stage {
  const { snapshot, machine_version } = liftPayment(asBefore(stage));
  expect(machine_version).toBe(payment.version);
  const { machine } = payment;
  const stored = { ...JSON.parse(JSON.stringify(machine.getPersistedSnapshot(stage.snapshot))), context: snapshot.context };
  return { ...stage, snapshot: createActor(machine, { snapshot: stored }).getSnapshot() as Stage['snapshot'] };
}

describe('a payment that an older release has stored', () => {
  test('[PAY-51] is what it was: in the same state, by the same hash, and with nothing broken', () => {
    const stages = [
      scene.draft(),
      scene.needingApproval(),
      scene.callingAuthorize(),
      scene.held(),
      scene.voiding(),
      scene.callingCapture(),
    ];
    for (const stage of [
      ...stages,
      scene.settled(),
      scene.refunding(),
      ...(['authorize', 'capture', 'void', 'refund'] as const).map(scene.unknownOf),
    ]) {
      const now = lifted(stage);
      expect([stateOf(now), brokenOf(now.snapshot)]).toEqual([stateOf(stage), []]);
      expect(contextOf(now).payload_hash).toBe(contextOf(stage).payload_hash);
      expect(Object.keys(contextOf(now))).not.toContain('account');
    }
  });

  test('[PAY-51] goes on from wherever it was: captured, given back, refunded, found out', () => {
    const captured = [cue({ type: 'CAPTURE' }), answered('standing', ACTIVE), answered('capture', DONE)];
    expect(stateOf(play(lifted(scene.held()), ...captured))).toBe('settled.idle');
    expect(stateOf(play(lifted(scene.callingCapture()), answered('capture', DONE)))).toBe('settled.idle');
    expect(stateOf(play(lifted(scene.callingAuthorize()), answered('authorize', DONE), answered('standing', ACTIVE)))).toBe(
      'capturing.calling',
    );
    expect(stateOf(play(lifted(scene.held()), cue({ type: 'CANCEL' }), answered('void', DONE)))).toBe('canceled');
    const refund = [cue({ type: 'REFUND', refund: 'r8', amount_minor: 10 }), answered('refund', DONE)];
    expect(contextOf(play(lifted(scene.settled()), ...refund)).refunded_minor).toBe(10);
    for (const operation of ['authorize', 'capture', 'refund'] as const) {
      const found = play(lifted(scene.unknownOf(operation)), fired('lookup_wait'), answered('lookup', DONE));
      expect(contextOf(found).operations?.at(-1)).toMatchObject({ operation, state: 'SUCCESS' });
    }
  });
});
