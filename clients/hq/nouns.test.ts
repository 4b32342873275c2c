import { expect, test } from 'vitest';
import { initialTransition } from 'xstate';
import { machines } from '../../machines/machines.ts';
import type { PaymentContext } from '../../machines/payment-terms.ts';
import { topOf } from '../core/journey.ts';
import { headlineStates, NOUNS, nounOf, toneOf } from './nouns.ts';

const definitionOf = (type: string) => machines.find((machine) => machine.type === type);

test.each(NOUNS.map((noun) => [noun.type, noun] as const))(
  '[HQ-1] The console names no state, event or field of a %s that its machine does not have',
  (type, noun) => {
    const definition = definitionOf(type);
    const tops = Object.keys(definition?.machine.root.states ?? {});
    const events = Object.keys(definition?.events ?? {});
    if (noun.course) {
      expect(tops).toEqual(expect.arrayContaining([...noun.course.line, ...noun.course.ends]));
      expect(tops.toSorted()).toEqual(Object.keys(noun.tones).toSorted());
    } else {
      const regions = tops.flatMap((region) =>
        Object.keys(definition?.machine.root.states[region]?.states ?? {}).map((state) => `${region}.${state}`),
      );
      expect(regions.toSorted()).toEqual(Object.keys(noun.tones).toSorted());
    }
    expect(events).toEqual(expect.arrayContaining([...noun.grave, ...noun.main]));
    expect(Object.keys(noun.basis).filter((event) => event !== '*' && !events.includes(event))).toEqual([]);
    expect(definition?.permissions['@create']).toEqual(expect.arrayContaining([...noun.makers]));
  },
);

/** What creates one of each, so that its context can be looked at. */
const INPUTS: Readonly<Record<string, object>> = {
  payment: { client: 'acme', payee: 'Globex', amount_minor: 1, currency: 'EUR', reference: 'r' },
  client: { name: 'Acme', country: 'DE', email: 'a@acme.example', kind: 'company' },
  account: { client: 'acme', name: 'Acme', currency: 'EUR' },
  limit: { client: 'acme' },
  dispute: {
    ...{ payment: 'p', client: 'acme', amount_minor: 1, currency: 'EUR', reason: 'fraudulent' },
    ...{ gateway: 'sandbox', due_by: 1, kind: 'inquiry' },
  },
  integration: {},
  rates: { integration: 'ecb' },
  period: { month: '2026-10' },
  import: { name: 'clients.csv', target: 'client' },
  binding: { integration: 'odoo', model: 'partner', actor: 'client/acme' },
  bill: { supplier: 'acme', direction: 'in', currency: 'EUR', total_minor: 1 },
  booking: {
    ...{ payment: 'payment/p', bill: 'bill/b', binding: 'binding/b', amount_minor: 1 },
    ...{ currency: 'EUR', date: '2026-11-02', memo: 'm' },
  },
  feed: { integration: 'odoo', model: 'partner' },
};

/** What is not there before it has happened. */
const LATER: Readonly<Record<string, readonly string[]>> = {
  binding: ['base', 'ours', 'theirs', 'sent', 'problem'],
  bill: ['off_by_minor', 'link', 'erp'],
  booking: ['problem'],
  payment: [
    ...([
      'bill',
      'claimed',
      'gateways',
      'account',
      'account_currency',
      'rates',
      'spread_basis_points',
      'conversion',
      'charged_minor',
      'hold',
    ] as const),
    ...(['holds', 'funds_until', 'limited', 'execute_on', 'due_at', 'held_by', 'out_of_step', 'credits', 'operations'] as const),
    ...(['proposal', 'disputes', 'screened_by', 'screening'] as const),
  ] satisfies readonly (keyof PaymentContext)[],
};

test.each(NOUNS.map((noun) => [noun.type, noun] as const))(
  '[HQ-1] The console names no field of a %s that it does not have',
  (type, noun) => {
    const definition = definitionOf(type);
    if (definition === undefined) throw new Error(`no machine ${type}`);
    const birth = { id: 'x', by: 'clerk', at: 1, settings: definition.settings.parse({}) };
    const [snapshot] = initialTransition(definition.machine, { ...definition.input.parse(INPUTS[type]), ...birth });
    const named = [
      ...noun.sections.flatMap(({ fields }) => fields),
      ...Object.values(noun.basis).flat(),
      ...(noun.figure ? [noun.figure] : []),
      ...noun.references.map(({ field }) => field),
    ];
    expect([...Object.keys(snapshot.context as object), ...(LATER[type] ?? [])]).toEqual(expect.arrayContaining(named));
  },
);

test.each(machines.map((machine) => [machine.type, machine] as const))('[HQ-1] Every kind of actor has a screen: %s', (type) => {
  expect(NOUNS.map((noun) => noun.type)).toContain(type);
});

test('[HQ-2] What waits for a person asks for one, whatever its state is called', () => {
  const payment = NOUNS.find(({ type }) => type === 'payment');
  if (payment === undefined) throw new Error('no payment');
  expect(toneOf(payment, 'authorized.holding', ['needs_somebody'])).toBe('asking');
  expect(toneOf(payment, 'authorized.voiding', [])).toBe('moving');
  expect(toneOf({ ...payment, tones: {} }, 'brand_new', ['needs_somebody'])).toBe('asking');
  expect(topOf('authorized.voiding')).toBe('authorized');
});

test('[DESK-38] A source of rates is called by what keeps its rates from being taken, or else by how old they are', () => {
  const rates = nounOf('rates');
  expect(headlineStates(rates, ['fetching.idle', 'age.fresh', 'dispute.none'])).toEqual(['age.fresh']);
  expect(headlineStates(rates, ['fetching.pausing', 'age.stale', 'dispute.open'])).toEqual([
    'age.stale',
    'dispute.open',
    'fetching.pausing',
  ]);
  expect(headlineStates(rates, ['fetching.calling', 'age.none', 'dispute.none'])).toEqual(['age.none']);
});
