import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestHub } from './support/hub.ts';
import type { TestHub } from './support/hub.ts';
import { readPdf } from './support/pdf-text.ts';
import { CLIENT, Rest } from './support/rest.ts';
import type { Json } from './support/rest.ts';
import { eventually } from './support/socket-client.ts';

let hub: TestHub;
let rest: Rest;
/** A payment that was approved, captured and refunded in part. */
let settled: string;

beforeAll(async () => {
  hub = await startTestHub();
  rest = new Rest(hub);
  for (const name of ['sandbox', 'sandbox_checks']) await rest.send(`integration/${name}`, { type: 'ENABLE' }, 'operator');
  for (const id of ['acme', 'globex']) {
    await rest.create('client', { id, input: { ...CLIENT, name: `${id} GmbH` } });
    await rest.send(`client/${id}`, { type: 'SUBMIT', documents: ['register'], bank_account: 'DE89370400440532013000' });
    await rest.send(`client/${id}`, { type: 'VERIFY' }, 'approver');
    await stands(`client/${id}`, 'active');
  }
  settled = await rest.payment({ amount_minor: 250_000, payee: 'شركة النور' });
  await rest.send(settled, { type: 'SUBMIT' });
  const { context } = await seen(settled);
  expect((await rest.send(settled, { type: 'APPROVE', hash: (context as Json)['payload_hash'] }, 'cfo')).status).toBe(200);
  await stands(settled, 'settled.idle');
});

afterAll(() => hub.stop());

async function seen(address: string): Promise<Json> {
  return (await rest.get(`/v1/actors/${address}`, 'clerk')).body;
}

async function stands(address: string, state: string): Promise<void> {
  await eventually(async () => String((await seen(address))['state']) === state);
}

type Document = { readonly headers: Headers; readonly bytes: Buffer; readonly text: string };

/** The receipt as this person gets it. */
async function take(address: string, as: string, query = ''): Promise<Document> {
  const headers = { authorization: `Bearer ${await hub.token(as)}` };
  const answer = await fetch(`${hub.url}/v1/actors/${address}/receipt${query}`, { headers });
  expect(answer.status).toBe(200);
  const bytes = Buffer.from(await answer.arrayBuffer());
  return { headers: answer.headers, bytes, text: (await readPdf(bytes)).pages.join('\n') };
}

async function refused(address: string, as: string | undefined, query = ''): Promise<unknown[]> {
  const { status, body } = await rest.get(`/v1/actors/${address}/receipt${query}`, as);
  return [status, body['code']];
}

describe('the receipt of a payment', () => {
  test('[RECEIPT-12] is a PDF with what the journal holds: payer, payee, amounts, time, approval, and the hash of its version', async () => {
    const { headers, text } = await take(settled, 'auditor');
    const { version, context } = await seen(settled);
    const id = settled.split('/')[1];
    expect(headers.get('content-type')).toBe('application/pdf');
    expect(headers.get('content-disposition')).toBe(`inline; filename="receipt-${id}-${String(version)}.pdf"`);
    const { items } = (await rest.get(`/v1/actors/${settled}/history`, 'auditor')).body as {
      items: { at: string; to: string[]; hash: string }[];
    };
    const at = items.findLast(({ to }) => to[0]?.startsWith('settled'))?.at ?? '';
    const says = [
      'Payer acme GmbH (acme)',
      'Payee شركة النور',
      'Captured 2,500.00 EUR',
      'Refunded 0.00 EUR',
      `Settled ${at.slice(0, 19).replace('T', ' ')} UTC`,
      `Reference of the gateway ${String((context as Json)['gateway_reference'])}`,
      'Approved by cfo, ',
      `Number ${settled} · version ${String(version)}`,
    ];
    for (const line of says) expect(text).toContain(line);
    expect(text.replaceAll('\n', '')).toContain(items[0]?.hash);
  });

  test('[RECEIPT-13] is for its client too, without who approved it and the house’s references, and for no other client', async () => {
    const { text } = await take(settled, 'acme');
    for (const line of ['Payer acme GmbH (acme)', 'Captured 2,500.00 EUR', 'Payee شركة النور']) expect(text).toContain(line);
    for (const word of ['Approv', 'cfo', 'Gateway', 'sandbox']) expect(text).not.toContain(word);
    expect(await refused(settled, 'globex')).toEqual([404, 'not_found']);
    expect(await refused(settled, 'ann')).toEqual([404, 'not_found']);
    expect(await refused(settled, undefined)).toEqual([401, 'unauthenticated']);
  });

  test('[RECEIPT-14] there is none before it is settled, nor of a version from before, nor of what is not there', async () => {
    const draft = await rest.payment();
    expect(await refused(draft, 'clerk')).toEqual([409, 'not_settled']);
    expect(await refused(draft, 'acme')).toEqual([409, 'not_settled']);
    expect(await refused(draft, 'globex')).toEqual([404, 'not_found']);
    expect(await refused(settled, 'clerk', '?version=1')).toEqual([409, 'not_settled']);
    expect(await refused(settled, 'clerk', '?version=9999')).toEqual([404, 'not_found']);
    expect(await refused('payment/nothing', 'clerk')).toEqual([404, 'not_found']);
    expect(await refused('client/acme', 'clerk')).toEqual([404, 'not_found']);
    expect(await refused('payment/a.b', 'clerk')).toEqual([400, 'bad_id']);
    expect(await refused(settled, 'clerk', '?version=x')).toEqual([422, 'invalid']);
  });

  test('[RECEIPT-15] a refund makes another document, and the one of the version before stays byte for byte what it was', async () => {
    const { version } = await seen(settled);
    const before = await take(settled, 'clerk', `?version=${String(version)}`);
    expect((await rest.send(settled, { type: 'REFUND', refund: 'r1', amount_minor: 1 })).status).toBe(200);
    await expect.poll(async () => ((await seen(settled))['context'] as Json)['refunded_minor'], { timeout: 20_000 }).toBe(1);
    const now = await take(settled, 'clerk');
    for (const line of ['Refunded 0.01 EUR', 'Captured less refunded 2,499.99 EUR', 'Refund r1 0.01 EUR, done'])
      expect(now.text).toContain(line);
    expect((await take(settled, 'clerk', `?version=${String(version)}`)).bytes.equals(before.bytes)).toBe(true);
    const settledAt = (text: string): string | undefined => /^Settled .*$/m.exec(text)?.[0];
    expect(settledAt(now.text)).toBe(settledAt(before.text));
  });

  test('[RECEIPT-15] what else is asked of a payment is found as before', async () => {
    expect((await rest.get(`/v1/actors/${settled}/history`, 'auditor')).status).toBe(200);
    expect((await rest.get(`/v1/actors/${settled}`, 'acme')).status).toBe(200);
  });
});
