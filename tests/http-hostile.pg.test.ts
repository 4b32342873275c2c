import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestHub } from './support/hub.ts';
import type { TestHub } from './support/hub.ts';
import { PAYMENT, Rest } from './support/rest.ts';
import type { Json, Reply } from './support/rest.ts';

const VECTORS = new URL('vectors/bad-input/', import.meta.url);
const texts = readFileSync(new URL('json-parsing.jsonl', VECTORS), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as { name: string; expect: 'accept' | 'refuse' | 'either'; base64: string });
const strings = JSON.parse(readFileSync(new URL('blns.json', VECTORS), 'utf8')) as string[];

let hub: TestHub;
let rest: Rest;
let address: string;

beforeAll(async () => {
  hub = await startTestHub();
  rest = new Rest(hub);
  address = await rest.payment();
});

afterAll(() => hub.stop());

/** As many at once as a browser would have. */
async function each<T>(items: readonly T[], run: (item: T, index: number) => Promise<void>): Promise<void> {
  const queue = [...items.entries()];
  await Promise.all(
    Array.from({ length: 6 }, async () => {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) await run(next[1], next[0]);
    }),
  );
}

const post = (path: string, raw: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}): Promise<Reply> =>
  rest.call('POST', path, { as: 'clerk', raw, headers, key: 'hostile' });

describe('bodies', () => {
  test('[API-19] 318 texts: what is no JSON is refused as such, the rest is no creation either, and nothing fails', async () => {
    expect(texts.length).toBe(318);
    await each(texts, async ({ name, expect: expected, base64 }) => {
      const { status, body } = await post('/v1/actors/payment', Buffer.from(base64, 'base64'));
      expect([400, 413, 422], name).toContain(status);
      if (expected === 'refuse') expect([body['code'], status], name).toEqual(['bad_json', 400]);
    });
  });

  test('[API-19] what two readers could read differently is refused: repeated keys, __proto__, depth', async () => {
    const { reference: _, ...rest2 } = PAYMENT;
    const input = JSON.stringify(rest2).slice(1, -1);
    for (const inner of [
      `${input},"reference":"a","reference":"b"`,
      `${input},"reference":"a","__proto__":{"x":1}`,
      `${input},"reference":"a","\\u005f_proto__":1`,
    ]) {
      expect((await post('/v1/actors/payment', `{"input":{${inner}}}`)).body['code']).toBe('bad_json');
    }
    expect((await post('/v1/actors/payment', `{"input":${'['.repeat(10_000)}${']'.repeat(10_000)}}`)).body['code']).toBe('bad_json');
    for (const key of ['constructor', 'prototype', 'toString', 'hasOwnProperty']) {
      expect((await post('/v1/actors/payment', `{"input":{${input},"reference":"a","${key}":{"x":1}}}`)).body['code']).toBe('invalid');
    }
    for (const raw of ['', ' ', 'null', '[]', '"x"', '1', '{}', '\uFEFF{}', '{"input":null}', '{"input":[]}'])
      expect((await post('/v1/actors/payment', raw)).status).toBeLessThan(500);
    expect((await post('/v1/actors/payment', new Uint8Array(Buffer.from('{"input":{}}', 'utf16le')))).body['code']).toBe('bad_json');
  });

  test('[API-19] numbers that are not what they look like are refused', async () => {
    for (const number of ['1e400', '-0', '9007199254740993', '1.5', '-1', '0', '1e999', '"1"', 'true', '[1]', '{"$gt":0}', 'null']) {
      const { status, body } = await post('/v1/actors/payment', `{"input":${JSON.stringify(PAYMENT).replace('12000', number)}}`);
      expect([status, body['code']], number).toEqual([422, 'invalid']);
    }
  });

  test('[API-21] a body that is too large is refused with 413 however it is sent, and the connection stays good', async () => {
    const large = JSON.stringify({ input: { ...PAYMENT, reference: 'x'.repeat(1024 * 1024) } });
    for (let n = 0; n < 5; n++) expect((await post('/v1/actors/payment', large)).body).toMatchObject({ status: 413, code: 'too_large' });
    const chunked = new ReadableStream({
      start: (controller) => {
        for (let n = 0; n < 20; n++) controller.enqueue(Buffer.alloc(64 * 1024, 0x20));
        controller.close();
      },
    });
    const headers = { authorization: `Bearer ${await hub.token('clerk')}`, 'content-type': 'application/json', 'idempotency-key': 'x' };
    const answer = await fetch(`${hub.url}/v1/actors/payment`, { method: 'POST', headers, body: chunked, duplex: 'half' } as RequestInit);
    expect([answer.status, ((await answer.json()) as Json)['code']]).toEqual([413, 'too_large']);
    const limit = JSON.stringify({ input: { pad: 'x'.repeat(65_536 - 20) } });
    expect((await post('/v1/actors/payment', limit)).body['code']).toBe('invalid');
    expect((await post('/v1/actors/payment', `${limit}  `)).body['code']).toBe('too_large');
    expect((await rest.call('POST', '/v1/webhooks/sandbox', { raw: 'x'.repeat(1024 * 1024 + 1) })).status).toBe(413);
  });

  test('[API-21] only JSON is taken, plain and uncompressed', async () => {
    const json = JSON.stringify({ input: PAYMENT });
    for (const type of [
      'text/plain',
      'application/xml',
      'application/json garbage',
      'application/json\ta',
      'multipart/form-data; boundary=x',
      'application/x-www-form-urlencoded',
      'application/jsonp',
      '*/*',
    ]) {
      expect((await post('/v1/actors/payment', json, { 'content-type': type })).body, type).toMatchObject({
        status: 415,
        code: 'unsupported_media',
      });
    }
    expect((await post('/v1/actors/payment', new Uint8Array(gzipSync(json)), { 'content-encoding': 'gzip' })).status).toBe(415);
    expect((await post('/v1/actors/payment', json, { 'content-type': 'application/json; charset=utf-8' })).status).toBe(201);
  });
});

describe('texts', () => {
  test('[API-20] 515 naughty strings stand where a text may stand, and come back as they are or are refused', async () => {
    expect(strings.length).toBe(515);
    await each(strings, async (text, index) => {
      const { status, body } = await rest.create('payment', { input: { ...PAYMENT, payee: text, reference: `${index}` } });
      expect([201, 422], JSON.stringify(text)).toContain(status);
      if (status === 201)
        expect((await rest.get(`/v1/actors/${String(body['address'])}`, 'clerk')).body).toMatchObject({ context: { payee: text } });
    });
  });

  test('[API-20] they break no path, no query, no header, no sign-in and no search', async () => {
    await each(strings, async (text) => {
      const part = encodeURIComponent(text.isWellFormed() ? text : text.toWellFormed());
      for (const path of [
        `/v1/actors/payment?limit=1&q=${part}`,
        `/v1/actors/payment?state=${part}&tag=${part}`,
        `/v1/actors/payment?cursor=${part}`,
        `/v1/actors/payment/${part}`,
        `/v1/actors/${part}`,
        `/v1/actors/${address}?at=${part}`,
      ]) {
        expect((await rest.get(path, 'clerk')).status, path).toBeLessThan(500);
      }
    });
    await each(strings.slice(0, 60), async (text) => {
      expect((await rest.call('POST', '/v1/auth/refresh', { body: { refreshToken: text } })).status).toBeLessThan(500);
      expect((await rest.send(address, { type: text })).status).toBeLessThan(500);
    });
  });

  test('[API-20] NUL and halves of surrogate pairs are refused before the database sees them', async () => {
    for (const text of ['a\u0000b', '\uD800', 'x\uDFFFy']) {
      const escaped = JSON.stringify(text);
      for (const raw of [
        `{"input":{"client":"acme","payee":${escaped},"amount_minor":1,"currency":"EUR","reference":"r"}}`,
        `{"input":{${escaped}:1}}`,
      ]) {
        expect((await post('/v1/actors/payment', raw)).body['code']).toBe('invalid');
      }
      expect((await post('/v1/auth/token', `{"username":${escaped},"password":${escaped}}`)).status).toBe(401);
      expect((await post('/v1/sandbox/faults', `{"fault":"decline","match":{"payment":${escaped}}}`)).status).toBe(403);
      expect(
        (await rest.call('POST', '/v1/sandbox/faults', { as: 'operator', raw: `{"fault":"decline","match":{"payment":${escaped}}}` }))
          .status,
      ).toBe(400);
      expect(
        (await rest.call('PUT', '/v1/integrations/sandbox', { as: 'operator', raw: `{"config":{},"secrets":{"a":${escaped}}}` })).status,
      ).toBe(422);
      expect((await rest.call('PUT', '/v1/people/somebody', { as: 'admin', raw: `{"roles":[],"client":${escaped}}` })).status).toBe(422);
    }
    expect((await rest.get('/v1/actors/payment?q=%00', 'clerk')).status).toBe(422);
    expect((await rest.get('/v1/actors/payment/%00', 'clerk')).body['code']).toBe('bad_id');
    expect((await rest.get('/v1/sandbox/charges?payment=%00', 'operator')).body['code']).toBe('bad_id');
  });
});

describe('requests', () => {
  test('[API-25] unknown addresses are 404, wrong methods 405 with what is taken, and OPTIONS says so', async () => {
    expect((await rest.get('/v1/nothing')).body).toMatchObject({ status: 404, code: 'not_found' });
    const wrong = await rest.call('PATCH', '/v1/actors/payment/pay_1', {});
    expect([wrong.status, wrong.body['code'], wrong.headers.get('allow')]).toEqual([405, 'method_not_allowed', 'GET, HEAD, OPTIONS']);
    expect((await rest.call('DELETE', '/v1/people/clerk', {})).headers.get('allow')).toBe('PUT, GET, HEAD, OPTIONS');
    const options = await rest.call('OPTIONS', '/v1/actors/payment', {});
    expect([options.status, options.headers.get('allow'), options.headers.get('access-control-allow-origin')]).toEqual([
      204,
      'POST, GET, HEAD, OPTIONS',
      null,
    ]);
    const head = await rest.call('HEAD', `/v1/actors/${address}`, { as: 'clerk' });
    expect([head.status, head.headers.get('etag')]).toEqual([200, '"1"']);
    for (const path of [
      '/v1/actors/payment/..%2f..%2fetc',
      '/%2e%2e/%2e%2e/etc/passwd',
      '/v1/%',
      '/v1/%zz',
      '/v1/actors//',
      '//evil',
      `/v1/actors/${'x'.repeat(5000)}`,
    ]) {
      expect([400, 401, 404], path).toContain((await rest.get(path)).status);
    }
  });

  test('[API-2] whatever is no HTTP, too long or too many is refused in the shape of every refusal', async () => {
    const raw = async (text: string): Promise<string> => {
      const socket = connect(hub.doors.port, '127.0.0.1');
      socket.end(text);
      const chunks: Buffer[] = [];
      for await (const chunk of socket) chunks.push(chunk as Buffer);
      return Buffer.concat(chunks).toString();
    };
    for (const text of [
      'nonsense\r\n\r\n',
      `GET / HTTP/1.1\r\nhost: a\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`,
      'GET / HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n',
      'GET / HTTP/1.1\r\nhost: a\r\ncontent-length: -1\r\n\r\n',
      'POST / HTTP/9.9\r\n\r\n',
    ]) {
      const answer = await raw(text);
      expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
      expect(answer).toContain('Content-Type: application/problem+json');
    }
    expect((await rest.get('/healthz')).status).toBe(200);
  });

  test('[API-23] every answer carries the headers that keep a browser safe, failures too', async () => {
    for (const path of ['/healthz', '/v1/nothing', '/v1/actors/payment', '/openapi.json', '/']) {
      const { headers } = await rest.get(path);
      expect(headers.get('content-security-policy')).toBe(
        `default-src 'self';connect-src 'self' ws://${new URL(hub.url).host};style-src 'self';img-src 'self' data:;object-src 'none';base-uri 'none';form-action 'self';frame-ancestors 'none'`,
      );
      expect([
        headers.get('x-content-type-options'),
        headers.get('x-frame-options'),
        headers.get('access-control-allow-origin'),
        headers.get('x-powered-by'),
      ]).toEqual(['nosniff', 'DENY', null, null]);
      expect(headers.get('x-request-id')).toMatch(/^[A-Za-z0-9._-]{8,64}$/);
    }
    expect((await rest.get('/healthz', undefined, { 'x-request-id': 'my-own-id_1' })).headers.get('x-request-id')).toBe('my-own-id_1');
    expect((await rest.get('/healthz', undefined, { 'x-request-id': 'no good' })).headers.get('x-request-id')).not.toBe('no good');
    expect((await rest.get('/v1/actors/payment', 'clerk')).headers.get('cache-control')).toBe('no-store');
  });

  test('[API-22] a flood by one person is answered 429, and somebody else is still answered', async () => {
    const [flooder, other] = [await hub.token('developer'), await hub.token('auditor')];
    const request = `GET /v1/nodes HTTP/1.1\r\nhost: hub\r\nauthorization: Bearer ${flooder}\r\n\r\n`;
    /** Sends thousands of requests without waiting for an answer, and gathers what comes. */
    const flood = async (): Promise<string> => {
      const socket = connect(hub.doors.port, '127.0.0.1');
      socket.end(request.repeat(2000));
      const chunks: Buffer[] = [];
      for await (const chunk of socket) chunks.push(chunk as Buffer);
      return Buffer.concat(chunks).toString();
    };
    let answers = '';
    for (let round = 0; round < 10 && !answers.includes(' 429 '); round++) {
      const flooding = Promise.all([flood(), flood(), flood()]);
      const answer = await fetch(`${hub.url}/v1/actors/${address}`, { headers: { authorization: `Bearer ${other}` } });
      expect(answer.status).toBe(200);
      answers = (await flooding).join('');
    }
    expect(answers).toMatch(/HTTP\/1\.1 403 Forbidden\r\n/);
    expect(answers).toMatch(/HTTP\/1\.1 429 Too Many Requests\r\n[^{]*retry-after: 1\r\n/);
    // A machine that is short of breath may say so; nothing may break.
    expect(answers).not.toMatch(/HTTP\/1\.1 5(?!03)/);
  });
});
