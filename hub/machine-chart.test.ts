import { describe, expect, test } from 'vitest';
import { and, assign, getMicrosteps, initialTransition, not, or, setup, stateIn } from 'xstate';
import type { AnyMachineSnapshot, EventObject } from 'xstate';
import { z } from 'zod';
import { defineMachine, effect } from '../machines/machine.ts';
import type { Definition } from '../machines/machine.ts';
import { machines } from '../machines/machines.ts';
import { toStates } from '../actors/envelope.ts';
import { chartOf } from './machine-chart.ts';
import { takenBetween } from './protocol/chart-moves.ts';
import { statesOf } from './protocol/chart.ts';
import type { Chart } from './protocol/chart.ts';

const each = machines.map((definition) => [definition.type, definition] as const);

type Config = {
  states?: Record<string, Config>;
  on?: Record<string, unknown>;
  after?: Record<string, unknown>;
  always?: unknown;
  onDone?: unknown;
  invoke?: unknown;
};

const listed = (given: unknown): readonly unknown[] => (given === undefined ? [] : Array.isArray(given) ? given : [given]);

/** What the machine's own configuration says, read without XState: each state with how many transitions it has of each kind. */
function declared(config: Config, path: readonly string[] = []): Map<string, Record<string, number>> {
  const invokes = listed(config.invoke) as { onDone?: unknown; onError?: unknown }[];
  const kinds = {
    event: Object.values(config.on ?? {}).flatMap(listed).length,
    after: Object.values(config.after ?? {}).flatMap(listed).length,
    always: listed(config.always).length,
    complete: listed(config.onDone).length,
    done: invokes.flatMap(({ onDone }) => listed(onDone)).length,
    error: invokes.flatMap(({ onError }) => listed(onError)).length,
  };
  const below = Object.entries(config.states ?? {}).flatMap(([key, state]) => [...declared(state, [...path, key])]);
  return new Map([[path.join('.'), kinds], ...below]);
}

describe.each(each)('%s', (_, definition) => {
  const chart = chartOf(definition);

  test('[CHART-1] the chart has every state and every transition of the machine, and no others', () => {
    const expected = declared(definition.machine.config as Config);
    expect(['', ...statesOf(chart).map(({ path }) => path)].toSorted()).toEqual([...expected.keys()].toSorted());
    for (const [path, kinds] of expected) {
      const own = chart.transitions.filter(({ source }) => source === path);
      const counted = Object.fromEntries(
        Object.keys(kinds).map((kind) => [kind, own.filter(({ trigger }) => trigger.kind === kind).length]),
      );
      expect([path, counted]).toEqual([path, kinds]);
    }
    const known = new Set(statesOf(chart).map(({ path }) => path));
    expect(chart.transitions.flatMap(({ targets }) => targets).filter((target) => !known.has(target))).toEqual([]);
    expect(new Set(chart.transitions.map(({ id }) => id)).size).toBe(chart.transitions.length);
  });

  test('[CHART-1] it is plain data, the same after a journey as JSON, and names who may send what', () => {
    expect(JSON.parse(JSON.stringify(chart))).toEqual(chart);
    expect(chart.events.map(({ type }) => type)).toEqual(Object.keys(definition.events));
    for (const { type, roles } of chart.events) expect(roles).toEqual(definition.permissions[type]);
    expect(chartOf(definition)).toBe(chart);
  });
});

const toy = setup({
  types: { context: {} as { n: number } },
  actors: { 'desk.stamp': effect<object, object>() },
  delays: { patience: 5_000, growing: ({ context }) => context.n },
  guards: { isA: () => true, isB: () => true },
  actions: { note: assign((_, _what: string) => ({ n: 1 })) },
}).createMachine({
  id: 'toy',
  context: { n: 1 },
  initial: 'one',
  states: {
    one: {
      description: 'Where it begins',
      tags: ['needs_somebody'],
      after: { patience: 'two', growing: 'last', 250: 'last' },
      on: { GO: { target: 'two.deep', description: 'Goes on', actions: { type: 'note', params: 'went' } } },
    },
    two: {
      initial: 'shallow',
      onDone: 'last',
      states: {
        shallow: { invoke: { id: 'stamp', src: 'desk.stamp', input: {}, onDone: 'deep', onError: 'over' } },
        deep: {
          always: [
            { guard: and(['isA', or(['isB', not('isA')])]), target: 'over' },
            { guard: not(and(['isA', 'isB'])), target: 'shallow' },
            { guard: stateIn({ two: 'deep' }), target: 'shallow' },
          ],
        },
        over: { type: 'final' },
        before: { type: 'history', history: 'deep' },
      },
    },
    last: { on: { BACK: 'two.before', GO: { target: 'last', reenter: true } } },
  },
});

const toyDefinition = defineMachine({
  type: 'toy',
  version: 1,
  machine: toy,
  input: z.strictObject({}),
  events: { GO: z.strictObject({}), BACK: z.strictObject({}) },
  permissions: { '@create': ['clerk'], GO: ['clerk', 'cfo'], BACK: ['clerk'] },
  views: { hq: { rows: 'all', fields: 'all' } },
  title: () => 'toy',
  summary: () => '',
  search: () => [],
});

describe('what a chart says', () => {
  const chart = chartOf(toyDefinition);
  const one = (source: string, event: string) => chart.transitions.filter((t) => t.source === source && t.event.startsWith(event));

  test('[CHART-2] a timer has its name, and its length where that is fixed; an effect has its name; a state that ends says so', () => {
    expect(one('one', 'xstate.after').map(({ trigger }) => trigger)).toEqual([
      { kind: 'after', delay: '250', ms: 250 },
      { kind: 'after', delay: 'patience', ms: 5_000 },
      { kind: 'after', delay: 'growing' },
    ]);
    expect(one('two.shallow', 'xstate').map(({ trigger }) => trigger)).toEqual([
      { kind: 'done', invoke: 'stamp' },
      { kind: 'error', invoke: 'stamp' },
    ]);
    expect(one('two', 'xstate').map(({ trigger, targets }) => [trigger, targets])).toEqual([[{ kind: 'complete' }, ['last']]]);
    expect(statesOf(chart).find(({ path }) => path === 'two.shallow')?.invokes).toEqual([{ id: 'stamp', src: 'desk.stamp' }]);
  });

  test('[CHART-2] guards are named as a sentence would have them, also where several are combined', () => {
    expect(chart.transitions.filter(({ source }) => source === 'two.deep').map(({ guard }) => guard)).toEqual([
      'isA and (isB or not isA)',
      'not (isA and isB)',
      'in two.deep',
    ]);
    expect(one('one', 'GO')[0]).toMatchObject({ description: 'Goes on', actions: ['note went'], targets: ['two.deep'], reenter: false });
    expect(one('last', 'GO')[0]?.reenter).toBe(true);
  });

  test('[CHART-2] states say what they are: where a compound one begins, what is final, what a history state remembers', () => {
    const said = statesOf(chart).map(({ path, type, initial, history }) => [path, type, initial ?? history ?? '']);
    expect(said).toEqual([
      ['one', 'atomic', ''],
      ['two', 'compound', 'two.shallow'],
      ['two.shallow', 'atomic', ''],
      ['two.deep', 'atomic', ''],
      ['two.over', 'final', ''],
      ['two.before', 'history', 'deep'],
      ['last', 'atomic', ''],
    ]);
    expect(chart.root.states[0]).toMatchObject({ description: 'Where it begins', tags: ['needs_somebody'] });
  });

  test('[CHART-3] a state goes on alone where an effect or a timer leads on and no person is waited for', () => {
    const alone = (definition: Definition): string[] =>
      statesOf(chartOf(definition)).flatMap(({ path, alone: goes }) => (goes === true ? [path] : []));
    expect(alone(toyDefinition)).toEqual(['two.shallow']);
    const payment = alone(machines.find(({ type }) => type === 'payment') as Definition);
    expect(payment).toEqual(expect.arrayContaining(['authorizing.calling', 'unknown.waiting', 'settled.refunding', 'capturing.pausing']));
    for (const waits of ['draft', 'needs_approval', 'authorized.holding', 'settled.idle', 'declined']) expect(payment).not.toContain(waits);
  });

  test('[CHART-4] where a history state leads, whatever it may have remembered is found', () => {
    expect(takenBetween(chart, ['last'], 'BACK', ['two.shallow'])).toEqual(['last:BACK:0']);
  });
});

/** What an ERP says of a client. */
const RECORD = { external_id: '7', at: 1, fields: { name: 'Acme', email: null } };

/** What the ledger says of a month, and what keeps it from being closed. */
function readingOf(codes: readonly string[]): object {
  return { figures: { gains: [], difference_minor: 0, root: 'x' }, troubles: codes.map((code) => ({ code, detail: null })) };
}

/** What an ERP answers: a page of records, one that is read, one that was written. */
function ofErp(record: object, more: boolean): object {
  return { records: [], cursor: null, more, ...record };
}

/** An effect's answers and a person's payloads that lead somewhere, by event. */
const OUTCOMES: readonly object[] = [
  {
    outcome: 'done',
    gateway_reference: 'g',
    found: true,
    answer: { active: true },
    passed: true,
    findings: [],
    ...readingOf([]),
    ...ratesOf('1969-12-31', '1'),
    ...ofErp({ external_id: '7', at: 9, fields: { name: 'Acme', email: 'a@acme.example' } }, true),
  },
  {
    outcome: 'declined',
    code: 'no',
    found: true,
    answer: { active: false },
    passed: false,
    findings: [],
    ...readingOf(['x']),
    ...ratesOf('1969-12-31', '2'),
    ...ofErp({ ...RECORD, at: 11, fields: {}, gone: true }, false),
  },
  {
    outcome: 'not_found',
    passed: true,
    findings: [],
    ...readingOf([]),
    ...ratesOf('1960-01-04', '1'),
    ...ofErp({ ...RECORD, at: 10 }, false),
  },
  { outcome: 'canceled', passed: true, findings: [], ...readingOf(['x']), days: [], ...ofErp({ ...RECORD, at: 12 }, true) },
];
const CHARGE = { payment: 'p', client: 'acme', amount_minor: 1, currency: 'EUR' };
const INPUTS: Readonly<Record<string, readonly object[]>> = {
  payment: [
    { client: 'acme', payee: 'Globex', amount_minor: 1, currency: 'EUR', reference: 'r' },
    { client: 'acme', payee: 'Globex', amount_minor: 900_000, currency: 'EUR', reference: 'r', capture: 'manual' },
  ],
  client: [{ name: 'Acme', country: 'DE', email: 'a@acme.example', kind: 'company' }],
  integration: [{}],
  account: [{ client: 'acme', name: 'Acme', currency: 'EUR' }],
  limit: [{ client: 'x' }],
  period: [{ month: '2026-10' }],
  import: [{ name: 'clients.csv', target: 'client' }],
  dispute: ['inquiry', 'chargeback'].map((kind) => ({ ...CHARGE, reason: 'fraudulent', gateway: 'sandbox', due_by: 900_000_000, kind })),
  rates: [{ integration: 'ecb' }],
  feed: [{ integration: 'odoo', model: 'partner' }],
  bill: [
    { supplier: 'acme', direction: 'in', currency: 'EUR', total_minor: 10, due: '2026-11-30' },
    { supplier: 'acme', direction: 'in', currency: 'EUR', total_minor: 10, due: '1969-12-01' },
  ],
  booking: [
    { payment: 'payment/p', bill: 'bill/b', binding: 'binding/b', amount_minor: 10, currency: 'EUR', date: '2026-11-02', memo: 'm' },
  ],
  binding: [
    { integration: 'odoo', model: 'partner', actor: 'client/a' },
    { integration: 'odoo', model: 'partner', actor: 'client/a', record: RECORD },
    { integration: 'odoo', model: 'partner', actor: 'client/a', record: { ...RECORD, fields: {}, bad: { field: 'name', why: 'w' } } },
  ],
};

function ratesOf(date: string, USD: string): object {
  const fetched_at = '1970-01-01T00:00:00.000Z';
  return { days: [{ source: 'x', base: 'EUR', date, rates: { USD } }], from: 'x', sha256: 'x', fetched_at };
}

/** What an import asks of its file is answered by these, and how it is mapped fits that. */
const FILE = { sha256: '0'.repeat(64), bytes: 1, format: 'csv', encoding: 'utf-8', delimiter: ',', rows: 1, columns: ['Name'] };
const TAKEN = [true, false].map((ended) => ({ good: 1, bad: 0, already: 0, after: 2, ended, file: FILE, fields: [] }));

function importEvents({ payload_hash }: Record<string, unknown>): EventObject[] {
  return [
    { type: 'MAP', fields: [], key: 0 },
    { type: 'START', hash: payload_hash },
    ...['PREVIEW', 'STOP', 'RESUME'].map((type) => ({ type })),
  ] as EventObject[];
}

function eventsFor(snapshot: AnyMachineSnapshot): EventObject[] {
  const context = snapshot.context as Record<string, unknown>;
  const stamp = { by: 'cfo', at: 1 };
  const outcomes: readonly object[] = snapshot.machine.id === 'import' ? TAKEN : OUTCOMES;
  const results = Object.keys(snapshot.children).flatMap((id) => [
    ...outcomes.map((output) => ({ type: `xstate.done.actor.${id}`, output, ...stamp })),
    ...['failed', 'unknown'].map((kind) => ({ type: `xstate.error.actor.${id}`, error: { kind, code: 'x' }, ...stamp })),
  ]);
  const timers = snapshot._nodes.flatMap((node) => node.after.map(({ eventType }) => ({ type: eventType, ...stamp })));
  const sent = [
    ...[
      'SUBMIT',
      'INVITE',
      'VERIFY',
      'CLOSE',
      'SUSPEND',
      'REINSTATE',
      'REJECT',
      'ENABLE',
      'DISABLE',
      'TRIP',
      'RESET',
      'PROBE',
      'CAPTURE',
      'CANCEL',
      'DENY',
      'ACTIVATE',
      'FREEZE',
      'UNFREEZE',
      'WAKE',
      'REOPEN',
      'FETCH',
      'ACCEPT',
      'KEEP',
    ].map((type) => ({ type, reason: 'r', documents: ['d'], bank_account: 'DE00', date: '1969-12-31' })),
    { type: 'AMEND', reference: 'other' },
    // Its month has to be over.
    ...(snapshot.machine.id === 'period' ? [{ type: 'CLOSE', at: 2_000_000_000_000 }] : []),
    { type: 'WITHDRAW' },
    ...(snapshot.machine.id === 'import' ? importEvents(context) : []),
    { type: 'CONFIRM', by: 'approver', hash: context['payload_hash'] },
    { type: 'APPROVE', hash: context['payload_hash'] },
    { type: 'REFUND', refund: `r${JSON.stringify(context['refunds'] ?? []).length}`, amount_minor: 1 },
    { type: 'CALLS', succeeded: 5, failed: 0 },
    ...['DEBITS', 'CREDITS'].flatMap((side) => ['BLOCK', 'UNBLOCK'].map((what) => ({ type: `${what}_${side}`, reason: 'r' }))),
    { type: 'SET_OVERDRAFT', overdraft_minor: 10 },
    { type: 'RESERVE', hold: 'h', amount_minor: 10, currency: 'EUR', reference: 'r' },
    { type: 'SETTLE', hold: 'h', amount_minor: 10 },
    { type: 'CREDIT', credit: `c${JSON.stringify(context['credits'] ?? []).length}`, amount_minor: 10, currency: 'EUR', reference: 'r' },
    { type: 'SPEND', payment: 'p', amount_minor: 450_000_000, currency: 'EUR', payee: 'Globex', maker: 'clerk' },
    { type: 'UNSPEND', payment: 'p' },
    { type: 'SET', per_day_major: 1_000_000, per_payment_major: 5_000_000, v: 7 },
    { type: 'SET', per_day_major: 4_000_000 },
    { type: 'SET', per_payment_major: 6_000_000, v: 7 },
    ...['CONFIRM', 'DROP'].map((type) => ({ type, by: 'approver', proposal: 'p7' })),
    { type: 'SUBMIT_EVIDENCE', by: 'clerk', summary: 's', documents: [] },
    { type: 'APPROVE_EVIDENCE' },
    { type: 'ACKNOWLEDGE', reason: 'r' },
    { type: 'tell.refused', to: 'payment/p', event: 'DISPUTED', reason: 'r', sent: {} },
    ...['needs_response', 'under_review', 'won', 'lost', 'prevented'].map((status) => ({ type: 'DISPUTE_UPDATED', status })),
    ...['inquiry', 'needs_response'].map((status) => ({ type: 'DISPUTE_UPDATED', status, due_by: 2_000_000_000 })),
    ...['PULL', 'BACKFILL', 'PAUSE', 'RESUME', 'SWEEP', 'CONFIRM_GONE', 'DROP', 'RETRY', 'RECREATE', 'RELEASE'].map((type) => ({ type })),
    { type: 'PAYMENT_BEGUN', payment: 'p', revision: 1, amount_minor: 4, currency: 'EUR' },
    { type: 'PAYMENT_SETTLED', payment: 'p', amount_minor: 4, currency: 'EUR', on: '2026-11-02', memo: 'm' },
    { type: 'PAYMENT_SETTLED', payment: 'q', amount_minor: 6, currency: 'EUR', on: '2026-11-02', memo: 'm' },
    { type: 'PAYMENT_RETURNED', payment: 'q', returned_minor: 6 },
    ...[{ state: 'draft' }, { payment_state: 'reversed' }, { due: null }].map((fields) => ({ type: 'SYNC', fields, before: {} })),
    ...['VOID', 'SETTLE_BY_HAND'].map((type) => ({ type, reason: 'r' })),
    { type: 'REDUCE', returned_minor: 1 },
    ...['@create', 'LINK', 'SYNC'].map((event) => ({ type: 'tell.refused', to: 'client/a', event, reason: 'r' })),
    { type: 'tell.refused', to: 'client/a', event: '@create', reason: 'exists' },
    ...[
      { ...RECORD, at: 2 },
      { ...RECORD, at: 3, fields: { name: 'Other', email: null } },
      { ...RECORD, at: 4, fields: {}, gone: true },
      { ...RECORD, at: 5, fields: {}, bad: { field: 'name', why: 'w' } },
    ].map((record) => ({ type: 'THEIRS', record })),
    ...['Acme', 'Third'].map((name, i) => ({ type: 'OURS', revision: 2 + i, changed_at: 2, fields: { name, email: 'a@acme.example' } })),
    { type: 'DECIDE', field: 'name', side: 'hub' },
    { type: 'BLOCK', by: 'approver', reason: 'r' },
    { type: 'UNBLOCK', reason: 'r' },
    { type: 'CALLS', succeeded: 0, failed: 100, unauthorized: 1 },
    { type: 'CALLS', succeeded: 0, failed: 0, throttled: 1, after_ms: 5_000 },
    { type: 'DECLARED', probes: true, rotates: true, drains: true },
    { type: 'QUARANTINE', reason: 'r' },
    { type: 'RELEASE' },
    { type: 'ROTATE' },
  ];
  return [...results, ...timers, ...sent.map((event) => ({ ...stamp, ...event }))];
}

function visited(chart: Chart, taken: readonly string[]): Set<string> {
  return new Set(chart.transitions.filter(({ id }) => taken.includes(id)).flatMap(({ source, targets }) => [source, ...targets]));
}

/** Where the context alone tells which of two ways was gone, and the shorter one is named. */
const SHORTER: Readonly<Record<string, readonly string[]>> = {
  payment: [
    'unknown.closing authorized.voiding',
    'unknown.closing capturing.asking',
    'unknown.closing declined',
    'unknown.closing failed',
    'unknown.looking declined',
    'unknown.looking failed',
  ],
};

test.each(each)(
  '[CHART-4] what a %s went through at once is found again from where it was, the event, and where it came to',
  (type, definition) => {
    const chart = chartOf(definition);
    const known = new Set<string>();
    const shorter = new Set<string>();
    let moves = 0;
    const queue: { snapshot: AnyMachineSnapshot; depth: number }[] = (INPUTS[type] ?? []).map((input) => {
      const birth = { id: 'x', by: 'clerk', at: 1, settings: definition.settings.parse({}) };
      return { snapshot: initialTransition(definition.machine, { ...definition.input.parse(input), ...birth })[0], depth: 0 };
    });
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const { snapshot, depth } = next;
      for (const event of eventsFor(snapshot)) {
        const steps = getMicrosteps(definition.machine, snapshot, event).map(([reached]) => reached as AnyMachineSnapshot);
        const after = steps.at(-1);
        if (after === undefined || JSON.stringify(after.value) === JSON.stringify(snapshot.value)) continue;
        const [from, to] = [toStates(snapshot.value), toStates(after.value)];
        const taken = takenBetween(chart, from, event.type, to);
        const own = chart.transitions.filter(({ id }) => taken.includes(id));
        moves += 1;
        expect(
          own.some((one) => one.event === event.type),
          `${from.join()} ${event.type} ${to.join()}`,
        ).toBe(true);
        // Every state that the machine passed through on its way is at an end of some transition that was found.
        const ends = [...visited(chart, taken)];
        const passed = steps.flatMap(({ value }) => toStates(value)).filter((state) => !from.includes(state));
        const unseen = passed.filter((state) => !ends.some((end) => state === end || state.startsWith(`${end}.`)));
        if (unseen.length > 0) shorter.add(`${from.join()} ${to.join()}`);
        const key = `${to.join()}|${String((after.context as Record<string, unknown>)['operation'])}|${String((after.context as Record<string, unknown>)['ending'])}`;
        if (depth < 14 && !known.has(key)) {
          known.add(key);
          queue.push({ snapshot: after, depth: depth + 1 });
        }
      }
    }
    expect(moves).toBeGreaterThan(10);
    expect([...shorter].toSorted()).toEqual(SHORTER[type] ?? []);
  },
);

test('[CHART-4] an event that leaves an actor where it was is found where the chart takes it there', () => {
  const of = (type: string): Chart => chartOf(machines.find((one) => one.type === type) as Definition);
  expect(takenBetween(of('payment'), ['needs_approval'], 'APPROVE', ['needs_approval'])).toEqual(['needs_approval:APPROVE:1']);
  expect(takenBetween(of('payment'), ['needs_approval'], 'AMEND', ['needs_approval'])).toEqual(['needs_approval:AMEND:2']);
  expect(takenBetween(of('payment'), [], '@create', ['draft'])).toEqual([]);
  expect(takenBetween(of('payment'), ['draft'], '@pause', ['draft'])).toEqual([]);
  expect(takenBetween(of('payment'), ['settled.refunding'], 'xstate.done.actor.refund', ['settled.refunding'])).toEqual([
    'settled.refunding:xstate.done.actor.refund:0',
    'settled.answered::0',
    'settled.idle::0',
  ]);
  const before = ['lifecycle.enabled', 'circuit.closed', 'auth.valid', 'admission.all'];
  const after = ['lifecycle.enabled', 'circuit.forced_open', 'auth.valid', 'admission.none'];
  expect(takenBetween(of('integration'), before, 'TRIP', after)).toEqual(['circuit.closed:TRIP:0', 'admission.all::0']);
});
