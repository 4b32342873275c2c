import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Open } from '../actors/effects.ts';
import { sandbox } from '../actors/integrations/sandbox/sandbox.ts';
import { signedHeaders } from '../actors/integrations/sandbox/signature.ts';
import { parseJson } from '../actors/json.ts';
import type { WebhookEvent } from '../actors/integrations/integration.ts';
import { routes } from '../hub/http/routes.ts';
import { startTestHub } from './support/hub.ts';
import type { TestHub } from './support/hub.ts';
import { CLIENT, PAYMENT, Rest } from './support/rest.ts';
import type { Json, Reply } from './support/rest.ts';
import { counter } from './support/toy-machines.ts';

let hub: TestHub;
let rest: Rest;

beforeAll(async () => {
  hub = await startTestHub({ machines: [counter] });
  rest = new Rest(hub);
  for (const name of ['sandbox', 'sandbox_checks']) await rest.send(`integration/${name}`, { type: 'ENABLE' }, 'operator');
});

afterAll(() => hub.stop());

async function stateOf(address: string): Promise<unknown> {
  return (await rest.get(`/v1/actors/${address}`, 'clerk')).body['state'];
}

/** A client for whom money may move. */
async function activeClient(id: string): Promise<void> {
  await rest.create('client', { id, input: CLIENT });
  await rest.send(`client/${id}`, { type: 'INVITE' });
  await rest.send(`client/${id}`, { type: 'SUBMIT', documents: ['register extract'], bank_account: 'DE89370400440532013000' });
  await rest.send(`client/${id}`, { type: 'VERIFY' }, 'approver');
  await expect.poll(() => stateOf(`client/${id}`), { timeout: 20_000 }).toEqual(['active']);
}

describe('the sandbox gateway', () => {
  test('[API-17] charges are what it really did, in pages, of one payment or of all; a decline that was scripted is no charge', async () => {
    await activeClient('acme');
    const paid = await rest.payment({ amount_minor: 5_000 });
    await rest.send(paid, { type: 'SUBMIT' });
    await expect.poll(() => stateOf(paid), { timeout: 20_000 }).toEqual(['settled.idle']);
    const declined = await rest.payment({ amount_minor: 6_000 });
    const payment = declined.split('/')[1];
    const script = await rest.call('POST', '/v1/sandbox/faults', {
      as: 'operator',
      body: { match: { payment, operation: 'authorize' }, fault: 'decline', code: 'expired_card', times: 1 },
    });
    expect(script.status).toBe(200);
    await rest.send(declined, { type: 'SUBMIT' });
    await expect.poll(() => stateOf(declined), { timeout: 20_000 }).toEqual(['declined']);
    const { body } = await rest.get(`/v1/sandbox/charges?payment=${paid.split('/')[1]}`, 'operator');
    expect(body['items']).toMatchObject([
      { payment: paid.split('/')[1], operation: 'authorize', amount_minor: 5_000, currency: 'EUR' },
      { operation: 'capture', amount_minor: 5_000 },
    ]);
    expect((await rest.get(`/v1/sandbox/charges?payment=${payment}`, 'auditor')).body['items']).toEqual([]);
    const first = (await rest.get('/v1/sandbox/charges?limit=1', 'operator')).body;
    const second = (await rest.get(`/v1/sandbox/charges?limit=1&cursor=${String(first['next'])}`, 'operator')).body;
    expect([...(first['items'] as Json[]), ...(second['items'] as Json[])]).toEqual(body['items']);
    for (const fault of [{ fault: 'explode', times: 1 }, { fault: 'decline', times: 0 }, {}, { fault: 'decline', match: { nothing: 1 } }]) {
      expect((await rest.call('POST', '/v1/sandbox/faults', { as: 'operator', body: fault })).body['code']).toBe('invalid');
    }
  });
});

describe('integrations', () => {
  const put = (body: Json, name = 'sandbox'): Promise<Reply> => rest.call('PUT', `/v1/integrations/${name}`, { as: 'operator', body });

  test('[API-16] one is set up anew at once; its secrets are kept sealed and never shown', async () => {
    const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
    const { body } = await put({ config: { webhooks: 'scripted', latency_ms: 1 }, secrets: { webhook_secret: secret, api_key: 'k_123' } });
    expect(body).toMatchObject({
      name: 'sandbox',
      title: 'Sandbox payment gateway',
      provides: 'gateway',
      config: { webhooks: 'scripted', latency_ms: 1 },
      secrets: ['api_key', 'webhook_secret'],
    });
    const kept = await hub.hub.settings.get('integration.sandbox.secrets');
    expect(kept).not.toContain(secret);
    const listed = await rest.get('/v1/integrations', 'developer');
    expect(JSON.stringify(listed.body)).not.toContain(secret);
    expect(listed.body['items']).toMatchObject([
      { name: 'sandbox', secrets: ['api_key', 'webhook_secret'] },
      { name: 'sandbox_checks' },
      { name: 'sandbox_rates' },
      { name: 'ecb' },
      { name: 'stripe' },
      { name: 'odoo' },
      { name: 'sandbox_erp' },
    ]);
    expect((await notify(secret, 'msg_1')).status).toBe(200);
    expect((await put({ config: { latency_ms: 0 } })).body['secrets']).toEqual(['api_key', 'webhook_secret']);
    expect((await notify(secret, 'msg_2')).status).toBe(200);
  });

  test('[API-16] what an integration cannot be set up with is refused and changes nothing', async () => {
    const before = await rest.get('/v1/integrations', 'operator');
    expect((await put({ config: { latency_ms: 'slow' } })).body).toMatchObject({
      status: 422,
      code: 'invalid',
      errors: [{ where: 'config.latency_ms' }],
    });
    expect((await put({ config: { other: 1 } })).status).toBe(422);
    expect((await put({ config: {}, secrets: { 'No good': 'x' } })).status).toBe(422);
    expect((await put({ config: {} }, 'nothing')).status).toBe(404);
    expect((await put({ config: {} }, '__proto__')).status).toBe(404);
    expect((await rest.get('/v1/integrations', 'operator')).body).toEqual(before.body);
  });

  const BODY = JSON.stringify({ type: 'operation.done', data: { payment: 'pay_none', operation_id: 'x', outcome: 'done' } });
  const notify = (
    secret: string,
    id: string,
    change: { body?: string; headers?: Record<string, string>; at?: number } = {},
  ): Promise<Reply> => {
    const signed = signedHeaders(secret, id, change.at ?? Math.floor(Date.now() / 1000), BODY);
    return rest.call('POST', '/v1/webhooks/sandbox', { raw: change.body ?? BODY, headers: { ...signed, ...change.headers } });
  };

  test('[API-14] a webhook that the provider did not sign, or signed long ago, is refused', async () => {
    const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
    await put({ config: {}, secrets: { webhook_secret: secret } });
    expect((await notify(secret, 'msg_3')).body).toEqual({ outcomes: ['rejected'] });
    const now = Math.floor(Date.now() / 1000);
    for (const at of [now - 301, now + 301, -1, Number.NaN]) expect((await notify(secret, 'msg_4', { at })).status).toBe(401);
    expect((await notify('whsec_b3RoZXI=', 'msg_4')).body['code']).toBe('unauthenticated');
    expect((await notify(secret, 'msg_4', { body: BODY.replace('done', 'gone') })).status).toBe(401);
    expect((await notify(secret, 'msg_4', { body: ` ${BODY}` })).status).toBe(401);
    expect((await notify(secret, 'msg_4', { headers: { 'webhook-signature': '' } })).status).toBe(401);
    expect((await rest.call('POST', '/v1/webhooks/sandbox', {})).status).toBe(401);
    expect((await rest.call('POST', '/v1/webhooks/nothing', { raw: BODY })).status).toBe(404);
    expect((await rest.call('POST', '/v1/webhooks/sandbox_checks', { raw: BODY })).status).toBe(404);
  });

  test('[API-14] 2xx says that what the provider told has been committed: once, whatever it came to', async () => {
    openProbe();
    await rest.create('counter', { id: 'hooked', input: {} });
    const tell = (id: string, to: string, event: Json): Promise<Reply> =>
      rest.call('POST', '/v1/webhooks/probe', { raw: JSON.stringify([{ id, to, event }]), headers: { 'content-type': 'text/whatever' } });
    expect((await tell('n1', 'counter/hooked', { type: 'ADD', by_n: 2 })).body).toEqual({ outcomes: ['applied'] });
    expect((await tell('n1', 'counter/hooked', { type: 'ADD', by_n: 2 })).body).toEqual({ outcomes: ['duplicate'] });
    expect((await rest.get('/v1/actors/counter/hooked', 'clerk')).body).toMatchObject({ version: 2, context: { n: 2 } });
    expect((await tell('n2', 'counter/hooked', { type: 'UNLOCK' })).body).toEqual({ outcomes: ['rejected'] });
    expect((await tell('n3', 'counter/hooked', { type: 'ADD', by_n: 'x' })).body['code']).toBe('invalid');
    await rest.create('counter', { id: 'parked', input: {} });
    expect((await rest.send('counter/parked', { type: 'BREAK' })).status).toBe(423);
    const kept = await tell('n4', 'counter/parked', { type: 'ADD', by_n: 1 });
    expect([kept.status, kept.body]).toEqual([202, { outcomes: ['parked'] }]);
  });
});

/** A provider whose notifications say themselves what they want. */
function openProbe(): void {
  const webhook = async (_: unknown, body: Buffer): Promise<readonly WebhookEvent[]> => parseJson(body) as WebhookEvent[];
  const integration = { perform: () => Promise.reject(new Error('Nobody calls it')), webhook, close: () => Promise.resolve() };
  (hub.hub.integrations as Map<string, Open>).set('probe', { kind: { ...sandbox, name: 'probe' }, integration });
}

describe('what could not be applied', () => {
  test('[API-8, API-18] an event to a parked actor answers 423 and is kept as a dead letter', async () => {
    await rest.create('counter', { id: 'broken', input: {} });
    const { status, body } = await rest.send('counter/broken', { type: 'BREAK' }, 'clerk', 'break-1');
    expect([status, body['code'], body['outcome']]).toEqual([423, 'parked', 'parked']);
    expect((await rest.send('counter/broken', { type: 'ADD', by_n: 1 }, 'clerk', 'add-1')).status).toBe(423);
    const shown = (await rest.get('/v1/actors/counter/broken', 'clerk')).body;
    expect(shown).toMatchObject({ tags: ['parked'] });
    expect((shown['can'] as Json[]).every(({ ok, reason }) => ok === false && reason === 'parked')).toBe(true);
    const letters = (await rest.get('/v1/dead-letters', 'operator')).body['items'] as Json[];
    expect(letters.filter(({ address }) => address === 'counter/broken')).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ event: { type: 'BREAK' }, event_id: 'caller:clerk:break-1', caller: 'clerk', reason: 'parked' }),
        expect.objectContaining({ event: { type: 'ADD', by_n: 1 } }),
      ]),
    );
    expect((await rest.get('/v1/dead-letters?limit=1', 'auditor')).body['items']).toHaveLength(1);
  });
});

describe('what is told about the hub itself', () => {
  test('[API-1] health names the node, its version and NATS, without a password', async () => {
    const { body } = await rest.get('/healthz');
    const { version } = JSON.parse(await readFile(new URL('../package.json', import.meta.url), 'utf8')) as { version: string };
    expect(body).toEqual({
      status: 'ok',
      node: hub.hub.node,
      version,
      nats: { url: expect.stringMatching(/^nats:\/\/127\.0\.0\.1:\d+$/) },
      database: { embedded: false },
    });
    expect((await rest.get('/readyz')).status).toBe(200);
  });

  test('[API-18] nodes are listed with the partitions that they own', async () => {
    const { body } = await rest.get('/v1/nodes', 'operator');
    expect(body).toMatchObject({
      partitions: 32,
      nodes: [{ id: hub.hub.node, url: hub.url, partitions: Array.from({ length: 32 }, (_, n) => n) }],
    });
  });

  test('[OBS-2] figures are counted by route, never by address, and shown to this machine', async () => {
    await rest.payment();
    const answer = await fetch(`${hub.url}/metrics`);
    const text = await answer.text();
    expect(answer.headers.get('content-type')).toMatch(/^text\/plain/);
    expect(text).toMatch(/hub_http_request_duration_seconds_count\{method="POST",route="\/v1\/actors\/:type",status="201"\} \d+/);
    expect(text).toMatch(/hub_transitions_total\{type="payment",event="@create"\} \d+/);
    expect(text).toMatch(/hub_ready 1/);
    expect(text).not.toContain('pay_');
  });

  test('[API-24] /openapi.json lists every route and every machine’s inputs and events, and refers to nothing that is not there', async () => {
    const document = (await rest.get('/openapi.json')).body as {
      paths: Record<string, Record<string, Json>>;
      components: { schemas: Json };
    };
    for (const { method, path } of routes) {
      expect(document.paths[path.replaceAll(/:([a-z]+)/g, '{$1}')]?.[method.toLowerCase()], `${method} ${path}`).toBeDefined();
    }
    for (const name of ['payment.create', 'payment.APPROVE', 'client.SUBMIT', 'counter.ADD', 'Problem'])
      expect(document.components.schemas).toHaveProperty([name]);
    const text = JSON.stringify(document);
    for (const [, name] of text.matchAll(/"#\/components\/schemas\/([^"]+)"/g))
      expect(document.components.schemas).toHaveProperty([String(name)]);
    for (const [path, item] of Object.entries(document.paths)) {
      const named = [...path.matchAll(/\{([a-z]+)\}/g)].map(([, name]) => name);
      for (const [method, operation] of Object.entries(item)) {
        const declared = ((operation['parameters'] ?? []) as Json[]).filter(({ in: place }) => place === 'path').map(({ name }) => name);
        expect(declared.toSorted(), `${method} ${path}`).toEqual(named.toSorted());
        expect(operation['responses'], `${method} ${path}`).toHaveProperty('default');
      }
    }
    expect((await fetch(`${hub.url}/docs/`)).status).toBe(200);
    expect(JSON.parse(await (await fetch(`${hub.url}/docs/json`)).text())).toEqual(document);
  });

  test('[API-24] /asyncapi.json lists what other systems may send and hear, and what sockets say', async () => {
    const document = (await rest.get('/asyncapi.json')).body as {
      channels: Record<string, { address: string }>;
      components: { messages: Json };
    };
    const addresses = Object.values(document.channels).map(({ address }) => address);
    expect(addresses).toEqual(
      expect.arrayContaining([
        'greenlines.in.payment.{id}',
        'greenlines.event.payment.settled.{id}',
        'greenlines.receipt.{source}.{event_id}',
      ]),
    );
    expect(document.components.messages).toHaveProperty(['payment.SUBMIT', 'payload', 'type'], 'object');
    // What no system may send is not offered to it.
    expect(document.components.messages).not.toHaveProperty(['payment.APPROVE']);
    for (const [, name] of JSON.stringify(document).matchAll(/"#\/components\/messages\/([^"]+)"/g))
      expect(document.components.messages).toHaveProperty([String(name)]);
    expect(JSON.stringify(document)).toContain('socket.subscribe');
  });

  test('[API-2] what nobody foresaw is logged with the request’s id, and its answer tells nothing', async () => {
    const address = await rest.payment(PAYMENT);
    const broken = vi.spyOn(hub.hub.store, 'at').mockRejectedValueOnce(new Error('a secret of ours'));
    const { body } = await rest.get(`/v1/actors/${address}?at=1`, 'clerk', { 'x-request-id': 'request-from-test' });
    expect(body).toMatchObject({ status: 500, code: 'internal', instance: 'urn:green-lines:request:request-from-test' });
    expect(JSON.stringify(body)).not.toContain('secret');
    broken.mockRejectedValueOnce(Object.assign(new Error('terminating connection'), { code: '57P01' }));
    const later = await rest.get(`/v1/actors/${address}?at=1`, 'clerk');
    expect([later.body['code'], later.status, later.headers.get('retry-after')]).toEqual(['retry', 503, '1']);
    broken.mockRestore();
  });
});
