import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { must } from '../../../machines/must.ts';
import { LossyRelay } from '../../../tests/support/lossy-relay.ts';
import type { Loss } from '../../../tests/support/lossy-relay.ts';
import { odooForTests } from '../../../tests/support/odoo.ts';
import { answered, ask, byHand, openOdoo } from '../../../tests/support/odoo-stage.ts';
import type { Paid, Pushed, Voided } from '../erp-operations.ts';
import type { CallResult, Integration } from '../integration.ts';

const settings = odooForTests('actors/integrations/odoo/lost-answers.odoo.test.ts');
const RUN = Date.now().toString(36);

describe.skipIf(settings === undefined)('a real Odoo behind a line that loses things', () => {
  const there = must(settings ?? { url: 'http://127.0.0.1:1', database: '', user: '', api_key: 'x', password: '' }, 'Odoo');
  const hand = byHand(there);
  const make = async (model: string, vals: object) => must(((await hand(model, 'create', { vals_list: [vals] })) as number[])[0], model);
  const count = (model: string, ...domain: unknown[]) => hand(model, 'search_count', { domain });
  let relay: LossyRelay;
  let supplier: number;

  beforeAll(async () => {
    if (settings === undefined) return;
    relay = await LossyRelay.open(there.url);
    supplier = await make('res.partner', { name: `Supplier ${RUN}` });
  });
  afterAll(async () => relay?.close());

  async function postedBill(price_unit: number): Promise<number> {
    const [account] = (await hand('account.account', 'search', {
      domain: [
        ['account_type', '=', 'expense'],
        ['company_ids', 'in', [1]],
      ],
      limit: 1,
    })) as number[];
    const line = { name: 'Paper', quantity: 1, price_unit, account_id: account, tax_ids: [[5, 0, 0]] };
    const vals = {
      move_type: 'in_invoice',
      partner_id: supplier,
      invoice_date: '2026-11-01',
      company_id: 1,
      invoice_line_ids: [[0, 0, line]],
    };
    const bill = await make('account.move', vals);
    await hand('account.move', 'action_post', { ids: [bill] });
    return bill;
  }

  const billNow = async (id: number) =>
    ((await hand('account.move', 'read', { ids: [id], fields: ['payment_state', 'amount_residual'] })) as object[])[0];

  /** Repeated as the hub does, until it is answered. */
  async function until(odoo: Integration, operation: string, input: object): Promise<{ output: unknown; tries: CallResult[] }> {
    const tries: CallResult[] = [];
    while (tries.length < 12) {
      const result = await ask(odoo, operation, input);
      tries.push(result);
      if (result.kind === 'done') return { output: result.output, tries };
    }
    throw new Error(JSON.stringify(tries));
  }

  test.each(['json2', 'xmlrpc'] as const)(
    '[ODOO-10] a contact whose making is answered to nobody, 20 times, is one over %s',
    async (protocol) => {
      for (const loss of ['answer', 'at_once'] as const) {
        const odoo = await openOdoo(there, { url: relay.url, protocol });
        const name = `Lost ${loss} ${protocol} ${RUN}`;
        const order = {
          model: 'partner',
          address: `client/lost-${loss}-${protocol}_${RUN}`,
          external_id: null,
          fields: { name, kind: 'person' },
        };
        relay.lose(() => undefined);
        await answered(odoo, 'gone', { model: 'partner', ids: [] });
        await ask(odoo, 'push', { ...order, address: `client/warm-${loss}-${protocol}_${RUN}`, fields: { name: 'Warm' } });
        // The making is the second call over JSON-2 and over XML-RPC: the first looks for the name.
        relay.lose((path, nth) => (path.endsWith('/load') || (protocol === 'xmlrpc' && nth % 2 === 0) ? loss : undefined));
        const lost: CallResult[] = [];
        for (let i = 0; i < 20; i++) lost.push(await ask(odoo, 'push', order));
        expect(lost[0]).toMatchObject({ kind: 'unknown' });
        relay.lose(() => undefined);
        const { output } = await until(odoo, 'push', order);
        expect(await count('res.partner', ['name', '=', name])).toBe(1);
        expect(await hand('res.partner', 'search', { domain: [['name', '=', name]] })).toEqual([Number((output as Pushed).external_id)]);
      }
    },
  );

  test('[ODOO-11] a contact that twelve calls make at once is one, and who comes too late tries again', async () => {
    const odoo = await openOdoo(there);
    const name = `At once ${RUN}`;
    const order = { model: 'partner', address: `client/at_once_${RUN}`, external_id: null, fields: { name } };
    const results = await Promise.all(Array.from({ length: 12 }, () => ask(odoo, 'push', order)));
    for (const result of results) expect(['done', 'retry']).toContain(result.kind);
    const ids = results.flatMap((result) => (result.kind === 'done' ? [(result.output as Pushed).external_id] : []));
    expect(new Set(ids).size).toBe(1);
    expect(await count('res.partner', ['name', '=', name])).toBe(1);
  });

  test.each(['answer', 'at_once', 'request'] as const)(
    '[ODOO-12] a payment that loses its %s at each of its calls and is repeated is one, posted and set against its bill',
    async (loss: Loss) => {
      const odoo = await openOdoo(there, { url: relay.url });
      let calls = Number.MAX_SAFE_INTEGER;
      for (let cut = 1; cut <= calls; cut++) {
        const bill = await postedBill(100 + cut / 100);
        const payment = `payment/p-${loss}_${cut}_${RUN}`;
        const order = { payment, bill: String(bill), amount_minor: 10_000 + cut, currency: 'USD', date: '2026-11-05', memo: `${payment}` };
        relay.lose((_, nth) => (nth === cut ? loss : undefined));
        const first = await ask(odoo, 'pay', order);
        if (first.kind === 'done') calls = cut;
        else expect(['unknown', 'retry']).toContain(first.kind);
        relay.lose(() => undefined);
        const { output } = await until(odoo, 'pay', order);
        expect(output).toMatchObject({ state: 'in_process', reconciled: true });
        expect((await answered<Paid>(odoo, 'pay', order)).external_id).toBe((output as Paid).external_id);
        expect(await count('account.payment', ['memo', '=', payment])).toBe(1);
        expect(await billNow(bill)).toMatchObject({ payment_state: 'paid', amount_residual: 0 });
      }
      expect(calls).toBeGreaterThan(8);
    },
  );

  test('[ODOO-13] a payment that is taken back at each of its calls opens its bill again, and cannot be made a second time', async () => {
    const odoo = await openOdoo(there, { url: relay.url });
    let calls = Number.MAX_SAFE_INTEGER;
    for (let cut = 1; cut <= calls; cut++) {
      const bill = await postedBill(50);
      const payment = `payment/v_${cut}_${RUN}`;
      const order = { payment, bill: String(bill), amount_minor: 5_000, currency: 'USD', date: '2026-11-05', memo: payment };
      relay.lose(() => undefined);
      const { external_id } = await answered<Paid>(odoo, 'pay', order);
      relay.lose((_, nth) => (nth === cut ? 'answer' : undefined));
      if ((await ask(odoo, 'void', { payment })).kind === 'done') calls = cut;
      relay.lose(() => undefined);
      expect((await until(odoo, 'void', { payment })).output).toEqual({
        external_id,
        state: 'canceled',
        reconciled: false,
      } satisfies Voided);
      expect(await billNow(bill)).toMatchObject({ payment_state: 'not_paid', amount_residual: 50 });
      expect(await ask(odoo, 'pay', order)).toMatchObject({ kind: 'failed', code: 'refused' });
    }
    expect(calls).toBeGreaterThan(4);
    expect(await answered(odoo, 'void', { payment: `payment/never_${RUN}` })).toEqual({
      external_id: null,
      state: 'absent',
      reconciled: false,
    });
  });

  test('[ODOO-14] over XML-RPC too a payment is posted and taken back, though Odoo cannot write down that nothing came of it', async () => {
    const odoo = await openOdoo(there, { protocol: 'xmlrpc' });
    const bill = await postedBill(20);
    const payment = `payment/x_${RUN}`;
    const order = { payment, bill: String(bill), amount_minor: 2_000, currency: 'USD', date: '2026-11-05', memo: payment };
    expect(await answered(odoo, 'pay', order)).toMatchObject({ state: 'in_process', reconciled: true });
    expect(await answered(odoo, 'void', { payment })).toMatchObject({ state: 'canceled' });
    expect(await billNow(bill)).toMatchObject({ payment_state: 'not_paid' });
  });

  test('[ODOO-15] more than is open, another currency, a draft and another payment under the name are refused, and nothing is made', async () => {
    const odoo = await openOdoo(there);
    const bill = await postedBill(30);
    const payment = `payment/r_${RUN}`;
    const order = { payment, bill: String(bill), amount_minor: 3_000, currency: 'USD', date: '2026-11-05', memo: payment };
    const refused = async (more: object) =>
      expect(await ask(odoo, 'pay', { ...order, ...more })).toMatchObject({ kind: 'failed', code: 'refused' });
    await refused({ amount_minor: 3_001 });
    await refused({ currency: 'EUR' });
    const draft = await make('account.move', { move_type: 'in_invoice', partner_id: supplier, company_id: 1 });
    await refused({ bill: String(draft) });
    expect(await count('account.payment', ['memo', '=', payment])).toBe(0);
    await answered(odoo, 'pay', { ...order, amount_minor: 1_000 });
    await refused({});
    expect(await billNow(bill)).toMatchObject({ payment_state: 'partial', amount_residual: 20 });
  });

  test('[ODOO-16] a payment that Odoo does not post leaves no draft; one that it does not set against the bill is told to be open', async () => {
    const odoo = await openOdoo(there, { url: relay.url });
    const bill = await postedBill(40);
    const payment = `payment/n_${RUN}`;
    const order = { payment, bill: String(bill), amount_minor: 4_000, currency: 'USD', date: '2026-11-05', memo: payment };
    relay.lose((path) => (path.endsWith('/action_post') ? 'refused' : undefined));
    expect(await ask(odoo, 'pay', order)).toMatchObject({
      kind: 'failed',
      code: 'refused',
      detail: expect.stringContaining('not allowed') as string,
    });
    expect(await count('account.payment', ['memo', '=', payment])).toBe(0);
    relay.lose((path) => (path.endsWith('/reconcile') ? 'refused' : undefined));
    expect(await answered(odoo, 'pay', order)).toMatchObject({ state: 'in_process', reconciled: false });
    relay.lose(() => undefined);
    expect(await answered(odoo, 'pay', order)).toMatchObject({ state: 'in_process', reconciled: true });
    expect(await count('account.payment', ['memo', '=', payment])).toBe(1);
  });
});
