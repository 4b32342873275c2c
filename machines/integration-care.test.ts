import { describe, expect, test } from 'vitest';
import { integration } from './integration.ts';
import { liftIntegration } from './integration-migration.ts';
import { changesBetween } from './integration-rules.ts';
import type { IntegrationContext } from './integration-terms.ts';
import { answer, begin, fail, fire, play, send, START, stateOf, throughJson, unpublishedOf } from './rehearsal.ts';
import type { Cue, Stage } from './rehearsal.ts';

const DAY_MS = 86_400_000;
const V1 = { contract: { orders: 'v1', stock: 'v1' }, fingerprint: 'f1', version: '17.0' };

const cue = (event: Cue) => (stage: Stage) => send(stage, { by: 'operator', ...event });
const calls = (more: object, at = START) => cue({ type: 'CALLS', by: 'hub', at, succeeded: 0, failed: 0, ...more });
const probed =
  (output: object, at = START) =>
  (stage: Stage) =>
    answer(stage, 'probe', output, at);
const unprobed = (code: string) => (stage: Stage) => fail(stage, 'probe', 'failed', code);
const refused = calls({ unauthorized: 3 });
const look = cue({ type: 'PROBE' });

function contextOf(stage: Stage): IntegrationContext {
  return stage.snapshot.context as unknown as IntegrationContext;
}
function regionOf(stage: Stage, region: string): string | undefined {
  return (stage.snapshot.value as Record<string, string>)[region];
}
const isCallable = ({ snapshot }: Stage): boolean => snapshot.hasTag('callable');

/** One whose kind can do all of this. */
function declared(can: object = {}): Stage {
  const stage = begin(integration, { title: 'ERP', provides: 'erp' }, { id: 'erp', by: 'operator' });
  return play(stage, cue({ type: 'DECLARED', by: 'hub', probes: true, rotates: true, drains: true, ...can }));
}
const probing = (): Stage => play(declared(), cue({ type: 'ENABLE' }));
const enabled = (): Stage => play(probing(), probed(V1));
const drifted = (): Stage => play(enabled(), look, probed({ contract: { orders: 'v2', stock: 'v1' }, fingerprint: 'f2' }));

describe('an integration that can be looked at', () => {
  test('[INTEG-1] it is enabled when it has answered, and nothing goes out before', () => {
    expect([regionOf(probing(), 'lifecycle'), isCallable(probing()), probing().effects['probe']]).toEqual([
      'probing',
      false,
      { src: 'integration.probe', input: { integration: 'erp' } },
    ]);
    expect([regionOf(enabled(), 'lifecycle'), isCallable(enabled()), enabled().facts]).toMatchObject([
      'enabled',
      true,
      [{ type: 'integration.enabled' }],
    ]);
  });

  test('[INTEG-2] where it does not answer it is asked again after a pause, until it is disabled', () => {
    const stage = play(probing(), unprobed('no_answer'));
    expect([regionOf(stage, 'lifecycle'), stage.timers, contextOf(stage).looking.failure?.code]).toEqual([
      'probing',
      { probe_pause: 30_000 },
      'no_answer',
    ]);
    const again = fire(throughJson(stage), 'probe_pause');
    expect(regionOf(play(again, probed(V1)), 'lifecycle')).toBe('enabled');
    const off = play(stage, cue({ type: 'DISABLE' }));
    expect([regionOf(off, 'lifecycle'), regionOf(off, 'probe'), off.timers, off.effects]).toEqual(['disabled', 'none', {}, {}]);
  });

  test('[INTEG-3] it is looked at every day, and when somebody asks; a kind that cannot be looked at takes no such question', () => {
    expect(enabled().timers).toEqual({ probe_every: DAY_MS });
    expect(regionOf(fire(enabled(), 'probe_every', START + DAY_MS), 'probe')).toBe('calling');
    expect(regionOf(play(enabled(), look), 'probe')).toBe('calling');
    const blind = play(declared({ probes: false }), cue({ type: 'ENABLE' }));
    expect([regionOf(blind, 'lifecycle'), blind.timers, play(blind, look).refused]).toEqual(['enabled', {}, 'not_in_state']);
  });

  test('[INTEG-4] disabled, it lets the calls that are under way end first', () => {
    const stage = play(enabled(), cue({ type: 'DISABLE', reason: 'upkeep' }));
    expect([regionOf(stage, 'lifecycle'), isCallable(stage), stage.effects['drain']]).toEqual([
      'draining',
      false,
      { src: 'integration.drain', input: { integration: 'erp' } },
    ]);
    const off = answer(stage, 'drain', {});
    expect([regionOf(off, 'lifecycle'), off.facts]).toEqual([
      'disabled',
      [{ type: 'integration.disabled', provides: 'erp', reason: 'upkeep' }],
    ]);
    expect(regionOf(fail(stage, 'drain', 'failed'), 'lifecycle')).toBe('disabled');
    expect(regionOf(play(stage, cue({ type: 'ENABLE' })), 'lifecycle')).toBe('enabled');
  });

  test('[INTEG-5] an operator puts it into quarantine and lets it out; it is looked at before it is called again', () => {
    const stage = play(enabled(), cue({ type: 'QUARANTINE', reason: 'odd orders' }));
    expect([regionOf(stage, 'lifecycle'), isCallable(stage), contextOf(stage).quarantined_because]).toEqual([
      'quarantined',
      false,
      'odd orders',
    ]);
    const out = play(stage, cue({ type: 'RELEASE' }));
    expect([regionOf(out, 'lifecycle'), contextOf(out).quarantined_because, regionOf(out, 'probe')]).toEqual(['probing', null, 'calling']);
  });
});

describe('the contract', () => {
  test('[INTEG-6] the first that is seen is taken; what is added is told and stops nothing', () => {
    const stage = play(enabled(), look, probed({ contract: { ...V1.contract, tax: 'v1' }, fingerprint: 'f2' }));
    expect([regionOf(stage, 'contract'), isCallable(stage), contextOf(stage).contract.changes]).toEqual([
      'drifted_additive',
      true,
      [{ part: 'tax', change: 'added', was: null, is: 'v1' }],
    ]);
    expect(stage.facts).toEqual([{ type: 'integration.drifted', provides: 'erp', reason: 'tax' }]);
    expect(regionOf(play(stage, look, probed(V1)), 'contract')).toBe('compatible');
  });

  test('[INTEG-7] what is changed or missing stops all calls until a person accepts exactly what was seen', () => {
    const stage = drifted();
    expect([regionOf(stage, 'contract'), regionOf(stage, 'lifecycle'), isCallable(stage)]).toEqual([
      'drifted_breaking',
      'quarantined',
      false,
    ]);
    expect(play(stage, cue({ type: 'RELEASE' })).refused).toBe('guard_refused');
    expect(play(stage, cue({ type: 'ACCEPT_CONTRACT', fingerprint: 'f1' })).refused).toBe('hash_stale');
    const taken = play(stage, cue({ type: 'ACCEPT_CONTRACT', fingerprint: 'f2' }));
    expect([regionOf(taken, 'contract'), regionOf(taken, 'lifecycle'), isCallable(taken)]).toEqual(['compatible', 'enabled', true]);
    expect(contextOf(taken).contract).toMatchObject({ accepted: { orders: 'v2', stock: 'v1' }, seen: null, changes: [] });
  });

  test('[INTEG-7] what an operator has put into quarantine stays there when a contract is accepted', () => {
    const held = play(enabled(), cue({ type: 'QUARANTINE', reason: 'odd' }), look);
    const stage = play(
      held,
      probed({ contract: { orders: 'v2' }, fingerprint: 'f3' }),
      cue({ type: 'ACCEPT_CONTRACT', fingerprint: 'f3' }),
    );
    expect([regionOf(stage, 'contract'), regionOf(stage, 'lifecycle')]).toEqual(['compatible', 'quarantined']);
  });

  test('[INTEG-7] of many changes those that break are kept', () => {
    const was = { zz: 'v1' };
    const is = Object.fromEntries(Array.from({ length: 90 }, (_, i) => [`a${i}`, 'v1']));
    const changes = changesBetween(was, is);
    expect([changes.length, changes[0]]).toEqual([50, { part: 'zz', change: 'removed', was: 'v1', is: null }]);
  });
});

describe('credentials', () => {
  test('[INTEG-8] refused once, they are looked at once and nothing else goes out; when they are good it goes on', () => {
    const stage = play(enabled(), refused);
    expect([regionOf(stage, 'auth'), regionOf(stage, 'probe'), isCallable(stage)]).toEqual(['doubted', 'calling', false]);
    const more = play(stage, refused, refused);
    expect([regionOf(more, 'auth'), Object.keys(more.effects)]).toEqual(['doubted', ['probe']]);
    const well = play(more, probed(V1));
    expect([regionOf(well, 'auth'), isCallable(well)]).toEqual(['valid', true]);
  });

  test('[INTEG-8] refused twice, or again soon after, they need a person', () => {
    const twice = play(enabled(), refused, unprobed('unauthorized'));
    expect([regionOf(twice, 'auth'), isCallable(twice), twice.timers['probe_pause']]).toEqual(['invalid', false, undefined]);
    expect(regionOf(play(enabled(), refused, probed(V1), refused), 'auth')).toBe('invalid');
    const later = play(enabled(), refused, probed(V1), calls({ unauthorized: 1 }, START + 300_001));
    expect(regionOf(later, 'auth')).toBe('doubted');
    const reset = play(twice, cue({ type: 'RESET' }));
    expect([regionOf(reset, 'auth'), regionOf(reset, 'probe')]).toEqual(['valid', 'calling']);
  });

  test('[INTEG-9] fourteen days before they expire they are exchanged, and calls go on meanwhile', () => {
    const far = play(enabled(), look, probed({ ...V1, expires_at: START + 14 * DAY_MS + 1 }));
    expect(regionOf(far, 'auth')).toBe('valid');
    const near = play(enabled(), look, probed({ ...V1, expires_at: START + 14 * DAY_MS }));
    expect([regionOf(near, 'auth'), isCallable(near), near.effects['rotate']]).toEqual([
      'rotating',
      true,
      { src: 'integration.rotate', input: { integration: 'erp' } },
    ]);
    const done = answer(near, 'rotate', { expires_at: START + 90 * DAY_MS });
    expect([regionOf(done, 'auth'), contextOf(done).credentials.rotated_at, done.facts]).toMatchObject([
      'valid',
      START,
      [{ type: 'integration.rotated' }],
    ]);
  });

  test('[INTEG-9] an exchange that failed leaves the old ones in use and is tried again later', () => {
    const near = play(enabled(), look, probed({ ...V1, expires_at: START + DAY_MS }));
    const stage = fail(near, 'rotate', 'failed', 'not_verified');
    expect([regionOf(stage, 'auth'), isCallable(stage), stage.timers['rotation_pause'], contextOf(stage).credentials.failure]).toEqual([
      'expiring',
      true,
      3_600_000,
      'not_verified',
    ]);
    expect(regionOf(fire(stage, 'rotation_pause'), 'auth')).toBe('rotating');
  });

  test('[INTEG-9] a kind that cannot exchange them says that they expire, and takes no ROTATE', () => {
    const stage = play(declared({ rotates: false }), cue({ type: 'ENABLE' }), probed({ ...V1, expires_at: START + DAY_MS }));
    expect([regionOf(stage, 'auth'), stage.snapshot.hasTag('needs_somebody'), play(stage, cue({ type: 'ROTATE' })).refused]).toEqual([
      'expiring',
      true,
      'guard_refused',
    ]);
    expect(regionOf(play(stage, look, probed(V1)), 'auth')).toBe('valid');
    expect(regionOf(play(enabled(), cue({ type: 'ROTATE' })), 'auth')).toBe('rotating');
  });
});

describe('a provider that asks for fewer calls', () => {
  const throttled = calls({ throttled: 2, after_ms: 7_000 });

  test('[INTEG-10] gets none until it said, then a fifth of them, and a fifth more with every step', () => {
    const stage = play(enabled(), throttled);
    expect([regionOf(stage, 'throttle'), isCallable(stage), stage.timers['retry_after'], regionOf(stage, 'circuit')]).toEqual([
      'limited',
      false,
      7_000,
      'closed',
    ]);
    let next = fire(stage, 'retry_after');
    const shares = [];
    while (regionOf(next, 'throttle') === 'recovering') {
      shares.push(contextOf(next).share);
      next = fire(next, 'recover_step');
    }
    expect([shares, contextOf(next).share, isCallable(next)]).toEqual([[20, 40, 60, 80], 100, true]);
  });

  test('[INTEG-10] who asks again while it recovers is heard again, and the later moment holds', () => {
    const again = play(fire(play(enabled(), throttled), 'retry_after'), throttled);
    expect([regionOf(again, 'throttle'), contextOf(again).share]).toEqual(['limited', 20]);
    const sooner = play(again, calls({ throttled: 1, after_ms: 1_000 }));
    expect(contextOf(sooner).limited_until).toBe(START + 7_000);
    expect(regionOf(play(again, cue({ type: 'RESET' })), 'throttle')).toBe('normal');
    expect(contextOf(play(enabled(), calls({ throttled: 1, after_ms: 10 ** 9 }))).limited_until).toBe(START + DAY_MS);
  });
});

describe('what it remembers', () => {
  test('[INTEG-11] errors are counted by their code, of which there are only so many; the newest deeds are kept', () => {
    const codes = Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`code_${i}`, 1]));
    const stage = play(enabled(), calls({ failed: 1, codes: { timeout: 2 } }), calls({ codes }), calls({ codes: { timeout: 1 } }));
    const { errors, failed_at } = contextOf(stage);
    expect([Object.keys(errors).length, errors['timeout'], errors['other'], failed_at]).toEqual([20, 3, 22, START]);
    let looked = enabled();
    for (let i = 0; i < 30; i++) looked = play(looked, look, probed(V1));
    expect([contextOf(looked).did.length, contextOf(looked).did[0]]).toEqual([12, { at: START, what: 'probed', detail: '17.0' }]);
    expect(unpublishedOf(looked)).toEqual([]);
  });

  test('[INTEG-11] it knows since when its circuit is open, through every try, until it closes', () => {
    const open = play(enabled(), calls({ failed: 20 }, START + 5));
    const again = play(fire(open, 'cool_down', START + 10_000), calls({ failed: 1 }, START + 10_001));
    expect([regionOf(again, 'circuit'), contextOf(again).open_since]).toEqual(['open', START + 5]);
    expect(contextOf(play(again, cue({ type: 'RESET' }))).open_since).toBeNull();
  });
});

describe('one of the version before', () => {
  test('[INTEG-12] it goes on as it was, and with what is new', () => {
    const old = {
      machine: 'integration',
      machine_version: 1,
      version: 9,
      at: START,
      snapshot: {
        status: 'active',
        value: { lifecycle: 'enabled', circuit: 'open', auth: 'valid', admission: 'none' },
        context: { id: 'erp', title: 'ERP', provides: 'erp', rules: { min_volume: 3 }, trips: 2, open_because: 'probe_failed' },
      },
      timers: {},
      effects: {},
    };
    const lifted = liftIntegration(old);
    const fresh = begin(integration, { title: 'ERP', provides: 'erp' }, { id: 'erp', by: 'operator' });
    expect([lifted.machine_version, Object.keys(lifted.snapshot.value as object).toSorted()]).toEqual([
      2,
      Object.keys(fresh.snapshot.value as object).toSorted(),
    ]);
    const { rules, open_since, trips } = lifted.snapshot.context as unknown as IntegrationContext;
    expect([rules.min_volume, rules.probe_every_ms, open_since, trips]).toEqual([3, DAY_MS, START, 2]);
    const missing = Object.keys(contextOf(fresh)).filter((field) => !(field in lifted.snapshot.context));
    expect(missing).toEqual(['window', 'probed', 'disabled_because']);
    expect(stateOf(fresh)).toContain('probe.none');
  });
});
