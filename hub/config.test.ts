import { expect, test } from 'vitest';
import { BadConfig, readConfig } from './config.ts';
import { machineSettings } from './machine-settings.ts';
import { payment } from '../machines/payment.ts';
import { period } from '../machines/period.ts';

test('[OPS-7] what payments are told of the environment fits their settings, and routes that do not fit are refused with what is wrong', () => {
  const of = (env: Record<string, string>): unknown => payment.settings.parse(machineSettings(readConfig(env))['payment']);
  expect(of({})).toMatchObject({ approval_from_major: 1000, approvals_needed: 1, routes: [], rates: 'sandbox', spread_basis_points: 0 });
  expect(of({ HUB_DEMO: '0', HUB_APPROVALS_NEEDED: '2', HUB_SPREAD_BASIS_POINTS: '25' })).toMatchObject({
    approvals_needed: 2,
    rates: 'ecb',
    spread_basis_points: 25,
  });
  const route = { currencies: ['EUR'], from_major: 100, gateways: ['stripe', 'sandbox'] };
  expect(of({ HUB_ROUTES: JSON.stringify([route]) })).toMatchObject({ routes: [route] });
  for (const wrong of ['stripe', '{}', '[{"gateways":[]}]', '[{"gateways":["a b"]}]', '[{"currencies":["EURO"],"gateways":["stripe"]}]'])
    expect(() => readConfig({ HUB_ROUTES: wrong })).toThrow(BadConfig);
  const cost = { gateway: 'stripe', currency: 'EUR', basis_points: 150, fixed_minor: 25 };
  expect(of({ HUB_GATEWAY_COSTS: JSON.stringify([cost]) })).toMatchObject({ gateway_costs: [cost] });
  expect(() => readConfig({ HUB_GATEWAY_COSTS: '[{"gateway":"stripe"}]' })).toThrow(/HUB_GATEWAY_COSTS/);
  for (const wrong of [{ HUB_APPROVALS_NEEDED: '0' }, { HUB_SPREAD_BASIS_POINTS: '1001' }, { HUB_RATES: 'a b' }])
    expect(() => readConfig(wrong)).toThrow(BadConfig);
});

test('[PERIOD-34] a period is told what the books are kept in and by which rates, and no currency that is none', () => {
  const of = (env: Record<string, string>): unknown => period.settings.parse(machineSettings(readConfig(env))['period']);
  expect(of({})).toEqual({ home_currency: 'EUR', rates: 'sandbox' });
  expect(of({ HUB_DEMO: '0', HUB_HOME_CURRENCY: 'CHF', HUB_RATES: 'house' })).toEqual({ home_currency: 'CHF', rates: 'house' });
  for (const wrong of ['EURO', 'eur', 'XAU']) expect(() => readConfig({ HUB_HOME_CURRENCY: wrong })).toThrow(BadConfig);
});
