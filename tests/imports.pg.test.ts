import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestHub } from './support/hub.ts';
import type { TestHub } from './support/hub.ts';
import { makeXlsx } from './support/make-xlsx.ts';
import { Rest } from './support/rest.ts';
import type { Json, Reply } from './support/rest.ts';
import { eventually } from './support/socket-client.ts';

let hub: TestHub;
let rest: Rest;
beforeAll(async () => {
  hub = await startTestHub();
  rest = new Rest(hub);
});
afterAll(() => hub.stop());

const HEADINGS = 'No;Firma;Land;E-Mail;Art';
const csv = (...rows: readonly string[]): string => `${[HEADINGS, ...rows].join('\r\n')}\r\n`;

const upload = (bytes: string | Uint8Array<ArrayBuffer>, query = '', as = 'clerk', key: string = randomUUID()): Promise<Reply> =>
  rest.call('POST', `/v1/imports?type=client&name=clients.csv${query}`, {
    ...{ as, key, raw: bytes, headers: { 'content-type': 'application/octet-stream' } },
  });

const rule = (field: string, column: number | null, as = 'text', otherwise: string | null = null): Json => {
  return { field, column, otherwise, as, currency: null };
};
const MAPPING = {
  fields: [rule('name', 1), rule('country', 2, 'country'), rule('email', 3), rule('kind', 4, 'lower', 'company')],
  key: 0,
};

async function seen(address: string): Promise<{ state: string; context: Json }> {
  const { body } = await rest.get(`/v1/actors/${address}`, 'clerk');
  return { state: String((body['state'] as string[])[0]), context: body['context'] as Json };
}
async function becomes(address: string, state: string): Promise<Json> {
  await eventually(async () => (await seen(address)).state === state, 20_000);
  return (await seen(address)).context;
}
const send = async (address: string, event: Json, as = 'clerk'): Promise<unknown> => {
  const { status, body } = await rest.send(address, event, as);
  return status === 200 ? 'ok' : body['code'];
};
async function previewed(bytes: string, mapping: Json = MAPPING): Promise<{ address: string; context: Json }> {
  const { status, body } = await upload(bytes);
  expect([status, body['detail']]).toEqual([201, undefined]);
  const address = String(body['address']);
  await becomes(address, 'draft');
  expect(await send(address, { type: 'MAP', ...mapping })).toBe('ok');
  expect(await send(address, { type: 'PREVIEW' })).toBe('ok');
  return { address, context: await becomes(address, 'previewed') };
}
const idOf = (address: string): string => address.slice('import/'.length);
const bad = async (address: string): Promise<Json[]> =>
  (await rest.get(`/v1/imports/${idOf(address)}/rows`, 'clerk')).body['items'] as Json[];
const clients = async (start: string): Promise<number> => {
  const rows = await hub.hub.store.database().query('t', `select address from actor where address like $1`, [`client/${start}%`]);
  return rows.length;
};

const SIX = csv(
  'K-1;Größe GmbH;Deutschland;a@one.example;Company',
  'K-2;Two;Austria;b@two.example;',
  'K-3;;FR;c@three.example;company',
  'K-1;Again;FR;d@four.example;company',
  'K 5;Five;Nirgendwo;e@five.example;firm',
  'K-6;4111 1111 1111 1111;FR;f@six.example;person',
);

test('[IMPORT-20] a preview says of every row whether it is good, and why not, and makes nothing', async () => {
  const { address, context } = await previewed(SIX);
  expect(context['preview']).toEqual({ good: 2, bad: 4, already: 0 });
  expect(context['file']).toMatchObject({ rows: 6, encoding: 'utf-8', delimiter: ';', format: 'csv' });
  const found = await bad(address);
  const reasons = found.map(({ row, reasons: why }) => [
    row,
    ...(why as Json[]).map(({ column, code }) => `${String(column)} ${String(code)}`),
  ]);
  expect(reasons).toEqual([
    [4, 'Firma invalid'],
    [5, 'No key_twice'],
    [6, 'Land not_a_country', 'No bad_id'],
    [7, 'Firma card_number'],
  ]);
  expect(await clients('K-')).toBe(0);
});

test('[IMPORT-21] the good rows are made once, with the rights of whoever started it; the bad ones are listed and taken as a file', async () => {
  const { address, context } = await previewed(SIX);
  expect(await send(address, { type: 'START', hash: '0'.repeat(64) })).toBe('hash_stale');
  expect(await send(address, { type: 'START', hash: context['payload_hash'] })).toBe('ok');
  const after = await becomes(address, 'done');
  expect(after['counts']).toEqual({ good: 2, bad: 4, already: 0 });
  const { body } = await rest.get('/v1/actors/client/K-1', 'clerk');
  expect(body['context']).toMatchObject({ name: 'Größe GmbH', country: 'DE', kind: 'company' });
  const { body: history } = await rest.get('/v1/actors/client/K-1/history', 'auditor');
  expect((history['items'] as Json[])[0]).toMatchObject({ caller: 'clerk' });
  const answer = await fetch(`${hub.url}/v1/imports/${idOf(address)}/bad.csv`, {
    headers: { authorization: `Bearer ${await hub.token('clerk')}` },
  });
  const lines = (await answer.text()).trim().split('\r\n');
  expect(lines).toHaveLength(5);
  expect(lines[4]).toContain('card number');
  expect(lines.join('')).not.toContain('4111');
});

test('[IMPORT-22] a second file with the same ids changes nothing and says that they are there', async () => {
  const { address, context } = await previewed(SIX);
  expect(context['preview']).toEqual({ good: 0, bad: 4, already: 2 });
  expect(await send(address, { type: 'START', hash: context['payload_hash'] })).toBe('nothing_to_import');
});

test('[IMPORT-23] the same key with the same file is the same import, and with another file is refused', async () => {
  const key = randomUUID();
  const one = await upload(SIX, '', 'clerk', key);
  const again = await upload(SIX, '', 'clerk', key);
  expect([one.status, again.status, again.body['address']]).toEqual([201, 201, one.body['address']]);
  const other = await upload(csv('X;Y;DE;y@x.example;company'), '', 'clerk', key);
  expect([other.status, other.body['code']]).toEqual([422, 'key_reused']);
});

test('[IMPORT-24] from so many rows on another person has to agree, to exactly this file and mapping', async () => {
  const many = csv(...Array.from({ length: 1_000 }, (_, n) => `M-${n};Many ${n};DE;m${n}@many.example;company`));
  const { address, context } = await previewed(many);
  const hash = context['payload_hash'];
  expect(await send(address, { type: 'START', hash })).toBe('ok');
  expect((await seen(address)).state).toBe('proposed');
  expect(await send(address, { type: 'APPROVE', hash }, 'clerk')).toBe('forbidden');
  expect(await send(address, { type: 'APPROVE', hash: '0'.repeat(64) }, 'approver')).toBe('hash_stale');
  expect(await clients('M-')).toBe(0);
  expect(await send(address, { type: 'APPROVE', hash }, 'approver')).toBe('ok');
  expect((await becomes(address, 'done'))['counts']).toEqual({ good: 1_000, bad: 0, already: 0 });
  expect(await clients('M-')).toBe(1_000);
});

test('[IMPORT-25] stopped and gone on with, no row is made twice and none is left out', async () => {
  const rows = Array.from({ length: 900 }, (_, n) => `${n % 10 === 0 ? '' : `Stop ${n}`};DE;s${n}@stop.example`);
  const { body } = await upload(['Name,Country,Email', ...rows.map((row) => row.replaceAll(';', ','))].join('\n'));
  const address = String(body['address']);
  await becomes(address, 'draft');
  const fields = [rule('name', 0), rule('country', 1, 'country'), rule('email', 2), rule('kind', null, 'text', 'person')];
  expect(await send(address, { type: 'MAP', fields, key: null })).toBe('ok');
  expect(await send(address, { type: 'PREVIEW' })).toBe('ok');
  const context = await becomes(address, 'previewed');
  expect(await send(address, { type: 'START', hash: context['payload_hash'] })).toBe('ok');
  for (let stops = 0; stops < 3 && (await send(address, { type: 'STOP' }, 'operator')) === 'ok'; stops++) {
    expect(await send(address, { type: 'RESUME' }, 'operator')).toBe('ok');
  }
  expect((await becomes(address, 'done'))['counts']).toEqual({ good: 810, bad: 90, already: 0 });
  const [{ n } = { n: 0 }] = await hub.hub.store
    .database()
    .query('n', `select count(*)::int as n from actor where type = 'client' and title like 'Stop %'`, []);
  expect(n).toBe(810);
});

test('[IMPORT-26] whoever may not make one imports none, also when the right is taken away meanwhile', async () => {
  expect((await upload(SIX, '', 'approver')).body['code']).toBe('forbidden');
  const person = (body: Json): Promise<Reply> => rest.call('PUT', '/v1/people/temp', { as: 'admin', body });
  await person({ roles: ['clerk'], password: 'a long password of a temp' });
  const { accessToken: token } = await hub.signIn('temp', 'a long password of a temp');
  const rows = Array.from({ length: 1_000 }, (_, n) => `R-${n};Right ${n};DE;r${n}@right.example;company`);
  const sent = await rest.call('POST', '/v1/imports?type=client&name=c.csv', {
    ...{ token, key: randomUUID(), raw: csv(...rows), headers: { 'content-type': 'text/csv' } },
  });
  const address = String(sent.body['address']);
  const ask = (body: Json): Promise<Reply> => rest.call('POST', `/v1/actors/${address}/events`, { token, key: randomUUID(), body });
  await becomes(address, 'draft');
  await ask({ type: 'MAP', ...MAPPING });
  await ask({ type: 'PREVIEW' });
  const hash = (await becomes(address, 'previewed'))['payload_hash'];
  expect((await ask({ type: 'START', hash })).status).toBe(200);
  await person({ roles: ['auditor'] });
  expect(await send(address, { type: 'APPROVE', hash }, 'approver')).toBe('ok');
  expect((await becomes(address, 'stopped'))['trouble']).toMatchObject({ code: 'forbidden' });
  expect(await clients('R-')).toBe(0);
  await person({ roles: ['clerk'] });
  expect(await send(address, { type: 'RESUME' }, 'operator')).toBe('ok');
  expect((await becomes(address, 'done'))['counts']).toEqual({ good: 1_000, bad: 0, already: 0 });
});

test('[IMPORT-27] files are read as Windows writes them, as UTF-16, and from a workbook; what is no table is refused with a sentence', async () => {
  const latin = Buffer.from('Name;Land\r\nGr\u00fc\u00dfe;\u00d6sterreich\r\n', 'latin1');
  const wide = Buffer.from('\u{feff}Name\tLand\r\nGr\u00fc\u00dfe\tDeutschland\r\n', 'utf16le');
  const sheet = makeXlsx(
    '<row r="1"><c r="A1" t="inlineStr"><is><t>Name</t></is></c><c r="B1" t="inlineStr"><is><t>Land</t></is></c></row>' +
      '<row r="3"><c r="B3"><v>7</v></c></row>',
  );
  const files = [
    [latin, { encoding: 'windows-1252', delimiter: ';' }, [2, 'Grüße', 'Österreich']],
    [wide, { encoding: 'utf-16le', delimiter: '\t' }, [2, 'Grüße', 'Deutschland']],
    [sheet, { format: 'xlsx', encoding: null }, [3, '', '7']],
  ] as const;
  for (const [bytes, file, [row, ...values]] of files) {
    const { body } = await upload(new Uint8Array(bytes));
    const context = await becomes(String(body['address']), 'draft');
    expect(context['file']).toMatchObject({ ...file, columns: ['Name', 'Land'], rows: 1 });
    const all = await rest.get(`/v1/imports/${idOf(String(body['address']))}/rows?status=all`, 'clerk');
    expect(all.body['items']).toEqual([{ row, values }]);
  }
  const bomb = makeXlsx(`<row r="1">${'<c/>'.repeat(3_000_000)}</row>`);
  const wrong = [
    ['', /empty/],
    ['Name\n', /no rows/],
    ['Name;Land\n"open', /no CSV/],
    [`Name\n${'x'.repeat(2_001)}\n`, /2000 characters/],
    [`${Array.from({ length: 101 }, (_, n) => n).join(';')}\n`, /100 columns/],
    ['4111111111111111\nx', /headings/],
    [new Uint8Array(Buffer.from('PK\u0003\u0004 no zip')), /no XLSX/],
    [new Uint8Array(bomb), /when unpacked/],
  ] as const;
  for (const [bytes, why] of wrong) {
    const { status, body } = await upload(bytes);
    expect([status, body['code'], body['detail']]).toEqual([422, 'bad_file', expect.stringMatching(why)]);
  }
  // Nothing is left of what was refused.
  const strays = `select count(*)::int as n from import_piece where file not in (select id from import_file)`;
  expect(await hub.hub.store.database().query('strays', strays, [])).toEqual([{ n: 0 }]);
});

test('[IMPORT-28] whoever breaks off while he sends a file stands in nobody’s way', async () => {
  const token = await hub.token('clerk');
  for (let n = 0; n < 3; n++) {
    const { port } = new URL(hub.url);
    const socket = connect(Number(port), '127.0.0.1');
    await once(socket, 'connect');
    const head = [
      'POST /v1/imports?type=client&name=a.csv HTTP/1.1',
      'Host: hub',
      `Authorization: Bearer ${token}`,
      `Idempotency-Key: gone-${n}`,
    ];
    socket.write([...head, 'Content-Type: text/csv', 'Content-Length: 100000', '', 'Name'].join('\r\n'));
    await new Promise((resolve) => setTimeout(resolve, 200));
    socket.destroy();
  }
  await eventually(async () => (await upload(SIX)).status === 201, 5_000);
});
