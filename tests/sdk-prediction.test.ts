import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { assign, emit, setup } from 'xstate';
import { z } from 'zod';
import { step } from '../actors/step.ts';
import type { Happening } from '../actors/step.ts';
import type { Caller } from '../actors/caller.ts';
import type { Envelope } from '../actors/envelope.ts';
import type { Kept } from '../clients/core/outbox-lane.ts';
import { predictWith } from '../clients/core/prediction.ts';
import type { ActorCopy } from '../clients/core/store.ts';
import { toView } from '../hub/view.ts';
import type { Audience, Definition, Role } from '../machines/machine.ts';
import { defineMachine } from '../machines/machine.ts';
import { machines } from '../machines/machines.ts';

const NOW = Date.UTC(2026, 10, 2, 8);
const predict = predictWith(machines);

type Actor = { readonly definition: Definition; readonly id: string; readonly envelope: Envelope };

function personOf(id: string, roles: readonly Role[], client?: string): Caller {
  return { kind: 'person', id, roles, ...(client === undefined ? {} : { client }) };
}

/** What a person's device holds of an actor. */
function copyOf({ definition, id, envelope }: Actor, audience: Audience, caller: Caller): ActorCopy {
  const view = toView({ address: `${definition.type}/${id}`, definition, envelope }, audience, caller, NOW);
  const { address: _, ...rest } = JSON.parse(JSON.stringify(view)) as ReturnType<typeof toView>;
  return { kind: 'actor', epoch: 'e', ...rest };
}

function keptOf({ definition, id }: Actor, event: Kept['event'], n = 0): Kept {
  return { seq: n + 1, id: `c${n}`, to: `${definition.type}/${id}`, event, optimistic: true, at: NOW, standing: { kind: 'waiting' } };
}

function happen(actor: Actor, happening: Happening, by = 'hub'): Actor | undefined {
  const stepped = step(actor.definition, actor.envelope, happening, { by, now: NOW, scale: 1 });
  return stepped.outcome === 'applied' ? { ...actor, envelope: stepped.next } : undefined;
}

function born(type: string, input: Record<string, unknown>, definitions = machines): Actor {
  const definition = definitions.find((one) => one.type === type);
  if (definition === undefined) throw new Error(`no machine ${type}`);
  const happening: Happening = { kind: 'create', id: 'one', input: definition.input.parse(input), settings: definition.settings.parse({}) };
  const stepped = step(definition, undefined, happening, { by: 'clerk', now: NOW, scale: 1 });
  if (stepped.outcome !== 'applied') throw new Error('not born');
  return { definition, id: 'one', envelope: stepped.next };
}

const BILL = { client: 'acme', payee: 'Blue Water Ltd', currency: 'EUR', reference: 'INV-7' };
const births: fc.Arbitrary<Actor> = fc.oneof(
  fc
    .record({ amount_minor: fc.constantFrom(5_000, 125_000), capture: fc.constantFrom('automatic', 'manual') })
    .map((input) => born('payment', { ...BILL, ...input })),
  fc.constant(born('client', { name: 'Acme', country: 'DE', email: 'a@acme.example', kind: 'company' })),
  fc.constant(born('integration', { title: 'Sandbox', provides: 'gateway' })),
);

/** Events that people send, each with payloads that fit and that do not. */
function eventsFor({ definition, envelope }: Actor): Kept['event'][] {
  const context = envelope.snapshot.context as Record<string, unknown>;
  const payloads: Readonly<Record<string, readonly object[]>> = {
    APPROVE: [{ hash: context['payload_hash'] }, { hash: 'another' }, {}],
    DENY: [{ reason: 'no' }],
    AMEND: [{ reference: 'INV-8' }, { payee: 'Another Ltd', amount_minor: 900 }, {}],
    CAPTURE: [{}, { amount_minor: 100 }, { amount_minor: 9_999_999 }],
    CANCEL: [{}, { reason: 'twice' }],
    REFUND: [
      { refund: 'r1', amount_minor: 1_000 },
      { refund: 'r2', amount_minor: 9_999_999 },
    ],
    SUBMIT: definition.type === 'client' ? [{ documents: ['a.pdf'], bank_account: 'DE89370400440532013000' }] : [{}],
    SUSPEND: [{ reason: 'odd' }],
    REJECT: [{ reason: 'odd' }],
    CLEAR: [{ reason: 'another one' }],
    HOLD: [{ reason: 'odd' }],
    RELEASE: [{ reason: 'asked' }],
    PROPOSE_OUTCOME: [{ outcome: 'failed', evidence: 'a letter' }],
    CONFIRM_OUTCOME: [{ proposal: 'p1' }],
    DROP_OUTCOME: [{ proposal: 'p1' }],
    TRIP: [{ reason: 'by hand' }],
    QUARANTINE: [{ reason: 'odd' }],
    ACCEPT_CONTRACT: [{ fingerprint: 'another' }],
    DISABLE: [{}, { reason: 'holidays' }],
  };
  return Object.keys(definition.events).flatMap((type) => (payloads[type] ?? [{}]).map((payload) => ({ ...payload, type })));
}

/** What comes back from what an actor waits for. */
function resultsFor({ envelope }: Actor): Happening[] {
  const outputs = [
    { outcome: 'done', gateway_reference: 'gw_1' },
    { outcome: 'declined', code: 'no_funds' },
    { outcome: 'not_found' },
    { found: true, version: 3, answer: { active: true } },
    { passed: true, findings: [] },
  ];
  const effects = Object.entries(envelope.effects).flatMap(([id, { v, i }]) => [
    ...outputs.map((output): Happening => ({ kind: 'result', id, v, i, result: { kind: 'done', output } })),
    { kind: 'result', id, v, i, result: { kind: 'unknown', code: 'timeout' } } satisfies Happening,
  ]);
  return [...effects, ...Object.entries(envelope.timers).map(([id, { v, i }]): Happening => ({ kind: 'timer', id, v, i }))];
}

const PEOPLE = [
  personOf('clerk', ['clerk']),
  personOf('approver', ['approver']),
  personOf('operator', ['operator']),
  personOf('cfo', ['cfo', 'customer'], 'acme'),
];
const choices = fc.array(fc.nat(1_000), { minLength: 1, maxLength: 25 });

/** A walk through the life of an actor: what people send and what comes back, by the seed. */
function walk(actor: Actor, picks: readonly number[], visit: (actor: Actor) => void): void {
  let now = actor;
  visit(now);
  for (const pick of picks) {
    const own = resultsFor(now);
    const events = eventsFor(now).map((event): Happening => ({ kind: 'event', event }));
    // What waits comes back as often as something is sent.
    const all = [...events, ...own, ...own];
    const by = PEOPLE[pick % PEOPLE.length]?.id ?? 'clerk';
    try {
      now = happen(now, all[pick % all.length] as Happening, by) ?? now;
    } catch {
      continue; // an answer that its question never gets
    }
    visit(now);
  }
}

const who = ({ id, roles, client }: Caller) => ({ username: id, roles, client });

describe('what is foreseen', () => {
  test('[SDK-3] in every state, for every event, it is what the hub then makes of it: state, tags, context, and what may be done next', () => {
    fc.assert(
      fc.property(births, choices, (actor, picks) => {
        walk(actor, picks, (now) => {
          for (const event of eventsFor(now)) {
            const caller = PEOPLE[event.type.length % PEOPLE.length] as Caller;
            const copy = copyOf(now, 'hq', caller);
            if (!copy.can.some(({ type }) => type === event.type)) continue;
            const shown = predict(copy, [keptOf(now, event)], who(caller));
            const next = happen(now, { kind: 'event', event }, caller.id);
            if (next === undefined) {
              expect(shown).toEqual({ ...copy, predicted: [] });
              continue;
            }
            const { version: _, timers: __, updatedAt: ___, ...then } = copyOf(next, 'hq', caller);
            expect(shown).toMatchObject({ ...then, version: copy.version, predicted: ['c0'] });
            expect(shown.context).toEqual(then.context);
          }
        });
      }),
      { numRuns: 60 },
    );
  });

  test('[SDK-4] several commands are foreseen one on top of the other, up to the first that would not be taken', () => {
    const draft = born('payment', { ...BILL, amount_minor: 125_000 });
    const clerk = PEOPLE[0] as Caller;
    const copy = copyOf(draft, 'hq', clerk);
    const events = [{ type: 'AMEND', payee: 'Another Ltd' }, { type: 'SUBMIT' }, { type: 'SUBMIT' }, { type: 'CANCEL' }];
    const shown = predict(
      copy,
      events.map((event, n) => keptOf(draft, event, n)),
      who(clerk),
    );
    expect(shown).toMatchObject({
      state: ['needs_approval'],
      context: { payee: 'Another Ltd', revision: 2 },
      predicted: ['c0', 'c1'],
      version: 1,
    });
    expect(shown.context['payload_hash']).not.toBe(copy.context['payload_hash']);
    expect(shown.can.find(({ type }) => type === 'SUBMIT')).toMatchObject({ ok: false, reason: 'not_in_state' });
  });

  test('[SDK-4] nothing is foreseen of a state that this client does not know, of an actor that stands still, or of an event that does not fit', () => {
    const draft = born('payment', { ...BILL, amount_minor: 125_000 });
    const clerk = PEOPLE[0] as Caller;
    const copy = copyOf(draft, 'hq', clerk);
    const submit = [keptOf(draft, { type: 'SUBMIT' })];
    for (const odd of [
      { ...copy, state: ['not_yet_invented'] },
      { ...copy, tags: ['parked'] },
    ]) {
      expect(predict(odd, submit, who(clerk))).toEqual({ ...odd, predicted: [] });
    }
    expect(predict(copy, [keptOf(draft, { type: 'AMEND', amount_minor: 'much' })], who(clerk)).predicted).toEqual([]);
    expect(predict(copy, [{ ...keptOf(draft, { type: 'SUBMIT' }), to: 'parcel/p' }], who(clerk)).predicted).toEqual([]);
  });
});

/** A job whose agent does not see what it costs, nor who judges it. */
function makeJob(): Definition {
  const job = setup({
    types: {
      context: {} as { note: string; cost: number; open: number },
      events: {} as
        | { type: 'ARRIVE' | 'LEAVE' | 'CHARGE' | 'FINISH' | 'ADD' | 'WAIVE' }
        | { type: 'NOTE'; note: string }
        | { type: 'COUNT' },
    },
    guards: {
      isCheap: ({ context }) => context.cost < 100,
      isNoted: ({ context }) => context.note !== '',
      isBroken: ({ context }) => (context as unknown as { gone: { deeper: boolean } }).gone.deeper,
    },
    actions: {
      add: assign({ cost: ({ context }) => context.cost + 1 }),
      waive: assign({ cost: 0 }),
      tell: emit(({ context }) => ({ type: 'told', cost: context.cost })),
      note: assign({ note: ({ event }) => (event.type === 'NOTE' ? event.note : '') }),
    },
  }).createMachine({
    id: 'job',
    context: { note: '', cost: 50, open: 3 },
    initial: 'planned',
    states: {
      planned: { on: { ARRIVE: 'there', CHARGE: { guard: 'isCheap', target: 'there' }, COUNT: { guard: 'isBroken', target: 'there' } } },
      there: {
        on: {
          LEAVE: 'passing',
          CHARGE: { guard: 'isCheap', target: 'done' },
          NOTE: { actions: ['note', 'tell'] },
          ADD: { actions: 'add' },
          WAIVE: { actions: 'waive' },
          FINISH: { guard: 'isNoted', target: 'done' },
        },
      },
      passing: { always: [{ guard: 'isCheap', target: 'done' }, { target: 'planned' }] },
      done: {},
    },
  });
  return defineMachine({
    type: 'job',
    version: 1,
    machine: job,
    input: z.strictObject({}),
    events: {
      ARRIVE: z.strictObject({}),
      LEAVE: z.strictObject({}),
      CHARGE: z.strictObject({}),
      FINISH: z.strictObject({}),
      ADD: z.strictObject({}),
      WAIVE: z.strictObject({}),
      COUNT: z.strictObject({}),
      NOTE: z.strictObject({ note: z.string() }),
    },
    permissions: {
      ARRIVE: ['agent'],
      LEAVE: ['agent', 'clerk'],
      CHARGE: ['agent', 'clerk'],
      FINISH: ['agent'],
      NOTE: ['agent'],
      ADD: ['agent'],
      WAIVE: ['agent'],
    },
    views: { hq: { rows: 'all', fields: 'all' }, agent: { rows: 'all', fields: ['note', 'open'] } },
    title: () => '',
    summary: () => '',
    search: () => [],
  });
}

describe('what is not shown', () => {
  const job = makeJob();
  const foresee = predictWith([job]);
  const agent = personOf('ann', ['agent']);
  const clerk = personOf('clerk', ['clerk']);
  const planned = born('job', {}, [job]);
  const there = happen(planned, { kind: 'event', event: { type: 'ARRIVE' } }, 'ann') as Actor;
  const foreseen = (actor: Actor, type: string, caller: Caller, audience: Audience) =>
    foresee(copyOf(actor, audience, caller), [keptOf(actor, { type, ...(type === 'NOTE' && { note: 'n' }) })], who(caller));

  test('[SDK-5] a step that needs nothing that is hidden is foreseen, with what may be done next', () => {
    const shown = foreseen(planned, 'ARRIVE', agent, 'agent');
    expect(shown).toMatchObject({ state: ['there'], context: { note: '', open: 3 }, predicted: ['c0'] });
    expect(shown.context).not.toHaveProperty('cost');
    expect(Object.fromEntries(shown.can.map(({ type, ok, reason }) => [type, ok || reason]))).toEqual({
      ARRIVE: 'not_in_state',
      LEAVE: true,
      CHARGE: 'unconfirmed', // it depends on the cost
      FINISH: 'guard_refused',
      NOTE: true,
      ADD: true,
      WAIVE: true,
    });
  });

  test('[SDK-5] where a guard needs what is hidden, on the way or at its end, nothing is foreseen rather than something false', () => {
    for (const [actor, type] of [
      [planned, 'CHARGE'],
      [there, 'LEAVE'],
    ] as const) {
      const copy = copyOf(actor, 'agent', agent);
      expect(foreseen(actor, type, agent, 'agent')).toEqual({ ...copy, predicted: [] });
    }
    expect(foreseen(planned, 'CHARGE', clerk, 'hq')).toMatchObject({ state: ['there'], predicted: ['c0'] });
    expect(foreseen(there, 'LEAVE', clerk, 'hq')).toMatchObject({ state: ['done'] });
  });

  test('[SDK-5] what is written needs not be all that there is: it is foreseen, and what is hidden stays hidden', () => {
    const commands = ['NOTE', 'FINISH'].map((type, n) => keptOf(there, { type, ...(type === 'NOTE' && { note: 'n' }) }, n));
    const shown = foresee(copyOf(there, 'agent', agent), commands, who(agent));
    expect(shown).toMatchObject({ state: ['done'], predicted: ['c0', 'c1'] });
    expect(shown.context).toEqual({ note: 'n', open: 3 });
    // The sum that it writes needs the cost.
    expect(foreseen(there, 'ADD', agent, 'agent').predicted).toEqual([]);
    // What is written without being read first is known from there on, though it is not shown.
    const cheap = foresee(
      copyOf(there, 'agent', agent),
      [keptOf(there, { type: 'WAIVE' }, 0), keptOf(there, { type: 'CHARGE' }, 1)],
      who(agent),
    );
    expect(cheap).toMatchObject({ state: ['done'], context: { note: '', open: 3 }, predicted: ['c0', 'c1'] });
    expect(cheap.context).not.toHaveProperty('cost');
  });

  test('[SDK-5] where a guard throws nothing is foreseen', () => {
    const copy: ActorCopy = { ...copyOf(planned, 'hq', clerk), can: [{ type: 'COUNT', ok: true, schema: {} }] };
    expect(foresee(copy, [keptOf(planned, { type: 'COUNT' })], who(clerk))).toEqual({ ...copy, predicted: [] });
  });

  test('[SDK-5] what a person’s roles may not send is not foreseen', () => {
    expect(foreseen(planned, 'ARRIVE', clerk, 'hq').predicted).toEqual([]);
  });

  test('[SDK-6] whatever a customer is shown of payments and clients, what is foreseen of them is never false', () => {
    const customer = personOf('acme', ['customer'], 'acme');
    let foreseenSteps = 0;
    fc.assert(
      fc.property(births, choices, (actor, picks) => {
        if (actor.definition.type === 'integration') return;
        walk(actor, picks, (now) => {
          for (const event of eventsFor(now)) {
            const copy = copyOf(now, 'customer', customer);
            const shown = predict(copy, [keptOf(now, event)], who(customer));
            if (shown.predicted.length === 0) continue;
            const next = happen(now, { kind: 'event', event }, customer.id);
            if (next === undefined) throw new Error(`${event.type} was foreseen and is refused`);
            const { state, tags, context } = copyOf(next, 'customer', customer);
            foreseenSteps++;
            expect(shown).toMatchObject({ state, tags });
            expect(shown.context).toEqual(context);
          }
        });
      }),
      { numRuns: 40 },
    );
    expect(foreseenSteps).toBeGreaterThan(0);
  });
});
