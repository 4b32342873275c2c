import { setTimeout } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { must } from '../../../machines/must.ts';
import { odooForTests } from '../../../tests/support/odoo.ts';
import { answered, ask, byHand, openOdoo } from '../../../tests/support/odoo-stage.ts';
import { changesBetween, isBroken } from '../../../machines/integration-rules.ts';
import { probeAnswer } from '../../../machines/integration-terms.ts';
import type { ErpBill, Listed, Pulled, Pushed, Rec } from '../erp-operations.ts';
import type { Integration } from '../integration.ts';
import { USED } from './shapes.ts';

const settings = odooForTests('actors/integrations/odoo/odoo.odoo.test.ts');
/** Names of their own for every run: what a run before left there does not count. */
const RUN = Date.now().toString(36);

describe.skipIf(settings === undefined)('a real Odoo', () => {
  const there = must(settings ?? { url: 'http://127.0.0.1:1', database: '', user: '', api_key: 'x', password: '' }, 'Odoo');
  const hand = byHand(there);
  const make = async (model: string, ...vals_list: object[]) => (await hand(model, 'create', { vals_list })) as number[];

  /** A look, which has to succeed. */
  const look = async (odoo: Integration) => {
    const probed = await odoo.probe?.(AbortSignal.timeout(60_000));
    if (probed === undefined || !('ok' in probed)) throw new Error(JSON.stringify(probed));
    return probed;
  };
  const changed = (before: Looked, now: Looked) => {
    const changes = changesBetween(before.contract ?? {}, now.contract ?? {});
    return { changes: changes.map(({ part, change }) => `${part} ${change}`), breaks: isBroken({ contract: { changes } } as never) };
  };
  type Looked = Awaited<ReturnType<typeof look>>;

  test.each(['json2', 'xmlrpc'] as const)(
    '[ODOO-1] a probe over %s tells the version and what the hub relies on, and the same again',
    async (protocol) => {
      const odoo = await openOdoo(there, { protocol });
      const probed = await look(odoo);
      expect(probed).toMatchObject({ version: '19.0', contract: { 'res.partner.email': 'char' } });
      for (const [model, fields] of Object.entries(USED))
        expect(Object.keys(probed.contract ?? {})).toEqual(expect.arrayContaining(fields.map((field) => `${model}.${field}`)));
      expect(probeAnswer.shape.contract.parse(probed.contract)).toEqual(probed.contract);
      expect(changed(probed, await look(odoo)).changes).toEqual([]);
    },
  );

  test('[ODOO-2] a field that somebody adds is told and breaks nothing; one made required breaks, and so does a used one that is gone', async () => {
    const odoo = await openOdoo(there);
    const before = await look(odoo);
    const [model] = (await hand('ir.model', 'search', { domain: [['model', '=', 'res.partner']] })) as number[];
    const name = `x_gl_${RUN}`;
    const field = await make('ir.model.fields', { model_id: model, name, field_description: 'A field', ttype: 'char' });
    const during = await look(odoo);
    expect(changed(before, during)).toEqual({ changes: [`~res.partner.${name} added`], breaks: false });
    await hand('ir.model.fields', 'write', { ids: field, vals: { required: true } });
    const required = await look(odoo);
    expect(changed(during, required)).toEqual({ changes: [`+res.partner.${name} added`], breaks: true });
    await hand('ir.model.fields', 'unlink', { ids: field });
    expect(changed(before, await look(odoo))).toEqual({ changes: [], breaks: false });
    const relied = { ...during, contract: { ...during.contract, [`res.partner.${name}`]: 'char' } };
    expect(changed(relied, during).breaks).toBe(true);
  });

  test('[ODOO-3] of 300 contacts written in one second pages of 50 lose none and repeat none', async () => {
    const odoo = await openOdoo(there);
    const ids = await make('res.partner', ...Array.from({ length: 300 }, (_, n) => ({ name: `Same ${RUN} ${n}` })));
    let times: number[] = [];
    // Six transactions in one second, the newest contacts first: Odoo sorts them by microseconds, and tells the second.
    for (let tries = 0; tries < 5 && new Set(times).size !== 1; tries++) {
      await setTimeout(1000 - (Date.now() % 1000));
      for (let i = 5; i >= 0; i--)
        await hand('res.partner', 'write', { ids: ids.slice(i * 50, i * 50 + 50), vals: { comment: `${RUN} ${tries}` } });
      const rows = (await hand('res.partner', 'read', { ids, fields: ['write_date'] })) as { write_date: string }[];
      times = rows.map(({ write_date }) => Date.parse(`${write_date.replace(' ', 'T')}Z`));
    }
    expect(new Set(times).size).toBe(1);
    const at = must(times[0], 'the second');
    const seen: string[] = [];
    let cursor: Pulled['cursor'] = { at, id: 0 };
    for (let more = true, pages = 0; more && pages < 20; pages++) {
      const page: Pulled = await answered<Pulled>(odoo, 'pull', { model: 'partner', cursor, limit: 50, overlap_ms: 0 });
      expect(page.records.length).toBeLessThanOrEqual(50);
      seen.push(...page.records.map(({ external_id }) => external_id));
      ({ cursor, more } = page);
    }
    const ours = seen.filter((id) => ids.includes(Number(id)));
    expect(new Set(ours).size).toBe(300);
    expect(ours).toHaveLength(300);
    expect(cursor?.id).toBe(0);
  });

  test('[ODOO-4] archived contacts are told as such, deleted ones are gone, and an overlap reads again what lies in it', async () => {
    const odoo = await openOdoo(there);
    const [archived = 0, deleted = 0] = await make('res.partner', { name: `Old ${RUN}` }, { name: `Gone ${RUN}` });
    await hand('res.partner', 'write', { ids: [archived], vals: { active: false } });
    await hand('res.partner', 'unlink', { ids: [deleted] });
    const read = await answered<Rec>(odoo, 'read', { model: 'partner', external_id: String(archived) });
    expect(read).toMatchObject({ archived: true, fields: { name: `Old ${RUN}`, archived: true } });
    expect(await answered(odoo, 'read', { model: 'partner', external_id: String(deleted) })).toBeNull();
    const ids = [String(archived), String(deleted)];
    expect(await answered(odoo, 'gone', { model: 'partner', ids })).toEqual({ ids: [String(deleted)] });
    const pull = (ahead_ms: number, overlap_ms: number) =>
      answered<Pulled>(odoo, 'pull', { model: 'partner', cursor: { at: read.at + ahead_ms, id: 0 }, limit: 500, overlap_ms });
    expect((await pull(3000, 0)).records.map(({ external_id }) => external_id)).not.toContain(String(archived));
    expect((await pull(3000, 5000)).records.map(({ external_id }) => external_id)).toContain(String(archived));
  });

  test('[ODOO-5] bills come with lines, money in minor units and codes of accounts, those of other companies do not', async () => {
    const odoo = await openOdoo(there);
    const { records } = await answered<Pulled>(odoo, 'pull', { model: 'bill', cursor: null, limit: 1000, overlap_ms: 0 });
    const bills = records.map((record) => ('fields' in record ? (record.fields as ErpBill) : undefined));
    const chair = must(
      bills.find((bill) => bill?.number === 'INV/2026/0057'),
      'the demo bill of Gemini Furniture',
    );
    expect(chair).toMatchObject({ direction: 'in', currency: 'USD', total_minor: 62_227, tax_minor: 0, state: 'posted' });
    expect(chair.lines.map(({ amount_minor }) => amount_minor).reduce((a, b) => a + b)).toBe(62_227);
    expect(chair.lines[0]?.account).toMatch(/^\d{6}$/);
    expect(bills.some((bill) => bill?.direction === 'in' && bill.total_minor === -3_000)).toBe(true);
    expect(bills.filter((bill) => bill?.number === 'INV/2026/0057')).toHaveLength(1);
  });

  test('[ODOO-6] a contact is made once under the actor’s name, found by it, written where nobody else wrote, and else a conflict', async () => {
    const odoo = await openOdoo(there);
    const address = `client/a-b_${RUN}`;
    const fields = { name: 'Älter & Söhne <GmbH>', country: 'DE', email: 'a@example.com', kind: 'company', city: 'Köln', archived: false };
    const push = (more: object) => answered<Pushed>(odoo, 'push', { model: 'partner', address, external_id: null, fields, ...more });
    const made = await push({});
    expect(await push({})).toEqual(made);
    const read = await answered<Rec>(odoo, 'read', { model: 'partner', external_id: made.external_id });
    expect(read).toMatchObject({ ref: address, fields: { ...fields, vat: null, phone: null } });
    const { external_id, at } = made;
    const moved = await push({ external_id, fields: { city: 'Bonn', email: null }, expected_at: at });
    expect(moved.conflict).toBeUndefined();
    // The answer was lost and the call comes again: its own write is no conflict.
    expect(await push({ external_id, fields: { city: 'Bonn', email: null }, expected_at: at - 1000 })).toEqual(moved);
    expect(await push({ external_id, fields: { city: 'Ulm' }, expected_at: at - 1000 })).toMatchObject({
      conflict: { fields: { city: 'Bonn', email: null } },
    });
    expect(await answered<Rec>(odoo, 'read', { model: 'partner', external_id })).toMatchObject({ fields: { city: 'Bonn' } });
  });

  test('[ODOO-7] a key is made, taken and ended; without the password somebody is needed', async () => {
    const hub_id = `hub_${RUN}`;
    const first = await openOdoo(there, {}, {}, hub_id);
    const signal = AbortSignal.timeout(60_000);
    const rotate = async (odoo: Integration): Promise<string> => {
      const rotated = await odoo.rotate?.({ key: 'k', signal });
      if (rotated === undefined || !('ok' in rotated)) throw new Error(JSON.stringify(rotated));
      return must(rotated.secrets['api_key'], 'the new key');
    };
    const second = await openOdoo(there, {}, { api_key: await rotate(first) }, hub_id);
    const { expires_at = 0 } = await look(second);
    expect(Math.round((expires_at - Date.now()) / 86_400_000)).toBe(80);
    // The key of somebody else is his to end.
    await first.revoke?.(signal);
    expect(await ask(first, 'gone', { model: 'partner', ids: [] })).toMatchObject({ kind: 'done' });
    const third = await openOdoo(there, {}, { api_key: await rotate(second) }, hub_id);
    await second.revoke?.(signal);
    await second.revoke?.(signal).catch(() => undefined);
    expect(await ask(second, 'gone', { model: 'partner', ids: [] })).toMatchObject({ kind: 'failed', code: 'unauthorized' });
    expect(await ask(third, 'gone', { model: 'partner', ids: [] })).toMatchObject({ kind: 'done' });
    const alone = await openOdoo(there, {}, { password: '' });
    expect(await alone.rotate?.({ key: 'k', signal })).toMatchObject({ kind: 'failed', code: 'needs_somebody' });
    const wrong = await openOdoo(there, {}, { password: 'wrong' });
    expect(await wrong.rotate?.({ key: 'k', signal })).toMatchObject({ kind: 'failed', code: 'refused' });
  });

  test.each(['currencies', 'payment_terms', 'taxes', 'accounts'])('[ODOO-8] %s are listed a page at a time', async (what) => {
    const odoo = await openOdoo(there);
    const all = await answered<Listed>(odoo, 'list', { what, after: 0, limit: 1000 });
    const first = await answered<Listed>(odoo, 'list', { what, after: 0, limit: 3 });
    const rest = await answered<Listed>(odoo, 'list', { what, after: first.after, limit: 1000 });
    expect(first).toMatchObject({ more: true, items: { length: 3 } });
    expect([...first.items, ...rest.items]).toEqual(all.items);
  });

  test('[ODOO-9] a record that our shape has no place for is told as such, and the others come', async () => {
    const odoo = await openOdoo(there);
    const [long, fine] = await make('res.partner', { name: 'x'.repeat(600) }, { name: `Fine ${RUN}` });
    const cursor = { at: Date.now() - 20_000, id: 0 };
    const { records } = await answered<Pulled>(odoo, 'pull', { model: 'partner', cursor, limit: 1000, overlap_ms: 0 });
    const of = (id: number | undefined) => records.find(({ external_id }) => external_id === String(id));
    expect(of(long)).toMatchObject({ bad: { field: 'name', why: 'is longer than 500 characters' } });
    expect(of(fine)).toMatchObject({ fields: { name: `Fine ${RUN}` } });
    await hand('res.partner', 'unlink', { ids: [long, fine] });
  });
});
