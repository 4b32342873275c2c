import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import pg from 'pg';
import type { CallResult } from '../../actors/integrations/integration.ts';
import { sandboxErpFaultSchema } from '../../actors/integrations/sandbox-erp/faults.ts';
import { openSandboxErp, sandboxErp } from '../../actors/integrations/sandbox-erp/sandbox-erp.ts';
import { sandboxErpSchema } from '../../actors/integrations/sandbox-erp/schema.ts';
import { systemPorts } from '../../actors/ports/system.ts';
import { testDatabase } from '../support/postgres.ts';
import { conform } from './conformance.ts';

const integration = 'sandbox_erp';
const PARTNER = { name: 'Acme', country: 'DE', email: null, kind: 'company', vat: null, phone: null, street: null, city: null, zip: null };
const BILL = {
  ...{ supplier: '1', number: 'B1', direction: 'in', issued: null, due: null, currency: 'EUR', total_minor: 1000, residual_minor: 1000 },
  ...{ tax_minor: 0, state: 'posted', payment_state: 'not_paid', lines: [] },
};
const PUSH = { integration, model: 'partner', address: 'client/acme', external_id: null, fields: { name: 'Acme' } };
const PAY = { integration, payment: 'payment/p1', bill: '1', amount_minor: 400, currency: 'EUR', date: '2026-03-02', memo: 'B1' };

let pool: pg.Pool;
let drop: () => Promise<void>;
let now = 1_000_500;
beforeAll(async () => {
  const { url, close } = await testDatabase();
  drop = close;
  pool = new pg.Pool({ connectionString: url, max: 4 });
  for (const statement of sandboxErpSchema) await pool.query(statement);
});
afterAll(async () => {
  await pool?.end();
  await drop?.();
});

type Erp = Awaited<ReturnType<typeof openSandboxErp>>;

async function start(config: unknown = {}): Promise<Erp> {
  await pool.query('TRUNCATE sandbox_erp.record, sandbox_erp.fault RESTART IDENTITY');
  const ports = systemPorts({ debug() {}, info() {}, warn() {}, error() {} });
  return openSandboxErp({
    ports: { ...ports, clock: { ...ports.clock, now: () => now } },
    config,
    secrets: {},
    hubUrl: () => undefined,
    gate: undefined as never,
    database: { query: async (name, text, values) => (await pool.query({ name, text, values: [...values] })).rows },
  });
}

function call(erp: Erp, operation: string, input: object, signal = new AbortController().signal): Promise<CallResult> {
  return erp.perform({ key: 'k', operation, input, actor: 'binding/acme', attempt: 1, signal });
}

async function done(erp: Erp, operation: string, input: object): Promise<Record<string, unknown>> {
  const result = await call(erp, operation, input);
  expect(result.kind === 'done' ? [] : result).toEqual([]);
  return sandboxErp.operations[operation]?.output.parse((result as { output: unknown }).output) as Record<string, unknown>;
}

conform({
  kind: sandboxErp,
  inputs: {
    pull: { integration, model: 'partner', cursor: null, limit: 10, overlap_ms: 0 },
    gone: { integration, model: 'partner', ids: ['1'] },
    read: { integration, model: 'partner', external_id: '1' },
    list: { integration, what: 'currencies', after: 0, limit: 10 },
    push: PUSH,
    pay: PAY,
    void: { integration, payment: 'payment/p1' },
  },
  open: start,
  twice: async () => {
    const erp = await start();
    await Promise.all([call(erp, 'push', PUSH), call(erp, 'push', PUSH)]);
    return (await pool.query('SELECT FROM sandbox_erp.record')).rows.length;
  },
});

describe('the sandbox ERP', () => {
  test('[SBERP-1] records of one second are read page by page, each once, and what was changed is read again', async () => {
    const erp = await start();
    for (let n = 0; n < 5; n++) await erp.records.write('partner', undefined, { ...PARTNER, name: `P${n}`, archived: false });
    const seen: string[] = [];
    let cursor: unknown = null;
    for (let more = true; more;) {
      const page = await done(erp, 'pull', { integration, model: 'partner', cursor, limit: 2, overlap_ms: 0 });
      seen.push(...(page['records'] as { external_id: string }[]).map(({ external_id }) => external_id));
      ({ cursor, more } = page as { cursor: unknown; more: boolean });
    }
    expect(seen).toEqual(['1', '2', '3', '4', '5']);
    expect(cursor).toEqual({ at: 1_000_000, id: 0 });
    now += 5_000;
    await erp.records.write('partner', '2', { city: 'Bonn' });
    const next = await done(erp, 'pull', { integration, model: 'partner', cursor: { at: 1_000_001, id: 0 }, limit: 9, overlap_ms: 0 });
    expect(next).toMatchObject({ records: [{ external_id: '2', at: 1_005_000, fields: { city: 'Bonn', name: 'P1' } }], more: false });
    await erp.records.remove('partner', '3');
    expect(await done(erp, 'gone', { integration, model: 'partner', ids: ['2', '3'] })).toEqual({ ids: ['3'] });
  });

  test('[SBERP-2] what somebody wrote since is a conflict and is left alone; what stands already is no write', async () => {
    const erp = await start();
    const { at } = await done(erp, 'push', PUSH);
    now += 2_000;
    await erp.records.write('partner', '1', { city: 'Bonn' });
    const update = { ...PUSH, external_id: '1', expected_at: at, fields: { city: 'Köln' } };
    expect(await done(erp, 'push', update)).toMatchObject({ conflict: { fields: { city: 'Bonn' } } });
    const same = await done(erp, 'push', { ...update, fields: { city: 'Bonn' } });
    expect(same).not.toHaveProperty('conflict');
    expect(await done(erp, 'push', { ...update, expected_at: same['at'] })).not.toHaveProperty('conflict');
    expect(await done(erp, 'read', { integration, model: 'partner', external_id: '1' })).toMatchObject({ fields: { city: 'Köln' } });
    expect(await call(erp, 'push', { ...update, external_id: '99' })).toMatchObject({ kind: 'failed', code: 'not_found' });
  });

  test('[SBERP-3] a payment is booked once, no more than is open is paid, and taken back its bill is open again', async () => {
    const erp = await start();
    await erp.records.write('bill', undefined, BILL);
    const residual = async () =>
      ((await done(erp, 'read', { integration, model: 'bill', external_id: '1' }))['fields'] as Record<string, unknown>)['residual_minor'];
    const both = await Promise.all([call(erp, 'pay', PAY), call(erp, 'pay', PAY)]);
    expect(both.filter(({ kind }) => kind === 'done').length).toBeGreaterThan(0);
    expect(await done(erp, 'pay', PAY)).toMatchObject({ state: 'paid', reconciled: true });
    expect(await residual()).toBe(600);
    expect(await call(erp, 'pay', { ...PAY, amount_minor: 500 })).toMatchObject({ kind: 'failed', code: 'refused' });
    expect(await call(erp, 'pay', { ...PAY, payment: 'payment/p2', amount_minor: 601 })).toMatchObject({ code: 'refused' });
    for (let n = 0; n < 2; n++) {
      expect(await done(erp, 'void', { integration, payment: 'payment/p1' })).toMatchObject({ state: 'canceled' });
    }
    expect(await residual()).toBe(1000);
    expect(await call(erp, 'pay', PAY)).toMatchObject({ kind: 'failed', code: 'refused' });
    expect(await done(erp, 'void', { integration, payment: 'payment/p9' })).toMatchObject({ external_id: null, state: 'absent' });
  });

  test('[SBERP-4] a scripted fault is used up by the calls that match it, and a write whose answer is lost is repeated without harm', async () => {
    const erp = await start();
    const script = (fault: object) => erp.faults.add(sandboxErpFaultSchema.parse(fault));
    await script({ fault: 'http_502' });
    await script({ fault: 'unavailable', match: { operation: 'read' } });
    const read = { integration, model: 'partner', external_id: '1' };
    expect(await call(erp, 'read', read)).toEqual({ kind: 'retry', code: 'unavailable' });
    expect(await call(erp, 'push', PUSH)).toEqual({ kind: 'unknown', code: 'http_502' });
    expect(await done(erp, 'push', PUSH)).toMatchObject({ external_id: '1' });
    await script({ fault: 'timeout_before', match: { actor: 'binding/acme' } });
    const other = { ...PUSH, address: 'client/other', fields: { name: 'Other' } };
    expect(await call(erp, 'push', other, AbortSignal.timeout(50))).toEqual({ kind: 'unknown', code: 'timeout' });
    expect((await pool.query('SELECT FROM sandbox_erp.record')).rows).toHaveLength(1);
  });
});
