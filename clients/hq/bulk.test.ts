import { expect, test } from 'vitest';
import { z } from 'zod';
import type { ActorView } from '../../hub/protocol/messages.ts';
import { machines } from '../../machines/machines.ts';
import { changedSince, chosenOf, eventFor, offersOf, totalsOf } from './bulk.ts';
import { nounOf } from './nouns.ts';

const payment = machines.find(({ type }) => type === 'payment');
const can = (type: string, ok = true) => ({ type, ok, schema: z.toJSONSchema(payment?.events[type] ?? z.never()) });
const view = (id: string, cans: ActorView['can'], context: Record<string, unknown> = {}): ActorView => ({
  address: `payment/${id}`,
  version: 1,
  state: [],
  tags: [],
  context: { payload_hash: `hash of ${id}`, ...context },
  can: cans,
  timers: [],
  updatedAt: '',
});

test('[DESK-9] what is offered for many is what some of them take, and says which', () => {
  const views = [
    view('a', [can('APPROVE'), can('DENY')]),
    view('b', [can('APPROVE'), can('CANCEL', false), can('DENY', false)]),
    view('c', []),
  ];
  const offers = offersOf(views, nounOf('payment'));
  expect(offers.map(({ type, may }) => [type, may.map(({ address }) => address)])).toEqual([
    ['APPROVE', ['payment/a', 'payment/b']],
    ['DENY', ['payment/a']],
  ]);
});

test('[DESK-9] events that ask for an amount are never offered for many', () => {
  const views = [view('a', [can('REFUND'), can('AMEND'), can('CANCEL')])];
  expect(offersOf(views, nounOf('payment')).map(({ type }) => type)).toEqual(['CANCEL']);
});

test('[DESK-9] each approval of many carries the hash of its own payment', () => {
  const views = [view('a', [can('APPROVE')]), view('b', [can('APPROVE')])];
  const [offer] = offersOf(views, nounOf('payment'));
  if (offer === undefined) throw new Error('nothing offered');
  expect(views.map((one) => eventFor(offer, one, {}))).toEqual([
    { type: 'APPROVE', hash: 'hash of a' },
    { type: 'APPROVE', hash: 'hash of b' },
  ]);
});

test('[DESK-9] amounts are added within a currency and never across', () => {
  const of = (amount_minor: number, currency: string) => ({ context: { amount_minor, currency } });
  expect(totalsOf([of(100, 'EUR'), of(5, 'JPY'), of(250, 'EUR'), { context: {} }])).toEqual([
    { currency: 'EUR', minor: 350 },
    { currency: 'JPY', minor: 5 },
  ]);
});

test('[DESKSAFE-6] what has been changed since it was picked is left out of an approval of many until somebody has looked at it', () => {
  const both = [can('APPROVE'), can('CANCEL')];
  const views = [view('a', both), { ...view('b', both), version: 2 }, view('c', both)];
  const picked = [
    { address: 'payment/a', version: 1 },
    { address: 'payment/b', version: 1 },
    // The node that was asked is behind the one that made the list.
    { address: 'payment/c', version: 3 },
  ];
  const changed = changedSince(views, picked);
  expect([...changed]).toEqual(['payment/b', 'payment/c']);
  const [approve, cancel] = offersOf(views, nounOf('payment'));
  if (approve === undefined || cancel === undefined) throw new Error('nothing offered');
  const chosen = (offer: typeof approve, ...looked: string[]) =>
    chosenOf(offer, changed, new Set(looked)).map(({ address }) => address.slice(-1));
  expect([chosen(approve), chosen(approve, 'payment/b'), chosen(cancel)]).toEqual([['a'], ['a', 'b'], ['a', 'b', 'c']]);
});
