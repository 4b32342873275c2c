import { connect, headers as makeHeaders } from '@nats-io/transport-node';
import type { NatsConnection } from '@nats-io/transport-node';
import { io } from 'socket.io-client';
import type { Socket } from 'socket.io-client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Frame } from '../hub/protocol/messages.ts';
import { startTestHub } from './support/hub.ts';
import type { TestHub } from './support/hub.ts';
import { eventually } from './support/process-hub.ts';
import { CLIENT, PAYMENT, Rest } from './support/rest.ts';

/* Whole ways through a hub, as its users and the systems beside it go them, from one door to another. */

let hub: TestHub;
let rest: Rest;
let stranger: NatsConnection;

beforeAll(async () => {
  hub = await startTestHub({ timeScale: 60 });
  rest = new Rest(hub);
  // A system beside the hub: it has no password and the rights of everybody on this machine.
  const address = new URL(hub.hub.config.natsUrl ?? '');
  stranger = await connect({ servers: address.host });
  for (const name of ['sandbox', 'sandbox_checks']) await rest.send(`integration/${name}`, { type: 'ENABLE' }, 'operator');
  await rest.create('client', { id: 'acme', input: CLIENT });
  await rest.send('client/acme', { type: 'INVITE' });
  await rest.send('client/acme', { type: 'SUBMIT', documents: ['trade register extract'], bank_account: 'DE89370400440532013000' });
  await rest.send('client/acme', { type: 'VERIFY' }, 'approver');
  await eventually('the client is active', 10_000, async () => stateOf('client/acme').then((state) => state === 'active'));
});

afterAll(async () => {
  await stranger?.close();
  await hub?.stop();
});

async function stateOf(address: string): Promise<string> {
  const { body } = await rest.get(`/v1/actors/${address}`, 'clerk');
  return String((body['state'] as string[])[0]);
}

/** A plain socket.io-client, as anybody would write one. */
async function openSocket(token: string): Promise<{ socket: Socket; frames: Frame[] }> {
  const socket = io(hub.url, { transports: ['websocket'], forceNew: true, auth: { token } });
  const frames: Frame[] = [];
  socket.on('frames', (some: Frame[]) => void frames.push(...some));
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', () => resolve());
    socket.once('connect_error', reject);
  });
  return { socket, frames };
}

type Receipt = { outcome: string; address: string; version: number; reason?: string };

/** Publishes as any program would and waits for the receipt. */
async function publish(subject: string, data: string, headers: Record<string, string>, source: string, id: string): Promise<Receipt> {
  const receipts = stranger.subscribe(`greenlines.receipt.${source}.${id}`, { max: 1, timeout: 15_000 });
  await stranger.flush();
  const sent = makeHeaders();
  for (const [name, value] of Object.entries(headers)) sent.set(name, value);
  stranger.publish(subject, data, { headers: sent });
  for await (const message of receipts) return message.json<Receipt>();
  throw new Error(`No receipt of ${id}`);
}

test('[DOOR-1] an event over NATS, bare or as a CloudEvent in either mode, yields its receipt and reaches a socket that is subscribed', async () => {
  const created = await publish(
    'greenlines.in.payment.nats_1',
    JSON.stringify({ type: '@create', ...PAYMENT, amount_minor: 250_000 }),
    { 'Nats-Msg-Id': 'n1' },
    'nats',
    'n1',
  );
  expect(created).toMatchObject({ outcome: 'applied', address: 'payment/nats_1', version: 1 });
  const client = await openSocket(await hub.token('clerk'));
  try {
    const acks = (await client.socket.emitWithAck('subscribe', [{ topic: 'payment/nats_1' }])) as { ok: boolean }[];
    expect(acks[0]?.ok).toBe(true);
    const structured = { specversion: '1.0', id: 'n2', source: 'erp', type: 'SUBMIT', datacontenttype: 'application/json', data: {} };
    const submitted = await publish(
      'greenlines.in.payment.nats_1',
      JSON.stringify(structured),
      { 'Content-Type': 'application/cloudevents+json' },
      'erp',
      'n2',
    );
    expect(submitted).toMatchObject({ outcome: 'applied', version: 2 });
    await eventually('the socket shows the state', 5_000, () =>
      client.frames.some((frame) => frame.kind === 'patch' && frame.state?.[0] === 'needs_approval'),
    );
    const binary = { 'ce-specversion': '1.0', 'ce-id': 'n3', 'ce-source': 'erp', 'ce-type': 'SUBMIT', 'Content-Type': 'application/json' };
    const again = await publish('greenlines.in.payment.nats_1', '{}', binary, 'erp', 'n3');
    expect(again).toMatchObject({ outcome: 'rejected', reason: 'not_in_state', version: 2 });
  } finally {
    client.socket.close();
  }
});

test('[DOOR-2] an event that is published twice is applied once, and its receipt comes again', async () => {
  const data = JSON.stringify({ type: '@create', ...PAYMENT });
  const first = await publish('greenlines.in.payment.nats_2', data, { 'Nats-Msg-Id': 'twice' }, 'nats', 'twice');
  await new Promise((resolve) => setTimeout(resolve, 1100));
  const second = await publish('greenlines.in.payment.nats_2', data, { 'Nats-Msg-Id': 'twice' }, 'nats', 'twice');
  expect([first.outcome, second.outcome, second.version]).toEqual(['applied', 'duplicate', 1]);
  const { body } = await rest.get('/v1/actors/payment/nats_2/history', 'auditor');
  expect(body['items']).toHaveLength(1);
});

test('[PAY-60] another system pays from an account in another currency: its facts say what the account and the ledger say', async () => {
  await rest.send('integration/sandbox_rates', { type: 'ENABLE' }, 'operator');
  await rest.create('rates', { id: 'sandbox', input: { integration: 'sandbox_rates' } }, 'operator');
  await rest.create('account', { id: 'usd', input: { client: 'acme', name: 'Dollars', currency: 'USD' } });
  await rest.send('account/usd', { type: 'ACTIVATE' }, 'cfo');
  await eventually('the account is open', 10_000, async () => (await stateOf('account/usd')) === 'life.active');
  await rest.send('account/usd', { type: 'DEPOSIT', deposit: 'd1', amount_minor: 500_000, reference: 'statement 7' });
  await rest.send('account/usd', { type: 'CONFIRM', deposit: 'd1' }, 'cfo');
  const facts = stranger.subscribe('greenlines.event.payment.*.nats_9');
  const data = JSON.stringify({ type: '@create', ...PAYMENT, account: 'usd' });
  expect((await publish('greenlines.in.payment.nats_9', data, { 'Nats-Msg-Id': 'p1' }, 'nats', 'p1')).outcome).toBe('applied');
  const submit = JSON.stringify({ type: 'SUBMIT' });
  expect((await publish('greenlines.in.payment.nats_9', submit, { 'Nats-Msg-Id': 'p2' }, 'nats', 'p2')).outcome).toBe('applied');
  const heard: string[] = [];
  for await (const { subject } of facts) {
    const name = subject.split('.').at(-2) ?? '';
    heard.push(name);
    if (name === 'settled') break;
  }
  expect(heard).toEqual(['submitted', 'reserved', 'authorized', 'settled']);
  const { body } = await rest.get('/v1/actors/payment/nats_9', 'clerk');
  const { charged_minor } = body['context'] as { charged_minor: number };
  await eventually('the account has been charged', 10_000, async () => {
    const { context } = (await rest.get('/v1/actors/account/usd', 'clerk')).body as {
      context: { posted_minor: number; held_minor: number };
    };
    return context.posted_minor === 500_000 - charged_minor && context.held_minor === 0;
  });
  const ledger = await rest.get('/v1/ledger/trial-balance', 'auditor');
  const of = (name: string): unknown =>
    (ledger.body['accounts'] as { account: string; currency: string; balance_minor: string }[])
      .filter(({ account }) => account === name)
      .map(({ currency, balance_minor }) => `${balance_minor} ${currency}`)
      .toSorted();
  expect(of('gateway/sandbox')).toEqual([`${-PAYMENT.amount_minor} EUR`]);
  expect(of('exchange')).toEqual([`${-charged_minor} USD`, `${PAYMENT.amount_minor} EUR`]);
});

test('[DOOR-3] what a stranger publishes badly gets a receipt that says why, changes nothing and stops nobody', async () => {
  const cases: [string, string, Record<string, string>, string][] = [
    ['greenlines.in.payment.nats_1', '{"type":', {}, 'invalid'],
    ['greenlines.in.payment.nats_1', JSON.stringify({ type: 'xstate.done.actor.authorize', output: { outcome: 'done' } }), {}, 'invalid'],
    ['greenlines.in.payment.nats_1', JSON.stringify({ type: 'GATEWAY_NOTIFIED', operation_id: 'x', outcome: 'done' }), {}, 'invalid'],
    ['greenlines.in.payment.nats_1', JSON.stringify({ type: 'APPROVE', hash: 'x' }), {}, 'rejected'],
    ['greenlines.in.payment.nobody', JSON.stringify({ type: 'SUBMIT' }), {}, 'rejected'],
    ['greenlines.in.nothing.nats_1', JSON.stringify({ type: 'SUBMIT' }), {}, 'rejected'],
    ['greenlines.in.payment.bad~id', JSON.stringify({ type: 'SUBMIT' }), {}, 'invalid'],
    ['greenlines.in.payment.nats_3', JSON.stringify({ type: '@create', ...PAYMENT, amount_minor: 12.5 }), {}, 'invalid'],
    ['greenlines.in.payment.nats_3', JSON.stringify({ type: '@create', ...PAYMENT, currency: 'XXX' }), {}, 'invalid'],
    ['greenlines.in.payment.nats_3', JSON.stringify({ type: '@create', ...PAYMENT, extra: 'x'.repeat(70_000) }), {}, 'invalid'],
  ];
  for (const [index, [subject, data, headers, outcome]] of cases.entries()) {
    const id = `bad${index}`;
    const receipt = await publish(subject, data, { ...headers, 'Nats-Msg-Id': id }, 'nats', id);
    expect([index, receipt.outcome]).toEqual([index, outcome]);
  }
  expect((await rest.get('/v1/actors/payment/nats_3', 'clerk')).status).toBe(404);
  const good = await publish(
    'greenlines.in.payment.nats_4',
    JSON.stringify({ type: '@create', ...PAYMENT }),
    { 'Nats-Msg-Id': 'good' },
    'nats',
    'good',
  );
  expect(good.outcome).toBe('applied');
});

test('[DOOR-4] a request over NATS is answered with its receipt, beside the stream’s own acknowledgement', async () => {
  const inbox = `_INBOX.${'r'.repeat(12)}`;
  const answers = stranger.subscribe(inbox, { timeout: 15_000 });
  await stranger.flush();
  stranger.publish('greenlines.in.payment.nats_5', JSON.stringify({ type: '@create', ...PAYMENT }), { reply: inbox });
  for await (const message of answers) {
    const answer = message.json<{ outcome?: string; address?: string }>();
    if (answer.outcome === undefined) continue;
    expect(answer).toMatchObject({ outcome: 'applied', address: 'payment/nats_5' });
    break;
  }
});

test('[DOOR-5] domain events go out as CloudEvents that a stranger may read', async () => {
  const facts = stranger.subscribe('greenlines.event.payment.*.ev_1', { timeout: 15_000 });
  await stranger.flush();
  await rest.create('payment', { id: 'ev_1', input: PAYMENT });
  await rest.send('payment/ev_1', { type: 'SUBMIT' });
  const types: string[] = [];
  for await (const message of facts) {
    const event = message.json<{ specversion: string; type: string; subject: string; data: { amount_minor: number } }>();
    expect(event).toMatchObject({ specversion: '1.0', subject: 'payment/ev_1', data: { amount_minor: PAYMENT.amount_minor } });
    if (!types.includes(event.type)) types.push(event.type);
    if (types.includes('payment.settled')) break;
  }
  expect(types).toEqual(['payment.submitted', 'payment.authorized', 'payment.settled']);
});

test('[EYES-1] a payment above the limit is not approved by its maker, nor by what was seen before an amendment, at any door', async () => {
  await hub.signIn('admin');
  await rest.call('PUT', '/v1/people/both', { as: 'admin', body: { roles: ['clerk', 'approver'], password: 'both-hats-on' } });
  const maker = (await hub.signIn('both', 'both-hats-on')).accessToken;
  const created = await rest.call('POST', '/v1/actors/payment', {
    token: maker,
    key: 'eyes-1',
    body: { id: 'eyes_1', input: { ...PAYMENT, amount_minor: 250_000 } },
  });
  expect(created.status).toBe(201);
  const send = (token: string, body: Record<string, unknown>) => rest.call('POST', '/v1/actors/payment/eyes_1/events', { token, body });
  const submitted = await send(maker, { type: 'SUBMIT' });
  const seen = (submitted.body['view'] as { context: { payload_hash: string } }).context.payload_hash;
  const own = await send(maker, { type: 'APPROVE', hash: seen });
  expect([own.status, own.body['code']]).toEqual([409, 'four_eyes']);
  const approver = await hub.token('approver');
  expect((await send(approver, { type: 'APPROVE' })).body['code']).toBe('hash_required');
  const amended = await send(maker, { type: 'AMEND', amount_minor: 260_000 });
  expect(amended.status).toBe(200);
  const stale = await send(approver, { type: 'APPROVE', hash: seen });
  expect([stale.status, stale.body['code']]).toEqual([409, 'hash_stale']);
  const { socket } = await openSocket(maker);
  const ack = (await socket.emitWithAck('command', { id: 'eyes', to: 'payment/eyes_1', event: { type: 'APPROVE', hash: seen } })) as {
    outcome: string;
    code: string;
  };
  expect(ack).toMatchObject({ outcome: 'rejected', code: 'four_eyes' });
  socket.close();
  const now = (amended.body['view'] as { context: { payload_hash: string } }).context.payload_hash;
  expect((await send(approver, { type: 'APPROVE', hash: now })).body['outcome']).toBe('applied');
});

test(
  '[UNKNOWN-1] a gateway that does its work and then hangs leaves the payment unknown, and the payment finds out by asking',
  { timeout: 90_000 },
  async () => {
    const fault = { match: { payment: 'hang_1', operation: 'authorize' }, fault: 'timeout_after', times: 1 };
    expect((await rest.call('POST', '/v1/sandbox/faults', { as: 'operator', body: fault })).status).toBeLessThan(300);
    await rest.create('payment', { id: 'hang_1', input: PAYMENT });
    await rest.send('payment/hang_1', { type: 'SUBMIT' });
    await eventually('the payment is settled', 60_000, async () => (await stateOf('payment/hang_1')).startsWith('settled'));
    const { body } = await rest.get('/v1/actors/payment/hang_1/history', 'auditor');
    const to = (body['items'] as { to: string[] }[]).flatMap((item) => item.to);
    expect(to.some((state) => state.startsWith('unknown'))).toBe(true);
    const charges = await rest.get('/v1/sandbox/charges?payment=hang_1', 'operator');
    const operations = (charges.body['items'] as { operation: string }[]).map(({ operation }) => operation);
    expect(operations).toEqual(['authorize', 'capture']);
  },
);

test(
  '[UNKNOWN-2] a gateway that never saw the request is asked, told never to do it, and tried anew, once',
  { timeout: 90_000 },
  async () => {
    const fault = { match: { payment: 'hang_2', operation: 'capture' }, fault: 'timeout_before', times: 1 };
    await rest.call('POST', '/v1/sandbox/faults', { as: 'operator', body: fault });
    await rest.create('payment', { id: 'hang_2', input: PAYMENT });
    await rest.send('payment/hang_2', { type: 'SUBMIT' });
    await eventually('the payment is settled', 60_000, async () => (await stateOf('payment/hang_2')).startsWith('settled'));
    const charges = await rest.get('/v1/sandbox/charges?payment=hang_2', 'operator');
    expect((charges.body['items'] as { operation: string }[]).map(({ operation }) => operation)).toEqual(['authorize', 'capture']);
  },
);
