import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Leg } from '../machines/machine.ts';
import { machines } from '../machines/machines.ts';
import { must } from '../machines/must.ts';
import { endOf, monthAfter, monthBefore, monthOf, startOf } from '../machines/month.ts';
import { startTestHub } from './support/hub.ts';
import type { TestHub } from './support/hub.ts';
import { Rest } from './support/rest.ts';
import type { Json } from './support/rest.ts';
import { eventually } from './support/socket-client.ts';
import { trade } from './support/trade-machine.ts';

/* Nobody can wait for the end of a month, so what is traded counts in the last one. */

let hub: TestHub;
let rest: Rest;
/** The month that has been over for more than two minutes. */
const MONTH = monthBefore(monthOf(Date.now() - 120_000));
const PERIOD = `period/${MONTH}`;
const MIDDLE = startOf(MONTH) + 12 * 86_400_000 + 36_000_000;

beforeAll(async () => {
  hub = await startTestHub({ machines: [...machines, trade] });
  rest = new Rest(hub);
  expect((await rest.create('trade', { id: 'desk', input: {} })).status).toBe(201);
});
afterAll(() => hub.stop());

const eur = (account: string, amount_minor: number): Leg => ({ account, amount_minor, currency: 'EUR' });
const usd = (account: string, amount_minor: number): Leg => ({ account, amount_minor, currency: 'USD' });

/** The house pays dollars for somebody who gives euro, as the capture of a payment does; or gets them back. */
const paid = (dollars: number, euros: number): readonly Leg[] => [
  eur('transit/payments', euros),
  eur('exchange', -euros),
  usd('exchange', dollars),
  usd('gateway/sandbox', -dollars),
];

async function traded(legs: readonly Leg[], effective: number, type = 'TRADE'): Promise<number> {
  const { status, body } = await rest.send('trade/desk', { type, legs, effective });
  expect([status, body['outcome']]).toEqual([200, 'applied']);
  return Number(body['version']);
}

async function seen(address = PERIOD): Promise<{ state: string; context: Json; tags: string[] }> {
  const { body } = await rest.get(`/v1/actors/${address}`, 'auditor');
  return { state: String((body['state'] as string[])[0]), context: body['context'] as Json, tags: body['tags'] as string[] };
}

async function becomes(state: string): Promise<Json> {
  await eventually(async () => (await seen()).state === state);
  return (await seen()).context;
}

const send = async (event: Json, as: string, address = PERIOD): Promise<unknown> => {
  const { status, body } = await rest.send(address, event, as);
  return status === 200 ? 'ok' : body['code'];
};

async function balances(at: number): Promise<Json> {
  const { body } = await rest.get(`/v1/ledger/trial-balance?at=${new Date(at).toISOString()}`, 'auditor');
  for (const { balance_minor, pending_minor } of body['totals'] as Json[]) expect([balance_minor, pending_minor]).toEqual(['0', '0']);
  return Object.fromEntries(
    (body['accounts'] as Json[])
      .filter(({ balance_minor }) => balance_minor !== '0')
      .map(({ account, currency, balance_minor }) => [`${String(account)} ${String(currency)}`, balance_minor]),
  );
}

test('[PERIOD-22] what is still set aside on its way, and a rate that nobody knows, keep a month open and are said', async () => {
  await traded(paid(11_700, 10_000), MIDDLE);
  await traded(paid(-11_700, -9_500), MIDDLE + 1);
  await traded(paid(5_850, 5_000), endOf(MONTH));
  // Counts in the month after it.
  await traded(paid(100_000, 80_000), endOf(MONTH) + 1);
  const aside = [eur('account/acme', 700), eur('transit/payments', -700)];
  const held = await traded(aside, endOf(MONTH), 'SET_ASIDE');
  expect((await rest.create('period', { id: MONTH, input: { month: MONTH } }, 'clerk')).status).toBe(403);
  expect((await rest.create('period', { id: MONTH, input: { month: monthAfter(MONTH) } }, 'cfo')).body['code']).toBe('period_of_another');
  expect((await rest.create('period', { id: MONTH, input: { month: MONTH } }, 'cfo')).status).toBe(201);
  expect(await send({ type: 'CLOSE' }, 'clerk')).toBe('forbidden');
  expect(await send({ type: 'CLOSE' }, 'cfo')).toBe('ok');
  expect((await becomes('open.returned'))['reasons']).toEqual([
    { code: 'rates_missing', detail: expect.stringContaining('USD in EUR on') },
  ]);
  expect((await seen()).tags).toContain('needs_somebody');
  await rest.send('integration/sandbox_rates', { type: 'ENABLE' }, 'operator');
  expect((await rest.create('rates', { id: 'sandbox', input: { integration: 'sandbox_rates' } }, 'operator')).status).toBe(201);
  await eventually(async () => JSON.stringify((await rest.get('/v1/actors/rates/sandbox', 'cfo')).body).includes('age.fresh'));
  expect(await send({ type: 'CLOSE' }, 'cfo')).toBe('ok');
  await eventually(async () => JSON.stringify((await seen()).context['reasons']).includes('in_transit'));
  expect((await seen()).context['reasons']).toEqual([{ code: 'in_transit', detail: '1 × EUR, trade/desk' }]);
  const freed = aside.map((leg) => ({ ...leg, amount_minor: -leg.amount_minor }));
  expect((await rest.send('trade/desk', { type: 'FREE', legs: freed, of: held })).status).toBe(200);
});

test('[PERIOD-23] two people close a month over REST, and its gains are in the ledger with its last moment and not a moment longer', async () => {
  const before = await balances(endOf(MONTH));
  expect(await send({ type: 'CLOSE' }, 'cfo')).toBe('ok');
  const context = await becomes('proposed');
  const { payload_hash: hash, figures } = context as { payload_hash: string; figures: Json };
  expect(figures['gains']).toMatchObject([
    { currency: 'USD', amount_minor: -5_850, cost_minor: -5_000, realized_minor: 500, source: 'sandbox' },
  ]);
  expect(figures).toMatchObject({ postings: 4, difference_minor: 0 });
  const { unrealized_minor, date } = must((figures['gains'] as { unrealized_minor: number; date: string }[])[0], 'the gain on dollars');
  expect(date.startsWith(MONTH)).toBe(true);
  expect(unrealized_minor).not.toBe(0);
  expect(await send({ type: 'CONFIRM', hash }, 'cfo')).toBe('four_eyes');
  expect(await send({ type: 'CONFIRM', hash: '0'.repeat(64) }, 'approver')).toBe('hash_stale');
  expect(await send({ type: 'CONFIRM', hash }, 'auditor')).toBe('forbidden');
  expect(await send({ type: 'CONFIRM', hash }, 'approver')).toBe('ok');
  await becomes('closed');
  const minor = (amount: number): string => String(amount);
  expect(await balances(endOf(MONTH))).toEqual({
    ...before,
    'exchange/cost EUR': minor(500),
    'income/fx/realized EUR': minor(-500),
    'exchange/revaluation EUR': minor(unrealized_minor),
    'income/fx/unrealized EUR': minor(-unrealized_minor),
  });
  expect(await balances(endOf(MONTH) + 1)).toMatchObject({ 'exchange/cost EUR': '500', 'income/fx/realized EUR': '-500' });
  expect(await balances(endOf(MONTH) + 1)).not.toHaveProperty(['exchange/revaluation EUR']);
});

test('[PERIOD-24] what the period asked for is answered the same whenever it is read, and its root is that of the days', async () => {
  const { status, body } = await rest.get(`/v1/ledger/periods/${MONTH}`, 'auditor');
  expect(status).toBe(200);
  const { figures } = (await seen()).context as { figures: Json };
  expect(body).toMatchObject({ month: MONTH, state: 'closed', home_currency: 'EUR', figures, asked_by: 'cfo', confirmed_by: 'approver' });
  const days = body['days'] as { date: string; root: string; leaves: number }[];
  expect(days.map(({ date }) => date)).toEqual(days.map((_, n) => new Date(startOf(MONTH) + n * 86_400_000).toISOString().slice(0, 10)));
  expect(days.at(-1)?.date).toBe(new Date(endOf(MONTH)).toISOString().slice(0, 10));
  expect(body['root']).toBe(figures['root']);
  expect((await rest.get('/v1/ledger/periods/2001-01', 'auditor')).body['code']).toBe('not_found');
  expect((await rest.get(`/v1/ledger/periods/${MONTH}`, 'operator')).status).toBe(403);
});

test('[PERIOD-25] what would count in a closed month is not posted: whoever tries is parked and says so', async () => {
  expect((await rest.create('trade', { id: 'late', input: {} })).status).toBe(201);
  const before = await balances(Date.now());
  const { status, body } = await rest.send('trade/late', { type: 'TRADE', legs: paid(100, 90), effective: MIDDLE });
  expect([status, body['code']]).toEqual([423, 'parked']);
  expect(await balances(Date.now())).toEqual(before);
  const control = (await rest.get('/v1/actors/trade/late/control', 'operator')).body;
  expect(JSON.stringify(control)).toContain(`Nothing more is posted into ${MONTH}`);
  // What counts today goes on as ever.
  expect((await rest.send('trade/desk', { type: 'TRADE', legs: paid(100, 90) })).status).toBe(200);
});

test('[PERIOD-26] the month after it cannot be closed before it is over, and one before it not any more', async () => {
  const [next, earlier] = [monthAfter(MONTH), monthBefore(MONTH)];
  for (const month of [next, earlier]) expect((await rest.create('period', { id: month, input: { month } }, 'cfo')).status).toBe(201);
  expect(await send({ type: 'CLOSE' }, 'cfo', `period/${next}`)).toBe('period_not_over');
  expect(await send({ type: 'CLOSE' }, 'cfo', `period/${earlier}`)).toBe('ok');
  await eventually(async () => (await seen(`period/${earlier}`)).state === 'open.returned');
  expect((await seen(`period/${earlier}`)).context['reasons']).toEqual([{ code: 'period_after_closed', detail: MONTH }]);
});

test('[PERIOD-27] two people open it again, and all that its closing posted is taken back where it counted', async () => {
  const { payload_hash: hash } = (await seen()).context as { payload_hash: string };
  expect(await send({ type: 'REOPEN', reason: 'an invoice was missing' }, 'approver')).toBe('forbidden');
  expect(await send({ type: 'REOPEN', reason: 'an invoice was missing' }, 'cfo')).toBe('ok');
  await becomes('reopening.proposed');
  expect(await send({ type: 'CONFIRM', hash }, 'cfo')).toBe('four_eyes');
  expect(await send({ type: 'CONFIRM', hash }, 'approver2')).toBe('ok');
  await becomes('open.ready');
  for (const at of [endOf(MONTH), endOf(MONTH) + 1, Date.now()])
    expect(Object.keys(await balances(at)).filter((account) => /^(income|exchange\/)/.test(account))).toEqual([]);
});

test('[PERIOD-28] a month is closed behind the one before it, and begins with what that left', async () => {
  await traded(paid(-5_850, -4_900), endOf(MONTH) - 1_000);
  expect(await send({ type: 'CLOSE' }, 'approver')).toBe('ok');
  expect((await becomes('open.returned'))['reasons']).toEqual([{ code: 'period_before_open', detail: monthBefore(MONTH) }]);
  const earlier = `period/${monthBefore(MONTH)}`;
  await traded(paid(1_000, 900), startOf(monthBefore(MONTH)));
  await traded(paid(-1_000, -950), startOf(monthBefore(MONTH)) + 1);
  expect(await send({ type: 'CLOSE' }, 'cfo', earlier)).toBe('ok');
  await eventually(async () => (await seen(earlier)).state === 'proposed');
  const { payload_hash: hash } = (await seen(earlier)).context as { payload_hash: string };
  expect(await send({ type: 'CONFIRM', hash }, 'approver', earlier)).toBe('ok');
  expect(await send({ type: 'CLOSE' }, 'approver')).toBe('ok');
  const { figures } = (await becomes('proposed')) as { figures: Json };
  // 5.00 as before, and 1.00 on the dollars that were bought a second before they were sold; what was lost before is in its own month.
  expect(figures['gains']).toMatchObject([{ currency: 'USD', amount_minor: 0, cost_minor: 0, realized_minor: 600, unrealized_minor: 0 }]);
  expect(await balances(startOf(MONTH) - 1)).toMatchObject({ 'exchange/cost EUR': '-50', 'income/fx/realized EUR': '50' });
  expect(await send({ type: 'REOPEN', reason: 'look again' }, 'cfo', earlier)).toBe('ok');
  await eventually(async () => (await seen(earlier)).state === 'closed' && JSON.stringify((await seen(earlier)).context).includes(MONTH));
  expect((await seen(earlier)).context['reasons']).toEqual([{ code: 'period_after_closed', detail: MONTH }]);
  expect(await send({ type: 'WITHDRAW' }, 'cfo')).toBe('ok');
  await becomes('open.ready');
});
