import fc from 'fast-check';
import { expect, test } from 'vitest';
import { byCost, costOf, gatewayCosts } from './gateway-costs.ts';
import { CURRENCIES, MOST_MINOR } from './money.ts';
import * as scene from './payment-rehearsal.ts';
import { contextOf } from './payment-rehearsal.ts';

const NAMES = ['a', 'b', 'c', 'd', 'e'];
const currency = fc.constantFrom(...CURRENCIES.slice(0, 3));
const cost = fc.record(
  { gateway: fc.constantFrom(...NAMES), currency, basis_points: fc.nat(10_000), fixed_minor: fc.integer({ min: 1, max: MOST_MINOR }) },
  { requiredKeys: ['gateway', 'basis_points'] },
);
const costs = fc
  .uniqueArray(cost, { selector: (each) => `${each.gateway} ${each.currency ?? ''}` })
  .map((all) => all.filter((each) => gatewayCosts.safeParse([each]).success));
const price = fc.record({ currency, amount_minor: fc.integer({ min: 1, max: MOST_MINOR }) });

test('[ROUTE-1] a route by cost tries each of its gateways once, the cheapest first, equals as written and unknown ones last', () => {
  fc.assert(
    fc.property(fc.shuffledSubarray(NAMES, { minLength: 1 }), price, costs, (gateways, of, known) => {
      const order = byCost(gateways, of, gatewayCosts.parse(known));
      expect(order.toSorted()).toEqual(gateways.toSorted());
      for (const [i, next] of order.slice(1).entries()) {
        const before = order[i] ?? '';
        const [one, other] = [costOf(before, of, known), costOf(next, of, known)];
        if (one === other) expect(gateways.indexOf(before)).toBeLessThan(gateways.indexOf(next));
        else if (other !== undefined) expect(one !== undefined && one < other).toBe(true);
      }
    }),
  );
});

const ROUTE = {
  routes: [{ gateways: ['unknown', 'share', 'flat'], by: 'cost' }],
  gateway_costs: [
    { gateway: 'share', basis_points: 100 },
    { gateway: 'flat', currency: 'EUR', basis_points: 0, fixed_minor: 500 },
  ],
};

test('[ROUTE-2] what is cheapest depends on the amount and the currency of the payment; whoever names a gateway gets it', () => {
  const of = (changes: object, settings: object = ROUTE): unknown => {
    const { gateway, gateways = [gateway] } = contextOf(scene.draft(changes, settings));
    return [gateway, ...gateways.slice(1)];
  };
  expect(of({ amount_minor: 49_999 })).toEqual(['share', 'flat', 'unknown']);
  expect(of({ amount_minor: 50_000 })).toEqual(['share', 'flat', 'unknown']);
  expect(of({ amount_minor: 50_001 })).toEqual(['flat', 'share', 'unknown']);
  expect(of({ amount_minor: 50_001, currency: 'USD' })).toEqual(['share', 'unknown', 'flat']);
  expect(of({ gateway: 'unknown' })).toEqual(['unknown']);
  expect(of({}, { ...ROUTE, routes: [{ gateways: ['unknown', 'share', 'flat'] }] })).toEqual(['unknown', 'share', 'flat']);
});

test('[ROUTE-3] costs are compared exactly, the one for the currency before the one for all others', () => {
  const known = [
    { gateway: 'a', basis_points: 10_000 },
    { gateway: 'b', basis_points: 9_999 },
    { gateway: 'b', currency: 'EUR' as const, basis_points: 10_000, fixed_minor: 1 },
  ];
  expect(costOf('b', { currency: 'EUR', amount_minor: MOST_MINOR }, known)).toBe(10_000_000_000_010_000n);
  expect(byCost(['a', 'b'], { currency: 'EUR', amount_minor: MOST_MINOR }, known)).toEqual(['a', 'b']);
  expect(byCost(['a', 'b'], { currency: 'USD', amount_minor: 1 }, known)).toEqual(['b', 'a']);
});

test('[ROUTE-4] a fixed cost without its currency and two costs for the same are refused', () => {
  const share = { gateway: 'a', basis_points: 1 };
  expect(gatewayCosts.safeParse([share, { ...share, currency: 'EUR', fixed_minor: 25 }]).success).toBe(true);
  for (const wrong of [[{ ...share, fixed_minor: 25 }], [share, share], [{ gateway: 'a' }], [{ ...share, basis_points: 0.5 }]])
    expect(gatewayCosts.safeParse(wrong).success).toBe(false);
});
