import { expect, test } from 'vitest';
import { changesBetween, isBroken } from '../../../machines/integration-rules.ts';
import type { IntegrationContext } from '../../../machines/integration-terms.ts';
import { readBill, readPayment } from './bill.ts';
import type { BillLinks } from './bill.ts';
import { isSame, readPartner, writePartner } from './partner.ts';
import { toAddressOf, toName } from './session.ts';
import { contractOf } from './shapes.ts';
import type { ModelShapes } from './shapes.ts';
import { minorOf, timeOf, toOdooTime } from './values.ts';

const COUNTRIES = { codes: new Map([[57, 'DE']]), ids: new Map([['DE', 57]]) };
const EMPTY = {
  country_id: false,
  email: false,
  is_company: false,
  vat: false,
  phone: false,
  street: false,
  city: false,
  zip: false,
  active: true,
};

test('[ERP-1] a contact of Odoo is a client: what is empty is null, the country its code', () => {
  const row = { ...EMPTY, id: 7, name: 'Ann', country_id: [57, 'Germany'], email: 'ann@example.com' };
  const nothing = { vat: null, phone: null, street: null, city: null, zip: null };
  expect(readPartner(row, COUNTRIES)).toEqual({
    name: 'Ann',
    country: 'DE',
    email: 'ann@example.com',
    kind: 'person',
    archived: false,
    ...nothing,
  });
  expect(readPartner({ ...row, is_company: true, active: false }, COUNTRIES)).toMatchObject({ kind: 'company', archived: true });
});

test.each([
  ['name', { name: false }],
  ['country_id', { country_id: [999, 'Nowhere'] }],
  ['country_id', { country_id: 'Germany' }],
  ['city', { city: 5 }],
  ['email', { email: 'half \ud800' }],
  ['street', { street: 'x'.repeat(501) }],
])('[ERP-1] a contact whose %s our shape has no place for is refused by this field', (field, bad) => {
  expect(() => readPartner({ ...EMPTY, id: 7, name: 'Ann', ...bad }, COUNTRIES)).toThrow(expect.objectContaining({ field }));
});

test('[ERP-2] a client is written to Odoo field for field, and what is null empties there', () => {
  expect(writePartner({ name: 'Ann', country: 'DE', email: null, kind: 'company', archived: true }, COUNTRIES)).toEqual({
    name: 'Ann',
    country_id: 57,
    email: false,
    is_company: true,
    active: false,
  });
  expect(writePartner({ country: null }, COUNTRIES)).toEqual({ country_id: false });
  expect(() => writePartner({ country: 'XX' }, COUNTRIES)).toThrow(/XX is no country/);
  const there = readPartner({ ...EMPTY, id: 7, name: 'Ann' }, COUNTRIES);
  expect([isSame({ name: 'Ann', email: null }, there), isSame({ name: 'Ann', email: 'a@b' }, there)]).toEqual([true, false]);
});

test.each([
  [622.27, 'USD', 62_227],
  [0.1 + 0.2, 'EUR', 30],
  [1.005, 'EUR', 101],
  [-1.005, 'EUR', -101],
  [1.0049999, 'EUR', 100],
  [0.5, 'JPY', 1],
  [-0.5, 'JPY', -1],
  [0.0004, 'KWD', 0],
  [-0.001, 'EUR', 0],
  [1.2345, 'KWD', 1_235],
  [1e-7, 'EUR', 0],
  [9.5e-3, 'EUR', 1],
  [9_999_999_999_999.99, 'EUR', 999_999_999_999_999],
])('[ERP-3] %d %s are %d minor units: the nearest, halves away from zero', (float, currency, minor) => {
  expect(minorOf({ amount: float }, 'amount', currency)).toBe(minor);
});

test.each([
  [10_000_000_000_000, 'EUR'],
  [90_071_992_547_409.91, 'EUR'],
  [1e21, 'JPY'],
  [Number.NaN, 'EUR'],
  [Number.POSITIVE_INFINITY, 'EUR'],
  ['5.00', 'EUR'],
  [false, 'EUR'],
  [5, 'XAU'],
])('[ERP-3] %s %s cannot be counted exactly, and is refused', (float, currency) => {
  expect(() => minorOf({ amount: float }, 'amount', currency)).toThrow(expect.objectContaining({ field: 'amount' }));
});

const LINE = {
  id: 1,
  move_id: [9, 'BILL'],
  name: 'Paper',
  quantity: 1.5,
  price_unit: 33.33,
  price_subtotal: 50,
  price_total: 57.5,
  account_id: [3, 'x'],
};
const LINKS: BillLinks = {
  clients: new Map([[4, 'odoo-4']]),
  currencies: new Map([[1, 'USD']]),
  accounts: new Map([[3, '600000']]),
  lines: [
    { ...LINE, display_type: 'product' },
    { ...LINE, display_type: 'line_note', name: 'A note' },
    { ...LINE, display_type: 'product', move_id: [10, 'OTHER'] },
  ],
};
const BILL = {
  id: 9,
  commercial_partner_id: [4, 'Supplier'],
  ref: 'V-1',
  name: 'BILL/1',
  move_type: 'in_invoice',
  invoice_date: '2026-11-01',
  invoice_date_due: false,
  currency_id: [1, 'USD'],
  amount_total: 57.5,
  amount_residual: 57.5,
  amount_tax: 7.5,
  state: 'posted',
  payment_state: 'not_paid',
};

test('[ERP-4] a bill of Odoo has its own lines, without notes, and its number is the vendor’s', () => {
  expect(readBill(BILL, LINKS)).toEqual({
    supplier: 'odoo-4',
    number: 'V-1',
    direction: 'in',
    issued: '2026-11-01',
    due: null,
    currency: 'USD',
    total_minor: 5_750,
    residual_minor: 5_750,
    tax_minor: 750,
    state: 'posted',
    payment_state: 'not_paid',
    lines: [{ text: 'Paper', quantity: '1.5', unit_minor: 3_333, amount_minor: 5_000, tax_minor: 750, account: '600000' }],
  });
  expect(readBill({ ...BILL, move_type: 'out_invoice' }, LINKS)).toMatchObject({ direction: 'out', number: 'BILL/1' });
  expect(readBill({ ...BILL, move_type: 'in_refund', state: 'cancel', amount_residual: 0 }, LINKS)).toMatchObject({
    direction: 'in',
    total_minor: -5_750,
    residual_minor: 0,
    state: 'canceled',
  });
});

test.each([
  ['commercial_partner_id', { commercial_partner_id: false }],
  ['move_type', { move_type: 'entry' }],
  ['currency_id', { currency_id: [77, '?'] }],
  ['state', { state: 'dreaming' }],
  ['invoice_date', { invoice_date: '1 May' }],
])('[ERP-4] a bill whose %s our shape has no place for is refused by this field', (field, bad) => {
  expect(() => readBill({ ...BILL, ...bad }, LINKS)).toThrow(expect.objectContaining({ field }));
});

test('[ERP-5] a payment of Odoo is read in the words of 14 to 19', () => {
  const row = { partner_id: false, payment_type: 'outbound', amount: 10, currency_id: [1, 'USD'], date: '2026-11-05', memo: false };
  const read = { partner: null, direction: 'out', amount_minor: 1_000, currency: 'USD', date: '2026-11-05', memo: null };
  expect(readPayment({ ...row, state: 'in_process' }, LINKS.currencies)).toEqual({ ...read, state: 'in_process' });
  expect(readPayment({ ...row, state: 'posted' }, LINKS.currencies).state).toBe('in_process');
  expect(readPayment({ ...row, state: 'cancel' }, LINKS.currencies).state).toBe('canceled');
});

test('[ERP-6] Odoo’s times are UTC in whole seconds, both ways', () => {
  const at = Date.UTC(2026, 10, 23, 6, 45, 12);
  expect(timeOf({ write_date: '2026-11-23 06:45:12' }, 'write_date')).toBe(at);
  expect(toOdooTime(at + 999)).toBe('2026-11-23 06:45:12');
  for (const bad of [false, '2026-11-23', '2026-13-45 00:00:00'])
    expect(() => timeOf({ write_date: bad }, 'write_date')).toThrow(/is no time/);
});

test('[ERP-7] the name that a record carries leads back to its actor, and no two actors have one', () => {
  const addresses = ['client/a-b', 'client/a_b', 'client/a__b', 'client_a/b', 'client/-', 'bank_account/x_y-Z', 'bank/account_x'];
  expect(addresses.map(toName).map(toAddressOf)).toEqual(addresses);
  expect(new Set(addresses.map(toName)).size).toBe(addresses.length);
  for (const name of addresses.map(toName)) expect(name).toMatch(/^[A-Za-z0-9_-]+$/);
});

const NAME = { type: 'char', required: true, readonly: false };
const OPTIONAL = { ...NAME, required: false };

/** What is told of the two, and whether the hub can go on as before. */
function compared(before: ModelShapes, now: ModelShapes): readonly [readonly string[], boolean] {
  const changes = changesBetween(contractOf(before), contractOf(now));
  return [changes.map(({ part, change }) => `${part} ${change}`), isBroken({ contract: { changes } } as unknown as IntegrationContext)];
}

test.each([
  ['a new optional field that somebody added', {}, { x: { ...OPTIONAL, manual: true } }, ['~res.partner.x added'], false],
  ['a new field that is required', {}, { x: NAME }, ['+res.partner.x added'], true],
  ['a new one that Odoo fills in', {}, { x: { ...NAME, defaulted: true } }, [], false],
  ['a used field that is gone', { email: OPTIONAL }, {}, ['res.partner.email removed'], true],
  ['another that is gone', { color: { ...OPTIONAL, manual: true } }, {}, ['~res.partner.color removed'], false],
  ['one of another type', { email: OPTIONAL }, { email: { ...OPTIONAL, type: 'text' } }, ['res.partner.email changed'], true],
  [
    'a link that leads elsewhere',
    { email: { ...OPTIONAL, relation: 'a' } },
    { email: { ...OPTIONAL, relation: 'b' } },
    ['res.partner.email changed'],
    true,
  ],
  ['one required from now on', { x: OPTIONAL }, { x: NAME }, ['+res.partner.x added'], true],
  ['one required no more', { x: NAME }, { x: OPTIONAL }, ['+res.partner.x removed'], false],
  ['one that cannot be written now', { email: OPTIONAL }, { email: { ...OPTIONAL, readonly: true } }, ['res.partner.email changed'], true],
  [
    'a used field under another name',
    { email: OPTIONAL },
    { mail: { ...OPTIONAL, manual: true } },
    ['res.partner.email removed', '~res.partner.mail added'],
    true,
  ],
] as const)('[ERP-8] comparing models: %s', (_, before, now, changes, breaks) => {
  expect(compared({ 'res.partner': before }, { 'res.partner': now })).toEqual([changes, breaks]);
  expect(compared({ 'res.partner': now }, { 'res.partner': now })).toEqual([[], false]);
});

test('[ERP-8] a required field matters only where the hub makes records, and a model that is gone where it is used', () => {
  expect(compared({ 'res.country': {} }, { 'res.country': { x: NAME } })).toEqual([[], false]);
  expect(compared({ 'res.country': { code: NAME } }, {})).toEqual([['res.country.code removed'], true]);
  expect(compared({}, { other: { x: NAME } })).toEqual([[], false]);
});

test('[ERP-9] however much somebody has added to an Odoo, its contract is one that the hub takes', () => {
  const many = Object.fromEntries(Array.from({ length: 500 }, (_, n) => [`x_${n}`, { ...OPTIONAL, manual: true }]));
  const contract = contractOf({ 'res.partner': { ...many, email: OPTIONAL }, 'account.move': many });
  expect(contract['res.partner.email']).toBe('char');
  expect(Object.keys(contract).length).toBeLessThan(100);
});
