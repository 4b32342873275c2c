import { expect, test } from 'vitest';
import { basisOf, changedIn } from './basis.ts';
import { NOUNS, nounOf } from './nouns.ts';

test('[DESKSAFE-5] whatever a decision is made on is watched while somebody decides, and nothing else', () => {
  const names = basisOf(nounOf('payment'), 'REFUND');
  const before = { captured_minor: 100_000, refunded_minor: 0, payee: 'Bolt', client: 'acme', note: 'a', refunds: [{ id: 'r' }] };
  expect(changedIn(names, before, { ...before, refunded_minor: 10_000, note: 'b' })).toEqual(['refunded_minor']);
  expect(changedIn(names, before, { ...before })).toEqual([]);
  // A field that has come or gone is a change; two equal values are none, whatever they are made of.
  expect(changedIn(['payee', 'refunds'], before, { refunds: [{ id: 'r' }] })).toEqual(['payee']);
});

test('[DESKSAFE-5] every event that is grave has something to decide on', () => {
  for (const noun of NOUNS) for (const event of noun.grave) expect(basisOf(noun, event), `${noun.type} ${event}`).not.toEqual([]);
  expect(basisOf(nounOf('parcel'), 'LOSE')).toEqual([]);
});
