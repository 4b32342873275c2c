import { createServer } from 'node:http';
import type { Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ask, openOdoo } from '../../../tests/support/odoo-stage.ts';
import { OdooError, toCallResult } from './failures.ts';
import { odoo } from './odoo.ts';

let server: Server;
let play: (response: ServerResponse) => void;
const asked: string[] = [];

beforeAll(async () => {
  server = createServer((request, response) => {
    asked.push(request.url ?? '');
    request.resume().on('end', () => play(response));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const url = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
const open = (config: object = {}) =>
  openOdoo({ url: url(), database: 'db', user: 'u', api_key: 'k', password: 'p' }, { protocol: 'json2', ...config });
const answers = (status: number, body: string, type = 'application/json', more: Record<string, string> = {}) => {
  play = (response) => response.writeHead(status, { 'content-type': type, ...more }).end(body);
};
const odooSays = (status: number, name: string, message: string, more: Record<string, string> = {}) =>
  answers(status, JSON.stringify({ name, message, arguments: [message] }), 'application/json', more);

const READ = ['gone', { model: 'partner', ids: ['1'] }] as const;
const WRITE = ['void', { payment: 'payment/old' }] as const;

test('[ODOO-30] what Odoo refuses has not happened, and is told in its own words, cut', async () => {
  const integration = await open();
  const cases = [
    [401, 'werkzeug.exceptions.Unauthorized', 'Invalid apikey', 'unauthorized'],
    [403, 'odoo.exceptions.AccessError', 'You may not', 'forbidden'],
    [404, 'odoo.exceptions.MissingError', 'Record does not exist', 'not_found'],
    [422, 'odoo.exceptions.ValidationError', 'Contacts require a name', 'refused'],
    [500, 'builtins.ValueError', 'Invalid field', 'refused'],
  ] as const;
  for (const [status, name, message, code] of cases) {
    odooSays(status, name, message);
    for (const [operation, input] of [READ, WRITE]) {
      const detail = `${name.split('.').at(-1)}: ${message}`;
      expect(await ask(integration, operation, input)).toEqual({ kind: 'failed', code, detail });
    }
  }
  odooSays(422, 'odoo.exceptions.UserError', 'x'.repeat(5000));
  const long = await ask(integration, ...WRITE);
  expect(long.kind === 'failed' && long.detail?.length).toBe(500);
});

test('[ODOO-31] whoever calls too often waits as long as he is told to, and locks that pass are tried again', async () => {
  const integration = await open();
  odooSays(429, 'werkzeug.exceptions.TooManyRequests', 'Slow down', { 'retry-after': '3' });
  expect(await ask(integration, ...WRITE)).toEqual({ kind: 'retry', code: 'throttled', after_ms: 3_000 });
  answers(429, '<html>', 'text/html');
  expect(await ask(integration, ...WRITE)).toEqual({ kind: 'retry', code: 'throttled' });
  answers(429, '', 'text/plain', { 'retry-after': '999999' });
  expect(await ask(integration, ...WRITE)).toEqual({ kind: 'retry', code: 'throttled', after_ms: 10_000 });
  odooSays(500, 'psycopg2.errors.SerializationFailure', 'could not serialize access');
  expect(await ask(integration, ...WRITE)).toEqual({ kind: 'retry', code: 'unavailable' });
});

test.each([
  ['500 in HTML', () => answers(500, '<h1>Internal Server Error</h1>', 'text/html'), 'unknown'],
  ['502 of a proxy', () => answers(502, 'Bad gateway', 'text/plain'), 'unknown'],
  ['a page where JSON belongs', () => answers(200, '<html>Sign in</html>', 'text/html'), 'unreadable'],
  ['JSON that is cut off', () => answers(200, '[{"id": 1'), 'unreadable'],
  ['another shape', () => answers(200, '"hello"'), 'unreadable'],
  ['a way elsewhere', () => answers(302, '', 'text/html', { location: 'http://127.0.0.1:1/' }), 'unreadable'],
  ['a cut line', () => (play = (response) => response.destroy()), 'unknown'],
  [
    'an answer that ends in the middle',
    () => {
      play = (response) => {
        response.writeHead(200, { 'content-length': '9' }).write('[');
        setTimeout(() => response.destroy(), 20);
      };
    },
    'unknown',
  ],
])('[ODOO-32] %s: a read is asked again, and of a write nobody knows', async (_, begin, code) => {
  begin();
  const integration = await open();
  expect(await ask(integration, ...READ)).toEqual({ kind: 'retry', code });
  expect(await ask(integration, ...WRITE)).toEqual({ kind: 'unknown', code, detail: expect.any(String) as string });
});

test('[ODOO-33] no answer in time is unknown for a write; without a connection nothing happened', async () => {
  play = () => undefined;
  expect(await ask(await open(), ...WRITE, 100)).toMatchObject({ kind: 'unknown', code: 'unknown' });
  expect(await ask(await open(), ...READ, 100)).toEqual({ kind: 'retry', code: 'unknown' });
  const closed = createServer();
  await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve));
  const { port } = closed.address() as AddressInfo;
  await new Promise((resolve) => closed.close(resolve));
  for (const protocol of ['auto', 'json2', 'xmlrpc']) {
    expect(await ask(await open({ url: `http://127.0.0.1:${port}/`, protocol }), ...WRITE)).toEqual({ kind: 'retry', code: 'unavailable' });
  }
});

test('[ODOO-34] XML-RPC fails in the same words, and its first question is repeated without fear', async () => {
  const integration = await open({ protocol: 'xmlrpc' });
  const fault = (code: number, text: string) => {
    const members = `<member><name>faultCode</name><value><int>${code}</int></value></member><member><name>faultString</name><value>${text}</value></member>`;
    answers(200, `<methodResponse><fault><value><struct>${members}</struct></value></fault></methodResponse>`, 'text/xml');
  };
  play = (response) => response.destroy();
  expect(await ask(integration, ...WRITE)).toEqual({ kind: 'retry', code: 'unavailable' });
  const cases = [
    [2, 'Contacts require a name', 'refused'],
    [2, 'Record does not exist or has been deleted.', 'not_found'],
    [3, 'Access Denied', 'unauthorized'],
    [4, 'You may not', 'forbidden'],
    [1, "Traceback\nValueError: Invalid field 'x'", 'refused'],
  ] as const;
  for (const [code, text, name] of cases) {
    fault(code, text);
    expect(await ask(integration, ...WRITE)).toEqual({ kind: 'failed', code: name, detail: text.split('\n').at(-1) });
  }
  answers(200, '<methodResponse><params><param><value><boolean>0</boolean></value></param></params></methodResponse>', 'text/xml');
  expect(await ask(integration, ...WRITE)).toMatchObject({ kind: 'failed', code: 'unauthorized' });
});

test('[ODOO-35] what Odoo rolled back answers 200 too, and is tried again or refused, never taken for done', async () => {
  const integration = await open();
  const load = (message: string) => {
    play = (response) => {
      const path = asked.at(-1) ?? '';
      const body = path.endsWith('/load') ? { ids: false, messages: [{ type: 'error', message }] } : [];
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    };
  };
  const push = ['push', { model: 'partner', address: 'client/a', external_id: null, fields: { name: 'A' } }] as const;
  load('could not serialize access due to concurrent update\n');
  expect(await ask(integration, ...push)).toEqual({ kind: 'retry', code: 'unavailable' });
  load('Contacts require a name');
  expect(await ask(integration, ...push)).toEqual({ kind: 'failed', code: 'refused', detail: 'Contacts require a name' });
});

test('[ODOO-36] without a key, with an unknown operation or another input nothing is sent', async () => {
  const before = asked.length;
  const bare = await openOdoo({ url: url(), database: 'db', user: 'u', api_key: ' ', password: '' });
  expect(await ask(bare, ...READ)).toMatchObject({ kind: 'failed', code: 'unauthorized' });
  expect(await ask(await open(), 'drop', {})).toMatchObject({ kind: 'failed', code: 'invalid' });
  expect(await ask(await open(), 'pay', { payment: 'payment/p', bill: '1', amount_minor: 0.5 })).toMatchObject({
    kind: 'failed',
    code: 'invalid',
  });
  expect(asked).toHaveLength(before);
  for (const unfit of ['http://odoo.example/', 'https://odoo.example/web', 'https://a:b@odoo.example/', 'ftp://odoo.example/']) {
    expect([unfit, odoo.config.safeParse({ url: unfit }).success]).toEqual([unfit, false]);
  }
  expect(odoo.config.safeParse({ url: 'https://odoo.example/' }).success).toBe(true);
});

test('[ODOO-37] no message carries NUL or half a character into the journal', () => {
  const { message } = new OdooError('refused', 'a\0b\ud800');
  expect(message).toBe('ab\ufffd');
  expect(toCallResult(new OdooError('unknown', 'x'), true)).toEqual({ kind: 'retry', code: 'unknown' });
});
