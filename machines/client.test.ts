import { getShortestPaths } from '@xstate/graph';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { AnyMachineSnapshot, EventObject } from 'xstate';
import { client } from './client.ts';
import * as scene from './client-rehearsal.ts';
import { ACME, answered, CHECK_EFFECTS, contextOf, cue, failed, fired, HIT, PAPERS, PASSED } from './client-rehearsal.ts';
import type { ClientContext } from './client-terms.ts';
import {
  answer,
  begin,
  fail,
  fire,
  play,
  seenOf,
  send,
  START,
  stateOf,
  statesOf,
  throughJson,
  timersOf,
  unpublishedOf,
} from './rehearsal.ts';
import type { Stage } from './rehearsal.ts';

const DAY = 24 * 60 * 60 * 1000;
const factsOf = (stage: Stage) => stage.facts.map(({ type }) => type);
const CHECKING = 'verifying.identity.checking verifying.bank_account.checking verifying.sanctions.checking';

/** Everything that can happen to a client, each in its usual form. */
const HAPPENINGS: Readonly<Record<string, (stage: Stage) => Stage>> = {
  INVITE: cue({ type: 'INVITE' }),
  SUBMIT: cue({ type: 'SUBMIT', ...PAPERS }),
  VERIFY: cue({ type: 'VERIFY', by: 'approver' }),
  SUSPEND: cue({ type: 'SUSPEND', by: 'approver', reason: 'x' }),
  REINSTATE: cue({ type: 'REINSTATE', by: 'approver' }),
  REJECT: cue({ type: 'REJECT', by: 'approver', reason: 'x' }),
  CLOSE: cue({ type: 'CLOSE', by: 'approver' }),
  ...Object.fromEntries(
    CHECK_EFFECTS.flatMap((check) => [
      [`${check}: passed`, answered(check, PASSED)],
      [`${check}: refused`, answered(check, HIT)],
      [`${check}: failed`, failed(check, 'failed')],
      [`${check}: unknown`, failed(check, 'unknown')],
      [`after ${check}_pause`, fired(`${check}_pause`)],
    ]),
  ),
  'after invitation_ttl': fired('invitation_ttl'),
};

/** The results of one check, from where all three are under way. */
const checking = (check: string) => {
  const to = (state: string) => CHECKING.replace(`${check}.checking`, `${check}.${state}`);
  return {
    [`${check}: passed`]: to('passed'),
    [`${check}: refused`]: to('refused'),
    [`${check}: failed`]: to('pausing'),
    [`${check}: unknown`]: to('pausing'),
  };
};
/** The results of the last check, when the others have passed. */
const deciding = (check: string) => {
  const pausing = CHECKING.replaceAll('checking', 'passed').replace(`${check}.passed`, `${check}.pausing`);
  return {
    CLOSE: 'closed',
    [`${check}: passed`]: 'active',
    [`${check}: refused`]: 'submitted',
    [`${check}: failed`]: pausing,
    [`${check}: unknown`]: pausing,
  };
};

/** The whole table. What is not listed is refused, and changes nothing. */
const TABLE: readonly [row: string, stage: () => Stage, cells: Readonly<Record<string, string>>][] = [
  ['invited', scene.invited, { INVITE: 'collecting', SUBMIT: 'submitted', CLOSE: 'closed' }],
  ['collecting', scene.collecting, { INVITE: 'collecting', SUBMIT: 'submitted', CLOSE: 'closed', 'after invitation_ttl': 'closed' }],
  ['submitted', scene.submitted, { SUBMIT: 'submitted', VERIFY: CHECKING, REJECT: 'rejected', CLOSE: 'closed' }],
  ['verifying', scene.verifying, { CLOSE: 'closed', ...checking('identity'), ...checking('bank_account'), ...checking('sanctions') }],
  ...CHECK_EFFECTS.map((check) => [`verifying, ${check} to decide`, () => scene.lastCheck(check), deciding(check)] as const).map(
    ([row, stage, cells]) => [row, stage, cells] as [string, () => Stage, Record<string, string>],
  ),
  ...CHECK_EFFECTS.map(
    (check) =>
      [
        `verifying, ${check} pausing`,
        () => play(scene.lastCheck(check), failed(check, 'unknown')),
        {
          CLOSE: 'closed',
          [`after ${check}_pause`]: CHECKING.replaceAll('checking', 'passed').replace(`${check}.passed`, `${check}.checking`),
        },
      ] as [string, () => Stage, Record<string, string>],
  ),
  ['active', scene.active, { SUSPEND: 'suspended', CLOSE: 'closed' }],
  ['suspended', scene.suspended, { REINSTATE: 'active', CLOSE: 'closed' }],
  ['rejected', scene.rejected, { CLOSE: 'closed' }],
  ['closed', scene.closed, {}],
];

describe('what may happen to a client, state by state and event by event', () => {
  test.each(TABLE)('[CLI-1] %s takes what the table lists, goes where it says, and refuses everything else', (_, toStage, cells) => {
    const stage = toStage();
    const found: Record<string, string> = {};
    for (const [name, happen] of Object.entries(HAPPENINGS)) {
      const next = happen(stage);
      if (next.refused === undefined) found[name] = stateOf(next);
      else expect([next.refused, next.snapshot === stage.snapshot]).toEqual(['not_in_state', true]);
    }
    expect(found).toEqual(cells);
  });

  test('[CLI-1] every state of the chart has a row', () => {
    const tops = new Set(TABLE.map(([, toStage]) => stateOf(toStage()).split(/[. ]/)[0] ?? ''));
    expect([...tops].sort()).toEqual(Object.keys(client.machine.root.states).sort());
  });
});

describe('what a client is made of', () => {
  const isTaken = (input: object) => client.input.safeParse(input).success;

  test('[CLI-2] a client has a name, a country of two capitals, an address to write to and a kind', () => {
    expect(isTaken(ACME)).toBe(true);
    for (const country of ['de', 'DEU', 'D', '', '12']) expect([country, isTaken({ ...ACME, country })]).toEqual([country, false]);
    for (const email of ['x', 'a@b', '', `${'x'.repeat(250)}@a.example`])
      expect([email, isTaken({ ...ACME, email })]).toEqual([email, false]);
    for (const kind of ['bank', '', undefined]) expect(isTaken({ ...ACME, kind })).toBe(false);
    expect(isTaken({ ...ACME, name: '\u0000' })).toBe(false);
    expect(isTaken({ ...ACME, state: 'active' })).toBe(false);
  });

  test('[CLI-2] it submits 1 to 20 documents and a bank account of up to 64 characters', () => {
    const submits = (payload: object) => client.events['SUBMIT']?.safeParse({ ...PAPERS, ...payload }).success;
    expect(submits({})).toBe(true);
    for (const documents of [[], Array.from({ length: 21 }, () => 'x'), [''], 'x', ['\uD800']]) expect(submits({ documents })).toBe(false);
    for (const bank_account of ['', 'x'.repeat(65), 'DE89;DROP', 'DE89\n', 7]) expect(submits({ bank_account })).toBe(false);
  });
});

describe('coming on board', () => {
  test('[CLI-3] an invitation is sent, sent again when asked, and expires after 14 days', () => {
    const stage = scene.collecting();
    expect([factsOf(stage), stage.timers]).toEqual([['client.invited'], { invitation_ttl: 14 * DAY }]);
    const again = play(stage, cue({ type: 'INVITE' }));
    expect([factsOf(again), again.timers]).toEqual([['client.invited'], { invitation_ttl: 14 * DAY }]);
    const expired = play(again, fired('invitation_ttl'));
    expect([stateOf(expired), contextOf(expired).reason, factsOf(expired)]).toEqual(['closed', 'invitation_expired', ['client.closed']]);
  });

  test('[CLI-4] identity, bank account and sanctions are checked side by side, and only all three make a client active', () => {
    const stage = scene.verifying();
    const request = { integration: 'sandbox_checks', client: 'acme', name: 'Acme GmbH', country: 'DE', ...PAPERS };
    expect(stage.effects).toEqual(Object.fromEntries(CHECK_EFFECTS.map((check) => [check, { src: `checks.${check}`, input: request }])));
    for (const check of CHECK_EFFECTS) {
      expect(stateOf(scene.lastCheck(check))).toContain(`${check}.checking`);
      const passed = play(scene.lastCheck(check), answered(check, PASSED));
      expect([stateOf(passed), factsOf(passed)]).toEqual(['active', ['client.activated']]);
    }
  });

  test('[CLI-5] a check that finds something brings the client back to a person, with what was found; nobody outside is told what', () => {
    const found = play(scene.lastCheck('sanctions'), answered('sanctions', HIT));
    expect([stateOf(found), found.snapshot.hasTag('needs_somebody')]).toEqual(['submitted', true]);
    expect(contextOf(found).checks).toMatchObject({
      identity: { verdict: 'passed' },
      sanctions: { verdict: 'refused', findings: ['name is on a list'] },
    });
    expect(found.facts).toEqual([{ type: 'client.verification_refused', name: 'Acme GmbH', country: 'DE', kind: 'company', reason: null }]);
  });

  test('[CLI-5] the person may have it verified again from the start, take better documents, or reject it', () => {
    const found = play(scene.lastCheck('identity'), answered('identity', HIT));
    expect(contextOf(play(found, cue({ type: 'VERIFY' }))).checks.identity).toEqual({ verdict: null, tries: 0, findings: [] });
    expect(contextOf(play(found, cue({ type: 'SUBMIT', ...PAPERS, documents: ['better.pdf'] })))).toMatchObject({
      documents: ['better.pdf'],
      checks: { identity: { verdict: null } },
    });
    const gone = play(found, cue({ type: 'REJECT', reason: 'forged passport' }));
    expect([stateOf(gone), contextOf(gone).reason, factsOf(gone)]).toEqual(['rejected', 'forged passport', ['client.rejected']]);
  });

  test('[CLI-6] a check that is not answered is tried again after growing pauses; after the fifth it counts as unanswered, never as passed', () => {
    let stage = scene.lastCheck('sanctions');
    const pauses: number[] = [];
    for (let i = 0; i < 4; i++) {
      stage = play(stage, failed('sanctions', i % 2 === 0 ? 'failed' : 'unknown'));
      pauses.push((stage.timers['sanctions_pause'] ?? 0) / 1000);
      stage = play(stage, fired('sanctions_pause'));
    }
    expect(pauses).toEqual([10, 60, 300, 1800]);
    const end = play(stage, failed('sanctions', 'unknown'));
    expect([stateOf(end), contextOf(end).checks.sanctions.verdict]).toEqual(['submitted', 'unanswered']);
  });

  test('[CLI-6] findings are kept up to twenty a check, so that a client stays small', () => {
    const many = { passed: false, findings: Array.from({ length: 100 }, (_, i) => `finding ${i}`) };
    expect(contextOf(play(scene.lastCheck('identity'), answered('identity', many))).checks.identity.findings).toHaveLength(20);
  });
});

describe('in good standing', () => {
  test('[CLI-7] only an active client is in good standing, whoever asks', () => {
    const standing = (stage: Stage) => client.questions['standing']?.(seenOf(stage));
    expect(standing(scene.active())).toEqual({ active: true, state: 'active' });
    for (const stage of [
      scene.invited(),
      scene.collecting(),
      scene.submitted(),
      scene.verifying(),
      scene.suspended(),
      scene.rejected(),
      scene.closed(),
    ]) {
      expect(standing(stage)).toEqual({ active: false, state: stateOf(stage).split(/[. ]/)[0] });
    }
  });

  test('[CLI-8] a client is suspended with a reason and reinstated without one', () => {
    const stage = scene.suspended();
    expect([contextOf(stage).reason, stage.facts]).toMatchObject([
      'invoices overdue',
      [{ type: 'client.suspended', reason: 'invoices overdue' }],
    ]);
    const back = play(stage, cue({ type: 'REINSTATE', by: 'cfo' }));
    expect([stateOf(back), contextOf(back).reason, factsOf(back)]).toEqual(['active', null, ['client.reinstated']]);
  });

  test('[CLI-9] clerks bring clients on board, approvers and the cfo judge them, a client speaks for itself only', () => {
    const of = (role: string) => Object.keys(client.permissions).filter((type) => client.permissions[type]?.some((may) => may === role));
    expect(of('clerk')).toEqual(['@create', 'INVITE', 'SUBMIT', 'AMEND']);
    expect(of('approver')).toEqual(['VERIFY', 'SUSPEND', 'REINSTATE', 'REJECT', 'CLOSE']);
    expect(of('cfo')).toEqual(of('approver'));
    expect([of('system'), of('customer')]).toEqual([['@create', 'SUBMIT'], ['SUBMIT']]);
    expect(client.belongs({}, 'acme')).toEqual({ client: 'acme' });
  });

  test('[CLI-9] a client sees what it told us, and neither findings nor why we judged so', () => {
    expect(client.views.customer).toEqual({
      rows: 'client',
      fields: ['name', 'country', 'email', 'kind', 'vat', 'phone', 'street', 'city', 'zip', 'documents', 'bank_account'],
    });
    const context = { ...contextOf(scene.suspended()) } as Record<string, unknown>;
    const shown = [client.title(context, 'acme'), client.summary(context), ...client.search(context)].join();
    expect(shown).not.toContain('overdue');
  });
});

describe('over any path', () => {
  const stamp = { by: 'cfo', at: START };
  const people: EventObject[] = [
    { type: 'INVITE' },
    { type: 'SUBMIT', ...PAPERS },
    { type: 'VERIFY' },
    { type: 'SUSPEND', reason: 'x' },
    { type: 'REINSTATE' },
    { type: 'REJECT', reason: 'x' },
    { type: 'CLOSE' },
  ].map((event) => ({ ...stamp, ...event }));

  function eventsFor(snapshot: AnyMachineSnapshot): EventObject[] {
    const results = Object.keys(snapshot.children).flatMap((id) => [
      { type: `xstate.done.actor.${id}`, output: PASSED, ...stamp },
      { type: `xstate.done.actor.${id}`, output: HIT, ...stamp },
      { type: `xstate.error.actor.${id}`, error: { kind: 'unknown', code: 'x' }, ...stamp },
    ]);
    return [
      ...results,
      ...snapshot._nodes.flatMap((node) => node.after.map(({ eventType }) => ({ type: eventType, ...stamp }))),
      ...people,
    ];
  }

  function brokenOf(snapshot: AnyMachineSnapshot): string[] {
    const context = snapshot.context as unknown as ClientContext;
    const top = statesOf(snapshot)[0]?.split('.')[0] ?? '';
    const verdicts = Object.values(context.checks).map(({ verdict }) => verdict);
    const rules: Record<string, boolean> = {
      'active and suspended clients have passed every check':
        !['active', 'suspended'].includes(top) || verdicts.every((verdict) => verdict === 'passed'),
      'a check is under way for what has been submitted': top !== 'verifying' || context.documents.length > 0,
      'it waits for a timer, an effect or a person, or has ended':
        top === 'closed' ||
        Object.keys(snapshot.children).length > 0 ||
        timersOf(snapshot).length > 0 ||
        people.some((event) => client.machine.getTransitionData(snapshot, event as never).length > 0),
      'its context is plain JSON': JSON.stringify(JSON.parse(JSON.stringify(context))) === JSON.stringify(context),
    };
    return Object.keys(rules).filter((rule) => !rules[rule]);
  }

  test('[CLI-10] on every shortest path all invariants hold in every state', () => {
    const paths = getShortestPaths(client.machine, {
      input: { ...client.input.parse(ACME), id: 'acme', by: 'clerk', at: START, settings: client.settings.parse({}) },
      events: eventsFor as never,
      serializeState: ((snapshot: AnyMachineSnapshot) => {
        const { checks, reason } = snapshot.context as unknown as ClientContext;
        return [
          statesOf(snapshot).join(),
          ...Object.values(checks).map(({ verdict, tries }) => `${verdict} ${Math.min(tries, 1)}`),
          reason,
        ].join('|');
      }) as never,
    });
    expect(paths.length).toBeGreaterThan(100);
    for (const { state, steps } of paths) {
      const broken = brokenOf(state);
      if (broken.length > 0) expect.fail(`${broken.join('; ')} after ${steps.map(({ event }) => event.type).join(' → ')}`);
    }
  });

  const happening = fc.record({
    what: fc.constantFrom('effect', 'effect', 'timer', 'person', 'person', 'stale'),
    pick: fc.nat({ max: 1000 }),
  });

  function happen(stage: Stage, { what, pick }: { what: string; pick: number }): Stage {
    const effects = what === 'stale' ? CHECK_EFFECTS : Object.keys(stage.effects);
    const timers = Object.keys(stage.timers);
    const effect = effects[pick % Math.max(1, effects.length)];
    if (['effect', 'stale'].includes(what) && effect !== undefined) {
      return pick % 4 === 3 ? fail(stage, effect, 'unknown') : answer(stage, effect, pick % 4 === 2 ? HIT : PASSED);
    }
    if (what === 'timer' && timers.length > 0) return fire(stage, timers[pick % timers.length] ?? '');
    return send(stage, people[pick % people.length] ?? { type: 'CLOSE' });
  }

  test('[CLI-11] no sequence of events breaks an invariant or throws, and JSON in between changes nothing', () => {
    fc.assert(
      fc.property(fc.array(happening, { maxLength: 50 }), (course) => {
        let live = scene.invited();
        let stored = throughJson(live);
        for (const step of course) {
          live = happen(live, step);
          stored = throughJson(happen(stored, step));
          expect(brokenOf(live.snapshot)).toEqual([]);
          expect([stateOf(stored), stored.refused, stored.facts, stored.timers, stored.effects]).toEqual([
            stateOf(live),
            live.refused,
            live.facts,
            live.timers,
            live.effects,
          ]);
          expect(contextOf(stored)).toEqual(contextOf(live));
          expect(unpublishedOf(live)).toEqual([]);
        }
      }),
      { numRuns: 150 },
    );
  });
});

describe('the record that an ERP keeps too', () => {
  const told = ({ facts }: Stage) =>
    facts.flatMap((fact) => (fact.type === '@tell' ? [fact as unknown as { to: string; event: Record<string, unknown> }] : []));
  const CHECKS_PASSED = CHECK_EFFECTS.map((check) => answered(check, PASSED));
  const linked = () => play(scene.invited(), cue({ type: 'LINK', by: 'binding/odoo-client-acme', v: 2 }));

  test('[CLI-10] what is known is corrected, and what is not named stays; who has ended is not corrected any more', () => {
    const amended = play(scene.active(), cue({ type: 'AMEND', phone: '+49 30 1', email: 'new@acme.example' }));
    expect([stateOf(amended), contextOf(amended)]).toMatchObject([
      'active',
      { phone: '+49 30 1', email: 'new@acme.example', name: 'Acme GmbH' },
    ]);
    expect(client.events['AMEND']?.safeParse({ country: 'XX' }).success).toBe(false);
    expect(client.events['AMEND']?.safeParse({ name: '4111 1111 1111 1111' }).success).toBe(false);
    expect(play(scene.closed(), cue({ type: 'AMEND', phone: '1' })).refused).toBe('not_in_state');
  });

  test('[CLI-11] its binding is told of all that changes, with what it is, and of each change as a newer one', () => {
    const [first] = told(linked());
    expect(first).toMatchObject({
      to: 'binding/odoo-client-acme',
      event: { type: 'OURS', revision: 2, fields: { name: 'Acme GmbH', standing: 'invited' } },
    });
    const collecting = play(linked(), cue({ type: 'INVITE', v: 3 }));
    expect(told(collecting)).toMatchObject([{ event: { revision: 3, fields: { standing: 'collecting' } } }]);
    expect(told(play(collecting, cue({ type: 'AMEND', city: 'Berlin', v: 4 })))).toMatchObject([
      { event: { revision: 4, fields: { city: 'Berlin' } } },
    ]);
    expect(told(play(scene.invited(), cue({ type: 'AMEND', city: 'Berlin' })))).toEqual([]);
  });

  test('[CLI-11] no other binding takes its place, and nobody but a binding is one', () => {
    expect(play(linked(), cue({ type: 'LINK', by: 'binding/other' })).refused).toBe('guard_refused');
    expect(play(scene.invited(), cue({ type: 'LINK', by: 'messenger/a' })).refused).toBe('guard_refused');
    const born = begin(client, ACME, { id: 'odoo-7', by: 'binding/odoo-client-odoo-7' });
    expect(told(born)).toMatchObject([{ to: 'binding/odoo-client-odoo-7', event: { type: 'OURS' } }]);
  });

  test('[CLI-12] what the ERP says is taken over where it still is as the binding saw it, and not otherwise', () => {
    const sync = (before: object) => cue({ type: 'SYNC', by: 'binding/odoo-client-acme', fields: { name: 'Acme AG' }, before, v: 5 });
    const taken = play(linked(), sync({ name: 'Acme GmbH' }));
    expect([contextOf(taken).name, told(taken)]).toMatchObject(['Acme AG', [{ event: { revision: 5, fields: { name: 'Acme AG' } } }]]);
    const kept = play(linked(), sync({ name: 'What it was long ago' }));
    expect([contextOf(kept).name, told(kept)]).toMatchObject(['Acme GmbH', [{ event: { revision: 5, fields: { name: 'Acme GmbH' } } }]]);
  });

  test('[CLI-13] one that becomes active is written to the ERP of the house, once, and where there is none to nobody', () => {
    const approve = (settings: object): Stage =>
      play(
        begin(client, ACME, { id: 'acme', settings }),
        cue({ type: 'SUBMIT', ...PAPERS }),
        cue({ type: 'VERIFY', by: 'approver' }),
        ...CHECKS_PASSED,
      );
    expect(told(approve({ erp: 'odoo' }))).toEqual([
      {
        type: '@tell',
        to: 'binding/odoo-client-acme',
        event: { type: '@create', integration: 'odoo', model: 'partner', actor: 'client/acme' },
      },
    ]);
    expect(told(approve({}))).toEqual([]);
  });

  test('[CLI-14] one that was stored before it had a record is lifted with the state that it is in', () => {
    const { standing: _, ...context } = contextOf(scene.verifying()) as unknown as Record<string, unknown>;
    const stored = (value: unknown) => ({
      machine: 'client',
      machine_version: 1,
      version: 3,
      at: 1,
      snapshot: { status: 'active', value, context },
      timers: {},
      effects: {},
    });
    const lifted = (value: unknown) => client.migrate[1]?.(stored(value)).snapshot.context['standing'];
    expect([lifted('active'), lifted({ verifying: { identity: 'checking' } })]).toEqual(['active', 'verifying']);
  });
});
